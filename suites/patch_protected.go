package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// patchProtected: readOnly and immutable attributes (RFC 7644 §3.5.2, ambiguities A13 and A45).
func (s *session) patchProtected(shared func() *patchChain) {
	s.about("PATCH of readOnly attributes", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = shared()
		})
		id := patchOnce(func() *patchStep {
			return c.step(op("replace", "id", "scimproof-"+s.cfg.RunID))
		})

		s.it("replace of id is refused with mutability", ID("patch.readonly-id"), Requires("7644-3.5.2-09"), Explain{
			Why: "A client that believes to have set the id loses track of the account.",
			Fix: "Answer 400 mutability where the path names a readOnly attribute.",
		}, func() { s.judge(id().x, patchRefused(scim.Mutability)) })

		s.it("replace of meta.created is refused with mutability", ID("patch.readonly-meta"), Requires("7644-3.5.2-09"), Explain{
			Why: "Time stamps that clients can set prove nothing in an audit.",
			Fix: "Answer 400 mutability for every sub-attribute of meta.",
		}, func() {
			p := c.step(op("replace", "meta.created", "2001-01-01T00:00:00Z"))
			s.judge(p.x, patchRefused(scim.Mutability))
			s.judge(p.after, patchKept(p, "meta.created"))
		})

		s.it("add of groups to a user is refused with mutability", ID("patch.readonly-groups"), Requires("7644-3.5.2-09"), Explain{
			Why: "A client that believes to have granted or taken away a group is wrong.",
			Fix: "Answer 400 mutability; membership is changed through the group.",
		}, func() {
			s.needs("User", "groups")
			x := c.probe(patchBody(op("add", "groups", []any{object{"value": s.fictitious()}})))
			s.judge(x, patchRefused(scim.Mutability))
		})

		s.it("replace of the manager's displayName is refused with mutability", ID("patch.readonly-sub"), Requires("7644-3.5.2-09"), Explain{
			Why: "The name belongs to the manager's own account; a copy that clients can set tells lies.",
			Fix: "Look at the mutability of the sub-attribute that the path names, not only at that of its parent.",
		}, func() {
			const path = scim.EnterpriseURN + ":manager.displayName"
			s.needs("User", path)
			if m := s.needsType("User").attribute(path).Mutability; m != "readOnly" {
				s.skip("the target's schema says that %s is %s", path, m)
			}
			x := c.probe(patchBody(op("replace", path, "Somebody Else")))
			s.judge(x, patchRefused(scim.Mutability))
		})

		s.it("a readOnly part of a complex value is not stored", ID("patch.readonly-part"), Requires("7643-7-15"), Explain{
			Why: "Entra writes managers as a whole; a name that comes with them is believed from then on, whoever the manager is.",
			Fix: "Drop readOnly sub-attributes from the values of PATCH as from those of POST, or refuse the request.",
		}, func() {
			const manager = scim.EnterpriseURN + ":manager"
			s.settable(manager + ".value")
			s.needs("User", manager+".displayName")
			if m := s.needsType("User").attribute(manager + ".displayName").Mutability; m != "readOnly" {
				s.skip("the target's schema says that displayName of manager is %s", m)
			}
			boss := s.makeUser("boss", set("displayName", "Real Boss"))
			p := c.step(op("add", manager, object{"value": boss.ID, "displayName": "Somebody Else"}))
			s.see(p.x)
			s.judge(p.after, func(x *reports.Exchange) error {
				if got := scim.Get(x.Object(), manager+".displayName"); got == "Somebody Else" {
					return wrong("displayName of the manager", text("what the service knows, or none"), got)
				}
				return nil
			})
		})

		s.it("a readOnly attribute inside a value without path is not changed", ID("patch.readonly-pathless"), Requires("7643-7-15"), Explain{
			Why: "The rule that id and meta are the server's must not have a back door.",
			Fix: "Ignore readOnly attributes in such a value, or refuse the request.",
		}, func() {
			p := c.step(op("replace", nil, object{"id": "scimproof-" + s.cfg.RunID, "meta": object{"created": "2001-01-01T00:00:00Z"}}))
			if p.x.Success() {
				s.observe("A13", "readOnly attributes inside a value without path", "ignored")
			} else {
				s.observe("A13", "readOnly attributes inside a value without path", "refused")
			}
			s.see(p.x)
			s.judge(p.after, patchKept(p, "id", "meta.created"))
		})
	})

	s.about("PATCH of immutable attributes", func() {
		s.it("replace of a member's value is refused with mutability", ID("patch.immutable"), Requires("7644-3.5.2-09", "7643-7-17"), Explain{
			Why: "A member who silently turns into another one gets access that nobody granted.",
			Fix: "Answer 400 mutability where the path names an immutable attribute that has a value.",
		}, func() {
			s.requires(Patch)
			s.needs("Group", "members.value")
			if m := s.needsType("Group").attribute("members.value").Mutability; m != "immutable" {
				s.skip("the target's schema says that members.value is %s", m)
			}
			a, b := s.makeUser("member"), s.makeUser("stranger")
			g := s.makeGroup("immutable", a)
			x := s.patch(g, op("replace", "members[value eq "+scim.Quote(a.ID)+"].value", b.ID))
			s.see(x)
			after := s.readBack(g)
			s.judge(x, patchRefused(scim.Mutability, scim.InvalidPath))
			s.judge(after, func(x *reports.Exchange) error {
				if list := scim.List(x.Object(), "members.value"); len(list) != 1 || list[0] != a.ID {
					return wrong("members", []string{a.ID}, list)
				}
				return nil
			})
		})
	})
}

