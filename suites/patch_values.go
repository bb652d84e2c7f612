package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchValues: values that do not fit the attribute's type (RFC 7644 §3.5.2, ambiguity A42).
func (s *session) patchValues() {
	s.about("PATCH with a value of the wrong type", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = s.patchChain("values")
		})

		s.it("a string attribute refuses an object", ID("patch.value-string"), Requires("7644-3.5.2-09"), Explain{
			Why: "Clients that read a string crash on the object.",
			Fix: "Answer 400 invalidValue where the value does not have the attribute's type.",
		}, func() {
			s.settable("title")
			x := c.probe(patchBody(op("replace", "title", object{"value": "x"})))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
		})

		s.it("a complex attribute refuses a string", ID("patch.value-complex"), Requires("7644-3.5.2.3-05", "7644-3.5.2-09"), Explain{
			Why: "Clients that read a name crash on the string, or find it empty.",
			Fix: "Answer 400 invalidValue where the value of a complex attribute is not an object.",
		}, func() {
			s.settable("name")
			x := c.probe(patchBody(op("replace", "name", "Babs Jensen")))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax))
		})

		s.it("an operation without path refuses a value that is no object", ID("patch.value-pathless"), Requires("7644-3.5.2.3-01", "7644-3.5.2-09"), Explain{
			Why: "Such an operation names no attribute: whatever is done is not what the client meant.",
			Fix: "Answer 400 invalidValue where path is missing and value is not an object.",
		}, func() {
			x := c.probe(patchBody(op("replace", nil, "Babs Jensen")))
			s.judge(x, patchRefused(scim.InvalidValue, scim.InvalidSyntax, scim.NoTarget, scim.InvalidPath))
		})

		s.it("a Boolean attribute refuses a string that is no Boolean", ID("patch.value-boolean"), Requires("7644-3.5.2-09"), Explain{
			Why: "A word that is read as true, or stored as it is, decides whether an account is active.",
			Fix: "Answer 400 invalidValue where the value of a Boolean attribute is neither true nor false.",
		}, func() {
			s.settable("active")
			p := c.step(op("replace", "active", "maybe"))
			s.judge(p.x, func(x *reports.Exchange) error {
				err := patchRefused(scim.InvalidValue, scim.InvalidSyntax)(x)
				if x.Success() && equalValue(c.get("active"), scim.Get(p.before.Object(), "active")) {
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		s.it(`the string "False" makes active false or is refused`, ID("patch.value-boolean-string"), Requires("7644-3.5.2-09", "7643-2.3.2-01"), Explain{
			Why: "Entra sends this string by default; a server that takes it for true leaves leavers active.",
			Fix: `Convert "True" and "False" to Booleans, or answer 400 invalidValue.`,
		}, func() {
			s.settable("active")
			c.wants(Attr("active", true))
			p := c.step(op("replace", "active", "False"))
			if ClientError(p.x) == nil {
				s.observe("A42", `active "False"`, "refused")
				s.judge(p.after, Attr("active", true))
				return
			}
			s.observe("A42", `active "False"`, "accepted")
			s.patched(p, func(x *reports.Exchange) error {
				err := Attr("active", false)(x)
				if equalValue(scim.Get(x.Object(), "active"), true) {
					return soften(reports.Warn, err)
				}
				return err
			})
		})
	})
}
