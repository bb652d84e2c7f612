package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// putRequired: PUT without what every user must have.
func (s *session) putRequired() {
	s.about("PUT without required attributes", func() {
		var u *resource
		var x, after, afterEmpty, bare *reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("put-required")
			o := clone(u.Sent)
			delete(o, "userName")
			x = s.putOver(u, o)
			after = s.readBack(u)
			o = clone(u.Sent)
			o["userName"] = ""
			s.putOver(u, o)
			afterEmpty = s.readBack(u)
			o = clone(u.Sent)
			delete(o, "schemas")
			bare = s.putOver(u, o)
		})

		s.it("PUT without a required attribute is refused with 400", ID("put.required-refused"), Requires("7644-3.12-08"), Explain{
			Why: "A client that forgets userName has a bug; told nothing, it goes on sending incomplete users.",
			Fix: "Check required attributes in PUT as in POST and answer 400 with scimType invalidValue.",
		}, func() { s.judge(x, Refused("400", scim.InvalidValue, scim.InvalidSyntax)) })

		s.it("PUT without userName does not take userName away", ID("put.required-kept"), Requires("7643-4.1.1-01"), Explain{
			Why: "A user without userName can neither sign in nor be found again by any client.",
			Fix: "Refuse a PUT without userName, or keep the one that is there.",
		}, func() { s.judge(after, Assigned("userName")) })

		s.it("PUT with an empty userName does not empty it", ID("put.required-empty"), Requires("7643-4.1.1-01"), Explain{
			Why: "Templates with a missing macro send empty strings; a user with an empty userName is lost.",
			Fix: "Refuse an empty userName with 400; it must be non-empty.",
		}, func() {
			if !scim.Assigned(scim.Get(after.Object(), "userName")) {
				s.see(after)
				s.block("put.required-kept", "userName was lost before")
			}
			s.judge(afterEmpty, func(x *reports.Exchange) error {
				if scim.String(x.Object(), "userName") == "" {
					return wrong("userName after a PUT with an empty one", u.Sent["userName"], scim.Get(x.Object(), "userName"))
				}
				return nil
			})
		})

		s.it("PUT of a user that calls itself a group is refused with 400", ID("put.schemas-foreign"), Requires("7643-3.3-01", "7643-3-02"), Explain{
			Why: "A body that was meant for another resource overwrites the user.",
			Fix: "Ask for the base schema of the resource in schemas, in PUT as in POST.",
		}, func() {
			u := s.makeUser("put-foreign")
			o := clone(u.Sent)
			o["schemas"] = []any{scim.GroupURN}
			x := s.putOver(u, o)
			s.judge(x, Softly(reports.Warn, declined(scim.InvalidSyntax, scim.InvalidValue)), NotServerError)
		})

		s.it("PUT without schemas is refused with 400", ID("put.schemas-missing"), Requires("7643-3-01"), Explain{
			Why: "schemas says what a body is; a server that does not look takes any JSON object for a user.",
			Fix: "Require schemas in every body and answer 400 with scimType invalidSyntax where it is missing.",
		}, func() { s.judge(bare, Softly(reports.Warn, Refused("400", scim.InvalidSyntax, scim.InvalidValue))) })
	})
}

