package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// putAgain: what PUT does to a resource that it does not change.
func (s *session) putAgain() {
	s.about("PUT of what is stored already", func() {
		var u *resource
		var first, again, trip, afterTrip *reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("put-again")
			sent := s.putRevised(u)
			if x := s.putOver(u, sent); !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			first = s.readBack(u)
			s.putOver(u, sent)
			again = s.readBack(u)
			all := clone(again.Object())
			for name, v := range sent {
				// What is required and not shown, such as a password, the client must send all the same (RFC 7644 §3.5.1).
				if a := u.typ.attribute(name); a != nil && a.Required && scim.Get(all, name) == nil {
					all[name] = v
				}
			}
			trip = s.putOver(u, all)
			afterTrip = s.readBack(u)
		})

		s.it("the same PUT sent twice leaves the user as it was after the first", ID("put.idempotent"), Requires("7644-3.5.1-14", "7644-3.5.1-04"), Explain{
			Why: "Clients repeat a PUT whose answer got lost; a repetition that adds values corrupts the user.",
			Fix: "Replace values instead of inserting them, so that a repeated PUT changes nothing.",
		}, func() { s.judge(again, Same(first)) })

		s.it("a user that was read can be sent back unchanged with PUT", ID("put.round-trip"), Requires("7644-3.5.1-14", "7644-3.5.1-10"), Explain{
			Why: "The usual way to update by PUT is to read, change one value and send all of it back, with id and meta among it.",
			Fix: "Take the body of a GET as the body of a PUT, and ignore the readOnly attributes in it.",
		}, func() {
			s.judge(trip, Softly(reports.Warn, notRefused))
			s.judge(afterTrip, Softly(reports.Warn, Same(again)))
		})
	})
}
