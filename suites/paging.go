package suites

import (
	"errors"
	"strconv"

	"github.com/scimproof/scimproof/reports"
)

// paging: pages by startIndex and count (RFC 7644 §3.4.2.4).
func (s *session) paging() {
	s.pagingWalk()
	s.pagingCount()
	s.pagingStart()
	s.pagingOdd()
	s.pagingPlain()
	s.pagingWhole()
	s.pagingDepth()
}

// needsIndex skips where startIndex is announced not to be offered (RFC 9865 §4).
func (s *session) needsIndex() {
	if s.cursorOnly() {
		s.skip("ServiceProviderConfig says pagination.index is false")
	}
}

// pagingWalk: a fixed set, page by page.
func (s *session) pagingWalk() {
	s.about("a walk by startIndex", func() {
		var f *fleet
		var pages []*reports.Exchange
		s.beforeAll(func() {
			s.needsIndex()
			f = s.fleet()
			pages = s.walkFleet(f)
		})
		// second is a page after the first.
		second := func() *reports.Exchange {
			if len(pages) < 2 || pages[1].Status != 200 || len(listItems(pages[1])) == 0 {
				s.block("paging.walk", "there is no second page")
			}
			return pages[1]
		}

		s.it("pages that follow startIndex show every resource exactly once", ID("paging.walk"), Requires("7644-3.4.2.4-10", "7644-3.4.2.4-05"), Explain{
			Why: "A user whom no page shows counts as deleted for a client that imports, and one shown twice as a duplicate.",
			Fix: "Begin the page at the 1-based index startIndex of one stable order, such as that of creation or id.",
		}, func() {
			err := errors.Join(answers(pages), f.missed(f.met(pages)))
			if err != nil {
				// No order is promised without sortBy: only what happens again is held against the server.
				again := s.walkFleet(f)
				if errors.Join(answers(again), f.missed(f.met(again))) == nil {
					err = soften(reports.Warn, err)
				}
			}
			s.judgeErr(err, pages...)
		})

		s.it("totalResults is the same on every page", ID("paging.total-stable"), Requires("7644-3.4.2-05", "7644-3.4.2.4-09"), Explain{
			Why: "A client computes from totalResults how many pages there are; a number that shrinks ends the import early.",
			Fix: "Count all matches whatever startIndex and count are.",
		}, func() {
			for _, x := range pages {
				s.judge(x, Status(200), totals(fleetSize))
			}
		})

		s.it("a partial list has startIndex", ID("paging.partial-start-index"), Requires("7644-3.4.2-07"), Explain{
			Why: "Clients compute the next page from startIndex and the number of items.",
			Fix: "Add startIndex to every list that does not hold all matches.",
		}, func() {
			s.judge(second(), present("startIndex"))
		})

		s.it("startIndex in the answer is the index of the page's first resource", ID("paging.start-index-echo"), Requires("7644-3.4.2.4-13"), Explain{
			Why: "A client that goes on from a wrong startIndex skips resources or never ends.",
			Fix: "Return the 1-based index of the first resource on the page.",
		}, func() {
			want := 1 + len(listItems(pages[0]))
			s.judge(second(), func(x *reports.Exchange) error {
				if got, ok := listInt(x, "startIndex"); ok && got != want {
					return wrong("startIndex", want, got)
				}
				return nil
			})
		})

		s.it("a partial list has itemsPerPage", ID("paging.partial-items-per-page"), Requires("7644-3.4.2-08"), Explain{
			Why: "Clients compute the next page from itemsPerPage.",
			Fix: "Add itemsPerPage to every list that does not hold all matches.",
		}, func() {
			s.judge(second(), present("itemsPerPage"))
		})

		s.it("itemsPerPage is the number of resources on the page", ID("paging.items-per-page"), Requires("7644-3.4.2-08"), Explain{
			Why: "A client that adds itemsPerPage to startIndex skips resources when the page holds fewer.",
			Fix: "Set itemsPerPage to the number of resources that the page holds.",
		}, func() {
			x := pages[len(pages)-1]
			// The page-size reading of "number of results in a page" exists too (A03).
			s.judge(x, Status(200), Softly(reports.Warn, func(x *reports.Exchange) error {
				got, ok := listInt(x, "itemsPerPage")
				if want := len(listItems(x)); ok && got != want {
					return wrong("itemsPerPage", want, got)
				}
				return nil
			}))
		})
	})
}

// walkFleet reads the fleet by pages of three.
func (s *session) walkFleet(f *fleet, params ...string) []*reports.Exchange {
	return walk(fleetSize, func(start int) *reports.Exchange {
		return s.list(f, append([]string{"startIndex", strconv.Itoa(start), "count", "3"}, params...)...)
	})
}

