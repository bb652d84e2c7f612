package suites

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// sorting: sortBy and sortOrder (RFC 7644 §3.4.2.3).
func (s *session) sorting() {
	s.sortAtAll()
	s.sortOrders()
	s.sortValues()
	s.sortNames()
	s.sortQueries()
	s.sortOddities()
	s.sortPassword()
	s.sortDepth()
}

// sortCrowd returns the crowd once its team can be selected as a whole; all checks of order look at these five alone.
func (s *session) sortCrowd() *crowd {
	s.requires(Sort)
	return s.sortableCrowd()
}

func (s *session) sortableCrowd() *crowd {
	p := s.filterCrowd()
	if p.selectable == nil {
		a := p.ask("User", p.team())
		ok := a.exactly(false, crowdTeam) == nil
		p.selectable = &ok
	}
	if !*p.selectable {
		s.block("filter.total", "the records to be sorted cannot be selected by a filter")
	}
	return p
}

// sorted asks for the team in the order of an attribute.
func (p *crowd) sorted(by string, params ...string) *crowdAnswer {
	return p.ask("User", p.team(), append([]string{"sortBy", by}, params...)...)
}

func backwards(groups [][]string) [][]string {
	groups = slices.Clone(groups)
	slices.Reverse(groups)
	return groups
}

// single makes groups of one member each.
func single(names ...string) [][]string {
	var groups [][]string
	for _, n := range names {
		groups = append(groups, []string{n})
	}
	return groups
}

// sortAtAll holds for targets that do not sort, too.
func (s *session) sortAtAll() {
	s.about("sortBy, supported or not", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortableCrowd() })

		s.it("sortBy does not change which records are returned", ID("sort.keeps-all"), Requires("7644-3.4.2.3-01", allMatches, onlyMatches), Explain{
			Why: "Records without a value for the attribute must not drop out of a sorted list; a client takes them for deleted.",
			Fix: "Sort with an outer join; where sorting is not supported ignore sortBy, or refuse it.",
		}, func() {
			s.needs("User", "nickName")
			a := p.sorted("nickName")
			no := s.learned.claim(Sort)
			err := a.exactly(false, crowdTeam)
			if x := a.first(); no != nil && !*no && (x.Status == 501 || ClientError(x) == nil) {
				s.observe("A31", "sortBy where sorting is not supported", "refused")
				err = nil
			}
			s.judgeErr(err, a.xs...)
		})
	})
}

// sortOrders: ascending, descending and the default.
func (s *session) sortOrders() {
	s.about("Sort order", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortCrowd() })
		byName := single("ada", "bea", "cyd", "dan", "eve")
		explain := Explain{
			Why: "Administration consoles and paging clients rely on the order that they have asked for.",
			Fix: "Apply sortBy to all matches, with ascending as the default and both values of sortOrder as the RFC spells them.",
		}

		s.it("sortOrder=ascending puts small values first", ID("sort.ascending"), Requires("7644-3.4.2.3-02", "7644-3.4.2.3-06", "7644-3.4.2.3-08"), explain, func() {
			p.ordered(p.sorted("userName", "sortOrder", "ascending"), byName...)
		})

		s.it("sortOrder=descending puts great values first", ID("sort.descending"), Requires("7644-3.4.2.3-02", "7644-3.4.2.3-06", "7644-3.4.2.3-08"), explain, func() {
			p.ordered(p.sorted("userName", "sortOrder", "descending"), backwards(byName)...)
		})

		s.it("without sortOrder the order is ascending", ID("sort.default-ascending"), Requires("7644-3.4.2.3-07"), explain, func() {
			p.ordered(p.sorted("userName"), byName...)
		})

		s.it("resources without a value come last when ascending", ID("sort.unset-last"), Requires("7644-3.4.2.3-05"), Explain{
			Why: "Databases differ in where they put NULL; clients that read only the first page see nothing but gaps.",
			Fix: "Order absent values last when ascending (NULLS LAST).",
		}, func() {
			p.hasAndLacks("nickName")
			p.ordered(p.sorted("nickName"), []string{"cyd", "ada", "eve"}, []string{"bea", "dan"})
		})

		s.it("resources without a value come first when descending", ID("sort.unset-first"), Requires("7644-3.4.2.3-05"), Explain{
			Why: "The descending list must be the ascending one reversed, or clients that page from the end miss records.",
			Fix: "Order absent values first when descending (NULLS FIRST).",
		}, func() {
			p.hasAndLacks("nickName")
			p.ordered(p.sorted("nickName", "sortOrder", "descending"), []string{"bea", "dan"}, []string{"ada", "cyd", "eve"})
		})
	})
}

