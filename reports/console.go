package reports

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"
)

// Options shapes the console report. The zero value is plain text, 80 columns wide.
type Options struct {
	Color   bool
	ASCII   bool     // nothing outside ASCII is printed
	Width   int      // columns; 0 means 80, the least is 40
	Verbose int      // 1 adds INFO, behaviours and bodies; 2 adds headers and lifts the limits on lines
	Reports []string // paths of the reports that were written
}

const (
	indent     = 6
	textLimit  = 64 << 10 // bytes of one target-made text that are looked at
	leftLimit  = 50       // leftovers that are listed
	labelWidth = 10
)

// newConsole shapes text for where it is read: 80 columns unless it is told, and 40 at least.
func newConsole(w *bufio.Writer, r *Run, o Options) *console {
	if o.Width == 0 {
		o.Width = 80
	}
	o.Width = max(o.Width, 40)
	c := &console{w: w, o: o, run: r, mark: "…"}
	if o.ASCII {
		c.mark = "..."
	}
	return c
}

// WriteConsole writes the run for a person at a terminal: failures first, then what could not be judged, warnings,
// skips by reason, and the verdict with the next command last. Text that the target made is made visible and cut.
func WriteConsole(w io.Writer, r *Run, v Verdict, o Options) error {
	b := bufio.NewWriter(w)
	c := newConsole(b, r, o)
	c.v, c.index, c.causes = v, r.index(), r.causes()
	c.load()
	c.failures()
	c.briefly(Error)
	c.warnings()
	c.briefly(Waived)
	c.notes()
	c.skips()
	c.summary()
	return b.Flush()
}

type console struct {
	w     *bufio.Writer
	o     Options
	run   *Run
	v     Verdict
	index map[string]*Exchange
	mark  string
	// causes are those of the run; a run of an older version has none on file.
	causes []Cause
}

var colors = map[Word]string{Pass: "32", Fail: "1;31", Error: "35", Warn: "33", Info: "34", Skip: "90", Waived: "90"}

// paint colours text that this package made; the word itself is always printed too.
func (c *console) paint(w Word, s string) string {
	if !c.o.Color || colors[w] == "" {
		return s
	}
	return "\x1b[" + colors[w] + "m" + s + "\x1b[0m"
}

// clean makes foreign text printable on one line.
func (c *console) clean(s string) string {
	s = clipBytes(strings.TrimSpace(s), textLimit, "…")
	if c.o.ASCII {
		s = strings.NewReplacer("…", "...", "→", "->").Replace(s)
		return visibleASCII(s)
	}
	return Visible(s)
}

// lines returns the most lines one text may take at this verbosity; 0 = no limit.
func (c *console) lines(plain int) int {
	switch c.o.Verbose {
	case 0:
		return plain
	case 1:
		return plain * 4
	}
	return 0
}

// put prints a text behind a prefix that is already as wide as by columns, wrapped and hanging below itself.
func (c *console) put(prefix string, by int, text string, limit int) {
	lines := wrap(c.clean(text), c.o.Width-by, limit, c.mark)
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, line := range lines {
		if i > 0 {
			prefix = strings.Repeat(" ", by)
		}
		if strings.TrimSpace(prefix) == "" {
			line = noCommand(line)
		}
		fmt.Fprintln(c.w, strings.TrimRight(prefix+line, " "))
	}
}

// field prints "      label     text"; nothing where the text is empty.
func (c *console) field(label, text string, limit int) {
	if strings.TrimSpace(text) == "" {
		return
	}
	c.put(fmt.Sprintf("%*s%-*s", indent, "", labelWidth, label), indent+labelWidth, text, limit)
}

func (c *console) head(res Result) {
	text := res.ID
	if res.Title != "" {
		text += "  " + res.Title
	}
	c.put(c.paint(res.Word, string(res.Word))+strings.Repeat(" ", max(1, 8-len(res.Word))), 8, text+"  "+res.bracket(), c.lines(8))
}

