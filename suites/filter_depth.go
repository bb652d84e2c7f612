package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterDepth: rules that a server obeys in the plain case and forgets in the next (RFC 7644 §3.4.2.2).
func (s *session) filterDepth() {
	s.filterEveryAttribute()
	s.filterLongLogic()
	s.filterGroupNames()
}

func (s *session) filterEveryAttribute() {
	s.about("Rules for values, on more than one attribute", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })

		s.it("letter case is ignored in displayName, in extensions and in lists of values too", ID("filter.case-everywhere"), Requires("7643-7-12", "7644-3.4.2.2-36", allMatches), Explain{
			Why: "A rule that holds for userName alone makes people findable by one name and not by the other.",
			Fix: "Let caseExact of each attribute decide, in every column and index.",
		}, func() {
			seen := false
			try := func(path, op, value string, names ...string) {
				t := s.learned.typ("User")
				if a := t.attribute(path); a == nil || a.CaseExact {
					return
				}
				p.has(path)
				seen = true
				p.finds(path+" "+op+" "+scim.Quote(strings.ToUpper(value)), names...)
			}
			try("displayName", "sw", p.core(), "ada", "bea")
			try("displayName", "eq", p.core(), "ada")
			try(scim.EnterpriseURN+":employeeNumber", "eq", p.tag+"-3", "ada")
			try("emails.value", "eq", p.mail("e1"), "ada")
			try("name.familyName", "eq", p.tag+"-b", "ada")
			if !seen {
				s.skip("the target publishes all of these attributes as caseExact, or not at all")
			}
		})

		s.it("a blank at the end counts in eq", ID("filter.eq-blank"), Requires("7644-3.4.2.2-08", onlyMatches), Explain{
			Why: "A database that pads strings finds a record that the client did not ask for.",
			Fix: "Compare strings with all of their characters.",
		}, func() {
			p.has("displayName")
			a := p.ask("User", crowdEq("displayName", p.core()+" "))
			// Whoever asks with a blank too many mostly means the same: the leniency harms nobody.
			s.judgeErr(soften(reports.Warn, a.exactly(true, nil)), a.xs...)
		})

		s.it("dot, underscore, percent sign and asterisk are no wildcards in co", ID("filter.co-no-wildcards"), Requires(onlyMatches, "7644-3.4.2.2-10"), Explain{
			Why: "A value from the outside that happens to hold such a character selects other people.",
			Fix: "Escape the wildcards of LIKE and of regular expressions before using a filter value in them.",
		}, func() {
			p.has("displayName")
			for _, wild := range []string{".", "_", "%", "*"} {
				p.finds("displayName co " + scim.Quote(strings.Replace(p.core(), " ", wild, 1)))
			}
		})

		s.it("several blanks within a string are not one", ID("filter.inner-blanks"), Requires(onlyMatches, "7644-3.4.2.2-08"), Explain{
			Why: "Filters that are tidied up before they are parsed look for another name than the client sent.",
			Fix: "Split filters outside of strings only.",
		}, func() {
			s.needs("User", "displayName")
			name := s.tag("two") + "  blanks"
			u := s.makeUser("blanks", set("displayName", name))
			if got := scim.String(s.readBack(u).Object(), "displayName"); got != name {
				s.skip("the target stores the name with other blanks")
			}
			x := s.get(u.typ.Endpoint, "filter", crowdEq("displayName", name))
			if x.Status == 400 {
				s.see(x)
				s.skip("the target refuses this filter")
			}
			s.judge(x, shows(u))
			s.judge(s.get(u.typ.Endpoint, "filter", crowdEq("displayName", strings.Replace(name, "  ", " ", 1))), Status(200), without(u))
		})

		s.it("sw on a case-exact attribute counts letter case", ID("filter.sw-case-exact"), Requires("7643-3.1-16", "7644-3.4.2.2-36", onlyMatches), Explain{
			Why: "Identifiers of other systems differ in letter case alone, and sw would mix them.",
			Fix: "Use the same collation for every operator; caseExact of the attribute decides.",
		}, func() {
			p.has("externalId")
			p.finds("externalId sw " + scim.Quote(strings.ToUpper(p.tag)+"-"))
		})

		s.it("pr finds those whose Boolean is false", ID("filter.pr-false"), Requires("7644-3.4.2.2-13", onlyMatches, allMatches), Explain{
			Why: "False is a value; leavers are missing in every report that asks who has a state.",
			Fix: "Test for presence, not for truth.",
		}, func() {
			p.hasFor([]string{"ada", "bea", "cyd", "dan"}, "active")
			p.finds(p.teamWith("active pr"), p.where(func(o scim.Object) bool { return scim.Assigned(o["active"]) })...)
		})

		s.it("timestamps are compared as precisely as they are shown", ID("filter.datetime-precision"), Requires("7644-3.4.2.2-14", allMatches), Explain{
			Why: "An incremental import that asks for what came after the last timestamp misses everything of the same second.",
			Fix: "Compare timestamps with all of the digits that are shown.",
		}, func() {
			at := func(o scim.Object) (string, bool) {
				text := scim.String(o, "meta.created")
				_, ok := parseInstant(text)
				return text, ok
			}
			first, ok := at(p.people[crowdTeam[0]].stored)
			since, _ := parseInstant(first)
			if !ok || since.Nanosecond() == 0 {
				s.skip("the target shows whole seconds")
			}
			var later, same []string
			for _, who := range crowdTeam {
				switch t, ok := parseInstant(scim.Get(p.people[who].stored, "meta.created")); {
				case !ok || t.Equal(since):
					same = append(same, who)
				case t.After(since):
					later = append(later, who)
				}
			}
			p.judge(p.ask("User", p.teamWith("meta.created gt "+scim.Quote(first))), true, later, same...)
		})
	})
}

