package suites

import (
	"net/http"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// attributeKinds are the simple data types with the words for them (RFC 7643 §2.3).
var attributeKinds = []struct{ kind, name, id, why, fix string }{
	{"string", "strings", "string", "A text that is lost or cut is data that somebody has to type again.", "Store every string attribute that the schema declares, in full."},
	{"boolean", "booleans", "boolean", "A switch that does not stay where it was put gives or takes rights.", "Store and return booleans as true and false."},
	{"integer", "integers", "integer", "Clients that compute with the number fail on a text, and a rounded one is another number.", "Store integers exactly, and write them without quotes, fraction or exponent."},
	{"decimal", "decimals", "decimal", "A fraction that is cut off is money or time that is lost.", "Store decimals with their fraction, and write them without quotes."},
	{"dateTime", "dateTimes", "datetime", "An instant that moves by a time zone ends somebody's access on the wrong day.", "Store the instant with its offset and fraction, not the text without them."},
	{"binary", "binaries", "binary", "A certificate with one wrong byte is no certificate.", "Decode base64 on the way in and encode the same bytes on the way out."},
	{"reference", "references", "reference", "Clients follow references; one that was changed leads nowhere.", "Store URIs as they are sent."},
}

// attributeValues: what was written is what is read, type by type.
func (s *session) attributeValues(z *zoo) {
	states := []struct{ id, verb, statement string }{
		{"post", "POST", "7644-3.3-06"}, {"put", "PUT", "7644-3.5.1-03"}, {"patch", "PATCH", "7644-3.5.2.3-02"},
	}
	for _, st := range states {
		s.about("the values of every attribute after "+st.verb, func() {
			states := map[*pen]*written{}
			s.beforeAll(func() {
				for _, p := range z.all() {
					switch st.id {
					case "post":
						states[p] = &written{m: p.a, sent: p.a.Sent}
					case "put":
						states[p] = z.overwrite(p)
					case "patch":
						s.requires(Patch)
						states[p] = z.patchAll(p)
					}
				}
			})
			for _, k := range attributeKinds {
				statements := []string{"7643-2.3-02", st.statement}
				switch k.kind {
				case "decimal":
					statements = append(statements, "7643-2.3.3-01")
				case "integer":
					statements = append(statements, "7643-2.3.4-01")
				}
				s.it(st.verb+" keeps "+k.name+" of every attribute", ID("attributes."+st.id+"-"+k.id), Requires(statements...), Explain{Why: k.why, Fix: k.fix}, func() {
					s.keptAfter(z, states, st.verb, k.kind, k.name)
				})
			}
			s.it(st.verb+" keeps all values of multi-valued attributes, and single values single", ID("attributes."+st.id+"-arrays"), Requires("7644-3.8-10", st.statement), Explain{
				Why: "A second address or label that is lost, or an array where a value belongs, breaks whoever reads it.",
				Fix: "Store each value of a multi-valued attribute, and return an array for those attributes alone.",
			}, func() {
				z.judged(z.evidence(states), "a readable attribute", func(p *pen, a trait) (bool, error) {
					w := states[p]
					if w == nil || !a.readable() || a.sub != nil && a.sub != &a.attr.SubAttributes[0] || !w.has(a) {
						return false, nil
					}
					if err := a.shaped(w.m.now); err != nil {
						return true, err
					}
					whole := trait{t: a.t, urn: a.urn, attr: a.attr}
					if n, want := len(whole.values(w.m.now)), len(whole.values(w.sent)); a.attr.MultiValued && n < want && n > 0 {
						return true, wrong("number of values of "+whole.String()+" after "+st.verb, want, n)
					}
					return true, nil
				})
			})
		})
	}
	s.about("updates of every attribute", func() {
		s.it("every readWrite attribute can be changed by PUT", ID("attributes.updatable"), Requires("7643-7-16"), Explain{
			Why: "A client that learned from the schema that an attribute is readWrite cannot tell why its update is refused.",
			Fix: "Publish attributes that cannot be changed as immutable or readOnly.",
		}, func() {
			z.judged(nil, "a readWrite attribute", func(p *pen, a trait) (bool, error) {
				if a.sub != nil && a.sub != &a.attr.SubAttributes[0] || a.mutability() != "readWrite" || p.a == nil {
					return false, nil
				}
				w := z.overwrite(p)
				whole := trait{t: a.t, urn: a.urn, attr: a.attr}
				if slices.Contains(w.refused, whole) {
					return true, wrong("PUT of another value for "+whole.String(), text("success"), text("a refusal"))
				}
				return true, nil
			})
		})
	})
}

// written is a record after a change: what was sent at last, and what came of it.
type written struct {
	m       *animal
	sent    scim.Object
	refused []trait
	last    *reports.Exchange
}

// has tells whether the change concerned the attribute.
func (w *written) has(a trait) bool {
	whole := trait{t: a.t, urn: a.urn, attr: a.attr}
	return scim.Assigned(whole.get(w.sent)) && !slices.Contains(w.refused, whole)
}

func (z *zoo) evidence(states map[*pen]*written) []*reports.Exchange {
	var out []*reports.Exchange
	for _, p := range z.pens {
		if w := states[p]; w != nil {
			if w.last != nil {
				out = append(out, w.last)
			}
			out = append(out, w.m.got)
		}
	}
	return out
}

// keptAfter judges the attributes of one type in the records after a change.
func (s *session) keptAfter(z *zoo, states map[*pen]*written, verb, kind, name string) {
	z.judged(z.evidence(states), name+" that could be written by "+verb+" and read", func(p *pen, a trait) (bool, error) {
		w := states[p]
		if w == nil || a.kind() != kind || !a.writable() || !a.readable() || !w.has(a) {
			return false, nil
		}
		return true, a.retained(w.m.now, w.sent, verb)
	})
}

// overwrite PUTs other values over a record, once for all checks. Attributes that the target refuses to change are left
// as they were.
func (z *zoo) overwrite(p *pen) *written {
	if p.put != nil {
		return p.put
	}
	m := z.breed(p, "put", 0)
	w := &written{m: m}
	p.put = w
	change := z.sampler(p, "put", 1)
	fixed := m.Sent
	list := slices.DeleteFunc(z.changeable(p), func(a trait) bool { return !scim.Assigned(a.withoutImmutable(change.value(a))) })
	w.refused = halve(list, 40, func(list []trait) bool {
		o := deepClone(fixed)
		for _, a := range list {
			a.set(o, change.value(a))
		}
		w.last = z.s.putOver(m.resource, o)
		if w.last.Success() {
			w.sent, fixed = o, o
		}
		return w.last.Success()
	})
	if w.sent == nil {
		z.s.see(w.last)
		z.s.block("put.status", "PUT %s answered %d to every change", m.path(), w.last.Status)
	}
	if !z.look(m) {
		z.s.see(m.got)
		z.s.block("read.status", "GET %s answered %d", m.path(), m.got.Status)
	}
	return w
}

// changeable lists the readWrite and writeOnly attributes of a pen.
func (z *zoo) changeable(p *pen) []trait {
	var out []trait
	for _, a := range p.traits {
		if m := a.mutability(); (m == "readWrite" || m == "writeOnly") && !z.configured(a) {
			out = append(out, a)
		}
	}
	return out
}

// halve sends a list in halves until what is refused stands alone, and returns that.
func halve(list []trait, tries int, send func([]trait) bool) []trait {
	var refused []trait
	var try func(list []trait)
	try = func(list []trait) {
		if len(list) == 0 {
			return
		}
		if tries--; tries < 0 {
			refused = append(refused, list...)
			return
		}
		if send(list) {
			return
		}
		if len(list) == 1 {
			refused = append(refused, list...)
			return
		}
		try(list[:len(list)/2])
		try(list[len(list)/2:])
	}
	try(list)
	return refused
}

// patchAll replaces each attribute of a record by one operation with a path, once for all checks.
func (z *zoo) patchAll(p *pen) *written {
	if p.patched != nil {
		return p.patched
	}
	m := z.breed(p, "patch", 0)
	w := &written{m: m, sent: deepClone(m.Sent)}
	p.patched = w
	change := z.sampler(p, "patch", 1)
	w.refused = halve(z.changeable(p), 40, func(list []trait) bool {
		var ops []scim.Object
		values := make([]any, len(list))
		for i, a := range list {
			values[i] = a.withoutImmutable(change.value(a))
			ops = append(ops, op("replace", a.path(), values[i]))
		}
		if w.last = z.patchOf(m, ops...); !w.last.Success() {
			return false
		}
		for i, a := range list {
			a.set(w.sent, values[i])
		}
		return true
	})
	if !z.look(m) {
		z.s.see(m.got)
		z.s.block("read.status", "GET %s answered %d", m.path(), m.got.Status)
	}
	return w
}

// withoutImmutable takes the parts away that a PATCH of a single complex value may not change.
func (a trait) withoutImmutable(value any) any {
	if a.attr.MultiValued || !a.attr.Complex() {
		return value
	}
	for _, part := range a.parts() {
		if part.mutability() == "immutable" {
			value = part.cut(value)
		}
	}
	return value
}

// patchOf is patch for checks that need PATCH as such.
func (z *zoo) patchOf(m *animal, ops ...scim.Object) *reports.Exchange {
	x := z.s.do(wire.Request{Method: http.MethodPatch, Path: m.path(), Body: encode(patchBody(ops...))})
	if x.Status == http.StatusMethodNotAllowed || x.Status == http.StatusNotImplemented {
		z.s.see(x)
		z.s.skip("PATCH %s answered %d", m.path(), x.Status)
	}
	return x
}

// deepClone copies an object with all that is in it.
func deepClone(o scim.Object) scim.Object {
	out := scim.Object{}
	for k, v := range o {
		out[k] = deepValue(v)
	}
	return out
}

func deepValue(v any) any {
	switch t := v.(type) {
	case scim.Object:
		return deepClone(t)
	case []any:
		out := make([]any, len(t))
		for i := range t {
			out[i] = deepValue(t[i])
		}
		return out
	}
	return v
}
