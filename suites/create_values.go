package suites

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// creationWords are texts that a careless server spoils, by what they try.
var creationWords = []struct{ id, title, attr, value, why string }{
	{
		"create.unicode-latin", "accented letters are stored as they were sent", "displayName", "Zoë Müller-Ångström ß Łódź",
		"People whose name has an accent get a broken one on every screen.",
	},
	{
		"create.unicode-cjk", "Chinese, Japanese and Korean texts are stored as they were sent", "title", "山田太郎 김민준 吉野",
		"Names of a large part of the world turn into question marks.",
	},
	{
		"create.unicode-rtl", "right-to-left and combining characters are stored as they were sent", "nickName", "שלום مُحَمد",
		"Marks that are stripped or recomposed change names, and comparisons with the source never agree again.",
	},
	{
		"create.unicode-astral", "characters outside the basic plane are stored as they were sent", "displayName", "🙂👩‍💻 staff",
		"Databases with three-byte UTF-8 cut the text at the first emoji, or fail.",
	},
}

// createUnicode: texts make the round trip (RFC 7643 §2.3.1, RFC 7644 §3.8).
func (s *session) createUnicode() {
	s.about("POST a user with texts in many scripts", func() {
		var raw, astral, escaped creationProbe
		s.beforeAll(func() {
			t := s.needsType("User")
			raw = s.probeUser(s.user("unicode", func(o scim.Object) {
				for _, w := range creationWords {
					if t.attribute(w.attr) != nil && w.id != "create.unicode-astral" {
						o[w.attr] = w.value
					}
				}
			}))
			astral = s.probeUser(s.user("astral", set("displayName", creationWords[len(creationWords)-1].value)))
			o := s.user("escaped", set("displayName", "\U0001f642 escaped"))
			// The same text written with a surrogate pair of \u escapes.
			body := bytes.ReplaceAll(encode(o), []byte("\U0001f642 escaped"), []byte(`\ud83d\ude42 escaped`))
			x := s.do(wire.Request{Method: http.MethodPost, Path: t.Endpoint, Creates: t.Endpoint, Body: body})
			escaped = s.probed(s.adopt(t, o, x), x)
		})
		fix := "Use UTF-8 in every layer, four-byte characters included, and do not normalise what you store."

		for _, w := range creationWords {
			s.it(w.title, ID(w.id), Requires("7643-2.3.1-01", "7644-3.8-01", "7644-3.8-02"), Explain{Why: w.why, Fix: fix}, func() {
				s.settable(w.attr)
				p := raw
				if w.id == "create.unicode-astral" {
					p = astral
				}
				s.judgeStored(p, w.attr, w.value)
			})
		}

		s.it(`text written with \u escapes is the same text`, ID("create.unicode-escaped"), Requires("7643-2.3.1-01", "7644-3.8-01"), Explain{
			Why: "Many JSON libraries escape everything beyond ASCII; a surrogate pair that is not put together again becomes two broken characters.",
			Fix: "Decode JSON with a library that joins surrogate pairs.",
		}, func() {
			s.needs("User", "displayName")
			if escaped.u == nil {
				s.judge(escaped.x, s.probeMade(escaped))
				return
			}
			s.judge(s.probeState(escaped, "create.status"), Text("displayName", "\U0001f642 escaped"))
		})
	})
}

// judgeStored wants a value to be what was sent. Where a POST with many values was refused, one with this value alone
// tells whether it is to blame.
func (s *session) judgeStored(p creationProbe, attr string, value any) {
	if p.u == nil {
		if p = s.probeUser(s.user("alone", set(attr, value))); p.u == nil {
			s.judge(p.x, s.probeMade(p))
			return
		}
	}
	list, multi := value.([]any)
	if text, isText := value.(string); isText {
		s.judge(s.probeState(p, "create.status"), Text(attr, text))
		return
	}
	if !multi {
		s.judge(s.probeState(p, "create.status"), Attr(attr, value))
		return
	}
	// The server may have values of its own beside, such as a default role.
	s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error {
		got := scim.List(x.Object(), attr)
		for _, v := range list {
			if !slices.ContainsFunc(got, func(g any) bool { return holds(g, v) }) {
				return wrong(attr, value, got)
			}
		}
		return nil
	})
}

