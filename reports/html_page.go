package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of one page: a report is mailed, and opened on a phone.
const (
	htmlLong   = 4 << 10 // bytes of a value
	htmlShort  = 600     // bytes of a line
	htmlRows   = 500     // rows of a list that a target can lengthen
	htmlInList = 12      // ids that are named before the rest is counted
	htmlCauses = 12      // causes that are shown before the rest is folded away

	htmlFoundOpen = 5 // violations of one check that are shown before the rest is folded away
)

// line makes foreign text ready for the page: cut, visible, on one line.
func line(s string) string { return Visible(clipBytes(strings.TrimSpace(s), htmlShort, "…")) }

// value is line for what may be longer and have lines of its own.
func value(s string) string { return visibleLines(clipBytes(strings.TrimSpace(s), htmlLong, "…")) }

// htmlPage is the report as the template sees it. All text in it is ready to be shown.
type htmlPage struct {
	Title, Target, URL, When, Tool string
	Tone, Glyph, Word, Says        string
	Exit                           int
	NoGrade                        string // why there is no grade
	Reasons, Asks                  []string
	Hint                           string
	Start                          *htmlCause // what to look at first
	Cards                          []htmlCard
	Load                           *htmlLoad
	CauseCount                     string
	Causes, MoreCauses             []htmlCause // the first ones, and the rest
	Groups                         []htmlGroup
	Words                          []htmlCount
	Areas, Levels                  []string
	Total                          int
	Features                       []htmlFeature
	Coverage                       []htmlRFC
	Behaviours                     []Behaviour
	Exchanges                      []htmlLine
	Recorded, Whole, NotListed     int
	Cleanup                        htmlCleanup
	Waivers, Unwritten             []string
	WaiverList                     []htmlWaiver
	Crash                          string
	Command                        string
	Facts                          [][2]string
	Limits                         []string
	IsLoad                         bool
}

// htmlCard is one figure with what it means.
type htmlCard struct {
	Label, Value, Tone string
	Bar                []htmlPart
	Lines              []string
}

// htmlPart is a piece of a bar that is 100 wide.
type htmlPart struct {
	Class    string
	X, Width float64
}

type htmlCount struct {
	Word  Word
	Count int
}

type htmlFeature struct{ Name, Claimed, Observed, Says, Tone, Detail string }

type htmlCleanup struct {
	Created, Deleted, Left int
	Skipped, Ledger        string
	List                   []string
	More                   int
}

// htmlBuilder collects the page.
type htmlBuilder struct {
	run     *Run
	v       Verdict
	page    *htmlPage
	results map[string]Result
	index   map[string]*Exchange
	causes  []Cause
	causeOf map[string]int
	shown   map[string]string // exchange id → anchor of the place that shows it whole
	budget  int
}

func newHTMLPage(r *Run, v Verdict) *htmlPage {
	b := &htmlBuilder{
		run: r, v: v, page: &htmlPage{}, results: map[string]Result{}, index: r.index(), causes: r.Causes,
		causeOf: map[string]int{}, shown: map[string]string{}, budget: htmlWhole,
	}
	for _, res := range r.Results {
		b.results[res.ID] = res
	}
	if b.causes == nil {
		b.causes = Causes(r, nil)
	}
	b.head()
	b.cards()
	b.page.Load = newHTMLLoad(r.Load)
	b.listCauses()
	if len(b.page.Causes) > 0 {
		b.page.Start = &b.page.Causes[0]
	}
	b.findings()
	b.features()
	b.page.Coverage = coverage(r.Results)
	for _, c := range r.Behaviours[:min(len(r.Behaviours), htmlRows)] {
		b.page.Behaviours = append(b.page.Behaviours, Behaviour{ID: line(c.ID), Question: line(c.Question), Choice: line(c.Choice)})
	}
	b.listExchanges()
	b.cleanup()
	b.reproduce()
	return b.page
}

