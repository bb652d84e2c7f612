package suites

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// previousCursor returns the cursor of the page before, or "".
func previousCursor(x *reports.Exchange) string { return scim.String(x.Object(), "previousCursor") }

// cursorSize lowers a count below the announced maxPageSize, beyond which a target may refuse it (RFC 9865 §2.1); how it
// takes the very maximum is a check of its own.
func (s *session) cursorSize(count int) int {
	if most := s.learned.limit("pagination.maxPageSize"); most > 0 {
		return min(count, max(1, most-1))
	}
	return count
}

// onlyOurs wants a page to hold nobody but the fleet's users.
func (f *fleet) onlyOurs(pages []*reports.Exchange) error {
	for _, x := range pages {
		if all, ours := len(listItems(x)), len(f.ours(x)); all != ours {
			return wrong("resources of a page that the filter does not select", 0, all-ours)
		}
	}
	return nil
}

// cursorPages: what must hold on every page of a walk, forth and back (RFC 9865 §2).
func (s *session) cursorPages() {
	s.about("further pages by cursor", func() {
		var f *fleet
		var pages []*reports.Exchange
		s.beforeAll(func() {
			s.requires(Cursor)
			f = s.fleet()
			pages = followCursors(func(at string) *reports.Exchange { return s.atCursor(f, at, "count", "2") })
		})
		several := func() {
			if len(pages) < 3 {
				s.see(pages[len(pages)-1])
				s.block("cursor.walk", "the walk has %d pages of two", len(pages))
			}
		}

		s.it("the filter holds on every page that a cursor leads to", ID("cursor.pages-filtered"), Requires("9865-2-16", "7644-3.4.2.2-02"), Explain{
			Why: "A client that imports a department gets strangers from the second page on.",
			Fix: "Apply the filter again on every page, or keep it with the cursor.",
		}, func() {
			several()
			s.judgeErr(errors.Join(answers(pages), f.onlyOurs(pages)), pages...)
		})

		s.it("no page of a walk holds more than count resources", ID("cursor.pages-count"), Requires("9865-2-05"), Explain{
			Why: "Clients reserve room for count resources on every page.",
			Fix: "Limit all pages to count, not the first alone.",
		}, func() {
			several()
			var errs []error
			for _, x := range pages {
				errs = append(errs, atMost(2)(x))
			}
			s.judgeErr(errors.Join(errs...), pages...)
		})

		s.it("the projection holds on every page that a cursor leads to", ID("cursor.pages-projected"), Requires("9865-2-17", "7644-3.9-04"), Explain{
			Why: "Clients ask for three attributes to keep pages small; from the second page on they get everything.",
			Fix: "Apply attributes and excludedAttributes again on every page.",
		}, func() {
			s.needs("User", "displayName")
			list := followCursors(func(at string) *reports.Exchange {
				return s.atCursor(f, at, "count", "3", "attributes", "userName")
			})
			err := answers(list)
			if shown := scim.Assigned(scim.Get(f.users[0].Created.Object(), "displayName")); !shown {
				s.skip("users are shown without displayName anyway")
			}
			for _, x := range list {
				for _, o := range listItems(x) {
					if err == nil && scim.Assigned(scim.Get(o, "displayName")) {
						err = soften(reports.Warn, wrong("displayName on a page of a query for userName alone", nil, scim.Get(o, "displayName")))
					}
					if err == nil {
						err = attrSet(o, "userName")
					}
				}
			}
			s.judgeErr(err, list...)
		})

		s.it("the way back from the last page shows every resource once", ID("cursor.walk-back"), Requires("9865-2-16", "9865-2-10", "9865-2-05"), Explain{
			Why: "Who pages back through a list sees people twice, or misses them.",
			Fix: "Let previousCursor lead to the resources right before the first one of its page, or leave it out everywhere.",
		}, func() {
			several()
			last := pages[len(pages)-1]
			if len(listItems(last)) == 0 {
				last = pages[len(pages)-2] // an empty last page is legal (ambiguity A57)
			}
			if previousCursor(last) == "" {
				s.see(last)
				s.skip("the target returns no previousCursor")
			}
			back := []*reports.Exchange{last}
			for at := previousCursor(last); at != "" && len(back) < maxPages; {
				x := s.atCursor(f, at, "count", "2")
				back = append(back, x)
				if at = previousCursor(x); x.Status != 200 {
					break
				}
			}
			errs := []error{answers(back), f.missed(f.met(back))}
			for _, x := range back[1:] {
				errs = append(errs, atMost(2)(x))
			}
			s.judgeErr(errors.Join(errs...), back...)
		})

		s.it("a page reached backwards leads forward again", ID("cursor.turn-round"), Requires("9865-2-08", "9865-2-16"), Explain{
			Why: "Who pages back and then forward again must come to the page that he left.",
			Fix: "Return nextCursor on every page that is not the last, however it was reached.",
		}, func() {
			several()
			if previousCursor(pages[1]) == "" {
				s.see(pages[1])
				s.skip("the target returns no previousCursor")
			}
			back := s.atCursor(f, previousCursor(pages[1]), "count", "2")
			if nextCursor(back) == "" {
				s.judgeErr(errors.Join(Status(200)(back), wrong("nextCursor of the first page, reached backwards", text("a cursor"), back.Object()["nextCursor"])), pages[1], back)
				return
			}
			again := s.atCursor(f, nextCursor(back), "count", "2")
			err := Status(200)(again)
			if err == nil && !sameSet(f.ours(again), f.ours(pages[1])) {
				err = wrong("resources of the second page, reached from the first again", f.ours(pages[1]), f.ours(again))
			}
			s.judgeErr(err, pages[1], back, again)
		})

		s.it("totalResults with count=0 and a cursor, if there, counts all matches", ID("cursor.count-zero-total"), Requires("9865-2-04", "9865-2-14"), Explain{
			Why: "The number is all that such a query is made for.",
			Fix: "Count the matches independently of the page, or leave totalResults out.",
		}, func() {
			for _, n := range []string{"0", "-1"} {
				x := s.atCursor(f, "", "count", n)
				if x.Status == 400 && n == "-1" {
					s.observe("A57", "a negative count with a cursor", "is refused")
					s.see(x)
					continue
				}
				s.judge(x, Status(200), isPage, func(x *reports.Exchange) error {
					if _, there := x.Object()["totalResults"]; !there {
						return nil
					}
					return totals(fleetSize)(x)
				})
			}
		})
	})

	s.about("cursors at every endpoint", func() {
		s.beforeAll(func() { s.requires(Cursor) })

		s.it("cursors lead through groups as they do through users", ID("cursor.groups"), Requires("9865-2-08", "9865-2-05"), Explain{
			Why: "A client reads groups the same way; where cursor is ignored there it gets the first page for ever.",
			Fix: "Use the same paging for all resource types.",
		}, func() {
			g := s.makeGroup("cursor")
			s.makeGroup("cursor")
			x := s.get(g.typ.Endpoint, "cursor", "", "count", "1")
			s.listed(x)
			if nextCursor(x) == "" || x.Status != 200 {
				s.judge(x, Status(200), func(x *reports.Exchange) error {
					return wrong("nextCursor, with two groups and count=1", text("a cursor"), x.Object()["nextCursor"])
				})
				return
			}
			y := s.get(g.typ.Endpoint, "cursor", nextCursor(x), "count", "1")
			s.judge(y, Status(200), atMost(1), someItems, func(y *reports.Exchange) error {
				a, b := scim.List(x.Object(), "Resources.id"), scim.List(y.Object(), "Resources.id")
				if slices.Equal(a, b) {
					return wrong("the group on the second page", text("another than on the first"), b)
				}
				return nil
			})
		})

		s.it("pages by cursor without a filter show every resource exactly once", ID("cursor.plain-walk"), Requires("9865-2-16", "9865-2-08"), Explain{
			Why: "A first import reads the whole directory by cursor; who is missing there gets a second account.",
			Fix: "Let cursors point into one stable order of all resources.",
		}, func() {
			f := &fleet{users: []*resource{s.makeUser("cursor"), s.makeUser("cursor"), s.makeUser("cursor")}}
			// How many there are decides about the pages, so nobody may come in between.
			s.alone(func() {
				read := func() ([]*reports.Exchange, error) {
					first := s.get(f.endpoint(), "cursor", "", "count", "1")
					total, counted := listInt(first, "totalResults")
					if !counted || total > largeDirectory {
						s.see(first)
						s.skip("the target holds %d users (counted: %v), too many to read them all", total, counted)
					}
					size := strconv.Itoa(s.cursorSize(thirdOf(total)))
					pages := followCursors(func(at string) *reports.Exchange {
						return s.get(f.endpoint(), "cursor", at, "count", size)
					})
					if brokenOff(pages) {
						s.skip("the target's pages are too small to read all of its %d users", total)
					}
					return pages, errors.Join(answers(pages), f.missed(f.met(pages)), everybody(pages))
				}
				s.judgeWalk(read)
			})
		})

		s.it("the way back without a filter shows every resource of the pages before", ID("cursor.plain-back"), Requires("9865-2-16", "9865-2-10"), Explain{
			Why: "Whole lists are often read in a faster way, which may know the way forward alone; who pages back sees other people than before.",
			Fix: "Let previousCursor lead back with and without a filter, or leave it out.",
		}, func() {
			t := s.needsType("User")
			s.makeUser("cursor-back")
			s.makeUser("cursor-back")
			var first, second, back *reports.Exchange
			// Who comes in or leaves between the pages would be on one of them.
			s.alone(func() {
				page := func(at string) *reports.Exchange { return s.get(t.Endpoint, "cursor", at, "count", "1") }
				if first = page(""); nextCursor(first) != "" {
					if second = page(nextCursor(first)); previousCursor(second) != "" {
						back = page(previousCursor(second))
					}
				}
			})
			s.see(first)
			if second == nil {
				s.block("cursor.plain", "the first page has no nextCursor")
			}
			s.see(second)
			if back == nil {
				s.skip("the second page has no previousCursor")
			}
			s.judge(back, Status(200), func(x *reports.Exchange) error {
				if want, got := scim.List(first.Object(), "Resources.id"), scim.List(x.Object(), "Resources.id"); !slices.Equal(got, want) {
					return wrong("the page before the second", want, got)
				}
				return nil
			})
		})

		s.it("a nextCursor that comes unasked leads to the next page", ID("cursor.unasked"), Requires("9865-2.3-01", "9865-2-16"), Explain{
			Why: "A server may demand cursors by returning one; a cursor that leads nowhere ends the import.",
			Fix: "Return nextCursor only where it works, whether or not the request had a cursor.",
		}, func() {
			f := s.fleet()
			x := s.list(f, "count", "3")
			if nextCursor(x) == "" {
				s.observe("A57", "a list that was asked for without cursor", "has no nextCursor")
				s.see(x)
				s.skip("a list that was asked for without cursor has none")
			}
			s.observe("A57", "a list that was asked for without cursor", "has a nextCursor")
			pages := append([]*reports.Exchange{x}, followCursorsFrom(nextCursor(x), func(at string) *reports.Exchange {
				return s.atCursor(f, at, "count", "3")
			})...)
			s.judgeErr(errors.Join(answers(pages), f.missed(f.met(pages))), pages...)
		})

		s.it("where startIndex is not offered, it is refused or ignored openly", ID("cursor.index-not-offered"), Requires("9865-4-08"), Explain{
			Why: "A client that gets the first page under the number of a later one reads the same people for ever.",
			Fix: "Leave startIndex out of the answer where it was not obeyed, or refuse it with 400.",
		}, func() {
			if c := s.learned.claim(Index); c == nil || *c {
				s.skip("ServiceProviderConfig does not say that pagination.index is unsupported")
			}
			f := s.fleet()
			first, x := s.list(f, "count", "2"), s.list(f, "startIndex", "5", "count", "2")
			s.see(first)
			s.judge(x, answered, func(x *reports.Exchange) error {
				if got, there := listInt(x, "startIndex"); there && got == 5 && sameSet(f.ours(x), f.ours(first)) {
					return wrong("startIndex of the first page", text("absent, or 1"), got)
				}
				return nil
			})
		})
	})

	s.about("cursors and credentials", func() {
		var f *fleet
		var next string
		s.beforeAll(func() {
			s.requires(Cursor)
			if k := s.cfg.Wire.Auth.Kind; k == "" || k == "none" {
				s.skip("the run has no credential, so nothing can be said about requests without one")
			}
			f = s.fleet()
			_, next = s.firstPage(f)
		})

		s.it("a cursor is no credential", ID("cursor.no-credential"), Requires("9865-5.2-01", "9865-5.2-02"), Explain{
			Why: "Cursors stand in URLs, and so in logs; who finds one must not be able to read the directory with it.",
			Fix: "Check the credential of every request, whatever its cursor says.",
		}, func() {
			plain := door{method: http.MethodGet, path: f.endpoint()}
			for _, instead := range []string{"", "scimproof-wrong-credential"} {
				x := s.knock(plain, instead, "filter", f.filter, "count", "3", "cursor", next)
				if open := s.knock(plain, instead); open.Success() {
					s.see(open)
					s.block("auth.none-list", "GET %s without a valid credential answered %d", f.endpoint(), open.Status)
				}
				s.judge(x, Status(401, 403, 400, 404), noItems)
			}
		})

		s.it("refusals of cursors show nothing of the directory", ID("cursor.errors-discreet"), Requires("9865-5.2-05"), Explain{
			Why: "A cursor that is opened for the error text shows names to whoever sends it.",
			Fix: "Say that the cursor is invalid, always in the same words, and log the rest.",
		}, func() {
			tries := []*reports.Exchange{
				s.atCursor(f, "scimproof-no-cursor", "count", "3"),
				s.atCursor(f, forge(next, len(next)/2), "count", "3"),
				s.get(f.endpoint(), "filter", "userName eq "+scim.Quote(scim.String(f.decoy.Sent, "userName")), "count", "3", "cursor", next),
			}
			refusals := 0
			for _, x := range tries {
				if x.Status < 400 {
					continue
				}
				refusals++
				s.judge(x, func(x *reports.Exchange) error {
					if m := errorInternals.Find(x.Body()); m != nil {
						return wrong("error body", text("a sentence for humans"), string(m))
					}
					for _, u := range f.users {
						for _, secret := range []string{u.ID, scim.String(u.Sent, "userName")} {
							if len(secret) > 7 && strings.Contains(strings.ToLower(string(x.Body())), strings.ToLower(secret)) {
								return wrong("error body", text("nothing of the directory"), secret)
							}
						}
					}
					return nil
				})
			}
			if refusals == 0 {
				s.block("cursor.garbage", "no invalid cursor was refused")
			}
		})
	})
}

// followCursorsFrom is followCursors from a later page.
func followCursorsFrom(cursor string, ask func(cursor string) *reports.Exchange) []*reports.Exchange {
	return followCursors(func(at string) *reports.Exchange {
		if at == "" {
			at = cursor
		}
		return ask(at)
	})
}
