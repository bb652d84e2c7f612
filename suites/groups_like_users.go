package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// groupLikeUsers: rules that hold for every resource, which servers keep for users and forget for groups.
func (s *session) groupLikeUsers(people cast) {
	s.about("rules of all resources, for groups", func() {
		var g *resource
		var x *reports.Exchange
		s.beforeAll(func() {
			s.needsType("Group")
			o := s.group("rules", people()[0])
			if s.needsType("Group").attribute("externalId") != nil {
				o["externalId"] = "Ext-" + s.tag("group")
			}
			g = s.make("Group", o)
			x = s.readBack(g)
		})
		// changed sends one PATCH that must succeed and reads back.
		changed := func(ops ...scim.Object) *reports.Exchange {
			s.requires(Patch)
			p := s.patch(g, ops...)
			s.see(p)
			if !p.Success() {
				s.block("groups.patch-add", "PATCH answered %d", p.Status)
			}
			return s.readBack(g)
		}

		s.it("meta of a group has its type, and an address that leads to it", ID("groups.meta"), Requires("7643-3.1-19", "7644-3.3-08", "7644-3.3.1-01"), Explain{
			Why: "Clients choose the class of an object by meta.resourceType and come back to it by meta.location.",
			Fix: "Fill meta from the resource type of the endpoint, for every type.",
		}, func() {
			s.judge(x, Attr("meta.resourceType", g.typ.Name), func(x *reports.Exchange) error {
				loc := scim.String(x.Object(), "meta.location")
				if err := endsInID("meta.location", loc, g.ID); err != nil {
					return err
				}
				if at := s.creationURI(loc); s.creationHost(at) && !strings.Contains(at, g.typ.Endpoint+"/") {
					return wrong("meta.location of a group", text("below "+g.typ.Endpoint), loc)
				}
				return nil
			})
		})

		s.it("a member that PATCH adds moves meta.lastModified of the group", ID("groups.last-modified"), Requires("7643-3.1-22"), Explain{
			Why: "Clients that synchronise by time stamps never see who has joined a group.",
			Fix: "Count each change of the members as a change of the group.",
		}, func() {
			s.needs("Group", "members")
			if _, ok := instantOf(x, "meta.lastModified"); !ok {
				s.skip("the group has no meta.lastModified")
			}
			u, before := s.makeUser("joins"), s.readBack(g)
			s.outwait(before)
			after := changed(op("add", "members", memberList(u)))
			if hasMember(u)(after) != nil {
				s.block("groups.patch-add", "the member was not added")
			}
			s.judge(after, modifiedAfter(before))
		})

		s.it("the time of creation of a group stays when it changes", ID("groups.created-kept"), Requires("7643-3.1-20"), Explain{
			Why: "A creation time that moves makes old groups look new in every audit.",
			Fix: "Set meta.created once, for groups as for users.",
		}, func() {
			was, ok := instantOf(x, "meta.created")
			if !ok {
				s.skip("the group has no meta.created")
			}
			s.outwait(x)
			s.judge(changed(op("replace", "displayName", g.Sent["displayName"].(string)+" later")), func(x *reports.Exchange) error {
				if is, ok := instantOf(x, "meta.created"); !ok || !is.Equal(was) {
					return wrong("meta.created after a change", scim.Get(x.Object(), "meta.created"), was)
				}
				return nil
			})
		})

		s.it("PATCH changes the externalId of a group", ID("groups.external-id-change"), Requires("7643-3.1-16", "7644-3.5.2.3-02"), Explain{
			Why: "Clients that move to another source directory can no longer find their groups.",
			Fix: "Treat externalId as any readWrite attribute, for every type.",
		}, func() {
			s.needs("Group", "externalId")
			if !scim.Assigned(scim.Get(x.Object(), "externalId")) {
				s.block("groups.external-id", "externalId was not kept")
			}
			id := "Ext-" + s.tag("moved")
			s.judge(changed(op("replace", "externalId", id)), Attr("externalId", id))
		})

		s.it("attributes narrows what is shown of one group", ID("groups.attributes"), Requires("7644-3.9-04"), Explain{
			Why: "Clients ask for displayName alone because the members are many.",
			Fix: "Apply the projection to every type.",
		}, func() {
			s.needs("Group", "members")
			if !scim.Assigned(scim.Get(x.Object(), "members")) {
				s.block("groups.create-members", "the group has no members")
			}
			if s.needsType("Group").attribute("members").Returned == "always" {
				s.skip("the target's schema says that members are always returned")
			}
			s.judge(s.read(g, "attributes", "displayName"), Status(http.StatusOK), Assigned("displayName"), whole(leftOut(g.typ, "members")))
		})

		s.it("GET of an unknown group answers 404", ID("groups.read-unknown"), Requires("7644-3.4.1-03", "7644-3.12-11"), Explain{
			Why: "Clients tell a deleted group from an empty one by this status.",
			Fix: "Answer 404 with a SCIM error where no group has the id.",
		}, func() {
			y := s.get(g.typ.Endpoint + "/" + s.fictitious())
			s.judge(y, func(x *reports.Exchange) error {
				if x.Status > 400 && x.Status < 500 {
					return soften(reports.Warn, Status(404)(x))
				}
				return Status(404)(x)
			})
		})

		s.it("an id that the client sends for a group is ignored", ID("groups.client-id-ignored"), Requires("7644-3.3-01", "7643-3.1-02"), Explain{
			Why: "Whoever may choose ids can take the id of a deleted group, and with it the access that the id still has.",
			Fix: "Always assign the id yourself.",
		}, func() {
			forged := s.fictitious()
			o := s.group("forged")
			o["id"] = forged
			made, y := s.create("Group", o)
			if made == nil {
				s.judge(y, notRefused)
				return
			}
			s.judge(y, func(*reports.Exchange) error {
				if made.ID == forged {
					return wrong("id of the group", text("an id of the server's own"), made.ID)
				}
				return nil
			})
		})

		s.it("a group with an empty displayName is refused with 400", ID("groups.display-name-empty"), Requires("7643-4.2-01"), Explain{
			Why: "A group without a name is on every list and means nothing to anybody.",
			Fix: "Ask for a displayName that is not empty.",
		}, func() {
			o := s.group("empty")
			o["displayName"] = ""
			made, y := s.create("Group", o)
			if made != nil {
				s.client.Ledger().Own(made.typ.Endpoint, made.ID, "")
			}
			// REQUIRED is not yet "non-empty", which the text says of userName alone.
			s.judge(y, Softly(reports.Warn, declined(scim.InvalidValue)))
		})

		s.it("PATCH cannot remove the displayName of a group", ID("groups.display-name-kept"), Requires("7643-4.2-01", "7644-3.5.2.2-06"), Explain{
			Why: "A group without a name cannot be found again by any client.",
			Fix: "Answer 400 mutability to the removal of a required attribute.",
		}, func() {
			s.requires(Patch)
			y := s.patch(g, op("remove", "displayName", nil))
			s.judge(y, patchRefused(scim.Mutability, scim.InvalidValue))
			s.judge(s.readBack(g), Assigned("displayName"))
		})

		s.it("PUT changes the displayName of a group", ID("groups.put-rename"), Requires("7644-3.5.1-03"), Explain{
			Why: "A group that was renamed in the source keeps its old name for ever.",
			Fix: "Replace displayName by the one in the body.",
		}, func() {
			o := clone(g.Sent)
			o["displayName"] = "Renamed " + s.tag("group")
			y := s.putOver(g, o)
			s.see(y)
			if !y.Success() {
				s.block("groups.put-name-kept", "PUT answered %d", y.Status)
			}
			s.judge(s.readBack(g), changedTo("displayName", g.Sent["displayName"], o["displayName"]))
		})

		s.it("displayName eq on groups ignores letter case, unless it is case-exact", ID("groups.filter-case"), Requires("7643-7-12", "7644-3.4.2.2-36", allMatches), Explain{
			Why: "Entra looks groups up by name; one that differs in letter case is made a second time.",
			Fix: "Follow caseExact of displayName, which is false.",
		}, func() {
			s.requires(Filter)
			if s.needsType("Group").attribute("displayName").CaseExact {
				s.skip("the target's schema says that displayName is case-exact")
			}
			h := s.makeGroup("Case")
			find := func(name string) *reports.Exchange {
				y := s.get(h.typ.Endpoint, "filter", crowdEq("displayName", name))
				s.filtered(y)
				return y
			}
			name := scim.String(h.Sent, "displayName")
			if !lists(find(name), h.ID) {
				s.block("filter.group-displayname", "the group is not found by its name")
			}
			s.judge(find(strings.ToUpper(name)), Listed(h))
		})
	})
}
