package suites

import (
	"errors"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// schemaList judges /Schemas (RFC 7643 §7, RFC 7644 §4).
func (s *session) schemaList() {
	s.about("GET /Schemas", func() {
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
		// eachSchema judges each published schema.
		eachSchema := func(judge func(id string, o scim.Object) error) Check {
			return func(*reports.Exchange) error {
				var errs []error
				for _, o := range list {
					errs = append(errs, judge(scim.String(o, "id"), o))
				}
				return errors.Join(errs...)
			}
		}
		s.it("/Schemas lists the schemas as a ListResponse", ID("discovery.schemas"), Requires("7644-4-03", "7644-4-07", "7644-3.1-03"), Explain{
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
		s.it("the id of each schema is its URN", ID("discovery.schema-id"), Requires("7643-7-04"), Explain{
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
		s.it("each schema names the Schema URN in schemas", ID("discovery.schema-schemas"), Requires("7643-7-03"), Explain{
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
		s.it("each schema has attributes", ID("discovery.schema-attributes"), Requires("7643-7-01"), Explain{
			Why: "A client that learns from /Schemas what users have finds nothing to map, and sends nothing.",
			Fix: "Publish all attributes of the schema; RFC 7643 section 8.7.2 marks attributes as required.",
		}, func() {
			s.judge(there(), eachSchema(func(id string, o scim.Object) error {
				if len(scim.Objects(o, "attributes")) == 0 {
					return wrong("attributes of "+id, text("at least one"), scim.Get(o, "attributes"))
				}
				return nil
			}))
		})
		s.it("each schema has a name and a description that is not empty where it is given", ID("discovery.schema-name"), Requires("7643-7-05"), Explain{
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
		s.it("message schemas are not published under /Schemas", ID("discovery.no-message-schemas"), Requires("7644-3.1-05"), Explain{
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
		s.it("a schema can be fetched by its URN and is not wrapped in a list", ID("discovery.schema-single"), Requires("7644-4-04", "7644-4-06"), Explain{
			Why: "It is the address that meta.location of a schema names.",
			Fix: "Answer GET /Schemas/{urn} with the plain schema, for raw and percent-encoded colons.",
		}, func() {
			there()
			id := scim.String(list[0], "id")
			raw, encoded := s.get("/Schemas/"+id), s.get("/Schemas/"+strings.ReplaceAll(id, ":", "%3A"))
			s.judge(raw, Status(200), Attr("id", id))
			s.judge(encoded, Softly(reports.Warn, Status(200)))
		})
		s.it("an unknown schema gives 404", ID("discovery.schema-unknown"), Requires("7644-3.4.1-03", "7644-3.12-11"), Explain{
			Why: "A client that asks for what is not there must not be handed something else.",
			Fix: "Answer 404 with a SCIM error for an unknown schema URN.",
		}, func() {
			s.judge(s.get("/Schemas/urn:example:scimproof:NoSuchSchema"), Status(404), ErrorBody)
		})
	})
}

// discoveryRules judges what holds for all three endpoints.
func (s *session) discoveryRules() {
	s.about("parameters on discovery endpoints", func() {
		s.it("/Schemas ignores count and startIndex", ID("discovery.schemas-not-paged"), Requires("7644-4-08"), Explain{
			Why: "A client that reads one page believes that the rest does not exist.",
			Fix: "Always answer /Schemas and /ResourceTypes with everything.",
		}, func() { s.unpaged("/Schemas", s.learned.schemas, "discovery.schemas") })
		s.it("/ResourceTypes ignores count and startIndex", ID("discovery.types-not-paged"), Requires("7644-4-08"), Explain{
			Why: "A client that reads one page believes that the rest does not exist.",
			Fix: "Always answer /Schemas and /ResourceTypes with everything.",
		}, func() { s.unpaged("/ResourceTypes", s.learned.types, "discovery.types") })
		s.it("a filter on a discovery endpoint is answered with 403", ID("discovery.filter-forbidden"), Requires("7644-4-09"), Explain{
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
