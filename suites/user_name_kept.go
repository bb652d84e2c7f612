package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// userNameKept: no change takes userName away, in whatever form it tries (RFC 7643 §2.5, §4.1.1).
func (s *session) userNameKept() {
	s.about("changes that would leave a user without userName", func() {
		var u *resource
		var name any
		s.beforeAll(func() {
			u = s.makeUser("kept")
			name = scim.Get(s.readBack(u).Object(), "userName")
		})
		why := Explain{
			Why: "null and the empty text are ways to say nothing; a user without userName cannot sign in, nor be found by any client. A client that is told 200 believes that it is so.",
			Fix: "Refuse a change after which a required attribute has no value, with 400.",
		}
		kept := func(x *reports.Exchange) {
			s.see(x)
			s.judge(s.readBack(u), Attr("userName", name))
		}

		s.it("PUT with userName null is refused with 400", ID("put.required-null"), Requires("7643-4.1.1-01", "7643-2.5-01"), why, func() {
			o := clone(u.Sent)
			o["userName"] = nil
			x := s.putOver(u, o)
			// A server that takes null for "not asserted" keeps the name, which harms nobody (A40).
			s.judge(x, Softly(reports.Warn, declined(scim.InvalidValue, scim.Mutability)))
			kept(x)
		})
		s.it("PATCH that replaces userName with null is refused with 400", ID("patch.required-null"), Requires("7643-4.1.1-01", "7643-2.5-01"), why, func() {
			s.requires(Patch)
			x := s.patch(u, object{"op": "replace", "path": "userName", "value": nil})
			s.judge(x, Softly(reports.Warn, declined(scim.InvalidValue, scim.Mutability)))
			kept(x)
		})
		s.it("PATCH that replaces userName with an empty text is refused with 400", ID("patch.required-empty"), Requires("7643-4.1.1-01"), why, func() {
			s.requires(Patch)
			x := s.patch(u, op("replace", "userName", ""))
			s.judge(x, Softly(reports.Warn, declined(scim.InvalidValue, scim.Mutability)))
			kept(x)
		})
	})
}
