package reports

import (
	"slices"
	"testing"
)

func bad(id string, w Word, f ...Finding) Result {
	for i := range f {
		f[i].Word = w
	}
	return Result{ID: id, Title: "title of " + id, Word: w, Findings: f}
}

func TestCauses(t *testing.T) {
	status := func(x, got string) Finding {
		return Finding{Message: "status", Expected: "200 or 204", Got: got, Exchange: x}
	}
	r := &Run{
		Exchanges: []*Exchange{
			{ID: "x1", Method: "PATCH", URL: "http://h/scim/v2/Users/2819c223-7f76-453a-919d-413861904646"},
			{ID: "x2", Method: "PATCH", URL: "http://h/scim/v2/Users/42"},
			{ID: "x3", Method: "GET", URL: "http://h/scim/v2/Users?filter=a%20eq%201"},
		},
		Results: []Result{
			{ID: "a.fine", Word: Pass},
			bad("b.warn", Warn, Finding{Message: "totalResults", Expected: "a JSON number", Got: `"7"`}),
			bad("c.known", Fail, Finding{Message: "body", Got: "the body is empty"}),
			bad("d.known", Warn, Finding{Message: "id", Got: "nothing"}),
			bad("e.patch", Fail, status("x1", "500")),
			bad("f.patch", Fail, status("x2", "500")),
			bad("g.filter", Fail, status("x3", "500")),
			bad("h.total", Fail, Finding{Message: "totalResults", Expected: "a JSON number", Got: `"12"`}),
			{ID: "i.blocked", Word: Skip, BlockedBy: "e.patch"},
			{ID: "j.error", Word: Error, Reason: "no answer"},
			{ID: "k.note", Word: Info},
		},
	}
	known := []Defect{
		{Title: "the answer has no body", Kills: []string{"c.known", "d.known"}},
		{Title: "a part of it", Kills: []string{"c.known"}},
		{Title: "one of its checks passed", Kills: []string{"a.fine", "e.patch", "f.patch", "g.filter"}},
		{Title: "nobody noticed", Kills: []string{"nowhere"}},
	}
	got := Causes(r, known)
	want := []Cause{
		{Name: "PATCH /Users/{id} answers 500 instead of 200 or 204", Checks: []string{"e.patch", "f.patch"}, Blocked: []string{"i.blocked"}},
		{Name: "totalResults: expected a JSON number, got a text", Checks: []string{"h.total", "b.warn"}},
		{Name: "the answer has no body", Known: true, Checks: []string{"c.known", "d.known"}},
		{Name: "title of g.filter: ", Checks: []string{"g.filter"}},
		{Name: "title of j.error: no answer", Checks: []string{"j.error"}},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(c Cause) bool {
			return (c.Name == w.Name || len(w.Checks) == 1) && c.Known == w.Known && slices.Equal(c.Checks, w.Checks) && slices.Equal(c.Blocked, w.Blocked)
		}) {
			t.Errorf("no cause %+v in %+v", w, got)
		}
	}
}

// Every bad result is in one cause, whatever the known defects are.
func TestCausesLoseNothing(t *testing.T) {
	r := sample()
	for _, known := range [][]Defect{nil, {{Title: "all of it", Kills: []string{"create.status", "patch.replace", "patch.error"}}}} {
		count := map[string]int{}
		for _, c := range Causes(r, known) {
			for _, id := range c.Checks {
				count[id]++
			}
		}
		for _, res := range r.Results {
			want := 0
			if judgedBad(res.Word) {
				want = 1
			}
			if count[res.ID] != want {
				t.Errorf("%s %s is in %d causes", res.Word, res.ID, count[res.ID])
			}
		}
	}
}

// A known defect is named where it explains all results of their kind: where the same was found elsewhere, or most of what
// notices it was not judged, the symptom says more.
func TestCausesNameNoDefectThatExplainsAPart(t *testing.T) {
	bad := func(id string) Result {
		return Result{ID: id, Word: Fail, Findings: []Finding{{Word: Fail, Message: "userName", Expected: `"a"`, Got: "nothing"}}}
	}
	defect := Defect{Title: "two of them", Kills: []string{"a.one", "b.two"}, Also: []string{"c.three"}}
	name := func(d Defect, ids ...string) string {
		r := &Run{}
		for _, id := range ids {
			r.Results = append(r.Results, bad(id))
		}
		causes := Causes(r, []Defect{d})
		if len(causes) != 1 {
			t.Fatalf("%v: %d causes, want 1", ids, len(causes))
		}
		return causes[0].Name
	}
	for _, ids := range [][]string{{"a.one", "b.two"}, {"a.one", "b.two", "c.three"}} {
		if got := name(defect, ids...); got != "two of them" {
			t.Errorf("%v: %q", ids, got)
		}
	}
	if got := name(defect, "a.one", "b.two", "d.four"); got == "two of them" {
		t.Error("the defect is named though d.four fails in the same way without it")
	}
	many := Defect{Title: "five of them", Kills: []string{"a.one", "b.two", "e.not", "f.not", "g.not"}}
	if got := name(many, "a.one", "b.two"); got == "five of them" {
		t.Error("the defect is named though most of its checks did not run")
	}
}
