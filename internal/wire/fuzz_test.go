package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
)

// answering is a network that gives every request the same answer.
type answering struct {
	status int
	header http.Header
	body   []byte
}

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}

// FuzzAnswer sends a creation, a read, an update, a deletion and a Bulk job to a target that answers anything, and cleans up
// after it. Whatever is answered, the client must come back with an exchange, and must not leak its token.
func FuzzAnswer(f *testing.F) {
	f.Add(201, "http://127.0.0.1/scim/v2/Users/7", "", "application/scim+json", []byte(`{"id":"7","meta":{"location":"/Users/7","version":"W/\"1\""}}`))
	f.Add(200, "", "gzip", "text/html", []byte("\x1f\x8b\x08\x00"))
	f.Add(200, "//Users/%zz", "identity", "", []byte(`{"id":7e2,"Operations":[{"status":{"code":"201"},"location":"/Users/9","bulkId":"a"}],"Resources":[{"id":"1","userName":"fuzz"}]}`))
	f.Add(429, "%2e%2e", "", "application/json", []byte(`{"id":{"id":[]},"totalResults":1e999,"Operations":[null,[],{"status":[]}],"Resources":{}}`))
	f.Add(404, "http://elsewhere.example/Users/..%2f", "br", "application/json; charset=\"", []byte("\xff\xfe{\x00}\x00"))
	f.Fuzz(func(t *testing.T, status int, location, encoding, kind string, body []byte) {
		const token = "canary-of-the-fuzzer"
		h := http.Header{"Location": {location}, "Content-Encoding": {encoding}, "Content-Type": {kind}, "Retry-After": {location}, "Etag": {kind}}
		c, err := New(Config{
			BaseURL: "http://127.0.0.1/scim/v2", Auth: Auth{Kind: "bearer", Token: token}, BodyLimit: 1 << 20,
			Transport: answering{status, h, body},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.sleep = func(context.Context, time.Duration) error { return nil }
		c.Ledger().Own("/Users", "own", "")
		for _, r := range []Request{
			{Method: http.MethodPost, Path: "/Users", Creates: "/Users", Body: []byte(`{"userName":"fuzz"}`)},
			{Path: "/Users/own"},
			{Method: http.MethodPatch, Path: "/Users/own", Body: []byte(`{}`)},
			{Method: http.MethodPost, Path: "/Bulk", Body: []byte(`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"fuzz"}},{"method":"DELETE","path":"/Users/own"}]}`)},
			{Method: http.MethodDelete, Path: "/Users/own"},
		} {
			x := c.Do(t.Context(), r)
			if x == nil {
				t.Fatal("no exchange")
			}
			if x.Err() != nil && strings.Contains(x.Err().Error(), "bug in scimproof") {
				t.Fatal(x.Err())
			}
			_ = x.Object()
			_ = x.Line()
			if strings.Contains(x.RequestHeader.Get("Authorization"), token) || strings.Contains(x.Error, token) {
				t.Error("the token is recorded")
			}
		}
		Cleanup(t.Context(), c, c.Ledger(), 0)
	})
}

// FuzzRedactBody: no secret member keeps its value, and JSON stays JSON.
func FuzzRedactBody(f *testing.F) {
	for _, s := range []string{
		`{"password":"x","a":[{"Password":{"value":1}}]}`, `{"Operations":[{"op":"replace","path":"password","value":"x"}]}`,
		`password=x&a=b`, `<password>x</password>`, `{"filter":"password eq \"x\""}`, `{"password":`, "\"\xff", `[[[[`, `{"a":1}garbage`, `{"urn:a:2.0:User:password":"x"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		out := RedactBody(body)
		if !json.Valid([]byte(body)) {
			return
		}
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%q became %q: %v", body, out, err)
		}
		if where := unredacted(v); where != "" {
			t.Fatalf("%q became %q, which still shows %s", body, out, where)
		}
	})
}

// unredacted finds a secret member with a value of its own.
func unredacted(v any) string {
	switch t := v.(type) {
	case []any:
		for _, e := range t {
			if where := unredacted(e); where != "" {
				return where
			}
		}
	case map[string]any:
		for k, e := range t {
			if secretName(k) {
				if e != redacted && e != nil && e != true && e != false {
					return k
				}
				continue
			}
			if where := unredacted(e); where != "" {
				return where
			}
		}
	}
	return ""
}

// FuzzRetryAfter: the wait is neither negative nor longer than the cap.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"1", "-1", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "0x10", "1.5", "\x00"} {
		f.Add(429, s)
	}
	f.Fuzz(func(t *testing.T, status int, v string) {
		d, again := retryAfter(status, http.Header{"Retry-After": {v}}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if d < 0 || d > maxRetryAfter || again && status != 429 && status != 503 {
			t.Fatalf("%d %q: %v %v", status, v, d, again)
		}
	})
}

// FuzzResourcePath: a path that the guard accepts leads to the id that it was made from, whatever a target calls its resources.
func FuzzResourcePath(f *testing.F) {
	for _, s := range []string{"7", "a/b", "..", "a%2fb", "%252e%252e", "a b", "ü", "\x00", "bulkId:1", ".search", "a?b", "a#b", "a;b", `a\b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		c, err := New(Config{BaseURL: "http://127.0.0.1/scim/v2", Transport: answering{200, nil, nil}})
		if err != nil {
			t.Fatal(err)
		}
		u, err := c.resolve(Request{Path: ResourcePath("/Users", id)})
		if err != nil {
			return // refused before it is sent
		}
		if to := locate(c.base, u); to.clean && id != "" && (len(to.segments) != 2 || to.segments[1] != id) {
			t.Fatalf("%q leads to %q", id, to.segments)
		}
	})
}

// FuzzReadLedger: a damaged file is an error with a reason, never a crash, and what was read can be gone through.
func FuzzReadLedger(f *testing.F) {
	f.Add([]byte(`{"run":"r","base":"http://127.0.0.1"}` + "\n" + `{"n":1,"intent":"/Users","keys":{"userName":"a"}}` + "\n" + `{"n":1,"id":"7","location":"/Users/7"}` + "\n" + `{"gone":"7","at":"/Users"}` + "\n"))
	f.Add([]byte(`{"run":"r","base":"http://127.0.0.1"}` + "\n" + `{"n":1,"intent":"/Users"`))
	f.Add([]byte(`{"run":`))
	f.Add([]byte("[]\nnull\n"))
	path := filepath.Join(f.TempDir(), "fuzz.ledger")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ReadLedger(path)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		for _, e := range l.Live() {
			_ = l.Owns(e.ID)
		}
		_ = l.Created()
	})
}

// FuzzCreatedID reads what a target says of a new resource.
func FuzzCreatedID(f *testing.F) {
	f.Add("http://127.0.0.1/scim/v2/Users/7", `"7"`)
	f.Add("/Users/%41%2F", `7`)
	f.Add("%", `{"a":[]}`)
	f.Fuzz(func(t *testing.T, location, id string) {
		if got := scim.IDIn(location); got != "" {
			if u, err := url.Parse(location); err != nil || u.Path == "" {
				t.Fatalf("%q gives %q", location, got)
			}
		}
		_ = bulkStatus(scim.Object{"status": id})
		_ = keysOf([]byte(id))
		_ = repeatsMember([]byte(id))
	})
}
