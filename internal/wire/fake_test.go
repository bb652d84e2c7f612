package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testRun = "run7f3a"

// fakeSCIM is a small SCIM server with the defects that clean-up must cope with.
type fakeSCIM struct {
	mu            sync.Mutex
	store         map[string]map[string]any // "/Users/1" → resource
	order         []string
	next          int
	ignoreFilter  bool
	refuseFilter  bool
	softDelete    bool
	needIfMatch   bool
	failDelete    int
	dropCreateAns atomic.Bool // create, then cut the connection
	deleted       []string
}

func newFake(t *testing.T) (*fakeSCIM, *httptest.Server) {
	t.Helper()
	f := &fakeSCIM{store: map[string]map[string]any{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s
}

func (f *fakeSCIM) put(endpoint string, o map[string]any) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	id := fmt.Sprintf("id-%d", f.next)
	o["id"] = id
	f.store[endpoint+"/"+id] = o
	f.order = append(f.order, endpoint+"/"+id)
	return id
}

func (f *fakeSCIM) has(path string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.store[path] != nil
}

func (f *fakeSCIM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	send := func(status int, v any) {
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(status)
		if v != nil {
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	endpoint := "/" + parts[0]
	switch {
	case r.Method == http.MethodPost && len(parts) == 1:
		var o map[string]any
		if json.NewDecoder(r.Body).Decode(&o) != nil {
			send(400, nil)
			return
		}
		id := f.put(endpoint, o)
		if f.dropCreateAns.Load() {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Location", "http://"+r.Host+endpoint+"/"+id)
		send(201, o)
	case r.Method == http.MethodDelete && len(parts) == 2:
		f.mu.Lock()
		defer f.mu.Unlock()
		switch {
		case f.failDelete != 0:
			send(f.failDelete, nil)
		case f.store[r.URL.Path] == nil:
			send(404, nil)
		case f.needIfMatch && r.Header.Get("If-Match") != `W/"1"`:
			send(428, nil)
		default:
			f.deleted = append(f.deleted, r.URL.Path)
			if !f.softDelete {
				delete(f.store, r.URL.Path)
			}
			send(204, nil)
		}
	case r.Method == http.MethodGet && len(parts) == 2:
		f.mu.Lock()
		defer f.mu.Unlock()
		if o := f.store[r.URL.Path]; o != nil {
			w.Header().Set("ETag", `W/"1"`)
			send(200, o)
			return
		}
		send(404, nil)
	case r.Method == http.MethodGet:
		f.list(r, endpoint, send)
	default:
		send(501, nil)
	}
}

func (f *fakeSCIM) list(r *http.Request, endpoint string, send func(int, any)) {
	q, _ := url.ParseQuery(r.URL.RawQuery)
	filter := q.Get("filter")
	if filter != "" && f.refuseFilter {
		send(400, nil)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []any
	for _, path := range f.order {
		o := f.store[path]
		if o == nil || !strings.HasPrefix(path, endpoint+"/") {
			continue
		}
		if filter != "" && !f.ignoreFilter {
			name, rest, _ := strings.Cut(filter, " eq ")
			var want string
			_ = json.Unmarshal([]byte(rest), &want)
			if got, _ := o[name].(string); !strings.EqualFold(got, want) {
				continue
			}
		}
		all = append(all, o)
	}
	start, count := 1, 2
	if n, err := strconv.Atoi(q.Get("startIndex")); err == nil {
		start = n
	}
	pageOf := []any{}
	for i := start - 1; i < len(all) && len(pageOf) < count; i++ {
		pageOf = append(pageOf, all[i])
	}
	send(200, map[string]any{"totalResults": len(all), "Resources": pageOf, "startIndex": start, "itemsPerPage": len(pageOf)})
}

// newTestClient makes a client that never really sleeps.
func newTestClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	if cfg.Ledger == nil {
		cfg.Ledger = NewLedger(testRun, cfg.BaseURL)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.sleep = noSleep(nil)
	t.Cleanup(c.Close)
	return c
}

func user(name string) []byte {
	return []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":` + strconv.Quote(name) + `}`)
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func dated(o map[string]any, at time.Time) map[string]any {
	o["meta"] = map[string]any{"created": at.UTC().Format(time.RFC3339)}
	return o
}
