package loadgen

import (
	"context"
	"errors"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// near tells whether got is within share of want.
func near(got, want int64, share float64) bool {
	return math.Abs(float64(got-want)) <= share*float64(want)
}

// TestStall: the target stops once for a second while 500 requests a second are due, and there are ten workers. From the
// due time the tail is what users would have seen; from sending, ten requests in three thousand are slow.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := &stub{serve: func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
			at := time.Since(began)
			took := time.Millisecond
			if at >= 2*time.Second && at < 3*time.Second {
				took = 3*time.Second - at
			}
			return 200, `{"totalResults":0}`, nil, took, nil
		}}
		l, cut := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 3000, steps: 1}, Arrival: rate("500/s"), Workers: 10})
		if cut != nil {
			t.Fatal(cut)
		}
		o := operation(t, l, Lookup)
		// The ideal: what is due at x within the stall waits 1-x seconds; 500 of 3000, and those that queue behind.
		if ms := float64(o.Response.P99) / 1e6; ms < 0.95*940 || ms > 1.05*970 {
			t.Errorf("p99 from the due time is %.0f ms, about 950 would be true", ms)
		}
		if o.Service.P99 > int64(5*time.Millisecond) {
			t.Errorf("p99 of the service is %v: only ten requests met the stall", time.Duration(o.Service.P99))
		}
		if o.Sent != 3000 || s.n != 3000 || s.most > 10 {
			t.Errorf("%d counted, %d arrived, %d at once", o.Sent, s.n, s.most)
		}
		if l.Saturated == 0 {
			t.Error("the report does not say that all workers were busy")
		}
		if l.Generator.Invalid != "" {
			t.Errorf("the target was slow, and the generator is blamed: %s", l.Generator.Invalid)
		}
	})
}

// TestQuantiles: against a target whose times are known, what is reported is within 1 % of the truth.
func TestQuantiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 10,000 answers that take 1, 2, … 10,000 tenths of a millisecond, in a scattered order.
		const n = 10_000
		s := &stub{serve: func(i int, _ *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
			return 200, `{"totalResults":0}`, nil, time.Duration(1+i*7919%n) * 100 * time.Microsecond, nil
		}}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: n, steps: 1}, Arrival: Together(16)})
		q := operation(t, l, Lookup).Service
		for _, c := range []struct {
			name string
			got  int64
			want time.Duration
		}{
			{"p50", q.P50, 500 * time.Millisecond},
			{"p90", q.P90, 900 * time.Millisecond},
			{"p95", q.P95, 950 * time.Millisecond},
			{"p99", q.P99, 990 * time.Millisecond},
			{"p99.9", q.P999, 999 * time.Millisecond},
			{"max", q.Max, time.Second},
			{"mean", q.Mean, 500050 * time.Microsecond},
		} {
			if !near(c.got, int64(c.want), 0.01) {
				t.Errorf("%s is %v, the truth is %v", c.name, time.Duration(c.got), c.want)
			}
		}
	})
}

// TestModels: how many are under way, and when they start.
func TestModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(200, `{"totalResults":0}`, 10*time.Millisecond)}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 100, steps: 3}, Arrival: Together(5)})
		if s.most != 5 || operation(t, l, Lookup).Sent != 300 || l.Wall != int64(600*time.Millisecond) {
			t.Errorf("closed: %d at once, %d sent, %v", s.most, s.n, time.Duration(l.Wall))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(200, `{"totalResults":0}`, 10*time.Millisecond)}
		began := time.Now()
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 100, steps: 1}, Arrival: rate("50/s"), Workers: 4})
		for i, at := range s.starts {
			if want := time.Duration(i) * 20 * time.Millisecond; at.Sub(began) != want {
				t.Fatalf("flow %d left at %v, due at %v", i, at.Sub(began), want)
			}
		}
		if !near(int64(l.Flows*1000), 50_000, 0.02) || l.Generator.Lag.Max > 1 {
			t.Errorf("%g flows/s, lag %v", l.Flows, time.Duration(l.Generator.Lag.Max))
		}
	})
	synctest.Test(t, func(t *testing.T) { // the second step of a flow is due when the first one ended
		s := &stub{serve: always(200, `{"totalResults":0}`, 300*time.Millisecond)}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 20, steps: 2}, Arrival: rate("10/s"), Workers: 20})
		if o := operation(t, l, Lookup); o.Response.Max > int64(301*time.Millisecond) {
			t.Errorf("a step that waited for its own predecessor is held against the target: %v", time.Duration(o.Response.Max))
		}
	})
}

