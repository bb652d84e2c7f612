package suites

import (
	"errors"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// attributePatches: each operation of PATCH on each attribute and sub-attribute (RFC 7644 §3.5.2). Operations on many
// attributes share a request; only where it is refused they are tried in halves.
func (s *session) attributePatches(z *zoo) {
	s.about("PATCH of every attribute", func() {
		s.beforeAll(func() { s.requires(Patch) })
		s.it("replace sets every attribute that clients may change", ID("attributes.patch-replace"), Requires("7644-3.5.2.3-02", "7644-3.5.2.3-03"), Explain{
			Why: "Provisioning clients change one attribute at a time; one that cannot be patched stays wrong for ever.",
			Fix: "Let PATCH reach every attribute of the schema, extensions by their URN included.",
		}, func() {
			z.patching("a readWrite attribute", func(p *pen) (bool, error) {
				w := z.patchAll(p)
				s.see(w.last)
				var errs []error
				for _, a := range z.changeable(p) {
					if slices.Contains(w.refused, a) {
						errs = append(errs, wrong("PATCH replace of "+a.String(), text("success"), text("a refusal")))
					}
				}
				return len(z.changeable(p)) > 0, errors.Join(errs...)
			})
		})
		s.it("remove unassigns every attribute that is not required", ID("attributes.patch-remove"), Requires("7644-3.5.2.2-02", "7644-3.5.2.2-03"), Explain{
			Why: "What cannot be removed stays: a phone number, a right, a manager who left.",
			Fix: "Let remove delete the value of any attribute that is neither required nor readOnly.",
		}, func() {
			z.patching("an attribute that may be removed", func(p *pen) (bool, error) {
				w := z.removeAll(p)
				return w.n > 0, errors.Join(w.errs...)
			})
		})
		s.it("add gives every attribute without value one", ID("attributes.patch-add"), Requires("7644-3.5.2.1-03"), Explain{
			Why: "It is how clients fill in what was not known at creation.",
			Fix: "Let add create the attribute, and the container of an extension, where there is none.",
		}, func() {
			z.patching("an attribute without value", func(p *pen) (bool, error) {
				var errs []error
				m, x := z.hatch(p.t, z.minimal(p.t, "added"))
				if m == nil {
					s.see(x)
					return false, nil
				}
				var list []trait
				for _, a := range z.changeable(p) {
					if !scim.Assigned(a.get(m.now)) {
						list = append(list, a)
					}
				}
				given := z.sampler(p, "added", 0)
				sent := deepClone(m.Sent)
				refused := halve(list, 40, func(list []trait) bool {
					var ops []scim.Object
					values := make([]any, len(list))
					for i, a := range list {
						values[i] = given.value(a)
						ops = append(ops, op("add", a.path(), values[i]))
					}
					x := z.patchOf(m, ops...)
					s.see(x)
					if x.Success() {
						for i, a := range list {
							a.set(sent, values[i])
						}
					}
					return x.Success()
				})
				z.look(m)
				s.see(m.got)
				for _, a := range list {
					switch {
					case slices.Contains(refused, a):
						errs = append(errs, wrong("PATCH add of "+a.String(), text("success"), text("a refusal")))
					case a.readable():
						for _, part := range a.parts() {
							errs = append(errs, part.retained(m.now, sent, "PATCH add"))
						}
					}
				}
				return len(list) > 0, errors.Join(errs...)
			})
		})
		s.it("replace and remove of a sub-attribute of every complex attribute leave its siblings alone", ID("attributes.patch-sub"), Requires("7644-3.5.2.3-05", "7644-3.5.2.2-02"), Explain{
			Why: "Changing somebody's given name must not lose the family name.",
			Fix: "Apply operations with a path to a sub-attribute to that sub-attribute alone.",
		}, func() {
			z.patching("a singular complex attribute", z.patchParts)
		})
		s.it("PATCH that takes a required part of a complex attribute away is refused", ID("attributes.patch-required-part"), Requires("7644-3.5.2.2-06", "7643-7-10"), Explain{
			Why: "A certificate without its subject, or an address without its town, is of no use to anybody.",
			Fix: "Look at required of the sub-attribute that the path names, in remove and for null; answer 400.",
		}, func() {
			z.patching("a singular complex attribute with a required part", z.patchRequiredParts)
		})
		s.it("a value of every complex multi-valued attribute can be changed and removed by a filter", ID("attributes.patch-element"), Requires("7644-3.5.2.3-07", "7644-3.5.2.2-05"), Explain{
			Why: "It is how Entra changes the work address and leaves the private one alone.",
			Fix: "Support paths of the form attribute[filter].sub and attribute[filter] for every multi-valued attribute.",
		}, func() {
			z.patching("a complex multi-valued attribute with values", z.patchElements)
		})
		s.it("add appends to every multi-valued attribute", ID("attributes.patch-append"), Requires("7644-3.5.2.1-05"), Explain{
			Why: "A client that adds one label or address must not lose the others.",
			Fix: "Append the values of add to those that are there.",
		}, func() {
			z.patching("a multi-valued attribute", z.patchAppend)
		})
		s.it("removing all attributes of an extension removes the extension", ID("attributes.patch-extension"), Requires("7643-3-01", "7644-3.5.2.2-02"), Explain{
			Why: "An extension that is listed but empty makes clients look for data that is not there.",
			Fix: "Take the container of an extension away with its last attribute, or leave it empty; never keep its values.",
		}, func() {
			z.patching("an extension that is not required", func(p *pen) (bool, error) {
				w := z.removeAll(p)
				var errs []error
				concerned := false
				for _, e := range p.t.extensions {
					if slices.ContainsFunc(e.Attributes, func(a scim.Attribute) bool { return a.Required || orDefault(a.Mutability, "readWrite") != "readWrite" }) {
						continue
					}
					concerned = concerned || scim.Assigned(w.before[e.ID])
					if v, _ := scim.Lookup(w.m.now, e.ID); scim.Assigned(v) {
						s.see(w.m.got)
						errs = append(errs, wrong(e.ID+" after all of its attributes were removed", text("nothing"), v))
					}
				}
				return concerned, errors.Join(errs...)
			})
		})
	})
}

// patching judges each type, and skips where none has what is judged.
func (z *zoo) patching(what string, judge func(p *pen) (concerned bool, err error)) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		if concerned, err := judge(p); concerned {
			n++
			errs = append(errs, err)
		}
	}
	if n == 0 {
		z.s.skip("no resource type has %s", what)
	}
	z.s.judgeErr(errors.Join(errs...))
}

