package suites

import (
	"cmp"
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
			o[path] = scim.Chosen(t.attribute(path), t.prune(path, v), 0)
		}
	}
	for _, edit := range edits {
		edit(o)
	}
	return s.completed(t, o)
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
	return s.completed(s.needsType("Group"), o)
}

// memberList writes members as a Group carries them.
func memberList(members ...*resource) []any {
	var list []any
	for _, m := range members {
		list = append(list, scim.Object{"value": m.ID})
	}
	return list
}

// filler makes what a schema requires.
func (s *session) filler() scim.Filler { return scim.Filler{Domain: s.domain()} }

// fillRequired gives every attribute that the schema requires, or the configuration asks for, a fitting value.
func (s *session) fillRequired(typ string, o scim.Object, tag string) {
	t := s.needsType(typ)
	maps.Copy(o, s.filler().Required(o, t.base.Attributes, tag))
	for _, e := range t.SchemaExtensions {
		if sch := s.learned.schema(e.Schema); e.Required && sch != nil {
			o[e.Schema] = s.filler().Required(scim.Object{}, sch.Attributes, tag)
			o["schemas"] = append(scim.List(o, "schemas"), e.Schema)
		}
	}
	configured := s.required(t)
	for _, path := range slices.Sorted(maps.Keys(configured)) {
		scim.Put(o, path, s.numbered(configured[path]))
	}
}

// completed is o with what the schema requires within the extensions and complex values that it has. What a type requires
// as a whole is left to fillRequired, so that checks can leave it out.
func (s *session) completed(t *resourceType, o scim.Object) scim.Object {
	o = maps.Clone(o)
	// Some of it must be unique, and the same when the resource is written again.
	tag, _, _ := strings.Cut(cmp.Or(scim.String(o, "userName"), filler), "@")
	for name, v := range o {
		defined := t.extension(name)
		ext, isObject := v.(scim.Object)
		if defined == nil || !isObject {
			if a := t.attribute(name); a != nil {
				o[name] = s.filler().Complete(a, v, tag)
			}
			continue
		}
		ext = s.filler().Required(ext, defined.Attributes, tag)
		for k, inner := range ext {
			if a := defined.Attr(k); a != nil {
				ext[k] = s.filler().Complete(a, inner, tag)
			}
		}
		o[name] = ext
	}
	return o
}

// completedOps are PATCH operations whose new values of multi-valued attributes have the parts that the schema requires.
func (s *session) completedOps(t *resourceType, ops []scim.Object) []scim.Object {
	many := func(path string, v any) any {
		if a := t.attribute(path); a != nil && a.MultiValued {
			return s.filler().Complete(a, v, filler)
		}
		return v
	}
	out := slices.Clone(ops)
	for i, o := range out {
		verb, _ := o["op"].(string)
		path, _ := o["path"].(string)
		v := o["value"]
		switch values, isObject := v.(scim.Object); {
		case v == nil || strings.EqualFold(verb, "remove"):
			continue
		case path != "":
			whole, part, selects := strings.Cut(path, "[")
			if !selects || strings.HasSuffix(part, "]") {
				v = many(whole, v)
			}
		case isObject:
			values = maps.Clone(values)
			for name, e := range values {
				values[name] = many(name, e)
			}
			v = values
		}
		out[i] = maps.Clone(o)
		out[i]["value"] = v
	}
	return out
}

// filler is in texts that a schema requires beside what a check is about.
const filler = "Required"

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
