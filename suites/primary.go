package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// primaries: a value that does not say whether it is primary is not (RFC 7643 §2.4).
func (s *session) primaries() {
	s.about("values that do not say whether they are primary", func() {
		var u *resource
		var first, second string
		mails := func(one, two object) []any {
			one["value"], one["type"] = first, "work"
			two["value"], two["type"] = second, "home"
			return s.needsType("User").prune("emails", []any{one, two}).([]any)
		}
		s.beforeAll(func() {
			s.needs("User", "emails.value", "emails.primary")
			o := s.user("primary")
			tag := s.tag("mail")
			first, second = tag+"1@"+s.domain(), tag+"2@"+s.domain()
			o["emails"] = mails(object{"primary": true}, object{})
			u = s.make("User", o)
		})
		primary := func(x *reports.Exchange, value string) bool {
			for _, e := range scim.Objects(x.Object(), "emails") {
				if p, _ := scim.Lookup(e, "primary"); p == true && sameFold(scim.String(e, "value"), value) {
					return true
				}
			}
			return false
		}
		find := func(value, flag string) *reports.Exchange {
			s.requires(Filter)
			x := s.get(u.typ.Endpoint, "filter", "emails[value eq "+scim.Quote(value)+" and primary eq "+flag+"]")
			s.filtered(x)
			return x
		}

		s.it("a value without primary is not found as the primary one", ID("filter.primary-missing"), Requires("7643-2.4-03", "7644-3.4.2.2-02"), Explain{
			Why: "Mail for the preferred address goes to a private one.",
			Fix: "Take a missing primary for false, in filters too.",
		}, func() {
			if primary(s.readBack(u), second) {
				s.skip("the target itself makes further values primary")
			}
			x := find(second, "true")
			s.judge(x, Unlisted(u))
			y := find(second, "false")
			s.observe("A23", "primary eq false on a value without primary", map[bool]string{true: "matches", false: "does not match"}[lists(y, u.ID)])
			s.see(y)
		})

		s.it("the primary value is found as such", ID("filter.primary"), Requires("7644-3.4.2.2-25", "7644-3.4.2.2-03"), Explain{
			Why: "Clients that ask for the owner of a primary address are told that there is none.",
			Fix: "Compare Booleans inside square brackets as Booleans.",
		}, func() {
			if !primary(s.readBack(u), first) {
				s.block("create.stored", "the primary value was not kept")
			}
			x := find(first, "true")
			s.judge(x, Listed(u))
			s.judge(find(first, "false"), Unlisted(u))
		})

		s.it("PUT moves primary to another value", ID("put.primary-moves"), Requires("7643-2.4-03", "7644-3.5.1-04"), Explain{
			Why: "Clients write all values anew and mark the new preferred one; where the old mark sticks, mail still goes to the old address.",
			Fix: "Replace the values by those in the body, with primary false where it is not given.",
		}, func() {
			s.settable("emails.value", "emails.primary")
			before := s.readBack(u)
			if !primary(before, first) {
				s.block("create.stored", "the primary value was not kept")
			}
			o := clone(u.Sent)
			o["emails"] = mails(object{}, object{"primary": true})
			x := s.putOver(u, o)
			s.see(x)
			if !x.Success() {
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			s.judge(s.readBack(u), func(x *reports.Exchange) error {
				if primary(x, first) || !primary(x, second) {
					return wrong("the primary e-mail address", second, scim.Get(x.Object(), "emails"))
				}
				return nil
			})
		})

		s.it("PATCH finds a value by primary eq true", ID("patch.path-primary"), Requires("7644-3.5.2.3-07"), Explain{
			Why: "Clients that change the preferred address whatever it is write emails[primary eq true].value.",
			Fix: "Compare Booleans in value paths as Booleans.",
		}, func() {
			s.requires(Patch)
			s.settable("emails.type")
			v := s.makeUser("pathprimary", set("emails", mails(object{"primary": true}, object{})))
			x := s.patch(v, op("replace", `emails[primary eq true].type`, "other"))
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(s.readBack(v), func(x *reports.Exchange) error {
				for _, e := range scim.Objects(x.Object(), "emails") {
					isFirst := sameFold(scim.String(e, "value"), first)
					if other := scim.String(e, "type") == "other"; isFirst != other {
						return wrong("emails", text("the type other for the primary address alone"), scim.Get(x.Object(), "emails"))
					}
				}
				return nil
			})
		})
	})
}
