package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Diff is what two runs say differently.
type Diff struct {
	Old DiffSide `json:"old"`
	New DiffSide `json:"new"`
	// Regressed got worse, Fixed got better; Found is bad and was not judged before, Gone was bad and is not judged any more.
	Regressed []Change `json:"regressed"`
	Fixed     []Change `json:"fixed"`
	Found     []Change `json:"new_findings"`
	Gone      []Change `json:"gone"`
	// Causes are those of the new run that explain what regressed or was found.
	Causes []Cause      `json:"causes,omitempty"`
	Drift  []Drift      `json:"drift,omitempty"`
	Load   []LoadChange `json:"load,omitempty"`
	Same   int          `json:"same"`
	Notes  []string     `json:"notes,omitempty"`
	// Partial tells why the new run cannot show that nothing regressed, "" if it can.
	Partial string `json:"partial,omitempty"`
}

// DiffSide identifies one of the two runs.
type DiffSide struct {
	Target  string `json:"target"`
	Version string `json:"version"`
	Run     string `json:"runId"`
	Verdict string `json:"verdict"`
	Results int    `json:"results"`
	Repeats int    `json:"repeats"`
}

// Change is a check with another outcome.
type Change struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Level   Level  `json:"level"`
	Old     Word   `json:"old"` // "" if the check was not there
	New     Word   `json:"new"`
	Message string `json:"message,omitempty"`
	// Unknown tells that the old run had no such check: nobody can say that it got worse.
	Unknown bool `json:"notInOldCheckSet,omitempty"`
}

// Drift is another claim, capability or legal choice.
type Drift struct {
	Kind string `json:"kind"` // claimed, observed or choice
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// LoadChange compares one measure of one operation.
type LoadChange struct {
	Operation string  `json:"operation"`
	Metric    string  `json:"metric"` // p50, p95 or requests/s
	Old       float64 `json:"old"`    // the median of the repeats; latencies are nanoseconds
	New       float64 `json:"new"`
	// Word is slower, faster, or ~ where nothing can be said, which Why explains.
	Word string `json:"word"`
	Why  string `json:"why"`
}

// The values of LoadChange.Word.
const (
	LoadSlower = "slower"
	LoadFaster = "faster"
	LoadSame   = "~"
)

// gravity orders the words by how bad they are; what was waived is as bad as what it would be without.
func gravity(res Result) int {
	w := res.Word
	if w == Waived {
		if w, _ = Worst(res.Findings); w == Pass {
			w = Fail
		}
	}
	switch w {
	case Fail:
		return 4
	case Error:
		return 3
	case Warn:
		return 2
	case Skip:
		return 0
	}
	return 1
}

// Compare tells what the new run says that the old one did not. Checks that only one of them has are told apart from those
// that were there and not judged.
func Compare(before, after *Run, p Policy) *Diff {
	d := &Diff{Old: side(before, p), New: side(after, p)}
	old := map[string]Result{}
	for _, res := range before.Results {
		old[res.ID] = res
	}
	onlyNew, seen := 0, map[string]bool{}
	for _, res := range after.Results {
		seen[res.ID] = true
		was, there := old[res.ID]
		if !there {
			onlyNew++
			was.Word = ""
		}
		c := Change{ID: res.ID, Title: res.Title, Level: res.Level, Old: was.Word, New: res.Word, Message: firstLine(res.said()), Unknown: !there}
		from, to := gravity(was), gravity(res)
		if !there {
			from = 0
		}
		switch {
		case from == 0 && to >= 2:
			d.Found = append(d.Found, c)
		case from >= 2 && to == 0:
			c.Message = firstLine(was.said())
			d.Gone = append(d.Gone, c)
		case from == 0 || to == 0 || from == to:
			d.Same++
		case to > from:
			d.Regressed = append(d.Regressed, c)
		default:
			c.Message = firstLine(was.said())
			d.Fixed = append(d.Fixed, c)
		}
	}
	onlyOld := 0
	for _, res := range before.Results {
		if seen[res.ID] {
			continue
		}
		onlyOld++
		if gravity(res) >= 2 {
			d.Gone = append(d.Gone, Change{ID: res.ID, Title: res.Title, Level: res.Level, Old: res.Word, Message: firstLine(res.said())})
		}
	}
	if onlyNew+onlyOld > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%s in both; %d only in the old run, %d only in the new one", plural(len(after.Results)-onlyNew, "check"), onlyOld, onlyNew))
	}
	if before.Target.Name != after.Target.Name || before.Target.Name == "" && before.Target.URL != after.Target.URL {
		d.Notes = append(d.Notes, "the targets differ: "+d.Old.Target+" and "+d.New.Target)
	}
	for _, list := range [][]Change{d.Regressed, d.Found} {
		slices.SortStableFunc(list, func(a, b Change) int { return rank(b.New) - rank(a.New) })
	}
	d.drift(before, after)
	d.explain(after)
	d.partial(before, after)
	return d
}

