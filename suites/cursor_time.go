package suites

import (
	"errors"
	"slices"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// longestCursorTimeout is how many seconds are waited at most for a cursor to expire.
const longestCursorTimeout = 5

// cursorTime: how long cursors are valid (RFC 9865 §2.1, §4).
func (s *session) cursorTime() {
	s.about("the time that a cursor is valid", func() {
		var f *fleet
		var timeout time.Duration
		s.beforeAll(func() {
			s.requires(Cursor)
			n := s.learned.limit("pagination.cursorTimeout")
			if n == 0 || n > longestCursorTimeout {
				s.skip("the announced cursorTimeout is %d seconds; at most %d are waited", n, longestCursorTimeout)
			}
			timeout = time.Duration(n) * time.Second
			f = s.fleet()
		})
		s.it("a cursor is valid for at least cursorTimeout", ID("cursor.timeout-kept"), Requires("9865-4-05"), Explain{
			Why: "Clients write what they have read before they ask for the next page, and plan the time for it by cursorTimeout.",
			Fix: "Let cursors live at least as long as announced, counted from the page that carried them.",
		}, func() {
			_, next := s.firstPage(f)
			s.pause(timeout / 2)
			s.judge(s.atCursor(f, next, "count", "3"), Status(200), someItems)
		})

		s.it("an expired cursor is refused as such, or still good", ID("cursor.expired"), Requires("9865-2.1-03", "9865-2.1-05"), Explain{
			Why: "A client that waited too long starts again when it sees expiredCursor, and gives up on any other error.",
			Fix: "Answer 400 with scimType expiredCursor.",
		}, func() {
			_, next := s.firstPage(f)
			s.cur.waited = true
			s.pause(timeout + timeout/5)
			x := s.atCursor(f, next, "count", "3")
			if x.Status == 200 {
				// cursorTimeout is the least time, not the most.
				s.observe("A57", "a cursor that is older than cursorTimeout", "still works")
				s.judge(x, someItems)
				return
			}
			s.observe("A57", "a cursor that is older than cursorTimeout", "is refused")
			s.judge(x, Status(400), ErrorBody, ScimType(scim.ExpiredCursor, scim.InvalidCursor))
		})
	})
}

// cursorChanges: a walk while records come and go. RFC 9865 promises nothing here, so that what is seen weighs as INFO.
func (s *session) cursorChanges() {
	s.about("a walk by cursor while records change", func() {
		var attr string
		s.beforeAll(func() {
			s.requires(Cursor)
			attr = s.fleet().attr
		})
		// crew makes users of their own mark.
		crew := func(what string, size int) *fleet {
			f := &fleet{mark: s.tag(what)}
			f.filter = attr + " eq " + scim.Quote(f.mark)
			for range size {
				f.users = append(f.users, s.makeUser(what, func(o scim.Object) { scim.Put(o, attr, f.mark) }))
			}
			return f
		}
		// walkWhile walks through a crew of six; between is called after the first page of two.
		walkWhile := func(what string, between func(f *fleet)) error {
			f := crew(what, 6)
			pages := followCursors(func(at string) *reports.Exchange {
				if at != "" && between != nil {
					between(f)
					between = nil
				}
				return s.atCursor(f, at, "count", "2")
			})
			for _, x := range pages {
				s.see(x)
			}
			if between != nil {
				s.block("cursor.next", "the walk has one page alone")
			}
			return soften(reports.Info, errors.Join(answers(pages), f.missed(f.met(pages))))
		}

		s.it("a record that is added during a walk moves no other", ID("cursor.records-added"), Requires("9865-2-16"), Explain{
			Why: "People are hired while an import runs; who is shown twice looks like a duplicate.",
			Fix: "Let cursors point behind a record of one stable order, not at a number of records.",
		}, func() {
			var at *fleet
			err := walkWhile("cursor-add", func(f *fleet) {
				at = f
				s.makeUser("cursor-add", func(o scim.Object) { scim.Put(o, attr, f.mark) })
			})
			s.judge(at.users[0].Created, func(*reports.Exchange) error { return err })
		})

		s.it("a record that is deleted during a walk hides no other", ID("cursor.records-removed"), Requires("9865-2-16"), Explain{
			Why: "People leave while an import runs; a colleague whom no page shows then counts as gone too.",
			Fix: "Let cursors point behind a record of one stable order, not at a number of records.",
		}, func() {
			var x *reports.Exchange
			err := walkWhile("cursor-remove", func(f *fleet) {
				// Both records of the first page were shown already, whichever they are; one of them goes.
				first := s.atCursor(f, "", "count", "2")
				for i, u := range f.users {
					if item(first, u) != nil {
						x = s.remove(u)
						f.users = append(f.users[:i:i], f.users[i+1:]...)
						break
					}
				}
			})
			if x == nil || !x.Success() {
				s.block("delete.status", "no user could be deleted")
			}
			s.judge(x, func(*reports.Exchange) error { return err })
		})

		s.it("a cursor may be used after all resources behind it were deleted", ID("cursor.rest-removed"), Requires("9865-2-16"), Explain{
			Why: "A clean-up between two pages must not look like an outage to who reads the directory.",
			Fix: "Answer with an empty page without nextCursor where nothing comes behind the cursor any more.",
		}, func() {
			f := crew("cursor-rest", 3)
			first := s.atCursor(f, "", "count", "2")
			s.see(first)
			if nextCursor(first) == "" {
				s.block("cursor.next", "the first page has no nextCursor")
			}
			for _, u := range f.users {
				if item(first, u) != nil {
					continue
				}
				if x := s.remove(u); !x.Success() {
					s.see(x)
					s.block("delete.status", "no user could be deleted")
				}
			}
			s.judge(s.atCursor(f, nextCursor(first), "count", "2"), NotServerError, noItems)
		})

		s.it("a page may be asked for backwards after a record on it was deleted", ID("cursor.back-removed"), Requires("9865-2-16"), Explain{
			Why: "People leave while somebody pages through a list; going back must not end in an error, nor lose those who are still there.",
			Fix: "Take what there is where fewer records come before the cursor than a page holds.",
		}, func() {
			f := crew("cursor-back", 4)
			first := s.atCursor(f, "", "count", "2")
			second := first
			if nextCursor(first) != "" {
				second = s.atCursor(f, nextCursor(first), "count", "2")
			}
			s.see(first)
			s.see(second)
			if previousCursor(second) == "" {
				s.skip("the second page has no previousCursor")
			}
			i := slices.IndexFunc(f.users, func(u *resource) bool { return item(first, u) != nil })
			if i < 0 {
				s.block("cursor.walk", "the first page shows nobody")
			}
			if x := s.remove(f.users[i]); !x.Success() {
				s.see(x)
				s.block("delete.status", "no user could be deleted")
			}
			f.users = slices.Delete(f.users, i, i+1)
			back := s.atCursor(f, previousCursor(second), "count", "2")
			s.judge(back, NotServerError, func(x *reports.Exchange) error {
				for _, u := range f.users {
					if item(first, u) != nil && item(x, u) == nil {
						return soften(reports.Info, broken("%s was on that page before, and is not now", scim.String(u.Sent, "userName")))
					}
				}
				return nil
			})
		})
	})
}
