package suites

import (
	"errors"
	"net/url"
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

// schemaList judges /Schemas (RFC 7643 §7, RFC 7644 §4).
func (s *session) schemaList() {
	about("GET /Schemas", func() {
		var x *reports.Exchange
		var list []scim.Object
		beforeAll(func() {
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
		// eachSchema judges each published schema; eachAttr each attribute and sub-attribute, named in full.
		eachSchema := func(judge func(id string, o scim.Object) error) Check {
			return func(*reports.Exchange) error {
				var errs []error
				for _, o := range list {
					errs = append(errs, judge(scim.String(o, "id"), o))
				}
				return errors.Join(errs...)
			}
		}
		eachAttr := func(judge func(path string, sub bool, o scim.Object) error) Check {
			return eachSchema(func(id string, o scim.Object) error {
				return walkAttributes(id+":", false, scim.List(o, "attributes"), judge)
			})
		}
		it("/Schemas lists the schemas as a ListResponse", ID("discovery.schemas"), Requires("7644-4-03", "7644-4-07"), Explain{
			Why: "Entra's schema discovery and every generic client learn the attributes here.",
			Fix: "Answer GET /Schemas with a ListResponse that holds every supported schema.",
		}, func() {
			s.judge(x, func(x *reports.Exchange) error {
				switch x.Status {
				case 403, 404, 405, 501:
					return soften(reports.Warn, wrong("status", 200, x.Status))
				}
				if err := ListResponse(x); err != nil {
					return err
				}
				if n, _ := number(x.Object()["totalResults"]); n != len(list) || n == 0 {
					return wrong("totalResults", len(list), x.Object()["totalResults"])
				}
				return nil
			})
		})
		it("the id of each schema is its URN", ID("discovery.schema-id"), Requires("7643-7-04"), Explain{
			Why: "Resources refer to schemas by URN; a schema under another id cannot be found.",
			Fix: "Set id of each schema to its URN, such as urn:ietf:params:scim:schemas:core:2.0:User.",
		}, func() {
			s.judge(there(), eachSchema(func(id string, o scim.Object) error {
				u, err := url.Parse(id)
				if err != nil || u.Scheme == "" {
					return wrong("id of a schema", text("a URI"), scim.Get(o, "id"))
				}
				return nil
			}))
		})
		it("each schema names the Schema URN in schemas", ID("discovery.schema-schemas"), Requires("7643-7-03"), Explain{
			Why: "Generic clients recognise an object by its schemas.",
			Fix: "Put urn:ietf:params:scim:schemas:core:2.0:Schema into schemas of each schema resource.",
		}, func() {
			s.judge(there(), Softly(reports.Warn, eachSchema(func(id string, o scim.Object) error {
				if !hasSchema(o, scim.SchemaURN) {
					return wrong("schemas of "+id, scim.SchemaURN, o["schemas"])
				}
				return nil
			})))
		})
		it("each schema has a name and a description that is not empty where it is given", ID("discovery.schema-name"), Requires("7643-7-05"), Explain{
			Why: "Mapping screens show both to the administrator.",
			Fix: "Give each schema a name and a description, or leave them out rather than empty.",
		}, func() {
			s.judge(there(), Softly(reports.Warn, eachSchema(func(id string, o scim.Object) error {
				var errs []error
				for _, k := range []string{"name", "description"} {
					if v, ok := scim.Lookup(o, k); ok && v == "" {
						errs = append(errs, wrong(k+" of "+id, text("a text, or no such member"), v))
					}
				}
				return errors.Join(errs...)
			})))
		})
		it("message schemas are not published under /Schemas", ID("discovery.no-message-schemas"), Requires("7644-3.1-05"), Explain{
			Why: "Messages such as ListResponse are no resources; publishing them misleads schema-driven clients.",
			Fix: "Leave urn:ietf:params:scim:api:messages:… out of /Schemas.",
		}, func() {
			s.judge(there(), eachSchema(func(id string, _ scim.Object) error {
				if strings.HasPrefix(strings.ToLower(id), scim.MessagePrefix) {
					return broken("%s is a message and must not be listed", id)
				}
				return nil
			}))
		})
		it("each attribute has a name that the rules allow", ID("schema.attribute-names"), Requires("7643-2.1-02"), Explain{
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
		it("each attribute has one of the eight data types, spelt exactly", ID("schema.attribute-types"), Requires("7643-7-06", "7643-2.3-01"), Explain{
			Why: "Clients choose how to send and compare a value by this keyword.",
			Fix: "Use string, boolean, decimal, integer, dateTime, binary, reference or complex.",
		}, func() {
			s.judge(there(), eachAttr(func(path string, _ bool, o scim.Object) error {
				t, ok := scim.Get(o, "type").(string)
				if slices.Contains(dataTypes, t) {
					return nil
				}
				err := wrong("type of "+path, text(strings.Join(dataTypes, ", ")), scim.Get(o, "type"))
				if !ok && !hasMember(o, "type") {
					err = soften(reports.Warn, err) // the default is string (RFC 7643 §2.2)
				}
				return err
			}))
		})
		for _, c := range []struct{ name, id, req string }{
			{"multiValued", "schema.multivalued", "7643-7-08"}, {"required", "schema.required", "7643-7-10"},
		} {
			it(c.name+" of each attribute is a boolean", ID(c.id), Requires(c.req), Explain{
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
			it(c.name+" of each attribute, where given, is one of the defined keywords", ID(c.id), Requires(c.req), Explain{
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
		it("a simple attribute has no sub-attributes", ID("schema.simple-has-no-subs"), Requires("7643-1.2-01"), Explain{
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
		it("a complex attribute lists its sub-attributes", ID("schema.complex-has-subs"), Requires("7643-7-07"), Explain{
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
		it("no complex attribute contains another complex attribute", ID("schema.no-nested-complex"), Requires("7643-2.3.8-02"), Explain{
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
		it("boolean and complex attributes declare neither caseExact nor uniqueness", ID("schema.no-case-on-boolean"), Requires("7643-2.3.2-02", "7643-2.3.8-03"), Explain{
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
		it("referenceTypes stand on references only, and name resource types, external or uri", ID("schema.reference-types"), Requires("7643-7-29"), Explain{
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
		it("the sub-attributes primary and $ref keep their standard types", ID("schema.standard-subs"), Requires("7643-2.4-01"), Explain{
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
		s.schemaBaseline(there)
		it("a schema can be fetched by its URN and is not wrapped in a list", ID("discovery.schema-single"), Requires("7644-4-04", "7644-4-06"), Explain{
			Why: "It is the address that meta.location of a schema names.",
			Fix: "Answer GET /Schemas/{urn} with the plain schema, for raw and percent-encoded colons.",
		}, func() {
			there()
			id := scim.String(list[0], "id")
			raw, encoded := s.get("/Schemas/"+id), s.get("/Schemas/"+strings.ReplaceAll(id, ":", "%3A"))
			s.judge(raw, Status(200), Attr("id", id))
			s.judge(encoded, Softly(reports.Warn, Status(200)))
		})
		it("an unknown schema gives 404", ID("discovery.schema-unknown"), Requires("7644-3.4.1-03", "7644-3.12-11"), Explain{
			Why: "A client that asks for what is not there must not be handed something else.",
			Fix: "Answer 404 with a SCIM error for an unknown schema URN.",
		}, func() {
			s.judge(s.get("/Schemas/urn:example:scimproof:NoSuchSchema"), Status(404), ErrorBody)
		})
	})
}

// schemaBaseline holds the published core schemas against RFC 7643 §8.7.1 with its verified errata.
func (s *session) schemaBaseline(there func() *reports.Exchange) {
	compare := func(id, title string, want scim.Schema, reqs []string) {
		it(title, ID(id), Requires(reqs...), Explain{
			Why: "Identity providers map to the standard attributes by name and send them in their standard type.",
			Fix: "Keep the standard type, plurality and mutability of standard attributes; leave out what is not supported.",
		}, func() {
			there()
			got := s.learned.schema(want.ID)
			if got == nil || !s.learned.published {
				s.skip("the target does not publish %s", want.ID)
			}
			s.judge(s.learned.schemas, func(*reports.Exchange) error { return againstBaseline(got.Attributes, want.Attributes, want.Name+".") })
		})
	}
	numbers := func(from, to int) (ids []string) {
		for i := from; i <= to; i++ {
			ids = append(ids, "7643-8.7.1-"+string([]byte{byte('0' + i/10), byte('0' + i%10)}))
		}
		return ids
	}
	compare("schema.user", "the published User attributes are those of the RFC", scim.UserSchema(), numbers(1, 21))
	compare("schema.group", "the published Group attributes are those of the RFC", scim.GroupSchema(), numbers(22, 23))
	compare("schema.enterprise", "the published enterprise attributes are those of the RFC", scim.EnterpriseSchema(), numbers(24, 29))
}

// againstBaseline reports each published attribute that means something else than the RFC's of that name.
func againstBaseline(got, want []scim.Attribute, prefix string) error {
	var errs []error
	for i := range want {
		w := &want[i]
		sch := scim.Schema{Attributes: got}
		g := sch.Attr(w.Name)
		if g == nil {
			continue
		}
		name := prefix + w.Name
		if g.Type != w.Type && !(g.Type == "string" && (w.Type == "reference" || w.Type == "binary")) {
			errs = append(errs, wrong("type of "+name, w.Type, g.Type))
		}
		if g.MultiValued != w.MultiValued {
			errs = append(errs, wrong("multiValued of "+name, w.MultiValued, g.MultiValued))
		}
		if g.Mutability != w.Mutability && g.Mutability != "" && (w.Mutability == "readOnly" || w.Mutability == "writeOnly") {
			errs = append(errs, wrong("mutability of "+name, w.Mutability, g.Mutability))
		}
		if w.Returned == "never" && g.Returned != "never" {
			errs = append(errs, wrong("returned of "+name, w.Returned, g.Returned))
		}
		if w.Required && !g.Required {
			errs = append(errs, soften(reports.Info, wrong("required of "+name, true, false)))
		}
		errs = append(errs, againstBaseline(g.SubAttributes, w.SubAttributes, name+"."))
	}
	return errors.Join(errs...)
}

// discoveryRules judges what holds for all three endpoints.
func (s *session) discoveryRules() {
	about("parameters on discovery endpoints", func() {
		it("/Schemas ignores count and startIndex", ID("discovery.schemas-not-paged"), Requires("7644-4-08"), Explain{
			Why: "A client that reads one page believes that the rest does not exist.",
			Fix: "Always answer /Schemas and /ResourceTypes with everything.",
		}, func() { s.unpaged("/Schemas", s.learned.schemas, "discovery.schemas") })
		it("/ResourceTypes ignores count and startIndex", ID("discovery.types-not-paged"), Requires("7644-4-08"), Explain{
			Why: "A client that reads one page believes that the rest does not exist.",
			Fix: "Always answer /Schemas and /ResourceTypes with everything.",
		}, func() { s.unpaged("/ResourceTypes", s.learned.types, "discovery.types") })
		it("a filter on a discovery endpoint is answered with 403", ID("discovery.filter-forbidden"), Requires("7644-4-09"), Explain{
			Why: "A client must not take the whole list for a filtered one.",
			Fix: "Answer 403 to a filter on /Schemas, /ResourceTypes and /ServiceProviderConfig.",
		}, func() {
			if s.learned.schemas.Status != 200 {
				s.block("discovery.schemas", "GET /Schemas answered %d", s.learned.schemas.Status)
			}
			s.judge(s.get("/Schemas", "filter", `id eq "urn:example:scimproof"`), Softly(reports.Warn, Status(403)))
		})
	})
}

// unpaged wants the endpoint to give the whole list although a page was asked for.
func (s *session) unpaged(path string, all *reports.Exchange, by string) {
	want := len(scim.List(all.Object(), "Resources"))
	if want < 2 {
		s.block(by, "fewer than two entries to page through")
	}
	s.judge(s.get(path, "startIndex", "2", "count", "1"), Status(200), Count(want))
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

func hasMember(o scim.Object, name string) bool {
	_, ok := scim.Lookup(o, name)
	return ok
}
