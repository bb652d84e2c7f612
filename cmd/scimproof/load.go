package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

// loadFlags are the flags of `load`.
type loadFlags struct {
	connection
	outputs
	scenarioFlags
	rate, throttle, journal, startAt, shard string
	flows, workers, maxWrites               int
	maxRate                                 rate
	seed                                    int64
	failOn, ledger                          string
	thresholds                              []string
	warmup, maxTime, step                   time.Duration
	abortErrors                             string
	findLimit, keep, plan, http2            bool
	embedded                                bool
	flaws                                   []string
}

// defaultThresholds hold where the user sets none.
var defaultThresholds = []string{"errors<=0.1%", "conflicts.unwanted<=0"}

func (m *Main) loadCommand() *cobra.Command {
	f := &loadFlags{}
	c := &cobra.Command{
		Use:   "load [URL]",
		Short: "Provision thousands of users, measure it, and audit what is there afterwards",
		Long: `load provisions a synthetic company as an identity provider would, measures every operation, reads back what was
acknowledged, deletes what it created, and gives a verdict by thresholds and audit.

It writes, so a host other than loopback must be named by --allow-writes. Latency is limited by thresholds such as
create:p95<300ms; others are errors<1%, throttled<5%, conflicts.unwanted<=0, throughput>=25/s, growth.lookup<=log.

Without --rate some flows (users, groups) are under way at a time (closed model). --rate takes 25/s, poisson:25/s,
ramp:5/s..50/s:2m, steps:10/s,20/s:30s or adaptive; flows then start when they are due, whatever the target does (open model).`,
		Example: `  scimproof load https://scim.example.com/scim/v2 --token env:SCIM_TOKEN --allow-writes scim.example.com --users 1000 --rate 5/s
  scimproof load http://127.0.0.1:8080/scim/v2 --threshold 'create:p95<300ms' --threshold 'growth.lookup<=log' -o json=load.json
  scimproof load --embedded --users 10000`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := m.load(c.Flags(), f.configFile)
			if err != nil {
				return err
			}
			return m.runLoad(c.Context(), f, file, args)
		},
	}
	fs := c.Flags()
	f.connection.flags(fs)
	f.outputs.flags(fs)
	f.scenarioFlags.flags(fs)
	f.driving(fs)
	fs.StringVar(&f.allowWrites, "allow-writes", "", "allow writes to this `HOST`, which must be the target's")
	fs.IntVar(&f.maxWrites, "max-writes", 0, "stop after `N` writes (0 = no limit)")
	fs.Int64Var(&f.seed, "seed", 0, "repeat a run: same seed, same users and requests (default: drawn, and reported)")
	fs.StringVar(&f.failOn, "fail-on", reports.FailOnMust, "what gives exit code 1: `LEVEL` must (thresholds and audit), should (warnings too) or never")
	fs.BoolVar(&f.keep, "keep", false, "leave what was created on the target; the ledger stays too")
	fs.StringVar(&f.ledger, "ledger", "", "`FILE` that records what was created, for cleanup (default: in the user's cache directory)")
	fs.BoolVar(&f.plan, "plan", false, "show what would be sent, and send no load")
	fs.BoolVar(&f.embedded, "embedded", false, "load the embedded target, in this process, instead of a URL")
	fs.StringSliceVar(&f.flaws, "flaw", nil, "with --embedded: give the target the defect of this `NAME`; repeatable")
	m.complete(c)
	return c
}

// driving holds the flags that say how fast and how long.
func (f *loadFlags) driving(fs *pflag.FlagSet) {
	fs.StringVar(&f.rate, "rate", "", "when flows start: `RATE` such as 25/s, see above (default: closed model)")
	fs.IntVar(&f.flows, "flows", 8, "closed model and adaptive: `N` flows at a time")
	fs.IntVar(&f.workers, "workers", 0, "at most `N` requests at once (default: as many as flows, or 64 with --rate)")
	fs.Var(&f.maxRate, "max-rate", "at most this many requests per second, whatever else is asked for")
	fs.StringArrayVar(&f.thresholds, "threshold", nil, "`LIMIT` that the results must keep, repeatable (default "+strings.Join(defaultThresholds, " and ")+")")
	fs.BoolVar(&f.findLimit, "find-limit", false, "raise the rate until a threshold breaks, beginning with --rate, and report the knee")
	fs.DurationVar(&f.step, "step", 10*time.Second, "with --find-limit: time for each rate")
	fs.DurationVar(&f.warmup, "warmup", 0, "do not count what is sent in the first `TIME`")
	fs.DurationVar(&f.maxTime, "max-time", 0, "start no new flow after this `TIME`")
	fs.StringVar(&f.throttle, "throttle", loadgen.PerRequest, "what 429 leads to: `POLICY` "+strings.Join(loadgen.Throttles(), ", "))
	fs.StringVar(&f.abortErrors, "abort-errors", "50%", "stop when more than this `SHARE` of the answers of ten seconds are errors (0% = never)")
	fs.StringVar(&f.shard, "shard", "", "do only part `I/N` of the plan, I counted from 0; needs --seed, and the same one for all parts")
	fs.StringVar(&f.startAt, "start-at", "", "begin the load at this `TIME`, RFC 3339, so that shards begin together")
	fs.StringVar(&f.journal, "journal", "", "write every second to this `FILE`, for report merge (default with --shard: shard-I.attempt-K.jsonl)")
	fs.BoolVar(&f.http2, "http2", false, "offer HTTP/2; it costs the client more than HTTP/1.1")
}

