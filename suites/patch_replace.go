package suites

import (
	"fmt"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchReplaces: the replace operation with an attribute path (RFC 7644 §3.5.2.3).
func (s *session) patchReplaces() {
	s.about("PATCH replace", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = s.patchChain("replace", set("nickName", nil), set("phoneNumbers", nil))
		})

		title := patchOnce(func() *patchStep {
			s.settable("title")
			c.wants(Assigned("title"))
			return c.step(op("replace", "title", "Replaced Title"))
		})
		s.it("replace sets the value of a single-valued attribute", ID("patch.replace-simple"), Requires("7644-3.5.2.3-02", "7644-3.5.2-12"), Explain{
			Why: "This is the most frequent change of all: a new title, a new display name.",
			Fix: "Store the value of the operation in place of the old one.",
		}, func() {
			p := title()
			s.patched(p, patchedTo(p, "title", "Replaced Title"))
		})

		sub := patchOnce(func() *patchStep {
			s.settable("name.familyName", "name.givenName")
			c.wants(Assigned("name.familyName"), Assigned("name.givenName"))
			return c.step(op("replace", "name.familyName", "Married"))
		})
		s.it("replace sets a sub-attribute", ID("patch.replace-sub"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "People change their names; Entra sends name.familyName as a path of its own.",
			Fix: "Resolve attribute.sub and store the value inside the complex attribute.",
		}, func() {
			p := sub()
			s.patched(p, patchedTo(p, "name.familyName", "Married"))
		})

		s.it("replace of a sub-attribute keeps the other sub-attributes", ID("patch.replace-sub-keeps"), Requires("7644-3.5.2.3-05"), Explain{
			Why: "A change of the family name loses the given name.",
			Fix: "Change the one sub-attribute inside the stored value instead of storing a new value.",
		}, func() {
			p := sub()
			s.patched(p, patchKept(p, "name.givenName"))
		})

		complexStep := patchOnce(func() *patchStep {
			s.settable("name.familyName", "name.givenName")
			c.wants(Assigned("name.givenName"))
			return c.step(op("replace", "name", object{"familyName": "Merged"}))
		})
		s.it("replace of a complex attribute sets the sub-attributes in value", ID("patch.replace-complex"), Requires("7644-3.5.2.3-05"), Explain{
			Why: "Clients change several parts of a name in one operation.",
			Fix: "Take the value of a replace on a complex attribute as a set of sub-attributes.",
		}, func() {
			p := complexStep()
			s.patched(p, patchedTo(p, "name.familyName", "Merged"))
		})

		s.it("replace of a complex attribute keeps the sub-attributes that value does not name", ID("patch.replace-complex-keeps"), Requires("7644-3.5.2.3-05"), Explain{
			Why: "Whoever sends only what has changed loses the rest of the name.",
			Fix: "Merge the given sub-attributes into the stored value.",
		}, func() {
			p := complexStep()
			s.patched(p, patchKept(p, "name.givenName"))
		})

		s.it("replace does not change other attributes", ID("patch.replace-only"), Requires("7644-3.5.2.3-02", "7644-3.5.2-09"), Explain{
			Why: "A server that rebuilds the resource from the PATCH loses what other systems have written.",
			Fix: "Apply the operation to the stored resource and leave everything else as it is.",
		}, func() {
			p := title()
			s.patched(p, c.othersKept(p, "title"))
		})

		s.it("replace of an attribute without value adds it", ID("patch.replace-unassigned"), Requires("7644-3.5.2.3-04"), Explain{
			Why: "Clients do not know whether the target has a value; many always send replace.",
			Fix: "Treat replace as add where the attribute is unassigned.",
		}, func() {
			s.settable("nickName")
			p := c.step(op("replace", "nickName", "Was Empty"))
			s.patched(p, patchedTo(p, "nickName", "Was Empty"))
		})

		s.it("replace of a multi-valued attribute without values adds them", ID("patch.replace-unassigned-multi"), Requires("7644-3.5.2.3-04"), Explain{
			Why: "A user's first phone number is refused or lost.",
			Fix: "Treat replace as add where the attribute has no values.",
		}, func() {
			s.settable("phoneNumbers.value")
			const number = "+1-201-555-0142"
			p := c.step(op("replace", "phoneNumbers", []any{object{"type": "work", "value": number}}))
			s.patched(p, func(x *reports.Exchange) error {
				list := scim.Objects(x.Object(), "phoneNumbers")
				if len(list) != 1 {
					return wrong("phoneNumbers after the PATCH", text("one number"), scim.Get(x.Object(), "phoneNumbers"))
				}
				if list[0]["value"] != number {
					return soften(reports.Warn, wrong("phoneNumbers after the PATCH", number, list[0]["value"]))
				}
				return nil
			})
		})

		s.it("replace with null makes the attribute unassigned", ID("patch.replace-null"), Requires("7643-2.5-02"), Explain{
			Why: "Clients clear a value with null; if it stays, old data lives on in the target.",
			Fix: "Treat null as the removal of the value.",
		}, func() {
			s.settable("title")
			if s.needsType("User").attribute("title").Required {
				s.skip("the target's schema requires title")
			}
			c.wantsOf("patch.replace-simple", Assigned("title"))
			p := c.step(object{"op": "replace", "path": "title", "value": nil})
			if ClientError(p.x) == nil {
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.patched(p, Unassigned("title"))
		})

		s.it("replace without value is refused", ID("patch.replace-no-value"), Requires("7644-3.5.2.3-09"), Explain{
			Why: "Whether such a request clears the attribute or does nothing is anyone's guess.",
			Fix: "Answer 400 invalidValue where replace has no value member.",
		}, func() {
			s.settable("title")
			x := c.probe(patchBody(op("replace", "title", nil)))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
		})

		// Last of all, since some servers no longer show a user who is not active.
		s.it("replace sets a Boolean to false", ID("patch.replace-boolean"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "Deactivation by Entra and Okta is exactly this request; if it has no effect, leavers keep their access.",
			Fix: "Test whether value is present, not whether it is true.",
		}, func() {
			s.settable("active")
			c.wants(Attr("active", true))
			p := c.step(op("replace", "active", false))
			s.patched(p, Attr("active", false))
		})
	})

	s.about("PATCH replace of a multi-valued attribute", func() {
		var c *patchChain
		var one, two, three string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			one, two, three = s.patchMail("one"), s.patchMail("two"), s.patchMail("three")
			c = s.patchChain("replace-multi", s.patchMails(mail("work", one), mail("home", two)))
			c.wants(hasMails(one, two))
		})

		s.it("replace of a multi-valued attribute replaces all of its values", ID("patch.replace-multi"), Requires("7644-3.5.2.3-03"), Explain{
			Why: "If the new list is merged into the old one, values and members that were taken away stay.",
			Fix: "Where path has no filter, store the given values in place of all old ones.",
		}, func() {
			p := c.step(op("replace", "emails", []any{mail("work", three)}))
			s.patched(p, hasMails(three), lacksMails(one, two))
		})

		s.it("replace with an empty array makes the attribute unassigned", ID("patch.replace-empty"), Requires("7643-2.5-02"), Explain{
			Why: "Okta empties groups in this way; values that stay keep people in groups that they have left.",
			Fix: "Treat an empty array as the removal of all values.",
		}, func() {
			s.settable("emails")
			p := c.step(op("replace", "emails", []any{}))
			if ClientError(p.x) == nil {
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.patched(p, Unassigned("emails"))
		})

		s.it("replace with a value path succeeds or is refused where the attribute has no values at all", ID("patch.replace-selected-unassigned"), Requires("7644-3.5.2.3-08", "7644-3.5.2.3-04"), Explain{
			Why: "Entra sends this for a user's first address; a success that stores nothing is never noticed.",
			Fix: "Create a value that satisfies the filter, or answer 400 noTarget.",
		}, func() {
			if scim.Assigned(c.get("emails")) {
				s.block("patch.replace-empty", "the user still has emails")
			}
			p := c.step(op("replace", `emails[type eq "work"].value`, one))
			if p.x.Status == 400 {
				s.observe("A09", "replace with a value path on an attribute without values", "refused")
				s.judge(p.x, Softly(reports.Warn, ScimType(scim.NoTarget)))
				return
			}
			s.observe("A09", "replace with a value path on an attribute without values", "creates a value")
			s.patched(p, Softly(reports.Warn, hasMails(one)))
		})
	})
}

