package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// storedState is the statement that a server breaks whose stored value is not the one that it acknowledged.
const storedState = "7644-3.1-07"

// createCore: values of core attributes that a careless server spoils (RFC 7643 §2.3, §4.1).
func (s *session) createCore() {
	s.createTexts()
	s.createMany()
	s.createOddForms()
	s.createNames()
	s.createUnassigned()
}

// createTexts: texts that are hard to store.
func (s *session) createTexts() {
	s.about("POST a user with awkward texts", func() {
		const (
			markup = `R&D <lead> &amp; "boss"`
			quotes = `Conan O'Brien \ "C" -- 100%`
		)
		var long, digits string
		var p creationProbe
		s.beforeAll(func() {
			t := s.needsType("User")
			long, digits = strings.Repeat("0123456789 ", 30)+"end", "00"+s.cfg.RunID[:4]+"0"
			digits = strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return '7'
				}
				return r
			}, digits)
			o := s.user("texts")
			for path, v := range map[string]any{
				"title": markup, "displayName": quotes, "nickName": long, "externalId": digits,
				"name":      object{"givenName": "Barbara", "familyName": "Jensen", "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III"},
				"addresses": []any{object{"type": "work", "streetAddress": "1 Main St", "postalCode": "02139", "region": "MA", "country": "US"}},
			} {
				if t.attribute(path) != nil {
					o[path] = t.prune(path, v)
				}
			}
			p = s.probeUser(o)
		})
		kept := func(attr string, value any) {
			s.settable(attr)
			s.judgeStored(p, attr, value)
		}

		s.it("ampersands and angle brackets are stored as they were sent", ID("create.markup"), Requires("7643-2.3.1-01", storedState), Explain{
			Why: "Names of companies and titles hold such characters; entities in their place are shown to people, and every comparison with the source fails.",
			Fix: "Escape when a page is written, never when a value is stored.",
		}, func() { kept("title", markup) })

		s.it("quotation marks, backslashes and comment signs are stored as they were sent", ID("create.quotes"), Requires("7643-2.3.1-01", "7643-9.2-02", storedState), Explain{
			Why: "O'Brien is a name, and a server that doubles the apostrophe, or fails on it, builds its database commands from text.",
			Fix: "Use parameters in database and directory commands instead of quoting by hand.",
		}, func() { kept("displayName", quotes) })

		s.it("a long text is stored whole, or refused", ID("create.long-text"), Requires("7643-2.3.1-01", storedState), Explain{
			Why: "A value that is cut without a word never equals the source: the client writes it again in every cycle.",
			Fix: "Store what was sent, or answer 400 invalidValue where it is too long.",
		}, func() {
			s.needs("User", "nickName")
			q := p
			if p.u == nil {
				q = s.probeUser(s.user("long", set("nickName", long)))
			}
			if q.u == nil && q.x.Err() == nil {
				s.note("a text of %d characters is refused", len(long))
				s.judge(q.x, declined(scim.InvalidValue))
				return
			}
			s.judge(s.probeState(q, "create.status"), Text("nickName", long))
		})

		s.it("an externalId of digits keeps its leading zeros", ID("create.external-id-digits"), Requires("7643-3.1-16", storedState), Explain{
			Why: "Staff numbers are texts; without the zeros the client no longer finds its own record, and creates it again.",
			Fix: "Treat externalId as a string in every layer, exports and spreadsheets included.",
		}, func() { kept("externalId", digits) })

		s.it("a postal code keeps its leading zero", ID("create.postal-code"), Requires("7643-2.3.1-01", storedState), Explain{
			Why: "Postal codes of New England and eastern Germany begin with zero; letters go astray.",
			Fix: "Store postalCode as a string.",
		}, func() {
			s.needs("User", "addresses.postalCode")
			s.judgeStored(p, "addresses", []any{object{"postalCode": "02139"}})
		})

		s.it("every part of a name is stored", ID("create.name-parts"), Requires(storedState), Explain{
			Why: "A middle name or a title that is acknowledged and lost is sent again in every cycle.",
			Fix: "Store all sub-attributes of name that the schema declares; leave out of the schema what is not kept.",
		}, func() {
			s.needs("User", "name")
			want := scim.Object{}
			for k, v := range p.sent() {
				if k == "name" {
					want, _ = v.(scim.Object)
				}
			}
			if len(want) == 0 {
				s.block("create.status", "the POST answered %d", p.x.Status)
			}
			s.judge(s.probeState(p, "create.status"), Keeps(p.u.typ, object{"name": want}))
		})
	})
}