var htmlTones = map[string][3]string{
	Conformant:      {"good", "✓", "No violation was found by the checks that ran."},
	ConformantNotes: {"warn", "!", "No MUST is violated, but some recommendations are, or waivers cover failures."},
	NotConformant:   {"bad", "✕", "At least one MUST of the specifications is violated."},
	Incomplete:      {"open", "?", "Something could not be judged, so there is no full verdict."},
	NoVerdict:       {"open", "?", "Nothing can be said about the target."},
	Holds:           {"good", "✓", "The thresholds are met, and what was acknowledged is there."},
	HoldsNotes:      {"warn", "!", "The thresholds are met; something is worth a look."},
	HoldsNot:        {"bad", "✕", "A threshold is broken, or the directory is not as it was acknowledged."},
}

func (b *htmlBuilder) head() {
	r, v, p := b.run, b.v, b.page
	p.IsLoad = r.Load != nil
	p.URL = line(r.Target.URL)
	p.Target = cmp.Or(line(r.Target.Name), p.URL)
	p.Title = capital(v.Word) + ": " + p.Target
	p.When = r.Started.UTC().Format("2 January 2006, 15:04 UTC")
	p.Tool = line(r.Tool.Name + " " + r.Tool.Version)
	tone, ok := htmlTones[v.Word]
	if !ok {
		tone = htmlTones[NoVerdict]
	}
	p.Tone, p.Glyph, p.Word, p.Says, p.Exit = tone[0], tone[1], v.Word, tone[2], v.Exit
	p.Reasons = lines(v.Reasons)
	p.Asks = lines(r.Asks)
	p.Waivers, p.Unwritten = lines(r.StaleWaivers), lines(r.FailedReports)
	p.Crash = value(r.Crash)
	if r.Cut != nil {
		p.Hint = line(r.Cut.Hint)
	}
	for _, w := range r.Waivers[:min(len(r.Waivers), htmlRows)] {
		p.WaiverList = append(p.WaiverList, newHTMLWaiver(w))
	}
}

// lines makes a list of foreign texts ready, and says how many it leaves out.
func lines(list []string) []string {
	var out []string
	for i, s := range list {
		if i == htmlRows {
			return append(out, fmt.Sprintf("and %d more", len(list)-i))
		}
		out = append(out, line(s))
	}
	return out
}

// htmlOrder is the order of the words on the page: what needs the reader first.
var htmlOrder = []Word{Fail, Error, Warn, Waived, Info, Skip, Pass}

func (b *htmlBuilder) cards() {
	r, v, p := b.run, b.v, b.page
	if r.Load != nil {
		b.loadCards()
	} else {
		p.Cards = append(p.Cards, b.mustCard())
	}
	all := htmlCard{Label: "Checks", Value: thousands(int64(len(r.Results)))}
	for _, w := range htmlOrder {
		if n := v.Count[w]; n > 0 {
			p.Words = append(p.Words, htmlCount{w, n})
		}
	}
	if g, why := r.Grade(v); g != nil {
		c := htmlCard{Label: "Grade", Value: g.Letter, Tone: gradeTone(g.Letter), Lines: []string{fmt.Sprintf("score %.1f of 100, grading guide %d", g.Score, g.Guide)}}
		if g.Cap != "" {
			c.Lines = append(c.Lines, "capped: "+line(g.Cap))
		}
		p.Cards = append(p.Cards, c)
	} else if r.Load == nil {
		p.NoGrade = line(why)
	}
	var counts []htmlCount
	for _, w := range Words() {
		counts = append(counts, htmlCount{w, v.Count[w]})
	}
	all.Bar = bar(counts)
	all.Lines = []string{summary(v)}
	p.Cards = append(p.Cards, all)
	unselected := 0
	if s := r.CheckSet; s != nil {
		unselected = max(0, s.Checks-len(r.Results))
	}
	if n := v.Count[Skip] + v.Count[Error] + unselected; n > 0 {
		c := htmlCard{Label: "Not judged", Value: thousands(int64(n))}
		if v.Count[Error] > 0 {
			c.Tone = "open"
		}
		c.Lines = b.notJudged()
		if unselected > 0 {
			c.Lines = append(c.Lines, thousands(int64(unselected))+" were not part of this run")
		}
		p.Cards = append(p.Cards, c)
	}
	u := r.Cleanup
	c := htmlCard{Label: "Left behind on the target", Value: thousands(int64(len(u.Left))), Tone: "good", Lines: []string{fmt.Sprintf("%s created, %s deleted", thousands(int64(u.Created)), thousands(int64(u.Deleted)))}}
	if len(u.Left) > 0 || u.Skipped != "" {
		c.Tone = "warn"
	}
	if u.Skipped != "" {
		c.Lines = append(c.Lines, "clean-up skipped: "+line(u.Skipped))
	}
	p.Cards = append(p.Cards, c)
}

