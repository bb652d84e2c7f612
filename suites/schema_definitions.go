package suites

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

var (
	attributeName = regexp.MustCompile(`^(\$ref|[A-Za-z][A-Za-z0-9_$-]*)$`)
	dataTypes     = []string{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
)

// definitions judges the attribute definitions that the target publishes (RFC 7643 §7).
func (s *session) definitions() {
	s.about("published attribute definitions", func() {
		var x *reports.Exchange
		var list []scim.Object
		s.beforeAll(func() {
			x = s.learned.schemas
			list = scim.Objects(x.Object(), "Resources")
		})
		there := func() *reports.Exchange {
			if len(list) == 0 {
				s.see(x)
				s.block("discovery.schemas", "GET /Schemas answered %d without schemas", x.Status)
			}
			return x
		}
		// eachAttr judges each attribute and sub-attribute, named in full.
		eachAttr := func(judge func(path string, sub bool, o scim.Object) error) Check {
			return func(*reports.Exchange) error {
				var errs []error
				for _, o := range list {
					errs = append(errs, walkAttributes(scim.String(o, "id")+":", false, scim.List(o, "attributes"), judge))
				}
				return errors.Join(errs...)
			}
		}
		s.it("each attribute has a name that the rules allow", ID("schema.attribute-names"), Requires("7643-2.1-02"), Explain{
			Why: "Names outside the rule cannot be written in filters and PATCH paths.",
			Fix: "Start names with a letter, and use letters, digits, hyphen, underscore and dollar only.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				if n := scim.String(o, "name"); !attributeName.MatchString(n) {
					return wrong("name of "+path, text("letter *(letter / digit / - / _ / $)"), scim.Get(o, "name"))
				}
				return nil
			}))
		})
		s.it("each attribute has one of the eight data types, spelt exactly", ID("schema.attribute-types"), Requires("7643-7-06", "7643-2.3-01"), Explain{
			Why: "Clients choose how to send and compare a value by this keyword.",
			Fix: "Use string, boolean, decimal, integer, dateTime, binary, reference or complex.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				t, ok := scim.Get(o, "type").(string)
				if slices.Contains(dataTypes, t) {
					return nil
				}
				err := wrong("type of "+path, text(strings.Join(dataTypes, ", ")), scim.Get(o, "type"))
				if !ok && !defines(o, "type") {
					err = soften(reports.Warn, err) // the default is string (RFC 7643 §2.2)
				}
				return err
			}))
		})
		for _, c := range []struct{ name, id, req string }{
			{"multiValued", "schema.multivalued", "7643-7-08"}, {"required", "schema.required", "7643-7-10"},
		} {
			s.it(c.name+" of each attribute is a boolean", ID(c.id), Requires(c.req), Explain{
				Why: "A quoted or missing " + c.name + " makes clients send the wrong shape.",
				Fix: "Publish " + c.name + " as true or false for every attribute.",
			}, func() {
				s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
					v, ok := scim.Lookup(o, c.name)
					if _, is := v.(bool); is {
						return nil
					}
					err := wrong(c.name+" of "+path, text("true or false"), v)
					if !ok {
						err = soften(reports.Warn, err)
					}
					return err
				}))
			})
		}
		for _, c := range []struct {
			name, id, req string
			values        []string
		}{
			{"mutability", "schema.mutability", "7643-2.2-01", []string{"readOnly", "readWrite", "immutable", "writeOnly"}},
			{"returned", "schema.returned", "7643-2.2-01", []string{"always", "never", "default", "request"}},
			{"uniqueness", "schema.uniqueness", "7643-2.2-01", []string{"none", "server", "global"}},
		} {
			s.it(c.name+" of each attribute, where given, is one of the defined keywords", ID(c.id), Requires(c.req), Explain{
				Why: "An unknown keyword reads as the default, which may be wrong.",
				Fix: "Use one of " + strings.Join(c.values, ", ") + ".",
			}, func() {
				s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
					v, ok := scim.Lookup(o, c.name)
					if str, _ := v.(string); !ok || v == nil || slices.Contains(c.values, str) {
						return nil
					}
					return wrong(c.name+" of "+path, text(strings.Join(c.values, ", ")), v)
				}))
			})
		}
		s.it("a simple attribute has no sub-attributes", ID("schema.simple-has-no-subs"), Requires("7643-1.2-01"), Explain{
			Why: "Clients cannot tell whether to send a value or an object.",
			Fix: "Publish subAttributes for complex attributes only.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				if t := scim.String(o, "type"); slices.Contains(dataTypes, t) && t != "complex" && len(scim.List(o, "subAttributes")) > 0 {
					return wrong("subAttributes of "+path+", a "+t, text("none"), text("some"))
				}
				return nil
			}))
		})
		s.it("a complex attribute lists its sub-attributes", ID("schema.complex-has-subs"), Requires("7643-7-07"), Explain{
			Why: "Without them nobody knows what may be inside.",
			Fix: "Publish subAttributes for every complex attribute.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				if scim.String(o, "type") == "complex" && len(scim.List(o, "subAttributes")) == 0 {
					return wrong("subAttributes of "+path, text("at least one"), text("none"))
				}
				return nil
			}))
		})
		s.it("no complex attribute contains another complex attribute", ID("schema.no-nested-complex"), Requires("7643-2.3.8-02"), Explain{
			Why: "Paths and filters reach one level deep only.",
			Fix: "Flatten the attribute, or make it a resource of its own.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, sub bool, o scim.Object) error {
				if strings.HasPrefix(strings.ToLower(path), strings.ToLower(scim.SchemaURN)) {
					return nil // the Schema schema describes itself (erratum 8415)
				}
				if sub && (scim.String(o, "type") == "complex" || len(scim.List(o, "subAttributes")) > 0) {
					return wrong("type of the sub-attribute "+path, text("a simple type"), text("complex"))
				}
				return nil
			}))
		})
		s.it("boolean and complex attributes declare neither caseExact nor uniqueness", ID("schema.no-case-on-boolean"), Requires("7643-2.3.2-02", "7643-2.3.8-03"), Explain{
			Why: "The characteristic has no meaning there and makes clients compare wrongly.",
			Fix: "Publish caseExact false and uniqueness none, or neither, for them.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				t := scim.String(o, "type")
				if t != "boolean" && t != "complex" {
					return nil
				}
				if scim.Get(o, "caseExact") == true {
					return wrong("caseExact of "+path+", a "+t, false, true)
				}
				if u := scim.String(o, "uniqueness"); u != "" && u != "none" {
					return wrong("uniqueness of "+path+", a "+t, "none", u)
				}
				return nil
			}))
		})
		s.it("referenceTypes stand on references only, and name resource types, external or uri", ID("schema.reference-types"), Requires("7643-7-29"), Explain{
			Why: "Clients follow references by these names.",
			Fix: "List resource type names, external or uri in referenceTypes of reference attributes.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				types := scim.List(o, "referenceTypes")
				if len(types) > 0 && scim.String(o, "type") != "reference" {
					return wrong("referenceTypes of "+path+", a "+scim.String(o, "type"), text("none"), types)
				}
				for _, v := range types {
					n, _ := v.(string)
					if n != "external" && n != "uri" && len(s.learned.resourceTypes) > 0 && s.learned.typ(n) == nil && !slices.Contains([]string{"User", "Group"}, n) {
						return wrong("referenceTypes of "+path, text("names of resource types, external or uri"), v)
					}
				}
				return nil
			}))
		})
		s.it("the sub-attributes primary and $ref keep their standard types", ID("schema.standard-subs"), Requires("7643-2.4-01"), Explain{
			Why: "Clients rely on primary being a boolean and $ref a reference wherever they meet them.",
			Fix: "Declare primary as boolean and $ref as reference.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, sub bool, o scim.Object) error {
				want := map[string]string{"primary": "boolean", "$ref": "reference"}[scim.String(o, "name")]
				if got := scim.String(o, "type"); sub && want != "" && got != want {
					return wrong("type of "+path, want, got)
				}
				return nil
			}))
		})
		s.schemaDetails(there, eachAttr)
		s.schemaBaseline(there)
	})
}

// walkAttributes calls judge for each attribute definition and its sub-attributes, with the path of each.
func walkAttributes(prefix string, sub bool, list []any, judge func(path string, sub bool, o scim.Object) error) error {
	var errs []error
	for _, e := range list {
		o, ok := e.(scim.Object)
		if !ok {
			errs = append(errs, wrong("an attribute of "+prefix, text("an object"), e))
			continue
		}
		path := prefix + scim.String(o, "name")
		errs = append(errs, judge(path, sub, o), walkAttributes(path+".", true, scim.List(o, "subAttributes"), judge))
	}
	return errors.Join(errs...)
}

func defines(o scim.Object, name string) bool {
	_, ok := scim.Lookup(o, name)
	return ok
}
