package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterNames: how attributes and operators may be written (RFC 7644 §3.10, ambiguities A18 to A20).
func (s *session) filterNames() {
	s.about("Names of attributes and operators in filters", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })

		s.it("operators are understood in any letter case", ID("filter.operator-case"), Requires("7644-3.4.2.2-05", allMatches), Explain{
			Why: "The RFC's own example writes Eq.",
			Fix: "Compare operators without regard to letter case.",
		}, func() {
			p.mustFind("userName Eq "+scim.Quote(p.name("ada")), "ada")
			p.mustFind("userName EQ "+scim.Quote(p.name("ada")), "ada")
		})

		s.it("attribute names are understood in any letter case", ID("filter.attribute-case"), Requires("7644-3.4.2.2-04", "7644-3.10-05", allMatches), Explain{
			Why: "Attribute names are case-insensitive everywhere in SCIM, so clients do not agree on one spelling.",
			Fix: "Resolve attribute names without regard to letter case.",
		}, func() { p.mustFind(crowdEq("USERNAME", p.name("ada")), "ada") })

		s.it("a sub-attribute is reached by a dot", ID("filter.sub-attribute"), Requires("7644-3.10-04", "7644-3.4.2.2-08", onlyMatches, allMatches), Explain{
			Why: "People are looked up by name; a filter that reads another attribute finds the wrong ones.",
			Fix: "Resolve name.familyName to the sub-attribute of name.",
		}, func() {
			p.has("name.familyName")
			p.finds(crowdEq("name.familyName", p.tag+"-b"), "ada")
			p.finds(crowdEq("name.familyName", p.tag+"-3"))
		})

		s.it("names of sub-attributes are understood in any letter case", ID("filter.sub-attribute-case"), Requires("7644-3.4.2.2-04", "7644-3.10-05", allMatches), Explain{
			Why: "Servers often fold the first part of a path only.",
			Fix: "Resolve every part of a path without regard to letter case.",
		}, func() {
			p.has("name.familyName")
			p.findsLike(crowdEq("name.familyName", p.tag+"-b"), crowdEq("Name.FAMILYNAME", p.tag+"-b"), "ada")
		})

		s.it("a core attribute may be prefixed with its schema's URN", ID("filter.urn"), Requires("7644-3.4.2.2-29", "7644-3.10-01", allMatches), Explain{
			Why: "The dot in 2.0 makes naive parsers read User:userName as a sub-attribute; clients that qualify every name find nobody.",
			Fix: "Cut a path at the last colon before looking for dots.",
		}, func() { p.mustFind(crowdEq(scim.UserURN+":userName", p.name("ada")), "ada") })

		s.it("a sub-attribute may be prefixed with its schema's URN", ID("filter.urn-sub-attribute"), Requires("7644-3.4.2.2-29", "7644-3.10-01", "7644-3.10-04", allMatches), Explain{
			Why: "A qualified path with a dot at its end is what generated clients send for names.",
			Fix: "Look for the sub-attribute only behind the last colon of the path.",
		}, func() {
			p.has("name.familyName")
			p.findsLike(crowdEq("name.familyName", p.tag+"-b"), crowdEq(scim.UserURN+":name.familyName", p.tag+"-b"), "ada")
		})

		s.it("letter case of the URN does not matter", ID("filter.urn-case"), Requires("7644-3.4.2.2-29", "7644-3.10-05", allMatches), Explain{
			Why: "URNs are case-insensitive, and clients fold them in various ways.",
			Fix: "Compare schema URNs without regard to letter case.",
		}, func() { p.mustFind(crowdEq(strings.ToUpper(scim.UserURN)+":userName", p.name("ada")), "ada") })

		s.it("attributes of an extension are reached by the extension's URN", ID("filter.urn-extension"), Requires("7644-3.4.2.2-29", "7644-3.10-01", onlyMatches, allMatches), Explain{
			Why: "Employee numbers are what HR-driven clients match on, and they exist in the extension alone.",
			Fix: "Resolve qualified paths in every schema of the resource type.",
		}, func() {
			const path = scim.EnterpriseURN + ":employeeNumber"
			p.has(path)
			p.finds(crowdEq(path, p.tag+"-2"), "cyd")
		})
	})
}

