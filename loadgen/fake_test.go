package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// stub is a target without a network: answers take virtual time inside a synctest bubble.
type stub struct {
	mu     sync.Mutex
	serve  func(n int, r *http.Request, body []byte) (status int, answer string, header http.Header, took time.Duration, err error)
	n      int
	flying int
	most   int
	starts []time.Time
	seen   []*http.Request
	counts map[string]int // method and first path segment
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.mu.Lock()
	n := s.n
	s.n++
	s.flying++
	s.most = max(s.most, s.flying)
	s.starts = append(s.starts, time.Now())
	s.seen = append(s.seen, r)
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	s.counts[r.Method]++
	serve := s.serve
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.flying--
		s.mu.Unlock()
	}()
	status, answer, header, took, err := 200, `{"totalResults":0,"Resources":[]}`, http.Header{}, time.Duration(0), error(nil)
	if serve != nil {
		status, answer, header, took, err = serve(n, r, body)
	}
	if took > 0 {
		t := time.NewTimer(took)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if err != nil {
		return nil, err
	}
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader([]byte(answer))), Request: r}, nil
}

// always answers each request alike.
func always(status int, answer string, took time.Duration) func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
	return func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
		return status, answer, nil, took, nil
	}
}

func client(t testing.TB, s http.RoundTripper, change ...func(*wire.Config)) *wire.Client {
	t.Helper()
	cfg := wire.Config{BaseURL: "http://127.0.0.1:9/scim/v2", Auth: wire.Auth{Kind: "bearer", Token: "canary-token-0815"}, Transport: s}
	for _, f := range change {
		f(&cfg)
	}
	c, err := wire.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lookups is a plan of n flows, each of steps look-ups.
type lookups struct {
	n, steps int
	next     int
	done     int
	want     Want
	op       func(i, step int) Op
	answered func(op Op, out *Outcome)
	answers  int
}

func (p *lookups) Next() (Op, bool) {
	if p.next == p.n {
		return Op{}, false
	}
	p.next++
	return p.make(p.next-1, 0), true
}

func (p *lookups) make(i, step int) Op {
	if p.op != nil {
		op := p.op(i, step)
		op.Index, op.Step = i, step
		return op
	}
	return Op{Name: Lookup, Method: "GET", Path: "/Users", RawQuery: fmt.Sprintf("filter=userName%%20eq%%20%%22u%d%%22&step=%d", i, step), Want: p.want, Index: i, Step: step}
}

func (p *lookups) Answer(op Op, out *Outcome) []Op {
	p.answers++
	if p.answered != nil {
		p.answered(op, out)
	}
	if op.Step+1 < p.steps {
		return []Op{p.make(op.Index, op.Step+1)}
	}
	p.done++
	return nil
}

func (p *lookups) Left() int { return p.n - p.done }

func (p *lookups) Audit(context.Context, Client) []Finding { return nil }

// creates is a plan of n flows: look up, then create.
func creates(n int) *lookups {
	return &lookups{n: n, steps: 2, op: func(i, step int) Op {
		if step == 0 {
			return Op{Name: Lookup, Method: "GET", Path: "/Users", RawQuery: fmt.Sprintf("filter=userName%%20eq%%20%%22u%d%%22", i)}
		}
		return Op{Name: Create, Method: "POST", Path: "/Users", Make: func() []byte {
			b, _ := json.Marshal(map[string]string{"userName": "u" + strconv.Itoa(i)})
			return b
		}}
	}}
}

func drive(t testing.TB, cfg Config) (*reports.Load, *reports.Cut) {
	t.Helper()
	cfg.alarm = newGoAlarm
	l, cut, err := Drive(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l, cut
}

func operation(t testing.TB, l *reports.Load, name string) reports.LoadOperation {
	t.Helper()
	for _, o := range l.Operations {
		if o.Name == name {
			return o
		}
	}
	t.Fatalf("nothing was measured of %s", name)
	return reports.LoadOperation{}
}

func count(l *reports.Load, class Class) (n int64) {
	for _, o := range l.Operations {
		for _, c := range o.Classes {
			if c.Class == class.String() {
				n += c.Count
			}
		}
	}
	return n
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rate(text string) Arrival { return must(ParseRate(text, 1, 8)) }
