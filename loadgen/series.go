package loadgen

import (
	"cmp"
	"slices"

	"github.com/scimproof/scimproof/reports"
)

// seriesLimit is how many windows are kept; a longer run doubles their width.
const seriesLimit = 1800

// series is what happened over time, in at most seriesLimit windows per operation however long it takes.
type series struct {
	width   int64 // seconds
	windows []seriesWindow
	spans   map[int64]bool // the windows that there are
}

type seriesWindow struct {
	at      int64
	op      string
	classes [classes]int64
	times   string // encoded sparse
}

// add takes the window of one second in.
func (s *series) add(second int64, op string, counts [classes]int64, times sparse) {
	if s.spans == nil {
		s.spans = map[int64]bool{}
	}
	at := second - second%s.width
	for i := len(s.windows) - 1; i >= 0 && s.windows[i].at >= at; i-- {
		if w := &s.windows[i]; w.at == at && w.op == op {
			w.join(seriesWindow{at, op, counts, times.encode()})
			return
		}
	}
	s.spans[at] = true
	s.windows = append(s.windows, seriesWindow{at, op, counts, times.encode()})
	if len(s.spans) > seriesLimit {
		s.coarsen()
	}
}

func (w *seriesWindow) join(o seriesWindow) {
	for c := range w.classes {
		w.classes[c] += o.classes[c]
	}
	a, err := decodeSparse(w.times)
	b, err2 := decodeSparse(o.times)
	if err != nil || err2 != nil {
		panic("loadgen: a window of this run cannot be read back")
	}
	a.merge(b)
	w.times = a.encode()
}

// coarsen doubles the width.
func (s *series) coarsen() {
	old := s.windows
	s.width, s.windows, s.spans = s.width*2, nil, map[int64]bool{}
	place := map[string]int{}
	for _, w := range old {
		at := w.at - w.at%s.width
		if i, ok := place[w.op]; ok && s.windows[i].at == at {
			s.windows[i].join(w)
			continue
		}
		w.at = at
		place[w.op] = len(s.windows)
		s.spans[at] = true
		s.windows = append(s.windows, w)
	}
}

// list words the series for the report.
func (s *series) list() []reports.LoadWindow {
	out := make([]reports.LoadWindow, 0, len(s.windows))
	h := newHistogram()
	for _, w := range s.windows {
		h.Reset()
		times, err := decodeSparse(w.times)
		if err != nil {
			panic("loadgen: a window of this run cannot be read back")
		}
		times.into(h)
		q := quantiles(h)
		lw := reports.LoadWindow{At: w.at, Width: s.width, Operation: w.op, Classes: map[string]int64{}, P50: q.P50, P95: q.P95, P99: q.P99, Max: q.Max}
		for c, n := range w.classes {
			if n > 0 {
				lw.Classes[Class(c).String()] = n
			}
		}
		out = append(out, lw)
	}
	slices.SortFunc(out, func(a, b reports.LoadWindow) int {
		return cmp.Or(cmp.Compare(a.At, b.At), byStage(a.Operation, b.Operation))
	})
	return out
}
