package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// putReadOnly: attributes that only the server sets are ignored in PUT (ambiguity A34: refusing them weighs less).
func (s *session) putReadOnly() {
	s.about("PUT with readOnly attributes", func() {
		var u, g *resource
		var name string
		s.beforeAll(func() {
			name = s.freeText()
			u = s.makeUser("put-readonly")
		})

		s.it("PUT ignores meta", ID("put.meta-ignored"), Requires("7643-3.1-17", "7644-3.5.1-10"), Explain{
			Why: "Whoever can write meta can forge when an account was made and changed.",
			Fix: "Drop meta from the body before anything else is done with it.",
		}, func() {
			o := clone(u.Sent)
			o["meta"] = scim.Object{
				"resourceType": "Nonsense", "created": "2001-02-03T04:05:06Z", "lastModified": "2001-02-03T04:05:06Z",
				"location": "https://" + s.domain() + "/nonsense", "version": `W/"nonsense"`,
			}
			x := s.putOver(u, o)
			after := s.readBack(u)
			s.judge(after, func(x *reports.Exchange) error {
				for k, forged := range o["meta"].(scim.Object) {
					if got := scim.Get(x.Object(), "meta."+k); got == forged || sameInstant(got, forged) {
						return wrong("meta."+k+" after PUT", text("the server's own value"), got)
					}
				}
				return nil
			})
			s.judge(x, notRefused)
		})

		s.it("PUT of a user ignores groups", ID("put.groups-ignored"), Requires("7643-4.1.2-11", "7644-3.5.1-10"), Explain{
			Why: "Membership gives access; a server that takes it from the user lets everybody who may edit a user hand out any right.",
			Fix: "Drop groups from the body of a user; only the members of a group decide.",
		}, func() {
			s.needs("User", "groups")
			g = s.makeGroup("put-readonly")
			o := clone(u.Sent)
			o["groups"] = []any{scim.Object{"value": g.ID}}
			x := s.putOver(u, o)
			s.judge(s.readBack(g), hasNoMember(u))
			s.judge(x, notRefused)
		})

		s.it("PUT applies what a client may change beside readOnly attributes", ID("put.read-only-beside"), Requires("7643-2-01", "7644-3.5.1-03"), Explain{
			Why: "Clients send back everything that they have read; a server that then ignores the whole body loses the change in it.",
			Fix: "Decide attribute by attribute: skip those that are readOnly and store the others.",
		}, func() {
			o := clone(u.Sent)
			o["meta"] = scim.Object{"resourceType": "Nonsense"}
			o[name] = "Beside"
			x := s.putOver(u, o)
			if !x.Success() {
				s.see(x)
				s.block("put.meta-ignored", "PUT with meta answered %d", x.Status)
			}
			s.judge(s.readBack(u), changedTo(name, u.Sent[name], "Beside"))
		})

		s.it("PUT ignores the display name of a manager", ID("put.manager-name-ignored"), Requires("7643-4.3-04", "7643-7-15"), Explain{
			Why: "A copied name that anybody may set soon differs from the manager's own and misleads whoever approves requests.",
			Fix: "Take manager.value alone from the client and derive manager.displayName from that user.",
		}, func() {
			path := scim.EnterpriseURN + ":manager"
			s.needs("User", path+".value", path+".displayName")
			if s.needsType("User").attribute(path+".displayName").Mutability != "readOnly" {
				s.skip("the target publishes manager.displayName as other than readOnly")
			}
			boss := s.makeUser("put-boss")
			o := clone(u.Sent)
			scim.Put(o, path, scim.Object{"value": boss.ID, "displayName": "Nonsense"})
			x := s.putOver(u, o)
			s.judge(s.readBack(u), func(x *reports.Exchange) error {
				if got := scim.String(x.Object(), path+".displayName"); got == "Nonsense" {
					return wrong("manager.displayName after PUT", text("nothing, or the manager's own name"), got)
				}
				return nil
			})
			s.judge(x, notRefused)
		})

		s.it("PUT ignores another id in the body", ID("put.id-ignored"), Requires("7644-3.5.1-10", "7643-3.1-06"), Explain{
			Why: "A server that takes ids from clients lets a slip of one client turn a user into another.",
			Fix: "Use the id of the path and ignore the one in the body.",
		}, func() {
			o := clone(u.Sent)
			id := s.fictitious()
			o["id"] = id
			x := s.putOver(u, o)
			if other := s.get(u.typ.Endpoint + "/" + id); other.Status == http.StatusOK {
				s.client.Ledger().Own(u.typ.Endpoint, id, "")
				s.judge(other, func(*reports.Exchange) error {
					return broken("the user has taken the id %s from the body", id)
				})
			}
			s.judge(s.readBack(u), Attr("id", u.ID))
			s.judge(x, notRefused)
		})
	})
}

// sameInstant tells whether two timestamps mean the same time.
func sameInstant(a, b any) bool {
	x, ok1 := parseInstant(a)
	y, ok2 := parseInstant(b)
	return ok1 && ok2 && x.Equal(y)
}