// prepared is what the flags mean.
type prepared struct {
	arrival loadgen.Arrival
	limits  []loadgen.Limit
	abort   float64
	part    loadgen.Shard
	startAt time.Time
}

// prepareLoad checks the flags; nothing is sent.
func (f *loadFlags) prepareLoad() (p prepared, err error) {
	if f.flows < 1 || f.flows > 4096 {
		return p, usage("8 to 32 are usual", "--flows must be between 1 and 4096")
	}
	if f.workers < 0 || f.workers > 4096 {
		return p, usage("32 to 64 are usual", "--workers must be between 1 and 4096")
	}
	if f.maxWrites < 0 || f.warmup < 0 || f.maxTime < 0 || f.step <= 0 {
		return p, usage("0 means none", "--max-writes, --warmup, --max-time and --step cannot be negative")
	}
	p.arrival = loadgen.Together(f.flows)
	if f.rate != "" {
		if p.arrival, err = loadgen.ParseRate(f.rate, f.seed, f.flows); err != nil {
			return p, usage("", "--rate: %w", err)
		}
	}
	texts := f.thresholds
	if len(texts) == 0 {
		texts = defaultThresholds
	}
	if p.limits, err = loadgen.ParseLimits(texts); err != nil {
		return p, usage("", "--threshold %w", err)
	}
	if err := loadgen.CheckThrottle(f.throttle); err != nil {
		return p, usage("", "--throttle: %w", err)
	}
	if f.failOn != reports.FailOnMust && f.failOn != reports.FailOnShould && f.failOn != reports.FailOnNever {
		return p, usage("use must, should or never", "there is no --fail-on %q", f.failOn)
	}
	if p.abort, err = percent(f.abortErrors); err != nil {
		return p, usage("write it as 50%", "--abort-errors: %w", err)
	}
	if f.shard != "" {
		if n, serr := fmt.Sscanf(f.shard+"\n", "%d/%d\n", &p.part.I, &p.part.N); serr != nil || n != 2 || p.part.N < 1 || p.part.I < 0 || p.part.I >= p.part.N {
			return p, usage("the four parts are 0/4, 1/4, 2/4 and 3/4", "--shard %q is no part of a plan", f.shard)
		}
		if f.seed == 0 {
			return p, usage("give every part the same --seed", "--shard needs --seed: parts with seeds of their own are not parts of one plan")
		}
	}
	if f.startAt != "" {
		if p.startAt, err = time.Parse(time.RFC3339, f.startAt); err != nil {
			return p, usage("write it as "+time.Now().Add(time.Minute).UTC().Format(time.RFC3339), "--start-at is not a time of RFC 3339")
		}
	}
	if f.findLimit {
		switch {
		case p.arrival.Model == loadgen.Adaptive || strings.Contains(f.rate, ":"):
			return p, usage("--rate 5/s --find-limit", "--find-limit needs a constant --rate to begin with")
		case f.journal != "" || f.shard != "":
			return p, usage("", "--find-limit finds one rate, and cannot be split into shards or merged")
		}
	}
	for _, l := range p.limits {
		if l.Growth() && (f.noGrowth || f.scenario == "churn" || p.part.N > 1 || f.findLimit) {
			return p, usage("leave the threshold out", "%q needs the growth probes, and there are none", l.Text)
		}
	}
	return p, f.scenarioFlags.check()
}

func percent(text string) (float64, error) {
	var n float64
	if _, err := fmt.Sscanf(text+"\n", "%g%%\n", &n); err != nil || n < 0 || n > 100 {
		return 0, fmt.Errorf("%q is not a share in per cent", text)
	}
	return n / 100, nil
}

