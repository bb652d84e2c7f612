package reports

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// annotationLimit is how many annotations of one type GitHub shows for a step; it drops the others without a word.
const annotationLimit = 10

// WriteGitHub writes workflow commands that GitHub turns into annotations: errors for what fails the run and for what could
// not be judged, warnings for the rest, the verdict as a notice. Where there are too many, the last one counts the others.
func WriteGitHub(w io.Writer, r *Run, v Verdict) error {
	b := bufio.NewWriter(w)
	place := ""
	if r.Config[AnchorKey] != "" {
		place = "file=" + propertyText(r.anchor()) + ",line=1,"
	}
	put := func(kind, title, text string) {
		fmt.Fprintf(b, "::%s %stitle=%s::%s\n", kind, place, propertyText(title), commandText(text))
	}
	var bad, soft []Result
	for _, res := range r.worstFirst(Fail, Error, Warn) {
		if v.Failing(res) || res.Word == Error {
			bad = append(bad, res)
		} else {
			soft = append(soft, res)
		}
	}
	group := func(kind string, list []Result) {
		for i, res := range list {
			if i == annotationLimit-1 && len(list) > annotationLimit {
				put(kind, "scimproof", fmt.Sprintf("and %d more; the other reports have them all", len(list)-i))
				return
			}
			put(kind, res.ID, annotationText(res))
		}
	}
	group("error", bad)
	group("warning", soft)
	text := v.Word + " (exit " + fmt.Sprint(v.Exit) + "): " + v.Summary()
	for i, reason := range v.Reasons {
		if i == 5 {
			text += fmt.Sprintf("\nand %d more", len(v.Reasons)-i)
			break
		}
		text += "\n" + reason
	}
	put("notice", "scimproof: "+v.Word, text)
	return b.Flush()
}

func annotationText(res Result) string {
	lines := []string{string(res.Word) + " " + res.Title + " " + res.bracket(), res.said()}
	if f := res.worstFinding(); f.Expected+f.Got != "" {
		lines = append(lines, "expected "+clip(f.Expected, junitMessage, "…")+", got "+clip(f.Got, junitMessage, "…"))
	}
	for i := range lines {
		lines[i] = clip(Visible(clipBytes(lines[i], 4*junitMessage, "…")), junitMessage*2, "…")
	}
	return strings.Join(append(lines, "scimproof explain "+res.ID), "\n")
}

// worstFinding is the first of the gravest findings, or a zero one.
func (res Result) worstFinding() Finding {
	worst, _ := Worst(res.Findings)
	for _, f := range res.Findings {
		if f.Word == worst {
			return f
		}
	}
	return Finding{}
}

var (
	commandEscape  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscape = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// commandText makes text fit behind the second :: of a workflow command; its line breaks stay.
func commandText(s string) string {
	return commandEscape.Replace(visibleLines(clipBytes(s, junitBody, "…")))
}

// propertyText makes text fit for a property of a workflow command.
func propertyText(s string) string {
	return propertyEscape.Replace(Visible(clipBytes(s, junitMessage, "…")))
}
