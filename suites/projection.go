package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// projections: which attributes an answer holds (RFC 7644 §3.9, RFC 7643 §7).
func (s *session) projections() {
	s.projectionAsked()
	s.projectionSubs()
	s.projectionExcluded()
	s.projectionLists()
	s.projectionWrites()
	s.projectionKinds()
}

// only wants no other attributes than those named; id and schemas are always there, and meta has a check of its own.
func (s *session) only(typ string, names ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		var extra []string
		for k, v := range o {
			a := s.learned.typ(typ).attribute(k)
			asked := slices.ContainsFunc(append(names, "id", "schemas", "meta"), func(n string) bool { return strings.EqualFold(n, k) })
			if !asked && scim.Assigned(v) && (a == nil || a.Returned != "always") {
				extra = append(extra, k)
			}
		}
		slices.Sort(extra)
		if len(extra) > 0 {
			return wrong("attributes that nobody asked for", text("none"), extra)
		}
		return nil
	}
}

// whole turns a judgement of a resource into a check of an answer that is one.
func whole(looks ...func(o scim.Object) error) Check {
	return func(x *reports.Exchange) error {
		var errs []error
		for _, l := range looks {
			errs = append(errs, l(x.Object()))
		}
		return errors.Join(errs...)
	}
}

// known reads the resource without projection, and blocks unless it has the attributes that a check is about.
func (s *session) known(r *resource, paths ...string) scim.Object {
	x := s.readBack(r)
	for _, p := range paths {
		if !scim.Assigned(scim.Get(x.Object(), p)) {
			s.see(x)
			s.block("create.stored", "%s is not there without projection either", p)
		}
	}
	return x.Object()
}

// has wants attributes to have the values that they have in now.
func has(now scim.Object, paths ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		var errs []error
		for _, p := range paths {
			errs = append(errs, attrIs(o, p, scim.Get(now, p)))
		}
		return errors.Join(errs...)
	}
}

// lacks wants attributes to be absent.
func lacks(paths ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		var errs []error
		for _, p := range paths {
			errs = append(errs, attrIs(o, p, nil))
		}
		return errors.Join(errs...)
	}
}

