package suites

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// pagingOdd: values that no page has.
func (s *session) pagingOdd() {
	s.about("odd paging parameters", func() {
		var f *fleet
		s.beforeAll(func() {
			s.needsIndex()
			f = s.fleet()
		})

		s.it("a count that is no integer is ignored or refused", ID("paging.count-not-integer"), Requires("7644-3.4.2.4-12"), Explain{
			Why: "A server error for a client's mistake looks like an outage, and makes clients try again for ever.",
			Fix: "Answer 400 invalidValue, or ignore the parameter.",
		}, func() { s.judge(s.list(f, "count", "abc"), answered) })

		s.it("a startIndex that is no integer is ignored or refused", ID("paging.start-not-integer"), Requires("7644-3.4.2.4-12"), Explain{
			Why: "A server error for a client's mistake looks like an outage, and makes clients try again for ever.",
			Fix: "Answer 400 invalidValue, or ignore the parameter.",
		}, func() { s.judge(s.list(f, "startIndex", "1.5", "count", "2"), answered) })

		s.it("a startIndex beyond 32 and 64 bits does not upset the server", ID("paging.start-huge"), Requires("7644-3.4.2.4-12", "7644-3.4.2.4-11"), Explain{
			Why: "Numbers that overflow turn into negative offsets: a server error, or the first page again.",
			Fix: "Clamp large numbers, answer an empty page, or refuse them with 400.",
		}, func() {
			s.judge(s.list(f, "startIndex", "2147483647", "count", "2"), answered, noItems)
			// What does not even fit into 64 bits may be ignored like any other value that is no integer.
			s.judge(s.list(f, "startIndex", "99999999999999999999", "count", "2"), answered)
		})

		s.it("a sorted list keeps its order over the pages", ID("paging.sorted-walk"), Requires("7644-3.4.2.3-02", "7644-3.4.2.4-10"), Explain{
			Why: "Sorting each page by itself gives clients an order that begins anew on every page.",
			Fix: "Sort all matches first, then cut the page out.",
		}, func() {
			s.requires(Sort)
			pages := s.walkFleet(f, "sortBy", "userName", "sortOrder", "descending")
			var want []string
			for _, u := range f.users {
				want = append(want, u.ID)
			}
			slices.SortFunc(want, func(a, b string) int { return -strings.Compare(f.nameOf(a), f.nameOf(b)) })
			err := errors.Join(answers(pages), f.missed(f.met(pages)))
			if err == nil && !slices.Equal(f.met(pages), want) {
				err = wrong("userNames over all pages, descending", f.namesOf(want), f.namesOf(f.met(pages)))
			}
			s.judgeErr(err, pages...)
		})
	})
}

// nameOf is the userName of one of the fleet, in lower case.
func (f *fleet) nameOf(id string) string {
	i := slices.IndexFunc(f.users, func(u *resource) bool { return u.ID == id })
	return strings.ToLower(scim.String(f.users[i].Sent, "userName"))
}

func (f *fleet) namesOf(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = f.nameOf(id)
	}
	return out
}

// largeDirectory is how many users are read through at most where no filter narrows them down.
const largeDirectory = 1000

// thirdOf is the count that shows total resources in three pages, so that the number of requests does not depend on how
// many others there are; few servers give more than 200 at once.
func thirdOf(total int) int { return max(1, min(200, (total+2)/3)) }

// pagingPlain: pages of a whole collection.
func (s *session) pagingPlain() {
	s.about("pages of a whole collection", func() {
		s.beforeAll(s.needsIndex)

		s.it("pages without a filter show every resource exactly once", ID("paging.plain-walk"), Requires("7644-3.4.2.4-10"), Explain{
			Why: "A first import reads the whole directory by pages; who is missing there gets a second account.",
			Fix: "Apply startIndex to unfiltered lists as well, over one stable order.",
		}, func() {
			users := []*resource{s.makeUser("plain"), s.makeUser("plain"), s.makeUser("plain")}
			f := &fleet{users: users}
			read := func() ([]*reports.Exchange, error) {
				first := s.get(f.endpoint(), "startIndex", "1", "count", "1")
				s.listed(first)
				total, _ := listInt(first, "totalResults")
				if total > largeDirectory {
					s.see(first)
					s.skip("the target holds %d users, too many to read them all", total)
				}
				size := strconv.Itoa(thirdOf(total))
				pages := walk(max(total, 1), func(start int) *reports.Exchange {
					return s.get(f.endpoint(), "startIndex", strconv.Itoa(start), "count", size)
				})
				if len(pages) == maxPages {
					s.skip("the target's pages are too small to read all of its %d users", total)
				}
				return pages, errors.Join(answers(pages), f.missed(f.met(pages)), everybody(pages))
			}
			s.alone(func() { s.judgeWalk(read) })
		})

		s.it("count=0 without a filter returns no resources", ID("paging.plain-count-zero"), Requires("7644-3.4.2.4-07", "7644-3.4.2.4-04"), Explain{
			Why: "Clients ask with count=0 how many users there are; a full page instead is slow and costs both sides.",
			Fix: "Take 0 as a page size, not as a missing one, with and without filter.",
		}, func() {
			s.makeUser("plain")
			x := s.get(s.needsType("User").Endpoint, "count", "0")
			s.listed(x)
			s.judge(x, Status(200), noItems, func(x *reports.Exchange) error {
				if n, _ := listInt(x, "totalResults"); n < 1 && !s.uncounted(x) {
					return wrong("totalResults", text("at least 1"), x.Object()["totalResults"])
				}
				return nil
			})
		})

		s.it("groups are paged like users", ID("paging.groups"), Requires("7644-3.4.2.4-04", "7644-3.4.2.4-10"), Explain{
			Why: "A server that pages users only sends all groups at once, or the same ones on every page.",
			Fix: "Use the same paging for all resource types.",
		}, func() {
			g := s.makeGroup("page")
			s.makeGroup("page")
			x := s.get(g.typ.Endpoint, "startIndex", "1", "count", "1")
			y := s.get(g.typ.Endpoint, "startIndex", "2", "count", "1")
			s.listed(x, y)
			s.judge(x, Status(200), atMost(1), someItems)
			s.judge(y, Status(200), atMost(1), someItems, func(y *reports.Exchange) error {
				a, b := scim.List(x.Object(), "Resources.id"), scim.List(y.Object(), "Resources.id")
				if len(a) > 0 && len(b) > 0 && a[0] == b[0] {
					return wrong("the group with startIndex=2", text("another than with startIndex=1"), b[0])
				}
				return nil
			})
		})
	})
}
