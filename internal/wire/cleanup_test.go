package wire

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCleanupDeletesGroupsFirstNewestFirst(t *testing.T) {
	f, s := newFake(t)
	c := newTestClient(t, Config{BaseURL: s.URL, MaxWrites: 3})
	for _, p := range []string{"/Users", "/Groups", "/Users"} {
		if x := c.Do(t.Context(), Request{Method: "POST", Path: p, Creates: p, Body: user("u-" + testRun)}); x.Status != 201 {
			t.Fatal(x.Line())
		}
	}
	got := Cleanup(t.Context(), c, c.Ledger(), 1)
	if got.Created != 3 || got.Deleted != 3 || len(got.Left) != 0 {
		t.Errorf("%+v", got)
	}
	if order := strings.Join(f.deleted, " "); order != "/Groups/id-2 /Users/id-3 /Users/id-1" {
		t.Errorf("order %s", order)
	}
	before := c.Stats().Requests
	if again := Cleanup(t.Context(), c, c.Ledger(), 1); again.Deleted != 3 || len(again.Left) != 0 || c.Stats().Requests != before {
		t.Errorf("second clean-up: %+v", again)
	}
}

// TestCleanupAfterKill plays a process that died after its POST: the answer never reached the ledger.
func TestCleanupAfterKill(t *testing.T) {
	for name, flaw := range map[string]func(*fakeSCIM){
		"filter works":   func(*fakeSCIM) {},
		"filter ignored": func(f *fakeSCIM) { f.ignoreFilter = true },
		"filter refused": func(f *fakeSCIM) { f.refuseFilter = true },
	} {
		t.Run(name, func(t *testing.T) {
			f, s := newFake(t)
			flaw(f)
			old := time.Now().Add(-48 * time.Hour)
			for i := range 5 {
				f.put("/Users", dated(map[string]any{"userName": fmt.Sprintf("real%d", i)}, old))
			}
			bystander := f.put("/Users", map[string]any{"userName": "u1-" + testRun + "-not"})
			file := filepath.Join(t.TempDir(), "l")
			l, err := OpenLedger(file, testRun, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			f.dropCreateAns.Store(true)
			c := newTestClient(t, Config{BaseURL: s.URL, Ledger: l})
			if x := c.Do(t.Context(), Request{Method: "POST", Path: "/Users", Creates: "/Users", Body: user("U1-" + testRun)}); x.Err() == nil {
				t.Fatal("the answer was to be lost")
			}
			// An intent whose POST was never sent: nothing may be found for it.
			if _, err := l.intend([]intent{{endpoint: "/Users", keys: map[string]string{"userName": "never-" + testRun}}}); err != nil {
				t.Fatal(err)
			}
			// A creation that was refused with a 5xx under the name of somebody real.
			if _, err := l.intend([]intent{{endpoint: "/Users", keys: map[string]string{"userName": "real3"}}}); err != nil {
				t.Fatal(err)
			}
			_ = l.Close()

			r, err := ReadLedger(file)
			if err != nil {
				t.Fatal(err)
			}
			c2 := newTestClient(t, Config{BaseURL: s.URL, Ledger: r})
			got := Cleanup(t.Context(), c2, r, 1)
			if got.Created != 1 || got.Deleted != 1 || len(got.Left) != 1 || got.Left[0].Key != "real3" {
				t.Errorf("%+v", got)
			}
			if strings.Join(f.deleted, " ") != "/Users/id-7" || !f.has("/Users/"+bystander) || !f.has("/Users/id-4") {
				t.Errorf("deleted %v", f.deleted)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if again, err := ReadLedger(file); err != nil || again.Created() != 1 || len(again.Live()) != 1 {
				t.Errorf("the ledger after clean-up: %v %+v", err, again.Live())
			}
		})
	}
}

func TestCleanupFindsBulkCreations(t *testing.T) {
	f, s := newFake(t)
	c := newTestClient(t, Config{BaseURL: s.URL})
	body := `{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"b1-` + testRun + `"}},` +
		`{"method":"POST","path":"/Groups","bulkId":"b","data":{"displayName":"g1-` + testRun + `"}}]}`
	// The server knows no Bulk and answers nonsense, but suppose that it worked.
	c.Do(t.Context(), Request{Method: "POST", Path: "/Bulk", Body: []byte(body)})
	f.put("/Users", map[string]any{"userName": "B1-" + testRun})
	f.put("/Groups", map[string]any{"displayName": "g1-" + testRun})
	f.put("/Groups", map[string]any{"displayName": "G1-" + testRun})
	got := Cleanup(t.Context(), c, c.Ledger(), 1)
	if got.Created != 2 || got.Deleted != 2 || len(got.Left) != 0 || !f.has("/Groups/id-4") {
		t.Errorf("%+v, deleted %v", got, f.deleted)
	}
}

func TestBulkOutcome(t *testing.T) {
	answer := `{"Operations":[{"method":"DELETE","status":"204"},{"method":"POST","bulkId":"b","status":"409"},
		{"method":"POST","bulkId":"a","location":"http://h/Users/n1","status":201},{"method":"POST","bulkId":"c","status":{"code":"500"}}]}`
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
	c := newTestClient(t, Config{BaseURL: s})
	c.Ledger().Own("/Users", "owned", "")
	c.Do(t.Context(), Request{Method: "POST", Path: "/Bulk", Body: []byte(`{"Operations":[{"method":"DELETE","path":"/Users/owned"},
		{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"x"}},{"method":"POST","path":"/Users","bulkId":"b"},{"method":"POST","path":"/Users","bulkId":"c"}]}`)})
	live := c.Ledger().Live()
	if len(live) != 2 || live[0].ID != "" || live[1].ID != "n1" || live[1].Keys["userName"] != "x" {
		t.Errorf("%+v", live)
	}
}

func TestCleanupLeftovers(t *testing.T) {
	for name, tc := range map[string]struct {
		flaw func(*fakeSCIM)
		why  string
	}{
		"soft delete": {func(f *fakeSCIM) { f.softDelete = true }, "soft-deleted?"},
		"no delete":   {func(f *fakeSCIM) { f.failDelete = 501 }, "501"},
		"broken":      {func(f *fakeSCIM) { f.failDelete = 500 }, "500"},
		"if-match":    {func(f *fakeSCIM) { f.needIfMatch = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, s := newFake(t)
			tc.flaw(f)
			c := newTestClient(t, Config{BaseURL: s.URL})
			c.Do(t.Context(), Request{Method: "POST", Path: "/Users", Creates: "/Users", Body: user("u-" + testRun)})
			got := Cleanup(t.Context(), c, c.Ledger(), 1)
			if tc.why == "" {
				if len(got.Left) != 0 || got.Deleted != 1 {
					t.Errorf("%+v", got)
				}
				return
			}
			want := Leftover{Endpoint: "/Users", ID: "id-1", Key: "u-" + testRun}
			if len(got.Left) != 1 || !strings.Contains(got.Left[0].Why, tc.why) || got.Deleted != 0 {
				t.Fatalf("%+v", got)
			}
			got.Left[0].Why = ""
			if got.Left[0] != want {
				t.Errorf("%+v", got.Left[0])
			}
		})
	}
}

func TestCleanupKeepsAwayFromAnotherTarget(t *testing.T) {
	f, s := newFake(t)
	id := f.put("/Users", map[string]any{"userName": "real"})
	l := NewLedger(testRun, "http://127.0.0.1:9")
	l.Own("/Users", id, "")
	c := newTestClient(t, Config{BaseURL: s.URL})
	if got := Cleanup(t.Context(), c, l, 1); len(got.Left) != 1 || c.Stats().Requests != 0 {
		t.Errorf("%+v", got)
	}
}

func TestNamelessCreationIsReportedNotDeleted(t *testing.T) {
	f, s := newFake(t)
	c := newTestClient(t, Config{BaseURL: s.URL})
	if _, err := c.Ledger().intend([]intent{{endpoint: "/Users"}}); err != nil {
		t.Fatal(err)
	}
	id := f.put("/Users", map[string]any{"userName": "maybe-" + testRun})
	got := Cleanup(t.Context(), c, c.Ledger(), 1)
	if len(got.Left) != 1 || got.Left[0].ID != id || !f.has("/Users/"+id) {
		t.Errorf("%+v", got)
	}
}

func TestUnwritableLedgerSendsNothing(t *testing.T) {
	f, s := newFake(t)
	file := filepath.Join(t.TempDir(), "l")
	l, err := OpenLedger(file, testRun, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClient(t, Config{BaseURL: s.URL, Ledger: l})
	_ = l.file.Close()
	if x := c.Do(t.Context(), Request{Method: "POST", Path: "/Users", Body: user("u")}); x.Err() == nil || len(f.store) != 0 {
		t.Errorf("%v, %d made", x.Err(), len(f.store))
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
}
