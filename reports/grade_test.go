package reports

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// gradable is a run of n MUST checks and n SHOULD checks that pass, a requirement each.
func gradable(n int) *Run {
	r := &Run{CheckSet: &CheckSet{Checks: 2 * n}}
	for i := range n {
		for _, l := range []Level{Must, Should} {
			id := strings.ToLower(fmt.Sprintf("paging.%s-%d", l, i))
			r.Results = append(r.Results, Result{ID: id, Title: id, Area: "paging", Level: l, Word: Pass, Requirements: []Requirement{{ID: id, Level: l}}})
		}
	}
	return r
}

func TestGrade(t *testing.T) {
	set := func(i int, id string, w Word) func(*Run) {
		return func(r *Run) {
			res := &r.Results[i]
			if id != "" {
				res.ID = id
			}
			res.Word = w
			if w == Fail || w == Warn || w == Waived {
				res.Findings = []Finding{{Word: Fail, Message: "x"}}
				if w == Warn {
					res.Findings[0].Word = Warn
				}
			}
			if w == Skip {
				res.Reason = "not claimed"
			}
		}
	}
	door := func(status int) func(*Run) {
		return func(r *Run) {
			set(1, "auth.none-list", Warn)(r)
			r.Results[1].Exchanges = []string{"x"}
			r.Exchanges = []*Exchange{{ID: "x", Status: status}}
		}
	}
	for _, row := range []struct {
		name   string
		change func(*Run)
		want   string // letter and score, or why there is none
	}{
		{"perfect", func(*Run) {}, "A+ 100.0"},
		{"a SHOULD", set(1, "", Warn), "A 99.0"},
		{"a MUST that is softened", set(0, "", Warn), "A 99.0"},
		{"a MUST", set(0, "", Fail), "B 97.0"},
		{"a core MUST", set(0, "patch.x", Fail), "C 97.0"},
		{"data loss", set(0, "patch.x-keeps", Fail), "D 97.0"},
		{"a password", set(0, "create.password-hidden", Fail), "F 97.0"},
		{"an open door", door(200), "F 99.0"},
		{"a refusal of another status", door(403), "A 99.0"},
		{"waived is not forgiven", set(0, "patch.x", Waived), "C 97.0"},
		{"skipped does not count", set(0, "patch.x", Skip), "A+ 100.0"},
		{"half of it", func(r *Run) {
			for i := 0; i < 30; i += 2 {
				set(i, "", Fail)(r)
			}
		}, "D 55.0"},
		{"most of it", func(r *Run) {
			for i := 0; i < 40; i += 2 {
				set(i, "", Fail)(r)
			}
		}, "F 40.0"},
		{"a part", func(r *Run) { r.CheckSet.Checks++ }, "50 of 51 checks were run"},
		{"an unknown part", func(r *Run) { r.CheckSet = nil }, "it is not known how many checks there were"},
		{"read only", func(r *Run) { r.Config = map[string]string{"read-only": "true"} }, "nothing was written"},
		{"cut", cut(CutWriteCap), "there is no verdict on the whole"},
		{"asks", func(r *Run) { r.Asks = []string{"set x"} }, "there is no verdict on the whole"},
		{"an ERROR", set(0, "", Error), "there is no verdict on the whole"},
		{"a load", func(r *Run) { r.Load = &Load{} }, "a load has no grade"},
	} {
		r := gradable(25)
		row.change(r)
		g, why := r.Grade(r.Verdict(Policy{}))
		got := why
		if g != nil {
			got = fmt.Sprintf("%s %.1f", g.Letter, g.Score)
			if (g.Cap != "") != (g.Letter > "A+" && g.Score >= 90 && g.Letter != "A") {
				t.Errorf("%s: cap %q", row.name, g.Cap)
			}
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

// One requirement counts once, however many checks rest on it.
func TestGradeByRequirement(t *testing.T) {
	r := gradable(2)
	for i := range 10 {
		res := r.Results[0]
		res.ID = fmt.Sprint("paging.more-", i)
		r.Results = append(r.Results, res)
	}
	r.CheckSet.Checks = len(r.Results)
	r.Results[0].Word = Fail
	if g, why := r.Grade(r.Verdict(Policy{})); g == nil || g.Score != 62.5 {
		t.Errorf("%v %s", g, why)
	}
}

func TestGradeIsPublished(t *testing.T) {
	doc, err := os.ReadFile("../docs/grade.md")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{fmt.Sprintf("# Grading guide %d", GradeGuide)}
	for _, c := range gradeCaps {
		for _, g := range c.globs {
			want = append(want, "`"+g+"`")
		}
		want = append(want, c.why)
	}
	for _, l := range gradeLetters {
		want = append(want, fmt.Sprintf("| %s | %g |", l.letter, l.least))
	}
	for _, text := range want {
		if !strings.Contains(string(doc), text) {
			t.Errorf("docs/grade.md does not say %q", text)
		}
	}
}