// failures prints what gives exit 1: the first finding of each cause in full, with the others that it explains.
func (c *console) failures() {
	results := map[string]Result{}
	for _, res := range c.run.Results {
		results[res.ID] = res
	}
	for _, cause := range c.causes {
		if first := results[cause.Checks[0]]; c.v.Failing(first) {
			c.failure(first, cause)
		}
	}
}

func (c *console) failure(res Result, cause Cause) {
	c.head(res)
	c.field("requires", res.requirement().Statement, c.lines(3))
	if len(res.Findings) == 0 {
		c.field("found", res.Message, c.lines(4))
	}
	for _, f := range res.Findings {
		label := "found"
		if f.Word != res.Word {
			label = strings.ToLower(string(f.Word))
		}
		c.field(label, f.Message, c.lines(4))
		c.field("expected", f.Expected, c.lines(4))
		c.field("got", f.Got, c.lines(4))
	}
	for _, n := range res.Notes {
		c.field("note", n, c.lines(2))
	}
	if len(cause.Checks) > 1 || cause.Known {
		c.field("cause", cause.likely(), c.lines(2))
	}
	if also := cause.Checks[1:]; len(also) > 0 {
		c.field("also", plural(len(also), "check")+" for the same reason: "+strings.Join(also, ", "), c.lines(3))
	}
	if ids := cause.Blocked; len(ids) > 0 {
		c.field("blocks", plural(len(ids), "check")+": "+strings.Join(ids, ", "), c.lines(2))
	}
	c.exchanges(res)
	fmt.Fprintln(c.w)
}

func (c *console) exchanges(res Result) {
	shown, rest := 0, 0
	for _, id := range res.Exchanges {
		x := c.index[id]
		if x == nil {
			continue
		}
		if limit := c.lines(3); limit > 0 && shown == limit {
			rest++
			continue
		}
		shown++
		c.field("exchange", x.Line()+"  ("+x.ID+")", c.lines(2))
		if c.o.Verbose >= 2 {
			c.header("sent", x.RequestHeader)
		}
		if c.o.Verbose >= 1 {
			c.field("sent", x.RequestBody, c.lines(4))
		}
		if c.o.Verbose >= 2 {
			c.header("received", x.ResponseHeader)
		}
		if c.o.Verbose >= 1 {
			c.field("received", x.ResponseBody, c.lines(4))
		}
	}
	if rest > 0 {
		c.field("", "and "+plural(rest, "more exchange"), 1)
	}
}

func (c *console) header(label string, header map[string][]string) {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		c.field(label, name+": "+strings.Join(header[name], ", "), c.lines(4))
	}
}

// warnings prints each WARN that does not fail the run, unless a failure explains it: its head and what was found, without
// the exchanges.
func (c *console) warnings() {
	printed := false
	explained := map[string]bool{}
	for _, cause := range c.causes {
		if !c.failing(cause.Checks[0]) {
			continue
		}
		for _, id := range cause.Checks {
			explained[id] = true
		}
	}
	for _, res := range c.run.Results {
		if res.Word != Warn || c.v.Failing(res) || explained[res.ID] {
			continue
		}
		printed = true
		c.head(res)
		if len(res.Findings) == 0 {
			c.field("found", res.Message, c.lines(2))
		}
		for _, f := range res.Findings {
			text := f.Message
			if f.Got != "" {
				text += "; got " + f.Got
			}
			c.field("found", text, c.lines(2))
		}
	}
	if printed {
		fmt.Fprintln(c.w)
	}
}

func (c *console) failing(id string) bool {
	return slices.ContainsFunc(c.run.Results, func(res Result) bool { return res.ID == id && c.v.Failing(res) })
}

