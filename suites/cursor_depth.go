package suites

import (
	"errors"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// cursorDepth: the form of later pages, and cursors beside other parameters (RFC 9865 §2, §3).
func (s *session) cursorDepth() {
	s.about("pages after the first, by cursor", func() {
		var f *fleet
		var pages []*reports.Exchange
		s.beforeAll(func() {
			s.requires(Cursor)
			f = s.fleet()
			pages = followCursors(func(at string) *reports.Exchange { return s.atCursor(f, at, "count", "3") })
			if len(pages) < 2 {
				s.see(pages[0])
				s.block("cursor.next", "there is no second page")
			}
		})

		s.it("every page by cursor is a ListResponse that counts its resources", ID("cursor.pages-message"), Requires("9865-2-17", "7644-3.4.2-04"), Explain{
			Why: "Strict clients choose the parser of each page by its schemas, and reserve room by itemsPerPage.",
			Fix: "Write all pages with the same code.",
		}, func() {
			for _, x := range pages {
				s.judge(x, Status(200), func(x *reports.Exchange) error {
					var errs []error
					if !hasSchema(x.Object(), scim.ListResponseURN) {
						errs = append(errs, wrong("schemas of the list", scim.ListResponseURN, x.Object()["schemas"]))
					}
					if n, ok := listInt(x, "itemsPerPage"); ok && n != len(listItems(x)) {
						// The page-size reading of "number of results in a page" exists too (ambiguity A03).
						errs = append(errs, soften(reports.Warn, wrong("itemsPerPage", len(listItems(x)), n)))
					}
					return errors.Join(errs...)
				})
			}
		})

		s.it("cursor pages are sorted in the order that is not that of creation", ID("cursor.sorted-shuffled"), Requires("9865-2.2-01"), Explain{
			Why: "An order that is only by chance the right one goes wrong with the next person who is hired.",
			Fix: "Apply sortBy and sortOrder to cursor queries, ascending as well as descending.",
		}, func() {
			s.requires(Sort)
			s.needs("User", "displayName")
			mark := s.tag("shuffled")
			g := &fleet{filter: f.attr + " eq " + scim.Quote(mark)}
			want := map[string]string{}
			if f.attr == "displayName" {
				s.skip("the users of this run can be told by displayName alone")
			}
			for _, letter := range []string{"c", "a", "d", "b"} {
				u := s.makeUser("shuffled", set("displayName", letter+" "+mark), func(o scim.Object) { scim.Put(o, f.attr, mark) })
				g.users = append(g.users, u)
				want[letter] = u.ID
			}
			walked := followCursors(func(at string) *reports.Exchange {
				return s.get(f.endpoint(), "filter", g.filter, "sortBy", "displayName", "count", "3", "cursor", at)
			})
			err := errors.Join(answers(walked), g.missed(g.met(walked)))
			if order := []string{want["a"], want["b"], want["c"], want["d"]}; err == nil && !slices.Equal(g.met(walked), order) {
				err = wrong("ids by displayName over all pages", order, g.met(walked))
			}
			s.judgeErr(err, walked...)
		})

		s.it("excludedAttributes is honoured with a cursor", ID("cursor.excluded"), Requires("9865-2-17", "7644-3.9-06"), Explain{
			Why: "Clients leave out large attributes to keep pages small.",
			Fix: "Apply the projection to pages by cursor as to all others.",
		}, func() {
			if !scim.Assigned(scim.Get(s.readBack(f.users[0]).Object(), f.attr)) {
				s.skip("the target does not show %s", f.attr)
			}
			s.judge(s.atCursor(f, "", "count", "2", "excludedAttributes", f.attr), Status(200), someItems, eachOurs(f, func(o scim.Object) error {
				if v := scim.Get(o, f.attr); scim.Assigned(v) {
					return soften(reports.Warn, wrong(f.attr, text("absent"), v))
				}
				return nil
			}))
		})

		s.it("a made-up cursor is refused in a search too", ID("cursor.search-garbage"), Requires("9865-2.1-01", "9865-3-01"), Explain{
			Why: "A client that gets a page for a broken cursor believes that it goes on, and reads the wrong resources.",
			Fix: "Check cursors of searches like those of GET.",
		}, func() {
			first := s.search(f.endpoint(), object{"filter": f.filter, "count": 3, "cursor": ""})
			if noSearch(first) || nextCursor(first) == "" {
				s.see(first)
				s.block("cursor.search", "the search answers %d without a nextCursor", first.Status)
			}
			s.judge(s.search(f.endpoint(), object{"filter": f.filter, "count": 3, "cursor": "scimproof-no-cursor"}), Refused("400"))
		})
	})
}