// removed is a record after each attribute that may go was removed.
type removed struct {
	m      *animal
	before scim.Object
	errs   []error
	n      int // how many were removed
}

func (z *zoo) removeAll(p *pen) *removed {
	if p.removed != nil {
		return p.removed
	}
	m := z.breed(p, "removed", 0)
	w := &removed{m: m, before: m.now}
	p.removed = w
	var list []trait
	for _, a := range z.changeable(p) {
		if !a.attr.Required && a.readable() && scim.Assigned(a.get(m.now)) && !z.natural(a) && !z.extensionNeeds(a) {
			list = append(list, a)
		}
	}
	w.n = len(list)
	refused := halve(list, 40, func(list []trait) bool {
		var ops []scim.Object
		for _, a := range list {
			ops = append(ops, op("remove", a.path(), nil))
		}
		x := z.patchOf(m, ops...)
		z.s.see(x)
		return x.Success()
	})
	z.look(m)
	z.s.see(m.got)
	for _, a := range list {
		now := a.get(m.now)
		switch {
		case slices.Contains(refused, a):
			w.errs = append(w.errs, wrong("PATCH remove of "+a.String(), text("success"), text("a refusal")))
		case scim.Assigned(now) && equalValue(now, a.get(w.before)):
			w.errs = append(w.errs, wrong(a.String()+" after PATCH remove", text("nothing"), now))
		case scim.Assigned(now):
			// A server may have a default of its own.
			w.errs = append(w.errs, soften(reports.Warn, wrong(a.String()+" after PATCH remove", text("nothing"), now)))
		}
	}
	return w
}

// extensionNeeds tells whether taking the attribute away could leave an extension without what it requires.
func (z *zoo) extensionNeeds(a trait) bool {
	return a.urn != "" && a.attr.Required
}

