package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// attributeUniqueness: which values two resources may share (RFC 7643 §7 uniqueness).
func (s *session) attributeUniqueness(z *zoo) {
	s.about("uniqueness of every attribute", func() {
		// each takes every attribute that is published as unique.
		each := func(what string, fits func(a trait) bool, judge func(p *pen, a trait) error) {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, a := range p.traits {
					if a.unique() && scim.Assigned(a.get(p.a.now)) && !z.configured(a) && fits(a) {
						n++
						errs = append(errs, judge(p, a))
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has %s", what)
			}
			s.judgeErr(errors.Join(errs...))
		}
		every := func(trait) bool { return true }
		cased := func(exact bool) func(a trait) bool {
			return func(a trait) bool { return a.kind() == "string" && a.attr.CaseExact == exact }
		}
		// twin is a resource that shares one value with the subject.
		twin := func(p *pen, a trait, v any) scim.Object {
			o := z.minimal(p.t, "twin")
			a.set(o, v)
			return o
		}

		s.it("POST of a taken value of any unique attribute is refused with 409", ID("attributes.unique-post"), Requires("7643-7-27", "7644-3.3-09"), Explain{
			Why: "Two records under one key cannot be told apart by whoever looks one up.",
			Fix: "Hold a unique index on every attribute that is published as unique, and answer 409 with scimType uniqueness.",
		}, func() {
			each("a unique attribute that clients write", every, func(p *pen, a trait) error {
				return z.taken409(p, a, twin(p, a, a.get(p.a.now)), "POST of a taken "+a.String())
			})
		})
		s.it("a taken value in another letter case is refused where the attribute is not case-exact", ID("attributes.unique-case"), Requires("7643-7-27", "7644-3.3-09"), Explain{
			Why: "The second record can never be found, since look-ups do not tell the two apart.",
			Fix: "Compare unique values as filters do: by caseExact of the attribute.",
		}, func() {
			each("a unique string that is not case-exact", cased(false), func(p *pen, a trait) error {
				return z.taken409(p, a, twin(p, a, swapCase(a.get(p.a.now))), "POST of "+a.String()+" in another letter case")
			})
		})
		s.it("a value in another letter case is another one where the attribute is case-exact", ID("attributes.unique-exact"), Requires("7643-7-26"), Explain{
			Why: "Serial numbers and keys may differ in letter case alone, and the second record cannot be created.",
			Fix: "Compare case-exact attributes exactly when looking for duplicates.",
		}, func() {
			each("a unique string that is case-exact", cased(true), func(p *pen, a trait) error {
				v := swapCase(a.get(p.a.now))
				if v == a.get(p.a.now) {
					return nil
				}
				o := twin(p, a, v)
				x := s.post(p.t.Endpoint, p.t.Endpoint, o)
				s.see(x)
				if s.adopt(p.t, o, x) == nil {
					return wrong("POST of "+a.String()+" in another letter case", text("success, since it is case-exact"), x.Status)
				}
				return nil
			})
		})
		for _, c := range []struct{ verb, id, statement string }{{"PUT", "unique-put", "7644-3.5.1-13"}, {"PATCH", "unique-patch", "7644-3.5.2-22"}} {
			s.it(c.verb+" of a taken value of any unique attribute is refused", ID("attributes."+c.id), Requires(c.statement, "7643-7-27", "7643-7-25"), Explain{
				Why: "Uniqueness that holds at creation only is lost with the first update.",
				Fix: "Check unique attributes on every write, and answer 409 or 400 with scimType uniqueness.",
			}, func() {
				each("a unique attribute that may be changed", func(a trait) bool { return a.mutability() == "readWrite" }, func(p *pen, a trait) error {
					var x *reports.Exchange
					if c.verb == "PUT" {
						o := deepClone(p.b.Sent)
						a.set(o, a.get(p.a.now))
						x = s.putOver(p.b.resource, o)
					} else {
						s.requires(Patch)
						x = z.patchOf(p.b, op("replace", a.path(), a.get(p.a.now)))
					}
					s.see(x)
					var errs []error
					if err := Status(http.StatusConflict, http.StatusBadRequest)(x); err != nil {
						if x.Status > 400 && x.Status < 500 {
							err = soften(reports.Warn, err)
						}
						errs = append(errs, err)
					} else {
						errs = append(errs, Softly(reports.Warn, ScimType(scim.Uniqueness))(x))
					}
					was := a.get(p.b.now)
					if z.look(p.b); !equalValue(a.get(p.b.now), was) {
						s.see(p.b.got)
						errs = append(errs, wrong(a.String()+" of the other resource", was, a.get(p.b.now)))
					}
					return prefixed(c.verb+" of a taken "+a.String(), errors.Join(errs...))
				})
			})
		}
		s.it("two resources may share the values of attributes that are not unique", ID("attributes.not-unique"), Requires("7643-7-26"), Explain{
			Why: "Two people may have the same name, title and department; the second one cannot be provisioned.",
			Fix: "Publish attributes that must be unique as such, and let the others repeat.",
		}, func() {
			var errs []error
			for _, p := range z.all() {
				o := z.minimal(p.t, "equal")
				for _, a := range p.traits {
					if v := a.get(p.a.Sent); !a.unique() && !z.natural(a) && scim.Assigned(v) {
						a.set(o, deepValue(v))
					}
				}
				x := s.post(p.t.Endpoint, p.t.Endpoint, o)
				s.see(x)
				if s.adopt(p.t, o, x) == nil {
					errs = append(errs, wrong("POST of a "+p.t.Name+" that shares every value which need not be unique", text("success"), x.Status))
				}
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
}

// taken409 POSTs a resource with a value that another has.
func (z *zoo) taken409(p *pen, a trait, o scim.Object, what string) error {
	x := z.s.post(p.t.Endpoint, p.t.Endpoint, o)
	z.s.see(x)
	if r := z.s.adopt(p.t, o, x); r != nil {
		got := z.s.read(r)
		z.s.see(got)
		if !slices.ContainsFunc(a.values(got.Object()), func(v any) bool { return same(a.kind(), v, a.get(p.a.now), a.attr.CaseExact) }) {
			return soften(reports.Warn, wrong(what, text("409"), text("success, and another value stored")))
		}
		return wrong(what, text("409"), x.Status)
	}
	if x.Status != http.StatusConflict {
		err := wrong(what, 409, x.Status)
		if x.Status > 400 && x.Status < 500 {
			err = soften(reports.Warn, err)
		}
		return err
	}
	return prefixed(what, Softly(reports.Warn, ScimType(scim.Uniqueness))(x))
}

// swapCase turns small ASCII letters into capitals and the other way round.
func swapCase(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}
