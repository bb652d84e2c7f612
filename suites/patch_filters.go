package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// labels skips unless clients may set the display of e-mail addresses. Some targets write it themselves, as RFC 7643 §2.4 has it.
func (s *session) labels() {
	s.settable("emails.value", "emails.display")
	if s.labelled == nil {
		u := s.makeUser("labelled", func(o scim.Object) {
			o["emails"] = []any{object{"value": o["userName"], "type": "work", "display": "Desk"}}
		})
		got := s.readBack(u)
		kept := true
		for _, e := range scim.Objects(got.Object(), "emails") {
			have := scim.String(e, "display")
			kept = kept && (have == "" || strings.EqualFold(have, "Desk"))
		}
		s.labelled = &kept
	}
	if !*s.labelled {
		s.skip("the target writes the display of e-mail addresses itself")
	}
}

// lacking judges a PATCH that was refused for an operator in its path which the target has in no filter (A30).
func (s *session) lacking(p *patchStep, operator string) {
	if p.x.Status != http.StatusBadRequest {
		return
	}
	q := s.get(s.needsType("User").Endpoint, "filter", "userName "+operator+` "scimproof"`)
	if !q.Success() { // or any filter at all
		s.see(p.x)
		s.see(q)
		s.skip("the target refuses %s in filters too", operator)
	}
}