// present wants a member of a message to be there.
func present(name string) Check {
	return func(x *reports.Exchange) error {
		if x.Object()[name] == nil {
			return wrong(name, text("a number"), nil)
		}
		return nil
	}
}

// atMost wants no more than n resources on the page.
func atMost(n int) Check {
	return func(x *reports.Exchange) error {
		if got := len(listItems(x)); got > n {
			return wrong("number of Resources", text("at most "+strconv.Itoa(n)), got)
		}
		return nil
	}
}

// someItems wants the page not to be empty.
func someItems(x *reports.Exchange) error {
	if len(listItems(x)) == 0 {
		return wrong("number of Resources", text("at least 1"), 0)
	}
	return nil
}

// pagingCount: the page size.
func (s *session) pagingCount() {
	s.about("count", func() {
		var f *fleet
		var zero, minus *reports.Exchange
		s.beforeAll(func() {
			s.needsIndex()
			f = s.fleet()
			zero, minus = s.list(f, "count", "0"), s.list(f, "count", "-1")
		})

		s.it("a page holds no more than count resources", ID("paging.count-respected"), Requires("7644-3.4.2.4-04"), Explain{
			Why: "Clients reserve room for count resources and read the next page from there; more of them come twice.",
			Fix: "Limit the page to count.",
		}, func() {
			for n := 1; n <= 3; n++ {
				s.judge(s.list(f, "count", strconv.Itoa(n)), Status(200), atMost(n), someItems)
			}
		})

		s.it("count=0 returns no resources", ID("paging.count-zero"), Requires("7644-3.4.2.4-07", "7644-3.4.2.4-04"), Explain{
			Why: "Clients ask with count=0 how many there are; a full page instead is slow and may be refused as too large.",
			Fix: "Take 0 as a page size, not as a missing one; answer 200 with totalResults alone.",
		}, func() {
			s.judge(zero, Status(200), noItems, s.counted)
		})

		s.it("count=0 still gives the number of all matches", ID("paging.count-zero-total"), Requires("7644-3.4.2-05", "7644-3.4.2.4-07"), Explain{
			Why: "The number is all that such a query is made for.",
			Fix: "Count the matches independently of the page.",
		}, func() {
			s.judge(zero, Status(200), s.counts(fleetSize))
		})

		s.it("a negative count is not refused", ID("paging.count-negative"), Requires("7644-3.4.2.4-06"), Explain{
			Why: "The standard fixes what a negative count means, and clients rely on an answer.",
			Fix: "Treat a negative count as 0.",
		}, func() {
			s.judge(minus, Status(200), s.counts(fleetSize))
		})

		s.it("a negative count returns no resources", ID("paging.count-negative-empty"), Requires("7644-3.4.2.4-06"), Explain{
			Why: "Taking -1 for \"no limit\" returns the whole directory to somebody who asked for nothing.",
			Fix: "Treat a negative count as 0.",
		}, func() {
			if minus.Status != 200 {
				s.see(minus)
				s.block("paging.count-negative", "it was refused")
			}
			s.judge(minus, noItems, s.counted)
		})

		s.it("without count the server chooses a page size that is not zero", ID("paging.default-size"), Requires("7644-3.4.2.4-08", "7644-3.4.2-06"), Explain{
			Why: "Most clients look users up without count; an empty page tells them that there is nobody.",
			Fix: "Use the default page size where count is missing, whether or not startIndex is there.",
		}, func() {
			s.judge(s.list(f, "startIndex", "1"), Status(200), someItems, totals(fleetSize))
		})

		s.it("a very large count is answered with what there is", ID("paging.count-huge"), Requires("7644-3.4.2.4-05", "7644-3.4.2-06"), Explain{
			Why: "Clients send 2147483647 to get everything; a page of the server's own size is what they expect.",
			Fix: "Cap count at the maximum of the service instead of failing or overflowing.",
		}, func() {
			s.judge(s.list(f, "startIndex", "1", "count", "2147483647"), Status(200), totals(fleetSize), someItems)
		})

		s.it("a page never holds more than the announced filter.maxResults", ID("paging.max-results"), Requires("7644-3.4.2.4-14"), Explain{
			Why: "Clients size their requests by the announced maximum; a larger page exceeds what they have room for.",
			Fix: "Cap every page at the announced maxResults, or announce the real maximum.",
		}, func() {
			limit := s.learned.limit("filter.maxResults")
			if limit == 0 {
				s.skip("ServiceProviderConfig announces no filter.maxResults")
			}
			x := s.list(f, "count", strconv.Itoa(limit+1))
			if limit >= fleetSize {
				x = s.get(f.endpoint(), "count", strconv.Itoa(limit+1))
			}
			if total, _ := listInt(x, "totalResults"); x.Status == 200 && total <= limit {
				s.see(x)
				s.skip("the target holds %d users, no more than its maxResults of %d", total, limit)
			}
			s.judge(x, Status(200, 400), atMost(limit))
		})
	})
}

