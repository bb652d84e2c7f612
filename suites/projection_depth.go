package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// projectionDepth: names in every form, and projections beside something else (RFC 7644 §3.9, §3.10).
func (s *session) projectionDepth() {
	s.about("Projections, further", func() {
		var u *resource
		var all *reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("projected", enterpriseIf(s))
			all = s.readBack(u)
		})
		// shown skips unless the target shows the attribute when nothing special is asked for.
		shown := func(paths ...string) {
			for _, p := range paths {
				if !scim.Assigned(scim.Get(all.Object(), p)) {
					s.skip("the target does not show %s", p)
				}
			}
		}
		names := Explain{
			Why: "Clients write names of attributes in every form that the RFC defines; a form that is not understood hides the value, or brings everything.",
			Fix: "Parse attributes and excludedAttributes with the same code as paths in filters and PATCH.",
		}

		s.it("attributes may name a sub-attribute by its full name", ID("projection.urn-sub"), Requires("7644-3.9-05", "7644-3.10-04"), names, func() {
			shown("name.familyName")
			s.judge(s.read(u, "attributes", u.typ.Schema+":name.familyName"), Status(200), Assigned("name.familyName"), whole(leftOut(u.typ, "name.givenName")))
		})

		s.it("URNs in attributes are understood in any letter case", ID("projection.urn-case"), Requires("7644-3.10-05"), names, func() {
			shown("userName", "displayName")
			s.judge(s.read(u, "attributes", strings.ToUpper(u.typ.Schema)+":displayName"), Status(200), Assigned("displayName"))
		})

		s.it("a sub-attribute of a list of values can be excluded alone", ID("projection.excluded-values-sub"), Requires("7644-3.9-06", "7644-3.10-04"), names, func() {
			shown("emails.value", "emails.type")
			s.judge(s.read(u, "excludedAttributes", "emails.type"), Status(200), Assigned("emails.value"))
		})

		s.it("a whole extension can be excluded", ID("projection.excluded-whole-extension"), Requires("7644-3.9-06", "7644-3.10-01"), names, func() {
			if len(u.typ.extensions) == 0 || !scim.Assigned(all.Object()[u.typ.extensions[0].ID]) {
				s.skip("the target shows no extension")
			}
			ext := u.typ.extensions[0]
			s.judge(s.read(u, "excludedAttributes", ext.ID), Status(200), Assigned("id"), func(x *reports.Exchange) error {
				shown, _ := x.Object()[ext.ID].(scim.Object)
				for name := range shown {
					if err := leftOut(u.typ, ext.ID+":"+name)(x.Object()); err != nil {
						return wrong(ext.ID, text("absent"), shown)
					}
				}
				return nil
			})
		})

		s.it("lists honour a sub-attribute in attributes", ID("projection.list-sub"), Requires("7644-3.9-05", "7644-3.10-04"), names, func() {
			shown("name.familyName", "name.givenName")
			s.requires(Filter)
			x := s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")), "attributes", "name.familyName")
			s.judge(x, shows(u, func(o scim.Object) error { return attrSet(o, "name.familyName") }, leftOut(u.typ, "name.givenName")))
		})

		s.it("sorted lists honour attributes", ID("projection.sorted-list"), Requires("7644-3.9-04"), Explain{
			Why: "A console that shows names in order asks for names only; it gets everything that is known of everybody.",
			Fix: "Apply the projection last, whatever else the query says.",
		}, func() {
			shown("displayName")
			s.requires(Sort)
			s.requires(Filter)
			x := s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")), "sortBy", "userName", "attributes", "userName")
			if x.Status == 400 {
				s.see(x)
				s.skip("the target refuses this query")
			}
			s.judge(x, shows(u, leftOut(u.typ, "displayName")))
		})

		s.it("attributes may name members.value of a group", ID("projection.group-members-sub"), Requires("7644-3.9-05", "7644-3.10-04"), names, func() {
			g := s.makeGroup("projected", u)
			if !scim.Assigned(scim.Get(s.readBack(g).Object(), "members.value")) {
				s.skip("the target does not show the members of a group")
			}
			s.judge(s.read(g, "attributes", "members.value"), Status(200), Assigned("members.value"))
		})
	})
}
