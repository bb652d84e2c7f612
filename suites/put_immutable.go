package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// putImmutable: attributes that can be set once. The RFC's own users have none, so it takes a published one.
func (s *session) putImmutable() {
	s.about("PUT of an immutable attribute", func() {
		var path, one, three string
		var x, after, first *reports.Exchange
		s.beforeAll(func() {
			if path = putOnce(s.needsType("User")); path == "" {
				s.skip("the target publishes no simple immutable attribute of users")
			}
			u := s.makeUser("put-immutable", func(o scim.Object) { scim.Put(o, path, s.tag("one")) })
			o := clone(u.Sent)
			one = scim.String(o, path)
			scim.Put(o, path, s.tag("two"))
			x = s.putOver(u, o)
			after = s.readBack(u)
			fresh := s.makeUser("put-immutable-new", func(o scim.Object) { scim.Put(o, path, nil) })
			o = clone(fresh.Sent)
			three = s.tag("three")
			scim.Put(o, path, three)
			s.putOver(fresh, o)
			first = s.readBack(fresh)
		})

		s.it("PUT does not change an immutable attribute that has a value", ID("put.immutable-kept"), Requires("7644-3.5.1-07", "7643-7-17"), Explain{
			Why: "Immutable attributes are keys; whoever relies on them loses the user when they change.",
			Fix: "Compare the given value with the stored one and refuse another.",
		}, func() { s.judge(after, Text(path, one)) })

		s.it("PUT with another value for an immutable attribute is refused with 400 mutability", ID("put.immutable-refused"), Requires("7644-3.5.1-08", "7644-3.12-20"), Explain{
			Why: "A client that gets success believes that its value was taken.",
			Fix: "Answer 400 with scimType mutability.",
		}, func() { s.judge(x, Refused("400", scim.Mutability)) })

		s.it("PUT sets an immutable attribute that has no value yet", ID("put.immutable-first"), Requires("7644-3.5.1-09"), Explain{
			Why: "Clients often learn such a key only after the user was created, and have no other way to store it.",
			Fix: "Apply the given value where nothing is stored.",
		}, func() { s.judge(first, Text(path, three)) })
	})
}

// putOnce finds a plain string attribute that the target publishes as immutable, or returns "".
func putOnce(t *resourceType) string {
	for _, sch := range append([]*scim.Schema{t.base}, t.extensions...) {
		for i := range sch.Attributes {
			a := &sch.Attributes[i]
			if a.Mutability == "immutable" && a.Type == "string" && !a.MultiValued && !a.Required && len(a.CanonicalValues) == 0 && a.Returned == "default" {
				if sch == t.base {
					return a.Name
				}
				return sch.ID + ":" + a.Name
			}
		}
	}
	return ""
}
