package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// The open model asks for a rate, whether or not the answers keep up.
const (
	openRate    = 20_000
	openSeconds = 4
	openWorkers = 256
)

// openResult is what a client of the open model reached.
type openResult struct {
	Rate     float64       // requests per second, by when they left
	P50, P99 time.Duration // of the response, from when it was due
	Lag      time.Duration // p99 of the client's own lateness; 0 = not measured
	CPU      time.Duration `json:"-"`
	Wall     time.Duration
}

// openDriver is the driver.
func openDriver(base string) (openResult, error) {
	arrival, err := loadgen.ParseRate(strconv.Itoa(openRate)+"/s", 1, 1)
	if err != nil {
		return openResult{}, err
	}
	load, err := driveFixed(base, arrival, openRate*openSeconds, openWorkers)
	if err != nil {
		return openResult{}, err
	}
	q := load.Operations[0].Response
	return openResult{Rate: load.Flows, P50: time.Duration(q.P50), P99: time.Duration(q.P99), Lag: time.Duration(load.Generator.Lag.P99), Wall: time.Duration(load.Wall)}, nil
}

// openLoop is the same on bare goroutines and a bare net/http client, with no more than a clock: what can be reached at all.
func openLoop(base string) (openResult, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: openWorkers, DisableCompression: true}}
	const n = openRate * openSeconds
	took := make([]time.Duration, n)
	var next, last atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range openWorkers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
				due := began.Add(time.Duration(i) * time.Second / openRate)
				time.Sleep(time.Until(due))
				if i == n-1 {
					last.Store(int64(time.Since(began)))
				}
				resp, err := client.Get(base + "/static")
				if err != nil {
					failed.Store(&err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				took[i] = time.Since(due)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return openResult{}, *err
	}
	wall := time.Since(began)
	slices.Sort(took)
	return openResult{Rate: n / time.Duration(last.Load()).Seconds(), P50: took[n/2], P99: took[n*99/100], Wall: wall}, nil
}

// driveFixed sends n equal requests through the driver.
func driveFixed(base string, arrival loadgen.Arrival, n, workers int) (*reports.Load, error) {
	client, err := wire.New(wire.Config{BaseURL: base, HTTP1: true, Connections: 256})
	if err != nil {
		return nil, err
	}
	load, cut, err := loadgen.Drive(context.Background(), loadgen.Config{Client: client, Plan: &fixed{n: n}, Arrival: arrival, Workers: workers})
	if err == nil && cut != nil {
		err = fmt.Errorf("%s", cut.Why)
	}
	return load, err
}

// compareOpen runs both, each on one processor, in interleaved rounds, and shows the median round of each.
func compareOpen(self, base string) error {
	clients := []struct {
		name, role string
		seen       []openResult
	}{{name: "bare goroutines", role: "openloop"}, {name: "scimproof driver", role: "open"}}
	for range *rounds {
		for i := range clients {
			c := &clients[i]
			cmd := onFirst(self, "-role", c.role, "-url", base)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			var r openResult
			if err := json.Unmarshal(out, &r); err != nil {
				return err
			}
			r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			c.seen = append(c.seen, r)
		}
	}
	fmt.Printf("\nOpen model, asked for %d/s for %d s, %d workers at most, on one processor (the round with the median rate):\n", openRate, openSeconds, openWorkers)
	fmt.Printf("  %-18s %9s %9s %12s %12s %12s %12s\n", "", "rate", "of asked", "us CPU/req", "p50 from due", "p99 from due", "own lag p99")
	for _, c := range clients {
		slices.SortFunc(c.seen, func(a, b openResult) int { return int(a.Rate - b.Rate) })
		r := c.seen[len(c.seen)/2]
		lag := "-"
		if r.Lag > 0 {
			lag = r.Lag.Round(time.Microsecond).String()
		}
		fmt.Printf("  %-18s %7.0f/s %7.2f %% %12.1f %12s %12s %12s\n", c.name, r.Rate, 100*r.Rate/openRate, float64(r.CPU.Microseconds())/(openRate*openSeconds),
			r.P50.Round(10*time.Microsecond), r.P99.Round(10*time.Microsecond), lag)
	}
	return nil
}

// onFirst is a command on the first processor, where that can be said; the stub has the last one.
func onFirst(args ...string) *exec.Cmd {
	if taskset, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{taskset, "-c", "0"}, args...)
	}
	return exec.Command(args[0], args[1:]...)
}