// creationCertificate is a self-signed certificate in DER, base64.
const creationCertificate = "MIHUMIGHoAMCAQICAQEwBQYDK2VwMBQxEjAQBgNVBAMTCXNjaW1wcm9vZjAeFw0yNjAxMDEwMDAwMDBaFw00NjAxMDEwMDAw" +
	"MDBaMBQxEjAQBgNVBAMTCXNjaW1wcm9vZjAqMAUGAytlcAMhAOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIsMAUG" +
	"AytlcANBAISBF/E0ElV+d95snLEA7IJRksS4+bnvunJMFT9lfbcfYD624t6awdnbSy3uiqPnsjrvktte3sBwihOYB0z0QgE="

// createValues: attributes of User that have rules of their own (RFC 7643 §4.1).
func (s *session) createValues() {
	s.about("POST a user with every kind of value", func() {
		var p, cert creationProbe
		var sent scim.Object
		const street = "100 Universal City Plaza\nBuilding 5"
		s.beforeAll(func() {
			t := s.needsType("User")
			sent = s.user("values")
			for name, v := range map[string]any{
				"userType":          "Extern, on loan",
				"preferredLanguage": "fr-CA,fr;q=0.8",
				"locale":            "en-US",
				"timezone":          "America/Los_Angeles",
				"profileUrl":        "https://" + s.domain() + "/people/ann?tab=1#top",
				"roles":             []any{object{"value": "scimproof-role"}},
				"entitlements":      []any{object{"value": "scimproof-entitlement"}},
				"addresses":         []any{object{"type": "work", "streetAddress": street, "locality": "Hollywood", "country": "US"}},
			} {
				if t.attribute(name) != nil {
					sent[name] = t.prune(name, v)
				}
			}
			p = s.probeUser(sent)
			if t.attribute("x509Certificates.value") != nil {
				cert = s.probeUser(s.user("certificate", set("x509Certificates", []any{object{"value": creationCertificate}})))
			}
		})
		kept := func(attr string) {
			s.needs("User", attr)
			s.judgeStored(p, attr, sent[attr])
		}

		for _, c := range []struct{ id, title, attr, statement, why string }{
			{
				"create.user-type-free", "userType takes any value", "userType", "7643-4.1.1-09",
				"Every organisation has its own words for employees and guests; mapped values are refused or changed.",
			},
			{
				"create.preferred-language", "preferredLanguage takes the form of an Accept-Language value", "preferredLanguage", "7643-4.1.1-10",
				"Users who list several languages cannot be provisioned, or lose their preference.",
			},
			{
				"create.locale", "locale takes a language tag", "locale", "7643-4.1.1-11",
				"Dates and numbers are shown in the wrong form.",
			},
			{
				"create.timezone", "timezone takes a name of the IANA database", "timezone", "7643-4.1.1-13",
				"Meetings and notices are shown at the wrong time.",
			},
			{
				"create.profile-url", "profileUrl takes a URL and gives it back", "profileUrl", "7643-4.1.1-08",
				"Links to the person's page break.",
			},
			{
				"create.roles-free", "roles have no fixed vocabulary", "roles", "7643-4.1.2-15",
				"Entra maps application roles to this attribute; a server with a list of its own refuses or loses them.",
			},
			{
				"create.entitlements-free", "entitlements have no fixed vocabulary", "entitlements", "7643-4.1.2-15",
				"Licences that the client grants are refused or lost.",
			},
		} {
			s.it(c.title, ID(c.id), Requires(c.statement), Explain{Why: c.why, Fix: "Store " + c.attr + " as it was sent, without a list of allowed values of your own."}, func() { kept(c.attr) })
		}

		s.it("a street address may contain a newline", ID("create.address-newline"), Requires("7643-4.1.2-09"), Explain{
			Why: "Addresses of several lines are printed as one, or the user is refused.",
			Fix: "Allow line breaks in formatted and streetAddress.",
		}, func() {
			s.needs("User", "addresses.streetAddress")
			s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error {
				for _, a := range scim.Objects(x.Object(), "addresses") {
					if strings.ReplaceAll(scim.String(a, "streetAddress"), "\r\n", "\n") == street {
						return nil
					}
				}
				return wrong("addresses.streetAddress", street, scim.Get(x.Object(), "addresses"))
			})
		})

		s.it("a country that is sent as a two-letter code is returned as one", ID("create.country"), Requires("7643-4.1.2-08"), Explain{
			Why: "Tax, export and shipping rules are looked up by this code; a name or a three-letter code finds nothing.",
			Fix: "Store and return country as ISO 3166-1 alpha-2 code.",
		}, func() {
			s.needs("User", "addresses.country")
			s.judge(s.probeState(p, "create.status"), func(x *reports.Exchange) error {
				for _, a := range scim.Objects(x.Object(), "addresses") {
					if strings.EqualFold(scim.String(a, "country"), "US") {
						return nil
					}
				}
				return wrong("addresses.country", "US", scim.Get(x.Object(), "addresses"))
			})
		})

		s.it("a certificate comes back as base64 of the same bytes", ID("create.binary"), Requires("7643-2.3.6-01", "7643-4.1.2-16", "7643-4.1.2-17"), Explain{
			Why: "A certificate that lost a byte, or was wrapped in PEM, no longer verifies anything.",
			Fix: "Keep binary values as bytes and write them as base64 without line breaks or headers.",
		}, func() {
			s.needs("User", "x509Certificates.value")
			if cert.u == nil {
				// A server may have a say in which certificates it takes.
				s.judge(cert.x, Softly(reports.Warn, s.probeMade(cert)))
				return
			}
			s.judge(s.probeState(cert, "create.status"), func(x *reports.Exchange) error {
				list := scim.Objects(x.Object(), "x509Certificates")
				if len(list) != 1 {
					return wrong("number of certificates", 1, len(list))
				}
				got := scim.String(list[0], "value")
				der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(got, "="))
				want, _ := base64.StdEncoding.DecodeString(creationCertificate)
				// The decoder skips line breaks, which RFC 4648 §3.1 does not allow.
				if err != nil || !bytes.Equal(der, want) || strings.ContainsAny(got, "\r\n") {
					return wrong("x509Certificates.value", creationCertificate, got)
				}
				if _, err := x509.ParseCertificate(der); err != nil {
					return wrong("x509Certificates.value", text("one DER certificate"), got)
				}
				return nil
			})
		})

		s.it("text that is no base64 is refused as a certificate with 400", ID("create.binary-invalid"), Requires("7644-3.3-10"), Explain{
			Why: "Whoever reads the user later fails on a value that should never have been stored.",
			Fix: "Decode binary values on input and answer 400 invalidValue where that fails.",
		}, func() {
			s.needs("User", "x509Certificates.value")
			_, x := s.create("User", s.user("nocert", set("x509Certificates", []any{object{"value": "no base64: !"}})))
			s.judge(x, Softly(reports.Info, declined(scim.InvalidValue, scim.InvalidSyntax)))
		})
	})
}

