package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

// judging holds the flags that say what is judged and how.
type judging struct {
	only, skip, force []string
	failOn, domain    string
	seed              int64
	parallel          int
	waiverFile, stale string

	checks  []suites.CheckInfo
	waivers []reports.Waiver
}

func (j *judging) flags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&j.only, "only", nil, "run only checks that match the `GLOB`, such as patch.*; repeatable or with commas")
	fs.StringSliceVar(&j.skip, "skip", nil, "leave out checks that match the `GLOB`")
	fs.StringSliceVar(&j.force, "force", nil, "exercise a `FEATURE` although the target says that it lacks it")
	fs.StringVar(&j.failOn, "fail-on", reports.FailOnMust, "what gives exit code 1: `LEVEL` must, should or never")
	fs.Int64Var(&j.seed, "seed", 0, "repeat a run: same seed, same requests (default: drawn, and reported)")
	fs.IntVar(&j.parallel, "parallel", 0, "run up to `N` areas at once; the results are the same (default: by the target's latency)")
	fs.StringVar(&j.waiverFile, "waivers", "", "`FILE` of checks that are expected to fail, each with a reason, an owner and a day on which that ends")
	fs.StringVar(&j.stale, "stale-waivers", "fail", "`WHAT` a waiver for something that does not fail gives: fail or warn")
	fs.StringVar(&j.domain, "user-domain", "", "mail `DOMAIN` of the users that are created (default example.com)")
}

// config checks the flags and makes the configuration of a run.
func (j *judging) config() (suites.Config, error) {
	cfg := suites.Config{Only: j.only, Skip: j.skip, Seed: j.seed, Parallel: j.parallel, Force: map[suites.Feature]bool{}}
	cfg.User.Domain = j.domain
	if err := knownFailOn(j.failOn); err != nil {
		return cfg, err
	}
	if j.parallel < 0 {
		return cfg, usage("0 chooses by the target's latency", "--parallel cannot be negative")
	}
	var features []string
	for _, f := range suites.Features() {
		features = append(features, string(f))
	}
	for _, f := range j.force {
		if !slices.Contains(features, f) {
			return cfg, usage(didYouMean(f, features, "the features are "+strings.Join(features, ", ")), "there is no feature %q", f)
		}
		cfg.Force[suites.Feature(f)] = true
	}
	if cfg.Seed == 0 {
		cfg.Seed = newSeed()
	}
	cfg.RunID = suites.RunID(cfg.Seed)
	if j.stale != "fail" && j.stale != "warn" {
		return cfg, usage("use fail or warn", "there is no --stale-waivers %q", j.stale)
	}
	var err error
	if j.waiverFile != "" {
		if j.waivers, err = readWaivers(j.waiverFile, time.Now()); err != nil {
			return cfg, err
		}
	}
	if j.checks, err = suites.Select(j.only, j.skip); err != nil {
		return cfg, j.selectionError(err)
	}
	return cfg, nil
}

// selectionError adds the ids and areas that come near the pattern that matched nothing.
func (j *judging) selectionError(err error) error {
	names := checkNames()
	for _, g := range slices.Concat(j.only, j.skip) {
		if _, gerr := suites.Select([]string{g}, nil); gerr != nil {
			return usage(didYouMean(strings.TrimRight(g, ".*?"), names, "`scimproof list` shows all ids"), "%w", err)
		}
	}
	return usage("`scimproof list` shows all ids", "%w", err)
}

// checkNames lists areas and ids.
func checkNames() []string {
	var names []string
	for _, c := range suites.List() {
		if !slices.Contains(names, c.Area) {
			names = append(names, c.Area)
		}
	}
	for _, c := range suites.List() {
		names = append(names, c.ID)
	}
	return names
}

// judgement is one run of the checks with everything around it: ledger, progress, reports and exit code.
type judgement struct {
	cfg    suites.Config
	policy reports.Policy
	out    *outputs
	judged *judging
	name   string            // of the target, in the configuration
	shown  map[string]string // the configuration as reports show it
	ledger string            // path; "" keeps the ledger in memory
}

