package suites

import (
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// createReadOnly: what belongs to the server is ignored, and no reason to refuse (RFC 7644 §3.3, ambiguity A34).
func (s *session) createReadOnly() {
	const forgedTime = "2001-02-03T04:05:06Z"
	forgedInstant := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	s.about("POST a user with readOnly attributes", func() {
		var p creationProbe
		var forged string
		var g *resource
		s.beforeAll(func() {
			forged = s.fictitious()
			group := forged
			if s.learned.typ("Group") != nil {
				if g, _ = s.create("Group", s.group("create-groups")); g != nil {
					group = g.ID
				}
			}
			var groups any
			if s.needsType("User").attribute("groups") != nil { // else it is unknown, which may be refused
				groups = []any{object{"value": group}}
			}
			p = s.probeUser(s.user("forged", set("id", forged), set("groups", groups), set("meta", object{
				"resourceType": "Forged", "created": forgedTime, "lastModified": forgedTime,
				"location": s.client.Base() + s.needsType("User").Endpoint + "/" + forged, "version": `W/"forged"`,
			})))
		})
		state := func() *reports.Exchange { return s.probeState(p, "create.read-only-accepted") }

		s.it("a POST that carries readOnly attributes is accepted", ID("create.read-only-accepted"), Requires("7644-3.3-01"), Explain{
			Why: "Clients send back what they once read; Entra puts meta and Okta groups into each creation, and nobody is provisioned.",
			Fix: "Ignore readOnly attributes in the body of a POST instead of refusing it.",
		}, func() {
			s.judge(p.x, s.probeMade(p))
		})

		s.it("an id that the client sends is ignored", ID("create.client-id-ignored"), Requires("7644-3.3-01", "7643-3.1-02", "7643-3.1-11"), Explain{
			Why: "Whoever may choose ids can take the id of a deleted account, or guess those of others.",
			Fix: "Always assign the id yourself.",
		}, func() {
			s.judge(state(), func(x *reports.Exchange) error {
				if id := scim.String(x.Object(), "id"); id == forged {
					return wrong("id", text("an id of the server's own"), id)
				}
				return nil
			})
		})

		s.it("meta that the client sends is ignored", ID("create.client-meta-ignored"), Requires("7643-3.1-17"), Explain{
			Why: "Forged timestamps, versions and locations mislead every client that synchronises by them.",
			Fix: "Build meta on the server alone and drop what the client sends.",
		}, func() {
			s.judge(state(), func(x *reports.Exchange) error {
				meta, _ := scim.Get(x.Object(), "meta").(scim.Object)
				if meta == nil {
					return wrong("meta", text("the server's own meta"), nil)
				}
				for k, v := range meta {
					str, _ := v.(string)
					at, _, _ := creationInstant(str)
					if str == "Forged" || at.Equal(forgedInstant) || str == `W/"forged"` || strings.Contains(str, forged) && p.u.ID != forged {
						return wrong("meta."+k, text("the server's own value"), v)
					}
				}
				return nil
			})
		})

		s.it("groups that the client sends make no membership", ID("create.client-groups-ignored"), Requires("7644-3.3-01", "7643-4.1.2-10"), Explain{
			Why: "Membership grants rights: a client that may only create users would put them into any group.",
			Fix: "Treat groups of a user as readOnly; change membership through the Group resource only.",
		}, func() {
			x := state()
			if g != nil {
				members := s.read(g)
				s.judge(members, func(m *reports.Exchange) error {
					for _, e := range scim.Objects(m.Object(), "members") {
						if scim.String(e, "value") == p.u.ID {
							return wrong("members of the group", text("no members"), e)
						}
					}
					return nil
				})
			}
			s.judge(x, func(x *reports.Exchange) error {
				for _, e := range scim.Objects(x.Object(), "groups") {
					if id := scim.String(e, "value"); id == forged || g != nil && id == g.ID {
						return wrong("groups", text("not the group that was sent"), e)
					}
				}
				return nil
			})
		})
	})
}

// createDuplicates: userName is unique, externalId is not (RFC 7643 §3.1, §4.1.1; ambiguities A35, A47, A48).
func (s *session) createDuplicates() {
	s.about("POST a user twice", func() {
		var first, second, folded, external *resource
		var refused, other, twin, before, after *reports.Exchange
		s.beforeAll(func() {
			first = s.makeUser("twice")
			before = s.read(first)
			name := first.Sent["userName"]
			second, refused = s.create("User", s.user("taken", set("userName", name), set("displayName", "Usurper")))
			after = s.read(first)
			folded, other = s.create("User", s.user("folded", set("userName", strings.ToUpper(name.(string)))))
			if ext := first.Sent["externalId"]; ext != nil {
				external, twin = s.create("User", s.user("twin", set("externalId", ext)))
			}
		})

		s.it("a second user with the same userName is refused with 409", ID("create.duplicate"), Requires("7644-3.3-09", "7643-4.1.1-02", "7644-3.12-12"), Explain{
			Why: "Two accounts for one person: rights are taken from the one and stay with the other. Entra and Okta look for 409 to find the existing account.",
			Fix: "Put a unique index on userName and answer 409 when it is violated.",
		}, func() {
			s.judge(refused, Status(409), func(x *reports.Exchange) error {
				if second != nil && second.ID != first.ID {
					return wrong("a second user", text("none"), second.ID)
				}
				return nil
			})
		})

		s.it("the refusal of a duplicate says scimType uniqueness", ID("create.duplicate-scim-type"), Requires("7644-3.12-19"), Explain{
			Why: "409 alone may also be a version conflict; the keyword tells clients that the name is taken.",
			Fix: `Put "scimType": "uniqueness" into the body of the 409.`,
		}, func() {
			if refused.Status != 409 && refused.Status != 400 {
				s.see(refused)
				s.block("create.duplicate", "the second POST answered %d", refused.Status)
			}
			s.judge(refused, ScimType(scim.Uniqueness))
		})

		s.it("the refused duplicate leaves the first user as it was", ID("create.duplicate-harmless"), Requires("7644-3.3-09", "7643-4.1.1-02"), Explain{
			Why: "A POST that updates or takes over an existing account hands somebody's account to somebody else.",
			Fix: "Refuse before anything is written; never treat POST as create-or-update.",
		}, func() {
			if s.see(before); before.Status != 200 {
				s.block("read.status", "GET %s answered %d", first.path(), before.Status)
			}
			s.judge(after, Status(200), Same(before))
		})

		s.it("a userName that differs in letter case only is refused with 409", ID("create.duplicate-other-case"), Requires("7643-4.1.1-02", "7643-4.1.1-03"), Explain{
			Why: "Directories write Ann@ and ann@ for one person; a server that tells them apart makes a second account.",
			Fix: "Compare userName without regard to letter case, also in the unique index.",
		}, func() {
			s.judge(other, Status(409), func(x *reports.Exchange) error {
				if folded != nil && folded.ID != first.ID {
					return wrong("a second user", text("none"), folded.ID)
				}
				return nil
			})
		})

		s.it("a userName in another Unicode form of the same characters is refused with 409", ID("create.duplicate-other-form"), Requires("7644-5-01", "7644-7.8-01"), Explain{
			Why: "Apple systems write é as e and accent; one person gets two accounts, or takes the name of another.",
			Fix: "Bring userName into normal form C before it is compared (PRECIS, RFC 8265).",
		}, func() {
			composed, x := s.create("User", s.user("form", creationForm("\u00e9")))
			if composed == nil {
				s.see(x)
				s.skip("the target takes no accented letters in userName: POST answered %d", x.Status)
			}
			name := strings.ReplaceAll(scim.String(composed.Sent, "userName"), "\u00e9", "e\u0301")
			again, x := s.create("User", s.user("form", set("userName", name)))
			s.judge(x, Softly(reports.Warn, Status(409)), NotServerError, func(*reports.Exchange) error {
				if again != nil && again.ID != composed.ID {
					return soften(reports.Warn, wrong("a second user", text("none"), again.ID))
				}
				return nil
			})
		})

		s.it("a userName that differs in the letter case of an umlaut only is refused with 409", ID("create.duplicate-other-case-umlaut"), Requires("7643-4.1.1-03", "7644-7.8-01"), Explain{
			Why: "Names of half of Europe are told apart where those of the other half are not: one person gets two accounts.",
			Fix: "Fold letter case by Unicode, not for A to Z alone.",
		}, func() {
			lower, x := s.create("User", s.user("umlaut", func(o scim.Object) { o["userName"] = "jörg." + scim.String(o, "userName") }))
			if lower == nil {
				s.see(x)
				s.skip("the target takes no umlauts in userName: POST answered %d", x.Status)
			}
			name := strings.Replace(scim.String(lower.Sent, "userName"), "ö", "Ö", 1)
			again, x := s.create("User", s.user("umlaut", set("userName", name)))
			s.judge(x, Softly(reports.Warn, Status(409)), NotServerError, func(*reports.Exchange) error {
				if again != nil && again.ID != lower.ID {
					return soften(reports.Warn, wrong("a second user", text("none"), again.ID))
				}
				return nil
			})
		})

		s.it("two users may have the same externalId", ID("create.external-id-not-unique"), Requires("7643-3.1-15"), Explain{
			Why: "externalId belongs to each client: two clients, or a person's old and new account, may use the same.",
			Fix: "Do not enforce uniqueness of externalId.",
		}, func() {
			s.needs("User", "externalId")
			s.judge(twin, func(x *reports.Exchange) error {
				if external == nil {
					return wrong("status", text("201, a second user"), x.Status)
				}
				return nil
			})
		})
	})
}

// creationForm puts a letter before the userName.
func creationForm(letter string) func(scim.Object) {
	return func(o scim.Object) { o["userName"] = letter + scim.String(o, "userName") }
}

// createRequired: a user without a userName is refused (RFC 7643 §4.1.1).
func (s *session) createRequired() {
	s.about("POST a user without a userName", func() {
		var missing, null, empty *reports.Exchange
		s.beforeAll(func() {
			_, missing = s.create("User", s.user("missing", set("userName", nil)))
			_, null = s.create("User", s.user("null", func(o scim.Object) { o["userName"] = nil }))
			_, empty = s.create("User", s.user("empty", set("userName", "")))
		})
		refused := declined(scim.InvalidValue, scim.InvalidSyntax)

		s.it("a user without userName is refused with 400", ID("create.user-name-missing"), Requires("7643-4.1.1-01", "7644-3.3-10"), Explain{
			Why: "An account without a name can neither sign in nor be found again.",
			Fix: "Validate required attributes before storing; answer 400 invalidValue.",
		}, func() { s.judge(missing, refused) })

		s.it("a user whose userName is null is refused with 400", ID("create.user-name-null"), Requires("7643-4.1.1-01", "7643-2.5-01"), Explain{
			Why: "null is the same as absent; a validator that only looks for the member lets such an account through.",
			Fix: "Treat null as absent before you look for required attributes.",
		}, func() { s.judge(null, refused) })

		s.it("a user whose userName is empty is refused with 400", ID("create.user-name-empty"), Requires("7643-4.1.1-01"), Explain{
			Why: "The empty name can be given once, and then blocks or collides with every other broken record.",
			Fix: "Demand at least one character in userName.",
		}, func() { s.judge(empty, refused) })
	})
}

// createSchemas: what schemas must list (RFC 7643 §3). A server that copes without harms nobody, so that leniency
// is a WARN.
func (s *session) createSchemas() {
	s.about("POST a user with unusual schemas", func() {
		var missing, wrongType, extensionOnly, unknown, attribute *reports.Exchange
		var first, doubled, extra, strange creationProbe
		hasExtension := false
		s.beforeAll(func() {
			t := s.needsType("User")
			_, missing = s.create("User", s.user("schemas", set("schemas", nil)))
			_, wrongType = s.create("User", s.user("schemas", set("schemas", []any{scim.ListResponseURN})))
			if hasExtension = t.attribute(scim.EnterpriseURN+":department") != nil; hasExtension {
				_, extensionOnly = s.create("User", s.user("schemas", enterprise(object{"department": "Sales"}), set("schemas", []any{scim.EnterpriseURN})))
				first = s.probeUser(s.user("schemas", enterprise(object{"department": "Sales"}), set("schemas", []any{scim.EnterpriseURN, t.Schema})))
			}
			doubled = s.probeUser(s.user("schemas", set("schemas", []any{t.Schema, t.Schema})))
			extra = s.probeUser(s.user("schemas", set("schemas", []any{t.Schema, "urn:example:params:scim:schemas:unknown:2.0:User"})))
			unknown = extra.x
			strange = s.probeUser(s.user("unknown", set("scimproofUnknown", "unknown value")))
			attribute = strange.x
		})

		s.it("a user without schemas is refused with 400", ID("create.schemas-missing"), Requires("7643-3-01"), Explain{
			Why: "Without schemas a body does not say what it is, and bodies of other protocols or types are stored as users.",
			Fix: "Demand schemas in every body; answer 400 invalidSyntax or invalidValue.",
		}, func() { s.judge(missing, Softly(reports.Warn, declined(scim.InvalidSyntax, scim.InvalidValue))) })

		s.it("a user whose schemas names a message instead of a user is refused with 400", ID("create.schemas-wrong"), Requires("7643-3.3-01"), Explain{
			Why: "A list or a group that is posted to the wrong endpoint becomes a user with hardly any attributes.",
			Fix: "Compare schemas with the resource type of the endpoint.",
		}, func() {
			s.judge(wrongType, Softly(reports.Warn, declined(scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("a user whose schemas lists an extension only is refused with 400", ID("create.base-schema-missing"), Requires("7643-3.3-01"), Explain{
			Why: "The base schema says what the resource is; an extension alone fits several types.",
			Fix: "Demand the base schema of the endpoint's type in schemas.",
		}, func() {
			if !hasExtension {
				s.skip("the target has no enterprise extension")
			}
			s.judge(extensionOnly, Softly(reports.Warn, declined(scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("the order of the URIs in schemas does not matter", ID("create.schemas-order"), Requires("7643-3-04"), Explain{
			Why: "Clients list the extension first or last as their library sorts them, and the extension's data would be lost.",
			Fix: "Treat schemas as a set.",
		}, func() {
			if !hasExtension {
				s.skip("the target has no enterprise extension")
			}
			if first.u == nil {
				s.judge(first.x, s.probeMade(first))
				return
			}
			s.judge(s.probeState(first, "create.status"), s.keepsAsUsual(first.u.typ, first.u.Sent))
		})

		s.it("a URI that is sent twice in schemas is not returned twice", ID("create.schemas-duplicates"), Requires("7643-3-03"), Explain{
			Why: "Typed clients read schemas into a set and refuse a list with duplicates.",
			Fix: "Build schemas from the data that is there, or remove duplicates on input.",
		}, func() {
			if doubled.u == nil {
				s.judge(doubled.x, declined())
				return
			}
			s.judge(s.probeState(doubled, "create.status"), func(x *reports.Exchange) error {
				seen := map[string]bool{}
				for _, e := range scim.List(x.Object(), "schemas") {
					uri := strings.ToLower(show(e))
					if seen[uri] {
						return wrong("schemas", text("each URI once"), scim.List(x.Object(), "schemas"))
					}
					seen[uri] = true
				}
				return nil
			})
		})

		s.it("a schema URI that the server does not know is ignored or refused with 400", ID("create.schemas-unknown"), Requires("7644-3.3-11", "7644-3.12-15"), Explain{
			Why: "Entra sends URIs of its own for groups, and identity products those of their extensions; a crash stops the whole export.",
			Fix: "Ignore schema URIs that you do not know, or answer 400.",
		}, func() {
			s.judge(unknown, func(x *reports.Exchange) error {
				if extra.u != nil {
					s.observe("A34", "an unknown schema URI in POST", "ignored")
					return nil
				}
				s.observe("A34", "an unknown schema URI in POST", "refused")
				return declined()(x)
			})
		})

		s.it("an attribute that no schema defines is ignored or refused with 400", ID("create.unknown-attribute"), Requires("7644-3.3-11"), Explain{
			Why: "A server that stores what nobody defined hides misspelt names from its clients, which then believe that the value works.",
			Fix: "Drop unknown attributes, or answer 400 invalidSyntax; do not store them.",
		}, func() {
			if strange.u == nil {
				s.observe("A34", "an unknown attribute in POST", "refused")
				s.judge(attribute, declined(scim.InvalidSyntax, scim.InvalidValue, scim.InvalidPath))
				return
			}
			s.observe("A34", "an unknown attribute in POST", "accepted")
			s.judge(s.probeState(strange, "create.status"), Unassigned("scimproofUnknown"))
		})

		s.it("an unknown part of a value, or attribute of an extension, is ignored or refused with 400", ID("create.unknown-parts"), Requires("7644-3.3-11", "7644-3.12-15"), Explain{
			Why: "Clients are newer or older than the server; what they say too much must neither crash it nor take the rest along.",
			Fix: "Look each name up at every level; drop what no schema defines, or answer 400 invalidSyntax.",
		}, func() {
			const department = scim.EnterpriseURN + ":department"
			s.needs("User", "name.familyName")
			edits := []func(scim.Object){set("name", object{"familyName": "Known", "scimproofUnknown": "x"})}
			want := []Check{Text("name.familyName", "Known"), Unassigned("name.scimproofUnknown")}
			if s.needsType("User").attribute(department) != nil {
				edits = append(edits, enterprise(object{"department": "Known", "scimproofUnknown": "x"}))
				want = append(want, Text(department, "Known"), Unassigned(scim.EnterpriseURN+":scimproofUnknown"))
			}
			p := s.probeUser(s.user("unknown-parts", edits...))
			if p.u == nil {
				s.judge(p.x, declined(scim.InvalidSyntax, scim.InvalidValue, scim.InvalidPath))
				return
			}
			s.judge(s.probeState(p, "create.status"), want...)
		})
	})
}

// createTypes: values of the wrong type are refused (RFC 7643 §2.3, RFC 7644 §3.3).
func (s *session) createTypes() {
	refused := declined(scim.InvalidValue, scim.InvalidSyntax)
	explain := Explain{
		Why: "A value of the wrong type that is stored breaks every typed client that reads the user, long after the mistake.",
		Fix: "Check each value against the type in the schema; answer 400 invalidValue.",
	}
	s.about("POST a user with a value of the wrong type", func() {
		for _, c := range []struct {
			id, title, attr string
			value           any
		}{
			{"create.type-boolean", "a word in place of a Boolean is refused with 400", "active", "perhaps"},
			{"create.type-string", "an object in place of a string is refused with 400", "displayName", object{"formatted": "x"}},
			{"create.type-complex", "a string in place of a complex value is refused with 400", "name", "Ann Lee"},
			{"create.type-multi-valued", "a string in place of an array is refused with 400", "emails", "ann@example.com"},
		} {
			s.it(c.title, ID(c.id), Requires("7644-3.3-10", "7644-3.12-24"), explain, func() {
				s.needs("User", c.attr)
				_, x := s.create("User", s.user("type", set(c.attr, c.value)))
				s.judge(x, refused)
			})
		}

		s.it(`active as the string "False" never makes an active user without a word`, ID("create.boolean-string"), Requires("7643-2.3.2-01"), Explain{
			Why: "Entra sends Booleans as strings unless told otherwise; a server that takes every string for true keeps leavers active.",
			Fix: `Take "False" for false, or answer 400 invalidValue; never store the string or its truth value.`,
		}, func() {
			s.needs("User", "active")
			p := s.probeUser(s.user("boolean", set("active", "False")))
			if p.u == nil {
				s.observe("A42", "a Boolean sent as a string", "refused")
				s.judge(p.x, refused)
				return
			}
			s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error {
				got := scim.Get(x.Object(), "active")
				err := wrong("active", false, got)
				switch got {
				case false:
					s.observe("A42", "a Boolean sent as a string", "coerced")
					return nil
				case true, nil:
					// It may have been ignored, and true be the default.
					return soften(reports.Warn, err)
				}
				return err
			})
		})
	})
}