func (m *Main) runLoad(ctx context.Context, f *loadFlags, file *configFile, args []string) error {
	base := file.Target.URL
	if len(args) == 1 {
		base = args[0]
	}
	if f.seed == 0 && f.shard == "" {
		f.seed = newSeed()
	}
	p, err := f.prepareLoad()
	if err != nil {
		return err
	}
	switch {
	case f.embedded && len(args) == 1:
		return usage("leave out one of them", "there are a URL and --embedded")
	case !f.embedded && len(f.flaws) > 0:
		return usage("add --embedded", "only the embedded target can be given a --flaw")
	case !f.embedded && base == "":
		return usage("scimproof load https://host/scim/v2, or --embedded", "no base URL was given, neither as an argument nor as target.url in %s", cmp.Or(f.configFile, defaultConfig))
	}
	if err := f.prepare(); err != nil {
		return err
	}
	if f.embedded {
		stop, url, token, err := m.embed(f.flaws)
		if err != nil {
			return err
		}
		defer stop()
		base = url
		return m.runLoadAt(ctx, f, file, p, base, token)
	}
	if may, err := wire.MayWrite(base, f.allowWrites); err != nil {
		return usage("", "the base URL: %w", err)
	} else if !may {
		return loadNotAllowed(base, f.allowWrites)
	}
	return m.runLoadAt(ctx, f, file, p, base, "")
}

// loadNotAllowed is notAllowed without the way out that a load has not.
func loadNotAllowed(base, allowed string) error {
	err := notAllowed(base, allowed)
	var h *hinted
	if errors.As(err, &h) {
		h.hint, _, _ = strings.Cut(h.hint, ", or --read-only")
	}
	return err
}

// embed starts the embedded target. It answers PATCH with 204, so that a member more costs the addition alone, and not the
// whole of a large group on its way back.
func (m *Main) embed(flaws []string) (stop func(), base, token string, err error) {
	token = rand.Text()
	m.secrets.Add(token)
	srv, err := newTarget(target.Config{Token: token, Flaws: flaws, Variants: []string{"patch-204"}})
	if err != nil {
		return nil, "", "", err
	}
	base, stop, err = listen(srv)
	return stop, base, token, err
}

func (m *Main) runLoadAt(ctx context.Context, f *loadFlags, file *configFile, p prepared, base, token string) error {
	cfg, err := f.wire(m, base)
	if err != nil {
		return err
	}
	if token != "" {
		cfg.Auth = wire.Auth{Kind: "bearer", Token: token}
	}
	cfg.MaxWrites, cfg.HTTP1, cfg.Connections = f.maxWrites, !f.http2, max(f.workers, f.flows)
	run := &reports.Run{
		Tool: reports.Tool{Name: "scimproof", Version: versionInfo().Version, Commit: versionInfo().Commit}, Target: reports.Target{Name: file.Target.Name, URL: base},
		RunID: suites.RunID(f.seed), Seed: f.seed, Started: time.Now().UTC(), Config: f.shown(cfg), Results: []reports.Result{},
	}
	if f.embedded {
		run.Target.Name = "embedded target"
	}
	l := &loadRun{m: m, f: f, p: p, run: run, wire: cfg, required: requirements{file.User.Required, file.Types["Group"].Required}}
	if f.plan {
		return l.showPlan(ctx)
	}
	return l.do(ctx)
}

// shown is the configuration as reports show it.
func (f *loadFlags) shown(w wire.Config) map[string]string {
	s := map[string]string{
		"auth": w.Auth.Kind, "fail-on": f.failOn, "timeout": f.timeout.String(), "user-domain": f.domain, "allow-writes": f.allowWrites,
		"rate": f.rate, "throttle": f.throttle, "abort-errors": f.abortErrors, "shard": f.shard, "thresholds": strings.Join(f.thresholds, ", "), "max-rate": f.maxRate.String(),
	}
	for name, on := range map[string]bool{"keep": f.keep, "insecure": f.insecure, "allow-plain-http": f.plainHTTP, "http2": f.http2} {
		if on {
			s[name] = "true"
		}
	}
	for name, n := range map[string]int{"flows": f.flows, "workers": f.workers, "max-writes": f.maxWrites} {
		if n > 0 {
			s[name] = fmt.Sprint(n)
		}
	}
	for name, v := range s {
		if v == "" {
			delete(s, name)
		}
	}
	return s
}

// journalFile opens the journal: a new file for each attempt at a shard.
func (f *loadFlags) journalFile(part loadgen.Shard) (file *os.File, attempt int, err error) {
	if f.journal != "" {
		file, err = os.OpenFile(f.journal, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		return file, 1, err
	}
	if part.N < 1 {
		return nil, 0, nil
	}
	for attempt = 1; ; attempt++ {
		file, err = os.OpenFile(fmt.Sprintf("shard-%d.attempt-%d.jsonl", part.I, attempt), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if !os.IsExist(err) {
			return file, attempt, err
		}
	}
}