func (s *session) projectionAsked() {
	about("attributes", func() {
		var u *resource
		var now scim.Object
		var x *reports.Exchange
		beforeAll(func() {
			s.needs("User", "displayName", "name.givenName")
			u = s.makeUser("projected")
			now = s.known(u, "displayName", "name.givenName")
			x = s.read(u, "attributes", "displayName")
		})

		it("attributes returns the attribute that was asked for", ID("projection.attributes"), Requires("7644-3.4.2.5-01", "7644-3.9-04"), Explain{
			Why: "Clients that ask for what they compare treat a missing attribute as cleared.",
			Fix: "Support attributes on every operation that returns resources.",
		}, func() { s.judge(x, Status(200), whole(has(now, "displayName"))) })

		it("attributes returns no default attribute that was not asked for", ID("projection.attributes-only"), Requires("7644-3.9-04", "7644-3.4.2.5-02"), Explain{
			Why: "Clients narrow an answer because they must not, or cannot, handle the rest.",
			Fix: "Let attributes replace the default set instead of adding to it.",
		}, func() { s.judge(x, Status(200), whole(s.only("User", "displayName"))) })

		it("id is returned whatever attributes asks for", ID("projection.attributes-id"), Requires("7644-3.9-04", "7643-3.1-12"), Explain{
			Why: "A resource without id cannot be addressed.",
			Fix: "Add the attributes that are returned always to every projection.",
		}, func() { s.judge(x, Status(200), Attr("id", u.ID)) })

		it("schemas is returned whatever attributes asks for", ID("projection.attributes-schemas"), Requires("7643-3-01"), Explain{
			Why: "Strict clients cannot parse a resource that does not name its schemas.",
			Fix: "Add schemas to every projection.",
		}, func() { s.judge(x, Status(200), Softly(reports.Warn, Assigned("schemas"))) })

		it("meta is left out unless attributes asks for it", ID("projection.attributes-meta"), Requires("7643-3.1-18"), Explain{
			Why: "meta is returned by default only; clients that name attributes do not expect it.",
			Fix: "Treat meta like any other attribute that is returned by default.",
		}, func() { s.judge(x, Status(200), Unassigned("meta")) })

		it("meta is returned when attributes asks for it", ID("projection.attributes-meta-asked"), Requires("7644-3.9-04"), Explain{
			Why: "Clients ask for meta.lastModified alone to see whether anything changed.",
			Fix: "Let attributes name common attributes too.",
		}, func() { s.judge(s.read(u, "attributes", "meta"), Status(200), Assigned("meta.resourceType")) })

		it("several names are separated by commas", ID("projection.attributes-several"), Requires("7644-3.9-07", "7644-3.9-04"), Explain{
			Why: "Clients ask for all the attributes that they synchronise at once.",
			Fix: "Split attributes at commas.",
		}, func() {
			s.judge(s.read(u, "attributes", "displayName,name"), Status(200), whole(has(now, "displayName", "name.givenName"), s.only("User", "displayName", "name")))
		})

		it("names in attributes may be in any letter case", ID("projection.attributes-case"), Requires("7644-3.10-05", "7644-3.4.2.5-03"), Explain{
			Why: "Attribute names are case-insensitive everywhere, and clients write them as they like.",
			Fix: "Compare attribute names without regard to letter case.",
		}, func() { s.judge(s.read(u, "attributes", "DISPLAYNAME"), Status(200), whole(has(now, "displayName"))) })

		it("names in attributes may carry the schema's URN", ID("projection.attributes-urn"), Requires("7644-3.4.2.5-03", "7644-3.10-01"), Explain{
			Why: "The full form is the standard notation, and clients that work with several schemas use it throughout.",
			Fix: "Resolve names of the form URN:attribute for the base schema too.",
		}, func() {
			s.judge(s.read(u, "attributes", u.typ.Schema+":displayName"), Status(200), whole(has(now, "displayName")))
		})

		it("an unknown name in attributes is ignored or refused", ID("projection.unknown-name"), Requires("7644-3.4.2.5-01"), Explain{
			Why: "Clients name attributes that not every server has; a server error, or the whole resource, is no answer to that.",
			Fix: "Ignore names that no schema defines, or answer 400.",
		}, func() {
			y := s.read(u, "attributes", "displayName,noSuchAttribute")
			if y.Status == 400 {
				s.judge(y, ErrorBody)
			} else {
				s.judge(y, Status(200), whole(has(now, "displayName"), s.only("User", "displayName", "noSuchAttribute")))
			}
			s.observe("A33", "an unknown name in attributes", map[bool]string{true: "is refused", false: "is ignored"}[y.Status == 400])
		})

		it("attributes and excludedAttributes together are refused, or one of them is honoured", ID("projection.both"), Requires("7644-3.9-03"), Explain{
			Why: "The two exclude each other; ignoring both returns what the client did not want.",
			Fix: "Answer 400, or let one of them count.",
		}, func() {
			y := s.read(u, "attributes", "displayName,name", "excludedAttributes", "name")
			s.judge(y, func(y *reports.Exchange) error {
				if y.Status == 400 {
					return nil
				}
				o := y.Object()
				if Status(200)(y) != nil || s.only("User", "displayName", "name")(o) != nil && scim.Assigned(o["name"]) {
					return wrong("answer", text("400, or one of the two honoured"), text("status "+http.StatusText(y.Status)+" and neither"))
				}
				return nil
			})
			s.observe("A32", "attributes with excludedAttributes", map[bool]string{true: "is refused", false: "is answered"}[y.Status == 400])
		})
	})
}

