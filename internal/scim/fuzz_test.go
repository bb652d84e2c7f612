package scim

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzGet follows any path through any object.
func FuzzGet(f *testing.F) {
	f.Add(`{"name":{"givenName":"a"},"emails":[{"value":"a"},null,1]}`, "emails.value")
	f.Add(`{"urn:a:2.0:User":{"x":1}}`, "urn:a:2.0:User:x")
	f.Add(`{"":{"":1}}`, ".")
	f.Add(`{"a":1,"A":2}`, "urn:")
	f.Add(`{}`, "urn:ietf:params:scim:schemas:core:2.0:User")
	f.Fuzz(func(t *testing.T, body, path string) {
		var o Object
		if json.Unmarshal([]byte(body), &o) != nil {
			return
		}
		_ = Get(o, path)
		_, _, _ = String(o, path), List(o, path), Objects(o, path)
		p := ParsePath(path)
		if got := p.String(); !strings.HasSuffix(path, ":") && !strings.HasSuffix(path, ".") && got != path {
			t.Fatalf("%q is read as %+v and written as %q", path, p, got)
		}
	})
}

// FuzzQuote: a quoted filter value is a JSON string that means the value.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{`a"b`, `a\b`, "ü", "\u2028", "<>&", "\x00", "\U0001f642", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal([]byte(Quote(s)), &back); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(s) && back != s {
			t.Fatalf("%q comes back as %q", s, back)
		}
	})
}
