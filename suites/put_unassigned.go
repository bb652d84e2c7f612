package suites

import (
	"github.com/scimproof/scimproof/reports"
)

// putUnassigned: null, [] and what is left out (ambiguities A40, A41).
func (s *session) putUnassigned() {
	s.about("PUT that takes values away", func() {
		var u *resource
		var name string
		var noText, textGone, noPhones, phonesGone, omitted, afterOmitted *reports.Exchange
		s.beforeAll(func() {
			name = s.freeText()
			u = s.makeUser("put-null")
			o := clone(u.Sent)
			o[name] = nil
			noText = s.putOver(u, o)
			textGone = s.readBack(u)
			o = clone(u.Sent)
			if _, sent := o["phoneNumbers"]; sent {
				o["phoneNumbers"] = []any{}
				noPhones = s.putOver(u, o)
				phonesGone = s.readBack(u)
			}
			if x := s.putOver(u, u.Sent); !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			least := s.minimalUser("put-omit")
			least["userName"] = u.Sent["userName"]
			omitted = s.putOver(u, least)
			afterOmitted = s.readBack(u)
		})

		s.it("PUT with null clears a single-valued attribute", ID("put.null-clears"), Requires("7643-2.5-02", "7644-3.5.1-05"), Explain{
			Why: "null is the only unmistakable way to clear a value in PUT; without it an outdated value can never be removed.",
			Fix: "Treat null in a body as an order to unassign the attribute.",
		}, func() {
			s.judge(noText, notRefused)
			if noText.Success() {
				s.judge(textGone, Unassigned(name))
			}
		})

		s.it("PUT with an empty array clears a multi-valued attribute", ID("put.empty-array-clears"), Requires("7643-2.5-02", "7644-3.5.1-04"), Explain{
			Why: "An empty array is the only unmistakable way to say that a person has no phone any more.",
			Fix: "Treat an empty array in a body as an order to remove all values.",
		}, func() {
			s.removable("phoneNumbers")
			s.judge(noPhones, notRefused)
			if noPhones.Success() {
				s.judge(phonesGone, Unassigned("phoneNumbers"))
			}
		})

		s.it("after a PUT that leaves attributes out, its answer and a GET agree on what became of them", ID("put.omitted"), Requires("7644-3.5.1-05", "7644-3.1-07"), Explain{
			Why: "The RFC lets servers keep, clear or default what is left out, so the answer is the only way for a client to know.",
			Fix: "Decide for one behaviour and let the answer to PUT show its outcome.",
		}, func() {
			if omitted.Success() && !putEntire(omitted) {
				s.block("put.body", "the answer to PUT is no whole resource")
			}
			s.judge(omitted, succeeded, u.typ.sameAsRead(afterOmitted))
			s.observe("A40", "attributes left out of PUT", putFate(afterOmitted, name, u.Sent[name]))
		})
	})
}