// createEnterprise: the enterprise extension and its container (RFC 7643 §3.3, §4.3).
func (s *session) createEnterprise() {
	const dept = scim.EnterpriseURN + ":department"
	s.about("POST a user with the enterprise extension", func() {
		var p, unlisted, misplaced creationProbe
		var boss *resource
		s.beforeAll(func() {
			s.needs("User", dept)
			t := s.needsType("User")
			ext := object{"employeeNumber": "0701984", "costCenter": "CC-7", "organization": "Universal", "division": "Theme Park", "department": "Tours"}
			for name := range ext {
				if t.attribute(scim.EnterpriseURN+":"+name) == nil {
					delete(ext, name)
				}
			}
			if t.attribute(scim.EnterpriseURN+":manager.value") != nil {
				boss = s.makeUser("boss")
				ext["manager"] = object{"value": boss.ID, "displayName": "Forged Manager"}
			}
			p = s.probeUser(s.user("enterprise", enterprise(ext)))
			unlisted = s.probeUser(s.user("unlisted", set(scim.EnterpriseURN, object{"department": "Tours"})))
			misplaced = s.probeUser(s.user("misplaced", set("department", "Tours")))
		})
		state := func() *reports.Exchange { return s.probeState(p, "create.extension-stored") }

		s.it("the simple attributes of the extension are stored in its container", ID("create.extension-stored"), Requires("7643-3.3-04", "7643-4.3-01"), Explain{
			Why: "Department, cost centre and employee number drive access rules; Entra and Okta send them in the container of the extension.",
			Fix: "Read and write extension attributes in the member that is named by the extension's URN.",
		}, func() {
			if p.u == nil {
				s.judge(p.x, s.probeMade(p))
				return
			}
			want := clone(p.u.Sent[scim.EnterpriseURN].(scim.Object))
			delete(want, "manager")
			s.judge(state(), Keeps(p.u.typ, object{scim.EnterpriseURN: want}))
		})

		s.it("extension attributes are not returned at the top level too", ID("create.extension-container"), Requires("7643-3.3-04", "7643-3-07"), Explain{
			Why: "An attribute in two places has two values after the next change.",
			Fix: "Return extension attributes in the container of their URN only.",
		}, func() {
			s.judge(state(), Assigned(dept))
			for _, name := range []string{"department", "costCenter", "manager"} {
				if s.needsType("User").base.Attr(name) == nil {
					s.judge(state(), Unassigned(name))
				}
			}
		})

		s.it("schemas lists the extension of which the resource has data", ID("create.extension-listed"), Requires("7643-3-01", "7643-3.3-02"), Explain{
			Why: "Clients look into schemas to learn which extensions to read, and never see the data.",
			Fix: "List the URN of every extension in use in schemas.",
		}, func() {
			s.judge(state(), Assigned(dept), creationLists(scim.EnterpriseURN))
		})

		s.it("extension data whose URN the request does not list is listed in the answer, or refused", ID("create.extension-unlisted"), Requires("7643-3-01"), Explain{
			Why: "Entra sends extension data without listing it; data that is stored but not listed is invisible to other clients.",
			Fix: "Compute schemas from the data that is stored, not from what the client listed.",
		}, func() {
			if unlisted.u == nil {
				s.observe("A61", "extension data without its URN in schemas", "refused")
				s.judge(unlisted.x, declined())
				return
			}
			s.judge(s.probeState(unlisted, "create.status"), func(x *reports.Exchange) error {
				if scim.Get(x.Object(), dept) == nil {
					s.observe("A61", "extension data without its URN in schemas", "dropped")
					return soften(reports.Warn, wrong(dept+" after the write", "Tours", nil))
				}
				s.observe("A61", "extension data without its URN in schemas", "stored")
				return creationLists(scim.EnterpriseURN)(x)
			})
		})

		s.it("an extension attribute at the top level is not taken for one of the extension", ID("create.extension-misplaced"), Requires("7643-3.3-04"), Explain{
			Why: "Two extensions may define the same name; whoever guesses writes into the wrong one.",
			Fix: "Ignore or refuse extension attributes outside their container.",
		}, func() {
			if s.needsType("User").base.Attr("department") != nil {
				s.skip("the target has an attribute department of its own")
			}
			if misplaced.u == nil {
				s.judge(misplaced.x, declined())
				return
			}
			s.judge(s.probeState(misplaced, "create.status"), Softly(reports.Warn, Unassigned(dept)))
		})

		s.it("manager.value is stored as it was sent", ID("create.manager"), Requires("7643-4.3-02"), Explain{
			Why: "Approvals go to the manager; without the reference they go nowhere.",
			Fix: "Store manager as an object with the manager's id in value.",
		}, func() {
			s.needs("User", scim.EnterpriseURN+":manager.value")
			s.judge(state(), Attr(scim.EnterpriseURN+":manager.value", boss.ID))
		})

		s.it("manager.$ref, where there is one, leads to the manager", ID("create.manager-ref"), Requires("7643-2.3.7-01", "7643-2.3.7-03", "7643-4.3-03", "7643-2.3.7-02"), Explain{
			Why: "Clients that follow the reference show the wrong person, or an error.",
			Fix: "Fill $ref with the URI of the manager's resource, or leave it out.",
		}, func() {
			s.needs("User", scim.EnterpriseURN+":manager.value")
			ref, given := scim.Get(state().Object(), scim.EnterpriseURN+":manager.$ref").(string)
			if !given || ref == "" {
				s.skip("the target does not return manager.$ref, which is optional")
			}
			at := s.creationURI(ref)
			if !s.creationHost(at) {
				s.skip("manager.$ref names another host than the target's, which is never asked: %s", at)
			}
			s.judge(s.do(wire.Request{Path: at}), Status(200), Attr("id", boss.ID))
		})

		s.it("manager.displayName that the client sends is ignored", ID("create.manager-display-name"), Requires("7644-3.3-01", "7643-4.3-04"), Explain{
			Why: "The name is the server's to tell; a stored copy is wrong as soon as the manager marries.",
			Fix: "Treat manager.displayName as readOnly and compute it from the manager's resource.",
		}, func() {
			s.needs("User", scim.EnterpriseURN+":manager.displayName")
			s.judge(state(), func(x *reports.Exchange) error {
				if got := scim.Get(x.Object(), scim.EnterpriseURN+":manager.displayName"); got == "Forged Manager" {
					return wrong("manager.displayName", text("the manager's name, or nothing"), got)
				}
				return nil
			})
		})
	})
}

// creationLists wants schemas to list urn.
func creationLists(urn string) Check {
	return func(x *reports.Exchange) error {
		if !hasSchema(x.Object(), urn) {
			return wrong("schemas", urn, scim.Get(x.Object(), "schemas"))
		}
		return nil
	}
}
