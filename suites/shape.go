package suites

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
)

// UserShape tells how users must look where a target asks for more than its schema says.
type UserShape struct {
	// Domain is the mail domain of userName and emails; empty means "example.com".
	Domain string
	// Required holds attributes that every user gets, by their path in standard notation.
	Required map[string]any
}

// tag returns a name of this run that no other record has: "scimproof-RUN-b0007-WHAT". The letter is the lane's, which
// counts for itself.
func (s *session) tag(what string) string {
	s.names++
	return fmt.Sprintf("scimproof-%s-%c%04d-%s", s.cfg.RunID, s.letter(), s.names, what)
}

func (s *session) letter() byte {
	if s.at == nil {
		return '0' // before there are lanes
	}
	return s.at.letter
}

// domain is the mail domain of generated users.
func (s *session) domain() string {
	if s.cfg.User.Domain != "" {
		return s.cfg.User.Domain
	}
	return "example.com"
}

// minimalUser has what the target requires and no more.
func (s *session) minimalUser(what string) scim.Object {
	tag := s.tag(what)
	o := scim.Object{"schemas": []any{s.needsType("User").Schema}, "userName": tag + "@" + s.domain()}
	s.fillRequired("User", o, tag)
	return o
}

// user has a value for most attributes that the target declares, so that writes have something to leave alone.
// edits are applied last.
func (s *session) user(what string, edits ...func(scim.Object)) scim.Object {
	o := s.minimalUser(what)
	name := scim.String(o, "userName")
	tag := strings.TrimSuffix(name, "@"+s.domain())
	t := s.needsType("User")
	for path, v := range map[string]any{
		"externalId":  "Ext-" + tag,
		"name":        scim.Object{"givenName": "Given", "familyName": "Family", "formatted": "Given Family"},
		"displayName": "Display " + tag,
		"nickName":    "Nick",
		"title":       "Engineer",
		"userType":    "Employee",
		"active":      true,
		"emails": []any{
			scim.Object{"value": name, "type": "work", "primary": true},
			scim.Object{"value": "home." + name, "type": "home"},
		},
		"phoneNumbers": []any{scim.Object{"value": "+1-201-555-0123", "type": "work"}},
	} {
		if _, set := scim.Lookup(o, path); !set && t.attribute(path) != nil {
			o[path] = t.prune(path, v)
		}
	}
	for _, edit := range edits {
		edit(o)
	}
	return o
}

// set returns an edit that gives an attribute a value; nil takes the attribute away.
func set(name string, value any) func(scim.Object) {
	return func(o scim.Object) {
		if value == nil {
			delete(o, name)
			return
		}
		o[name] = value
	}
}

// enterprise returns an edit that adds the enterprise extension with these attributes.
func enterprise(attrs scim.Object) func(scim.Object) {
	return func(o scim.Object) {
		o["schemas"] = append(append([]any{}, scim.List(o, "schemas")...), scim.EnterpriseURN)
		o[scim.EnterpriseURN] = attrs
	}
}

// group has a display name of this run and the given members.
func (s *session) group(what string, members ...*resource) scim.Object {
	tag := s.tag(what)
	o := scim.Object{"schemas": []any{s.needsType("Group").Schema}, "displayName": tag}
	if len(members) > 0 {
		o["members"] = memberList(members...)
	}
	s.fillRequired("Group", o, tag)
	return o
}

// memberList writes members as a Group carries them.
func memberList(members ...*resource) []any {
	var list []any
	for _, m := range members {
		list = append(list, scim.Object{"value": m.ID})
	}
	return list
}

// fillRequired gives every attribute that the schema requires, or the configuration asks for, a fitting value.
func (s *session) fillRequired(typ string, o scim.Object, tag string) {
	t := s.needsType(typ)
	for i := range t.base.Attributes {
		a := &t.base.Attributes[i]
		if _, set := o[a.Name]; a.Required && a.Mutability != "readOnly" && !set {
			o[a.Name] = s.sample(a, tag)
		}
	}
	for _, e := range t.SchemaExtensions {
		if sch := s.learned.schema(e.Schema); e.Required && sch != nil {
			ext := scim.Object{}
			for i := range sch.Attributes {
				if a := &sch.Attributes[i]; a.Required && a.Mutability != "readOnly" {
					ext[a.Name] = s.sample(a, tag)
				}
			}
			o[e.Schema] = ext
			o["schemas"] = append(scim.List(o, "schemas"), e.Schema)
		}
	}
	configured := s.required(t)
	for _, path := range slices.Sorted(maps.Keys(configured)) {
		put(o, path, s.numbered(configured[path]))
	}
}

// put sets the attribute at a path in standard notation, making the objects on the way.
func put(o scim.Object, path string, v any) {
	p := scim.ParsePath(path)
	if p.URN != "" {
		ext, ok := o[p.URN].(scim.Object)
		if !ok {
			ext = scim.Object{}
			o[p.URN] = ext
			o["schemas"] = append(scim.List(o, "schemas"), p.URN)
		}
		o = ext
	}
	if p.Sub == "" {
		o[p.Attr] = v
		return
	}
	c, ok := o[p.Attr].(scim.Object)
	if !ok {
		c = scim.Object{}
		o[p.Attr] = c
	}
	c[p.Sub] = v
}

// sample makes a value that fits the attribute's type.
func (s *session) sample(a *scim.Attribute, tag string) any {
	one := s.sampleOne(a, tag)
	if a.MultiValued {
		return []any{one}
	}
	return one
}

func (s *session) sampleOne(a *scim.Attribute, tag string) any {
	if len(a.CanonicalValues) > 0 {
		return a.CanonicalValues[0]
	}
	switch a.Type {
	case "boolean":
		return true
	case "integer":
		return 1
	case "decimal":
		return 1.5
	case "dateTime":
		return "2026-01-02T03:04:05Z"
	case "binary":
		return "c2NpbXByb29m"
	case "reference":
		return "https://" + s.domain() + "/" + tag
	case "complex":
		o := scim.Object{}
		for i := range a.SubAttributes {
			sub := &a.SubAttributes[i]
			if (sub.Required || sub.Name == "value") && sub.Mutability != "readOnly" {
				o[sub.Name] = s.sample(sub, tag)
			}
		}
		if strings.EqualFold(a.Name, "name") {
			o["givenName"], o["familyName"] = "Given", "Family"
		}
		return o
	}
	if strings.Contains(strings.ToLower(a.Name), "email") || a.Name == "value" {
		return tag + "@" + s.domain()
	}
	return tag
}

// clone copies an object deeply enough to edit its members.
func clone(o scim.Object) scim.Object {
	c := maps.Clone(o)
	for k, v := range c {
		if m, ok := v.(scim.Object); ok {
			c[k] = clone(m)
		}
	}
	return c
}