// pagingStart: where the page begins.
func (s *session) pagingStart() {
	s.about("startIndex", func() {
		var f *fleet
		var zero, past, far *reports.Exchange
		s.beforeAll(func() {
			s.needsIndex()
			f = s.fleet()
			zero = s.list(f, "startIndex", "0", "count", "2")
			past = s.list(f, "startIndex", strconv.Itoa(fleetSize+1), "count", "2")
			far = s.list(f, "startIndex", strconv.Itoa(fleetSize+40), "count", "2")
		})
		same := func(a, b []string) {
			seen, err := s.samePage(f, append(a, "count", "2"), append(b, "count", "2"))
			s.judgeErr(err, seen...)
		}

		s.it("the first page begins at startIndex 1, which is the default", ID("paging.start-default"), Requires("7644-3.4.2.4-03", "7644-3.4.2.4-10"), Explain{
			Why: "A server that counts from 0 hides the first resource from every client that asks for startIndex=1.",
			Fix: "Count from 1, and take a missing startIndex for 1.",
		}, func() { same(nil, []string{"startIndex", "1"}) })

		s.it("startIndex=2 begins one resource further on", ID("paging.start-shift"), Requires("7644-3.4.2.4-03", "7644-3.4.2.4-10"), Explain{
			Why: "A server that takes startIndex for the number of a page skips whole pages.",
			Fix: "Take startIndex for the index of a resource, not of a page.",
		}, func() {
			var err error
			var seen []*reports.Exchange
			for range 2 {
				x, y := s.list(f, "startIndex", "1", "count", "3"), s.list(f, "startIndex", "2", "count", "2")
				seen = append(seen, x, y)
				if err = answers([]*reports.Exchange{x, y}); err != nil {
					break
				}
				a, b := f.ours(x), f.ours(y)
				if len(a) > 1 && len(b) > 0 && a[1] == b[0] {
					err = nil
					break
				}
				err = wrong("first resource with startIndex=2", text("the second one with startIndex=1"), b)
			}
			s.judgeErr(err, seen...)
		})

		s.it("startIndex=0 means 1", ID("paging.start-zero"), Requires("7644-3.4.2.4-02"), Explain{
			Why: "Clients that count from 0 exist, and the standard says what they get.",
			Fix: "Treat every startIndex below 1 as 1 instead of refusing it.",
		}, func() { same(nil, []string{"startIndex", "0"}) })

		s.it("a negative startIndex means 1", ID("paging.start-negative"), Requires("7644-3.4.2.4-02"), Explain{
			Why: "A negative offset handed to a database fails or returns the wrong rows.",
			Fix: "Treat every startIndex below 1 as 1 instead of refusing it.",
		}, func() { same(nil, []string{"startIndex", "-5"}) })

		s.it("a startIndex below 1 is reported as 1", ID("paging.start-zero-echo"), Requires("7644-3.4.2.4-13"), Explain{
			Why: "A client that adds the number of items to the reported startIndex reads one resource twice.",
			Fix: "Report the index of the first resource returned, not what the client sent.",
		}, func() {
			if zero.Status != 200 {
				s.see(zero)
				s.block("paging.start-zero", "it was refused")
			}
			s.judge(zero, present("startIndex"), func(x *reports.Exchange) error {
				if got, _ := listInt(x, "startIndex"); got != 1 {
					return wrong("startIndex", 1, x.Object()["startIndex"])
				}
				return nil
			})
		})

		s.it("a startIndex beyond the end gives an empty page", ID("paging.beyond-end"), Requires("7644-3.4.2.4-11", "7644-3.4.2.4-10"), Explain{
			Why: "Clients that read until a page is empty never end where the last page is repeated, and fail where it is an error.",
			Fix: "Answer 200 with totalResults and no resources.",
		}, func() {
			for _, x := range []*reports.Exchange{past, far} {
				if x.Status == 400 || x.Status == 404 {
					s.judge(x, Softly(reports.Warn, Status(200)))
					continue
				}
				s.judge(x, Status(200), noItems)
			}
		})

		s.it("a startIndex beyond the end still gives the true totalResults", ID("paging.beyond-end-total"), Requires("7644-3.4.2-05", "7644-3.4.2.4-11"), Explain{
			Why: "totalResults 0 on an empty page tells a client that everybody was deleted in the meantime.",
			Fix: "Count the matches independently of the page.",
		}, func() {
			if past.Status == 400 || past.Status == 404 {
				s.see(past)
				s.block("paging.beyond-end", "it was refused")
			}
			s.judge(past, Status(200), totals(fleetSize))
		})
	})
}
