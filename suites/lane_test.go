package suites

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// unsteady answers after a random while, so that concurrent requests overtake each other.
type unsteady struct {
	next http.Handler
	mu   sync.Mutex
	rand *rand.Rand
}

func (u *unsteady) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	wait := time.Duration(u.rand.IntN(600)) * time.Microsecond
	u.mu.Unlock()
	time.Sleep(wait)
	u.next.ServeHTTP(w, r)
}

// TestLanes proves that lanes which run at once give the results, and send the requests, of lanes that run one by one.
func TestLanes(t *testing.T) {
	for _, cfg := range []target.Config{
		{},
		{Variants: []string{"bulk-limits-small", "timestamps-in-seconds"}},
		{Flaws: []string{"create-no-body", "patch-not-found-204", "count-one-more"}},
	} {
		judge := func(width int) *reports.Run {
			srv, err := target.New(tokens(cfg))
			if err != nil {
				t.Fatal(err)
			}
			run, err := Run(t.Context(), Config{
				Seed: 1, Parallel: width, Others: testOthers,
				Wire: wire.Config{
					BaseURL:   "http://127.0.0.1/scim/v2",
					Auth:      wire.Auth{Kind: "bearer", Token: testToken},
					Transport: inProcess{&unsteady{next: srv, rand: rand.New(rand.NewPCG(uint64(width), 7))}},
				},
			})
			if err != nil || run.Crash != "" {
				t.Fatal(err, run.Crash)
			}
			return run
		}
		one, many := judge(1), judge(8)
		sameResults(t, cfg, one, many)
		if many.Cleanup.Created != many.Cleanup.Deleted || len(many.Cleanup.Left) > 0 {
			t.Errorf("clean-up: %+v", many.Cleanup)
		}
	}
}

// assigned matches the ids that the embedded target assigns, whose order depends on that of the creations, and the pages of
// unfiltered lists, which depend on how many users there are.
var assigned = regexp.MustCompile(`(?i)\?(startIndex|count)=.*|[0-9a-f]{8}(-|%2D)[0-9a-f]{4}(-|%2D)[0-9a-f]{4}(-|%2D)[0-9a-f]{4}(-|%2D)[0-9a-f]{12}`)

func sameResults(t *testing.T, cfg target.Config, one, many *reports.Run) {
	t.Helper()
	if len(one.Results) != len(many.Results) {
		t.Errorf("%v: %d results one by one, %d at once", cfg, len(one.Results), len(many.Results))
	}
	for i := range min(len(one.Results), len(many.Results)) {
		a, b := one.Results[i], many.Results[i]
		if a.ID != b.ID || a.Word != b.Word || len(a.Exchanges) != len(b.Exchanges) {
			t.Errorf("%v: %s %s (%v) one by one, %s %s (%v) at once: %s", cfg, a.Word, a.ID, a.Exchanges, b.Word, b.ID, b.Exchanges, describe(b))
		}
	}
	differ := 0
	for i := range min(len(one.Exchanges), len(many.Exchanges)) {
		a, b := one.Exchanges[i], many.Exchanges[i]
		if strings.HasPrefix(a.ID, "cleanup-") {
			break // deletions at once end in any order
		}
		if a.ID != b.ID || !sameButForCursors(assigned.ReplaceAllString(a.Method+" "+a.URL, "ID"), assigned.ReplaceAllString(b.Method+" "+b.URL, "ID")) {
			if differ++; differ < 4 {
				t.Errorf("%v: exchange %d is %s %s %s one by one, %s %s %s at once", cfg, i, a.ID, a.Method, a.URL, b.ID, b.Method, b.URL)
			}
		}
	}
}
