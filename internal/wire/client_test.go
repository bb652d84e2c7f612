package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/scimproof/scimproof/reports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// noSleep returns at once and notes how long it should have slept.
func noSleep(naps *[]time.Duration) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		if naps != nil {
			*naps = append(*naps, d)
		}
		return ctx.Err()
	}
}

func TestBaseURL(t *testing.T) {
	for _, bad := range []string{"", "example.com", "ftp://h", "https://", "https://h?x=1", "https://h?", "https://h#", "https://h/#f", "https://u:canarypass@h", "https://u:canarypass@h:bad"} {
		_, err := New(Config{BaseURL: bad})
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Hint == "" || strings.Contains(err.Error(), "canarypass") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if c, err := New(Config{BaseURL: "https://h/scim/v2/"}); err != nil || c.Base() != "https://h/scim/v2" {
		t.Errorf("%v", err)
	}
}

func TestPlainHTTPIsRefusedForCredentials(t *testing.T) {
	bearer := Auth{Kind: "bearer", Token: "token-1234"}
	for _, tc := range []struct {
		cfg Config
		ok  bool
	}{
		{Config{BaseURL: "http://scim.example.com", Auth: bearer}, false},
		{Config{BaseURL: "http://scim.example.com", Auth: bearer, AllowPlainHTTP: true}, true},
		{Config{BaseURL: "http://scim.example.com"}, true},
		{Config{BaseURL: "http://scim.example.com", Header: http.Header{"X-Api-Key": {"k"}}}, false},
		{Config{BaseURL: "http://127.0.0.1:1", Auth: bearer}, true},
		{Config{BaseURL: "https://scim.example.com", Auth: bearer}, true},
		{Config{BaseURL: "https://h", Auth: Auth{Kind: "oauth2", ClientID: "i", ClientSecret: "s", TokenURL: "http://idp.example.com/t"}}, false},
		{Config{BaseURL: "https://h", Auth: Auth{Kind: "bearer"}}, false},
		{Config{BaseURL: "https://h", Auth: Auth{Kind: "mtls"}}, false},
		{Config{BaseURL: "https://h", Auth: Auth{Kind: "magic"}}, false},
		{Config{BaseURL: "https://h", Rate: -1}, false},
	} {
		if _, err := New(tc.cfg); (err == nil) != tc.ok {
			t.Errorf("%+v: %v", tc.cfg, err)
		}
	}
}

func TestRequestAsSent(t *testing.T) {
	var got *http.Request
	base := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r })
	c := newTestClient(t, Config{BaseURL: base + "/scim/", Auth: Auth{Kind: "bearer", Token: "token-1234"}, Header: http.Header{"X-Extra": {"1"}}, Version: "1.2.3"})
	do := func(r Request) {
		t.Helper()
		if x := c.Do(t.Context(), r); x.Err() != nil {
			t.Fatal(x.Err())
		}
	}
	do(Request{Path: "/Users", Query: url.Values{"filter": {`userName eq "a+b c"`}}})
	if got.RequestURI != "/scim/Users?filter=userName%20eq%20%22a%2Bb%20c%22" {
		t.Error(got.RequestURI)
	}
	for name, want := range map[string]string{
		"Accept": "application/scim+json", "Accept-Encoding": "identity", "User-Agent": "scimproof/1.2.3", "Authorization": "Bearer token-1234",
		"X-Extra": "1", "Content-Type": "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q", name, got.Header.Get(name))
		}
	}
	do(Request{Path: "/Users/a%2Fb", RawQuery: "filter=a eq é&x=%zz+"})
	if got.RequestURI != "/scim/Users/a%2Fb?filter=a%20eq%20%C3%A9&x=%zz+" {
		t.Error(got.RequestURI)
	}
	do(Request{Method: "POST", Path: "/.search", Body: []byte("{}"), Header: http.Header{"accept": nil, "User-Agent": nil, "Content-Type": {"text/plain"}, "Authorization": {"Bearer wrong"}}})
	if got.Header.Get("Content-Type") != "text/plain" || got.Header.Get("Authorization") != "Bearer wrong" || got.Header["Accept"] != nil || got.Header["User-Agent"] != nil {
		t.Errorf("%v", got.Header)
	}
	do(Request{Path: "/Users", Header: http.Header{"Authorization": nil}})
	if got.Header["Authorization"] != nil {
		t.Error("a removed credential was sent")
	}
	do(Request{Path: "/Users", Anonymous: true})
	if got.Header["Authorization"] != nil || got.Header.Get("X-Extra") != "1" {
		t.Errorf("anonymous: %v", got.Header)
	}
}

