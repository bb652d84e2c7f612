package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func jsonOf(t *testing.T, r *Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSON(&b, r, r.Verdict(Policy{})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// strict forbids unknown fields in the published schema, which leaves room for them, and calls see with each field.
func strict(node any, see func(name string)) {
	switch n := node.(type) {
	case map[string]any:
		for _, sub := range n {
			strict(sub, see)
		}
		if props, ok := n["properties"].(map[string]any); ok {
			n["additionalProperties"] = false
			for name := range props {
				see(name)
			}
		}
	case []any:
		for _, sub := range n {
			strict(sub, see)
		}
	}
}

func schema(t *testing.T, see func(string)) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(ResultsSchema))
	if err != nil {
		t.Fatal(err)
	}
	strict(doc, see)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("results.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("results.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, doc []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestJSONGolden(t *testing.T) { golden(t, "results.json", jsonOf(t, sample())) }

func TestJSONSchema(t *testing.T) {
	s := schema(t, func(string) {})
	for name, r := range map[string]*Run{"sample": sample(), "clean": clean(), "unreachable": unreachable(), "empty": {}, "hostile": hostile(), "load": sampleLoad()} {
		if err := valid(t, s, jsonOf(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	doc := string(jsonOf(t, sample()))
	for _, edit := range [][2]string{{`"word": "FAIL"`, `"word": "BAD"`}, {`"schema": 1`, `"schema": 2`}, {`"runId"`, `"runID"`}, {`"exit": 4`, `"exit": 6`}} {
		bad := strings.Replace(doc, edit[0], edit[1], 1)
		if bad == doc || valid(t, s, []byte(bad)) == nil {
			t.Errorf("the schema accepts %s for %s, or it was not there", edit[1], edit[0])
		}
	}
}

func TestJSONIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	schema(t, func(name string) {
		fields++
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/results.md does not describe %q", name)
		}
	})
	if fields < 60 {
		t.Errorf("only %d fields seen", fields)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	for name, r := range map[string]*Run{"sample": sample(), "clean": clean(), "unreachable": unreachable(), "empty": {}, "hostile": hostile(), "load": sampleLoad()} {
		first := jsonOf(t, r)
		back, err := ReadJSON(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if second := jsonOf(t, back); !bytes.Equal(first, second) {
			t.Errorf("%s changes when read and written again", name)
		}
		for i, x := range r.Exchanges {
			if b := back.Exchanges[i]; b.RequestBody != x.RequestBody || b.ResponseBody != x.ResponseBody {
				t.Errorf("%s: the bodies of %s changed", name, x.ID)
			}
		}
		if a, b := r.Verdict(Policy{}), back.Verdict(Policy{}); a.Exit != b.Exit || a.Green != b.Green || a.Word != b.Word {
			t.Errorf("%s: the verdict changed", name)
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "not a scimproof results file",
		"[]":                        "not a scimproof results file",
		"{}":                        `it has no "schema"`,
		`{"schema":2}`:              "schema 2",
		`{"schema":1,"results":1}`:  "damaged",
		`{"schema":1} {"schema":1}`: "not a scimproof results file",
	} {
		if _, err := ReadJSON(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestJSONKeepsTheVerdict(t *testing.T) {
	var doc struct {
		Verdict Verdict `json:"verdict"`
	}
	if err := json.Unmarshal(jsonOf(t, sample()), &doc); err != nil {
		t.Fatal(err)
	}
	if want := sample().Verdict(Policy{}); doc.Verdict.Exit != want.Exit || doc.Verdict.Count[Skip] != 3 || doc.Verdict.Word != Incomplete {
		t.Errorf("verdict %+v, want %+v", doc.Verdict, want)
	}
}
