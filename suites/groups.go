package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// groups: the Group resource and its members (RFC 7643 §4.2).
func (s *session) groups() {
	people := s.castOf(4)
	s.groupCreate(people)
	s.groupNames(people)
	s.groupPatchMembers(people)
	s.groupPatchOddities(people)
	s.groupPatchDepth(people)
	s.groupPut(people)
	s.groupNested(people)
	s.groupOfUser(people)
	s.groupDelete(people)
	s.groupQueries()
	s.groupDetails(people)
	s.groupLikeUsers(people)
}

// cast gives users who only serve as members; nobody changes or deletes them.
type cast func() []*resource

// castOf makes n users when they are first asked for.
func (s *session) castOf(n int) cast {
	var people []*resource
	return func() []*resource {
		for len(people) < n {
			people = append(people, s.makeUser("member"))
		}
		return people
	}
}

// memberIDs are the ids of a group's members.
func memberIDs(x *reports.Exchange) []string {
	var out []string
	for _, m := range scim.Objects(x.Object(), "members") {
		out = append(out, scim.String(m, "value"))
	}
	return out
}

// membersAre wants exactly these members, in any order.
func membersAre(want ...*resource) Check {
	return func(x *reports.Exchange) error {
		ids := make([]any, len(want))
		for i, r := range want {
			ids[i] = r.ID
		}
		got := []any{}
		for _, id := range memberIDs(x) {
			got = append(got, id)
		}
		if len(got) != len(ids) || !matchAll(got, ids) {
			return wrong("members of the group", ids, got)
		}
		return nil
	}
}

// hasMember and hasNoMember want r to be, or not to be, among the members.
func hasMember(r *resource) Check {
	return func(x *reports.Exchange) error {
		if countMember(x, r) == 0 {
			return wrong("members of the group", text("among them "+r.ID), memberIDs(x))
		}
		return nil
	}
}

func hasNoMember(r *resource) Check {
	return func(x *reports.Exchange) error {
		if countMember(x, r) > 0 {
			return wrong("members of the group", text("all but "+r.ID), memberIDs(x))
		}
		return nil
	}
}

func countMember(x *reports.Exchange, r *resource) int {
	n := 0
	for _, id := range memberIDs(x) {
		if id == r.ID {
			n++
		}
	}
	return n
}

// memberOnce wants r to be a member exactly once.
func memberOnce(r *resource) Check {
	return func(x *reports.Exchange) error {
		if n := countMember(x, r); n > 1 {
			return wrong("how often "+r.ID+" is a member", 1, n)
		}
		return nil
	}
}

// memberEntry is r as it stands among the members.
func memberEntry(x *reports.Exchange, r *resource) scim.Object {
	for _, m := range scim.Objects(x.Object(), "members") {
		if scim.String(m, "value") == r.ID {
			return m
		}
	}
	return nil
}

// groupCreate: POST of groups and what their members look like.
func (s *session) groupCreate(people cast) {
	s.about("POST of a group", func() {
		var a, b, g *resource
		var sent scim.Object
		var x, after, withMembers *reports.Exchange
		s.beforeAll(func() {
			s.granted(s.needsType("Group"), "displayName")
			a, b = people()[0], people()[1]
			sent = s.group("group", a, b)
			sent["externalId"] = "Ext-" + scim.String(sent, "displayName")
			g, x = s.create("Group", sent)
			if g == nil && x.Status == http.StatusBadRequest {
				// Perhaps it is the members that the target does not take in a POST: then groups.create-members is to blame.
				withMembers = x
				bare := clone(sent)
				delete(bare, "members")
				if g, x = s.create("Group", bare); g == nil {
					withMembers = nil
				}
				s.memberless = g != nil
			}
			if x.Status == http.StatusNotFound && !s.learned.types.Success() {
				s.see(x)
				s.skip("the target neither names its resource types nor has an endpoint for groups")
			}
			if g != nil {
				after = s.read(g)
			}
		})
		made := func() *reports.Exchange {
			if after == nil || after.Status != http.StatusOK {
				s.see(x)
				s.block("groups.create", "there is no new group to look at")
			}
			return after
		}
		entry := func(r *resource) scim.Object {
			m := memberEntry(made(), r)
			if m == nil || withMembers != nil {
				s.block("groups.create-members", "the member is not there")
			}
			return m
		}

		s.it("POST of a valid group creates a group that can be read", ID("groups.create"), Requires("7644-3.3-05", "7644-3.2-01"), Explain{
			Why: "Without groups no client can hand out access; everything else about groups rests on this.",
			Fix: "Support POST to the endpoint of groups and answer 201 with the stored group.",
		}, func() {
			if g == nil && closedTo(x.Status) {
				// Groups may be kept elsewhere, and only be shown here (ambiguity A50).
				s.judge(x, Softly(reports.Warn, Status(http.StatusCreated)))
				return
			}
			s.judge(x, Status(http.StatusCreated), func(*reports.Exchange) error {
				if g == nil {
					return broken("no new group can be found: the answer has no id, no Location, and a search finds nothing")
				}
				return nil
			})
			s.judge(after, Status(http.StatusOK), Attr("id", g.ID), changedTo("displayName", nil, sent["displayName"]))
		})

		s.it("the Location header names the new group", ID("groups.create-location"), Requires("7644-3.3-07"), Explain{
			Why: "The header is the only standard way to learn the address of a new resource, of any type.",
			Fix: "Set Location to the absolute URI of the new group, ending in its id.",
		}, func() {
			made()
			s.judge(x, LocationOf(g.ID))
		})

		s.it("the members given in the POST of a group are its members", ID("groups.create-members"), Requires("7644-3.1-07", "7643-4.2-04"), Explain{
			Why: "The members of a new group have no access until somebody notices that they were lost.",
			Fix: "Store the members that come with a new group.",
		}, func() {
			s.needs("Group", "members")
			if withMembers != nil {
				s.judge(withMembers, Status(http.StatusCreated))
			}
			s.judge(made(), membersAre(a, b))
		})

		s.it("externalId of a group is stored", ID("groups.external-id"), Requires("7643-3.1-16"), Explain{
			Why: "Entra and others find their groups again by externalId.",
			Fix: "Store externalId for groups as for users.",
		}, func() { s.judge(made(), changedTo("externalId", nil, sent["externalId"])) })

		s.it("$ref of a member leads to that member", ID("groups.member-ref"), Requires("7643-4.2-05", "7643-2.3.7-03"), Explain{
			Why: "Clients follow $ref to read members; a wrong one leads to an error or to another person.",
			Fix: "Build $ref from the member's own location, or leave it out.",
		}, func() {
			ref, present := entry(a)["$ref"]
			if !present || ref == nil {
				s.skip("members have no $ref, which is optional (RFC 7643 §2.3.7)")
			}
			uri, _ := ref.(string)
			s.judge(after, Softly(reports.Warn, func(*reports.Exchange) error { return endsInID("$ref of the member", uri, a.ID) }))
			base := s.client.Base()
			if !strings.HasPrefix(uri, base+"/") {
				s.note("$ref is not below the target's own base and was not followed")
				return
			}
			s.judge(s.get(strings.TrimPrefix(uri, base)), Status(http.StatusOK), Attr("id", a.ID))
		})

		s.it("type of a member that is a user is User", ID("groups.member-type"), Requires("7643-8.7.1-23"), Explain{
			Why: "Clients decide by type whether a member is a person or a group to be expanded.",
			Fix: "Derive type from the member's resource type, or leave it out.",
		}, func() {
			kind, present := entry(a)["type"]
			if !present || kind == nil {
				s.skip("members have no type")
			}
			s.judge(after, func(*reports.Exchange) error {
				if !sameFold(kind, "User") {
					return wrong("type of the member", "User", kind)
				}
				return nil
			})
		})
	})
}