func side(r *Run, p Policy) DiffSide {
	return DiffSide{Target: strings.TrimSpace(r.Target.Name + " " + r.Target.URL), Version: r.Tool.Version, Run: r.RunID, Verdict: r.Verdict(p).Word, Results: len(r.Results), Repeats: 1}
}

// drift compares what the targets claim, what they were seen to do, and which legal behaviour they chose.
func (d *Diff) drift(before, after *Run) {
	old := map[string]Feature{}
	for _, f := range before.Features {
		old[f.Name] = f
	}
	add := func(kind, name, from, to string) {
		if from != to {
			d.Drift = append(d.Drift, Drift{kind, name, from, to})
		}
	}
	for _, f := range after.Features {
		if was, ok := old[f.Name]; ok {
			add("claimed", f.Name, known(was.Claimed, "yes", "no"), known(f.Claimed, "yes", "no"))
			add("observed", f.Name, known(was.Observed, "yes", "no"), known(f.Observed, "yes", "no"))
		}
	}
	choices := func(r *Run) map[string]string {
		out := map[string]string{}
		for _, b := range r.Behaviours {
			key := b.ID + " " + b.Question
			if out[key] != "" {
				out[key] += "; "
			}
			out[key] += b.Choice
		}
		return out
	}
	was, is := choices(before), choices(after)
	for _, b := range after.Behaviours {
		key := b.ID + " " + b.Question
		if from, ok := was[key]; ok {
			add("choice", key, from, is[key])
			delete(was, key) // once is enough
		}
	}
}

// explain keeps the causes of the new run that explain what is worse.
func (d *Diff) explain(after *Run) {
	worse := map[string]bool{}
	for _, list := range [][]Change{d.Regressed, d.Found} {
		for _, c := range list {
			worse[c.ID] = true
		}
	}
	for _, c := range after.causes() {
		c.Checks = slices.DeleteFunc(slices.Clone(c.Checks), func(id string) bool { return !worse[id] })
		if len(c.Checks) > 0 {
			d.Causes = append(d.Causes, c)
		}
	}
}

func (d *Diff) partial(before, after *Run) {
	for _, r := range []struct {
		name string
		run  *Run
	}{{"old", before}, {"new", after}} {
		why := r.run.unfinished()
		if why == "" {
			continue
		}
		d.Notes = append(d.Notes, "the "+r.name+" run is partial: "+firstLine(why))
		if r.run == after {
			d.Partial = firstLine(why)
		}
	}
}

// unfinished tells why a run says nothing about a part of its target, "" if it ran to its end.
func (r *Run) unfinished() string {
	switch {
	case r.Crash != "":
		return "scimproof crashed"
	case r.Cut != nil:
		return r.Cut.Kind.words() + ": " + r.Cut.Why
	case len(r.Results) == 0:
		return "nothing was judged"
	}
	return ""
}

// Negative tells what a gate should stop at under the policy, or "": what got worse, and what is bad now and was there but not
// judged before. Checks that the old run did not have prove no regression.
func (d *Diff) Negative(p Policy) string {
	n := 0
	for _, c := range slices.Concat(d.Regressed, d.Found) {
		if !c.Unknown && (c.New == Fail || c.New == Error || c.New == Warn && p.FailOn == FailOnShould) {
			n++
		}
	}
	slower := 0
	for _, c := range d.Load {
		if c.Word == LoadSlower {
			slower++
		}
	}
	var parts []string
	if n > 0 {
		parts = append(parts, plural(n, "regression"))
	}
	if slower > 0 {
		parts = append(parts, plural(slower, "measure")+" worse under load")
	}
	return strings.Join(parts, ", ")
}

// WriteDiffJSON writes the difference as JSON.
func WriteDiffJSON(w io.Writer, d *Diff) error {
	out := *d
	for _, list := range []*[]Change{&out.Regressed, &out.Fixed, &out.Found, &out.Gone} {
		if *list == nil {
			*list = []Change{}
		}
	}
	return writeJSON(w, &out)
}
