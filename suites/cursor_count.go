package suites

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

func (s *session) cursorCount() {
	s.about("count with a cursor", func() {
		var f *fleet
		var zero *reports.Exchange
		s.beforeAll(func() {
			s.requires(Cursor)
			f = s.fleet()
			zero = s.atCursor(f, "", "count", "0")
		})

		s.it("a cursor page holds no more than count resources", ID("cursor.count"), Requires("9865-2-05"), Explain{
			Why: "Clients reserve room for count resources.",
			Fix: "Limit cursor pages to count.",
		}, func() {
			for n := 1; n <= 3; n++ {
				s.judge(s.atCursor(f, "", "count", strconv.Itoa(n)), Status(200), atMost(n), someItems)
			}
		})

		s.it("count=0 with a cursor returns no resources", ID("cursor.count-zero"), Requires("9865-2-04", "9865-2-05"), Explain{
			Why: "Clients ask with count=0 how many there are.",
			Fix: "Take 0 as a page size, not as a missing one.",
		}, func() { s.judge(zero, Status(200), IsObject, isPage, noItems) })

		s.it("a negative count with a cursor returns no resources", ID("cursor.count-negative"), Requires("9865-2-03"), Explain{
			Why: "Taking -5 for \"no limit\" returns the whole directory to somebody who asked for nothing.",
			Fix: "Treat a negative count as 0, or refuse it with 400 invalidCount.",
		}, func() {
			x := s.atCursor(f, "", "count", "-5")
			if x.Status == http.StatusBadRequest {
				s.judge(x, ErrorBody)
				s.observe("A57", "a negative count with a cursor", "is refused")
				return
			}
			s.judge(x, Status(200), isPage, noItems)
		})

		s.it("without count a cursor page has the server's own size", ID("cursor.default-size"), Requires("9865-2-07", "9865-2-08"), Explain{
			Why: "Clients that leave count out get nothing, and no way to go on.",
			Fix: "Use the default page size where count is missing.",
		}, func() {
			pages := followCursors(func(at string) *reports.Exchange { return s.atCursor(f, at) })
			s.judgeErr(errors.Join(answers(pages), f.missed(f.met(pages))), pages...)
		})

		s.it("a count beyond the maximum page size is capped or refused", ID("cursor.over-maximum"), Requires("9865-4-04", "9865-2.1-04"), Explain{
			Why: "Clients size their requests by the announced maximum.",
			Fix: "Cap the page at maxPageSize, or answer 400 invalidCount.",
		}, func() {
			limit := s.learned.limit("pagination.maxPageSize")
			if limit == 0 {
				s.skip("ServiceProviderConfig announces no pagination.maxPageSize")
			}
			x := s.atCursor(f, "", "count", strconv.Itoa(limit+1))
			if x.Status == http.StatusBadRequest {
				s.judge(x, Refused("400", scim.InvalidCount))
				s.observe("A57", "a count beyond maxPageSize", "is refused")
				return
			}
			s.judge(x, Status(200), someItems, atMost(limit))
			s.observe("A57", "a count beyond maxPageSize", "is capped")
		})

		s.it("a count that changes during a walk is refused or followed", ID("cursor.count-changed"), Requires("9865-2.1-04", "9865-2-05"), Explain{
			Why: "The standard wants the same count on every page; a server error or too large a page helps nobody.",
			Fix: "Answer 400 invalidCount, or use the new count.",
		}, func() {
			_, next := s.firstPage(f)
			x := s.atCursor(f, next, "count", "2")
			if x.Status == http.StatusBadRequest {
				s.judge(x, Refused("400", scim.InvalidCount, scim.InvalidCursor))
				s.observe("A57", "a count that changes during a walk", "is refused")
				return
			}
			s.judge(x, Status(200), isPage, atMost(3))
			s.observe("A57", "a count that changes during a walk", "is followed or ignored")
		})
	})
}

// isPage wants a list, with cursors where totalResults may be missing.
func isPage(x *reports.Exchange) error {
	_, counted := listInt(x, "totalResults")
	if !counted && x.Object()["Resources"] == nil && !hasSchema(x.Object(), scim.ListResponseURN) {
		return wrong("answer", text("a list"), text("something else"))
	}
	return nil
}

