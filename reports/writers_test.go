package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

func written(t *testing.T, format string, r *Run, p Policy) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(format, &b, r, r.Verdict(p)); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

// everyRun is what the writers are tried on.
func everyRun() map[string]*Run {
	return map[string]*Run{"sample": sample(), "clean": clean(), "unreachable": unreachable(), "empty": {}, "hostile": hostile(), "load": sampleLoad()}
}

func TestWritersGolden(t *testing.T) {
	for _, format := range []string{"badge", "github", "gitlab", "har", "markdown", "sarif"} {
		ending := FileName(format)[strings.LastIndexByte(FileName(format), '.'):]
		golden(t, format+ending, written(t, format, sample(), Policy{}))
		golden(t, format+"-clean"+ending, written(t, format, clean(), Policy{}))
		if format != "har" {
			golden(t, format+"-load"+ending, written(t, format, sampleLoad(), Policy{}))
			golden(t, format+"-unreachable"+ending, written(t, format, unreachable(), Policy{}))
		}
	}
}

func TestFileNames(t *testing.T) {
	seen := map[string]string{}
	for _, format := range Formats() {
		name := FileName(format)
		if name == "" || seen[name] != "" {
			t.Errorf("%s and %s are both written to %q", format, seen[name], name)
		}
		seen[name] = format
	}
}

