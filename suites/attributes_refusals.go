package suites

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// misfit is a value that does not belong into an attribute.
type misfit struct {
	kind  string
	value any
}

// misfits lists for each type a value of the wrong JSON form; the first is the one that is sent for every attribute.
var misfits = map[string][]misfit{
	"string":    {{"string", json.Number("5")}},
	"reference": {{"reference", json.Number("5")}},
	"boolean":   {{"boolean", "scimproof"}},
	"integer":   {{"integer", "five"}, {"integer-fraction", json.Number("1.5")}},
	"decimal":   {{"decimal", "five"}},
	"dateTime": {
		{"datetime", "2020-13-45"},
		{"datetime-date", "2020-06-15"},
		{"datetime-day", "2021-02-30T10:00:00Z"},
		{"datetime-offset", "2020-06-15T10:00:00+14:30"},
		{"datetime-minutes", "2020-06-15T10:00:00-05:60"},
		{"datetime-text", "2020-06-15T10:00:00 CET"},
	},
	"binary":  {{"binary", "%%% no base64 %%%"}},
	"complex": {{"complex", "scimproof"}},
}

// attributeRefusals: values of the wrong type (RFC 7644 §3.12, invalidValue).
func (s *session) attributeRefusals(z *zoo) {
	s.about("values of the wrong type for every attribute", func() {
		for _, c := range []struct{ kind, id, title, statement string }{
			{"string", "refuses-string", "a number is no value of a string", "7644-3.12-24"},
			{"reference", "refuses-reference", "a number is no value of a reference", "7644-3.12-24"},
			{"boolean", "refuses-boolean", "a word is no value of a boolean", "7644-3.12-24"},
			{"integer", "refuses-integer", "a word is no value of an integer", "7644-3.12-24"},
			{"integer-fraction", "refuses-fraction", "a fraction is no value of an integer", "7643-2.3.4-01"},
			{"decimal", "refuses-decimal", "a word is no value of a decimal", "7644-3.12-24"},
			{"datetime", "refuses-datetime", "a month that does not exist is no value of a dateTime", "7643-2.3.5-02"},
			{"datetime-date", "refuses-date", "a date without a time is no value of a dateTime", "7643-2.3.5-02"},
			{"datetime-day", "refuses-day", "a day that does not exist is no value of a dateTime", "7643-2.3.5-02"},
			{"datetime-offset", "refuses-offset", "a zone further than 14 hours from UTC is no value of a dateTime", "7643-2.3.5-02"},
			{"datetime-minutes", "refuses-offset-minutes", "a zone with 60 minutes is no value of a dateTime", "7643-2.3.5-02"},
			{"datetime-text", "refuses-zone-name", "the name of a zone is no part of a dateTime", "7643-2.3.5-02"},
			{"binary", "refuses-binary", "what is no base64 is no value of a binary", "7643-2.3.6-01"},
			{"complex", "refuses-complex", "a text is no value of a complex attribute", "7644-3.12-24"},
		} {
			s.it(c.title+", and refused with 400", ID("attributes."+c.id), Requires(c.statement, "7644-3.3-10"), Explain{
				Why: "A client that gets success believes that its value was stored; what was stored breaks the next reader.",
				Fix: "Check the type of each value against the schema, and answer 400 with scimType invalidValue.",
			}, func() {
				var errs []error
				n := 0
				for _, p := range z.all() {
					for _, whole := range p.traits {
						for _, a := range z.misfitted(p, whole, c.kind) {
							n++
							errs = append(errs, z.misplace(p, a, c.kind))
						}
					}
				}
				if n == 0 {
					s.skip("no resource type has a writable attribute of that type")
				}
				s.judgeErr(errors.Join(errs...))
			})
		}
		s.it("a text is no value of an extension, and refused with 400", ID("attributes.refuses-extension"), Requires("7644-3.3-10", "7644-3.12-24"), Explain{
			Why: "A client that gets success believes that the data of the extension was stored.",
			Fix: "Refuse an extension that is no object, with 400 and scimType invalidValue or invalidSyntax.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, e := range p.t.extensions {
					n++
					errs = append(errs, z.refusesExtension(p, e.ID))
				}
			}
			if n == 0 {
				s.skip("no resource type has an extension")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("an array is no value of a single-valued attribute, and refused with 400", ID("attributes.refuses-array"), Requires("7644-3.3-10", "7644-3.12-24"), Explain{
			Why: "A server that takes the first value, or the whole array, stores something else than was meant.",
			Fix: "Refuse an array where the schema has a single value, with 400 and scimType invalidValue.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range p.traits {
					if a.attr.MultiValued || a.attr.Complex() || !a.writable() {
						continue
					}
					v := z.sampler(p, "array", 2).value(a)
					n++
					errs = append(errs, z.refusesValue(p, a, []any{v, v}))
				}
			}
			if n == 0 {
				s.skip("no resource type has a writable single-valued attribute")
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
}

// misfitType is the type of the attributes that a kind of misfit is tried on.
func misfitType(kind string) string {
	for typ, list := range misfits {
		if slices.ContainsFunc(list, func(m misfit) bool { return m.kind == kind }) {
			return typ
		}
	}
	return kind
}

// misfitted lists where in an attribute a value of another type is tried: the attribute itself, or of a complex one the
// first part of that type.
func (z *zoo) misfitted(p *pen, whole trait, kind string) []trait {
	typ := misfitType(kind)
	if whole.attr.Complex() && typ == "complex" && !refersToResources(whole.attr) {
		return []trait{whole}
	}
	if refersToResources(whole.attr) {
		return nil
	}
	for _, a := range whole.parts() {
		if a.kind() == typ && a.writable() && typ != "complex" && !z.natural(a) {
			return []trait{a}
		}
	}
	return nil
}

// natural tells whether the attribute is the name that the run's records are known by; a record without it could be lost.
func (z *zoo) natural(a trait) bool {
	return a.sub == nil && a.urn == "" && (strings.EqualFold(a.attr.Name, "userName") || strings.EqualFold(a.attr.Name, "displayName") && a.t == z.s.learned.typ("Group"))
}

// misplace sends a value of the wrong type for one attribute.
func (z *zoo) misplace(p *pen, a trait, kind string) error {
	typ := misfitType(kind)
	var bad any
	for _, m := range misfits[typ] {
		if m.kind == kind {
			bad = m.value
		}
	}
	value := bad
	if a.sub != nil {
		m := z.sampler(p, "misfit", 2)
		o, _ := m.element(trait{t: a.t, urn: a.urn, attr: a.attr}, 0).(scim.Object)
		if o == nil {
			o = scim.Object{}
		}
		o[a.sub.Name] = bad
		value = o
	}
	if a.attr.MultiValued {
		value = []any{value}
	}
	return z.refusesValue(p, a, value)
}

// refusesExtension POSTs a resource with a text in place of an extension.
func (z *zoo) refusesExtension(p *pen, urn string) error {
	o := z.minimal(p.t, "misfit")
	o[urn] = "scimproof"
	return z.refuses(p, urn+` = "scimproof"`, o, func(got scim.Object) (stored any, broken bool) {
		stored, _ = scim.Lookup(got, urn)
		_, broken = stored.(string)
		return stored, broken
	})
}

// refusesValue POSTs a resource with a value that does not fit.
func (z *zoo) refusesValue(p *pen, a trait, value any) error {
	o := z.minimal(p.t, "misfit")
	trait{t: a.t, urn: a.urn, attr: a.attr}.set(o, value)
	return z.refuses(p, a.String()+" = "+show(value), o, func(got scim.Object) (stored any, broken bool) {
		return a.get(got), slices.ContainsFunc(a.values(got), func(v any) bool {
			return !fits(a.kind(), v) && (a.sub != nil || !a.attr.Complex()) || a.kind() == "binary" && !isBase64(firstText([]any{v})) || a.kind() == "dateTime" && !xsdDateTime.MatchString(firstText([]any{v}))
		})
	})
}

// refuses POSTs a resource in which something does not fit. A server that makes a fitting value of it, or leaves it out, has
// harmed nobody but the client (ambiguity A42); one that stores it as it is has broken its schema.
func (z *zoo) refuses(p *pen, what string, o scim.Object, kept func(got scim.Object) (stored any, broken bool)) error {
	x := z.s.post(p.t.Endpoint, p.t.Endpoint, o)
	z.s.see(x)
	r := z.s.adopt(p.t, o, x)
	if r == nil {
		return prefixed(what, refusedAs(x, scim.InvalidValue, scim.InvalidSyntax))
	}
	got := z.s.read(r)
	z.s.see(got)
	stored, broken := kept(got.Object())
	err := wrong(what, text("400 invalidValue"), text("success, and "+show(stored)+" stored"))
	if broken {
		return err
	}
	return soften(reports.Warn, err)
}

// prefixed names what violations are about.
func prefixed(what string, err error) error {
	var out []error
	for _, e := range flatten(err) {
		var v *violation
		if errors.As(e, &v) {
			w := *v
			w.what = what + ": " + w.what
			out = append(out, &w)
			continue
		}
		out = append(out, e)
	}
	return errors.Join(out...)
}
