package suites

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchAdds: the add operation with an attribute path (RFC 7644 §3.5.2.1).
func (s *session) patchAdds() {
	s.about("PATCH add", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = s.patchChain("add", set("nickName", nil))
		})

		added := patchOnce(func() *patchStep {
			s.settable("nickName")
			return c.step(op("add", "nickName", "Added"))
		})
		s.it("add gives a value to an attribute that has none", ID("patch.add-simple"), Requires("7644-3.5.2.1-03"), Explain{
			Why: "An attribute that is filled in later than the account never reaches the target.",
			Fix: "Let add create the attribute where it is unassigned.",
		}, func() {
			p := added()
			s.patched(p, patchedTo(p, "nickName", "Added"))
		})

		s.it("add replaces the value of a single-valued attribute", ID("patch.add-replaces"), Requires("7644-3.5.2.1-06"), Explain{
			Why: "Entra sends Add also for attributes that have a value already; a server that keeps the old one drifts away unnoticed.",
			Fix: "Treat add on a single-valued attribute as replace.",
		}, func() {
			s.settable("title")
			c.wants(Assigned("title"))
			p := c.step(op("add", "title", "Added Title"))
			s.patched(p, patchedTo(p, "title", "Added Title"))
		})

		s.it("add gives a value to a sub-attribute that has none", ID("patch.add-sub"), Requires("7644-3.5.2.1-03"), Explain{
			Why: "A middle name or a title that is added later never arrives.",
			Fix: "Resolve attribute.sub and create the sub-attribute inside the complex value.",
		}, func() {
			s.settable("name.middleName")
			p := c.step(op("add", "name.middleName", "Middle"))
			s.patched(p, patchedTo(p, "name.middleName", "Middle"))
		})

		complexAdd := patchOnce(func() *patchStep {
			s.settable("name.honorificSuffix", "name.givenName")
			c.wants(Assigned("name.givenName"))
			return c.step(op("add", "name", object{"honorificSuffix": "III"}))
		})
		s.it("add to a complex attribute sets the sub-attributes in value", ID("patch.add-complex"), Requires("7644-3.5.2.1-04"), Explain{
			Why: "Clients change several parts of a name in one operation.",
			Fix: "Take the value of an add to a complex attribute as a set of sub-attributes.",
		}, func() {
			p := complexAdd()
			s.patched(p, patchedTo(p, "name.honorificSuffix", "III"))
		})

		s.it("add to a complex attribute keeps the sub-attributes that value does not name", ID("patch.add-complex-keeps"), Requires("7644-3.5.2.1-04"), Explain{
			Why: "Adding one part of a name must not wipe out the others.",
			Fix: "Merge the given sub-attributes into the existing value instead of storing value in its place.",
		}, func() {
			p := complexAdd()
			s.patched(p, Softly(reports.Warn, patchKept(p, "name.givenName", "name.familyName")))
		})

		s.it("add does not change other attributes", ID("patch.add-only"), Requires("7644-3.5.2.1-06"), Explain{
			Why: "A server that rebuilds the resource from the PATCH loses what other systems have written.",
			Fix: "Apply the operation to the stored resource and leave everything else as it is.",
		}, func() {
			p := added()
			s.patched(p, c.othersKept(p, "nickName"))
		})

		noop := patchOnce(func() *patchStep {
			s.settable("externalId")
			c.wants(Assigned("externalId"))
			return c.step(op("add", "externalId", c.get("externalId")))
		})
		s.it("add of the value that an attribute has already succeeds", ID("patch.add-same"), Requires("7644-3.5.2.1-07"), Explain{
			Why: "Clients repeat requests whose answer was lost; an error makes them report a failure that is none.",
			Fix: "Answer as after any success where there is nothing to change.",
		}, func() {
			s.patched(noop())
		})

		s.it("add of the value that an attribute has already does not move meta.lastModified", ID("patch.add-same-time"), Requires("7644-3.5.2.1-08"), Explain{
			Why: "Each repeated request looks like a change to clients that synchronise by time stamps.",
			Fix: "Compare before and after, and touch meta only if they differ.",
		}, func() {
			p := noop()
			if !p.x.Success() {
				s.see(p.x)
				s.block("patch.add-same", "PATCH answered %d", p.x.Status)
			}
			s.judge(p.after, Softly(reports.Warn, patchKept(p, "meta.lastModified")))
		})

		s.it("add without value is refused", ID("patch.add-no-value"), Requires("7644-3.5.2.1-01"), Explain{
			Why: "A request that is broken in this way carries no data; taking it for a success hides the loss.",
			Fix: "Answer 400 invalidValue where add has no value member.",
		}, func() {
			s.settable("displayName")
			x := c.probe(patchBody(op("add", "displayName", nil)))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
		})

		// Last of all, since some servers no longer show a user who is not active.
		s.it("add sets a Boolean to false", ID("patch.add-boolean"), Requires("7644-3.5.2.1-06"), Explain{
			Why: "A false that is mistaken for no value leaves a leaver's account active.",
			Fix: "Test whether value is present, not whether it is true.",
		}, func() {
			s.settable("active")
			c.wants(Attr("active", true))
			p := c.step(op("add", "active", false))
			s.patched(p, Attr("active", false))
		})
	})

	s.about("PATCH add to a multi-valued attribute", func() {
		var c *patchChain
		var home, other1, other2, single string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			home, other1, other2, single = s.patchMail("home"), s.patchMail("one"), s.patchMail("two"), s.patchMail("single")
			c = s.patchChain("add-multi", s.patchMails(mail("home", home)))
			c.wants(hasMails(home))
		})
		two := patchOnce(func() *patchStep {
			return c.step(op("add", "emails", []any{mail("work", other1), mail("other", other2)}))
		})

		s.it("add to a multi-valued attribute adds every value of the array", ID("patch.add-multi"), Requires("7644-3.5.2.1-05"), Explain{
			Why: "Only the first of several new values arrives, and nobody is told.",
			Fix: "Append each element of the value array.",
		}, func() {
			s.patched(two(), hasMails(other1, other2))
		})

		s.it("add to a multi-valued attribute keeps the values that were there", ID("patch.add-multi-keeps"), Requires("7644-3.5.2.1-05"), Explain{
			Why: "Adding one value or member wipes out all others: the classic way to empty a group.",
			Fix: "Append to the stored values; only replace sets a new list.",
		}, func() {
			p := two()
			s.patched(p, mailsKept(p, home))
		})

		one := patchOnce(func() *patchStep {
			return c.step(op("add", "emails", mail("other", single)))
		})
		s.it("add of a single object to a multi-valued attribute adds it to the others", ID("patch.add-multi-object"), Requires("7644-3.5.2.1-05"), Explain{
			Why: "Some clients send a single new value without an array; a server that stores it in place of the array loses the rest.",
			Fix: "Wrap a single object into an array before appending, or refuse it with 400 invalidValue.",
		}, func() {
			p := one()
			if ClientError(p.x) == nil {
				s.note("a single object is refused with %d", p.x.Status)
				s.judge(p.after, mailsKept(p, home))
				return
			}
			s.patched(p, hasMails(single), mailsKept(p, home))
		})

		again := patchOnce(func() *patchStep {
			return c.step(op("add", "emails", []any{mail("home", home)}))
		})
		s.it("add of a complex value that is there already succeeds", ID("patch.add-duplicate"), Requires("7644-3.5.2.1-07"), Explain{
			Why: "Clients repeat requests whose answer was lost; an error makes them report a failure that is none.",
			Fix: "Answer as after any success where the value is there already.",
		}, func() {
			s.patched(again())
		})

		s.it("add of a complex value that is there already does not store it twice", ID("patch.add-duplicate-once"), Requires("7644-3.5.2.1-07", "7643-2.4-08"), Explain{
			Why: "Every repeated request lets the list grow, and removing the value later leaves a copy behind.",
			Fix: "Before appending compare type and value with those of the existing values.",
		}, func() {
			p := again()
			s.judge(p.after, func(x *reports.Exchange) error {
				n := 0
				for _, e := range scim.Objects(x.Object(), "emails") {
					if sameFold(e["value"], home) {
						n++
					}
				}
				if n != 1 {
					return wrong("number of values with the address "+home, 1, n)
				}
				return nil
			})
		})
	})
}

