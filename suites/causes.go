package suites

import (
	"sync"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
)

// defects lists what is known to go wrong in servers, with the checks that notice it: the flaws by which the checks are
// proven, whose effects a test holds exact.
var defects = sync.OnceValue(func() []reports.Defect {
	var out []reports.Defect
	for _, f := range target.Flaws() {
		out = append(out, reports.Defect{Title: f.Title, Kills: f.Kills, Also: f.Also})
	}
	return out
})
