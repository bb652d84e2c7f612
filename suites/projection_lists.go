package suites

import (
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

func (s *session) projectionLists() {
	s.about("projection of lists", func() {
		var u *resource
		var byName string
		var now scim.Object
		var asked, excluded, plain *reports.Exchange
		s.beforeAll(func() {
			s.requires(Filter)
			s.needs("User", "displayName")
			u = s.makeUser("listed")
			now = s.known(u, "displayName")
			byName = "userName eq " + scim.Quote(scim.String(u.Sent, "userName"))
			list := func(params ...string) *reports.Exchange {
				return s.get(u.typ.Endpoint, append([]string{"filter", byName}, params...)...)
			}
			plain = list()
			asked, excluded = list("attributes", "displayName"), list("excludedAttributes", "displayName")
		})

		s.it("the resources of a list have the same attributes as single ones", ID("projection.list-default"), Requires("7644-3.4-01", "7643-7-23"), Explain{
			Why: "Clients compare what a list shows with their own data; what is missing there is written again in every cycle.",
			Fix: "Write list items with the same serializer as single resources.",
		}, func() {
			s.judge(plain, shows(u, func(o scim.Object) error { return sameResource(o, now) }))
		})

		s.it("attributes works in lists", ID("projection.list-attributes"), Requires("7644-3.4.2.5-01", "7644-3.9-04"), Explain{
			Why: "Clients read large directories with the few attributes that they need.",
			Fix: "Apply the projection to each resource of a list.",
		}, func() {
			s.narrowed(asked, "displayName")
			s.judge(asked, shows(u, has(now, "displayName"), s.only("User", "displayName")))
		})

		s.it("the resources of a projected list have their ids", ID("projection.list-id"), Requires("7644-3.9-04", "7643-3.1-12"), Explain{
			Why: "A resource without id cannot be addressed.",
			Fix: "Add the attributes that are returned always to every projection.",
		}, func() {
			s.judge(asked, Status(200), someItems, func(x *reports.Exchange) error {
				for _, o := range listItems(x) {
					if scim.String(o, "id") != u.ID {
						return wrong("id of the item", u.ID, o["id"])
					}
				}
				return nil
			})
		})

		s.it("excludedAttributes works in lists", ID("projection.list-excluded"), Requires("7644-3.4.2.5-01", "7644-3.9-06"), Explain{
			Why: "Clients read large directories without what they do not need.",
			Fix: "Apply the projection to each resource of a list.",
		}, func() {
			s.judge(excluded, shows(u, leftOut(u.typ, "displayName"), func(o scim.Object) error { return attrSet(o, "userName") }))
		})
	})
}

func (s *session) projectionWrites() {
	s.about("projection of the answers to writes", func() {
		var u, other *resource
		var posted, put, without *reports.Exchange
		var sent scim.Object
		s.beforeAll(func() {
			s.needs("User", "displayName")
			t := s.needsType("User")
			send := func(method, path, creates, q string, body any) *reports.Exchange {
				return s.do(wire.Request{Method: method, Path: path, Body: encode(body), Creates: creates, RawQuery: q})
			}
			sent = s.user("posted")
			posted = send(http.MethodPost, t.Endpoint, t.Endpoint, query("attributes", "displayName"), sent)
			u = s.adopt(t, sent, posted)
			other = s.makeUser("put")
			// Like replace: what a target makes of a PUT without id is judged elsewhere.
			over := func(q string) *reports.Exchange {
				x := send(http.MethodPut, other.path(), "", q, other.Sent)
				if x.Status == http.StatusBadRequest {
					named := clone(other.Sent)
					named["id"] = other.ID
					x = send(http.MethodPut, other.path(), "", q, named)
				}
				return x
			}
			put = over(query("attributes", "displayName"))
			without = over(query("excludedAttributes", "displayName"))
		})
		replaced := func(x *reports.Exchange) {
			if x.Err() == nil && !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
		}
		// narrow judges an answer that should hold displayName alone; without a body there is nothing to project.
		narrow := func(x *reports.Exchange, now scim.Object, status int) {
			if x.Status == http.StatusNoContent || x.Status == http.StatusCreated && len(x.Body()) == 0 {
				s.see(x)
				s.skip("the answer has no body")
			}
			s.narrowed(x, "displayName")
			s.judge(x, Status(status), whole(has(now, "displayName"), s.only("User", "displayName")))
		}

		s.it("attributes narrows the answer to POST", ID("projection.post"), Requires("7644-3.9-04"), Explain{
			Why: "Clients that need the new id alone save the rest.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() {
			now := sent
			if u != nil {
				now = s.known(u, "displayName")
			}
			if bare(posted) && bare(other.Created) {
				s.see(posted)
				s.see(other.Created)
				s.skip("the answers to POST show nothing of the resource, whatever the client asks for")
			}
			narrow(posted, now, 201)
		})

		s.it("attributes narrows the answer to PUT", ID("projection.put"), Requires("7644-3.9-04"), Explain{
			Why: "Clients that need a single attribute back save the rest.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() {
			replaced(put)
			narrow(put, s.known(other, "displayName"), 200)
		})

		s.it("excludedAttributes narrows the answer to PUT", ID("projection.put-excluded"), Requires("7644-3.9-06"), Explain{
			Why: "What a client excludes must not come back.",
			Fix: "Apply excludedAttributes to every answer that holds a resource.",
		}, func() {
			replaced(without)
			if without.Status == http.StatusNoContent {
				s.see(without)
				s.skip("the answer has no body")
			}
			s.judge(without, Status(200), whole(leftOut(other.typ, "displayName")), Assigned("userName"))
		})

		s.it("attributes narrows the answer to PATCH", ID("projection.patch"), Requires("7644-3.9-04"), Explain{
			Why: "Clients patch one attribute and want that one back.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() {
			s.requires(Patch)
			s.settable("displayName")
			x := s.do(wire.Request{
				Method: http.MethodPatch, Path: other.path(), RawQuery: query("attributes", "displayName"),
				Body: encode(patchBody(op("replace", "displayName", "Patched"))),
			})
			narrow(x, object{"displayName": scim.String(x.Object(), "displayName")}, 200)
			s.judge(x, Text("displayName", "Patched"))
		})

		s.it("attributes narrows the answer, not what is stored", ID("projection.stored-whole"), Requires("7644-3.1-07", "7644-3.4.1-01"), Explain{
			Why: "A server that projects before it saves throws away everything else that the client has sent.",
			Fix: "Apply the projection to the answer only.",
		}, func() {
			if u == nil {
				s.see(posted)
				s.block("projection.post", "nothing was created")
			}
			s.judge(s.readBack(u), s.keepsAsUsual(u.typ, sent))
		})
	})
}

func (s *session) projectionKinds() {
	s.about("the password", func() {
		var u *resource
		s.beforeAll(func() {
			s.needs("User", "password")
			u = s.makeUser("secret", set("password", "Pw-1a!"+s.tag("secret")))
		})
		noPassword := func(o scim.Object) error { return hidden(o, "password") }

		s.it("attributes cannot get at the password", ID("projection.password"), Requires("7643-4.1.1-16", "7643-7-21", "7643-4.1.1-15"), Explain{
			Why: "Passwords, also hashed ones, must never leave the server.",
			Fix: "Take attributes that are returned never out of every answer, also when they are asked for.",
		}, func() {
			s.judge(s.read(u, "attributes", "userName,password"), Status(200), Assigned("userName"), whole(noPassword))
		})

		s.it("attributes cannot get at the passwords of a list", ID("projection.password-list"), Requires("7643-4.1.1-16", "7643-4.1.1-15"), Explain{
			Why: "One request would hand out the passwords of everybody.",
			Fix: "Take attributes that are returned never out of every answer, also when they are asked for.",
		}, func() {
			s.requires(Filter)
			x := s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")), "attributes", "userName,password")
			s.judge(x, shows(u, noPassword))
		})
	})

	s.about("the published returned characteristics", func() {
		var u *resource
		// marked lists the top-level attributes of users with that characteristic for which a value was sent.
		marked := func(kind string) []string {
			var out []string
			for k := range u.Sent {
				if a := u.typ.attribute(k); k != "schemas" && a != nil && a.Returned == kind && a.Mutability != "readOnly" {
					out = append(out, k)
				}
			}
			slices.Sort(out)
			if len(out) == 0 {
				s.skip("the target's schema has no such attribute with returned %q", kind)
			}
			return out
		}
		s.beforeAll(func() { u = s.makeUser("kinds") })

		s.it("attributes that are returned on request are not in a plain answer", ID("projection.request-hidden"), Requires("7643-7-24", "7644-3.4-01"), Explain{
			Why: "Such attributes are large or confidential; that is why the schema marks them.",
			Fix: "Leave them out unless attributes names them, or publish them as returned by default.",
		}, func() {
			names := marked("request")
			s.judge(s.read(u), Status(200), Assigned("id"), whole(lacks(names...)))
		})

		s.it("attributes that are returned on request are there when asked for", ID("projection.request-shown"), Requires("7643-7-24", "7644-3.9-04"), Explain{
			Why: "There is no other way to read them.",
			Fix: "Return them when attributes names them.",
		}, func() {
			names := marked("request")
			s.judge(s.read(u, "attributes", strings.Join(names, ",")), Status(200), whole(has(u.Sent, names...)))
		})

		s.it("attributes that are returned always are there whatever else is asked for", ID("projection.always"), Requires("7643-7-20", "7644-3.9-04"), Explain{
			Why: "Clients rely on what the schema promises in every answer.",
			Fix: "Add the attributes that the schema marks as always to every projection.",
		}, func() {
			names := marked("always")
			s.judge(s.read(u, "attributes", "externalId"), Status(200), whole(has(u.Sent, names...)))
		})

		s.it("attributes that are returned always cannot be excluded", ID("projection.always-excluded"), Requires("7643-7-20", "7644-3.4.2.5-04"), Explain{
			Why: "Clients rely on what the schema promises in every answer.",
			Fix: "Keep the attributes that the schema marks as always, whatever excludedAttributes says.",
		}, func() {
			names := marked("always")
			s.judge(s.read(u, "excludedAttributes", strings.Join(names, ",")), Status(200), whole(has(u.Sent, names...)))
		})
	})
}
