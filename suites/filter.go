package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filters: the filter language (RFC 7644 §3.4.2.2).
func (s *session) filters() {
	s.filterAtAll()
	s.filterText()
	s.filterCase()
	s.filterTypes()
	s.filterDates()
	s.filterPresence()
	s.filterLogic()
	s.filterValues()
	s.filterNames()
	s.filterLiterals()
	s.filterInvalid()
	s.filterPasswords()
	s.filterQueries()
	s.filterGroups()
	s.filterNear()
	s.filterDepth()
}

// The statements that every wrong result breaks: no record too many, none too few.
const (
	onlyMatches = "7644-3.4.2.2-02"
	allMatches  = "7644-3.4.2.2-03"
)

// filterAtAll holds for targets without filters too, so it does not ask for the feature.
func (s *session) filterAtAll() {
	s.about("Filters, supported or not", func() {
		var p *crowd
		s.beforeAll(func() { p = s.crowd() })

		s.it("a filter is never ignored: it is obeyed or refused", ID("filter.never-ignored"), Requires("7644-3.4.2.2-01", onlyMatches), Explain{
			Why: "A client that looks somebody up takes the first record of an unfiltered list for the one it wanted, and changes or deletes the wrong account.",
			Fix: "Where filtering is not supported answer 400 or 501 to every request with a filter parameter.",
		}, func() {
			a := p.ask("User", crowdEq("userName", p.name("nobody")), "count", "5")
			x := a.first()
			s.judge(x, func(x *reports.Exchange) error {
				switch {
				case len(a.names) > 0:
					return wrong("records for a filter that nothing matches", text("none"), len(a.names))
				case x.Status == 200:
					return s.counts(0)(x)
				case x.Status == 501:
					return nil
				}
				return ClientError(x)
			})
		})
	})
}

