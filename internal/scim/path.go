package scim

import "strings"

// Path is an attribute in standard notation (RFC 7644 §3.10): [URN ":"] Attr ["." Sub].
type Path struct {
	URN, Attr, Sub string
}

// ParsePath splits an attribute path without value filter. A path that is a schema URN alone has an empty Attr.
// The dot of a URN's version ("2.0") is not taken for a sub-attribute.
func ParsePath(s string) Path {
	var p Path
	rest := s
	if strings.HasPrefix(strings.ToLower(s), "urn:") {
		i := strings.LastIndexByte(s, ':')
		p.URN, rest = s[:i], s[i+1:]
		if endsInVersion(p.URN) {
			// "urn:…:2.0:User" is the schema itself: its last segment is a name, not an attribute.
			return Path{URN: s}
		}
	}
	p.Attr, p.Sub, _ = strings.Cut(rest, ".")
	return p
}

// String writes the path back in standard notation.
func (p Path) String() string {
	s := p.Attr
	if p.Sub != "" {
		s += "." + p.Sub
	}
	if p.URN == "" {
		return s
	}
	if s == "" {
		return p.URN
	}
	return p.URN + ":" + s
}

// endsInVersion tells whether the last segment of a URN is a version such as "2.0".
func endsInVersion(urn string) bool {
	last := urn[strings.LastIndexByte(urn, ':')+1:]
	if last == "" || !strings.Contains(last, ".") {
		return false
	}
	for _, r := range last {
		if (r < '0' || r > '9') && r != '.' {
			return false
		}
	}
	return true
}
