package suites

import (
	"slices"
	"strings"

	"github.com/scimproof/scimproof/reports"
)

// attributeCase: letter case of values in storage, and the forms of binaries (RFC 7643 §2.3.6, §7).
func (s *session) attributeCase(z *zoo) {
	s.about("the letter case of values", func() {
		s.it("values of case-exact attributes keep their letter case", ID("attributes.case-kept"), Requires("7643-7-13"), Explain{
			Why: "Identifiers that differ in letter case alone become the same one, and whoever sent them finds nothing any more.",
			Fix: "Store values of attributes that are published as caseExact unchanged.",
		}, func() {
			z.judged(nil, "a case-exact string that can be written and read", func(p *pen, a trait) (bool, error) {
				if a.kind() != "string" && a.kind() != "reference" || !a.leaf().CaseExact || !a.writable() || !a.readable() || refersToResources(a.attr) {
					return false, nil
				}
				s.see(p.a.got)
				got := a.values(p.a.now)
				var altered any
				for _, want := range a.values(p.a.Sent) {
					if i := slices.IndexFunc(got, func(g any) bool { return sameFold(g, want) }); i >= 0 && !slices.Contains(got, want) {
						altered = got[i]
					}
				}
				if altered != nil {
					return true, wrong(a.String()+", which is case-exact", a.get(p.a.Sent), altered)
				}
				return len(a.values(p.a.Sent)) > 0, nil
			})
		})
		s.it("values of other strings may come back in another letter case", ID("attributes.case-altered"), Requires("7643-7-14"), Explain{
			Why: "Clients that compare strictly see a difference that is none, and write again in every cycle.",
			Fix: "Nothing has to be changed; keeping what was sent spares clients an update.",
		}, func() {
			altered := false
			z.judged(nil, "a string that is not case-exact", func(p *pen, a trait) (bool, error) {
				if a.kind() != "string" || a.leaf().CaseExact || !a.writable() || !a.readable() {
					return false, nil
				}
				s.see(p.a.got)
				got := a.values(p.a.now)
				for _, want := range a.values(p.a.Sent) {
					if !slices.Contains(got, want) && slices.ContainsFunc(got, func(g any) bool { return sameFold(g, want) }) {
						altered = true
						return true, soften(reports.Info, wrong(a.String(), want, a.get(p.a.now)))
					}
				}
				return true, nil
			})
			if altered {
				s.observe("7643-7", "the letter case of values that are not case-exact", "altered")
			}
		})
		s.it("base64 without its padding is accepted", ID("attributes.binary-unpadded"), Requires("7643-2.3.6-02"), Explain{
			Why: "The padding may be left out, and some encoders do.",
			Fix: "Decode base64 with a decoder that does not insist on trailing equal signs.",
		}, func() {
			z.judged(nil, "a binary that can be written", func(p *pen, a trait) (bool, error) {
				if a.kind() != "binary" || !a.writable() || !strings.HasSuffix(firstText(a.values(p.a.Sent)), "=") {
					return false, nil
				}
				o := z.body(p, "unpadded", 0)
				strip(a, o)
				x := s.post(p.t.Endpoint, p.t.Endpoint, o)
				s.see(x)
				r := s.adopt(p.t, o, x)
				if r == nil {
					return true, soften(reports.Info, wrong("POST with "+a.String()+" without padding", text("success"), x.Status))
				}
				m := &animal{resource: r}
				if !z.look(m) || !a.readable() {
					return true, nil
				}
				s.see(m.got)
				return true, a.retained(m.now, o, "POST without padding")
			})
		})
	})
}

func firstText(list []any) string {
	if len(list) == 0 {
		return ""
	}
	s, _ := list[0].(string)
	return s
}

// strip takes the padding from all values of a binary attribute.
func strip(a trait, o map[string]any) {
	bare := func(v any) any {
		s, ok := v.(string)
		if !ok {
			return v
		}
		return strings.TrimRight(s, "=")
	}
	whole := trait{t: a.t, urn: a.urn, attr: a.attr}
	v := deepValue(whole.get(o))
	if a.sub == nil {
		if list, ok := v.([]any); ok {
			for i := range list {
				list[i] = bare(list[i])
			}
		} else {
			v = bare(v)
		}
	} else {
		for _, e := range valuesIn(v) {
			if m, ok := e.(map[string]any); ok && m[a.sub.Name] != nil {
				m[a.sub.Name] = bare(m[a.sub.Name])
			}
		}
	}
	whole.set(o, v)
}

// valuesIn lists the values of an attribute, which may be single.
func valuesIn(v any) []any {
	switch t := v.(type) {
	case nil:
		return nil
	case []any:
		return t
	}
	return []any{v}
}
