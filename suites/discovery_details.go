package suites

import (
	"errors"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// discoveryDetails judges what the discovery resources say of themselves (RFC 7643 §5 to §7).
func (s *session) discoveryDetails() {
	s.about("identity and descriptions of discovery resources", func() {
		var types []scim.Object
		s.beforeAll(func() { types = scim.Objects(s.learned.types.Object(), "Resources") })
		listed := func() *reports.Exchange {
			if len(types) == 0 {
				s.see(s.learned.types)
				s.block("discovery.types", "GET /ResourceTypes answered %d without resource types", s.learned.types.Status)
			}
			return s.learned.types
		}
		config := func() *reports.Exchange {
			if x := s.learned.config; x.Status != 200 || len(x.Object()) == 0 {
				s.see(x)
				s.block("discovery.config", "GET /ServiceProviderConfig answered %d", x.Status)
			}
			return s.learned.config
		}

		s.it("an id of the configuration, where there is one, is a text", ID("discovery.config-id"), Requires("7643-5-02"), Explain{
			Why: "Typed clients read every id as a string and fail on the whole document.",
			Fix: "Leave id out of ServiceProviderConfig, or make it a non-empty string.",
		}, func() {
			s.judge(config(), func(x *reports.Exchange) error {
				v, given := scim.Lookup(x.Object(), "id")
				if id, _ := v.(string); given && v != nil && id == "" {
					return wrong("id of the configuration", text("a non-empty string, or no such member"), v)
				}
				return nil
			})
		})

		s.it("the links of authentication schemes, where given, are absolute http(s) URLs", ID("discovery.auth-scheme-uris"), Requires("7643-5-14"), Explain{
			Why: "An administrator follows them to find out how to connect; a relative path leads nowhere.",
			Fix: "Publish specUri and documentationUri as absolute URLs, or leave them out.",
		}, func() {
			s.judge(config(), func(x *reports.Exchange) error {
				var errs []error
				for _, o := range scim.Objects(x.Object(), "authenticationSchemes") {
					for _, k := range []string{"specUri", "documentationUri"} {
						v, ok := scim.Lookup(o, k)
						str, _ := v.(string)
						u, err := url.Parse(str)
						if ok && v != nil && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
							errs = append(errs, wrong("authenticationSchemes."+k, text("an absolute http(s) URL"), v))
						}
					}
				}
				return errors.Join(errs...)
			})
		})

		s.it("an id of a resource type, where there is one, leads to that type", ID("discovery.type-id"), Requires("7643-6-02"), Explain{
			Why: "Clients read a resource type by its id, as they do with any resource.",
			Fix: "Serve each type under /ResourceTypes/{id}; let id be its name.",
		}, func() {
			listed()
			var errs []error
			var seen []*reports.Exchange
			ids := map[string]bool{}
			for _, o := range types {
				v, given := scim.Lookup(o, "id")
				if !given || v == nil {
					continue
				}
				id, _ := v.(string)
				if id == "" || ids[id] {
					errs = append(errs, wrong("id of "+scim.String(o, "name"), text("a text that no other type has"), v))
					continue
				}
				ids[id] = true
				x := s.get("/ResourceTypes/" + url.PathEscape(id))
				seen = append(seen, x)
				if err := errors.Join(Status(200)(x), attrIs(x.Object(), "name", scim.String(o, "name"))); err != nil {
					errs = append(errs, wrong("GET /ResourceTypes/"+id, text("the type "+scim.String(o, "name")), x.Status))
				}
			}
			if len(ids) == 0 && len(errs) == 0 {
				s.observe("A51", "ids of resource types", "none")
			}
			s.judgeErr(errors.Join(errs...), append(seen, s.learned.types)...)
		})

		s.it("a resource type is the same on its own as in the list", ID("discovery.type-as-listed"), Requires("7644-4-06"), Explain{
			Why: "Clients that refresh one type lose its extensions.",
			Fix: "Serve the single resource type and the list from one definition.",
		}, func() {
			listed()
			var errs []error
			var seen []*reports.Exchange
			for _, o := range types {
				for _, key := range []string{scim.String(o, "id"), scim.String(o, "name")} {
					if key == "" {
						continue
					}
					if x := s.get("/ResourceTypes/" + url.PathEscape(key)); x.Status == 200 {
						seen = append(seen, x)
						errs = append(errs, sameResource(x.Object(), o))
						break
					}
				}
			}
			if len(seen) == 0 {
				s.block("discovery.type-single", "no resource type can be fetched by id or name")
			}
			s.judgeErr(errors.Join(errs...), seen...)
		})

		s.it("the description of a resource type, where given, is a text that says something", ID("discovery.type-description"), Requires("7643-6-04"), Explain{
			Why: "Screens that list the resource types show it to the administrator.",
			Fix: "Describe each resource type in a few words, or leave description out.",
		}, func() {
			s.judge(listed(), Softly(reports.Warn, func(*reports.Exchange) error {
				var errs []error
				for _, o := range types {
					v, given := scim.Lookup(o, "description")
					if str, _ := v.(string); given && v != nil && str == "" {
						errs = append(errs, wrong("description of "+scim.String(o, "name"), text("a text, or no such member"), v))
					}
				}
				return errors.Join(errs...)
			}))
		})

		s.it("startIndex of a discovery list, where given, is 1", ID("discovery.lists-start"), Requires("7644-3.4.2.4-13"), Explain{
			Why: "Discovery lists are never cut into pages; a client that reads another number asks for what seems to be missing.",
			Fix: "Write 1, or leave startIndex out.",
		}, func() {
			lists := []*reports.Exchange{s.learned.types, s.learned.schemas}
			var errs []error
			for _, x := range lists {
				if v, given := scim.Lookup(x.Object(), "startIndex"); given && v != nil && show(v) != "1" {
					errs = append(errs, wrong("startIndex of a discovery list", 1, v))
				}
			}
			if s.learned.types.Status != 200 && s.learned.schemas.Status != 200 {
				s.block("discovery.types", "there is no discovery list")
			}
			s.judgeErr(soften(reports.Warn, errors.Join(errs...)), lists...)
		})

		s.it("meta.resourceType of a discovery resource, where given, says what it is", ID("discovery.meta-types"), Requires("7643-3.1-19"), Explain{
			Why: "Generic clients sort what they have read by meta.resourceType.",
			Fix: "Write ServiceProviderConfig, ResourceType or Schema there, as in RFC 7643 section 8, or leave meta out.",
		}, func() {
			var errs []error
			wants := func(o scim.Object, want string) {
				if got, given := scim.Lookup(meta(o), "resourceType"); given && got != want {
					errs = append(errs, wrong("meta.resourceType of a "+want, want, got))
				}
			}
			wants(s.learned.config.Object(), "ServiceProviderConfig")
			for _, o := range scim.Objects(s.learned.types.Object(), "Resources") {
				wants(o, "ResourceType")
			}
			for _, o := range scim.Objects(s.learned.schemas.Object(), "Resources") {
				wants(o, "Schema")
			}
			s.judgeErr(soften(reports.Warn, errors.Join(errs...)), s.learned.config, s.learned.types, s.learned.schemas)
		})

		s.it("meta.location of a discovery resource, where given, leads to it", ID("discovery.locations"), Requires("7643-2.3.7-03"), Explain{
			Why: "Generic clients follow meta.location of whatever they have read.",
			Fix: "Fill meta.location with the URI under which the schema or resource type is served, or leave meta out.",
		}, func() {
			var errs []error
			var seen []*reports.Exchange
			for _, list := range []*reports.Exchange{s.learned.types, s.learned.schemas} {
				for i, o := range scim.Objects(list.Object(), "Resources") {
					at := s.creationURI(scim.String(o, "meta.location"))
					if i > 1 || scim.String(o, "meta.location") == "" || !s.creationHost(at) {
						continue
					}
					x := s.get(strings.TrimSpace(at))
					seen = append(seen, x)
					if x.Status != 200 || scim.String(x.Object(), "id") != scim.String(o, "id") && scim.String(x.Object(), "name") != scim.String(o, "name") {
						errs = append(errs, wrong("GET of meta.location of "+scim.String(o, "name"), text("the resource itself"), x.Status))
					}
				}
			}
			if loc := scim.String(s.learned.config.Object(), "meta.location"); loc != "" && s.creationHost(s.creationURI(loc)) {
				x := s.get(strings.TrimSpace(s.creationURI(loc)))
				seen = append(seen, x)
				if x.Status != 200 || !hasSchema(x.Object(), scim.ProviderConfigURN) {
					errs = append(errs, wrong("GET of meta.location of ServiceProviderConfig", text("the resource itself"), x.Status))
				}
			}
			if len(seen) == 0 {
				s.skip("no discovery resource has a meta.location on the target's host")
			}
			s.judgeErr(soften(reports.Warn, errors.Join(errs...)), seen...)
		})
	})
}

// meta is the meta of an object, or nil.
func meta(o scim.Object) scim.Object {
	v, _ := scim.Lookup(o, "meta")
	m, _ := v.(scim.Object)
	return m
}
