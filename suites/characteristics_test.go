package suites

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
)

var characteristicsFlag = flag.Int("characteristics", 24, "how many of the redefined attributes to try, 0 for all")

// TestCharacteristics proves that a server is judged by its own schema: any single redefinition is legal.
func TestCharacteristics(t *testing.T) {
	mine := shards(t)
	all := target.Redefinitions()
	rand.New(rand.NewPCG(7643, 2)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	if n := *characteristicsFlag; n > 0 && !selected(t) {
		all = all[:min(n, len(all))]
	}
	for i, r := range all {
		if !mine(i) {
			continue
		}
		t.Run(r.Path+" "+r.How, func(t *testing.T) {
			unharmed(t, judgeTarget(t, target.Config{Variants: r.Variants, Redefine: map[string]func(*scim.Attribute){r.Path: r.Change}}, onlyGlobs()...))
		})
	}
}
