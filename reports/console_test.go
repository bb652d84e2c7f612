package reports

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func printed(t *testing.T, r *Run, p Policy, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteConsole(&b, r, r.Verdict(p), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestConsoleGolden(t *testing.T) {
	for name, row := range map[string]struct {
		run *Run
		p   Policy
		o   Options
	}{
		"console.txt":             {sample(), Policy{}, Options{Reports: []string{"out/report.html", "out/results.json"}}},
		"console-should.txt":      {sample(), Policy{FailOn: FailOnShould}, Options{Width: 120}},
		"console-verbose.txt":     {sample(), Policy{}, Options{Verbose: 2, Width: 100}},
		"console-color.txt":       {sample(), Policy{}, Options{Color: true}},
		"console-ascii.txt":       {sample(), Policy{}, Options{ASCII: true, Width: 60, Verbose: 1}},
		"console-clean.txt":       {clean(), Policy{}, Options{}},
		"console-unreachable.txt": {unreachable(), Policy{}, Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, []byte(printed(t, row.run, row.p, row.o)))
		})
	}
}

func TestConsoleShape(t *testing.T) {
	out := printed(t, sample(), Policy{}, Options{Verbose: 2, Width: 72})
	for i, line := range strings.Split(out, "\n") {
		if n := utf8.RuneCountInString(line); n > 72 {
			t.Errorf("line %d is %d wide: %s", i+1, n, line)
		}
	}
	if !strings.HasPrefix(out, "FAIL") {
		t.Error("failures do not come first")
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := lines[len(lines)-1]; last != "Next        scimproof explain patch.replace-value-filter" {
		t.Errorf("the last line is %q", last)
	}
	for _, r := range printed(t, sample(), Policy{}, Options{ASCII: true, Verbose: 2}) {
		if r >= utf8.RuneSelf {
			t.Fatalf("%q in ASCII output", r)
		}
	}
	color := printed(t, sample(), Policy{}, Options{Color: true})
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(color, "")
	if plain == color || plain != printed(t, sample(), Policy{}, Options{}) {
		t.Error("colour changes more than colour")
	}
}

func TestConsoleLimits(t *testing.T) {
	r := clean()
	for i := range 200 {
		r.Cleanup.Left = append(r.Cleanup.Left, Leftover{Endpoint: "/Users", ID: fmt.Sprint(i)})
	}
	out := printed(t, r, Policy{}, Options{})
	if n := strings.Count(out, "/Users/"); n != leftLimit {
		t.Errorf("%d leftovers listed, want %d", n, leftLimit)
	}
	if !strings.Contains(out, "and 150 more") || !strings.HasSuffix(out, "scimproof cleanup r1k2.ledger\n") {
		t.Errorf("the rest is not told, or clean-up is not the next step:\n%s", out)
	}
}

func TestWrap(t *testing.T) {
	for _, row := range []struct {
		in         string
		width, max int
		want       string
	}{
		{"", 5, 0, ""},
		{"one two three", 8, 0, "one two|three"},
		{"one two three", 7, 0, "one two|three"},
		{"abcdefghij", 4, 0, "abcd|efgh|ij"},
		{"abcdefghij", 4, 2, "abcd|efg…"},
		{"abcdefgh", 4, 2, "abcd|efgh"},
		{"ääää öööö", 4, 0, "ääää|öööö"},
		{"     ", 2, 0, ""},
	} {
		if got := strings.Join(wrap(row.in, row.width, row.max, "…"), "|"); got != row.want {
			t.Errorf("wrap(%q, %d, %d) = %q, want %q", row.in, row.width, row.max, got, row.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain äöü 漢字":   "plain äöü 漢字",
		"a\nb\tc\r":      `a\nb\tc\r`,
		"\x1b[31mred":    `\x1b[31mred`,
		"\x00\x7f":       `\x00\x7f`,
		"\u009b31m":      `\u009b31m`,
		"\x9b31m":        `\x9b31m`,
		"a\u202eb":       `a\u202eb`,
		"\u2066\ufeff":   `\u2066\ufeff`,
		"\u2028\u200b":   `\u2028\u200b`,
		"\U000e0041":     `\U000e0041`,
		"\xff\xc3":       `\xff\xc3`,
		"\ufffd\uffff":   "\ufffd" + `\uffff`,
		"back\\slash \"": "back\\slash \"",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}