func compiled(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("http://127.0.0.1/schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("http://127.0.0.1/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSARIFIsValid(t *testing.T) {
	s := compiled(t, "testdata/sarif-2.1.0.schema.json")
	for name, r := range everyRun() {
		doc := written(t, "sarif", r, Policy{})
		if err := valid(t, s, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var log sarifLog
		if err := json.Unmarshal(doc, &log); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, res := range log.Runs[0].Results {
			uri := ""
			if len(res.Locations) == 1 {
				uri = res.Locations[0].Physical.Artifact.URI
			}
			if u, err := url.Parse(uri); uri == "" || err != nil || u.IsAbs() || strings.HasPrefix(uri, "/") || res.Locations[0].Physical.Region.StartLine < 1 {
				t.Errorf("%s: %s has no place in a repository: %q", name, res.RuleID, uri)
			}
			if rule := log.Runs[0].Tool.Driver.Rules[res.RuleIndex].ID; rule != res.RuleID {
				t.Errorf("%s: %s points at the rule %s", name, res.RuleID, rule)
			}
			if fp := res.Fingerprints["scimproof/v1"]; fp == "" || seen[fp] {
				t.Errorf("%s: fingerprint %q of %s", name, fp, res.RuleID)
			} else {
				seen[fp] = true
			}
		}
		want := r.Verdict(Policy{}).Count
		if n := len(log.Runs[0].Results); n != want[Fail]+want[Error]+want[Warn]+want[Waived] {
			t.Errorf("%s: %d results for %v", name, n, want)
		}
	}
	bad := bytes.Replace(written(t, "sarif", sample(), Policy{}), []byte(`"level": "error"`), []byte(`"level": "bad"`), 1)
	if valid(t, s, bad) == nil {
		t.Error("the schema accepts anything")
	}
}

func TestHARIsValid(t *testing.T) {
	s := compiled(t, "testdata/har-1.2.schema.json")
	for name, r := range everyRun() {
		doc := written(t, "har", r, Policy{})
		if err := valid(t, s, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var log harLog
		if err := json.Unmarshal(doc, &log); err != nil {
			t.Fatal(err)
		}
		if len(log.Log.Entries) != len(r.Exchanges) {
			t.Errorf("%s: %d entries for %d exchanges", name, len(log.Log.Entries), len(r.Exchanges))
		}
	}
	bad := bytes.Replace(written(t, "har", sample(), Policy{}), []byte(`"entries"`), []byte(`"entry"`), 1)
	if valid(t, s, bad) == nil {
		t.Error("the schema accepts anything")
	}
}

func TestAnchor(t *testing.T) {
	for in, want := range map[string]string{
		"": "scimproof.yaml", "src/scim/users.go": "src/scim/users.go", "/etc/passwd": "etc/passwd", "../../x": "x", `src\a b.go`: "src/a%20b.go",
		"javascript:alert(1)": "javascript:alert%281%29", "a\x00b": "a/x00b",
	} {
		r := sample()
		r.Config[AnchorKey] = in
		got := uriPath(r.anchor())
		u, err := url.Parse("./" + got)
		if err != nil || u.IsAbs() || strings.HasPrefix(got, "/") {
			t.Errorf("%q is no relative reference: %v", got, err)
		}
		if decoded, _ := url.PathUnescape(got); decoded != r.anchor() {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// commandLine is a workflow command as the runner reads it.
var commandLine = regexp.MustCompile(`^::(error|warning|notice) ((?:file=[^,:]+,line=1,)?title=[^,:]*)::(.*)$`)

func TestGitHubAnnotations(t *testing.T) {
	for name, r := range everyRun() {
		r.Config = map[string]string{AnchorKey: "src/a,b:c.yaml"}
		count := map[string]int{}
		for _, line := range strings.Split(strings.TrimSuffix(string(written(t, "github", r, Policy{})), "\n"), "\n") {
			part := commandLine.FindStringSubmatch(line)
			if part == nil {
				t.Fatalf("%s: no workflow command: %.200q", name, line)
			}
			count[part[1]]++
			if _, err := url.PathUnescape(part[3]); err != nil {
				t.Errorf("%s: a stray percent sign: %v", name, err)
			}
		}
		v := r.Verdict(Policy{})
		if count["error"] != min(annotationLimit, v.Count[Fail]+v.Count[Error]) || count["warning"] != min(annotationLimit, v.Count[Warn]) || count["notice"] != 1 {
			t.Errorf("%s: %v annotations for %v", name, count, v.Count)
		}
	}
	if out := string(written(t, "github", hostile(), Policy{})); !strings.Contains(out, "and 59 more") {
		t.Errorf("what is left out is not counted: %.3000s", out)
	}
}

func TestGitLabReport(t *testing.T) {
	for name, r := range everyRun() {
		var list []codeQuality
		if err := json.Unmarshal(written(t, "gitlab", r, Policy{}), &list); err != nil || list == nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[string]bool{}
		for _, q := range list {
			if q.Description == "" || q.CheckName == "" || seen[q.Fingerprint] || q.Location.Path == "" || q.Location.Lines.Begin != 1 || !strings.Contains("minor major critical", q.Severity) {
				t.Errorf("%s: %+v", name, q)
			}
			seen[q.Fingerprint] = true
		}
		if c := r.Verdict(Policy{}).Count; len(list) != c[Fail]+c[Error]+c[Warn] {
			t.Errorf("%s: %d findings for %v", name, len(list), c)
		}
	}
}

func TestBadge(t *testing.T) {
	for _, row := range []struct {
		change         func(*Run)
		p              Policy
		message, color string
	}{
		{pass, Policy{}, Conformant, "brightgreen"},
		{warn, Policy{}, ConformantNotes, "green"},
		{warn, Policy{FailOn: FailOnShould}, ConformantNotes, "orange"},
		{fail, Policy{}, NotConformant + ", 1 of 2 MUST", "red"},
		{fail, Policy{FailOn: FailOnNever}, NotConformant + ", 1 of 2 MUST", "red"},
		{stale, Policy{}, Conformant, "orange"},
		{lost, Policy{}, Incomplete, "lightgrey"},
		{cut(CutUnreachable), Policy{}, NoVerdict, "lightgrey"},
		{crash, Policy{}, NoVerdict, "lightgrey"},
	} {
		r := &Run{}
		pass(r)
		row.change(r)
		var b badge
		if err := json.Unmarshal(written(t, "badge", r, row.p), &b); err != nil {
			t.Fatal(err)
		}
		if b.Color != row.color || row.message != NotConformant+", 1 of 2 MUST" && b.Message != row.message || b.Schema != 1 || b.IsError != (row.color == "lightgrey") {
			t.Errorf("%+v, want %s %s", b, row.message, row.color)
		}
	}
}

// rendered is Markdown as HTML, by a renderer that lets everything through.
func rendered(t *testing.T, doc []byte) string {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert(doc, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdownIsHarmless(t *testing.T) {
	tags := regexp.MustCompile(`<[^>]*>`)
	allowed := regexp.MustCompile(`^</?(h[234]|p|table|thead|tbody|tr|t[hd](?: (style|align)="[^"]*")?|ul|ol(?: start="\d+")?|li|strong|code(?: class="language-text")?|pre|details|summary|blockquote|em|br|a)( ?/)?>$|^<a href="https://www\.rfc-editor\.org/rfc/rfc[\w.]*#section-[\w.]*">$`)
	for name, r := range everyRun() {
		r.Behaviours, r.Config = nil, nil
		for i := range r.Results {
			if len(r.Results[i].Requirements) == 0 {
				r.Results[i].Requirements = []Requirement{{ID: "7644-3.3-05", RFC: "7644", Section: "3.3", Level: Must, Statement: r.Results[i].Title}}
			}
			r.Results[i].Fix = r.Results[i].Title
		}
		doc := written(t, "markdown", r, Policy{})
		for _, tag := range tags.FindAllString(rendered(t, doc), -1) {
			if !allowed.MatchString(tag) {
				t.Fatalf("%s: the summary holds %.200q", name, tag)
			}
		}
		if len(doc) > markdownLimit {
			t.Errorf("%s: %d bytes", name, len(doc))
		}
	}
}

func TestMarkdownLimit(t *testing.T) {
	r := sample()
	for i := range 3000 {
		text := strings.Repeat("x", 290)
		r.Results = append(r.Results, Result{
			ID: fmt.Sprintf("create.many-%d", i), Title: text, Area: "create", Level: Must, Word: Fail, Message: fmt.Sprintf("%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676) + text,
			Findings: []Finding{{Word: Fail, Message: fmt.Sprintf("%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676) + text, Expected: text, Got: text}},
		})
	}
	r.Causes = nil
	doc := string(written(t, "markdown", r, Policy{}))
	if len(doc) > 1<<20 || !strings.Contains(doc, "left out, for want of space") || !strings.Contains(doc, "### Left behind") || strings.Count(doc, "<details>") != strings.Count(doc, "</details>") {
		t.Errorf("%d bytes, ending in %s", len(doc), doc[max(0, len(doc)-300):])
	}
	if !strings.Contains(doc[:2000], "not conformant") && !strings.Contains(doc[:2000], "incomplete") {
		t.Error("the verdict does not come first")
	}
}

// TestHugeLines gives the target the longest answer that is recorded, in one line.
func TestHugeLines(t *testing.T) {
	for _, body := range []string{strings.Repeat("<`\x1b[2J", 10<<20/6), strings.Repeat("\xff", 1<<20)} {
		r := sample()
		r.Exchanges[1].ResponseBody = body
		r.Results[1].Findings[0].Got, r.Results[1].Message = body, body
		for _, format := range Formats() {
			doc := written(t, format, r, Policy{})
			safe(t, format, doc)
			if limit := 1 << 20; len(doc) > limit && format != "json" && format != "har" {
				t.Errorf("%s has %d bytes", format, len(doc))
			}
		}
	}
}