// groupNames: displayName.
func (s *session) groupNames(people cast) {
	s.about("displayName of groups", func() {
		var g, twin *resource
		var name string
		var before, nameless, second, renamed, after *reports.Exchange
		s.beforeAll(func() {
			s.needsType("Group")
			g = s.makeGroup("group-name", people()[0])
			before = s.readBack(g)
		})
		rename := func() (*reports.Exchange, *reports.Exchange) {
			s.requires(Patch)
			s.settableOf("Group", "displayName")
			if after == nil {
				name = s.tag("group-renamed")
				renamed = s.patch(g, op("replace", nil, object{"displayName": name}))
				after = s.readBack(g)
			}
			return renamed, after
		}

		s.it("a group without displayName is not created", ID("groups.display-name-required"), Requires("7643-4.2-01"), Explain{
			Why: "A group without a name cannot be chosen, found or told apart by anybody.",
			Fix: "Refuse a group without displayName with 400 and scimType invalidValue.",
		}, func() {
			o := s.group("group-nameless")
			delete(o, "displayName")
			made, x := s.create("Group", o)
			nameless = x
			s.judge(nameless, func(x *reports.Exchange) error {
				if x.Success() || made != nil {
					return wrong("status", text("400"), x.Status)
				}
				return nil
			}, NotServerError)
			s.judge(nameless, Softly(reports.Warn, Refused("400", scim.InvalidValue, scim.InvalidSyntax)))
		})

		s.it("two groups may have the same displayName", ID("groups.display-name-not-unique"), Requires("7643-4.2-02"), Explain{
			Why: "Companies have many groups called \"Managers\"; clients with other keys than the name run into a conflict.",
			Fix: "Do not require displayName of groups to be unique.",
		}, func() {
			o := clone(g.Sent)
			twin, second = s.create("Group", o)
			if twin != nil && twin.ID == g.ID {
				s.judge(second, func(*reports.Exchange) error {
					return wrong("id of the second group", text("another than the first"), twin.ID)
				})
			}
			s.judge(second, succeeded)
		})

		s.it("PATCH without path gives a group a new displayName", ID("groups.rename"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "Okta renames groups in this form; a group that keeps its old name cannot be found under the new one.",
			Fix: "Accept replace without path on groups too.",
		}, func() {
			x, after := rename()
			s.judge(x, succeeded)
			s.judge(after, changedTo("displayName", g.Sent["displayName"], name))
		})

		s.it("a group that is renamed by PATCH keeps its members", ID("groups.rename-keeps-members"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "A group that loses its members when it is renamed takes away the access of everybody in it.",
			Fix: "Change only the attributes that the operation names.",
		}, func() {
			x, after := rename()
			if !x.Success() {
				s.see(x)
				s.block("groups.rename", "PATCH answered %d", x.Status)
			}
			s.judge(after, sameMembers(before))
		})
	})
}
