package suites

import (
	"errors"
	"regexp"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// cursors: pages by cursor (RFC 9865).
func (s *session) cursors() {
	s.cursorWalk()
	s.cursorCount()
	s.cursorMethods()
	s.cursorPages()
	s.cursorErrors()
	s.cursorTime()
	s.cursorChanges()
	s.cursorConfig()
	s.cursorDepth()
}

// atCursor asks for the page of the fleet that a cursor leads to; "" is the first.
func (s *session) atCursor(f *fleet, cursor string, params ...string) *reports.Exchange {
	return s.list(f, append(append([]string{}, params...), "cursor", cursor)...)
}

// nextCursor returns the cursor of the next page, or "".
func nextCursor(x *reports.Exchange) string { return scim.String(x.Object(), "nextCursor") }

// followCursors reads pages until there is no next cursor, or one comes for the second time.
func followCursors(ask func(cursor string) *reports.Exchange) (pages []*reports.Exchange) {
	seen := map[string]bool{}
	for at := ""; !seen[at] && len(pages) < maxPages; {
		seen[at] = true
		x := ask(at)
		pages = append(pages, x)
		if at = nextCursor(x); x.Status != 200 || at == "" {
			break
		}
	}
	return pages
}

// brokenOff tells whether a walk was given up before its end, and not since it shows the same resources again and again.
func brokenOff(pages []*reports.Exchange) bool {
	shown := map[string]bool{}
	for _, x := range pages {
		for _, o := range listItems(x) {
			id := scim.String(o, "id")
			if shown[id] {
				return false
			}
			shown[id] = true
		}
	}
	return len(pages) == maxPages
}

// firstPage returns the first page of three and the cursor of the next, or blocks.
func (s *session) firstPage(f *fleet) (*reports.Exchange, string) {
	x := s.atCursor(f, "", "count", "3")
	if x.Status != 200 || nextCursor(x) == "" {
		s.see(x)
		s.block("cursor.next", "the first page has no nextCursor")
	}
	return x, nextCursor(x)
}

func (s *session) cursorWalk() {
	s.about("a walk by cursor", func() {
		var f *fleet
		var pages []*reports.Exchange
		s.beforeAll(func() {
			s.requires(Cursor)
			f = s.fleet()
			pages = followCursors(func(at string) *reports.Exchange { return s.atCursor(f, at, "count", "3") })
		})

		s.it("an empty cursor starts a walk, and nextCursor is there while pages follow", ID("cursor.next"), Requires("9865-2-08"), Explain{
			Why: "Without nextCursor a client takes the first page for everything.",
			Fix: "Return nextCursor with every page that is not the last.",
		}, func() {
			s.judge(pages[0], Status(200), func(x *reports.Exchange) error {
				if n := len(f.ours(x)); n < fleetSize && nextCursor(x) == "" {
					return wrong("nextCursor", text("a cursor, since only some of the resources are on the page"), x.Object()["nextCursor"])
				}
				return nil
			})
		})

		s.it("pages that follow nextCursor show every resource exactly once", ID("cursor.walk"), Requires("9865-2-16", "9865-2-08", "9865-2-06"), Explain{
			Why: "A user whom no page shows counts as deleted for a client that imports, and one shown twice as a duplicate.",
			Fix: "Let a cursor point behind the last resource of its page, in one stable order.",
		}, func() {
			s.judgeErr(errors.Join(answers(pages), f.missed(f.met(pages))), pages...)
		})

		s.it("a walk by cursor without a filter goes on behind the first page", ID("cursor.plain"), Requires("9865-2-08", "9865-2-16"), Explain{
			Why: "Imports read everybody without a filter; services that have a faster way to do so may have forgotten cursors there.",
			Fix: "Return nextCursor, and the resources behind it, whether or not there is a filter.",
		}, func() {
			t := s.needsType("User")
			var first, second *reports.Exchange
			s.alone(func() {
				first = s.get(t.Endpoint, "count", "2", "cursor", "")
				second = first
				// A page may be empty and have another one behind it (RFC 9865 §2).
				for range 5 {
					at := nextCursor(second)
					if at == "" || second != first && len(listItems(second)) > 0 {
						break
					}
					second = s.get(t.Endpoint, "count", "2", "cursor", at)
				}
			})
			if first.Status == 400 || first.Status == 403 {
				s.see(first)
				s.skip("the target does not list all users (status %d)", first.Status)
			}
			s.judge(first, Status(200), func(x *reports.Exchange) error {
				if nextCursor(x) == "" && len(listItems(x)) < fleetSize {
					return wrong("nextCursor", text("a cursor, since there are more users"), x.Object()["nextCursor"])
				}
				return nil
			})
			if second == first {
				return
			}
			s.judge(second, Status(200), func(x *reports.Exchange) error {
				if len(listItems(x)) == 0 {
					return wrong("resources of the second page", text("the next users"), text("none"))
				}
				for _, o := range listItems(x) {
					for _, before := range listItems(first) {
						if id := scim.String(o, "id"); id == scim.String(before, "id") {
							return wrong("the second page", text("other users than the first"), id)
						}
					}
				}
				return nil
			})
		})

		s.it("the last page has no nextCursor", ID("cursor.end"), Requires("9865-2-09"), Explain{
			Why: "A client that follows a cursor on the last page never ends, or starts again.",
			Fix: "Leave nextCursor out of the last page; neither null nor empty.",
		}, func() {
			last := pages[len(pages)-1]
			s.judge(last, Status(200), func(x *reports.Exchange) error {
				v, there := x.Object()["nextCursor"]
				switch {
				case !there:
					return nil
				case v == nil || v == "":
					return soften(reports.Warn, wrong("nextCursor of the last page", text("absent"), v))
				}
				return wrong("nextCursor of the last page", text("absent"), text("one that leads back to a page seen before"))
			})
			if len(listItems(last)) == 0 {
				s.observe("A57", "the end of a cursor walk is", "an empty page")
			}
		})

		s.it("the first page has no previousCursor", ID("cursor.first-no-previous"), Requires("9865-2-11"), Explain{
			Why: "Clients that page backwards stop where previousCursor is missing.",
			Fix: "Return previousCursor only with pages that have one before them.",
		}, func() {
			s.judge(pages[0], Status(200), func(x *reports.Exchange) error {
				if v, there := x.Object()["previousCursor"]; there && v != nil && v != "" {
					return wrong("previousCursor of the first page", text("absent"), v)
				}
				return isPage(x)
			})
		})

		s.it("previousCursor leads back to the page before", ID("cursor.previous"), Requires("9865-2-10"), Explain{
			Why: "A user interface that pages back would show other people than before.",
			Fix: "Let previousCursor lead to the resources right before the page, or leave it out.",
		}, func() {
			back := s.back(f, pages)
			if !sameSet(f.ours(back), f.ours(pages[0])) {
				s.judgeErr(wrong("resources of the page before", f.ours(pages[0]), f.ours(back)), pages[1], back)
				return
			}
			s.judge(back, Status(200))
		})

		s.it("the first page reached backwards has no previousCursor", ID("cursor.back-no-previous"), Requires("9865-2-11"), Explain{
			Why: "Clients that page backwards stop where previousCursor is missing.",
			Fix: "Return previousCursor only with pages that have one before them.",
		}, func() {
			back := s.back(f, pages)
			if !sameSet(f.ours(back), f.ours(pages[0])) {
				s.block("cursor.previous", "it does not lead to the first page")
			}
			s.judge(back, Status(200), func(x *reports.Exchange) error {
				if v := scim.String(x.Object(), "previousCursor"); v != "" {
					return wrong("previousCursor of the first page", text("absent"), v)
				}
				return nil
			})
		})

		s.it("cursors consist of unreserved characters", ID("cursor.unreserved"), Requires("9865-2-02"), Explain{
			Why: "Clients put cursors into URLs as they are; + / = of base64 arrive as something else.",
			Fix: "Encode cursors with letters, digits and - . _ ~ only, such as base64url without padding.",
		}, func() {
			for _, x := range pages {
				s.judge(x, Status(200), func(x *reports.Exchange) error {
					for _, name := range []string{"nextCursor", "previousCursor"} {
						if v := scim.String(x.Object(), name); !unreserved.MatchString(v) {
							return wrong(name, text("letters, digits, - . _ ~"), v)
						}
					}
					return nil
				})
			}
		})

		s.it("totalResults of a cursor page, if there, counts all pages", ID("cursor.total"), Requires("9865-2-14", "9865-2-15"), Explain{
			Why: "Clients show progress by totalResults, and check with it whether they have everybody.",
			Fix: "Count all matches, or leave totalResults out with cursors.",
		}, func() {
			for _, x := range pages {
				s.judge(x, Status(200), func(x *reports.Exchange) error {
					if _, there := x.Object()["totalResults"]; !there {
						return nil
					}
					return totals(fleetSize)(x)
				})
			}
		})

		s.it("a cursor page is a ListResponse", ID("cursor.list-message"), Requires("9865-2-17", "7644-3.4.2-04"), Explain{
			Why: "Strict clients choose the parser of a message by its schemas.",
			Fix: "Write cursor pages with the same code as other lists.",
		}, func() {
			s.judge(pages[0], Status(200), func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.ListResponseURN) {
					return wrong("schemas of the list", scim.ListResponseURN, x.Object()["schemas"])
				}
				return nil
			})
		})

		s.it("itemsPerPage of a cursor page is the number of its resources", ID("cursor.items-per-page"), Requires("9865-2-17"), Explain{
			Why: "Clients that reserve room by itemsPerPage lose resources.",
			Fix: "Set itemsPerPage to the number of resources that the page holds.",
		}, func() {
			s.judge(pages[0], Status(200), present("itemsPerPage"), func(x *reports.Exchange) error {
				if got, ok := listInt(x, "itemsPerPage"); ok && got != len(listItems(x)) {
					return wrong("itemsPerPage", len(listItems(x)), got)
				}
				return nil
			})
		})

		s.it("cursor pages are sorted as sortBy asks", ID("cursor.sorted"), Requires("9865-2.2-01"), Explain{
			Why: "Clients that merge two sorted lists lose resources where one of them is not sorted.",
			Fix: "Apply sortBy to cursor queries too, over all pages.",
		}, func() {
			s.requires(Sort)
			params := []string{"count", "3", "sortBy", "userName", "sortOrder", "descending"}
			sorted := followCursors(func(at string) *reports.Exchange { return s.atCursor(f, at, params...) })
			ids := f.met(sorted)
			err := errors.Join(answers(sorted), f.missed(ids))
			for i := 1; err == nil && i < len(ids); i++ {
				if f.nameOf(ids[i-1]) < f.nameOf(ids[i]) {
					err = wrong("userNames over all pages", text("descending"), f.namesOf(ids))
				}
			}
			s.judgeErr(err, sorted...)
		})
	})
}

var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

// back goes from the second page to the one before; it skips where there is no previousCursor, which is optional.
func (s *session) back(f *fleet, pages []*reports.Exchange) *reports.Exchange {
	if len(pages) < 2 {
		s.block("cursor.next", "there is no second page")
	}
	at := scim.String(pages[1].Object(), "previousCursor")
	if at == "" {
		s.see(pages[1])
		s.skip("the target returns no previousCursor")
	}
	return s.atCursor(f, at, "count", "3")
}

// sameSet compares two lists of ids, whatever their order.
func sameSet(a, b []string) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for _, id := range a {
		if count(a, id) != count(b, id) {
			return false
		}
	}
	return true
}