// patchIdentity: which resource a PATCH reaches, and names that must be unique (RFC 7644 §3.5.2, ambiguity A35).
func (s *session) patchIdentity(shared func() *patchChain) {
	s.about("PATCH and the identity of resources", func() {
		var c *patchChain
		var other *resource
		s.beforeAll(func() {
			c = shared()
		})
		newName := patchOnce(func() string { return s.patchMail("renamed") })
		renamed := patchOnce(func() *patchStep {
			s.settable("userName")
			return c.step(op("replace", "userName", newName()))
		})

		s.it("userName can be replaced", ID("patch.rename"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "People change their names, and with them their login and mail address.",
			Fix: "Allow replace of userName as long as no other user has the new name.",
		}, func() {
			p := renamed()
			s.patched(p, patchedTo(p, "userName", newName()))
		})

		s.it("a user keeps its id when it is renamed", ID("patch.rename-id"), Requires("7643-3.1-06"), Explain{
			Why: "Clients address the account by its id for ever; with another one it is lost to them.",
			Fix: "Do not derive id from attributes that can change.",
		}, func() {
			p := renamed()
			s.see(p.x)
			s.judge(p.after, Attr("id", c.r.ID))
		})

		taken := patchOnce(func() *patchStep {
			other = s.makeUser("taken")
			return c.step(op("replace", "userName", scim.String(other.Sent, "userName")))
		})
		s.it("PATCH to a userName that is taken is refused with uniqueness", ID("patch.uniqueness"), Requires("7643-4.1.1-02", "7644-3.5.2-22"), Explain{
			Why: "Two accounts with one login: whoever signs in gets one of them.",
			Fix: "Check uniqueness in PATCH as in POST, and answer 409 or 400 uniqueness.",
		}, func() {
			s.judge(taken().x, func(x *reports.Exchange) error {
				switch {
				case x.Status == http.StatusConflict, x.Status == http.StatusBadRequest:
					return Softly(reports.Warn, ScimType(scim.Uniqueness))(x)
				case x.Status > 400 && x.Status < 500:
					return soften(reports.Warn, wrong("status", text("409 or 400"), x.Status))
				}
				return wrong("status", text("409 or 400"), x.Status)
			})
		})

		s.it("a PATCH to a userName that is taken leaves the name as it was", ID("patch.uniqueness-kept"), Requires("7644-3.5.2-17", "7643-4.1.1-02"), Explain{
			Why: "A conflict that is reported but stored all the same leaves two accounts with one login.",
			Fix: "Check uniqueness before storing, or in the same transaction.",
		}, func() {
			p := taken()
			s.see(p.x)
			s.judge(p.after, patchKept(p, "userName"))
		})

		s.it("PATCH of a user that does not exist answers 404", ID("patch.not-found"), Requires("7644-3.5.2-21"), Explain{
			Why: "Clients that get 404 forget the account; any success makes them believe that it is there.",
			Fix: "Look the resource up first, and answer 404 with a SCIM error where there is none.",
		}, func() {
			s.settable("displayName")
			x := s.do(wire.Request{
				Method: http.MethodPatch, Path: c.r.typ.Endpoint + "/" + s.fictitious(),
				Body: encode(patchBody(op("replace", "displayName", "Nobody"))),
			})
			s.judge(x, func(x *reports.Exchange) error {
				if x.Status == http.StatusNotFound {
					return nil
				}
				err := wrong("status", http.StatusNotFound, x.Status)
				if ClientError(x) == nil {
					return soften(reports.Warn, err)
				}
				return err
			})
		})
	})
}