// mustCard counts the MUST checks. One that found less than a violation, as where the specifications are contested, has not
// passed and has not failed either: without saying so the figures of the page would contradict each other.
func (b *htmlBuilder) mustCard() htmlCard {
	v := b.v
	c := htmlCard{Label: "MUST checks passed", Value: fmt.Sprintf("%s of %s", thousands(int64(v.MustPassed)), thousands(int64(v.MustJudged))), Tone: "good", Lines: []string{"of those that could be judged"}}
	count := map[Word]int{}
	for _, res := range b.run.Results {
		if res.Level.Absolute() {
			count[res.Word]++
		}
	}
	var rest []string
	counts := []htmlCount{{Pass, v.MustPassed}}
	for _, w := range []Word{Fail, Warn, Waived, Info} {
		if n := count[w]; n > 0 {
			counts = append(counts, htmlCount{w, n})
			rest = append(rest, thousands(int64(n))+" "+string(w))
		}
	}
	if len(rest) > 0 {
		c.Lines = append(c.Lines, "the others: "+strings.Join(rest, ", "))
	}
	c.Bar = bar(counts)
	switch {
	case count[Fail] > 0 || v.MustJudged == 0:
		c.Tone = "bad"
	case v.MustPassed < v.MustJudged:
		c.Tone = "warn"
	}
	return c
}

func gradeTone(letter string) string {
	switch {
	case strings.HasPrefix(letter, "A"):
		return "good"
	case letter == "B" || letter == "C":
		return "warn"
	}
	return "bad"
}

// summary is the counts in words.
func summary(v Verdict) string {
	var parts []string
	for _, w := range Words() {
		if n := v.Count[w]; n > 0 || w == Pass || w == Fail {
			parts = append(parts, thousands(int64(n))+" "+string(w))
		}
	}
	return strings.Join(parts, ", ")
}

// notJudged tells the most frequent kinds of reason.
func (b *htmlBuilder) notJudged() []string {
	blocked, off, failed := 0, 0, 0
	for _, res := range b.run.Results {
		switch {
		case res.Word == Error:
			failed++
		case res.Word == Skip && res.BlockedBy != "":
			blocked++
		case res.Word == Skip:
			off++
		}
	}
	var out []string
	for _, part := range []struct {
		n    int
		text string
	}{{failed, "could not be judged"}, {blocked, "blocked by another finding"}, {off, "do not apply here"}} {
		if part.n > 0 {
			out = append(out, thousands(int64(part.n))+" "+part.text)
		}
	}
	return out
}

// bar divides a bar of 100 by counts. What is there at all stays wide enough to be seen.
func bar(counts []htmlCount) []htmlPart {
	total := 0
	for _, c := range counts {
		total += c.Count
	}
	if total == 0 {
		return nil
	}
	widths, sum := make([]float64, len(counts)), 0.0
	for i, c := range counts {
		if c.Count > 0 {
			widths[i] = max(1, 100*float64(c.Count)/float64(total))
		}
		sum += widths[i]
	}
	var parts []htmlPart
	x := 0.0
	for i, c := range counts {
		if w := widths[i] * 100 / sum; w > 0 {
			parts = append(parts, htmlPart{strings.ToLower(string(c.Word)), round2(x), round2(w)})
			x += w
		}
	}
	return parts
}

func (b *htmlBuilder) features() {
	for _, f := range b.run.Features[:min(len(b.run.Features), htmlRows)] {
		b.page.Features = append(b.page.Features, newHTMLFeature(f))
	}
}

