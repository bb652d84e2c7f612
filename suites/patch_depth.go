package suites

import (
	"fmt"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchDepth: the same rules where a value lies deeper, or is named in a less common way (RFC 7644 §3.5.2).
func (s *session) patchDepth() {
	s.patchNulls()
	s.patchWrongDeep()
	s.patchUnknownInValue()
	s.patchBrackets()
	s.patchAddsRecords()
	s.patchPrimaryElsewhere()
	s.patchRemovesListed()
}

// patchNulls: null is no value wherever it stands (RFC 7643 §2.5, ambiguity A17).
func (s *session) patchNulls() {
	s.about("PATCH replace with null below the top level", func() {
		var c *patchChain
		var work, home string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			work, home = s.patchMail("work"), s.patchMail("home")
			first, second := mail("work", work), mail("home", home)
			first["display"], second["display"] = "Desk", "Den"
			c = s.patchChain("nulls", s.patchMails(first, second))
			c.wants(hasMails(work, home))
		})
		cleared := func(p *patchStep, checks ...Check) {
			if ClientError(p.x) == nil {
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.patched(p, checks...)
		}
		null := func(path string) scim.Object { return object{"op": "replace", "path": path, "value": nil} }
		why := Explain{
			Why: "What was deleted in the source, often for privacy, stays in the target.",
			Fix: "Treat null as the removal of the value, whatever the path leads to.",
		}

		s.it("replace of a sub-attribute with null makes it unassigned", ID("patch.null-sub"), Requires("7643-2.5-02"), why, func() {
			s.settable("name.familyName")
			s.removable("name.givenName")
			c.wants(Assigned("name.givenName"), Assigned("name.familyName"))
			p := c.step(null("name.givenName"))
			cleared(p, Unassigned("name.givenName"), patchKept(p, "name.familyName"))
		})

		s.it("replace of a part of a selected value with null makes it unassigned", ID("patch.null-selected"), Requires("7643-2.5-02", "7644-3.5.2.3-07"), why, func() {
			s.labels()
			c.wants(mailHas(work, "display", "Desk"), mailHas(home, "display", "Den"))
			p := c.step(null(`emails[type eq "work"].display`))
			cleared(p, mailHas(work, "display", nil), mailsKept(p, home))
		})

		s.it("null for an extension in a value without path takes the extension away", ID("patch.null-extension"), Requires("7643-2.5-02", "7644-3.5.2.3-01"), why, func() {
			const department = scim.EnterpriseURN + ":department"
			s.removable(department)
			c := s.patchChain("null-extension", enterprise(object{"department": "Tours"}))
			c.wants(Assigned(department))
			p := c.step(op("replace", nil, object{scim.EnterpriseURN: nil}))
			cleared(p, Softly(reports.Warn, Unassigned(department))) // no statement says that an extension is like an attribute
		})
	})
}

