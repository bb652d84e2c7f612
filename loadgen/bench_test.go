package loadgen

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scimproof/scimproof/internal/wire"
)

// instant answers at once: what is left is the client.
type instant struct{ n atomic.Int64 }

var instantHeader = http.Header{"Content-Type": {"application/scim+json"}}

func (s *instant) RoundTrip(r *http.Request) (*http.Response, error) {
	s.n.Add(1)
	status, body := 200, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"startIndex":1,"itemsPerPage":0}`
	if r.Method == http.MethodPost {
		_, _ = io.Copy(io.Discard, r.Body)
		status, body = 201, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"8a7b1e2c-0d0f-4c3e-9d0a-1c2d3e4f5a6b","userName":"someone@example.com","meta":{"resourceType":"User","version":"W/\"1\""}}`
	}
	return &http.Response{StatusCode: status, Header: instantHeader, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func benchClient(b *testing.B) *wire.Client {
	l, err := wire.OpenLedger(filepath.Join(b.TempDir(), "l"), "benchrun", "http://127.0.0.1:9/scim/v2")
	if err != nil {
		b.Fatal(err)
	}
	l.Slim()
	b.Cleanup(func() { _ = l.Close() })
	return client(b, &instant{}, func(c *wire.Config) { c.Ledger = l })
}

// BenchmarkDrive is the cost of a request in the client, everything recorded, against a target that takes no time.
func BenchmarkDrive(b *testing.B) {
	c := benchClient(b)
	b.ReportAllocs()
	b.ResetTimer()
	if _, cut, err := Drive(context.Background(), Config{Client: c, Plan: creates(b.N/2 + 1), Arrival: Together(32)}); err != nil || cut != nil {
		b.Fatal(err, cut)
	}
}

// BenchmarkGoroutines is the same flows on bare goroutines: what a driver costs at least.
func BenchmarkGoroutines(b *testing.B) {
	c := benchClient(b)
	p := creates(b.N/2 + 1)
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			var a wire.Answer
			for i := int(next.Add(1)) - 1; i < p.n; i = int(next.Add(1)) - 1 {
				for step := range 2 {
					op := p.make(i, step)
					r := wire.Request{Method: op.Method, Path: op.Path, RawQuery: op.RawQuery}
					if op.Make != nil {
						r.Body = op.Make()
					}
					c.Send(context.Background(), &r, &a)
				}
			}
		})
	}
	wg.Wait()
}
