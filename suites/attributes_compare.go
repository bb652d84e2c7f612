package suites

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// integerText is a JSON number without fraction and exponent (RFC 7643 §2.3.4).
var integerText = regexp.MustCompile(`^-?\d+$`)

// fits tells whether a decoded value has the JSON form of a SCIM type (RFC 7643 §2.3).
func fits(kind string, v any) bool {
	switch t := v.(type) {
	case bool:
		return kind == "boolean"
	case json.Number:
		return kind == "decimal" || kind == "integer" && integerText.MatchString(t.String())
	case string:
		return kind != "boolean" && kind != "integer" && kind != "decimal" && kind != "complex"
	case scim.Object:
		return kind == "complex"
	}
	return false
}

// same tells whether two values mean the same by their type: instants, numbers and bytes are compared, not texts.
// exact also wants the letter case of strings to be the same.
func same(kind string, got, want any, exact bool) bool {
	if !fits(kind, got) {
		return false
	}
	switch kind {
	case "boolean":
		return got == want
	case "integer", "decimal":
		x, ok1 := got.(json.Number)
		y, ok2 := want.(json.Number)
		return ok1 && ok2 && sameNumber(x, y)
	case "dateTime":
		return sameInstant(got, want)
	case "binary":
		x, ok1 := bytesOf(got)
		y, ok2 := bytesOf(want)
		return ok1 && ok2 && bytes.Equal(x, y)
	}
	if exact {
		return got == want
	}
	return sameFold(got, want)
}

// bytesOf decodes base64 in either alphabet, padded or not (RFC 7643 §2.3.6).
func bytesOf(v any) ([]byte, bool) {
	s, _ := v.(string)
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && s != ""
}

// retained wants each value of sent to be in now, in its type. A lost sub-attribute weighs less than a lost attribute, and
// so does a text that has become another one, which may be a canonical form (ambiguity A65).
func (a trait) retained(now, sent scim.Object, when string) error {
	var errs []error
	if a.sub == nil && a.attr.Complex() { // the server may add to a value, and show it in another order
		for _, part := range a.parts() {
			if part.writable() && part.readable() && part.returned() != "request" {
				errs = append(errs, part.retained(now, sent, when))
			}
		}
		return errors.Join(errs...)
	}
	got := a.values(now)
	for _, want := range a.values(sent) {
		if slices.ContainsFunc(got, func(g any) bool { return same(a.kind(), g, want, false) }) {
			continue
		}
		err := wrong(a.String()+" after "+when, want, a.get(now))
		whole := trait{t: a.t, urn: a.urn, attr: a.attr}.get(now)
		switch {
		case slices.ContainsFunc(got, func(g any) bool { return !fits(a.kind(), g) }):
		case len(got) == 0 && a.sub != nil && scim.Assigned(whole):
			err = soften(reports.Warn, err)
		case len(got) >= len(a.values(sent)) && slices.Contains([]string{"string", "reference"}, a.kind()):
			err = soften(reports.Warn, err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// shaped wants an attribute to be an array just where it is multi-valued.
func (a trait) shaped(now scim.Object) error {
	whole := trait{t: a.t, urn: a.urn, attr: a.attr}.get(now)
	if _, list := whole.([]any); whole != nil && list != a.attr.MultiValued {
		return wrong(a.String(), text(map[bool]string{true: "an array", false: "a single value"}[a.attr.MultiValued]), whole)
	}
	return nil
}