func TestAuthKinds(t *testing.T) {
	for _, tc := range []struct {
		auth         Auth
		header, want string
	}{
		{Auth{}, "Authorization", ""},
		{Auth{Kind: "basic", User: "me", Password: "pässword"}, "Authorization", "Basic bWU6cMOkc3N3b3Jk"},
		{Auth{Kind: "header", HeaderName: "X-Key", HeaderValue: "SSWS 12345"}, "X-Key", "SSWS 12345"},
	} {
		var got http.Header
		c := newTestClient(t, Config{BaseURL: serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header }), Auth: tc.auth})
		c.Do(t.Context(), Request{Path: "/Users"})
		if got.Get(tc.header) != tc.want {
			t.Errorf("%s: %v", tc.auth.Kind, got)
		}
		c.Do(t.Context(), Request{Path: "/Users", Anonymous: true})
		if got.Get(tc.header) != "" {
			t.Errorf("%s: anonymous sent %v", tc.auth.Kind, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		status int
		value  string
		wait   time.Duration
		again  bool
	}{
		{429, "7", 7 * time.Second, true},
		{503, "0", 0, true},
		{429, "3600", time.Minute, true},
		{429, "99999999999999999999", time.Minute, true},
		{429, now.Add(9 * time.Second).Format(http.TimeFormat), 9 * time.Second, true},
		{503, now.Add(-time.Hour).Format(http.TimeFormat), 0, true},
		{503, now.Add(time.Hour).Format(http.TimeFormat), time.Minute, true},
		{429, "", 0, false},
		{429, "soon", 0, false},
		{429, "-1", 0, false},
		{500, "1", 0, false},
		{200, "1", 0, false},
	} {
		wait, again := retryAfter(tc.status, http.Header{"Retry-After": {tc.value}}, now)
		if wait != tc.wait || again != tc.again {
			t.Errorf("%d %q: %v %v", tc.status, tc.value, wait, again)
		}
	}
}

func TestThrottledRequestsAreRepeated(t *testing.T) {
	calls := 0
	h := func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(429)
	}
	var seen []string
	c := newTestClient(t, Config{BaseURL: serve(t, h), OnExchange: func(x *reports.Exchange) { seen = append(seen, x.ID) }})
	var naps []time.Duration
	c.sleep = noSleep(&naps)
	x := c.Do(t.Context(), Request{Method: "POST", Path: "/Users", Body: user("u-" + testRun)})
	if x.Status != 429 || x.ID != "x3" || calls != 3 || !slices.Equal(seen, []string{"x1", "x2", "x3"}) || !slices.Equal(naps, []time.Duration{5e9, 5e9}) {
		t.Errorf("%s, %d calls, %v, %v", x.ID, calls, seen, naps)
	}
	if got := c.Stats(); got.Retries != 2 || got.Requests != 3 || got.Waited != 10*time.Second {
		t.Errorf("%+v", got)
	}
	if live := c.Ledger().Live(); len(live) != 0 {
		t.Errorf("a 429 makes nothing: %+v", live)
	}
	c.Do(t.Context(), Request{Path: "/Users", NoRetry: true})
	if calls != 4 {
		t.Errorf("NoRetry was repeated")
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if x := c.Do(ctx, Request{Path: "/Users"}); x.Status != 429 || calls != 5 {
		t.Errorf("the wait did not end with the context: %d calls, %s", calls, x.Line())
	}
}

