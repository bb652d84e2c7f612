package suites

import (
	"maps"
	"net/http"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// replacing: PUT (RFC 7644 §3.5.1).
func (s *session) replacing() {
	s.putWhole()
	s.putAgain()
	s.putReadOnly()
	s.putUnassigned()
	s.putRequired()
	s.putTypes()
	s.putNames()
	s.putImmutable()
	s.putUnknown()
}

// putRevised is a user with another value for everything that was sent but userName. The formatted name is left out, to
// see what happens to sub-attributes that a complex value does not mention.
func (s *session) putRevised(u *resource) scim.Object {
	o := clone(u.Sent)
	may := func(path string) bool {
		return !slices.ContainsFunc(u.typ.levels(path), func(a *scim.Attribute) bool { return a == nil || a.Mutability == "immutable" })
	}
	for name, v := range map[string]any{
		"externalId": "New-" + scim.String(o, "externalId"), "displayName": "New display", "nickName": "New nick",
		"title": "Director", "userType": "Contractor",
	} {
		if o[name] != nil && may(name) {
			o[name] = scim.Chosen(u.typ.attribute(name), v, 1)
		}
	}
	if name, ok := o["name"].(scim.Object); ok {
		name = maps.Clone(name)
		for k, v := range map[string]any{"givenName": "Grace", "familyName": "Hopper"} {
			if name[k] != nil && may("name."+k) {
				name[k] = v
			}
		}
		if a := u.typ.attribute("name.formatted"); a != nil && !a.Required && may("name.formatted") {
			delete(name, "formatted")
		}
		o["name"] = name
	}
	if o["emails"] != nil && may("emails") {
		o["emails"] = u.typ.prune("emails", []any{scim.Object{"value": "new." + scim.String(o, "userName"), "type": "work", "primary": true}})
	}
	if o["phoneNumbers"] != nil && may("phoneNumbers") {
		o["phoneNumbers"] = u.typ.prune("phoneNumbers", []any{scim.Object{"value": "+1-201-555-0123", "type": "mobile"}})
	}
	if ext, ok := o[scim.EnterpriseURN].(scim.Object); ok {
		for k := range ext {
			if a := u.typ.attribute(scim.EnterpriseURN + ":" + k); a.Type == "string" && a.Mutability == "readWrite" {
				ext[k] = "New " + k
			}
		}
	}
	return o
}

// putEntire tells whether an answer to PUT is a resource at all.
func putEntire(x *reports.Exchange) bool {
	return scim.String(x.Object(), "id") != "" && scim.String(x.Object(), "userName") != ""
}

// putWhole: every kind of attribute is replaced.
func (s *session) putWhole() {
	s.about("PUT of a whole user", func() {
		var u *resource
		var sent scim.Object
		var before, x, after *reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("put", s.extended(scim.Object{"employeeNumber": "701984", "costCenter": "4130", "department": "Tour"}))
			before = s.readBack(u)
			s.outwait(before)
			sent = s.putRevised(u)
			x = s.replace(u, sent)
			if id := scim.String(x.Object(), "id"); x.Success() && id != "" && id != u.ID {
				s.client.Ledger().Own(u.typ.Endpoint, id, "")
			}
			after = s.read(u)
		})
		replaced := func() *reports.Exchange {
			if !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			if after.Status != http.StatusOK {
				s.see(after)
				s.block("put.id-kept", "GET of the replaced user answered %d", after.Status)
			}
			return after
		}
		// stored skips where the target did not keep what the POST has sent, which is judged there.
		stored := func(path string) {
			if !scim.Assigned(scim.Get(before.Object(), path)) {
				s.skip("the target does not keep %s", path)
			}
		}

		s.it("PUT of a valid user over an existing one succeeds", ID("put.supported"), Requires("7644-3.5-01"), Explain{
			Why: "PUT is the one way to change a resource that every server must have; Okta's custom apps update users with nothing else.",
			Fix: "Support PUT on every resource, and take each body that a POST would take.",
		}, func() {
			if s.put.refused != nil {
				s.note("with the id in its body, where a client has to write none (RFC 7643 §3.1), PUT succeeds; the other checks send it")
				s.judge(s.put.refused, succeeded)
			}
			s.judge(x, succeeded)
		})

		s.it("a successful PUT answers 200 OK", ID("put.status"), Requires("7644-3.5.1-12"), Explain{
			Why: "Clients expect the new state in the answer; another status than 200 makes them believe that something else has happened.",
			Fix: "Answer 200 with the resource, and neither 201 nor 204.",
		}, func() {
			replaced()
			s.judge(x, Status(http.StatusOK))
		})

		s.it("the answer to PUT carries the entire resource", ID("put.body"), Requires("7644-3.5.1-12"), Explain{
			Why: "The answer is how client and server agree on what was stored; without it the client has to read once more.",
			Fix: "Return the whole stored resource, with id, schemas and meta, in the body of the answer to PUT.",
		}, func() {
			replaced()
			s.judge(x, IsObject, Attr("id", u.ID), Assigned("schemas"), Assigned("userName"), Assigned("meta"))
		})

		s.it("the answer to PUT shows the same resource as a GET right after it", ID("put.answer-equals-read"), Requires("7644-3.1-07", "7644-3.5.1-12"), Explain{
			Why: "A client that trusts the answer believes in a state that does not exist, and never corrects it.",
			Fix: "Build the answer from what was stored, not from the request or from the state before.",
		}, func() {
			replaced()
			if !putEntire(x) {
				s.block("put.body", "the answer to PUT is no whole resource")
			}
			s.judge(x, u.typ.sameAsRead(after))
		})

		s.it("the user keeps its id when it is replaced", ID("put.id-kept"), Requires("7643-3.1-06"), Explain{
			Why: "Clients remember users by id; a replaced user with another id is lost to them and to every group it is a member of.",
			Fix: "Replace the attributes in place; do not delete the resource and create another.",
		}, func() {
			if !x.Success() {
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			s.judge(after, Status(http.StatusOK), Attr("id", u.ID))
		})

		s.it("PUT replaces simple attributes", ID("put.simple"), Requires("7644-3.5.1-03"), Explain{
			Why: "A new name or title that is acknowledged but not stored stays wrong for ever, since the client thinks that it is done.",
			Fix: "Store every simple value of the body in place of the old one.",
		}, func() {
			var checks []Check
			for _, name := range []string{"displayName", "nickName", "title", "userType"} {
				if sent[name] != nil && scim.Assigned(scim.Get(before.Object(), name)) {
					checks = append(checks, changedTo(name, u.Sent[name], sent[name]))
				}
			}
			if len(checks) == 0 {
				s.skip("the target keeps none of displayName, nickName, title and userType")
			}
			s.judge(replaced(), checks...)
		})

		s.it("PUT replaces externalId", ID("put.external-id"), Requires("7644-3.5.1-03", "7643-3.1-16"), Explain{
			Why: "externalId is the client's own key; when it cannot be corrected, the client looks for the user under a key that nobody has.",
			Fix: "Treat externalId as any other readWrite attribute in PUT.",
		}, func() {
			stored("externalId")
			s.judge(replaced(), changedTo("externalId", u.Sent["externalId"], sent["externalId"]))
		})

		s.it("PUT replaces the values inside a complex attribute", ID("put.complex"), Requires("7644-3.5.1-03"), Explain{
			Why: "People marry and change their names; a name that PUT cannot change stays wrong in every application.",
			Fix: "Store the sub-attributes of a complex value in the body in place of the old ones.",
		}, func() {
			s.needs("User", "name")
			stored("name")
			want, _ := sent["name"].(scim.Object)
			var checks []Check
			for k, v := range want {
				if scim.Assigned(scim.Get(before.Object(), "name."+k)) {
					checks = append(checks, changedTo("name."+k, scim.Get(u.Sent, "name."+k), v))
				}
			}
			s.judge(replaced(), checks...)
			if scim.String(u.Sent, "name.formatted") != "" && want["formatted"] == nil {
				s.observe("A40", "name.formatted left out of name in PUT", putFate(after, "name.formatted", scim.Get(u.Sent, "name.formatted")))
			}
		})

		s.it("PUT replaces all values of a multi-valued attribute", ID("put.multi-valued"), Requires("7644-3.5.1-03", "7644-3.5.1-04"), Explain{
			Why: "An old e-mail address that survives a PUT keeps receiving mail that is no longer meant for this person.",
			Fix: "Make the values exactly those in the body; do not add them to the old ones.",
		}, func() {
			s.settable("emails")
			stored("emails")
			s.judge(replaced(), func(x *reports.Exchange) error {
				got := scim.List(x.Object(), "emails.value")
				want := "new." + scim.String(sent, "userName")
				for _, old := range scim.List(u.Sent, "emails.value") {
					for _, g := range got {
						if sameFold(g, old) {
							return wrong("emails after PUT", sent["emails"], scim.Get(x.Object(), "emails"))
						}
					}
				}
				if len(got) != 1 {
					return wrong("emails after PUT", sent["emails"], scim.Get(x.Object(), "emails"))
				}
				if !sameFold(got[0], want) {
					return soften(reports.Warn, wrong("emails.value after PUT", want, got[0]))
				}
				return nil
			})
		})

		s.it("PUT replaces the type of a value that is there already", ID("put.multi-valued-record"), Requires("7644-3.5.1-03", "7644-3.5.1-04"), Explain{
			Why: "A work number that becomes a mobile number has the same digits; a server that compares digits alone never stores the change.",
			Fix: "Replace each value with all of its sub-attributes, also where an old value has the same value member.",
		}, func() {
			s.settable("phoneNumbers", "phoneNumbers.type")
			stored("phoneNumbers.type")
			s.judge(replaced(), changedTo("phoneNumbers.type", []any{"work"}, []any{"mobile"}))
		})

		s.it("PUT replaces the attributes of an extension", ID("put.extension"), Requires("7644-3.5.1-03", "7643-3.3-04"), Explain{
			Why: "Department and cost center live in the enterprise extension; access that depends on them goes wrong when they cannot be changed.",
			Fix: "Read the object under the extension's URN as part of the body and replace its attributes too.",
		}, func() {
			ext, _ := sent[scim.EnterpriseURN].(scim.Object)
			var checks []Check
			for k, v := range ext {
				if path := scim.EnterpriseURN + ":" + k; v == "New "+k && scim.Assigned(scim.Get(before.Object(), path)) {
					checks = append(checks, changedTo(path, nil, v))
				}
			}
			if len(checks) == 0 {
				s.skip("the target keeps none of the enterprise attributes employeeNumber, costCenter and department")
			}
			s.judge(replaced(), checks...)
		})

		s.it("PUT leaves meta.created alone", ID("put.created-kept"), Requires("7643-3.1-20"), Explain{
			Why: "Audits and reports of new accounts count by meta.created; a user that seems new after each update spoils them.",
			Fix: "Set meta.created when the resource is created, and never again.",
		}, func() {
			s.judge(replaced(), func(x *reports.Exchange) error {
				was, ok := instantOf(before, "meta.created")
				is, ok2 := instantOf(x, "meta.created")
				if ok && (!ok2 || !is.Equal(was)) {
					return wrong("meta.created after PUT", scim.Get(before.Object(), "meta.created"), scim.Get(x.Object(), "meta.created"))
				}
				return nil
			})
		})

		s.it("PUT that changes a user moves meta.lastModified forward", ID("put.last-modified"), Requires("7643-3.1-22"), Explain{
			Why: "Clients that ask for what has changed since their last visit never hear of this change.",
			Fix: "Set meta.lastModified to the present time with every change.",
		}, func() { s.judge(replaced(), modifiedAfter(before)) })
	})
}

