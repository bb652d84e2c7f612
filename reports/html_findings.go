package reports

import (
	"fmt"
	"slices"
	"strings"
)

// htmlGroup is results that are listed together.
type htmlGroup struct {
	Word          Word
	Title, Says   string
	Findings      []htmlFinding
	Parts         []htmlRows2
	Count         int
	Closed, Lists bool
}

// htmlRows2 is a part of a long group: results in a line each, under one heading.
type htmlRows2 struct {
	Title string
	Rows  []htmlFinding
}

// htmlFinding is a result. Those that are good have the first line of fields alone.
type htmlFinding struct {
	ID, Title, Area, Level, Ref string
	Word                        Word
	Open                        bool
	Lead                        string // what is wrong, in one line
	Requirements                []htmlRequirement
	Found, FoundRest            []htmlFound // the first ones, and those that are folded
	FoundMore                   int
	Reason                      string
	Notes                       []string
	Why, Fix                    string
	Cause                       int // number of the cause, 0 = none
	Others                      int // checks with the same cause
	BlockedBy                   string
	Blocks                      []string
	Exchanges                   []htmlExchange
	Refs                        []htmlRef
	More                        int
}

type htmlRequirement struct{ ID, Level, Ref, Link, Statement string }

type htmlFound struct {
	Differs                Word // its word, where it is not that of the result
	Message, Expected, Got string
	Diff                   []htmlDiff
}

// htmlCause is a cause with what to do about it.
type htmlCause struct {
	Number            int
	Word              Word
	Name              string
	Known             bool
	Checks            []string
	MoreChecks        int
	Blocked, Explains int
	Fix               string
}

// listCauses lists what the findings have in common. A cause of one check says no more than that check, so that a run with
// nothing else in it still shows them: they are the way into a long report.
func (b *htmlBuilder) listCauses() {
	explained := 0
	for i, c := range b.causes {
		if len(c.Checks) == 0 {
			continue
		}
		for _, id := range c.Checks {
			b.causeOf[id] = i + 1
		}
		first := b.results[c.Checks[0]]
		name := c.Name
		if c.Known {
			name = "Looks like: " + name
		}
		h := htmlCause{Number: i + 1, Word: first.Word, Name: line(name), Known: c.Known, Explains: len(c.Checks), Blocked: len(c.Blocked), Fix: line(first.Fix)}
		for j, id := range c.Checks {
			if j == htmlInList {
				h.MoreChecks = len(c.Checks) - j
				break
			}
			h.Checks = append(h.Checks, line(id))
		}
		explained += len(c.Checks)
		switch n := len(b.page.Causes) + len(b.page.MoreCauses); {
		case n < htmlCauses:
			b.page.Causes = append(b.page.Causes, h)
		case n < htmlRows:
			b.page.MoreCauses = append(b.page.MoreCauses, h)
		}
	}
	if n := len(b.causes); n < explained {
		b.page.CauseCount = fmt.Sprintf("%s for %s that failed, warned or could not be judged.", plural(n, "cause"), plural(explained, "check"))
	}
}

var htmlGroups = map[Word][2]string{
	Fail:   {"Failed", "A MUST or MUST NOT is violated."},
	Error:  {"Could not be judged", "The run is incomplete because of these."},
	Warn:   {"Warnings", "A SHOULD is violated, or something that is known to trouble clients."},
	Waived: {"Waived", "These failed, as a waiver expects."},
	Info:   {"Notes", "A MAY that is not offered, or which of several legal behaviours was seen."},
	Skip:   {"Skipped", "These do not apply to this target, or something else was in their way."},
	Pass:   {"Passed", "The requirement is met."},
}