// patchReplacesSelected: the replace operation with a value path (RFC 7644 §3.5.2.3).
func (s *session) patchReplacesSelected() {
	s.about("PATCH replace with a value path", func() {
		var c *patchChain
		var work1, work2, home, moved, both string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			work1, work2, home = s.patchMail("work1"), s.patchMail("work2"), s.patchMail("home")
			moved, both = s.patchMail("moved"), s.patchMail("both")
			c = s.patchChain("replace-selected", s.patchMails(mail("work", work1), mail("work", work2), mail("home", home)))
			c.wants(hasMails(work1, work2, home), mailHas(work1, "type", "work"), mailHas(work2, "type", "work"))
		})

		every := patchOnce(func() *patchStep {
			s.labels()
			return c.step(op("replace", `emails[type eq "work"].display`, "Desk"))
		})
		s.it("replace with a value path sets the sub-attribute in every value that matches", ID("patch.replace-selected-every"), Requires("7644-3.5.2.3-07"), Explain{
			Why: "A server that stops at the first match leaves old data in the others.",
			Fix: "Apply the operation to all values for which the filter holds.",
		}, func() {
			s.patched(every(), mailHas(work1, "display", "Desk"), mailHas(work2, "display", "Desk"))
		})

		s.it("replace with a value path does not touch the values that do not match", ID("patch.replace-selected-others"), Requires("7644-3.5.2.3-06", "7644-3.5.2.3-07"), Explain{
			Why: "A change of the work address overwrites the private one.",
			Fix: "Evaluate the filter for each value, and leave alone those for which it does not hold.",
		}, func() {
			p := every()
			s.patched(p, mailsKept(p, home))
		})

		s.it("replace with a value path keeps the other sub-attributes of the values that match", ID("patch.replace-selected-keeps"), Requires("7644-3.5.2.3-07"), Explain{
			Why: "Setting one part of a value loses its type or its address.",
			Fix: "Change the named sub-attribute inside the value instead of storing a new value.",
		}, func() {
			s.patched(every(), mailHas(work1, "type", "work"), mailHas(work2, "type", "work"))
		})

		s.it("replace with a value path sets the value that matches", ID("patch.replace-selected-sub"), Requires("7644-3.5.2.3-07"), Explain{
			Why: "Entra changes e-mail addresses and phone numbers in this way only.",
			Fix: "Evaluate the filter, and store the new value in the sub-attribute of each match.",
		}, func() {
			p := c.step(op("replace", `emails[type eq "home"].value`, moved))
			s.patched(p, hasMails(moved), lacksMails(home))
		})

		s.it("a value path may combine comparisons with and", ID("patch.replace-selected-and"), Requires("7644-3.5.2.3-07", "7644-3.5.2-07"), Explain{
			Why: "A filter that is evaluated in part changes values that the client did not mean.",
			Fix: "Parse the whole filter between the brackets, with and, or and parentheses.",
		}, func() {
			s.labels()
			c.wantsOf("patch.replace-selected-keeps", mailHas(work1, "type", "work"), mailHas(work2, "type", "work"))
			path := fmt.Sprintf("emails[type eq %q and value eq %q].display", "work", work2)
			p := c.step(op("replace", path, "Second Desk"))
			s.patched(p, mailHas(work2, "display", "Second Desk"), mailsKept(p, work1))
		})

		records := patchOnce(func() *patchStep {
			c.wantsOf("patch.replace-selected-keeps", mailHas(work1, "type", "work"), mailHas(work2, "type", "work"))
			return c.step(op("replace", `emails[type eq "work"]`, mail("work", both)))
		})
		s.it("replace with a value path and no sub-attribute replaces all values that match", ID("patch.replace-record"), Requires("7644-3.5.2.3-06"), Explain{
			Why: "Addresses are replaced as a whole in this way; one that stays is the wrong one.",
			Fix: "Put the given value in place of every value for which the filter holds.",
		}, func() {
			s.patched(records(), hasMails(both), lacksMails(work1, work2))
		})

		s.it("replace with a value path and no sub-attribute leaves the other values alone", ID("patch.replace-record-others"), Requires("7644-3.5.2.3-06"), Explain{
			Why: "Replacing the work address loses the private one.",
			Fix: "Replace the values that match inside the list, not the list.",
		}, func() {
			p := records()
			s.patched(p, func(x *reports.Exchange) error {
				for _, e := range scim.Objects(p.before.Object(), "emails") {
					if address := scim.String(e, "value"); !sameFold(e["type"], "work") {
						if err := mailsKept(p, address)(x); err != nil {
							return err
						}
					}
				}
				return nil
			})
		})

		missed := patchOnce(func() *patchStep {
			return c.step(op("replace", `emails[type eq "no-such-type"].value`, s.patchMail("nowhere")))
		})
		s.it("replace with a value path that matches nothing is refused with noTarget", ID("patch.replace-no-match"), Requires("7644-3.5.2.3-08"), Explain{
			Why: "A success for a change that was not made is never noticed.",
			Fix: "Answer 400 noTarget where the filter matches none of the values.",
		}, func() {
			p := missed()
			if p.x.Success() && !equalValue(c.get("emails"), scim.Get(p.before.Object(), "emails")) {
				s.observe("A09", "replace with a value path that matches nothing", "creates a value")
				s.judge(p.x, Softly(reports.Warn, patchRefused(scim.NoTarget)))
				return
			}
			s.judge(p.x, patchRefused(scim.NoTarget))
		})
	})
}

