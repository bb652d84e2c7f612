package loadgen

import (
	"slices"

	"github.com/scimproof/scimproof/reports"
)

// evidenceKept is how many exchanges one finding keeps. A flawed target may show the same thing ten thousand times.
const evidenceKept = 6

// Findings gathers what is wrong, the same thing once with its count. The zero value is ready.
type Findings struct{ list []Finding }

// Add records one case. Cases of one kind and message are one finding, which shows values and evidence of the first.
func (f *Findings) Add(c Finding) {
	if c.Count == 0 {
		c.Count = 1
	}
	i := slices.IndexFunc(f.list, func(have Finding) bool { return have.Kind == c.Kind && have.Message == c.Message })
	if i < 0 {
		c.Evidence = slices.Clip(c.Evidence)
		f.list = append(f.list, c)
		return
	}
	have := &f.list[i]
	have.Count += c.Count
	if len(have.Evidence)+len(c.Evidence) <= evidenceKept {
		have.Evidence = append(have.Evidence, c.Evidence...)
	}
}

// Wants tells whether another case of this finding would still be shown, so that evidence is only made where it is.
func (f *Findings) Wants(kind, message string) bool {
	i := slices.IndexFunc(f.list, func(have Finding) bool { return have.Kind == kind && have.Message == message })
	return i < 0 || len(f.list[i].Evidence) < evidenceKept
}

// Answered records a case that an answer of the load shows, with its exchange while there is room for it.
func (f *Findings) Answered(out *Outcome, c Finding) {
	if f.Wants(c.Kind, c.Message) {
		c.Evidence = append(c.Evidence, out.Evidence())
	}
	f.Add(c)
}

// Of sets out of how many each finding of the kind was seen.
func (f *Findings) Of(kind string, n int) {
	for i := range f.list {
		if f.list[i].Kind == kind {
			f.list[i].Of = n
		}
	}
}

// List returns all findings, FAIL first, in the order in which they were first seen.
func (f *Findings) List() []Finding {
	out := slices.Clone(f.list)
	weight := map[reports.Word]int{reports.Fail: 0, reports.Warn: 1, reports.Info: 2}
	slices.SortStableFunc(out, func(a, b Finding) int { return weight[a.Word] - weight[b.Word] })
	return out
}