// patchAddsSelected: the add operation with a value path (RFC 7644 §3.5.2.1, ambiguity A10).
func (s *session) patchAddsSelected() {
	s.about("PATCH add with a value path", func() {
		var c *patchChain
		var work, home, fresh string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			work, home, fresh = s.patchMail("work"), s.patchMail("home"), s.patchMail("fresh")
			c = s.patchChain("add-selected", s.patchMails(mail("work", work), mail("home", home)))
			c.wants(hasMails(work, home), mailHas(work, "type", "work"))
		})
		display := patchOnce(func() *patchStep {
			s.labels()
			return c.step(op("add", `emails[type eq "work"].display`, "Desk"))
		})

		s.it("add with a value path and a sub-attribute sets it in the value that matches", ID("patch.add-selected-sub"), Requires("7644-3.5.2.1-10"), Explain{
			Why: "Entra writes e-mail addresses and phone numbers in this way only.",
			Fix: "Evaluate the filter, and set the sub-attribute in each value that matches.",
		}, func() {
			s.patched(display(), mailHas(work, "display", "Desk"))
		})

		s.it("add with a value path that matches makes no further value", ID("patch.add-selected-count"), Requires("7644-3.5.2.1-10"), Explain{
			Why: "Each update leaves another half-filled value behind, and clients read the wrong one.",
			Fix: "Change the value that matches; append only where none does.",
		}, func() {
			p := display()
			s.judge(p.after, func(x *reports.Exchange) error {
				if n := len(scim.List(x.Object(), "emails")); n != len(scim.List(p.before.Object(), "emails")) {
					return wrong("number of emails", len(scim.List(p.before.Object(), "emails")), n)
				}
				return nil
			})
		})

		none := patchOnce(func() *patchStep {
			return c.step(op("add", `emails[type eq "other"].value`, fresh))
		})
		s.it("add with a value path that matches nothing makes a value or is refused", ID("patch.add-selected-none"), Requires("7644-3.5.2.1-09"), Explain{
			Why: "Entra sends this for a user's first address; a success that stores nothing is never noticed.",
			Fix: "Create a value that satisfies the filter and has the sub-attribute, or answer 400 noTarget.",
		}, func() {
			p := none()
			switch p.x.Status {
			case 400:
				s.observe("A10", "add with a value path that matches nothing", "refused")
				s.judge(p.x, Softly(reports.Warn, ScimType(scim.NoTarget, scim.InvalidPath)))
			default:
				s.observe("A10", "add with a value path that matches nothing", "creates a value")
				s.patched(p, hasMails(fresh))
			}
		})

		s.it("a value made by add with a value path has what the filter asks for", ID("patch.add-selected-type"), Requires("7644-3.5.2.1-09"), Explain{
			Why: "The next request with the same filter does not find the value and makes another one.",
			Fix: "Set the attributes that the filter compares with eq in the value that is created.",
		}, func() {
			p := none()
			if mailAt(p.after, fresh) == nil {
				s.skip("no value was made")
			}
			s.judge(p.after, mailHas(fresh, "type", "other"))
		})
	})
}

