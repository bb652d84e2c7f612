package suites

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// What the checks of PUT, DELETE, groups and versions share.

// putOver is replace for checks that need PUT as such: they are blocked where the target has none. A server that
// answers with another id has made another resource, which this run must be able to delete.
func (s *session) putOver(r *resource, o scim.Object, headers ...string) *reports.Exchange {
	x := s.replace(r, o, headers...)
	if x.Status == http.StatusMethodNotAllowed || x.Status == http.StatusNotImplemented {
		s.see(x)
		s.block("put.supported", "PUT %s answered %d", r.path(), x.Status)
	}
	if id := scim.String(x.Object(), "id"); x.Success() && id != "" && id != r.ID {
		s.client.Ledger().Own(r.typ.Endpoint, id, "")
	}
	return x
}

// patchWith is patch with headers.
func (s *session) patchWith(r *resource, headers []string, ops ...scim.Object) *reports.Exchange {
	return s.do(wire.Request{Method: http.MethodPatch, Path: r.path(), Body: encode(patchBody(ops...)), Header: header(headers...)})
}

// freeText names a plain string attribute of users that the target has and that a test may set to anything.
func (s *session) freeText() string {
	t := s.needsType("User")
	if !s.learned.published && !s.shown(t, "userName") {
		s.readBack(s.makeUser("probe"))
	}
	for _, name := range []string{"nickName", "title", "displayName", "userType"} {
		a := t.attribute(name)
		if _, fixed := s.cfg.User.Required[name]; fixed {
			continue
		}
		if a != nil && a.Mutability == "readWrite" && !a.Required && len(a.CanonicalValues) == 0 && a.Returned == "default" && (s.learned.published || s.shown(t, name)) {
			return name
		}
	}
	s.skip("the target's users have none of nickName, title, displayName and userType, or the configuration fixes it")
	return ""
}

// shown tells whether some resource of the type that was read in this run has a value for the attribute.
func (s *session) shown(t *resourceType, name string) bool {
	return slices.ContainsFunc(s.exchanges, func(x *reports.Exchange) bool {
		return x.Method == http.MethodGet && x.Success() && strings.Contains(x.URL, t.Endpoint+"/") && scim.Assigned(scim.Get(x.Object(), name))
	})
}

// extended returns an edit that adds those of the enterprise attributes which the target declares.
func (s *session) extended(attrs scim.Object) func(scim.Object) {
	return func(o scim.Object) {
		t := s.needsType("User")
		for name, v := range attrs {
			if path := scim.EnterpriseURN + ":" + name; t.attribute(path) != nil {
				scim.Put(o, path, t.prune(path, v))
			}
		}
	}
}

// settable skips unless clients may set the attributes of users whenever they like, and see them in every answer.
func (s *session) settable(paths ...string) { s.settableOf("User", paths...) }

// settableOf is settable for a type.
func (s *session) settableOf(typ string, paths ...string) {
	s.needs(typ, paths...)
	t := s.needsType(typ)
	for _, path := range paths {
		if at := scim.ParsePath(path); t.extension(at.URN) != nil {
			e := t.extension(at.URN)
			siblings := slices.Clone(e.Attributes)
			if a := e.Attr(at.Attr); at.Sub != "" {
				siblings = append(siblings, a.SubAttributes...)
			}
			for _, a := range siblings {
				if a.Required && !strings.EqualFold(a.Name, at.Attr) && !strings.EqualFold(a.Name, at.Sub) {
					s.skip("the target's schema for %s requires %s beside %s", typ, a.Name, path)
				}
			}
		}
		for _, a := range t.levels(path) {
			switch {
			case a == nil:
			case a.Mutability == "readOnly" || a.Mutability == "immutable":
				s.skip("the target's schema for %s says that %s is %s", typ, path, a.Mutability)
			case a.Returned == "request" || a.Returned == "never":
				s.skip("the target's schema for %s says that %s is returned: %s", typ, path, a.Returned)
			}
		}
	}
}

// removable is settable for attributes that may be taken away as well.
func (s *session) removable(paths ...string) {
	s.settable(paths...)
	for _, path := range paths {
		if slices.ContainsFunc(s.needsType("User").levels(path), func(a *scim.Attribute) bool { return a != nil && a.Required }) {
			s.skip("the target's schema for User says that %s is required", path)
		}
	}
}

// sameAsRead compares the answer to a write with a GET, but for what the former may show and the latter does not
// (RFC 7643 §7, "request").
func (t *resourceType) sameAsRead(read *reports.Exchange) Check {
	return func(x *reports.Exchange) error {
		return sameResource(t.without(x.Object(), "request"), t.without(read.Object(), "request"))
	}
}

// without copies a resource but for attributes, and parts of them, that have one of these values of returned.
func (t *resourceType) without(o scim.Object, returned ...string) scim.Object {
	o = clone(o)
	for _, a := range t.traits() {
		if slices.Contains(returned, a.returned()) {
			a.set(o, nil)
			continue
		}
		if !a.attr.Complex() {
			continue
		}
		for _, part := range a.parts() {
			if slices.Contains(returned, part.returned()) {
				a.set(o, part.cut(a.get(o)))
			}
		}
	}
	return o
}

