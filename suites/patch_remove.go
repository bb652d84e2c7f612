package suites

import (
	"fmt"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchRemoves: the remove operation with an attribute path (RFC 7644 §3.5.2.2).
func (s *session) patchRemoves() {
	s.about("PATCH remove", func() {
		var c *patchChain
		s.beforeAll(func() {
			phones := set("phoneNumbers", []any{
				object{"type": "work", "value": "+1-201-555-0123"}, object{"type": "mobile", "value": "+1-201-555-0124"},
			})
			c = s.patchChain("remove", func(o scim.Object) {
				if _, declared := o["phoneNumbers"]; declared {
					phones(o)
				}
			})
		})

		removed := patchOnce(func() *patchStep {
			s.removable("nickName")
			c.wants(Assigned("nickName"))
			return c.step(op("remove", "nickName", nil))
		})
		s.it("remove takes the value of a single-valued attribute away", ID("patch.remove-simple"), Requires("7644-3.5.2.2-02"), Explain{
			Why: "Data that was deleted in the source, often for privacy, stays in the target.",
			Fix: "Make the attribute unassigned: absent from answers, and no match for pr.",
		}, func() {
			s.patched(removed(), Unassigned("nickName"))
		})

		s.it("remove does not change other attributes", ID("patch.remove-only"), Requires("7644-3.5.2.2-02", "7644-3.5.2-09"), Explain{
			Why: "A server that rebuilds the resource from the PATCH loses what other systems have written.",
			Fix: "Apply the operation to the stored resource and leave everything else as it is.",
		}, func() {
			p := removed()
			s.patched(p, c.othersKept(p, "nickName"))
		})

		s.it("remove of an attribute without value succeeds or is refused with noTarget", ID("patch.remove-unassigned"), Requires("7644-3.5.2.2-08"), Explain{
			Why: "Clients do not know whether the target has a value; a server error stops the whole synchronisation of the user.",
			Fix: "Answer as after any success, or 400 noTarget.",
		}, func() {
			s.settable("nickName")
			if scim.Assigned(c.get("nickName")) {
				s.block("patch.remove-simple", "the user still has a nickName")
			}
			x := c.probe(patchBody(op("remove", "nickName", nil)))
			s.observe("A14", "remove of an attribute without value answers", fmt.Sprint(x.Status))
			s.judge(x, func(x *reports.Exchange) error {
				if x.Success() {
					return nil
				}
				if x.Status == 400 {
					return ScimType(scim.NoTarget)(x)
				}
				return wrong("status", text("2xx, or 400 noTarget"), x.Status)
			})
		})

		sub := patchOnce(func() *patchStep {
			s.settable("name.familyName")
			s.removable("name.givenName")
			c.wants(Assigned("name.givenName"), Assigned("name.familyName"))
			return c.step(op("remove", "name.givenName", nil))
		})
		s.it("remove takes a sub-attribute away", ID("patch.remove-sub"), Requires("7644-3.5.2.2-02"), Explain{
			Why: "One part of a name that was deleted in the source stays in the target.",
			Fix: "Resolve attribute.sub and make that sub-attribute unassigned.",
		}, func() {
			s.patched(sub(), Unassigned("name.givenName"))
		})

		s.it("remove of a sub-attribute keeps the other sub-attributes", ID("patch.remove-sub-keeps"), Requires("7644-3.5.2.2-02"), Explain{
			Why: "Whoever deletes a part of a name loses all of it.",
			Fix: "Remove the one sub-attribute from the stored value, not the value.",
		}, func() {
			p := sub()
			s.patched(p, patchKept(p, "name.familyName"))
		})

		s.it("remove takes a complex attribute away with all of its sub-attributes", ID("patch.remove-complex"), Requires("7644-3.5.2.2-02"), Explain{
			Why: "A name that was deleted in the source stays in the target.",
			Fix: "Make the attribute unassigned where the path names a complex attribute without sub-attribute.",
		}, func() {
			s.settable("name")
			if s.needsType("User").attribute("name").Required {
				s.skip("the target's schema requires name")
			}
			c.wantsOf("patch.remove-sub-keeps", Assigned("name.familyName"))
			s.patched(c.step(op("remove", "name", nil)), Unassigned("name.familyName"))
		})

		s.it("remove of a multi-valued attribute takes all of its values away", ID("patch.remove-multi"), Requires("7644-3.5.2.2-03"), Explain{
			Why: "Values and members that should be gone stay.",
			Fix: "Where path has no filter, remove every value.",
		}, func() {
			s.settable("phoneNumbers")
			if s.needsType("User").attribute("phoneNumbers").Required {
				s.skip("the target's schema requires phoneNumbers")
			}
			c.wantsOf("patch.remove-only", Assigned("phoneNumbers"))
			s.patched(c.step(op("remove", "phoneNumbers", nil)), Unassigned("phoneNumbers"))
		})

		noPath := patchOnce(func() *patchStep {
			return c.step(object{"op": "remove", "value": object{"title": "x"}})
		})
		s.it("remove without path is refused with noTarget", ID("patch.remove-no-path"), Requires("7644-3.5.2-06", "7644-3.5.2.2-01", "7644-3.12-23"), Explain{
			Why: "Such a request names nothing to remove; taking it for a success hides the mistake, or deletes what nobody named.",
			Fix: "Answer 400 noTarget to a remove without path.",
		}, func() {
			s.judge(noPath().x, patchRefused(scim.NoTarget))
		})

		s.it("remove without path removes nothing", ID("patch.remove-no-path-keeps"), Requires("7644-3.5.2-06", "7644-3.5.2-17"), Explain{
			Why: "A broken request must not empty the account.",
			Fix: "Check the operations before applying them.",
		}, func() {
			p := noPath()
			s.judge(p.after, c.othersKept(p))
		})

		s.it("remove of a required attribute is refused with mutability", ID("patch.remove-required"), Requires("7644-3.5.2.2-06"), Explain{
			Why: "A user without userName cannot be found again by any client.",
			Fix: "Answer 400 mutability where the removed attribute is required.",
		}, func() {
			x := c.probe(patchBody(op("remove", "userName", nil)))
			s.judge(x, patchRefused(scim.Mutability, scim.InvalidValue))
		})

		s.it("remove of a readOnly attribute is refused with mutability", ID("patch.remove-readonly"), Requires("7644-3.5.2.2-06"), Explain{
			Why: "A success for a change that cannot be made hides a mistake in the client's mapping.",
			Fix: "Answer 400 mutability where the path names a readOnly attribute.",
		}, func() {
			x := c.probe(patchBody(op("remove", "meta.created", nil)))
			s.judge(x, patchRefused(scim.Mutability))
		})
	})
}

// patchRemovesSelected: the remove operation with a value path (RFC 7644 §3.5.2.2).
func (s *session) patchRemovesSelected() {
	s.about("PATCH remove with a value path", func() {
		var c *patchChain
		var work, home, gone1, gone2, tail, middle string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			work, home, gone1, gone2 = s.patchMail("work"), s.patchMail("home"), s.patchMail("gone1"), s.patchMail("gone2")
			tail = s.patchMail("tail")
			middle = s.tag("middle") + ".needle@" + s.domain()
			c = s.patchChain("remove-selected", s.patchMails(mail("work", work), mail("home", home),
				mail("other", gone1), mail("other", gone2), mail("work", tail), mail("work", middle)))
			c.wants(hasMails(work, home, gone1, gone2, tail, middle), mailHas(gone1, "type", "other"), mailHas(gone2, "type", "other"))
		})

		others := patchOnce(func() *patchStep {
			return c.step(op("remove", `emails[type eq "other"]`, nil))
		})
		s.it("remove with a value path removes every value that matches", ID("patch.remove-selected"), Requires("7644-3.5.2.2-04", "7644-3.5.2.2-05"), Explain{
			Why: "A server that stops at the first match, or ignores the filter, leaves old data behind.",
			Fix: "Remove all values for which the filter holds.",
		}, func() {
			s.patched(others(), lacksMails(gone1, gone2))
		})

		s.it("remove with a value path keeps the values that do not match", ID("patch.remove-selected-keeps"), Requires("7644-3.5.2.2-04", "7644-3.5.2.2-05"), Explain{
			Why: "Taking one member out of a group must not empty it.",
			Fix: "Evaluate the filter for each value, and keep those for which it does not hold.",
		}, func() {
			p := others()
			s.patched(p, mailsKept(p, work, home, tail, middle))
		})

		s.it("a value path with and selects only the values for which both sides hold", ID("patch.remove-selected-and"), Requires("7644-3.5.2.2-04"), Explain{
			Why: "A server that evaluates only one side deletes values that the client wanted to keep.",
			Fix: "Evaluate the whole filter; this is the example of RFC 7644.",
		}, func() {
			suffix := tail[len(tail)-len("-tail@"+s.domain()):]
			p := c.step(op("remove", fmt.Sprintf("emails[type eq %q and value ew %q]", "work", suffix), nil))
			s.lacking(p, "ew")
			s.patched(p, lacksMails(tail), mailsKept(p, work, home, middle))
		})

		s.it("a value path may use co", ID("patch.remove-selected-co"), Requires("7644-3.5.2.2-04"), Explain{
			Why: "A server that reads every operator as eq removes nothing and says that it did.",
			Fix: "Evaluate filters in paths with the same code as filters in queries.",
		}, func() {
			p := c.step(op("remove", `emails[value co ".needle@"]`, nil))
			s.lacking(p, "co")
			s.patched(p, lacksMails(middle), mailsKept(p, work, home))
		})

		subs := patchOnce(func() *patchStep {
			s.removable("emails.display")
			set := c.step(op("replace", `emails[type eq "home"].display`, "Den"))
			if mailHas(home, "display", "Den")(set.after) != nil {
				s.see(set.x)
				s.block("patch.replace-selected-sub", "no display to remove")
			}
			return c.step(op("remove", `emails[type eq "home"].display`, nil))
		})
		s.it("remove with a value path and a sub-attribute removes only the sub-attribute", ID("patch.remove-selected-sub"), Requires("7644-3.5.2.2-05"), Explain{
			Why: "Whoever deletes a label loses the address.",
			Fix: "Where a sub-attribute follows the brackets, make it unassigned and keep the value.",
		}, func() {
			s.patched(subs(), hasMails(home), mailHas(home, "display", nil))
		})

		missed := patchOnce(func() *patchStep {
			return c.step(op("remove", `emails[type eq "no-such-type"]`, nil))
		})
		s.it("remove with a value path that matches nothing succeeds", ID("patch.remove-no-match"), Requires("7644-3.5.2.2-07"), Explain{
			Why: "Clients repeat requests whose answer was lost; an error makes them report a failure that is none.",
			Fix: "Answer as after any success where there is nothing to remove.",
		}, func() {
			p := missed()
			s.observe("A08", "remove with a value path that matches nothing answers", fmt.Sprint(p.x.Status))
			s.judge(p.x, func(x *reports.Exchange) error {
				err := wrong("status", text("2xx"), x.Status)
				switch {
				case x.Success():
					return nil
				case x.Status == 400:
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		s.it("remove with a value path that matches nothing removes nothing", ID("patch.remove-no-match-keeps"), Requires("7644-3.5.2.2-04"), Explain{
			Why: "A server that falls back to the whole attribute empties the group of which somebody is no longer a member.",
			Fix: "Remove exactly the values for which the filter holds, even if there is none.",
		}, func() {
			p := missed()
			if p.x.Status >= 500 {
				s.block("patch.remove-no-match", "PATCH answered %d", p.x.Status)
			}
			s.see(p.x)
			s.judge(p.after, mailsKept(p, work, home))
		})

		s.it("removing the last value makes the attribute unassigned", ID("patch.remove-selected-last"), Requires("7644-3.5.2.2-04", "7644-3.5.2.2-05"), Explain{
			Why: "An empty shell that is left behind matches pr and is read as a value.",
			Fix: "Drop the attribute when its last value is removed.",
		}, func() {
			s.settable("emails")
			if s.needsType("User").attribute("emails").Required {
				s.skip("the target's schema requires emails")
			}
			var filter []string
			for _, e := range scim.Objects(c.state().Object(), "emails") {
				filter = append(filter, "value eq "+scim.Quote(scim.String(e, "value")))
			}
			if len(filter) == 0 {
				s.block("patch.remove-selected-keeps", "the user has no emails left")
			}
			p := c.step(op("remove", "emails["+strings.Join(filter, " or ")+"]", nil))
			if ClientError(p.x) == nil {
				// Some directories need an address although their schema does not say so.
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.patched(p, Unassigned("emails"))
		})
	})
}
