package suites

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

var versionSegment = regexp.MustCompile(`^v[0-9]+(\.[0-9]+)?$`)

// oldConfigURN marks the service provider configuration of SCIM 1.1.
const oldConfigURN = "urn:scim:schemas:core:1.0"

// protocolVersion: the base URL and its version segment (RFC 7644 §1.3, §3.13).
func (s *session) protocolVersion() {
	s.about("the base URL and its version", func() {
		// split takes the version segment off the base URL; version is "" where there is none.
		split := func() (rest, version string) {
			base := s.client.Base()
			i := strings.LastIndexByte(base, '/')
			if last := base[i+1:]; versionSegment.MatchString(last) {
				return base[:i], last
			}
			return base, ""
		}
		needsVersion := func() (rest, version string) {
			if rest, version = split(); version == "" {
				s.skip("the base URL ends in no version segment")
			}
			return rest, version
		}
		// other asks for the configuration below another base. It shows no credential, since what answers there may be
		// another service.
		other := func(base string) *reports.Exchange {
			return s.do(wire.Request{Path: base + "/ServiceProviderConfig", Anonymous: true})
		}
		// locations are those of the discovery documents and of a listed user.
		locations := func() (list []string, from []*reports.Exchange) {
			for _, x := range []*reports.Exchange{s.learned.config, s.learned.types, s.learned.schemas, s.learned.users} {
				for _, o := range append(listItems(x), x.Object()) {
					if loc := scim.String(o, "meta.location"); loc != "" {
						list = append(list, loc)
					}
				}
				if len(list) > 0 {
					from = append(from, x)
				}
			}
			if len(list) == 0 {
				s.block("discovery.config", "no discovery document and no user has a meta.location")
			}
			return list, from
		}
		each := func(look func(u *url.URL) error) {
			list, from := locations()
			var errs []error
			for _, loc := range list {
				if u, err := url.Parse(loc); err == nil {
					errs = append(errs, look(u))
				}
			}
			s.judgeErr(errors.Join(errs...), from...)
		}

		s.it("locations have no query string", ID("discovery.location-query"), Requires("7644-1.3-01"), Explain{
			Why: "Clients append paths and parameters to what they are given; behind a question mark both are lost.",
			Fix: "Put whatever selects a tenant or a version into the path or the host.",
		}, func() {
			each(func(u *url.URL) error {
				if u.RawQuery != "" || u.ForceQuery {
					// The rule is about the base, which a location only begins with.
					return soften(reports.Warn, wrong("meta.location", text("a URI without query string"), u.String()))
				}
				return nil
			})
		})

		s.it("locations name the version that was asked for", ID("discovery.location-version"), Requires("7644-3.13-01", "7644-3.13-02", "7644-3.13-04"), Explain{
			Why: "A client that follows the location speaks to another version of the service, which may know other attributes.",
			Fix: "Build locations from the base URL of the request, or without any version.",
		}, func() {
			_, version := split()
			choice := "no"
			if version != "" {
				choice = version
			}
			s.observe("7644-3.13-01", "the base URL ends in a version segment", choice)
			each(func(u *url.URL) error {
				for _, part := range strings.Split(u.Path, "/") {
					if version != "" && versionSegment.MatchString(part) && part != version && !strings.Contains(s.client.Base()+"/", "/"+part+"/") {
						// A gateway may serve the path of another version inside (compare ambiguity A38).
						return soften(reports.Warn, wrong("version in meta.location", version, u.String()))
					}
				}
				return nil
			})
		})

		s.it("a version that does not exist is refused", ID("discovery.version-unknown"), Requires("7644-3.13-02", "7644-3.12-25"), Explain{
			Why: "A client that asks for another version and gets this one misreads every answer.",
			Fix: "Answer 404, or 400 with scimType invalidVers, to versions that are not served.",
		}, func() {
			rest, _ := needsVersion()
			if x := s.learned.config; !x.Success() || !hasSchema(x.Object(), scim.ProviderConfigURN) {
				s.block("discovery.config", "the version that exists gives no configuration either")
			}
			s.judge(other(rest+"/v99"), func(x *reports.Exchange) error {
				if x.Success() && hasSchema(x.Object(), scim.ProviderConfigURN) {
					return wrong("version 99 of the configuration", text("404, or 400 with invalidVers"), text("version 2"))
				}
				if x.Status == http.StatusBadRequest && hasSchema(x.Object(), scim.ErrorURN) {
					return soften(reports.Warn, ScimType(scim.InvalidVers)(x))
				}
				return soften(reports.Warn, NotServerError(x))
			})
		})

		s.it("without a version the most recent one is served, if any", ID("discovery.version-omitted"), Requires("7644-3.13-03"), Explain{
			Why: "A client that leaves the version out expects SCIM 2.0, and cannot work with the answers of an older one.",
			Fix: "Let the address without version lead to the newest version.",
		}, func() {
			rest, _ := needsVersion()
			x := other(rest)
			choice := "not served"
			if x.Success() && hasSchema(x.Object(), scim.ProviderConfigURN) {
				choice = "SCIM 2.0"
			}
			s.observe("7644-3.13-03", "without a version segment there is", choice)
			s.judge(x, func(x *reports.Exchange) error {
				if x.Success() && hasSchema(x.Object(), oldConfigURN) {
					return wrong("configuration without a version segment", text("that of SCIM 2.0"), oldConfigURN)
				}
				return nil
			})
		})
	})
}

