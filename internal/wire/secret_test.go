package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMaskEncodedForms(t *testing.T) {
	const secret = `c4n+ry/<"tok en">?ÿ~`
	s := &Secrets{}
	s.Add(secret)
	s.Add("abc") // too short to be told from text
	escaped, _ := json.Marshal(secret)
	for name, form := range map[string]string{
		"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "json": strings.Trim(string(escaped), `"`),
		"json plain":  strings.ReplaceAll(secret, `"`, `\"`),
		"json slash":  strings.ReplaceAll(strings.ReplaceAll(secret, `"`, `\"`), "/", `\/`),
		"base64":      base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 raw":  base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"base64 url":  base64.URLEncoding.EncodeToString([]byte(secret)),
		"base64 rawu": base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		if got := s.Mask("before " + form + " after"); got != "before [secret] after" {
			t.Errorf("%s: %s → %s", name, form, got)
		}
	}
	if got := s.Mask("abc"); got != "abc" {
		t.Error(got)
	}
	if got := (*Secrets)(nil).Mask("x"); got != "x" {
		t.Error(got)
	}
}

// TestMaskInsideBase64 holds that a secret is not readable from the base64 of anything that contains it.
func TestMaskInsideBase64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[A-Za-z0-9._~+/-]{8,40}`).Draw(t, "secret")
		s := &Secrets{}
		s.Add(secret)
		text := rapid.StringN(0, 9, -1).Draw(t, "before") + secret + rapid.StringN(0, 9, -1).Draw(t, "after")
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			if got := s.Mask(e.EncodeToString([]byte(text))); !strings.Contains(got, masked) {
				t.Fatalf("%q in %q: %s", secret, text, got)
			}
		}
	})
}

func TestRedactBody(t *testing.T) {
	for _, c := range [][2]string{
		{`{ "userName" : "a",  "password":"x y" }`, `{ "userName" : "a",  "password":"[redacted]" }`},
		{`{"PassWord":"a\"b"}`, `{"PassWord":"[redacted]"}`},
		{`{"p\u0061ssword":"a"}`, `{"p\u0061ssword":"[redacted]"}`},
		{`[{"a":[{"access_token":"t","n":1.50}]}]`, `[{"a":[{"access_token":"[redacted]","n":1.50}]}]`},
		{`{"refresh_token":5,"client_secret":["a",{"b":1}],"clientToken":{"x":"y"}}`, `{"refresh_token":"[redacted]","client_secret":"[redacted]","clientToken":"[redacted]"}`},
		{`{"password":null,"x":{"password":true}}`, `{"password":null,"x":{"password":true}}`},
		{`{"op":"replace","path":"password","value":"x"}`, `{"op":"replace","path":"password","value":"[redacted]"}`},
		{`{"value":"x","op":"replace","Path":"urn:ietf:params:scim:schemas:core:2.0:User:Password"}`, `{"value":"[redacted]","op":"replace","Path":"urn:ietf:params:scim:schemas:core:2.0:User:Password"}`},
		{`{"op":"add","value":{"urn:ietf:params:scim:schemas:core:2.0:User:password":"x"}}`, `{"op":"add","value":{"urn:ietf:params:scim:schemas:core:2.0:User:password":"[redacted]"}}`},
		{`{"path":"password","value":{"password":"x"}}`, `{"path":"password","value":"[redacted]"}`},
		{`{"path":"title","value":"password"}`, `{"path":"title","value":"password"}`},
		{`{"filter":"password eq \"x y\""}`, `{"filter":"password eq [redacted]"}`},
		{`{"name":"password","type":"string","value":"shown"}`, `{"name":"password","type":"string","value":"shown"}`},
		{`{"password":"tor`, `{"password":[redacted]`},
		{`{"password":"a","x":}`, `{"password":[redacted],"x":}`},
		{`grant_type=password&client_secret=abc&scope=x`, `grant_type=password&client_secret=[redacted]&scope=x`},
		{`<User><password>x</password></User>`, `<User><password>[redacted]</password></User>`},
		{`{"op":"add","path":"password","value":"x",}`, `{"op":"add","path":"password","value":"[redacted]",}`},
		{`{"value":"x","path":"password",}`, `{"value":"[redacted]","path":"password",}`},
		{`plain text`, `plain text`},
		{strings.Repeat("[", 5000) + `{"password":"deepcanary"}`, ""},
	} {
		in, want := c[0], c[1]
		got := RedactBody(in)
		if want == "" {
			if strings.Contains(got, "deepcanary") {
				t.Error("a deep body was not searched")
			}
		} else if got != want {
			t.Errorf("%s\n got  %s\n want %s", in, got, want)
		}
	}
}

