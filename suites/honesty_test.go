package suites

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites/catalogue"
)

// TestCatalogue proves that the embedded file can be used and that its overrides are words that mean something.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, st := range catalogue.All() {
		if seen[st.ID] {
			t.Errorf("%s stands twice in the catalogue", st.ID)
		}
		seen[st.ID] = true
		if !slices.Contains([]string{"", "fail", "warn", "info"}, st.Judge) {
			t.Errorf("%s: judge %q is no weight", st.ID, st.Judge)
		}
		if st.Judge != "" && st.Level != "IMPLIED" {
			t.Errorf("%s: judge is for IMPLIED statements, not for %s", st.ID, st.Level)
		}
		if st.Text == "" || st.Section == "" || st.Weight() == "" {
			t.Errorf("%s is incomplete", st.ID)
		}
	}
	if len(seen) < 600 {
		t.Errorf("only %d statements", len(seen))
	}
}

// TestEveryCheckExplainsItself proves that a reader who meets a finding is told why it matters and what to do.
func TestEveryCheckExplainsItself(t *testing.T) {
	for _, c := range List() {
		if len(c.Explain.Why) < 20 || len(c.Explain.Fix) < 20 {
			t.Errorf("%s: Why %q, Fix %q", c.ID, c.Explain.Why, c.Explain.Fix)
		}
		if strings.ToLower(c.ID) != c.ID && !strings.Contains(c.ID, "Results") {
			t.Errorf("%s: ids are lower-case slugs", c.ID)
		}
	}
}

// TestDeterminism proves that the same seed against the same target gives the same requests, ids and words.
func TestDeterminism(t *testing.T) {
	lines := func() (out []string) {
		run := judgeTarget(t, target.Config{})
		for _, x := range run.Exchanges {
			out = append(out, x.Method+" "+x.URL+" "+x.RequestBody)
		}
		for _, r := range run.Results {
			out = append(out, string(r.Word)+" "+r.ID)
		}
		return out
	}
	a, b := lines(), lines()
	for i := range min(len(a), len(b)) {
		if !sameButForCursors(a[i], b[i]) {
			t.Fatalf("line %d differs:\n%s\n%s", i, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d lines, then %d", len(a), len(b))
	}
}

// sameButForCursors compares request lines; cursors and instants are the target's and differ from run to run.
func sameButForCursors(a, b string) bool {
	for _, volatile := range []string{"cursor", "meta.", "lastModified", "created"} {
		if strings.Contains(a, volatile) && strings.Contains(b, volatile) {
			return true
		}
	}
	return a == b
}

// TestSecretsStayInside plants a token and a password and looks for them in every byte that a run writes.
func TestSecretsStayInside(t *testing.T) {
	run := judgeTarget(t, target.Config{})
	for _, format := range reports.Formats() {
		var buf bytes.Buffer
		if err := reports.Write(format, &buf, run, run.Verdict(reports.Policy{})); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(buf.String(), testToken) {
			t.Errorf("the token stands in the %s report", format)
		}
	}
}

// TestNothingIsLeft proves that the target holds after a run just what it held before.
func TestNothingIsLeft(t *testing.T) {
	srv, err := target.New(target.Config{Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := srv.Seed("User", map[string]any{"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": "foreign@example.com", "active": true})
	if err != nil {
		t.Fatal(err)
	}
	before := srv.Snapshot()
	run := judgeHandler(t, srv)
	after := srv.Snapshot()
	if len(after) != len(before) || after[foreign] == nil {
		t.Errorf("held %d resources before and %d after: %v", len(before), len(after), run.Cleanup)
	}
	if len(run.Cleanup.Left) > 0 || run.Cleanup.Created == 0 || run.Cleanup.Created != run.Cleanup.Deleted {
		t.Errorf("clean-up: %+v", run.Cleanup)
	}
	if got, want := after[foreign]["meta"], before[foreign]["meta"]; !equalValue(got, want) {
		t.Errorf("the foreign record was touched: %v, was %v", got, want)
	}
}

// TestAnswersStayAsReceived proves that no check changes an answer that others judge too.
func TestAnswersStayAsReceived(t *testing.T) {
	for _, x := range judgeTarget(t, target.Config{}).Exchanges {
		fresh := reports.Exchange{}
		fresh.Capture(x.Header(), x.Body(), x.Err())
		want, err1 := fresh.JSON()
		got, err2 := x.JSON()
		if !reflect.DeepEqual(got, want) || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Errorf("%s: the answer was changed\n got  %v, %v\n want %v, %v", x.Line(), got, err2, want, err1)
		}
	}
}

// TestSelection proves that a selection that selects nothing is an error and never a green run.
func TestSelection(t *testing.T) {
	for _, only := range [][]string{{"nosuch.*"}, {"create.status", "nosuch"}, {"["}} {
		if _, err := Run(t.Context(), Config{Only: only, Wire: wire.Config{BaseURL: "http://127.0.0.1:1/scim/v2"}}); err == nil {
			t.Errorf("%v runs", only)
		}
	}
	run := judgeTarget(t, target.Config{}, "create.status")
	if len(run.Results) != 1 || run.Results[0].ID != "create.status" {
		t.Errorf("one check selected, got %d results", len(run.Results))
	}
	if !run.Verdict(reports.Policy{}).Green {
		t.Error("one passed MUST is green")
	}
}

// BenchmarkFullCheck is the time of a whole run against the embedded target, without a network.
func BenchmarkFullCheck(b *testing.B) {
	for b.Loop() {
		srv, err := target.New(target.Config{})
		if err != nil {
			b.Fatal(err)
		}
		run, err := Run(b.Context(), Config{Seed: 1, Wire: wire.Config{BaseURL: "http://127.0.0.1/scim/v2", Transport: inProcess{srv}}})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(run.Requests), "requests/op")
		b.ReportMetric(float64(len(run.Results)), "checks/op")
	}
}
