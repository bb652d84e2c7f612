package suites

import (
	"errors"
	"maps"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// search posts a SearchRequest to the .search below an endpoint ("" is the root).
func (s *session) search(endpoint string, params object) *reports.Exchange {
	body := object{"schemas": []string{scim.SearchRequestURN}}
	maps.Copy(body, params)
	return s.post(endpoint+"/.search", "", body)
}

// noSearch tells whether an answer says that .search does not exist, which a server may choose (A56).
func noSearch(x *reports.Exchange) bool {
	return x.Status == 403 || x.Status == 404 || x.Status == 405 || x.Status == 501
}

// searches: queries by POST (RFC 7644 §3.4.3).
func (s *session) searches() {
	s.searchUsers()
	s.searchElsewhere()
	s.searchSensitive()
	s.searchDepth()
}

func (s *session) searchUsers() {
	s.about("POST /Users/.search", func() {
		var f *fleet
		var x *reports.Exchange
		s.beforeAll(func() {
			f = s.fleet()
			x = s.search(f.endpoint(), object{"filter": f.filter, "count": 3})
		})
		supported := func() {
			if noSearch(x) {
				s.see(x)
				s.block("search.status", "POST %s/.search answers %d", f.endpoint(), x.Status)
			}
		}
		ask := func(params object) *reports.Exchange {
			supported()
			return s.search(f.endpoint(), params)
		}

		s.it("POST on .search is a query and answers 200", ID("search.status"), Requires("7644-3.4.3-02", "7644-3.2-05"), Explain{
			Why: "Clients that keep personal data out of URLs search by POST; 201 tells them that something was created.",
			Fix: "Answer 200 with a ListResponse.",
		}, func() {
			if noSearch(x) {
				s.judge(x, Softly(reports.Warn, Status(200)))
				return
			}
			s.judge(x, Status(200), isPage)
		})

		s.it("a search creates nothing", ID("search.creates-nothing"), Requires("7644-3.4.3-02"), Explain{
			Why: "A router that takes .search for the collection creates an empty user with every search.",
			Fix: "Route .search before the collection's POST.",
		}, func() {
			supported()
			users := func() int {
				n, _ := listInt(s.get(f.endpoint(), "count", "1"), "totalResults")
				return n
			}
			// Others may create users at the same time, but not with each of three searches.
			grown := 0
			s.alone(func() {
				for before := users(); grown < 3; grown++ {
					x = s.search(f.endpoint(), object{"filter": f.filter, "count": 3})
					now := users()
					if now <= before {
						break
					}
					before = now
				}
			})
			s.judge(x, func(x *reports.Exchange) error {
				if grown == 3 {
					return broken("with each of three searches the number of users grew")
				}
				if loc := x.Header().Get("Location"); x.Status == 201 || loc != "" && scim.String(x.Object(), "id") != "" {
					return wrong("answer", text("the result of a query"), text("a new resource at "+loc))
				}
				return isPage(x)
			})
		})

		s.it("the answer to a search is a ListResponse", ID("search.list-message"), Requires("7644-3.4.3-09", "7644-3.4.2-04"), Explain{
			Why: "Clients read it with the same code as other lists.",
			Fix: "Write the answer with the same code as that of GET.",
		}, func() {
			supported()
			s.judge(x, Status(200), func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.ListResponseURN) {
					return wrong("schemas of the list", scim.ListResponseURN, x.Object()["schemas"])
				}
				return nil
			})
		})

		s.it("the filter of a search selects what the same filter of a GET selects", ID("search.filter"), Requires("7644-3.4.3-04", "7644-3.4.2.2-02"), Explain{
			Why: "A search that ignores its filter hands out the whole directory.",
			Fix: "Evaluate filter from the body exactly like that of the URL.",
		}, func() {
			u := f.users[2]
			s.judge(ask(object{"filter": "userName eq " + scim.Quote(scim.String(u.Sent, "userName"))}), shows(u), without(f.users[0], f.decoy), s.counts(1))
		})

		s.it("count of a search limits the page", ID("search.count"), Requires("7644-3.4.3-04", "7644-3.4.2.4-04"), Explain{
			Why: "Clients reserve room for count resources.",
			Fix: "Read count from the body like that of the URL.",
		}, func() {
			s.judge(ask(object{"filter": f.filter, "count": 2}), Status(200), someItems, atMost(2))
		})

		s.it("startIndex of a search selects the page", ID("search.start-index"), Requires("7644-3.4.3-04", "7644-3.4.2.4-10"), Explain{
			Why: "A search that always returns the first page never ends.",
			Fix: "Read startIndex from the body like that of the URL.",
		}, func() {
			supported()
			s.needsIndex()
			var err error
			var pages []*reports.Exchange
			for range 2 {
				pages = walk(fleetSize, func(start int) *reports.Exchange {
					return s.search(f.endpoint(), object{"filter": f.filter, "startIndex": start, "count": 3})
				})
				if err = errors.Join(answers(pages), f.missed(f.met(pages))); err == nil {
					break
				}
			}
			s.judgeErr(err, pages...)
		})

		s.it("sortBy and sortOrder of a search decide the order", ID("search.sort"), Requires("7644-3.4.3-08"), Explain{
			Why: "Clients that merge sorted lists lose resources where one is not sorted.",
			Fix: "Read sortBy and sortOrder from the body like those of the URL.",
		}, func() {
			supported()
			s.requires(Sort)
			var want []string
			for _, u := range slices.Backward(f.users) {
				want = append(want, u.ID)
			}
			pages := walk(fleetSize, func(start int) *reports.Exchange {
				return s.search(f.endpoint(), object{"filter": f.filter, "sortBy": "userName", "sortOrder": "descending", "startIndex": start})
			})
			if s.cursorOnly() {
				pages = pages[:1] // the order of the first page has to do
				want = want[:min(len(want), len(f.met(pages)))]
			}
			err := answers(pages)
			if got := f.met(pages); err == nil && (!slices.Equal(got, want) || len(got) == 0) {
				err = wrong("userNames, descending", f.namesOf(want), f.namesOf(got))
			}
			s.judgeErr(err, pages...)
		})

		s.it("attributes of a search is an array of names", ID("search.attributes"), Requires("7644-3.4.3-05", "7644-3.9-04"), Explain{
			Why: "Servers that read a comma-separated string here fail on every client that follows the standard.",
			Fix: "Read attributes as a JSON array of attribute names.",
		}, func() {
			s.judge(ask(object{"filter": f.filter, "count": 3, "attributes": []string{"userName", f.attr}}), Status(200), someItems, eachOurs(f, func(o scim.Object) error {
				if err := errors.Join(attrSet(o, "userName"), textIs(o, f.attr, f.mark)); err != nil {
					return err
				}
				return leftOut(f.users[0].typ, "emails")(o)
			}))
		})

		s.it("excludedAttributes of a search is an array of names", ID("search.excluded"), Requires("7644-3.4.3-05", "7644-3.9-06"), Explain{
			Why: "Clients leave out what is large or what they need not see.",
			Fix: "Read excludedAttributes as a JSON array of attribute names.",
		}, func() {
			s.judge(ask(object{"filter": f.filter, "count": 3, "excludedAttributes": []string{f.attr, "emails"}}), Status(200), someItems, eachOurs(f, func(o scim.Object) error {
				return errors.Join(attrSet(o, "userName"), leftOut(f.users[0].typ, f.attr, "emails")(o))
			}))
		})

		s.it("excludedAttributes of a search cannot remove the id", ID("search.excluded-always"), Requires("7644-3.4.3-07"), Explain{
			Why: "A resource without id cannot be addressed.",
			Fix: "Keep attributes that are returned always, whatever excludedAttributes says.",
		}, func() {
			s.judge(ask(object{"filter": f.filter, "count": 3, "excludedAttributes": []string{"id"}}), Status(200), someItems, eachOurs(f, func(o scim.Object) error {
				return attrSet(o, "id")
			}))
		})

		s.it("a search cannot get at the password", ID("search.password-never"), Requires("7643-4.1.1-16", "7643-4.1.1-15"), Explain{
			Why: "Passwords, also hashed ones, must never leave the server.",
			Fix: "Take attributes that are returned never out of every answer, also when they are asked for.",
		}, func() {
			s.needs("User", "password")
			u := s.makeUser("secret", set("password", "Pw-1a!"+s.tag("secret")))
			named := "userName eq " + scim.Quote(scim.String(u.Sent, "userName"))
			for _, message := range []object{{"filter": named, "attributes": []string{"userName", "password"}}, {"filter": named}} {
				s.judge(ask(message), shows(u, func(o scim.Object) error { return hidden(o, "password") }))
			}
		})

		s.it("a search without the SearchRequest schema is refused", ID("search.schema-missing"), Requires("7644-3.4.3-03"), Explain{
			Why: "A body that is no SearchRequest was meant for something else; answering it returns everybody.",
			Fix: "Answer 400 invalidSyntax unless schemas holds urn:ietf:params:scim:api:messages:2.0:SearchRequest.",
		}, func() {
			supported()
			// Being lenient here harms nobody as long as the filter counts.
			x := s.post(f.endpoint()+"/.search", "", object{"filter": f.filter, "count": 3})
			if x.Status == 200 {
				s.judge(x, func(x *reports.Exchange) error {
					if n := len(listItems(x)); n == 0 || n != len(f.ours(x)) {
						return broken("the filter was ignored: %d resources, %d of them match", n, len(f.ours(x)))
					}
					return nil
				}, Softly(reports.Warn, Status(400)))
				return
			}
			s.judge(x, Refused("400", scim.InvalidSyntax, scim.InvalidValue))
		})

		s.it("a search with a broken filter is refused with 400 invalidFilter", ID("search.invalid-filter"), Requires("7644-3.4.3-06"), Explain{
			Why: "Ignoring a broken filter returns everybody to a client that looks for one person.",
			Fix: "Answer 400 with scimType invalidFilter.",
		}, func() {
			refused := Refused("400", scim.InvalidFilter)
			s.judge(ask(object{"filter": "userName eq", "count": 3}), func(x *reports.Exchange) error {
				if err := refused(x); x.Status == 200 && len(scim.List(x.Object(), "Resources")) == 0 {
					return soften(reports.Warn, err) // finding nobody misleads no client
				}
				return refused(x)
			})
		})

		s.it("a search without any parameter lists like a plain GET", ID("search.no-parameters"), Requires("7644-3.4.3-04", "7644-3.4.2-06"), Explain{
			Why: "All parameters are optional; clients send those that they need.",
			Fix: "Treat missing parameters as those of a GET without query.",
		}, func() {
			x := ask(nil)
			if tooMany(x) {
				s.see(x)
				s.skip("the target finds that all users are too many")
			}
			s.judge(x, Status(200), someItems)
		})
	})
}

