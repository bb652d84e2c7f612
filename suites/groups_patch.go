package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// sameMembers wants the members to be those of before.
func sameMembers(before *reports.Exchange) Check {
	return func(x *reports.Exchange) error {
		was, is := []any{}, []any{}
		for _, id := range memberIDs(before) {
			was = append(was, id)
		}
		for _, id := range memberIDs(x) {
			is = append(is, id)
		}
		if len(was) != len(is) || !matchAll(is, was) {
			return wrong("members of the group", was, is)
		}
		return nil
	}
}

// groupStage is a group that goes from one PATCH to the next, so that not every check needs one of its own.
type groupStage struct {
	s     *session
	g     *resource
	state *reports.Exchange
}

// with makes the members of the group what a check starts from.
func (st *groupStage) with(members ...*resource) {
	if st.state != nil && membersAre(members...)(st.state) == nil {
		return
	}
	// Where the check ends on the way, nothing is known of the group.
	st.state = nil
	st.g = st.s.makeGroup("members", members...)
	st.state = st.s.readBack(st.g)
	if membersAre(members...)(st.state) != nil {
		st.s.see(st.state)
		st.s.block("groups.create-members", "the group has not got its members")
	}
}

// patch sends one PATCH and reads the group back.
func (st *groupStage) patch(ops ...scim.Object) (x, after *reports.Exchange) {
	x = st.s.patch(st.g, ops...)
	st.state = nil
	st.state = st.s.readBack(st.g)
	return x, st.state
}

// groupStep is a PATCH that several checks look at; the first of them sends it.
type groupStep func() (x, after *reports.Exchange)

// step makes a groupStep that starts from the given members.
func (st *groupStage) step(members func() []*resource, ops func() []scim.Object) groupStep {
	var x, after *reports.Exchange
	return func() (*reports.Exchange, *reports.Exchange) {
		if after == nil {
			st.with(members()...)
			x, after = st.patch(ops()...)
		}
		return x, after
	}
}

