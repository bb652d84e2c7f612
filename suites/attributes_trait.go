package suites

import (
	"maps"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
)

// trait is an attribute, or a sub-attribute, of a resource type together with where it stands.
type trait struct {
	t *resourceType
	// urn is the extension that holds the attribute, "" for the base schema and the common attributes.
	urn  string
	attr *scim.Attribute
	sub  *scim.Attribute // nil for a whole attribute
}

// traits lists the attributes of a type without sub-attributes; of the common ones externalId alone, since clients may
// write no other. What a schema says of common attributes does not count (RFC 7643 §3.1).
func (t *resourceType) traits() []trait {
	common := scim.Schema{Attributes: scim.CommonAttributes()}
	out := []trait{{t: t, attr: common.Attr("externalId")}}
	add := func(urn string, list []scim.Attribute) {
		for i := range list {
			if urn == "" && common.Attr(list[i].Name) != nil || list[i].Name == "" {
				continue
			}
			out = append(out, trait{t: t, urn: urn, attr: &list[i]})
		}
	}
	add("", t.base.Attributes)
	for _, e := range t.extensions {
		// Paths below other URIs than URNs cannot be told from names.
		if strings.HasPrefix(strings.ToLower(e.ID), "urn:") {
			add(e.ID, e.Attributes)
		}
	}
	return out
}

// parts lists the sub-attributes of a complex attribute, and the attribute itself where it is simple.
func (a trait) parts() []trait {
	if !a.attr.Complex() {
		return []trait{a}
	}
	var out []trait
	for i := range a.attr.SubAttributes {
		p := a
		p.sub = &a.attr.SubAttributes[i]
		if !p.sub.Complex() {
			out = append(out, p)
		}
	}
	return out
}

// leaf is the definition of what the path names.
func (a trait) leaf() *scim.Attribute {
	if a.sub != nil {
		return a.sub
	}
	return a.attr
}

// short is the path without the URN of an extension.
func (a trait) short() string {
	if a.sub != nil {
		return a.attr.Name + "." + a.sub.Name
	}
	return a.attr.Name
}

// path is the attribute in standard notation (RFC 7644 §3.10).
func (a trait) path() string {
	if a.urn != "" {
		return a.urn + ":" + a.short()
	}
	return a.short()
}

// String names type and attribute for a finding.
func (a trait) String() string {
	if a.urn != "" {
		return a.t.Name + " " + a.short() + " of " + a.urn
	}
	return a.t.Name + " " + a.short()
}

// kind is the data type, by default string (RFC 7643 §2.2).
func (a trait) kind() string {
	if k := a.leaf().Type; k != "" {
		return k
	}
	return "string"
}

// many tells whether one resource may have several values at the path.
func (a trait) many() bool { return a.attr.MultiValued || a.sub != nil && a.sub.MultiValued }

// mutability is the stricter one of attribute and sub-attribute.
func (a trait) mutability() string {
	m := orDefault(a.attr.Mutability, "readWrite")
	if a.sub == nil || m != "readWrite" {
		return m
	}
	return orDefault(a.sub.Mutability, "readWrite")
}

// returned is that of the attribute, unless the sub-attribute is shown less often.
func (a trait) returned() string {
	r := orDefault(a.attr.Returned, "default")
	if a.sub == nil || r == "never" {
		return r
	}
	if s := orDefault(a.sub.Returned, "default"); s == "never" || s == "request" {
		return s
	}
	return r
}

// unique tells whether no other resource may have the value.
func (a trait) unique() bool {
	return a.sub == nil && (a.attr.Uniqueness == "server" || a.attr.Uniqueness == "global")
}

// alwaysOnly tells whether a value, from which a client has asked to be spared, holds nothing but parts that are always
// returned (RFC 7643 §7).
func alwaysOnly(a *scim.Attribute, value any) bool {
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	for _, e := range list {
		o, _ := e.(scim.Object)
		for name, part := range o {
			if sub := a.Sub(name); scim.Assigned(part) && (sub == nil || sub.Returned != "always") {
				return false
			}
		}
		if o == nil {
			return false
		}
	}
	return true
}

func (a trait) writable() bool { return a.mutability() != "readOnly" }

// readable tells whether a GET shows a value, on request at least.
func (a trait) readable() bool { return a.returned() != "never" && a.mutability() != "writeOnly" }

// holder is the object of o in which the attribute stands, or nil.
func (a trait) holder(o scim.Object) scim.Object {
	if a.urn == "" {
		return o
	}
	v, _ := scim.Lookup(o, a.urn)
	ext, _ := v.(scim.Object)
	return ext
}

// get returns the value in o; for a sub-attribute of a multi-valued attribute the list of the values' sub-attributes.
func (a trait) get(o scim.Object) any {
	h := a.holder(o)
	if h == nil {
		return nil
	}
	v, _ := scim.Lookup(h, a.attr.Name)
	if a.sub == nil {
		return v
	}
	switch t := v.(type) {
	case scim.Object:
		sub, _ := scim.Lookup(t, a.sub.Name)
		return sub
	case []any:
		var out []any
		for _, e := range t {
			if m, ok := e.(scim.Object); ok {
				if sub, ok := scim.Lookup(m, a.sub.Name); ok && sub != nil {
					out = append(out, sub)
				}
			}
		}
		if out != nil {
			return out
		}
	}
	return nil
}

// cut copies a value of the whole attribute without this part of it.
func (a trait) cut(whole any) any {
	switch v := whole.(type) {
	case scim.Object:
		v = maps.Clone(v)
		maps.DeleteFunc(v, func(name string, _ any) bool { return strings.EqualFold(name, a.sub.Name) })
		return v
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = a.cut(e)
		}
		return out
	}
	return whole
}

// says is get without what says no more than its absence.
func (a trait) says(o scim.Object) any {
	v := a.get(o)
	list, ok := v.([]any)
	if !ok || a.sub == nil {
		return v
	}
	return slices.DeleteFunc(slices.Clone(list), func(e any) bool { return stated(a.sub.Name, e) == nil })
}

// values lists what get returns one by one.
func (a trait) values(o scim.Object) []any {
	switch v := a.get(o).(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// set puts a value of the whole attribute into o; nil takes it away. An extension appears in schemas once it has a value.
func (a trait) set(o scim.Object, v any) {
	h := o
	if a.urn != "" {
		if h = a.holder(o); h == nil {
			if v == nil {
				return
			}
			h = scim.Object{}
			o[a.urn] = h
			o["schemas"] = append(append([]any{}, scim.List(o, "schemas")...), a.urn)
		}
	}
	if v == nil {
		delete(h, a.attr.Name)
		return
	}
	h[a.attr.Name] = v
}