// newHTMLFeature puts what is claimed against what was seen.
func newHTMLFeature(f Feature) htmlFeature {
	h := htmlFeature{Name: line(f.Name), Claimed: known(f.Claimed, "yes", "no"), Observed: known(f.Observed, "works", "does not work"), Detail: line(f.Detail)}
	switch {
	case f.Claimed != nil && f.Observed != nil && *f.Claimed && !*f.Observed:
		h.Says, h.Tone = "claimed, but does not work", "bad"
	case f.Observed != nil && *f.Observed && f.Claimed == nil:
		h.Says, h.Tone = "works; nothing is said about it", "open"
	case f.Observed != nil && *f.Observed && !*f.Claimed:
		h.Says, h.Tone = "works, but is not claimed", "warn"
	case f.Claimed != nil && f.Observed != nil:
		h.Says, h.Tone = "as claimed", "good"
	case f.Claimed != nil && !*f.Claimed:
		h.Says, h.Tone = "not claimed, not tried", "open"
	default:
		h.Says, h.Tone = "not seen", "open"
	}
	if f.Forced {
		h.Says += "; tried because the user asked for it"
	}
	return h
}

func (b *htmlBuilder) cleanup() {
	u := b.run.Cleanup
	c := htmlCleanup{Created: u.Created, Deleted: u.Deleted, Left: len(u.Left), Skipped: line(u.Skipped), Ledger: line(u.Ledger)}
	for i, l := range u.Left {
		if i == htmlRows {
			c.More = len(u.Left) - i
			break
		}
		c.List = append(c.List, line(l.line()))
	}
	b.page.Cleanup = c
}

// reproduce says how to make the run again, and what it was made of.
func (b *htmlBuilder) reproduce() {
	r, p := b.run, b.page
	p.Command = command(r)
	fact := func(name, text string) {
		if text != "" {
			p.Facts = append(p.Facts, [2]string{name, line(text)})
		}
	}
	fact("Target", r.Target.URL)
	fact("Run", r.RunID)
	fact("Seed", fmt.Sprint(r.Seed))
	fact("Version", strings.TrimSpace(r.Tool.Name+" "+r.Tool.Version+" "+r.Tool.Commit))
	fact("Started", r.Started.UTC().Format(time.RFC3339))
	fact("Took", r.Finished.Sub(r.Started).Round(100*time.Millisecond).String())
	fact("Traffic", fmt.Sprintf("%s requests, %s writes with those in Bulk requests, %s", thousands(int64(r.Requests)), thousands(int64(r.Writes)), retries(r.Retries)))
	for _, name := range sortedKeys(r.Config) {
		fact(name, r.Config[name])
	}
	if r.Load != nil {
		for _, name := range sortedKeys(r.Load.Plan) {
			fact("plan: "+name, r.Load.Plan[name])
		}
	}
	p.Limits = limits(r, b.v)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// limits tells what a good verdict does not prove.
func limits(r *Run, v Verdict) []string {
	out := []string{
		"Only what can be seen through the protocol was judged. How data is stored, logged, erased or kept apart between tenants was not.",
		fmt.Sprintf("The values that were sent come from seed %d. Other values may meet other behaviour.", r.Seed),
		"It is a picture of one moment: another release, node or configuration of the target may behave differently.",
	}
	if r.Load != nil {
		return append(out,
			"It was this load from this machine, for this long and up to this size of the directory. It says nothing about a larger directory, a longer time or another network.",
			"Whether the target follows the specifications in detail is what `scimproof check` judges; a load does not.")
	}
	if n := v.Count[Skip]; n > 0 {
		out = append(out, fmt.Sprintf("%s did not apply or were blocked. They are listed with their reasons, and nothing is said about them.", plural(n, "check")))
	}
	if s := r.CheckSet; s != nil && s.Checks > len(r.Results) {
		out = append(out, fmt.Sprintf("Only %s of the %s checks that there are were part of this run.", thousands(int64(len(r.Results))), thousands(int64(s.Checks))))
	}
	return append(out,
		"Conformance is not compatibility with every client: identity providers expect more than the specifications say, and each something else.",
		"Nothing was measured: whether the target bears a real provisioning load is what `scimproof load` judges.")
}
