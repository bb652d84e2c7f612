package suites

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// pagingDepth: what holds on the first page and for users must hold on every page and for groups.
func (s *session) pagingDepth() {
	s.about("pages after the first", func() {
		var f *fleet
		var pages []*reports.Exchange
		s.beforeAll(func() {
			s.needsIndex()
			f = s.fleet()
			pages = walk(fleetSize, func(start int) *reports.Exchange {
				return s.list(f, "startIndex", strconv.Itoa(start), "count", "2")
			})
			if len(pages) < 3 {
				s.see(pages[len(pages)-1])
				s.block("paging.walk", "the walk has %d pages of two", len(pages))
			}
		})
		every := func(look Check) {
			for _, x := range pages {
				s.judge(x, Status(200), look)
			}
		}

		s.it("every page is a ListResponse", ID("paging.pages-message"), Requires("7644-3.4.2-04", "7644-8.2-01"), Explain{
			Why: "Strict clients choose the parser of a message by its schemas, on every page.",
			Fix: "Write all pages with the same code.",
		}, func() {
			every(func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.ListResponseURN) {
					return wrong("schemas of the list", scim.ListResponseURN, x.Object()["schemas"])
				}
				return nil
			})
		})

		s.it("the counts of every page are JSON numbers", ID("paging.pages-numbers"), Requires("7644-3.4.2-05", "7644-3.4.2-07"), Explain{
			Why: "Typed clients fail to decode the second page when a count is a string there.",
			Fix: "Write totalResults, startIndex and itemsPerPage without quotes.",
		}, func() {
			every(s.eachCount(func(name string, v any) error {
				if _, ok := v.(json.Number); !ok {
					return wrong(name, text("a JSON number"), v)
				}
				return nil
			}))
		})

		s.it("no page holds more than count resources, or others than the filter selects", ID("paging.pages-content"), Requires("7644-3.4.2.4-04", "7644-3.4.2.2-38"), Explain{
			Why: "Clients reserve room for count resources on every page, and take what they get for what they asked.",
			Fix: "Apply filter and count to every page.",
		}, func() {
			every(atMost(2))
			s.judgeErr(f.onlyOurs(pages), pages...)
		})

		s.it("a count beyond 64 bits does not upset the server", ID("paging.count-overflow"), Requires("7644-3.4.2.4-12"), Explain{
			Why: "A server error for a client's mistake looks like an outage.",
			Fix: "Clamp large numbers, or refuse them with 400.",
		}, func() { s.judge(s.list(f, "count", "99999999999999999999"), answered) })
	})

	s.about("pages of groups", func() {
		s.beforeAll(s.needsIndex)

		s.it("pages without a filter show every group exactly once", ID("paging.groups-walk"), Requires("7644-3.4.2.4-10", "7644-3.4.2-05"), Explain{
			Why: "A first import reads all groups by pages; one that is missing is created again, and a wrong total ends the import early.",
			Fix: "Use the same paging for all resource types.",
		}, func() {
			s.makeGroup("walk")
			g := s.makeGroup("walk")
			read := func() ([]*reports.Exchange, error) {
				first := s.get(g.typ.Endpoint, "startIndex", "1", "count", "1")
				s.listed(first)
				total, _ := listInt(first, "totalResults")
				if total > largeDirectory {
					s.see(first)
					s.skip("the target holds %d groups, too many to read them all", total)
				}
				size := strconv.Itoa(thirdOf(total))
				pages := walk(max(total, 1), func(start int) *reports.Exchange {
					return s.get(g.typ.Endpoint, "startIndex", strconv.Itoa(start), "count", size, "excludedAttributes", "members")
				})
				if len(pages) == maxPages {
					s.skip("the target's pages are too small to read all of its %d groups", total)
				}
				return pages, errors.Join(answers(pages), everybody(pages))
			}
			s.alone(func() { s.judgeWalk(read) })
		})

		s.it("count=0 returns no groups, and how many there are", ID("paging.groups-count-zero"), Requires("7644-3.4.2.4-07", "7644-3.4.2.4-04"), Explain{
			Why: "Clients ask with count=0 how many groups there are; all of them, with all members, may be very large.",
			Fix: "Take 0 as a page size, not as a missing one, at every endpoint.",
		}, func() {
			g := s.makeGroup("zero")
			x := s.get(g.typ.Endpoint, "count", "0")
			s.listed(x)
			s.judge(x, Status(200), noItems, s.counted)
		})

		s.it("lists of groups are ListResponses", ID("query.groups-message"), Requires("7644-3.4.2-04"), Explain{
			Why: "Strict clients choose the parser of a message by its schemas.",
			Fix: "Write lists of all types with the same code.",
		}, func() {
			g := s.makeGroup("message")
			x := s.get(g.typ.Endpoint, "count", "1")
			s.listed(x)
			s.judge(x, Status(200), func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.ListResponseURN) {
					return wrong("schemas of the list", scim.ListResponseURN, x.Object()["schemas"])
				}
				return nil
			})
		})
	})
}
