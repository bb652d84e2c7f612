package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// create: POST to a resource endpoint (RFC 7644 §3.3).
func (s *session) creation() {
	about("POST a user", func() {
		var x, after *reports.Exchange
		var sent scim.Object
		var u *resource
		beforeAll(func() {
			sent = s.user("create")
			u, x = s.create("User", sent)
			if u != nil {
				after = s.read(u)
			}
		})
		made := func() *reports.Exchange {
			if after == nil || after.Status != 200 {
				s.block("create.status", "there is no new user to look at")
			}
			return after
		}

		it("POST of a valid user answers 201 Created", ID("create.status"), Requires("7644-3.3-05"), Explain{
			Why: "Clients tell a creation from everything else by 201; Entra counts any other status as a failed export and tries again.",
			Fix: "Answer 201 when a resource was created, and never 200, 202 or 204.",
		}, func() {
			s.judge(x, Status(201), func(*reports.Exchange) error {
				if u == nil {
					return broken("no new resource can be found: the answer has no id, no Location, and a search finds nothing")
				}
				return nil
			})
		})

		it("the 201 answer carries the new resource", ID("create.body"), Requires("7644-3.3-06"), Explain{
			Why: "Clients take the id out of this body; without it they have to search for what they have just created.",
			Fix: "Return the stored representation, with the id that the server assigned, in the body of the 201 answer.",
		}, func() {
			s.judge(x, IsObject, Assigned("id"))
		})

		it("the Location header names the new resource", ID("create.location"), Requires("7644-3.3-07"), Explain{
			Why: "The header is the only standard way to learn the address of the new resource.",
			Fix: "Set Location to the absolute URI of the new resource, ending in its id.",
		}, func() {
			s.judge(x, func(x *reports.Exchange) error {
				if u == nil {
					return LocationOf("")(x)
				}
				return LocationOf(u.ID)(x)
			})
		})

		it("the new resource can be read, with the values that were sent", ID("create.stored"), Requires("7644-3.1-07", "7644-3.4.1-01"), Explain{
			Why: "An acknowledged write that is not there is the worst failure of provisioning: nobody is told.",
			Fix: "Answer 201 only after the resource is stored, and store every attribute that the schema declares.",
		}, func() {
			s.judge(made(), Keeps(u.typ, sent))
		})
	})
}
