package provisioning

import (
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

// request changes something behind the back of a run.
func request(t *testing.T, srv http.Handler, method, path, body string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1"+target.Mount+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", scim.MediaType)
	rec := &status{discard: discard{http.Header{}}}
	srv.ServeHTTP(rec, r)
	if rec.code >= 300 {
		t.Fatalf("%s %s: %d", method, path, rec.code)
	}
}

type status struct {
	discard
	code int
}

func (s *status) WriteHeader(code int) { s.code = code }

func patchOf(op string) string {
	return `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[` + op + `]}`
}

// TestAuditFinds plants what can be wrong after a load, one thing at a time.
func TestAuditFinds(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(t *testing.T, srv *target.Server, p *Scenario)
		kind  string
		says  string
		limit int // of the audit, to make it sample
	}{
		"nothing": {func(*testing.T, *target.Server, *Scenario) {}, "", "", 0},
		"a user that is gone": {func(t *testing.T, srv *target.Server, p *Scenario) {
			request(t, srv, http.MethodDelete, "/Users/"+p.Job().Links().ID(119), "")
		}, reports.LoadLostWrite, "404", 0},
		"a user with another title": {func(t *testing.T, srv *target.Server, p *Scenario) {
			request(t, srv, http.MethodPatch, "/Users/"+p.Job().Links().ID(5), patchOf(`{"op":"replace","path":"title","value":"Wrong"}`))
		}, reports.LoadWrongValue, "Wrong", 0},
		"a user without a street": {func(t *testing.T, srv *target.Server, p *Scenario) {
			request(t, srv, http.MethodPatch, "/Users/"+p.Job().Links().ID(5), patchOf(`{"op":"remove","path":"addresses[type eq \"work\"].streetAddress"}`))
		}, reports.LoadWrongValue, "", 0},
		"a user without a manager": {func(t *testing.T, srv *target.Server, p *Scenario) {
			request(t, srv, http.MethodPatch, "/Users/"+p.Job().Links().ID(5), patchOf(`{"op":"remove","path":"`+loadgen.ManagerPath+`"}`))
		}, reports.LoadWrongValue, "", 0},
		"a member that is gone": {func(t *testing.T, srv *target.Server, p *Scenario) {
			j := p.Job()
			request(t, srv, http.MethodPatch, "/Groups/"+j.links.groups.Get(1), patchOf(`{"op":"remove","path":"members[value eq \"`+j.Links().ID(j.source.Member(1, 0))+`\"]"}`))
		}, reports.LoadLostMember, "acknowledged members", 0},
		"a member too many": {func(t *testing.T, srv *target.Server, p *Scenario) {
			j := p.Job()
			in := map[int]bool{}
			for n := range j.source.Size(8) {
				in[j.source.Member(8, n)] = true
			}
			other := 0
			for in[other] {
				other++
			}
			request(t, srv, http.MethodPatch, "/Groups/"+j.links.groups.Get(8), string(loadgen.AddMembers(j.Links().ID(other))))
		}, reports.LoadOrphan, "", 0},
		"a group that is gone": {func(t *testing.T, srv *target.Server, p *Scenario) {
			request(t, srv, http.MethodDelete, "/Groups/"+p.Job().links.groups.Get(3), "")
		}, reports.LoadLostWrite, "404", 0},
		"a user that nobody asked for": {func(t *testing.T, srv *target.Server, _ *Scenario) {
			if _, err := srv.Seed("User", scim.Object{"userName": "ghost." + tag + "@example.com"}); err != nil {
				t.Fatal(err)
			}
		}, reports.LoadOrphan, "ghost", 0},
		"a foreign user that is gone": {func(t *testing.T, srv *target.Server, _ *Scenario) {
			for id, o := range srv.Snapshot() {
				if scim.String(o, "userName") == scim.String(fixtures.Person(77, 0), "userName") {
					request(t, srv, http.MethodDelete, "/Users/"+id, "")
				}
			}
		}, reports.LoadForeign, "gone", 0},
		"a user that is gone, in a sample": {func(t *testing.T, srv *target.Server, p *Scenario) {
			for i := range 120 {
				if i%4 == 0 {
					request(t, srv, http.MethodDelete, "/Users/"+p.Job().Links().ID(i), "")
				}
			}
		}, reports.LoadLostWrite, "404", 30},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, target.Config{})
			if _, err := srv.Seed("User", fixtures.Person(77, 0)); err != nil {
				t.Fatal(err)
			}
			p := setup(t, srv, Setup{Config: Config{AuditLimit: c.limit}}, small)
			if _, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount}); err != nil {
				t.Fatal(err)
			}
			c.plant(t, srv, p)
			var kinds []string
			if c.kind != "" {
				kinds = append(kinds, c.kind)
			}
			if c.limit > 0 {
				// Who is deleted leaves its groups too.
				kinds = append(kinds, "audit-sampled", reports.LoadLostMember)
			}
			if name == "a user that is gone" && inGroup(p, 119) {
				kinds = append(kinds, reports.LoadLostMember)
			}
			for _, f := range audit(t, p, srv, kinds...) {
				if f.Kind == c.kind && !strings.Contains(f.Got, c.says) {
					t.Errorf("%s: got %q, want it to tell of %q", f.Kind, f.Got, c.says)
				}
			}
		})
	}
}

func inGroup(p *Scenario, i int) bool {
	for k := range p.job.source.Groups() {
		for j := range p.job.source.Size(k) {
			if p.job.source.Member(k, j) == i {
				return true
			}
		}
	}
	return false
}

// TestAnotherShardIsNoOrphan: shards share the tag, and one must not accuse the target of what the others have made.
func TestAnotherShardIsNoOrphan(t *testing.T) {
	srv := newServer(t, target.Config{})
	d := small
	d.Tag = tag
	to := loadgen.Learn(t.Context(), clientOf(t, srv), tag)
	for i := range 2 {
		p, err := NewScenario(Setup{Target: to, Company: NewCompanyFor(d, to, loadgen.Shard{I: i, N: 2}), Tag: tag})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount}); err != nil {
			t.Fatal(err)
		}
		audit(t, p, srv)
	}
}

// TestDuplicatesAreFound: two users with one userName, by the audit and by the next cycle.
func TestDuplicatesAreFound(t *testing.T) {
	srv := newServer(t, target.Config{Flaws: []string{"create-duplicate-accepted"}})
	p := setup(t, srv, Setup{}, small)
	if _, err := plantest.Run(p, srv, plantest.Options{Mount: target.Mount}); err != nil {
		t.Fatal(err)
	}
	d := small
	d.Tag = tag
	request(t, srv, http.MethodPost, "/Users", string(d.AppendUser(nil, 7, 0, true)))
	found := p.Audit(t.Context(), clientOf(t, srv))
	if len(found) != 1 || found[0].Kind != reports.LoadDuplicate || len(found[0].Evidence) != 3 {
		t.Errorf("found %+v", found)
	}
}
