package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

// plan rehearses the run against the embedded target inside the process, and shows what was sent there. The real
// target may be sent less, as checks of features that it lacks are skipped.
func (m *Main) plan(ctx context.Context, cfg suites.Config, base string, checks int, list bool) error {
	srv, err := target.New(target.Config{})
	if err != nil {
		return err
	}
	cfg.Keep = false
	cfg.Wire = wire.Config{BaseURL: "http://127.0.0.1" + target.Mount, Transport: inProcess{srv}}
	cfg.Rearm = m.rearm
	run, err := suites.Run(ctx, cfg)
	if err != nil {
		return usage("", "%w", err)
	}
	methods, made := map[string]int{}, map[string]int{}
	for _, x := range run.Exchanges {
		methods[x.Method]++
		if list {
			fmt.Fprintf(m.out, "%-7s %s\n", x.Method, strings.TrimPrefix(x.URL, "http://127.0.0.1"+target.Mount))
		}
		if x.Method == http.MethodPost && x.Status == http.StatusCreated {
			path := x.URL[strings.LastIndexByte(x.URL, '/'):]
			made[path]++
		}
	}
	fmt.Fprintf(m.out, "Plan for     %s (nothing was sent there)\n", base)
	fmt.Fprintf(m.out, "Checks       %d\n", checks)
	fmt.Fprintf(m.out, "Requests     %d: %s\n", run.Requests, tally(methods))
	fmt.Fprintf(m.out, "Writes       %d, clean-up included\n", run.Writes)
	fmt.Fprintf(m.out, "Creates      %d: %s; all are deleted again\n", run.Cleanup.Created, tally(made))
	fmt.Fprintf(m.out, "Names        scimproof-%s-… (seed %d)\n", run.RunID, run.Seed)
	fmt.Fprintln(m.out, "Counted in a rehearsal against the embedded target; yours is sent less where it lacks features. -v lists the requests.")
	if run.Crash != "" {
		return exitError(m.crash(run.Crash, nil))
	}
	if run.Cut != nil && run.Cut.Kind == reports.CutInterrupted {
		return exitError(reports.ExitIncomplete)
	}
	return nil
}

// tally lists counts by name.
func tally(n map[string]int) string {
	var parts []string
	for name, count := range n {
		parts = append(parts, fmt.Sprintf("%d %s", count, name))
	}
	slices.SortFunc(parts, func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, ' '):], b[strings.IndexByte(b, ' '):])
	})
	return strings.Join(parts, ", ")
}

// inProcess hands requests to a handler without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := &recorder{header: http.Header{}}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	p.ServeHTTP(rec, r)
	return &http.Response{
		StatusCode: max(rec.status, http.StatusOK), Header: rec.header, Request: r,
		Body: io.NopCloser(&rec.body), ContentLength: int64(rec.body.Len()), ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
