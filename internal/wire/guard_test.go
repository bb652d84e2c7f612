package wire

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// guarded makes a client whose transport counts what gets through.
func guarded(t interface{ Fatal(...any) }, cfg Config, sent *[]*http.Request) *Client {
	if cfg.BaseURL == "" {
		cfg.BaseURL = "http://127.0.0.1:1/scim"
	}
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		*sent = append(*sent, r)
		return &http.Response{StatusCode: 404, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
	})
	cfg.Ledger = NewLedger(testRun, cfg.BaseURL)
	cfg.Ledger.Own("/Users", "owned", "")
	cfg.Ledger.Own("/Users", "a b", "")
	cfg.Ledger.Own("/Users", "..", "")
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Fictitious("made-up-9f8e")
	c.Fictitious("42")
	return c
}

func TestGuard(t *testing.T) {
	bulk := func(ops string) string { return `{"Operations":[` + ops + `]}` }
	for _, tc := range []struct {
		method, path, body string
		pass               bool
	}{
		{"GET", "/Users/anything", "", true},
		{"HEAD", "/Users/anything", "", true},
		{"OPTIONS", "/", "", true},
		{"POST", "/Users", "{}", true},
		{"POST", "/Users/", "{}", true},
		{"POST", "/NoSuchThing", "{}", true},
		{"POST", "/.search", "{}", true},
		{"POST", "/Users/.search", "{}", true},
		{"POST", "/Users/owned", "{}", true},
		{"POST", "/Users/other", "{}", false},
		{"POST", "/Me", "{}", false},
		{"POST", "", "{}", false},
		{"POST", "/%55sers", "{}", false},
		{"POST", "/Bulk;v=1", bulk(`{"method":"DELETE","path":"/Users/other"}`), false},
		{"PUT", "/Users/owned", "{}", true},
		{"PATCH", "/users/owned", "{}", true},
		{"DELETE", "/Users/owned", "", true},
		{"DELETE", "/Users/a%20b", "", true},
		{"DELETE", "/Users/%6Fwned", "", true},
		{"DELETE", "/Users/made-up-9f8e", "", true},
		{"DELETE", "/Users/42", "", false},
		{"DELETE", "/Groups/owned", "", false},
		{"DELETE", "/Users/..", "", false},
		{"DELETE", "/Users/%2e%2e", "", false},
		{"DELETE", "/Users/owned/../other", "", false},
		{"DELETE", "/Users/owned%2F..%2Fother", "", false},
		{"DELETE", "/Users//owned", "", false},
		{"DELETE", "/Users", "", false},
		{"PUT", "/Users/", "{}", false},
		{"PATCH", "/Me", "{}", false},
		{"DELETE", "/Schemas", "", false},
		{"DELETE", "/Users/.search", "", false},
		{"DELETE", "/Users/owned/emails", "", false},
		{"DELETE", "http://127.0.0.1:1/scim/Users/owned", "", true},
		{"DELETE", "http://127.0.0.1:1/other/Users/owned", "", false},
		{"DELETE", "http://127.0.0.1:1/scim-2/Users/owned", "", false},
		{"delete", "/Users/other", "", false},
		{"TRACE", "/Users", "", false},
		{"POST", "/Bulk", bulk(`{"method":"POST","path":"/Users","bulkId":"q"},{"method":"PATCH","path":"/Users/bulkId:q"}`), true},
		{"POST", "/Bulk", bulk(`{"method":"DELETE","path":"/Users/owned"},{"method":"PUT","path":"/Users/made-up-9f8e"}`), true},
		{"POST", "/Bulk", bulk(`{"method":"DELETE","path":"/Users/other"}`), false},
		{"POST", "/bulk", bulk(`{"method":"DELETE","path":"/Users/other"}`), false},
		{"POST", "/Bulk/", bulk(`{"METHOD":"delete","Path":"/Users/other"}`), false},
		{"POST", "/Bulk", bulk(`{"method":" DELETE ","path":"/Users"}`), false},
		{"POST", "/Bulk", bulk(`{"method":"PATCH","path":"/Users/bulkId:q"}`), false},
		{"POST", "/Bulk", bulk(`{"method":"DELETE"}`), false},
		{"POST", "/Bulk", bulk(`{"path":"/Users"}`), true},
		{"POST", "/Bulk", bulk(`{"path":"/Users/other"}`), false},
		{"POST", "/Bulk", bulk(`{"method":"POST","path":"/Me"}`), false},
		{"POST", "/Bulk", bulk(`{"method":"DELETE","path":"/Users/owned","path":"/Users/other"}`), false},
		{"POST", "/Bulk", `{"Operations":[],"operations":[{"method":"DELETE","path":"/Users/other"}]}`, false},
		{"POST", "/Bulk", `{"Operations":{"method":"DELETE","path":"/Users/other"}}`, false},
		{"POST", "/Bulk", `[{"method":"DELETE","path":"/Users/other"}]`, false},
		{"POST", "/Bulk", `{"Operations":[{"method":"DELETE","path":"/Users/other"}`, false},
		{"POST", "/Bulk", `{"Operations":[{"method":"\u0044ELETE","path":"/Users/other"}`, false},
		{"POST", "/Bulk", `{"Operations":[`, true},
		{"POST", "/Bulk", bulk(`{"method":"POST","path":"/Users/../Groups/1"}`), false},
	} {
		var sent []*http.Request
		c := guarded(t, Config{}, &sent)
		x := c.Do(t.Context(), Request{Method: tc.method, Path: tc.path, Body: []byte(tc.body)})
		var refused *GuardError
		if got := !errors.As(x.Err(), &refused); got != tc.pass || got != (len(sent) == 1) {
			t.Errorf("%s %s %s: passed %v (%v), sent %d, want %v", tc.method, tc.path, tc.body, got, x.Err(), len(sent), tc.pass)
		}
	}
}

