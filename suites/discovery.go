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

// discovery: what the target says of itself (RFC 7644 §4, RFC 7643 §5 to §7).
func (s *session) discovery() {
	s.providerConfig()
	s.resourceTypeList()
	s.schemaList()
	s.discoveryRules()
	s.discoveryDetails()
	s.protocolVersion()
	s.publishedChoices()
	s.discoveryAlone()
}

// providerConfig judges /ServiceProviderConfig.
func (s *session) providerConfig() {
	s.about("GET /ServiceProviderConfig", func() {
		var x *reports.Exchange
		s.beforeAll(func() { x = s.learned.config })
		// there blocks where there is no configuration to look into.
		there := func() *reports.Exchange {
			if x.Status != 200 || !hasSchema(x.Object(), scim.ProviderConfigURN) {
				s.see(x)
				s.block("discovery.config", "GET /ServiceProviderConfig answered %d without a service provider configuration", x.Status)
			}
			return x
		}
		s.it("/ServiceProviderConfig answers with one configuration object", ID("discovery.config"), Requires("7644-4-01", "7644-4-10"), Explain{
			Why: "Clients decide by this document what they may use; without it they have to guess.",
			Fix: "Answer GET /ServiceProviderConfig with 200 and one object that names the ServiceProviderConfig URN in schemas, not a list.",
		}, func() {
			s.judge(x, Status(200), IsObject, func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.ProviderConfigURN) {
					return wrong("schemas", scim.ProviderConfigURN, x.Object()["schemas"])
				}
				return nil
			})
		})
		s.it("the configuration is sent as application/scim+json", ID("discovery.config-media-type"), Requires("7644-3.1-01", "7644-8.1-01"), Explain{
			Why: "Strict clients refuse a body that does not call itself SCIM.",
			Fix: "Send Content-Type: application/scim+json with every SCIM body.",
		}, func() { s.judge(there(), MediaType) })

		for _, f := range []struct{ name, req string }{
			{"patch", "7643-5-04"},
			{"bulk", "7643-5-05"},
			{"filter", "7643-5-06"},
			{"changePassword", "7643-5-07"},
			{"sort", "7643-5-08"},
			{"etag", "7643-5-09"},
		} {
			s.it("the configuration says with a boolean whether "+f.name+" is supported", ID("discovery.config-"+strings.ToLower(f.name)), Requires(f.req, "7644-4-02"), Explain{
				Why: "Clients switch " + f.name + " on or off by this flag; a missing or quoted value reads as either.",
				Fix: "Put " + f.name + ".supported into ServiceProviderConfig as true or false, without quotes.",
			}, func() {
				s.judge(there(), func(x *reports.Exchange) error {
					if v, ok := scim.Get(x.Object(), f.name+".supported").(bool); !ok {
						return wrong(f.name+".supported", text("true or false"), v)
					}
					return nil
				})
			})
		}
		s.it("the configuration gives bulk.maxOperations and bulk.maxPayloadSize as integers", ID("discovery.config-bulk-limits"), Requires("7643-5-05", "7644-3.7.4-01"), Explain{
			Why: "A client that knows no limit finds it by losing a whole bulk job.",
			Fix: "Publish both limits as positive integers when bulk is supported, and as 0 otherwise.",
		}, func() {
			s.judge(there(), func(x *reports.Exchange) error {
				supported, _ := scim.Get(x.Object(), "bulk.supported").(bool)
				var errs []error
				for _, name := range []string{"bulk.maxOperations", "bulk.maxPayloadSize"} {
					v := scim.Get(x.Object(), name)
					n, ok := number(v)
					switch {
					case !supported && !ok:
						errs = append(errs, soften(reports.Warn, wrong(name, text("an integer"), v)))
					case supported && (!ok || n <= 0):
						errs = append(errs, wrong(name, text("a positive integer"), v))
					}
				}
				return errors.Join(errs...)
			})
		})
		s.it("the configuration gives filter.maxResults as an integer", ID("discovery.config-max-results"), Requires("7643-5-06"), Explain{
			Why: "Clients size their pages by it.",
			Fix: "Publish filter.maxResults as an integer.",
		}, func() {
			s.judge(there(), func(x *reports.Exchange) error {
				v := scim.Get(x.Object(), "filter.maxResults")
				if n, ok := number(v); ok && n >= 0 {
					return nil
				}
				err := wrong("filter.maxResults", text("an integer"), v)
				if yes, _ := scim.Get(x.Object(), "filter.supported").(bool); !yes {
					err = soften(reports.Warn, err)
				}
				return err
			})
		})
		s.it("authenticationSchemes lists each scheme with type, name and description", ID("discovery.auth-schemes"), Requires("7643-5-10"), Explain{
			Why: "It tells an operator which credential to set up.",
			Fix: "Publish authenticationSchemes as an array of objects with type, name and description.",
		}, func() {
			s.judge(there(), func(x *reports.Exchange) error {
				v := scim.Get(x.Object(), "authenticationSchemes")
				list, ok := v.([]any)
				if !ok {
					return wrong("authenticationSchemes", text("an array"), v)
				}
				if len(list) == 0 {
					return soften(reports.Warn, broken("authenticationSchemes is empty"))
				}
				var errs []error
				for _, e := range list {
					o, _ := e.(scim.Object)
					for _, k := range []string{"type", "name", "description"} {
						if scim.String(o, k) == "" {
							errs = append(errs, wrong("authenticationSchemes."+k, text("a string"), scim.Get(o, k)))
						}
					}
				}
				return errors.Join(errs...)
			})
		})
		s.it("the type of each authentication scheme is one of the defined values", ID("discovery.auth-scheme-types"), Requires("7643-5-11"), Explain{
			Why: "Clients pick their way of authenticating by this keyword.",
			Fix: "Use oauth, oauth2, oauthbearertoken, httpbasic or httpdigest.",
		}, func() {
			s.judge(there(), func(x *reports.Exchange) error {
				known := []string{"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}
				var errs []error
				for _, o := range scim.Objects(x.Object(), "authenticationSchemes") {
					if t := scim.String(o, "type"); t != "" && !slices.Contains(known, t) {
						errs = append(errs, wrong("authenticationSchemes.type", text(strings.Join(known, ", ")), t))
					}
				}
				return errors.Join(errs...)
			})
		})
		s.it("documentationUri, where given, is an absolute http(s) URL", ID("discovery.documentation-uri"), Requires("7643-2.3.7-01", "7643-5-03"), Explain{
			Why: "A relative or empty link leads nowhere in a client's console.",
			Fix: "Publish an absolute URL, or leave documentationUri out.",
		}, func() {
			s.judge(there(), func(x *reports.Exchange) error {
				v, ok := scim.Lookup(x.Object(), "documentationUri")
				if !ok || v == nil {
					return nil
				}
				u, err := url.Parse(scim.String(x.Object(), "documentationUri"))
				if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
					return soften(reports.Warn, wrong("documentationUri", text("an absolute http(s) URL"), v))
				}
				return nil
			})
		})
		s.it("the pagination block, where given, has the booleans cursor and index", ID("discovery.pagination"), Requires("9865-4-02"), Explain{
			Why: "Clients choose between cursors and startIndex by these two flags.",
			Fix: "Publish pagination.cursor and pagination.index as true or false.",
		}, func() {
			p, ok := scim.Get(there().Object(), "pagination").(scim.Object)
			if !ok {
				s.skip("ServiceProviderConfig has no pagination block")
			}
			s.judge(x, func(*reports.Exchange) error {
				var errs []error
				for _, k := range []string{"cursor", "index"} {
					if _, ok := p[k].(bool); !ok {
						errs = append(errs, wrong("pagination."+k, text("true or false"), p[k]))
					}
				}
				return errors.Join(errs...)
			})
		})
		s.it("the sizes and times of the pagination block, where given, are positive integers", ID("discovery.pagination-limits"), Requires("9865-4-03", "7643-2.3.4-01"), Explain{
			Why: "Clients size pages and plan pauses by them.",
			Fix: "Publish defaultPageSize, maxPageSize and cursorTimeout as positive integers, and defaultPaginationMethod as cursor or index.",
		}, func() {
			p, ok := scim.Get(there().Object(), "pagination").(scim.Object)
			if !ok {
				s.skip("ServiceProviderConfig has no pagination block")
			}
			s.judge(x, func(*reports.Exchange) error {
				var errs []error
				for _, k := range []string{"defaultPageSize", "maxPageSize", "cursorTimeout"} {
					if v, ok := p[k]; ok && v != nil {
						if n, ok := number(v); !ok || n <= 0 {
							errs = append(errs, wrong("pagination."+k, text("a positive integer"), v))
						}
					}
				}
				if v, ok := p["defaultPaginationMethod"]; ok && v != nil && v != "cursor" && v != "index" {
					errs = append(errs, wrong("pagination.defaultPaginationMethod", text("cursor or index"), v))
				}
				return errors.Join(errs...)
			})
		})
		s.it("the numbers of the configuration are JSON integers without fraction or exponent", ID("discovery.config-integers"), Requires("7643-2.3.4-01"), Explain{
			Why: "Okta and typed clients fail to read a quoted number or 200.0.",
			Fix: "Serialise integers as plain JSON numbers.",
		}, func() {
			s.judge(there(), func(x *reports.Exchange) error {
				var errs []error
				for _, path := range []string{"bulk.maxOperations", "bulk.maxPayloadSize", "filter.maxResults"} {
					if v := scim.Get(x.Object(), path); v != nil && !regexp.MustCompile(`^-?\d+$`).MatchString(show(v)) {
						errs = append(errs, wrong(path, text("an integer"), v))
					}
				}
				return errors.Join(errs...)
			})
		})
	})
	s.about("POST to a discovery endpoint", func() {
		for _, e := range []struct{ path, id, req string }{
			{"/ServiceProviderConfig", "discovery.config-read-only", "7643-5-01"},
			{"/ResourceTypes", "discovery.types-read-only", "7643-6-01"},
			{"/Schemas", "discovery.schemas-read-only", "7643-7-02"},
		} {
			s.it("POST to "+e.path+" is refused", ID(e.id), Requires(e.req), Explain{
				Why: "A client that could rewrite the service's description would break every other client.",
				Fix: "Answer 405 or 501 to every unsafe method on " + e.path + ".",
			}, func() {
				x := s.post(e.path, "", object{"schemas": []string{"urn:example:scimproof"}})
				s.judge(x, func(x *reports.Exchange) error {
					if x.Status >= 200 && x.Status < 300 {
						return wrong("status", text("405 or 501"), x.Status)
					}
					return soften(reports.Warn, Status(405, 501, 404, 403)(x))
				})
			})
		}
	})
}

