package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// sampleRuns are a run, the same target later with another outcome, another target of a smaller check set, and two loads.
func sampleRuns() []*Run {
	later, other, load, fast := sample(), sample(), sampleLoad(), fine()
	later.RunID, later.Started = "r2", later.Started.AddDate(0, 1, 0)
	for i := range later.Results {
		res := &later.Results[i]
		switch res.ID {
		case "create.status":
			res.Word, res.Message, res.Findings = Fail, "200 instead of 201", []Finding{{Word: Fail, Message: "200 instead of 201"}}
		case "patch.replace-value-filter":
			res.Word, res.Message, res.Findings = Pass, "", nil
		}
	}
	later.Results = append(later.Results, Result{ID: "sort.new", Title: "a check of a newer version", Area: "sort", Level: Must, Word: Pass})
	later.CheckSet = &CheckSet{Checks: 10, Digest: "ba9876543210"}
	later.Tool.Version = "1.1.0"
	later.Behaviours = []Behaviour{{ID: "A05", Question: "PATCH answers", Choice: "204"}}
	yes := true
	later.Features[1].Observed = &yes
	other.Target, other.RunID = Target{URL: "https://other.example.com/v2"}, "r3"
	other.Results, other.Features = other.Results[:1], nil
	other.CheckSet = &CheckSet{Checks: 9, Digest: "0123456789ab"}
	fast.Load.Operations[0].Response.P95 = 6e6
	fast.RunID, fast.Load.Plan = "r5", map[string]string{"users": "500"}
	return []*Run{sample(), later, other, load, fast}
}

