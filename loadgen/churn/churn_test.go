package churn

import (
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

var small = fixtures.Directory{Seed: 1, Users: 130, Groups: 6, Memberships: 120, Tag: tag}

// churned runs the plan in a seeded order and audits it.
func churned(t *testing.T, h http.Handler, part loadgen.Shard, seed int64) (*Plan, map[string]int, []loadgen.Finding) {
	t.Helper()
	client := clientOf(t, h)
	p, err := New(Config{Directory: small, Target: loadgen.Learn(t.Context(), client, tag), Part: part, Duplicates: 0.2, Equals: 0.2, Races: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	got, err := plantest.Run(p, h, plantest.Options{Seed: seed, Mount: target.Mount})
	if err != nil {
		t.Fatal(err)
	}
	return p, got, p.Audit(t.Context(), client)
}

func TestCleanTargetAsPredicted(t *testing.T) {
	for name, variants := range map[string][]string{"default": nil, "no etag": {"no-etag"}, "204": {"patch-204"}} {
		t.Run(name, func(t *testing.T) {
			srv, err := target.New(target.Config{Variants: variants})
			if err != nil {
				t.Fatal(err)
			}
			p, got, found := churned(t, srv, loadgen.Shard{}, 1)
			delete(got, loadgen.List)
			if want := p.Predict(loadgen.Shard{}); !maps.Equal(got, want) {
				t.Errorf("sent      %v\npredicted %v", got, want)
			}
			for _, f := range found {
				t.Errorf("%s %s: %s: want %s, got %s", f.Word, f.Kind, f.Message, f.Expected, f.Got)
			}
			if srv.Len("User")+srv.Len("Group") > 0 {
				t.Errorf("%d users and %d groups are left", srv.Len("User"), srv.Len("Group"))
			}
		})
	}
}

func TestOrderAndShards(t *testing.T) {
	srv, err := target.New(target.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range int64(4) {
		part := loadgen.Shard{I: int(seed), N: 4}
		p, got, found := churned(t, srv, part, seed)
		delete(got, loadgen.List)
		if want := p.Predict(part); !maps.Equal(got, want) || len(found) > 0 {
			t.Errorf("sent %v, predicted %v, found %v", got, want, found)
		}
	}
}

// TestSequentialFlaws: what needs no concurrency to be seen.
func TestSequentialFlaws(t *testing.T) {
	for flaw, want := range map[string][]string{
		"load-acked-dropped":        {reports.LoadLostWrite},
		"load-drops-attribute":      {reports.LoadWrongValue},
		"load-token-expires":        {"unauthorized"},
		"load-page-skips":           {reports.LoadSkippedPage},
		"create-duplicate-accepted": {reports.LoadDuplicate},
	} {
		t.Run(flaw, func(t *testing.T) {
			srv, err := target.New(target.Config{Flaws: []string{flaw}})
			if err != nil {
				t.Fatal(err)
			}
			_, _, found := churned(t, srv, loadgen.Shard{}, 1)
			var kinds []string
			for _, f := range found {
				kinds = append(kinds, f.Kind)
				if f.Word != reports.Info && len(f.Evidence) == 0 {
					t.Errorf("%s has no evidence", f.Kind)
				}
			}
			for _, kind := range want {
				if !slices.Contains(kinds, kind) {
					t.Errorf("found %v, want %v among them", kinds, want)
				}
			}
			for _, f := range found {
				t.Logf("%s %s: %s (%d of %d): want %s, got %s", f.Word, f.Kind, f.Message, f.Count, f.Of, f.Expected, f.Got)
			}
		})
	}
}

// TestCutShort: what was sent and never answered is not held against the target, whatever became of it.
func TestCutShort(t *testing.T) {
	for _, arrived := range []bool{false, true} {
		for _, after := range []int{10, 200, 900, 1300, 1600, 1700} {
			srv, err := target.New(target.Config{})
			if err != nil {
				t.Fatal(err)
			}
			client := clientOf(t, srv)
			p, err := New(Config{Directory: small, Target: loadgen.Learn(t.Context(), client, tag), Duplicates: 0.2, Equals: 0.2, Races: 0.3})
			if err != nil {
				t.Fatal(err)
			}
			sent := 0
			if _, err = plantest.Run(p, srv, plantest.Options{Seed: 5, Mount: target.Mount, Arrives: arrived, Lost: func(loadgen.Op) bool {
				sent++
				return sent >= after
			}}); err == nil {
				t.Fatalf("after %d: the plan came to its end", after)
			}
			for _, f := range p.Audit(t.Context(), client) {
				if f.Word == reports.Fail {
					t.Errorf("cut after %d, arrived %v: %s: %s: want %s, got %s", after, arrived, f.Kind, f.Message, f.Expected, f.Got)
				}
			}
		}
	}
}