func (s *session) projectionSubs() {
	about("attributes with sub-attributes and extensions", func() {
		var u *resource
		var now scim.Object
		var given, mails *reports.Exchange
		beforeAll(func() {
			s.needs("User", "name.givenName", "name.familyName", "emails.value", "emails.type")
			u = s.makeUser("parts")
			now = s.known(u, "name.givenName", "name.familyName", "emails.value", "emails.type")
			given, mails = s.read(u, "attributes", "name.givenName"), s.read(u, "attributes", "emails.value")
		})

		it("a sub-attribute can be asked for", ID("projection.sub-attribute"), Requires("7644-3.9-05"), Explain{
			Why: "Clients ask for name.givenName; without support for it they get nothing.",
			Fix: "Resolve names of the form attribute.subAttribute.",
		}, func() {
			s.judge(given, Status(200), whole(has(now, "name.givenName"), s.only("User", "name")))
		})

		it("only the sub-attribute that was asked for is returned", ID("projection.sub-attribute-only"), Requires("7644-3.9-05"), Explain{
			Why: "Clients that narrow an answer must not, or cannot, handle the rest.",
			Fix: "Filter the members of complex values too.",
		}, func() {
			s.judge(given, Status(200), Attr("id", u.ID), Softly(reports.Warn, Unassigned("name.familyName")))
		})

		it("a sub-attribute of a multi-valued attribute is returned for every value", ID("projection.multi-valued"), Requires("7644-3.9-05"), Explain{
			Why: "Clients read all addresses by emails.value; missing ones look deleted.",
			Fix: "Apply the sub-attribute to each value of the attribute.",
		}, func() {
			s.judge(mails, Status(200), whole(has(now, "emails.value"), s.only("User", "emails")))
		})

		it("only the sub-attribute of a multi-valued attribute that was asked for is returned", ID("projection.multi-valued-only"), Requires("7644-3.9-05"), Explain{
			Why: "Clients that narrow an answer must not, or cannot, handle the rest.",
			Fix: "Filter the members of each value.",
		}, func() {
			s.judge(mails, Status(200), Assigned("emails.value"), Softly(reports.Warn, Unassigned("emails.type")))
		})
	})

	about("attributes with an extension", func() {
		const dept, number = scim.EnterpriseURN + ":department", scim.EnterpriseURN + ":employeeNumber"
		var u *resource
		var now scim.Object
		var x *reports.Exchange
		beforeAll(func() {
			s.needs("User", dept, number)
			u = s.makeUser("extended", enterprise(object{"department": "Sales", "employeeNumber": "4711"}))
			now = s.known(u, dept, number)
			x = s.read(u, "attributes", dept)
		})

		it("an attribute of an extension can be asked for by its full name", ID("projection.extension"), Requires("7644-3.4.2.5-03", "7644-3.10-01"), Explain{
			Why: "There is no other sure name for it; parsers that split at the dot of \"2.0\" do not find it.",
			Fix: "Take everything up to the last colon for the schema's URN before looking for a dot.",
		}, func() { s.judge(x, Status(200), whole(has(now, dept), s.only("User", scim.EnterpriseURN))) })

		it("only the extension's attribute that was asked for is returned", ID("projection.extension-only"), Requires("7644-3.9-04"), Explain{
			Why: "Extensions often hold what most clients must not see.",
			Fix: "Filter the attributes of an extension one by one.",
		}, func() { s.judge(x, Status(200), Attr("id", u.ID), Unassigned(number)) })

		it("the URN of an extension stands for all of its attributes", ID("projection.extension-whole"), Requires("7644-3.9-02"), Explain{
			Why: "The standard has no such name, yet clients use it to get an extension without knowing its attributes.",
			Fix: "Take a URN alone for all attributes of that schema.",
		}, func() {
			y := s.read(u, "attributes", scim.EnterpriseURN)
			s.judge(y, NotServerError, whole(has(now, dept, number)))
		})

		it("an attribute of an extension can be excluded", ID("projection.excluded-extension"), Requires("7644-3.9-06", "7644-3.4.2.5-03"), Explain{
			Why: "Extensions often hold what most clients must not see.",
			Fix: "Resolve full names in excludedAttributes too.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", dept), Status(200), Unassigned(dept), whole(has(now, number)))
		})
	})
}