// briefly prints the results with this word and their reason.
func (c *console) briefly(w Word) {
	printed := false
	for _, res := range c.run.Results {
		if res.Word != w {
			continue
		}
		printed = true
		c.head(res)
		c.field("reason", res.why(), c.lines(2))
		c.field("found", res.Message, c.lines(2))
		if w == Error {
			c.exchanges(res)
		}
	}
	if printed {
		fmt.Fprintln(c.w)
	}
}

// notes counts INFO results and recorded behaviours, and lists them when asked to.
func (c *console) notes() {
	info, behaviours := c.v.Count[Info], len(c.run.Behaviours)
	if info+behaviours == 0 {
		return
	}
	if c.o.Verbose >= 1 {
		for _, res := range c.run.Results {
			if res.Word == Info {
				c.head(res)
				c.field("found", res.Message, c.lines(1))
			}
		}
		for _, b := range c.run.Behaviours {
			c.put(fmt.Sprintf("%-8s", "choice"), 8, b.ID+"  "+b.Question+": "+b.Choice, c.lines(1))
		}
	} else {
		c.put(c.paint(Info, "INFO")+"    ", 8, fmt.Sprintf("%s, %s recorded; -v lists them",
			plural(info, "note"), plural(behaviours, "legal choice")), 0)
	}
	fmt.Fprintln(c.w)
}

// skips groups the skipped checks by reason, the most frequent first.
func (c *console) skips() {
	ids := map[string][]string{}
	var reasons []string
	for _, res := range c.run.Results {
		if res.Word != Skip {
			continue
		}
		why := res.why()
		if ids[why] == nil {
			reasons = append(reasons, why)
		}
		ids[why] = append(ids[why], res.ID)
	}
	if len(reasons) == 0 {
		return
	}
	sort.Slice(reasons, func(i, j int) bool {
		if a, b := len(ids[reasons[i]]), len(ids[reasons[j]]); a != b {
			return a > b
		}
		return reasons[i] < reasons[j]
	})
	for _, why := range reasons {
		c.put(c.paint(Skip, "SKIP")+fmt.Sprintf(" %4d  ", len(ids[why])), 11, why, c.lines(2))
		if c.o.Verbose >= 1 {
			c.field("checks", strings.Join(ids[why], ", "), 0)
		}
	}
	fmt.Fprintln(c.w)
}

func (c *console) line(label, text string) {
	if text != "" {
		c.put(fmt.Sprintf("%-*s", 12, label), 12, text, c.lines(6))
	}
}

// summary ends the report: verdict, reasons, counts, and the next command as the last line.
func (c *console) summary() {
	r, v := c.run, c.v
	c.line("Target", strings.TrimSpace(r.Target.Name+" "+r.Target.URL))
	fmt.Fprintf(c.w, "%-12s%s\n", "Verdict", c.verdict(v))
	c.line("Results", v.Summary())
	for i, reason := range v.Reasons {
		label := ""
		if i == 0 {
			label = "Because"
		}
		c.line(label, reason)
	}
	bad := 0
	for _, cause := range c.causes {
		bad += len(cause.Checks)
	}
	if n := len(c.causes); n < bad {
		c.line("Causes", fmt.Sprintf("%d, for %s that failed, warned or could not be judged", n, plural(bad, "check")))
	}
	if r.Cut != nil {
		c.line("Hint", r.Cut.Hint)
	}
	if r.Load == nil {
		c.line("MUST", fmt.Sprintf("%d of %d judged passed", v.MustPassed, v.MustJudged))
	}
	if g, _ := r.Grade(v); g != nil {
		c.line("Grade", g.String())
	}
	c.waivers()
	c.line("Features", c.features())
	c.cleanup()
	c.line("Time", fmt.Sprintf("%s, %s, %s, %s", r.Finished.Sub(r.Started).Round(100*time.Millisecond),
		plural(r.Requests, "request"), plural(r.Writes, "write"), retries(r.Retries)))
	for _, path := range c.o.Reports {
		c.line("Report", path)
	}
	c.line("Next", c.next())
}

