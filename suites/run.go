// Package suites holds the checks: Ginkgo specs that exercise a SCIM 2.0 service provider over HTTP and judge what
// it answers by the statements of the catalogue.
//
// There are three ways in. Run makes a reports.Run, for programs. Test mirrors every check into a Go test, for a
// server's own `go test`. Describe only registers the specs, for a package that has a Ginkgo suite of its own.
// Importing the package has no effect.
package suites

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// Config is what a run needs to know.
type Config struct {
	// Wire tells how to reach the target; its Ledger and OnExchange are set by the run where they are nil.
	Wire wire.Config
	// Seed makes runs repeatable; 0 draws one.
	Seed int64
	// RunID marks every record of the run; empty means RunID(Seed).
	RunID string
	// Only and Skip are globs on check ids ("patch.*"); an empty Only means all.
	Only, Skip []string
	// Force exercises features although the target says that it lacks them.
	Force map[Feature]bool
	// User tells how users must look.
	User UserShape
	// Required holds attributes that every resource of a type gets, by the name of the type and their path; those of
	// users are in User.
	Required map[string]map[string]any
	// Others are tokens with other rights than that of Wire.
	Others Others
	// Keep leaves what was created in place.
	Keep bool
	// Parallel is how many areas may run at once; 0 chooses by the latency of the target. The results are the same.
	Parallel int
	// OnResult, if set, is called after each check.
	OnResult func(reports.Result)
	// Rearm, if set, is called whenever Run has reset the handling of SIGINT and SIGTERM, so that the host process can
	// call signal.Notify again at once: a run that is being cleaned up should not die of a signal it was not told of.
	Rearm func()

	// unchecked runs the checks even where the target is no SCIM endpoint, to prove that none passes there.
	unchecked bool
}

// one guards Ginkgo's global tree: one run at a time in a process.
var one sync.Mutex

// Run judges the target and deletes what it created. The error is not nil where nothing was sent: a broken
// configuration, or a selection that matches no check (SelectionError).
//
// A run is interrupted by ctx alone. Ginkgo would take over SIGINT and SIGTERM and never let go, so Run resets both
// before the first check and when the checks are done: a host process has to call signal.Notify again, see Config.Rearm.
func Run(ctx context.Context, cfg Config) (*reports.Run, error) {
	one.Lock()
	defer one.Unlock()
	pick, err := selection(cfg.Only, cfg.Skip, list())
	if err != nil {
		return nil, err
	}
	s, err := newSession(ctx, &cfg, pick)
	if err != nil {
		return nil, err
	}
	run := s.begin()
	defer func() { run.Finished = time.Now().UTC() }()

	l, cut := examine(ctx, s.client)
	s.learned = l
	if cfg.unchecked && len(l.resourceTypes) == 0 {
		l.build()
		cut = nil
	}
	width := cfg.Parallel
	if width == 0 {
		width = widthFor(s.exchanges)
	}
	if cut != nil {
		s.stop(cut)
	} else {
		s.learnFromRecord()
		s.tryGuesses()
		s.learnLag(queriesAmong(pick))
		s.runGinkgo(width)
	}
	s.end(run, width)
	return run, nil
}

// Test runs the checks against the target and mirrors each into a subtest of t named after its id: FAIL and ERROR
// fail, SKIP skips with its reason, WARN and INFO are logged.
func Test(t *testing.T, cfg Config) {
	t.Helper()
	if n := hostSpecs(); n > 0 {
		t.Fatalf("this package has %d Ginkgo specs of its own, which Test would wipe out; register the checks beside them with suites.Describe", n)
	}
	run, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range run.Results {
		t.Run(r.ID, func(t *testing.T) {
			switch r.Word {
			case reports.Fail, reports.Error:
				t.Errorf("%s\n%s", r.Title, describe(r))
			case reports.Skip:
				t.Skip(r.Reason)
			case reports.Warn, reports.Info:
				t.Logf("%s: %s\n%s", r.Word, r.Title, describe(r))
			}
		})
	}
	if v := run.Verdict(reports.Policy{}); !v.Green && !t.Failed() {
		t.Errorf("no green verdict: %s", strings.Join(v.Reasons, "; "))
	}
}

