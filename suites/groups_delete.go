package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/reports"
)

// groupDelete: DELETE of groups and of their members.
func (s *session) groupDelete(people cast) {
	s.about("DELETE of a group", func() {
		var u, g *resource
		var before, x *reports.Exchange
		s.beforeAll(func() {
			s.needsType("Group")
			u = s.makeUser("group-delete")
			g = s.makeGroup("group-delete", u)
			before = s.readBack(u)
			x = s.remove(g)
		})
		gone := func() {
			if !x.Success() {
				s.see(x)
				s.block("groups.delete", "DELETE answered %d", x.Status)
			}
		}

		s.it("DELETE of a group answers 204 and the group is gone", ID("groups.delete"), Requires("7644-3.6-05", "7644-3.6-02"), Explain{
			Why: "A group that cannot be deleted goes on handing out access.",
			Fix: "Support DELETE for groups as for users.",
		}, func() {
			s.judge(x, Status(http.StatusNoContent))
			s.judge(s.read(g), Status(http.StatusNotFound))
		})

		s.it("DELETE of a group leaves its members in place", ID("groups.delete-keeps-users"), Requires("7644-3.1-07", "7644-3.6-07"), Explain{
			Why: "People do not leave because a group is dissolved; a cascade deletes their accounts.",
			Fix: "Remove the membership and leave the members alone.",
		}, func() {
			gone()
			s.judge(s.read(u), Status(http.StatusOK))
		})

		s.it("a deleted group is no longer among the groups of its former members", ID("groups.delete-leaves-user"), Requires("7644-3.6-07"), Explain{
			Why: "Applications that decide by the user's groups go on granting access for a group that is gone.",
			Fix: "Derive groups of a user from the groups that exist.",
		}, func() {
			gone()
			if groupEntry(before, g) == nil {
				s.skip("the target did not list the group among the user's groups")
			}
			s.judge(s.until(func() *reports.Exchange { return s.read(u) }, notInGroups(g)), notInGroups(g))
		})

		s.it("a deleted user is no longer a member of its groups", ID("groups.deleted-user"), Requires("7644-3.6-07"), Explain{
			Why: "Groups fill up with ids that lead nowhere, and clients that resolve them fail.",
			Fix: "Remove a user from its groups when it is deleted.",
		}, func() {
			leaver, stayer := s.makeUser("group-leaver"), people()[0]
			g := s.makeGroup("group-leaver", leaver, stayer)
			if hasMember(leaver)(s.readBack(g)) != nil {
				s.block("groups.create-members", "the user was no member before")
			}
			if x := s.remove(leaver); !x.Success() {
				s.see(x)
				s.block("delete.status", "DELETE answered %d", x.Status)
			}
			s.judge(s.readBack(g), hasNoMember(leaver), Softly(reports.Warn, hasMember(stayer)))
		})

		s.it("requests to a group that does not exist answer 404", ID("groups.unknown-id"), Requires("7644-3.4.1-03", "7644-3.12-11"), Explain{
			Why: "404 tells the client that its record is stale, so that it can create the group again.",
			Fix: "Look the group up first and answer 404 with a SCIM error where there is none.",
		}, func() {
			ghost := &resource{typ: g.typ, ID: s.fictitious()}
			s.judge(s.read(ghost), Refused("404"))
			s.judge(s.replace(ghost, s.group("group-ghost")), Status(http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented))
			s.judge(s.remove(ghost), Refused("404"))
		})
	})
}
