package suites

import (
	"errors"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// rootWalks: pages over all types.
func (s *session) rootWalks() {
	s.about("pages over all types", func() {
		s.it("pages at the root show every resource exactly once", ID("query.root-walk"), Requires("7644-3.4.2.1-01", "7644-3.4.2.4-10"), Explain{
			Why: "Where each type counts its pages by itself, the groups behind the users come twice or not at all.",
			Fix: "Apply startIndex and count to the list of all types as a whole.",
		}, func() {
			s.needsIndex()
			for range 3 {
				s.makeGroup("root-walk")
			}
			s.makeUser("root-walk")
			ask := func(start, size int) *reports.Exchange {
				return s.get("", "startIndex", strconv.Itoa(start), "count", strconv.Itoa(size), "excludedAttributes", "members")
			}
			s.alone(func() {
				s.judgeWalk(func() ([]*reports.Exchange, error) {
					first := ask(1, 1)
					total, ok := listInt(first, "totalResults")
					if first.Status != 200 || !ok || total > largeDirectory {
						s.see(first)
						s.skip("the target answers %d to a query for everything, of %d resources", first.Status, total)
					}
					all := func(size func(start int) int) ([]*reports.Exchange, error) {
						pages := walk(max(total, 1), func(start int) *reports.Exchange { return ask(start, size(start)) })
						if x := pages[len(pages)-1]; x.Status >= 400 && x.Status < 500 || len(pages) == maxPages {
							s.see(x)
							s.skip("the target does not list all of its %d resources at the root", total)
						}
						return pages, errors.Join(answers(pages), everybody(pages, ask(1, 1)))
					}
					third := thirdOf(total)
					pages, err := all(func(int) int { return third })
					for _, size := range aroundSeam(seam(pages), third) {
						if err == nil {
							pages, err = all(size)
						}
					}
					return pages, err
				})
			})
		})

		s.it("pages by cursor at the root show every resource of every type exactly once", ID("cursor.root-walk"), Requires("9865-2-16", "9865-2-08", "7644-3.4.2.1-01"), Explain{
			Why: "Where each type has its own cursor, the groups behind the users come twice or not at all.",
			Fix: "Let a cursor tell the type too, and go on with the next type where one ends.",
		}, func() {
			s.requires(Cursor)
			for range 3 {
				s.makeGroup("cursor-root")
			}
			s.makeUser("cursor-root")
			walk := func(total, size int) ([]*reports.Exchange, error) {
				pages := followCursors(func(at string) *reports.Exchange {
					return s.get("", "cursor", at, "count", strconv.Itoa(size), "excludedAttributes", "members")
				})
				if brokenOff(pages) {
					s.skip("the target's pages are too small to read all of its %d resources", total)
				}
				return pages, errors.Join(answers(pages), everybody(pages))
			}
			s.alone(func() {
				s.judgeWalk(func() ([]*reports.Exchange, error) {
					first := s.get("", "cursor", "", "count", "1", "excludedAttributes", "members")
					total, counted := listInt(first, "totalResults")
					if !isList(first) || !counted || total > largeDirectory || nextCursor(first) == "" {
						s.see(first)
						s.skip("the target answers %d to a query for everything by cursor, with %d resources (counted: %v)", first.Status, total, counted)
					}
					third := s.cursorSize(thirdOf(total))
					pages, err := walk(total, third)
					// A size stays what it was in the first query, so that only a multiple of it can end where a type ends.
					most := s.cursorSize(200)
					sizes := seamSizes(seam(pages), total, most)
					for n := 0; err == nil && seam(pages) > 0 && len(sizes) < 2 && n < 5; n++ {
						s.makeUser("cursor-root")
						total++
						pages, err = walk(total, third)
						sizes = seamSizes(seam(pages), total, most)
					}
					for _, size := range sizes {
						if err == nil {
							pages, err = walk(total, size)
						}
					}
					return pages, err
				})
			})
		})
	})
}

// seam is how many resources a walk over all types shows before the first that is not of the type of the very first.
func seam(pages []*reports.Exchange) (n int) {
	typ := ""
	for _, x := range pages {
		for _, o := range listItems(x) {
			if n++; n == 1 {
				typ = scim.String(o, "meta.resourceType")
			} else if scim.String(o, "meta.resourceType") != typ {
				return n - 1
			}
		}
	}
	return 0
}

// aroundSeam are ways to choose the size of a page by where it begins: so that a page begins with the second resource of
// all and goes on, one ends where the first type does, and one begins with the last of its resources and ends with the
// first of the next type.
func aroundSeam(at, size int) []func(start int) int {
	upTo := func(start, end, then int) int {
		if start <= end {
			return min(size, end-start+1)
		}
		return then
	}
	ways := []func(start int) int{func(start int) int { return upTo(start, 1, 200) }}
	if at > 0 {
		ways = append(ways, func(start int) int { return upTo(start, at, size) }, func(start int) int {
			if start == at {
				return 2
			}
			return upTo(start, at-1, size)
		})
	}
	return ways
}

// seamSizes are sizes of pages, up to most, of which one ends a page where the first type ends, and the other among the
// resources of the types behind it.
func seamSizes(at, total, most int) (out []int) {
	for _, end := range [][2]int{{at, at}, {at + 1, total - 1}} {
		for size := min(end[1], most); at > 0 && size > total/(maxPages-2); size-- {
			if end[1]/size*size >= end[0] {
				out = append(out, size)
				break
			}
		}
	}
	return out
}
