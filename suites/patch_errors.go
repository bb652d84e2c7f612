package suites

import (
	"encoding/json"
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// patchMessages: the form of the PATCH message (RFC 7644 §3.5.2).
func (s *session) patchMessages(shared func() *patchChain) {
	about("PATCH messages", func() {
		var c *patchChain
		valid := op("replace", "displayName", "Message")
		beforeAll(func() {
			s.needs("User", "displayName")
			c = shared()
		})

		it("a PATCH without the PatchOp URN in schemas is refused", ID("patch.message-schemas"), Requires("7644-3.5.2-03"), Explain{
			Why: "The URN is what tells a PATCH message from a resource that was sent by mistake.",
			Fix: "Answer 400 invalidSyntax where schemas does not list the PatchOp URN.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.UserURN}, "Operations": []any{valid}})
			s.judge(x, Softly(reports.Warn, patchRefused(scim.InvalidSyntax, scim.InvalidValue)))
		})

		it("a PATCH without Operations is refused", ID("patch.message-no-operations"), Requires("7644-3.5.2-04"), Explain{
			Why: "A success for a message that asks for nothing hides a broken client.",
			Fix: "Answer 400 invalidSyntax where Operations is missing.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.PatchOpURN}})
			s.judge(x, patchRefused(scim.InvalidSyntax, scim.InvalidValue))
		})

		it("a PATCH with an empty list of Operations is refused", ID("patch.message-empty"), Requires("7644-3.5.2-04"), Explain{
			Why: "A success for a message that asks for nothing hides a broken client.",
			Fix: "Answer 400 invalidSyntax where Operations has no element.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.PatchOpURN}, "Operations": []any{}})
			s.judge(x, Softly(reports.Warn, patchRefused(scim.InvalidSyntax, scim.InvalidValue)))
		})

		it("a PATCH whose Operations is no array is refused", ID("patch.message-no-array"), Requires("7644-3.5.2-04"), Explain{
			Why: "Clients learn that their message is wrong only if somebody tells them.",
			Fix: "Answer 400 invalidSyntax where Operations is not an array.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.PatchOpURN}, "Operations": valid})
			s.judge(x, Softly(reports.Warn, patchRefused(scim.InvalidSyntax, scim.InvalidValue)))
		})

		it("an operation without op is refused", ID("patch.message-no-op"), Requires("7644-3.5.2-05"), Explain{
			Why: "Whether such an operation adds, replaces or removes is anyone's guess.",
			Fix: "Answer 400 invalidSyntax where op is missing.",
		}, func() {
			x := c.probe(patchBody(object{"path": "displayName", "value": "No Op"}))
			s.judge(x, patchRefused(scim.InvalidSyntax, scim.InvalidValue))
		})

		it("an operation with an unknown op is refused", ID("patch.message-unknown-op"), Requires("7644-3.5.2-05", "7644-3.5.2-02"), Explain{
			Why: "A change that the server does not understand and skips is lost without notice.",
			Fix: "Answer 400 invalidSyntax where op is not add, remove or replace.",
		}, func() {
			x := c.probe(patchBody(object{"op": "move", "from": "displayName", "path": "title"}))
			s.judge(x, patchRefused(scim.InvalidSyntax, scim.InvalidValue))
		})

		it("the order of the members of an operation does not matter", ID("patch.message-order"), Requires("7643-2.3.8-01"), Explain{
			Why: "JSON libraries write members in any order; a reader that wants op first loses data at random.",
			Fix: "Parse the whole operation before acting on it.",
		}, func() {
			p := c.send(json.RawMessage(`{"Operations":[{"value":"Reversed","path":"displayName","op":"replace"}],"schemas":["` + scim.PatchOpURN + `"]}`))
			s.patched(p, patchedTo(p, "displayName", "Reversed"))
		})

		it("a PATCH that is refused has a SCIM error message", ID("patch.error-body"), Requires("7644-3.5.2-18"), Explain{
			Why: "The message is all that an administrator gets to see of the failure.",
			Fix: "Send the Error URN in schemas and the status as a string with every refusal.",
		}, func() {
			x := c.probe(patchBody(op("replace", "userName[", "x")))
			if ClientError(x) != nil {
				s.block("patch.path-unclosed", "PATCH answered %d", x.Status)
			}
			s.judge(x, ErrorBody)
		})
	})
}

// patchPaths: malformed and unknown paths (RFC 7644 §3.5.2 Figure 7, §3.12 Table 9).
func (s *session) patchPaths(shared func() *patchChain) {
	about("PATCH paths", func() {
		var c *patchChain
		beforeAll(func() {
			s.needs("User", "emails.value", "emails.type")
			c = shared()
		})
		path := func(path string, value any, types ...string) {
			s.judge(c.probe(patchBody(op("replace", path, value))), patchRefused(types...))
		}

		it("a path with an unclosed bracket is refused", ID("patch.path-unclosed"), Requires("7644-3.5.2-07", "7644-3.12-22"), Explain{
			Why: "A path that is cut off somewhere changes the wrong thing.",
			Fix: "Answer 400 invalidPath where path does not follow the grammar.",
		}, func() {
			path(`emails[type eq "work"`, mail("work", s.patchMail("bracket")), scim.InvalidPath, scim.InvalidFilter)
		})

		it("a path with an empty part is refused", ID("patch.path-dots"), Requires("7644-3.5.2-07", "7644-3.12-22"), Explain{
			Why: "A path that is repaired by guessing changes the wrong thing.",
			Fix: "Answer 400 invalidPath where path does not follow the grammar.",
		}, func() { path("name..givenName", "x", scim.InvalidPath, scim.NoTarget) })

		it("an array index in path is refused", ID("patch.path-index"), Requires("7644-3.5.2-02"), Explain{
			Why: "Values have no order in SCIM; an index would hit another value each time.",
			Fix: "Answer 400 invalidPath to indexes as in JSON Patch.",
		}, func() {
			path("emails[0]", mail("work", s.patchMail("index")), scim.InvalidPath, scim.InvalidFilter, scim.NoTarget)
		})

		it("a path in the notation of JSON Pointer is refused", ID("patch.path-pointer"), Requires("7644-3.5.2-07"), Explain{
			Why: "Clients that confuse SCIM with JSON Patch must be told instead of being thanked.",
			Fix: "Answer 400 invalidPath where path begins with a slash.",
		}, func() { path("/displayName", "Pointer", scim.InvalidPath, scim.NoTarget) })

		it("a path to an attribute that no schema defines is refused", ID("patch.path-unknown"), Requires("7644-3.5.2-08"), Explain{
			Why: "A mistake in a mapping goes unnoticed, and the data never arrives.",
			Fix: "Answer 400 invalidPath where no schema of the resource type defines the attribute.",
		}, func() { path("scimproofNoSuchAttribute", "x", scim.InvalidPath, scim.NoTarget) })

		it("a path to a sub-attribute that no schema defines is refused", ID("patch.path-unknown-sub"), Requires("7644-3.5.2-08"), Explain{
			Why: "A mistake in a mapping goes unnoticed, and the data never arrives.",
			Fix: "Answer 400 invalidPath where the complex attribute has no such sub-attribute.",
		}, func() {
			s.needs("User", "name")
			path("name.scimproofNoSuchPart", "x", scim.InvalidPath, scim.NoTarget)
		})

		it("a malformed filter in path is refused with invalidFilter", ID("patch.path-filter"), Requires("7644-3.12-17", "7644-3.5.2-07"), Explain{
			Why: "A filter that is not understood and ignored changes every value.",
			Fix: "Answer 400 invalidFilter where the filter in the brackets cannot be parsed.",
		}, func() {
			path(`emails[type zz "work"].value`, s.patchMail("filter"), scim.InvalidFilter, scim.InvalidPath)
		})

		it("operations with malformed paths and filters change nothing", ID("patch.path-harmless"), Requires("7644-3.5.2-17"), Explain{
			Why: "A request that the server does not understand must not damage the account.",
			Fix: "Check path before touching the resource.",
		}, func() {
			p := c.send(patchBody(op("remove", `emails[type zz "work"]`, nil)))
			s.see(p.x)
			s.judge(p.after, patchKept(p, "emails", "userName"))
		})
	})
}

// patchValues: values that do not fit the attribute's type (RFC 7644 §3.5.2, ambiguity A42).
func (s *session) patchValues(shared func() *patchChain) {
	about("PATCH with a value of the wrong type", func() {
		var c *patchChain
		beforeAll(func() {
			c = shared()
		})

		it("a Boolean attribute refuses a string that is no Boolean", ID("patch.value-boolean"), Requires("7644-3.5.2-09"), Explain{
			Why: "A word that is read as true, or stored as it is, decides whether an account is active.",
			Fix: "Answer 400 invalidValue where the value of a Boolean attribute is neither true nor false.",
		}, func() {
			s.needs("User", "active")
			p := c.step(op("replace", "active", "maybe"))
			s.judge(p.x, func(x *reports.Exchange) error {
				err := patchRefused(scim.InvalidValue, scim.InvalidSyntax)(x)
				if x.Success() && equalValue(c.get("active"), scim.Get(p.before.Object(), "active")) {
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		it(`the string "False" makes active false or is refused`, ID("patch.value-boolean-string"), Requires("7644-3.5.2-09", "7643-2.3.2-01"), Explain{
			Why: "Entra sends this string by default; a server that takes it for true leaves leavers active.",
			Fix: `Convert "True" and "False" to Booleans, or answer 400 invalidValue.`,
		}, func() {
			s.needs("User", "active")
			c.wants(Attr("active", true))
			p := c.step(op("replace", "active", "False"))
			if ClientError(p.x) == nil {
				s.observe("A42", `active "False"`, "refused")
				s.judge(p.after, Attr("active", true))
				return
			}
			s.observe("A42", `active "False"`, "accepted")
			s.patched(p, func(x *reports.Exchange) error {
				err := Attr("active", false)(x)
				if equalValue(scim.Get(x.Object(), "active"), true) {
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		it("a string attribute refuses an object", ID("patch.value-string"), Requires("7644-3.5.2-09"), Explain{
			Why: "Clients that read a string crash on the object.",
			Fix: "Answer 400 invalidValue where the value does not have the attribute's type.",
		}, func() {
			s.needs("User", "title")
			x := c.probe(patchBody(op("replace", "title", object{"value": "x"})))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
		})

		it("a complex attribute refuses a string", ID("patch.value-complex"), Requires("7644-3.5.2.3-05", "7644-3.5.2-09"), Explain{
			Why: "Clients that read a name crash on the string, or find it empty.",
			Fix: "Answer 400 invalidValue where the value of a complex attribute is not an object.",
		}, func() {
			s.needs("User", "name")
			x := c.probe(patchBody(op("replace", "name", "Babs Jensen")))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
		})

		it("an operation without path refuses a value that is no object", ID("patch.value-pathless"), Requires("7644-3.5.2.3-01", "7644-3.5.2-09"), Explain{
			Why: "Such an operation names no attribute: whatever is done is not what the client meant.",
			Fix: "Answer 400 invalidValue where path is missing and value is not an object.",
		}, func() {
			x := c.probe(patchBody(op("replace", nil, "Babs Jensen")))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax, scim.NoTarget, scim.InvalidPath))
		})
	})
}

// patchProtected: readOnly and immutable attributes (RFC 7644 §3.5.2, ambiguities A13 and A45).
func (s *session) patchProtected(shared func() *patchChain) {
	about("PATCH of readOnly attributes", func() {
		var c *patchChain
		beforeAll(func() {
			c = shared()
		})
		id := patchOnce(func() *patchStep {
			return c.step(op("replace", "id", "scimproof-"+s.cfg.RunID))
		})

		it("replace of id is refused with mutability", ID("patch.readonly-id"), Requires("7644-3.5.2-09"), Explain{
			Why: "A client that believes to have set the id loses track of the account.",
			Fix: "Answer 400 mutability where the path names a readOnly attribute.",
		}, func() { s.judge(id().x, patchRefused(scim.Mutability)) })

		it("replace of meta.created is refused with mutability", ID("patch.readonly-meta"), Requires("7644-3.5.2-09"), Explain{
			Why: "Time stamps that clients can set prove nothing in an audit.",
			Fix: "Answer 400 mutability for every sub-attribute of meta.",
		}, func() {
			p := c.step(op("replace", "meta.created", "2001-01-01T00:00:00Z"))
			s.judge(p.x, patchRefused(scim.Mutability))
			s.judge(p.after, patchKept(p, "meta.created"))
		})

		it("add of groups to a user is refused with mutability", ID("patch.readonly-groups"), Requires("7644-3.5.2-09"), Explain{
			Why: "A client that believes to have granted or taken away a group is wrong.",
			Fix: "Answer 400 mutability; membership is changed through the group.",
		}, func() {
			s.needs("User", "groups")
			x := c.probe(patchBody(op("add", "groups", []any{object{"value": s.fictitious()}})))
			s.judge(x, patchRefused(scim.Mutability))
		})

		it("replace of the manager's displayName is refused with mutability", ID("patch.readonly-sub"), Requires("7644-3.5.2-09"), Explain{
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

		it("a readOnly attribute inside a value without path is not changed", ID("patch.readonly-pathless"), Requires("7643-7-15"), Explain{
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

	about("PATCH of immutable attributes", func() {
		it("replace of a member's value is refused with mutability", ID("patch.immutable"), Requires("7644-3.5.2-09", "7643-7-17"), Explain{
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
	about("PATCH and the identity of resources", func() {
		var c *patchChain
		var other *resource
		beforeAll(func() {
			c = shared()
		})
		newName := patchOnce(func() string { return s.patchMail("renamed") })
		renamed := patchOnce(func() *patchStep {
			return c.step(op("replace", "userName", newName()))
		})

		it("userName can be replaced", ID("patch.rename"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "People change their names, and with them their login and mail address.",
			Fix: "Allow replace of userName as long as no other user has the new name.",
		}, func() {
			p := renamed()
			s.patched(p, patchedTo(p, "userName", newName()))
		})

		it("a user keeps its id when it is renamed", ID("patch.rename-id"), Requires("7643-3.1-06"), Explain{
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
		it("PATCH to a userName that is taken is refused with uniqueness", ID("patch.uniqueness"), Requires("7643-4.1.1-02", "7644-3.5.2-22"), Explain{
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

		it("a PATCH to a userName that is taken leaves the name as it was", ID("patch.uniqueness-kept"), Requires("7644-3.5.2-17", "7643-4.1.1-02"), Explain{
			Why: "A conflict that is reported but stored all the same leaves two accounts with one login.",
			Fix: "Check uniqueness before storing, or in the same transaction.",
		}, func() {
			p := taken()
			s.see(p.x)
			s.judge(p.after, patchKept(p, "userName"))
		})

		it("PATCH of a user that does not exist answers 404", ID("patch.not-found"), Requires("7644-3.5.2-21"), Explain{
			Why: "Clients that get 404 forget the account; any success makes them believe that it is there.",
			Fix: "Look the resource up first, and answer 404 with a SCIM error where there is none.",
		}, func() {
			s.needs("User", "displayName")
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