func TestArrivals(t *testing.T) {
	times := func(text string, n int, part Shard) []time.Duration {
		next := rate(text).schedule(part)
		var out []time.Duration
		for range n {
			out = append(out, next().Round(time.Microsecond))
		}
		return out
	}
	ms := time.Millisecond
	for _, c := range []struct {
		text string
		at   map[int]time.Duration
	}{
		{"25/s", map[int]time.Duration{0: 0, 1: 40 * ms, 100: 4000 * ms}},
		{"300/m", map[int]time.Duration{10: 2000 * ms}},
		{"ramp:0.000001/s..20/s:10s", map[int]time.Duration{100: 10_000 * ms, 120: 11_000 * ms, 25: 5000 * ms}},
		{"steps:10/s,20/s,40/s:2s", map[int]time.Duration{20: 2000 * ms, 40: 3000 * ms, 60: 4000 * ms, 140: 6000 * ms}},
	} {
		got := times(c.text, 200, Shard{})
		for i, want := range c.at {
			if d := got[i] - want; d < -ms || d > ms {
				t.Errorf("%s: flow %d is due at %v, want %v", c.text, i, got[i], want)
			}
		}
	}
	a, b := times("poisson:100/s", 1000, Shard{}), times("poisson:100/s", 1000, Shard{})
	same := true
	for i := range a {
		same = same && a[i] == b[i]
	}
	if !same || a[999] < 8*time.Second || a[999] > 12*time.Second {
		t.Errorf("poisson: the same seed gives the same times: %v; the thousandth is due at %v", same, a[999])
	}
	// Two shards together are the whole.
	whole, even, odd := times("25/s", 10, Shard{}), times("25/s", 5, Shard{0, 2}), times("25/s", 5, Shard{1, 2})
	for i := range whole {
		if half := [][]time.Duration{even, odd}[i%2][i/2]; half != whole[i] {
			t.Errorf("flow %d is due at %v in its shard, at %v in the whole", i, half, whole[i])
		}
	}
	for _, bad := range []string{"", "x", "0/s", "-1/s", "25/h", "ramp:5/s", "steps:5/s", "walk:5/s", "NaN/s", "ramp:1/s..2/s:0s"} {
		if _, err := ParseRate(bad, 1, 8); err == nil {
			t.Errorf("%q is taken for a rate", bad)
		}
	}
}

// TestThrottling: each policy gets everything done that can be, and says what it cost.
func TestThrottling(t *testing.T) {
	for _, policy := range Throttles() {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// 50 requests a second, counted per whole second.
				taken := map[int64]int{}
				s := &stub{}
				began := time.Now()
				accepted := 0
				s.serve = func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
					s.mu.Lock()
					defer s.mu.Unlock()
					second := int64(time.Since(began) / time.Second)
					if taken[second]++; taken[second] > 50 {
						return 429, `{}`, http.Header{"Retry-After": {"1"}}, time.Millisecond, nil
					}
					accepted++
					return 200, `{"totalResults":0}`, nil, time.Millisecond, nil
				}
				p := &lookups{n: 300, steps: 1}
				throttled := 0
				p.answered = func(_ Op, out *Outcome) {
					if out.Class == Throttled {
						throttled++
					}
				}
				l, cut := drive(t, Config{Client: client(t, s), Plan: p, Arrival: Together(8), Throttle: policy})
				if cut != nil {
					t.Fatal(cut)
				}
				if policy == IgnoreAfter {
					if throttled == 0 || s.n != 300 || l.Throttling.Waited != 0 {
						t.Errorf("%d of %d requests came back throttled, waited %d", throttled, s.n, l.Throttling.Waited)
					}
					return
				}
				if throttled != 0 || accepted != 300 || p.answers != 300 {
					t.Errorf("%d throttled outcomes, %d accepted, %d answered", throttled, accepted, p.answers)
				}
				th := l.Throttling
				if th.Count != int64(s.n-300) || th.Count == 0 || th.Waited == 0 || th.Policy != policy || !near(int64(th.Goodput*1000), 300_000*1e9/l.Wall, 0.01) {
					t.Errorf("%+v after %d requests in %v", th, s.n, time.Duration(l.Wall))
				}
				if o := operation(t, l, Lookup); o.Retries == 0 || o.Sent != int64(s.n) {
					t.Errorf("%d retries, %d sent, %d arrived", o.Retries, o.Sent, s.n)
				}
			})
		})
	}
}

