package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// projections: which attributes an answer holds (RFC 7644 §3.9, RFC 7643 §7).
func (s *session) projections() {
	s.projectionAsked()
	s.projectionSubs()
	s.projectionExcluded()
	s.projectionLists()
	s.projectionWrites()
	s.projectionKinds()
	s.projectionNear()
	s.projectionDepth()
}

// only wants no other attributes than those named; id and schemas are always there, and meta has a check of its own.
func (s *session) only(typ string, names ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		if extra := s.unasked(typ, o, names...); len(extra) > 0 {
			return wrong("attributes that nobody asked for", text("none"), extra)
		}
		return nil
	}
}

// unasked are the attributes of o, a resource of the type, beyond those named.
func (s *session) unasked(typ string, o scim.Object, names ...string) []string {
	var extra []string
	for k, v := range o {
		a := s.learned.typ(typ).attribute(k)
		asked := slices.ContainsFunc(append(names, "id", "schemas", "meta"), func(n string) bool { return strings.EqualFold(n, k) })
		if !asked && scim.Assigned(v) && (a == nil || a.Returned != "always" && !alwaysOnly(a, v)) {
			extra = append(extra, k)
		}
	}
	slices.Sort(extra)
	return extra
}

// narrowed blocks a check of an answer that holds no more than these attributes and what the target returns whatever is
// asked for, which projection.attributes-only judges: such an answer does not tell whether the names were understood.
func (s *session) narrowed(x *reports.Exchange, names ...string) {
	answer := []scim.Object{x.Object()}
	if list := scim.Objects(x.Object(), "Resources"); len(list) > 0 {
		answer = list
	}
	var extra []string
	for _, o := range answer {
		extra = append(extra, s.unasked("User", o, names...)...)
	}
	if !x.Success() || len(extra) == 0 {
		return
	}
	if s.alwaysThere == nil {
		alone := s.read(s.makeUser("projected-alone"), "attributes", "displayName")
		s.alwaysThere = append([]string{"displayName"}, s.unasked("User", alone.Object(), "displayName")...)
	}
	for _, name := range extra {
		if !slices.Contains(s.alwaysThere, name) {
			return
		}
	}
	s.see(x)
	s.block("projection.attributes-only", "the target returns %s whatever is asked for", strings.Join(slices.Compact(extra), ", "))
}

// whole turns a judgement of a resource into a check of an answer that is one.
func whole(looks ...func(o scim.Object) error) Check {
	return func(x *reports.Exchange) error {
		var errs []error
		for _, l := range looks {
			errs = append(errs, l(x.Object()))
		}
		return errors.Join(errs...)
	}
}

// known reads the resource without projection, and blocks unless it has the attributes that a check is about.
func (s *session) known(r *resource, paths ...string) scim.Object {
	x := s.readBack(r)
	for _, p := range paths {
		if !scim.Assigned(scim.Get(x.Object(), p)) {
			s.see(x)
			s.block("create.stored", "%s is not there without projection either", p)
		}
	}
	return x.Object()
}

// has wants attributes to have the values that they have in now.
func has(now scim.Object, paths ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		var errs []error
		for _, p := range paths {
			errs = append(errs, attrIs(o, p, scim.Get(now, p)))
		}
		return errors.Join(errs...)
	}
}

// lacks wants attributes to be absent.
func lacks(paths ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		var errs []error
		for _, p := range paths {
			errs = append(errs, attrIs(o, p, nil))
		}
		return errors.Join(errs...)
	}
}

// leftOut wants attributes of a type, or parts of them, to be absent, but for what is always returned.
func leftOut(t *resourceType, names ...string) func(o scim.Object) error {
	return func(o scim.Object) error {
		var errs []error
		for _, name := range names {
			a := t.attribute(name)
			if a == nil || a.Returned != "always" && !alwaysOnly(a, scim.Get(o, name)) {
				errs = append(errs, attrIs(o, name, nil))
			}
		}
		return errors.Join(errs...)
	}
}

