package scim

import (
	"net/url"
	"strings"
)

// Object is a decoded JSON object: a resource, a message or a complex value.
// Numbers are json.Number where it was decoded by this project.
type Object = map[string]any

// Lookup returns the member of o called name, whatever its letter case (RFC 7643 §2.1).
// An exact match wins over a folded one.
func Lookup(o Object, name string) (any, bool) {
	if v, ok := o[name]; ok {
		return v, true
	}
	for k, v := range o {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

// Get follows an attribute path such as "name.givenName", "emails" or
// "urn:…:enterprise:2.0:User:manager.value" (RFC 7644 §3.10) and returns the value, or nil where any part is missing.
// For a sub-attribute of a multi-valued attribute it returns the list of the values' sub-attributes.
func Get(o Object, path string) any {
	p := ParsePath(path)
	var cur any = o
	if p.URN != "" {
		if ext, ok := Lookup(o, p.URN); ok {
			if p.Attr == "" {
				return ext
			}
			cur = ext
		} else if p.Attr == "" {
			return nil
		} else if !isCore(p.URN) {
			return nil
		}
	}
	m, ok := cur.(Object)
	if !ok {
		return nil
	}
	v, _ := Lookup(m, p.Attr)
	if p.Sub == "" {
		return v
	}
	switch t := v.(type) {
	case Object:
		sub, _ := Lookup(t, p.Sub)
		return sub
	case []any:
		var out []any
		for _, e := range t {
			if em, ok := e.(Object); ok {
				if sub, ok := Lookup(em, p.Sub); ok {
					out = append(out, sub)
				}
			}
		}
		if out == nil {
			return nil
		}
		return out
	}
	return nil
}

// String is Get for a string; it returns "" where the value is missing or of another type.
func String(o Object, path string) string {
	s, _ := Get(o, path).(string)
	return s
}

// List is Get for an array; a missing or null value gives an empty list.
func List(o Object, path string) []any {
	l, _ := Get(o, path).([]any)
	return l
}

// Objects is List, keeping only the elements that are objects.
func Objects(o Object, path string) []Object {
	var out []Object
	for _, e := range List(o, path) {
		if m, ok := e.(Object); ok {
			out = append(out, m)
		}
	}
	return out
}

// Assigned tells whether v counts as a value: absent, null and the empty array are one state (RFC 7643 §2.5).
func Assigned(v any) bool {
	switch t := v.(type) {
	case nil:
		return false
	case []any:
		return len(t) > 0
	case Object:
		return len(t) > 0
	}
	return true
}

func isCore(urn string) bool {
	return strings.HasPrefix(strings.ToLower(urn), "urn:ietf:params:scim:schemas:core:")
}

// IDIn returns the id in a resource's URI, which is its last path segment without percent-encoding, or "" where the URI
// cannot be read or names an endpoint alone.
func IDIn(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	path := strings.Trim(u.EscapedPath(), "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	id, err := url.PathUnescape(path[i+1:])
	if err != nil {
		return ""
	}
	return id
}
