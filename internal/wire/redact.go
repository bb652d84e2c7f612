package wire

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/scimproof/scimproof/internal/scim"
)

// redacted stands for a value that is secret because of where it stands.
const redacted = "[redacted]"

// credentialHeaders carry credentials whoever set them.
var credentialHeaders = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true, "X-Api-Key": true,
}

// secretMembers are the JSON members, folded, whose values are never recorded.
var secretMembers = map[string]bool{
	"password": true, "access_token": true, "refresh_token": true, "client_secret": true, "clienttoken": true,
}

const secretNames = `(?:password|access_token|refresh_token|client_secret|clienttoken)`

var (
	// looseMember finds name: value and name=value where a body is not JSON, or no longer JSON.
	looseMember = regexp.MustCompile(`(?i)(\\?["']?` + secretNames + `\\?["']?\s*[:=]\s*)(\\?"(?:\\.|[^"\\])*(?:"|$)|'[^']*'?|[^\s,;&}\]]+)`)
	looseTag    = regexp.MustCompile(`(?i)(<(?:[\w-]+:)?` + secretNames + `\b[^>]*>)[^<]+`)
	// loosePatch finds a PATCH operation on password in a body that is not JSON.
	loosePatch = regexp.MustCompile(`(?i)("path"\s*:\s*"(?:[^"]*:)?password"\s*,\s*"value"\s*:\s*)("(?:\\.|[^"\\])*(?:"|$)|[^\s,}]+)`)
	looseValue = regexp.MustCompile(`(?i)("value"\s*:\s*)("(?:\\.|[^"\\])*"|[^\s,}]+)(\s*,\s*"path"\s*:\s*"(?:[^"]*:)?password")`)
	// secretFilter finds the value of a filter on password, in a URL or in a body.
	secretFilter = regexp.MustCompile(`(?i)(password(?:\s|%20|\+)+(?:eq|ne|co|sw|ew|gt|ge|lt|le)(?:\s|%20|\+)+)(\\"(?:[^"\\]|\\\\\\"|\\[^"])*(?:\\")?|"(?:[^"\\]|\\.)*"?|%22.*?(?:%22|$))`)
)

// redactor turns what went over the wire into what may be recorded.
type redactor struct {
	secrets *Secrets
	headers map[string]bool // further headers that carry credentials, canonical
	limit   int             // bytes of a body that are kept
}

func (r *redactor) url(s string) string {
	return r.secrets.Mask(maskFilter(s))
}

// header copies h without the values of headers that carry credentials.
func (r *redactor) header(h http.Header) http.Header {
	if len(h) == 0 {
		return nil
	}
	out := make(http.Header, len(h))
	for k, values := range h {
		name := http.CanonicalHeaderKey(k)
		for _, v := range values {
			if credentialHeaders[name] || r.headers[name] {
				v = redacted
			}
			out[name] = append(out[name], r.url(v))
		}
	}
	return out
}

