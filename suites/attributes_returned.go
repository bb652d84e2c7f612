package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// views are the answers that show one record in different ways.
type views struct {
	// plain are answers without projection: reading, listing.
	plain map[string]scim.Object
	// halves are answers to attributes with every second path; asked tells which. excluded likewise.
	asked, excluded []projected
	// secrets are answers to attributes with what is never returned.
	secrets   []projected
	exchanges []*reports.Exchange
}

// projected is an answer to a projection, and the paths that were named in it.
type projected struct {
	how   string
	paths []string
	o     scim.Object
	ok    bool
}

func (v projected) names(a trait) bool {
	return slices.Contains(v.paths, a.path()) || a.sub != nil && slices.Contains(v.paths, trait{t: a.t, urn: a.urn, attr: a.attr}.path())
}

// namesPart tells whether a sub-attribute of the whole attribute is named.
func (v projected) namesPart(whole trait) bool {
	return slices.ContainsFunc(v.paths, func(path string) bool { return strings.HasPrefix(path, whole.path()+".") })
}

// look at a record in all ways; a projection names every second attribute, so that two answers tell of each attribute
// whether it comes when named and stays away when not.
func (z *zoo) viewsOf(p *pen) *views {
	if p.views != nil {
		return p.views
	}
	s := z.s
	v := &views{plain: map[string]scim.Object{}}
	p.views = v
	keep := func(x *reports.Exchange) *reports.Exchange {
		v.exchanges = append(v.exchanges, x)
		return x
	}
	v.plain["GET"] = keep(p.a.got).Object()
	filter := crowdEq("id", p.a.ID)
	pick := func(x *reports.Exchange) (scim.Object, bool) {
		if x.Status != http.StatusOK {
			return nil, false
		}
		o := item(x, p.a.resource)
		return o, o != nil
	}
	listed := s.offers(Filter)
	if listed {
		if o, ok := pick(keep(s.get(p.t.Endpoint, "filter", filter))); ok {
			v.plain["a list"] = o
		} else {
			listed = false
		}
	}
	ask := func(param string, paths []string) []projected {
		if len(paths) == 0 {
			return nil
		}
		value := strings.Join(paths, ",")
		x := keep(s.read(p.a.resource, param, value))
		out := []projected{{"GET with " + param, paths, x.Object(), x.Status == http.StatusOK}}
		if listed {
			o, ok := pick(keep(s.get(p.t.Endpoint, "filter", filter, param, value)))
			out = append(out, projected{"a list with " + param, paths, o, ok})
		}
		return out
	}
	// Each schema has answers of its own: a server that stumbles over URNs is to be judged on the rest.
	for _, urn := range schemasOf(p.t) {
		var sets [4][]string
		var secrets []string
		for i, whole := range p.t.traits() {
			switch {
			case whole.urn != urn:
				continue
			case !whole.readable():
				secrets = append(secrets, whole.path())
				continue
			}
			sets[i%2] = append(sets[i%2], whole.path())
			if !whole.attr.Complex() {
				continue
			}
			for j, a := range whole.parts() {
				sets[2+j%2] = append(sets[2+j%2], a.path())
			}
		}
		for _, paths := range sets {
			v.asked = append(v.asked, ask("attributes", paths)...)
			v.excluded = append(v.excluded, ask("excludedAttributes", paths)...)
		}
		// Naming what is never returned may be refused.
		v.secrets = append(v.secrets, ask("attributes", secrets)...)
	}
	return v
}

// schemasOf lists "" for the base schema, and the URNs of the extensions.
func schemasOf(t *resourceType) []string {
	out := []string{""}
	for _, a := range t.traits() {
		if !slices.Contains(out, a.urn) {
			out = append(out, a.urn)
		}
	}
	return out
}