// putFate names what became of a value that PUT did not mention.
func putFate(after *reports.Exchange, path string, was any) string {
	switch got := scim.Get(after.Object(), path); {
	case !scim.Assigned(got):
		return "cleared"
	case holds(got, was):
		return "kept"
	}
	return "set to another value"
}

// putUnknown: PUT where there is nothing to replace.
func (s *session) putUnknown() {
	s.about("PUT to an id that does not exist", func() {
		var t *resourceType
		var x, found *reports.Exchange
		var id string
		s.beforeAll(func() {
			s.readBack(s.makeUser("put-known"))
			id = s.fictitious()
			t = s.needsType("User")
			sent := s.user("put-unknown")
			ghost := &resource{typ: t, ID: id, Sent: sent}
			x = s.putOver(ghost, sent)
			found = s.read(ghost)
			if found.Success() {
				s.client.Ledger().Own(t.Endpoint, id, "")
			} else if made := s.lookUp(t, sent); made != "" {
				s.client.Ledger().Own(t.Endpoint, made, "")
				found = s.get(t.Endpoint + "/" + made)
			}
		})

		s.it("PUT to an unknown id answers 404 Not Found", ID("put.unknown-id"), Requires("7644-3.12-11"), Explain{
			Why: "404 tells the client that its record is stale, so that it can look the user up or create it again.",
			Fix: "Look the resource up first and answer 404 where there is none.",
		}, func() { s.judge(x, Refused("404")) })

		s.it("PUT never creates a resource", ID("put.creates-nothing"), Requires("7644-3.5.1-01", "7644-3.2-04"), Explain{
			Why: "Ids belong to the server; a client with an outdated id would bring back users that were deleted on purpose.",
			Fix: "Do not upsert; only POST creates.",
		}, func() {
			s.judge(found, func(x *reports.Exchange) error {
				if x.Success() {
					return broken("PUT to the unknown id %s has created the user %s", id, scim.String(x.Object(), "id"))
				}
				return nil
			})
		})
	})
}
