package suites

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// hostileNobody are values that nobody has, and that a careless store takes for a condition that everybody meets.
var hostileNobody = []string{
	`nobody' OR '1'='1`, `nobody' OR 1=1 --`, `nobody" or userName pr or userName eq "`, `*`, `*)(objectClass=*))(|(uid=*`, `%`, `_%`,
	`{"$ne":null}`, `nobody' || '1'=='1`, `\`, `nobody\`, `${7*7}`, "nobody\u0000", `.*`, `nobody') or true or ('x'='`, `<![CDATA[`,
}

// hostileFiltersRaw are filters outside the grammar, each with a condition hidden in it that everybody meets.
var hostileFiltersRaw = []string{
	`userName' OR '1'='1 eq "nobody"`, `1 eq 1`, `userName eq "nobody") or (userName pr`, `userName; DROP TABLE users eq "nobody"`,
	`userName eq "nobody" -- `, `userName eq "nobody" || 1 eq 1`, `(userName pr`, `userName eq ${7*7}`, `*`, `userName eq {"$ne":""}`, `__proto__ pr eq`,
}

// hostileFilters: filters that try to be more than a filter.
func (s *session) hostileFilters() {
	s.about("filters that look like injection", func() {
		var nobody, raw []*reports.Exchange
		var deep, simple *reports.Exchange
		s.beforeAll(func() {
			s.requires(Filter)
			u := s.makeUser("bystander")
			if s.lookUp(u.typ, parts(u.Sent, "userName")) != u.ID {
				s.skip("the target does not find users by userName")
			}
			ask := func(filter string) *reports.Exchange { return s.get(u.typ.Endpoint, "filter", filter, "count", "5") }
			for _, v := range hostileNobody {
				nobody = append(nobody, ask("userName eq "+scim.Quote(v)))
			}
			for _, f := range hostileFiltersRaw {
				raw = append(raw, ask(f))
			}
			simple = ask("userName[value eq " + scim.Quote(s.tag("nobody")) + "]")
			deep = ask(strings.Repeat("(", 500) + "userName eq " + scim.Quote(s.tag("nobody")) + strings.Repeat(")", 500))
		})
		nothing := func(x *reports.Exchange) error {
			if x.Status == http.StatusOK && len(listItems(x)) > 0 {
				return wrong("records for a value that nobody has", text("none"), len(listItems(x)))
			}
			return nil
		}

		s.it("a value that looks like a condition selects nobody", ID("hostile.filter-value"), Requires(onlyMatches, "7643-9.2-02"), Explain{
			Why: "Whoever can choose what a client looks up, with his own e-mail address for instance, gets at the records of all.",
			Fix: "Bind values as parameters of the database's query, and escape its wildcards.",
		}, func() {
			for _, x := range nobody {
				s.judge(x, nothing)
			}
		})

		s.it("values that look like a condition do not make the server answer 5xx", ID("hostile.filter-value-answered"), Requires("7644-3.12-08", "7644-3.4.2-09"), Explain{
			Why: "An error of the database on a quotation mark shows that the value has become part of its query, and stops the look-up of O'Brien.",
			Fix: "Bind values as parameters of the database's query.",
		}, func() {
			for _, x := range nobody {
				s.judge(x, Softly(reports.Warn, NotServerError))
			}
		})

		s.it("a filter outside the grammar selects nobody", ID("hostile.filter-grammar"), Requires("7644-3.4.2.2-27", onlyMatches), Explain{
			Why: "A filter of which only the harmless half is checked, and the other half is executed, returns the whole directory.",
			Fix: "Parse filters by the grammar of RFC 7644 §3.4.2.2 as a whole, and answer 400 invalidFilter to everything else.",
		}, func() {
			for _, x := range raw {
				s.judge(x, nothing)
			}
		})

		s.it("a filter outside the grammar is answered with a client error", ID("hostile.filter-grammar-answered"), Requires("7644-3.12-17", "7644-3.12-08"), Explain{
			Why: "A 500 tells an attacker that the text got through to something that choked on it.",
			Fix: "Catch the errors of the filter's parser, and answer 400 invalidFilter.",
		}, func() {
			for _, x := range raw {
				s.judge(x, mistaken(reports.Info))
			}
		})

		s.it("five hundred brackets around a filter do not upset the server", ID("hostile.filter-deep"), Requires("7644-3.12-08"), Explain{
			Why: "A parser that calls itself for each bracket overflows the stack: one short request stops the service.",
			Fix: "Limit the depth of filters, and answer 400 invalidFilter beyond it.",
		}, func() { s.judge(deep, Softly(reports.Warn, NotServerError), nothing) })

		s.it("square brackets behind an attribute that has one simple value do not upset the server", ID("hostile.filter-simple"), Requires("7644-3.12-08", onlyMatches), Explain{
			Why: "The grammar allows them behind any name; who takes the brackets for granted that follow emails reads a value that is no list.",
			Fix: "Answer 400 invalidFilter where the attribute has no sub-attributes, or take its value for the only one.",
		}, func() { s.judge(simple, Softly(reports.Warn, NotServerError), nothing) })
	})

	s.about("a value path that looks like injection", func() {
		s.it("a PATCH path whose filter matches no value changes no value", ID("hostile.patch-path"), Requires("7644-3.5.2.3-08", "7643-9.2-02"), Explain{
			Why: "A path that selects all values where it was to select none overwrites every address of a user.",
			Fix: "Evaluate the filter of a path with the parser of filters, and answer 400 noTarget where nothing matches.",
		}, func() {
			s.requires(Patch)
			s.needs("User", "emails.value", "emails.type")
			u := s.makeUser("value-path")
			before := s.readBack(u)
			for _, v := range []string{`x' or '1'='1`, `x" or value pr or value eq "`, `*`, `%`} {
				x := s.patch(u, op("replace", "emails[value eq "+scim.Quote(v)+"].display", "Hit by "+v))
				s.judge(x, Softly(reports.Warn, NotServerError))
			}
			s.judge(s.read(u), Status(200), func(x *reports.Exchange) error {
				for _, e := range scim.Objects(x.Object(), "emails") {
					if strings.HasPrefix(scim.String(e, "display"), "Hit by ") && holdsEmail(before, e) {
						return wrong("emails", text("none that the path did not select"), e)
					}
				}
				return nil
			})
		})
	})
}

// holdsEmail tells whether the address of e was there before.
func holdsEmail(before *reports.Exchange, e scim.Object) bool {
	for _, old := range scim.Objects(before.Object(), "emails") {
		if sameFold(old["value"], e["value"]) {
			return true
		}
	}
	return false
}

// hostileParameters: query strings that are not what the parameters are meant for.
func (s *session) hostileParameters() {
	s.about("odd query parameters", func() {
		var f struct{ one, two *resource }
		s.beforeAll(func() {
			s.requires(Filter)
			f.one, f.two = s.makeUser("params"), s.makeUser("params")
		})
		ask := func(raw string) *reports.Exchange {
			return s.do(wire.Request{Path: f.one.typ.Endpoint, RawQuery: raw})
		}
		eq := func(r *resource) string {
			return "filter=" + strings.ReplaceAll(url.QueryEscape("userName eq "+scim.Quote(scim.String(r.Sent, "userName"))), "+", "%20")
		}

		s.it("two filter parameters are refused, or one or both of them hold", ID("hostile.filter-twice"), Requires(onlyMatches), Explain{
			Why: "Where the check reads one parameter and the query another, a client sees records that it was not to see; where neither is read, all of them.",
			Fix: "Answer 400 to a parameter that is given twice, or take the same one in every layer.",
		}, func() {
			s.judge(ask(eq(f.one)+"&"+eq(f.two)+"&count=5"), Softly(reports.Warn, NotServerError), func(x *reports.Exchange) error {
				for _, o := range listItems(x) {
					if !isItem(o, f.one) && !isItem(o, f.two) {
						return wrong("records that either filter selects", text("those alone"), scim.Get(o, "userName"))
					}
				}
				return nil
			})
		})

		s.it("parameters that are repeated, empty, huge or meaningless do not make the server answer 5xx", ID("hostile.parameters"), Requires("7644-3.12-08"), Explain{
			Why: "Numbers that overflow and parameters that are lists where one was expected end in 500, which anybody can bring about.",
			Fix: "Read parameters defensively: the first of several, defaults for what is empty, and 400 invalidValue for what cannot be read.",
		}, func() {
			for _, raw := range []string{
				"count=1&count=2", "count=&startIndex=", "count=99999999999999999999999999", "count=-99999999999999999999999999", "startIndex=1e3&count=0x10",
				"startIndex=99999999999999999999999999&count=1", "sortBy=&sortOrder=&count=1", "sortBy=userName%27%3B--&count=1", "sortBy=(select%201)&sortOrder=sideways&count=1",
				"attributes=&count=1", "attributes=,,,&count=1", "attributes=userName&attributes=id&count=1", "excludedAttributes=*&count=1", "attributes[]=userName&count=1",
				"attributes=" + strings.Repeat("a.b,", 500) + "&count=1", "filter&count=1", "%&count=1", "=&count=1", "count=1;startIndex=2", "cursor=%00&count=1",
			} {
				s.judge(ask(raw), Softly(reports.Warn, NotServerError), func(x *reports.Exchange) error {
					if x.Err() == nil && x.Status == 0 {
						return broken("there is no answer")
					}
					return nil
				})
			}
		})
	})
}

// hostilePaths: ids that no server gives.
func (s *session) hostilePaths() {
	s.about("paths with odd ids", func() {
		var u *resource
		odd := map[string]*reports.Exchange{}
		var order []string
		s.beforeAll(func() {
			u = s.makeUser("paths")
			s.readBack(u)
			id := url.PathEscape(u.ID)
			for _, raw := range []string{
				"%27%20OR%20%271%27=%271", "*", "%25", "%2a%29%28uid=%2a", "%00", id + "%00", "..%2f" + id, "%2f" + id, "..%2f..%2f..%2fetc%2fpasswd", "%5c..%5c" + id,
				"%ff%fe", "%F0%9F%99%82", "%7b%7b7*7%7d%7d", "%24%7b7*7%7d", "null", "undefined", "-1", "true", id + "%20", id + "%2c" + id, strings.Repeat("a", 4000),
			} {
				odd[raw] = s.do(wire.Request{Path: u.typ.Endpoint + "/" + raw})
				order = append(order, raw)
			}
		})

		s.it("an id that no resource has finds no resource", ID("hostile.path-id"), Requires("7644-3.4.1-03", "7644-3.4.1-02"), Explain{
			Why: "A wildcard or a condition in the path that is taken for one opens somebody else's record, and DELETE removes it.",
			Fix: "Compare the decoded path segment with ids as a whole, and answer 404 where none is equal.",
		}, func() {
			for _, raw := range order {
				s.judge(odd[raw], func(x *reports.Exchange) error {
					if !x.Success() {
						return nil
					}
					err := wrong("GET of the id "+raw, text("404"), x.Status)
					// Proxies that merge slashes, and stores that ignore blanks at the end, find the user whose id is part of it.
					if strings.Contains(raw, url.PathEscape(u.ID)) && scim.String(x.Object(), "id") == u.ID {
						return soften(reports.Warn, err)
					}
					if scim.String(x.Object(), "id") == "" {
						return soften(reports.Warn, err)
					}
					return err
				})
			}
		})

		s.it("an odd id does not make the server answer 5xx", ID("hostile.path-answered"), Requires("7644-3.12-11", "7644-3.12-08"), Explain{
			Why: "An id that is converted without a check, to a number or a UUID for instance, ends in 500 where 404 would have told the client what to do.",
			Fix: "Answer 404 to an id that does not have the form of yours.",
		}, func() {
			for _, raw := range order {
				s.judge(odd[raw], NotServerError)
			}
		})
	})
}
