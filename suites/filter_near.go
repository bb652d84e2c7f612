package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterNear: values that a database takes for equal and SCIM does not, and filters longer than those of simple tests.
func (s *session) filterNear() {
	s.about("Filters on values that are nearly equal", func() {
		var u *resource
		var attr, accents string
		s.beforeAll(func() {
			s.requires(Filter)
			s.needs("User", "displayName")
			attr, accents = "displayName", s.tag("Zoë")
			o := s.user("near", set("displayName", accents))
			if s.needsType("User").attribute("externalId") != nil {
				o["externalId"] = "0700" + onlyDigits(s.cfg.RunID) + "7"
			}
			u = s.make("User", o)
			if !holds(scim.Get(s.readBack(u).Object(), attr), accents) {
				s.block("create.unicode-latin", "the displayName was not kept as sent")
			}
			s.byUserName(u) // which waits for an index that lags behind
		})
		find := func(filter string) *reports.Exchange {
			x := s.get(u.typ.Endpoint, "filter", filter)
			s.filtered(x)
			return x
		}

		s.it("a letter with an accent is not the letter without", ID("filter.accents"), Requires("7644-3.4.2.2-08", onlyMatches), Explain{
			Why: "Müller and Muller are two people; the account of one is changed for the other.",
			Fix: "Use a collation that ignores letter case at most, and not accents.",
		}, func() {
			s.judge(find(crowdEq(attr, accents)), Listed(u))
			s.judge(find(crowdEq(attr, strings.ReplaceAll(accents, "ë", "e"))), Unlisted(u))
		})

		s.it("a blank at the end of a value counts", ID("filter.trailing-blank"), Requires("7644-3.4.2.2-08"), Explain{
			Why: "Databases that pad texts find a record for a value that it does not have.",
			Fix: "Compare values of variable length, without padding.",
		}, func() {
			s.judge(find(crowdEq(attr, accents)), Listed(u))
			s.judge(find(crowdEq(attr, accents+" ")), Softly(reports.Warn, Unlisted(u)))
		})

		s.it("texts of digits are compared as texts", ID("filter.digits"), Requires("7644-3.4.2.2-08", onlyMatches), Explain{
			Why: "007 and 7 are two staff numbers; where they are compared as numbers, one person gets the account of the other.",
			Fix: "Compare strings as strings, whatever is in them.",
		}, func() {
			s.needs("User", "externalId")
			id := scim.String(u.Sent, "externalId")
			s.judge(find(crowdEq("externalId", id)), Listed(u))
			s.judge(find(crowdEq("externalId", strings.TrimLeft(id, "0"))), Unlisted(u))
		})
	})

	s.about("Users with one externalId", func() {
		s.it("externalId eq finds every user with that externalId", ID("filter.external-id-all"), Requires("7644-3.4.2.2-08", "7643-3.1-15", allMatches), Explain{
			Why: "Clients of several directories may use one number twice; whoever is not found gets a second account.",
			Fix: "Let the index of externalId hold all users with a value, not the last one.",
		}, func() {
			s.requires(Filter)
			s.needs("User", "externalId")
			id := s.tag("twice")
			var all []*resource
			for range 3 {
				r, x := s.create("User", s.user("twice", set("externalId", id)))
				s.see(x)
				if r == nil {
					s.skip("the target does not make two users with one externalId (status %d)", x.Status)
				}
				all = append(all, r)
			}
			found := func(want []*resource) {
				pages := s.pages(all[0].typ.Endpoint, "filter", crowdEq("externalId", id))
				errs := []error{answers(pages)}
				for _, r := range want {
					if !slices.ContainsFunc(pages, func(x *reports.Exchange) bool { return item(x, r) != nil }) {
						errs = append(errs, wrong("users with the externalId", text("among them "+r.ID), text("all but that one")))
					}
				}
				s.judgeErr(errors.Join(errs...), pages...)
			}
			found(all)
			if x := s.remove(all[1]); x.Success() {
				found([]*resource{all[0], all[2]})
			}
		})
	})

	s.about("Long and nested filters", func() {
		var p *crowd
		s.beforeAll(func() { p = s.filterCrowd() })

		s.it("every condition of a long filter counts", ID("filter.long"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "Clients look several people up at once; who stands behind the tenth or is cut off seems not to exist.",
			Fix: "Evaluate the whole filter, or refuse one that is too long with 400.",
		}, func() {
			var parts []string
			for i := range 14 {
				parts = append(parts, crowdEq("userName", p.name("nobody"+string(rune('a'+i)))))
			}
			p.finds(strings.Join(append(parts, crowdEq("userName", p.name("ada"))), " or "), "ada")
		})

		s.it("a negation of a negation is the expression itself", ID("filter.not-not"), Requires("7644-3.4.2.2-22", "7644-3.4.2.2-30", onlyMatches, allMatches), Explain{
			Why: "Filters that programs put together nest not; one that is dropped turns the result around.",
			Fix: "Negate what is in the brackets each time.",
		}, func() { p.finds("not (not ("+crowdEq("userName", p.name("ada"))+"))", "ada") })

		s.it("all of three conditions joined by and hold", ID("filter.and-three"), Requires("7644-3.4.2.2-22", onlyMatches, allMatches), Explain{
			Why: "Matching rules of several attributes find the wrong person when the last one does not count.",
			Fix: "Evaluate every condition of a chain.",
		}, func() {
			p.has("title", "displayName")
			ada := crowdEq("userName", p.name("ada")) + " and " + crowdEq("title", p.mark()) + " and displayName eq "
			p.finds(ada+scim.Quote(p.core()), "ada")
			p.finds(ada + scim.Quote(p.core()+" end"))
		})

		s.it("the negation of two conditions holds where either does not", ID("filter.not-and"), Requires("7644-3.4.2.2-22", "7644-3.4.2.2-30", onlyMatches, allMatches), Explain{
			Why: "An exclusion by two attributes leaves out too many.",
			Fix: "Negate the result of the bracket, not each of its parts.",
		}, func() {
			p.has("active")
			p.finds(p.teamWith("not ("+crowdEq("userName", p.name("ada"))+" and active eq true)"), "bea", "cyd", "dan", "eve")
		})

		s.it("a comparison with an empty text finds nobody who has a text", ID("filter.empty-string"), Requires("7644-3.4.2.2-08", onlyMatches), Explain{
			Why: "A client whose source value is missing looks for an empty name, is given everybody, and changes the first.",
			Fix: "Compare the empty string like any other, or answer 400 invalidFilter.",
		}, func() {
			a := p.ask("User", `userName eq ""`, "count", "2")
			s.judge(a.first(), func(x *reports.Exchange) error {
				if x.Status != http.StatusOK {
					return ClientError(x)
				}
				// Somebody may have an empty name, where the target let one in.
				items := listItems(x)
				for _, o := range items {
					if name := scim.String(o, "userName"); name != "" {
						return wrong("userName of a match", text("the empty text"), name)
					}
				}
				if len(items) == 0 {
					return s.counts(0)(x)
				}
				return nil
			})
		})

		s.it("pr on an attribute of an extension finds those who have it", ID("filter.pr-extension"), Requires("7644-3.4.2.2-13", "7644-3.10-01", onlyMatches, allMatches), Explain{
			Why: "Reports on missing employee numbers list everybody, or nobody.",
			Fix: "Let pr look into the extension's object.",
		}, func() {
			number := scim.EnterpriseURN + ":employeeNumber"
			p.hasAndLacks(number)
			p.finds(p.teamWith(number+" pr"), p.where(func(o scim.Object) bool { return scim.Assigned(scim.Get(o, number)) })...)
		})

		s.it("id eq at the groups' endpoint does not find a user", ID("filter.id-other-type"), Requires("7644-3.4.2-10", onlyMatches), Explain{
			Why: "A client that looks for a group gets a person.",
			Fix: "Restrict every query to the resource type of the endpoint, look-ups by id included.",
		}, func() {
			s.needsType("Group")
			a := p.ask("Group", crowdEq("id", p.people["ada"].ID))
			p.judge(a, true, nil)
		})
	})

	s.about("Filters and order by the time of the last change", func() {
		var old, changed *resource
		var border string
		s.beforeAll(func() {
			s.requires(Filter)
			changed = s.makeUser("changed")
			s.outwait(s.readBack(changed))
			old = s.makeUser("older")
			s.outwait(s.readBack(old))
			x := s.replace(changed, func() scim.Object {
				o := clone(changed.Sent)
				o[s.freeText()] = "changed"
				return o
			}())
			if !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			border = scim.String(s.readBack(changed).Object(), "meta.lastModified")
			was, ok1 := instantOf(s.readBack(changed), "meta.created")
			is, ok2 := parseInstant(border)
			if !ok1 || !ok2 || !is.After(was) {
				s.block("put.last-modified", "meta.lastModified has not moved")
			}
		})
		both := func() string {
			return "(" + crowdEq("id", changed.ID) + " or " + crowdEq("id", old.ID) + ")"
		}

		s.it("meta.lastModified is compared after a change too", ID("filter.last-modified-changed"), Requires("7644-3.4.2.2-16", "7644-3.4.2.2-33", allMatches), Explain{
			Why: "Incremental imports ask for what has changed since their last run; changes of old records are never fetched.",
			Fix: "Filter by the time of the last change, not by that of the creation.",
		}, func() {
			x := s.get(changed.typ.Endpoint, "filter", crowdEq("id", changed.ID)+" and meta.lastModified ge "+scim.Quote(border))
			s.filtered(x)
			s.judge(x, Listed(changed))
		})

		s.it("a list is sorted by meta.lastModified after a change too", ID("sort.last-modified"), Requires("7644-3.4.2.3-02", "7644-3.4.2.3-08"), Explain{
			Why: "Clients that read the latest changes first stop at the first one that they know, and miss those behind it.",
			Fix: "Sort by the time of the last change, not by that of the creation.",
		}, func() {
			s.requires(Sort)
			x := s.get(changed.typ.Endpoint, "filter", both(), "sortBy", "meta.lastModified", "sortOrder", "descending")
			s.filtered(x)
			items := listItems(x)
			if x.Status != http.StatusOK || len(items) != 2 {
				s.see(x)
				s.block("filter.or", "the two users are not found")
			}
			s.judge(x, func(*reports.Exchange) error {
				if first := scim.String(items[0], "id"); first != changed.ID {
					return wrong("the first user by sortBy=meta.lastModified, descending", changed.ID, first)
				}
				return nil
			})
		})
	})

	s.about("sortBy without a filter", func() {
		s.it("a list is sorted without a filter too", ID("sort.without-filter"), Requires("7644-3.4.2.3-02", "7644-3.4.2.3-06"), Explain{
			Why: "Clients that read the whole directory in order, to compare it with theirs, see the end of it too early.",
			Fix: "Apply sortBy to every list.",
		}, func() {
			s.requires(Sort)
			t := s.needsType("User")
			s.makeUser("sorted-a")
			s.makeUser("sorted-b")
			ask := func(order string) *reports.Exchange {
				return s.get(t.Endpoint, "sortBy", "userName", "sortOrder", order, "count", "1")
			}
			up, down := ask("ascending"), ask("descending")
			for _, x := range []*reports.Exchange{up, down} {
				if x.Status == http.StatusOK && len(listItems(x)) == 0 {
					s.judge(x, someItems)
					return
				}
				s.see(x)
				if x.Status != http.StatusOK || len(listItems(x)) != 1 {
					s.skip("the target does not answer a list of one")
				}
			}
			// Of several userNames the first and the last are two, whatever the collation and whoever adds another.
			s.judge(down, func(*reports.Exchange) error {
				first, last := listItems(up)[0], listItems(down)[0]
				if id := scim.String(first, "id"); id != "" && id == scim.String(last, "id") {
					return wrong("the first user in descending order", text("another than in ascending order"), scim.String(last, "userName"))
				}
				return nil
			})
		})
	})
}