// TestRedactionKeepsEverythingElse holds that a body without secrets is recorded byte for byte.
func TestRedactionKeepsEverythingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOf(rapid.StringMatching(`[a-oA-O]{1,5}`), rapid.String()).Draw(t, "object")
		b, _ := json.MarshalIndent(v, "", " \t")
		if got := RedactBody(string(b)); got != string(b) {
			t.Fatalf("%s became %s", b, got)
		}
	})
}

// TestMentions holds that what is not searched has nothing to hide.
func TestMentions(t *testing.T) {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{"password", "PassWord", "pa\u017f\u017fword", "access_token", "to\u212aen", "client_secret", `p\u0061ssword`, `"path":`, `"value":"x"`, "password eq ", "passwor", "d%20Eq+", `"a"`, "%22a%22", `:`, `=`, `"`, `{`, `}`, ` eq "a"`, "<", ">", "pass", "word", "tok", "en"}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(part).Draw(t, "parts"), "")
		if out := redactBody(text); !mentions(text) && out != text {
			t.Fatalf("%q was not searched, but becomes %q", text, out)
		}
		if !asksSecret(text) && secretFilter.MatchString(text) {
			t.Fatalf("%q was not searched for a filter", text)
		}
	})
}

// TestCanary puts secrets wherever they can occur and looks for them in everything that is recorded.
func TestCanary(t *testing.T) {
	const canary = "canary-7d1e+/=secret"
	basic := base64.StdEncoding.EncodeToString([]byte("me:" + canary))
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=cookiecanary")
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.Header().Set("Location", "/x?token="+url.QueryEscape(canary))
		_, _ = fmt.Fprintf(w, `{"echo":%q,"auth":%q,"password":"pwcanary","url":%q}`, canary, r.Header.Get("Authorization"), url.QueryEscape(canary))
	})
	for _, auth := range []Auth{
		{Kind: "bearer", Token: canary},
		{Kind: "basic", User: "me", Password: canary},
		{Kind: "header", HeaderName: "X-Whatever", HeaderValue: "SSWS " + canary},
	} {
		c := newTestClient(t, Config{BaseURL: base, Auth: auth, Header: http.Header{"Cookie": {"a=cookiecanary"}, "X-Api-Key": {"keycanary"}}})
		x := c.Do(t.Context(), Request{
			Method: "POST", Path: "/.search", Query: url.Values{"filter": {`password eq "pwcanary"`}, "t": {canary}},
			Header: http.Header{"X-Copy": {canary, basic}, "Proxy-Authorization": {"Basic cookiecanary"}},
			Body:   []byte(`{"password":"pwcanary","userName":"` + canary + `"}`),
		})
		if x.Err() != nil || !strings.Contains(string(x.Body()), canary) {
			t.Fatalf("the raw answer must stay: %v", x.Err())
		}
		out, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		all := string(out) + x.Line()
		for _, leak := range []string{"canary-7d1e", "canary-7d1e%2B", "cookiecanary", "keycanary", "pwcanary", basic} {
			if strings.Contains(all, leak) {
				t.Errorf("%s: %s in %s", auth.Kind, leak, all)
			}
		}
	}
	// Errors are recorded too.
	c := newTestClient(t, Config{BaseURL: base, Auth: Auth{Kind: "bearer", Token: canary}})
	for _, r := range []Request{{Path: "http://evil.example.com/?t=" + canary}, {Method: "DELETE", Path: "/Users/" + canary}, {Method: "BAD " + canary, Path: "/Users/made-up-9f8e"}} {
		c.Fictitious("made-up-9f8e")
		if x := c.Do(t.Context(), r); x.Err() == nil || strings.Contains(x.Error+x.URL, "canary") {
			t.Errorf("%s %s", x.URL, x.Error)
		}
	}
}

func TestResolveRef(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(file, []byte("from file\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WIRE_TEST_SECRET", "from env\r\n")
	t.Setenv("WIRE_TEST_EMPTY", "")
	old := stdin
	stdin = strings.NewReader("first\nsecond")
	defer func() { stdin = old }()
	for _, tc := range []struct{ ref, want string }{
		{"env:WIRE_TEST_SECRET", "from env"},
		{"file:" + file, "from file\n"},
		{"cmd:printf 'a b'; echo", "a b"},
		{"-", "first"},
		{"-", "second"},
	} {
		if got, err := ResolveRef(tc.ref); err != nil || got != tc.want {
			t.Errorf("%s: %q, %v", tc.ref, got, err)
		}
	}
	for _, ref := range []string{"literalcanary", "bearer:literalcanary", "", "env:WIRE_TEST_NONE", "env:WIRE_TEST_EMPTY", "file:/no/such", "cmd:echo literalcanary; echo literalcanary >&2; exit 3", "-"} {
		_, err := ResolveRef(ref)
		var bad *RefError
		if !errors.As(err, &bad) || bad.Hint == "" || strings.Contains(err.Error(), "literalcanary") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}
