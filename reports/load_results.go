package reports

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes an id of a text: "create:p95<300ms" becomes "create-p95-300ms".
func slug(text string) string {
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(text), "-"), "-")
}

// LoadResults words a load as results: one per threshold, one per finding, and one for the audit. That way the verdict, and
// every writer, treats it as it treats checks.
func LoadResults(l *Load) []Result {
	var out []Result
	for _, t := range l.Thresholds {
		r := Result{ID: "load." + slug(t.Text), Title: "threshold " + t.Text, Area: "load", Level: Measured, Word: Pass}
		r.Notes = []string{"measured: " + t.Actual}
		switch {
		case !t.Judged:
			r.Word, r.Reason = Error, "it could not be judged: "+t.Actual
			r.Notes = nil
		case !t.Met:
			f := Finding{Word: Fail, Message: "the threshold is broken", Expected: t.Text, Got: t.Actual}
			r.Word, r.Notes, r.Findings, r.Message = Fail, nil, []Finding{f}, t.Text+" is broken: "+t.Actual
		}
		out = append(out, r)
	}
	wrong := false
	for _, f := range l.Findings {
		if f.Word == Fail {
			wrong = true
		}
		text := f.Message
		if f.Count > 1 && !strings.Contains(text, strconv.Itoa(f.Count)) {
			text += fmt.Sprintf(" (%d times)", f.Count)
		}
		r := Result{
			ID: "load." + slug(f.Kind), Title: loadTitle(f.Kind), Area: "load", Level: Measured, Word: f.Word, Message: firstLine(text),
			Findings: []Finding{{Word: f.Word, Message: text, Expected: f.Expected, Got: f.Got}}, Exchanges: f.Exchanges,
		}
		out = append(out, r)
	}
	if l.Audit != "" && !wrong {
		out = append(out, Result{ID: "load.audit", Title: "what was acknowledged is there, and nothing else", Area: "load", Level: Measured, Word: Pass, Notes: []string{l.Audit}})
	}
	return unique(out)
}

// unique numbers ids that occur again, as a kind of finding may.
func unique(list []Result) []Result {
	seen := map[string]int{}
	for i := range list {
		if seen[list[i].ID]++; seen[list[i].ID] > 1 {
			list[i].ID += "-" + strconv.Itoa(seen[list[i].ID])
		}
	}
	return list
}

var loadTitles = map[string]string{
	LoadDuplicate: "no two resources with one unique value", LoadLostWrite: "what was acknowledged is there",
	LoadWrongValue: "what is there has the acknowledged value", LoadLostUpdate: "no acknowledged change is lost",
	LoadLostMember: "acknowledged members are in their group", LoadOrphan: "nothing is there that should not be",
	LoadForeign: "records of others are untouched", LoadSkippedPage: "a walk through the pages shows each record once",
	LoadServerErrors: "the target answers without 5xx", LoadBroken: "the target gives whole answers", LoadRefused: "the target takes what it should",
	LoadThrottled: "the target takes the load without 429", LoadSlowTail: "no answer is much slower than most", LoadConflicts: "no conflict where none should be",
}

func loadTitle(kind string) string {
	if t := loadTitles[kind]; t != "" {
		return t
	}
	return kind
}

// ms writes nanoseconds for people.
func ms(nanos int64) string {
	switch d := time.Duration(nanos); {
	case d == 0:
		return "-"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}
