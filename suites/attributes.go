package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// attributes: every attribute of every resource type by its own definition (RFC 7643 §2, §7). What these checks send is
// learned from /Schemas alone, so that they judge types and attributes which no RFC knows. Each check lists all
// attributes that break its rule.
func (s *session) attributes() {
	z := &zoo{s: s}
	s.attributeTypes(z)
	s.attributeDefinitions(z)
	s.attributeValues(z)
	s.attributeCase(z)
	s.attributeRefusals(z)
	s.attributeRequired(z)
	s.attributeMutability(z)
	s.attributeReturned(z)
	s.attributeUniqueness(z)
	s.attributeFilters(z)
	s.attributeSorting(z)
	s.attributePatches(z)
	s.attributeDevices(z)
}

// zoo keeps specimens of each resource type: records that have a value for everything which the type declares.
type zoo struct {
	s     *session
	ready bool
	pens  []*pen
	// why tells for each type that has no pen what was in the way.
	why []string
}

// pen holds what is known of one resource type.
type pen struct {
	t *resourceType
	// traits are the attributes whose sample values the target takes; refused are the others.
	traits, refused []trait
	// a and b have a value for each trait, a the lesser one; c has what is required alone. b is older than a.
	a, b, c *animal
	// friend is what references of this type point to, or nil.
	friend *resource
	// put and patched are records after a PUT and a PATCH of every attribute; nil until then.
	put, patched *written
	removed      *removed
	// views are the answers that show a in all ways; nil until then.
	views *views
	// scope selects each record by a filter; nil until that was tried.
	scope map[*animal]string
}

// animal is a record and what a GET shows of it, attributes that are returned on request included.
type animal struct {
	*resource
	got *reports.Exchange
	now scim.Object
}

// all returns the pens and skips where there are none. The records are made on first use.
func (z *zoo) all() []*pen {
	if !z.ready {
		z.ready = true
		for _, t := range z.s.learned.resourceTypes {
			if p, why := z.fill(t); p != nil {
				z.pens = append(z.pens, p)
			} else {
				z.why = append(z.why, t.Name+": "+why)
			}
		}
	}
	if len(z.pens) == 0 {
		z.s.skip("no resource of any type can be made: %s", strings.Join(z.why, "; "))
	}
	for _, why := range z.why {
		z.s.note("not judged: %s", why)
	}
	return z.pens
}

// fill makes the records of a type, or tells why it cannot.
func (z *zoo) fill(t *resourceType) (*pen, string) {
	s := z.s
	if line := s.learned.asked[t]; line != "" {
		return nil, line
	}
	if s.cfg.Wire.ReadOnly {
		return nil, readOnlyRun
	}
	if !s.learned.published {
		return nil, "no schemas are published, so nothing is known of the characteristics of attributes"
	}
	if !slices.ContainsFunc(t.traits()[1:], trait.writable) {
		return nil, "all of its attributes are readOnly"
	}
	p := &pen{t: t}
	var x *reports.Exchange
	if p.c, x = z.hatch(t, z.minimal(t, "bare")); p.c == nil {
		s.see(x)
		if x.Err() != nil {
			s.cannotJudge(x.Err())
		}
		switch x.Status {
		case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusForbidden:
			return nil, "clients may not create it"
		}
		return nil, "POST " + t.Endpoint + " was refused or made nothing that can be read"
	}
	p.friend = z.friendOf(p)
	z.settle(p, p.t.traits(), 0)
	// As a text, too, what a has comes first.
	first, second := s.tag("subject"), s.tag("subject")
	other := func() *animal {
		m, _ := z.hatch(t, z.bodyOf(p, p.traits, "other", sampler{s: s, tag: second, rank: 1, id: p.friend}))
		return m
	}
	if p.b = other(); p.b == nil {
		// What takes one value and not the next must not hide all the others.
		list := p.traits
		p.traits = nil
		z.settle(p, list, 1)
		if p.b = other(); p.b == nil {
			return nil, "a resource with all attributes was refused"
		}
	}
	if p.a, _ = z.hatch(t, z.bodyOf(p, p.traits, "subject", sampler{s: s, tag: first, id: p.friend})); p.a == nil {
		return nil, "a resource with all attributes was refused"
	}
	return p, ""
}

// minimal is a new resource of any type with what is required.
func (z *zoo) minimal(t *resourceType, what string) scim.Object { return z.s.minimal(t, "attr-"+what) }

// friendOf finds a resource for references to point to: a user where references may mean users, else one of the same type.
func (z *zoo) friendOf(p *pen) *resource {
	for _, a := range p.t.traits() {
		if !refersToResources(a.attr) && (a.attr.Type != "reference" || isExternal(a.attr)) || !a.writable() {
			continue
		}
		ref := a.attr
		if a.attr.Complex() {
			ref = a.attr.Sub("$ref")
		}
		for _, name := range ref.ReferenceTypes {
			if other := z.s.learned.typ(name); other != nil && other != p.t {
				if r, _ := z.hatch(other, z.minimal(other, "friend")); r != nil {
					return r.resource
				}
			}
		}
	}
	return p.c.resource
}