// patchFilters: value paths with each part of the filter language (RFC 7644 §3.5.2 Figure 7, §3.4.2.2).
func (s *session) patchFilters() {
	s.about("PATCH with other filters in the path", func() {
		var c *patchChain
		var work, home, other string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "emails.display")
			work, home, other = s.patchMail("work"), s.patchMail("home"), s.patchMail("other")
			bracketed := mail("other", other)
			bracketed["display"] = "a ] b"
			c = s.patchChain("filters", s.patchMails(mail("work", work), mail("home", home), bracketed))
			c.wants(hasMails(work, home, other))
			s.labels()
		})
		n := 0
		// relabel sets the display of what a path selects, and wants it there and nowhere else.
		relabel := func(path string, selected ...string) {
			n++
			label := "label " + string(rune('a'+n))
			p := c.step(op("replace", path+".display", label))
			if p.x.Status == http.StatusBadRequest {
				s.see(p.x)
				// Servers may lack parts of the filter language (A30); finding nothing is another matter.
				word := reports.Info
				if ScimType(scim.NoTarget)(p.x) == nil {
					word = reports.Warn
				}
				s.judge(p.x, func(x *reports.Exchange) error {
					return soften(word, wrong("status of PATCH with the path "+path, text("success"), x.Status))
				})
				return
			}
			s.patched(p, func(x *reports.Exchange) error {
				for _, a := range []string{work, home, other} {
					is := strings.EqualFold(scim.String(mailAt(x, a), "display"), label)
					if want := containsFold(selected, a); is != want {
						return wrong("display of "+a, text(map[bool]string{true: "the new one", false: "the old one"}[want]), scim.Get(mailAt(x, a), "display"))
					}
				}
				return nil
			})
		}
		why := Explain{
			Why: "A path that selects other values than it says changes data that nobody named, or leaves what should change.",
			Fix: "Use the same filter parser and evaluator in paths as in queries.",
		}

		s.it("values in a path are compared without regard to letter case, as in queries", ID("patch.path-value-case"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-36"), Explain{
			Why: "Entra writes type eq \"Work\" for what others created as work; the change goes nowhere.",
			Fix: "Follow caseExact of the sub-attribute, which is false for type.",
		}, func() {
			if a := s.needsType("User").attribute("emails.type"); a.CaseExact {
				s.skip("the target's schema says that emails.type is case-exact")
			}
			relabel(`emails[type eq "WORK"]`, work)
		})

		s.it("a value path may combine comparisons with or", ID("patch.path-or"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-22"), why, func() {
			relabel(`emails[type eq "work" or type eq "home"]`, work, home)
		})

		s.it("a value path may hold not", ID("patch.path-not"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-22"), why, func() {
			s.needs("User", "emails.type")
			relabel(`emails[not (type eq "work")]`, home, other)
		})

		s.it("a value path may use pr", ID("patch.path-pr"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-13"), why, func() {
			relabel(`emails[type pr and value eq `+scim.Quote(home)+`]`, home)
			relabel(`emails[value pr]`, work, home, other)
		})

		s.it("a value path may use sw", ID("patch.path-sw"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-11"), why, func() {
			relabel(`emails[value sw `+scim.Quote(home[:strings.IndexByte(home, '@')])+`]`, home)
		})

		s.it("a value path may use ne", ID("patch.path-ne"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-09"), why, func() {
			s.needs("User", "emails.type")
			relabel(`emails[type ne "work"]`, home, other)
		})

		s.it("a bracket in a string of a value path belongs to the string", ID("patch.path-bracket"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-28"), Explain{
			Why: "Values come from people; a bracket in one must not end the path in the middle.",
			Fix: "Read strings in paths as JSON strings, and look for the closing bracket behind them.",
		}, func() {
			c.step(op("replace", `emails[value eq `+scim.Quote(other)+`].display`, "a ] b"))
			if !strings.EqualFold(scim.String(mailAt(c.state(), other), "display"), "a ] b") {
				s.block("patch.replace-selected-sub", "the display could not be set")
			}
			relabel(`emails[display eq "a ] b"]`, other)
		})

		s.it("an escaped quotation mark in a value path does not end the string", ID("patch.path-escape"), Requires("7644-3.5.2.3-07", "7644-3.4.2.2-28"), Explain{
			Why: "Values come from people; one with a quotation mark must not end the string, and a bracket behind it not the path.",
			Fix: "Read strings in paths as JSON strings, escapes included, and look for the closing bracket behind them.",
		}, func() {
			const odd = `a "b] c`
			c.step(op("replace", `emails[value eq `+scim.Quote(other)+`].display`, odd))
			if !strings.EqualFold(scim.String(mailAt(c.state(), other), "display"), odd) {
				s.block("patch.replace-selected-sub", "the display could not be set")
			}
			relabel(`emails[display eq `+scim.Quote(odd)+`]`, other)
		})

		s.it("a value path may carry the URN of the base schema", ID("patch.path-urn"), Requires("7644-3.5.2.3-07", "7644-3.10-01"), Explain{
			Why: "Entra's mappings may name core attributes in full; the change is refused.",
			Fix: "Resolve URN, attribute and filter of a path together.",
		}, func() {
			relabel(s.needsType("User").Schema+`:emails[type eq "home"]`, home)
		})
	})

	s.about("PATCH of values with parts", func() {
		s.it("replace of all values keeps which one is primary", ID("patch.replace-multi-primary"), Requires("7644-3.5.2.3-03"), Explain{
			Why: "Clients write all addresses anew and mark the preferred one; without the mark mail goes anywhere.",
			Fix: "Store every sub-attribute of the values in the operation.",
		}, func() {
			s.settable("emails.value", "emails.primary")
			c := s.patchChain("list")
			one, two := s.patchMail("one"), s.patchMail("two")
			first := mail("work", one)
			first["primary"] = true
			s.patched(c.step(op("replace", "emails", []any{first, mail("home", two)})), mailHas(one, "primary", true), notPrimary(two))
		})

		s.it("null for a part of a complex attribute takes that part away", ID("patch.null-part"), Requires("7643-2.5-02", "7644-3.5.2.3-05"), Explain{
			Why: "A middle name that was deleted in the source stays in the target.",
			Fix: "Treat null like a removal, in the value of an operation too.",
		}, func() {
			s.settable("name.givenName", "name.familyName")
			c := s.patchChain("nullpart")
			c.wants(Assigned("name.givenName"), Assigned("name.familyName"))
			p := c.step(op("replace", "name", object{"givenName": nil}))
			if p.x.Status >= 400 && p.x.Status < 500 {
				s.judge(p.x, Softly(reports.Warn, succeeded))
				return
			}
			s.patched(p, Unassigned("name.givenName"), patchKept(p, "name.familyName"))
		})
	})

	s.about("PATCH that fails on a taken userName", func() {
		s.it("a PATCH that fails on a taken userName changes nothing else", ID("patch.conflict-keeps"), Requires("7644-3.5.2-17"), Explain{
			Why: "The client takes the whole request for failed and sends it again later, to a user that is half changed.",
			Fix: "Check uniqueness in the same transaction as the change, and roll all of it back.",
		}, func() {
			s.requires(Patch)
			s.settable("title")
			taken, u := s.makeUser("taken"), s.makeUser("renamed")
			before := s.readBack(u)
			x := s.patch(u, op("replace", "title", "Half"), op("replace", "userName", taken.Sent["userName"]))
			s.see(x)
			if x.Success() {
				s.block("patch.uniqueness", "the PATCH was accepted")
			}
			s.judge(s.readBack(u), Same(before))
		})
	})
}

