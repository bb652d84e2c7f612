package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MatrixRuns is the most runs that one matrix takes: beyond it nobody reads the columns.
const MatrixRuns = 50

// Matrix is several runs side by side: of several targets, or of one at several dates. A column is a run, in the order in which
// they were given; each list in it is as long as Runs.
type Matrix struct {
	Runs []MatrixRun `json:"runs"`
	// Checks are the worst first, those that differ before those that do not.
	Checks     []MatrixCheck     `json:"checks"`
	Areas      []MatrixArea      `json:"areas"`
	Features   []MatrixFeature   `json:"features,omitempty"`
	Behaviours []MatrixBehaviour `json:"behaviours,omitempty"`
	Load       *MatrixLoad       `json:"load,omitempty"`  // where at least one run is a load
	Notes      []string          `json:"notes,omitempty"` // why a comparison is not the whole truth
	Exit       int               `json:"exit"`

	runs []*Run
}

// MatrixRun is one column.
type MatrixRun struct {
	Target   Target    `json:"target"`
	RunID    string    `json:"runId"`
	Started  time.Time `json:"started"`
	Version  string    `json:"version"`
	Seed     int64     `json:"seed"`
	CheckSet *CheckSet `json:"checkSet,omitempty"`
	Verdict  Verdict   `json:"verdict"`
	Grade    *Grade    `json:"grade,omitempty"`
	NoGrade  string    `json:"noGrade,omitempty"` // why there is none
	Left     int       `json:"left"`              // resources that the run left behind
}

// MatrixCheck is one row: a check, and what each run says about it.
type MatrixCheck struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Area  string `json:"area"`
	Level Level  `json:"level"`
	Words []Word `json:"words"` // "" where the run did not have the check
	// Said is what each run gives as the reason, "" of a PASS.
	Said []string `json:"said"`
	// Differs tells that runs which had the check came to different words. A run without it does not differ: it says nothing.
	Differs bool `json:"differs"`
	Worst   Word `json:"worst"`
}

// MatrixArea is how many MUST and MUST NOT checks of an area each run passed, of those that it judged.
type MatrixArea struct {
	Area  string       `json:"area"`
	Rates []MatrixRate `json:"rates"`
}

// MatrixRate is the share of one run in one area.
type MatrixRate struct {
	Checks int `json:"checks"` // that the run had, of any level
	Passed int `json:"mustPassed"`
	Judged int `json:"mustJudged"`
	Failed int `json:"failed"`
}

// MatrixFeature is a capability; nil where the run does not mention it.
type MatrixFeature struct {
	Name    string     `json:"name"`
	Runs    []*Feature `json:"runs"`
	Differs bool       `json:"differs"`
}

// MatrixBehaviour is a choice that the specifications leave, "" where the run did not see it.
type MatrixBehaviour struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Choices  []string `json:"choices"`
	Differs  bool     `json:"differs"`
}

// MatrixLoad is what was measured under load; nil where a run has no such figure.
type MatrixLoad struct {
	Asked    []string        `json:"asked"` // "" of a run that is no load
	Measures []MatrixMeasure `json:"measures"`
	Growth   []MatrixGrowth  `json:"growth,omitempty"`
}

// MatrixMeasure is one figure; latencies are nanoseconds.
type MatrixMeasure struct {
	Operation string     `json:"operation"`
	Metric    string     `json:"metric"` // p50, p95, p99, requests/s or throttled
	Values    []*float64 `json:"values"`
}

// MatrixGrowth is how an operation grows with the directory, "" where nothing was measured.
type MatrixGrowth struct {
	Operation string   `json:"operation"`
	Verdicts  []string `json:"verdicts"`
}

// NewMatrix puts runs side by side. Its exit code is the first of 70, 2, 3, 4, 1, 5 that a run gives.
func NewMatrix(runs []*Run, p Policy) *Matrix {
	m := &Matrix{runs: runs, Checks: []MatrixCheck{}, Areas: []MatrixArea{}}
	for _, r := range runs {
		v := r.Verdict(p)
		x := MatrixRun{
			Target: r.Target, RunID: r.RunID, Started: r.Started, Version: strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version), Seed: r.Seed,
			CheckSet: r.CheckSet, Verdict: v, Left: len(r.Cleanup.Left),
		}
		x.Grade, x.NoGrade = r.Grade(v)
		m.Runs = append(m.Runs, x)
		m.Exit = Graver(m.Exit, v.Exit)
	}
	m.checks()
	m.areas()
	m.features()
	m.behaviours()
	m.load()
	m.notes()
	return m
}

