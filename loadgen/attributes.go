package loadgen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/scimproof/scimproof/internal/scim"
)

// Attribute is one value of a user that plans set, compare and expect to find again: Root, its Sub-attribute, and for a
// multi-valued one the Type of the element. An attribute of the enterprise extension has its URN.
type Attribute struct{ URN, Root, Type, Sub string }

// UserAttributes returns what identity providers map by default, without references. userName is what users are matched by
// and never changes, so it is not among them.
func UserAttributes() []Attribute {
	return []Attribute{
		{Root: "externalId"},
		{Root: "active"},
		{Root: "displayName"},
		{Root: "title"},
		{Root: "userType"},
		{Root: "preferredLanguage"},
		{Root: "locale"},
		{Root: "name", Sub: "givenName"},
		{Root: "name", Sub: "familyName"},
		{Root: "name", Sub: "formatted"},
		{Root: "emails", Type: "work", Sub: "value"},
		{Root: "emails", Type: "home", Sub: "value"},
		{Root: "phoneNumbers", Type: "work", Sub: "value"},
		{Root: "phoneNumbers", Type: "mobile", Sub: "value"},
		{Root: "addresses", Type: "work", Sub: "formatted"},
		{Root: "addresses", Type: "work", Sub: "streetAddress"},
		{Root: "addresses", Type: "work", Sub: "locality"},
		{Root: "addresses", Type: "work", Sub: "region"},
		{Root: "addresses", Type: "work", Sub: "postalCode"},
		{Root: "addresses", Type: "work", Sub: "country"},
		{URN: scim.EnterpriseURN, Root: "employeeNumber"},
		{URN: scim.EnterpriseURN, Root: "department"},
		{URN: scim.EnterpriseURN, Root: "costCenter"},
	}
}

// ManagerPath is the attribute that refers to a user's manager.
const ManagerPath = scim.EnterpriseURN + ":manager"

// Path is the attribute as a PATCH names it.
func (a Attribute) Path() string {
	p := a.Root
	if a.URN != "" {
		p = a.URN + ":" + p
	}
	if a.Type != "" {
		p += fmt.Sprintf("[type eq %q]", a.Type)
	}
	if a.Sub != "" {
		p += "." + a.Sub
	}
	return p
}

// Declaration is the attribute as a schema declares it, and as fixtures.Directory.Omit takes it.
func (a Attribute) Declaration() string {
	p := a.Root
	if a.URN != "" {
		p = a.URN + ":" + p
	}
	if a.Sub != "" {
		p += "." + a.Sub
	}
	return p
}

// Of is the attribute's value in a resource, as text that is equal for equal values; "" where it has none.
func (a Attribute) Of(o scim.Object) string {
	at := o
	if a.URN != "" {
		ext, _ := scim.Lookup(o, a.URN)
		at, _ = ext.(scim.Object)
	}
	v, _ := scim.Lookup(at, a.Root)
	if a.Type != "" {
		v = element(v, a.Type)
	}
	if a.Sub != "" {
		inner, _ := v.(scim.Object)
		v, _ = scim.Lookup(inner, a.Sub)
	}
	switch t := v.(type) {
	case nil:
		return ""
	case string:
		return t
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// Set gives the attribute a value in a resource that has it or its parent; "" takes it out.
func (a Attribute) Set(o scim.Object, value string) {
	if a.URN != "" {
		o, _ = o[a.URN].(scim.Object)
	}
	key := a.Root
	if a.Type != "" {
		o, _ = element(o[a.Root], a.Type).(scim.Object)
		key = a.Sub
	} else if a.Sub != "" {
		o, _ = o[a.Root].(scim.Object)
		key = a.Sub
	}
	switch {
	case o == nil:
	case value == "":
		delete(o, key)
	case a.Root == "active":
		o[key] = value == "true"
	default:
		o[key] = value
	}
}

// element finds the first value of a multi-valued attribute that has this type.
func element(v any, kind string) any {
	list, _ := v.([]any)
	for _, e := range list {
		o, _ := e.(scim.Object)
		t, _ := scim.Lookup(o, "type")
		if s, ok := t.(string); ok && strings.EqualFold(s, kind) {
			return o
		}
	}
	return nil
}

// Difference is an attribute that has another value than it should.
type Difference struct {
	Attribute Attribute
	Want, Got string
}

// Compare lists the attributes in which a resource differs from what it should be. What the wanted one lacks is not compared:
// a target may add values of its own.
func Compare(attrs []Attribute, want, got scim.Object) []Difference {
	var out []Difference
	for _, a := range attrs {
		if w := a.Of(want); w != "" {
			if g := a.Of(got); g != w && !a.same(w, g) {
				out = append(out, Difference{a, w, g})
			}
		}
	}
	return out
}

// same tells whether two texts are one value that the target may write in another way: phone numbers in the form of
// RFC 3966 (RFC 7643 §4.1.2), and what SameText says of all but externalId, which alone is caseExact.
func (a Attribute) same(want, got string) bool {
	switch a.Root {
	case "phoneNumbers":
		return got != "" && digitsOf(want) == digitsOf(got)
	case "externalId":
		return plain(want) == plain(got)
	}
	return SameText(want, got)
}

// SameText tells whether two texts are one value of an attribute that is not caseExact (RFC 7643 §7), however their lines
// end and their accents are composed.
func SameText(a, b string) bool { return strings.EqualFold(plain(a), plain(b)) }

func plain(s string) string { return norm.NFC.String(strings.ReplaceAll(s, "\r\n", "\n")) }

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// fingerprint hashes a resource, all but what a server may change by itself.
func fingerprint(o scim.Object) uint64 {
	kept := maps.Clone(o)
	for k := range kept {
		if slices.Contains([]string{"meta", "groups", "schemas"}, strings.ToLower(k)) {
			delete(kept, k)
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return 0
	}
	return Fingerprint(string(text))
}