// filterLiterals: JSON strings with awkward content (RFC 7644 §3.4.2.2 Figure 1).
func (s *session) filterLiterals() {
	s.about("Strings in filters", func() {
		var p *crowd
		s.beforeAll(func() {
			p = s.filterCrowd()
			if p.people["zoe"] == nil {
				s.skip("the target refused a user with quotes and other awkward values")
			}
		})
		// zoe looks her up by an awkward value, after escaping it further with edit.
		zoe := func(path string, edit ...string) {
			p.hasFor([]string{"zoe"}, path)
			if !scim.Assigned(p.meant(p.people["zoe"], path)) {
				s.skip("the target's schema has %s take other values", path)
			}
			filter := crowdEq(path, scim.String(p.people["zoe"].stored, path))
			p.findsLike(crowdEq(path, p.tag), strings.NewReplacer(edit...).Replace(filter), "zoe")
		}

		s.it("an escaped quotation mark belongs to the value", ID("filter.escaped-quote"), Requires("7644-3.4.2.2-28", "7644-3.4.2.2-27", allMatches), Explain{
			Why: "A parser that ends the string there refuses, or worse, evaluates the rest of the value as filter.",
			Fix: "Read comparison values with a JSON string parser.",
		}, func() { zoe("displayName") })

		s.it("an escaped backslash stands for one backslash", ID("filter.escaped-backslash"), Requires("7644-3.4.2.2-28", "7644-3.4.2.2-27", allMatches), Explain{
			Why: "Windows account names hold a backslash and cannot be found.",
			Fix: "Decode JSON escapes before comparing.",
		}, func() { zoe("nickName") })

		s.it("letters outside ASCII are found", ID("filter.unicode"), Requires("7644-3.4.2.2-28", allMatches), Explain{
			Why: "Most of the world's names hold such letters.",
			Fix: "Decode the query string as UTF-8.",
		}, func() { zoe("name.familyName") })

		s.it("a letter may be written as a JSON escape", ID("filter.unicode-escape"), Requires("7644-3.4.2.2-28", "7644-3.4.2.2-27", allMatches), Explain{
			Why: "JSON libraries that write pure ASCII, the default of some, escape every other letter.",
			Fix: "Decode JSON escapes before comparing.",
		}, func() { zoe("name.familyName", "ü", `\u00fc`) })

		s.it("a letter with an accent is found in either of its Unicode forms", ID("filter.unicode-normalised"), Requires("7644-7.8-01"), Explain{
			Why: "Some systems send an accent as a character of its own; the same name looks equal and is not found, or is created twice.",
			Fix: "Normalise strings, for instance to NFC, before storing and comparing them.",
		}, func() {
			p.hasFor([]string{"zoe"}, "name.familyName")
			name := scim.String(p.people["zoe"].stored, "name.familyName")
			a := p.ask("User", crowdEq("name.familyName", strings.ReplaceAll(name, "ü", "u\u0308")))
			// A warning only (ambiguity A48): RFC 8264 is cited without a profile, and few servers normalise.
			s.judgeErr(soften(reports.Warn, a.exactly(true, []string{"zoe"})), a.xs...)
		})

		s.it("operator words inside a string are part of the value", ID("filter.operator-words"), Requires("7644-3.4.2.2-28", "7644-3.4.2.2-27", allMatches), Explain{
			Why: "Names of departments and groups contain the word and or or; filters on them break.",
			Fix: "Tokenise the filter instead of splitting it at blanks or keywords.",
		}, func() { zoe("name.givenName") })

		s.it("brackets inside a string are part of the value", ID("filter.brackets-in-string"), Requires("7644-3.4.2.2-28", "7644-3.4.2.2-27", allMatches), Explain{
			Why: "Display names such as Smith (external) cannot be found.",
			Fix: "Tokenise the filter instead of counting brackets in its text.",
		}, func() { zoe("userType") })

		s.it("percent-encoded reserved characters are decoded once", ID("filter.percent-encoding"), Requires("7644-3.4.2.2-28", allMatches), Explain{
			Why: "Addresses with a plus sign are common; decoded twice, the plus becomes a blank and the user is not found.",
			Fix: "Take the decoded query parameter from the framework and do not decode it again.",
		}, func() { zoe("title") })
	})
}