func TestGuardRefusesMethodOverride(t *testing.T) {
	var sent []*http.Request
	c := guarded(t, Config{}, &sent)
	for _, r := range []Request{
		{Path: "/Users/other", Header: http.Header{"x-http-method-override": {"DELETE"}}},
		{Method: "POST", Path: "/Bulk", Body: []byte("x"), Header: http.Header{"Content-Encoding": {"gzip"}}},
	} {
		var refused *GuardError
		if x := c.Do(t.Context(), r); !errors.As(x.Err(), &refused) || len(sent) != 0 {
			t.Errorf("%+v passed: %v", r, x.Err())
		}
	}
}

func TestWritesNeedPermission(t *testing.T) {
	for _, tc := range []struct {
		base, allow string
		readOnly    bool
		path        string
		want        any
	}{
		{"https://scim.example.com/v2", "", false, "/Users", new(*NotAllowedError)},
		{"https://scim.example.com/v2", "example.com", false, "/Users", new(*NotAllowedError)},
		{"https://scim.example.com/v2", "scim.example.com:8443", false, "/Users", new(*NotAllowedError)},
		{"https://scim.example.com/v2", "SCIM.example.com", false, "/Users", nil},
		{"https://scim.example.com/v2", "scim.example.com:443", false, "/Users", nil},
		{"https://scim.example.com:8443/v2", "scim.example.com:8443", false, "/Users", nil},
		{"https://scim.example.com/v2", "", false, "/Users/.search", nil},
		{"http://127.0.0.1.example.com", "", false, "/Users", new(*NotAllowedError)},
		{"http://localhost:1", "", false, "/Users", nil},
		{"http://[::1]:1", "", false, "/Users", nil},
		{"http://[::1]:1", "", true, "/Users", new(*ReadOnlyError)},
		{"http://[::1]:1", "", true, "/.search", nil},
	} {
		var sent []*http.Request
		c := guarded(t, Config{BaseURL: tc.base, AllowWrites: tc.allow, ReadOnly: tc.readOnly}, &sent)
		err := c.Do(t.Context(), Request{Method: "POST", Path: tc.path, Body: []byte("{}")}).Err()
		if tc.want == nil && (err != nil || len(sent) != 1) {
			t.Errorf("%+v: refused: %v", tc, err)
		}
		if tc.want != nil && (err == nil || !errors.As(err, tc.want) || len(sent) != 0) {
			t.Errorf("%+v: got %v, sent %d", tc, err, len(sent))
		}
	}
}

func TestWriteCap(t *testing.T) {
	var sent []*http.Request
	c := guarded(t, Config{MaxWrites: 3}, &sent)
	bulk := Request{Method: "POST", Path: "/Bulk", Body: []byte(`{"Operations":[{"method":"POST","path":"/Users"},{"method":"POST","path":"/Users"}]}`)}
	if err := c.Do(t.Context(), bulk).Err(); err != nil {
		t.Fatal(err)
	}
	var capped *WriteCapError
	if err := c.Do(t.Context(), bulk).Err(); !errors.As(err, &capped) || len(sent) != 1 {
		t.Fatalf("a Bulk request went over the cap: %v", err)
	}
	if err := c.Do(t.Context(), Request{Method: "DELETE", Path: "/Users/owned"}).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), Request{Method: "DELETE", Path: "/Users/owned"}).Err(); !errors.As(err, &capped) {
		t.Fatalf("the fourth write passed: %v", err)
	}
	if err := c.Do(t.Context(), Request{Path: "/Users"}).Err(); err != nil {
		t.Fatalf("reading is not capped: %v", err)
	}
	if got := c.Stats(); got.Writes != 3 || got.Requests != 3 {
		t.Errorf("stats %+v", got)
	}
}

