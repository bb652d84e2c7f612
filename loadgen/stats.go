package loadgen

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/scimproof/scimproof/reports"
)

// sample is one answer, as it is counted.
type sample struct {
	op                     string
	class                  Class
	conflict               Conflict
	status                 int
	service, response, lag time.Duration
	own                    time.Duration // the part of the lag that is the generator's own
	in, out                int
	retry                  bool // of an operation that was throttled before
}

// recorder counts answers: per operation and outcome class a histogram of each time, and what happened in each second.
// Its memory does not depend on the number of answers. It is safe for concurrent use.
type recorder struct {
	mu     sync.Mutex
	began  time.Time
	second int64
	ops    map[string]*opRecord
	own    *hdrhistogram.Histogram
	series series
	// journal gets each second when it is over; nil = none. The first failure to write is kept.
	journal io.Writer
	jerr    error
}

// opRecord is one operation's.
type opRecord struct {
	classes  [classes]*classRecord
	lag      *hdrhistogram.Histogram
	conflict map[conflictKey]int64
	in, out  int64
	retries  int64
	window   opWindow
}

type conflictKey struct {
	kind   Conflict
	wanted bool
}

type classRecord struct {
	n      int64
	status map[int]int64
	timings
}

type timings struct{ service, response *hdrhistogram.Histogram }

func newTimings() timings { return timings{newHistogram(), newHistogram()} }

func (t timings) add(service, response int64, n int64) {
	_ = t.service.RecordValues(min(max(service, 0), longest), n)
	_ = t.response.RecordValues(min(max(response, 0), longest), n)
}

// opWindow is one operation in one second.
type opWindow struct {
	classes          [classes]*classWindow
	lag, own         sparse
	conflict         map[conflictKey]int64
	in, out, retries int64
}

type classWindow struct {
	n                 int64
	status            map[int]int64
	service, response sparse
}

func newRecorder(began time.Time) *recorder {
	return &recorder{began: began, ops: map[string]*opRecord{}, own: newHistogram(), series: series{width: 1}}
}

func (r *recorder) op(name string) *opRecord {
	o := r.ops[name]
	if o == nil {
		o = &opRecord{lag: newHistogram(), conflict: map[conflictKey]int64{}}
		o.window.clear()
		r.ops[name] = o
	}
	return o
}

func (o *opRecord) class(c Class) *classRecord {
	if o.classes[c] == nil {
		o.classes[c] = &classRecord{status: map[int]int64{}, timings: newTimings()}
	}
	return o.classes[c]
}

// wanted joins the answers as wanted, of all classes that are. Where there is one such class, it is that one's own.
func (o *opRecord) wanted() timings {
	var all timings
	for c, rec := range o.classes {
		switch {
		case rec == nil || !wantedClass(Class(c)):
		case all.service == nil:
			all = rec.timings
		default:
			both := newTimings()
			for _, t := range []timings{all, rec.timings} {
				both.service.Merge(t.service)
				both.response.Merge(t.response)
			}
			all = both
		}
	}
	return all
}

func (w *opWindow) class(c Class) *classWindow {
	if w.classes[c] == nil {
		w.classes[c] = &classWindow{status: map[int]int64{}, service: sparse{}, response: sparse{}}
	}
	return w.classes[c]
}

// clear empties a window and keeps its memory.
func (w *opWindow) clear() {
	for _, c := range w.classes {
		if c != nil {
			c.n = 0
			clear(c.status)
			clear(c.service)
			clear(c.response)
		}
	}
	if w.lag == nil {
		w.lag, w.own, w.conflict = sparse{}, sparse{}, map[conflictKey]int64{}
	}
	clear(w.lag)
	clear(w.own)
	clear(w.conflict)
	w.in, w.out, w.retries = 0, 0, 0
}

func (w *opWindow) empty() bool {
	for _, c := range w.classes {
		if c != nil && c.n > 0 {
			return false
		}
	}
	return true
}

// add takes an answer in.
func (r *recorder) add(now time.Time, s sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(now)
	o := r.op(s.op)
	c := o.class(s.class)
	c.n++
	c.status[s.status]++
	service, response, lag, own := int64(s.service), int64(s.response), max(int64(s.lag), 0), max(int64(s.own), 0)
	c.add(service, response, 1)
	_ = o.lag.RecordValue(min(lag, longest))
	_ = r.own.RecordValue(min(own, longest))
	o.in += int64(s.in)
	o.out += int64(s.out)
	w := &o.window
	cw := w.class(s.class)
	cw.n++
	cw.status[s.status]++
	cw.service.add(service)
	cw.response.add(response)
	w.lag.add(lag)
	w.own.add(own)
	w.in += int64(s.in)
	w.out += int64(s.out)
	if s.retry {
		o.retries++
		w.retries++
	}
	if s.conflict != NoConflict {
		key := conflictKey{s.conflict, s.class == WantedConflict}
		o.conflict[key]++
		w.conflict[key]++
	}
}

