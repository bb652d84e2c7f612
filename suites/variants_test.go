package suites

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
)

// incompatible are pairs of variants that no server can have at once, or of which one hides what a client has to know for
// the other: the latter get a full verdict only with what the configuration says of the server.
var incompatible = map[[2]string]string{
	{"schemas-not-served", "members-on-request"}:                   "only /Schemas tells that members have to be asked for",
	{"schemas-not-served-and-small", "members-on-request"}:         "only /Schemas tells that members have to be asked for",
	{"schemas-not-served", "membership-on-request"}:                "only /Schemas tells that members have to be asked for",
	{"schemas-not-served-and-small", "membership-on-request"}:      "only /Schemas tells that members have to be asked for",
	{"schemas-not-served", "parts-on-request"}:                     "only /Schemas tells when a part is returned",
	{"schemas-not-served", "parts-always"}:                         "only /Schemas tells when a part is returned",
	{"schemas-not-served", "parts-always-alone"}:                   "only /Schemas tells when a part is returned",
	{"schemas-not-served", "department-on-request"}:                "only /Schemas tells when a part is returned",
	{"schemas-not-served-and-small", "parts-on-request"}:           "only /Schemas tells when a part is returned",
	{"schemas-not-served-and-small", "parts-always"}:               "only /Schemas tells when a part is returned",
	{"schemas-not-served-and-small", "parts-always-alone"}:         "only /Schemas tells when a part is returned",
	{"schemas-not-served-and-small", "department-on-request"}:      "only /Schemas tells when a part is returned",
	{"schemas-not-served", "user-type-immutable"}:                  "only /Schemas tells that an attribute is immutable",
	{"schemas-not-served", "user-required-more"}:                   "only /Schemas tells which attributes are required; else user.required has to",
	{"schemas-not-served-and-small", "user-required-more"}:         "only /Schemas tells which attributes are required; else user.required has to",
	{"schemas-not-served-and-small", "unknown-attributes-refused"}: "only /Schemas tells which attributes are unknown",
	{"ids-numeric", "ids-urn"}:                                     "an id has one form",
	{"me-alias", "me-redirect"}:                                    "/Me answers in one way",
	{"timestamps-in-seconds", "timestamps-zoned"}:                  "a timestamp has one form",
}

// combinations is how many there are; fewer are tried by default, since each takes seconds.
const combinations = 200

var combinationsFlag = flag.Int("combinations", 40, "how many of the 200 combinations of legal choices to try")

// leastJudged is how many checks have to pass whatever a server chooses: a verdict that skips all is none.
const leastJudged = 150

// TestVariants proves that no legal choice is held against a server, and that none keeps it from being judged.
func TestVariants(t *testing.T) {
	mine := shards(t)
	for i, v := range target.Variants() {
		if !mine(i) {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			run := judgeTarget(t, target.Config{Variants: []string{v.Name}}, onlyGlobs()...)
			unharmed(t, run)
			if asks := len(run.Asks) > 0; asks != (v.Asks != nil) {
				t.Errorf("asks for %q", run.Asks)
			}
			if v.Asks != nil {
				run = judgeTold(t, target.Config{Variants: []string{v.Name}}, v.Asks, onlyGlobs()...)
				unharmed(t, run)
				if len(run.Asks) > 0 {
					t.Errorf("asks for %q although it was told", run.Asks)
				}
			}
			if n := run.Verdict(reports.Policy{}).Count[reports.Pass]; n < leastJudged && onlyGlobs() == nil {
				t.Errorf("only %d checks passed", n)
			}
		})
	}
	if n := len(target.Variants()); n < 65 {
		t.Errorf("only %d variants", n)
	}
}

// TestVariantCombinations proves it for servers that make several such choices.
func TestVariantCombinations(t *testing.T) {
	mine := shards(t)
	for i, names := range combine(combinations)[:min(*combinationsFlag, combinations)] {
		if mine(i) {
			t.Run(strings.Join(names, "+"), func(t *testing.T) { judgeVariants(t, names...) })
		}
	}
}

func judgeVariants(t *testing.T, names ...string) {
	t.Helper()
	unharmed(t, judgeTarget(t, target.Config{Variants: names}, onlyGlobs()...))
}

// unharmed wants that nothing failed and that everything could be judged.
func unharmed(t *testing.T, run *reports.Run) {
	t.Helper()
	for _, r := range run.Results {
		if r.Word == reports.Fail || r.Word == reports.Error {
			t.Errorf("%s %s: %s%s\n%s", r.Word, r.ID, r.Message, r.Reason, describe(r))
		}
	}
}

// combine draws n sets of two to six compatible variants, the same in every run; each variant has its turn.
func combine(n int) [][]string {
	r := rand.New(rand.NewPCG(7643, 7644))
	all := slices.DeleteFunc(slices.Clone(target.Variants()), func(v target.Variant) bool { return v.Alone })
	var out [][]string
	for len(out) < n {
		names := []string{all[len(out)%len(all)].Name}
		size := 2 + r.IntN(5)
		for _, i := range r.Perm(len(all)) {
			if len(names) < size && !slices.Contains(names, all[i].Name) && !slices.ContainsFunc(names, func(have string) bool { return clash(have, all[i].Name) }) {
				names = append(names, all[i].Name)
			}
		}
		slices.Sort(names)
		if !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, names) }) {
			out = append(out, names)
		}
	}
	return out
}

func clash(a, b string) bool {
	return incompatible[[2]string{a, b}] != "" || incompatible[[2]string{b, a}] != ""
}

// TestCombinations holds that the combinations are what they claim to be, and that each variant takes part.
func TestCombinations(t *testing.T) {
	named := map[string]bool{}
	for _, v := range target.Variants() {
		named[v.Name] = true
	}
	for pair, why := range incompatible {
		if !named[pair[0]] || !named[pair[1]] || why == "" {
			t.Errorf("%v: %q", pair, why)
		}
	}
	for _, v := range target.Variants() {
		if v.Alone {
			delete(named, v.Name)
		}
	}
	used := map[string]bool{}
	sets := combine(combinations)
	for _, names := range sets {
		if len(names) < 2 || len(names) > 6 {
			t.Errorf("%v", names)
		}
		for _, n := range names {
			used[n] = true
		}
	}
	if len(sets) != combinations || len(used) != len(named) {
		t.Errorf("%d combinations of %d variants out of %d", len(sets), len(used), len(named))
	}
}
