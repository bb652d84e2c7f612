package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// searchSensitive: filters that a server wants kept out of URLs (RFC 7644 §7.5.2, ambiguity A60).
func (s *session) searchSensitive() {
	s.about("a filter on personal data in a URL", func() {
		var u *resource
		var x *reports.Exchange
		var filter string
		s.beforeAll(func() {
			s.requires(Filter)
			s.needs("User", "name.familyName")
			family := s.tag("family")
			u = s.makeUser("sensitive", func(o scim.Object) { scim.Put(o, "name.familyName", family) })
			filter = "name.familyName eq " + scim.Quote(family)
			x = s.get(u.typ.Endpoint, "filter", filter)
		})

		s.it("a filter that is refused as sensitive says so, and works by POST", ID("search.sensitive"), Requires("7644-7.5.2-02", "7644-3.12-26"), Explain{
			Why: "A client that is sent away without being told where to go cannot look anybody up.",
			Fix: "Answer 403 with scimType sensitive, and serve the same filter at .search.",
		}, func() {
			if x.Status != http.StatusForbidden && ScimType(scim.Sensitive)(x) != nil {
				s.observe("A60", "a filter on a person's name in a URL is", "answered")
				s.judge(x, answered)
				return
			}
			s.observe("A60", "a filter on a person's name in a URL is", "refused")
			s.judge(x, Status(403, 400), ErrorBody, ScimType(scim.Sensitive))
			s.judge(s.search(u.typ.Endpoint, object{"filter": filter}), shows(u))
		})
	})
}