// eachOurs judges every item of the page that is one of the fleet's.
func eachOurs(f *fleet, look func(o scim.Object) error) Check {
	return func(x *reports.Exchange) error {
		for _, u := range f.users {
			if o := item(x, u); o != nil {
				if err := look(o); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// attrSet wants an attribute to have a value.
func attrSet(o scim.Object, path string) error {
	if got := scim.Get(o, path); !scim.Assigned(got) {
		return wrong(path, text("a value"), got)
	}
	return nil
}

// hidden wants a secret to be absent, without showing it.
func hidden(o scim.Object, path string) error {
	if scim.Assigned(scim.Get(o, path)) {
		return wrong(path, text("absent"), text("a value"))
	}
	return nil
}

func (s *session) searchElsewhere() {
	s.about("POST .search elsewhere", func() {
		var u, g *resource
		s.beforeAll(func() {
			s.requires(Filter)
			u, g, _ = s.namesakes("sought")
		})
		byName := func() string { return "displayName eq " + scim.Quote(scim.String(g.Sent, "displayName")) }

		s.it("POST /Groups/.search finds groups, and nothing else", ID("search.groups"), Requires("7644-3.4.3-02", "7644-3.4.2-10"), Explain{
			Why: "Clients look groups up the same way as users.",
			Fix: "Offer .search below every resource endpoint.",
		}, func() {
			x := s.search(g.typ.Endpoint, object{"filter": byName()})
			if noSearch(x) {
				s.judge(x, Softly(reports.Warn, Status(200)))
				return
			}
			s.judge(x, shows(g), without(u), s.counts(1))
		})

		s.it("POST /.search at the root finds users and groups", ID("search.root"), Requires("7644-3.4.3-02", "7644-3.4.2.1-01"), Explain{
			Why: "It is the only query that covers all types without showing its filter in a URL.",
			Fix: "Offer .search at the base URL, over all types.",
		}, func() {
			x := s.search("", object{"filter": byName(), "count": 10})
			if noSearch(x) || tooMany(x) {
				// A server may find that a query over all types is too many resources (RFC 7644 §3.4.2.1, ambiguity A04).
				s.judge(x, Softly(reports.Info, Status(200)))
				return
			}
			s.judge(x, shows(u), shows(g), s.counts(2))
		})
	})
}
