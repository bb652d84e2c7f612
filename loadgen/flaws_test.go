package loadgen_test

import (
	"flag"
	"math/rand/v2"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/loadgen/churn"
	"github.com/scimproof/scimproof/loadgen/provisioning"
	"github.com/scimproof/scimproof/reports"
)

const tag = "sp-flaws"

var redefinitionsFlag = flag.Int("redefinitions", 40, "how many of the redefined attributes to try, 0 for all")

// serve starts a target with the given flaws on loopback.
func serve(t testing.TB, cfg target.Config) (*target.Server, *wire.Client) {
	t.Helper()
	srv, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(srv)
	web.Config.ErrorLog = nil
	web.Start()
	t.Cleanup(web.Close)
	client, err := wire.New(wire.Config{BaseURL: web.URL + target.Mount})
	if err != nil {
		t.Fatal(err)
	}
	return srv, client
}

// driven runs a plan for real and returns everything that was noticed.
func driven(t testing.TB, client *wire.Client, plan loadgen.Plan, flows int) (*reports.Load, []reports.LoadFinding) {
	t.Helper()
	load, cut, err := loadgen.Drive(t.Context(), loadgen.Config{Client: client, Plan: plan, Arrival: loadgen.Together(flows)})
	if err != nil {
		t.Fatal(err)
	}
	var found []reports.LoadFinding
	switch {
	case cut != nil && cut.Kind == reports.CutAborted && strings.Contains(cut.Why, "credential"):
		found = append(found, reports.LoadFinding{Kind: "unauthorized", Word: reports.Warn, Message: cut.Why})
	case cut != nil:
		t.Fatalf("cut: %s", cut.Why)
	}
	found = append(append(found, plan.Audit(t.Context(), client)...), load.Findings...)
	if g, ok := plan.(loadgen.Growing); ok {
		load.Growth = g.Growth()
		for _, g := range load.Growth {
			if g.Verdict != "flat" && g.Verdict != "" {
				found = append(found, reports.LoadFinding{Kind: "growth." + g.Operation, Word: reports.Warn, Message: g.Sentence})
			}
		}
	}
	return load, found
}

func initialPlan(t testing.TB, client *wire.Client, users, groups, memberships int, match provisioning.Match) loadgen.Plan {
	t.Helper()
	return cyclesPlan(t, client, users, groups, memberships, match, nil)
}

