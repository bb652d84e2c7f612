package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// loadRun is one load with everything around it: ledger, progress, journal, audit, clean-up, reports and exit code.
type loadRun struct {
	m        *Main
	f        *loadFlags
	p        prepared
	run      *reports.Run
	wire     wire.Config
	required requirements

	client  *wire.Client
	plan    loadgen.Plan
	journal *os.File
	attempt int
	audited int // requests of the audit
}

// cleaners is how many resources are deleted at once after a load.
const cleaners = 16

// memoryLimit is where the collector begins to work harder: with a million users the process stays under 150 MB.
const memoryLimit = 110 << 20

// collectAt is the growth of the heap, in per cent, after which the collector runs: a tenth less memory than the usual 100, for
// no more processor time that could be measured.
const collectAt = 50

func (l *loadRun) do(ctx context.Context) error {
	if _, set := l.m.Env("GOMEMLIMIT"); !set && !l.f.embedded {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	}
	if _, set := l.m.Env("GOGC"); !set && !l.f.embedded {
		defer debug.SetGCPercent(debug.SetGCPercent(collectAt))
	}
	ledger, err := l.openLedger()
	if err != nil {
		return err
	}
	l.m.announce(l.f.ledger)
	l.wire.Ledger = ledger
	if l.client, err = wire.New(l.wire); err != nil {
		return usage("", "%w", err)
	}
	defer l.client.Close()
	if l.m.Panic != nil {
		l.m.Panic("")
	}
	load, cut, err := l.drive(ctx)
	if err != nil {
		closeLedger(ledger, l.f.ledger, nil)
		return err
	}
	l.run.Cut = cut
	if load != nil {
		l.audit(ctx, load)
	}
	l.cleanUp(ledger)
	if load != nil {
		// Before clean-up the shards of one load would not have been told of each other's leftovers.
		l.tail(load)
		l.run.Load, l.run.Results = load, reports.LoadResults(load)
	}
	stats := l.client.Stats()
	l.run.Requests, l.run.Writes, l.run.Retries = stats.Requests, stats.Writes, stats.Retries
	l.run.Finished = time.Now().UTC()
	closeLedger(ledger, l.f.ledger, l.run)
	v := l.f.write(l.m, l.run, reports.Policy{FailOn: l.f.failOn})
	return l.m.conclude(v, l.run)
}

func (l *loadRun) openLedger() (*wire.Ledger, error) {
	if l.f.ledger == "" {
		name := l.run.RunID
		if l.p.part.N > 0 {
			name += fmt.Sprintf("-%d", l.p.part.I)
		}
		var err error
		if l.f.ledger, err = ledgerPath(name); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(l.f.ledger), 0o700); err != nil {
		return nil, usage("name a file that can be written with --ledger", "the ledger cannot be written: %w", err)
	}
	ledger, err := wire.OpenLedger(l.f.ledger, l.run.RunID, l.wire.BaseURL)
	if err != nil {
		return nil, usage("name another file with --ledger", "%w", err)
	}
	ledger.Slim()
	return ledger, nil
}

