package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// projectionNear: projections that work for simple attributes and single resources, and fail elsewhere (RFC 7644 §3.9).
func (s *session) projectionNear() {
	s.about("projections of complex attributes, lists and new users", func() {
		var u *resource
		s.beforeAll(func() {
			s.needs("User", "name.givenName", "name.familyName")
			u = s.makeUser("parts")
		})

		s.it("a complex attribute that is asked for comes with all of its parts", ID("projection.complex"), Requires("7644-3.9-04", "7644-3.4.2.5-01"), Explain{
			Why: "Clients that ask for name take missing parts for empty, and write them again.",
			Fix: "Return every default sub-attribute of a complex attribute that is named without one.",
		}, func() {
			now := s.known(u, "name.givenName", "name.familyName")
			s.judge(s.read(u, "attributes", "name"), Status(200), func(x *reports.Exchange) error {
				got, want := scim.Get(x.Object(), "name"), scim.Get(now, "name")
				if !equalValue(got, want) {
					return wrong("name with attributes=name", want, got)
				}
				return nil
			})
		})

		s.it("the resources of a projected list name their schemas", ID("projection.list-schemas"), Requires("7643-3-01", "7643-2.1-01"), Explain{
			Why: "Typed clients cannot read an item that does not say what it is.",
			Fix: "Add schemas to every projection, in lists too.",
		}, func() {
			s.requires(Filter)
			x := s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")), "attributes", "userName")
			s.filtered(x)
			s.judge(x, Status(200), someItems, Softly(reports.Warn, shows(u, func(o scim.Object) error {
				if !hasSchema(o, u.typ.Schema) {
					return wrong("schemas of an item with attributes=userName", u.typ.Schema, o["schemas"])
				}
				return nil
			})))
		})

		s.it("excludedAttributes narrows the answer to POST", ID("projection.post-excluded"), Requires("7644-3.9-06"), Explain{
			Why: "What a client excludes must not come back.",
			Fix: "Apply excludedAttributes to every answer that holds a resource.",
		}, func() {
			s.needs("User", "displayName")
			t := s.needsType("User")
			sent := s.user("excluded")
			x := s.do(wire.Request{Method: http.MethodPost, Path: t.Endpoint, Body: encode(sent), Creates: t.Endpoint, RawQuery: query("excludedAttributes", "displayName")})
			r := s.adopt(t, sent, x)
			if r == nil || scim.String(x.Object(), "id") == "" {
				s.see(x)
				s.block("create.body", "the answer to POST has no resource")
			}
			s.judge(x, func(x *reports.Exchange) error { return leftOut(t, "displayName")(x.Object()) })
		})
	})
}
