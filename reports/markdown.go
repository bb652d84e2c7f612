package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// markdownLimit is what a job summary may hold, with room for what else a step writes: GitHub refuses more than 1 MiB.
const markdownLimit = 900 << 10

// markdownFull is how many causes are shown with their requests and answers.
const markdownFull = 10

// WriteMarkdown writes a job summary: the verdict, then what went wrong by cause, the gravest first, then the rest. What
// does not fit into a summary is left out from the end, and counted.
func WriteMarkdown(w io.Writer, r *Run, v Verdict) error {
	d := &markdown{run: r, v: v, index: r.index(), byID: map[string]Result{}}
	for _, res := range r.Results {
		d.byID[res.ID] = res
	}
	d.head()
	if r.Load != nil {
		d.load(r.Load)
	}
	d.causes()
	d.waived()
	d.rest()
	if d.cut > 0 {
		d.put(fmt.Sprintf("\n_%s left out, for want of space; the JSON report has all of them._\n", plural(d.cut, "section")), 0)
	}
	_, err := w.Write(d.b.Bytes())
	return err
}

type markdown struct {
	b     bytes.Buffer
	run   *Run
	v     Verdict
	index map[string]*Exchange
	byID  map[string]Result
	cut   int // sections that did not fit
}

// put adds a section unless it would leave less than the reserve free.
func (d *markdown) put(text string, reserve int) {
	if d.b.Len()+len(text)+reserve > markdownLimit {
		d.cut++
		return
	}
	d.b.WriteString(text)
}

// reserve is kept for what follows a section that may be left out.
const reserve = 16 << 10

func (d *markdown) head() {
	r, v := d.run, d.v
	var b strings.Builder
	mark := "❌"
	switch {
	case v.Exit == ExitOK && v.Green && (v.Word == ConformantNotes || v.Word == HoldsNotes):
		mark = "⚠️"
	case v.Exit == ExitOK && v.Green:
		mark = "✅"
	}
	fmt.Fprintf(&b, "## %s scimproof: %s\n\n| | |\n|---|---|\n", mark, v.Word)
	row := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", label, text)
		}
	}
	row("Target", strings.TrimSpace(mdCode(r.Target.Name)+" "+mdCode(r.Target.URL)))
	row("Results", v.Summary())
	if r.Load == nil {
		row("MUST", fmt.Sprintf("%d of %d judged passed", v.MustPassed, v.MustJudged))
	}
	if g, _ := r.Grade(v); g != nil {
		row("Grade", mdText(g.String()))
	}
	cleanup := fmt.Sprintf("%d created, %d deleted, %d left", r.Cleanup.Created, r.Cleanup.Deleted, len(r.Cleanup.Left))
	if r.Cleanup.Skipped != "" {
		cleanup += "; skipped: " + mdText(Visible(r.Cleanup.Skipped))
	}
	row("Clean-up", cleanup)
	row("Time", fmt.Sprintf("%s, %s, %s, %s", r.Finished.Sub(r.Started).Round(100*time.Millisecond), plural(r.Requests, "request"), plural(r.Writes, "write"), retries(r.Retries)))
	row("Repeat", fmt.Sprintf("scimproof %s, seed %d, exit %d", mdText(xmlLine(r.Tool.Version)), r.Seed, v.Exit))
	b.WriteString("\n")
	for i, reason := range v.Reasons {
		if i == 20 {
			fmt.Fprintf(&b, "- and %s\n", plural(len(v.Reasons)-i, "more reason"))
			break
		}
		fmt.Fprintf(&b, "- %s\n", mdText(xmlLine(reason)))
	}
	if r.Cut != nil && r.Cut.Hint != "" {
		fmt.Fprintf(&b, "\nHint: %s\n", mdText(xmlLine(r.Cut.Hint)))
	}
	d.put(b.String(), 0)
}