// TestAdaptiveFindsTheRate: the share of 429 stays small, and the rate near what the target allows.
func TestAdaptiveFindsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allowance, at := 100.0, time.Now()
		s := &stub{}
		s.serve = func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			allowance, at = min(100, allowance+time.Since(at).Seconds()*200), time.Now()
			if allowance < 1 {
				return 429, `{}`, http.Header{"Retry-After": {"1"}}, time.Millisecond, nil
			}
			allowance--
			return 200, `{"totalResults":0}`, nil, time.Millisecond, nil
		}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 10_000, steps: 1}, Arrival: Adapting(32)})
		if l.Throttling.Share > 0.1 || l.Throttling.Goodput < 100 || l.Model != Adaptive || l.Throttling.Policy != AdaptRate {
			t.Errorf("%+v", l.Throttling)
		}
	})
}

// TestAlone: a probe has the target for itself, and the others' schedule stands still meanwhile.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{}
		s.serve = func(_ int, r *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
			if r.URL.Path == "/scim/v2/Probe" {
				s.mu.Lock()
				if s.flying != 1 {
					t.Errorf("a probe met %d others", s.flying-1)
				}
				s.mu.Unlock()
				return 200, `{}`, nil, time.Second, nil
			}
			return 200, `{"totalResults":0}`, nil, 50 * time.Millisecond, nil
		}
		p := &probing{lookups: lookups{n: 100, steps: 1}}
		l, cut := drive(t, Config{Client: client(t, s), Plan: p, Arrival: rate("100/s"), Workers: 50})
		if cut != nil || p.probes != 3 {
			t.Fatalf("%v, %d probes", cut, p.probes)
		}
		o := operation(t, l, Lookup)
		if o.Sent != 100 || o.Response.Max > int64(51*time.Millisecond) {
			t.Errorf("%d look-ups, the slowest %v: the probes are held against them", o.Sent, time.Duration(o.Response.Max))
		}
		for _, o := range l.Operations {
			if o.Name == "probe" {
				t.Error("a silent operation is in the statistics")
			}
		}
		if w := time.Duration(l.Wall); w < time.Second || w > 1200*time.Millisecond {
			t.Errorf("the load took %v without its probes", w)
		}
	})
}

type probing struct {
	lookups
	probes int
}

func (p *probing) Answer(op Op, out *Outcome) []Op {
	if op.Name == "probe" {
		if p.probes++; p.probes < 3 {
			return []Op{p.probe()}
		}
		return nil
	}
	next := p.lookups.Answer(op, out)
	if p.answers == 30 {
		next = append(next, p.probe())
	}
	return next
}

func (p *probing) probe() Op {
	return Op{Name: "probe", Method: "GET", Path: "/Probe", Alone: true, Silent: true}
}

// TestWarmup: what is sent at first is not counted.
func TestWarmup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := &stub{serve: func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
			if time.Since(began) < time.Second {
				return 200, `{"totalResults":0}`, nil, 200 * time.Millisecond, nil
			}
			return 200, `{"totalResults":0}`, nil, time.Millisecond, nil
		}}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 200, steps: 1}, Arrival: rate("50/s"), Warmup: time.Second})
		o := operation(t, l, Lookup)
		if o.Sent != 150 || l.WarmedUp != 50 || o.Service.Max > int64(2*time.Millisecond) {
			t.Errorf("%d counted, %d not, the slowest %v", o.Sent, l.WarmedUp, time.Duration(o.Service.Max))
		}
	})
}

// TestInterrupt: the results so far are kept, requests under way are waited for, and then given up.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{}
		s.serve = func(n int, _ *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
			if n == 100 {
				return 200, `{}`, nil, time.Hour, nil
			}
			return 200, `{"totalResults":0}`, nil, 10 * time.Millisecond, nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		l, cut, err := Drive(ctx, Config{Client: client(t, s, func(c *wire.Config) { c.Timeout = 2 * time.Hour }), Plan: &lookups{n: 1e6, steps: 1}, Arrival: Together(2), Drain: 3 * time.Second, alarm: newGoAlarm})
		if err != nil || cut == nil || cut.Kind != reports.CutInterrupted {
			t.Fatalf("%v %v", cut, err)
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("the end came after %v, want 1 s and 3 s of draining", took)
		}
		if o := operation(t, l, Lookup); o.Sent < 100 || o.Sent >= int64(s.n) || count(l, Transport) != 0 {
			t.Errorf("%d counted of %d: what was given up is no error of the target", o.Sent, s.n)
		}
	})
}