func (s *session) projectionAsked() {
	s.about("attributes", func() {
		var u *resource
		var now scim.Object
		var x *reports.Exchange
		s.beforeAll(func() {
			s.needs("User", "displayName", "name.givenName")
			u = s.makeUser("projected")
			now = s.known(u, "displayName", "name.givenName")
			x = s.read(u, "attributes", "displayName")
		})

		s.it("attributes returns the attribute that was asked for", ID("projection.attributes"), Requires("7644-3.4.2.5-01", "7644-3.9-04"), Explain{
			Why: "Clients that ask for what they compare treat a missing attribute as cleared.",
			Fix: "Support attributes on every operation that returns resources.",
		}, func() { s.judge(x, Status(200), whole(has(now, "displayName"))) })

		s.it("attributes returns no default attribute that was not asked for", ID("projection.attributes-only"), Requires("7644-3.9-04", "7644-3.9-01", "7644-3.4.2.5-02"), Explain{
			Why: "Clients narrow an answer because they must not, or cannot, handle the rest.",
			Fix: "Let attributes replace the default set instead of adding to it.",
		}, func() { s.judge(x, Status(200), whole(s.only("User", "displayName"))) })

		s.it("id is returned whatever attributes asks for", ID("projection.attributes-id"), Requires("7644-3.9-04", "7643-3.1-12"), Explain{
			Why: "A resource without id cannot be addressed.",
			Fix: "Add the attributes that are returned always to every projection.",
		}, func() { s.judge(x, Status(200), Attr("id", u.ID)) })

		s.it("schemas is returned whatever attributes asks for", ID("projection.attributes-schemas"), Requires("7643-3-01"), Explain{
			Why: "Strict clients cannot parse a resource that does not name its schemas.",
			Fix: "Add schemas to every projection.",
		}, func() { s.judge(x, Status(200), Softly(reports.Warn, Assigned("schemas"))) })

		s.it("meta is left out unless attributes asks for it", ID("projection.attributes-meta"), Requires("7643-3.1-18"), Explain{
			Why: "meta is returned by default only; clients that name attributes do not expect it.",
			Fix: "Treat meta like any other attribute that is returned by default.",
		}, func() { s.judge(x, Status(200), Unassigned("meta")) })

		s.it("meta is returned when attributes asks for it", ID("projection.attributes-meta-asked"), Requires("7644-3.9-04"), Explain{
			Why: "Clients ask for meta.lastModified alone to see whether anything changed.",
			Fix: "Let attributes name common attributes too.",
		}, func() { s.judge(s.read(u, "attributes", "meta"), Status(200), Assigned("meta.resourceType")) })

		s.it("several names are separated by commas", ID("projection.attributes-several"), Requires("7644-3.9-07", "7644-3.9-04"), Explain{
			Why: "Clients ask for all the attributes that they synchronise at once.",
			Fix: "Split attributes at commas.",
		}, func() {
			y := s.read(u, "attributes", "displayName,name")
			s.narrowed(y, "displayName", "name")
			s.judge(y, Status(200), whole(has(now, "displayName", "name.givenName"), s.only("User", "displayName", "name")))
		})

		s.it("names in attributes may be in any letter case", ID("projection.attributes-case"), Requires("7644-3.10-05", "7644-3.4.2.5-03"), Explain{
			Why: "Attribute names are case-insensitive everywhere, and clients write them as they like.",
			Fix: "Compare attribute names without regard to letter case.",
		}, func() { s.judge(s.read(u, "attributes", "DISPLAYNAME"), Status(200), whole(has(now, "displayName"))) })

		s.it("names in attributes may carry the schema's URN", ID("projection.attributes-urn"), Requires("7644-3.4.2.5-03", "7644-3.10-01"), Explain{
			Why: "The full form is the standard notation, and clients that work with several schemas use it throughout.",
			Fix: "Resolve names of the form URN:attribute for the base schema too.",
		}, func() {
			s.judge(s.read(u, "attributes", u.typ.Schema+":displayName"), Status(200), whole(has(now, "displayName")))
		})

		s.it("an unknown name in attributes is ignored or refused", ID("projection.unknown-name"), Requires("7644-3.4.2.5-01"), Explain{
			Why: "Clients name attributes that not every server has; a server error, or the whole resource, is no answer to that.",
			Fix: "Ignore names that no schema defines, or answer 400.",
		}, func() {
			y := s.read(u, "attributes", "displayName,noSuchAttribute")
			s.narrowed(y, "displayName", "noSuchAttribute")
			if y.Status == 400 {
				s.judge(y, ErrorBody)
			} else {
				s.judge(y, Status(200), whole(has(now, "displayName"), s.only("User", "displayName", "noSuchAttribute")))
			}
			s.observe("A33", "an unknown name in attributes", map[bool]string{true: "is refused", false: "is ignored"}[y.Status == 400])
		})

		s.it("attributes and excludedAttributes together are refused, or one of them is honoured", ID("projection.both"), Requires("7644-3.9-03"), Explain{
			Why: "The two exclude each other; ignoring both returns what the client did not want.",
			Fix: "Answer 400, or let one of them count.",
		}, func() {
			y := s.read(u, "attributes", "displayName,name", "excludedAttributes", "name")
			s.judge(y, func(y *reports.Exchange) error {
				if y.Status == 400 {
					return nil
				}
				o := y.Object()
				if Status(200)(y) != nil || scim.String(o, "id") == "" || s.only("User", "displayName", "name")(o) != nil && scim.Assigned(o["name"]) {
					return wrong("answer", text("400, or one of the two honoured"), text("status "+http.StatusText(y.Status)+" and neither"))
				}
				return nil
			})
			s.observe("A32", "attributes with excludedAttributes", map[bool]string{true: "is refused", false: "is answered"}[y.Status == 400])
		})
	})
}