// patchReplacesWithoutPath: the replace operation whose value holds attributes of the resource (RFC 7644 §3.5.2.3).
func (s *session) patchReplacesWithoutPath() {
	s.about("PATCH replace without path", func() {
		var c *patchChain
		var one, two string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "title")
			one, two = s.patchMail("one"), s.patchMail("two")
			c = s.patchChain("replace-all", s.patchMails(mail("home", one)))
			c.wants(hasMails(one), Assigned("title"))
		})
		all := patchOnce(func() *patchStep {
			return c.step(op("replace", nil, object{"title": "Pathless", "emails": []any{mail("work", two)}}))
		})

		s.it("replace without path sets the attributes in value", ID("patch.replace-pathless"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "Okta deactivates users and renames groups in this way.",
			Fix: "Where path is missing, apply each member of value as a replace of that attribute.",
		}, func() {
			p := all()
			s.patched(p, patchedTo(p, "title", "Pathless"))
		})

		s.it("replace without path replaces all values of a multi-valued attribute", ID("patch.replace-pathless-multi"), Requires("7644-3.5.2.3-01", "7644-3.5.2.3-03"), Explain{
			Why: "Values that were taken away in the source stay in the target.",
			Fix: "Use the rules of replace for each member of value, not those of add.",
		}, func() {
			s.patched(all(), hasMails(two), lacksMails(one))
		})

		s.it("replace without path leaves the attributes alone that value does not name", ID("patch.replace-pathless-only"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "A server that takes value for the whole resource wipes out all that the client did not send.",
			Fix: "Change only the attributes that value names; replacing the whole resource is what PUT does.",
		}, func() {
			p := all()
			s.patched(p, c.othersKept(p, "title", "emails"))
		})

		s.it("replace without path keeps the sub-attributes of a complex attribute that value does not name", ID("patch.replace-pathless-keeps"), Requires("7644-3.5.2.3-05"), Explain{
			Why: "Whoever sends the new family name alone loses the given name.",
			Fix: "Merge the given sub-attributes into the stored value, with a path and without.",
		}, func() {
			s.settable("name.familyName", "name.givenName")
			c.wants(Assigned("name.givenName"))
			p := c.step(op("replace", nil, object{"name": object{"familyName": "Pathless"}}))
			// A warning only: the text speaks of a target location, which is the resource here.
			s.patched(p, patchedTo(p, "name.familyName", "Pathless"), Softly(reports.Warn, patchKept(p, "name.givenName")))
		})

		s.it("an operation without path may repeat the id of the resource", ID("patch.replace-pathless-id"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "Okta sends the id inside the value when it renames a group.",
			Fix: "Ignore readOnly attributes inside value where they have the value that is stored.",
		}, func() {
			p := c.step(op("replace", nil, object{"id": c.r.ID, "title": "With Id"}))
			if !p.x.Success() {
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.patched(p, patchedTo(p, "title", "With Id"))
		})
	})
}
