package suites

import (
	"errors"
	"strconv"

	"github.com/scimproof/scimproof/reports"
)

// pagingWhole: pages of a whole collection at its end, and after a deletion.
func (s *session) pagingWhole() {
	s.about("the end of a whole collection", func() {
		s.beforeAll(s.needsIndex)

		s.it("totalResults of a list without filter is the same on every page, and beyond the last", ID("paging.plain-total"), Requires("7644-3.4.2-05"), Explain{
			Why: "A total that moves with the page makes clients read on for ever, or stop before the end.",
			Fix: "Count all resources, whatever startIndex and count are.",
		}, func() {
			t := s.needsType("User")
			s.makeUser("plain")
			s.makeUser("plain")
			s.alone(func() {
				first := s.get(t.Endpoint, "startIndex", "1", "count", "2")
				n, ok := listInt(first, "totalResults")
				if !ok || first.Status != 200 {
					s.see(first)
					s.skip("the target does not answer a list without filter")
				}
				var pages []*reports.Exchange
				for _, start := range []int{max(n-1, 1), n, n + 50} {
					pages = append(pages, s.get(t.Endpoint, "startIndex", strconv.Itoa(start), "count", "2"))
				}
				again := s.get(t.Endpoint, "startIndex", "1", "count", "2")
				if m, ok := listInt(again, "totalResults"); !ok || m != n {
					s.see(again)
					s.skip("somebody else changes the directory")
				}
				for _, x := range pages {
					s.judge(x, func(x *reports.Exchange) error {
						if total, ok := listInt(x, "totalResults"); x.Status == 200 && ok && total != n {
							return wrong("totalResults of a later page", n, total)
						}
						return nil
					})
				}
			})
		})

		s.it("pages without a filter follow each other after a deletion too", ID("paging.after-deletion"), Requires("7644-3.4.2.4-10", "7644-3.6-03"), Explain{
			Why: "Where the deleted are skipped in the output and counted in startIndex, somebody comes twice and somebody not at all.",
			Fix: "Number the resources that there are, without those that were deleted.",
		}, func() {
			gone := s.makeUser("plain")
			s.makeUser("plain")
			s.makeUser("plain")
			if x := s.remove(gone); !x.Success() {
				s.see(x)
				s.block("delete.status", "DELETE answered %d", x.Status)
			}
			read := func() ([]*reports.Exchange, error) {
				ask := func(start, count int) *reports.Exchange {
					return s.get(gone.typ.Endpoint, "startIndex", strconv.Itoa(start), "count", strconv.Itoa(count), "attributes", "userName")
				}
				first := ask(1, 1)
				total, _ := listInt(first, "totalResults")
				if total < 2 || total > largeDirectory {
					s.see(first)
					s.skip("the target holds %d users", total)
				}
				// The last page begins behind the gap, and in front of the last of all.
				size := thirdOf(total - 1)
				pages := walk(total, func(start int) *reports.Exchange { return ask(start, min(size, max(1, total-start))) })
				if len(pages) == maxPages {
					s.skip("the target's pages are too small to read all of its %d users", total)
				}
				return pages, errors.Join(answers(pages), everybody(pages))
			}
			s.alone(func() { s.judgeWalk(read) })
		})
	})
}
