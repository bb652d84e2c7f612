package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// nasty is text that breaks careless writers.
var nasty = []string{
	"]]>", "<![CDATA[x]]>", "</testcase>&amp;&#0;", "\x1b[2J\x1b]0;owned\x07", "a\x00b\x08\x7f", "\u009b31m", "\u202egnp.exe", "\u2028\u2029\ufeff",
	"\xff\xfe\xc3\x28", "\xed\xa0\x80", "\uffff\ufffe", "\r\nInjected: yes\r\n", "::error::x", "\U000e0041", strings.Repeat("A", 1<<20),
	strings.Repeat("\x80", 1<<17), strings.Repeat("\x1b", 1<<17), "\"'`$(id)", "",
	"</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "javascript:alert(1)",
	"http://evil.example www.evil.example a@evil.example <http://evil.example>", "x ##[error]x ##vso[task.setvariable]x", "x\n::stop-commands::x\n  ::error::x", "```\n# x\n````",
	"</details><b>", "| a | b |\n|---|---|", "<!--", "&lt;script&gt;", "\\", "{0} [a](1)",
}

// hostile is a run in which every text that a target can reach is nasty.
func hostile() *Run {
	r := &Run{Tool: Tool{Name: "scimproof"}, Cleanup: Cleanup{Created: 1}}
	for i, long := range nasty {
		id := fmt.Sprintf("%c%d", 'a'+i%26, i)
		s := clipBytes(long, 1000, "") // a megabyte in each of the hundreds of fields only costs time
		r.Results = append(r.Results,
			Result{
				ID: "h." + id, Title: s, Area: "h", Level: Must, Word: Fail, Message: long, Notes: []string{s}, Exchanges: []string{id},
				Findings: []Finding{{Word: Fail, Message: s, Expected: s, Got: long}},
			},
			Result{ID: "i." + id, Title: s, Area: "h", Level: Must, Word: Skip, Reason: "r " + s},
			Result{ID: "j." + id, Title: s, Area: "h" + id, Level: Must, Word: Error, Reason: s, Message: s},
			Result{ID: "k." + id, Title: s, Area: "h", Level: Should, Word: Warn, Message: s, Findings: []Finding{{Word: Warn, Message: s, Got: s}}},
			Result{ID: "l." + id, Title: s, Area: "h", Level: Must, Word: Pass, Notes: []string{s}})
		r.Exchanges = append(r.Exchanges, &Exchange{
			ID: id, Method: "GET", URL: "http://127.0.0.1/" + s, RequestBody: s, ResponseBody: long, Error: s,
			RequestHeader: http.Header{"X": {s}}, ResponseHeader: http.Header{"Y": {s}},
		})
		r.Behaviours = append(r.Behaviours, Behaviour{ID: "A", Question: "q", Choice: s})
		r.Features = append(r.Features, Feature{Name: s, Detail: s})
		r.Cleanup.Left = append(r.Cleanup.Left, Leftover{Endpoint: "/Users", ID: s, Key: s, Why: s})
		r.StaleWaivers = append(r.StaleWaivers, s)
	}
	r.Cut = &Cut{Kind: CutAborted, Why: nasty[3], Hint: nasty[6]}
	r.Target.URL = "http://127.0.0.1/" + nasty[3]
	return r
}

func TestHostileText(t *testing.T) {
	r := hostile()
	v := r.Verdict(Policy{})
	for _, format := range append(Formats(), "console") {
		var b bytes.Buffer
		if err := Write(format, &b, r, v); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		safe(t, format, b.Bytes())
	}
	for _, o := range []Options{{Verbose: 1}, {Verbose: 2}, {ASCII: true, Verbose: 1}, {Width: 1}} {
		var b bytes.Buffer
		if err := WriteConsole(&b, r, v, o); err != nil {
			t.Fatal(err)
		}
		safe(t, "console", b.Bytes())
		for _, line := range strings.Split(b.String(), "\n") {
			if utf8.RuneCountInString(line) > 80 {
				t.Fatalf("a line of %d characters", utf8.RuneCountInString(line))
			}
		}
	}
	var plain bytes.Buffer
	if err := WriteConsole(&plain, r, v, Options{}); err != nil {
		t.Fatal(err)
	}
	if plain.Len() > 200<<10 {
		t.Errorf("the console report of %d results has %d bytes", len(r.Results), plain.Len())
	}

	var j, x bytes.Buffer
	if err := errors.Join(WriteJSON(&j, r, v), WriteJUnit(&x, r, v)); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(j.Bytes()) {
		t.Error("the JSON is not JSON")
	}
	suites, _, _ := reread(t, x.Bytes())
	if s := suites["h"]; s.tests != 4*len(nasty) || s.failures != len(nasty) || s.skipped != len(nasty) {
		t.Errorf("suite h: %+v", s)
	}
}

// safe tells of bytes that act on a terminal, and of text that is not UTF-8.
func safe(t *testing.T, format string, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Errorf("%s is not UTF-8", format)
	}
	for i, r := range string(out) {
		if r != '\n' && hidden(r) {
			t.Fatalf("%s holds %q at %d", format, r, i)
		}
	}
	if format == "github" {
		return // what it writes is commands
	}
	if found := regexp.MustCompile(`##\w*\[`).Find(out); found != nil {
		t.Errorf("%s holds a command to a CI system: %.80q", format, found)
	}
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("::")) {
			t.Errorf("%s holds a command to a CI system: %.80q", format, line)
		}
	}
}

func TestWriteRefusesUnknownFormats(t *testing.T) {
	err := Write("yaml", &bytes.Buffer{}, &Run{}, Verdict{})
	if err == nil || !strings.Contains(err.Error(), "json, junit, markdown, sarif, text") {
		t.Errorf("error %v names no formats", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteReportsErrors(t *testing.T) {
	for _, format := range Formats() {
		if err := Write(format, full{}, sample(), sample().Verdict(Policy{})); err == nil {
			t.Errorf("%s: a full disk goes unnoticed", format)
		}
	}
}

func TestWritersArePure(t *testing.T) {
	for _, format := range Formats() {
		r := sample()
		before := jsonOf(t, r)
		var a, b bytes.Buffer
		if err := errors.Join(Write(format, &a, r, r.Verdict(Policy{})), Write(format, &b, r, r.Verdict(Policy{}))); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) || !bytes.Equal(before, jsonOf(t, r)) || r.Schema != 0 {
			t.Errorf("%s is not a pure function of the run", format)
		}
	}
}
