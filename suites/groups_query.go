package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// groupQueries: reading groups without their members, and finding them.
func (s *session) groupQueries() {
	s.about("queries for groups", func() {
		var u, g, decoy *resource
		s.beforeAll(func() {
			s.needsType("Group")
			u = s.makeUser("group-query") // in one group only, so that all of its groups are on one page
			g, decoy = s.makeGroup("group-query", u), s.makeGroup("group-query-decoy")
			if own := s.readBack(g); hasMember(u)(own) != nil {
				s.see(own)
				s.block("groups.create-members", "the group has not got its member")
			}
		})

		s.it("a group is found by its displayName, and no other", ID("groups.filter-name"), Requires("7644-3.4.2.2-02", "7644-3.4.2.2-03"), Explain{
			Why: "Clients match groups by displayName; a wrong hit gives one group the members of another.",
			Fix: "Support filter=displayName eq on groups.",
		}, func() {
			s.requires(Filter)
			s.judge(s.byName(g), Listed(g), Unlisted(decoy))
		})

		s.it("a filter on members.value finds the groups of a user, and no others", ID("groups.filter-members"), Requires("7644-3.4.2.2-02", "7644-3.4.2.2-01"), Explain{
			Why: "Clients that take a leaver out of all groups get other groups, or miss some.",
			Fix: "Evaluate members.value eq, or answer 400 with scimType invalidFilter.",
		}, func() {
			s.requires(Filter)
			x := s.get(g.typ.Endpoint, "filter", "members.value eq "+scim.Quote(u.ID))
			if x.Status == http.StatusBadRequest || x.Status == http.StatusNotImplemented {
				s.observe("A30", "filter on members.value", "refused")
				s.skip("the target does not filter groups by members (status %d)", x.Status)
			}
			if n, _ := s.total(x); n > len(scim.List(x.Object(), "Resources")) || nextCursor(x) != "" {
				// The page is capped; ask for the two groups that matter alone.
				x = s.get(g.typ.Endpoint, "filter", "members.value eq "+scim.Quote(u.ID)+" and (id eq "+scim.Quote(g.ID)+" or id eq "+scim.Quote(decoy.ID)+")")
			}
			s.judge(x, Listed(g), Unlisted(decoy))
		})

		s.it("a list of all groups shows their members", ID("groups.list-members"), Requires("7643-7-23"), Explain{
			Why: "Clients that read all groups take each of them for empty, and fill it again or delete it.",
			Fix: "Return members by default in lists with and without a filter, as for single groups.",
		}, func() {
			x := s.get(g.typ.Endpoint, "count", "200")
			if item(x, g) == nil {
				s.see(x)
				s.skip("the group is not on the first page of all groups")
			}
			s.judge(x, func(x *reports.Exchange) error {
				if len(scim.List(item(x, g), "members")) == 0 {
					return wrong("members of a group in the list of all groups", text("its one member"), nil)
				}
				return nil
			})
		})

		s.it("excludedAttributes=members leaves the members of a group out", ID("groups.exclude-members"), Requires("7644-3.9-06"), Explain{
			Why: "Entra reads groups in this way, since they may have a hundred thousand members.",
			Fix: "Support excludedAttributes when a group is read.",
		}, func() {
			s.judge(s.read(g, "excludedAttributes", "members"), Status(http.StatusOK), whole(leftOut(g.typ, "members")), Assigned("displayName"), Attr("id", g.ID))
		})

		s.it("excludedAttributes=members leaves the members out of a list of groups", ID("groups.exclude-members-list"), Requires("7644-3.9-06"), Explain{
			Why: "Entra searches groups in this way; the members of all hits together can be more than either side can bear.",
			Fix: "Support excludedAttributes in queries too.",
		}, func() {
			s.requires(Filter)
			x := s.get(g.typ.Endpoint, "filter", "displayName eq "+scim.Quote(scim.String(g.Sent, "displayName")), "excludedAttributes", "members")
			s.filtered(x)
			if lists(x, g.ID) == (x.Status != http.StatusOK) {
				s.block("groups.filter-name", "the group was not found")
			}
			s.judge(x, Status(http.StatusOK), func(x *reports.Exchange) error {
				for _, o := range scim.Objects(x.Object(), "Resources") {
					if scim.String(o, "id") == g.ID {
						return leftOut(g.typ, "members")(o)
					}
				}
				return nil
			})
		})
	})
}