// patchParts replaces and removes sub-attributes of singular complex attributes.
func (z *zoo) patchParts(p *pen) (bool, error) {
	var errs []error
	var m *animal
	for _, whole := range z.changeable(p) {
		if !whole.attr.Complex() || whole.attr.MultiValued || !whole.readable() || refersToResources(whole.attr) {
			continue
		}
		if m == nil {
			m = z.breed(p, "parts", 0)
		}
		var parts []trait
		for _, a := range whole.parts() {
			if a.mutability() == "readWrite" && a.readable() && scim.Assigned(a.get(m.now)) {
				parts = append(parts, a)
			}
		}
		other, _ := z.sampler(p, "parts", 1).element(whole, 0).(scim.Object)
		for i, a := range parts {
			before := m.now
			want := scim.Object{}
			whole.set(want, scim.Object{a.sub.Name: other[a.sub.Name]})
			remove := i%2 == 1 && !a.sub.Required
			o := op("replace", a.path(), other[a.sub.Name])
			if remove {
				o = op("remove", a.path(), nil)
			}
			x := z.patchOf(m, o)
			z.s.see(x)
			if !x.Success() {
				errs = append(errs, wrong("PATCH "+show(o["op"])+" of "+a.String(), text("success"), x.Status))
				continue
			}
			z.look(m)
			z.s.see(m.got)
			if remove && scim.Assigned(a.get(m.now)) {
				errs = append(errs, wrong(a.String()+" after PATCH remove", text("nothing"), a.get(m.now)))
			} else if !remove {
				errs = append(errs, a.retained(m.now, want, "PATCH replace"))
			}
			for _, sibling := range parts {
				// The full form of a name or an address may follow from its parts.
				if sibling != a && !strings.Contains(strings.ToLower(sibling.sub.Name), "formatted") && !equalValue(sibling.get(m.now), sibling.get(before)) {
					errs = append(errs, wrong(sibling.String()+" after PATCH of "+a.String(), sibling.get(before), sibling.get(m.now)))
				}
			}
		}
	}
	return m != nil, errors.Join(errs...)
}

// patchRequiredParts tries to remove the required sub-attributes of singular complex attributes, and to set them to null.
func (z *zoo) patchRequiredParts(p *pen) (bool, error) {
	var errs []error
	var m *animal
	for _, whole := range z.changeable(p) {
		if !whole.attr.Complex() || whole.attr.MultiValued || !whole.readable() {
			continue
		}
		for _, a := range whole.parts() {
			if a.sub == nil || !a.sub.Required || !a.writable() || !a.readable() {
				continue
			}
			if m == nil {
				m = z.breed(p, "needed", 0)
			}
			if !scim.Assigned(a.get(m.now)) {
				continue
			}
			for _, o := range []scim.Object{op("remove", a.path(), nil), {"op": "replace", "path": a.path(), "value": nil}} {
				x := z.patchOf(m, o)
				z.s.see(x)
				if ClientError(x) != nil {
					err := wrong("PATCH "+show(o["op"])+" that takes "+a.String()+" away", text("a refusal"), x.Status)
					if o["op"] == "replace" { // what null does there is judged by what is left (ambiguity A17)
						err = soften(reports.Warn, err)
					}
					errs = append(errs, err)
				}
				z.look(m)
				z.s.see(m.got)
				if !scim.Assigned(whole.get(m.now)) && !whole.attr.Required {
					// Without the whole attribute nothing lacks a part: the resource is as its schema wants it.
					return true, soften(reports.Warn, errors.Join(errs...))
				}
				if !scim.Assigned(a.get(m.now)) {
					return true, errors.Join(append(errs, wrong(a.String()+" after the PATCH", text("its value"), nil))...)
				}
			}
		}
	}
	return m != nil, errors.Join(errs...)
}

