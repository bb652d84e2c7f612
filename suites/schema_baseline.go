package suites

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// schemaBaseline holds the published schemas against those of RFC 7643 §8.7 with its verified errata (ambiguity A52).
func (s *session) schemaBaseline(there func() *reports.Exchange) {
	compare := func(id, title string, want scim.Schema, reqs []string) {
		s.it(title, ID(id), Requires(reqs...), Explain{
			Why: "Identity providers map to the standard attributes by name, and send and read them as the standard defines them.",
			Fix: "Keep type, plurality, mutability and comparison of standard attributes as RFC 7643 defines them; leave out what is not supported.",
		}, func() {
			there()
			got := s.learned.schema(want.ID)
			if got == nil || !s.learned.published {
				s.skip("the target does not publish %s", want.ID)
			}
			s.judge(s.learned.schemas, func(*reports.Exchange) error {
				var errs []error
				for _, d := range deviations(got.Attributes, want.Attributes, want.Name+".") {
					if !d.permitted {
						errs = append(errs, d.err)
					}
				}
				return errors.Join(errs...)
			})
		})
	}
	numbers := func(from, to int) (ids []string) {
		for i := from; i <= to; i++ {
			ids = append(ids, fmt.Sprintf("7643-8.7.1-%02d", i))
		}
		return ids
	}
	compare("schema.user", "the published User attributes mean what they mean in the RFC", scim.UserSchema(), numbers(1, 21))
	compare("schema.group", "the published Group attributes mean what they mean in the RFC", scim.GroupSchema(), numbers(22, 23))
	compare("schema.enterprise", "the published enterprise attributes mean what they mean in the RFC", scim.EnterpriseSchema(), numbers(24, 29))
	for _, sch := range []scim.Schema{scim.ProviderConfigSchema(), scim.ResourceTypeSchema(), scim.SchemaSchema()} {
		name := sch.ID[strings.LastIndexByte(sch.ID, ':')+1:]
		compare("schema."+map[string]string{"ServiceProviderConfig": "provider-config", "ResourceType": "resource-type", "Schema": "schema"}[name],
			"the schema of "+name+", where it is published, is that of the RFC", sch, []string{"7643-8.7.2-01"})
	}

	s.it("which characteristics of core attributes the server has changed", ID("schema.choices"), Requires("7643-8.7-01"), Explain{
		Why: "A server may narrow the standard attributes; clients that do not read /Schemas learn of it by errors.",
		Fix: "Nothing has to be changed. Publish what is enforced, and tell it in the documentation too.",
	}, func() {
		there()
		if !s.learned.published {
			s.skip("the target publishes no schemas")
		}
		s.judge(s.learned.schemas, func(*reports.Exchange) error {
			var errs []error
			for _, want := range scim.CoreSchemas() {
				got := s.learned.schema(want.ID)
				if got == nil {
					continue
				}
				for _, d := range deviations(got.Attributes, want.Attributes, want.Name+".") {
					if d.permitted {
						errs = append(errs, d.err)
					}
				}
			}
			return errors.Join(errs...)
		})
	})
}

// deviation is one characteristic that is published otherwise than RFC 7643 defines it.
type deviation struct {
	err error
	// permitted is set where a server may choose ("where permitted, individual values MAY change", RFC 7643 §8.7.1).
	permitted bool
}

// deviations compares published attributes with those of the RFC. What is not published is not compared, apart from
// what has to be there: required attributes, and the value of multi-valued ones.
func deviations(got, want []scim.Attribute, prefix string) (list []deviation) {
	for i := range want {
		w := &want[i]
		sch := scim.Schema{Attributes: got}
		g := sch.Attr(w.Name)
		if g == nil {
			if w.Required && w.Mutability != "readOnly" || w.Name == "value" && strings.Count(prefix, ".") > 1 {
				list = append(list, deviation{err: wrong(prefix+w.Name, text("defined"), text("not defined"))})
			}
			continue
		}
		list = append(list, differences(g, w, prefix+w.Name)...)
		list = append(list, deviations(g.SubAttributes, w.SubAttributes, prefix+w.Name+".")...)
	}
	return list
}

// differences compares the characteristics of one attribute.
func differences(g, w *scim.Attribute, name string) (list []deviation) {
	differs := func(characteristic string, want, got any, permitted bool) {
		list = append(list, deviation{wrong(characteristic+" of "+name, want, got), permitted})
	}
	typ := orDefault(g.Type, "string")
	if typ != w.Type {
		// A reference or a binary is a string to most clients.
		differs("type", w.Type, typ, typ == "string" && (w.Type == "reference" || w.Type == "binary"))
		return list
	}
	if g.MultiValued != w.MultiValued {
		differs("multiValued", w.MultiValued, g.MultiValued, false)
	}
	if m := orDefault(g.Mutability, "readWrite"); m != w.Mutability {
		// Narrowing what clients may write is a choice; widening it, or hiding a value, is not.
		narrowed := w.Mutability == "readWrite" && m != "writeOnly" || w.Mutability == "immutable" && m == "readOnly"
		differs("mutability", w.Mutability, m, narrowed)
	}
	if r := orDefault(g.Returned, "default"); r != w.Returned {
		differs("returned", w.Returned, r, w.Returned == "default")
	}
	if g.Required != w.Required {
		differs("required", w.Required, g.Required, !w.Required || w.Mutability == "readOnly")
	}
	if u := orDefault(g.Uniqueness, "none"); u != orDefault(w.Uniqueness, "none") {
		differs("uniqueness", orDefault(w.Uniqueness, "none"), u, w.Uniqueness != "server" || u == "global")
	}
	list = append(list, comparisons(g, w, name)...)
	return list
}

// comparisons are the characteristics that tell how values are compared, and what they may be.
func comparisons(g, w *scim.Attribute, name string) (list []deviation) {
	if g.CaseExact != w.CaseExact {
		// The RFC prints false where references and binaries are case-exact by its text (A28); a server may compare
		// other texts exactly, apart from userName, whose comparison the text fixes.
		permitted := w.Type == "reference" || w.Type == "binary" || !w.CaseExact && w.Uniqueness != "server"
		// Of canonical values and sub-attributes of members nobody compares the letter case.
		permitted = permitted || w.Mutability == "readOnly" || strings.HasPrefix(name, "Group.members.")
		list = append(list, deviation{wrong("caseExact of "+name, w.CaseExact, g.CaseExact), permitted})
	}
	if len(w.CanonicalValues) > 0 && len(g.CanonicalValues) > 0 && !slices.ContainsFunc(g.CanonicalValues, func(v string) bool { return containsFold(w.CanonicalValues, v) }) {
		list = append(list, deviation{wrong("canonicalValues of "+name, w.CanonicalValues, g.CanonicalValues), true})
	}
	if len(w.ReferenceTypes) > 0 && w.Type == "reference" {
		switch {
		case len(g.ReferenceTypes) == 0:
			list = append(list, deviation{wrong("referenceTypes of "+name, w.ReferenceTypes, text("none")), true})
		case !slices.ContainsFunc(g.ReferenceTypes, func(v string) bool { return containsFold(w.ReferenceTypes, v) }):
			list = append(list, deviation{wrong("referenceTypes of "+name, w.ReferenceTypes, g.ReferenceTypes), false})
		}
	}
	return list
}

func orDefault(v, usual string) string {
	if v == "" {
		return usual
	}
	return v
}

func containsFold(list []string, v string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return strings.EqualFold(e, v) })
}
