package suites

import (
	"net/http"
	"testing"
	"time"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
)

// slowCursors waits before each page by cursor, as a long way to the target does.
func slowCursors(t *testing.T, flaws []string, wait time.Duration) http.Handler {
	t.Helper()
	srv, err := target.New(tokens(target.Config{Variants: []string{"cursor-timeout-short"}, Flaws: flaws}))
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("cursor") {
			time.Sleep(wait)
		}
		srv.ServeHTTP(w, r)
	})
}

// TestLateCursors proves that a cursor which expired since the way is slow is not held against the target, and that a
// cursor which expires too early still is.
func TestLateCursors(t *testing.T) {
	only := []string{"cursor.walk", "cursor.pages-*", "cursor.walk-back", "cursor.turn-round"}
	run := judgeHandler(t, slowCursors(t, nil, 400*time.Millisecond), only...)
	unharmed(t, run)
	skipped := 0
	for _, r := range run.Results {
		if r.Word == reports.Skip {
			skipped++
		}
	}
	if skipped == 0 {
		t.Error("no cursor expired on the way: the test shows nothing")
	}
	run = judgeHandler(t, slowCursors(t, []string{"cursor-expires-early"}, 0), "cursor.timeout-kept")
	if rank(run.Results[0].Word) < rank(reports.Warn) {
		t.Errorf("a cursor that expires early: %v", run.Results[0])
	}
}