// patchAddsSatisfying: what an add with a value path makes where nothing matches, for filters of every form (ambiguity A10).
func (s *session) patchAddsSatisfying() {
	s.about("PATCH add with a value path that matches nothing", func() {
		s.it("a value made by add with a value path satisfies the filter, whatever its form", ID("patch.add-selected-satisfies"), Requires("7644-3.5.2.1-09"), Explain{
			Why: "A value that the filter does not select is another one than was asked for, and the next request makes one more.",
			Fix: "Create a value from conditions with eq that are joined by and, and answer 400 noTarget to every other filter that matches nothing.",
		}, func() {
			s.settable("emails.value", "emails.type", "emails.display", "phoneNumbers.value", "phoneNumbers.type")
			c := s.patchChain("add-satisfies", s.patchMails(mail("work", s.patchMail("work"))), set("phoneNumbers", nil))
			is := func(e object, name, want string) bool { return strings.EqualFold(scim.String(e, name), want) }
			for _, form := range []struct {
				path, value string
				selects     func(e object) bool
			}{
				{`emails[type eq "other" and display eq "Spare"].value`, s.patchMail("both"), func(e object) bool { return is(e, "type", "other") && is(e, "display", "Spare") }},
				{`emails[type eq "pager" or display eq "Second"].value`, s.patchMail("either"), func(e object) bool { return is(e, "type", "pager") || is(e, "display", "Second") }},
				{`emails[type eq "home" and type eq "pager"].value`, s.patchMail("neither"), func(object) bool { return false }},
				{`emails[type sw "pag" and display eq "Third"].value`, s.patchMail("beginning"), func(e object) bool {
					return strings.HasPrefix(strings.ToLower(scim.String(e, "type")), "pag") && is(e, "display", "Third")
				}},
				{`phoneNumbers[type ne "fax"].value`, "tel:+1-555-010-0199", func(e object) bool { return !is(e, "type", "fax") }},
			} {
				p := c.step(op("add", form.path, form.value))
				if !p.x.Success() {
					s.judge(p.x, patchRefused(scim.NoTarget, scim.InvalidPath, scim.InvalidFilter))
					continue
				}
				s.judge(p.after, func(x *reports.Exchange) error {
					attr, _, _ := strings.Cut(form.path, "[")
					made := slices.DeleteFunc(scim.Objects(x.Object(), attr), func(e scim.Object) bool {
						return slices.ContainsFunc(scim.Objects(p.before.Object(), attr), func(old scim.Object) bool { return equalValue(old, e) })
					})
					if len(made) != 1 || !form.selects(made[0]) {
						return wrong("what was made by add "+form.path, text("a value that the filter selects, or a refusal"), made)
					}
					return nil
				})
			}
		})
	})
}

