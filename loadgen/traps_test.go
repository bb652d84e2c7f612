package loadgen

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
)

// The traps of vegeta as a library, one test each; numbers as in the measurements that found them.

// Trap 1: an Attacker works once. Trap 16: a pacer by time is one hit short at times.
func TestDrivesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{}
		c := client(t, s)
		for i := range 3 {
			l, _ := drive(t, Config{Client: c, Plan: &lookups{n: 500, steps: 1}, Arrival: rate("997/s")})
			if got := operation(t, l, Lookup).Sent; got != 500 || s.n != 500*(i+1) {
				t.Fatalf("run %d: %d counted, %d arrived", i+1, got, s.n)
			}
		}
	})
}

// Trap 2: waiting in the Targeter counts as latency. Here it is in the Pacer.
func TestWaitingIsNoLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(200, `{}`, time.Millisecond)}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 100, steps: 2, op: func(_, step int) Op {
			return Op{Name: Lookup, Method: "GET", Path: "/Users", After: time.Duration(step) * 50 * time.Millisecond}
		}}, Arrival: rate("20/s")})
		if q := operation(t, l, Lookup); q.Response.Max > int64(1010*time.Microsecond) || q.Service.Max > int64(1010*time.Microsecond) {
			t.Errorf("response %v, service %v", time.Duration(q.Response.Max), time.Duration(q.Service.Max))
		}
	})
}

// Trap 3: vegeta's sequence is not the order of its targets. Each answer must reach its own operation.
func TestAnswersBelongToTheirOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: func(n int, r *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
			return 200, fmt.Sprintf(`{"id":%q}`, r.URL.RawQuery), nil, time.Duration(n*7919%13) * time.Millisecond, nil
		}}
		p := &lookups{n: 5000, steps: 2, op: func(i, step int) Op {
			return Op{Name: Lookup, Method: "GET", Path: "/Users", RawQuery: fmt.Sprintf("i=%d&s=%d", i, step)}
		}}
		wrong := 0
		p.answered = func(op Op, out *Outcome) {
			if out.ID != fmt.Sprintf("i=%d&s=%d", op.Index, op.Step) {
				wrong++
			}
		}
		drive(t, Config{Client: client(t, s), Plan: p, Arrival: Together(64)})
		if wrong != 0 || p.answers != 10_000 {
			t.Errorf("%d of %d answers came to another operation", wrong, p.answers)
		}
	})
}

// Trap 4: ending by the Targeter makes results that never were.
func TestNoPhantomResults(t *testing.T) {
	for _, workers := range []int{1, 8, 64} {
		synctest.Test(t, func(t *testing.T) {
			s := &stub{serve: always(200, `{}`, time.Millisecond)}
			l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 333, steps: 1}, Arrival: Together(workers)})
			if o := operation(t, l, Lookup); o.Sent != 333 || s.n != 333 || o.Classes[0].Status["200"] != 333 || len(o.Classes) != 1 {
				t.Errorf("%d workers: %d arrived, %+v", workers, s.n, o.Classes)
			}
		})
	}
}

// Trap 5: 4xx is a failure to vegeta. Here the plan says what it wanted.
func TestWantedConflictsAreNoErrors(t *testing.T) {
	for _, c := range []struct {
		want     Want
		status   int
		class    Class
		conflict Conflict
	}{
		{0, 200, OK, NoConflict},
		{WantOK, 204, OK, NoConflict},
		{WantConflict, 409, WantedConflict, Uniqueness},
		{WantOK | WantConflict, 409, WantedConflict, Uniqueness},
		{WantOK | WantPrecondition, 409, WantedConflict, Precondition},
		{WantOK | WantConflict, 201, OK, NoConflict},
		{WantConflict, 201, UnwantedConflict, DuplicateAccepted},
		{0, 409, UnwantedConflict, Uniqueness},
		{WantPrecondition, 412, WantedConflict, Precondition},
		{WantPrecondition, 200, UnwantedConflict, LostUpdate},
		{0, 412, UnwantedConflict, Precondition},
		{WantMissing, 404, OK, NoConflict},
		{WantMissing, 200, Refused, NoConflict},
		{0, 404, Refused, NoConflict},
		{0, 301, Refused, NoConflict},
		{0, 429, Throttled, NoConflict},
		{0, 500, ServerError, NoConflict},
		{0, 503, ServerError, NoConflict},
	} {
		a := wire.Answer{Status: c.status}
		if class, conflict, _ := classify(c.want, &a, time.Now()); class != c.class || conflict != c.conflict {
			t.Errorf("want %b, status %d: %v %v, not %v %v", c.want, c.status, class, conflict, c.class, c.conflict)
		}
	}
	for _, c := range []struct {
		a     wire.Answer
		class Class
	}{
		{wire.Answer{Status: 503, Header: http.Header{"Retry-After": {"2"}}}, Throttled},
		{wire.Answer{Status: 200, Body: []byte("<html>")}, Refused},
		{wire.Answer{Err: errors.New("reset")}, Transport},
		{wire.Answer{Status: 200, Err: errors.New("cut off")}, Transport},
	} {
		if class, _, _ := classify(0, &c.a, time.Now()); class != c.class {
			t.Errorf("%+v: %v, not %v", c.a, class, c.class)
		}
	}
}

