package provisioning

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/loadgen/plantest"
	"github.com/scimproof/scimproof/reports"
)

// failing answers the requests that hit picks with a status, and hands on the others.
func failing(next http.Handler, status int, hit func(n int, r *http.Request) bool) http.Handler {
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		if hit(n, r) {
			w.WriteHeader(status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestUnauthorizedStopsTheWrites(t *testing.T) {
	srv := newServer(t, target.Config{})
	expired, after := false, 0
	h := failing(srv, http.StatusUnauthorized, func(n int, _ *http.Request) bool {
		expired = expired || n > 100
		return expired
	})
	p := setup(t, srv, Setup{Again: 1}, small)
	_, err := plantest.Run(p, h, plantest.Options{Seed: 1, Mount: target.Mount, On: func(op loadgen.Op) error {
		if expired {
			after++
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Left() != 0 || after > 8 {
		t.Errorf("left %d; %d requests after the first 401, of 8 under way", p.Left(), after)
	}
	found := audit(t, p, srv, "not-provisioned", "unauthorized")
	if len(found) > 0 && found[0].Count > 9 {
		t.Errorf("counted %d times", found[0].Count)
	}
}

// TestEscrow holds that what fails in one cycle is done in the next, and nothing twice.
func TestEscrow(t *testing.T) {
	for name, how := range map[string]func(srv http.Handler) (http.Handler, plantest.Options){
		"5xx": func(srv http.Handler) (http.Handler, plantest.Options) {
			return failing(srv, http.StatusInternalServerError, func(n int, _ *http.Request) bool { return n%20 == 0 && n < 400 }), plantest.Options{}
		},
		"broken connection": func(srv http.Handler) (http.Handler, plantest.Options) {
			n := 0
			return srv, plantest.Options{On: func(loadgen.Op) error {
				if n++; n%20 == 0 && n < 400 {
					return errors.New("reset")
				}
				return nil
			}}
		},
		"answer lost": func(srv http.Handler) (http.Handler, plantest.Options) {
			n := 0
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n++; n%20 == 0 && n < 400 && r.Method == http.MethodPost {
					srv.ServeHTTP(discard{http.Header{}}, r)
					w.WriteHeader(http.StatusBadGateway)
					return
				}
				srv.ServeHTTP(w, r)
			}), plantest.Options{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, target.Config{})
			h, o := how(srv)
			o.Seed, o.Mount = 2, target.Mount
			// Two more cycles: groups wait for the second, their members' references may wait for the third.
			p := setup(t, srv, Setup{Again: 2, Config: Config{Owned: func(string) bool { return true }}}, small)
			if _, err := plantest.Run(p, h, o); err != nil {
				t.Fatal(err)
			}
			if srv.Len("User") != small.Users || srv.Len("Group") != small.Groups {
				t.Errorf("%d users, %d groups", srv.Len("User"), srv.Len("Group"))
			}
			members := 0
			for _, o := range srv.Snapshot() {
				members += len(scim.List(o, "members"))
			}
			if members != small.Memberships {
				t.Errorf("%d memberships", members)
			}
			audit(t, p, srv)
		})
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// TestResume holds that another process finds what an earlier one has made, and finishes it.
func TestResume(t *testing.T) {
	for _, match := range []Match{MatchQuery, MatchList} {
		srv := newServer(t, target.Config{})
		first := setup(t, srv, Setup{Config: Config{Match: match}}, small)
		sent := 0
		for range 250 {
			if op, ok := first.Next(); ok {
				one := &single{Plan: first, op: op}
				if _, err := plantest.Run(one, srv, plantest.Options{Mount: target.Mount, Flows: 1}); err != nil {
					t.Fatal(err)
				}
				sent++
			}
		}
		// The process is killed here; only the ids that it made are known, from its ledger.
		second := setup(t, srv, Setup{Config: Config{Match: match, Owned: func(string) bool { return true }}}, small)
		if _, err := plantest.Run(second, srv, plantest.Options{Mount: target.Mount}); err != nil {
			t.Fatal(err)
		}
		third := setup(t, srv, Setup{Config: Config{Match: match, Owned: func(string) bool { return true }}}, small)
		if _, err := plantest.Run(third, srv, plantest.Options{Mount: target.Mount}); err != nil {
			t.Fatal(err)
		}
		if w := third.Writes(); w[0] != 0 {
			t.Errorf("%s: a third process writes %d times", match, w[0])
		}
		audit(t, third, srv)
	}
}

// single is one flow of a plan.
type single struct {
	loadgen.Plan
	op   loadgen.Op
	done bool
	left int
}

func (s *single) Next() (loadgen.Op, bool) {
	if s.done {
		return loadgen.Op{}, false
	}
	s.done, s.left = true, 1
	return s.op, true
}

func (s *single) Answer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	next := s.Plan.Answer(op, out)
	s.left += len(next) - 1
	return next
}

func (s *single) Left() int {
	if !s.done {
		return 1
	}
	return s.left
}

func TestForeignersAreLeftAlone(t *testing.T) {
	srv := newServer(t, target.Config{})
	d := small
	d.Tag = tag
	for i := range 10 {
		// Ten of the users are there already, five of them with another title.
		o := d.User(i, i%2)
		o["active"] = true
		if _, err := srv.Seed("User", o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := srv.Seed("Group", scim.Object{"displayName": "somebody else's"}); err != nil {
		t.Fatal(err)
	}
	before := srv.Snapshot()
	p := setup(t, srv, Setup{}, small)
	got, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount})
	if err != nil {
		t.Fatal(err)
	}
	if got[loadgen.Create] != 110 || got[loadgen.Patch] != 0 {
		t.Errorf("%v", got)
	}
	after := srv.Snapshot()
	for id, o := range before {
		if now := after[id]; scim.String(now, "meta.version") != scim.String(o, "meta.version") {
			t.Errorf("%s has changed", id)
		}
	}
	audit(t, p, srv, "foreign-match")
}

func TestChangedForeignersAreReported(t *testing.T) {
	srv := newServer(t, target.Config{})
	id, err := srv.Seed("User", fixtures.Person(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	p := setup(t, srv, Setup{}, small)
	touched := false
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !touched && r.Method == http.MethodPatch {
			touched = true
			body := `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"replace","path":"title","value":"Changed"}]}`
			other, err := http.NewRequest(http.MethodPatch, "http://127.0.0.1"+target.Mount+"/Users/"+id, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			other.Header.Set("Content-Type", scim.MediaType)
			srv.ServeHTTP(discard{http.Header{}}, other)
		}
		srv.ServeHTTP(w, r)
	})
	if _, err := plantest.Run(p, h, plantest.Options{Mount: target.Mount}); err != nil {
		t.Fatal(err)
	}
	found := audit(t, p, srv, reports.LoadForeign)
	if len(found) == 1 && !strings.Contains(found[0].Got, "title") {
		t.Error(found[0].Got)
	}
}

func TestPagesOfASmallerCap(t *testing.T) {
	srv := newServer(t, target.Config{MaxResults: 7})
	p := setup(t, srv, Setup{Config: Config{Match: MatchList, Batch: 50}, Again: 1}, small)
	got, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount})
	if err != nil {
		t.Fatal(err)
	}
	if got[loadgen.List] != 1+18 || got[loadgen.Create] != 120 || p.Writes()[1] != 0 {
		t.Errorf("%v, writes %v", got, p.Writes())
	}
	audit(t, p, srv)
}

// TestDisabledAreNeverCreated: a user who has left before the first cycle is looked for, and no more.
func TestDisabledAreNeverCreated(t *testing.T) {
	srv := newServer(t, target.Config{})
	d := small
	d.Tag = tag
	to := loadgen.Learn(t.Context(), clientOf(t, srv), tag)
	c := NewCompanyFor(d, to, loadgen.Shard{})
	c.Leave(3)
	c.Leave(4)
	c.Purge(5)
	p, err := NewScenario(Setup{Target: to, Company: c, Tag: tag})
	if err != nil {
		t.Fatal(err)
	}
	got, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount})
	if err != nil {
		t.Fatal(err)
	}
	if want := PredictInitial(Config{}, c, true, true, 0); got[loadgen.Create] != 117 || got[loadgen.Lookup] != 119 || got[loadgen.MemberAdd] != want[loadgen.MemberAdd] {
		t.Errorf("%v, predicted %v", got, want)
	}
	audit(t, p, srv)
}

func TestReturnersAreActivated(t *testing.T) {
	srv := newServer(t, target.Config{})
	d := small
	d.Tag = tag
	to := loadgen.Learn(t.Context(), clientOf(t, srv), tag)
	c := NewCompanyFor(d, to, loadgen.Shard{})
	job, err := NewJob(Config{}, c, to, tag)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		change func()
		want   map[string]int
	}{
		{func() {}, PredictInitial(Config{}, c, true, true, 0)},
		{func() { c.Leave(7) }, map[string]int{loadgen.Deactivate: 1}},
		{func() {}, map[string]int{}},
		{func() { c.Return(7) }, map[string]int{loadgen.Patch: 1}},
	} {
		step.change()
		cycle := job.Incremental()
		if len(step.want) > 3 {
			cycle = job.Initial()
		}
		got, err := plantest.Run(cycle, srv, plantest.Options{Mount: target.Mount})
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range step.want {
			if got[name] != n {
				t.Errorf("%s: %d, want %d", name, got[name], n)
			}
		}
		if len(got) != len(step.want) {
			t.Errorf("sent %v, want %v", got, step.want)
		}
	}
}

func TestShardsShareNothing(t *testing.T) {
	srv := newServer(t, target.Config{})
	d := small
	d.Tag = tag
	to := loadgen.Learn(t.Context(), clientOf(t, srv), tag)
	creates, members := 0, 0
	for i := range 3 {
		part := loadgen.Shard{I: i, N: 3}
		p, err := NewScenario(Setup{Target: to, Company: NewCompanyFor(d, to, part), Tag: tag})
		if err != nil {
			t.Fatal(err)
		}
		got, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount})
		if err != nil {
			t.Fatal(err)
		}
		if want := p.Predict(part); got[loadgen.MemberAdd] != want[loadgen.MemberAdd] || got[loadgen.Create] != want[loadgen.Create] {
			t.Errorf("%v, predicted %v", got, want)
		}
		creates += got[loadgen.Create]
		members += got[loadgen.MemberAdd]
	}
	if creates != 120 || members != 300 || srv.Len("User") != 120 || srv.Len("Group") != 9 {
		t.Errorf("%d creates, %d members", creates, members)
	}
}

// TestCutShort: a load may end with requests that were sent and never answered. Whatever became of them, the target is not
// to blame.
func TestCutShort(t *testing.T) {
	for _, arrived := range []bool{false, true} {
		for _, after := range []int{60, 250, 300, 400, 700} {
			srv := newServer(t, target.Config{})
			p := setup(t, srv, Setup{Turnover: &Turnover{Joiners: 3, Movers: 20, Leavers: 20, Purged: 20}}, small)
			sent := 0
			var last []loadgen.Op
			_, err := plantest.Run(p, srv, plantest.Options{Seed: 5, Mount: target.Mount, Lost: func(op loadgen.Op) bool {
				sent++
				if sent >= after {
					last = append(last, op)
					return true
				}
				return false
			}, Arrives: arrived})
			if err == nil || len(last) == 0 {
				t.Fatalf("after %d: %v; %d operations are lost", after, err, len(last))
			}
			for _, f := range p.Audit(t.Context(), clientOf(t, srv)) {
				if f.Word == reports.Fail {
					t.Errorf("cut after %d, arrived %v: %s: %s: want %s, got %s", after, arrived, f.Kind, f.Message, f.Expected, f.Got)
				}
			}
		}
	}
}