func (s *session) projectionExcluded() {
	about("excludedAttributes", func() {
		var u *resource
		var now scim.Object
		var x *reports.Exchange
		beforeAll(func() {
			s.needs("User", "displayName", "name.givenName", "name.familyName")
			u = s.makeUser("excluded")
			now = s.known(u, "displayName", "name.givenName", "name.familyName")
			x = s.read(u, "excludedAttributes", "displayName")
		})
		userName := func(o scim.Object) error { return attrSet(o, "userName") }

		it("excludedAttributes leaves out what it names", ID("projection.excluded"), Requires("7644-3.4.2.5-01", "7644-3.9-06"), Explain{
			Why: "Clients leave out what is large or what they must not see.",
			Fix: "Support excludedAttributes on every operation that returns resources.",
		}, func() { s.judge(x, Status(200), Unassigned("displayName"), whole(userName)) })

		it("excludedAttributes leaves all other default attributes in", ID("projection.excluded-rest"), Requires("7644-3.9-06"), Explain{
			Why: "An attribute that disappears along with another looks cleared.",
			Fix: "Take away from the default set only what was named.",
		}, func() {
			s.judge(x, Status(200), func(x *reports.Exchange) error { return sameResource(x.Object(), now, "displayName") })
		})

		it("several names are excluded at once", ID("projection.excluded-several"), Requires("7644-3.9-07", "7644-3.9-06"), Explain{
			Why: "Clients exclude all that they do not synchronise in one parameter.",
			Fix: "Split excludedAttributes at commas.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "displayName,name"), Status(200), whole(userName, lacks("displayName", "name")))
		})

		it("names in excludedAttributes may be in any letter case", ID("projection.excluded-case"), Requires("7644-3.10-05", "7644-3.4.2.5-03"), Explain{
			Why: "Attribute names are case-insensitive everywhere.",
			Fix: "Compare attribute names without regard to letter case.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "DISPLAYNAME"), Status(200), whole(userName, lacks("displayName")))
		})

		it("names in excludedAttributes may carry the schema's URN", ID("projection.excluded-urn"), Requires("7644-3.4.2.5-03"), Explain{
			Why: "What a client excludes by its full name must not be shown.",
			Fix: "Resolve names of the form URN:attribute for the base schema too.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", u.typ.Schema+":displayName"), Status(200), whole(userName, lacks("displayName")))
		})

		it("a sub-attribute can be excluded", ID("projection.excluded-sub"), Requires("7644-3.9-06", "7644-3.10-04"), Explain{
			Why: "What a client excludes must not be shown, and the rest of the value must stay.",
			Fix: "Resolve names of the form attribute.subAttribute, and take away that part only.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", "name.familyName"), Status(200), whole(has(now, "name.givenName"), lacks("name.familyName")))
		})

		it("id cannot be excluded", ID("projection.excluded-id"), Requires("7644-3.4.2.5-04"), Explain{
			Why: "A resource without id cannot be addressed.",
			Fix: "Keep attributes that are returned always, whatever excludedAttributes says.",
		}, func() { s.judge(s.read(u, "excludedAttributes", "id"), Status(200), Attr("id", u.ID)) })

		it("meta can be excluded", ID("projection.excluded-meta"), Requires("7643-3.1-18", "7643-7-23"), Explain{
			Why: "meta is returned by default only; clients that compare resources exclude it.",
			Fix: "Treat meta like any other attribute that is returned by default.",
		}, func() { s.judge(s.read(u, "excludedAttributes", "meta"), Status(200), whole(userName, lacks("meta"))) })
	})

	about("excludedAttributes=members", func() {
		var g *resource
		beforeAll(func() {
			s.needs("Group", "members")
			g = s.makeGroup("memberless", s.makeUser("member"))
			if x := s.readBack(g); !scim.Assigned(x.Object()["members"]) {
				s.see(x)
				s.block("groups.create", "the group has no members")
			}
		})
		seen := func(o scim.Object) error { return attrIs(o, "displayName", g.Sent["displayName"]) }

		it("a group can be read without its members", ID("projection.group-without-members"), Requires("7644-3.9-06"), Explain{
			Why: "Entra reads every group with excludedAttributes=members; groups of thousands make that slow or impossible.",
			Fix: "Honour excludedAttributes for groups too, before the members are collected.",
		}, func() {
			s.judge(s.read(g, "excludedAttributes", "members"), Status(200), whole(seen, lacks("members")))
		})

		it("groups can be listed without their members", ID("projection.groups-without-members"), Requires("7644-3.9-06"), Explain{
			Why: "Entra looks groups up by displayName with excludedAttributes=members.",
			Fix: "Honour excludedAttributes in lists of groups too.",
		}, func() {
			s.requires(Filter)
			x := s.get(g.typ.Endpoint, "filter", "displayName eq "+scim.Quote(scim.String(g.Sent, "displayName")), "excludedAttributes", "members")
			s.judge(x, shows(g, seen, lacks("members")))
		})
	})
}