func TestForeignURL(t *testing.T) {
	var sent []*http.Request
	c := guarded(t, Config{Auth: Auth{Kind: "bearer", Token: "canary-token"}}, &sent)
	for _, p := range []string{"http://evil.example.com/scim/Users", "https://127.0.0.1:1/scim", "http://127.0.0.1:2/scim", "http://127.0.0.1:1@evil.example.com/", "http://%zz/"} {
		var foreign *URLError
		if x := c.Do(t.Context(), Request{Path: p}); !errors.As(x.Err(), &foreign) || len(sent) != 0 {
			t.Errorf("%s: %v, sent %d", p, x.Err(), len(sent))
		}
	}
	for _, p := range []string{"//evil.example.com/x", "@evil.example.com", ".evil.example.com/x"} {
		sent = nil
		c.Do(t.Context(), Request{Path: p})
		for _, r := range sent {
			if r.URL.Host != "127.0.0.1:1" {
				t.Errorf("%s went to %s", p, r.URL.Host)
			}
		}
	}
}

// TestGuardHolds searches for a path or Bulk body that gets past the rules. Its oracle knows nothing of the guard: it
// normalises what was sent as a careless server would, and looks at where that leads.
func TestGuardHolds(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"/", "/", "/", "Users", "Groups", "Me", "Bulk", "Schemas", ".search", "owned", "other", "made-up-9f8e", "42", "..", ".",
		"%2e", "%2F", "%5C", "%252e%252e", "%252F", ";x", "?", "#", "bulkId:q", "%00", "\\", "%", "//", "a%20b",
	})
	method := rapid.SampledFrom([]string{"POST", "PUT", "PATCH", "DELETE", "delete", "TRACE", "PROPFIND"})
	rapid.Check(t, func(t *rapid.T) {
		var sent []*http.Request
		c := guarded(t, Config{}, &sent)
		m := method.Draw(t, "method")
		p := "/" + strings.Join(rapid.SliceOfN(piece, 0, 7).Draw(t, "path"), "")
		c.Do(t.Context(), Request{Method: m, Path: p, Body: []byte(`{}`)})
		for _, r := range sent {
			if why := harmful(m, strings.TrimPrefix(r.URL.EscapedPath(), "/scim")); why != "" {
				t.Fatalf("%s %s was sent: %s", m, p, why)
			}
		}
		sent = nil
		c.Do(t.Context(), Request{Method: "POST", Path: "/Bulk", Body: []byte(`{"Operations":[{"method":` + quote(m) + `,"path":` + quote(p) + `}]}`)})
		if len(sent) > 0 {
			opPath, _, _ := strings.Cut(p, "?")
			if why := harmful(strings.ToUpper(m), opPath); why != "" {
				t.Fatalf("Bulk %s %s was sent: %s", m, p, why)
			}
		}
	})
}

// harmful tells how an operation could change something that is not the run's, however a server decodes its path.
func harmful(method, escaped string) string {
	if method == "POST" && strings.HasSuffix(strings.TrimSuffix(escaped, "/"), "/.search") {
		return ""
	}
	seen := escaped
	for range 3 {
		norm := path.Clean(strings.ReplaceAll(seen, `\`, "/"))
		segs := strings.Split(strings.Trim(norm, "/"), "/")
		collection := len(segs) == 1 && segs[0] != "" && segs[0] != "Me" && !strings.ContainsAny(segs[0], ".;%")
		ours := len(segs) == 2 && (segs[1] == "made-up-9f8e" || strings.EqualFold(segs[0], "Users") && (segs[1] == "owned" || segs[1] == "a b" || segs[1] == "a%20b"))
		if !(method == "POST" && collection) && !ours {
			// Unknown methods inside Bulk stand for a POST to a collection, as the rules say.
			if !(collection && (method == "TRACE" || method == "PROPFIND")) {
				return "it reads as " + norm
			}
		}
		next, err := url.PathUnescape(seen)
		if err != nil || next == seen {
			return ""
		}
		seen = next
	}
	return ""
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
