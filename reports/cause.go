package reports

import (
	"regexp"
	"slices"
	"strings"
)

// Cause is what several findings have in common: most likely one defect.
type Cause struct {
	// Name says in one line what seems to be wrong.
	Name string `json:"name"`
	// Known tells that exactly these checks notice a defect that is known by this name; otherwise the findings look alike.
	Known bool `json:"known,omitempty"`
	// Checks are the ids of the results that it explains, the gravest first.
	Checks []string `json:"checks"`
	// Blocked are the ids of the checks that could not run because of it.
	Blocked []string `json:"blocked,omitempty"`
}

// likely is the name with a word on how sure it is.
func (c Cause) likely() string {
	if c.Known {
		return "looks like: " + c.Name
	}
	return c.Name
}

// Defect is a defect whose effects are known: the checks that notice it, those that may notice it also, and no others.
type Defect struct {
	Title       string
	Kills, Also []string
}

// Causes groups the findings of a run, so that one defect is not taken for many. Each FAIL, WARN and ERROR is in exactly
// one cause. The gravest cause comes first, and among equals the one that explains most.
func Causes(r *Run, known []Defect) []Cause {
	g := &grouping{run: r, results: map[string]Result{}, open: map[string]bool{}, symptoms: map[string]string{}}
	for _, res := range r.Results {
		g.results[res.ID] = res
		if judgedBad(res.Word) {
			g.open[res.ID] = true
			g.symptoms[res.ID] = g.symptom(res)
		}
	}
	g.byDefect(known)
	g.bySymptom()
	for i := range g.causes {
		g.causes[i].Blocked = g.blocked(g.causes[i].Checks)
	}
	slices.SortStableFunc(g.causes, func(a, b Cause) int {
		if d := rank(g.results[b.Checks[0]].Word) - rank(g.results[a.Checks[0]].Word); d != 0 {
			return d
		}
		return len(b.Checks) - len(a.Checks)
	})
	return g.causes
}

func judgedBad(w Word) bool { return w == Fail || w == Warn || w == Error }

type grouping struct {
	run     *Run
	results map[string]Result
	open    map[string]bool // bad results that no cause explains yet
	// symptoms are those of the bad results, which many defects are held against.
	symptoms map[string]string
	causes   []Cause
}

// add makes a cause of checks.
func (g *grouping) add(name string, known bool, ids []string) {
	order := map[string]int{}
	for i, res := range g.run.Results {
		order[res.ID] = i
	}
	slices.SortFunc(ids, func(a, b string) int {
		if d := rank(g.results[b].Word) - rank(g.results[a].Word); d != 0 {
			return d
		}
		return order[a] - order[b]
	})
	for _, id := range ids {
		delete(g.open, id)
	}
	g.causes = append(g.causes, Cause{Name: name, Known: known, Checks: ids})
}

// byDefect looks for known defects that every one of their checks has noticed, as far as it could be judged. The one that
// explains most is taken first, since smaller ones are often parts of it.
func (g *grouping) byDefect(known []Defect) {
	for {
		var best []string
		title := ""
		for _, d := range known {
			if hits, ok := g.noticed(d); ok && len(hits) > max(1, len(best)) && g.whole(hits) {
				best, title = hits, d.Title
			}
		}
		if best == nil {
			return
		}
		g.add(title, true, best)
	}
}

// whole tells whether hits are all results of their kinds: where the same was found elsewhere too, a defect that explains
// only these is not the cause.
func (g *grouping) whole(hits []string) bool {
	kinds := map[string]bool{}
	for _, id := range hits {
		kinds[g.symptoms[id]] = true
	}
	for id := range g.open {
		if !slices.Contains(hits, id) && kinds[g.symptoms[id]] {
			return false
		}
	}
	return true
}

// noticed lists the unexplained results that a defect explains; false where one of its checks has passed, or where most of
// them did not run.
func (g *grouping) noticed(d Defect) ([]string, bool) {
	var hits []string
	left := 0
	for _, id := range d.Kills {
		res, ran := g.results[id]
		switch {
		case !ran:
			left++
		case g.open[id]:
			hits = append(hits, id)
		case res.Word == Pass || len(res.Findings) == 0 && res.Word == Info:
			return nil, false
		}
	}
	enough := len(hits) > 0 && 2*left <= len(d.Kills)
	for _, id := range d.Also {
		if g.open[id] {
			hits = append(hits, id)
		}
	}
	return hits, enough
}

