package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchPrimaries: one value at most is primary (RFC 7644 §3.5.2, ambiguity A43).
func (s *session) patchPrimaries() {
	s.about("PATCH that makes a value primary", func() {
		var c *patchChain
		var work, home, fresh string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "emails.primary")
			work, home, fresh = s.patchMail("work"), s.patchMail("home"), s.patchMail("fresh")
			first := mail("work", work)
			first["primary"] = true
			c = s.patchChain("primary", s.patchMails(first, mail("home", home)))
			c.wants(hasMails(work, home), mailHas(work, "primary", true), notPrimary(home))
		})
		selected := patchOnce(func() *patchStep {
			return c.step(op("replace", `emails[type eq "home"].primary`, true))
		})

		s.it("PATCH can make another value primary", ID("patch.primary-set"), Requires("7644-3.5.2.3-07"), Explain{
			Why: "Mail goes on to the old address.",
			Fix: "Store primary true in the value that the path selects.",
		}, func() {
			s.patched(selected(), mailHas(home, "primary", true))
		})

		s.it("making a value primary takes primary away from the others", ID("patch.primary-moves"), Requires("7644-3.5.2-16", "7643-2.4-02"), Explain{
			Why: "With two primary addresses every client picks another one.",
			Fix: "When an operation sets primary to true, set it to false in all other values.",
		}, func() {
			s.patched(selected(), notPrimary(work))
		})

		s.it("making the first value primary takes primary away from those behind it", ID("patch.primary-back"), Requires("7644-3.5.2-16", "7643-2.4-02"), Explain{
			Why: "With two primary addresses every client picks another one.",
			Fix: "Look at all values when an operation sets primary to true, also where the first one wins.",
		}, func() {
			if mailAt(selected().after, home)["primary"] != true {
				s.block("patch.primary-set", "no value behind the first one could be made primary")
			}
			s.patched(c.step(op("replace", `emails[type eq "work"].primary`, true)), mailHas(work, "primary", true), notPrimary(home))
		})

		s.it("adding a primary value takes primary away from the others", ID("patch.primary-add"), Requires("7644-3.5.2-16", "7643-2.4-02"), Explain{
			Why: "With two primary addresses every client picks another one.",
			Fix: "Apply the rule on primary to values that are added as well as to those that are changed.",
		}, func() {
			value := mail("other", fresh)
			value["primary"] = true
			s.patched(c.step(op("add", "emails", []any{value})), mailHas(fresh, "primary", true), notPrimary(work, home))

			// Without a path the rule is the same.
			one, two := s.patchMail("one"), s.patchMail("two")
			first, second := mail("work", one), mail("home", two)
			first["primary"], second["primary"] = true, true
			other := s.patchChain("primary-pathless", s.patchMails(first))
			if p := other.step(op("add", nil, object{"emails": []any{second}})); p.x.Success() && mailAt(p.after, two) != nil {
				s.patched(p, mailHas(two, "primary", true), notPrimary(one))
			}
		})

		s.it("a path that selects two values does not make both primary", ID("patch.primary-selected"), Requires("7643-2.4-02"), Explain{
			Why: "With two primary addresses every client picks another one.",
			Fix: "Count the primary values after the operation; answer 400 invalidValue, or keep one.",
		}, func() {
			p := c.step(op("replace", `emails[type eq "work" or type eq "home"].primary`, true))
			s.see(p.x)
			s.judge(p.after, func(x *reports.Exchange) error {
				n := 0
				for _, e := range scim.Objects(x.Object(), "emails") {
					if e["primary"] == true {
						n++
					}
				}
				if n > 1 {
					return wrong("number of primary emails", text("at most 1"), n)
				}
				return nil
			})
		})

		s.it("an operation with two primary values does not store both as primary", ID("patch.primary-two"), Requires("7643-2.4-02"), Explain{
			Why: "With two primary addresses every client picks another one.",
			Fix: "Answer 400 invalidValue, or keep primary for one of them.",
		}, func() {
			first, second := s.patchMail("a"), s.patchMail("b")
			a, b := mail("work", first), mail("home", second)
			a["primary"], b["primary"] = true, true
			p := c.step(op("replace", "emails", []any{a, b}))
			if p.x.Success() {
				s.observe("A43", "PATCH with two primary values", "corrected")
			} else {
				s.observe("A43", "PATCH with two primary values", "refused")
			}
			s.see(p.x)
			s.judge(p.after, func(x *reports.Exchange) error {
				if mailAt(x, first)["primary"] == true && mailAt(x, second)["primary"] == true {
					return wrong("number of primary emails", text("at most 1"), 2)
				}
				return nil
			})
		})
	})
}

// notPrimary wants the emails with these addresses not to be primary; no longer saying so is as good as false.
func notPrimary(addresses ...string) Check {
	return func(x *reports.Exchange) error {
		for _, a := range addresses {
			if mailAt(x, a)["primary"] == true {
				return wrong("primary of the value "+a, false, true)
			}
		}
		return nil
	}
}
