package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// deleting: DELETE (RFC 7644 §3.6).
func (s *session) deleting() {
	s.deleteUser()
	s.deleteAgain()
	s.deleteUnknown()
}

// deletePages is how many pages of a list are read in search of a deleted resource.
const deletePages = 10

// deleteUser: the deletion itself, and that nothing of the user is left.
func (s *session) deleteUser() {
	s.about("DELETE of a user", func() {
		var u, bystander *resource
		var before, x *reports.Exchange
		s.beforeAll(func() {
			bystander = s.makeUser("delete-bystander")
			u = s.makeUser("delete")
			before = s.readBack(bystander)
			s.readBack(u)
			x = s.remove(u)
		})
		gone := func() {
			if !x.Success() {
				s.see(x)
				s.block("delete.status", "DELETE answered %d", x.Status)
			}
		}
		deleted := Status(http.StatusNotFound)

		s.it("DELETE of an existing user answers 204 No Content", ID("delete.status"), Requires("7644-3.6-05"), Explain{
			Why: "Clients count any other answer as a failed deletion and repeat it, or raise an alarm.",
			Fix: "Answer 204 once the resource is deleted.",
		}, func() { s.judge(x, Status(http.StatusNoContent)) })

		s.it("totalResults of all users goes down by one with a deletion", ID("delete.total"), Requires("7644-3.6-02"), Explain{
			Why: "Clients compare the number of users with that of their own; one that counts the deleted starts a full synchronisation each time.",
			Fix: "Leave deleted resources out of totalResults, also where they are kept internally.",
		}, func() {
			gone()
			// How many users there are decides, so this must be alone.
			s.alone(func() {
				s.judgeWalk(func() ([]*reports.Exchange, error) {
					leaver := s.makeUser("delete-total")
					all := func() (*reports.Exchange, int) {
						x := s.get(leaver.typ.Endpoint, "count", "0")
						n, ok := listInt(x, "totalResults")
						if x.Status != http.StatusOK || !ok {
							s.see(x)
							s.skip("the target does not say how many users it has (status %d)", x.Status)
						}
						return x, n
					}
					first, before := all()
					if x := s.remove(leaver); !x.Success() {
						s.see(x)
						s.block("delete.status", "DELETE answered %d", x.Status)
					}
					second, after := all()
					if after != before-1 {
						return []*reports.Exchange{first, second}, wrong("totalResults after the deletion of one user", before-1, after)
					}
					return []*reports.Exchange{first, second}, nil
				})
			})
		})

		s.it("the answer to DELETE has no body", ID("delete.no-body"), Requires("7644-3.6-05"), Explain{
			Why: "The deleted user's data does not belong into an answer that says that it is gone.",
			Fix: "Send no body with the answer to DELETE.",
		}, func() {
			gone()
			s.judge(x, NoBody)
		})

		s.it("GET of a deleted user answers 404 Not Found", ID("delete.get-404"), Requires("7644-3.6-02", "7644-3.6-01"), Explain{
			Why: "A deleted person's data that can still be read has not been deleted.",
			Fix: "Answer 404 for ids of deleted resources, even where they are kept internally.",
		}, func() {
			gone()
			s.judge(s.read(u), deleted)
		})

		s.it("PUT of a deleted user answers 404 Not Found", ID("delete.put-404"), Requires("7644-3.6-02"), Explain{
			Why: "An update that reaches a deleted user brings a leaver's account back.",
			Fix: "Look ids up among the living resources in PUT too.",
		}, func() {
			gone()
			s.judge(s.putOver(u, u.Sent), deleted)
		})

		s.it("PATCH of a deleted user answers 404 Not Found", ID("delete.patch-404"), Requires("7644-3.6-02"), Explain{
			Why: "A PATCH that seems to work on a deleted user hides from the client that the user is gone.",
			Fix: "Look ids up among the living resources in PATCH too.",
		}, func() {
			gone()
			s.requires(Patch)
			name := s.freeText()
			s.judge(s.patch(u, op("replace", name, "Ghost")), deleted)
		})

		s.it("a second DELETE of the same user answers 404 Not Found", ID("delete.delete-404"), Requires("7644-3.6-02", "7644-3.6-06"), Explain{
			Why: "404 tells a client that repeats a DELETE whose answer it has lost that the work is done.",
			Fix: "Look ids up among the living resources in DELETE too, and answer 404 where there is none.",
		}, func() {
			gone()
			s.judge(s.remove(u), deleted)
		})

		s.it("a deleted user is not found by a filter on userName", ID("delete.filter-name"), Requires("7644-3.6-03"), Explain{
			Why: "Clients search by userName before they create; finding a ghost, they try to update what is not there.",
			Fix: "Leave deleted resources out of every query.",
		}, func() {
			gone()
			s.requires(Filter)
			s.judge(s.byName(u), Unlisted(u))
		})

		s.it("a deleted user is not found by a filter on id", ID("delete.filter-id"), Requires("7644-3.6-03"), Explain{
			Why: "A client that checks by filter whether its user is still there gets the wrong answer.",
			Fix: "Leave deleted resources out of look-ups by id too.",
		}, func() {
			gone()
			s.requires(Filter)
			found := s.get(u.typ.Endpoint, "filter", "id eq "+scim.Quote(u.ID))
			s.filtered(found)
			s.judge(found, Unlisted(u))
		})

		s.it("a deleted user is in no page of the list of users", ID("delete.list"), Requires("7644-3.6-03"), Explain{
			Why: "Clients that compare whole lists believe that the leaver is still there.",
			Fix: "Leave deleted resources out of lists and out of totalResults.",
		}, func() {
			gone()
			for start, page := 1, 0; page < deletePages; page++ {
				list := s.get(u.typ.Endpoint, "startIndex", show(start), "count", "200")
				s.filtered(list) // a list that is too long may be refused too (ambiguity A04)
				s.judge(list, Unlisted(u))
				n := len(scim.List(list.Object(), "Resources"))
				total, _ := number(list.Object()["totalResults"])
				if start += n; n == 0 || start > total {
					return
				}
			}
			s.note("the first %d pages were read", deletePages)
		})

		s.it("a deleted user is not found by POST to .search", ID("delete.search"), Requires("7644-3.6-03", "7644-3.4.3-02"), Explain{
			Why: "Clients that search by POST get ghosts while those that search by GET do not.",
			Fix: "Let .search and GET use the same query.",
		}, func() {
			gone()
			s.requires(Filter)
			found := s.post(u.typ.Endpoint+"/.search", "", object{
				"schemas": []string{scim.SearchRequestURN}, "filter": "userName eq " + scim.Quote(scim.String(u.Sent, "userName")),
			})
			if !found.Success() {
				s.skip("POST to .search answers %d", found.Status)
			}
			s.judge(found, Unlisted(u))
		})

		s.it("DELETE of one user leaves others untouched", ID("delete.others-untouched"), Requires("7644-3.1-07"), Explain{
			Why: "A deletion that takes others along is the most expensive mistake that a provisioning endpoint can make.",
			Fix: "Delete the resource that the id names and nothing else.",
		}, func() {
			gone()
			s.judge(s.read(bystander), Status(http.StatusOK), Same(before))
		})
	})
}