func row(t *testing.T, m *Matrix, id string) MatrixCheck {
	t.Helper()
	for _, c := range m.Checks {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no row %s", id)
	return MatrixCheck{}
}

func TestMatrix(t *testing.T) {
	m := NewMatrix(sampleRuns(), Policy{})
	for _, want := range []struct {
		id, words string
		differs   bool
	}{
		{"create.status", "[PASS FAIL PASS  ]", true},
		{"patch.replace-value-filter", "[FAIL PASS   ]", true},
		{"sort.new", "[ PASS   ]", false},
		{"patch.error", "[ERROR ERROR   ]", false},
		{"load.duplicate", "[   FAIL ]", false},
	} {
		if c := row(t, m, want.id); fmt.Sprint(c.Words) != want.words || c.Differs != want.differs {
			t.Errorf("%s: %q, differs %v", c.ID, c.Words, c.Differs)
		}
	}
	if m.Checks[0].Worst != Fail || !m.Checks[0].Differs || m.Checks[len(m.Checks)-1].notable() {
		t.Errorf("the first is %+v, the last %+v", m.Checks[0], m.Checks[len(m.Checks)-1])
	}
	notable := true
	for _, c := range m.Checks {
		if c.notable() && !notable {
			t.Errorf("%s comes after what is the same everywhere", c.ID)
		}
		notable = c.notable()
	}
	if got := m.Areas[0]; got.Area != "create" || got.Rates[1] != (MatrixRate{Checks: 1, Judged: 1, Failed: 1}) || got.Rates[2].Passed != 1 || got.Rates[3].Checks != 0 {
		t.Errorf("%+v", got)
	}
	if !m.Features[0].Differs || m.Features[0].Name != "bulk" || m.Features[0].Runs[2] != nil || !m.Behaviours[0].Differs {
		t.Errorf("features %+v, behaviours %+v", m.Features[0], m.Behaviours)
	}
	notes := strings.Join(m.Notes, "\n")
	for _, want := range []string{"different check sets: 1, 3: 0123456789ab; 2: ba9876543210", "different versions", "run 5 is another load than the first one", "were not in every run", "different seeds"} {
		if !strings.Contains(notes, want) {
			t.Errorf("nothing is said about %q:\n%s", want, notes)
		}
	}
	if m.Name(0) != "1 staging, 2 Jan 2026" || m.Name(1) != "2 staging, 2 Feb 2026" || m.Name(2) != "3 https://other.example.com/v2" {
		t.Errorf("%s, %s, %s", m.Name(0), m.Name(1), m.Name(2))
	}
}

// TestMatrixLacks proves that a run without a check neither passes it nor differs by it.
func TestMatrixLacks(t *testing.T) {
	m := NewMatrix([]*Run{sample(), unreachable(), {}}, Policy{})
	for _, c := range m.Checks {
		if c.Words[1] != "" || c.Words[2] != "" || c.Differs {
			t.Errorf("%s: %q", c.ID, c.Words)
		}
	}
	for _, a := range m.Areas {
		if a.Rates[1].cell().Text != "" {
			t.Errorf("%s: %+v", a.Area, a.Rates[1])
		}
	}
	var b bytes.Buffer
	if err := WriteMatrixHTML(&b, m); err != nil {
		t.Fatal(err)
	}
	if page := b.String(); strings.Count(page, "not in this run") < 2*len(m.Checks) || !strings.Contains(page, "run 2 is partial") {
		t.Error("the page does not say what a run lacks")
	}
}

// TestMatrixExit takes the exit code that stands first in the order of the runs' codes.
func TestMatrixExit(t *testing.T) {
	run := func(change func(*Run)) *Run {
		r := &Run{}
		pass(r)
		change(r)
		return r
	}
	none := func(*Run) {}
	for _, row := range []struct {
		runs []*Run
		p    Policy
		exit int
	}{
		{[]*Run{run(none), run(none)}, Policy{}, ExitOK},
		{[]*Run{run(none), run(fail)}, Policy{}, ExitNegative},
		{[]*Run{run(fail), run(none)}, Policy{FailOn: FailOnNever}, ExitOK},
		{[]*Run{run(warn), run(none)}, Policy{FailOn: FailOnShould}, ExitNegative},
		{[]*Run{run(fail), run(lost)}, Policy{}, ExitIncomplete},
		{[]*Run{run(cut(CutUnreachable)), run(lost), run(fail)}, Policy{}, ExitUnreachable},
		{[]*Run{run(fail), run(crash)}, Policy{}, ExitBug},
	} {
		if m := NewMatrix(row.runs, row.p); m.Exit != row.exit {
			t.Errorf("exit %d, want %d", m.Exit, row.exit)
		}
	}
}

func TestMatrixGolden(t *testing.T) {
	m := NewMatrix(sampleRuns(), Policy{})
	for _, format := range MatrixFormats() {
		var b bytes.Buffer
		if err := WriteMatrix(format, &b, m); err != nil {
			t.Fatal(err)
		}
		if format == "html" {
			wellFormed(t, b.String())
			golden(t, "matrix.html", []byte(bare(b.String())))
			continue
		}
		golden(t, MatrixFileName(format), b.Bytes())
	}
	many := sampleRuns()
	for i := range 20 {
		r := sample()
		r.RunID, r.Started = fmt.Sprint("m", i), r.Started.Add(time.Duration(i)*24*time.Hour)
		many = append(many, r)
	}
	var b bytes.Buffer
	if err := WriteMatrixConsole(&b, NewMatrix(many, Policy{}), Options{ASCII: true, Color: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "matrix-many.txt", b.Bytes())
	if err := WriteMatrix("junit", &b, m); err == nil {
		t.Error("a matrix is written as JUnit")
	}
}

// TestMatrixStaysText lets targets fill every field with markup, commands and control characters.
func TestMatrixStaysText(t *testing.T) {
	evil := hostile()
	for i, s := range nasty {
		s = clipBytes(s, 1000, "")
		id := fmt.Sprintf("e.%d", i)
		evil.Results = append(evil.Results,
			Result{ID: id + s, Title: s, Area: s, Level: Level(s), Word: Fail, Message: s, Findings: []Finding{{Word: Fail, Message: s}}},
			Result{ID: id + ".s", Title: s, Area: s, Word: Skip, Reason: s}, Result{ID: id + ".w", Title: s, Word: Word(s)}, Result{ID: id + ".p", Title: s, Area: s, Word: Pass})
		evil.Behaviours = append(evil.Behaviours, Behaviour{s, s, s})
		evil.Features = append(evil.Features, Feature{Name: s, Detail: s})
	}
	load := sampleLoad()
	for _, s := range nasty {
		s = clipBytes(s, 1000, "")
		load.Load.Operations = append(load.Load.Operations, LoadOperation{Name: s, Response: LoadQuantiles{Count: 1, P50: 1}})
		load.Load.Growth = append(load.Load.Growth, Growth{Operation: s, Verdict: s, Sentence: s})
		load.Load.Plan[s] = s
	}
	load.Load.Asked, load.Target.Name, load.Tool.Version, load.RunID = nasty[3], nasty[4], nasty[5], nasty[6]
	evil.CheckSet = &CheckSet{Checks: 1, Digest: nasty[3]}
	evil.Cut = &Cut{Kind: CutAborted, Why: nasty[3], Hint: nasty[3]}
	m := NewMatrix([]*Run{evil, sample(), load, sampleLoad()}, Policy{})
	for _, format := range MatrixFormats() {
		var b bytes.Buffer
		if err := WriteMatrix(format, &b, m); err != nil {
			t.Fatal(err)
		}
		safe(t, "matrix as "+format, b.Bytes())
		switch format {
		case "html":
			wellFormed(t, b.String())
		case "json":
			if !json.Valid(b.Bytes()) {
				t.Error("no JSON")
			}
		case "markdown":
			if html := rendered(t, b.Bytes()); strings.Contains(html, "<script") || strings.Contains(html, "<a ") || strings.Contains(html, "<img") {
				t.Error("the Markdown holds markup of a target")
			}
		}
	}
}

// TestMatrixSize bounds what many runs with long texts become.
func TestMatrixSize(t *testing.T) {
	var runs []*Run
	for i := range MatrixRuns {
		r := sample()
		r.RunID = fmt.Sprint(i)
		for k := range 2000 {
			w := Pass
			if (i+k)%7 == 0 {
				w = Fail
			}
			res := Result{ID: fmt.Sprintf("area%d.check-%d", k%20, k), Title: strings.Repeat("the answer is what it should be ", 4), Area: fmt.Sprintf("area%d", k%20), Level: Must, Word: w}
			if w == Fail {
				res.Message = strings.Repeat("x", 1000) + fmt.Sprint(i, k)
				res.Findings = []Finding{{Word: Fail, Message: res.Message}}
			}
			r.Results = append(r.Results, res)
		}
		runs = append(runs, r)
	}
	m := NewMatrix(runs, Policy{})
	for format, limit := range map[string]int{"html": 5_000_000, "markdown": 1 << 20, "text": 100_000} {
		var b bytes.Buffer
		if err := WriteMatrix(format, &b, m); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", format, b.Len())
		if b.Len() > limit {
			t.Errorf("%s has %d bytes", format, b.Len())
		}
		if text := b.String(); format != "text" && !strings.Contains(text, "for want of space") || format == "text" && !strings.Contains(text, "more checks") {
			t.Errorf("%s does not say what it leaves out", format)
		}
	}
}
