package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// claims: what ServiceProviderConfig says, held against what the target does (RFC 7643 §5, RFC 9865 §4). Every feature
// is tried, whether it is claimed or not.
func (s *session) claims() {
	s.claimsOfWriting()
	s.claimsOfReading()
	s.claimsOfBulk()
	s.claimsOfPages()
}

const claimReq = "7643-5-13"

func (s *session) claimsOfWriting() {
	s.about("claims about changes", func() {
		s.it("patch.supported is true just where PATCH works", ID("claims.patch"), Requires(claimReq), Explain{
			Why: "Entra updates with PATCH alone, and other clients choose between PATCH and PUT by this flag.",
			Fix: "Set patch.supported to whether PATCH changes resources.",
		}, func() {
			attr := s.freeText()
			u := s.makeUser("claim")
			x := s.patch(u, op("replace", attr, "Claimed"))
			after := s.read(u)
			s.claimed(Patch, x.Success() && sameFold(scim.Get(after.Object(), attr), "Claimed"), x, after)
		})

		s.it("changePassword.supported is true only where a password can be set", ID("claims.change-password"), Requires(claimReq), Explain{
			Why: "A client that synchronises passwords relies on this flag, and nobody can sign in when it is wrong.",
			Fix: "Accept password in PUT and PATCH, or set changePassword.supported to false.",
		}, func() {
			said := s.learned.claim(ChangePassword)
			u := s.makeUser("claim")
			const password = "Sc1m-proof!Long&Strong_29"
			x := s.patch(u, op("replace", "password", password))
			if x.Status == http.StatusNotImplemented || x.Status == http.StatusMethodNotAllowed || x.Status == http.StatusNotFound {
				o := clone(u.Sent)
				o["password"] = password
				x = s.replace(u, o)
			}
			switch {
			case x.Success() && (said == nil || !*said):
				// A password is never returned: whether it was set or ignored shows only when somebody signs in.
				s.observe("7643-5-07", "a new password that is not claimed to be supported is", "accepted or ignored")
				s.judge(x, succeeded)
			case x.Status == http.StatusBadRequest && said != nil && *said:
				// It may be against the rules for passwords, which no attribute publishes.
				s.judge(x, Softly(reports.Warn, succeeded))
			default:
				s.claimed(ChangePassword, x.Success(), x)
			}
		})

		s.it("etag.supported is true just where resources have versions", ID("claims.etag"), Requires(claimReq), Explain{
			Why: "Clients that must not overwrite each other's changes rely on this flag.",
			Fix: "Set etag.supported to whether answers carry ETag and conditions are obeyed.",
		}, func() {
			u := s.makeUser("claim")
			x := s.readBack(u)
			tag := x.Header().Get("ETag")
			if tag == "" {
				s.claimed(ETag, false, x)
				return
			}
			y := s.do(wire.Request{Path: u.path(), Header: header("If-None-Match", tag)})
			said := s.learned.claim(ETag)
			// With the claim the header is enough; conditions are judged in etag.*. Without it a header alone, which
			// web frameworks add, makes no feature.
			s.claimed(ETag, said != nil && *said || y.Status == http.StatusNotModified, x, y)
		})
	})
}

func (s *session) claimsOfReading() {
	s.about("claims about queries", func() {
		var u, other *resource
		s.beforeAll(func() { u, other = s.makeUser("claim-a"), s.makeUser("claim-b") })
		byName := func() string { return "userName eq " + scim.Quote(scim.String(u.Sent, "userName")) }
		// filters tells whether a look-up by userName finds one user and not the other.
		filters := func() (bool, *reports.Exchange) {
			x := s.await(func() *reports.Exchange {
				x := s.get(u.typ.Endpoint, "filter", byName())
				if x.Status == http.StatusForbidden {
					x = s.search(u.typ.Endpoint, object{"filter": byName()}) // ambiguity A60
				}
				return x
			}, func(x *reports.Exchange) bool { return x.Status != 200 || item(x, u) != nil })
			return x.Status == 200 && item(x, u) != nil && item(x, other) == nil && len(listItems(x)) == 1, x
		}

		s.it("filter.supported is true just where filters work", ID("claims.filter"), Requires(claimReq), Explain{
			Why: "Without filters Entra and Okta cannot look anybody up; a flag that is wrong hides that they could, or that they cannot.",
			Fix: "Set filter.supported to whether filters are obeyed.",
		}, func() {
			works, x := filters()
			s.claimed(Filter, works, x)
		})

		s.it("sort.supported is true just where sortBy decides the order", ID("claims.sort"), Requires(claimReq), Explain{
			Why: "Clients that merge sorted lists rely on this flag.",
			Fix: "Set sort.supported to whether sortBy and sortOrder are obeyed.",
		}, func() {
			f := s.fleet()
			up := s.list(f, "sortBy", "userName", "sortOrder", "ascending")
			down := s.list(f, "sortBy", "userName", "sortOrder", "descending")
			// The names of the fleet ascend in the order of creation.
			first, last := f.users[0], f.users[len(f.users)-1]
			leads := func(x *reports.Exchange, r *resource) bool {
				list := listItems(x)
				return x.Status == 200 && len(list) > 0 && isItem(list[0], r)
			}
			works := leads(up, first) && leads(down, last)
			s.claimed(Sort, works, up, down)
		})

		s.it("pagination.cursor is true just where cursors work", ID("claims.cursor"), Requires(claimReq), Explain{
			Why: "Clients that read a large directory choose the way through it by this flag.",
			Fix: "Set pagination.cursor to whether a request with cursor gets a nextCursor.",
		}, func() {
			x := s.get(u.typ.Endpoint, "cursor", "", "count", "1")
			s.listed(x)
			next := nextCursor(x)
			if x.Status != 200 || next == "" {
				s.claimed(Cursor, false, x)
				return
			}
			y := s.get(u.typ.Endpoint, "cursor", next, "count", "1")
			s.claimed(Cursor, turned(x, y), x, y)
		})

		s.it("pagination.index is true just where startIndex works", ID("claims.index"), Requires(claimReq), Explain{
			Why: "A client that pages by startIndex where that is ignored reads the first page for ever.",
			Fix: "Set pagination.index to whether startIndex is obeyed.",
		}, func() {
			x := s.get(u.typ.Endpoint, "startIndex", "1", "count", "1")
			y := s.get(u.typ.Endpoint, "startIndex", "2", "count", "1")
			s.listed(x, y)
			s.claimed(Index, turned(x, y), x, y)
		})
	})
}

// turned tells whether y is another page than x.
func turned(x, y *reports.Exchange) bool {
	a, b := listItems(x), listItems(y)
	return x.Status == 200 && y.Status == 200 && len(a) > 0 && len(b) > 0 && scim.String(a[0], "id") != scim.String(b[0], "id")
}
