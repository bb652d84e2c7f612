package suites

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

var garbageFlag = flag.Int("garbage", 6, "how many seeds TestGarbageServer tries; one alone is tried again by -run 'TestGarbageServer/seed=7$'")

// garbage spoils the answers of a true service. What it does to a request depends on the seed, the request and how often
// it was sent, and not on the order of requests, so that a seed can be tried again.
type garbage struct {
	next http.Handler
	seed uint64
	// share is how many of a hundred answers are spoilt.
	share int

	mu   sync.Mutex
	sent map[uint64]uint64
}

// dice makes the random numbers for one request.
func (g *garbage) dice(r *http.Request, body []byte) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, r.Method+" "+r.URL.RequestURI()+" ")
	_, _ = h.Write(body)
	key := h.Sum64()
	g.mu.Lock()
	g.sent[key]++
	n := g.sent[key]
	g.mu.Unlock()
	return rand.New(rand.NewPCG(g.seed, key+n*0x9e3779b97f4a7c15))
}

func (g *garbage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d := g.dice(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	g.next.ServeHTTP(rec, r)
	status, header, out := rec.Code, rec.Header().Clone(), rec.Body.Bytes()
	if d.IntN(100) < g.share {
		for range 1 + d.IntN(2) {
			if g.cut(d, w) {
				return
			}
			status, out = spoil(d, status, header, out)
		}
		header.Del("Content-Length")
	}
	for k, v := range header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

// cut breaks the connection in one of several ways, and tells whether it did.
func (g *garbage) cut(d *rand.Rand, w http.ResponseWriter) bool {
	if d.IntN(100) >= 6 {
		return false
	}
	c, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return false
	}
	defer c.Close()
	_, _ = buf.WriteString([]string{
		"", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\nzz\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"totalResults\":",
		"HTTP/1.1 999 \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "\x00\x01\x02", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n",
	}[d.IntN(9)])
	_ = buf.Flush()
	return true
}

// spoil changes one thing about an answer.
func spoil(d *rand.Rand, status int, header http.Header, body []byte) (int, []byte) {
	pick := func(list ...string) string { return list[d.IntN(len(list))] }
	switch d.IntN(9) {
	case 0:
		return []int{200, 201, 202, 204, 206, 207, 301, 302, 304, 400, 401, 403, 404, 409, 412, 413, 418, 429, 500, 501, 503, 599, 999}[d.IntN(23)], body
	case 1:
		name := pick("Content-Type", "ETag", "Location", "Retry-After", "Content-Encoding", "WWW-Authenticate", "Set-Cookie", "Link", "Allow", "Date")
		header.Set(name, pick("", "0", "-1", "99999999999999999999", "%zz", "://", "text/html", "application/scim+json; charset=", "gzip", "br", `W/"`, `"`, "\u00e4\u00f6\u00fc", strings.Repeat("x", 5000), "/scim/v2/Users/", "http://other.example/Users/1"))
	case 2:
		return status, body[:d.IntN(len(body)+1)]
	case 3:
		return status, []byte(pick("", "null", "[]", "{}", "true", "0", `""`, "<html>", "\xff\xfe{\x00}\x00", "{", strings.Repeat("[", 20000), strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000), `{"Resources":null,"totalResults":-1}`, `{"totalResults":1e400}`, strings.Repeat("\u0000 ", 100)))
	case 4:
		return status, append(append([]byte{}, body...), pick("\n", "{}", "garbage", string(make([]byte, 200_000)))...)
	case 5:
		if len(body) > 0 {
			body = bytes.Clone(body)
			for range 1 + d.IntN(4) {
				body[d.IntN(len(body))] = byte(d.IntN(256))
			}
		}
		return status, body
	default:
		var v any
		if json.Unmarshal(body, &v) == nil {
			body, _ = json.Marshal(twist(d, v, 3+d.IntN(20)))
		}
	}
	return status, body
}

// twist replaces some values of a document, one in about every: names stay, types do not.
func twist(d *rand.Rand, v any, every int) any {
	if d.IntN(every) == 0 {
		return []any{
			nil, true, -1, 0, 1e300, json.Number("123456789012345678901234567890"), json.Number("1e-7"), "", "text", "\u202e\u0000",
			[]any{},
			[]any{nil},
			[]any{[]any{[]any{}}},
			map[string]any{},
			map[string]any{"value": nil, "": 1},
			[]any{v, v},
			map[string]any{"value": v},
			strings.Repeat("long ", 3000), "urn:", "urn:ietf:params:scim:schemas:core:2.0:User", "../..", "%", "/",
		}[d.IntN(23)]
	}
	switch t := v.(type) {
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = twist(d, e, every)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for _, k := range sortedKeys(t) {
			out[k] = twist(d, t[k], every)
		}
		return out
	}
	return v
}