// sortValues: order by type of attribute.
func (s *session) sortValues() {
	s.about("Order of values", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortCrowd() })

		s.it("strings that are not case-exact are sorted without regard to letter case", ID("sort.ignores-case"), Requires("7644-3.4.2.3-08"), Explain{
			Why: "Sorted by code point, everybody whose name begins with a small letter comes after Z.",
			Fix: "Fold strings before comparing them, unless the attribute is caseExact.",
		}, func() {
			p.caseIgnored("name.familyName")
			p.ordered(p.sorted("name.familyName"), single("bea", "ada", "dan", "cyd")...)
		})

		s.it("case-exact strings are sorted with regard to letter case", ID("sort.case-exact"), Requires("7644-3.4.2.3-08"), Explain{
			Why: "Two clients that merge sorted lists by identifier must agree on the order.",
			Fix: "Sort externalId and other caseExact attributes by code point.",
		}, func() {
			p.has("externalId")
			if !s.learned.typ("User").attribute("externalId").CaseExact {
				s.skip("the target publishes externalId as not caseExact")
			}
			// "Case-sensitive Unicode alphabetic sort order" may also be read as the Unicode collation algorithm, in which
			// letter case only breaks ties.
			a := p.sorted("externalId")
			err := a.answered(false)
			if err == nil {
				err = soften(reports.Warn, p.inOrder(a, single("bea", "cyd", "ada", "dan")...))
			}
			p.s.judgeErr(err, a.xs...)
		})

		s.it("a multi-valued attribute is sorted by its primary value", ID("sort.primary"), Requires("7644-3.4.2.3-03", "7644-3.4.2.3-02"), Explain{
			Why: "The list is ordered by addresses that the console does not even show.",
			Fix: "Take the value whose primary is true, whatever its place.",
		}, func() {
			p.has("emails", "emails.primary")
			p.ordered(p.sorted("emails.value"), single("dan", "bea", "cyd", "ada")...)
		})

		s.it("a multi-valued attribute without primary value is sorted by its first value", ID("sort.first-value"), Requires("7644-3.4.2.3-03", "7644-3.4.2.3-02"), Explain{
			Why: "With a join over all values a record appears where its smallest value belongs, or several times.",
			Fix: "Take the first value where none is primary.",
		}, func() {
			p.has("phoneNumbers")
			byPhone := map[string]string{}
			names := []string{"ada", "bea", "cyd", "dan"}
			for _, who := range names {
				byPhone[who] = leadingPhone(p.people[who].stored)
			}
			slices.SortFunc(names, func(a, b string) int { return cmp.Compare(byPhone[a], byPhone[b]) })
			p.ordered(p.sorted("phoneNumbers.value"), single(names...)...)
		})

		s.it("dateTime attributes are sorted chronologically", ID("sort.datetime"), Requires("7644-3.4.2.3-08", "7644-3.4.2.3-02"), Explain{
			Why: "Newest first is what every audit view asks for.",
			Fix: "Sort meta.created and meta.lastModified as instants.",
		}, func() {
			var groups [][]string
			var last int64
			for i, who := range crowdTeam {
				at, ok := crowdInstant(scim.String(p.people[who].stored, "meta.created"))
				if !ok {
					s.skip("the target shows no usable meta.created")
				}
				if i == 0 || at.UnixNano() > last {
					groups = append(groups, nil)
				} else if at.UnixNano() < last {
					s.skip("meta.created does not follow the order of creation")
				}
				groups[len(groups)-1] = append(groups[len(groups)-1], who)
				last = at.UnixNano()
			}
			if len(groups) == 1 {
				s.skip("all records bear the same meta.created")
			}
			p.ordered(p.sorted("meta.created", "sortOrder", "descending"), backwards(groups)...)
			p.ordered(p.sorted("meta.created"), groups...)
		})
	})
}

// leadingPhone is the phone number by which a user is sorted, as the record stands.
func leadingPhone(o scim.Object) string {
	first := ""
	for _, e := range scim.Objects(o, "phoneNumbers") {
		v := scim.String(e, "value")
		if e["primary"] == true {
			return v
		}
		if first == "" {
			first = v
		}
	}
	return first
}

// sortNames: how the attribute may be written (RFC 7644 §3.10, ambiguities A18 and A19).
func (s *session) sortNames() {
	s.about("Names in sortBy", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortCrowd() })
		byName := single("ada", "bea", "cyd", "dan", "eve")
		explain := Explain{
			Why: "A name that is not understood is usually ignored, so the client takes an unsorted list for a sorted one.",
			Fix: "Resolve sortBy with the same code as the attributes of filters: letter case does not matter, a URN may stand in front.",
		}

		s.it("sortBy takes a path to a sub-attribute", ID("sort.sub-attribute"), Requires("7644-3.4.2.3-04", "7644-3.4.2.3-02"), explain, func() {
			p.has("name.givenName")
			p.ordered(p.sorted("name.givenName"), single("bea", "dan", "ada", "cyd")...)
		})

		s.it("sortBy takes a core attribute with its schema's URN", ID("sort.urn"), Requires("7644-3.4.2.3-02", "7644-3.10-01"), explain, func() {
			p.ordered(p.sorted(scim.UserURN+":userName"), byName...)
		})

		s.it("sortBy takes an attribute of an extension", ID("sort.urn-extension"), Requires("7644-3.4.2.3-02", "7644-3.10-01"), explain, func() {
			p.has(scim.EnterpriseURN + ":employeeNumber")
			p.ordered(p.sorted(scim.EnterpriseURN+":employeeNumber"), single("bea", "cyd", "ada")...)
		})

		s.it("sortBy takes names in any letter case", ID("sort.attribute-case"), Requires("7644-3.4.2.3-02", "7644-3.10-05"), explain, func() {
			p.ordered(p.sorted("USERNAME"), byName...)
		})

		s.it("sortBy takes a URN in any letter case", ID("sort.urn-case"), Requires("7644-3.4.2.3-02", "7644-3.10-05"), explain, func() {
			p.ordered(p.sorted(strings.ToUpper(scim.UserURN)+":userName"), byName...)
		})
	})
}

