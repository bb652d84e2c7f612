package suites

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// queries: lists of resources (RFC 7644 §3.4.2).
func (s *session) queries() {
	s.queryMessage()
	s.queryItems()
	s.queryScope()
	s.queryFreshness()
	s.queryRoot()
	s.queryRootRules()
}

// queryMessage: the ListResponse message itself.
func (s *session) queryMessage() {
	s.about("a list", func() {
		var f *fleet
		var three, one, none, plain *reports.Exchange
		s.beforeAll(func() {
			f = s.fleet()
			three, one = s.list(f, "count", "3"), s.list(f, "count", "1")
			none = s.get(f.endpoint(), "filter", "userName eq "+scim.Quote(s.tag("nobody")))
			plain = s.get(f.endpoint(), "count", "2")
		})

		s.it("every list says by its schemas that it is a ListResponse", ID("query.list-message"), Requires("7644-3.4.2-04", "7644-8.2-01"), Explain{
			Why: "Strict clients choose the parser of a message by its schemas and give up on one that has none.",
			Fix: "Put urn:ietf:params:scim:api:messages:2.0:ListResponse into schemas of every list, empty ones too.",
		}, func() {
			for _, x := range []*reports.Exchange{three, none, plain} {
				if tooMany(x) {
					continue
				}
				s.judge(x, Status(200), func(x *reports.Exchange) error {
					if !hasSchema(x.Object(), scim.ListResponseURN) {
						return wrong("schemas of the list", scim.ListResponseURN, x.Object()["schemas"])
					}
					return nil
				})
			}
		})

		s.it("totalResults counts all matches, not those of the page", ID("query.total-of-matches"), Requires("7644-3.4.2-05"), Explain{
			Why: "Clients fetch further pages until they have totalResults resources; too small a number makes them stop early and take the rest for deleted.",
			Fix: "Count the matches without the limit of the page.",
		}, func() {
			s.judge(one, Status(200), s.counts(fleetSize))
		})

		s.it("the counts of a list are JSON numbers", ID("query.counts-are-numbers"), Requires("7644-3.4.2-05"), Explain{
			Why: "Typed clients fail to decode the whole list when a count is a string; Okta names this as a requirement.",
			Fix: "Write totalResults, startIndex and itemsPerPage without quotes.",
		}, func() {
			s.judge(three, Status(200), s.eachCount(func(name string, v any) error {
				if _, ok := v.(json.Number); !ok {
					return wrong(name, text("a JSON number"), v)
				}
				return nil
			}))
		})

		s.it("the counts of a list are integers without fraction or exponent", ID("query.counts-are-integers"), Requires("7643-2.3.4-01"), Explain{
			Why: "Clients decode the counts into integers; 7.0 or 7e0 breaks them.",
			Fix: "Write integers as digits only.",
		}, func() {
			s.judge(three, Status(200), s.eachCount(func(name string, v any) error {
				if n, ok := v.(json.Number); ok && strings.ContainsAny(n.String(), ".eE") {
					return wrong(name, text("digits only"), v)
				}
				return nil
			}))
		})

		s.it("a list with matches has Resources", ID("query.resources-present"), Requires("7644-3.4.2-06"), Explain{
			Why: "Clients read Resources and nothing else; under another name the list is empty for them.",
			Fix: "Put the page's resources under the name Resources, with a capital R.",
		}, func() {
			s.judge(three, Status(200), func(x *reports.Exchange) error {
				o := x.Object()
				if scim.Assigned(o["Resources"]) {
					return nil
				}
				err := wrong("Resources", text("the page's resources"), o["Resources"])
				if len(listItems(x)) > 0 {
					// Names are case-insensitive by RFC 7643 §2.1, which few clients know (A19).
					return soften(reports.Warn, wrong("the name of Resources", "Resources", text("another letter case")))
				}
				return err
			})
		})

		s.it("Resources is an array even where it holds a single resource", ID("query.resources-array"), Requires("7644-3.4.2-06"), Explain{
			Why: "Looking a user up by userName gives one result; clients that iterate over an object find nothing and create the user again.",
			Fix: "Always write Resources as a JSON array; converters from XML tend to unwrap lists of one.",
		}, func() {
			s.judge(one, Status(200), func(x *reports.Exchange) error {
				if _, ok := scim.Get(x.Object(), "Resources").([]any); !ok {
					return wrong("Resources", text("an array"), scim.Get(x.Object(), "Resources"))
				}
				return nil
			})
		})

		s.it("a query without match answers 200 with totalResults 0", ID("query.no-match"), Requires("7644-3.4.2-09"), Explain{
			Why: "Every provisioning client looks for a user before it creates one; anything but an empty list counts as an error and the user is never created.",
			Fix: "Answer 200 with totalResults 0; 404 is for resources and endpoints that do not exist.",
		}, func() {
			s.judge(none, Status(200), s.counts(0), noItems)
		})

		s.it("Resources of an empty list is an empty array or absent, not null", ID("query.no-match-not-null"), Requires("7644-3.4.2-09"), Explain{
			Why: "Clients that iterate over Resources crash on null.",
			Fix: "Write an empty array, or leave Resources out.",
		}, func() {
			s.judge(none, Status(200), s.counts(0), Softly(reports.Warn, func(x *reports.Exchange) error {
				if v, there := x.Object()["Resources"]; there && v == nil {
					return wrong("Resources", text("[] or absent"), text("null"))
				}
				return nil
			}))
		})

		s.it("unknown query parameters of a list are ignored", ID("query.unknown-parameter"), Requires("7644-3.4.2-03"), Explain{
			Why: "Clients and gateways add parameters of their own; refusing them blocks every query.",
			Fix: "Ignore query parameters that are not defined.",
		}, func() {
			s.judge(s.list(f, "count", "2", "x-probe", "1"), Status(200), s.counts(fleetSize))
		})

		s.it("unknown query parameters on a single resource are ignored", ID("query.unknown-parameter-single"), Requires("7644-3.4.2-03"), Explain{
			Why: "Clients and gateways add parameters of their own; refusing them makes existing resources unreadable.",
			Fix: "Ignore query parameters that are not defined.",
		}, func() {
			s.judge(s.read(f.users[0], "x-probe", "1"), Status(200), Attr("id", f.users[0].ID))
		})

		s.it("a filter on a single resource does not upset the server", ID("query.single-filter"), Requires("7644-3.4.2-01"), Explain{
			Why: "A query may address one resource; what a filter means there is open, but it must not break the server.",
			Fix: "Apply the filter to the one resource, ignore it, or refuse it with a 4xx status.",
		}, func() {
			x := s.read(f.users[0], "filter", f.filter)
			s.judge(x, NotServerError)
			s.observe("A56", "a filter on a single resource answers", http.StatusText(x.Status))
		})
	})
}