func sortedKeys(m map[string]any) []string {
	b, _ := json.Marshal(m) // writes the members in order
	dec := json.NewDecoder(bytes.NewReader(b))
	var keys []string
	_, _ = dec.Token()
	for dec.More() {
		k, _ := dec.Token()
		keys = append(keys, k.(string))
		var skip json.RawMessage
		_ = dec.Decode(&skip)
	}
	return keys
}

// TestGarbageServer proves that no answer brings a run down: it ends in time with a verdict or a reason, never by a bug,
// and keeps its memory within bounds.
func TestGarbageServer(t *testing.T) {
	for seed := 1; seed <= *garbageFlag; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { survive(t, uint64(seed)) })
	}
}

func survive(t *testing.T, seed uint64) {
	srv, err := target.New(target.Config{Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	g := &garbage{next: srv, seed: seed, share: []int{3, 10, 30, 60, 100, 1}[seed%6], sent: map[uint64]uint64{}}
	web := httptest.NewServer(g)
	defer web.Close()
	defer web.CloseClientConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	run, err := Run(ctx, Config{
		Seed: int64(seed), unchecked: true, Parallel: 1,
		Wire: wire.Config{
			BaseURL: web.URL + target.Mount, Auth: wire.Auth{Kind: "bearer", Token: testToken}, Timeout: 2 * time.Second, BodyLimit: 1 << 20,
			MaxRetryAfter: 10 * time.Millisecond,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	again := fmt.Sprintf("go test ./suites -run 'TestGarbageServer/seed=%d$' -garbage %d", seed, seed)
	if run.Crash != "" {
		t.Errorf("%s\na bug in scimproof: %s", again, run.Crash)
	}
	if ctx.Err() != nil {
		t.Errorf("%s\nthe run did not end", again)
	}
	if run.Cut == nil && len(run.Results) < len(List()) {
		t.Errorf("%s\n%d results of %d checks, and no word why", again, len(run.Results), len(List()))
	}
	for _, r := range run.Results {
		if (r.Word == reports.Error || r.Word == reports.Skip) && r.Reason == "" {
			t.Errorf("%s\n%s is %s without a reason", again, r.ID, r.Word)
		}
	}
	if v := run.Verdict(reports.Policy{}); g.share >= 10 && v.Green {
		t.Errorf("%s\na garbage server gets a green verdict", again)
	}
	for _, format := range reports.Formats() {
		var buf bytes.Buffer
		if err := reports.Write(format, &buf, run, run.Verdict(reports.Policy{})); err != nil {
			t.Errorf("%s\n%s: %v", again, format, err)
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapInuse > 1<<30 {
		t.Errorf("%s\n%d MiB of memory are held", again, m.HeapInuse>>20)
	}
	t.Logf("%d of a hundred answers spoilt: %d results, %d requests, cut %v, %d MiB", g.share, len(run.Results), run.Requests, run.Cut, m.HeapInuse>>20)
}

// TestOddIDs proves that ids which cannot be written into a path safely end in a reason, and not in a bug.
func TestOddIDs(t *testing.T) {
	for _, id := range []string{"..", ".", "a\\b", "/", "a//b", "\u0000", "%2e%2e", " "} {
		srv, err := target.New(target.Config{Token: testToken})
		if err != nil {
			t.Fatal(err)
		}
		run := judgeHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			srv.ServeHTTP(rec, r)
			var o map[string]any
			if rec.Code == http.StatusCreated && json.Unmarshal(rec.Body.Bytes(), &o) == nil {
				o["id"] = id
				w.WriteHeader(rec.Code)
				_ = json.NewEncoder(w).Encode(o)
				return
			}
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(rec.Body.Bytes())
		}), "create.*", "put.*", "patch.*", "delete.*", "concurrency.*", "bulk.*")
		if run.Verdict(reports.Policy{}).Green {
			t.Errorf("the id %q gets a green verdict", id)
		}
	}
}
