package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func loadClient(t *testing.T, base, ledger string, slim bool) *Client {
	t.Helper()
	cfg := Config{BaseURL: base, Auth: Auth{Kind: "bearer", Token: "canary-token-123456"}}
	if ledger != "" {
		l, err := OpenLedger(ledger, testRun, base)
		if err != nil {
			t.Fatal(err)
		}
		if slim {
			l.Slim()
		}
		cfg.Ledger = l
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestSendObeys holds the requests of a load to the rules of Do.
func TestSendObeys(t *testing.T) {
	f, s := newFake(t)
	foreign := f.put("/Users", map[string]any{"userName": "boss"})
	c := loadClient(t, s.URL, filepath.Join(t.TempDir(), "l"), true)
	var a Answer
	ctx := context.Background()

	c.Send(ctx, &Request{Method: "DELETE", Path: "/Users/" + foreign}, &a)
	var guard *GuardError
	if !errors.As(a.Err, &guard) || !a.Sent.IsZero() || !f.has("/Users/"+foreign) {
		t.Fatalf("a foreign user could be deleted: %v", a.Err)
	}
	c.Send(ctx, &Request{Method: "POST", Path: "/Users", Body: []byte(`{"userName":"mine-` + testRun + `"}`)}, &a)
	if a.Status != 201 || a.Peek.ID == "" || !a.JSON || a.Took <= 0 || a.Sent.IsZero() {
		t.Fatalf("%+v", a)
	}
	id := a.Peek.ID
	x := c.Exchange(&Request{Method: "POST", Path: "/Users"}, &a)
	if text := fmt.Sprintf("%+v", x); strings.Contains(text, "canary") || x.Status != 201 {
		t.Errorf("the evidence shows the token, or not the answer: %s", text)
	}
	if !c.Ledger().ownsAt("/Users", id) || c.Ledger().ownsAt("/Groups", id) {
		t.Error("the creation is not in the ledger")
	}
	c.Send(ctx, &Request{Method: "DELETE", Path: "/Users/" + id}, &a)
	if a.Status != 204 || f.has("/Users/"+id) || c.Ledger().Remaining() != 0 {
		t.Errorf("status %d, %d remain", a.Status, c.Ledger().Remaining())
	}
}

// TestSendStopsAtTheCap: a load may not write more than the user allowed.
func TestSendStopsAtTheCap(t *testing.T) {
	_, s := newFake(t)
	c, err := New(Config{BaseURL: s.URL, MaxWrites: 2})
	if err != nil {
		t.Fatal(err)
	}
	var a Answer
	for i := range 3 {
		c.Send(context.Background(), &Request{Method: "POST", Path: "/Users", Body: fmt.Appendf(nil, `{"userName":"u%d"}`, i)}, &a)
	}
	var over *WriteCapError
	if !errors.As(a.Err, &over) {
		t.Errorf("the third write gave %v", a.Err)
	}
}

// TestSlimLedger: a ledger that keeps hashes knows the same, and leaves the same file.
func TestSlimLedger(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	l, err := OpenLedger(file, testRun, "http://h")
	if err != nil {
		t.Fatal(err)
	}
	l.Own("/Users", "early", "")
	l.Slim()
	entries, err := l.intend([]intent{
		{endpoint: "/Users", keys: map[string]string{"userName": `a"ü`, "externalId": "e"}},
		{endpoint: "Users"},
		{endpoint: "/Groups", keys: map[string]string{"displayName": "g"}},
		{endpoint: "/Users", keys: map[string]string{"userName": "lost"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.made(entries[0], "id é", "")
	l.failed(entries[1], 409)
	l.made(entries[2], "g1", "")
	l.Own("/Users", "found", "")
	l.saw("/Users", "found", "DELETE", 204)
	l.saw("/Users", "early", "GET", 404) // not deleted, so only not readable yet
	look := func(l *Ledger) string {
		var out []string
		for _, e := range l.Live() {
			out = append(out, fmt.Sprintf("%s %q %v", e.Endpoint, e.ID, e.Keys))
		}
		slices.Sort(out)
		return fmt.Sprintf("%d %d %s", l.Created(), l.Remaining(), strings.Join(out, "\n"))
	}
	slim := look(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := ReadLedger(file)
	if err != nil {
		t.Fatal(err)
	}
	if whole := look(back); whole != slim || back.Created() != 4 || back.Remaining() != 4 {
		t.Errorf("slim: %s\nread back: %s", slim, whole)
	}
}

// TestSlimIntentComesFirst: what is about to be created is in the file before the request is sent.
func TestSlimIntentComesFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	seen := false
	c := loadClient(t, "http://127.0.0.1:1", file, true)
	c.network = roundTrip(func(*http.Request) (*http.Response, error) {
		b, _ := os.ReadFile(file)
		seen = bytes.Contains(b, []byte(`"userName":"before"`))
		return nil, errors.New("no network")
	})
	var a Answer
	c.Send(context.Background(), &Request{Method: "POST", Path: "/Users", Body: []byte(`{"userName":"before"}`)}, &a)
	if !seen || a.Err == nil {
		t.Errorf("seen %v, error %v", seen, a.Err)
	}
}

// TestCleanupByCrowd: many workers delete what a slim ledger, or one that was read back, says, and find what is unknown.
func TestCleanupByCrowd(t *testing.T) {
	for _, again := range []bool{false, true} {
		f, s := newFake(t)
		file := filepath.Join(t.TempDir(), "l")
		c := loadClient(t, s.URL, file, true)
		var a Answer
		for i := range 300 {
			c.Send(context.Background(), &Request{Method: "POST", Path: "/Users", Body: fmt.Appendf(nil, `{"userName":"%s-%d"}`, testRun, i)}, &a)
		}
		c.Send(context.Background(), &Request{Method: "POST", Path: "/Groups", Body: []byte(`{"displayName":"` + testRun + `"}`)}, &a)
		f.dropCreateAns.Store(true)
		c.Send(context.Background(), &Request{Method: "POST", Path: "/Users", Body: []byte(`{"userName":"` + testRun + `-unknown"}`)}, &a)
		f.dropCreateAns.Store(false)
		l := c.Ledger()
		if again {
			_ = l.Close()
			var err error
			if l, err = ReadLedger(file); err != nil {
				t.Fatal(err)
			}
		}
		r := Cleanup(context.Background(), c, l, 8)
		if len(r.Left) != 0 || r.Created != 302 || r.Deleted != 302 || len(f.store) != 0 {
			t.Errorf("again=%v: %d created, %d deleted, left %v; %d are there", again, r.Created, r.Deleted, r.Left, len(f.store))
		}
	}
}

// TestSendInTime: the clock runs anew for each request of an Answer, and one that ran out does not spoil the next.
func TestSendInTime(t *testing.T) {
	var slow atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slow.Load() {
			<-r.Context().Done()
			return
		}
		time.Sleep(60 * time.Millisecond)
		_, _ = w.Write([]byte(`{"id":"1"}`))
	}))
	defer s.Close()
	c, err := New(Config{BaseURL: s.URL, Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var a Answer
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := range 6 { // longer together than one may take
		slow.Store(i == 4)
		c.Send(ctx, &Request{Path: "/Users/1"}, &a)
		var broken *TransportError
		switch errors.As(a.Err, &broken); {
		case i == 4 && (broken == nil || !broken.Timeout() || a.Status != 0):
			t.Fatalf("an answer that never comes gave %d, %v", a.Status, a.Err)
		case i != 4 && (a.Err != nil || a.Peek.ID != "1"):
			t.Fatalf("request %d: %v", i, a.Err)
		}
	}
	cancel()
	c.Send(ctx, &Request{Path: "/Users/1"}, &a)
	var broken *TransportError
	if !errors.As(a.Err, &broken) || broken.Kind != "canceled" {
		t.Errorf("after the end of the run: %v", a.Err)
	}
	c.Send(context.Background(), &Request{Path: "/Users/1"}, &a)
	if a.Err != nil {
		t.Errorf("another run with the same Answer: %v", a.Err)
	}
}

// TestLoadURL: what is put together without parsing is what parsing gives.
func TestLoadURL(t *testing.T) {
	for _, base := range []string{"http://h", "https://h:8443/scim/v2", "http://[::1]:80/a%20b/", "http://h/a%2Fb"} {
		c, err := New(Config{BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []Request{
			{Path: "/Users"},
			{Path: "/Users/a-b._~1"},
			{Path: "/Users/a%2Fb"},
			{Path: "/Users?count=1"},
			{Path: "//other/x"},
			{Path: "Users"},
			{Path: ""},
			{Path: "/Users", RawQuery: "filter=userName%20eq%20%22x%22"},
			{Path: "/Users", RawQuery: "filter=a b#ü"},
			{Path: "/Users/ü"},
			{Path: "/Users/../x"},
		} {
			want, werr := c.resolve(r)
			got, gerr := c.loadURL(&r)
			if (werr == nil) != (gerr == nil) || werr == nil && (*want != *got || want.String() != got.String()) {
				t.Errorf("%s + %q: %v, %v; by parsing %v, %v", base, r.Path, got, gerr, want, werr)
			}
		}
	}
}

func BenchmarkSend(b *testing.B) {
	body := []byte(`{"id":"1","userName":"x"}`)
	c, err := New(Config{BaseURL: "http://127.0.0.1:1/scim/v2", Auth: Auth{Kind: "bearer", Token: "t0ken"}, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 201, Header: http.Header{}, Body: http.NoBody}, nil
	})})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range []Request{{Method: "GET", Path: "/Users", RawQuery: "filter=userName%20eq%20%22x%22"}, {Method: "POST", Path: "/Users", Body: body}} {
		b.Run(r.Method, func(b *testing.B) {
			l, err := OpenLedger(filepath.Join(b.TempDir(), "l"), testRun, c.Base())
			if err != nil {
				b.Fatal(err)
			}
			l.Slim()
			c.ledger = l
			var a Answer
			b.ReportAllocs()
			for b.Loop() {
				c.Send(context.Background(), &r, &a)
			}
		})
	}
}