// cyclesPlan is an initial cycle, and where there is a turnover another one without changes and an incremental one.
func cyclesPlan(t testing.TB, client *wire.Client, users, groups, memberships int, match provisioning.Match, turnover *provisioning.Turnover) loadgen.Plan {
	t.Helper()
	to := loadgen.Learn(t.Context(), client, tag)
	again := 0
	if turnover != nil {
		again = 1
	}
	d := fixtures.Directory{Seed: 1, Users: users, Groups: groups, Memberships: memberships, Tag: tag}
	p, err := provisioning.NewScenario(provisioning.Setup{
		Config: provisioning.Config{Match: match, AuditLimit: 400}, Target: to, Company: provisioning.NewCompanyFor(d, to, loadgen.Shard{}), Tag: tag,
		Turnover: turnover, Again: again,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func churnPlan(t testing.TB, client *wire.Client, users int) loadgen.Plan {
	t.Helper()
	p, err := churn.New(churn.Config{
		Directory: fixtures.Directory{Seed: 1, Users: users, Groups: 4, Memberships: 80, Tag: tag},
		Target:    loadgen.Learn(t.Context(), client, tag), Duplicates: 0.1, Equals: 0.1, Races: 0.2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// probing measures growth around a plan.
func probing(t testing.TB, client *wire.Client, plan loadgen.Plan, users int) loadgen.Plan {
	t.Helper()
	return loadgen.Probes{
		Target: loadgen.Learn(t.Context(), client, tag), Directory: fixtures.Directory{Seed: 1, Tag: tag + "-probe"}, Users: users, Rounds: 12,
	}.Around(plan)
}

// plans are the loads that each flaw must be seen by.
func plans(t testing.TB, client *wire.Client, flaw string) loadgen.Plan {
	switch flaw {
	case "load-lookup-scans":
		return probing(t, client, initialPlan(t, client, 1500, 0, 0, provisioning.MatchQuery), 1500)
	case "load-lost-member", "load-acked-dropped", "load-drops-attribute", "load-token-expires", "load-resets":
		return initialPlan(t, client, 300, 5, 300, provisioning.MatchQuery)
	case "load-group-twice", "load-reads-empty":
		return initialPlan(t, client, 300, 5, 300, provisioning.MatchQuery)
	case "load-deleted-listed":
		return cyclesPlan(t, client, 60, 0, 0, provisioning.MatchQuery, &provisioning.Turnover{Purged: 5})
	case "load-deleted-found":
		return cyclesPlan(t, client, 450, 0, 0, provisioning.MatchQuery, &provisioning.Turnover{Purged: 5})
	case "load-slow-tail":
		return churnPlan(t, client, 400)
	}
	return churnPlan(t, client, 200)
}

// TestLoadFlaws: every defect that only a load shows is caught by its name, with evidence.
func TestLoadFlaws(t *testing.T) {
	for _, f := range target.LoadFlaws() {
		t.Run(f.Name, func(t *testing.T) {
			_, client := serve(t, target.Config{Flaws: []string{f.Name}})
			load, found := driven(t, client, plans(t, client, f.Name), 8)
			for _, o := range load.Operations {
				t.Logf("%s: %d sent, p50 %v, p99.9 %v", o.Name, o.Service.Count, time.Duration(o.Service.P50), time.Duration(o.Service.P999))
			}
			if lag := time.Duration(load.Generator.Lag.P999); f.Name == "load-slow-tail" && lag > 40*time.Millisecond {
				t.Skipf("this machine is too busy to blame a target for its tail: the client itself is late by %v", lag)
			}
			var kinds []string
			for _, x := range found {
				t.Logf("%s %s: %s (%d of %d): want %s, got %s", x.Word, x.Kind, x.Message, x.Count, x.Of, x.Expected, x.Got)
				kinds = append(kinds, x.Kind)
				if x.Word == reports.Fail && len(x.Evidence) == 0 {
					t.Errorf("%s has no evidence", x.Kind)
				}
			}
			for _, kind := range f.Kills {
				if !slices.Contains(kinds, kind) {
					t.Errorf("found %v, want %s among them", kinds, kind)
				}
			}
			follows := map[string]bool{"not-provisioned": true, "audit-unread": true, "audit-cut": true, reports.LoadRefused: true, reports.LoadConflicts: true, reports.LoadOrphan: f.Name == "load-resets"}
			for _, x := range found {
				if x.Word == reports.Fail && !slices.Contains(f.Kills, x.Kind) && !follows[x.Kind] {
					t.Errorf("%s is blamed too: %s", x.Kind, x.Message)
				}
			}
		})
	}
}

// TestNoFalseAlarm: a clean target is blamed for nothing, by any plan, whatever legal choices it makes.
func TestNoFalseAlarm(t *testing.T) {
	for _, variant := range []string{
		"", "no-etag", "patch-204", "no-patch", "null-unassigned", "members-bare", "ids-numeric", "ids-urn", "username-lowercased", "put-omitted-kept", "title-read-only", "nickname-on-request",
		"members-on-request", "user-without-name", "no-groups", "page-cap", "user-type-immutable", "case-not-kept", "cursor-only-uncounted",
		"cursor-by-default-uncounted", "parts-on-request", "department-on-request", "create-without-body", "user-required-more", "user-required-types",
		"user-required-extension", "case-raised",
	} {
		cfg, users := target.Config{}, 50
		switch variant {
		case "":
			users = 150
		case "page-cap":
			cfg.MaxResults = 7
		default:
			cfg.Variants = []string{variant}
		}
		for name, make := range map[string]func(*wire.Client) loadgen.Plan{
			"churn": func(c *wire.Client) loadgen.Plan { return churnPlan(t, c, users) },
			"query": func(c *wire.Client) loadgen.Plan { return initialPlan(t, c, users, 5, 200, provisioning.MatchQuery) },
			"list": func(c *wire.Client) loadgen.Plan {
				turnover := &provisioning.Turnover{Joiners: 2, Movers: 3, Leavers: 3, Purged: 2}
				if variant == "page-cap" {
					turnover = nil // how many pages a list has is not known beforehand there
				}
				return cyclesPlan(t, c, users, 5, 200, provisioning.MatchList, turnover)
			},
		} {
			t.Run(strings.TrimPrefix(variant+"/"+name, "/"), func(t *testing.T) {
				_, client := serve(t, cfg)
				load, found := driven(t, client, make(client), 16)
				unnoticed(t, load, found)
			})
		}
	}
}

// unnoticed wants a load that was carried out as predicted, and nothing to be told but what was left out.
func unnoticed(t *testing.T, load *reports.Load, found []reports.LoadFinding) {
	t.Helper()
	for _, x := range found {
		if x.Kind != "left-out" {
			t.Errorf("%s %s: %s (%d): want %s, got %s", x.Word, x.Kind, x.Message, x.Count, x.Expected, x.Got)
		}
	}
	for _, o := range load.Operations {
		if o.Predicted != 0 && o.Sent != o.Predicted {
			t.Errorf("%s: %d sent, %d predicted", o.Name, o.Sent, o.Predicted)
		}
	}
}

// TestLegalTargetsDoNotFail: whatever legal choice a target makes, no load finds it broken. It may well be warned of: that it
// throttles, or that it refuses users without what only its own schema asks for.
func TestLegalTargetsDoNotFail(t *testing.T) {
	plans := []func(*wire.Client) loadgen.Plan{
		func(c *wire.Client) loadgen.Plan { return churnPlan(t, c, 30) },
		func(c *wire.Client) loadgen.Plan { return initialPlan(t, c, 30, 3, 60, provisioning.MatchQuery) },
		func(c *wire.Client) loadgen.Plan { return initialPlan(t, c, 30, 3, 60, provisioning.MatchList) },
	}
	for i, v := range target.Variants() {
		t.Run(v.Name, func(t *testing.T) {
			_, client := serve(t, target.Config{Variants: []string{v.Name}})
			_, found := driven(t, client, plans[i%len(plans)](client), 8)
			for _, x := range found {
				if x.Word == reports.Fail {
					t.Errorf("%s %s: %s (%d): want %s, got %s", x.Word, x.Kind, x.Message, x.Count, x.Expected, x.Got)
				}
			}
		})
	}
}

// TestRedefinitions: whatever single attribute a target's schema defines in another way, a load is carried out there as
// everywhere, and nothing is noticed.
func TestRedefinitions(t *testing.T) {
	all := target.Redefinitions()
	rand.New(rand.NewPCG(7643, 4)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	// These have once made a load fail or a report untrue.
	first := func(r target.Redefinition) int {
		return slices.IndexFunc([]string{
			"User:active writeOnly", "User:active immutable", "Group:displayName immutable", "Group:members writeOnly", "Group:members readOnly",
			"User:manager.$ref required", "User:manager.value immutable", "User:emails.type of other values", "User:userType of other values",
		}, func(end string) bool { return strings.HasSuffix(r.Path+" "+r.How, ":"+end) })
	}
	slices.SortStableFunc(all, func(a, b target.Redefinition) int { return first(b) - first(a) })
	if n := *redefinitionsFlag; n > 0 {
		all = all[:min(n, len(all))]
	}
	for _, r := range all {
		for name, make := range map[string]func(*wire.Client) loadgen.Plan{
			"churn": func(c *wire.Client) loadgen.Plan { return churnPlan(t, c, 12) },
			"cycles": func(c *wire.Client) loadgen.Plan {
				return cyclesPlan(t, c, 12, 2, 20, provisioning.MatchQuery, &provisioning.Turnover{Joiners: 1, Movers: 2, Leavers: 2, Purged: 1})
			},
		} {
			t.Run(r.Path+" "+r.How+"/"+name, func(t *testing.T) {
				_, client := serve(t, target.Config{Variants: r.Variants, Redefine: map[string]func(*scim.Attribute){r.Path: r.Change}})
				load, found := driven(t, client, make(client), 4)
				unnoticed(t, load, found)
			})
		}
	}
}

// TestNoFalseAlarmOnABusyMachine: neither a slow tail nor growth is blamed on a target whose machine gets busy in mid-load.
func TestNoFalseAlarmOnABusyMachine(t *testing.T) {
	_, client := serve(t, target.Config{})
	inner := probing(t, client, initialPlan(t, client, 300, 0, 0, provisioning.MatchQuery), 300)
	var burn atomic.Bool
	var others sync.WaitGroup
	t.Cleanup(func() { burn.Store(false); others.Wait() })
	plan := &spoiled{Plan: inner, half: inner.Left() / 2, start: func() {
		burn.Store(true)
		for range runtime.NumCPU() {
			others.Go(func() {
				for burn.Load() { //nolint:revive // it is to use a processor up
				}
			})
		}
	}}
	_, found := driven(t, client, plan, 8)
	for _, g := range inner.(loadgen.Growing).Growth() {
		t.Log(g.Sentence)
		if g.Verdict != "" && g.Verdict != "flat" {
			t.Errorf("%s is %s", g.Operation, g.Verdict)
		}
	}
	for _, x := range found {
		if x.Word != reports.Info {
			t.Errorf("%s %s: %s", x.Word, x.Kind, x.Message)
		}
	}
}

// spoiled calls start when half of a plan is left.
type spoiled struct {
	loadgen.Plan
	half  int
	start func()
}

func (p *spoiled) Answer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	if p.start != nil && p.Left() <= p.half {
		p.start()
		p.start = nil
	}
	return p.Plan.Answer(op, out)
}
