package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func junitOf(t *testing.T, r *Run, p Policy) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJUnit(&b, r, r.Verdict(p)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// seenSuite is what the second parser counts, and what the attributes say.
type seenSuite struct {
	tests, failures, errors, skipped int
	said                             [4]int
	properties                       map[string]string
}

// reread parses JUnit from tokens alone, without the types that wrote it. outcome maps testcase names to
// failure, error, skipped or pass; every body and message is checked against its limit.
func reread(t *testing.T, doc []byte) (suites map[string]*seenSuite, order []string, outcome map[string]string) {
	t.Helper()
	suites, outcome = map[string]*seenSuite{}, map[string]string{}
	total := &seenSuite{}
	var suite *seenSuite
	var open []string
	var testcase, class, area string
	body := 0
	attrs := func(e xml.StartElement) map[string]string {
		m := map[string]string{}
		for _, a := range e.Attr {
			m[a.Name.Local] = a.Value
		}
		return m
	}
	said := func(a map[string]string) (n [4]int) {
		for i, name := range []string{"tests", "failures", "errors", "skipped"} {
			v, err := strconv.Atoi(a[name])
			if err != nil {
				t.Fatalf("%s=%q", name, a[name])
			}
			n[i] = v
		}
		return n
	}
	if !utf8.Valid(doc) {
		t.Fatal("the file is not UTF-8")
	}
	dec := xml.NewDecoder(bytes.NewReader(doc))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
			a := attrs(e)
			body = 0
			switch path := strings.Join(open, "/"); path {
			case "testsuites":
				total.said = said(a)
			case "testsuites/testsuite":
				area = a["name"]
				if suites[area] != nil {
					t.Errorf("suite %q twice", area)
				}
				suite = &seenSuite{said: said(a), properties: map[string]string{}}
				suites[area], order = suite, append(order, area)
			case "testsuites/testsuite/properties":
			case "testsuites/testsuite/properties/property":
				suite.properties[a["name"]] = a["value"]
			case "testsuites/testsuite/testcase":
				testcase, class = a["name"], a["classname"]
				if class != "scimproof."+area || testcase == "" {
					t.Errorf("testcase %q of class %q in suite %q", testcase, class, area)
				}
				if _, err := strconv.ParseFloat(a["time"], 64); err != nil {
					t.Errorf("time: %v", err)
				}
				suite.tests++
				total.tests++
				outcome[testcase] = "pass"
			case "testsuites/testsuite/testcase/failure", "testsuites/testsuite/testcase/error", "testsuites/testsuite/testcase/skipped":
				if n := utf8.RuneCountInString(a["message"]); n > junitMessage || strings.Contains(a["message"], "\n") {
					t.Errorf("message of %d characters or several lines", n)
				}
				if outcome[testcase] != "pass" {
					t.Errorf("two outcomes for %q", testcase)
				}
				outcome[testcase] = e.Name.Local
				switch e.Name.Local {
				case "failure":
					suite.failures++
					total.failures++
				case "error":
					suite.errors++
					total.errors++
				default:
					suite.skipped++
					total.skipped++
				}
			case "testsuites/testsuite/testcase/system-out":
			default:
				t.Fatalf("unexpected element %s", path)
			}
		case xml.EndElement:
			open, body = open[:len(open)-1], 0
		case xml.CharData:
			if body += len(e); body > junitBody {
				t.Errorf("a body of %d bytes", body)
			}
		}
	}
	suites[""] = total
	for name, s := range suites {
		if counted := [4]int{s.tests, s.failures, s.errors, s.skipped}; counted != s.said {
			t.Errorf("suite %q says %v and has %v", name, s.said, counted)
		}
	}
	delete(suites, "")
	return suites, order, outcome
}

func TestJUnitGolden(t *testing.T) {
	golden(t, "junit.xml", junitOf(t, sample(), Policy{}))
	golden(t, "junit-should.xml", junitOf(t, sample(), Policy{FailOn: FailOnShould}))
	golden(t, "junit-clean.xml", junitOf(t, clean(), Policy{}))
	golden(t, "junit-unreachable.xml", junitOf(t, unreachable(), Policy{}))
}

