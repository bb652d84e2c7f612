// Package plantest runs a loadgen.Plan against a handler in process, one request at a time in an order drawn from a seed. It
// shows what a plan asks and decides, without a network and without a clock; what only concurrency shows needs loadgen.Drive.
package plantest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
)

// Options say how a plan is run.
type Options struct {
	Seed  int64
	Flows int    // at once; 0 means 8
	Mount string // path of the base URL, such as "/scim/v2"
	// On sees each request before it is sent; an error breaks its connection.
	On func(loadgen.Op) error
	// Lost picks operations that are never answered, as when a load is cut short; Arrives tells that the target gets them.
	Lost    func(loadgen.Op) bool
	Arrives bool
}

// Run drives the plan to its end and returns how often each operation was answered.
func Run(p loadgen.Plan, h http.Handler, o Options) (map[string]int, error) {
	if o.Flows == 0 {
		o.Flows = 8
	}
	r := rand.New(rand.NewPCG(uint64(o.Seed), 7))
	counts := map[string]int{}
	var waiting []loadgen.Op
	alone := func(op loadgen.Op) bool { return op.Alone }
	for steps := 0; ; steps++ {
		if len(waiting) < o.Flows && !anyOf(waiting, alone) && r.IntN(3) > 0 {
			if op, ok := p.Next(); ok {
				waiting = append(waiting, op)
				continue
			}
		}
		if len(waiting) == 0 {
			if p.Left() == 0 {
				return counts, nil
			}
			op, ok := p.Next()
			if !ok {
				return counts, fmt.Errorf("after %d steps the plan has %d left, nothing under way, and nothing to send", steps, p.Left())
			}
			waiting = append(waiting, op)
		}
		i := r.IntN(len(waiting))
		if anyOf(waiting, alone) {
			// Whatever else is under way comes first.
			for k := range waiting {
				if len(waiting) > 1 && waiting[k].Alone {
					i = (k + 1) % len(waiting)
				}
			}
		}
		op := waiting[i]
		waiting = append(waiting[:i], waiting[i+1:]...)
		if o.Lost != nil && o.Lost(op) {
			if o.Arrives {
				send(h, o, op)
			}
			if o.Flows--; o.Flows == 0 {
				return counts, errors.New("every flow waits for an answer that was lost")
			}
			continue
		}
		out := send(h, o, op)
		counts[op.Name]++
		waiting = append(waiting, p.Answer(op, out)...)
	}
}

func anyOf(ops []loadgen.Op, f func(loadgen.Op) bool) bool {
	for _, op := range ops {
		if f(op) {
			return true
		}
	}
	return false
}

// send makes one request and sorts its answer as the driver does.
func send(h http.Handler, o Options, op loadgen.Op) *loadgen.Outcome {
	out := &loadgen.Outcome{Total: -1, Tries: 1, Sent: time.Unix(0, 0), Service: time.Millisecond}
	if o.On != nil {
		if err := o.On(op); err != nil {
			out.Class, out.Err = loadgen.Transport, err
			return out
		}
	}
	body := op.Body
	if body == nil && op.Make != nil {
		body = op.Make()
	}
	req, err := http.NewRequest(op.Method, "http://127.0.0.1"+o.Mount+op.Path+"?"+op.RawQuery, bytes.NewReader(body))
	if err != nil {
		out.Class, out.Err = loadgen.Transport, err
		return out
	}
	if u, err := url.ParseRequestURI(req.URL.RequestURI()); err == nil {
		req.RequestURI = u.String()
	}
	req.Header = op.Header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if body != nil {
		req.Header.Set("Content-Type", scim.MediaType)
	}
	rec := &recorder{status: http.StatusOK, header: http.Header{}}
	h.ServeHTTP(rec, req)
	out.Status, out.Header, out.Body = rec.status, rec.header, rec.body.Bytes()
	classify(op.Want, out)
	read(out)
	if op.Digest != nil {
		out.Digest = op.Digest(out)
	}
	return out
}

func classify(want loadgen.Want, out *loadgen.Outcome) {
	if want == 0 {
		want = loadgen.WantOK
	}
	switch s := out.Status; {
	case s < 300 && want&loadgen.WantOK == 0:
		out.Class, out.Conflict = loadgen.UnwantedConflict, loadgen.DuplicateAccepted
	case s < 300:
		out.Class = loadgen.OK
	case s == http.StatusConflict:
		out.Class, out.Conflict = conflict(want&loadgen.WantConflict), loadgen.Uniqueness
	case s == http.StatusPreconditionFailed:
		out.Class, out.Conflict = conflict(want&loadgen.WantPrecondition), loadgen.Precondition
	case s == http.StatusNotFound && want&loadgen.WantMissing != 0:
		out.Class = loadgen.OK
	case s == http.StatusTooManyRequests:
		out.Class = loadgen.Throttled
	case s >= 500:
		out.Class = loadgen.ServerError
	default:
		out.Class = loadgen.Refused
	}
}

func conflict(wanted loadgen.Want) loadgen.Class {
	if wanted != 0 {
		return loadgen.WantedConflict
	}
	return loadgen.UnwantedConflict
}

// read fills in what the driver reads of an answer.
func read(out *loadgen.Outcome) {
	var o scim.Object
	if out.Status >= 300 || json.Unmarshal(out.Body, &o) != nil {
		return
	}
	out.Total = loadgen.Number(o, "totalResults")
	if list := scim.Objects(o, "Resources"); len(list) > 0 {
		o = list[0]
	}
	out.ID, out.Version = scim.String(o, "id"), scim.String(o, "meta.version")
}

// recorder is an http.ResponseWriter in memory.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
	wrote  bool
}

// Header is that of the answer.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the first status.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

// Write keeps the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.body.Write(b)
}