func (b *htmlBuilder) findings() {
	p := b.page
	byWord := map[Word][]Result{}
	for _, res := range b.run.Results {
		byWord[res.Word] = append(byWord[res.Word], res)
		p.Total++
		if area := line(res.Area); area != "" && !slices.Contains(p.Areas, area) {
			p.Areas = append(p.Areas, area)
		}
		if level := string(res.Level); level != "" && !slices.Contains(p.Levels, line(level)) {
			p.Levels = append(p.Levels, line(level))
		}
	}
	slices.Sort(p.Areas)
	slices.Sort(p.Levels)
	order := slices.Clone(htmlOrder)
	for w := range byWord {
		if !slices.Contains(order, w) {
			order = append(order, w) // a word that nobody knows is a bug, and must be seen
		}
	}
	slices.Sort(order[len(htmlOrder):])
	for _, w := range order {
		results := byWord[w]
		if len(results) == 0 {
			continue
		}
		names, ok := htmlGroups[w]
		if !ok {
			names = [2]string{line(string(w)), "A result word that this report does not know."}
		}
		g := htmlGroup{Word: w, Title: names[0], Says: names[1], Count: len(results), Closed: w == Pass || w == Skip}
		if g.Closed {
			g.Parts = b.parts(w, results)
		} else {
			b.sortByCause(results)
			for i, res := range results {
				f := b.finding(res)
				f.Open = w == Fail && i < 10
				g.Findings = append(g.Findings, f)
			}
		}
		p.Groups = append(p.Groups, g)
	}
}

// sortByCause keeps together what has one cause.
func (b *htmlBuilder) sortByCause(results []Result) {
	slices.SortStableFunc(results, func(x, y Result) int { return b.causeOf[x.ID] - b.causeOf[y.ID] })
}

// parts divides passed checks by area, and skipped ones by reason.
func (b *htmlBuilder) parts(w Word, results []Result) []htmlRows2 {
	var parts []htmlRows2
	at := map[string]int{}
	for _, res := range results {
		key := line(res.Area)
		if w == Skip {
			key = line(res.why())
		}
		i, ok := at[key]
		if !ok {
			i = len(parts)
			at[key] = i
			parts = append(parts, htmlRows2{Title: key})
		}
		parts[i].Rows = append(parts[i].Rows, b.row(res))
	}
	slices.SortStableFunc(parts, func(x, y htmlRows2) int {
		if w == Skip && len(x.Rows) != len(y.Rows) {
			return len(y.Rows) - len(x.Rows)
		}
		return strings.Compare(x.Title, y.Title)
	})
	return parts
}

// row is what every result has.
func (b *htmlBuilder) row(res Result) htmlFinding {
	f := htmlFinding{ID: line(res.ID), Title: line(res.Title), Area: line(res.Area), Level: line(string(res.Level)), Word: res.Word}
	if q := res.requirement(); q.Section != "" {
		f.Ref = line("RFC " + q.RFC + " " + q.Section)
	}
	return f
}

func (b *htmlBuilder) finding(res Result) htmlFinding {
	f := b.row(res)
	f.Lead = line(res.Message)
	f.Reason = line(res.why())
	f.Why, f.Fix = line(res.Why), line(res.Fix)
	f.Notes = lines(res.Notes[:min(len(res.Notes), 20)])
	if res.BlockedBy != "" {
		f.BlockedBy = line(res.BlockedBy)
	}
	for _, q := range res.Requirements {
		f.Requirements = append(f.Requirements, htmlRequirement{
			ID: line(q.ID), Level: line(string(q.Level)), Ref: line("RFC " + q.RFC + " section " + q.Section), Link: rfcLink(q), Statement: line(q.Statement),
		})
	}
	for i, found := range res.Findings {
		if i == 20 {
			f.FoundMore = len(res.Findings) - i
			break
		}
		h := htmlFound{Message: line(found.Message), Expected: value(found.Expected), Got: value(found.Got)}
		if found.Word != res.Word {
			h.Differs = found.Word
		}
		h.Diff = difference(found.Expected, found.Got)
		if i < htmlFoundOpen {
			f.Found = append(f.Found, h)
		} else {
			f.FoundRest = append(f.FoundRest, h)
		}
	}
	if n := b.causeOf[res.ID]; n > 0 {
		c := b.causes[n-1]
		f.Cause, f.Others = n, len(c.Checks)-1
		if c.Checks[0] == res.ID {
			f.Blocks = lines(c.Blocked[:min(len(c.Blocked), htmlInList)])
			if n := len(c.Blocked) - htmlInList; n > 0 {
				f.Blocks = append(f.Blocks, fmt.Sprintf("and %d more", n))
			}
		}
	}
	f.Exchanges, f.Refs, f.More = b.exchanges(res)
	return f
}

// rfcLink is where a statement can be read; only digits and dots of the catalogue get into it.
func rfcLink(q Requirement) string {
	clean := func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }) < 0
	}
	if !clean(q.RFC) || !clean(q.Section) {
		return ""
	}
	return "https://www.rfc-editor.org/rfc/rfc" + q.RFC + "#section-" + q.Section
}