// patchWrongDeep: values of the wrong type that are not the value of an operation with a plain path (RFC 7643 §2.3).
func (s *session) patchWrongDeep() {
	s.about("PATCH with a wrong type below the top level", func() {
		var c *patchChain
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type")
			c = s.patchChain("wrong-deep", s.patchMails(mail("work", s.patchMail("work"))))
		})
		wrongValue := object{"formatted": "x"}
		for _, k := range []struct {
			id, title, attr string
			op              scim.Object
		}{
			{"patch.type-sub", "an object as the value of a sub-attribute is refused in PATCH", "name.familyName", op("replace", "name.familyName", wrongValue)},
			{"patch.type-selected", "an object as a part of a selected value is refused in PATCH", "emails", op("replace", `emails[type eq "work"].value`, wrongValue)},
			{"patch.type-record", "a number in place of a selected value is refused in PATCH", "emails", op("replace", `emails[type eq "work"]`, 42)},
			{"patch.type-created", "an object as a part of a value that add would create is refused in PATCH", "emails", op("add", `emails[type eq "other"].value`, wrongValue)},
			{"patch.type-pathless", "an object in place of a string is refused in an operation without path", "title", op("replace", nil, object{"title": wrongValue})},
			{"patch.type-extension", "an object in place of a string is refused in an extension's object", scim.EnterpriseURN + ":department", op("replace", nil, object{scim.EnterpriseURN: object{"department": wrongValue}})},
			{"patch.type-container", "a string in place of an extension's object is refused in PATCH", scim.EnterpriseURN + ":department", op("replace", nil, object{scim.EnterpriseURN: "x"})},
		} {
			s.it(k.title, ID(k.id), Requires("7643-2.3-02", "7644-3.12-24"), Explain{
				Why: "A value of the wrong type that is stored breaks every typed client; one that is dropped is taken for stored.",
				Fix: "Check values by their attribute's type wherever they stand in an operation; answer 400 invalidValue.",
			}, func() {
				s.settable(k.attr)
				s.judge(c.probe(patchBody(k.op)), patchRefused(scim.InvalidValue, scim.InvalidSyntax, scim.NoTarget))
			})
		}
	})
}

// patchUnknownInValue: names inside of a value that no schema defines. They may be ignored or refused, as in POST.
func (s *session) patchUnknownInValue() {
	s.about("PATCH with unknown names in a value", func() {
		const odd = "aScimproofNoSuchAttribute" // before all others, for servers that go through names in their order
		var c *patchChain
		s.beforeAll(func() {
			s.settable("title")
			c = s.patchChain("unknown-names")
		})
		for _, k := range []struct {
			id, where, attr string
			path            any
			value           func(text string) object
		}{
			{"patch.unknown-pathless", "the value of an operation without path", "title", nil, func(v string) object {
				return object{"title": v, odd: "x"}
			}},
			{"patch.unknown-dotted", "a dotted key of a value without path", "title", nil, func(v string) object {
				return object{"title": v, "name." + odd: "x"}
			}},
			{"patch.unknown-part", "a complex value", "name.familyName", "name", func(v string) object {
				return object{"familyName": v, odd: "x"}
			}},
			{"patch.unknown-extension", "an extension's object", scim.EnterpriseURN + ":department", nil, func(v string) object {
				return object{scim.EnterpriseURN: object{"department": v, odd: "x"}}
			}},
		} {
			s.it("an unknown name in "+k.where+" is ignored or refused", ID(k.id), Requires("7644-3.3-11"), Explain{
				Why: "Mappings outlive schemas; a crash over one name keeps everything else of the user from arriving.",
				Fix: "Ignore what no schema defines, or answer 400; never store it, and never drop what stands beside it.",
			}, func() {
				s.settable(k.attr)
				beside := "Beside " + k.id
				p := c.step(op("replace", k.path, k.value(beside)))
				s.see(p.x)
				if !p.x.Success() {
					s.judge(p.x, ClientError)
					return
				}
				s.judge(p.after, Softly(reports.Warn, patchedTo(p, k.attr, beside)))
			})
		}
	})
}

// patchBrackets: brackets where there are no values to select from. The grammar allows them, and no schema gives them a
// meaning, so that they may be refused or understood.
func (s *session) patchBrackets() {
	s.about("PATCH with brackets behind a single value", func() {
		s.it("brackets behind a single value are refused or understood", ID("patch.path-brackets"), Requires("7644-3.5.2-07", "7644-3.12-22"), Explain{
			Why: "A crash over a slip in a mapping looks like an outage, and the request is sent again and again.",
			Fix: "Answer 400 invalidPath where brackets stand behind what has not several values.",
		}, func() {
			s.settable("title", "name.familyName")
			c := s.patchChain("brackets")
			for _, path := range []string{`title[value eq "x"]`, `name.familyName[value eq "x"]`} {
				p := c.step(op("replace", path, "Bracketed"))
				s.judge(p.x, NotServerError)
				s.judge(p.after, c.othersKept(p, "title", "name", "displayName"))
			}
		})
	})
}

