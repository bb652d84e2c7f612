package main

import (
	"go/parser"
	"go/token"
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