// Trap 6: vegeta's options panic in the wrong order. Ours has one: the client. Connections are kept and used again, and there
// are no more of them than workers.
func TestConnectionsAreReused(t *testing.T) {
	var mu sync.Mutex
	conns := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		conns[r.RemoteAddr]++
		mu.Unlock()
		_, _ = w.Write([]byte(`{"totalResults":0}`))
	}))
	defer srv.Close()
	c := must(wire.New(wire.Config{BaseURL: srv.URL, HTTP1: true}))
	defer c.Close()
	if _, cut, err := Drive(context.Background(), Config{Client: c, Plan: &lookups{n: 500, steps: 1}, Arrival: Together(6)}); err != nil || cut != nil {
		t.Fatal(err, cut)
	}
	// A dial that is overtaken by a connection that becomes free is finished all the same.
	if len(conns) > 12 {
		t.Errorf("%d connections for 6 workers", len(conns))
	}
}

// Traps 7 and 8: capped workers hide a stall, and without a cap the generator drowns. TestStall holds the first; here twice as
// much is asked for as the workers can do.
func TestOverloadIsVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(200, `{}`, 10*time.Millisecond)}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 4000, steps: 1}, Arrival: rate("800/s"), Workers: 4})
		o := operation(t, l, Lookup)
		if s.most != 4 || o.Service.P99 > int64(11*time.Millisecond) || o.Response.P99 < int64(4*time.Second) || l.Saturated < int64(9*time.Second) {
			t.Errorf("%d at once, service p99 %v, response p99 %v, saturated %v", s.most, time.Duration(o.Service.P99), time.Duration(o.Response.P99), time.Duration(l.Saturated))
		}
		if l.Generator.Invalid != "" {
			t.Error("too few workers are no fault of the generator's timing")
		}
	})
}

// Trap 9: Stop does not cancel what is under way. TestInterrupt holds that it is given up after Drain.

// Traps 10 and 12: vegeta keeps every error text and every URL. What we keep does not grow with them.
func TestErrorsDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: func(n int, r *http.Request, _ []byte) (int, string, http.Header, time.Duration, error) {
			if n%2 == 0 {
				return 0, "", nil, 0, fmt.Errorf("read tcp 127.0.0.1:%d->127.0.0.1:9: connection reset by peer", 40_000+n)
			}
			return 200, `{}`, nil, 0, nil
		}}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 2000, steps: 1}, Arrival: Together(8)})
		o := operation(t, l, Lookup)
		if len(o.Classes) != 2 || len(l.Operations) != 1 || count(l, Transport) != 1000 {
			t.Errorf("%+v", o.Classes)
		}
		evidence := 0
		for _, f := range l.Findings {
			evidence += len(f.Evidence)
		}
		if evidence == 0 || evidence > proofs {
			t.Errorf("%d exchanges are kept of 1,000 errors", evidence)
		}
	})
}

// Trap 11: vegeta's plot needs a sequence without gaps. Ours is by time, and a quiet second is no trouble.
func TestSeriesHasGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := drive(t, Config{Client: client(t, &stub{}), Plan: &lookups{n: 3, steps: 1}, Arrival: rate("0.25/s")})
		if len(l.Series) != 3 || l.Series[0].At != 0 || l.Series[1].At != 4 || l.Series[2].At != 8 || l.Series[2].Classes["ok"] != 1 {
			t.Errorf("%+v", l.Series)
		}
	})
}

// Traps 13 and 15: a redirect is neither followed nor rewritten, and nothing of vegeta's is on the wire.
func TestNothingElseOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
			return 301, ``, http.Header{"Location": {"http://127.0.0.1:9/scim/v2/Elsewhere"}}, 0, nil
		}}
		l, _ := drive(t, Config{Client: client(t, s), Plan: &lookups{n: 5, steps: 1, op: func(i, _ int) Op {
			return Op{Name: Create, Method: "POST", Path: "/Users", Body: fmt.Appendf(nil, `{"userName":"u%d"}`, i)}
		}}})
		if s.n != 5 || s.counts["POST"] != 5 || count(l, Refused) != 5 {
			t.Errorf("%d requests: %v", s.n, s.counts)
		}
		for _, r := range s.seen {
			for name := range r.Header {
				if strings.Contains(strings.ToLower(name), "vegeta") {
					t.Errorf("the header %s goes out", name)
				}
			}
			if r.URL.Path != "/scim/v2/Users" || r.Host != "127.0.0.1:9" || !strings.HasPrefix(r.Header.Get("User-Agent"), "scimproof/") {
				t.Errorf("%s %s %s", r.Method, r.URL, r.Header)
			}
		}
	})
}

// Trap 14: gzip is asked for and hidden. Here it is not asked for, and what is sent all the same can still be read.
func TestNoHiddenCompression(t *testing.T) {
	asked := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(`{"totalResults":1,"Resources":[{"id":"42"}]}`))
		_ = z.Close()
	}))
	defer srv.Close()
	p := &lookups{n: 1, steps: 1}
	id, total := "", 0
	p.answered = func(_ Op, out *Outcome) { id, total = out.ID, out.Total }
	if _, _, err := Drive(context.Background(), Config{Client: must(wire.New(wire.Config{BaseURL: srv.URL})), Plan: p}); err != nil {
		t.Fatal(err)
	}
	if asked != "identity" || id != "42" || total != 1 {
		t.Errorf("asked for %q, read id %q of %d", asked, id, total)
	}
}

// Trap 17: with a client of one's own vegeta's time-out is gone.
func TestTimeoutHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{serve: always(200, `{}`, time.Hour)}
		p := &lookups{n: 1, steps: 1}
		var failed error
		p.answered = func(_ Op, out *Outcome) { failed = out.Err }
		l, _ := drive(t, Config{Client: client(t, s, func(c *wire.Config) { c.Timeout = 3 * time.Second }), Plan: p})
		var te *wire.TransportError
		if !errors.As(failed, &te) || !te.Timeout() || l.Wall != int64(3*time.Second) {
			t.Errorf("%v after %v", failed, time.Duration(l.Wall))
		}
	})
}
