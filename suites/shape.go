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
			o[path] = chosen(t.attribute(path), t.prune(path, v), 0)
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

// fillRequired gives every attribute that the schema requires, or the configuration asks for, a fitting value.
func (s *session) fillRequired(typ string, o scim.Object, tag string) {
	t := s.needsType(typ)
	maps.Copy(o, s.withRequired(o, t.base.Attributes, tag))
	for _, e := range t.SchemaExtensions {
		if sch := s.learned.schema(e.Schema); e.Required && sch != nil {
			o[e.Schema] = s.withRequired(scim.Object{}, sch.Attributes, tag)
			o["schemas"] = append(scim.List(o, "schemas"), e.Schema)
		}
	}
	configured := s.required(t)
	for _, path := range slices.Sorted(maps.Keys(configured)) {
		put(o, path, s.numbered(configured[path]))
	}
}

// completed is o with what the schema requires within the extensions and complex values that it has. What a type requires
// as a whole is left to fillRequired, so that checks can leave it out.
func (s *session) completed(t *resourceType, o scim.Object) scim.Object {
	o = maps.Clone(o)
	for name, v := range o {
		defined := t.extension(name)
		ext, isObject := v.(scim.Object)
		if defined == nil || !isObject {
			if a := t.attribute(name); a != nil {
				o[name] = s.completedValue(a, v)
			}
			continue
		}
		ext = s.withRequired(ext, defined.Attributes, filler)
		for k, inner := range ext {
			if a := defined.Attr(k); a != nil {
				ext[k] = s.completedValue(a, inner)
			}
		}
		o[name] = ext
	}
	return o
}

// usualTypes are what RFC 7643 §4.1.2 suggests for the types of emails, addresses and phone numbers.
var usualTypes = []string{"work", "home", "mobile", "other"}

// chosen is a text, or one of the canonical values where the schema does not have it among them; n tells which.
func chosen(a *scim.Attribute, v any, n int) any {
	word, isText := v.(string)
	if !isText || len(a.CanonicalValues) == 0 || slices.ContainsFunc(a.CanonicalValues, func(c string) bool { return strings.EqualFold(c, word) }) {
		return v
	}
	return a.CanonicalValues[n%len(a.CanonicalValues)]
}

// completedValue is a value of a complex attribute with the parts that the schema requires; others are as they are.
func (s *session) completedValue(a *scim.Attribute, v any) any {
	switch v := v.(type) {
	case scim.Object:
		if len(v) > 0 {
			return s.withRequired(v, a.SubAttributes, filler)
		}
	case []any:
		if !a.Complex() {
			return v
		}
		out := slices.Clone(v)
		for i, e := range out {
			out[i] = s.completedValue(a, e)
			if o, ok := out[i].(scim.Object); ok && a.Sub("type") != nil && slices.Contains(usualTypes, scim.String(o, "type")) {
				o["type"] = chosen(a.Sub("type"), o["type"], i)
			}
		}
		return out
	}
	return v
}

// completedOps are PATCH operations whose new values of multi-valued attributes have the parts that the schema requires.
func (s *session) completedOps(t *resourceType, ops []scim.Object) []scim.Object {
	many := func(path string, v any) any {
		if a := t.attribute(path); a != nil && a.MultiValued {
			return s.completedValue(a, v)
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

// withRequired copies o and adds what is required among the definitions.
func (s *session) withRequired(o scim.Object, definitions []scim.Attribute, tag string) scim.Object {
	o = maps.Clone(o)
	for i := range definitions {
		a := &definitions[i]
		if _, set := scim.Lookup(o, a.Name); set || !a.Required || a.Mutability == "readOnly" {
			continue
		}
		if o[a.Name] = s.sample(a, tag); a.Name == "primary" {
			o[a.Name] = false // of which there may be any number
		}
	}
	return o
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
		for i := 0; len(o) == 0 && i < len(a.SubAttributes); i++ { // an empty value is none
			if sub := &a.SubAttributes[i]; sub.Mutability != "readOnly" {
				o[sub.Name] = s.sample(sub, tag)
			}
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
