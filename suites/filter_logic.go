package suites

import (
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterPresence: pr (RFC 7644 §3.4.2.2 Table 3).
func (s *session) filterPresence() {
	s.about("The operator pr", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })
		explain := Explain{
			Why: "Data-quality reports ask who has a value and who has none; with a wrong pr both lists are wrong.",
			Fix: "Let pr match where there is at least one non-empty value, and nowhere else.",
		}

		s.it("pr finds the resources that have a value for a simple attribute", ID("filter.pr-simple"), Requires("7644-3.4.2.2-13", onlyMatches, allMatches), explain, func() {
			p.hasAndLacks("nickName")
			p.finds(p.teamWith("nickName pr"), "ada", "cyd", "eve")
		})

		s.it("pr does not find a value that is empty", ID("filter.pr-empty"), Requires("7644-3.4.2.2-13", onlyMatches), explain, func() {
			s.settable("nickName")
			u, x := s.create("User", s.user("empty", set("nickName", "")))
			if u == nil {
				s.see(x)
				s.skip("the target refuses an empty nickName (status %d)", x.Status)
			}
			if now := s.readBack(u).Object()["nickName"]; scim.Assigned(now) && now != "" {
				s.skip("the target gives a nickName to those who have none")
			}
			own := crowdEq("userName", scim.String(u.Sent, "userName"))
			found := s.get(u.typ.Endpoint, "filter", own)
			s.filtered(found)
			if item(found, u) == nil {
				s.see(found)
				s.block("filter.eq-username", "the user is not found by userName")
			}
			x = s.get(u.typ.Endpoint, "filter", own+" and nickName pr")
			s.filtered(x)
			// A warning only: "non-empty or non-null", as the table has it, an empty text is not null.
			s.judge(x, Status(200), Softly(reports.Warn, without(u)))
		})

		s.it("pr on a complex attribute finds those with any sub-attribute", ID("filter.pr-complex"), Requires("7644-3.4.2.2-13", onlyMatches, allMatches), explain, func() {
			p.has("name.familyName")
			p.finds(p.teamWith("name pr"), p.where(func(o scim.Object) bool { return scim.Assigned(o["name"]) })...)
		})

		s.it("pr on a multi-valued attribute finds those with at least one value", ID("filter.pr-multi-valued"), Requires("7644-3.4.2.2-13", onlyMatches, allMatches), explain, func() {
			p.has("emails")
			p.finds(p.teamWith("emails pr"), p.where(func(o scim.Object) bool { return scim.Assigned(o["emails"]) })...)
		})

		s.it("pr on a sub-attribute asks for that sub-attribute and not for its parent", ID("filter.pr-sub-attribute"), Requires("7644-3.4.2.2-13", onlyMatches, allMatches), explain, func() {
			p.hasAndLacks("name.middleName")
			p.finds(p.teamWith("name.middleName pr"), "ada")
		})
	})
}

