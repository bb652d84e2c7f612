package reports

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

func htmlOf(t *testing.T, r *Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, r, r.Verdict(Policy{})); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// bare is the page without its style, script and policy, which are files of their own.
func bare(page string) string {
	return strings.NewReplacer(htmlStyle, "", htmlScript, "", htmlAttribute(htmlPolicy), "").Replace(page)
}

// htmlAttribute is text as html/template writes it between quotation marks.
func htmlAttribute(s string) string {
	return strings.NewReplacer("&", "&amp;", "'", "&#39;", "+", "&#43;", `"`, "&#34;").Replace(s)
}

func TestHTMLGolden(t *testing.T) {
	for name, r := range map[string]*Run{"html.html": sample(), "html-clean.html": clean(), "html-unreachable.html": unreachable(), "html-load.html": sampleLoad()} {
		golden(t, name, []byte(bare(htmlOf(t, r))))
	}
}

// elements are what the page is made of. Anything else came out of a text that should have stayed text.
var elements = strings.Fields(`html head meta title style script body a header div p span nav ul li main section h1 h2 h3 h4 strong small code pre
	svg rect path line g text circle desc details summary dl dt dd ol form label input select option fieldset legend output button table
	thead tbody tr th td blockquote footer del ins figure figcaption br`)

var attributes = strings.Fields(`lang charset http-equiv content name class href id aria-labelledby aria-hidden aria-label aria-live role hidden for type
	autocomplete spellcheck placeholder value checked data-w data-a data-l data-group data-part data-copy open tabindex rel scope viewbox
	preserveaspectratio focusable x y x1 x2 y1 y2 cx cy r d dx dy width height`)

// TestHTMLStaysText reads the page of hostile runs as a browser does, and proves that there is nothing in it but its own elements.
func TestHTMLStaysText(t *testing.T) {
	r := hostile()
	evil := []string{
		"</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", `"><svg onload=alert(1)>`, "' onmouseover='alert(1)",
		"</title><base href=//evil>", "</pre></details><iframe src=//evil>", "<!--", "]]><!DOCTYPE x>", "</style><link rel=stylesheet href=//evil>", "&lt;b&gt;", "{{.}}", "`+alert(1)+`",
	}
	for i, s := range evil {
		id := fmt.Sprintf("e.%d", i)
		r.Results = append(r.Results,
			Result{
				ID: id + s, Title: s, Area: s, Level: Level(s), Word: Fail, Message: s, Notes: []string{s}, Why: s, Fix: s, Exchanges: []string{id}, Reason: s,
				Requirements: []Requirement{{ID: s, RFC: s, Section: s, Level: Level(s), Statement: s}}, Findings: []Finding{{Word: Fail, Message: s, Expected: `["` + s + `"]`, Got: s, Exchange: id}},
			},
			Result{ID: id + ".p", Title: s, Area: s, Word: Pass, Requirements: []Requirement{{ID: s, RFC: "7644", Section: "3.1", Statement: s}}},
			Result{ID: id + ".s", Title: s, Area: s, Word: Skip, Reason: s, BlockedBy: s}, Result{ID: id + ".w", Title: s, Word: Word(s)})
		r.Exchanges = append(r.Exchanges, &Exchange{ID: id, Method: s, URL: s, RequestHeader: http.Header{s: {s}}, RequestBody: s, ResponseBody: s, ResponseHeader: http.Header{"X": {s}}})
		r.Behaviours = append(r.Behaviours, Behaviour{s, s, s})
		r.Waivers = append(r.Waivers, Waiver{ID: s, Reason: s, Owner: s, Expires: s, Place: s, State: s, Note: s, Waived: []string{s}})
		r.Causes = append(r.Causes, Cause{Name: s, Known: true, Checks: []string{id + s}, Blocked: []string{s}})
	}
	load := sampleLoad().Load
	for _, s := range evil {
		load.Operations = append(load.Operations, LoadOperation{Name: s, Sent: 1e6, Classes: []LoadClass{{Class: s, Count: 1}, {Class: "ok", Count: 3, Histogram: "gBABgBAC"}}})
		load.Growth = append(load.Growth, Growth{Operation: s, Verdict: s, Sentence: s, Points: []GrowthPoint{{1, 1}, {2, 2}}})
		for i := range int64(3) {
			load.Series = append(load.Series, LoadWindow{At: i, Width: 1, Operation: s, Classes: map[string]int64{s: 1}, P50: 1, P95: 2, P99: 3})
		}
		load.Thresholds = append(load.Thresholds, LoadThreshold{Text: s, Actual: s})
	}
	load.Scenario, load.Asked, load.Audit, load.Generator.Invalid = evil[0], evil[1], evil[2], evil[3]
	for _, l := range []*Load{nil, load} {
		r.Load, r.Config, r.Crash, r.Asks = l, map[string]string{"only": evil[0], "rate": evil[4], evil[1]: evil[3]}, evil[6], evil
		r.Target.Name, r.Target.URL = evil[5], "http://x/"+evil[3]
		page := htmlOf(t, r)
		safe(t, "html", []byte(page))
		wellFormed(t, page)
	}
}

