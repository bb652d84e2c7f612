package suites

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// eachAttribute judges every published attribute and sub-attribute.
type eachAttribute func(judge func(path string, sub bool, o scim.Object) error) Check

// schemaDetails judges what a definition says beside its characteristics (RFC 7643 §2.4, §7).
func (s *session) schemaDetails(there func() *reports.Exchange, each eachAttribute) {
	s.it("canonicalValues, where given, is an array of values of the attribute's type, each once", ID("schema.canonical-values"), Requires("7643-2.4-09"), Explain{
		Why: "Clients offer these values to the administrator and pick from them; one text with commas is one strange value.",
		Fix: "Publish canonicalValues as a JSON array of strings, or leave it out.",
	}, func() {
		given := false
		s.judge(there(), each(func(path string, _ bool, o scim.Object) error {
			v, ok := scim.Lookup(o, "canonicalValues")
			if !ok || v == nil {
				return nil
			}
			list, ok := v.([]any)
			if !ok {
				return wrong("canonicalValues of "+path, text("an array"), v)
			}
			given = given || len(list) > 0
			for i, e := range list {
				if !canonical(scim.String(o, "type"), e) || slices.Contains(list[:i], e) {
					return wrong("canonicalValues of "+path, text("values of its type, each once"), list)
				}
			}
			return nil
		}))
		s.note("canonical values are %s", map[bool]string{true: "published", false: "not published"}[given])
	})

	s.it("dates and binaries declare no uniqueness, numbers and dates no letter case", ID("schema.no-uniqueness-on-dates"), Requires("7643-2.3.6-04"), Explain{
		Why: "The characteristic has no meaning there and makes clients compare wrongly.",
		Fix: "Publish uniqueness none for dates and binaries, and caseExact false for numbers and dates, or neither.",
	}, func() {
		s.judge(there(), each(func(path string, _ bool, o scim.Object) error {
			typ := scim.String(o, "type")
			if u := scim.String(o, "uniqueness"); (typ == "dateTime" || typ == "binary") && u != "" && u != "none" {
				return wrong("uniqueness of "+path+", a "+typ, "none", u)
			}
			if slices.Contains([]string{"dateTime", "integer", "decimal"}, typ) && scim.Get(o, "caseExact") == true {
				return wrong("caseExact of "+path+", a "+typ, false, true)
			}
			return nil
		}))
	})

	s.it("an attribute is defined once, whatever its letter case", ID("schema.attribute-once"), Requires("7643-2.1-03"), Explain{
		Why: "Names are the same in any letter case; of two definitions each client takes another.",
		Fix: "Keep one definition of each attribute, in one spelling.",
	}, func() {
		seen := map[string]bool{}
		s.judge(there(), each(func(path string, _ bool, _ scim.Object) error {
			key := strings.ToLower(path)
			if seen[key] {
				return wrong("definitions of "+path, 1, text("several"))
			}
			seen[key] = true
			return nil
		}))
	})

	s.it("the display of a value can be read", ID("schema.display"), Requires("7643-2.4-04"), Explain{
		Why: "display is the label that is shown to people; one that is never returned shows nothing.",
		Fix: "Publish display as immutable, readOnly or readWrite, and return it.",
	}, func() {
		var kinds []string
		s.judge(there(), each(func(path string, sub bool, o scim.Object) error {
			if !sub || !strings.EqualFold(scim.String(o, "name"), "display") {
				return nil
			}
			m := orDefault(scim.String(o, "mutability"), "readWrite")
			if !slices.Contains(kinds, m) {
				kinds = append(kinds, m)
			}
			if m == "writeOnly" || scim.String(o, "returned") == "never" {
				return wrong("mutability of "+path, text("immutable, readOnly or readWrite"), m)
			}
			return nil
		}))
		slices.Sort(kinds)
		s.observe("A45", "mutability of display", strings.Join(kinds, ", "))
	})

	s.it("descriptions of attributes, where given, are texts that say something", ID("schema.descriptions"), Requires("7643-7-09"), Explain{
		Why: "Mapping screens show them to the administrator who has to decide what goes where.",
		Fix: "Describe each attribute in a sentence, or leave description out.",
	}, func() {
		s.judge(there(), each(func(path string, _ bool, o scim.Object) error {
			v, ok := scim.Lookup(o, "description")
			if _, isText := v.(string); ok && v != nil && !isText {
				return soften(reports.Warn, wrong("description of "+path, text("a text"), v))
			}
			if v == "" {
				return soften(reports.Info, wrong("description of "+path, text("a text, or no such member"), v))
			}
			return nil
		}))
	})

	s.it("a schema is the same on its own as in the list", ID("schema.single-as-listed"), Requires("7644-4-04"), Explain{
		Why: "Clients that refresh one schema forget the attributes that it does not show.",
		Fix: "Serve the single schema and the list from one definition.",
	}, func() {
		there()
		var errs []error
		var seen []*reports.Exchange
		for _, o := range scim.Objects(s.learned.schemas.Object(), "Resources") {
			id := scim.String(o, "id")
			if id == "" || len(seen) == 3 {
				continue
			}
			x := s.get("/Schemas/" + id)
			if x.Status == 200 {
				seen = append(seen, x)
				errs = append(errs, sameDefinition(id, x.Object(), o))
			}
		}
		if len(seen) == 0 {
			s.block("discovery.schema-single", "no schema can be fetched by its URN")
		}
		s.judgeErr(errors.Join(errs...), seen...)
	})
}

// sameDefinition compares the names that two renderings of a schema define.
func sameDefinition(id string, single, listed scim.Object) error {
	names := func(o scim.Object) (out []string) {
		_ = walkAttributes("", false, scim.List(o, "attributes"), func(path string, _ bool, a scim.Object) error {
			out = append(out, path+" "+scim.String(a, "type")+" "+scim.String(a, "mutability"))
			return nil
		})
		slices.Sort(out)
		return out
	}
	have, want := names(single), names(listed)
	if slices.Equal(have, want) {
		return nil
	}
	for _, n := range want {
		if !slices.Contains(have, n) {
			return wrong("attributes of "+id+" on its own", text("among them "+n), text("not that one"))
		}
	}
	return wrong("attributes of "+id+" on its own", len(want), len(have))
}

// canonical tells whether a canonical value has the attribute's type.
func canonical(typ string, v any) bool {
	switch v.(type) {
	case string:
		return typ != "boolean" && typ != "integer" && typ != "decimal" && typ != "complex"
	case json.Number:
		return typ == "integer" || typ == "decimal"
	case bool:
		return typ == "boolean"
	}
	return false
}