func (s *session) projectionSubs() {
	s.about("attributes with sub-attributes and extensions", func() {
		var u *resource
		var now scim.Object
		var given, mails *reports.Exchange
		s.beforeAll(func() {
			s.needs("User", "name.givenName", "name.familyName", "emails.value", "emails.type")
			u = s.makeUser("parts")
			now = s.known(u, "name.givenName", "name.familyName", "emails.value", "emails.type")
			given, mails = s.read(u, "attributes", "name.givenName"), s.read(u, "attributes", "emails.value")
		})

		s.it("a sub-attribute can be asked for", ID("projection.sub-attribute"), Requires("7644-3.9-05"), Explain{
			Why: "Clients ask for name.givenName; without support for it they get nothing.",
			Fix: "Resolve names of the form attribute.subAttribute.",
		}, func() {
			s.narrowed(given, "name")
			s.judge(given, Status(200), whole(has(now, "name.givenName"), s.only("User", "name")))
			if scim.Assigned(scim.Get(now, "meta.resourceType")) {
				s.judge(s.read(u, "attributes", "meta.resourceType"), Status(200), whole(has(now, "meta.resourceType")))
			}
		})

		s.it("only the sub-attribute that was asked for is returned", ID("projection.sub-attribute-only"), Requires("7644-3.9-05"), Explain{
			Why: "Clients that narrow an answer must not, or cannot, handle the rest.",
			Fix: "Filter the members of complex values too.",
		}, func() {
			s.judge(given, Status(200), Attr("id", u.ID), Softly(reports.Warn, whole(leftOut(u.typ, "name.familyName"))))
		})

		s.it("a sub-attribute of a multi-valued attribute is returned for every value", ID("projection.multi-valued"), Requires("7644-3.9-05"), Explain{
			Why: "Clients read all addresses by emails.value; missing ones look deleted.",
			Fix: "Apply the sub-attribute to each value of the attribute.",
		}, func() {
			s.narrowed(mails, "emails")
			s.judge(mails, Status(200), whole(has(now, "emails.value"), s.only("User", "emails")))
		})

		s.it("only the sub-attribute of a multi-valued attribute that was asked for is returned", ID("projection.multi-valued-only"), Requires("7644-3.9-05"), Explain{
			Why: "Clients that narrow an answer must not, or cannot, handle the rest.",
			Fix: "Filter the members of each value.",
		}, func() {
			s.judge(mails, Status(200), Assigned("emails.value"), Softly(reports.Warn, whole(leftOut(u.typ, "emails.type"))))
		})
	})

	s.about("attributes with an extension", func() {
		const dept, number = scim.EnterpriseURN + ":department", scim.EnterpriseURN + ":employeeNumber"
		var u *resource
		var now scim.Object
		var x *reports.Exchange
		s.beforeAll(func() {
			s.needs("User", dept, number)
			u = s.makeUser("extended", enterprise(object{"department": "Sales", "employeeNumber": "4711"}))
			now = s.known(u, dept, number)
			x = s.read(u, "attributes", dept)
		})

		s.it("an attribute of an extension can be asked for by its full name", ID("projection.extension"), Requires("7644-3.4.2.5-03", "7644-3.10-01"), Explain{
			Why: "There is no other sure name for it; parsers that split at the dot of \"2.0\" do not find it.",
			Fix: "Take everything up to the last colon for the schema's URN before looking for a dot.",
		}, func() {
			s.narrowed(x, scim.EnterpriseURN)
			s.judge(x, Status(200), whole(has(now, dept), s.only("User", scim.EnterpriseURN)))
		})

		s.it("only the extension's attribute that was asked for is returned", ID("projection.extension-only"), Requires("7644-3.9-04"), Explain{
			Why: "Extensions often hold what most clients must not see.",
			Fix: "Filter the attributes of an extension one by one.",
		}, func() { s.judge(x, Status(200), Attr("id", u.ID), whole(leftOut(u.typ, number))) })

		s.it("the URN of an extension stands for all of its attributes", ID("projection.extension-whole"), Requires("7644-3.9-02"), Explain{
			Why: "The standard has no such name, yet clients use it to get an extension without knowing its attributes.",
			Fix: "Take a URN alone for all attributes of that schema.",
		}, func() {
			y := s.read(u, "attributes", scim.EnterpriseURN)
			s.judge(y, NotServerError, whole(has(now, dept, number)))
		})

		s.it("an attribute of an extension can be excluded", ID("projection.excluded-extension"), Requires("7644-3.9-06", "7644-3.4.2.5-03"), Explain{
			Why: "Extensions often hold what most clients must not see.",
			Fix: "Resolve full names in excludedAttributes too.",
		}, func() {
			s.judge(s.read(u, "excludedAttributes", dept), Status(200), whole(leftOut(u.typ, dept), has(now, number)))
		})
	})
}