// patchAddsRecords: add whose path selects values and names none of their parts (RFC 7644 §3.5.2.1, ambiguity A10).
func (s *session) patchAddsRecords() {
	s.about("PATCH add with a value path and no sub-attribute", func() {
		var c *patchChain
		var work, home, fresh string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "emails.display")
			work, home, fresh = s.patchMail("work"), s.patchMail("home"), s.patchMail("fresh")
			c = s.patchChain("add-record", s.patchMails(mail("work", work), mail("home", home)))
			c.wants(hasMails(work, home))
		})

		s.it("add with a value path and no sub-attribute sets the parts in value, or is refused", ID("patch.add-record"), Requires("7644-3.5.2.1-10", "7644-3.5.2.1-04"), Explain{
			Why: "A label that the client was told is stored is not there, or has cost somebody another address.",
			Fix: "Add the sub-attributes in value to every value that the filter selects, or answer 400.",
		}, func() {
			p := c.step(op("add", `emails[type eq "work"]`, object{"display": "Desk"}))
			s.see(p.x)
			if !p.x.Success() {
				s.judge(p.x, ClientError, Softly(reports.Warn, Status(200, 204)))
				s.judge(p.after, mailsKept(p, work, home))
				return
			}
			s.judge(p.after, Softly(reports.Warn, mailHas(work, "display", "Desk")), mailsKept(p, home))
		})

		none := patchOnce(func() *patchStep {
			value := mail("other", fresh)
			delete(value, "type")
			return c.step(op("add", `emails[type eq "other"]`, value))
		})
		s.it("add with a value path and no sub-attribute that matches nothing makes a value or is refused", ID("patch.add-record-none"), Requires("7644-3.5.2.1-09"), Explain{
			Why: "A success that stores nothing is never noticed.",
			Fix: "Create a value that satisfies the filter and has the given parts, or answer 400 noTarget.",
		}, func() {
			p := none()
			s.see(p.x)
			if !p.x.Success() {
				s.judge(p.x, ClientError)
				return
			}
			s.judge(p.after, Softly(reports.Warn, hasMails(fresh)), mailsKept(p, home))
		})

		s.it("add with a filter that describes no value makes one with the given part, or is refused", ID("patch.add-inexact"), Requires("7644-3.5.2.1-09", "7644-3.12-08"), Explain{
			Why: "What to create follows from eq alone; a server that takes the filter apart without looking crashes on any other.",
			Fix: "Answer 400 noTarget where the filter matches nothing and does not say what a new value looks like.",
		}, func() {
			s.settable("emails.type")
			vague := s.patchMail("vague")
			p := c.step(op("add", `emails[type sw "no-such"].value`, vague))
			s.see(p.x)
			if !p.x.Success() {
				s.judge(p.x, ClientError)
				s.judge(p.after, mailsKept(p, home))
				return
			}
			s.judge(p.after, Softly(reports.Warn, hasMails(vague)), mailsKept(p, home))
		})
	})
}