// describe lists the findings of a result for a test log.
func describe(r reports.Result) string {
	lines := []string{r.Reason}
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s: expected %s, got %s", f.Word, f.Message, f.Expected, f.Got))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// hostSpecs counts the specs that the surrounding package has registered itself.
func hostSpecs() int {
	one.Lock()
	defer one.Unlock()
	return ginkgo.PreviewSpecs("host", quietly()...).PreRunStats.TotalSpecs
}

// Describe registers the checks into the Ginkgo suite of the calling package and runs nothing. A FAIL fails the
// spec; WARN and INFO become report entries. The target is examined, and what was created deleted, when the suite runs.
func Describe(cfg Config) {
	s, err := newSession(context.Background(), &cfg, func(id string) bool {
		return (len(cfg.Only) == 0 || matches(cfg.Only, id)) && !matches(cfg.Skip, id)
	})
	if err != nil {
		panic(fmt.Sprintf("suites.Describe: %v", err))
	}
	s.inline = true
	undo := ginkgo.AddTreeConstructionNodeArgsTransformer(s.reg.transform)
	defer undo()
	ginkgo.Describe("SCIM 2.0", func() {
		ginkgo.BeforeEach(func() {
			if s.learned == nil {
				var cut *reports.Cut
				if s.learned, cut = examine(s.ctx, s.client); cut != nil {
					s.stop(cut)
				} else {
					s.learnFromRecord()
					s.learnLag(true)
				}
			}
			if s.interrupted() {
				ginkgo.Skip(s.cut.Why)
			}
		})
		s.register()
	})
	ginkgo.AfterSuite(func() {
		if left := wire.Cleanup(context.Background(), s.client, s.client.Ledger(), 1).Left; len(left) > 0 && !cfg.Keep {
			ginkgo.Fail(fmt.Sprintf("%d resources could not be deleted: %v", len(left), left))
		}
	})
}

// List returns the checks in the order in which they run.
func List() []CheckInfo {
	one.Lock()
	defer one.Unlock()
	return slices.Clone(list())
}

// list builds the tree once; the checks do not depend on the target.
var list = sync.OnceValue(func() []CheckInfo {
	s := unrun()
	out := make([]CheckInfo, len(s.reg.checks))
	for i, c := range s.reg.checks {
		out[i] = *c
	}
	return out
})

// unrun is a session whose tree is built and knows no target.
func unrun() *session {
	s := &session{engine: &engine{cfg: Config{RunID: "listing0"}, reg: newRegistry(func(string) bool { return true })}}
	s.build()
	return s
}

// SelectionError says that no check was selected.
type SelectionError struct{ Only, Skip []string }

func (e *SelectionError) Error() string {
	return fmt.Sprintf("--only %s --skip %s selects no check; `scimproof list` shows all ids",
		strings.Join(e.Only, ","), strings.Join(e.Skip, ","))
}

// Select returns the checks that the globs select, in the order in which they run. Errors are as those of Run.
func Select(only, skip []string) ([]CheckInfo, error) {
	all := List()
	pick, err := selection(only, skip, all)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c CheckInfo) bool { return !pick(c.ID) }), nil
}

