package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// queryRootRules: filters over all types obey the rules of all filters (RFC 7644 §3.4.2.1).
func (s *session) queryRootRules() {
	s.about("filters at the server root", func() {
		var u, g *resource
		var name string
		s.beforeAll(func() {
			s.requires(Filter)
			u, g, name = s.namesakes("rules")
			if x := s.get("", "filter", "id eq "+scim.Quote(u.ID)); !isList(x) {
				s.see(x)
				s.skip("the target answers %d to queries at its root", x.Status)
			}
		})
		// obeys asks the endpoint of users first: what is not supported there is no matter of the root.
		obeys := func(filter string, want ...Check) {
			at := s.get(u.typ.Endpoint, "filter", filter)
			if at.Status != 200 {
				s.see(at)
				s.skip("the filter is refused at %s too (status %d)", u.typ.Endpoint, at.Status)
			}
			x := s.get("", "filter", filter, "count", "10")
			if x.Status == 400 {
				// A25: the refusal harms nobody who never asks the root.
				s.judge(x, Softly(reports.Warn, Status(200)))
				return
			}
			s.judge(x, want...)
		}
		same := func() string { return "displayName eq " + scim.Quote(name) }
		nobody := func() string { return "displayName eq " + scim.Quote(s.tag("nobody")) }

		s.it("letter case counts at the root as it does elsewhere", ID("query.root-case"), Requires("7644-3.4.2.1-05"), Explain{
			Why: "A look-up that finds a person at /Users and not at the root makes a client create a second account.",
			Fix: "Evaluate filters at the root with the same code as at the endpoints of types.",
		}, func() {
			for _, r := range []*resource{u, g} {
				if a := r.typ.attribute("displayName"); a != nil && a.CaseExact {
					s.skip("the target's schema for %s says that displayName is caseExact", r.typ.Name)
				}
			}
			obeys("DISPLAYNAME EQ "+scim.Quote(strings.ToUpper(name)), shows(u), shows(g), s.counts(2))
		})

		s.it("operators bind at the root as they do elsewhere", ID("query.root-precedence"), Requires("7644-3.4.2.1-05"), Explain{
			Why: "A filter that means another thing at the root returns the wrong people, and clients act on them.",
			Fix: "Evaluate filters at the root with the same code as at the endpoints of types.",
		}, func() {
			obeys(same()+" or "+nobody()+" and "+nobody(), shows(u), shows(g), s.counts(2))
		})

		s.it("every part of a filter counts at the root", ID("query.root-logic"), Requires("7644-3.4.2.1-05", "7644-3.4.2.1-04"), Explain{
			Why: "A part that is dropped returns more than was asked for.",
			Fix: "Evaluate filters at the root with the same code as at the endpoints of types.",
		}, func() {
			obeys(same()+" and not (userName eq "+scim.Quote(scim.String(u.Sent, "userName"))+")", shows(g), without(u), s.counts(1))
		})

		s.it("a value path on an attribute that some types lack works at the root", ID("query.root-value-path"), Requires("7644-3.4.2.1-04", "7644-3.4.2.1-05"), Explain{
			Why: "Groups have no addresses: a look-up by address that fails for that makes root queries useless.",
			Fix: "Treat an attribute that a type does not define as having no value, in square brackets too.",
		}, func() {
			s.needs("User", "emails.value")
			mail := s.tag("rooted") + "@" + s.domain()
			v := s.makeUser("rooted", set("emails", []any{scim.Object{"value": mail, "type": "work"}}))
			one := "emails[" + crowdEq("value", mail) + "]"
			obeys(one, shows(v), s.counts(1))
			obeys(one+" or id eq "+scim.Quote(u.ID), shows(v), shows(u), s.counts(2))
		})
	})
}
