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

	"github.com/scimproof/scimproof/fixtures"
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
	case "open", "openloop":
		f := openDriver
		if role == "openloop" {
			f = openLoop
		}
		r, err := f(base)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(r)
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
