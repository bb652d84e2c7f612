package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	junitBody    = 8 << 10 // bytes, what CI systems show without complaint
	junitMessage = 300     // characters of the one-line message
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitOutcome `xml:"failure"`
	Error     *junitOutcome `xml:"error"`
	Skipped   *junitOutcome `xml:"skipped"`
	SystemOut string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Body    string `xml:",chardata"`
}

// WriteJUnit writes the run as JUnit XML: one testsuite per area, one testcase per check. WARN and INFO pass with
// their text in system-out, unless the policy makes WARN a failure. What is wrong with the run itself (cut short,
// stale waivers, leftovers, unwritten reports) is in a testsuite "run", so that a bad exit is never an all-green file.
func WriteJUnit(w io.Writer, r *Run, v Verdict) error {
	index := r.index()
	byArea := map[string]int{}
	var suites []junitSuite
	var spent []time.Duration
	for _, res := range r.Results {
		i, ok := byArea[res.Area]
		if !ok {
			i = len(suites)
			byArea[res.Area] = i
			suites = append(suites, junitSuite{Name: xmlLine(res.Area)})
			spent = append(spent, 0)
		}
		spent[i] += res.Duration
		suites[i].Cases = append(suites[i].Cases, junitResult(res, v, index))
	}
	if cases := junitRun(r, v); len(cases) > 0 {
		suites = append(suites, junitSuite{Name: "run", Cases: cases})
		spent = append(spent, 0)
	}

	root := junitSuites{Name: "scimproof", Time: junitSeconds(r.Finished.Sub(r.Started)), Suites: suites}
	for i := range suites {
		s := &suites[i]
		s.Time, s.Timestamp, s.Properties = junitSeconds(spent[i]), r.Started.UTC().Format("2006-01-02T15:04:05"), junitProperties(r, v)
		for _, c := range s.Cases {
			s.Tests++
			switch {
			case c.Failure != nil:
				s.Failures++
			case c.Error != nil:
				s.Errors++
			case c.Skipped != nil:
				s.Skipped++
			}
		}
		root.Tests += s.Tests
		root.Failures += s.Failures
		root.Errors += s.Errors
		root.Skipped += s.Skipped
	}
	out, err := xml.MarshalIndent(root, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}

func junitProperties(r *Run, v Verdict) []junitProperty {
	return []junitProperty{
		{"target", xmlLine(r.Target.URL)},
		{"tool", xmlLine(strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version))},
		{"run", xmlLine(r.RunID)},
		{"seed", fmt.Sprint(r.Seed)},
		{"verdict", v.Word},
		{"exit", fmt.Sprint(v.Exit)},
	}
}

func junitResult(res Result, v Verdict, index map[string]*Exchange) junitCase {
	c := junitCase{
		Name:      xmlLine(strings.TrimSpace(res.ID + " " + res.Title)),
		Classname: "scimproof." + xmlLine(res.Area),
		Time:      junitSeconds(res.Duration),
	}
	message := res.Message
	if message == "" {
		_, message = Worst(res.Findings)
	}
	reason := res.why()
	switch {
	case v.Failing(res):
		c.Failure = &junitOutcome{xmlLine(message), string(res.Word), junitText(res, index)}
	case res.Word == Skip:
		c.Skipped = &junitOutcome{Message: xmlLine(reason)}
	case res.Word == Waived:
		c.Skipped = &junitOutcome{Message: xmlLine(strings.TrimSuffix("waived: "+reason+": "+message, ": "))}
		c.SystemOut = junitText(res, index)
	case res.Word == Warn || res.Word == Info:
		c.SystemOut = junitText(res, index)
	case res.Word == Pass:
		c.SystemOut = xmlBody(strings.Join(res.Notes, "\n"))
	default:
		if reason == "" {
			reason = message
		}
		c.Error = &junitOutcome{xmlLine(reason), string(Error), junitText(res, index)}
	}
	return c
}

// junitRun returns the cases about the run itself: none where all went well.
func junitRun(r *Run, v Verdict) []junitCase {
	var cases []junitCase
	add := func(name string, failure, err *junitOutcome) {
		cases = append(cases, junitCase{Name: name, Classname: "scimproof.run", Time: junitSeconds(0), Failure: failure, Error: err})
	}
	reasons := xmlBody(strings.Join(v.Reasons, "\n"))
	if r.Cut != nil {
		add("run completed", nil, &junitOutcome{
			xmlLine(r.Cut.Kind.words() + ": " + r.Cut.Why), string(r.Cut.Kind),
			xmlBody(strings.TrimSpace(r.Cut.Hint + "\n" + strings.Join(v.Reasons, "\n"))),
		})
	} else if v.Exit != ExitOK && v.Exit != ExitNegative && v.Exit != ExitLeftovers {
		message := v.Word
		if len(v.Reasons) > 0 {
			message = v.Reasons[0]
		}
		add("verdict reached", nil, &junitOutcome{xmlLine(message), "exit " + fmt.Sprint(v.Exit), reasons})
	}
	for _, stale := range r.StaleWaivers {
		add("waivers are current", &junitOutcome{Message: xmlLine(stale), Type: "waiver"}, nil)
	}
	if n := len(r.Cleanup.Left); n > 0 {
		var lines []string
		for _, l := range r.Cleanup.Left {
			lines = append(lines, l.line())
		}
		add("clean-up", &junitOutcome{
			plural(n, "resource") + " left behind on the target", "clean-up",
			xmlBody(strings.Join(lines, "\n")),
		}, nil)
	}
	return cases
}

func junitText(res Result, index map[string]*Exchange) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", res.Word, res.bracket())
	for _, q := range res.Requirements {
		fmt.Fprintf(&b, "requires  %s (%s)\n", q.Statement, q.ID)
	}
	for _, f := range res.Findings {
		fmt.Fprintf(&b, "%-8s  %s\n", strings.ToLower(string(f.Word)), f.Message)
		if f.Expected != "" {
			fmt.Fprintf(&b, "expected  %s\n", f.Expected)
		}
		if f.Got != "" {
			fmt.Fprintf(&b, "got       %s\n", f.Got)
		}
	}
	if len(res.Findings) == 0 && res.Message != "" {
		fmt.Fprintln(&b, res.Message)
	}
	for _, n := range res.Notes {
		fmt.Fprintf(&b, "note      %s\n", n)
	}
	for _, id := range res.Exchanges {
		if x := index[id]; x != nil {
			fmt.Fprintf(&b, "exchange  %s\n", x.Line())
			if x.RequestBody != "" {
				fmt.Fprintf(&b, "sent      %s\n", clipBytes(x.RequestBody, 1024, "…"))
			}
			if x.ResponseBody != "" {
				fmt.Fprintf(&b, "received  %s\n", clipBytes(x.ResponseBody, 1024, "…"))
			}
		}
	}
	return xmlBody(strings.TrimRight(b.String(), "\n"))
}

// xmlLine makes text fit for an attribute; encoding/xml escapes the rest.
func xmlLine(s string) string {
	return clip(Visible(clipBytes(s, 4*junitMessage, "…")), junitMessage, "…")
}

func xmlBody(s string) string {
	const mark = "\n… cut here; the JSON report has all of it"
	s = clipBytes(s, junitBody+utf8.UTFMax, "") // before the costly part; long enough to still be cut with the mark
	return clipBytes(visibleLines(s), junitBody, mark)
}

func junitSeconds(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	return fmt.Sprintf("%.3f", d.Seconds())
}