// patchAddsWithoutPath: the add operation whose value holds attributes of the resource (RFC 7644 §3.5.2.1).
func (s *session) patchAddsWithoutPath() {
	s.about("PATCH add without path", func() {
		var c *patchChain
		var home, work string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "nickName")
			home, work = s.patchMail("home"), s.patchMail("work")
			c = s.patchChain("add-all", s.patchMails(mail("home", home)), set("nickName", nil))
			c.wants(hasMails(home))
		})
		all := patchOnce(func() *patchStep {
			return c.step(op("add", nil, object{"nickName": "Pathless", "emails": []any{mail("work", work)}}))
		})

		s.it("add without path adds the attributes in value", ID("patch.add-pathless"), Requires("7644-3.5.2.1-02"), Explain{
			Why: "Clients bundle several attributes into one operation; ignoring it loses all of them.",
			Fix: "Where path is missing, apply each member of value as an add of that attribute.",
		}, func() {
			p := all()
			s.patched(p, patchedTo(p, "nickName", "Pathless"))
		})

		s.it("a path that is null counts as none", ID("patch.null-path"), Requires("7643-2.5-01", "7644-3.5.2.1-02"), Explain{
			Why: "Some clients write every member of an operation, those without a value too.",
			Fix: "Read null as if path were absent.",
		}, func() {
			o := op("add", nil, object{"nickName": "Null"})
			o["path"] = nil
			p := c.step(o)
			if !p.x.Success() {
				s.see(p.x)
				s.judge(p.x, NotServerError, Softly(reports.Warn, Status(http.StatusOK, http.StatusNoContent)))
				return
			}
			s.judge(p.after, Softly(reports.Warn, patchedTo(p, "nickName", "Null")))
		})

		s.it("add without path appends to multi-valued attributes", ID("patch.add-pathless-multi"), Requires("7644-3.5.2.1-02", "7644-3.5.2.1-05"), Explain{
			Why: "The values that were there are lost although the client asked to add one.",
			Fix: "Use the rules of add for each member of value, not those of replace.",
		}, func() {
			p := all()
			s.patched(p, hasMails(work), mailsKept(p, home))
		})

		s.it("a dotted key in the value of an operation without path is applied as a path or refused", ID("patch.add-pathless-dotted"), Requires("7644-3.5.2.1-02"), Explain{
			Why: "Entra sends keys such as name.givenName; stored under that literal name they end up where no one reads them.",
			Fix: "Read such keys as attribute paths, or answer 400.",
		}, func() {
			s.settable("name.middleName")
			p := c.step(op("add", nil, object{"name.middleName": "Dotted"}))
			if ClientError(p.x) == nil {
				s.observe("A12", "dotted keys in a value without path", "refused")
				s.judge(p.x, ClientError)
				return
			}
			s.patched(p, func(x *reports.Exchange) error {
				if v, ok := x.Object()["name.middleName"]; ok {
					return wrong(`an attribute called "name.middleName"`, nil, v)
				}
				return soften(reports.Warn, patchedTo(p, "name.middleName", "Dotted")(x))
			})
			s.observe("A12", "dotted keys in a value without path", fmt.Sprint("answered ", p.x.Status))
		})
	})
}