func (s *session) filterLongLogic() {
	s.about("Logic of more than two conditions", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })
		user := func(who string) string { return crowdEq("userName", p.name(who)) }
		widens := Explain{
			Why: "A condition that is dropped returns people whom the client had excluded, or hides those it asked for.",
			Fix: "Parse filters into a tree of any depth, and evaluate every node.",
		}

		s.it("or joins any number of conditions", ID("filter.or-many"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), widens, func() {
			p.finds(user("ada")+" or "+user("bea")+" or "+user("cyd")+" or "+user("dan"), "ada", "bea", "cyd", "dan")
		})

		s.it("and joins any number of conditions", ID("filter.and-many"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), widens, func() {
			p.has("title")
			p.finds(crowdEq("title", p.mark())+" and userName sw "+scim.Quote(p.tag)+" and "+user("bea")+" and userName pr", "bea")
		})

		s.it("who meets both sides of an or is in the list once", ID("filter.or-once"), Requires("7644-3.4.2-05", "7644-3.4.2.2-22", onlyMatches), Explain{
			Why: "Somebody who comes twice looks like a duplicate, and clients stop with an error.",
			Fix: "Select distinct resources; UNION ALL repeats those that meet both conditions.",
		}, func() {
			p.has("title")
			p.finds(crowdEq("title", p.mark())+" or "+user("ada"), crowdTeam...)
			a := p.ask("User", crowdEq("title", p.mark())+" or "+user("ada"))
			if a.first().Status == 200 {
				s.judge(a.first(), s.counts(len(crowdTeam)))
			}
		})

		s.it("not applies to the whole of an or", ID("filter.not-or"), Requires("7644-3.4.2.2-22", "7644-3.4.2.2-23", onlyMatches, allMatches), widens, func() {
			p.finds(p.teamWith("not ("+user("ada")+" or "+user("bea")+")"), "cyd", "dan", "eve")
		})

		s.it("not in square brackets is about single values", ID("filter.value-path-not"), Requires("7644-3.4.2.2-24", onlyMatches, allMatches), widens, func() {
			p.has("emails")
			s.needs("User", "emails.type")
			p.finds(p.teamWith(`emails[not (type eq "work")]`), p.where(func(o scim.Object) bool {
				for _, e := range scim.Objects(o, "emails") {
					if !strings.EqualFold(scim.String(e, "type"), "work") {
						return true
					}
				}
				return false
			})...)
		})

		s.it("a long filter is obeyed to its end, or refused", ID("filter.long-chain"), Requires(onlyMatches, allMatches), Explain{
			Why: "A filter that is cut or dropped returns other people; clients that look up many names at once send long ones.",
			Fix: "Read filters of any length that the URL may have, or answer 400, 413 or 414.",
		}, func() {
			long := ""
			for range 12 {
				long += crowdEq("userName", p.tag+".nobody-of-this-name@"+s.domain()) + " or "
			}
			a := p.ask("User", long+user("ada"))
			switch x := a.first(); x.Status {
			case 413, 414:
				s.judge(x, ClientError)
			default:
				p.judge(a, true, []string{"ada"})
			}
		})
	})
}

func (s *session) filterGroupNames() {
	s.about("Rules for names of groups", func() {
		var p *crowd
		s.beforeAll(func() {
			p = s.filterCrowd()
			p.groups()
		})
		explain := Explain{
			Why: "Okta and Entra look groups up by name; a rule that holds for users alone creates groups twice.",
			Fix: "Evaluate filters on groups with the same code as those on users.",
		}

		s.it("co, sw and ew work on groups", ID("filter.group-text"), Requires("7644-3.4.2.2-10", onlyMatches, allMatches), explain, func() {
			name := p.groupName("crew")
			p.judge(p.ask("Group", "displayName sw "+scim.Quote(name[:len(name)-1])), true, []string{"crew"})
			p.judge(p.ask("Group", "displayName co "+scim.Quote(name[1:])), true, []string{"crew"})
			p.judge(p.ask("Group", "displayName ew "+scim.Quote(name[3:])), true, []string{"crew"})
		})

		s.it("letter case is ignored in names of groups unless they are case-exact", ID("filter.group-case"), Requires("7643-7-12", "7644-3.4.2.2-36", allMatches), explain, func() {
			if a := s.needsType("Group").attribute("displayName"); a != nil && a.CaseExact {
				s.skip("the target publishes displayName of groups as caseExact")
			}
			p.judge(p.ask("Group", crowdEq("displayName", strings.ToUpper(p.groupName("crew")))), true, []string{"crew"})
		})
	})
}