func (d *markdown) causes() {
	causes := d.run.causes()
	if len(causes) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\n### Causes\n\n")
	for i, c := range causes {
		if i == 50 {
			fmt.Fprintf(&b, "\nand %s\n", plural(len(causes)-i, "more cause"))
			break
		}
		first := d.byID[c.Checks[0]]
		fmt.Fprintf(&b, "%d. **%s** %s (%s", i+1, first.Word, mdText(xmlLine(c.likely())), plural(len(c.Checks), "check"))
		if n := len(c.Blocked); n > 0 {
			fmt.Fprintf(&b, ", blocks %d", n)
		}
		b.WriteString(")\n")
	}
	b.WriteString("\n### Findings\n")
	d.put(b.String(), 0)
	for i, c := range causes {
		first := d.byID[c.Checks[0]]
		text := "\n" + d.finding(first, i < markdownFull)
		if also := c.Checks[1:]; len(also) > 0 {
			text += "\nThe same cause: " + mdIDs(also) + "\n"
		}
		if len(c.Blocked) > 0 {
			text += "\nBlocked by it: " + mdIDs(c.Blocked) + "\n"
		}
		d.put(text, reserve)
	}
}

// mdIDs lists ids of checks, the first hundred of them.
func mdIDs(ids []string) string {
	more := ""
	if len(ids) > 100 {
		ids, more = ids[:100], fmt.Sprintf(" and %d more", len(ids)-100)
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = mdCode(id)
	}
	return strings.Join(out, ", ") + more
}

// finding is one result with all that it found, and with the exchanges if it is to be whole.
func (d *markdown) finding(res Result, whole bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s %s %s\n\n", res.Word, mdCode(res.ID), mdText(xmlLine(res.Title)))
	if q := res.requirement(); q.RFC != "" {
		fmt.Fprintf(&b, "> %s %s, [RFC %s section %s](%s)\n\n", mdText(xmlLine(q.Statement)), q.Level, mdText(xmlLine(q.RFC)), mdText(xmlLine(q.Section)), q.link())
	}
	if res.why() != "" {
		fmt.Fprintf(&b, "- reason: %s\n", mdText(xmlLine(res.why())))
	}
	if len(res.Findings) == 0 && res.Message != "" {
		fmt.Fprintf(&b, "- %s\n", mdText(xmlLine(res.Message)))
	}
	for i, f := range res.Findings {
		if i == 10 {
			fmt.Fprintf(&b, "- and %s\n", plural(len(res.Findings)-i, "more finding"))
			break
		}
		fmt.Fprintf(&b, "- %s\n", mdText(xmlLine(f.Message)))
		for _, part := range [][2]string{{"expected", f.Expected}, {"got", f.Got}} {
			if part[1] != "" {
				fmt.Fprintf(&b, "  - %s %s\n", part[0], mdCode(part[1]))
			}
		}
	}
	if res.Fix != "" {
		fmt.Fprintf(&b, "\nFix: %s\n", mdText(xmlLine(res.Fix)))
	}
	if whole {
		d.transcript(&b, res)
	}
	return b.String()
}