// filterLogic: and, or, not, grouping and precedence (RFC 7644 §3.4.2.2 Tables 4 and 5).
func (s *session) filterLogic() {
	s.about("Logical operators in filters", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })
		user := func(who string) string { return crowdEq("userName", p.name(who)) }
		nobody := func() string { return crowdEq("title", p.tag+" nobody") }

		s.it("and finds only those for whom both sides hold", ID("filter.and"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "Entra joins its matching attributes with and; if one side is dropped, accounts of other people match.",
			Fix: "Evaluate both sides for every resource.",
		}, func() {
			p.has("title")
			p.finds(crowdEq("title", p.mark())+" and "+user("ada"), "ada")
			if p.people["zoe"] != nil {
				p.finds(crowdEq("title", p.mark()) + " and " + user("zoe"))
			}
		})

		s.it("or finds those for whom either side holds", ID("filter.or"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "Clients fetch several records with one or; who stands on a dropped side seems not to exist.",
			Fix: "Return the union of both sides, also where they name different attributes.",
		}, func() {
			p.has("externalId")
			p.finds(user("ada")+" or "+crowdEq("externalId", p.tag+"-A"), "ada", "bea")
		})

		s.it("not finds those for whom the expression is false", ID("filter.not"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "An exclusion that is dropped returns exactly those who were to be left out.",
			Fix: "Negate the whole bracketed expression behind not.",
		}, func() {
			a := p.ask("User", p.teamWith("not ("+user("ada")+")"))
			if a.first().Status == 400 {
				s.judgeErr(soften(reports.Warn, broken("not followed by a blank is refused, although the examples of the RFC are written so (A20)")), a.first())
				return
			}
			p.judge(a, true, []string{"bea", "cyd", "dan", "eve"})
		})

		s.it("not can be written without a blank before the bracket", ID("filter.not-without-blank"), Requires("7644-3.4.2.2-27", onlyMatches), Explain{
			Why: "The grammar has no blank there, so libraries that generate filters leave it out.",
			Fix: "Accept not( as well as not (.",
		}, func() { p.finds(p.teamWith("not("+user("ada")+")"), "bea", "cyd", "dan", "eve") })

		s.it("not (attribute pr) finds the resources without a value", ID("filter.not-pr"), Requires("7644-3.4.2.2-13", "7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "It is the only portable way to find incomplete records, since ne and null are not defined for absent values.",
			Fix: "Let pr be false, not unknown, where there is no value.",
		}, func() {
			p.hasAndLacks("nickName")
			p.finds(p.teamWith("not (nickName pr)"), "bea", "dan")
		})

		s.it("not (attribute eq value) finds those with another value, and those without", ID("filter.not-absent"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "With the three-valued logic of SQL, records without the attribute are neither in a list nor in its complement.",
			Fix: "Let a comparison with an absent attribute be false, so that not makes it true.",
		}, func() {
			p.hasAndLacks("nickName")
			a := p.ask("User", p.teamWith("not ("+crowdEq("nickName", p.tag+"-b")+")"))
			p.judge(a, true, []string{"cyd", "eve"}, "bea", "dan")
			if a.first().Status == 200 && !(slices.Contains(a.names, "bea") && slices.Contains(a.names, "dan")) {
				s.judgeErr(soften(reports.Warn, broken("records without the attribute are neither found by eq nor by its negation (A23)")), a.xs...)
			}
		})

		s.it("and binds tighter than or", ID("filter.precedence-and-or"), Requires("7644-3.4.2.2-30", onlyMatches, allMatches), Explain{
			Why: "Evaluated from left to right, a or b and c returns other people than the client asked for.",
			Fix: "Parse and with a higher precedence than or.",
		}, func() {
			p.has("title")
			p.finds(user("ada")+" or "+user("bea")+" and "+nobody(), "ada")
			p.finds(nobody()+" and "+user("bea")+" or "+user("ada"), "ada")
		})

		s.it("not binds tighter than and", ID("filter.precedence-not"), Requires("7644-3.4.2.2-30", onlyMatches, allMatches), Explain{
			Why: "A not that reaches too far turns one excluded record into the whole directory.",
			Fix: "Let not negate the bracket behind it and nothing more.",
		}, func() { p.finds("not ("+user("bea")+") and "+user("ada"), "ada") })

		s.it("round brackets change the order of evaluation", ID("filter.grouping"), Requires("7644-3.4.2.2-23", "7644-3.4.2.2-30", onlyMatches, allMatches), Explain{
			Why: "Clients bracket because they mean it; dropped brackets return records that were excluded.",
			Fix: "Evaluate bracketed expressions first.",
		}, func() {
			p.has("title")
			p.finds("(" + user("ada") + " or " + user("bea") + ") and " + nobody())
			p.finds("("+user("ada")+" or "+user("bea")+") and "+crowdEq("title", p.mark()), "ada", "bea")
		})

		s.it("brackets may be nested", ID("filter.grouping-nested"), Requires("7644-3.4.2.2-23", onlyMatches, allMatches), Explain{
			Why: "Generated filters often carry a bracket around each part.",
			Fix: "Parse filters recursively instead of with a regular expression.",
		}, func() {
			p.has("title")
			p.finds("(("+user("ada")+") or ("+crowdEq("title", p.mark())+" and (("+user("bea")+") or "+nobody()+")))", "ada", "bea")
			p.finds("((((("+user("ada")+")) or "+nobody()+")))", "ada")
		})

		s.it("and, or and not are understood in any letter case", ID("filter.logic-case"), Requires("7643-2.1-04", onlyMatches, allMatches), Explain{
			Why: "Clients written after SQL habits send AND and OR.",
			Fix: "Compare keywords without regard to letter case, as ABNF literals are.",
		}, func() {
			a := p.ask("User", user("ada")+" OR "+user("bea")+" AND NOT ("+user("bea")+")")
			p.s.judgeErr(soften(reports.Warn, a.exactly(false, []string{"ada"})), a.xs...)
		})
	})
}