// publishedChoices: what of the core a service offers (RFC 7644 §3.1, §3.2).
func (s *session) publishedChoices() {
	s.about("what is offered of the core schema", func() {
		s.it("the whole core schema of users is offered", ID("discovery.core-subset"), Requires("7644-3.1-08"), Explain{
			Why: "A service may support a part of the core schema; who connects an identity provider needs to know which.",
			Fix: "Nothing needs to be fixed. Attributes that are not published here are neither sent nor asked for by any check.",
		}, func() {
			if !s.learned.published {
				s.skip("the target publishes no schemas")
			}
			t := s.needsType("User")
			var missing []string
			core := scim.UserSchema()
			for i := range core.Attributes {
				if t.attribute(core.Attributes[i].Name) == nil {
					missing = append(missing, core.Attributes[i].Name)
				}
			}
			if len(missing) == 0 {
				s.observe("7644-3.1-08", "of the core User schema there is", "all")
			}
			s.judge(s.learned.schemas, Status(200), func(*reports.Exchange) error {
				if len(missing) > 0 {
					return wrong("core attributes of users that are not offered", text("none"), text(strings.Join(missing, ", ")))
				}
				return nil
			})
		})

		s.it("the endpoint of a resource type is its name with an s", ID("discovery.type-plural"), Requires("7644-3.2-02"), Explain{
			Why: "Clients that do not read /ResourceTypes guess the endpoint from the name.",
			Fix: "Name the endpoint of an extended resource type like the type, with an s appended.",
		}, func() {
			var extended []*resourceType
			for _, t := range s.learned.resourceTypes {
				if !strings.EqualFold(t.Schema, scim.UserURN) && !strings.EqualFold(t.Schema, scim.GroupURN) {
					extended = append(extended, t)
				}
			}
			if len(extended) == 0 {
				s.skip("the target has no resource type but users and groups")
			}
			s.judge(s.learned.types, Status(200), func(*reports.Exchange) error {
				var errs []error
				for _, t := range extended {
					if !strings.HasSuffix(strings.ToLower(t.Endpoint), "/"+strings.ToLower(t.Name)+"s") {
						errs = append(errs, wrong("endpoint of "+t.Name, "/"+t.Name+"s", t.Endpoint))
					}
				}
				return errors.Join(errs...)
			})
		})
	})
}
