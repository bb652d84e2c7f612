package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// createAfterwards: what must hold in every answer of the run; it is registered where most of them are there.
func (s *session) createAfterwards() {
	s.about("a password and the ids, in all answers of the run", func() {
		var u *resource
		password := "Pw!9x-" + s.cfg.RunID + "-Zq"
		withPassword := func() bool { return s.needsType("User").attribute("password") != nil }
		s.beforeAll(func() {
			edit := func(o scim.Object) {
				if withPassword() {
					o["password"] = password
				}
			}
			u = s.makeUser("password", edit)
			s.read(u)
			s.create("User", s.user("again", edit, set("userName", u.Sent["userName"])))
			if s.learned.typ("Group") != nil {
				s.create("Group", s.group("ids"))
			}
		})

		s.it("the answer to a creation does not contain the password", ID("create.password-hidden"), Requires("7643-4.1.1-15"), Explain{
			Why: "The password ends in the logs of every proxy and client on the way.",
			Fix: "Mark password as returned never, also in the answer to POST.",
		}, func() {
			s.needs("User", "password")
			s.judge(u.Created, func(x *reports.Exchange) error {
				v, there := scim.Lookup(x.Object(), "password")
				if there && v != nil || strings.Contains(string(x.Body()), password) {
					return wrong("password", text("no such member"), text("the password, or something in its place"))
				}
				return nil
			})
		})

		s.it("no answer of the run contains the password, errors included", ID("create.password-nowhere"), Requires("7643-4.1.1-15"), Explain{
			Why: "A list, a search or an error message that shows passwords shows them to everybody who may read users.",
			Fix: "Store passwords as salted hashes only, and never quote request bodies in errors.",
		}, func() {
			s.needs("User", "password")
			// Another type may have an attribute of that name, which is its own affair.
			ofUser := func(o scim.Object) bool { return len(scim.List(o, "schemas")) == 0 || hasSchema(o, u.typ.Schema) }
			for _, x := range s.everything() {
				body := string(x.Body())
				if x.Success() && strings.Contains(strings.ToLower(body), `"password"`) {
					for _, o := range append(listItems(x), x.Object()) {
						if err := hidden(o, "password"); err != nil && ofUser(o) {
							s.judge(x, func(*reports.Exchange) error { return err })
						}
					}
				}
				if x.ID == u.Created.ID || !strings.Contains(body, password) {
					continue
				}
				s.judge(x, func(*reports.Exchange) error {
					return wrong("body", text("no password"), text("the password that a user was created with"))
				})
			}
			s.see(u.Created)
		})

		s.it("no answer of the run shows two primary values of one attribute", ID("create.one-primary"), Requires("7643-2.4-02"), Explain{
			Why: "Each reader takes another of the two for the preferred one, and mail goes to the wrong address.",
			Fix: "Let at most one value of an attribute be primary, also where the server chooses it.",
		}, func() {
			for _, x := range s.everything() {
				if !x.Success() || !strings.Contains(string(x.Body()), `"primary"`) {
					continue
				}
				if err := onePrimary(x.Object()); err != nil {
					s.judge(x, func(*reports.Exchange) error { return err })
				}
			}
			s.see(u.Created)
		})

		s.it("no id contains the word bulkId", ID("create.id-without-bulk-id"), Requires("7643-3.1-09"), Explain{
			Why: "A Bulk request takes such an id for a reference to another of its operations.",
			Fix: "Never build ids from the bulkId of a request, nor with that word.",
		}, func() {
			s.judge(u.Created, func(*reports.Exchange) error {
				for id := range s.creationIDs() {
					if strings.Contains(strings.ToLower(id), "bulkid") {
						return wrong("id", text("no id with bulkId in it"), id)
					}
				}
				return nil
			})
		})

		s.it("the id of a deleted user is not given to another", ID("create.id-not-reused"), Requires("7643-3.1-07"), Explain{
			Why: "Whoever still holds the old id, such as a group or an access list, gives the new account the rights of the old.",
			Fix: "Never derive ids from names, and never reuse them.",
		}, func() {
			first := s.makeUser("reused")
			if x := s.remove(first); x.Status != http.StatusNoContent && x.Status != http.StatusOK {
				s.see(x)
				s.block("delete.status", "DELETE %s answered %d", first.path(), x.Status)
			}
			again := s.make("User", first.Sent)
			s.judge(again.Created, func(*reports.Exchange) error {
				if again.ID == first.ID {
					return wrong("id of the new user", text("an id that no resource had before"), again.ID)
				}
				return nil
			})
		})

		s.it("no id names two resources", ID("create.id-unique"), Requires("7643-3.1-05"), Explain{
			Why: "Members, managers and audit logs name resources by id alone; a user and a group with one id cannot be told apart.",
			Fix: "Draw ids from one source for all resource types, such as random UUIDs.",
		}, func() {
			s.judge(u.Created, func(*reports.Exchange) error {
				for id, makers := range s.creationIDs() {
					if len(makers) > 1 {
						return wrong("the resources with id "+id, text("one"), makers)
					}
				}
				return nil
			})
		})
	})
}

// onePrimary wants each multi-valued attribute of a resource, or of the resources of a list, to have one primary value
// at most.
func onePrimary(o scim.Object) error {
	for name, v := range o {
		list, _ := v.([]any)
		primaries := 0
		for _, e := range list {
			e, _ := e.(scim.Object)
			if primary, _ := scim.Lookup(e, "primary"); primary == true {
				primaries++
			}
			if name == "Resources" {
				if err := onePrimary(e); err != nil {
					return err
				}
			}
		}
		if primaries > 1 {
			return wrong("primary values of "+name, text("one at most"), primaries)
		}
	}
	return nil
}

// creationIDs lists the ids that 201 answers of the run gave, each with the locations of the resources behind it.
func (s *session) creationIDs() map[string][]string {
	out := map[string][]string{}
	for _, x := range s.everything() {
		if x.Method != http.MethodPost || x.Status != http.StatusCreated {
			continue
		}
		id := scim.String(x.Object(), "id")
		if id == "" {
			continue
		}
		out[id] = append(out[id], scim.String(x.Object(), "meta.resourceType")+" "+scim.String(x.Object(), "userName")+scim.String(x.Object(), "displayName"))
	}
	return out
}