func (s *session) projectionLists() {
	about("projection of lists", func() {
		var u *resource
		var byName string
		var now scim.Object
		var asked, excluded, plain *reports.Exchange
		beforeAll(func() {
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

		it("the resources of a list have the same attributes as single ones", ID("projection.list-default"), Requires("7644-3.4-01", "7643-7-23"), Explain{
			Why: "Clients compare what a list shows with their own data; what is missing there is written again in every cycle.",
			Fix: "Write list items with the same serializer as single resources.",
		}, func() {
			s.judge(plain, shows(u, func(o scim.Object) error { return sameResource(o, now) }))
		})

		it("attributes works in lists", ID("projection.list-attributes"), Requires("7644-3.4.2.5-01", "7644-3.9-04"), Explain{
			Why: "Clients read large directories with the few attributes that they need.",
			Fix: "Apply the projection to each resource of a list.",
		}, func() { s.judge(asked, shows(u, has(now, "displayName"), s.only("User", "displayName"))) })

		it("the resources of a projected list have their ids", ID("projection.list-id"), Requires("7644-3.9-04", "7643-3.1-12"), Explain{
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

		it("excludedAttributes works in lists", ID("projection.list-excluded"), Requires("7644-3.4.2.5-01", "7644-3.9-06"), Explain{
			Why: "Clients read large directories without what they do not need.",
			Fix: "Apply the projection to each resource of a list.",
		}, func() {
			s.judge(excluded, shows(u, lacks("displayName"), func(o scim.Object) error { return attrSet(o, "userName") }))
		})
	})
}

func (s *session) projectionWrites() {
	about("projection of the answers to writes", func() {
		var u, other *resource
		var posted, put, without *reports.Exchange
		var sent scim.Object
		beforeAll(func() {
			s.needs("User", "displayName")
			t := s.needsType("User")
			send := func(method, path, creates, q string, body any) *reports.Exchange {
				return s.do(wire.Request{Method: method, Path: path, Body: encode(body), Creates: creates, RawQuery: q})
			}
			sent = s.user("posted")
			posted = send(http.MethodPost, t.Endpoint, t.Endpoint, query("attributes", "displayName"), sent)
			u = s.adopt(t, sent, posted)
			other = s.makeUser("put")
			put = send(http.MethodPut, other.path(), "", query("attributes", "displayName"), other.Sent)
			without = send(http.MethodPut, other.path(), "", query("excludedAttributes", "displayName"), other.Sent)
		})
		// narrow judges an answer that should hold displayName alone; without a body there is nothing to project.
		narrow := func(x *reports.Exchange, now scim.Object, status int) {
			if x.Status == http.StatusNoContent {
				s.see(x)
				s.skip("the answer has no body")
			}
			s.judge(x, Status(status), whole(has(now, "displayName"), s.only("User", "displayName")))
		}

		it("attributes narrows the answer to POST", ID("projection.post"), Requires("7644-3.9-04"), Explain{
			Why: "Clients that need the new id alone save the rest.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() {
			now := sent
			if u != nil {
				now = s.known(u, "displayName")
			}
			narrow(posted, now, 201)
		})

		it("attributes narrows the answer to PUT", ID("projection.put"), Requires("7644-3.9-04"), Explain{
			Why: "Clients that need a single attribute back save the rest.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() { narrow(put, s.known(other, "displayName"), 200) })

		it("excludedAttributes narrows the answer to PUT", ID("projection.put-excluded"), Requires("7644-3.9-06"), Explain{
			Why: "What a client excludes must not come back.",
			Fix: "Apply excludedAttributes to every answer that holds a resource.",
		}, func() {
			if without.Status == http.StatusNoContent {
				s.see(without)
				s.skip("the answer has no body")
			}
			s.judge(without, Status(200), Unassigned("displayName"), Assigned("userName"))
		})

		it("attributes narrows the answer to PATCH", ID("projection.patch"), Requires("7644-3.9-04"), Explain{
			Why: "Clients patch one attribute and want that one back.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() {
			s.requires(Patch)
			x := s.do(wire.Request{
				Method: http.MethodPatch, Path: other.path(), RawQuery: query("attributes", "displayName"),
				Body: encode(patchBody(op("replace", "displayName", "Patched"))),
			})
			narrow(x, object{"displayName": "Patched"}, 200)
		})

		it("attributes narrows the answer, not what is stored", ID("projection.stored-whole"), Requires("7644-3.1-07", "7644-3.4.1-01"), Explain{
			Why: "A server that projects before it saves throws away everything else that the client has sent.",
			Fix: "Apply the projection to the answer only.",
		}, func() {
			if u == nil {
				s.see(posted)
				s.block("projection.post", "nothing was created")
			}
			s.judge(s.readBack(u), Keeps(u.typ, sent))
		})
	})
}

func (s *session) projectionKinds() {
	about("the password", func() {
		var u *resource
		beforeAll(func() {
			s.needs("User", "password")
			u = s.makeUser("secret", set("password", "Pw-1a!"+s.tag("secret")))
		})
		noPassword := func(o scim.Object) error { return hidden(o, "password") }

		it("attributes cannot get at the password", ID("projection.password"), Requires("7643-4.1.1-16", "7643-4.1.1-15"), Explain{
			Why: "Passwords, also hashed ones, must never leave the server.",
			Fix: "Take attributes that are returned never out of every answer, also when they are asked for.",
		}, func() {
			s.judge(s.read(u, "attributes", "userName,password"), Status(200), Assigned("userName"), whole(noPassword))
		})

		it("attributes cannot get at the passwords of a list", ID("projection.password-list"), Requires("7643-4.1.1-16", "7643-4.1.1-15"), Explain{
			Why: "One request would hand out the passwords of everybody.",
			Fix: "Take attributes that are returned never out of every answer, also when they are asked for.",
		}, func() {
			s.requires(Filter)
			x := s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")), "attributes", "userName,password")
			s.judge(x, shows(u, noPassword))
		})
	})

	about("the published returned characteristics", func() {
		var u *resource
		// marked lists the top-level attributes of users with that characteristic for which a value was sent.
		marked := func(kind string) []string {
			var out []string
			for k := range u.Sent {
				if a := u.typ.attribute(k); k != "schemas" && a != nil && a.Returned == kind {
					out = append(out, k)
				}
			}
			slices.Sort(out)
			if len(out) == 0 {
				s.skip("the target's schema has no such attribute with returned %q", kind)
			}
			return out
		}
		beforeAll(func() { u = s.makeUser("kinds") })

		it("attributes that are returned on request are not in a plain answer", ID("projection.request-hidden"), Requires("7643-7-24", "7644-3.4-01"), Explain{
			Why: "Such attributes are large or confidential; that is why the schema marks them.",
			Fix: "Leave them out unless attributes names them, or publish them as returned by default.",
		}, func() {
			names := marked("request")
			s.judge(s.read(u), Status(200), Assigned("id"), whole(lacks(names...)))
		})

		it("attributes that are returned on request are there when asked for", ID("projection.request-shown"), Requires("7643-7-24", "7644-3.9-04"), Explain{
			Why: "There is no other way to read them.",
			Fix: "Return them when attributes names them.",
		}, func() {
			names := marked("request")
			s.judge(s.read(u, "attributes", strings.Join(names, ",")), Status(200), whole(has(u.Sent, names...)))
		})

		it("attributes that are returned always are there whatever else is asked for", ID("projection.always"), Requires("7643-7-20", "7644-3.9-04"), Explain{
			Why: "Clients rely on what the schema promises in every answer.",
			Fix: "Add the attributes that the schema marks as always to every projection.",
		}, func() {
			names := marked("always")
			s.judge(s.read(u, "attributes", "externalId"), Status(200), whole(has(u.Sent, names...)))
		})

		it("attributes that are returned always cannot be excluded", ID("projection.always-excluded"), Requires("7643-7-20", "7644-3.4.2.5-04"), Explain{
			Why: "Clients rely on what the schema promises in every answer.",
			Fix: "Keep the attributes that the schema marks as always, whatever excludedAttributes says.",
		}, func() {
			names := marked("always")
			s.judge(s.read(u, "excludedAttributes", strings.Join(names, ",")), Status(200), whole(has(u.Sent, names...)))
		})
	})
}