// createMany: several values, and what belongs to each.
func (s *session) createMany() {
	s.about("POST a user with many values", func() {
		var p creationProbe
		var sent []any
		s.beforeAll(func() {
			s.needs("User", "emails.value")
			o := s.user("many")
			name, _, _ := strings.Cut(scim.String(o, "userName"), "@")
			for i, kind := range []string{"work", "home", "other", "other", "other", "other", "other"} {
				sent = append(sent, object{"value": name + string(rune('a'+i)) + "@" + s.domain(), "type": kind, "display": "Mail " + string(rune('a'+i))})
			}
			o["emails"] = s.needsType("User").prune("emails", sent)
			p = s.probeUser(o)
		})

		s.it("none of many values is lost", ID("create.many-values"), Requires("7644-3.1-07"), Explain{
			Why: "A server with a fixed number of columns drops the rest without a word.",
			Fix: "Store every value of a multi-valued attribute, or answer 400 where there are too many.",
		}, func() {
			if p.u == nil && p.x.Err() == nil && p.x.Status >= 400 && p.x.Status < 500 {
				s.note("seven e-mail addresses are refused")
				s.judge(p.x, declined(scim.InvalidValue))
				return
			}
			s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error {
				got := scim.Objects(x.Object(), "emails")
				for _, v := range sent {
					want := scim.String(v.(scim.Object), "value")
					found := false
					for _, g := range got {
						found = found || strings.EqualFold(scim.String(g, "value"), want)
					}
					if !found {
						return wrong("emails", text("among them "+want), scim.Get(x.Object(), "emails.value"))
					}
				}
				return nil
			})
		})

		s.it("the display of a value is kept, or computed by the server", ID("create.value-display"), Requires("7644-3.1-07"), Explain{
			Why: "A label that is acknowledged and lost is sent again in every cycle.",
			Fix: "Store display, or fill it in; leave it out of the schema where neither is done.",
		}, func() {
			s.needs("User", "emails.display")
			if a := s.needsType("User").attribute("emails.display"); a.Mutability == "readOnly" {
				s.skip("the target's schema says that display is readOnly")
			}
			s.judge(s.probeState(p, "create.status"), Softly(reports.Warn, func(x *reports.Exchange) error {
				for _, g := range scim.Objects(x.Object(), "emails") {
					if scim.String(g, "display") == "" {
						return wrong("display of an e-mail address", text("a text"), scim.Get(g, "display"))
					}
				}
				return nil
			}))
		})
	})
}