func TestJUnitReread(t *testing.T) {
	suites, order, outcome := reread(t, junitOf(t, sample(), Policy{}))
	if got := strings.Join(order, " "); got != "create patch etag sort bulk put run" {
		t.Errorf("suites %s", got)
	}
	for name, want := range map[string]string{
		"create.status answers 201": "pass",
		"patch.replace-value-filter replace with a value filter changes only the matching element": "failure",
		"patch.after the element can be read back":                                                 "skipped",
		"patch.error an unknown path is refused":                                                   "error",
		"etag.offered resources carry an ETag":                                                     "pass",
		"sort.offered sorting is offered":                                                          "pass",
		"put.immutable PUT refuses to change an immutable attribute":                               "skipped",
		"clean-up": "failure", "verdict reached": "error",
	} {
		if outcome[name] != want {
			t.Errorf("%q is %q, want %q", name, outcome[name], want)
		}
	}
	for name, want := range map[string]string{"target": "https://scim.example.com/v2", "tool": "scimproof 1.0.0", "seed": "42", "verdict": Incomplete} {
		for area, s := range suites {
			if s.properties[name] != want {
				t.Errorf("suite %s: property %s is %q, want %q", area, name, s.properties[name], want)
			}
		}
	}
	_, _, outcome = reread(t, junitOf(t, sample(), Policy{FailOn: FailOnShould}))
	if got := outcome["etag.offered resources carry an ETag"]; got != "failure" {
		t.Errorf("a WARN under --fail-on should is %q", got)
	}
	if suites, _, _ := reread(t, junitOf(t, clean(), Policy{})); suites["run"] != nil {
		t.Error("a clean run has something to say about itself")
	}
	suites, _, outcome = reread(t, junitOf(t, unreachable(), Policy{}))
	if len(suites) != 1 || outcome["run completed"] != "error" {
		t.Errorf("a cut run gives %v", outcome)
	}
}

// A bad exit is never an all-green file, and a good one never a red one.
func TestJUnitAgreesWithExit(t *testing.T) {
	sets := map[string]func(*Run){
		"nothing": func(*Run) {}, "fail": fail, "warn": warn, "waived": waived, "lost": lost, "crash": crash, "stale": stale,
		"unwritten": unwritten, "left": left, "cut": cut(CutInterrupted), "bug": cut(CutBug),
		"contradiction": results(Result{ID: "x", Word: Pass, Findings: []Finding{{Word: Fail}}}),
		"no word":       results(Result{ID: "x"}),
	}
	for _, base := range []bool{true, false} {
		for a, setA := range sets {
			for b, setB := range sets {
				for _, failOn := range []string{FailOnMust, FailOnShould, FailOnNever} {
					run := &Run{}
					if base {
						pass(run)
					}
					setA(run)
					setB(run)
					v := run.Verdict(Policy{FailOn: failOn})
					suites, _, _ := reread(t, junitOf(t, run, Policy{FailOn: failOn}))
					red := 0
					for _, s := range suites {
						red += s.failures + s.errors
					}
					want := v.Exit != ExitOK || !v.Green
					if (red > 0) != want {
						t.Errorf("%v %s+%s --fail-on %s: exit %d, green %v, but %d red", base, a, b, failOn, v.Exit, v.Green, red)
					}
				}
			}
		}
	}
}

func TestJUnitLimits(t *testing.T) {
	for _, n := range []int{junitBody - 1, junitBody, junitBody + 1, junitBody + 5, 1 << 20} {
		for _, s := range []string{"a", "ä", "\x80", "\x00"} {
			got := xmlBody(strings.Repeat(s, n/len(s)))
			if len(got) > junitBody {
				t.Errorf("%d bytes of %q become %d", n, s, len(got))
			}
			if n > junitBody && !strings.HasSuffix(got, "all of it") && n/len(s)*len(s) > junitBody {
				t.Errorf("%d bytes of %q are cut without a word", n, s)
			}
		}
	}
	if got := fmt.Sprint(junitSeconds(-1)); got != "0.000" {
		t.Errorf("a clock that went back gives %s", got)
	}
}
