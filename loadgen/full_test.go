package loadgen_test

import (
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/loadgen/provisioning"
)

// BenchmarkCycles is three cycles of full size: 10,000 users and 200 groups with 30,000 memberships, then nothing new, then 100
// joiners, movers and leavers each. It fails where a request is more or less than predicted, or the audit finds anything.
func BenchmarkCycles(b *testing.B) {
	for b.Loop() {
		// With 204 the cost of a member is that of adding it, not of sending the whole group back.
		srv, client := serve(b, target.Config{Variants: []string{"patch-204"}})
		to := loadgen.Learn(b.Context(), client, tag)
		d := fixtures.Directory{Seed: 1, Users: 10_000, Groups: 200, Memberships: 30_000, Tag: tag}
		p, err := provisioning.NewScenario(provisioning.Setup{
			Target: to, Company: provisioning.NewCompanyFor(d, to, loadgen.Shard{}), Tag: tag, Again: 1,
			Turnover: &provisioning.Turnover{Joiners: 100, Movers: 100, Leavers: 100},
		})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		load, found := driven(b, client, p, 32)
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		sent := map[string]int{}
		for _, o := range load.Operations {
			sent[o.Name] = int(o.Sent)
		}
		if want := p.Predict(loadgen.Shard{}); !maps.Equal(sent, want) {
			b.Errorf("sent      %v\npredicted %v", sent, want)
		}
		b.Logf("%v: %v; writes by cycle %v; %.0f requests/s", time.Since(began).Round(time.Millisecond), sent, p.Writes(), load.Every)
		for _, f := range found {
			if !strings.HasPrefix(f.Kind, "slow") {
				b.Errorf("%s %s: %s (%d): want %s, got %s", f.Word, f.Kind, f.Message, f.Count, f.Expected, f.Got)
			}
		}
		if w := p.Writes(); w[1] != 0 || srv.Len("User") != 10_100 || srv.Len("Group") != 200 {
			b.Errorf("writes by cycle %v; %d users, %d groups", w, srv.Len("User"), srv.Len("Group"))
		}
	}
}
