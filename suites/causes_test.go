package suites

import (
	"slices"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
)

// TestCausesWithoutTheFlaw groups what a widespread flaw brings about as if the flaw were not known: what it does to many
// checks must still be told in few lines, since real servers have defects that nobody has listed.
func TestCausesWithoutTheFlaw(t *testing.T) {
	checks, causes := 0, 0
	for _, name := range []string{"counts-as-strings", "no-match-404", "single-result-object", "deprovision-inactive-not-found", "patch-answers-202"} {
		run := judgeTarget(t, target.Config{Flaws: []string{name}})
		others := slices.DeleteFunc(slices.Clone(target.Flaws()), func(f target.Flaw) bool { return f.Name == name })
		var known []reports.Defect
		for _, f := range others {
			known = append(known, reports.Defect{Title: f.Title, Kills: f.Kills})
		}
		got := reports.Causes(run, known)
		n := 0
		for _, c := range got {
			n += len(c.Checks)
		}
		t.Logf("%s: %d causes for %d checks", name, len(got), n)
		checks, causes = checks+n, causes+len(got)
	}
	if causes*2 > checks {
		t.Errorf("%d causes for %d checks", causes, checks)
	}
}
