package reports

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"
)

// sampleLoad is a load with at least one of everything.
func sampleLoad() *Run {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	q := LoadQuantiles{Count: 9990, Mean: 4e6, P50: 3_200_000, P90: 8e6, P95: 12e6, P99: 210e6, P999: 1_200e6, Max: 2_500e6}
	l := &Load{
		Scenario: "initial", Plan: map[string]string{"users": "10000"}, Model: "open", Asked: "25 flows/s", Rate: 25, Flows: 24.9, Every: 50, Wall: int64(400 * time.Second), Workers: 64,
		Saturated: int64(time.Second), WarmedUp: 100, Left: 0.01, Audit: "10,000 users and 200 groups were read back",
		Operations: []LoadOperation{
			{Name: "lookup", Sent: 10_000, Predicted: 10_000, BytesIn: 1_000_000, Response: q, Service: q, Lag: q, Classes: []LoadClass{{Class: "ok", Count: 10_000, Status: map[string]int{"200": 10_000}, Response: q, Histogram: "gBAB", ServiceHistogram: "gBAB"}}},
			{Name: "create", Sent: 10_010, Predicted: 10_000, Retries: 10, BytesOut: 9_000_000, Response: q, Service: q, Lag: q, Classes: []LoadClass{{Class: "ok", Count: 9990}, {Class: "throttled", Count: 10}, {Class: "5xx", Count: 10}}},
		},
		Conflicts:  []LoadConflict{{"create", "uniqueness", true, 100}, {"create", "duplicate-accepted", false, 1}},
		Throttling: LoadThrottling{Policy: "per-request", Count: 10, Share: 0.0005, Goodput: 49.9, Waited: 1e10},
		Generator:  LoadGenerator{CPU: 2e9, Busy: 0.02, Processors: 2, Memory: 20e6, Timer: "timerfd", Lag: q, Warning: "late"},
		Thresholds: []LoadThreshold{{"create:p95<300ms", "12 ms", true, true}, {"errors<0.01%", "0.05 % (10 of 20010)", false, true}, {"growth.lookup<=log", "not measured", false, false}},
		Findings: []LoadFinding{
			{Kind: LoadDuplicate, Word: Fail, Message: "2 users have one userName", Count: 2, Of: 10_000, Expected: "one", Got: "two", Exchanges: []string{"x1"}},
			{Kind: LoadServerErrors, Word: Warn, Message: "10 answers were 5xx", Count: 10},
		},
		Growth: []Growth{{
			Operation: "lookup", Verdict: "linear", Sentence: "lookup grows about linearly: +31 us per 1,000 users", PerThousand: Interval{31, 28, 34}, Factor: Interval{4.9, 4.1, 5.6},
			From: 500, To: 10_000, Probes: 400, Points: []GrowthPoint{{500, 80}, {10_000, 390}},
		}},
		Limit:    &LoadLimit{Sustained: 40, Broken: 60, Why: "create:p95<300ms is broken", Steps: []LoadStep{{40, 40, 1e7, 0, true, ""}, {60, 58, 4e8, 0.1, false, "create:p95<300ms is broken"}}},
		Coverage: &LoadCoverage{Operation: "create", Got: 8745, Of: 10_000, Share: 0.8745, Missing: []int{3}},
		Series:   []LoadWindow{{At: 0, Width: 1, Operation: "create", Classes: map[string]int64{"ok": 20, "5xx": 1}, P50: 1e6, P95: 2e6, P99: 3e6, Max: 4e6}},
	}
	return &Run{
		Tool: Tool{Name: "scimproof", Version: "1"}, Target: Target{URL: "http://127.0.0.1/scim/v2"}, RunID: "r", Seed: 7, Started: start, Finished: start.Add(410 * time.Second),
		Results: LoadResults(l), Load: l, Exchanges: []*Exchange{{ID: "x1", Method: "POST", URL: "http://127.0.0.1/scim/v2/Users", Status: 201}}, Requests: 20_010, Writes: 10_010,
		Cleanup: Cleanup{Created: 9990, Deleted: 9990},
	}
}

func fine() *Run {
	r := sampleLoad()
	l := r.Load
	l.Thresholds, l.Findings, l.Coverage, l.Left = l.Thresholds[:1], nil, nil, 0
	r.Results = LoadResults(l)
	return r
}

