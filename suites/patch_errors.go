package suites

import (
	"encoding/json"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchMessages: the form of the PATCH message (RFC 7644 §3.5.2).
func (s *session) patchMessages(shared func() *patchChain) {
	s.about("PATCH messages", func() {
		var c *patchChain
		valid := op("replace", "displayName", "Message")
		s.beforeAll(func() {
			s.settable("displayName")
			c = shared()
		})

		s.it("a PATCH without the PatchOp URN in schemas is refused", ID("patch.message-schemas"), Requires("7644-3.5.2-03"), Explain{
			Why: "The URN is what tells a PATCH message from a resource that was sent by mistake.",
			Fix: "Answer 400 invalidSyntax where schemas does not list the PatchOp URN.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.UserURN}, "Operations": []any{valid}})
			s.judge(x, Softly(reports.Warn, patchRefused(scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("an operation whose path is no string is refused", ID("patch.message-path-type"), Requires("7644-3.5.2-05", "7644-3.12-08"), Explain{
			Why: "A crash makes the client send the same broken message again and again; a path that is dropped changes the whole user.",
			Fix: "Answer 400 invalidPath or invalidSyntax where path is not a string.",
		}, func() {
			x := c.probe(patchBody(object{"op": "replace", "path": 42, "value": object{"displayName": "No Path"}}))
			s.judge(x, patchRefused(scim.InvalidPath, scim.InvalidSyntax, scim.InvalidValue))
			s.judge(c.state(), func(x *reports.Exchange) error {
				if got := scim.Get(x.Object(), "displayName"); got == "No Path" {
					return wrong("displayName", text("the old one"), got)
				}
				return nil
			})
		})

		s.it("a PATCH without Operations is refused", ID("patch.message-no-operations"), Requires("7644-3.5.2-04"), Explain{
			Why: "A success for a message that asks for nothing hides a broken client.",
			Fix: "Answer 400 invalidSyntax where Operations is missing.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.PatchOpURN}})
			s.judge(x, patchRefused(scim.InvalidSyntax, scim.InvalidValue))
		})

		s.it("a PATCH with an empty list of Operations is refused", ID("patch.message-empty"), Requires("7644-3.5.2-04"), Explain{
			Why: "A success for a message that asks for nothing hides a broken client.",
			Fix: "Answer 400 invalidSyntax where Operations has no element.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.PatchOpURN}, "Operations": []any{}})
			s.judge(x, Softly(reports.Warn, patchRefused(scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("a PATCH whose Operations is no array is refused", ID("patch.message-no-array"), Requires("7644-3.5.2-04"), Explain{
			Why: "Clients learn that their message is wrong only if somebody tells them.",
			Fix: "Answer 400 invalidSyntax where Operations is not an array.",
		}, func() {
			x := c.probe(object{"schemas": []string{scim.PatchOpURN}, "Operations": valid})
			s.judge(x, Softly(reports.Warn, patchRefused(scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("an operation without op is refused", ID("patch.message-no-op"), Requires("7644-3.5.2-05"), Explain{
			Why: "Whether such an operation adds, replaces or removes is anyone's guess.",
			Fix: "Answer 400 invalidSyntax where op is missing.",
		}, func() {
			x := c.probe(patchBody(object{"path": "displayName", "value": "No Op"}))
			s.judge(x, patchRefused(scim.InvalidSyntax, scim.InvalidValue))
		})

		s.it("an operation with an unknown op is refused", ID("patch.message-unknown-op"), Requires("7644-3.5.2-05", "7644-3.5.2-02"), Explain{
			Why: "A change that the server does not understand and skips is lost without notice.",
			Fix: "Answer 400 invalidSyntax where op is not add, remove or replace.",
		}, func() {
			x := c.probe(patchBody(object{"op": "move", "from": "displayName", "path": "title"}))
			s.judge(x, patchRefused(scim.InvalidSyntax, scim.InvalidValue))
		})

		s.it("the order of the members of an operation does not matter", ID("patch.message-order"), Requires("7643-2.3.8-01"), Explain{
			Why: "JSON libraries write members in any order; a reader that wants op first loses data at random.",
			Fix: "Parse the whole operation before acting on it.",
		}, func() {
			p := c.send(json.RawMessage(`{"Operations":[{"value":"Reversed","path":"displayName","op":"replace"}],"schemas":["` + scim.PatchOpURN + `"]}`))
			s.patched(p, patchedTo(p, "displayName", "Reversed"))
		})

		s.it("a PATCH that is refused has a SCIM error message", ID("patch.error-body"), Requires("7644-3.5.2-18"), Explain{
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
	s.about("PATCH paths", func() {
		var c *patchChain
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			c = shared()
		})
		path := func(path string, value any, types ...string) {
			s.judge(c.probe(patchBody(op("replace", path, value))), patchRefused(types...))
		}

		s.it("a path with an unclosed bracket is refused", ID("patch.path-unclosed"), Requires("7644-3.5.2-07", "7644-3.12-22"), Explain{
			Why: "A path that is cut off somewhere changes the wrong thing.",
			Fix: "Answer 400 invalidPath where path does not follow the grammar.",
		}, func() {
			path(`emails[type eq "work"`, mail("work", s.patchMail("bracket")), scim.InvalidPath, scim.InvalidFilter)
		})

		s.it("a path with an empty part is refused", ID("patch.path-dots"), Requires("7644-3.5.2-07", "7644-3.12-22"), Explain{
			Why: "A path that is repaired by guessing changes the wrong thing.",
			Fix: "Answer 400 invalidPath where path does not follow the grammar.",
		}, func() { path("name..givenName", "x", scim.InvalidPath, scim.NoTarget) })

		s.it("an array index in path is refused", ID("patch.path-index"), Requires("7644-3.5.2-02"), Explain{
			Why: "Values have no order in SCIM; an index would hit another value each time.",
			Fix: "Answer 400 invalidPath to indexes as in JSON Patch.",
		}, func() {
			path("emails[0]", mail("work", s.patchMail("index")), scim.InvalidPath, scim.InvalidFilter, scim.NoTarget)
		})

		s.it("a path in the notation of JSON Pointer is refused", ID("patch.path-pointer"), Requires("7644-3.5.2-07"), Explain{
			Why: "Clients that confuse SCIM with JSON Patch must be told instead of being thanked.",
			Fix: "Answer 400 invalidPath where path begins with a slash.",
		}, func() { path("/displayName", "Pointer", scim.InvalidPath, scim.NoTarget) })

		s.it("a path to an attribute that no schema defines is refused", ID("patch.path-unknown"), Requires("7644-3.5.2-08"), Explain{
			Why: "A mistake in a mapping goes unnoticed, and the data never arrives.",
			Fix: "Answer 400 invalidPath where no schema of the resource type defines the attribute.",
		}, func() { path("scimproofNoSuchAttribute", "x", scim.InvalidPath, scim.NoTarget) })

		s.it("a path to a sub-attribute that no schema defines is refused", ID("patch.path-unknown-sub"), Requires("7644-3.5.2-08"), Explain{
			Why: "A mistake in a mapping goes unnoticed, and the data never arrives.",
			Fix: "Answer 400 invalidPath where the complex attribute has no such sub-attribute.",
		}, func() {
			s.settable("name")
			path("name.scimproofNoSuchPart", "x", scim.InvalidPath, scim.NoTarget)
		})

		s.it("a malformed filter in path is refused with invalidFilter", ID("patch.path-filter"), Requires("7644-3.12-17", "7644-3.5.2-07"), Explain{
			Why: "A filter that is not understood and ignored changes every value.",
			Fix: "Answer 400 invalidFilter where the filter in the brackets cannot be parsed.",
		}, func() {
			path(`emails[type zz "work"].value`, s.patchMail("filter"), scim.InvalidFilter, scim.InvalidPath)
		})

		s.it("operations with malformed paths and filters change nothing", ID("patch.path-harmless"), Requires("7644-3.5.2-17"), Explain{
			Why: "A request that the server does not understand must not damage the account.",
			Fix: "Check path before touching the resource.",
		}, func() {
			p := c.send(patchBody(op("remove", `emails[type zz "work"]`, nil)))
			s.see(p.x)
			s.judge(p.after, patchKept(p, "emails", "userName"))
		})
	})
}

// patchTypes: values with parts of the wrong type (RFC 7643 §2.3); patchValues has those of simple attributes.
func (s *session) patchTypes() {
	s.about("PATCH with parts of the wrong type", func() {
		var c *patchChain
		s.beforeAll(func() { c = s.patchChain("types") })
		for _, k := range []struct {
			id, title, attr string
			value           any
		}{
			{"patch.type-part", "an object in place of a string within a complex value is refused in PATCH", "name", object{"familyName": object{"formatted": "x"}}},
			{"patch.type-element", "a number in place of a complex value is refused in PATCH", "emails", []any{42}},
		} {
			s.it(k.title, ID(k.id), Requires("7643-2.3-02", "7644-3.12-24"), Explain{
				Why: "A value of the wrong type that is stored breaks every typed client; one that is dropped is taken for stored.",
				Fix: "Check the values of PATCH by the same code as those of POST; answer 400 invalidValue.",
			}, func() {
				s.settable(k.attr)
				if k.attr == "name" {
					s.settable("name.familyName")
				}
				s.judge(c.probe(patchBody(op("replace", k.attr, k.value))), patchRefused(scim.InvalidValue, scim.InvalidSyntax))
			})
		}
	})
}
