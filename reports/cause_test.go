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
		{"the answer has no body", []string{"c.known", "d.known"}},
		{"a part of it", []string{"c.known"}},
		{"one of its checks passed", []string{"a.fine", "e.patch", "f.patch", "g.filter"}},
		{"nobody noticed", []string{"nowhere"}},
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
	for _, known := range [][]Defect{nil, {{"all of it", []string{"create.status", "patch.replace", "patch.error"}}}} {
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
