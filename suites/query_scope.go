package suites

import (
	"errors"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// ofType wants every item of a list to be of the named type, as far as it says what it is.
func ofType(name string) Check {
	return func(x *reports.Exchange) error {
		for _, o := range listItems(x) {
			if got := scim.String(o, "meta.resourceType"); got != "" && !strings.EqualFold(got, name) {
				return wrong("meta.resourceType of an item", name, got)
			}
		}
		return nil
	}
}

// without wants none of the resources to be in the list.
func without(list ...*resource) Check {
	return func(x *reports.Exchange) error {
		for _, r := range list {
			if item(x, r) != nil {
				return wrong("the list", text("without the "+r.typ.Name+" "+r.ID), text("with it"))
			}
		}
		return nil
	}
}

// namesakes makes a user and a group of the same displayName.
func (s *session) namesakes(what string) (user, group *resource, name string) {
	s.needs("User", "displayName")
	s.needs("Group", "displayName")
	o := s.group(what)
	name = scim.String(o, "displayName")
	group = s.make("Group", o)
	user = s.makeUser(what, set("displayName", name))
	return user, group, name
}

// queryScope: an endpoint lists its own type only.
func (s *session) queryScope() {
	s.about("lists of one type", func() {
		var u, g *resource
		var byName string
		s.beforeAll(func() {
			s.requires(Filter)
			var name string
			u, g, name = s.namesakes("namesake")
			byName = "displayName eq " + scim.Quote(name)
		})

		s.it("a filter at the users' endpoint finds no group", ID("query.users-only"), Requires("7644-3.4.2-10"), Explain{
			Why: "A client that looks a person up and gets a group changes the wrong object.",
			Fix: "Restrict queries at a type's endpoint to that type.",
		}, func() {
			s.judge(s.get(u.typ.Endpoint, "filter", byName), shows(u), without(g), ofType(s.needsType("User").Name))
		})

		s.it("a filter at the groups' endpoint finds no user", ID("query.groups-only"), Requires("7644-3.4.2-10"), Explain{
			Why: "Okta looks groups up by displayName; a user among the results is taken for the group.",
			Fix: "Restrict queries at a type's endpoint to that type.",
		}, func() {
			s.judge(s.get(g.typ.Endpoint, "filter", byName), shows(g), without(u), ofType(g.typ.Name))
		})

		s.it("the users' endpoint without filter lists users only", ID("query.plain-users-only"), Requires("7644-3.4.2-10"), Explain{
			Why: "A client that imports all users would import groups as people.",
			Fix: "Restrict lists at a type's endpoint to that type.",
		}, func() {
			first := s.get(u.typ.Endpoint, "startIndex", "1", "count", "20")
			s.listed(first)
			total, _ := listInt(first, "totalResults")
			s.judge(first, answered, Status(200), ofType(s.needsType("User").Name), without(g))
			s.judge(s.get(u.typ.Endpoint, "count", "20", "startIndex", strconv.Itoa(max(1, total-15))), Status(200), ofType(s.needsType("User").Name), without(g))
		})
	})
}

// queryFreshness: writes show in later queries.
func (s *session) queryFreshness() {
	s.about("queries after a write", func() {
		var u *resource
		var found, changed, old *reports.Exchange
		var attr, before, after string
		s.beforeAll(func() {
			f := s.fleet()
			attr, before, after = f.attr, s.tag("before"), s.tag("after")
			u = s.makeUser("fresh", func(o scim.Object) { scim.Put(o, attr, before) })
			byName := "userName eq " + scim.Quote(scim.String(u.Sent, "userName"))
			look := func() *reports.Exchange { return s.get(u.typ.Endpoint, "filter", byName) }
			found = s.await(look, func(x *reports.Exchange) bool { return item(x, u) != nil })

			o := clone(u.Sent)
			scim.Put(o, attr, after)
			if x := s.replace(u, o); !x.Success() || scim.String(s.read(u).Object(), attr) != after {
				return
			}
			changed = s.await(look, func(x *reports.Exchange) bool { return scim.String(item(x, u), attr) == after })
			old = s.await(func() *reports.Exchange {
				return s.get(u.typ.Endpoint, "filter", attr+" eq "+scim.Quote(before))
			}, func(x *reports.Exchange) bool { return item(x, u) == nil })
		})
		updated := func() {
			if changed == nil {
				s.block("put.status", "the user could not be changed")
			}
		}

		s.it("a new resource is found by a query", ID("query.new-appears"), Requires("7644-3.4.2-11"), Explain{
			Why: "A client that cannot find what it has just created tries to create it again, and fails for ever.",
			Fix: "Answer queries from the data that writes go to; if there is an index, update it before the write is acknowledged.",
		}, func() {
			s.judge(found, shows(u))
		})

		s.it("a query shows a changed resource in its new form", ID("query.update-appears"), Requires("7644-3.4.2-11"), Explain{
			Why: "Clients compare what a query shows with their own data; old values make them write the same change in every cycle.",
			Fix: "Do not answer queries from a cache or index that updates leave alone.",
		}, func() {
			updated()
			s.judge(changed, shows(u, func(o scim.Object) error { return attrIs(o, attr, after) }))
		})

		s.it("a filter on a replaced value no longer finds the resource", ID("query.old-value-gone"), Requires("7644-3.4.2.2-02"), Explain{
			Why: "A stale index makes a client take over the wrong account when an identifier is given to somebody else.",
			Fix: "Update search indexes when a value is replaced, and remove the old entry.",
		}, func() {
			updated()
			s.judge(old, Status(200), without(u), s.counts(0))
		})
	})
}

// queryRoot: queries over all types at the base URL (RFC 7644 §3.4.2.1), which few servers offer (A56).
func (s *session) queryRoot() {
	s.about("queries at the server root", func() {
		var u, g *resource
		var user, group *reports.Exchange
		var name string
		s.beforeAll(func() {
			s.requires(Filter)
			u, g, name = s.namesakes("root")
			user = s.get("", "filter", "id eq "+scim.Quote(u.ID))
			group = s.get("", "filter", "id eq "+scim.Quote(g.ID))
			if !isList(user) && !isList(group) {
				s.skip("the target answers %d to queries at its root", user.Status)
			}
		})
		named := "displayName eq "
		of := func(r *resource) func(scim.Object) error {
			return func(o scim.Object) error { return attrIs(o, "meta.resourceType", r.typ.Name) }
		}

		s.it("a query at the root covers users and groups", ID("query.root-all-types"), Requires("7644-3.4.2.1-01"), Explain{
			Why: "A client that looks for an id at the root concludes that the resource does not exist.",
			Fix: "Run root queries over all resource types.",
		}, func() {
			s.judge(user, shows(u), s.counts(1))
			s.judge(group, shows(g), s.counts(1))
		})

		s.it("resources that the root finds name their own type", ID("query.root-types"), Requires("7643-3.1-19", "7644-3.4.2.1-01"), Explain{
			Why: "In a list of all types meta.resourceType alone tells a group from a user.",
			Fix: "Take meta.resourceType from each resource, and not from the query.",
		}, func() {
			s.judge(user, shows(u, of(u)))
			s.judge(group, shows(g, of(g)))
			s.judge(s.get("", "filter", named+scim.Quote(name), "count", "10"), shows(u, of(u)), shows(g, of(g)))
		})

		s.it("meta.resourceType restricts a root query to one type", ID("query.root-resource-type"), Requires("7644-3.4.2.1-02", "7644-3.4.2.2-02"), Explain{
			Why: "It is the only way to ask the root for one type; ignoring it mixes groups into users.",
			Fix: "Evaluate meta.resourceType like any other attribute.",
		}, func() {
			x := s.get("", "filter", named+scim.Quote(name)+" and "+crowdEq("meta.resourceType", g.typ.Name))
			if x.Status >= 400 && x.Status < 500 {
				s.see(x)
				s.skip("filters on meta.resourceType are refused with %d", x.Status)
			}
			s.judge(x, shows(g), without(u))
		})

		s.it("a root query may use an attribute that some types do not have", ID("query.root-foreign-attribute"), Requires("7644-3.4.2.1-04"), Explain{
			Why: "userName exists for users only; refusing it makes root queries useless.",
			Fix: "Treat an attribute that a type does not define as having no value, not as an error.",
		}, func() {
			x := s.get("", "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")))
			if x.Status == 400 {
				// A25: the refusal harms nobody who never asks the root.
				s.judge(x, Softly(reports.Warn, Status(200)))
				return
			}
			s.judge(x, shows(u))
		})

		s.it("a resource without the filtered attribute does not match a root query", ID("query.root-foreign-no-match"), Requires("7644-3.4.2.1-04"), Explain{
			Why: "Groups that match a filter on userName would be treated as people.",
			Fix: "Treat an attribute that a type does not define as having no value.",
		}, func() {
			x := s.get("", "filter", named+scim.Quote(name)+" and userName pr")
			if x.Status == 400 {
				s.see(x)
				s.skip("the target refuses foreign attributes at its root")
			}
			s.judge(x, Status(200), shows(u), without(g))
		})

		s.it("a query for everything answers a page, or 400 tooMany", ID("query.root-too-many"), Requires("7644-3.4.2.1-03", "7644-3.12-18"), Explain{
			Why: "Clients tell a query that is too broad from a failure by tooMany; any other error stops them.",
			Fix: "Return a first page with the true totalResults, or 400 with scimType tooMany.",
		}, func() {
			x := s.get("")
			s.judge(x, func(x *reports.Exchange) error {
				switch x.Status {
				case 200:
					return s.counted(x)
				case 400:
					return errors.Join(ErrorBody(x), ScimType(scim.TooMany)(x))
				case 413:
					return soften(reports.Warn, wrong("status", text("200 or 400"), x.Status))
				}
				return wrong("status", text("200, or 400 with tooMany"), x.Status)
			})
		})
	})
}

// isList tells whether an answer is a list at all.
func isList(x *reports.Exchange) bool {
	_, counted := listInt(x, "totalResults")
	return x.Status == 200 && (counted || hasSchema(x.Object(), scim.ListResponseURN))
}
