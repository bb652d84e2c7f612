package suites

import (
	"errors"
	"strconv"

	"github.com/scimproof/scimproof/reports"
)

// cursorAfterwards: pages by cursor over all types. How many users there are decides how many pages there are, so that the
// other lanes must have ended.
func (s *session) cursorAfterwards() {
	s.about("pages by cursor over all types", func() {
		s.beforeAll(func() { s.requires(Cursor) })

		s.it("pages by cursor at the root show every resource of every type exactly once", ID("cursor.root-walk"), Requires("9865-2-16", "9865-2-08", "7644-3.4.2.1-01"), Explain{
			Why: "Where each type has its own cursor, the groups behind the users come twice or not at all.",
			Fix: "Let a cursor tell the type too, and go on with the next type where one ends.",
		}, func() {
			for range 3 {
				s.makeGroup("cursor-root")
			}
			s.makeUser("cursor-root")
			ask := func(at, size string) *reports.Exchange {
				return s.get("", "cursor", at, "count", size, "excludedAttributes", "members")
			}
			walk := func(total int, size string) []*reports.Exchange {
				pages := followCursors(func(at string) *reports.Exchange { return ask(at, size) })
				if brokenOff(pages) {
					s.skip("the target's pages are too small to read all of its %d resources", total)
				}
				return pages
			}
			s.alone(func() {
				s.judgeWalk(func() ([]*reports.Exchange, error) {
					first := ask("", "1")
					total, counted := listInt(first, "totalResults")
					if !isList(first) || !counted || total > largeDirectory || nextCursor(first) == "" {
						s.see(first)
						s.skip("the target answers %d to a query for everything by cursor, with %d resources (counted: %v)", first.Status, total, counted)
					}
					pages := walk(total, s.cursorSize(thirdOf(total)))
					err := errors.Join(answers(pages), everybody(pages))
					for _, size := range seamSizes(pages, total) {
						if err == nil {
							pages = walk(total, s.cursorSize(strconv.Itoa(size)))
							err = errors.Join(answers(pages), everybody(pages))
						}
					}
					return pages, err
				})
			})
		})
	})
}