// TestStrayDenials: one server of several that denies now and then ends nothing.
func TestStrayDenials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: func(n int, _ *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
			status := 200
			if n == 50 || n == 120 {
				status = 401
			}
			return status, `{"totalResults":0}`, nil, time.Millisecond, nil
		}}
		l, cut := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 200, steps: 1}, Arrival: Together(8)})
		if cut != nil || s.n != 200 || l == nil {
			t.Errorf("%+v after %d requests", cut, s.n)
		}
	})
}

// TestAborts: what ends a load by itself.
func TestAborts(t *testing.T) {
	reset := errors.New("read tcp 127.0.0.1:40001->127.0.0.1:9: connection reset by peer")
	for _, c := range []struct {
		name   string
		serve  func(n int) (int, error)
		change func(*Config)
		kind   reports.CutKind
		most   int // requests
	}{
		{"a token that expires", func(n int) (int, error) {
			if n >= 50 {
				return 401, nil
			}
			return 200, nil
		}, nil, reports.CutAborted, 66},
		{"a token that was never good", func(int) (int, error) { return 401, nil }, nil, reports.CutAuth, 8},
		{"nobody at home", func(int) (int, error) { return 0, reset }, nil, reports.CutUnreachable, 30},
		{"half of it broken", func(n int) (int, error) { return []int{200, 500}[n%2], nil }, func(c *Config) { c.MaxErrors = 0.25 }, reports.CutAborted, 220},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stub{serve: func(n int, _ *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
					status, err := c.serve(n)
					return status, `{"totalResults":0}`, nil, time.Millisecond, err
				}}
				cfg := Config{Client: client(t, s), Plan: &lookups{n: 10_000, steps: 1}, Arrival: Together(8)}
				if c.change != nil {
					c.change(&cfg)
				}
				l, cut := drive(t, cfg)
				if cut == nil || cut.Kind != c.kind || s.n > c.most || l == nil {
					t.Errorf("%+v after %d requests", cut, s.n)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(201, `{"id":"1"}`, 0)}
		_, cut := drive(t, Config{Client: client(t, s, func(c *wire.Config) { c.MaxWrites = 30 }), Plan: creates(100), Arrival: Together(4)})
		if cut == nil || cut.Kind != reports.CutWriteCap || s.counts["POST"] != 30 {
			t.Errorf("%+v after %d writes", cut, s.counts["POST"])
		}
	})
}

// TestStuckPlan: a plan with work left and nothing to send is a bug that must not hang.
func TestStuckPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &lookups{n: 2, steps: 1}
		p.next = 1 // one flow is never started
		_, cut := drive(t, Config{Client: client(t, &stub{}), Plan: p})
		if cut == nil || cut.Kind != reports.CutBug {
			t.Errorf("%+v", cut)
		}
	})
}

// TestPlanPanics: a bug in a plan reaches the caller, whoever's goroutine it was in.
func TestPlanPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		p := &lookups{n: 20, steps: 1, answered: func(op Op, _ *Outcome) {
			if op.Index == 3 {
				panic("boom")
			}
		}}
		drive(t, Config{Client: client(t, &stub{}), Plan: p})
	})
}

// TestGeneratorLag: a generator that is late says so, and in the open model the run is invalid.
func TestGeneratorLag(t *testing.T) {
	late := func(call func()) alarm { return &lateAlarm{goAlarm{call: call}} }
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Client: client(t, &stub{serve: always(200, `{}`, time.Millisecond)}), Plan: &lookups{n: 200, steps: 1}, Arrival: rate("20/s"), alarm: late}
		l, _, err := Drive(context.Background(), cfg)
		if err != nil || l.Generator.Invalid == "" || l.Generator.Lag.P50 < int64(5*time.Millisecond) {
			t.Errorf("%v %+v", err, l.Generator)
		}
		if o := operation(t, l, Lookup); o.Service.Max > int64(2*time.Millisecond) {
			t.Errorf("the target is blamed: %v", time.Duration(o.Service.Max))
		}
	})
}

