package suites

import (
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
)

// learnFromRecord finds out what a target that publishes no schemas supports: it creates one user with every standard
// attribute and forgets those that did not come back. A server may support a subset of the core schema
// (RFC 7644 §3.1), so nothing may be held against it for the rest.
func (s *session) learnFromRecord() {
	t := s.learned.typ("User")
	if s.learned.published || s.cfg.Wire.ReadOnly || t == nil {
		return
	}
	tag := s.tag("shape")
	o := scim.Object{"schemas": []any{t.Schema}, "userName": tag + "@" + s.domain()}
	for i := range t.base.Attributes {
		if a := &t.base.Attributes[i]; a.Mutability != "readOnly" && a.Name != "userName" && a.Name != "password" {
			o[a.Name] = s.filler().Sample(a, tag)
		}
	}
	for i := range t.extensions {
		ext := scim.Object{}
		for j := range t.extensions[i].Attributes {
			if a := &t.extensions[i].Attributes[j]; a.Type == "string" {
				ext[a.Name] = s.filler().Sample(a, tag)
			}
		}
		o[t.extensions[i].ID] = ext
		o["schemas"] = append(scim.List(o, "schemas"), t.extensions[i].ID)
	}
	x := s.post(t.Endpoint, t.Endpoint, o)
	r := s.adopt(t, o, x)
	if r == nil {
		return
	}
	got := s.read(r).Object()
	keep := func(prefix string, sent scim.Object, list []scim.Attribute) []scim.Attribute {
		return slices.DeleteFunc(slices.Clone(list), func(a scim.Attribute) bool {
			_, tried := sent[a.Name]
			return tried && !strings.EqualFold(a.Name, "userName") && !scim.Assigned(scim.Get(got, prefix+a.Name))
		})
	}
	t.base = &scim.Schema{ID: t.base.ID, Name: t.base.Name, Attributes: keep("", o, t.base.Attributes)}
	for i, e := range t.extensions {
		sent, _ := o[e.ID].(scim.Object)
		t.extensions[i] = &scim.Schema{ID: e.ID, Name: e.Name, Attributes: keep(e.ID+":", sent, e.Attributes)}
	}
}