// sortQueries: sorting together with paging, projection and other types.
func (s *session) sortQueries() {
	s.about("Sorting as part of a query", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortCrowd() })

		s.it("pages of a sorted result follow each other", ID("sort.across-pages"), Requires("7644-3.4.2.3-02", "7644-3.4.2.2-38"), Explain{
			Why: "Where each page is sorted for itself, records repeat or are missed when a client reads page by page.",
			Fix: "Sort all matches first, then cut out the page.",
		}, func() {
			s.needsIndex()
			p.has("displayName")
			all := &crowdAnswer{s: p.s}
			for len(all.names) < len(crowdTeam) {
				a := p.sorted("displayName", "startIndex", strconv.Itoa(len(all.names)+1), "count", "2")
				all.xs, all.names = append(all.xs, a.xs...), append(all.names, a.names...)
				if len(a.names) == 0 {
					break
				}
			}
			err := all.exactly(false, crowdTeam)
			if err == nil {
				err = p.inOrder(all, single("dan", "ada", "bea", "cyd")...)
			}
			s.judgeErr(err, all.xs...)
		})

		s.it("a list can be sorted by an attribute that it does not return", ID("sort.projection"), Requires("7644-3.4.2.3-02"), Explain{
			Why: "Clients ask for few attributes and sort by another; sorting what has already been cut leaves the list unsorted.",
			Fix: "Sort the whole resources, before the projection.",
		}, func() {
			p.has("displayName")
			p.ordered(p.sorted("displayName", "attributes", "title"), single("dan", "ada", "bea", "cyd")...)
		})

		s.it("groups are sorted too", ID("sort.groups"), Requires("7644-3.4.2.3-02"), Explain{
			Why: "Consoles list groups by name.",
			Fix: "Apply sortBy at every resource type.",
		}, func() {
			p.groups()
			a := p.ask("Group", crowdEq("displayName", p.groupName("crew"))+" or "+crowdEq("displayName", p.groupName("band")), "sortBy", "displayName")
			if a.first().Status == 400 {
				s.block("filter.or", "the groups to be sorted cannot be selected by a filter")
			}
			p.ordered(a, single("band", "crew")...)
		})
	})
}

// sortOddities: parameters that make no sense must do no harm (ambiguity A31).
func (s *session) sortOddities() {
	s.about("Sort parameters that make no sense", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortCrowd() })
		explain := Explain{
			Why: "A typing error in a client's configuration must not look like an outage, nor make records disappear.",
			Fix: "Ignore what cannot be sorted by, or answer 400 with invalidPath or invalidValue.",
		}
		harmless := func(question string, a *crowdAnswer) {
			if a.first().Status == 400 {
				s.observe("A31", question, "refused")
				s.judge(a.first(), Refused("400", scim.InvalidPath, scim.InvalidValue, scim.InvalidSyntax))
				return
			}
			s.observe("A31", question, "ignored")
			s.judgeErr(a.exactly(false, crowdTeam), a.xs...)
		}

		s.it("an unknown sortOrder is refused or ignored", ID("sort.invalid-order"), Requires("7644-3.4.2.3-06", "7644-3.12-01", allMatches), explain, func() {
			harmless("an unknown sortOrder", p.sorted("userName", "sortOrder", "sideways"))
		})

		s.it("an unknown attribute in sortBy is refused or ignored", ID("sort.unknown-attribute"), Requires("7644-3.4.2.3-02", "7644-3.12-01", allMatches), explain, func() {
			harmless("an unknown attribute in sortBy", p.sorted("scimproofUnknown"))
		})

		s.it("a complex attribute in sortBy is refused or ignored", ID("sort.complex"), Requires("7644-3.4.2.3-04", "7644-3.12-01", allMatches), explain, func() {
			s.needs("User", "name.familyName")
			harmless("a complex attribute in sortBy", p.sorted("name"))
		})

		s.it("an empty sortBy is refused or ignored", ID("sort.empty"), Requires("7644-3.4.2.3-02", "7644-3.12-01", allMatches), explain, func() {
			harmless("an empty sortBy", p.sorted(""))
		})

		s.it("sortOrder without sortBy is refused or ignored", ID("sort.order-alone"), Requires("7644-3.4.2.3-06", "7644-3.12-01", allMatches), explain, func() {
			harmless("sortOrder without sortBy", p.ask("User", p.team(), "sortOrder", "descending"))
		})
	})
}