// putTypes: PUT with values that do not fit.
func (s *session) putTypes() {
	s.about("PUT with values of the wrong type", func() {
		var u *resource
		var name string
		try := func(edit func(scim.Object)) (x, after *reports.Exchange) {
			o := clone(u.Sent)
			edit(o)
			x = s.putOver(u, o)
			return x, s.readBack(u)
		}
		s.beforeAll(func() {
			name = s.freeText()
			u = s.makeUser("put-types", set("active", false))
		})

		s.it("a string that is no Boolean does not become true in PUT", ID("put.type-boolean"), Requires("7643-2.3.2-01", "7644-3.12-08"), Explain{
			Why: "Clients send Booleans as strings by mistake; a server that takes every string for true switches disabled people on again.",
			Fix: "Refuse other values than true and false with 400, or convert \"true\" and \"false\" alone.",
		}, func() {
			s.needs("User", "active")
			if before := s.readBack(u); activeIs(false)(before) != nil {
				s.see(before)
				s.block("deprovision.create-disabled", "the user is not disabled")
			}
			x, after := try(set("active", "maybe"))
			s.judge(after, func(*reports.Exchange) error {
				switch got := scim.Get(after.Object(), "active"); {
				case got == true:
					return wrong("active after PUT of \"maybe\" over false", text("false, or the PUT refused"), got)
				case got != nil && got != false:
					return wrong("active after PUT of \"maybe\"", text("a Boolean"), got)
				}
				return nil
			})
			s.judge(x, NotServerError, Softly(reports.Warn, Refused("400", scim.InvalidValue, scim.InvalidSyntax)))
		})

		s.it("an object in place of an array of values is not stored as an object by PUT", ID("put.type-array"), Requires("7643-2.3-02"), Explain{
			Why: "One malformed write makes the user unreadable for every other client, which expects an array.",
			Fix: "Refuse the body with 400, or take the object as an array of one.",
		}, func() {
			s.needs("User", "phoneNumbers")
			x, after := try(set("phoneNumbers", scim.Object{"value": "+1-201-555-0199", "type": "work"}))
			s.judge(x, NotServerError)
			s.judge(after, func(x *reports.Exchange) error {
				if got := scim.Get(x.Object(), "phoneNumbers"); got != nil {
					if _, ok := got.([]any); !ok {
						return wrong("phoneNumbers after PUT", text("an array"), got)
					}
				}
				return nil
			})
		})

		s.it("a string in place of a complex value is refused by PUT with 400", ID("put.type-refused"), Requires("7644-3.12-08"), Explain{
			Why: "A mistake that is answered with success is never found by whoever made it.",
			Fix: "Check all types before anything is stored, and answer 400 with scimType invalidValue.",
		}, func() {
			s.needs("User", "name")
			x, _ := try(set("name", "Ada Lovelace"))
			s.judge(x, NotServerError, Refused("400", scim.InvalidValue, scim.InvalidSyntax))
		})

		s.it("a PUT that is refused changes nothing", ID("put.refused-changes-nothing"), Requires("7644-3.12-08"), Explain{
			Why: "The client was told that its request failed; what was stored nevertheless is known to nobody.",
			Fix: "Validate the whole body first and store it in one transaction.",
		}, func() {
			s.needs("User", "name")
			before := s.readBack(u)
			x, after := try(func(o scim.Object) { o[name], o["name"] = "Half applied", "Ada Lovelace" })
			if x.Success() {
				s.skip("the target accepts a string as name")
			}
			s.judge(after, Same(before))
		})

		s.it("PUT with two primary values does not store two", ID("put.primary-twice"), Requires("7643-2.4-02"), Explain{
			Why: "Mail goes to the primary address; with two of them each client picks another.",
			Fix: "Refuse the body with 400, or leave one value primary.",
		}, func() {
			s.needs("User", "emails", "emails.primary")
			tag := scim.String(u.Sent, "userName")
			x, after := try(set("emails", u.typ.prune("emails", []any{
				scim.Object{"value": "a." + tag, "type": "work", "primary": true},
				scim.Object{"value": "b." + tag, "type": "home", "primary": true},
			})))
			s.judge(x, NotServerError)
			s.judge(after, func(x *reports.Exchange) error {
				n := 0
				for _, p := range scim.List(x.Object(), "emails.primary") {
					if p == true {
						n++
					}
				}
				if n > 1 {
					return wrong("primary values of emails after PUT", text("at most one"), n)
				}
				return nil
			})
		})

		s.it("attribute names in the body of PUT are found in any letter case", ID("put.names-case"), Requires("7643-2.1-03"), Explain{
			Why: "Attribute names are case-insensitive; a value under another spelling is silently lost otherwise.",
			Fix: "Compare the names of the body's members without regard to letter case.",
		}, func() {
			x, after := try(func(o scim.Object) {
				delete(o, name)
				o[strings.ToUpper(name)] = "Upper"
			})
			s.judge(x, notRefused)
			if x.Success() {
				s.judge(after, changedTo(name, u.Sent[name], "Upper"))
			}
		})

		s.it("a password set by PUT is in no answer", ID("put.password-hidden"), Requires("7643-4.1.1-15"), Explain{
			Why: "Answers end up in logs and traces; a password in them is a password lost.",
			Fix: "Never return password, in clear or hashed, also not in the answer to the request that set it.",
		}, func() {
			s.needs("User", "password")
			const secret = "Correct-Horse-7-Battery"
			x, after := try(set("password", secret))
			for _, e := range []*reports.Exchange{x, after} {
				s.judge(e, func(x *reports.Exchange) error {
					if scim.Assigned(scim.Get(x.Object(), "password")) || strings.Contains(string(x.Body()), secret) {
						return broken("the answer to %s contains the password", x.Method)
					}
					return nil
				})
			}
		})
	})
}