func TestRateLimit(t *testing.T) {
	c := newTestClient(t, Config{BaseURL: serve(t, func(http.ResponseWriter, *http.Request) {}), Rate: 4})
	clock := time.Unix(1000, 0)
	c.now = func() time.Time { return clock }
	c.sleep = func(_ context.Context, d time.Duration) error { clock = clock.Add(d); return nil }
	for range 5 {
		c.Do(t.Context(), Request{Path: "/Users"})
	}
	if got := clock.Sub(time.Unix(1000, 0)); got != time.Second || c.Stats().Waited != time.Second {
		t.Errorf("five requests at 4/s took %v", got)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	leaked := false
	other := serve(t, func(http.ResponseWriter, *http.Request) { leaked = true })
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other+"/x", http.StatusTemporaryRedirect)
	})
	c := newTestClient(t, Config{BaseURL: base, Auth: Auth{Kind: "bearer", Token: "canary-token"}})
	x := c.Do(t.Context(), Request{Path: "/Me"})
	if x.Status != 307 || x.Header().Get("Location") != other+"/x" || leaked {
		t.Errorf("%s, leaked %v", x.Line(), leaked)
	}
}

func TestBodyLimit(t *testing.T) {
	big := strings.Repeat("x", 1000)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(big))
	_ = z.Close()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/zip" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped.Bytes())
			return
		}
		_, _ = w.Write([]byte(big))
	})
	for _, path := range []string{"/plain", "/zip"} {
		c := newTestClient(t, Config{BaseURL: base, BodyLimit: 999})
		x := c.Do(t.Context(), Request{Path: path})
		var over *BodyLimitError
		if !x.Truncated || !errors.As(x.Err(), &over) || len(x.Body()) != 999 || x.Status != 200 || x.Error == "" {
			t.Errorf("%s: %v, %d bytes", path, x.Err(), len(x.Body()))
		}
		c = newTestClient(t, Config{BaseURL: base, BodyLimit: 1000, RecordLimit: 10})
		x = c.Do(t.Context(), Request{Path: path})
		if x.Err() != nil || x.Truncated || string(x.Body()) != big || x.ResponseBody != "xxxxxxxxxx… [1000 bytes in all]" {
			t.Errorf("%s: %v, %q", path, x.Err(), x.ResponseBody)
		}
	}
}

func TestDripIsBounded(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	c := newTestClient(t, Config{BaseURL: base, Timeout: 60 * time.Millisecond})
	start := time.Now()
	x := c.Do(t.Context(), Request{Path: "/Users"})
	var late *TransportError
	if !errors.As(x.Err(), &late) || !late.Timeout() || time.Since(start) > 5*time.Second || x.Status != 200 {
		t.Errorf("%v after %v", x.Err(), time.Since(start))
	}
}