func TestLoadVerdict(t *testing.T) {
	if v := fine().Verdict(Policy{}); v.Exit != ExitOK || !v.Green || v.Word != Holds || v.Count[Pass] != 2 {
		t.Errorf("a load without a fault: %+v", v)
	}
	for _, c := range []struct {
		name   string
		change func(*Run)
		policy Policy
		exit   int
		word   string
		reason string
	}{
		{"a broken threshold", func(r *Run) { r.Load.Thresholds = []LoadThreshold{{"errors<1%", "2 %", false, true}} }, Policy{}, ExitNegative, HoldsNot, "1 check failed"},
		{"a threshold that nothing was measured for", func(r *Run) {
			r.Load.Thresholds = []LoadThreshold{{"patch:p95<1s", "no patch was answered", false, false}}
		}, Policy{}, ExitIncomplete, Incomplete, "could not be judged"},
		{"a lost write", func(r *Run) { r.Load.Findings = []LoadFinding{{Kind: LoadLostWrite, Word: Fail, Message: "x"}} }, Policy{}, ExitNegative, HoldsNot, "1 check failed"},
		{"a warning", func(r *Run) { r.Load.Findings = []LoadFinding{{Kind: LoadSlowTail, Word: Warn, Message: "x"}} }, Policy{}, ExitOK, HoldsNotes, ""},
		{"a warning, strictly", func(r *Run) { r.Load.Findings = []LoadFinding{{Kind: LoadSlowTail, Word: Warn, Message: "x"}} }, Policy{FailOn: FailOnShould}, ExitNegative, HoldsNotes, "warned"},
		{"a generator that lagged", func(r *Run) { r.Load.Generator.Invalid = "it was late" }, Policy{}, ExitIncomplete, Incomplete, "the measurement is invalid: it was late"},
		{"results of a part", func(r *Run) { r.Load.Coverage = &LoadCoverage{"create", 8745, 10_000, 0.8745, nil} }, Policy{}, ExitIncomplete, Incomplete, "results cover 8,745 of 10,000 create requests"},
		{"enough of it", func(r *Run) { r.Load.Coverage = &LoadCoverage{"create", 9_950, 10_000, 0.995, nil} }, Policy{}, ExitOK, Holds, ""},
		{"nothing measured", func(r *Run) { r.Load.Operations, r.Load.Thresholds = nil, nil }, Policy{}, ExitIncomplete, Incomplete, "nothing was measured"},
		{"interrupted", func(r *Run) { r.Cut = &Cut{Kind: CutInterrupted, Why: "^C"} }, Policy{}, ExitIncomplete, Incomplete, "interrupted"},
		{"something left", func(r *Run) { r.Cleanup.Left = []Leftover{{"/Users", "1", "u", "503"}} }, Policy{}, ExitLeftovers, Holds, "left behind"},
	} {
		r := fine()
		c.change(r)
		r.Results = LoadResults(r.Load)
		v := r.Verdict(c.policy)
		if v.Exit != c.exit || v.Word != c.word || !strings.Contains(strings.Join(v.Reasons, "\n"), c.reason) {
			t.Errorf("%s: exit %d, %s, %v; want %d, %s, %q", c.name, v.Exit, v.Word, v.Reasons, c.exit, c.word, c.reason)
		}
	}
}

func TestLoadConsoleGolden(t *testing.T) {
	var b bytes.Buffer
	r := sampleLoad()
	if err := WriteConsole(&b, r, r.Verdict(Policy{}), Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden(t, "load.txt", b.Bytes())
	first, _, _ := strings.Cut(b.String(), "\n")
	if !strings.Contains(first, "create:p95<300ms") {
		t.Errorf("thresholds come first, not %q", first)
	}
}

func TestLoadCSV(t *testing.T) {
	var b bytes.Buffer
	r := sampleLoad()
	if err := WriteCSV(&b, r, r.Verdict(Policy{})); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 2 || strings.Join(rows[1], ",") != "0,1,create,21,20,0,0,0,0,1,0,1.000,2.000,3.000,4.000" {
		t.Errorf("%v %q", err, rows)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