// createOddForms: forms of addresses, numbers, links and languages, which a server may bring into a canonical form.
func (s *session) createOddForms() {
	s.about("POST a user with values in unusual forms", func() {
		var p creationProbe
		var local, odd string
		const link = "HTTPS://Www.Example.COM/People/Ann?Tab=Info#Top"
		s.beforeAll(func() {
			t := s.needsType("User")
			o := s.user("odd")
			tag, _, _ := strings.Cut(scim.String(o, "userName"), "@")
			local, odd = tag, tag+"+hr.o'neil@"+s.domain()
			for path, v := range map[string]any{
				"emails":       []any{object{"value": odd, "type": "work"}, object{"value": "up." + tag + "@" + strings.ToUpper(s.domain()), "type": "home"}},
				"phoneNumbers": []any{object{"value": "+1-201-555-0123", "type": "work"}, object{"value": "tel:+1-201-555-0199", "type": "home", "primary": true}},
				"profileUrl":   link,
			} {
				if t.attribute(path) != nil {
					o[path] = t.prune(path, v)
				}
			}
			p = s.probeUser(o)
		})
		// alone judges one attribute on a user of its own where all together were refused.
		alone := func(attr string) creationProbe {
			s.needs("User", attr)
			if p.u != nil || p.x.Err() != nil {
				return p
			}
			v := any(link)
			switch attr {
			case "emails":
				v = []any{object{"value": odd, "type": "work"}}
			case "phoneNumbers":
				v = []any{object{"value": "tel:+1-201-555-0199", "type": "home"}}
			}
			return s.probeUser(s.user("alone", set(attr, s.needsType("User").prune(attr, v))))
		}
		values := func(x *reports.Exchange, attr string) (out []string) {
			for _, o := range scim.Objects(x.Object(), attr) {
				out = append(out, scim.String(o, "value"))
			}
			return out
		}
		// few tells whether not both addresses were kept, of which others judge; a further user shows what becomes of one.
		few := func() bool { return p.u != nil && len(values(s.probeState(p, "create.status"), "emails")) < 2 }

		s.it("plus signs and apostrophes in mail addresses are accepted and kept", ID("create.email-forms"), Requires("7643-4.1.2-01"), Explain{
			Why: "Both are common in real addresses; without them mail goes to somebody else, or the person cannot be provisioned.",
			Fix: "Accept whatever RFC 5321 allows in an address, and store it as it is.",
		}, func() {
			q := alone("emails")
			want := odd
			if q.u == p.u && few() {
				want = "other." + odd
				q = s.probeUser(s.user("alone", set("emails", []any{object{"value": want}})))
			}
			if q.u == nil {
				s.judge(q.x, s.probeMade(q))
				return
			}
			s.judge(s.probeState(q, "create.status"), func(x *reports.Exchange) error {
				if !containsFold(values(x, "emails"), want) {
					return wrong("emails", text("among them "+want), values(x, "emails"))
				}
				return nil
			})
		})

		s.it("a mail address with its domain in capitals stays that address", ID("create.email-domain"), Requires("7643-4.1.2-02", "7643-2.4-06"), Explain{
			Why: "Domains are the same in any letter case, so that a canonical form helps to compare; another address helps nobody.",
			Fix: "Put the domain into lower case, or leave the address as it is; never change anything else.",
		}, func() {
			s.needs("User", "emails")
			want := "up." + local + "@" + s.domain()
			q := p
			if few() {
				want = "other." + want
				q = s.probeUser(s.user("alone", set("emails", []any{object{"value": "other.up." + local + "@" + strings.ToUpper(s.domain())}})))
			}
			s.judge(s.probeState(q, "create.status"), func(x *reports.Exchange) error {
				for _, v := range values(x, "emails") {
					if strings.EqualFold(v, want) {
						s.observe("A65", "a mail address with its domain in capitals", map[bool]string{true: "in lower case", false: "as sent"}[strings.HasSuffix(v, "@"+s.domain())])
						return nil
					}
				}
				return wrong("emails", text("among them "+want), values(x, "emails"))
			})
		})

		s.it("phone numbers keep their digits in whatever form they are returned", ID("create.phone-forms"), Requires("7643-4.1.2-04", "7643-2.4-06"), Explain{
			Why: "A number without its country code, or cut at the colon of tel:, reaches somebody else.",
			Fix: "Bring numbers into the form of RFC 3966, or leave them as they are.",
		}, func() {
			q := alone("phoneNumbers")
			if q.u == nil {
				s.judge(q.x, s.probeMade(q))
				return
			}
			s.judge(s.probeState(q, "create.status"), func(x *reports.Exchange) error {
				for _, v := range values(x, "phoneNumbers") {
					if onlyDigits(v) == "12015550199" {
						s.observe("A65", "a phone number as a tel: URI", map[bool]string{true: "as sent", false: "in another form"}[v == "tel:+1-201-555-0199"])
						return nil
					}
				}
				return wrong("phoneNumbers", text("among them tel:+1-201-555-0199"), values(x, "phoneNumbers"))
			})
		})

		s.it("a link keeps the letter case of its path and query", ID("create.url-case"), Requires("7643-4.1.1-08", "7643-2.3.7-04", "7643-2.4-06"), Explain{
			Why: "Scheme and host are the same in any letter case; a path in lower case leads nowhere.",
			Fix: "Put at most scheme and host into lower case.",
		}, func() {
			q := alone("profileUrl")
			if q.u == nil {
				s.judge(q.x, s.probeMade(q))
				return
			}
			s.judge(s.probeState(q, "create.status"), func(x *reports.Exchange) error {
				got := scim.String(x.Object(), "profileUrl")
				if len(got) != len(link) || !strings.EqualFold(got, link) || got[len("https://www.example.com"):] != link[len("https://www.example.com"):] {
					return wrong("profileUrl", link, got)
				}
				return nil
			})
		})

		s.it("a locale with an underscore is accepted as a language tag, or refused", ID("create.locale-underscore"), Requires("7643-4.1.1-12"), Explain{
			Why: "Java and POSIX write en_US; clients that do so have to learn from the answer whether that works.",
			Fix: "Accept the underscore as it stands or as a hyphen, or answer 400 invalidValue.",
		}, func() {
			s.needs("User", "locale")
			q := s.probeUser(s.user("locale", set("locale", "en_US")))
			if q.u == nil {
				s.observe("7643-4.1.1-12", "a locale with an underscore", "refused")
				s.judge(q.x, declined(scim.InvalidValue))
				return
			}
			s.judge(s.probeState(q, "create.status"), func(x *reports.Exchange) error {
				got := scim.String(x.Object(), "locale")
				s.observe("7643-4.1.1-12", "a locale with an underscore", "stored as "+got)
				if !strings.EqualFold(strings.ReplaceAll(got, "_", "-"), "en-US") {
					return wrong("locale", text("en_US or en-US"), got)
				}
				return nil
			})
		})

		s.it("a password against the policy is refused with 400, and makes no user", ID("create.password-policy"), Requires("7643-4.1.1-18"), Explain{
			Why: "A server error, or a user without a usable password, leaves the administrator guessing.",
			Fix: "Check passwords before anything is stored, and answer 400 invalidValue with the rule that was broken.",
		}, func() {
			s.needs("User", "password")
			o := s.user("weak", set("password", "aa"))
			q := s.probeUser(o)
			if q.u != nil && q.x.Success() {
				s.observe("7643-4.1.1-18", "a password of two letters", "accepted")
				s.judge(q.x, succeeded)
				return
			}
			s.observe("7643-4.1.1-18", "a password of two letters", "refused")
			s.judge(q.x, declined(scim.InvalidValue))
			if id := s.lookUp(s.needsType("User"), o); id != "" && q.x.Err() == nil {
				s.client.Ledger().Own(s.needsType("User").Endpoint, id, "")
				s.judge(q.x, func(*reports.Exchange) error { return wrong("users after the refusal", text("none"), id) })
			}
		})

		s.it("two sizes of a photo are kept side by side", ID("create.photos"), Requires("7643-4.1.2-18"), Explain{
			Why: "Applications show the thumbnail in lists and the photo on the page.",
			Fix: "Store every value of photos with its type.",
		}, func() {
			s.needs("User", "photos.value", "photos.type")
			at := "https://photos." + s.domain() + "/" + local
			list := []any{object{"value": at + "/F.jpg", "type": "photo"}, object{"value": at + "/T.jpg", "type": "thumbnail"}}
			q := s.probeUser(s.user("photos", set("photos", s.needsType("User").prune("photos", list))))
			if q.u == nil {
				s.judge(q.x, s.probeMade(q))
				return
			}
			s.judge(s.probeState(q, "create.status"), func(x *reports.Exchange) error {
				if got := scim.Objects(x.Object(), "photos"); len(got) < 2 {
					return wrong("number of photos", 2, len(got))
				}
				return nil
			})
		})

		s.it("an extension whose URN is written in another letter case is not dropped", ID("create.extension-case"), Requires("7643-2.1-03"), Explain{
			Why: "URNs and names are the same in any letter case; data that is dropped without a word is missed by nobody until access is denied.",
			Fix: "Compare the names of members without regard to letter case, URNs included.",
		}, func() {
			s.needs("User", scim.EnterpriseURN+":department")
			other := strings.Replace(scim.EnterpriseURN, "urn:ietf:params:scim", "URN:IETF:params:SCIM", 1)
			q := s.probeUser(s.user("urncase", set(other, object{"department": "Tours"}), func(o scim.Object) {
				o["schemas"] = append(append([]any{}, scim.List(o, "schemas")...), scim.EnterpriseURN)
			}))
			if q.u == nil {
				s.judge(q.x, declined())
				return
			}
			s.judge(s.probeState(q, "create.status"), Attr(scim.EnterpriseURN+":department", "Tours"))
		})
	})
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// createNames: name.formatted and the parts of a name (RFC 7643 §4.1.1).
func (s *session) createNames() {
	s.about("a name that is given in parts", func() {
		var p creationProbe
		var given, family string
		formatted := func(x *reports.Exchange) string { return scim.String(x.Object(), "name.formatted") }
		s.beforeAll(func() {
			s.needs("User", "name.givenName", "name.familyName")
			given, family = "Giv"+s.cfg.RunID[:4], "Fam"+s.cfg.RunID[:4]
			p = s.probeUser(s.user("parts", set("name", object{"givenName": given, "familyName": family})))
		})
		form := func(x *reports.Exchange) string {
			parts := scim.String(x.Object(), "name.familyName") != ""
			switch whole := formatted(x) != ""; {
			case whole && parts:
				return "both"
			case whole:
				return "formatted alone"
			case parts:
				return "parts alone"
			}
			return "neither"
		}

		s.it("a name is returned in parts, formatted, or both", ID("create.name-form"), Requires("7643-4.1.1-04"), Explain{
			Why: "A client that sent a name and gets none back sends it again in every cycle.",
			Fix: "Return the parts of name, name.formatted, or both.",
		}, func() {
			s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error {
				f := form(x)
				s.observe("7643-4.1.1-04", "a name that was sent in parts is returned", f)
				if f == "neither" {
					return wrong("name", text("the parts, formatted, or both"), scim.Get(x.Object(), "name"))
				}
				return nil
			})
		})

		agrees := func(x *reports.Exchange, given, family string) error {
			f := formatted(x)
			if f == "" {
				s.skip("the target does not make name.formatted of the parts")
			}
			if !strings.Contains(strings.ToLower(f), strings.ToLower(given)) || !strings.Contains(strings.ToLower(f), strings.ToLower(family)) {
				return wrong("name.formatted", text("the name of "+given+" "+family), f)
			}
			return nil
		}
		s.it("a name that the server formats is the name that was sent", ID("create.name-agrees"), Requires("7643-4.1.1-05"), Explain{
			Why: "People are shown under another name than they have.",
			Fix: "Make name.formatted of the given and the family name at least.",
		}, func() {
			s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error { return agrees(x, given, family) })
		})

		s.it("a name that the server formats follows a change of its parts", ID("patch.name-agrees"), Requires("7643-4.1.1-05"), Explain{
			Why: "After a marriage the old name is still on every screen.",
			Fix: "Make name.formatted anew whenever a part changes, unless the client has set it.",
		}, func() {
			s.requires(Patch)
			if s.probeState(p, "create.status"); formatted(p.after) == "" {
				s.skip("the target does not make name.formatted of the parts")
			}
			x := s.patch(p.u, op("replace", "name.familyName", "Changed"+family))
			if !x.Success() {
				s.see(x)
				s.block("patch.replace-sub", "PATCH answered %d", x.Status)
			}
			s.judge(s.readBack(p.u), func(x *reports.Exchange) error { return agrees(x, given, "Changed"+family) })
		})
	})
}