// wellFormed walks the page and proves that it holds the report's own elements and loads nothing.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	ids := map[string]int{}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.CommentNode {
			t.Errorf("a comment: %q", n.Data)
		}
		if n.Type == html.ElementNode {
			count[n.Data]++
			if !slices.Contains(elements, n.Data) {
				t.Fatalf("an element that is not of the page: <%s>", n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case !slices.Contains(attributes, strings.ToLower(a.Key)):
					t.Fatalf("an attribute that is not of the page: <%s %s=%q>", n.Data, a.Key, a.Val)
				case a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !regexp.MustCompile(`^https://www\.rfc-editor\.org/rfc/rfc\d+#section-[\d.]+$`).MatchString(a.Val):
					t.Fatalf("a link leaves: %q", a.Val)
				case a.Key == "id":
					ids[a.Val]++
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	for _, name := range []string{"style", "script", "main", "h1", "title"} {
		// An svg's title is its own.
		if count[name] != 1 && name != "title" {
			t.Errorf("%d <%s>", count[name], name)
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %q occurs %d times", id, n)
		}
	}
}

// TestHTMLPolicy proves that the policy knows exactly the style and the script that are in the page.
func TestHTMLPolicy(t *testing.T) {
	page := htmlOf(t, sample())
	for _, tag := range []string{"style", "script"} {
		m := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(m) != 1 || !strings.Contains(page, htmlAttribute("'"+integrity(m[0][1])+"'")) {
			t.Errorf("<%s> is not what the policy allows", tag)
		}
	}
	for _, want := range []string{"default-src &#39;none&#39;", "base-uri &#39;none&#39;", "form-action &#39;none&#39;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the policy lacks %s", want)
		}
	}
	for _, bad := range []string{"unsafe-inline", "innerHTML", "http:", "//cdn"} {
		if strings.Contains(htmlStyle+htmlScript+htmlPolicy, bad) {
			t.Errorf("style, script or policy has %q", bad)
		}
	}
	wellFormed(t, page)
}

// big is a run with so many exchanges, of which each tenth shows a finding.
func big(exchanges int) *Run {
	r := sample()
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":20,"Resources":[` +
		strings.Repeat(`{"id":"2819c223-7f76-453a-919d-413861904646","userName":"ada@example.com","name":{"familyName":"Lovelace","givenName":"Ada"},"meta":{"resourceType":"User"}},`, 40) + `{}]}`
	for i := range exchanges {
		id := fmt.Sprintf("area-%d", i)
		r.Exchanges = append(r.Exchanges, &Exchange{
			ID: id, Method: "GET", URL: fmt.Sprintf("https://scim.example.com/v2/Users?filter=userName%%20eq%%20%%22ada%d%%22&attributes=userName,emails", i), Status: 200, ResponseBody: body,
			RequestHeader: http.Header{"Accept": {"application/scim+json"}, "Authorization": {"[redacted]"}}, ResponseHeader: http.Header{"Content-Type": {"application/scim+json"}}, Duration: time.Millisecond,
		})
		res := Result{ID: "area.check-" + fmt.Sprint(i), Title: "the answer is what it should be, and nothing else", Area: "area", Level: Must, Word: Pass, Requirements: r.Results[0].Requirements, Exchanges: []string{id}}
		switch {
		case i%10 == 0:
			res.Word, res.Message, res.Why, res.Fix = Fail, "wrong", strings.Repeat("why ", 30), strings.Repeat("fix ", 30)
			res.Findings = []Finding{{Word: Fail, Message: "wrong", Expected: `{"a":1,"b":[1,2]}`, Got: `{"a":2,"b":[1,2]}`, Exchange: id}}
			fallthrough
		case i%4 == 0:
			r.Results = append(r.Results, res)
		}
	}
	return r
}

func TestHTMLSize(t *testing.T) {
	r := big(5000)
	page := htmlOf(t, r)
	t.Logf("%d exchanges, %d results: %d bytes", len(r.Exchanges), len(r.Results), len(page))
	if len(page) > 3_000_000 {
		t.Errorf("the page of 5,000 exchanges has %d bytes", len(page))
	}
	for _, want := range []string{"5,003 exchanges were recorded", "area.check-4990"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestHTMLCutsLongLines(t *testing.T) {
	r := sample()
	r.Exchanges[1].ResponseBody = strings.Repeat("<", 10<<20)
	r.Exchanges[1].URL = "http://x/" + strings.Repeat("%22", 1<<20)
	r.Results[1].Findings[0].Got = "[" + strings.Repeat(`"\u001b",`, 1<<20) + `""]`
	r.Exchanges = append(r.Exchanges, &Exchange{ID: "x4", Method: "GET", URL: "/", ResponseBody: strings.Repeat("[", 5<<20)})
	page := htmlOf(t, r)
	if len(page) > 400<<10 || !strings.Contains(page, "[cut here: the body has 10,485,760 bytes]") {
		t.Errorf("%d bytes", len(page))
	}
}

// TestHTMLWithoutScript proves that what decides is in the page before its script runs.
func TestHTMLWithoutScript(t *testing.T) {
	r := sample()
	r.Results[1].Why, r.Results[1].Fix = "clients lose data", "change only what matches"
	doc, err := html.Parse(strings.NewReader(htmlOf(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			text.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	got := strings.Join(strings.Fields(text.String()), " ")
	for _, want := range []string{
		"Incomplete", "1 check failed", "1 check could not be judged", "A replace whose path has a value filter changes only the elements that match.", "RFC 7644 section 3.5.2.3", "another element was removed",
		`emails[1] = {"type":"home","value":"b@example.com"}`, "emails[1] is absent", "clients lose data", "change only what matches", "503 three times", "bulk is not claimed",
		"vendor ticket 4711", "/Users/7 (r1k2-7): DELETE answered 500", "scimproof cleanup r1k2.ledger", "PATCH /v2/Users/1 → 200", `curl -gsi --path-as-is -X PATCH`, "$SCIM_TOKEN", "claimed, but does not work",
		"vendor ticket 4711 iam-team 2026-12-31 in force", "replica lag iam-team 2026-12-31 not tried ; skipped",
		"PATCH answers", "--seed 42", "What this does not prove",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
}
