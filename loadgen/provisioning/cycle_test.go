package provisioning

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/loadgen/plantest"
	"github.com/scimproof/scimproof/reports"
)

const tag = "sp-test"

// inProcess hands the audit's requests to a handler without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func clientOf(t *testing.T, h http.Handler) *wire.Client {
	t.Helper()
	c, err := wire.New(wire.Config{BaseURL: "http://127.0.0.1" + target.Mount, Transport: inProcess{h}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newServer(t *testing.T, cfg target.Config) *target.Server {
	t.Helper()
	srv, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

// setup makes a scenario against a server.
func setup(t *testing.T, srv http.Handler, s Setup, d fixtures.Directory) *Scenario {
	t.Helper()
	d.Tag = tag
	s.Tag = tag
	s.Target = loadgen.Learn(t.Context(), clientOf(t, srv), tag)
	s.Company = NewCompanyFor(d, s.Target, loadgen.Shard{})
	p, err := NewScenario(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run drives a plan and holds the counts against the prediction.
func run(t *testing.T, p *Scenario, srv http.Handler, seed int64) map[string]int {
	t.Helper()
	got, err := plantest.Run(p, srv, plantest.Options{Seed: seed, Mount: target.Mount})
	if err != nil {
		t.Fatal(err)
	}
	if want := p.Predict(loadgen.Shard{}); !maps.Equal(got, want) {
		t.Errorf("sent      %v\npredicted %v", got, want)
	}
	return got
}

// audit wants exactly these kinds of findings.
func audit(t *testing.T, p *Scenario, srv http.Handler, kinds ...string) []loadgen.Finding {
	t.Helper()
	found := p.Audit(t.Context(), clientOf(t, srv))
	var got []string
	for _, f := range found {
		got = append(got, f.Kind)
		if f.Word == reports.Fail && len(f.Evidence) == 0 {
			t.Errorf("%s: a FAIL without evidence", f.Kind)
		}
	}
	slices.Sort(got)
	slices.Sort(kinds)
	if got = slices.Compact(got); !slices.Equal(got, kinds) {
		t.Errorf("found %v, want %v", got, kinds)
		for _, f := range found {
			t.Logf("%s %s: %s (%d): want %s, got %s", f.Word, f.Kind, f.Message, f.Count, f.Expected, f.Got)
		}
	}
	return found
}

var small = fixtures.Directory{Seed: 1, Users: 120, Groups: 9, Memberships: 300}

func TestAllCyclesAsPredicted(t *testing.T) {
	turnover := Turnover{Joiners: 10, Movers: 11, Leavers: 12, Purged: 5}
	for _, match := range []Match{MatchQuery, MatchList} {
		for _, chunk := range []int{1, 7} {
			t.Run(fmt.Sprintf("%s, %d members", match, chunk), func(t *testing.T) {
				srv := newServer(t, target.Config{})
				for i := range 30 {
					if _, err := srv.Seed("User", fixtures.Person(99, i)); err != nil {
						t.Fatal(err)
					}
				}
				p := setup(t, srv, Setup{
					Config: Config{Match: match, MembersPerRequest: chunk, PageSize: 50}, Again: 1, Turnover: &turnover, Existing: 30,
				}, small)
				got := run(t, p, srv, 3)
				t.Log(got, "writes by cycle:", p.Writes())
				if w := p.Writes(); len(w) != 3 || w[1] != 0 {
					t.Errorf("writes by cycle: %v; the second must have none", w)
				}
				if srv.Len("User") != 30+120+10-5 || srv.Len("Group") != 9 {
					t.Errorf("%d users, %d groups", srv.Len("User"), srv.Len("Group"))
				}
				audit(t, p, srv)
			})
		}
	}
}

func TestOrderOfAnswersDoesNotMatter(t *testing.T) {
	for seed := range int64(10) {
		srv := newServer(t, target.Config{})
		p := setup(t, srv, Setup{Again: 1, Turnover: &Turnover{1, 2, 3, 4}}, fixtures.Directory{Seed: seed, Users: 25, Groups: 3, Memberships: 40})
		run(t, p, srv, seed)
		audit(t, p, srv)
	}
}
