package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

func (s *session) projectionExcluded() {
	s.about("excludedAttributes", func() {
		var u *resource
		var now scim.Object
		var x *reports.Exchange
		s.beforeAll(func() {
			s.needs("User", "displayName", "name.givenName", "name.familyName")
			u = s.makeUser("excluded")
			now = s.known(u, "displayName", "name.givenName", "name.familyName")
			x = s.read(u, "excludedAttributes", "displayName")
		})
		userName := func(o scim.Object) error { return attrSet(o, "userName") }

		s.it("excludedAttributes leaves out what it names", ID("projection.excluded"), Requires("7644-3.4.2.5-01", "7644-3.9-06"), Explain{
			Why: "Clients leave out what is large or what they must not see.",
			Fix: "Support excludedAttributes on every operation that returns resources.",
		}, func() { s.judge(x, Status(200), whole(leftOut(u.typ, "displayName"), userName)) })

		s.it("excludedAttributes leaves all other default attributes in", ID("projection.excluded-rest"), Requires("7644-3.9-06"), Explain{
			Why: "An attribute that disappears along with another looks cleared.",
			Fix: "Take away from the default set only what was named.",
		}, func() {
			s.judge(x, Status(200), func(x *reports.Exchange) error { return sameResource(x.Object(), now, "displayName") })
		})

		s.it("several names are excluded at once", ID("projection.excluded-several"), Requires("7644-3.9-07", "7644-3.9-06"), Explain{
			Why: "Clients exclude all that they do not synchronise in one parameter.",
			Fix: "Split excludedAttributes at commas.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "displayName,name"), Status(200), whole(userName, leftOut(u.typ, "displayName", "name")))
		})

		s.it("names in excludedAttributes may be in any letter case", ID("projection.excluded-case"), Requires("7644-3.10-05", "7644-3.4.2.5-03"), Explain{
			Why: "Attribute names are case-insensitive everywhere.",
			Fix: "Compare attribute names without regard to letter case.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "DISPLAYNAME"), Status(200), whole(userName, leftOut(u.typ, "displayName")))
		})

		s.it("names in excludedAttributes may carry the schema's URN", ID("projection.excluded-urn"), Requires("7644-3.4.2.5-03"), Explain{
			Why: "What a client excludes by its full name must not be shown.",
			Fix: "Resolve names of the form URN:attribute for the base schema too.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", u.typ.Schema+":displayName"), Status(200), whole(userName, leftOut(u.typ, "displayName")))
		})

		s.it("a sub-attribute can be excluded", ID("projection.excluded-sub"), Requires("7644-3.9-06", "7644-3.10-04"), Explain{
			Why: "What a client excludes must not be shown, and the rest of the value must stay.",
			Fix: "Resolve names of the form attribute.subAttribute, and take away that part only.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "name.familyName"), Status(200), whole(has(now, "name.givenName"), leftOut(u.typ, "name.familyName")))
		})

		s.it("id cannot be excluded", ID("projection.excluded-id"), Requires("7644-3.4.2.5-04"), Explain{
			Why: "A resource without id cannot be addressed.",
			Fix: "Keep attributes that are returned always, whatever excludedAttributes says.",
		}, func() { s.judge(s.read(u, "excludedAttributes", "id"), Status(200), Attr("id", u.ID)) })

		s.it("meta can be excluded", ID("projection.excluded-meta"), Requires("7643-3.1-18", "7643-7-23"), Explain{
			Why: "meta is returned by default only; clients that compare resources exclude it.",
			Fix: "Treat meta like any other attribute that is returned by default.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "meta"), Status(200), whole(userName, leftOut(u.typ, "meta")))
		})
	})

	s.about("excludedAttributes=members", func() {
		var g *resource
		s.beforeAll(func() {
			s.needs("Group", "members")
			g = s.makeGroup("memberless", s.makeUser("member"))
			if x := s.readBack(g); !scim.Assigned(x.Object()["members"]) {
				s.see(x)
				s.block("groups.create", "the group has no members")
			}
		})
		seen := func(o scim.Object) error { return textIs(o, "displayName", scim.String(g.Sent, "displayName")) }

		s.it("a group can be read without its members", ID("projection.group-without-members"), Requires("7644-3.9-06"), Explain{
			Why: "Entra reads every group with excludedAttributes=members; groups of thousands make that slow or impossible.",
			Fix: "Honour excludedAttributes for groups too, before the members are collected.",
		}, func() {
			s.judge(s.read(g, "excludedAttributes", "members"), Status(200), whole(seen, leftOut(g.typ, "members")))
		})

		s.it("groups can be listed without their members", ID("projection.groups-without-members"), Requires("7644-3.9-06"), Explain{
			Why: "Entra looks groups up by displayName with excludedAttributes=members.",
			Fix: "Honour excludedAttributes in lists of groups too.",
		}, func() {
			s.requires(Filter)
			x := s.get(g.typ.Endpoint, "filter", "displayName eq "+scim.Quote(scim.String(g.Sent, "displayName")), "excludedAttributes", "members")
			s.judge(x, shows(g, seen, leftOut(g.typ, "members")))
		})
	})
}