// Graver is the exit code that is told where both apply.
func Graver(a, b int) int {
	for _, exit := range exitOrder {
		if a == exit || b == exit {
			return exit
		}
	}
	return max(a, b)
}

// Name is how a column is called: a number, the target, and when it was judged if another run is of a target of that name.
func (m *Matrix) Name(i int) string {
	x := m.Runs[i]
	name, when := x.label(), ""
	for j, other := range m.Runs {
		switch {
		case i == j || other.label() != name:
		case other.Started.UTC().Format(time.DateOnly) == x.Started.UTC().Format(time.DateOnly):
			when = ", " + x.Started.UTC().Format("2 Jan 2006, 15:04")
		case when == "":
			when = ", " + x.Started.UTC().Format("2 Jan 2006")
		}
	}
	return fmt.Sprintf("%d %s%s", i+1, clipBytes(name, matrixName, "…"), when)
}

// matrixName is the most bytes of a target's name at the head of a column.
const matrixName = 40

func (r MatrixRun) label() string { return cmp.Or(r.Target.Name, r.Target.URL, "unnamed") }

func (m *Matrix) checks() {
	at := map[string]int{}
	for i, r := range m.runs {
		for _, res := range r.Results {
			k, ok := at[res.ID]
			if !ok {
				k = len(m.Checks)
				at[res.ID] = k
				m.Checks = append(m.Checks, MatrixCheck{
					ID: res.ID, Title: res.Title, Area: res.Area, Level: res.Level, Words: make([]Word, len(m.runs)), Said: make([]string, len(m.runs)), Worst: Pass,
				})
			}
			c := &m.Checks[k]
			if c.Words[i] != "" && gravity(res) <= gravity(Result{Word: c.Words[i]}) {
				continue // an id that a damaged file has twice counts as its worst
			}
			c.Words[i], c.Said[i] = res.Word, ""
			if res.Word != Pass {
				c.Said[i] = firstLine(res.said())
				if res.Level != Measured {
					c.Said[i] += res.worst().versus()
				}
				if why := res.why(); res.Word == Waived && why != "" && why != res.said() {
					c.Said[i] += " (waived: " + firstLine(why) + ")"
				}
			}
		}
	}
	for k := range m.Checks {
		c := &m.Checks[k]
		first := Word("")
		for _, w := range c.Words {
			switch {
			case w == "":
				continue
			case first == "":
				first, c.Worst = w, w
			case w != first:
				c.Differs = true
			}
			if slices.Index(htmlOrder, w) < slices.Index(htmlOrder, c.Worst) {
				c.Worst = w
			}
		}
	}
	slices.SortStableFunc(m.Checks, func(a, b MatrixCheck) int { return cmp.Compare(a.weight(), b.weight()) })
}

// weight orders the rows, the smallest first: what is bad in some runs and not in others, then what is bad in all, by the worst word;
// then other differences, and what is the same everywhere.
func (c MatrixCheck) weight() int {
	w := 2*slices.Index(htmlOrder, c.Worst) + 1
	if c.Differs {
		w--
	}
	if !c.bad() && !c.Differs {
		w += 2 * len(htmlOrder)
	}
	return w
}

// bad tells whether a run found something, or could not judge.
func (c MatrixCheck) bad() bool {
	return slices.ContainsFunc(c.Words, func(w Word) bool { return w != "" && w != Pass && w != Skip && w != Info })
}

// notable tells whether the row is worth its cells: it differs, or is bad.
func (c MatrixCheck) notable() bool { return c.Differs || c.bad() }

// lacking are the numbers of the runs that did not have the check.
func (c MatrixCheck) lacking() []int {
	var out []int
	for i, w := range c.Words {
		if w == "" {
			out = append(out, i+1)
		}
	}
	return out
}

// areas are those of the worst checks first.
func (m *Matrix) areas() {
	at := map[string]int{}
	areaOf := map[string]string{}
	for _, c := range m.Checks {
		areaOf[c.ID] = c.Area // a check that another version has in another area counts here
		if _, ok := at[c.Area]; !ok {
			at[c.Area] = len(m.Areas)
			m.Areas = append(m.Areas, MatrixArea{c.Area, make([]MatrixRate, len(m.runs))})
		}
	}
	for i, r := range m.runs {
		for _, res := range r.Results {
			rate := &m.Areas[at[areaOf[res.ID]]].Rates[i]
			rate.Checks++
			if res.Word == Fail {
				rate.Failed++
			}
			if res.Level.Absolute() && res.Word != Skip && res.Word != Error {
				rate.Judged++
				if res.Word == Pass {
					rate.Passed++
				}
			}
		}
	}
}

