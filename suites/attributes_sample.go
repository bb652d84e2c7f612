package suites

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
)

// sampler makes values of attributes. Two samples of one attribute differ, and those of a higher rank come later in
// order: as numbers and instants, though not as texts.
type sampler struct {
	s    *session
	tag  string
	rank int // 0, 1 or 2
	// id is the resource that references point to; nil where there is none.
	id *resource
}

// value makes a value of a whole attribute; it is nil where none can be made.
func (m sampler) value(a trait) any {
	if !a.attr.MultiValued {
		return m.element(a, 0)
	}
	var out []any
	for i := range 2 {
		if v := m.element(a, i); v != nil {
			out = append(out, v)
		}
		if refersToResources(a.attr) {
			break
		}
	}
	if out == nil {
		return nil
	}
	return out
}

// element makes the i-th value of an attribute.
func (m sampler) element(a trait, i int) any {
	if !a.attr.Complex() {
		return m.simple(a.attr, a.attr.Name, i)
	}
	if refersToResources(a.attr) {
		if m.id == nil || a.attr.Sub("value") == nil {
			return nil
		}
		return scim.Object{"value": m.id.ID}
	}
	o := scim.Object{}
	for j := range a.attr.SubAttributes {
		sub := &a.attr.SubAttributes[j]
		switch {
		case orDefault(sub.Mutability, "readWrite") == "readOnly" || sub.Complex():
		case strings.EqualFold(sub.Name, "primary") && a.attr.MultiValued:
			if i == 0 {
				o[sub.Name] = true
			}
		case strings.EqualFold(sub.Name, "type") && len(sub.CanonicalValues) > 1:
			// The types stay with their places, so that values can be told apart by them whatever the rank.
			o[sub.Name] = sub.CanonicalValues[i%len(sub.CanonicalValues)]
		default:
			if v := m.simple(sub, a.attr.Name+sub.Name, i); v != nil {
				if sub.MultiValued {
					v = []any{v}
				}
				o[sub.Name] = v
			}
		}
	}
	if len(o) == 0 {
		return nil
	}
	return o
}

// refersToResources tells whether the values of a complex attribute are links to other resources, by RFC 7643 §2.4's
// convention of value and $ref.
func refersToResources(a *scim.Attribute) bool {
	ref := a.Sub("$ref")
	return a.Complex() && ref != nil && a.Sub("value") != nil && ref.Type == "reference" && !isExternal(ref)
}

func isExternal(a *scim.Attribute) bool {
	for _, t := range a.ReferenceTypes {
		if t != "external" && t != "uri" {
			return false
		}
	}
	return true
}

// simple makes a value of a simple type.
func (m sampler) simple(a *scim.Attribute, name string, i int) any {
	if len(a.CanonicalValues) > 0 {
		return a.CanonicalValues[(m.rank+i)%len(a.CanonicalValues)]
	}
	n := 2*m.rank + i
	switch a.Type {
	case "boolean":
		return m.rank%2 == 0
	case "integer":
		if a.Uniqueness == "server" || a.Uniqueness == "global" {
			return json.Number(fmt.Sprint(m.number(name)))
		}
		return json.Number([]string{"8", "9", "100", "101", "2000", "2001"}[n])
	case "decimal":
		return json.Number([]string{"9.25", "9.375", "9.5", "9.625", "10.75", "10.875"}[n])
	case "dateTime":
		// As texts the first comes after the second.
		return []string{
			"2024-03-01T20:00:00Z", "2024-03-01T22:00:00Z", "2024-03-01T19:00:00-05:00",
			"2024-03-02T01:00:00Z", "2025-01-01T00:00:00.5Z", "2025-01-02T00:00:00Z",
		}[n]
	case "binary":
		return m.binary(name, n)
	case "reference":
		switch {
		case !isExternal(a):
			if m.id == nil {
				return nil
			}
			return m.s.client.Base() + m.id.path()
		case len(a.ReferenceTypes) > 0 && a.ReferenceTypes[0] == "uri":
			return "urn:example:" + m.tag + ":" + m.letters(i)
		}
		return "https://" + m.s.domain() + "/" + m.tag + "/" + m.letters(i) + ".png"
	case "", "string":
		return m.text(name, i)
	}
	return nil
}

// letters is the part of a text that gives it its place in any order; its letter case is mixed.
func (m sampler) letters(i int) string {
	return []string{"Ab", "Bc", "Cd", "De", "Ef", "Fg"}[2*m.rank+i]
}

// text makes a string that attributes of that name usually accept.
func (m sampler) text(name string, i int) string {
	n := 2*m.rank + i
	low := strings.ToLower(name)
	mail := m.tag + "-" + m.letters(i) + "@" + m.s.domain()
	pick := func(list ...string) string { return list[n%len(list)] }
	switch {
	case strings.HasSuffix(low, "language"), strings.HasSuffix(low, "locale"):
		return pick("de-DE", "en-GB", "en-US", "fr-FR", "it-IT", "nl-NL")
	case strings.HasSuffix(low, "timezone"):
		return pick("America/Denver", "America/Lima", "Europe/Berlin", "Europe/Paris", "Pacific/Auckland", "Pacific/Fiji")
	case strings.HasSuffix(low, "country"):
		return pick("DE", "ES", "FR", "IT", "NL", "US")
	case strings.HasSuffix(low, "currency"):
		return pick("CHF", "EUR", "GBP", "JPY", "SEK", "USD")
	case strings.Contains(low, "display"), strings.Contains(low, "formatted"):
	case strings.Contains(low, "phone"), strings.HasSuffix(low, "fax"):
		return pick("+1-201-555-0101", "+1-201-555-0112", "+1-201-555-0123", "+1-201-555-0134", "+1-201-555-0145", "+1-201-555-0156")
	case strings.Contains(low, "macaddress"), strings.Contains(low, "broadcastaddress"):
		return pick("00:00:5E:00:53:0A", "00:00:5E:00:53:0B", "00:00:5E:00:53:1A", "00:00:5E:00:53:1B", "00:00:5E:00:53:2A", "00:00:5E:00:53:2B")
	case strings.Contains(low, "mail"), low == "username":
		return mail
	case strings.Contains(low, "password"):
		return "Sc1mproof!" + m.tag + m.letters(i)
	}
	return m.tag + "-" + name + "-" + m.letters(i)
}

// number is a positive integer that nobody else is likely to have; a higher rank gives a greater one.
func (m sampler) number(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(m.s.cfg.RunID + name))
	m.s.numbers++
	return 1_000_000*uint32(m.rank+1) + h.Sum32()%900_000 + uint32(m.s.numbers)
}

// binary makes base64 with padding and, beside certificates, with the two characters that alphabets differ in.
func (m sampler) binary(name string, n int) string {
	if strings.Contains(strings.ToLower(name), "cert") {
		der, err := base64.StdEncoding.DecodeString(creationCertificate)
		if err == nil {
			serial := []byte{0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01}
			if at := bytes.Index(der, serial); at >= 0 {
				der[at+len(serial)] = byte(n + 1)
				return base64.StdEncoding.EncodeToString(der)
			}
		}
	}
	return base64.StdEncoding.EncodeToString([]byte{0xfb, 0xff, 0xbe, byte('a' + n), byte('A' + n)})
}
