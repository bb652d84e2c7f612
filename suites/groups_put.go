package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// groupPut: PUT of groups.
func (s *session) groupPut(people cast) {
	s.about("PUT of a group", func() {
		var a, b, c, g *resource
		var before, x, after *reports.Exchange
		s.beforeAll(func() {
			s.needsType("Group")
			a, b, c = people()[0], people()[1], people()[2]
			g = s.makeGroup("group-put", a, b)
			before = s.readBack(g)
			if membersAre(a, b)(before) != nil {
				s.see(before)
				s.block("groups.create-members", "the group has not got its members")
			}
			o := clone(g.Sent)
			o["members"] = memberList(b, c)
			x = s.putOver(g, o)
			after = s.readBack(g)
		})

		s.it("PUT of a group makes its members exactly those in the body", ID("groups.put-members"), Requires("7644-3.5.1-03", "7644-3.5.1-04"), Explain{
			Why: "A member that PUT cannot remove keeps its access; one that it does not add never gets it.",
			Fix: "Replace the list of members instead of adding to it.",
		}, func() {
			s.judge(x, succeeded)
			s.judge(after, membersAre(b, c))
		})

		s.it("PUT of a group with an empty list of members empties it", ID("groups.put-empty"), Requires("7643-2.5-02", "7644-3.5.1-04"), Explain{
			Why: "The last member cannot be taken out of a group otherwise.",
			Fix: "Treat an empty array as an order to remove all members.",
		}, func() {
			o := clone(g.Sent)
			o["members"] = []any{}
			x := s.putOver(g, o)
			s.judge(x, notRefused)
			if x.Success() {
				s.judge(s.readBack(g), membersAre())
			}
		})

		s.it("after a PUT that leaves members out, its answer and a GET agree on the members", ID("groups.put-omitted"), Requires("7644-3.5.1-05", "7644-3.1-07"), Explain{
			Why: "Servers may keep or remove members that are left out, so the answer is the only way to know who is in the group.",
			Fix: "Decide for one behaviour and let the answer show its outcome.",
		}, func() {
			o := clone(g.Sent)
			o["members"] = memberList(a, b)
			s.putOver(g, o)
			delete(o, "members")
			x := s.putOver(g, o)
			after := s.readBack(g)
			s.judge(x, succeeded)
			if scim.String(x.Object(), "id") == "" {
				s.block("put.body", "the answer to PUT is no whole resource")
			}
			s.judge(x, g.typ.sameAsRead(after))
			fate := "removed"
			if len(memberIDs(after)) > 0 {
				fate = "kept"
			}
			s.observe("A40", "members left out of PUT", fate)
		})

		s.it("PUT of a group with an id that does not exist as member is refused, or stored", ID("groups.put-unknown-member"), Requires("7643-4.2-04", "7643-2.3.7-05"), Explain{
			Why: "One stale id in the list of a client, and a server error, or a group that has lost its members under an answer that says success.",
			Fix: "Refuse unknown ids with 400 and change nothing, or store them.",
		}, func() {
			o := clone(g.Sent)
			o["members"] = memberList(a, b)
			s.putOver(g, o)
			before := s.readBack(g)
			ghost := &resource{ID: s.fictitious()}
			o["members"] = memberList(a, ghost)
			x := s.putOver(g, o)
			s.see(x)
			after := s.readBack(g)
			if x.Success() {
				s.judge(after, hasMember(a), hasMember(ghost))
				return
			}
			s.judge(x, ClientError)
			s.judge(after, sameMembers(before))
		})

		s.it("PUT of a group without displayName does not take its name away", ID("groups.put-name-kept"), Requires("7643-4.2-01"), Explain{
			Why: "A group without a name cannot be found or told apart by anybody.",
			Fix: "Refuse a PUT without displayName, or keep the one that is there.",
		}, func() {
			o := clone(g.Sent)
			delete(o, "displayName")
			s.putOver(g, o)
			s.judge(s.readBack(g), Assigned("displayName"))
		})
	})
}