func (m *Matrix) features() {
	at := map[string]int{}
	for i, r := range m.runs {
		for j := range r.Features {
			f := &r.Features[j]
			k, ok := at[f.Name]
			if !ok {
				k = len(m.Features)
				at[f.Name] = k
				m.Features = append(m.Features, MatrixFeature{Name: f.Name, Runs: make([]*Feature, len(m.runs))})
			}
			m.Features[k].Runs[i] = f
		}
	}
	for k := range m.Features {
		f := &m.Features[k]
		f.Differs = unequal(f.Runs, func(x *Feature) string { return fact(x, func(x *Feature) *bool { return x.Claimed }) }) ||
			unequal(f.Runs, func(x *Feature) string { return fact(x, func(x *Feature) *bool { return x.Observed }) })
	}
	slices.SortStableFunc(m.Features, func(a, b MatrixFeature) int { return differingFirst(a.Differs, b.Differs) })
}

func (m *Matrix) behaviours() {
	at := map[string]int{}
	for i, r := range m.runs {
		for _, b := range r.Behaviours {
			key := b.ID + "\x00" + b.Question
			k, ok := at[key]
			if !ok {
				k = len(m.Behaviours)
				at[key] = k
				m.Behaviours = append(m.Behaviours, MatrixBehaviour{ID: b.ID, Question: b.Question, Choices: make([]string, len(m.runs))})
			}
			c := &m.Behaviours[k].Choices[i]
			if *c != "" {
				*c += "; "
			}
			*c += b.Choice
		}
	}
	for k := range m.Behaviours {
		b := &m.Behaviours[k]
		b.Differs = unequal(b.Choices, func(s string) string { return s })
	}
	slices.SortStableFunc(m.Behaviours, func(a, b MatrixBehaviour) int { return differingFirst(a.Differs, b.Differs) })
}

// unequal tells whether two of the values that are there differ.
func unequal[T any](list []T, text func(T) string) bool {
	first := ""
	for _, x := range list {
		switch s := text(x); {
		case s == "" || s == first:
		case first == "":
			first = s
		default:
			return true
		}
	}
	return false
}

func differingFirst(a, b bool) int {
	if a == b {
		return 0
	}
	if a {
		return -1
	}
	return 1
}

// fact is yes, no, or "" where the run does not know: what is not known does not differ.
func fact(x *Feature, of func(*Feature) *bool) string {
	if x == nil || of(x) == nil {
		return ""
	}
	return known(of(x), "yes", "no")
}

// known words a fact of which it may not be known whether it is so.
func known(p *bool, yes, no string) string {
	switch {
	case p == nil:
		return "not known"
	case *p:
		return yes
	}
	return no
}

func (m *Matrix) load() {
	l := &MatrixLoad{Asked: make([]string, len(m.runs))}
	measures, growth := map[string]int{}, map[string]int{}
	loads := 0
	for i, r := range m.runs {
		if r.Load == nil {
			continue
		}
		loads++
		l.Asked[i] = r.Load.Scenario + ", " + r.Load.Asked
		set := func(operation, metric string, v float64) {
			key := operation + "\x00" + metric
			k, ok := measures[key]
			if !ok {
				k = len(l.Measures)
				measures[key] = k
				l.Measures = append(l.Measures, MatrixMeasure{operation, metric, make([]*float64, len(m.runs))})
			}
			l.Measures[k].Values[i] = &v
		}
		set("all", "requests/s", r.Load.Every)
		set("all", "throttled", r.Load.Throttling.Share)
		for _, o := range r.Load.Operations {
			if q := r.Load.latency(o); q.Count > 0 {
				set(o.Name, "p50", float64(q.P50))
				set(o.Name, "p95", float64(q.P95))
				set(o.Name, "p99", float64(q.P99))
			}
		}
		for _, g := range r.Load.Growth {
			k, ok := growth[g.Operation]
			if !ok {
				k = len(l.Growth)
				growth[g.Operation] = k
				l.Growth = append(l.Growth, MatrixGrowth{g.Operation, make([]string, len(m.runs))})
			}
			l.Growth[k].Verdicts[i] = g.verdict()
		}
	}
	if loads > 0 {
		m.Load = l
	}
}

