package suites

import (
	"errors"
	"net/http"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// attributeMutability: who may change which attribute, and when (RFC 7643 §7).
func (s *session) attributeMutability(z *zoo) {
	s.about("readOnly attributes of every type", func() {
		s.it("POST ignores the readOnly attributes of every type", ID("attributes.readonly-post"), Requires("7644-3.3-01", "7643-7-15"), Explain{
			Why: "Whoever can forge what the server computes can forge what others rely on.",
			Fix: "Drop readOnly attributes and sub-attributes from the body, and refuse nothing because of them.",
		}, func() {
			z.forged("POST", func(p *pen, o scim.Object) (*animal, *reports.Exchange) { return z.hatch(p.t, o) })
		})
		s.it("PUT ignores the readOnly attributes of every type", ID("attributes.readonly-put"), Requires("7644-3.5.1-10", "7643-7-15"), Explain{
			Why: "Clients send back all that they have read; what the server computes must not change by that.",
			Fix: "Drop readOnly attributes and sub-attributes from the body of a PUT.",
		}, func() {
			z.forged("PUT", func(p *pen, o scim.Object) (*animal, *reports.Exchange) {
				m := z.breed(p, "forged-put", 0)
				body := deepClone(m.Sent)
				for _, a := range z.readOnlyParts(p) {
					whole := trait{t: a.t, urn: a.urn, attr: a.attr}
					if v := whole.get(o); v != nil {
						whole.set(body, v)
					}
				}
				x := s.putOver(m.resource, body)
				z.look(m)
				return m, x
			})
		})
		s.it("PATCH of a readOnly attribute of any type is refused and changes nothing", ID("attributes.readonly-patch"), Requires("7644-3.5.2-09", "7643-7-15", "7644-3.12-20"), Explain{
			Why: "A client that gets success believes that it has changed what only the server may change.",
			Fix: "Refuse operations on readOnly attributes with 400 and scimType mutability.",
		}, func() {
			s.requires(Patch)
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range z.readOnlyParts(p) {
					value := z.forgery(p, a)
					if value == nil || a.sub != nil && a.attr.MultiValued && a.attr.Mutability != "readOnly" {
						continue // none is known to be forged, or which one is meant would take a filter
					}
					if a.sub == nil && a.attr.MultiValued {
						value = []any{value}
					}
					n++
					was := a.get(p.a.now)
					x := z.patchOf(p.a, op("replace", a.path(), value))
					s.see(x)
					errs = append(errs, prefixed("PATCH of "+a.String(), refusedAs(x, scim.Mutability)))
					if !z.look(p.a) {
						continue
					}
					errs = append(errs, z.tookForgery(p, a, was))
				}
			}
			if n == 0 {
				s.skip("no resource type has a readOnly attribute of its own")
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
	s.about("readOnly attributes in the value of a PATCH", func() {
		s.it("readOnly attributes of any type in a value without path are not changed", ID("attributes.readonly-value"), Requires("7643-7-15"), Explain{
			Why: "The rule that an attribute is the server's must not have a back door.",
			Fix: "Ignore readOnly attributes in such a value, extensions included, or refuse the request.",
		}, func() {
			s.requires(Patch)
			var errs []error
			n := 0
			for _, p := range z.all() {
				value := scim.Object{}
				var list []trait
				for _, a := range z.readOnlyParts(p) {
					if a.sub != nil {
						continue
					}
					forged := z.forgery(p, a)
					if forged == nil {
						continue
					}
					if a.attr.MultiValued {
						forged = []any{forged}
					}
					a.set(value, forged)
					list = append(list, a)
				}
				delete(value, "schemas")
				if len(list) == 0 {
					continue
				}
				n++
				was := p.a.now
				x := z.patchOf(p.a, op("replace", nil, value))
				s.see(x)
				if x.Err() != nil {
					s.cannotJudge(x.Err())
				}
				errs = append(errs, prefixed("PATCH of readOnly attributes of "+p.t.Name, NotServerError(x)))
				if !z.look(p.a) {
					continue
				}
				for _, a := range list {
					errs = append(errs, z.tookForgery(p, a, a.get(was)))
				}
			}
			if n == 0 {
				s.skip("no resource type has a readOnly attribute of its own")
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
	s.about("immutable attributes of every type", func() {
		s.it("an immutable attribute takes a value at creation", ID("attributes.immutable-created"), Requires("7643-7-18"), Explain{
			Why: "Creation is the one time when such an attribute can be set.",
			Fix: "Store immutable attributes that a POST carries.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range z.immutables(p) {
					if a.readable() && scim.Assigned(a.get(p.a.Sent)) {
						n++
						s.see(p.a.got)
						errs = append(errs, a.retained(p.a.now, p.a.Sent, "POST"))
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has an immutable attribute")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("PUT does not change an immutable attribute of any type", ID("attributes.immutable-put"), Requires("7644-3.5.1-07", "7643-7-17"), Explain{
			Why: "Immutable attributes are keys; whoever relies on them loses the resource when they change.",
			Fix: "Compare the given value with the stored one, and refuse another with 400 mutability.",
		}, func() {
			z.eachImmutable(func(p *pen, a trait) error {
				o := deepClone(p.a.Sent)
				a.set(o, z.another(p, a))
				x := s.putOver(p.a.resource, o)
				s.see(x)
				return errors.Join(prefixed("PUT of another "+a.String(), refusedSoftly(x)), z.unchanged(p.a, a, "PUT"))
			})
		})
		s.it("a PUT that leaves an immutable attribute out does not take its value away", ID("attributes.immutable-omitted"), Requires("7643-7-17"), Explain{
			Why: "Clients that know only a part of the schema leave it out, and the key that others rely on is gone.",
			Fix: "Keep the value of an immutable attribute that the body leaves out, or refuse the request.",
		}, func() {
			z.eachImmutable(func(p *pen, a trait) error {
				if a.attr.Required {
					return nil
				}
				m := z.breed(p, "omitted", 0)
				omitted := func(o scim.Object, what string) error {
					x := s.putOver(m.resource, o)
					s.see(x)
					if x.Err() != nil {
						s.cannotJudge(x.Err())
					}
					return errors.Join(NotServerError(x), soften(reports.Warn, z.unchanged(m, a, what)))
				}
				o := deepClone(m.Sent)
				a.set(o, nil)
				err := omitted(o, "PUT without it")
				if err == nil && a.urn != "" {
					o = deepClone(m.Sent)
					delete(o, a.urn)
					o["schemas"] = slices.DeleteFunc(slices.Clone(scim.List(o, "schemas")), func(v any) bool { return sameFold(v, a.urn) })
					err = omitted(o, "PUT without its extension")
				}
				return err
			})
		})
		s.it("PATCH does not change an immutable attribute of any type", ID("attributes.immutable-patch"), Requires("7644-3.5.2-09", "7643-7-17"), Explain{
			Why: "Immutable attributes are keys; whoever relies on them loses the resource when they change.",
			Fix: "Refuse operations that change an immutable attribute with 400 and scimType mutability.",
		}, func() {
			s.requires(Patch)
			z.eachImmutable(func(p *pen, a trait) error {
				x := z.patchOf(p.a, op("replace", a.path(), z.another(p, a)))
				s.see(x)
				return errors.Join(prefixed("PATCH of another "+a.String(), refusedAs(x, scim.Mutability)), z.unchanged(p.a, a, "PATCH"))
			})
		})
		s.it("an immutable attribute without value can be set by PUT", ID("attributes.immutable-late"), Requires("7644-3.5.1-09", "7643-7-18"), Explain{
			Why: "Clients often learn such a key only after the resource was created, and have no other way to store it.",
			Fix: "Apply the given value where nothing is stored.",
		}, func() {
			n := 0
			var errs []error
			for _, p := range z.all() {
				var list []trait
				for _, a := range z.immutables(p) {
					if !a.attr.Required && !scim.Assigned(a.get(p.c.now)) && a.readable() {
						list = append(list, a)
					}
				}
				if len(list) == 0 {
					continue
				}
				n++
				m, x := z.hatch(p.t, z.minimal(p.t, "late"))
				if m == nil {
					s.see(x)
					s.skip("POST %s answered %d to a resource such as it has taken before", p.t.Endpoint, x.Status)
				}
				o := deepClone(m.Sent)
				late := z.sampler(p, "late", 0)
				for _, a := range list {
					a.set(o, late.value(a))
				}
				x = s.putOver(m.resource, o)
				s.see(x)
				z.look(m)
				for _, a := range list {
					errs = append(errs, a.retained(m.now, o, "PUT of its first value"))
				}
			}
			if n == 0 {
				s.skip("no resource type has an immutable attribute that may be set later")
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
}

// refusedAs wants a refusal with 400 and one of the scimTypes; another client error is a lesser wrong (ambiguity A13).
func refusedAs(x *reports.Exchange, scimTypes ...string) error {
	if x.Status == http.StatusBadRequest {
		return Softly(reports.Warn, ScimType(scimTypes...))(x)
	}
	err := wrong("status", 400, x.Status)
	if x.Status > 400 && x.Status < 500 {
		return soften(reports.Warn, err)
	}
	return err
}

// refusedSoftly wants 400 mutability where the RFC only says SHOULD; that nothing changes is judged beside.
func refusedSoftly(x *reports.Exchange) error {
	return soften(reports.Warn, refusedAs(x, scim.Mutability))
}

// unchanged wants an attribute to have the value that it was created with.
func (z *zoo) unchanged(m *animal, a trait, verb string) error {
	was := a.get(m.now)
	if !z.look(m) || !a.readable() {
		return nil
	}
	z.s.see(m.got)
	if now := a.get(m.now); !equalValue(now, was) {
		return wrong(a.String()+" after "+verb, was, now)
	}
	return nil
}

// immutables lists the immutable attributes of a pen. Sub-attributes of members of a list are left out: replacing such a
// value as a whole is legitimate (ambiguity A45).
func (z *zoo) immutables(p *pen) []trait {
	var out []trait
	for _, a := range p.traits {
		if a.mutability() == "immutable" && !z.configured(a) {
			out = append(out, a)
		}
	}
	return out
}

// another is a value for an immutable attribute that the record does not have.
func (z *zoo) another(p *pen, a trait) any {
	m := z.sampler(p, "mutated", 1)
	if refersToResources(a.attr) && p.friend != nil && p.friend.typ == z.s.learned.typ("User") {
		m.id = z.s.makeUser("another")
	}
	return m.value(a)
}

func (z *zoo) eachImmutable(judge func(p *pen, a trait) error) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		for _, a := range z.immutables(p) {
			if scim.Assigned(a.get(p.a.now)) {
				n++
				errs = append(errs, judge(p, a))
			}
		}
	}
	if n == 0 {
		z.s.skip("no resource type has an immutable attribute that was kept")
	}
	z.s.judgeErr(errors.Join(errs...))
}

// readOnlyParts lists the readOnly attributes of a type, and of writable complex attributes the readOnly sub-attributes.
func (z *zoo) readOnlyParts(p *pen) []trait {
	var out []trait
	for _, whole := range p.t.traits()[1:] {
		if !whole.writable() {
			out = append(out, whole)
			continue
		}
		for _, a := range whole.parts() {
			if a.sub != nil && !a.writable() && slices.Contains(p.traits, whole) {
				out = append(out, a)
			}
		}
	}
	return out
}

// forgery is a value for one readOnly attribute that no server computes, or nil.
func (z *zoo) forgery(p *pen, a trait) any {
	m := sampler{s: z.s, tag: "forged", rank: 2, id: p.friend}
	if a.sub == nil && a.attr.Complex() {
		o := scim.Object{}
		for i := range a.attr.SubAttributes {
			sub := &a.attr.SubAttributes[i]
			if v := m.simple(sub, sub.Name, 0); v != nil && sub.Type != "reference" && sub.Type != "boolean" {
				o[sub.Name] = v
			}
		}
		return o
	}
	switch a.kind() {
	case "boolean": // there are only two, of which one is the server's own
		if own, ok := a.get(p.a.now).(bool); ok {
			return !own
		}
		return nil
	case "reference": // that of a resource is computed from its id
		return "https://" + z.s.domain() + "/forged"
	}
	return m.simple(a.leaf(), a.leaf().Name, 0)
}

// forged sends values for all readOnly attributes of a type at once, and wants none of them to be adopted.
func (z *zoo) forged(verb string, send func(p *pen, o scim.Object) (*animal, *reports.Exchange)) {
	s := z.s
	var errs []error
	n := 0
	for _, p := range z.all() {
		parts := z.readOnlyParts(p)
		if len(parts) == 0 {
			continue
		}
		n++
		o := z.body(p, "forged", 0)
		for _, a := range parts {
			whole := trait{t: a.t, urn: a.urn, attr: a.attr}
			v := z.forgery(p, a)
			if v == nil {
				continue
			}
			if a.sub == nil && a.attr.MultiValued {
				v = []any{v}
			}
			if a.sub != nil {
				old := deepValue(whole.get(o))
				for _, e := range valuesIn(old) {
					if m, ok := e.(scim.Object); ok {
						m[a.sub.Name] = v
					}
				}
				v = old
			}
			if v != nil {
				whole.set(o, v)
			}
		}
		m, x := send(p, o)
		s.see(x)
		if x.Err() == nil && !x.Success() {
			err := wrong(verb+" of a "+p.t.Name+" with readOnly attributes", text("success"), x.Status)
			if verb == "PUT" {
				err = soften(reports.Warn, err) // ambiguity A34
			}
			errs = append(errs, err)
		}
		if m == nil {
			continue
		}
		s.see(m.got)
		for _, a := range parts {
			f := z.forgery(p, a)
			for _, got := range valuesIn(a.get(m.now)) {
				if f != nil && holds(got, f) {
					errs = append(errs, wrong(a.String()+", which is readOnly, after "+verb, text("a value of the server's own"), got))
				}
			}
		}
	}
	if n == 0 {
		s.skip("no resource type has a readOnly attribute of its own")
	}
	s.judgeErr(errors.Join(errs...))
}

// tookForgery tells whether a readOnly attribute, which was something else, has the value that a PATCH has tried to give it.
func (z *zoo) tookForgery(p *pen, a trait, was any) error {
	now := a.get(p.a.now)
	if equalValue(now, was) || !slices.ContainsFunc(valuesIn(now), func(v any) bool { return holds(v, z.forgery(p, a)) }) {
		return nil
	}
	z.s.see(p.a.got)
	return wrong(a.String()+" after PATCH", was, now)
}