// externalIDChanges: externalId is case-exact in changes too (RFC 7643 §3.1).
func (s *session) externalIDChanges() {
	s.about("an externalId that changes in letter case only", func() {
		change := func(how func(u *resource, id string) *reports.Exchange) {
			s.needs("User", "externalId")
			u := s.makeUser("case", set("externalId", "Ext-"+s.tag("Case")))
			was := scim.String(u.Sent, "externalId")
			if scim.String(s.readBack(u).Object(), "externalId") != was {
				s.block("create.external-id-kept", "externalId was not kept")
			}
			id := strings.ToUpper(was)
			x := how(u, id)
			s.see(x)
			if !x.Success() {
				s.block("put.external-id", "the change answered %d", x.Status)
			}
			s.judge(s.readBack(u), Attr("externalId", id))
		}
		why := Explain{
			Why: "Clients find their records by externalId, letter by letter; the record under the old spelling is not found, and made again.",
			Fix: "Compare old and new value exactly before skipping a write.",
		}
		s.it("PUT changes the letter case of externalId", ID("put.external-id-case"), Requires("7643-3.1-16", "7644-3.5.1-03"), why, func() {
			change(func(u *resource, id string) *reports.Exchange {
				o := clone(u.Sent)
				o["externalId"] = id
				return s.putOver(u, o)
			})
		})
		s.it("PATCH changes the letter case of externalId", ID("patch.external-id-case"), Requires("7643-3.1-16", "7644-3.5.2.3-02"), why, func() {
			s.requires(Patch)
			change(func(u *resource, id string) *reports.Exchange { return s.patch(u, op("replace", "externalId", id)) })
		})
		s.it("PATCH removes externalId", ID("patch.external-id-removed"), Requires("7643-3.1-16", "7644-3.5.2.2-02"), Explain{
			Why: "A record that another client takes over keeps pointing to the old source.",
			Fix: "Treat externalId as any readWrite attribute.",
		}, func() {
			s.requires(Patch)
			s.needs("User", "externalId")
			u := s.makeUser("released")
			if !scim.Assigned(scim.Get(s.readBack(u).Object(), "externalId")) {
				s.block("create.external-id-kept", "externalId was not kept")
			}
			x := s.patch(u, op("remove", "externalId", nil))
			s.judge(x, succeeded)
			s.judge(s.readBack(u), Unassigned("externalId"))
		})
		s.it("PUT with externalId null clears it", ID("put.external-id-null"), Requires("7643-2.5-02", "7643-3.1-16"), Explain{
			Why: "A record that another client takes over keeps pointing to the old source.",
			Fix: "Treat null as a request to clear the attribute.",
		}, func() {
			s.needs("User", "externalId")
			u := s.makeUser("cleared")
			if !scim.Assigned(scim.Get(s.readBack(u).Object(), "externalId")) {
				s.block("create.external-id-kept", "externalId was not kept")
			}
			o := clone(u.Sent)
			o["externalId"] = nil
			x := s.putOver(u, o)
			s.judge(x, Softly(reports.Warn, notRefused))
			if x.Success() {
				s.judge(s.readBack(u), Unassigned("externalId"))
			}
		})
		s.it("a long externalId is kept whole, or refused", ID("create.external-id-long"), Requires("7643-3.1-27", "7643-3.1-16"), Explain{
			Why: "Distinguished names of directories serve as externalId; cut ones are no longer found, or are those of somebody else.",
			Fix: "Store externalId whole, or answer 400 invalidValue where it is too long.",
		}, func() {
			s.needs("User", "externalId")
			id := "cn=" + s.tag("Long") + strings.Repeat(",ou=Unit", 20)
			p := s.probeUser(s.user("long", set("externalId", id)))
			if p.u == nil {
				s.note("an externalId of %d characters is refused", len(id))
				s.judge(p.x, declined(scim.InvalidValue))
				return
			}
			s.judge(s.probeState(p, "create.status"), Attr("externalId", id))
		})
	})
}
