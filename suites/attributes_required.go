package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// attributeRequired: what a schema requires, and what it suggests (RFC 7643 §6, §7).
func (s *session) attributeRequired(z *zoo) {
	s.about("required attributes and canonical values", func() {
		s.it("a resource without a required attribute is refused with 400", ID("attributes.required"), Requires("7643-7-10", "7644-3.3-10", "7644-3.12-24"), Explain{
			Why: "Clients learn from the schema what they must send; records that lack it break whoever relies on them.",
			Fix: "Refuse a POST that lacks a required attribute with 400 and scimType invalidValue, or publish it as not required.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range p.t.traits()[1:] {
					if !a.attr.Required || !a.writable() || a.urn != "" && !slices.ContainsFunc(p.t.SchemaExtensions, func(e scim.Extension) bool { return e.Required && strings.EqualFold(e.Schema, a.urn) }) {
						continue
					}
					n++
					o := z.minimal(p.t, "lacking")
					if a.set(o, nil); a.attr.Required && a.urn != "" && len(a.holder(o)) == 0 {
						continue // the extension as a whole has a check of its own
					}
					errs = append(errs, z.lacking(p, o, a.String(), func(o scim.Object) bool { return scim.Assigned(a.get(o)) }))
				}
			}
			if n == 0 {
				s.skip("no resource type requires an attribute that clients write")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("a value without its required sub-attribute is refused with 400", ID("attributes.required-sub"), Requires("7643-7-10", "7644-3.3-10"), Explain{
			Why: "A half-filled address or contact cannot be used.",
			Fix: "Check required sub-attributes within every value of a complex attribute.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, whole := range p.traits {
					for _, a := range whole.parts() {
						if a.sub == nil || !a.sub.Required || !a.writable() || refersToResources(a.attr) {
							continue
						}
						n++
						o := z.body(p, "lacking", 0)
						v := deepValue(whole.get(o))
						for _, e := range valuesIn(v) {
							if m, ok := e.(scim.Object); ok {
								delete(m, a.sub.Name)
							}
						}
						whole.set(o, v)
						errs = append(errs, z.lacking(p, o, a.String(), func(o scim.Object) bool {
							return len(a.values(o)) > 0 && len(a.values(o)) == len(whole.values(o))
						}))
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has a required sub-attribute that clients write")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("a resource without a required extension is refused or gets it from the server", ID("attributes.extension-required"), Requires("7643-6-08"), Explain{
			Why: "Whoever relies on the extension being there fails on the first resource that lacks it.",
			Fix: "Refuse resources without a required extension with 400, or fill it in.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, e := range p.t.SchemaExtensions {
					sch := s.learned.schema(e.Schema)
					if !e.Required || sch == nil {
						continue
					}
					n++
					if !hasSchema(p.c.now, e.Schema) {
						errs = append(errs, wrong("schemas of a "+p.t.Name+", which requires "+e.Schema, e.Schema, p.c.now["schemas"]))
					}
					o := z.minimal(p.t, "unextended")
					for k := range o {
						if strings.EqualFold(k, e.Schema) {
							delete(o, k)
						}
					}
					o["schemas"] = slices.DeleteFunc(slices.Clone(scim.List(o, "schemas")), func(v any) bool { return sameFold(v, e.Schema) })
					x := s.post(p.t.Endpoint, p.t.Endpoint, o)
					s.see(x)
					r := s.adopt(p.t, o, x)
					if r == nil {
						errs = append(errs, prefixed(p.t.Name+" without "+e.Schema, soften(reports.Warn, Status(400)(x))))
						continue
					}
					if got := s.read(r); !hasSchema(got.Object(), e.Schema) {
						s.see(got)
						// The RFC's own samples lack an extension that they mark as required (ambiguity A61).
						errs = append(errs, soften(reports.Warn, wrong(p.t.Name+" without "+e.Schema, text("400, or the extension filled in"), x.Status)))
					}
				}
			}
			if n == 0 {
				s.skip("no resource type requires an extension")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("an extension that is not required may be left out", ID("attributes.extension-optional"), Requires("7643-6-09"), Explain{
			Why: "Clients that do not know the extension cannot create anything.",
			Fix: "Accept resources without extensions, or publish those as required.",
		}, func() {
			if s.cfg.Wire.ReadOnly {
				s.skip("read-only run: this check has to write")
			}
			n := 0
			var errs []error
			for _, t := range s.learned.resourceTypes {
				optional := slices.ContainsFunc(t.SchemaExtensions, func(e scim.Extension) bool { return !e.Required })
				if !optional || s.learned.asked[t] != "" {
					continue
				}
				o := z.minimal(t, "plain")
				x := s.post(t.Endpoint, t.Endpoint, o)
				s.see(x)
				switch x.Status {
				case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusForbidden:
					continue
				}
				n++
				if s.adopt(t, o, x) == nil {
					errs = append(errs, wrong("POST of a "+t.Name+" without extensions", text("success"), x.Status))
				}
			}
			if n == 0 {
				s.skip("no resource type has an extension that is not required")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("sample values of every attribute are taken, unless a string has a format of its own", ID("attributes.formats"), Requires("7643-2.3.1-02", "7643-8.7-01"), Explain{
			Why: "A format that no schema tells is learned by being refused.",
			Fix: "Describe the format in the description of the attribute, and in the detail of the error.",
		}, func() {
			var errs []error
			for _, p := range z.all() {
				for _, a := range p.refused {
					errs = append(errs, soften(reports.Info, wrong("POST with a sample value of "+a.String(), text("success"), text("a refusal"))))
				}
			}
			s.judgeErr(errors.Join(errs...))
		})
		for _, c := range []struct{ kind, id string }{{"boolean", "boolean"}, {"integer", "integer"}, {"decimal", "decimal"}, {"dateTime", "datetime"}} {
			s.it("a "+c.kind+" of each attribute that clients may write is taken", ID("attributes.takes-"+c.id), Requires("7643-7-16"), Explain{
				Why: "Unlike texts, values of this type have no format of their own; where all are refused, the attribute cannot be provisioned.",
				Fix: "Accept every value of the type that the schema names, and publish attributes that clients cannot set as readOnly.",
			}, func() { z.takes(c.kind) })
		}
		s.it("every canonical value is accepted and kept", ID("attributes.canonical-known"), Requires("7644-3.3-06", "7643-2.3.1-03"), Explain{
			Why: "Clients choose from the published values; one that the server does not take after all stops them.",
			Fix: "Publish just those canonical values that are accepted.",
		}, func() { s.canonicalKnown(z) })
		s.it("a value beside the canonical ones is accepted, refused or left out", ID("attributes.canonical-unknown"), Requires("7643-7-11", "7643-2.3.1-03"), Explain{
			Why: "Canonical values are suggestions; a server error on another value is none.",
			Fix: "Store the value, refuse it with 400 invalidValue, or leave it out.",
		}, func() { s.canonicalUnknown(z) })
	})
}

// takes wants each attribute of a type, outside of complex ones, to take what has that type. A number may have a range that
// no schema tells, so that it is enough there that one of three is taken.
func (z *zoo) takes(kind string) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		for _, a := range slices.Concat(p.traits, p.refused) {
			if a.attr.Complex() || a.kind() != kind {
				continue
			}
			n++
			ranks := []int{0, 1, 2}
			if !slices.Contains(p.refused, a) {
				ranks = ranks[2:] // the records of the pen have the others
			}
			errs = append(errs, z.take(p, a, ranks))
			if kind == "dateTime" {
				errs = append(errs, z.takesZones(p, a))
			}
		}
	}
	if n == 0 {
		z.s.skip("no resource type has an attribute of that type which clients may write")
	}
	z.s.judgeErr(errors.Join(errs...))
}

// take tries values of an attribute, each in a resource of its own.
func (z *zoo) take(p *pen, a trait, ranks []int) error {
	var crashes, refusals []error
	for _, rank := range ranks {
		m := z.sampler(p, "taken", rank)
		o := z.bodyOf(p, []trait{a}, "taken", m)
		crash, refusal := z.takesOne(p, a.String()+" = "+show(m.value(a)), o)
		if refusal != nil {
			crashes, refusals = append(crashes, crash), append(refusals, refusal)
		}
	}
	word := reports.Warn
	if number := a.kind() == "integer" || a.kind() == "decimal"; number && len(refusals) < 3 {
		word = reports.Info
	}
	return errors.Join(errors.Join(crashes...), soften(word, errors.Join(refusals...)))
}

// takesOne POSTs a resource that fits. Both errors are nil where it is taken; a refusal may be a crash too.
func (z *zoo) takesOne(p *pen, what string, o scim.Object) (crash, refusal error) {
	x := z.s.post(p.t.Endpoint, p.t.Endpoint, o)
	if z.s.adopt(p.t, o, x) != nil {
		return nil, nil
	}
	z.s.see(x)
	return NotServerError(x), wrong("POST with "+what, text("success"), x.Status)
}

// takesZones tries what is at the borders of xsd:dateTime: the zone that is furthest from UTC, and none, which is legal but
// says less (ambiguity A63).
func (z *zoo) takesZones(p *pen, a trait) error {
	var errs []error
	for _, c := range []struct {
		value string
		word  reports.Word
	}{{"2024-03-01T20:00:00+14:00", reports.Warn}, {"2024-03-01T20:00:00", reports.Info}} {
		o := z.minimal(p.t, "zone")
		a.set(o, c.value)
		crash, refusal := z.takesOne(p, a.String()+" = "+c.value, o)
		errs = append(errs, crash, soften(c.word, refusal))
	}
	return errors.Join(errs...)
}

// lacking wants a body that lacks something required to be refused.
// A server may have a default for what is left out (RFC 7644 §3.3), which filled finds out.
func (z *zoo) lacking(p *pen, o scim.Object, what string, filled func(o scim.Object) bool) error {
	x := z.s.post(p.t.Endpoint, p.t.Endpoint, o)
	z.s.see(x)
	if r := z.s.adopt(p.t, o, x); r != nil {
		got := z.s.read(r)
		z.s.see(got)
		if filled(got.Object()) {
			z.s.note("%s, where it is left out, is filled in by the target", what)
			return nil
		}
		return wrong("POST without "+what+", which is required", text("400"), x.Status)
	}
	if x.Status == 400 {
		return prefixed("POST without "+what, Softly(reports.Warn, ScimType(scim.InvalidValue, scim.InvalidSyntax))(x))
	}
	err := Status(400)(x)
	if x.Status > 400 && x.Status < 500 {
		err = soften(reports.Warn, err)
	}
	return prefixed("POST without "+what, err)
}

// canonicalKnown sends every canonical value of every attribute: as many resources as the longest list has values.
func (s *session) canonicalKnown(z *zoo) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		for round := 0; ; round++ {
			o := z.minimal(p.t, "canonical")
			m := z.sampler(p, "canonical", 2)
			var tried []trait
			for _, whole := range p.traits {
				for _, a := range whole.parts() {
					if round >= len(a.leaf().CanonicalValues) || !a.writable() || !a.readable() || refersToResources(a.attr) {
						continue
					}
					v := a.leaf().CanonicalValues[round]
					switch {
					case a.sub == nil && a.attr.MultiValued:
						whole.set(o, []any{v})
					case a.sub == nil:
						whole.set(o, v)
					default:
						e, _ := m.element(whole, 0).(scim.Object)
						e[a.sub.Name] = v
						if a.attr.MultiValued {
							whole.set(o, []any{e})
						} else {
							whole.set(o, e)
						}
					}
					tried = append(tried, a)
				}
			}
			if len(tried) == 0 {
				break
			}
			n++
			r, x := z.hatch(p.t, o)
			s.see(x)
			if r == nil {
				errs = append(errs, prefixed("POST with canonical values of "+names(tried), Status(201)(x)))
				continue
			}
			s.see(r.got)
			for _, a := range tried {
				errs = append(errs, a.retained(r.now, o, "POST"))
			}
		}
	}
	if n == 0 {
		s.skip("no resource type publishes canonical values")
	}
	s.judgeErr(errors.Join(errs...))
}

func names(list []trait) string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}

// canonicalUnknown sends an unlisted value for each attribute with canonical values, all of a type at once.
func (s *session) canonicalUnknown(z *zoo) {
	var errs []error
	n := 0
	for _, p := range z.all() {
		o := z.minimal(p.t, "uncanonical")
		m := z.sampler(p, "uncanonical", 2)
		var tried []trait
		for _, whole := range p.traits {
			for _, a := range whole.parts() {
				if a.kind() != "string" || len(a.leaf().CanonicalValues) == 0 || !a.writable() || !a.readable() || refersToResources(a.attr) {
					continue
				}
				const v = "scimproof"
				e, _ := m.element(whole, 0).(scim.Object)
				switch {
				case a.sub == nil && a.attr.MultiValued:
					whole.set(o, []any{v})
				case a.sub == nil:
					whole.set(o, v)
				case a.attr.MultiValued:
					e[a.sub.Name] = v
					whole.set(o, []any{e})
				default:
					e[a.sub.Name] = v
					whole.set(o, e)
				}
				tried = append(tried, a)
				break
			}
		}
		if len(tried) == 0 {
			continue
		}
		n++
		r, x := z.hatch(p.t, o)
		s.see(x)
		if r == nil {
			errs = append(errs, prefixed("an unlisted value of "+names(tried), ClientError(x)))
			s.observe("A66", "a value beside the canonical ones of a "+p.t.Name, "refused")
			continue
		}
		s.observe("A66", "a value beside the canonical ones of a "+p.t.Name, "accepted")
		for _, a := range tried {
			if !slices.ContainsFunc(a.values(r.now), func(g any) bool { return sameFold(g, "scimproof") }) {
				s.see(r.got)
				errs = append(errs, soften(reports.Warn, wrong("an unlisted value of "+a.String(), text("stored, or refused with 400"), a.get(r.now))))
			}
		}
	}
	if n == 0 {
		s.skip("no resource type publishes canonical values")
	}
	s.judgeErr(errors.Join(errs...))
}
