package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/loadgen/churn"
	"github.com/scimproof/scimproof/loadgen/provisioning"
)

// scenarioFlags say what a load does.
type scenarioFlags struct {
	scenario, match, domain           string
	users, groups, memberships        int
	pageSize, perRequest              int
	again                             int
	joiners, movers, leavers, deleted int
	noGrowth, noManagers              bool
	duplicates, equals, races         string // shares in per cent
}

func (s *scenarioFlags) flags(fs *pflag.FlagSet) {
	fs.StringVar(&s.scenario, "scenario", "initial", "what is done: `NAME` "+strings.Join(scenarios, ", "))
	fs.IntVar(&s.users, "users", 10_000, "`N` users")
	fs.IntVar(&s.groups, "groups", -1, "`N` groups (default: one for 50 users)")
	fs.IntVar(&s.memberships, "memberships", -1, "`N` memberships in all (default: 150 for each group, at most 3 for each user)")
	fs.StringVar(&s.match, "match", "query", "how users are found on the target: `WAY` query (a filter request each) or list (page through all)")
	fs.IntVar(&s.pageSize, "page-size", 100, "with --match list: `N` users per page")
	fs.IntVar(&s.perRequest, "members-per-request", 1, "`N` members are added by one PATCH")
	fs.IntVar(&s.again, "again", 0, "initial: repeat the cycle `N` times without changes; nothing should be written")
	fs.IntVar(&s.joiners, "joiners", -1, "incremental: `N` users join before the second cycle (default 1 %)")
	fs.IntVar(&s.movers, "movers", -1, "incremental: `N` users change (default 1 %)")
	fs.IntVar(&s.leavers, "leavers", -1, "incremental: `N` users leave, and are deactivated (default 1 %)")
	fs.IntVar(&s.deleted, "deleted", 0, "incremental: `N` users are deleted for good")
	fs.StringVar(&s.duplicates, "duplicates", "5%", "churn: `SHARE` of users that are created a second time, which should be refused")
	fs.StringVar(&s.equals, "equals", "5%", "churn: `SHARE` of users that are created twice at once")
	fs.StringVar(&s.races, "races", "5%", "churn: `SHARE` of users that are changed twice at once")
	fs.StringVar(&s.domain, "user-domain", "", "mail `DOMAIN` of the users that are created (default example.com)")
	fs.BoolVar(&s.noGrowth, "no-growth", false, "send no probes that measure latency against directory size")
	fs.BoolVar(&s.noManagers, "no-managers", false, "set no managers")
}

var scenarios = []string{"initial", "churn", "incremental"}

// check fills in the defaults that depend on others.
func (s *scenarioFlags) check() error {
	if !slices.Contains(scenarios, s.scenario) {
		return usage(didYouMean(s.scenario, scenarios, "use "+strings.Join(scenarios, ", ")), "there is no scenario %q", s.scenario)
	}
	if s.users < 1 {
		return usage("10000 is the default", "--users must be at least 1")
	}
	if s.groups < 0 {
		s.groups = s.users / 50
	}
	if s.memberships < 0 {
		s.memberships = min(150*s.groups, 3*s.users)
	}
	for _, n := range []*int{&s.joiners, &s.movers, &s.leavers} {
		if *n < 0 {
			*n = max(1, s.users/100)
		}
	}
	if s.again < 0 || s.deleted < 0 {
		return usage("0 means none", "--again and --deleted cannot be negative")
	}
	for name, text := range map[string]string{"duplicates": s.duplicates, "equals": s.equals, "races": s.races} {
		if _, err := percent(text); err != nil {
			return usage("write it as 5%", "--%s: %w", name, err)
		}
	}
	if err := s.engine(nil).Check(); err != nil {
		return usage("", "%w", err)
	}
	return nil
}

func (s *scenarioFlags) engine(owned func(string) bool) provisioning.Config {
	return provisioning.Config{
		Match: provisioning.Match(s.match), PageSize: s.pageSize, MembersPerRequest: s.perRequest, NoManagers: s.noManagers, Owned: owned,
	}
}