// verdict is the word of the verdict in its colour, with the exit code.
func (c *console) verdict(v Verdict) string {
	word := Pass
	switch {
	case v.Word == ConformantNotes, v.Word == HoldsNotes:
		word = Warn
	case v.Word != Conformant && v.Word != Holds:
		word = Fail
	}
	return fmt.Sprintf("%s (exit %d)", c.paint(word, v.Word), v.Exit)
}

// waivers tells how many are in force, and of each that somebody should look at.
func (c *console) waivers() {
	if len(c.run.Waivers) == 0 {
		return
	}
	used, notes := c.run.waiverNotes()
	c.line("Waivers", fmt.Sprintf("%d of %d in force", used, len(c.run.Waivers)))
	for _, n := range notes {
		c.line("", n)
	}
}

func (c *console) features() string {
	groups := map[string][]string{}
	for _, f := range c.run.Features {
		group := "unknown"
		is := func(p *bool, want bool) bool { return p != nil && *p == want }
		switch {
		case f.Forced:
			group = "forced"
		case is(f.Claimed, true) && is(f.Observed, true):
			group = "yes"
		case is(f.Claimed, true) && is(f.Observed, false):
			group = "claimed but not seen"
		case is(f.Claimed, true):
			group = "claimed"
		case is(f.Observed, true):
			group = "seen but not claimed"
		case is(f.Claimed, false) || is(f.Observed, false):
			group = "no"
		}
		groups[group] = append(groups[group], f.Name)
	}
	var parts []string
	for _, g := range []string{"yes", "claimed", "claimed but not seen", "seen but not claimed", "forced", "no", "unknown"} {
		if len(groups[g]) > 0 {
			parts = append(parts, g+": "+strings.Join(groups[g], ", "))
		}
	}
	return strings.Join(parts, "; ")
}

func (c *console) cleanup() {
	u := c.run.Cleanup
	text := fmt.Sprintf("%d created, %d deleted, %d left", u.Created, u.Deleted, len(u.Left))
	if u.Skipped != "" {
		text += "; skipped: " + u.Skipped
	}
	c.line("Clean-up", text)
	for i, l := range u.Left {
		if i == leftLimit && c.o.Verbose < 2 {
			c.field("left", "and "+fmt.Sprint(len(u.Left)-i)+" more, listed in the ledger", 1)
			break
		}
		c.field("left", l.line(), c.lines(2))
	}
	c.line("Ledger", u.Ledger)
}

// next is the command that helps most now.
func (c *console) next() string {
	if c.run.Load != nil {
		return c.nextLoad()
	}
	if c.run.Cleanup.Ledger != "" && len(c.run.Cleanup.Left) > 0 && c.v.Green {
		return "scimproof cleanup " + c.run.Cleanup.Ledger
	}
	if len(c.causes) > 0 {
		return "scimproof explain " + c.causes[0].Checks[0]
	}
	for _, w := range []Word{Fail, Error, Warn} {
		for _, res := range c.run.Results {
			if res.Word == w {
				return "scimproof explain " + res.ID
			}
		}
	}
	if c.v.Exit != ExitOK {
		return "remove the cause above and run again"
	}
	return "nothing to fix"
}

// nextLoad is the command that helps most after a load.
func (c *console) nextLoad() string {
	switch {
	case c.run.Cleanup.Ledger != "" && len(c.run.Cleanup.Left) > 0:
		return "scimproof cleanup " + c.run.Cleanup.Ledger
	case c.v.Exit != ExitOK && c.v.Exit != ExitLeftovers:
		return "remove the cause above and run again with --seed " + fmt.Sprint(c.run.Seed)
	}
	return "nothing to fix"
}

func retries(n int) string {
	if n == 1 {
		return "1 retry"
	}
	return fmt.Sprintf("%d retries", n)
}