// drive gets ready and sends the load. Without a load there is a cut.
func (l *loadRun) drive(ctx context.Context) (*reports.Load, *reports.Cut, error) {
	if cut := l.reach(ctx); cut != nil {
		return nil, cut, nil
	}
	var err error
	if l.plan, err = l.f.make(ctx, l.client, l.run.Seed, l.run.RunID, l.p.part, l.required); err != nil {
		return nil, nil, err
	}
	if l.journal, l.attempt, err = l.f.journalFile(l.p.part); err != nil {
		return nil, nil, usage("each attempt needs a file of its own", "the journal cannot be written: %w", err)
	}
	if wait := time.Until(l.p.startAt); !l.p.startAt.IsZero() && wait > 0 {
		if !l.f.quiet {
			fmt.Fprintf(l.m.err, "waiting until %s\n", l.f.startAt)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	show := l.m.watchLoad(&l.f.outputs)
	defer show.finish()
	cfg := loadgen.Config{
		Client: l.client, Plan: l.plan, Part: l.p.part, Arrival: l.p.arrival, Workers: l.f.workers, Warmup: l.f.warmup, Throttle: l.f.throttle,
		MaxErrors: l.p.abort, MaxTime: l.f.maxTime, MaxRate: float64(l.f.maxRate), OnProgress: show.progress,
	}
	if l.journal != nil {
		cfg.Journal, cfg.Head = l.journal, l.head()
	}
	var load *reports.Load
	var cut *reports.Cut
	if l.f.findLimit {
		start := l.p.arrival.Rate
		if start == 0 {
			start = 5
		}
		load, cut, err = loadgen.FindLimit(ctx, cfg, loadgen.Search{Start: start, Length: l.f.step, Limits: l.p.limits, OnStep: show.step})
	} else {
		load, cut, err = loadgen.Drive(ctx, cfg)
	}
	if err != nil {
		return nil, nil, &hinted{reports.ExitUsage, err, ""}
	}
	load.Scenario, load.Plan = l.f.scenario, l.f.identity()
	if l.p.part.N > 0 {
		load.Shard = l.f.shard
	}
	return load, cut, nil
}

// reach makes sure that there is a SCIM service which accepts the credential, before thousands of requests show that not.
func (l *loadRun) reach(ctx context.Context) *reports.Cut {
	x := l.client.Do(ctx, wire.Request{Path: "/Users", RawQuery: "count=1"})
	if x.Err() == nil && (x.Status == http.StatusBadRequest || x.Status == http.StatusForbidden) {
		// Some answer look-ups alone, and refuse to list everybody (RFC 7644 §3.12 Table 9, tooMany).
		y := l.client.Do(ctx, wire.Request{Path: "/Users", RawQuery: loadgen.Filter("userName", l.run.RunID) + "&count=1"})
		if y.Success() {
			x = y
		}
	}
	var auth *wire.AuthError
	hint := "`scimproof doctor " + l.client.Base() + "` tells which layer fails"
	switch {
	case ctx.Err() != nil:
		return &reports.Cut{Kind: reports.CutInterrupted, Why: "before anything was sent"}
	case errors.As(x.Err(), &auth):
		return &reports.Cut{Kind: reports.CutAuth, Why: x.Err().Error(), Hint: auth.Hint}
	case x.Err() != nil:
		return &reports.Cut{Kind: reports.CutUnreachable, Why: x.Err().Error(), Hint: hint}
	case x.Status == http.StatusUnauthorized || x.Status == http.StatusForbidden:
		return &reports.Cut{Kind: reports.CutAuth, Why: fmt.Sprintf("GET /Users answered %d", x.Status), Hint: "check the credential"}
	}
	if to := x.Header().Get("Location"); x.Status >= 300 && x.Status < 400 && to != "" {
		return &reports.Cut{Kind: reports.CutNotSCIM, Why: fmt.Sprintf("GET /Users answered %d, a redirection to %s, which a load does not follow", x.Status, to), Hint: "give the base URL that it leads to; where that is a login page, the credential or the URL is wrong"}
	}
	if _, list := scim.Lookup(x.Object(), "totalResults"); !list || !x.Success() {
		return &reports.Cut{Kind: reports.CutNotSCIM, Why: fmt.Sprintf("GET /Users answered %d, and no ListResponse", x.Status), Hint: hint}
	}
	return nil
}

// audit reads back what was acknowledged, and judges.
func (l *loadRun) audit(ctx context.Context, load *reports.Load) {
	cut := l.run.Cut
	switch {
	case ctx.Err() != nil || cut != nil && cut.Kind == reports.CutInterrupted:
		load.Audit = ""
	case cut != nil && cut.Kind != reports.CutWriteCap && load.Left > 0 && cut.Kind != reports.CutAborted:
		load.Audit = ""
	default:
		began := time.Now()
		before := l.client.Stats().Requests
		found := l.plan.Audit(ctx, l.client)
		if ctx.Err() != nil && l.run.Cut == nil {
			l.run.Cut = &reports.Cut{Kind: reports.CutInterrupted, Why: "the audit was interrupted"}
		} else {
			l.audited = l.client.Stats().Requests - before
			load.Audit = fmt.Sprintf("read back by %d requests in %s", l.audited, time.Since(began).Round(10*time.Millisecond))
		}
		load.Findings = append(found, load.Findings...)
		if g, ok := l.plan.(loadgen.Growing); ok {
			load.Growth = g.Growth()
		}
	}
	if !l.f.findLimit {
		loadgen.JudgeAll(load, l.p.limits)
	}
	l.run.Exchanges = loadgen.Collect(load.Findings)
}

// cleanUp deletes what was created, also after ^C; a second one ends the process.
func (l *loadRun) cleanUp(ledger *wire.Ledger) {
	if l.f.keep {
		l.run.Cleanup = reports.Cleanup{Created: ledger.Created(), Skipped: "asked to keep what was created"}
		return
	}
	if ledger.Remaining() == 0 && ledger.Created() == 0 {
		return
	}
	r := wire.Cleanup(context.Background(), l.client, ledger, cleaners)
	l.run.Cleanup = reports.Cleanup{Created: r.Created, Deleted: r.Deleted}
	for _, left := range r.Left {
		l.run.Cleanup.Left = append(l.run.Cleanup.Left, reports.Leftover{Endpoint: left.Endpoint, ID: left.ID, Key: left.Key, Why: left.Why})
	}
}

// head is the first line of the journal.
func (l *loadRun) head() *loadgen.JournalHead {
	h := &loadgen.JournalHead{
		Journal: loadgen.JournalVersion,
		Identity: loadgen.Identity{
			Scenario: l.f.scenario, Plan: l.f.identity(), Seed: l.run.Seed, Target: l.client.Base(), Model: l.p.arrival.Model, Tool: l.run.Tool.Version, Shards: max(l.p.part.N, 1),
		},
		Shard: l.p.part.I, Attempt: l.attempt, RunID: l.run.RunID, Asked: l.p.arrival.Text, Rate: l.p.arrival.Rate / float64(max(l.p.part.N, 1)), Policy: l.f.throttle,
	}
	h.Workers = max(l.f.workers, l.f.flows)
	if p, ok := l.plan.(loadgen.Predicting); ok {
		h.Predicted = map[string]int{}
		for i := range max(l.p.part.N, 1) {
			for name, n := range p.Predict(loadgen.Shard{I: i, N: l.p.part.N}) {
				h.Predicted[name] += n
			}
		}
	}
	return h
}

// tail ends the journal; without it the attempt counts as killed.
func (l *loadRun) tail(load *reports.Load) {
	if l.journal == nil {
		return
	}
	stats := l.client.Stats()
	err := loadgen.FinishJournal(l.journal, loadgen.JournalTail{
		Wall: load.Wall, Started: load.Started, Waited: load.Throttling.Waited, Saturated: load.Saturated, Left: load.Left, Cut: l.run.Cut,
		Findings: load.Findings, Growth: load.Growth, Generator: load.Generator, Exchanges: l.run.Exchanges, Cleanup: l.run.Cleanup, AuditRequests: l.audited, Requests: stats.Requests, Writes: stats.Writes, Retries: stats.Retries,
	})
	if err = errors.Join(err, l.journal.Close()); err != nil {
		l.run.FailedReports = append(l.run.FailedReports, "journal: "+err.Error())
	}
}

// showPlan counts what would be sent.
func (l *loadRun) showPlan(ctx context.Context) error {
	srv, err := target.New(target.Config{})
	if err != nil {
		return err
	}
	client, err := wire.New(wire.Config{BaseURL: "http://127.0.0.1" + target.Mount, Transport: inProcess{srv}})
	if err != nil {
		return err
	}
	plan, err := l.f.make(ctx, client, l.run.Seed, l.run.RunID, l.p.part, l.required)
	if err != nil {
		return err
	}
	out := l.m.out
	fmt.Fprintf(out, "Plan for     %s (nothing was sent there)\n", l.wire.BaseURL)
	fmt.Fprintf(out, "Scenario     %s, seed %d, names with %s\n", l.f.scenario, l.run.Seed, l.run.RunID)
	fmt.Fprintf(out, "Arrival      %s, %s\n", l.p.arrival.Model, l.p.arrival.Text)
	if p, ok := plan.(loadgen.Predicting); ok {
		counts := p.Predict(l.p.part)
		all := 0
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(out, "%-12s %d\n", name, counts[name])
			all += counts[name]
		}
		fmt.Fprintf(out, "Requests     %d to a target without faults; probes, audit and clean-up come on top\n", all)
	}
	return nil
}

// loadProgress shows how far a load is: a line that is redrawn on a terminal, elsewhere one now and then.
type loadProgress struct {
	mu   sync.Mutex
	m    *Main
	tty  bool
	said time.Time
	mark int // tenths that were told
}

func (m *Main) watchLoad(o *outputs) *loadProgress {
	if o.quiet {
		return nil
	}
	_, tty := terminal(m.Stderr)
	if ci, _ := m.Env("CI"); ci != "" || !m.mayColor() && tty {
		tty = false
	}
	return &loadProgress{m: m, tty: tty, said: time.Now()}
}

func (p *loadProgress) progress(g loadgen.Progress) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("%3.0f %%  %s  %d requests, %.0f/s, %d errors  %s", 100*g.Share, cmp.Or(g.Phase, "load"), g.Requests, g.Every, g.Failed, g.Elapsed.Round(time.Second))
	if p.tty {
		full := int(barWidth * g.Share)
		fmt.Fprintf(p.m.err, "\r\x1b[K[%s%s] %s", strings.Repeat("=", full), strings.Repeat(" ", max(barWidth-full, 0)), text)
		return
	}
	if tenth := int(g.Share * 10); tenth > p.mark || time.Since(p.said) >= heartbeat {
		p.mark, p.said = tenth, time.Now()
		fmt.Fprintln(p.m.err, text)
	}
}

func (p *loadProgress) step(s reports.LoadStep) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	word := "holds"
	if !s.Met {
		word = s.Why
	}
	fmt.Fprintf(p.m.err, "%.4g/s: %s\n", s.Rate, word)
}

func (p *loadProgress) finish() {
	if p != nil && p.tty {
		fmt.Fprint(p.m.err, "\r\x1b[K")
	}
}