// identity is what decides the requests of a plan, for the report and for merging.
func (s *scenarioFlags) identity() map[string]string {
	id := map[string]string{
		"users": strconv.Itoa(s.users), "groups": strconv.Itoa(s.groups), "memberships": strconv.Itoa(s.memberships), "directory": fixtures.DirectoryVersion,
	}
	if s.scenario == "churn" {
		id["duplicates"], id["equals"], id["races"] = s.duplicates, s.equals, s.races
		return id
	}
	id["match"], id["members-per-request"], id["managers"] = s.match, strconv.Itoa(s.perRequest), strconv.FormatBool(!s.noManagers)
	if s.match == "list" {
		id["page-size"] = strconv.Itoa(s.pageSize)
	}
	if s.scenario == "incremental" {
		for name, n := range map[string]int{"joiners": s.joiners, "movers": s.movers, "leavers": s.leavers, "deleted": s.deleted} {
			id[name] = strconv.Itoa(n)
		}
	}
	if s.again > 0 {
		id["again"] = strconv.Itoa(s.again)
	}
	return id
}

// requirements are values that a target asks for beyond its schemas, by path.
type requirements struct{ user, group map[string]any }

// make learns the target and makes the plan; it only reads.
func (s *scenarioFlags) make(ctx context.Context, client *wire.Client, seed int64, tag string, part loadgen.Shard, required requirements) (loadgen.Plan, error) {
	t := loadgen.Learn(ctx, client, tag)
	if t.NoFilter && (s.scenario != "initial" || s.match != string(provisioning.MatchList)) {
		return nil, usage("--scenario initial --match list pages through the users instead", "the target says that it does not support filters, so nobody can be looked up there")
	}
	d := fixtures.Directory{Seed: seed, Users: s.users, Groups: s.groups, Memberships: s.memberships, Tag: tag, Domain: s.domain, Extra: required.user, GroupExtra: required.group}
	if s.scenario == "churn" {
		cfg := churn.Config{Directory: d, Target: t, Part: part}
		cfg.Duplicates, _ = percent(s.duplicates)
		cfg.Equals, _ = percent(s.equals)
		cfg.Races, _ = percent(s.races)
		plan, err := churn.New(cfg)
		if err != nil {
			return nil, usage("", "%w", err)
		}
		return plan, nil
	}
	existing, existingGroups := total(ctx, client, t.Users), total(ctx, client, t.Groups)
	setup := provisioning.Setup{
		Config: s.engine(client.Ledger().Owns), Target: t, Company: provisioning.NewCompanyFor(d, t, part), Tag: tag, Again: s.again,
		Existing: existing, ExistingGroups: existingGroups,
	}
	if s.scenario == "incremental" {
		share := func(n int) int { return part.Count(n) }
		setup.Turnover = &provisioning.Turnover{Joiners: share(s.joiners), Movers: share(s.movers), Leavers: share(s.leavers), Purged: share(s.deleted)}
	}
	var plan loadgen.Plan
	plan, err := provisioning.NewScenario(setup)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	if s.noGrowth || part.N > 1 {
		return plan, nil
	}
	d.Tag += "p" // names and numbers of their own
	d.From = 2 * (s.users + max(s.joiners, 0))
	return loadgen.Probes{Target: t, Directory: t.Suit(d), Users: s.users, Existing: existing}.Around(plan), nil
}

// total is how many resources an endpoint says that it has, 0 where it does not.
func total(ctx context.Context, client *wire.Client, endpoint string) int {
	x := client.Do(ctx, wire.Request{Path: endpoint, RawQuery: "count=1"})
	if !x.Success() {
		return 0
	}
	var n int
	if _, err := fmt.Sscan(fmt.Sprint(scim.Get(x.Object(), "totalResults")), &n); err != nil {
		return 0
	}
	return n
}
