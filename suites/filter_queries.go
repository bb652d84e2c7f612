package suites

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterQueries: filters together with the rest of a query, and on common attributes.
func (s *session) filterQueries() {
	s.about("Filters as part of a query", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })

		s.it("a filter that matches nothing answers 200 with totalResults 0", ID("filter.no-match"), Requires("7644-3.4.2-09"), Explain{
			Why: "It is how clients learn that they have to create a user; Entra's first request to every tenant gets this answer, and 404 stops it.",
			Fix: "Answer 200 with an empty ListResponse.",
		}, func() {
			a := p.ask("User", crowdEq("userName", p.name("nobody")))
			s.judge(a.first(), Status(200), s.counts(0), Count(0), func(x *reports.Exchange) error {
				if v, ok := x.Object()["Resources"]; ok && v == nil {
					return soften(reports.Warn, wrong("Resources", text("an empty array, or no such member"), v))
				}
				return nil
			})
		})

		s.it("totalResults counts the matches and not all resources", ID("filter.total"), Requires("7644-3.4.2-05", allMatches), Explain{
			Why: "Clients decide by totalResults whether a look-up was unique, and when to stop paging.",
			Fix: "Count after filtering.",
		}, func() {
			a := p.ask("User", p.team())
			err := a.answered(true)
			if a.first().Status == 200 {
				err = s.counts(len(crowdTeam))(a.first())
			}
			p.s.judgeErr(err, a.first())
		})

		s.it("a filter holds on every page", ID("filter.paging"), Requires("7644-3.4.2.2-38", "7644-3.4.2-05", onlyMatches, allMatches), Explain{
			Why: "Where count is applied before the filter, pages come out short or empty and clients stop before the end.",
			Fix: "Filter first, then cut the page out of the matches.",
		}, func() {
			// Whether pages overlap is another matter: without sortBy they may.
			for got := 0; got < len(crowdTeam); {
				a := p.ask("User", p.team(), "startIndex", strconv.Itoa(got+1), "count", "2")
				err := a.exactly(true, nil, crowdTeam...)
				if a.first().Status == 200 {
					err = errors.Join(err, s.counts(len(crowdTeam))(a.first()))
					if len(a.names) == 0 {
						err = errors.Join(err, broken("an empty page before the end of the matches"))
					}
				}
				p.s.judgeErr(err, a.first())
				if len(a.names) == 0 {
					return
				}
				got += len(a.names)
			}
		})

		s.it("attributes does not hide from a filter what it does not return", ID("filter.projection"), Requires("7644-3.4.2.2-38", onlyMatches, allMatches), Explain{
			Why: "Entra and others ask for few attributes and filter by another; filtering what has already been cut finds nobody.",
			Fix: "Evaluate the filter on the whole resource, before the projection.",
		}, func() {
			p.has("nickName")
			a := p.ask("User", crowdEq("nickName", p.tag+"-b"), "attributes", "userName")
			p.judge(a, true, []string{"ada"})
		})

		s.it("excludedAttributes does not hide an attribute from a filter", ID("filter.projection-excluded"), Requires("7644-3.4.2.2-38", onlyMatches, allMatches), Explain{
			Why: "Clients leave out large attributes, such as members, and still filter by them.",
			Fix: "Evaluate the filter on the whole resource, before the projection.",
		}, func() {
			p.has("nickName")
			a := p.ask("User", crowdEq("nickName", p.tag+"-b"), "excludedAttributes", "nickName")
			p.judge(a, true, []string{"ada"})
		})

		s.it("meta.resourceType can be filtered by", ID("filter.resource-type"), Requires("7644-3.4.2.1-02", onlyMatches, allMatches), Explain{
			Why: "A condition on the type that is dropped, or never holds, makes searches over several types useless.",
			Fix: "Compare meta.resourceType with the name of the resource type.",
		}, func() {
			p.finds(crowdEq("userName", p.name("ada"))+" and "+crowdEq("meta.resourceType", s.needsType("User").Name), "ada")
			p.finds(crowdEq("userName", p.name("ada")) + ` and meta.resourceType eq "NoSuchType"`)
		})

		s.it("meta.resourceType is compared with regard to letter case", ID("filter.resource-type-case"), Requires("7643-3.1-19"), Explain{
			Why: "The attribute is case-exact, and names of types may differ in letter case alone.",
			Fix: "Compare meta.resourceType exactly.",
		}, func() {
			p.finds(crowdEq("userName", p.name("ada")) + " and " + crowdEq("meta.resourceType", strings.ToUpper(s.needsType("User").Name)))
		})

		s.it("schemas eq finds the resources that use an extension", ID("filter.schemas"), Requires("7644-3.4.2.2-37", "7644-3.4.2.2-31", onlyMatches, allMatches), Explain{
			Why: "It is the standard way to list employees, that is users with enterprise data.",
			Fix: "Compare each value of schemas.",
		}, func() {
			p.has(scim.EnterpriseURN + ":employeeNumber")
			employees := p.where(func(o scim.Object) bool {
				return slices.ContainsFunc(scim.List(o, "schemas"), func(v any) bool {
					urn, _ := v.(string)
					return strings.EqualFold(urn, scim.EnterpriseURN)
				})
			})
			a := p.ask("User", p.teamWith(crowdEq("schemas", scim.EnterpriseURN)))
			err := a.exactly(true, employees)
			if len(a.names) == 0 {
				// schemas has no definition anywhere, so a server may take it for unknown (ambiguities A25, A28).
				err = soften(reports.Warn, err)
			}
			p.s.judgeErr(err, a.xs...)
		})
	})
}

