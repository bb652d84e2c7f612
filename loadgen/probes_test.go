package loadgen_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/loadgen/plantest"
	"github.com/scimproof/scimproof/loadgen/provisioning"
)

func TestProbesAreSentAtGrowingSizes(t *testing.T) {
	srv, client := serve(t, target.Config{})
	to := loadgen.Learn(t.Context(), client, tag)
	d := fixtures.Directory{Seed: 1, Users: 400, Groups: 3, Memberships: 30, Tag: tag}
	inner, err := provisioning.NewScenario(provisioning.Setup{Target: to, Company: provisioning.NewCompanyFor(d, to, loadgen.Shard{}), Tag: tag})
	if err != nil {
		t.Fatal(err)
	}
	own := d
	own.Tag += "p"
	plan := loadgen.Probes{Target: to, Directory: own, Users: 400, Rounds: 3}.Around(inner)
	want := plan.(loadgen.Predicting).Predict(loadgen.Shard{})
	stages := 0
	var sizes []int
	got, err := plantest.Run(plan, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { srv.ServeHTTP(w, r) }), plantest.Options{
		Seed: 1, Flows: 8, Mount: target.Mount, On: func(op loadgen.Op) error {
			if op.Alone != op.Silent {
				t.Errorf("%s is alone %v, silent %v", op.Name, op.Alone, op.Silent)
			}
			if op.Alone && op.Name == loadgen.GroupCreate {
				stages++
				sizes = append(sizes, srv.Len("User"))
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if stages != len(loadgen.ProbeSizes(400)) || !slices.IsSorted(sizes) || sizes[0] != 0 || sizes[len(sizes)-1] != 400 {
		t.Errorf("%d stages at %v, want them at %v", stages, sizes, loadgen.ProbeSizes(400))
	}
	// The probes come on top: at each size a group, and three rounds.
	for name, each := range map[string]int{loadgen.Lookup: 3, loadgen.Create: 3, loadgen.MemberAdd: 3, loadgen.Delete: 3, loadgen.GroupCreate: 1, loadgen.GroupDelete: 1} {
		if got[name] != want[name]+each*stages {
			t.Errorf("%s: %d, want %d and %d probes", name, got[name], want[name], each*stages)
		}
	}
	if srv.Len("User") != 400 || srv.Len("Group") != 3 {
		t.Errorf("%d users, %d groups: the probes have left something behind", srv.Len("User"), srv.Len("Group"))
	}
	for _, f := range plan.Audit(t.Context(), client) {
		t.Errorf("%s: %s", f.Kind, f.Message)
	}
	var names []string
	for _, g := range plan.(loadgen.Growing).Growth() {
		names = append(names, g.Operation)
		if g.Probes == 0 || len(g.Points) == 0 || !strings.HasPrefix(g.Sentence, g.Operation) {
			t.Errorf("%+v", g)
		}
	}
	if !slices.Equal(names, []string{loadgen.Lookup, loadgen.List, loadgen.Create, loadgen.MemberAdd}) {
		t.Errorf("growth of %v", names)
	}
}

// TestProbesOfAStoppedLoad: sizes that are never reached hold nothing up.
func TestProbesOfAStoppedLoad(t *testing.T) {
	srv, client := serve(t, target.Config{})
	to := loadgen.Learn(t.Context(), client, tag)
	inner := initialPlan(t, client, 300, 0, 0, provisioning.MatchQuery)
	n := 0
	refusing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n > 500 && r.Method == http.MethodPost {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		srv.ServeHTTP(w, r)
	})
	plan := loadgen.Probes{Target: to, Directory: fixtures.Directory{Seed: 1, Tag: tag + "p"}, Users: 300, Rounds: 2}.Around(inner)
	if _, err := plantest.Run(plan, refusing, plantest.Options{Seed: 1, Mount: target.Mount}); err != nil {
		t.Fatal(err)
	}
	if plan.Left() != 0 {
		t.Errorf("%d left", plan.Left())
	}
}

// TestProbesWhereNothingIsDeleted: users that would stay are not made again and again.
func TestProbesWhereNothingIsDeleted(t *testing.T) {
	srv, client := serve(t, target.Config{})
	to := loadgen.Learn(t.Context(), client, tag)
	inner := initialPlan(t, client, 300, 0, 0, provisioning.MatchQuery)
	keeping := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		srv.ServeHTTP(w, r)
	})
	plan := loadgen.Probes{Target: to, Directory: fixtures.Directory{Seed: 1, Tag: tag + "p"}, Users: 300, Rounds: 12}.Around(inner)
	if _, err := plantest.Run(plan, keeping, plantest.Options{Seed: 1, Flows: 8, Mount: target.Mount}); err != nil {
		t.Fatal(err)
	}
	if n := srv.Len("User"); n != 301 {
		t.Errorf("%d users are there, want 300 and the one that showed that nobody is deleted", n)
	}
}