// body is a resource with a value of the given rank for each trait of the pen.
func (z *zoo) body(p *pen, what string, rank int) scim.Object {
	return z.bodyOf(p, p.traits, what, z.sampler(p, what, rank))
}

func (z *zoo) bodyOf(p *pen, traits []trait, what string, m sampler) scim.Object {
	o := z.minimal(p.t, what)
	for _, a := range traits {
		if v := m.value(a); v != nil && a.writable() && !z.configured(a) {
			a.set(o, v)
		}
	}
	// An extension that is used has to have what it requires.
	for _, a := range p.t.traits() {
		if a.urn != "" && a.attr.Required && a.writable() && scim.Assigned(a.holder(o)) && !scim.Assigned(a.get(o)) {
			a.set(o, m.value(a))
		}
	}
	return o
}

func (z *zoo) sampler(p *pen, what string, rank int) sampler {
	return sampler{s: z.s, tag: z.s.tag(what), rank: rank, id: p.friend}
}

// configured tells whether the configuration fixes the value of the attribute.
func (z *zoo) configured(a trait) bool {
	for path := range z.s.required(a.t) {
		p := scim.ParsePath(path)
		if strings.EqualFold(p.Attr, a.attr.Name) && strings.EqualFold(p.URN, a.urn) {
			return true
		}
	}
	return false
}

// settle finds out which sample values the target takes. A string may have to have a format that no schema can express
// (RFC 7643 §2.3.1), so that a refusal is no defect by itself.
func (z *zoo) settle(p *pen, list []trait, rank int) {
	var candidates []trait
	for _, a := range list {
		if a.writable() && !z.configured(a) && (sampler{s: z.s, id: p.friend}).value(a) != nil {
			candidates = append(candidates, a)
		}
	}
	p.refused = append(p.refused, halve(candidates, 40, func(list []trait) bool {
		list = append(slices.Clone(p.traits), list...)
		o := z.bodyOf(p, list, "try", z.sampler(p, "try", rank))
		if x := z.s.post(p.t.Endpoint, p.t.Endpoint, o); z.s.adopt(p.t, o, x) == nil {
			return false
		}
		p.traits = list
		return true
	})...)
}

// hatch creates a record and reads it, or returns nil.
func (z *zoo) hatch(t *resourceType, o scim.Object) (*animal, *reports.Exchange) {
	x := z.s.post(t.Endpoint, t.Endpoint, o)
	r := z.s.adopt(t, o, x)
	if r == nil {
		return nil, x
	}
	m := &animal{resource: r}
	if !z.look(m) {
		return nil, m.got
	}
	return m, x
}

// look reads a record, with the attributes that are returned on request.
func (z *zoo) look(m *animal) bool {
	m.got = z.s.read(m.resource)
	if m.got.Status != http.StatusOK {
		return false
	}
	m.now = clone(m.got.Object())
	var paths []string
	for _, a := range m.typ.traits() {
		if a.returned() == "request" && a.mutability() != "writeOnly" {
			paths = append(paths, a.path())
		}
	}
	if len(paths) == 0 {
		return true
	}
	more := z.s.read(m.resource, "attributes", strings.Join(paths, ","))
	for _, a := range m.typ.traits() {
		if a.returned() == "request" {
			if v := a.get(more.Object()); v != nil {
				a.set(m.now, v)
			}
		}
	}
	return true
}

// breed makes a further record of a pen; it skips where that is refused, since it has been taken before.
func (z *zoo) breed(p *pen, what string, rank int) *animal {
	m, x := z.hatch(p.t, z.body(p, what, rank))
	if m == nil {
		z.s.see(x)
		if x.Err() != nil {
			z.s.cannotJudge(x.Err())
		}
		z.s.skip("POST %s answered %d to a resource such as it has taken before", p.t.Endpoint, x.Status)
	}
	return m
}

// judged runs over the traits and their parts, and judges what look finds; it skips where look never had anything to say.
// look tells whether the trait was of its concern.
func (z *zoo) judged(evidence []*reports.Exchange, what string, look func(p *pen, a trait) (concerns bool, err error)) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		for _, whole := range p.traits {
			for _, a := range whole.parts() {
				if concerns, err := look(p, a); concerns {
					n++
					errs = append(errs, err)
				}
			}
		}
	}
	if n == 0 {
		z.s.skip("no resource type has %s", what)
	}
	z.s.judgeErr(errors.Join(errs...), evidence...)
}