// groupPatchMembers: adding and removing members by PATCH (RFC 7644 §3.5.2).
func (s *session) groupPatchMembers(people cast) {
	s.about("PATCH of the members of a group", func() {
		var a, b, c, d *resource
		st := &groupStage{s: s}
		s.beforeAll(func() {
			s.needsType("Group")
			s.requires(Patch)
			all := people()
			a, b, c, d = all[0], all[1], all[2], all[3]
		})
		filtered := func(r *resource) string { return "members[value eq " + scim.Quote(r.ID) + "]" }
		addB := st.step(func() []*resource { return []*resource{a} }, func() []scim.Object {
			return []scim.Object{op("add", "members", memberList(b))}
		})
		addTwice := st.step(func() []*resource { return []*resource{a, b} }, func() []scim.Object {
			return []scim.Object{op("add", "members", memberList(b))}
		})
		removeB := st.step(func() []*resource { return []*resource{a, b, c, d} }, func() []scim.Object {
			return []scim.Object{op("remove", filtered(b), nil)}
		})
		removeStranger := st.step(func() []*resource { return []*resource{a, c, d} }, func() []scim.Object {
			return []scim.Object{op("remove", filtered(b), nil)}
		})

		s.it("PATCH add makes a user a member", ID("groups.patch-add"), Requires("7644-3.5.2.1-05", "7643-4.2-03"), Explain{
			Why: "This is how people get access; an acknowledged request without effect leaves them outside.",
			Fix: "Add the given values to the members.",
		}, func() {
			x, after := addB()
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(after, hasMember(b))
		})

		s.it("PATCH add keeps the members that are there", ID("groups.patch-add-keeps"), Requires("7644-3.5.2.1-05"), Explain{
			Why: "A group that forgets its old members with each new one takes away everybody's access.",
			Fix: "Append to members instead of replacing them.",
		}, func() {
			_, after := addB()
			s.judge(after, hasMember(a))
		})

		s.it("adding a member who is there already succeeds", ID("groups.patch-add-again"), Requires("7644-3.5.2.1-07"), Explain{
			Why: "Clients repeat what they are not sure of; an error for a member who is there stops their whole job.",
			Fix: "Answer success and change nothing.",
		}, func() {
			x, _ := addTwice()
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
		})

		s.it("adding a member who is there already does not list it twice", ID("groups.patch-add-once"), Requires("7643-4.2-08", "7644-3.5.2.1-07"), Explain{
			Why: "A member who is there twice survives being removed once.",
			Fix: "Treat members as a set of ids.",
		}, func() {
			_, after := addTwice()
			s.judge(after, memberOnce(b))
		})

		s.it("PATCH add takes several members at once", ID("groups.patch-add-many"), Requires("7644-3.5.2.1-05"), Explain{
			Why: "Clients send members in batches; a server that stores the first alone loses all others.",
			Fix: "Add every element of the value.",
		}, func() {
			st.with(a, b)
			_, after := st.patch(op("add", "members", memberList(c, d)))
			if countMember(after, c)+countMember(after, d) == 0 {
				s.block("groups.patch-add", "no member was added")
			}
			s.judge(after, hasMember(c), hasMember(d))
		})

		s.it("PATCH remove with a filter on value removes that member", ID("groups.patch-remove"), Requires("7644-3.5.2.2-04", "7643-4.2-03"), Explain{
			Why: "This is how people lose access; an acknowledged request without effect leaves them inside.",
			Fix: "Evaluate the filter in the path and remove the members that it selects.",
		}, func() {
			x, after := removeB()
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(after, hasNoMember(b))
		})

		s.it("PATCH remove with a filter on value keeps the other members", ID("groups.patch-remove-keeps"), Requires("7644-3.5.2.2-04"), Explain{
			Why: "A server that ignores the filter empties the group when one person leaves it.",
			Fix: "Remove only the members that the filter selects.",
		}, func() {
			_, after := removeB()
			s.judge(after, hasMember(a), hasMember(c), hasMember(d))
		})

		s.it("removing somebody who is no member succeeds", ID("groups.patch-remove-stranger"), Requires("7644-3.5.2.2-07"), Explain{
			Why: "Clients repeat removals; an error for somebody who has left already stops their whole job.",
			Fix: "Answer success and change nothing.",
		}, func() {
			x, _ := removeStranger()
			// Table 9 lists noTarget for a filter without match (ambiguity A08).
			if x.Status == http.StatusBadRequest {
				s.judge(x, Softly(reports.Warn, succeeded))
				return
			}
			s.judge(x, succeeded)
		})

		s.it("removing somebody who is no member removes nobody", ID("groups.patch-remove-stranger-keeps"), Requires("7644-3.5.2.2-04"), Explain{
			Why: "A filter without match that counts as no filter empties the group.",
			Fix: "Tell a filter that selects nothing from a path without filter.",
		}, func() {
			_, after := removeStranger()
			s.judge(after, hasMember(a), hasMember(c), hasMember(d))
		})

		s.it("PATCH add without path adds the members in its value", ID("groups.patch-add-pathless"), Requires("7644-3.5.2.1-02", "7644-3.5.2-06"), Explain{
			Why: "Clients use this form too, and lose the new members where it is not understood.",
			Fix: "Accept add without path and apply each attribute of its value.",
		}, func() {
			st.with(a, c, d)
			x, after := st.patch(op("add", nil, object{"members": memberList(b)}))
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(after, hasMember(a), hasMember(b))
		})

		s.it("PATCH remove with a list of members as value does not remove the others", ID("groups.patch-remove-value"), Requires("7643-4.2-03"), Explain{
			Why: "Entra removes members in this form; a server that reads the path alone throws everybody out of the group.",
			Fix: "Remove the members listed in value, or refuse the request with 400.",
		}, func() {
			st.with(a, b, c, d)
			x, after := st.patch(op("remove", "members", memberList(b)))
			switch {
			case x.Status >= 400 && x.Status < 500:
				s.observe("A07", "PATCH remove of members with a value", "refused")
			case countMember(after, b) == 0 && countMember(after, a) > 0:
				s.observe("A07", "PATCH remove of members with a value", "only the listed members are removed")
			case len(memberIDs(after)) == 0:
				s.observe("A07", "PATCH remove of members with a value", "all members are removed")
			}
			s.judge(x, NotServerError)
			s.judge(after, func(*reports.Exchange) error {
				if countMember(after, a) == 0 {
					return soften(reports.Warn, broken("all members were removed although the request names one of them; the RFC's text can be read so, but Entra means the listed ones"))
				}
				if x.Success() && countMember(after, b) > 0 {
					return soften(reports.Warn, broken("the answer is %d, yet the listed member is still there", x.Status))
				}
				return nil
			})
		})

		s.it("PATCH replace makes the members exactly those of its value", ID("groups.patch-replace"), Requires("7644-3.5.2.3-03"), Explain{
			Why: "Okta pushes whole member lists in this form; members who are not in the list must not stay.",
			Fix: "Replace all members by the given ones.",
		}, func() {
			st.with(a, c, d)
			x, after := st.patch(op("replace", "members", memberList(b, c)))
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(after, membersAre(b, c))
		})

		s.it("PATCH remove of members without filter empties the group", ID("groups.patch-remove-all"), Requires("7644-3.5.2.2-03"), Explain{
			Why: "Clients that dissolve a group's membership leave everybody inside otherwise.",
			Fix: "Remove all values where the path has no filter and the operation no value.",
		}, func() {
			st.with(b, c)
			x, after := st.patch(op("remove", "members", nil))
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(after, membersAre())
		})

		s.it("PATCH remove of the members that a filter on another part selects is carried out, or refused", ID("groups.patch-remove-filter"), Requires("7644-3.5.2.2-03"), Explain{
			Why: "A client that takes all users out of a group is told that it is done, and everybody stays inside.",
			Fix: "Evaluate the filter on each member, or answer 400 invalidFilter.",
		}, func() {
			st.with(b, c)
			for _, m := range scim.Objects(st.state.Object(), "members") {
				if scim.String(m, "type") != "User" {
					s.skip("the target shows members without type")
				}
			}
			x, after := st.patch(op("remove", `members[type eq "User"]`, nil))
			s.see(x)
			if x.Success() {
				s.judge(after, membersAre())
				return
			}
			s.judge(x, ClientError)
			s.judge(after, membersAre(b, c))
		})

		s.it("PATCH replace with an empty list empties the group", ID("groups.patch-replace-empty"), Requires("7643-2.5-02"), Explain{
			Why: "Okta sends an empty list when the last person leaves; the last member stays otherwise.",
			Fix: "Treat an empty array as an order to remove all members.",
		}, func() {
			st.with(b, c)
			x, after := st.patch(op("replace", "members", []any{}))
			s.judge(x, notRefused)
			if x.Success() {
				s.judge(after, membersAre())
			}
		})
	})
}