// resourceTypeList judges /ResourceTypes.
func (s *session) resourceTypeList() {
	s.about("GET /ResourceTypes", func() {
		var x *reports.Exchange
		var types []scim.Object
		s.beforeAll(func() {
			x = s.learned.types
			types = scim.Objects(x.Object(), "Resources")
		})
		there := func() *reports.Exchange {
			if len(types) == 0 {
				s.see(x)
				s.block("discovery.types", "GET /ResourceTypes answered %d without resource types", x.Status)
			}
			return x
		}
		each := func(judge func(o scim.Object) error) Check {
			return func(*reports.Exchange) error {
				var errs []error
				for _, o := range types {
					errs = append(errs, judge(o))
				}
				return errors.Join(errs...)
			}
		}
		s.it("/ResourceTypes lists the resource types as a ListResponse", ID("discovery.types"), Requires("7644-4-05", "7644-4-07"), Explain{
			Why: "Clients find the endpoints of all resource types here.",
			Fix: "Answer GET /ResourceTypes with a ListResponse that holds every resource type.",
		}, func() {
			s.judge(x, func(x *reports.Exchange) error {
				switch x.Status {
				case 403, 404, 405, 501:
					return soften(reports.Warn, wrong("status", 200, x.Status))
				}
				if err := ListResponse(x); err != nil {
					return err
				}
				if n, _ := number(x.Object()["totalResults"]); n != len(types) || n == 0 {
					return wrong("totalResults", len(types), x.Object()["totalResults"])
				}
				return nil
			})
		})
		s.it("each resource type names the ResourceType schema", ID("discovery.type-schemas"), Requires("7643-3-01"), Explain{
			Why: "Generic clients recognise an object by its schemas.",
			Fix: "Put the ResourceType URN into schemas of each resource type.",
		}, func() {
			s.judge(there(), each(func(o scim.Object) error {
				if !hasSchema(o, scim.ResourceTypeURN) {
					return wrong("schemas of "+scim.String(o, "name"), scim.ResourceTypeURN, o["schemas"])
				}
				return nil
			}))
		})
		s.it("each resource type has a name, and no two have the same", ID("discovery.type-name"), Requires("7643-6-03"), Explain{
			Why: "meta.resourceType of every resource refers to this name.",
			Fix: "Give each resource type a unique name such as User.",
		}, func() {
			s.judge(there(), func(*reports.Exchange) error {
				seen := map[string]bool{}
				var errs []error
				for _, o := range types {
					n := scim.String(o, "name")
					if n == "" || seen[n] {
						errs = append(errs, wrong("name", text("a unique non-empty string"), scim.Get(o, "name")))
					}
					seen[n] = true
				}
				return errors.Join(errs...)
			})
		})
		s.it("each resource type has an endpoint relative to the base", ID("discovery.type-endpoint"), Requires("7643-6-05"), Explain{
			Why: "Clients append it to the base URL to reach the resources.",
			Fix: "Publish endpoint as a path below the base such as /Users.",
		}, func() {
			s.judge(there(), each(func(o scim.Object) error {
				u, err := url.Parse(scim.String(o, "endpoint"))
				if err != nil || strings.Trim(u.Path, "/") == "" {
					return wrong("endpoint of "+scim.String(o, "name"), text("a relative path such as /Users"), scim.Get(o, "endpoint"))
				}
				if u.IsAbs() {
					return soften(reports.Warn, wrong("endpoint of "+scim.String(o, "name"), text("a path relative to the base"), scim.Get(o, "endpoint")))
				}
				return nil
			}))
		})
		s.it("each published endpoint answers", ID("discovery.type-answers"), Requires("7643-3.2-01", "7643-6-05"), Explain{
			Why: "A resource type that is listed but not served breaks clients that follow discovery.",
			Fix: "List only resource types whose endpoint is served.",
		}, func() {
			there()
			var errs []error
			var seen []*reports.Exchange
			for _, t := range s.learned.resourceTypes {
				p := s.get(t.Endpoint, "count", "1")
				seen = append(seen, p)
				if p.Err() == nil && (p.Status == 404 || p.Status >= 500) {
					errs = append(errs, wrong("GET "+t.Endpoint, text("an answer of that endpoint"), p.Status))
				}
			}
			s.judgeErr(errors.Join(errs...), seen...)
		})
		s.it("the schema of each resource type can be found under /Schemas", ID("discovery.type-schema"), Requires("7643-6-06", "7643-7-01"), Explain{
			Why: "Without the definition a client cannot know the attributes of the type.",
			Fix: "Publish every schema that a resource type names, under exactly that URN.",
		}, func() {
			there()
			if !s.learned.published {
				s.skip("the target publishes no schemas")
			}
			// A provider that lists what describes itself as resource types need not publish the schemas of schemas.
			weight := func(urn string) func(error) error {
				switch strings.TrimPrefix(urn, "urn:ietf:params:scim:schemas:core:2.0:") {
				case "Schema", "ResourceType", "ServiceProviderConfig":
					return func(err error) error { return soften(reports.Warn, err) }
				}
				return func(err error) error { return err }
			}
			s.judge(x, each(func(o scim.Object) error {
				urn := scim.String(o, "schema")
				if urn == "" || s.learned.schema(urn) == nil {
					return weight(urn)(wrong("schema of "+scim.String(o, "name"), text("the id of a published schema"), scim.Get(o, "schema")))
				}
				return nil
			}))
		})
		s.it("each schema extension has a published schema and a boolean required", ID("discovery.type-extensions"), Requires("7643-6-07"), Explain{
			Why: "Clients learn here which extensions they may or must send.",
			Fix: "Publish schemaExtensions as an array of objects with schema (a published URN) and required (true or false).",
		}, func() {
			there()
			s.judge(x, each(func(o scim.Object) error {
				v, ok := scim.Lookup(o, "schemaExtensions")
				if !ok || v == nil {
					return nil
				}
				list, ok := v.([]any)
				if !ok {
					return wrong("schemaExtensions", text("an array"), v)
				}
				var errs []error
				for _, e := range list {
					ext, _ := e.(scim.Object)
					if _, ok := scim.Get(ext, "required").(bool); !ok {
						errs = append(errs, wrong("schemaExtensions.required", text("true or false"), scim.Get(ext, "required")))
					}
					if urn := scim.String(ext, "schema"); urn == "" || s.learned.published && s.learned.schema(urn) == nil {
						errs = append(errs, wrong("schemaExtensions.schema", text("the id of a published schema"), scim.Get(ext, "schema")))
					}
				}
				return errors.Join(errs...)
			}))
		})
		s.it("Users live at /Users and Groups at /Groups", ID("discovery.core-endpoints"), Requires("7644-3.2-01"), Explain{
			Why: "Entra and Okta do not read /ResourceTypes: they go straight to /Users and /Groups.",
			Fix: "Serve the core types at their standard endpoints.",
		}, func() {
			s.judge(there(), each(func(o scim.Object) error {
				want := map[string]string{strings.ToLower(scim.UserURN): "Users", strings.ToLower(scim.GroupURN): "Groups"}[strings.ToLower(scim.String(o, "schema"))]
				got := strings.Trim(scim.String(o, "endpoint"), "/")
				got = got[strings.LastIndexByte(got, '/')+1:]
				if want != "" && got != "" && got != want {
					return wrong("endpoint of "+scim.String(o, "name"), "/"+want, scim.Get(o, "endpoint"))
				}
				return nil
			}))
		})
		s.it("a single resource type can be fetched and is not wrapped in a list", ID("discovery.type-single"), Requires("7644-4-06"), Explain{
			Why: "meta.location of a resource type leads here.",
			Fix: "Answer GET /ResourceTypes/{id} with the plain object.",
		}, func() {
			there()
			var tried []*reports.Exchange
			for _, key := range []string{"id", "name"} {
				if k := scim.String(types[0], key); k != "" {
					p := s.get("/ResourceTypes/" + url.PathEscape(k))
					tried = append(tried, p)
					if p.Status == 200 {
						break
					}
				}
			}
			if len(tried) == 0 {
				s.block("discovery.type-name", "the first resource type has neither id nor name")
			}
			s.judgeErr(func() error {
				last := tried[len(tried)-1]
				return errors.Join(Status(200)(last), attrIs(last.Object(), "name", scim.String(types[0], "name")))
			}(), tried...)
		})
		s.it("an unknown resource type gives 404", ID("discovery.type-unknown"), Requires("7644-3.4.1-03", "7644-3.12-11"), Explain{
			Why: "A client that asks for what is not there must not be handed something else.",
			Fix: "Answer 404 with a SCIM error for an unknown resource type.",
		}, func() { s.judge(s.get("/ResourceTypes/NoSuchType"), Status(404), ErrorBody) })
	})
}