// selection turns globs into a predicate. A glob that matches no check at all is an error, since it is misspelt.
func selection(only, skip []string, all []CheckInfo) (func(string) bool, error) {
	for _, g := range slices.Concat(only, skip) {
		if _, err := path.Match(g, ""); err != nil {
			return nil, fmt.Errorf("%q is no glob: %w", g, err)
		}
		if !slices.ContainsFunc(all, func(c CheckInfo) bool { return matches([]string{g}, c.ID) }) {
			return nil, fmt.Errorf("no check id matches %q; `scimproof list` shows all ids: %w", g, &SelectionError{only, skip})
		}
	}
	pick := func(id string) bool { return (len(only) == 0 || matches(only, id)) && !matches(skip, id) }
	if !slices.ContainsFunc(all, func(c CheckInfo) bool { return pick(c.ID) }) {
		return nil, &SelectionError{only, skip}
	}
	return pick, nil
}

// matches tells whether one of the globs selects the id; a bare area stands for all of its checks.
func matches(globs []string, id string) bool {
	return slices.ContainsFunc(globs, func(g string) bool {
		ok, _ := path.Match(g, id)
		return ok || !strings.ContainsAny(g, ".*?[") && strings.HasPrefix(id, g+".")
	})
}

// newSession checks the configuration and makes the client.
func newSession(ctx context.Context, cfg *Config, pick func(id string) bool) (*session, error) {
	s := &session{engine: &engine{ctx: ctx}, cur: &current{}}
	s.root = s
	if cfg.Seed == 0 {
		cfg.Seed = rand.Int64N(1 << 53)
	}
	if cfg.RunID == "" {
		cfg.RunID = RunID(cfg.Seed)
	}
	s.reg = newRegistry(pick)
	if cfg.Wire.Ledger == nil {
		cfg.Wire.Ledger = wire.NewLedger(cfg.RunID, cfg.Wire.BaseURL)
	}
	if cfg.Wire.Secrets == nil {
		cfg.Wire.Secrets = &wire.Secrets{}
	}
	for _, t := range cfg.Others.all() {
		cfg.Wire.Secrets.Add(t)
	}
	s.tell = cfg.Wire.OnExchange
	cfg.Wire.OnExchange = s.record
	client, err := wire.New(cfg.Wire)
	if err != nil {
		return nil, err
	}
	s.client = client
	s.cfg = *cfg
	return s, nil
}

// RunID derives the mark of a run's records from its seed: eight letters and digits.
func RunID(seed int64) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	r := rand.New(rand.NewPCG(uint64(seed), 0x5c1))
	b := make([]byte, 8)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// build registers the specs into a fresh tree without running them.
func (s *session) build() {
	globals.Reset()
	undo := ginkgo.AddTreeConstructionNodeArgsTransformer(s.reg.transform)
	defer undo()
	ginkgo.Describe("SCIM 2.0", s.register)
	ginkgo.PreviewSpecs("scimproof", quietly()...)
}

// quietly returns settings that do not come from the host's flags.
func quietly() []any {
	suite, reporter := types.NewDefaultSuiteConfig(), types.NewDefaultReporterConfig()
	suite.RandomSeed = 1
	suite.LabelFilter = selectedLabel
	suite.GracePeriod = 10 * time.Second
	suite.Timeout = 0
	reporter.Succinct = true
	return []any{suite, reporter}
}

// runGinkgo runs the selected specs, up to width lanes at once, and fills in the results.
func (s *session) runGinkgo(width int) {
	out := formatter.ColorableStdOut
	formatter.ColorableStdOut = io.Discard
	defer func() { formatter.ColorableStdOut = out }()

	globals.Reset()
	undo := ginkgo.AddTreeConstructionNodeArgsTransformer(s.reg.transform)
	defer undo()
	ended := make(chan struct{})
	started := false
	ginkgo.Describe("SCIM 2.0", func() {
		ginkgo.BeforeEach(func() {
			if !started {
				started = true
				s.takeSignals()
				go func() {
					defer close(ended)
					s.runLanes(width)
				}()
			}
		})
		s.register()
	})
	ginkgo.ReportAfterEach(func(spec types.SpecReport) {
		// Ginkgo would swallow a panic here, and with it the result.
		defer func() {
			if p := recover(); p != nil {
				s.bug(fmt.Sprintf("%v\n%s", p, debug.Stack()), fmt.Sprintf("a bug in scimproof: %v", p))
			}
		}()
		s.after(spec)
	})
	ginkgo.RunSpecs(quiet{}, "scimproof", quietly()...)
	s.takeSignals()
	if started {
		<-ended
	}
}

