package suites

import (
	"net/http"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// until repeats a read for a short while until it is right, since derived attributes may lag behind (ambiguity A44).
func (s *session) until(read func() *reports.Exchange, right Check) *reports.Exchange {
	x := read()
	for _, wait := range []time.Duration{100 * time.Millisecond, 400 * time.Millisecond} {
		if x.Err() != nil || right(x) == nil || s.ctx.Err() != nil {
			break
		}
		time.Sleep(wait)
		x = read()
	}
	return x
}

// groupEntry is the group as it stands among the groups of the user in x.
func groupEntry(x *reports.Exchange, g *resource) scim.Object {
	for _, e := range scim.Objects(x.Object(), "groups") {
		if scim.String(e, "value") == g.ID {
			return e
		}
	}
	return nil
}

func inGroups(g *resource) Check {
	return func(x *reports.Exchange) error {
		if groupEntry(x, g) == nil {
			return wrong("groups of the user", text("among them "+g.ID), scim.Get(x.Object(), "groups.value"))
		}
		return nil
	}
}

func notInGroups(g *resource) Check {
	return func(x *reports.Exchange) error {
		if groupEntry(x, g) != nil {
			return wrong("groups of the user", text("all but "+g.ID), scim.Get(x.Object(), "groups.value"))
		}
		return nil
	}
}

// readGroups reads a user with its groups, which some targets return on request only (RFC 7643 §7).
func (s *session) readGroups(u *resource) *reports.Exchange {
	if a := u.typ.attribute("groups"); a != nil && a.Returned == "request" {
		return s.read(u, "attributes", "groups")
	}
	return s.readBack(u)
}

// groupOfUser: the readOnly groups of a user (RFC 7643 §4.1.2, ambiguity A44).
func (s *session) groupOfUser(people cast) {
	s.about("groups of a user", func() {
		var u, outsider, g *resource
		var x *reports.Exchange
		s.beforeAll(func() {
			s.needsType("Group")
			s.needs("User", "groups")
			u, outsider = people()[0], people()[1]
			g = s.makeGroup("group-of-user", u)
			if own := s.readBack(g); hasMember(u)(own) != nil {
				s.see(own)
				s.block("groups.create-members", "the group has not got its member")
			}
			x = s.until(func() *reports.Exchange { return s.readGroups(u) }, inGroups(g))
		})
		var tried, afterTried *reports.Exchange
		intrude := func() (*reports.Exchange, *reports.Exchange) {
			if afterTried == nil {
				tried = s.patch(outsider, op("add", "groups", []any{object{"value": g.ID}}))
				afterTried = s.readBack(g)
			}
			return tried, afterTried
		}
		entry := func() scim.Object {
			e := groupEntry(x, g)
			if e == nil {
				s.see(x)
				s.block("groups.user-groups", "the group is not among the user's groups")
			}
			return e
		}

		s.it("groups of a user lists the groups that it is a member of, by their ids", ID("groups.user-groups"), Requires("7643-4.1.2-12"), Explain{
			Why: "Applications and reviews read a person's access off this attribute.",
			Fix: "Derive groups from the members of all groups, with the id of the group as value.",
		}, func() {
			s.judge(x, func(x *reports.Exchange) error {
				err := inGroups(g)(x)
				if !scim.Assigned(scim.Get(x.Object(), "groups")) {
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		s.it("$ref in the groups of a user leads to the group", ID("groups.user-ref"), Requires("7643-4.1.2-13"), Explain{
			Why: "Clients follow $ref to read the group; a wrong one leads nowhere.",
			Fix: "Build $ref from the group's own location, or leave it out.",
		}, func() {
			ref, present := entry()["$ref"]
			if !present || ref == nil {
				s.skip("groups have no $ref, which is optional (RFC 7643 §2.3.7)")
			}
			uri, _ := ref.(string)
			s.judge(x, func(*reports.Exchange) error { return endsInID("$ref of the group", uri, g.ID) })
		})

		s.it("membership that a group itself lists has type direct", ID("groups.user-type"), Requires("7643-4.1.2-14"), Explain{
			Why: "direct tells a client that it can end the membership by changing this group.",
			Fix: "Set type to direct where the user is listed in the group itself.",
		}, func() {
			kind, present := entry()["type"]
			if !present || kind == nil {
				s.skip("groups have no type")
			}
			s.judge(x, func(*reports.Exchange) error {
				if !sameFold(kind, "direct") {
					return wrong("type of the membership", "direct", kind)
				}
				return nil
			})
		})

		s.it("PATCH of a user's groups is refused", ID("groups.user-patch-refused"), Requires("7644-3.5.2-09", "7643-4.1.2-10"), Explain{
			Why: "A client that gets success believes that the person has access now.",
			Fix: "Answer 400 with scimType mutability where the path is groups.",
		}, func() {
			s.requires(Patch)
			p, _ := intrude()
			s.judge(p, ClientError, Softly(reports.Warn, Refused("400", scim.Mutability)))
		})

		s.it("PATCH of a user's groups makes nobody a member", ID("groups.user-patch-no-member"), Requires("7643-4.1.2-11"), Explain{
			Why: "Membership gives access; whoever may edit a user could hand out any right.",
			Fix: "Let only the members of a group decide who is in it.",
		}, func() {
			s.requires(Patch)
			_, after := intrude()
			s.judge(after, hasNoMember(outsider))
		})

		s.it("POST of a user with groups makes nobody a member", ID("groups.user-post-no-member"), Requires("7643-4.1.2-11", "7644-3.3-01"), Explain{
			Why: "Membership gives access; whoever may create users could hand out any right.",
			Fix: "Ignore groups in the body of a new user.",
		}, func() {
			made, p := s.create("User", s.user("group-by-post", set("groups", []any{object{"value": g.ID}})))
			if made == nil {
				s.see(p)
				s.skip("POST of a user with groups answered %d", p.Status)
			}
			s.judge(s.readBack(g), hasNoMember(made))
		})

		s.it("a group that got another name has it among the groups of its members too", ID("groups.user-display-renamed"), Requires("7643-2.4-01"), Explain{
			Why: "Whoever reviews access sees a group that does not exist any more, and looks for it in vain.",
			Fix: "Take display from the group at the time of the request, or leave it out.",
		}, func() {
			other := s.makeGroup("group-renamed", u)
			before := s.until(func() *reports.Exchange { return s.readGroups(u) }, inGroups(other))
			s.see(before)
			e := groupEntry(before, other)
			if e == nil {
				s.block("groups.user-groups", "the group is not among the user's groups")
			}
			if scim.String(e, "display") == "" {
				s.skip("groups have no display, which is optional (RFC 7643 §4.1.2)")
			}
			o := clone(other.Sent)
			o["displayName"] = s.tag("group-anew")
			if p := s.putOver(other, o); !p.Success() || !sameFold(scim.Get(s.readBack(other).Object(), "displayName"), scim.String(o, "displayName")) {
				s.see(p)
				s.block("groups.put-rename", "the group could not be renamed")
			}
			renamed := func(x *reports.Exchange) error {
				if got := scim.String(groupEntry(x, other), "display"); got != "" && strings.EqualFold(got, scim.String(other.Sent, "displayName")) {
					return wrong("display of the group", o["displayName"], got)
				}
				return nil
			}
			// RFC 7643 §2.4 calls display immutable in general, so that the old name breaks no key word.
			s.judge(s.until(func() *reports.Exchange { return s.readGroups(u) }, renamed), Softly(reports.Info, renamed))
		})

		s.it("a user who is taken out of a group has it no longer among its groups", ID("groups.user-removed"), Requires("7643-4.1.2-12"), Explain{
			Why: "Applications that decide by the user's groups go on granting what was taken away.",
			Fix: "Derive groups from the members at the time of the request, or update both together.",
		}, func() {
			entry()
			o := clone(g.Sent)
			o["members"] = []any{}
			if p := s.putOver(g, o); !p.Success() || hasNoMember(u)(s.readBack(g)) != nil {
				s.see(p)
				s.block("groups.put-empty", "the user could not be taken out of the group")
			}
			// The RFC does not say how soon; a lag that outlasts the wait is reported, but breaks no key word.
			late := s.until(func() *reports.Exchange { return s.readGroups(u) }, notInGroups(g))
			s.judge(late, Softly(reports.Warn, notInGroups(g)))
		})
	})
}

// groupNested: groups in groups.
func (s *session) groupNested(people cast) {
	s.about("a group as member of a group", func() {
		var u, inner, outer *resource
		var x, after *reports.Exchange
		s.beforeAll(func() {
			s.needsType("Group")
			u = people()[2]
			inner = s.makeGroup("group-inner", u)
			if own := s.readBack(inner); hasMember(u)(own) != nil {
				s.see(own)
				s.block("groups.create-members", "the group has not got its member")
			}
			if s.memberless {
				outer = s.makeGroup("group-outer")
				x = s.patch(outer, op("add", "members", memberList(inner)))
			} else {
				outer, x = s.create("Group", s.group("group-outer", inner))
			}
			if outer != nil {
				after = s.readBack(outer)
			}
		})
		nested := func() scim.Object {
			if after == nil || memberEntry(after, inner) == nil {
				s.see(x)
				s.block("groups.nested", "the target does not nest groups")
			}
			return memberEntry(after, inner)
		}

		s.it("a group can be a member of a group", ID("groups.nested"), Requires("7643-4.2-06"), Explain{
			Why: "Companies build their groups from other groups; without nesting each member has to be listed again.",
			Fix: "Accept the id of a group among members.",
		}, func() {
			s.judge(x, succeeded)
			if after != nil {
				s.judge(after, membersAre(inner))
			}
		})

		s.it("type of a member that is a group is Group", ID("groups.nested-type"), Requires("7643-8.7.1-23"), Explain{
			Why: "Clients decide by type whether a member is a person or a group to be expanded.",
			Fix: "Derive type from the member's resource type, or leave it out.",
		}, func() {
			kind := nested()["type"]
			if kind == nil {
				s.skip("members have no type")
			}
			s.judge(after, func(*reports.Exchange) error {
				if !sameFold(kind, "Group") {
					return wrong("type of the member", "Group", kind)
				}
				return nil
			})
		})

		s.it("$ref of a member that is a group leads to a group", ID("groups.nested-ref"), Requires("7643-4.2-05", "7643-2.3.7-03"), Explain{
			Why: "A $ref below /Users for a group leads every client that follows it to 404.",
			Fix: "Build $ref from the member's own location.",
		}, func() {
			uri, _ := nested()["$ref"].(string)
			if uri == "" || !strings.HasPrefix(uri, s.client.Base()+"/") {
				s.skip("members have no $ref below the target's base")
			}
			s.judge(s.get(strings.TrimPrefix(uri, s.client.Base())), Status(http.StatusOK), Attr("id", inner.ID))
		})

		s.it("membership through another group is not of type direct", ID("groups.nested-indirect"), Requires("7643-4.1.2-14"), Explain{
			Why: "A client that believes the membership to be direct tries in vain to end it in the outer group.",
			Fix: "Set type to indirect where the user is a member of a member.",
		}, func() {
			nested()
			s.needs("User", "groups")
			own := s.readGroups(u)
			e := groupEntry(own, outer)
			if e == nil {
				s.observe("A44", "groups of a user through nesting", "not listed")
				s.skip("the target does not list indirect membership")
			}
			s.observe("A44", "groups of a user through nesting", "listed")
			s.judge(own, func(*reports.Exchange) error {
				if e["type"] != nil && !sameFold(e["type"], "indirect") {
					return wrong("type of the membership through "+inner.ID, "indirect", e["type"])
				}
				return nil
			})
		})

		s.it("groups that are members of each other do not break the server", ID("groups.circle"), Requires("7643-4.2-06", "7644-3.12-15"), Explain{
			Why: "One careless administrator can close the circle; a server that loops is down for everybody.",
			Fix: "Remember the groups that were visited, or refuse the circle with 400.",
		}, func() {
			nested()
			o := clone(inner.Sent)
			o["members"] = memberList(u, outer)
			s.judge(s.putOver(inner, o), NotServerError)
			s.judge(s.read(u), Status(http.StatusOK))
			s.judge(s.read(outer), Status(http.StatusOK))
		})

		s.it("a circle of groups that is entered from below does not break the server", ID("groups.circle-above"), Requires("7643-4.2-06", "7644-3.12-15"), Explain{
			Why: "A walk that stops at the groups it started from goes round for ever in a circle that is not among them.",
			Fix: "Remember every group that was visited, or refuse the circle with 400.",
		}, func() {
			nested()
			v := s.makeUser("below")
			low := s.makeGroup("group-low", v)
			mid := s.makeGroup("group-mid", low)
			top := s.makeGroup("group-top", mid)
			o := clone(mid.Sent)
			o["members"] = memberList(low, top)
			s.judge(s.putOver(mid, o), NotServerError)
			s.judge(s.read(v), Status(http.StatusOK))
			s.judge(s.read(low), Status(http.StatusOK))
		})
	})
}