// body redacts first and cuts then, since a cut could split a secret so that it is no longer known.
func (r *redactor) body(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	s := r.secrets.Mask(RedactBody(string(b)))
	if len(s) <= r.limit {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	cut := r.limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.ToValidUTF8(s[:cut], "\uFFFD") + fmt.Sprintf("… [%d bytes in all]", len(b))
}

// RedactBody replaces the values of passwords and tokens in a body by "[redacted]", at any depth and in any letter case,
// and leaves every other byte as it is. A body that is not JSON is searched for the same names.
func RedactBody(body string) string {
	if !mentions(body) {
		return body
	}
	return redactBody(body)
}

// redactBody is RedactBody without the look beforehand.
func redactBody(body string) string {
	s := &spanScanner{in: body}
	s.space()
	err := s.value(0)
	s.space()
	if err == nil && s.pos == len(body) {
		return s.apply()
	}
	body = looseMember.ReplaceAllString(body, "${1}"+redacted)
	body = looseTag.ReplaceAllString(body, "${1}"+redacted)
	body = loosePatch.ReplaceAllString(body, `${1}"`+redacted+`"`)
	body = looseValue.ReplaceAllString(body, `${1}"`+redacted+`"${3}`)
	return maskFilter(body)
}

// maskFilter hides the values that filters compare passwords with.
func maskFilter(s string) string {
	if !asksSecret(s) {
		return s
	}
	return secretFilter.ReplaceAllString(s, "${1}"+redacted)
}

// secretName tells whether an attribute name or path ends in a secret member.
func secretName(name string) bool {
	if !mentions(name) {
		return false
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if secretMembers[name] {
		return true
	}
	p := scim.ParsePath(name)
	return secretMembers[p.Attr] || secretMembers[p.Sub] || secretMembers[name[strings.LastIndexByte(name, ':')+1:]]
}

var errNotJSON = errors.New("not JSON")

// maxDepth is where the scanner gives up and the loose search takes over; no SCIM body comes near it.
const maxDepth = 500

// spanScanner walks JSON without changing it and notes which spans must not be recorded.
type spanScanner struct {
	in    string
	pos   int
	spans []span
}

// span is a part of the input and what stands in its place.
type span struct {
	from, to int
	instead  string
}

// hidden is the value of a secret member.
const hidden = `"` + redacted + `"`

// apply writes the input with its spans replaced, the outermost of nested ones.
func (s *spanScanner) apply() string {
	// A secret member may hold a filter: the whole value goes first.
	order := func(a span) int { return len(a.instead) - len(hidden) }
	slices.SortStableFunc(s.spans, func(a, b span) int { return cmp.Or(a.from-b.from, b.to-a.to, order(a)-order(b)) })
	var b strings.Builder
	at := 0
	for _, span := range s.spans {
		if span.from < at {
			continue
		}
		b.WriteString(s.in[at:span.from])
		b.WriteString(span.instead)
		at = span.to
	}
	b.WriteString(s.in[at:])
	return b.String()
}

func (s *spanScanner) space() {
	for s.pos < len(s.in) && strings.IndexByte(" \t\r\n", s.in[s.pos]) >= 0 {
		s.pos++
	}
}

func (s *spanScanner) value(depth int) error {
	if s.pos >= len(s.in) || depth > maxDepth {
		return errNotJSON
	}
	switch s.in[s.pos] {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		return s.text()
	}
	start := s.pos
	for s.pos < len(s.in) && strings.IndexByte(",]} \t\r\n", s.in[s.pos]) < 0 {
		s.pos++
	}
	if !json.Valid([]byte(s.in[start:s.pos])) {
		return errNotJSON
	}
	return nil
}

// text takes a string value in; it may hold a filter.
func (s *spanScanner) text() error {
	start := s.pos
	v, err := s.str()
	if err != nil {
		return err
	}
	if masked := maskFilter(v); masked != v {
		b, err := json.Marshal(masked)
		if err != nil {
			return err
		}
		s.spans = append(s.spans, span{start, s.pos, string(b)})
	}
	return nil
}

func (s *spanScanner) str() (string, error) {
	start, plain := s.pos, true
	for s.pos++; s.pos < len(s.in); s.pos++ {
		switch c := s.in[s.pos]; {
		case c == '\\':
			plain = false
			s.pos++
		case c < ' ':
			plain = false
		case c == '"':
			s.pos++
			if plain {
				return s.in[start+1 : s.pos-1], nil
			}
			var v string
			if json.Unmarshal([]byte(s.in[start:s.pos]), &v) != nil {
				return "", errNotJSON
			}
			return v, nil
		}
	}
	return "", errNotJSON
}

func (s *spanScanner) array(depth int) error {
	s.pos++
	for first := true; ; first = false {
		s.space()
		if s.pos < len(s.in) && s.in[s.pos] == ']' && first {
			s.pos++
			return nil
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		end, err := s.next(']')
		if err != nil || end {
			return err
		}
	}
}

func (s *spanScanner) object(depth int) error {
	s.pos++
	var values []span // spans of members called value
	onSecret := false // a PATCH operation whose path is password
	for first := true; ; first = false {
		s.space()
		if s.pos >= len(s.in) {
			return errNotJSON
		}
		if s.in[s.pos] == '}' && first {
			s.pos++
			return nil
		}
		if s.in[s.pos] != '"' {
			return errNotJSON
		}
		name, err := s.str()
		if err != nil {
			return err
		}
		s.space()
		if s.pos >= len(s.in) || s.in[s.pos] != ':' {
			return errNotJSON
		}
		s.pos++
		s.space()
		start := s.pos
		if err := s.value(depth + 1); err != nil {
			return err
		}
		span := span{start, s.pos, hidden}
		raw := s.in[start:s.pos]
		switch {
		case secretName(name):
			if raw != "null" && !definition(raw) {
				s.spans = append(s.spans, span)
			}
		case strings.EqualFold(name, "value"):
			values = append(values, span)
		case strings.EqualFold(name, "path"):
			var path string
			if json.Unmarshal([]byte(raw), &path) == nil && secretName(path) {
				onSecret = true
			}
		}
		end, err := s.next('}')
		if err != nil {
			return err
		}
		if end {
			break
		}
	}
	if onSecret {
		s.spans = append(s.spans, values...)
	}
	return nil
}

// definition tells a flag such as {"password": true} from a value worth hiding.
func definition(raw string) bool { return raw == "true" || raw == "false" }

// next consumes a comma (false) or the closing byte (true).
func (s *spanScanner) next(closing byte) (bool, error) {
	s.space()
	if s.pos >= len(s.in) {
		return false, errNotJSON
	}
	c := s.in[s.pos]
	s.pos++
	switch c {
	case closing:
		return true, nil
	case ',':
		return false, nil
	}
	return false, errNotJSON
}