// instantOf reads a timestamp of the resource in x.
func instantOf(x *reports.Exchange, path string) (time.Time, bool) {
	return parseInstant(scim.Get(x.Object(), path))
}

// parseInstant reads an xsd:dateTime, which may lack its zone.
func parseInstant(v any) (time.Time, bool) {
	text, _ := v.(string)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// outwait waits until a change must show in the timestamps of the resource in x: where they seem to be whole seconds,
// for the next one (ambiguity A39).
func (s *session) outwait(x *reports.Exchange) {
	wait := 5 * time.Millisecond
	if t, ok := instantOf(x, "meta.lastModified"); !ok || t.Nanosecond() == 0 {
		wait = 1100 * time.Millisecond
	}
	select {
	case <-s.ctx.Done():
	case <-time.After(wait):
	}
}

// modifiedAfter wants lastModified to be later than it was in before.
func modifiedAfter(before *reports.Exchange) Check {
	return func(x *reports.Exchange) error {
		was, ok1 := instantOf(before, "meta.lastModified")
		is, ok2 := instantOf(x, "meta.lastModified")
		if !ok1 || !ok2 {
			return nil // that there is a timestamp is judged elsewhere
		}
		if !is.After(was) {
			return wrong("meta.lastModified after the change", text("later than "+scim.String(before.Object(), "meta.lastModified")), scim.Get(x.Object(), "meta.lastModified"))
		}
		return nil
	}
}

// changedTo wants path to hold the new value. The old one is a lost write; something else may be a canonical form and
// weighs less (ambiguity A65).
func changedTo(path string, was, want any) Check {
	return func(x *reports.Exchange) error {
		got := scim.Get(x.Object(), path)
		if holds(got, want) || sameFold(got, want) {
			return nil
		}
		err := wrong(path+" after the write", want, got)
		if _, isText := want.(string); isText && scim.Assigned(got) && !equalValue(got, was) {
			return soften(reports.Warn, err)
		}
		return err
	}
}

// notRefused weighs a client error less than any other failure, for requests that a server should have put up with.
func notRefused(x *reports.Exchange) error {
	if x.Success() {
		return nil
	}
	err := wrong("status", text("success"), x.Status)
	if x.Status >= 400 && x.Status < 500 {
		return soften(reports.Warn, err)
	}
	return err
}

// succeeded wants any 2xx.
func succeeded(x *reports.Exchange) error {
	if !x.Success() {
		return wrong("status", text("success (2xx)"), x.Status)
	}
	return nil
}

// lists tells whether a list answer holds the resource with that id.
func lists(x *reports.Exchange, id string) bool {
	for _, o := range scim.Objects(x.Object(), "Resources") {
		if scim.String(o, "id") == id {
			return true
		}
	}
	return false
}

// Listed and Unlisted want a list that does, or does not, hold the resource.
func Listed(r *resource) Check {
	return func(x *reports.Exchange) error {
		if err := Status(http.StatusOK)(x); err != nil {
			return err
		}
		if !lists(x, r.ID) {
			return wrong("ids of the list", text("among them "+r.ID), scim.Get(x.Object(), "Resources.id"))
		}
		return nil
	}
}

// Unlisted is the contrary of Listed; the answer must be a list nevertheless.
func Unlisted(r *resource) Check {
	return func(x *reports.Exchange) error {
		if err := Status(http.StatusOK)(x); err != nil {
			return err
		}
		if !isList(x) {
			return wrong("answer", text("a list"), text("something else"))
		}
		if lists(x, r.ID) {
			return wrong("ids of the list", text("all but "+r.ID), scim.Get(x.Object(), "Resources.id"))
		}
		return nil
	}
}

// byName searches resources by their natural key.
func (s *session) byName(r *resource) *reports.Exchange {
	key := "userName"
	if r.typ.Name == "Group" {
		key = "displayName"
	}
	x := s.get(r.typ.Endpoint, "filter", key+" eq "+scim.Quote(scim.String(r.Sent, key)))
	s.filtered(x)
	return x
}

// filtered skips where the target refuses a filter, which is judged where filters are (ambiguities A30, A60).
func (s *session) filtered(x *reports.Exchange) {
	switch x.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotImplemented:
		s.see(x)
		s.skip("the target refuses this filter (status %d)", x.Status)
	}
}

// listed skips where the target refuses a list without filter as too long, which it may (ambiguity A04).
func (s *session) listed(lists ...*reports.Exchange) {
	for _, x := range lists {
		if tooMany(x) {
			s.see(x)
			s.observe("A04", "a list of very many resources is", "refused as tooMany")
			s.skip("the target refuses this list as tooMany")
		}
	}
}

func tooMany(x *reports.Exchange) bool {
	return x.Status == http.StatusBadRequest && ScimType(scim.TooMany)(x) == nil
}