// filterText: the operators on strings.
func (s *session) filterText() {
	s.about("Filter operators on strings", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })

		s.it("userName eq finds exactly the user of that name", ID("filter.eq-username"), Requires("7644-3.4.2.2-08", onlyMatches, allMatches), Explain{
			Why: "Every identity provider looks users up this way before it creates or changes them; Entra and Okta both start each cycle so.",
			Fix: "Compare the whole value of userName with the whole operator value, not a prefix of it.",
		}, func() {
			full := p.name("ada")
			p.mustFind(crowdEq("userName", full), "ada")
			p.mustFind(crowdEq("userName", full[:len(full)-2]))
		})

		s.it("eq on a string finds equal values and not those that merely contain it", ID("filter.eq-string"), Requires("7644-3.4.2.2-08", onlyMatches, allMatches), Explain{
			Why: "A client that matches on displayName links an account to whoever contains the name.",
			Fix: "Implement eq as equality; substring search is what co is for.",
		}, func() {
			p.has("displayName")
			p.finds(crowdEq("displayName", p.core()), "ada")
		})

		s.it("ne leaves out exactly the equal values", ID("filter.ne-string"), Requires("7644-3.4.2.2-09", onlyMatches, allMatches), Explain{
			Why: "Reports such as everybody except the service account would name or miss the wrong people.",
			Fix: "Implement ne on an attribute that has one value as the negation of eq.",
		}, func() { p.finds(p.teamWith("userName ne "+scim.Quote(p.name("ada"))), "bea", "cyd", "dan", "eve") })

		s.it("co finds the value at the start, in the middle and at the end", ID("filter.co"), Requires("7644-3.4.2.2-10", onlyMatches, allMatches), Explain{
			Why: "Search boxes rely on co: whoever has the text in the middle of a value cannot be found.",
			Fix: "Match co anywhere in the attribute's value.",
		}, func() {
			p.has("displayName")
			p.finds("displayName co "+scim.Quote(p.core()), "ada", "bea", "cyd", "dan")
		})

		s.it("sw finds values that start with the operator value, or equal it", ID("filter.sw"), Requires("7644-3.4.2.2-11", onlyMatches, allMatches), Explain{
			Why: "Clients split a large directory by first letters; with a wrong sw, records appear in several parts or in none.",
			Fix: "Match sw at the beginning of the value only, and count equality as a match.",
		}, func() {
			p.has("displayName")
			p.finds("displayName sw "+scim.Quote(p.core()), "ada", "bea")
		})

		s.it("ew finds values that end with the operator value, or equal it", ID("filter.ew"), Requires("7644-3.4.2.2-12", onlyMatches, allMatches), Explain{
			Why: "Filters on a mail domain end with it: a loose match lets in look-alike domains.",
			Fix: "Match ew at the end of the value only, and count equality as a match.",
		}, func() {
			p.has("displayName")
			p.finds("displayName ew "+scim.Quote(p.core()), "ada", "cyd")
		})

		s.it("gt on a string finds greater values, not equal ones", ID("filter.gt-string"), Requires("7644-3.4.2.2-14", onlyMatches, allMatches), Explain{
			Why: "Clients that walk a directory by key (everything after the last one seen) get records twice or miss some.",
			Fix: "Compare strings lexicographically and leave the equal value out.",
		}, func() { p.finds(p.teamWith("userName gt "+scim.Quote(p.name("cyd"))), "dan", "eve") })

		s.it("ge on a string finds greater and equal values", ID("filter.ge-string"), Requires("7644-3.4.2.2-16", onlyMatches, allMatches), Explain{
			Why: "Clients that split a directory into ranges lose the record on the border.",
			Fix: "Compare strings lexicographically and count the equal value.",
		}, func() { p.finds(p.teamWith("userName ge "+scim.Quote(p.name("cyd"))), "cyd", "dan", "eve") })

		s.it("lt on a string finds lesser values, not equal ones", ID("filter.lt-string"), Requires("7644-3.4.2.2-18", onlyMatches, allMatches), Explain{
			Why: "Clients that split a directory into ranges get the record on the border twice.",
			Fix: "Compare strings lexicographically and leave the equal value out.",
		}, func() { p.finds(p.teamWith("userName lt "+scim.Quote(p.name("cyd"))), "ada", "bea") })

		s.it("le on a string finds lesser and equal values", ID("filter.le-string"), Requires("7644-3.4.2.2-20", onlyMatches, allMatches), Explain{
			Why: "Clients that split a directory into ranges lose the record on the border.",
			Fix: "Compare strings lexicographically and count the equal value.",
		}, func() { p.finds(p.teamWith("userName le "+scim.Quote(p.name("cyd"))), "ada", "bea", "cyd") })

		s.it("an attribute without value is not less than anything", ID("filter.order-absent"), Requires("7644-3.4.2.2-18", "7643-2.5-04", onlyMatches), Explain{
			Why: "Records that lack the attribute turn up in every range.",
			Fix: "Let gt, ge, lt and le match only where the attribute has a value.",
		}, func() {
			p.hasAndLacks("nickName")
			p.finds(p.teamWith("nickName lt "+scim.Quote(p.tag+"-bb")), "ada", "cyd")
		})

		s.it("percent sign, underscore and asterisk in a value are no wildcards", ID("filter.no-wildcards"), Requires(onlyMatches, "7644-3.4.2.2-08"), Explain{
			Why: "A value from the outside that happens to hold such a character selects many records instead of one, or lets an attacker list everybody.",
			Fix: "Escape the wildcards of the database's LIKE operator before using a filter value in it.",
		}, func() {
			for _, wild := range []string{"%", "_", "*"} {
				p.finds("userName sw " + scim.Quote(p.tag[:len(p.tag)-1]+wild))
			}
			p.finds(crowdEq("userName", p.tag+".%"))
		})
	})
}

