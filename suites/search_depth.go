package suites

import (
	"errors"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// searchDepth: a search means what the same query by GET means (RFC 7644 §3.4.3).
func (s *session) searchDepth() {
	s.about("POST .search, further", func() {
		var f *fleet
		var one *reports.Exchange
		s.beforeAll(func() {
			f = s.fleet()
			one = s.search(f.endpoint(), object{"filter": f.filter, "count": 2})
			if noSearch(one) {
				s.see(one)
				s.block("search.status", "POST %s/.search answers %d", f.endpoint(), one.Status)
			}
		})
		explain := Explain{
			Why: "Clients that keep personal data out of URLs use .search in the place of GET, and expect the same.",
			Fix: "Turn the body of a search into the same query as the parameters of a GET.",
		}

		s.it("totalResults of a search counts all matches", ID("search.total"), Requires("7644-3.4.2-05", "7644-3.4.3-04"), explain, func() {
			s.judge(one, Status(200), s.counts(fleetSize))
		})

		s.it("count 0 in a search returns no resources", ID("search.count-zero"), Requires("7644-3.4.2.4-07", "7644-3.4.3-04"), Explain{
			Why: "Where 0 is taken for a missing value, a client that asks for the number alone gets everybody.",
			Fix: "Tell 0 from a missing count.",
		}, func() {
			s.judge(s.search(f.endpoint(), object{"filter": f.filter, "count": 0}), Status(200), noItems, s.counts(fleetSize))
		})

		s.it("startIndex 0 in a search means 1", ID("search.start-zero"), Requires("7644-3.4.2.4-02", "7644-3.4.3-04"), explain, func() {
			s.needsIndex()
			s.judge(s.search(f.endpoint(), object{"filter": f.filter, "startIndex": 0, "count": 2}), Status(200), someItems, s.counts(fleetSize))
		})

		s.it("a search shows resources as a GET does", ID("search.same-items"), Requires("7644-3.4.3-09", "7643-3.1-02"), explain, func() {
			u := f.users[1]
			filter := "userName eq " + scim.Quote(scim.String(u.Sent, "userName"))
			x, y := s.get(f.endpoint(), "filter", filter), s.search(f.endpoint(), object{"filter": filter})
			if item(x, u) == nil {
				s.see(x)
				s.block("filter.eq-username", "the filter does not find the user")
			}
			s.see(x)
			s.judge(y, shows(u, func(o scim.Object) error {
				want := item(x, u)
				err := sameResource(o, want)
				for _, name := range []string{"meta.resourceType", "meta.location"} {
					if !equalValue(scim.Get(o, name), scim.Get(want, name)) {
						err = errors.Join(err, wrong(name, scim.Get(want, name), scim.Get(o, name)))
					}
				}
				return err
			}))
		})

		s.it("attributes of a search may name a sub-attribute", ID("search.attributes-sub"), Requires("7644-3.4.3-05", "7644-3.9-05"), explain, func() {
			s.needs("User", "name.givenName")
			u := f.users[0]
			if !scim.Assigned(scim.Get(s.readBack(u).Object(), "name.givenName")) {
				s.skip("the target shows no name.givenName")
			}
			x := s.search(f.endpoint(), object{"filter": f.filter, "attributes": []string{"userName", "name.givenName"}})
			s.judge(x, Status(200), someItems, eachOurs(f, func(o scim.Object) error { return attrSet(o, "name.givenName") }))
		})

		s.it("a search is sorted as sortBy asks, ascending where sortOrder is missing", ID("search.sort-default"), Requires("7644-3.4.2.3-07", "7644-3.4.3-08"), explain, func() {
			s.requires(Sort)
			ordered := func(down bool) Check {
				return func(x *reports.Exchange) error {
					names := f.namesOf(f.ours(x))
					if down {
						slices.Reverse(names)
					}
					if !slices.IsSorted(names) {
						return wrong("userNames", text(map[bool]string{true: "descending", false: "ascending"}[down]), f.namesOf(f.ours(x)))
					}
					return nil
				}
			}
			s.judge(s.search(f.endpoint(), object{"filter": f.filter, "sortBy": "userName", "count": 3}), Status(200), someItems, ordered(false))
			// Names in another letter case are no key word of the RFC.
			s.judge(s.search(f.endpoint(), object{"filter": f.filter, "sortBy": "USERNAME", "sortOrder": "descending", "count": 3}), Softly(reports.Warn, Status(200)), Softly(reports.Warn, ordered(true)))
		})
	})
}
