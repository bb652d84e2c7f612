package suites

import (
	"errors"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// cursorErrors: cursors that are not valid (RFC 9865 §2.1).
func (s *session) cursorErrors() {
	s.about("invalid cursors", func() {
		var f *fleet
		s.beforeAll(func() {
			s.requires(Cursor)
			f = s.fleet()
		})
		refused := func(x *reports.Exchange) { s.judge(x, Refused("400")) }
		otherFilter := func(cursor string) *reports.Exchange {
			return s.get(f.endpoint(), "filter", "userName eq "+scim.Quote(scim.String(f.decoy.Sent, "userName")), "count", "3", "cursor", cursor)
		}

		s.it("a made-up cursor is refused with 400 invalidCursor", ID("cursor.garbage"), Requires("9865-2.1-01", "9865-2.1-02", "9865-2.1-05"), Explain{
			Why: "A client that gets a page for a broken cursor believes that it goes on, and reads the wrong resources.",
			Fix: "Answer 400 with scimType invalidCursor to cursors that the server did not make.",
		}, func() { refused(s.atCursor(f, "scimproof-no-cursor", "count", "3")) })

		s.it("the refusal of a cursor names invalidCursor", ID("cursor.garbage-keyword"), Requires("9865-2.1-02"), Explain{
			Why: "invalidCursor tells clients to start again; other errors tell them to give up.",
			Fix: "Set scimType to invalidCursor.",
		}, func() {
			x := s.atCursor(f, "scimproof-no-cursor", "count", "3")
			if x.Status != 400 {
				s.see(x)
				s.block("cursor.garbage", "the cursor was not refused with 400")
			}
			s.judge(x, ScimType(scim.InvalidCursor))
			at := nextCursor(s.atCursor(f, "", "count", "3"))
			if at == "" {
				return
			}
			// It is the cursor that is wrong, or the filter, whichever way one looks at it.
			if x = otherFilter(at); x.Status == 400 {
				s.judge(x, ScimType(scim.InvalidCursor, scim.InvalidFilter, scim.InvalidValue))
			}
		})

		s.it("a changed cursor is not taken for another valid one", ID("cursor.forged"), Requires("9865-5.2-04"), Explain{
			Why: "Cursors that can be made up let a client read pages that it was never shown.",
			Fix: "Sign or encrypt cursors, or keep them on the server under a random name.",
		}, func() {
			_, next := s.firstPage(f)
			// The end is left alone: a decoder may ignore the last bits of base64.
			for i := range min(forgeries, max(len(next)-1, 1)) {
				refused(s.atCursor(f, forge(next, i*max(len(next)-1, 1)/forgeries), "count", "3"))
			}
		})

		s.it("a cursor of another filter is refused", ID("cursor.other-filter"), Requires("9865-2.1-02"), Explain{
			Why: "Pages of two queries mixed up are neither; the client believes that it has one result.",
			Fix: "Bind cursors to the query that they were made for.",
		}, func() {
			_, next := s.firstPage(f)
			refused(otherFilter(next))
		})

		s.it("a cursor of another endpoint is refused", ID("cursor.other-endpoint"), Requires("9865-2.1-02"), Explain{
			Why: "A cursor for users must not open a page of groups.",
			Fix: "Bind cursors to the endpoint that they were made for.",
		}, func() {
			g := s.needsType("Group")
			x := s.get(f.endpoint(), "count", "2", "cursor", "")
			if nextCursor(x) == "" {
				s.see(x)
				s.block("cursor.next", "the first page has no nextCursor")
			}
			refused(s.get(g.Endpoint, "count", "2", "cursor", nextCursor(x)))
		})

		s.it("a count that is no integer is refused with a cursor too", ID("cursor.count-not-integer"), Requires("9865-2.1-01"), Explain{
			Why: "A server error for a client's mistake looks like an outage.",
			Fix: "Answer 400 invalidCount or invalidValue, or ignore the parameter.",
		}, func() { s.judge(s.atCursor(f, "", "count", "abc"), answered) })
	})
}

// forgeries is at how many places a cursor is changed: what it holds in front may be signed, and the rest not.
const forgeries = 12

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// forge changes one character of a cursor. In base64url it flips the lowest bit of a byte, so that text stays text, and
// the digits of a number become another number.
func forge(cursor string, i int) string {
	b := []byte(cursor)
	at := strings.IndexByte(base64url, b[i])
	b[i] = base64url[max(at, 0)^[]int{1, 16, 4, 1}[i%4]]
	return string(b)
}

// cursorConfig: how cursors are announced (RFC 9865 §4).
func (s *session) cursorConfig() {
	s.about("cursors and their announcement", func() {
		s.it("a server with cursors announces its paging methods", ID("cursor.announced"), Requires("9865-4-01"), Explain{
			Why: "Clients look there before they use cursors; a method that is not announced is not used.",
			Fix: "Add the attribute pagination to ServiceProviderConfig.",
		}, func() {
			config := s.learned.config
			if _, there := scim.Get(config.Object(), "pagination").(scim.Object); there {
				s.judge(config, Status(200))
				return
			}
			x := s.atCursor(s.fleet(), "", "count", "2")
			if nextCursor(x) == "" {
				s.see(x)
				s.skip("the target has no cursors and announces none")
			}
			s.judgeErr(wrong("pagination in ServiceProviderConfig", text("there, since cursors work"), nil), config, x)
		})
	})

	s.about("the announcement of paging methods", func() {
		var config *reports.Exchange
		var pagination scim.Object
		s.beforeAll(func() {
			config = s.learned.config
			v, ok := scim.Get(config.Object(), "pagination").(scim.Object)
			if !ok {
				s.skip("ServiceProviderConfig has no pagination")
			}
			pagination = v
		})

		s.it("pagination says by Booleans whether cursor and index are supported", ID("cursor.config-booleans"), Requires("9865-4-02"), Explain{
			Why: "Clients choose the method by these two; a string \"true\" is not what they test for.",
			Fix: "Publish pagination.cursor and pagination.index as JSON Booleans.",
		}, func() {
			s.judge(config, func(*reports.Exchange) error {
				var errs []error
				for _, name := range []string{"cursor", "index"} {
					if _, ok := pagination[name].(bool); !ok {
						errs = append(errs, wrong("pagination."+name, text("true or false"), pagination[name]))
					}
				}
				return errors.Join(errs...)
			})
		})

		s.it("the sizes and the time-out of pagination are positive integers", ID("cursor.config-sizes"), Requires("9865-4-03"), Explain{
			Why: "Clients size pages and plan pauses by these numbers.",
			Fix: "Publish defaultPageSize, maxPageSize and cursorTimeout as positive integers, or leave them out.",
		}, func() {
			s.judge(config, func(*reports.Exchange) error {
				var errs []error
				for _, name := range []string{"defaultPageSize", "maxPageSize", "cursorTimeout"} {
					v, there := pagination[name]
					if n, ok := number(v); there && v != nil && (!ok || n < 1) {
						errs = append(errs, wrong("pagination."+name, text("a positive integer"), v))
					}
				}
				return errors.Join(errs...)
			})
		})

		s.it("the default paging method is cursor or index", ID("cursor.config-method"), Requires("9865-4-03"), Explain{
			Why: "Clients that read another word do not know how to go on.",
			Fix: "Set defaultPaginationMethod to cursor or index, or leave it out.",
		}, func() {
			s.judge(config, func(*reports.Exchange) error {
				v, there := pagination["defaultPaginationMethod"]
				if there && v != nil && v != "cursor" && v != "index" {
					return wrong("pagination.defaultPaginationMethod", text("cursor or index"), v)
				}
				return nil
			})
		})
	})
}
