package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
)

const connections = 32

// child is one of our own contenders.
func child(role string) error {
	base := *baseURL
	switch role {
	case "loop":
		return loop(base)
	case "flows":
		return flows(base)
	case "drive":
		_, err := driveFixed(base, loadgen.Together(connections), *n, 0)
		return err
	case "open":
		arrival, err := loadgen.ParseRate("20000/s", 1, 1)
		if err != nil {
			return err
		}
		text, err := driveFixed(base, arrival, 80_000, 256)
		fmt.Println(text)
		return err
	}
	return fmt.Errorf("there is no role %q", role)
}

// loop is the bare net/http client: the yardstick.
func loop(base string) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	return crowd(*n, func(int) error {
		resp, err := client.Get(base + "/static")
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return err
	})
}

// flows is the initial cycle on bare goroutines.
func flows(base string) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	d := fixtures.Directory{Seed: 1, Users: *users}
	return crowd(*users, func(i int) error {
		resp, err := client.Get(base + "/Users?" + loadgen.Filter("userName", d.UserName(i)))
		if err != nil {
			return err
		}
		var list struct{ TotalResults int }
		err = json.NewDecoder(resp.Body).Decode(&list)
		_ = resp.Body.Close()
		if err != nil || list.TotalResults > 0 {
			return err
		}
		resp, err = client.Post(base+"/Users", "application/scim+json", bytes.NewReader(d.AppendUser(nil, i, 0, true)))
		if err != nil {
			return err
		}
		var made struct{ ID string }
		err = json.NewDecoder(resp.Body).Decode(&made)
		_ = resp.Body.Close()
		return err
	})
}

// crowd calls f for each of n numbers, on as many goroutines as there are connections.
func crowd(n int, f func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// driveFixed sends n equal requests through the driver.
func driveFixed(base string, arrival loadgen.Arrival, n, workers int) (string, error) {
	client, err := wire.New(wire.Config{BaseURL: base, HTTP1: true, Connections: 256})
	if err != nil {
		return "", err
	}
	load, cut, err := loadgen.Drive(context.Background(), loadgen.Config{Client: client, Plan: &fixed{n: n}, Arrival: arrival, Workers: workers})
	switch {
	case err != nil:
		return "", err
	case cut != nil:
		return "", fmt.Errorf("%s", cut.Why)
	}
	q := load.Operations[0].Response
	return fmt.Sprintf("%.0f/s (%.2f %%), response p50 %s, p99 %s, own lag p99 %s, %.0f %% of %d processors",
		load.Flows, 100*load.Flows/max(load.Rate, 1), time.Duration(q.P50), time.Duration(q.P99), time.Duration(load.Generator.Lag.P99), 100*load.Generator.Busy, load.Generator.Processors), nil
}

// fixed is a plan of n equal requests.
type fixed struct{ n, begun, done int }

// Next starts the next one.
func (p *fixed) Next() (loadgen.Op, bool) {
	if p.begun == p.n {
		return loadgen.Op{}, false
	}
	p.begun++
	return loadgen.Op{Name: loadgen.Read, Method: http.MethodGet, Path: "/static"}, true
}

// Answer counts it.
func (p *fixed) Answer(loadgen.Op, *loadgen.Outcome) []loadgen.Op {
	p.done++
	return nil
}

// Left is how many are left.
func (p *fixed) Left() int { return p.n - p.done }

// Audit has nothing to read back.
func (p *fixed) Audit(context.Context, loadgen.Client) []loadgen.Finding { return nil }

// maxMemory is the most memory that a process had, in bytes.
func maxMemory(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return u.Maxrss
	}
	return u.Maxrss * 1024
}