// createUnassigned: what a server shows for what nobody has set (RFC 7643 §2.5).
func (s *session) createUnassigned() {
	s.about("attributes that nobody has set", func() {
		var p creationProbe
		s.beforeAll(func() { p = s.probeUser(s.minimalUser("bare")) })

		s.it("an attribute without value is left out, null or an empty array, and no empty text", ID("create.unassigned"), Requires("7643-2.5-03", "7643-2.5-01"), Explain{
			Why: "An empty text is a value: filters with pr find it in some servers, and clients compare it with nothing and see a difference.",
			Fix: "Leave out what has no value, or return null or [].",
		}, func() {
			form := "left out"
			s.judge(s.probeState(p, "create.minimal"), Softly(reports.Warn, func(x *reports.Exchange) error {
				t := s.needsType("User")
				for i := range t.base.Attributes {
					name := t.base.Attributes[i].Name
					if _, sent := scim.Lookup(p.sent(), name); sent {
						continue
					}
					switch v, there := scim.Lookup(x.Object(), name); {
					case v == "":
						return wrong(name+", which nobody has set,", text("no value"), v)
					case there && !scim.Assigned(v):
						form = "null or []"
					}
				}
				return nil
			}))
			s.note("unassigned attributes are %s", form)
		})

		s.it("a displayName that the server makes is a name", ID("create.display-name"), Requires("7643-4.1.1-23"), Explain{
			Why: "People called \"null null\" are all called the same.",
			Fix: "Make displayName of what is known, such as userName, or leave it out.",
		}, func() {
			s.needs("User", "displayName")
			s.judge(s.probeState(p, "create.minimal"), func(x *reports.Exchange) error {
				if _, sent := scim.Lookup(p.sent(), "displayName"); sent {
					return nil
				}
				v, _ := scim.Get(x.Object(), "displayName").(string)
				for _, word := range strings.Fields(strings.ToLower(v)) {
					if word == "null" || word == "undefined" || word == "none" || word == "nil" {
						return wrong("displayName of a user without names", text("a name, or nothing"), v)
					}
				}
				s.observe("7643-4.1.1-23", "displayName of a user without names", map[bool]string{true: "none", false: "made by the server"}[v == ""])
				return nil
			})
		})

		s.it("a photo that the server adds is an image and no page", ID("create.photo-image"), Requires("7643-4.1.2-06"), Explain{
			Why: "Applications put the address into an image and show a broken one.",
			Fix: "Let photos.value be the URI of the image file.",
		}, func() {
			s.needs("User", "photos.value")
			for _, o := range scim.Objects(s.probeState(p, "create.minimal").Object(), "photos") {
				at := s.creationURI(scim.String(o, "value"))
				if _, sent := scim.Lookup(p.sent(), "photos"); sent || !s.creationHost(at) {
					continue
				}
				x := s.do(wire.Request{Path: at, Header: http.Header{"Accept": {"image/*"}}})
				s.judge(x, func(x *reports.Exchange) error {
					if ct := x.Header().Get("Content-Type"); x.Status == http.StatusOK && strings.Contains(strings.ToLower(ct), "html") {
						return wrong("what photos.value leads to", text("an image"), ct)
					}
					return nil
				})
				return
			}
			s.skip("the target adds no photo on its own host")
		})
	})
}