func wantedClass(c Class) bool { return c == OK || c == WantedConflict }

// advance closes the windows that are over; the caller holds mu.
func (r *recorder) advance(now time.Time) {
	second := int64(now.Sub(r.began) / time.Second)
	if second <= r.second {
		return
	}
	r.close()
	r.second = second
}

// close ends the window of the current second; the caller holds mu.
func (r *recorder) close() {
	line := journalWindow{T: r.second, Ops: map[string]journalOp{}}
	for name, o := range r.ops {
		if o.window.empty() {
			continue
		}
		all := sparse{}
		counts := [classes]int64{}
		for c, cw := range o.window.classes {
			if cw != nil {
				counts[c] = cw.n
				all.merge(cw.response)
			}
		}
		r.series.add(r.second, name, counts, all)
		if r.journal != nil {
			line.Ops[name] = o.window.line()
		}
		o.window.clear()
	}
	if r.journal != nil && len(line.Ops) > 0 && r.jerr == nil {
		r.jerr = writeLine(r.journal, line)
	}
}

// finish closes the last window.
func (r *recorder) finish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.close()
	return r.jerr
}

// tick closes windows also while no answers come.
func (r *recorder) tick(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(now)
}

// failures counts answers and those of classes that are errors.
func (r *recorder) failures() (all, failed int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.ops {
		for c, rec := range o.classes {
			if rec != nil {
				all += rec.n
				if Class(c).Failed() {
					failed += rec.n
				}
			}
		}
	}
	return all, failed
}

func quantiles(h *hdrhistogram.Histogram) reports.LoadQuantiles {
	if h == nil || h.TotalCount() == 0 {
		return reports.LoadQuantiles{}
	}
	q := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9})
	return reports.LoadQuantiles{
		Count: h.TotalCount(), Mean: int64(h.Mean()), P50: q[0], P90: q[1], P95: q[2], P99: q[3], P999: q[4], Max: h.Max(),
	}
}

// operations lists what was measured, in the order of the names given, then by name.
func (r *recorder) operations(predicted map[string]int) []reports.LoadOperation {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, n := range predicted {
		if n > 0 {
			r.op(name)
		}
	}
	names := slices.SortedFunc(maps.Keys(r.ops), byStage)
	var out []reports.LoadOperation
	for _, name := range names {
		o := r.ops[name]
		wanted := o.wanted()
		op := reports.LoadOperation{
			Name: name, Predicted: int64(predicted[name]), Retries: o.retries, BytesIn: o.in, BytesOut: o.out,
			Response: quantiles(wanted.response), Service: quantiles(wanted.service), Lag: quantiles(o.lag),
			Classes: []reports.LoadClass{},
		}
		for c, rec := range o.classes {
			if rec == nil || rec.n == 0 {
				continue
			}
			op.Sent += rec.n
			cl := reports.LoadClass{
				Class: Class(c).String(), Count: rec.n, Status: map[string]int{}, Response: quantiles(rec.response),
				Histogram: sparseOf(rec.response).encode(), ServiceHistogram: sparseOf(rec.service).encode(),
			}
			for status, n := range rec.status {
				cl.Status[strconv.Itoa(status)] = int(n)
			}
			op.Classes = append(op.Classes, cl)
		}
		out = append(out, op)
	}
	return out
}

// stages is the order in which operations are shown.
var stages = []string{
	List, Lookup, Create, Read, Patch, Put, Deactivate, Manager, Delete,
	GroupList, GroupLookup, GroupCreate, GroupRead, GroupPatch, MemberAdd, MemberRemove, GroupDelete,
}

func byStage(a, b string) int {
	stage := func(name string) int {
		if i := slices.Index(stages, name); i >= 0 {
			return i
		}
		return len(stages)
	}
	return cmp.Or(cmp.Compare(stage(a), stage(b)), cmp.Compare(a, b))
}

// conflictCounts lists the conflicts by operation and kind.
func (r *recorder) conflictCounts() []reports.LoadConflict {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []reports.LoadConflict
	for name, o := range r.ops {
		for key, n := range o.conflict {
			out = append(out, reports.LoadConflict{Operation: name, Kind: key.kind.String(), Wanted: key.wanted, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b reports.LoadConflict) int {
		return cmp.Or(byStage(a.Operation, b.Operation), cmp.Compare(a.Kind, b.Kind), cmp.Compare(strconv.FormatBool(a.Wanted), strconv.FormatBool(b.Wanted)))
	})
	return out
}

// responses joins the response times of all answers as wanted.
func (r *recorder) responses() *hdrhistogram.Histogram {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := newHistogram()
	for _, o := range r.ops {
		for c, rec := range o.classes {
			if rec != nil && wantedClass(Class(c)) {
				all.Merge(rec.response)
			}
		}
	}
	return all
}