// takeSignals ends Ginkgo's hold on the signals: it would leave an interrupted spec running beside the clean-up.
func (s *session) takeSignals() {
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	if s.cfg.Rearm != nil {
		s.cfg.Rearm()
	}
}

// quiet satisfies Ginkgo's testing interface; results are taken from the checks.
type quiet struct{}

func (quiet) Fail() {}

// after keeps the result of a check that ran.
func (s *session) after(spec types.SpecReport) {
	if spec.LeafNodeType != types.NodeTypeIt {
		return
	}
	n := s.nodeOf(spec)
	if n == nil || !n.selected || !n.ran {
		return
	}
	res := n.result()
	s.results = append(s.results, res)
	if s.cfg.OnResult != nil {
		s.cfg.OnResult(res)
	}
}

// nodeOf returns the check that a spec stands for.
func (s *session) nodeOf(spec types.SpecReport) *node {
	for _, l := range spec.Labels() {
		if id, ok := strings.CutPrefix(l, idLabel); ok {
			return s.reg.nodes[id]
		}
	}
	return nil
}

// begin makes the outcome that the run fills in.
func (s *session) begin() *reports.Run {
	return &reports.Run{
		Schema: reports.SchemaVersion,
		Target: reports.Target{URL: s.cfg.Wire.BaseURL},
		RunID:  s.cfg.RunID, Seed: s.cfg.Seed, Started: time.Now().UTC(),
	}
}

// end cleans up and collects everything into run.
func (s *session) end(run *reports.Run, width int) {
	client := s.client.View("cleanup-", s.record)
	ledger := client.Ledger()
	run.Exchanges, s.exchanges = s.everything(), nil
	run.Behaviours = slices.Clone(s.behaviours)
	for _, l := range s.lanes {
		for _, b := range l.s.behaviours {
			if !slices.ContainsFunc(run.Behaviours, func(o reports.Behaviour) bool { return o.ID == b.ID && o.Question == b.Question }) {
				run.Behaviours = append(run.Behaviours, b)
			}
		}
	}
	switch {
	case s.cfg.Keep:
		run.Cleanup = reports.Cleanup{Created: ledger.Created(), Skipped: "asked to keep what was created"}
	case len(ledger.Live()) > 0 || ledger.Created() > 0:
		// The run's own context may be over: clean-up is what an interrupted run still owes.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 10*time.Minute)
		defer cancel()
		rep := wire.Cleanup(ctx, client, ledger, width)
		run.Cleanup = reports.Cleanup{Created: rep.Created, Deleted: rep.Deleted}
		for _, l := range rep.Left {
			run.Cleanup.Left = append(run.Cleanup.Left, reports.Leftover(l))
		}
	}
	run.Results, run.Exchanges = s.results, append(run.Exchanges, s.exchanges...)
	run.Causes = reports.Causes(run, defects())
	run.Cut, run.Crash, run.Asks = s.cut, s.crash, s.asks()
	run.Features = s.features()
	st := s.client.Stats()
	run.Requests, run.Writes, run.Retries = st.Requests, st.Writes, st.Retries
}

// A target that answers slower than this is asked by several lanes at once.
const slow = 20 * time.Millisecond

// widthFor chooses how many lanes run at once by the latency of the first answers: a fast target needs no more than one.
func widthFor(xs []*reports.Exchange) int {
	var took []time.Duration
	for _, x := range xs {
		took = append(took, x.Duration)
	}
	slices.Sort(took)
	if len(took) > 0 && took[len(took)/2] >= slow {
		return 6
	}
	return 1
}