// TestMaxRate: whatever the model asks for, no more requests per second leave than are allowed.
func TestMaxRate(t *testing.T) {
	for _, arrival := range []Arrival{Together(8), rate("400/s")} {
		synctest.Test(t, func(t *testing.T) {
			s := &stub{serve: always(200, `{}`, time.Millisecond)}
			_, cut := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 50, steps: 2}, Arrival: arrival, MaxRate: 50})
			if cut != nil || len(s.starts) != 100 {
				t.Fatalf("%v, %d requests", cut, len(s.starts))
			}
			for i := 50; i < 100; i++ {
				if took := s.starts[i].Sub(s.starts[i-50]); took < 990*time.Millisecond {
					t.Fatalf("%s: 50 requests within %v", arrival.Text, took)
				}
			}
			if all := s.starts[99].Sub(s.starts[0]); all > 2100*time.Millisecond {
				t.Errorf("%s: 100 requests take %v", arrival.Text, all)
			}
		})
	}
}

// TestPlanThatWaits: nobody is late for a flow that the plan did not have yet, neither the generator nor the target.
func TestPlanThatWaits(t *testing.T) {
	for _, text := range []string{"", "50/s"} {
		synctest.Test(t, func(t *testing.T) {
			s := &stub{}
			s.serve = func(n int, _ *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
				took := 10 * time.Millisecond
				if n == 39 {
					took = time.Second
				}
				return 200, `{}`, nil, took, nil
			}
			cfg := Config{Client: client(t, s), Plan: &gated{lookups{n: 100, steps: 1}}, Arrival: Together(8)}
			if text != "" {
				cfg.Arrival = rate(text)
			}
			l, cut := drive(t, cfg)
			if cut != nil || l.Generator.Invalid != "" || l.Generator.Warning != "" || l.Generator.Lag.Max > int64(time.Millisecond) {
				t.Errorf("%q: %v %+v", text, cut, l.Generator)
			}
			if o := operation(t, l, Lookup); o.Lag.Max > int64(time.Millisecond) || o.Response.P99 > int64(1001*time.Millisecond) {
				t.Errorf("%q: lag of %v", text, time.Duration(o.Lag.Max))
			}
		})
	}
}

// gated is two phases: no flow of the second starts before all of the first are done.
type gated struct{ lookups }

func (p *gated) Next() (Op, bool) {
	if p.next == 40 && p.done < 40 {
		return Op{}, false
	}
	return p.lookups.Next()
}

// lateAlarm rings 5 ms late.
type lateAlarm struct{ goAlarm }

func (a *lateAlarm) set(at time.Time) {
	if !at.IsZero() {
		at = at.Add(5 * time.Millisecond)
	}
	a.goAlarm.set(at)
}

// TestFanOut: a worker goes on with what its answer has made ready, and leaves the rest to the idle ones, which must wake.
func TestFanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(200, `{"totalResults":0}`, 100*time.Millisecond)}
		p := &burst{size: 10}
		began := time.Now()
		l, cut := drive(t, Config{Client: client(t, s), Plan: p, Arrival: Together(1), Workers: 10})
		if cut != nil || p.Left() != 0 || operation(t, l, Lookup).Sent != 11 {
			t.Fatalf("%v, %d left", cut, p.Left())
		}
		if took := time.Since(began); took != 200*time.Millisecond || s.most != 10 {
			t.Errorf("took %s with at most %d at once; the ten could have left together", took, s.most)
		}
	})
}

// burst is a plan of one flow, whose first answer makes size operations ready at once.
type burst struct {
	size, done int
	begun      bool
}

func (p *burst) Next() (Op, bool) {
	if p.begun {
		return Op{}, false
	}
	p.begun = true
	return Op{Name: Lookup, Method: "GET", Path: "/Users"}, true
}

func (p *burst) Answer(op Op, _ *Outcome) (next []Op) {
	p.done++
	if op.Step == 0 {
		for range p.size {
			next = append(next, Op{Name: Lookup, Method: "GET", Path: "/Users", Step: 1})
		}
	}
	return next
}

func (p *burst) Left() int { return p.size + 1 - p.done }

func (p *burst) Audit(context.Context, Client) []Finding { return nil }
