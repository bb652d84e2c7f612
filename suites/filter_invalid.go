package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterInvalid: filters that break the grammar or name what does not exist.
func (s *session) filterInvalid() {
	s.about("Invalid filters", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })
		ada := func() string { return crowdEq("userName", p.name("ada")) }

		s.it("an unknown operator is refused with 400 invalidFilter and no results", ID("filter.unknown-operator"), Requires("7644-3.4.2.2-35", "7644-3.12-17"), Explain{
			Why: "A server that guesses the operator answers another question than it was asked.",
			Fix: "Answer 400 with scimType invalidFilter and name the operator in detail.",
		}, func() {
			s.judge(p.ask("User", "userName regex "+scim.Quote(p.name("ada")), "count", "5").first(), Refused("400", scim.InvalidFilter))
		})

		for _, c := range []struct {
			id, title, why string
			filter         func() string
			obvious        []string
		}{
			{"unbalanced", "a round bracket that is never closed is refused", "a truncated filter", func() string { return "(" + ada() }, []string{"ada"}},
			{"unbalanced-square", "a square bracket that is never closed is refused", "a truncated filter", func() string { return "emails[" + crowdEq("value", p.mail("e1")) }, []string{"ada"}},
			{"unterminated-string", "a string without closing quotation mark is refused", "a filter whose value was not escaped", func() string { return strings.TrimSuffix(ada(), `"`) }, []string{"ada"}},
			{"missing-value", "an operator without value is refused", "a variable that was empty", func() string { return "userName eq" }, nil},
			{"missing-operator", "an attribute without operator is refused", "a mistyped filter", func() string { return "userName" }, nil},
			{"missing-attribute", "an operator without attribute is refused", "a variable that was empty", func() string { return "eq " + scim.Quote(p.name("ada")) }, []string{"ada"}},
			{"trailing-operator", "an and without right side is refused", "a condition that got lost", func() string { return ada() + " and" }, []string{"ada"}},
			{"unknown-logic", "a word that is neither and nor or between two conditions is refused", "a mistyped and or or", func() string { return ada() + " xor " + crowdEq("userName", p.name("bea")) }, []string{"ada", "bea"}},
			{"trailing-text", "text behind a complete expression is refused", "a condition that was written wrongly", func() string { return ada() + " bogus" }, []string{"ada"}},
			{"empty-brackets", "square brackets without content are refused", "a condition that got lost", func() string { return "emails[]" }, nil},
			{"name-before-brackets", "a name before square brackets that no attribute can have is refused", "a mistyped filter", func() string { return "emails![" + crowdEq("value", p.mail("e1")) + "]" }, []string{"ada"}},
			{"unquoted-string", "a string without quotation marks is refused", "a client that forgot to quote", func() string { return "userName eq " + p.name("ada") }, []string{"ada"}},
			{"single-quotes", "a string in single quotation marks is refused", "a client that quotes as in SQL", func() string { return "userName eq '" + p.name("ada") + "'" }, []string{"ada"}},
		} {
			s.it(c.title+" with 400 invalidFilter", ID("filter."+c.id), Requires("7644-3.4.2.2-27", "7644-3.4.2.2-06", "7644-3.12-17"), Explain{
				Why: "What arrives is " + c.why + "; a server that makes something of it selects other records than the client meant.",
				Fix: "Parse the whole filter by the grammar of RFC 7644 Figure 1, and answer 400 invalidFilter to anything else.",
			}, func() { p.declines(c.filter(), c.obvious...) })
		}

		s.it("an empty filter is refused rather than taken for everybody", ID("filter.empty"), Requires("7644-3.4.2.2-06", "7644-3.12-17"), Explain{
			Why: "A client whose condition came out empty gets the whole directory, and may act on it.",
			Fix: "Tell an empty filter parameter from an absent one, and answer 400 invalidFilter.",
		}, func() {
			a := p.ask("User", "", "count", "5")
			err := a.declined()
			if a.first().Status == 200 {
				err = soften(reports.Warn, err)
			}
			s.judgeErr(err, a.first())
		})

		s.it("a filter on an unknown attribute is refused or matches nothing", ID("filter.unknown-attribute"), Requires(onlyMatches), Explain{
			Why: "A misspelt attribute that is dropped turns a look-up into a list of everybody.",
			Fix: "Answer 400 invalidFilter where the schema does not define the attribute.",
		}, func() {
			a := p.ask("User", crowdEq("scimproofUnknown", p.tag), "count", "5")
			p.unknown(a)
		})

		s.it("an unknown attribute beside a known one does not drop out of the condition", ID("filter.unknown-attribute-and"), Requires(onlyMatches, "7644-3.4.2.2-22"), Explain{
			Why: "The client asked for two conditions; obeying only one returns records that it did not ask for.",
			Fix: "Answer 400 invalidFilter, or let the comparison be false for every resource.",
		}, func() {
			p.unknown(p.ask("User", ada()+" and "+crowdEq("scimproofUnknown", p.tag), "count", "5"))
		})
		s.it("an unknown attribute before a known one does not drop out of the condition", ID("filter.unknown-attribute-first"), Requires(onlyMatches, "7644-3.4.2.2-22"), Explain{
			Why: "The client asked for two conditions; obeying only one returns records that it did not ask for.",
			Fix: "Answer 400 invalidFilter, or let the comparison be false for every resource.",
		}, func() {
			p.unknown(p.ask("User", crowdEq("scimproofUnknown", p.tag)+" and "+ada(), "count", "5"))
		})
	})
}