// filterCase: letter case of values (RFC 7643 §7 caseExact).
func (s *session) filterCase() {
	s.about("Letter case of values in filters", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })

		s.it("userName eq ignores letter case", ID("filter.eq-case"), Requires("7643-4.1.1-03", "7644-3.4.2.2-36", "7643-7-12"), Explain{
			Why: "Clients that write the name in another letter case find nobody, try to create the user, and run into a conflict that they cannot resolve.",
			Fix: "Compare userName without regard to case, in filters as for uniqueness.",
		}, func() { p.mustFind(crowdEq("userName", strings.ToUpper(p.name("ada"))), "ada") })

		s.it("userName ne ignores letter case", ID("filter.ne-case"), Requires("7643-4.1.1-03", "7644-3.4.2.2-36", "7644-3.4.2.2-09"), Explain{
			Why: "Everybody except one would include that one: a clean-up by such a list hits the account that it was to spare.",
			Fix: "Compare by the same rules in ne as in eq.",
		}, func() {
			p.finds(p.teamWith("userName ne "+scim.Quote(strings.ToUpper(p.name("ada")))), "bea", "cyd", "dan", "eve")
		})

		s.it("letter case is ignored in letters outside ASCII too", ID("filter.case-unicode"), Requires("7644-3.4.2.2-36", "7643-7-12"), Explain{
			Why: "Most of the world's names hold such letters; MÜLLER and Müller are found by one query and missed by the next.",
			Fix: "Fold case by the rules of Unicode; lower() of some databases knows ASCII alone unless it is given a collation.",
		}, func() {
			p.hasFor([]string{"zoe"}, "name.familyName")
			p.caseIgnored("name.familyName")
			name := scim.String(p.people["zoe"].stored, "name.familyName")
			a := p.ask("User", crowdEq("name.familyName", strings.ReplaceAll(name, "ü", "Ü")))
			// A warning only: the RFCs ask for letter case to be ignored without saying in which letters.
			s.judgeErr(soften(reports.Warn, a.exactly(true, []string{"zoe"})), a.xs...)
		})

		s.it("co, sw and ew ignore letter case unless the attribute is case-exact", ID("filter.substring-case"), Requires("7644-3.4.2.2-36", "7643-7-12", "7644-3.4.2.2-10"), Explain{
			Why: "People are found by eq but not by co, depending on how somebody typed their name.",
			Fix: "Use the same case folding for every operator; caseExact of the attribute decides.",
		}, func() {
			p.caseIgnored("userName")
			for _, op := range []string{"co", "sw", "ew"} {
				p.finds("userName "+op+" "+scim.Quote(strings.ToUpper(p.name("ada"))), "ada")
			}
		})

		s.it("gt, ge, lt and le ignore letter case unless the attribute is case-exact", ID("filter.order-case"), Requires("7644-3.4.2.2-36", "7643-7-12", "7644-3.4.2.2-16"), Explain{
			Why: "Ranges by name contain all capitals before the first small letter, so records are missed.",
			Fix: "Fold both sides before comparing the order of strings that are not case-exact.",
		}, func() {
			p.caseIgnored("userName")
			p.finds(p.teamWith("userName ge "+scim.Quote(strings.ToUpper(p.tag+".c"))), "cyd", "dan", "eve")
		})

		s.it("externalId eq finds the user with that externalId", ID("filter.external-id"), Requires("7644-3.4.2.2-08", onlyMatches, allMatches), Explain{
			Why: "Clients that key on their own identifier, as Entra can, lose the link to every account.",
			Fix: "Make externalId searchable by eq.",
		}, func() {
			p.has("externalId")
			p.finds(crowdEq("externalId", p.tag+"-b"), "ada")
		})

		s.it("externalId is compared with regard to letter case", ID("filter.external-id-case"), Requires("7643-3.1-16", "7644-3.4.2.2-36", onlyMatches), Explain{
			Why: "Identifiers of other systems often differ in letter case alone, and two people would be taken for one.",
			Fix: "Compare externalId exactly, with a case-sensitive collation.",
		}, func() {
			p.has("externalId")
			p.finds(crowdEq("externalId", p.tag+"-B"))
		})

		s.it("id eq finds the resource with that id", ID("filter.id"), Requires("7644-3.4.2.2-08", onlyMatches, allMatches), Explain{
			Why: "Clients that combine an id with another condition, as membership tests do, never get an answer.",
			Fix: "Treat id as an attribute like any other in filters.",
		}, func() { p.finds(crowdEq("id", p.people["ada"].ID), "ada") })

		s.it("id is compared with regard to letter case", ID("filter.id-case"), Requires("7644-3.4.2.2-36", "7643-7-12", onlyMatches), Explain{
			Why: "A client may take two ids that differ in letter case for two resources, since the RFC says that they are.",
			Fix: "Compare id with its exact letter case.",
		}, func() {
			id := p.people["ada"].ID
			other := strings.ToUpper(id)
			if other == id {
				other = strings.ToLower(id)
			}
			if other == id {
				s.skip("the ids of the target hold no letters")
			}
			p.finds(crowdEq("id", other))
		})
	})
}

// caseIgnored skips where the target publishes the attribute as case-exact.
func (p *crowd) caseIgnored(path string) {
	p.has(path)
	if p.s.learned.typ("User").attribute(path).CaseExact {
		p.s.skip("the target publishes %s as caseExact", path)
	}
}
