package provisioning

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/loadgen"
)

// TestMemoryPerUser: what a cycle keeps of a user is its id, what was exported, and its manager, whatever the size of the directory.
func TestMemoryPerUser(t *testing.T) {
	const users = 100_000
	to := &loadgen.Target{Users: "/Users", Groups: "/Groups"}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	p, err := NewScenario(Setup{Target: to, Company: NewCompany(fixtures.Directory{Seed: 1, Users: users, Tag: tag}, loadgen.Shard{}), Tag: tag})
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	for {
		op, ok := p.Next()
		if !ok {
			break
		}
		for more := true; more; {
			out := loadgen.Outcome{Status: 200, Total: -1}
			switch {
			case op.Name == loadgen.Lookup:
				out.Total, out.Digest = 0, found{}
			case op.Method == http.MethodPost:
				ids++
				out.ID = fmt.Sprintf("%08x-0000-4000-8000-%012x", ids, ids)
			}
			next := p.Answer(op, &out)
			if more = len(next) > 0; more {
				op = next[0]
			}
		}
	}
	if ids != users || p.Left() != 0 {
		t.Fatalf("%d created, %d left", ids, p.Left())
	}
	each := float64(heap()-before) / users
	t.Logf("%.0f bytes a user", each)
	if each > 64 {
		t.Errorf("%.0f bytes a user", each)
	}
	runtime.KeepAlive(p)
}