// groupPatchOddities: members that do not exist, members that change, members with null.
func (s *session) groupPatchOddities(people cast) {
	s.about("PATCH of a group with unusual members", func() {
		var a, b *resource
		st := &groupStage{s: s}
		s.beforeAll(func() {
			s.needsType("Group")
			s.requires(Patch)
			all := people()
			a, b = all[0], all[1]
		})

		s.it("an id that does not exist is refused as member, or stored", ID("groups.unknown-member"), Requires("7643-4.2-04", "7643-2.3.7-05"), Explain{
			Why: "A member that is dropped without a word makes the client believe that the person has access.",
			Fix: "Refuse unknown ids with 400, or store them.",
		}, func() {
			st.with(a)
			ghost := &resource{ID: s.fictitious()}
			x, after := st.patch(op("add", "members", memberList(ghost)))
			if x.Success() {
				s.observe("A46", "unknown members", "accepted")
				s.judge(after, hasMember(ghost))
				return
			}
			s.observe("A46", "unknown members", "refused")
			s.judge(x, ClientError)
		})

		s.it("a PATCH that is refused for an unknown member leaves the members as they were", ID("groups.unknown-member-keeps"), Requires("7644-3.5.2-17"), Explain{
			Why: "One stale id in a batch must not cost the others their access.",
			Fix: "Apply all operations of a PATCH, or none.",
		}, func() {
			st.with(a)
			before := st.state
			x, after := st.patch(
				op("replace", "members", memberList(b)),
				op("add", "members", memberList(&resource{ID: s.fictitious()})))
			if x.Success() {
				s.skip("the target accepts unknown members")
			}
			s.judge(after, sameMembers(before))
		})

		s.it("PATCH cannot turn a member into another", ID("groups.member-immutable"), Requires("7643-7-17", "7643-4.2-03"), Explain{
			Why: "value of a member is immutable; a member that turns into another gives access to somebody whom nobody has added.",
			Fix: "Refuse to change value of a member with 400 and scimType mutability; members are added and removed as a whole.",
		}, func() {
			st.with(a)
			x, after := st.patch(op("replace", "members[value eq "+scim.Quote(a.ID)+"].value", b.ID))
			s.judge(after, hasNoMember(b))
			s.judge(x, NotServerError, Softly(reports.Warn, ClientError))
		})

		s.it("a member with $ref null is accepted", ID("groups.null-ref"), Requires("7643-2.5-01"), Explain{
			Why: "Entra sends $ref null with each member; refused, none of its group assignments arrives.",
			Fix: "Read null as if the sub-attribute were absent.",
		}, func() {
			st.with(a)
			x, after := st.patch(op("add", "members", []any{object{"$ref": nil, "value": b.ID}}))
			s.judge(x, notRefused)
			if x.Success() {
				s.judge(after, hasMember(b))
			}
		})

		s.it("replace of somebody who is no member is refused with noTarget", ID("groups.replace-no-match"), Requires("7644-3.5.2.3-08"), Explain{
			Why: "A success for a change that was not made is never noticed.",
			Fix: "Answer 400 noTarget where the filter of a replace selects no member.",
		}, func() {
			st.with(a)
			x, after := st.patch(op("replace", "members[value eq "+scim.Quote(b.ID)+"]", object{"value": b.ID, "display": "B"}))
			if x.Success() && hasMember(b)(after) == nil { // as A09 has it for other attributes
				s.judge(x, Softly(reports.Warn, patchRefused(scim.NoTarget)))
				return
			}
			s.judge(after, hasMember(a))
			s.judge(x, patchRefused(scim.NoTarget))
		})

		s.it("a member without value is refused or left out", ID("groups.valueless-member"), Requires("7643-4.2-03", "7644-3.3-10"), Explain{
			Why: "A client whose look-up came back empty sends just that; a crash stops the whole cycle.",
			Fix: "Answer 400 invalidValue to a member whose value is missing.",
		}, func() {
			st.with(a)
			x, after := st.patch(op("add", "members", []any{object{"display": "nobody"}}))
			s.judge(x, NotServerError)
			s.judge(after, hasMember(a), func(x *reports.Exchange) error {
				for _, e := range scim.Objects(x.Object(), "members") {
					if !scim.Assigned(e["value"]) {
						return soften(reports.Info, wrong("members", text("no member without value"), e)) // no schema has to require it
					}
				}
				return nil
			})
		})

		s.it("a member who is given twice in a POST is a member once", ID("groups.create-once"), Requires("7643-2.4-08"), Explain{
			Why: "A member who is there twice survives being removed once.",
			Fix: "Treat members as a set of ids.",
		}, func() {
			o := s.group("odd-twice", a)
			o["members"] = memberList(a, a)
			g, x := s.create("Group", o)
			if g == nil {
				s.see(x)
				if x.Err() != nil {
					s.cannotJudge(x.Err())
				}
				s.skip("the target refuses a member who is given twice (status %d)", x.Status)
			}
			s.judge(s.readBack(g), memberOnce(a))
		})
	})
}
