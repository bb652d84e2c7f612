package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterValues: multi-valued and complex attributes, and value paths (RFC 7644 §3.4.2.2 Table 5).
func (s *session) filterValues() {
	s.about("Filters on multi-valued and complex attributes", func() {
		var p *crowd
		s.beforeAll(func() {
			p = s.filterCrowd()
			p.has("emails.value", "emails.type")
		})

		s.it("one matching value of several is enough", ID("filter.multi-valued"), Requires("7644-3.4.2.2-31", onlyMatches, allMatches), Explain{
			Why: "Users are looked up by any of their addresses; if only one is compared, a second account is made.",
			Fix: "Compare every value of a multi-valued attribute.",
		}, func() { p.finds(crowdEq("emails.value", p.mail("e0")), "bea") })

		s.it("conditions outside square brackets may be met by different values", ID("filter.multi-valued-independent"), Requires("7644-3.4.2.2-31", "7644-3.4.2.2-25", allMatches), Explain{
			Why: "Without brackets each condition stands for itself; joining them on one value loses records.",
			Fix: "Evaluate each attribute expression over all values; only square brackets tie conditions to one value.",
		}, func() { p.finds(`emails.type eq "work" and `+crowdEq("emails.value", p.mail("e9")), "ada") })

		s.it("a multi-valued attribute named without sub-attribute is matched by value, or refused", ID("filter.short-form"), Requires("7644-3.4.2.2-32", onlyMatches), Explain{
			Why: "The RFC's own examples write emails co; a server that then finds nobody tells the client that the user does not exist.",
			Fix: "Read emails as emails.value, or answer 400 invalidFilter.",
		}, func() {
			a := p.ask("User", "emails co "+scim.Quote(p.mail("e5")))
			switch {
			case a.first().Status == 400:
				s.observe("A22", "emails co without sub-attribute", "refused")
				s.judge(a.first(), Refused("400", scim.InvalidFilter))
			case a.first().Status == 200 && len(a.names) == 0:
				s.observe("A22", "emails co without sub-attribute", "matches nothing")
				s.judgeErr(soften(reports.Warn, broken("the short form finds nothing, without an error")), a.xs...)
			default:
				s.observe("A22", "emails co without sub-attribute", "matches by value")
				p.judge(a, true, []string{"bea"})
			}
		})

		s.it("a complex attribute cannot be compared as a whole", ID("filter.complex-whole"), Requires("7644-3.4.2.2-32", "7644-3.12-17"), Explain{
			Why: "The client has left out the sub-attribute; an empty answer makes it believe that nobody matches.",
			Fix: "Answer 400 invalidFilter where a sub-attribute has to be named.",
		}, func() {
			s.needs("User", "name.familyName")
			p.declines(crowdEq("name", p.tag+" nobody"))
		})
	})

	s.about("Value paths in filters", func() {
		var p *crowd
		s.beforeAll(func() {
			p = s.filterCrowd()
			p.has("emails.value", "emails.type")
		})

		s.it("a value path finds the resource one of whose values meets all conditions", ID("filter.value-path"), Requires("7644-3.4.2.2-24", onlyMatches, allMatches), Explain{
			Why: "It is how Entra asks for the work address; a wrong match links two people.",
			Fix: "Evaluate the bracketed filter on each value, or answer 400 invalidFilter to square brackets.",
		}, func() {
			a := p.ask("User", `emails[type eq "home" and `+crowdEq("value", p.mail("e0"))+"]")
			s.observe("A21", "filters with square brackets", map[bool]string{true: "refused", false: "supported"}[a.first().Status == 400])
			p.judge(a, true, []string{"bea"})
		})

		s.it("in square brackets all conditions must be met by one and the same value", ID("filter.value-path-same-value"), Requires("7644-3.4.2.2-25", onlyMatches), Explain{
			Why: "Somebody else's private address would be taken for the work address that was asked for.",
			Fix: "Bind the whole bracketed expression to one value at a time.",
		}, func() { p.finds(`emails[type eq "work" and ` + crowdEq("value", p.mail("e9")) + "]") })

		s.it("and, or and not work inside square brackets", ID("filter.value-path-logic"), Requires("7644-3.4.2.2-25", "7644-3.4.2.2-24", onlyMatches, allMatches), Explain{
			Why: "Conditions that are dropped inside the brackets widen the result.",
			Fix: "Use the same parser inside square brackets as outside.",
		}, func() {
			p.finds("emails["+crowdEq("value", p.mail("e9"))+` and (type eq "work" or type eq "home")]`, "ada")
			p.finds("emails[" + crowdEq("value", p.mail("e9")) + ` and not (type eq "home")]`)
		})

		s.it("a sub-attribute behind the square bracket is one more condition, or refused", ID("filter.value-path-trailing"), Requires("7644-3.4.2.2-24", onlyMatches), Explain{
			Why: "Entra writes its matching filters so; if the part behind the bracket is dropped, everybody with a work address matches.",
			Fix: "Read emails[type eq \"work\"].value eq \"x\" as emails[type eq \"work\" and value eq \"x\"].",
		}, func() {
			p.finds(`emails[type eq "work"].value eq `+scim.Quote(p.mail("e1")), "ada")
			p.finds(`emails[type eq "work"].value eq ` + scim.Quote(p.mail("e9")))
		})

		s.it("a value path is a condition like any other", ID("filter.value-path-and"), Requires("7644-3.4.2.2-22", "7644-3.4.2.2-24", onlyMatches, allMatches), Explain{
			Why: "What stands behind the closing bracket narrows the search; if it is dropped, too many match.",
			Fix: "Go on parsing behind the closing bracket.",
		}, func() {
			p.finds("emails["+crowdEq("value", p.mail("e1"))+"] and "+crowdEq("userName", p.name("ada")), "ada")
			p.finds("emails[" + crowdEq("value", p.mail("e1")) + "] and " + crowdEq("userName", p.name("bea")))
		})

		s.it("a filter may hold several value paths", ID("filter.value-path-two"), Requires("7644-3.4.2.2-22", "7644-3.4.2.2-24", onlyMatches, allMatches), Explain{
			Why: "Who is looked up by mail address and phone number is not found, or everybody is who has one of them.",
			Fix: "Go on parsing behind the closing bracket as before the opening one.",
		}, func() {
			one := "emails[" + crowdEq("value", p.mail("e1")) + "]"
			p.findsLike(one, one+" or emails["+crowdEq("value", p.mail("e5"))+"]", "ada", "bea")
			p.findsLike(one, one+` and emails[type eq "home" and `+crowdEq("value", p.mail("e9"))+"]", "ada")
			p.findsLike(one, one+` and emails[type eq "home" and `+crowdEq("value", p.mail("e0"))+"]")
		})

		s.it("names inside square brackets are sub-attributes of the parent", ID("filter.value-path-foreign"), Requires("7644-3.4.2.2-26"), Explain{
			Why: "A misspelt sub-attribute that quietly means something else hides the client's bug.",
			Fix: "Resolve names in brackets against the parent's sub-attributes, and answer 400 invalidFilter to others.",
		}, func() {
			p.declines("emails["+crowdEq("userName", p.name("ada"))+"]", "ada")
			p.declines("emails["+crowdEq("value.scimproofUnknown", p.mail("e1"))+"]", "ada")
		})
	})
}