// measure writes the value of one run in its unit.
func (x MatrixMeasure) measure(i int) string {
	switch v := x.Values[i]; {
	case v == nil:
		return ""
	case x.Metric == "throttled":
		return fmt.Sprintf("%.3g %%", *v*100)
	default:
		return LoadChange{Metric: x.Metric}.measure(*v)
	}
}

// notes tells what a reader has to know before a comparison of the columns is fair.
func (m *Matrix) notes() {
	say := func(format string, args ...any) { m.Notes = append(m.Notes, fmt.Sprintf(format, args...)) }
	sets, versions, seeds := map[string][]int{}, map[string][]int{}, map[string][]int{}
	var first *Load
	for i, r := range m.runs {
		if r.CheckSet != nil {
			key := r.CheckSet.Digest
			sets[key] = append(sets[key], i+1)
		} else if r.Load == nil {
			sets[""] = append(sets[""], i+1)
		}
		versions[m.Runs[i].Version] = append(versions[m.Runs[i].Version], i+1)
		seeds[fmt.Sprint(r.Seed)] = append(seeds[fmt.Sprint(r.Seed)], i+1)
		if r.Load != nil {
			if first == nil {
				first = r.Load
			} else if why := first.Unlike(r.Load); why != "" {
				say("run %d is another load than the first one, so their figures cannot be held against each other: %s", i+1, why)
			}
		}
		if why := r.unfinished(); why != "" {
			say("run %d is partial: %s", i+1, firstLine(why))
		}
		for j, other := range m.runs[:i] {
			if other.RunID == r.RunID && other.RunID != "" && other.Started.Equal(r.Started) {
				say("runs %d and %d are one and the same run", j+1, i+1)
				break
			}
		}
	}
	if len(sets) > 1 {
		say("the runs are of different check sets: %s", groupsOf(sets))
	}
	if len(versions) > 1 {
		say("the runs were made by different versions: %s", groupsOf(versions))
	}
	lack := 0
	for _, c := range m.Checks {
		if len(c.lacking()) > 0 {
			lack++
		}
	}
	if lack > 0 {
		say("%s of %s checks were not in every run; what a run did not have says nothing about its target", thousands(int64(lack)), thousands(int64(len(m.Checks))))
	}
	if len(seeds) > 1 {
		say("the runs have different seeds, so they sent different values")
	}
}

// groupsOf lists which runs have which value.
func groupsOf(values map[string][]int) string {
	keys := slices.SortedFunc(maps.Keys(values), func(a, b string) int { return values[a][0] - values[b][0] })
	for i, key := range keys {
		keys[i] = numbers(values[key]) + ": " + cmp.Or(key, "not known")
	}
	return strings.Join(keys, "; ")
}

// numbers lists ascending numbers, rows of them as a span.
func numbers(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		switch {
		case j > i+1:
			parts = append(parts, fmt.Sprintf("%d-%d", list[i], list[j]))
		default:
			for ; i < j; i++ {
				parts = append(parts, fmt.Sprint(list[i]))
			}
			parts = append(parts, fmt.Sprint(list[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// verdicts counts the runs by verdict, the gravest first.
func (m *Matrix) verdicts() string {
	count := map[string]int{}
	for _, r := range m.Runs {
		count[r.Verdict.Word]++
	}
	var parts []string
	for _, word := range []string{NotConformant, HoldsNot, Incomplete, NoVerdict, ConformantNotes, HoldsNotes, Conformant, Holds} {
		if n := count[word]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}

// Sentence is all verdicts in one line.
func (m *Matrix) Sentence() string { return fmt.Sprintf("%s (exit %d)", m.verdicts(), m.Exit) }

// counts tells how many rows are of which kind.
func (m *Matrix) counts() (differ, bad, same int) {
	for _, c := range m.Checks {
		switch {
		case c.Differs:
			differ++
		case c.bad():
			bad++
		default:
			same++
		}
	}
	return differ, bad, same
}

// said is the same in a sentence.
func (m *Matrix) said() string {
	differ, bad, same := m.counts()
	return fmt.Sprintf("%s checks with different results, %s with the same finding in every run that had them, %s without a finding and the same everywhere",
		thousands(int64(differ)), thousands(int64(bad)), thousands(int64(same)))
}