// bySymptom groups what is left by what was found, and gives the rest a cause each.
func (g *grouping) bySymptom() {
	groups := map[string][]string{}
	var order []string
	for _, res := range g.run.Results {
		if !g.open[res.ID] {
			continue
		}
		key := g.symptoms[res.ID]
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], res.ID)
	}
	for _, key := range order {
		name, ids := key, groups[key]
		first := g.results[ids[0]]
		switch {
		case len(ids) == 1:
			name = first.headline()
		case strings.HasPrefix(key, plain(first.worst().Message)+": ") && !slices.ContainsFunc(ids, func(id string) bool {
			f := g.results[id].worst()
			return f.Expected != first.worst().Expected || f.Got != first.worst().Got
		}):
			name = plain(first.worst().Message) + first.worst().versus()
		}
		g.add(name, false, ids)
	}
}

// headline is the worst that a result says.
func (r Result) headline() string {
	for _, text := range []string{r.Message, r.why()} {
		switch {
		case text == "":
		case r.Level == Measured:
			return r.Title + ": " + text // a sentence with the figures in it
		default:
			return r.Title + ": " + brief(text) + r.worst().versus()
		}
	}
	return r.Title
}

// worst is the first of the gravest findings, or none.
func (r Result) worst() Finding {
	worst, _ := Worst(r.Findings)
	for _, f := range r.Findings {
		if f.Word == worst {
			return f
		}
	}
	return Finding{}
}

// versus words what was expected and what came, "" where one of them is not told.
func (f Finding) versus() string {
	if f.Expected == "" || f.Got == "" {
		return ""
	}
	return " (expected " + brief(f.Expected) + ", got " + brief(f.Got) + ")"
}

// brief is the beginning of a text, for a name.
func brief(text string) string {
	return clip(clipBytes(firstLine(text), symptomLimit, "…"), 80, "…")
}

var (
	literal  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	digits   = regexp.MustCompile(`\d+`)
	serverID = regexp.MustCompile(`[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}`)
)

// symptom describes the worst finding of a result without what differs from record to record. Where the status is wrong
// it is the operation that matters; where a part of the answer is wrong it is that part, whatever was asked.
func (g *grouping) symptom(res Result) string {
	if res.Word == Error {
		return "could not be judged: " + plain(res.why())
	}
	if len(res.Findings) > 0 {
		f := res.worst()
		x := g.run.Exchange(f.Exchange)
		if f.Message != "status" || x == nil {
			return plain(f.Message) + ": expected " + kind(f.Expected) + ", got " + kind(f.Got)
		}
		return x.operation() + " answers " + f.Got + " instead of " + f.Expected
	}
	return res.ID + " " + res.Message
}

// symptomLimit is how many bytes of a text tell symptoms apart; more of a target's megabytes would only cost time.
const symptomLimit = 4 << 10

// plain takes names and numbers out of a text.
func plain(text string) string {
	text = clipBytes(text, symptomLimit, "…")
	return digits.ReplaceAllString(literal.ReplaceAllString(serverID.ReplaceAllString(text, "ID"), "a text"), "N")
}

// kind is a value by its type where it is a literal, and itself otherwise.
func kind(value string) string {
	value = clipBytes(value, symptomLimit, "…")
	switch {
	case value == "":
		return "something else"
	case literal.FindString(value) == value:
		return "a text"
	case digits.FindString(value) == value:
		return "a number"
	}
	return plain(value)
}

// operation is the method and the kind of path of an exchange, such as "PATCH /Users/{id}".
func (x *Exchange) operation() string {
	path, query, _ := strings.Cut(x.URL, "?")
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	switch {
	case len(parts) < 2:
	case serverID.MatchString(last) || digits.FindString(last) == last && last != "":
		last = parts[len(parts)-2] + "/{id}"
	case strings.HasPrefix(last, "."):
		last = parts[len(parts)-2] + "/" + last
	}
	text := x.Method + " /" + last
	for _, name := range []string{"filter", "sortBy", "attributes", "excludedAttributes", "startIndex", "cursor", "count"} {
		if slices.ContainsFunc(strings.Split(query, "&"), func(p string) bool { return strings.HasPrefix(p, name+"=") }) {
			return text + " with " + name
		}
	}
	return text
}

// blocked lists the checks that were skipped because of these.
func (g *grouping) blocked(ids []string) []string {
	var out []string
	for _, res := range g.run.Results {
		if res.Word == Skip && slices.Contains(ids, res.BlockedBy) {
			out = append(out, res.ID)
		}
	}
	return out
}
