package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// groupPatchDepth: members that are wrong in replace, and paths to members that are seldom used (RFC 7644 §3.5.2).
func (s *session) groupPatchDepth(people cast) {
	s.about("PATCH of the members of a group in less common ways", func() {
		var a, b *resource
		st := &groupStage{s: s}
		s.beforeAll(func() {
			s.needsType("Group")
			s.requires(Patch)
			all := people()
			a, b = all[0], all[1]
		})

		s.it("replace of the members by an id that does not exist is refused, or stored", ID("groups.unknown-member-replace"), Requires("7643-4.2-04", "7643-2.3.7-05", "7644-3.5.2-17"), Explain{
			Why: "One stale id in the list of a client, and everybody has lost access, with an answer that says success.",
			Fix: "Refuse unknown ids with 400 and change nothing, or store them.",
		}, func() {
			st.with(a)
			ghost := &resource{ID: s.fictitious()}
			x, after := st.patch(op("replace", "members", memberList(ghost)))
			s.see(x)
			if x.Success() {
				s.judge(after, Softly(reports.Warn, hasMember(ghost))) // success without effect is no violation of its own (ambiguity A46)
				return
			}
			s.judge(x, ClientError)
			s.judge(after, membersAre(a))
		})

		s.it("replace of the members by a number is refused, and changes nothing", ID("groups.member-wrong-type"), Requires("7643-2.3-02", "7644-3.12-24", "7644-3.5.2-17"), Explain{
			Why: "A server that skips what it cannot read is left with an empty list, and empties the group.",
			Fix: "Check every value of members before changing any; answer 400 invalidValue.",
		}, func() {
			st.with(a)
			x, after := st.patch(op("replace", "members", []any{42}))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
			s.judge(after, membersAre(a))
		})

		s.it("PATCH cannot turn all members into another by a path without filter", ID("groups.members-immutable"), Requires("7643-7-17", "7643-4.2-03"), Explain{
			Why: "value of a member is immutable; a member that turns into another gives access to somebody whom nobody has added.",
			Fix: "Refuse to change value of members with 400 and scimType mutability, with a filter and without.",
		}, func() {
			if v := s.needsType("Group").attribute("members.value"); v != nil && v.Mutability != "immutable" {
				s.skip("the target's schema says that members.value is %s", v.Mutability)
			}
			st.with(a)
			x, after := st.patch(op("replace", "members.value", b.ID))
			turned := hasNoMember(b)
			if hasMember(a)(after) == nil {
				turned = Softly(reports.Warn, turned) // taken for an addition, which changes no member
			}
			s.judge(after, turned)
			s.judge(x, NotServerError, Softly(reports.Warn, ClientError))
		})

		s.it("add of somebody whom the filter of the path names makes a member, or is refused", ID("groups.patch-add-filter"), Requires("7644-3.5.2.1-09"), Explain{
			Why: "A success for access that was not given is never noticed.",
			Fix: "Add the member that the filter and the value describe, or answer 400 noTarget.",
		}, func() {
			st.with(a)
			x, after := st.patch(op("add", "members[value eq "+scim.Quote(b.ID)+"]", object{"value": b.ID}))
			s.judge(after, hasMember(a))
			if x.Success() {
				s.judge(after, Softly(reports.Warn, hasMember(b)))
			} else {
				s.judge(x, ClientError)
			}
			// Neither somebody who does not exist nor a number can become a member in this way.
			ghost := &resource{ID: s.fictitious()}
			for _, o := range []scim.Object{
				op("add", "members[value eq "+scim.Quote(ghost.ID)+"]", object{"value": ghost.ID}),
				op("add", "members[value eq "+scim.Quote(ghost.ID)+"]", 42),
			} {
				x, after = st.patch(o)
				if !x.Success() {
					s.judge(x, ClientError)
				} else {
					s.judge(after, Softly(reports.Warn, hasMember(ghost)))
				}
			}
		})
	})

	s.about("a group that is created with a member who does not exist", func() {
		s.it("POST of a group with an id that does not exist as member is refused, or stored", ID("groups.create-unknown-member"), Requires("7643-4.2-04", "7643-2.3.7-05"), Explain{
			Why: "A member that is dropped without a word makes the client believe that the person has access.",
			Fix: "Refuse unknown ids with 400, or store them.",
		}, func() {
			s.needs("Group", "members")
			a, ghost := people()[0], &resource{ID: s.fictitious()}
			o := s.group("unknown-member")
			o["members"] = memberList(a, ghost)
			g, x := s.create("Group", o)
			s.see(x)
			if x.Err() != nil {
				s.cannotJudge(x.Err())
			}
			s.groupsOpen(x.Status)
			if g == nil {
				s.judge(x, ClientError)
				return
			}
			after := s.readBack(g)
			if countMember(after, a) == 0 {
				s.see(after)
				s.block("groups.create-members", "the group has not got its other member either")
			}
			s.judge(after, hasMember(ghost))
		})
	})
}
