package suites

import (
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// sortPassword: an order is a comparison too, and passwords must not be guessable by it.
func (s *session) sortPassword() {
	s.about("Sorting by the password", func() {
		s.it("sortBy=password does not put users in the order of their passwords", ID("sort.password"), Requires("7643-4.1.1-22"), Explain{
			Why: "Whoever may set one password and list users finds out every other by putting his own before and behind it.",
			Fix: "Refuse to sort by attributes that are never returned, with 400 invalidPath, or ignore it; and keep hashes alone.",
		}, func() {
			s.requires(Filter)
			s.requires(Sort)
			s.needs("User", "password", "displayName")
			mark := s.tag("secrets")
			byPassword := make([]string, 6)
			var t *resourceType
			for _, i := range []int{3, 0, 5, 2, 4, 1} {
				r, x := s.create("User", s.user("secrets", set("displayName", mark), set("password", "Sc1m!"+string(rune('a'+i))+s.tag("pw"))))
				s.see(x)
				if r == nil {
					s.skip("the target refused a user with a password")
				}
				byPassword[i], t = r.ID, r.typ
			}
			ask := func(order string) *reports.Exchange {
				return s.get(t.Endpoint, "filter", crowdEq("displayName", mark), "sortBy", "password", "sortOrder", order)
			}
			ids := func(x *reports.Exchange) (out []string) {
				for _, o := range listItems(x) {
					out = append(out, scim.String(o, "id"))
				}
				return out
			}
			up, down := ask("ascending"), ask("descending")
			s.judge(up, NotServerError)
			s.judge(down, NotServerError, func(*reports.Exchange) error {
				backwards := slices.Clone(byPassword)
				slices.Reverse(backwards)
				if slices.Equal(ids(up), byPassword) && slices.Equal(ids(down), backwards) {
					return wrong("sortBy=password", text("refused or ignored"), text("users in the order of their passwords, in both directions"))
				}
				return nil
			})
		})
	})
}
