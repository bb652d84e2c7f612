package reports

import (
	"bytes"
	"strings"
	"testing"
)

func sampleDiff() *Diff {
	before, after := sample(), sample()
	set := func(r *Run, id string, w Word) {
		for i := range r.Results {
			if r.Results[i].ID == id {
				r.Results[i].Word, r.Results[i].Findings, r.Results[i].Reason, r.Results[i].BlockedBy = w, nil, "", ""
				r.Results[i].Message = "now it is " + string(w)
				if w == Skip {
					r.Results[i].Reason = "not claimed"
				}
			}
		}
	}
	set(after, "create.status", Fail)
	set(after, "patch.replace-value-filter", Pass)
	set(after, "patch.after", Warn)
	set(after, "etag.offered", Skip)
	after.Results = append(after.Results, Result{ID: "sort.new", Title: "a check of a newer version", Level: Must, Word: Fail, Message: "out of order"})
	before.Results = append(before.Results, Result{ID: "old.gone", Title: "a check of an older version", Level: Must, Word: Fail, Message: "it failed"})
	yes := true
	after.Features[2].Claimed = &yes
	after.Behaviours[0].Choice = "204"
	after.Target = Target{Name: "live", URL: "https://new.example.com/v2"}
	d := Compare(before, after, Policy{})
	d.Load = []LoadChange{
		{"create", "p95", 12e6, 18e6, LoadSlower, "p=0.002 n=6+6"},
		{"create", "p50", 3e6, 3.1e6, LoadSame, "p=0.394 n=6+6"},
		{"all", "requests/s", 50, 60, LoadFaster, "p=0.002 n=6+6"},
	}
	return d
}

func TestDiff(t *testing.T) {
	d := sampleDiff()
	ids := func(list []Change) string {
		var out []string
		for _, c := range list {
			out = append(out, c.ID)
		}
		return strings.Join(out, " ")
	}
	for _, row := range [][2]string{
		{ids(d.Regressed), "create.status"},
		{ids(d.Fixed), "patch.replace-value-filter"},
		{ids(d.Found), "sort.new patch.after"},
		{ids(d.Gone), "etag.offered old.gone"},
	} {
		if row[0] != row[1] {
			t.Errorf("got %s, want %s", row[0], row[1])
		}
	}
	if d.Same != 5 || len(d.Drift) != 2 || len(d.Notes) != 2 {
		t.Errorf("%d the same, drift %v, notes %v", d.Same, d.Drift, d.Notes)
	}
	for _, row := range []struct {
		failOn, want string
	}{{FailOnMust, "1 regression, 1 measure worse under load"}, {FailOnShould, "2 regressions, 1 measure worse under load"}} {
		if got := d.Negative(Policy{FailOn: row.failOn}); got != row.want {
			t.Errorf("--fail-on %s: %q", row.failOn, got)
		}
	}
	if same := Compare(sample(), sample(), Policy{}); same.Negative(Policy{}) != "" || len(same.Drift) > 0 || same.Same != len(sample().Results) {
		t.Errorf("a run differs from itself: %+v", same)
	}
	waivedBefore := sample()
	waivedBefore.Results[1].Word = Waived
	if d := Compare(waivedBefore, sample(), Policy{}); len(d.Regressed) > 0 {
		t.Errorf("a waiver that ended is a regression of the target: %+v", d.Regressed)
	}
	if d := Compare(sample(), unreachable(), Policy{}); d.Partial == "" {
		t.Error("a run that reached nobody is whole")
	}
}

func TestDiffGolden(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diff.txt":  func(b *bytes.Buffer) error { return WriteDiff(b, sampleDiff(), Options{}) },
		"diff.md":   func(b *bytes.Buffer) error { return WriteDiffMarkdown(b, sampleDiff()) },
		"diff.json": func(b *bytes.Buffer) error { return WriteDiffJSON(b, sampleDiff()) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func TestDiffIsHarmless(t *testing.T) {
	d := Compare(&Run{}, hostile(), Policy{})
	d.Load = []LoadChange{{Operation: nasty[3], Metric: "p50", Why: nasty[7]}}
	d.Drift = []Drift{{"choice", nasty[3], nasty[6], nasty[8]}}
	var a, b, c bytes.Buffer
	if err := WriteDiff(&a, d, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteDiffMarkdown(&b, d); err != nil {
		t.Fatal(err)
	}
	if err := WriteDiffJSON(&c, d); err != nil {
		t.Fatal(err)
	}
	safe(t, "diff", a.Bytes())
	safe(t, "diff as Markdown", b.Bytes())
	safe(t, "diff as JSON", c.Bytes())
	if html := rendered(t, b.Bytes()); strings.Contains(html, "<script") || strings.Contains(html, "<a ") || strings.Contains(html, "<img") {
		t.Error("the Markdown of a difference holds markup of the target")
	}
}
