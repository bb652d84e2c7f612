package scim

import (
	"maps"
	"slices"
	"strings"
)

// Filler makes values for what a schema asks for. Domain is that of mail addresses and references.
type Filler struct{ Domain string }

// Required copies o and adds what is required among the definitions and can be written. The tag is part of each text.
func (f Filler) Required(o Object, definitions []Attribute, tag string) Object {
	o = maps.Clone(o)
	for i := range definitions {
		a := &definitions[i]
		if _, set := Lookup(o, a.Name); set || !a.Required || a.Mutability == "readOnly" {
			continue
		}
		if o[a.Name] = f.Sample(a, tag); a.Name == "primary" {
			o[a.Name] = false // of which there may be any number
		}
	}
	return o
}

// Complete is a value of a complex attribute with the parts that the schema requires, and with types that it has; others are
// as they are.
func (f Filler) Complete(a *Attribute, v any, tag string) any {
	switch v := v.(type) {
	case Object:
		if len(v) > 0 {
			return f.Required(v, a.SubAttributes, tag)
		}
	case []any:
		if !a.Complex() {
			return v
		}
		out := slices.Clone(v)
		for i, e := range out {
			out[i] = f.Complete(a, e, tag)
			if o, ok := out[i].(Object); ok && a.Sub("type") != nil && slices.Contains(usualTypes, String(o, "type")) {
				o["type"] = Chosen(a.Sub("type"), o["type"], i)
			}
		}
		return out
	}
	return v
}

// usualTypes are what RFC 7643 §4.1.2 suggests for the types of emails, addresses and phone numbers.
var usualTypes = []string{"work", "home", "mobile", "other"}

// Chosen is a text, or one of the canonical values where the schema does not have it among them; n tells which.
func Chosen(a *Attribute, v any, n int) any {
	word, isText := v.(string)
	if !isText || len(a.CanonicalValues) == 0 || slices.ContainsFunc(a.CanonicalValues, func(c string) bool { return strings.EqualFold(c, word) }) {
		return v
	}
	return a.CanonicalValues[n%len(a.CanonicalValues)]
}

// usual are values of core attributes whose texts have a form (RFC 7643 §4.1), for servers that look at it.
var usual = map[string]string{
	"locale": "en-US", "preferredlanguage": "en-US", "timezone": "Europe/Berlin", "country": "US",
	"phonenumbers.value": "+1-201-555-0123",
}

// Sample makes a value that fits the attribute's type and, among the core attributes, its name.
func (f Filler) Sample(a *Attribute, tag string) any { return f.sample(a, "", tag) }

// sample is Sample for an attribute in an attribute called parent.
func (f Filler) sample(a *Attribute, parent, tag string) any {
	one := f.one(a, parent, tag)
	if a.MultiValued {
		return []any{one}
	}
	return one
}

func (f Filler) one(a *Attribute, parent, tag string) any {
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
		return "https://" + f.Domain + "/" + tag
	case "complex":
		return f.complex(a, tag)
	}
	name := strings.ToLower(a.Name)
	full := name
	if parent != "" {
		full = strings.ToLower(parent) + "." + name
	}
	switch text := usual[full]; {
	case text != "":
		return text
	case name == "password":
		return tag + "-Aa1!" // of every kind that rules for passwords ask for
	case strings.Contains(name, "email"), name == "value":
		return tag + "@" + f.Domain
	}
	return tag
}

// complex has what is required of a complex value, its value, and at least one part: an empty value is none.
func (f Filler) complex(a *Attribute, tag string) Object {
	o := Object{}
	for i := range a.SubAttributes {
		sub := &a.SubAttributes[i]
		if (sub.Required || sub.Name == "value") && sub.Mutability != "readOnly" {
			o[sub.Name] = f.sample(sub, a.Name, tag)
		}
	}
	if strings.EqualFold(a.Name, "name") {
		o["givenName"], o["familyName"] = "Given", "Family"
	}
	for i := 0; len(o) == 0 && i < len(a.SubAttributes); i++ {
		if sub := &a.SubAttributes[i]; sub.Mutability != "readOnly" {
			o[sub.Name] = f.sample(sub, a.Name, tag)
		}
	}
	return o
}

// Numbered puts a number into each text of a value that asks for one by "{n}".
func Numbered(v any, number func() string) any {
	switch t := v.(type) {
	case string:
		if strings.Contains(t, "{n}") {
			return strings.ReplaceAll(t, "{n}", number())
		}
	case []any:
		out := make([]any, len(t))
		for i := range t {
			out[i] = Numbered(t[i], number)
		}
		return out
	case Object:
		out := Object{}
		for k, e := range t {
			out[k] = Numbered(e, number)
		}
		return out
	}
	return v
}

// Put sets the attribute at a path in standard notation, making the objects on the way. An extension's URN comes into schemas.
func Put(o Object, path string, v any) {
	p := ParsePath(path)
	if p.URN != "" {
		ext, ok := o[p.URN].(Object)
		if !ok {
			ext = Object{}
			o[p.URN] = ext
			o["schemas"] = append(List(o, "schemas"), p.URN)
		}
		o = ext
	}
	if p.Sub == "" {
		o[p.Attr] = v
		return
	}
	c, ok := o[p.Attr].(Object)
	if !ok {
		c = Object{}
		o[p.Attr] = c
	}
	c[p.Sub] = v
}