// patchPrimaryElsewhere: one value at most is primary after operations that name primary only among other parts.
func (s *session) patchPrimaryElsewhere() {
	s.about("PATCH that makes a value primary along with other parts", func() {
		var c *patchChain
		var work, home string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "emails.primary")
			work, home = s.patchMail("work"), s.patchMail("home")
			first := mail("work", work)
			first["primary"] = true
			c = s.patchChain("primary-parts", s.patchMails(first, mail("home", home)))
			c.wants(hasMails(work, home), mailHas(work, "primary", true), notPrimary(home))
		})
		primary := func(kind, value string) object { return object{"type": kind, "value": value, "primary": true} }
		one := func(p *patchStep) {
			s.see(p.x)
			s.judge(p.after, func(x *reports.Exchange) error {
				var list []string
				for _, e := range scim.Objects(x.Object(), "emails") {
					if e["primary"] == true {
						list = append(list, scim.String(e, "value"))
					}
				}
				if len(list) > 1 {
					return wrong("primary emails", text("at most 1"), list)
				}
				return nil
			})
		}
		why := Explain{
			Why: "With two primary addresses every client picks another one.",
			Fix: "Look at primary after every operation, however the value that has it came about; keep it for one value.",
		}

		s.it("adding a value that is there already as the primary one leaves one primary value", ID("patch.primary-again"), Requires("7643-2.4-02", "7644-3.5.2-16"), why, func() {
			one(c.step(op("add", "emails", []any{primary("home", home)})))
		})
		s.it("replacing a value by a primary one leaves one primary value", ID("patch.primary-record"), Requires("7643-2.4-02", "7644-3.5.2-16"), why, func() {
			for _, e := range [][2]string{{"work", work}, {"home", home}} { // whichever is primary now, the other takes over
				one(c.step(op("replace", fmt.Sprintf("emails[type eq %q]", e[0]), primary(e[0], e[1]))))
			}
		})
		s.it("add of two primary values stores both with one primary at most, or is refused", ID("patch.primary-two-added"), Requires("7643-2.4-02", "7644-3.5.2.1-05"), why, func() {
			first, second := s.patchMail("first"), s.patchMail("second")
			p := c.step(op("add", "emails", []any{primary("other", first), primary("other", second)}))
			one(p)
			if p.x.Success() {
				s.judge(p.after, Softly(reports.Warn, hasMails(first, second)))
				return
			}
			s.judge(p.x, ClientError)
		})
		s.it("a primary value that add with a value path makes is the only primary one", ID("patch.primary-created"), Requires("7643-2.4-02", "7644-3.5.2-16"), why, func() {
			made := s.patchMail("made")
			p := c.step(op("add", `emails[type eq "other"]`, primary("other", made)))
			one(p)
			if p.x.Success() && mailAt(p.after, made) != nil {
				s.judge(p.after, Softly(reports.Warn, func(x *reports.Exchange) error {
					if slices.ContainsFunc(scim.Objects(x.Object(), "emails"), func(e scim.Object) bool { return e["value"] == made && e["primary"] == true }) {
						return nil
					}
					return wrong("primary of the email "+made, true, false)
				}))
			}
		})
	})
}

// patchRemovesListed: remove of a multi-valued attribute with a list of values (ambiguity A07).
func (s *session) patchRemovesListed() {
	s.about("PATCH remove with a list of values", func() {
		s.it("remove with a list of values takes no other values away than those, or all", ID("patch.remove-value"), Requires("7644-3.5.2.2-03"), Explain{
			Why: "The client takes one address away, and another one is gone.",
			Fix: "Remove the values that are listed, comparing all of their parts, or answer 400.",
		}, func() {
			s.settable("emails.value", "emails.type")
			one, two, three := s.patchMail("one"), s.patchMail("two"), s.patchMail("three")
			c := s.patchChain("remove-value", s.patchMails(mail("home", one), mail("home", two), mail("work", three)))
			c.wants(hasMails(one, two, three))
			p := c.step(op("remove", "emails", []any{mail("home", two)}))
			s.see(p.x)
			if !p.x.Success() {
				s.judge(p.x, ClientError)
				s.judge(p.after, mailsKept(p, one, two, three))
				return
			}
			s.judge(p.after, func(x *reports.Exchange) error {
				if len(scim.List(x.Object(), "emails")) == 0 {
					return soften(reports.Warn, broken("all values were removed although the request names one of them; the RFC's text can be read so, but clients mean the listed ones"))
				}
				if err := mailsKept(p, one, three)(x); err != nil {
					return err
				}
				return soften(reports.Warn, lacksMails(two)(x))
			})
		})
	})
}
