package suites

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// apiVersion is what a base may end in (RFC 7644 §3.13).
var apiVersion = regexp.MustCompile(`/v\d+$`)

// otherVersion is the URI of a resource under a base with another version of the API, or without one.
func otherVersion(base, path string) string {
	if apiVersion.MatchString(base) {
		return apiVersion.ReplaceAllString(base, "") + path
	}
	return base + "/v2" + path
}

// groupDetails: what groups may leave out, and references as other clients write them (RFC 7643 §2.4, §4.2).
func (s *session) groupDetails(people cast) {
	s.about("groups as other clients write them", func() {
		s.it("a group without members is accepted, unless the schema requires them", ID("groups.members-optional"), Requires("7643-4.2-07", "7643-1.1-01"), Explain{
			Why: "Entra creates every group empty and adds the members later.",
			Fix: "Accept groups without members, or publish members as required.",
		}, func() {
			t := s.needsType("Group")
			if a := t.attribute("members"); a != nil && a.Required {
				s.observe("7643-4.2-07", "members of a group", "required")
				s.skip("the target's schema requires members")
			}
			s.observe("7643-4.2-07", "members of a group", "optional")
			_, x := s.create("Group", s.group("nobody"))
			s.groupsOpen(x.Status)
			s.judge(x, succeeded)
		})

		s.it("a member whose $ref names another version of the API is that member", ID("groups.member-ref-version"), Requires("7643-2.4-05"), Explain{
			Why: "References that a client stored before the service moved to a new version of its API still mean the same resources.",
			Fix: "Identify a member by value; do not compare $ref as a text.",
		}, func() {
			s.needs("Group", "members.value", "members.$ref")
			u := people()[0]
			ref := otherVersion(s.client.Base(), u.path())
			g, x := s.create("Group", func() scim.Object {
				o := s.group("versions")
				o["members"] = []any{object{"value": u.ID, "$ref": ref}}
				return o
			}())
			s.groupsOpen(x.Status)
			if g == nil {
				s.judge(x, notRefused)
				return
			}
			s.see(x)
			// The text says comparable, and not what must follow from it, so that two entries for one member are a warning.
			s.judge(s.readBack(g), hasMember(u), Softly(reports.Warn, memberOnce(u)))
			if c := s.learned.claim(Patch); c != nil && !*c {
				return
			}
			again := s.patch(g, op("add", "members", []any{object{"value": u.ID, "$ref": scim.Get(u.Created.Object(), "meta.location")}}))
			s.see(again)
			s.judge(s.readBack(g), Softly(reports.Warn, memberOnce(u)))
		})

		s.it("references to groups resolve against the base of the service", ID("groups.user-ref-base"), Requires("7643-2.3.7-02"), Explain{
			Why: "A reference that is relative to the resource, as in the RFC's own sample, leads nowhere for clients that follow its text.",
			Fix: "Write $ref as an absolute URI, or relative to the base of the service: Groups/ID.",
		}, func() {
			s.needsType("Group")
			s.needs("User", "groups.$ref")
			u := s.makeUser("refbase")
			g := s.makeGroup("refbase", u)
			x := s.until(func() *reports.Exchange { return s.readBack(u) }, inGroups(g))
			e := groupEntry(x, g)
			if e == nil {
				s.see(x)
				s.block("groups.user-groups", "the group is not among the groups of the user")
			}
			s.judge(x, func(*reports.Exchange) error {
				ref := scim.String(e, "$ref")
				if r, err := url.Parse(ref); ref != "" && err == nil && !r.IsAbs() && strings.HasPrefix(ref, ".") {
					return soften(reports.Warn, wrong("groups.$ref", text("an absolute URI, or one relative to the base"), ref))
				}
				return nil
			})
		})

		s.it("PUT of a user leaves it in its groups", ID("put.keeps-groups"), Requires("7643-4.1.2-11", "7644-3.5.1-10"), Explain{
			Why: "Clients replace users without naming groups, which they cannot write; whoever then drops out of them loses access.",
			Fix: "Change membership through Group resources alone.",
		}, func() {
			s.needsType("Group")
			u := s.makeUser("stays")
			g := s.makeGroup("stays", u)
			if err := hasMember(u)(s.readBack(g)); err != nil {
				s.block("groups.create-members", "the user is not in the group")
			}
			o := clone(u.Sent)
			o["displayName"] = "Stays " + s.tag("put")
			if s.needsType("User").attribute("displayName") == nil {
				delete(o, "displayName")
			}
			x := s.putOver(u, o)
			s.see(x)
			if !x.Success() {
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			s.judge(s.readBack(g), hasMember(u))
		})

		s.it("manager.$ref follows manager.value", ID("patch.manager-ref"), Requires("7643-4.3-03", "7643-2.3.7-03"), Explain{
			Why: "Approvals go to the former manager where clients follow the reference.",
			Fix: "Compute $ref from value whenever a manager is shown.",
		}, func() {
			s.requires(Patch)
			manager := scim.EnterpriseURN + ":manager"
			s.needs("User", manager+".value", manager+".$ref")
			old, now := people()[0], people()[1]
			u := s.makeUser("managed", enterprise(object{"manager": object{"value": old.ID}}))
			if scim.String(s.readBack(u).Object(), manager+".value") != old.ID {
				s.block("create.manager", "manager.value was not kept")
			}
			x := s.patch(u, op("replace", manager+".value", now.ID))
			s.see(x)
			if !x.Success() {
				s.block("patch.extension-sub", "PATCH answered %d", x.Status)
			}
			s.judge(s.readBack(u), Attr(manager+".value", now.ID), func(x *reports.Exchange) error {
				ref := scim.String(x.Object(), manager+".$ref")
				if ref == "" || endsInID("manager.$ref", ref, old.ID) != nil {
					return nil
				}
				return wrong("manager.$ref", text("the URI of "+now.ID), ref)
			})
		})
	})
}