// transcript shows up to three exchanges, the one that shows the finding first.
func (d *markdown) transcript(b *strings.Builder, res Result) {
	ids := []string{}
	for _, id := range append([]string{shownIn(res)}, res.Exchanges...) {
		if d.index[id] != nil && !slices.Contains(ids, id) && len(ids) < 3 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	var text strings.Builder
	for _, id := range ids {
		x := d.index[id]
		fmt.Fprintf(&text, "%s\n", clip(Visible(clipBytes(x.Line(), junitBody, "…")), 500, "…"))
		for _, body := range [][2]string{{"> ", x.RequestBody}, {"< ", x.ResponseBody}} {
			if body[1] != "" {
				fmt.Fprintf(&text, "%s%s\n", body[0], clip(Visible(clipBytes(body[1], junitBody, "…")), 2000, "…"))
			}
		}
	}
	fence := strings.Repeat("`", max(3, longestRun(text.String(), '`')+1))
	fmt.Fprintf(b, "\n<details><summary>Requests and answers</summary>\n\n%stext\n%s%s\n\n</details>\n", fence, text.String(), fence)
}

// waived lists what failed as expected.
func (d *markdown) waived() {
	var b strings.Builder
	for _, res := range d.run.Results {
		if res.Word == Waived {
			fmt.Fprintf(&b, "- %s %s: %s\n", mdCode(res.ID), mdText(xmlLine(res.said())), mdText(xmlLine(res.why())))
		}
	}
	if b.Len() > 0 {
		d.put("\n### Waived\n\n"+b.String(), reserve)
	}
	if _, notes := d.run.waiverNotes(); len(notes) > 0 {
		text := "\n### Waivers to look at\n\n"
		for _, n := range notes {
			text += "- " + mdText(xmlLine(n)) + "\n"
		}
		d.put(text, reserve)
	}
}

// rest counts what was skipped by reason, and lists what was left behind.
func (d *markdown) rest() {
	if left := d.run.Cleanup.Left; len(left) > 0 {
		var b strings.Builder
		b.WriteString("\n### Left behind on the target\n\n")
		for i, l := range left {
			if i == leftLimit {
				fmt.Fprintf(&b, "- and %d more, listed in the ledger\n", len(left)-i)
				break
			}
			fmt.Fprintf(&b, "- %s\n", mdCode(l.line()))
		}
		d.put(b.String(), 0)
	}
	count := map[string]int{}
	var reasons []string
	for _, res := range d.run.Results {
		if res.Word == Skip {
			if count[res.why()] == 0 {
				reasons = append(reasons, res.why())
			}
			count[res.why()]++
		}
	}
	if len(reasons) == 0 {
		return
	}
	slices.SortStableFunc(reasons, func(a, b string) int { return count[b] - count[a] })
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s skipped</summary>\n\n", plural(d.v.Count[Skip], "check"))
	for i, why := range reasons {
		if i == 50 {
			fmt.Fprintf(&b, "- and %s\n", plural(len(reasons)-i, "more reason"))
			break
		}
		fmt.Fprintf(&b, "- %d: %s\n", count[why], mdText(xmlLine(why)))
	}
	b.WriteString("\n</details>\n")
	d.put(b.String(), 0)
}

func (d *markdown) load(l *Load) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### Load\n\n%s, %s; %s requests/s.\n", mdText(xmlLine(l.Model+" model")), mdText(xmlLine(l.Asked)), fmt.Sprintf("%.4g", l.Every))
	if len(l.Thresholds) > 0 {
		b.WriteString("\n| threshold | measured | |\n|---|---|---|\n")
		for _, t := range l.Thresholds {
			word := t.word()
			fmt.Fprintf(&b, "| %s | %s | %s |\n", mdCode(t.Text), mdText(xmlLine(t.Actual)), word)
		}
	}
	b.WriteString("\n| operation | answers | p50 | p95 | p99 | p99.9 | max |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, o := range l.Operations {
		q := l.latency(o)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", mdCode(o.Name), thousands(q.Count), ms(q.P50), ms(q.P95), ms(q.P99), ms(q.P999), ms(q.Max))
	}
	b.WriteString("\n")
	for _, g := range l.Growth {
		fmt.Fprintf(&b, "- %s\n", mdText(xmlLine(g.Sentence)))
	}
	d.put(b.String(), 0)
}

// link is where a reader finds the section of a requirement.
func (q Requirement) link() string {
	keep := func(r rune) rune {
		if r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}
	return "https://www.rfc-editor.org/rfc/rfc" + strings.Map(keep, q.RFC) + "#section-" + strings.Map(keep, q.Section)
}

// mdText makes text mean itself in Markdown: nothing in it is a link, an image, markup or HTML.
func mdText(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == ':' && (i+1 == len(s) || s[i+1] == ' '):
			b.WriteByte(':')
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '\n':
			b.WriteByte(' ')
		case r == '.' || r == ',' || r == '\'' || r == '/' || r == '?' || r == ';' || r == '-' || r == '(' || r == ')' || r == '"' || r == '=' || r == '%':
			b.WriteRune(r)
		case r == ':' || r == '@':
			fmt.Fprintf(&b, "&#%d;", r) // a backslash would not keep a bare address from becoming a link
		case r < 0x80 && strings.ContainsRune("!#$*+>[\\]^_`{|}~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("www.", "www&#46;", "WWW.", "WWW&#46;").Replace(b.String())
}

// mdCode is text in a code span, which may stand in a table; nothing for an empty text.
func mdCode(s string) string {
	s = clip(Visible(clipBytes(strings.TrimSpace(s), junitBody, "…")), junitMessage, "…")
	if strings.TrimSpace(s) == "" {
		return ""
	}
	s = strings.ReplaceAll(s, "|", `\x7c`) // a bar would end the cell of a table, even in code
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// longestRun is the length of the longest row of one character.
func longestRun(s string, of byte) int {
	most, n := 0, 0
	for i := range len(s) {
		if s[i] != of {
			n = 0
			continue
		}
		n++
		most = max(most, n)
	}
	return most
}