func (s *session) cursorMethods() {
	s.about("cursors beside other methods", func() {
		var f *fleet
		s.beforeAll(func() {
			s.requires(Cursor)
			f = s.fleet()
		})

		s.it("cursor without a value starts a walk like an empty one", ID("cursor.bare"), Requires("9865-2-08"), Explain{
			Why: "The examples of RFC 9865 write ?cursor without an equals sign, and so do clients.",
			Fix: "Take a cursor parameter without value for an empty one.",
		}, func() {
			x := s.do(wire.Request{Method: http.MethodGet, Path: f.endpoint(), RawQuery: query("filter", f.filter, "count", "3") + "&cursor"})
			s.judge(x, Status(200), func(x *reports.Exchange) error {
				if len(f.ours(x)) < fleetSize && nextCursor(x) == "" {
					return wrong("nextCursor", text("a cursor"), x.Object()["nextCursor"])
				}
				return nil
			})
		})

		s.it("cursors work in POST .search", ID("cursor.search"), Requires("9865-3-01"), Explain{
			Why: "Clients that keep personal data out of URLs page through .search.",
			Fix: "Read cursor and count from the body of the search too.",
		}, func() {
			pages := followCursors(func(at string) *reports.Exchange {
				return s.search(f.endpoint(), object{"filter": f.filter, "count": 3, "cursor": at})
			})
			if x := pages[0]; x.Status == 404 || x.Status == 405 || x.Status == 501 {
				s.see(x)
				s.block("search.status", "POST .search answers %d", x.Status)
			}
			err := errors.Join(answers(pages), f.missed(f.met(pages)))
			if err == nil && len(pages) == 1 && len(listItems(pages[0])) > 3 {
				err = atMost(3)(pages[0])
			}
			s.judgeErr(err, pages...)
		})

		s.it("startIndex still works beside cursors", ID("cursor.index-beside"), Requires("9865-2.4-03", "7644-3.4.2.4-10"), Explain{
			Why: "Clients that know nothing of cursors keep paging by startIndex; they must not get the first page for ever.",
			Fix: "Let startIndex select index paging, or announce pagination.index as false.",
		}, func() {
			s.needsIndex()
			x, y := s.list(f, "startIndex", "1", "count", "2"), s.list(f, "startIndex", "5", "count", "2")
			s.judge(y, Status(200), someItems, func(y *reports.Exchange) error {
				for _, id := range f.ours(y) {
					if count(f.ours(x), id) > 0 {
						return wrong("resources with startIndex=5", text("others than with startIndex=1"), f.ours(y))
					}
				}
				return nil
			})
		})

		s.it("a request without paging parameters uses the announced default method", ID("cursor.default-method"), Requires("9865-2.4-01"), Explain{
			Why: "A client that relies on the announced method looks for startIndex or nextCursor in vain.",
			Fix: "Answer by the method that defaultPaginationMethod names, always the same one.",
		}, func() {
			method := scim.String(s.learned.config.Object(), "pagination.defaultPaginationMethod")
			x := s.list(f, "count", "2")
			again := s.list(f, "count", "2")
			s.judge(x, Status(200), someItems, func(x *reports.Exchange) error {
				if (nextCursor(x) == "") != (nextCursor(again) == "") {
					return broken("the method differs from one request to the next")
				}
				if method == "cursor" && len(f.ours(x)) < fleetSize && nextCursor(x) == "" {
					return wrong("nextCursor", text("a cursor, by defaultPaginationMethod"), nil)
				}
				if method == "index" && nextCursor(x) != "" {
					return wrong("nextCursor", text("none, by defaultPaginationMethod"), nextCursor(x))
				}
				return nil
			})
		})

		s.it("cursor and startIndex together do not upset the server", ID("cursor.with-start-index"), Requires("9865-2.4-03"), Explain{
			Why: "What both mean together is open; a server error looks like an outage.",
			Fix: "Let one of them count, or answer 400.",
		}, func() {
			x := s.atCursor(f, "", "startIndex", "2", "count", "2")
			s.judge(x, answered)
			choice := "by startIndex"
			switch {
			case x.Status >= 400:
				choice = "refused"
			case nextCursor(x) != "":
				choice = "by cursor"
			}
			s.observe("A57", "cursor and startIndex together are answered", choice)
		})
	})
}