func TestTransportErrors(t *testing.T) {
	closing := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for base, kind := range map[string]string{closing: "closed", "http://127.0.0.1:1": "refused"} {
		c := newTestClient(t, Config{BaseURL: base})
		var broken *TransportError
		if x := c.Do(t.Context(), Request{Path: "/Users"}); !errors.As(x.Err(), &broken) || broken.Kind != kind || x.Error == "" || x.Success() {
			t.Errorf("%s: %v", kind, x.Err())
		}
	}
	c := newTestClient(t, Config{BaseURL: "http://127.0.0.1:1", Transport: roundTrip(func(*http.Request) (*http.Response, error) { panic("boom") })})
	if x := c.Do(t.Context(), Request{Path: "/"}); x == nil || x.Err() == nil {
		t.Error("a panic was not turned into an error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if x := c.Do(ctx, Request{Path: "/"}); !errors.Is(x.Err(), context.Canceled) {
		t.Error(x.Err())
	}
}

func TestCreationOutcomes(t *testing.T) {
	for _, tc := range []struct {
		status         int
		body, location string
		live           string // ids still open, "?" for an unknown one
	}{
		{201, `{"id":"7"}`, "", "7"},
		{201, `{"id":7}`, "", "7"},
		{201, ``, "http://h/scim/Users/a%20b", "a b"},
		{201, `{"meta":{"location":"http://h/Users/9"}}`, "", "9"},
		{200, `{}`, "", "?"},
		{409, `{"id":"7"}`, "", ""},
		{500, ``, "", "?"},
		{302, ``, "/login", "?"},
	} {
		c := newTestClient(t, Config{BaseURL: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if tc.location != "" {
				w.Header().Set("Location", tc.location)
			}
			w.WriteHeader(tc.status)
			_, _ = w.Write([]byte(tc.body))
		})})
		// Creates is left out: a server may create what it was expected to refuse.
		c.Do(t.Context(), Request{Method: "POST", Path: "/Users", Body: user("u-" + testRun)})
		got := ""
		for _, e := range c.Ledger().Live() {
			got += e.ID
			if e.ID == "" {
				got += "?"
			}
			if e.Keys["userName"] != "u-"+testRun || e.Endpoint != "/Users" {
				t.Errorf("%+v", e)
			}
		}
		if got != tc.live {
			t.Errorf("%d %s: live %q, want %q", tc.status, tc.body, got, tc.live)
		}
	}
}

func TestPutThatCreatesIsOwned(t *testing.T) {
	c := newTestClient(t, Config{BaseURL: serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) })})
	c.Fictitious("random-1f2e3d")
	c.Do(t.Context(), Request{Method: "PUT", Path: "/Users/random-1f2e3d", Body: []byte("{}")})
	if !c.Ledger().Owns("random-1f2e3d") {
		t.Error("what a PUT made would be left behind")
	}
}

func TestConcurrentUse(t *testing.T) {
	_, s := newFake(t)
	n := 0
	c := newTestClient(t, Config{BaseURL: s.URL, OnExchange: func(*reports.Exchange) { n++ }})
	done := make(chan *reports.Exchange)
	for i := range 20 {
		go func() {
			done <- c.Do(context.Background(), Request{Method: "POST", Path: "/Users", Body: user(fmt.Sprint(i, testRun))})
		}()
	}
	ids := map[string]bool{}
	for range 20 {
		ids[(<-done).ID] = true
	}
	if len(ids) != 20 || n != 20 || c.Ledger().Created() != 20 {
		t.Errorf("%d ids, %d seen, %d made", len(ids), n, c.Ledger().Created())
	}
}

func TestAnonymousSendsNoExtraCredentials(t *testing.T) {
	var got http.Header
	c := newTestClient(t, Config{
		BaseURL: serve(t, func(w http.ResponseWriter, r *http.Request) { got = r.Header; w.WriteHeader(404) }),
		Header:  http.Header{"X-Api-Key": {"key-1234"}, "Cookie": {"a=b-1234"}},
	})
	c.Do(t.Context(), Request{Path: "/Users"})
	if got.Get("X-Api-Key") == "" || got.Get("Cookie") == "" {
		t.Errorf("%v", got)
	}
	c.Ledger().Own("/Users", "1", "")
	for _, r := range []Request{{Anonymous: true}, {Header: http.Header{"Authorization": {"Bearer wrong"}}}} {
		r.Method, r.Path = "DELETE", "/Users/1"
		c.Do(t.Context(), r)
		if r.Anonymous && (got.Get("X-Api-Key") != "" || got.Get("Cookie") != "") {
			t.Errorf("%v", got)
		}
		if len(c.Ledger().Live()) != 1 {
			t.Error("a 404 to another credential says nothing of the resource")
		}
	}
}