// eachCount looks at the counts that a list has; totalResults has to be there.
func (s *session) eachCount(look func(name string, v any) error) Check {
	return func(x *reports.Exchange) error {
		var errs []error
		for _, name := range []string{"totalResults", "startIndex", "itemsPerPage"} {
			v, there := x.Object()[name]
			if there {
				errs = append(errs, look(name, v))
			} else if name == "totalResults" && !s.uncounted(x) {
				errs = append(errs, wrong(name, text("a number"), nil))
			}
		}
		return errors.Join(errs...)
	}
}

// queryItems: what each resource of a list carries.
func (s *session) queryItems() {
	s.about("the resources of a list", func() {
		var x *reports.Exchange
		s.beforeAll(func() { x = s.list(s.fleet(), "count", "3") })
		each := func(look func(o scim.Object) error) Check {
			return func(x *reports.Exchange) error {
				items := listItems(x)
				if len(items) == 0 {
					return broken("the page has no resources although some match")
				}
				for _, o := range items {
					if err := look(o); err != nil {
						return err
					}
				}
				return nil
			}
		}

		s.it("each resource of a list names its schemas", ID("query.items-schemas"), Requires("7643-3-01"), Explain{
			Why: "Without schemas a client cannot tell a user from a group, nor which extensions a resource has.",
			Fix: "Write list items with the same serializer as single resources.",
		}, func() {
			s.judge(x, Status(200), each(func(o scim.Object) error {
				if !hasSchema(o, s.learned.typ("User").Schema) {
					return wrong("schemas of an item", s.learned.typ("User").Schema, o["schemas"])
				}
				return nil
			}))
		})

		s.it("each resource of a list has its id", ID("query.items-id"), Requires("7643-3.1-04", "7643-3.1-12"), Explain{
			Why: "The look-up is how clients learn the id that all later requests need.",
			Fix: "Write list items with the same serializer as single resources.",
		}, func() {
			s.judge(x, Status(200), each(func(o scim.Object) error {
				if scim.String(o, "id") == "" {
					return wrong("id of an item", text("a non-empty string"), o["id"])
				}
				return nil
			}))
		})

		s.it("each resource of a list has meta with resourceType and location", ID("query.items-meta"), Requires("7643-3.1-02", "7643-3.1-18"), Explain{
			Why: "Clients follow meta.location, and tell types apart by meta.resourceType in lists that mix them.",
			Fix: "Write list items with the same serializer as single resources.",
		}, func() {
			s.judge(x, Status(200), each(func(o scim.Object) error {
				for _, name := range []string{"meta.resourceType", "meta.location"} {
					if scim.String(o, name) == "" {
						return wrong(name+" of an item", text("a value"), scim.Get(o, name))
					}
				}
				return nil
			}))
		})
	})

	s.about("a filter that matches a resource twice", func() {
		s.it("a resource that matches in two ways is in the list once", ID("query.match-once"), Requires("7644-3.4.2-05"), Explain{
			Why: "A user with two matching addresses who comes back twice looks like a duplicate; clients stop with an error.",
			Fix: "Select distinct resources; joins with tables of values multiply them.",
		}, func() {
			s.fleet()
			s.needs("User", "emails.value")
			u := s.makeUser("twice")
			name, _, _ := strings.Cut(scim.String(u.Sent, "userName"), "@")
			x := s.get(u.typ.Endpoint, "filter", "emails.value co "+scim.Quote(name))
			n := 0
			for _, o := range listItems(x) {
				if isItem(o, u) {
					n++
				}
			}
			if x.Status != 200 || n == 0 {
				s.see(x)
				s.skip("the filter emails.value co finds nothing here (status %d)", x.Status)
			}
			s.judge(x, s.counts(1), func(*reports.Exchange) error {
				if n != 1 {
					return wrong("how often the user is in the list", 1, n)
				}
				return nil
			})
		})
	})
}