// patchElements changes a sub-attribute of one value and removes one value, of each complex multi-valued attribute.
func (z *zoo) patchElements(p *pen) (bool, error) {
	var errs []error
	var m *animal
	for _, whole := range z.changeable(p) {
		if !whole.attr.Complex() || !whole.attr.MultiValued || !whole.readable() || refersToResources(whole.attr) || whole.attr.Sub("value") == nil || whole.attr.Sub("value").Type == "binary" {
			continue
		}
		if m == nil {
			m = z.breed(p, "elements", 0)
		}
		list := whole.values(m.now)
		if len(list) != 2 {
			continue
		}
		first, ok1 := list[0].(scim.Object)
		second, ok2 := list[1].(scim.Object)
		if !ok1 || !ok2 {
			continue
		}
		selects := func(o scim.Object) string {
			v, _ := scim.Lookup(o, "value")
			return whole.path() + "[value eq " + literal(v) + "]"
		}
		part := z.partToChange(p, whole)
		if part != nil {
			want, _ := z.sampler(p, "elements", 1).element(whole, 0).(scim.Object)
			value := want[part.sub.Name]
			x := z.patchOf(m, op("replace", selects(first)+"."+part.sub.Name, value))
			z.s.see(x)
			if !x.Success() {
				errs = append(errs, wrong("PATCH replace of "+part.String()+" by a filter", text("success"), x.Status))
			} else {
				z.look(m)
				z.s.see(m.got)
				changed := 0
				for _, v := range part.values(m.now) {
					if same(part.kind(), v, value, false) {
						changed++
					}
				}
				if changed != 1 {
					errs = append(errs, wrong("values of "+part.String()+" that PATCH has changed by a filter", 1, changed))
				}
			}
		}
		x := z.patchOf(m, op("remove", selects(second), nil))
		z.s.see(x)
		if !x.Success() {
			errs = append(errs, wrong("PATCH remove of a value of "+whole.String()+" by a filter", text("success"), x.Status))
			continue
		}
		z.look(m)
		z.s.see(m.got)
		value := trait{t: whole.t, urn: whole.urn, attr: whole.attr, sub: whole.attr.Sub("value")}
		v, _ := scim.Lookup(first, "value")
		if got := value.values(m.now); len(got) != 1 || !same(value.kind(), got[0], v, false) {
			errs = append(errs, wrong("values of "+whole.String()+" after one of two was removed by a filter", []any{v}, got))
		}
	}
	return m != nil, errors.Join(errs...)
}

// partToChange picks the sub-attribute of a multi-valued attribute that a filter on value can change: neither value nor
// one with a meaning of its own, nor one that the target writes itself.
func (z *zoo) partToChange(p *pen, whole trait) *trait {
	for _, a := range whole.parts() {
		if slices.Contains([]string{"value", "primary", "type", "$ref"}, a.sub.Name) || a.mutability() != "readWrite" || !a.readable() || a.returned() == "request" || len(a.sub.CanonicalValues) > 0 || a.kind() == "boolean" {
			continue
		}
		sent, now := a.values(p.a.Sent), a.values(p.a.now)
		if len(sent) > 0 && len(now) > 0 && !slices.ContainsFunc(now, func(v any) bool { return same(a.kind(), v, sent[0], false) }) {
			continue
		}
		return &a
	}
	return nil
}

// patchAppend adds a third value to each multi-valued attribute.
func (z *zoo) patchAppend(p *pen) (bool, error) {
	var errs []error
	m := (*animal)(nil)
	type grown struct {
		a     trait
		value any
		was   int
	}
	var list []grown
	for _, a := range z.changeable(p) {
		if !a.attr.MultiValued || !a.readable() || refersToResources(a.attr) || len(a.attr.CanonicalValues) > 0 {
			continue
		}
		if m == nil {
			m = z.breed(p, "appended", 0)
		}
		v := z.sampler(p, "appended", 2).element(a, 0)
		if o, ok := v.(scim.Object); ok {
			delete(o, "primary")
		}
		if n := len(a.values(m.now)); n > 0 {
			list = append(list, grown{a, v, n})
		}
	}
	if m == nil {
		return false, nil
	}
	var traits []trait
	for _, g := range list {
		traits = append(traits, g.a)
	}
	refused := halve(traits, 40, func(some []trait) bool {
		var ops []scim.Object
		for _, g := range list {
			if slices.Contains(some, g.a) {
				ops = append(ops, op("add", g.a.path(), []any{g.value}))
			}
		}
		x := z.patchOf(m, ops...)
		z.s.see(x)
		return x.Success()
	})
	z.look(m)
	z.s.see(m.got)
	for _, g := range list {
		if slices.Contains(refused, g.a) {
			errs = append(errs, wrong("PATCH add of a value to "+g.a.String(), text("success"), text("a refusal")))
		} else if n := len(g.a.values(m.now)); n != g.was+1 {
			errs = append(errs, wrong("number of values of "+g.a.String()+" after PATCH add of one to "+show(g.was), g.was+1, n))
		}
	}
	return m != nil, errors.Join(errs...)
}
