package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestMutants holds that the mutants can be made from the target as it is, and that no reason has lost its mutant.
func TestMutants(t *testing.T) {
	code, err := mutate("../..", "*.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(code.mutants) < 3000 {
		t.Errorf("only %d mutants", len(code.mutants))
	}
	for name, src := range code.files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution); err != nil {
			t.Errorf("mutated %s: %v", name, err)
		}
	}
	list, err := readReasons("../..")
	if err != nil {
		t.Fatal(err)
	}
	list.apply(code.mutants)
	for _, r := range list {
		if !r.used {
			t.Errorf("no mutant fits %s | %s | %s | %s", r.file, r.fn, r.operator, r.text)
		}
		if len(r.why) < 10 {
			t.Errorf("%s %s: no reason", r.file, r.fn)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "a/b", true},
		{"a*d", "a/b c[d", true},
		{"a[b]", "a[b]", true},
		{"a[b]", "ab", false},
		{"if x*", "if y", false},
	} {
		if got := fits(c.pattern, c.text); got != c.want {
			t.Errorf("%q fits %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestEdits(t *testing.T) {
	var e edits
	e.wrap(0, 5, "f(", ")")
	e.wrap(0, 1, "g(", ")")
	e.replace(2, 3, ",")
	e.wrap(4, 5, "h(", ")")
	if got := string(e.apply([]byte("a + b"))); got != "f(g(a) , h(b))" {
		t.Errorf("%s", got)
	}
}

// TestFlawHelpers holds that what only flaws call is told from the service.
func TestFlawHelpers(t *testing.T) {
	p, err := load("../..")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for f := range p.servesFlaws(nil) {
		got[f.Name()] = true
	}
	for name, want := range map[string]bool{"ignoring": true, "onOperation": true, "parsePatch": false, "complete": false} {
		if got[name] != want {
			t.Errorf("%s serves flaws alone: %v", name, got[name])
		}
	}
}

// TestDraw holds that a sample stays what it was where mutants come and go elsewhere.
func TestDraw(t *testing.T) {
	var list []*mutant
	for i := range 1000 {
		list = append(list, &mutant{n: i, file: "f.go", text: fmt.Sprint("line ", i)})
	}
	was := draw(list, 100, 1)
	if slices.Equal(was, draw(list, 100, 2)) {
		t.Error("another seed draws the same")
	}
	low := 0
	for _, m := range was {
		if m.n < 500 {
			low++
		}
	}
	if low < 30 || low > 70 {
		t.Errorf("%d of 100 drawn from the first half", low)
	}
	// Half of those that were not drawn go.
	rest := slices.DeleteFunc(slices.Clone(list), func(m *mutant) bool { return m.n%2 == 0 && !slices.Contains(was, m) })
	if !slices.Equal(was, draw(rest, 100, 1)) {
		t.Error("the sample depends on mutants that are not in it")
	}
}

func TestReached(t *testing.T) {
	name := filepath.Join(t.TempDir(), "reached")
	for file, text := range map[string]string{name: "0 7\n0 8\n1 7\n2 9\n3 9\n", name + ".areas": `{"1": ["put"], "2": ["put"], "3": ["bulk", "etag"]}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readReached(name)
	if err != nil {
		t.Fatal(err)
	}
	// Exchange 0 belongs to no lane, so that its places may matter everywhere.
	want := map[int]map[string]bool{7: nil, 8: nil, 9: {"put": true, "bulk": true, "etag": true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// TestReport holds that what is explained is counted by kind, and that only what is noticed counts as dead.
func TestReport(t *testing.T) {
	list := []*mutant{{}, {why: &reason{kind: "same"}}, {}, {why: &reason{kind: "choice"}}}
	for i, said := range []string{"noticed: put.status", "survived", "survived", "survived"} {
		list[i].judge(said)
	}
	var out strings.Builder
	report(&out, list, 9, 0)
	for _, want := range []string{"4 of 9 mutants", "1 noticed, 2 survived and explained, 1 survived (25.0 %)", "explained: 1 " + kinds["same"], "explained: 1 " + kinds["choice"]} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if list[0].by != "put.status" {
		t.Errorf("noticed by %q", list[0].by)
	}
}

func TestReasonSays(t *testing.T) {
	m := &mutant{text: "if a && b {", change: "a is left out"}
	for text, want := range map[string]bool{"if a*": true, "if a && b { => a is*": true, "if a && b { => b is*": false, "if b*": false} {
		if got := (&reason{text: text}).says(m); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