// attributeReturned: when which attribute is returned (RFC 7643 §7 returned, RFC 7644 §3.9).
func (s *session) attributeReturned(z *zoo) {
	s.about("what is returned of every attribute", func() {
		// each judges every part of every attribute in every view.
		each := func(what string, judge func(p *pen, a trait, v *views) (bool, error)) {
			var errs []error
			n := 0
			for _, p := range z.all() {
				v := z.viewsOf(p)
				for _, x := range v.exchanges {
					s.see(x)
				}
				for _, whole := range p.t.traits() {
					list := whole.parts()
					if whole.attr.Complex() {
						list = append([]trait{whole}, list...)
					}
					for _, a := range list {
						if ok, err := judge(p, a, v); ok {
							n++
							errs = append(errs, err)
						}
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has %s", what)
			}
			s.judgeErr(errors.Join(errs...))
		}
		// known tells whether the record has a value that a GET may show.
		known := func(p *pen, a trait) bool { return a.readable() && scim.Assigned(a.get(p.a.now)) }

		s.it("default attributes of every type come without asking", ID("attributes.default-shown"), Requires("7643-7-23"), Explain{
			Why: "A client that misses an attribute in the answer takes it for cleared and writes it again.",
			Fix: "Return every attribute whose returned is default, in lists as well as alone.",
		}, func() {
			each("a default attribute with a value", func(p *pen, a trait, v *views) (bool, error) {
				want := a.get(p.a.now)
				for _, q := range v.asked {
					if q.ok && !scim.Assigned(want) && q.names(a) {
						want = a.get(q.o) // it is there, but comes only when it is named
					}
				}
				if a.returned() != "default" || !a.readable() || !scim.Assigned(want) {
					return false, nil
				}
				return true, z.inAll(v, func(how string, o scim.Object) error {
					if !equalValue(a.get(o), want) {
						return wrong(a.String()+" in "+how, want, a.get(o))
					}
					return nil
				})
			})
		})
		s.it("attributes returned always come whatever is asked for", ID("attributes.always"), Requires("7643-7-20", "7644-3.4.2.5-04"), Explain{
			Why: "They are the keys without which a client cannot use the rest of the answer.",
			Fix: "Add attributes that are returned always to every projection, and exclude them from none.",
		}, func() {
			each("an attribute of its own that is returned always", func(p *pen, a trait, v *views) (bool, error) {
				if a.returned() != "always" || a.attr.Returned != "always" || a.sub != nil || !known(p, a) {
					return false, nil
				}
				var errs []error
				for _, q := range append(slices.Clone(v.asked), v.excluded...) {
					if q.ok && !scim.Assigned(a.get(q.o)) {
						errs = append(errs, wrong(a.String()+" in "+q.how, a.get(p.a.now), nil))
					}
				}
				errs = append(errs, z.inAll(v, func(how string, o scim.Object) error {
					if !scim.Assigned(a.get(o)) {
						return wrong(a.String()+" in "+how, a.get(p.a.now), nil)
					}
					return nil
				}))
				return true, errors.Join(errs...)
			})
		})
		s.it("attributes that are never returned are in no answer, even when asked for", ID("attributes.never"), Requires("7643-7-21", "7643-7-19"), Explain{
			Why: "They are secrets, such as passwords and keys; whoever sees an answer would have them.",
			Fix: "Leave attributes whose returned is never, or whose mutability is writeOnly, out of every answer.",
		}, func() {
			each("an attribute that is never returned", func(p *pen, a trait, v *views) (bool, error) {
				if a.readable() || a.sub != nil && !trait.readable(trait{t: a.t, urn: a.urn, attr: a.attr}) {
					return false, nil
				}
				return true, z.nowhere(p, a, v)
			})
		})
		s.it("the answers to POST, PUT and PATCH hold no attribute that is never returned", ID("attributes.never-written"), Requires("7643-7-19", "7643-7-21"), Explain{
			Why: "Proxies and logs keep answers; a secret in one of them is no secret any more.",
			Fix: "Build the answers to writes with the same rules as those to reads.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range p.traits {
					if a.readable() || !scim.Assigned(a.get(p.a.Sent)) {
						continue
					}
					n++
					check := func(how string, x *reports.Exchange) {
						if x == nil {
							return
						}
						s.see(x)
						if v := a.get(x.Object()); v != nil {
							errs = append(errs, broken("%s is in the answer to %s", a.String(), how))
						}
					}
					check("POST", p.a.Created)
					w := z.overwrite(p)
					check("PUT", w.last)
					if c := s.learned.claim(Patch); c == nil || *c {
						check("PATCH", z.patchAll(p).last)
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has an attribute that is never returned")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("attributes returned on request stay away until they are named", ID("attributes.request-hidden"), Requires("7643-7-24"), Explain{
			Why: "They are large or costly; clients that did not ask must not pay for them.",
			Fix: "Leave attributes whose returned is request out of queries that do not name them.",
		}, func() {
			each("an attribute that is returned on request", func(p *pen, a trait, v *views) (bool, error) {
				if a.attr.Returned != "request" || a.sub != nil || !known(p, a) {
					return false, nil
				}
				return true, z.inAll(v, func(how string, o scim.Object) error {
					if scim.Assigned(a.get(o)) {
						return wrong(a.String()+" in "+how, text("nothing"), a.get(o))
					}
					return nil
				})
			})
		})
		s.it("attributes returned on request come when they are named", ID("attributes.request-named"), Requires("7643-7-24"), Explain{
			Why: "An attribute that cannot be had even by name is lost.",
			Fix: "Return attributes whose returned is request where attributes names them.",
		}, func() {
			each("an attribute that is returned on request", func(p *pen, a trait, v *views) (bool, error) {
				if a.attr.Returned != "request" || a.sub != nil || !a.writable() || !a.readable() || !scim.Assigned(a.get(p.a.Sent)) || !slices.Contains(p.traits, a) {
					return false, nil
				}
				var errs []error
				for _, q := range v.asked {
					if q.ok && slices.Contains(q.paths, a.path()) && !scim.Assigned(a.get(q.o)) {
						errs = append(errs, wrong(a.String()+" in "+q.how, a.get(p.a.Sent), nil))
					}
				}
				return true, errors.Join(errs...)
			})
		})
		s.it("attributes returned on request are in the answer to the POST that set them", ID("attributes.request-written"), Requires("7643-7-24"), Explain{
			Why: "It is how a client sees what became of the value that it has just sent.",
			Fix: "Return attributes whose returned is request in answers to POST, PUT and PATCH where the client has set them.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range p.traits {
					if a.attr.Returned != "request" || !a.writable() || !a.readable() || !scim.Assigned(a.get(p.a.Sent)) {
						continue
					}
					n++
					s.see(p.a.Created)
					if !scim.Assigned(a.get(p.a.Created.Object())) {
						errs = append(errs, wrong(a.String()+" in the answer to POST", a.get(p.a.Sent), nil))
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has an attribute that is returned on request")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("attributes returns each attribute of every type that it names", ID("attributes.named-shown"), Requires("7644-3.9-04", "7644-3.4.2.5-01"), Explain{
			Why: "Clients that ask for what they compare treat a missing attribute as cleared.",
			Fix: "Resolve every name of the schemas in attributes, extensions by their URN included.",
		}, func() {
			each("a readable attribute with a value", func(p *pen, a trait, v *views) (bool, error) {
				if a.sub != nil || !known(p, a) {
					return false, nil
				}
				var errs []error
				for _, q := range v.asked {
					if q.ok && slices.Contains(q.paths, a.path()) && !equalValue(a.get(q.o), a.get(p.a.now)) {
						errs = append(errs, wrong(a.String()+" in "+q.how, a.get(p.a.now), a.get(q.o)))
					}
				}
				return true, errors.Join(errs...)
			})
		})
		s.it("attributes returns no attribute of any type that it does not name", ID("attributes.unnamed-hidden"), Requires("7644-3.9-04", "7644-3.4.2.5-02"), Explain{
			Why: "Clients narrow an answer because they must not, or cannot, handle the rest.",
			Fix: "Let attributes replace the default set instead of adding to it.",
		}, func() {
			each("a default attribute with a value", func(p *pen, a trait, v *views) (bool, error) {
				if a.sub != nil || a.returned() != "default" || !known(p, a) {
					return false, nil
				}
				var errs []error
				for _, q := range v.asked {
					if q.ok && !q.names(a) && !q.namesPart(a) && scim.Assigned(a.get(q.o)) && !alwaysOnly(a.attr, a.get(q.o)) {
						errs = append(errs, wrong(a.String()+" in "+q.how+" that do not name it", text("nothing"), a.get(q.o)))
					}
				}
				return true, errors.Join(errs...)
			})
		})
		s.it("attributes returns each sub-attribute that it names, and not its siblings", ID("attributes.named-sub"), Requires("7644-3.9-05", "7644-3.9-04"), Explain{
			Why: "It is how clients fetch the one part of a large value that they need.",
			Fix: "Resolve names of the form attribute.sub in attributes.",
		}, func() {
			each("a complex attribute with values", func(p *pen, a trait, v *views) (bool, error) {
				if a.sub == nil || a.returned() != "default" || !known(p, a) {
					return false, nil
				}
				whole := trait{t: a.t, urn: a.urn, attr: a.attr}
				var errs []error
				for _, q := range v.asked {
					switch {
					case !q.ok || q.names(whole) || !q.namesPart(whole):
					case q.names(a) && !equalValue(a.says(q.o), a.says(p.a.now)):
						errs = append(errs, wrong(a.String()+" in "+q.how, a.says(p.a.now), a.says(q.o)))
					case !q.names(a) && scim.Assigned(a.says(q.o)) && a.sub.Returned != "always":
						// Bringing the whole value along is a lesser wrong (ambiguity A32).
						errs = append(errs, soften(reports.Warn, wrong(a.String()+" in "+q.how+" that name its siblings", text("nothing"), a.says(q.o))))
					}
				}
				return true, errors.Join(errs...)
			})
		})
		s.it("excludedAttributes leaves out each attribute of every type that it names, and no other", ID("attributes.excluded"), Requires("7644-3.9-06"), Explain{
			Why: "Clients exclude what is large; what comes nevertheless costs them the time that they wanted to save.",
			Fix: "Resolve every name of the schemas in excludedAttributes, extensions by their URN included.",
		}, func() {
			each("a default attribute with a value", func(p *pen, a trait, v *views) (bool, error) {
				if a.sub != nil || a.returned() != "default" || !known(p, a) {
					return false, nil
				}
				var errs []error
				for _, q := range v.excluded {
					switch got := a.get(q.o); {
					case !q.ok:
					case slices.Contains(q.paths, a.path()):
						if scim.Assigned(got) && !alwaysOnly(a.attr, got) {
							errs = append(errs, wrong(a.String()+" in "+q.how, text("nothing"), got))
						}
					case !q.namesPart(a) && !equalValue(got, a.get(p.a.now)):
						errs = append(errs, wrong(a.String()+" in "+q.how+" that do not name it", a.get(p.a.now), got))
					}
				}
				return true, errors.Join(errs...)
			})
		})
		s.it("excludedAttributes leaves out each sub-attribute that it names, and not its siblings", ID("attributes.excluded-sub"), Requires("7644-3.9-06", "7644-3.9-05"), Explain{
			Why: "Excluding photos.value must not take the rest of the photos away.",
			Fix: "Resolve names of the form attribute.sub in excludedAttributes.",
		}, func() {
			each("a complex attribute with values", func(p *pen, a trait, v *views) (bool, error) {
				if a.sub == nil || a.returned() != "default" || a.sub.Returned == "always" || !known(p, a) {
					return false, nil
				}
				whole := trait{t: a.t, urn: a.urn, attr: a.attr}
				var errs []error
				for _, q := range v.excluded {
					got := a.says(q.o)
					switch {
					case !q.ok || q.names(whole) || !q.namesPart(whole):
					case q.names(a) && scim.Assigned(got):
						errs = append(errs, wrong(a.String()+" in "+q.how, text("nothing"), got))
					case !q.names(a) && !equalValue(got, a.says(p.a.now)):
						errs = append(errs, wrong(a.String()+" in "+q.how+" that name its siblings", a.says(p.a.now), got))
					}
				}
				return true, errors.Join(errs...)
			})
		})
		s.it("projections of every type are answered", ID("attributes.projected"), Requires("7644-3.4.2.5-01"), Explain{
			Why: "A client that narrows its question must not lose the answer.",
			Fix: "Support attributes and excludedAttributes on every endpoint.",
		}, func() {
			var errs []error
			for _, p := range z.all() {
				v := z.viewsOf(p)
				for _, q := range append(slices.Clone(v.asked), v.excluded...) {
					if !q.ok {
						errs = append(errs, wrong(q.how+"="+strings.Join(q.paths, ",")+" of a "+p.t.Name, text("200 with the resource"), text("something else")))
					}
				}
				for _, x := range v.exchanges {
					s.see(x)
				}
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("attributes narrows the answers to POST, PUT and PATCH of every type", ID("attributes.projected-writes"), Requires("7644-3.9-04", "7644-3.9-02"), Explain{
			Why: "Clients that write in bulk ask for id alone, and get megabytes.",
			Fix: "Apply attributes to every answer that holds a resource.",
		}, func() { s.projectedWrites(z) })
	})
}

// inAll judges the answers without projection.
func (z *zoo) inAll(v *views, judge func(how string, o scim.Object) error) error {
	var errs []error
	for _, how := range []string{"GET", "a list"} {
		if o := v.plain[how]; o != nil {
			errs = append(errs, judge(how, o))
		}
	}
	return errors.Join(errs...)
}

// nowhere wants an attribute to be in no view.
func (z *zoo) nowhere(p *pen, a trait, v *views) error {
	var errs []error
	look := func(how string, o scim.Object) error {
		if scim.Assigned(a.get(o)) {
			errs = append(errs, broken("%s is in the answer to %s", a.String(), how))
		}
		return nil
	}
	_ = z.inAll(v, look)
	for _, q := range slices.Concat(v.asked, v.excluded, v.secrets) {
		_ = look(q.how, q.o)
	}
	return errors.Join(errs...)
}

// projectedWrites asks each write for one attribute, and wants no other default attribute of the type's own to come.
func (s *session) projectedWrites(z *zoo) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		i := slices.IndexFunc(p.traits, func(a trait) bool { return a.returned() == "default" && a.readable() && scim.Assigned(a.get(p.a.now)) })
		if i < 0 {
			continue
		}
		n++
		a := p.traits[i]
		q := query("attributes", a.path())
		body := z.body(p, "narrow", 0)
		x := s.do(wire.Request{Method: http.MethodPost, Path: p.t.Endpoint, Creates: p.t.Endpoint, RawQuery: q, Body: encode(body)})
		r := s.adopt(p.t, body, x)
		answers := map[string]*reports.Exchange{"POST": x}
		if r != nil {
			answers["PUT"] = s.do(wire.Request{Method: http.MethodPut, Path: r.path(), RawQuery: q, Body: encode(body)})
			if c := s.learned.claim(Patch); c == nil || *c {
				answers["PATCH"] = s.do(wire.Request{Method: http.MethodPatch, Path: r.path(), RawQuery: q, Body: encode(patchBody(op("replace", a.path(), a.get(body))))})
			}
		}
		for _, verb := range []string{"POST", "PUT", "PATCH"} {
			x := answers[verb]
			if x == nil || !x.Success() || len(x.Body()) == 0 {
				continue
			}
			s.see(x)
			for _, other := range p.traits {
				if other != a && other.attr.Returned != "always" && other.attr.Returned != "request" && scim.Assigned(other.get(x.Object())) && !alwaysOnly(other.attr, other.get(x.Object())) {
					errs = append(errs, wrong(other.String()+" in the answer to "+verb+" with attributes="+a.path(), text("nothing"), other.get(x.Object())))
				}
			}
		}
	}
	if n == 0 {
		s.skip("no resource type has a default attribute that was kept")
	}
	s.judgeErr(errors.Join(errs...))
}