// filterGroups: filters on groups and memberships.
func (s *session) filterGroups() {
	s.about("Filters on groups", func() {
		var p *crowd
		s.beforeAll(func() {
			p = s.filterCrowd()
			p.groups()
		})

		s.it("displayName eq on groups finds exactly the group of that name", ID("filter.group-displayname"), Requires("7644-3.4.2.2-08", "7644-3.4.2-10", onlyMatches, allMatches), Explain{
			Why: "Entra and Okta look groups up by name before they create them; a user with the same name must not come back.",
			Fix: "Search groups alone at /Groups, and compare the whole name.",
		}, func() {
			p.judge(p.ask("Group", crowdEq("displayName", p.groupName("crew"))), false, []string{"crew"})
		})

		s.it("members.value eq finds the groups that somebody is in", ID("filter.group-members"), Requires("7644-3.4.2.2-31", onlyMatches, allMatches), Explain{
			Why: "Entra tests memberships so; without an answer it has to read every group with all of its members.",
			Fix: "Make members.value searchable at /Groups.",
		}, func() {
			s.needs("Group", "members.value")
			p.judge(p.ask("Group", crowdEq("members.value", p.people["bea"].ID)), true, []string{"crew"})
		})

		s.it("id and members.value together answer whether somebody is in a group", ID("filter.group-membership"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "It is Entra's test before it adds or removes a member; a wrong yes leaves somebody without access, or with it.",
			Fix: "Evaluate both conditions on the group.",
		}, func() {
			s.needs("Group", "members.value")
			in := func(who string) *crowdAnswer {
				return p.ask("Group", crowdEq("id", p.people["crew"].ID)+" and "+crowdEq("members.value", p.people[who].ID))
			}
			p.judge(in("ada"), true, []string{"crew"})
			p.judge(in("cyd"), true, nil)
		})

		s.it("groups.value eq finds the members of a group", ID("filter.user-groups"), Requires("7644-3.4.2.2-31", onlyMatches, allMatches), Explain{
			Why: "Members of a large group can be read in pages this way, which /Groups does not offer.",
			Fix: "Make the readOnly groups attribute of users searchable.",
		}, func() {
			s.needs("User", "groups.value")
			if x := s.readBack(p.people["ada"].resource); !slices.Contains(scim.List(x.Object(), "groups.value"), any(p.people["crew"].ID)) {
				s.skip("the target does not show the groups of a user")
			}
			p.finds(crowdEq("groups.value", p.people["crew"].ID), "ada", "bea")
		})
	})
}