// unknown judges the answer to a filter on an attribute that does not exist (ambiguity A25).
func (p *crowd) unknown(a *crowdAnswer) {
	if a.first().Status == 400 {
		p.s.observe("A25", "a filter on an unknown attribute", "refused")
		p.s.judge(a.first(), Refused("400", scim.InvalidFilter))
		return
	}
	p.s.observe("A25", "a filter on an unknown attribute", "evaluated")
	p.judge(a, true, nil)
}

// filterPasswords: passwords must not be guessable through filters (ambiguity A29).
func (s *session) filterPasswords() {
	s.about("Filters on the password", func() {
		var p *crowd
		var secret string
		s.beforeAll(func() {
			p = s.filterCrowd()
			s.needs("User", "password")
			if p.people["pat"] == nil {
				secret = "Sc1m!" + p.tag
				o := s.minimalUser("pat")
				o["password"] = secret
				r, x := s.create("User", o)
				s.see(x)
				if r == nil {
					s.skip("the target refused a user with a password")
				}
				p.people["pat"] = &crowdMember{r, o, o}
			}
		})
		with := func(condition string) *crowdAnswer {
			return p.ask("User", crowdEq("userName", scim.String(p.people["pat"].Sent, "userName"))+" and "+condition)
		}
		// matchless wants no match; refusing to search passwords is as good.
		matchless := func(a *crowdAnswer) {
			if x := a.first(); x.Status == 400 || x.Status == 403 {
				s.judge(x, ErrorBody)
				return
			}
			p.judge(a, true, nil)
		}

		s.it("a wrong password never matches", ID("filter.password-wrong"), Requires("7643-4.1.1-21", "7643-7-22", onlyMatches), Explain{
			Why: "Clients that check a password by filter would accept any.",
			Fix: "Refuse filters on password with 400 or 403, or compare the hash.",
		}, func() {
			right := with(crowdEq("password", secret))
			s.observe("A29", "password eq the right value", map[bool]string{true: "matches", false: "does not match or is refused"}[len(right.names) > 0])
			matchless(with(crowdEq("password", secret+"x")))
		})

		s.it("parts of a password never match", ID("filter.password-oracle"), Requires("7643-4.1.1-22", onlyMatches), Explain{
			Why: "Whoever may query users can find out every password letter by letter.",
			Fix: "Refuse all operators but eq on password, with 400 invalidFilter.",
		}, func() {
			for _, condition := range []string{"password sw " + scim.Quote(secret[:4]), "password co " + scim.Quote(secret[2:6]), `password gt "A"`} {
				matchless(with(condition))
			}
		})
	})
}