// judge runs the checks, writes what is asked for, and returns the exit code as an error.
func (m *Main) judge(ctx context.Context, j judgement) error {
	if j.ledger != "" {
		l, err := openLedger(j.ledger, j.cfg)
		if err != nil {
			return err
		}
		j.cfg.Wire.Ledger = l
	}
	m.announce(j.ledger)
	p := m.watch(&j)
	j.cfg.Rearm = m.rearm
	if m.Panic != nil {
		m.Panic("")
	}
	run, err := suites.Run(ctx, j.cfg)
	p.finish()
	if err != nil {
		closeLedger(j.cfg.Wire.Ledger, j.ledger, nil)
		return usage("", "%w", err)
	}
	run.Tool = reports.Tool{Name: "scimproof", Version: versionInfo().Version, Commit: versionInfo().Commit}
	run.Target.Name, run.Config = j.name, j.shown
	all := suites.List()
	run.CheckSet = &reports.CheckSet{Checks: len(all), Digest: digest(all)[:12]}
	run.Waive(j.judged.waivers, j.judged.stale == "warn")
	closeLedger(j.cfg.Wire.Ledger, j.ledger, run)
	v := j.out.write(m, run, j.policy)
	if run.Crash != "" {
		m.crash(strings.SplitN(run.Crash, "\n", 2)[0], []byte(run.Crash))
	}
	return m.conclude(v, run)
}

// announce sets what a first ^C is answered with.
func (m *Main) announce(ledger string) {
	say := "interrupted: deleting what was created; once more quits at once"
	if ledger != "" {
		say += ", then `scimproof cleanup " + ledger + "` finishes the job"
	}
	m.onSignal.Store(&say)
}

// watch connects the run with the display.
func (m *Main) watch(j *judgement) *progress {
	var p *progress
	if !j.out.quiet {
		_, tty := terminal(m.Stderr)
		if ci, _ := m.Env("CI"); ci != "" || !m.mayColor() && tty {
			tty = false
		}
		p = newProgress(m.err, tty, j.judged.checks)
	}
	j.cfg.OnResult = func(r reports.Result) {
		p.result(r)
		if m.Panic != nil {
			m.Panic(r.ID)
		}
	}
	if p != nil && j.out.verbose > 0 {
		j.cfg.Wire.OnExchange = func(x *reports.Exchange) { p.line("%s", exchangeText(x, j.out.verbose > 1)) }
	}
	return p
}

// exchangeText is an exchange in a line, or whole. Its fields are redacted already.
func exchangeText(x *reports.Exchange, whole bool) string {
	text := fmt.Sprintf("%-4s %s  %s", x.ID, reports.Visible(x.Line()), x.Duration.Round(100_000))
	if !whole {
		return text
	}
	var lines []string
	part := func(mark string, header map[string][]string, body string) {
		names := make([]string, 0, len(header))
		for name := range header {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			lines = append(lines, mark+" "+reports.Visible(name+": "+strings.Join(header[name], ", ")))
		}
		if body != "" {
			lines = append(lines, mark+" "+reports.Visible(body))
		}
	}
	part("     >", x.RequestHeader, x.RequestBody)
	part("     <", x.ResponseHeader, x.ResponseBody)
	return strings.Join(append([]string{text}, lines...), "\n")
}

// ledgerPath is where the ledger of a run is kept by default.
func ledgerPath(runID string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", usage("name a file with --ledger", "there is no place for the ledger: %w", err)
	}
	return filepath.Join(dir, "scimproof", "scimproof-"+runID+".ledger"), nil
}

func openLedger(path string, cfg suites.Config) (*wire.Ledger, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, usage("name a file that can be written with --ledger", "the ledger cannot be written: %w", err)
	}
	l, err := wire.OpenLedger(path, cfg.RunID, cfg.Wire.BaseURL)
	if err != nil {
		return nil, usage("name another file with --ledger", "%w", err)
	}
	return l, nil
}

// closeLedger removes the file once nothing of the run can be left on the target; otherwise the run's clean-up names it.
func closeLedger(l *wire.Ledger, path string, run *reports.Run) {
	if path == "" || l == nil {
		return
	}
	err := l.Close()
	if err == nil && l.Remaining() == 0 && (run == nil || len(run.Cleanup.Left) == 0) {
		if err = os.Remove(path); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	if run != nil {
		run.Cleanup.Ledger = path
	}
}
