package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

func show(tty bool, results ...reports.Result) string {
	var b bytes.Buffer
	p := newProgress(&b, tty, []suites.CheckInfo{{ID: "a.one", Area: "a"}, {ID: "a.two", Area: "a"}, {ID: "b.one", Area: "b"}, {ID: "b.two", Area: "b"}})
	for _, r := range results {
		p.result(r)
	}
	p.line("x1 GET /Users")
	p.finish()
	return b.String()
}

var some = []reports.Result{
	{ID: "a.one", Area: "a", Word: reports.Pass},
	{ID: "b.one", Area: "b", Word: reports.Fail},
	{ID: "a.two", Area: "a", Word: reports.Warn},
}

func TestProgressWithoutTerminal(t *testing.T) {
	got := strings.Join(strings.Fields(show(false, some...)), " ")
	// b was cut short, so its line comes at the end.
	if want := "a 1 PASS 1 WARN x1 GET /Users b 1 FAIL"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressOnTerminal(t *testing.T) {
	got := show(true, append(some, reports.Result{ID: "b.two", Area: "b", Word: reports.Pass})...)
	if !strings.Contains(got, "4/4  b  1 fail  1 warn") {
		t.Errorf("no status line in %q", got)
	}
	if !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the status line is left behind: %q", got)
	}
}