// deleteAgain: a deleted user is in nobody's way.
func (s *session) deleteAgain() {
	s.about("POST of a user that was deleted", func() {
		var u, again *resource
		var x, after *reports.Exchange
		var name string
		s.beforeAll(func() {
			name = s.freeText()
			u = s.makeUser("delete-again")
			if gone := s.remove(u); !gone.Success() {
				s.see(gone)
				s.block("delete.status", "DELETE answered %d", gone.Status)
			}
			least := s.minimalUser("delete-again")
			least["userName"] = u.Sent["userName"]
			again, x = s.create("User", least)
			if again != nil {
				after = s.read(again)
			}
		})
		made := func() {
			if again == nil || after == nil || after.Status != http.StatusOK {
				s.see(x)
				s.block("delete.recreate", "the user could not be created again")
			}
		}

		s.it("a user can be created again under the userName of a deleted one", ID("delete.recreate"), Requires("7644-3.6-04"), Explain{
			Why: "People come back; a name that is blocked for ever forces them to be somebody else.",
			Fix: "Leave deleted resources out when conflicts are looked for.",
		}, func() { s.judge(x, Status(http.StatusCreated)) })

		s.it("a user that is created again has an id of its own", ID("delete.id-not-reused"), Requires("7643-3.1-07"), Explain{
			Why: "Old references to the deleted user, in audit logs and groups elsewhere, would point to the new one.",
			Fix: "Never hand out an id twice; do not revive the old record.",
		}, func() {
			made()
			s.judge(after, func(*reports.Exchange) error {
				if again.ID == u.ID {
					return wrong("id of the new user", text("another than before"), again.ID)
				}
				return nil
			})
		})

		s.it("a user that is created again has nothing of the deleted one", ID("delete.recreate-fresh"), Requires("7644-3.6-04"), Explain{
			Why: "A new person with a former person's attributes may get that person's access.",
			Fix: "Create a new record instead of clearing the mark of deletion on the old one.",
		}, func() {
			made()
			s.judge(after, func(x *reports.Exchange) error {
				if got := scim.Get(x.Object(), name); got == u.Sent[name] {
					return wrong(name+" of a new user that was created without it", nil, got)
				}
				return nil
			})
		})
	})
}

// deleteUnknown: DELETE where there is nothing to delete.
func (s *session) deleteUnknown() {
	s.about("DELETE of an id that does not exist", func() {
		var x *reports.Exchange
		s.beforeAll(func() {
			u := s.makeUser("delete-known")
			s.readBack(u)
			x = s.do(wire.Request{Method: http.MethodDelete, Path: u.typ.Endpoint + "/" + s.fictitious()})
		})

		s.it("DELETE of an unknown id answers 404 with a SCIM error", ID("delete.unknown-id"), Requires("7644-3.6-06", "7644-3.12-11"), Explain{
			Why: "A client with a wrong id is told that its deletion worked, and the account stays.",
			Fix: "Answer 404 with a SCIM error where no such resource exists.",
		}, func() { s.judge(x, Refused("404")) })
	})
}
