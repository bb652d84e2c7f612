package suites

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

const testToken = "canary-token-7f3a9c"

// testOthers are the tokens that the embedded target takes beside testToken.
var testOthers = Others{Restricted: "canary-reader-91be02", Expired: "canary-expired-5d01aa", OtherDomain: "canary-domain-c07e44"}

// tokens puts all tokens into the configuration of a target.
func tokens(cfg target.Config) target.Config {
	cfg.Token, cfg.ReadToken, cfg.ExpiredToken, cfg.DomainToken = testToken, testOthers.Restricted, testOthers.Expired, testOthers.OtherDomain
	return cfg
}

// inProcess hands requests to a handler without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// judgeTarget runs the selected checks against an embedded target.
func judgeTarget(t *testing.T, cfg target.Config, only ...string) *reports.Run {
	t.Helper()
	srv, err := target.New(tokens(cfg))
	if err != nil {
		t.Fatal(err)
	}
	return judgeHandler(t, srv, only...)
}

// judgePassword is judgeTarget where the target asks for user and password.
func judgePassword(t *testing.T, cfg target.Config, only ...string) *reports.Run {
	t.Helper()
	cfg.User, cfg.Password = "canary-user", testToken
	srv, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return judgeWith(t, srv, Config{Only: only, Wire: wire.Config{Auth: wire.Auth{Kind: "basic", User: cfg.User, Password: cfg.Password}}})
}

// judgeTold is judgeTarget with required attributes of users as the configuration would have them.
func judgeTold(t *testing.T, cfg target.Config, required map[string]any, only ...string) *reports.Run {
	t.Helper()
	srv, err := target.New(tokens(cfg))
	if err != nil {
		t.Fatal(err)
	}
	return judgeWith(t, srv, Config{User: UserShape{Required: required}, Only: only})
}

func judgeHandler(t *testing.T, h http.Handler, only ...string) *reports.Run {
	t.Helper()
	return judgeWith(t, h, Config{Only: only})
}

func judgeWith(t *testing.T, h http.Handler, cfg Config) *reports.Run {
	t.Helper()
	cfg.Seed = 1
	if cfg.Wire.Auth.Kind == "" {
		cfg.Wire.Auth, cfg.Others = wire.Auth{Kind: "bearer", Token: testToken}, testOthers
	}
	cfg.Wire.BaseURL, cfg.Wire.Transport = "http://127.0.0.1/scim/v2", inProcess{h}
	run, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if run.Crash != "" {
		t.Fatalf("a bug in a check: %s", run.Crash)
	}
	return run
}

// words maps each check to its result word.
func words(run *reports.Run) map[string]reports.Word {
	m := map[string]reports.Word{}
	for _, r := range run.Results {
		m[r.ID] = r.Word
	}
	return m
}

// caught tells whether a check that gave clean on the clean target has noticed something.
func caught(clean, now reports.Word) bool {
	bad := map[reports.Word]int{reports.Info: 1, reports.Warn: 2, reports.Fail: 3, reports.Error: 3}
	return bad[now] > bad[clean]
}

func TestCleanTarget(t *testing.T) {
	run := judgeTarget(t, target.Config{}, onlyGlobs()...)
	for _, r := range run.Results {
		if r.Word == reports.Fail || r.Word == reports.Warn || r.Word == reports.Error {
			t.Errorf("%s %s: %s%s\n%s", r.Word, r.ID, r.Message, r.Reason, describe(r))
		}
	}
	if len(run.Cleanup.Left) > 0 {
		t.Errorf("left behind: %v", run.Cleanup.Left)
	}
	v := run.Verdict(reports.Policy{})
	if !v.Green {
		t.Errorf("not green: %v", v.Reasons)
	}
	t.Logf("%d checks, %d requests, %v", len(run.Results), run.Requests, v.Count)
}

var (
	onlyFlag   = flag.String("only", "", "comma-separated globs of check ids: judge by these alone, and try the flaws that name one of them")
	shardFlag  = flag.String("shard", "", "i/n: try only every nth flaw, from the ith")
	updateFlag = flag.Bool("update", false, "rewrite the Kills of each flaw to what caught it, of all checks; review the difference as if you had written it")
	wholeFlag  = flag.Bool("whole", false, "judge every flaw by all checks, not only by those that share a lane with one it names")
)

func onlyGlobs() []string {
	if *onlyFlag == "" {
		return nil
	}
	return strings.Split(*onlyFlag, ",")
}

// laneOf maps each check to its lane.
func laneOf() map[string]*lane {
	out := map[string]*lane{}
	for _, l := range unrun().lanes {
		for _, b := range l.blocks {
			for _, n := range b.nodes {
				out[n.check.ID] = l
			}
		}
	}
	return out
}

// concerned lists the checks of the lanes that hold one of the ids: what a check sees does not depend on other lanes
// (TestLanes), and a flaw that is named by none in a lane seldom shows there. It is nil, for all, where a lane that looks
// at the whole run is among them.
func concerned(ids []string, of map[string]*lane) []string {
	among := map[*lane]bool{}
	for _, id := range ids {
		l := of[id]
		if l == nil || l.last {
			return nil
		}
		among[l] = true
	}
	var out []string
	for id, l := range of {
		if among[l] {
			out = append(out, id)
		}
	}
	return out
}

// TestKillMatrix proves every check able to fail, and every flaw to be seen by exactly the checks that it names.
func TestKillMatrix(t *testing.T) {
	only := onlyGlobs()
	lanes := laneOf()
	counts := func(id string) bool { return only == nil || matches(only, id) }
	clean := words(judgeTarget(t, target.Config{}, only...))
	if counts("tls.version-1.2") {
		maps.Copy(clean, words(judgeTLS(t, target.TLSFault{})))
	}
	killers := map[string][]string{}
	// cleanWith are the words of a run without the flaw, among the same legal choices; the plain run is under "".
	cleanWith := map[string]map[string]reports.Word{"": clean}
	without := func(t *testing.T, f target.Flaw) map[string]reports.Word {
		key := strings.Join(f.Variants, ",")
		judge := judgeTarget
		if f.Password {
			key, judge = key+" password", judgePassword
		}
		if cleanWith[key] == nil {
			cleanWith[key] = words(judge(t, target.Config{Variants: f.Variants}, only...))
		}
		return cleanWith[key]
	}
	among := func(want []string) []string {
		if only != nil || *wholeFlag {
			return only
		}
		return concerned(want, lanes)
	}
	tried := 0
	mine := shards(t)
	for i, f := range target.Flaws() {
		want := slices.DeleteFunc(slices.Sorted(slices.Values(f.Kills)), func(id string) bool { return !counts(id) })
		if only != nil && len(want) == 0 {
			continue
		}
		tried++
		for _, id := range want {
			killers[id] = append(killers[id], f.Name)
		}
		if !mine(i) {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			run, got := judgeFlaw(t, f, without(t, f), among(want)...)
			// The narrow run confirms; where it does not, the whole one decides: some checks see more in a full directory.
			if only == nil && !slices.Equal(got, want) {
				run, got = judgeFlaw(t, f, without(t, f))
			}

			if *updateFlag && only == nil && len(got) > 0 && !slices.Equal(got, want) {
				rewriteKills(t, f.Name, got)
				return
			}
			if only == nil && len(run.Causes) > 1 {
				t.Errorf("one flaw has %d causes: %+v", len(run.Causes), run.Causes)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s\ncaught by\n\t%s\nbut names\n\t%s", f.Title, strings.Join(got, " "), strings.Join(want, " "))
			}
			if len(want) == 0 {
				t.Error("the flaw names no check")
			}
		})
	}
	var unproven []string
	for id := range clean {
		if killers[id] == nil {
			unproven = append(unproven, id)
		}
	}
	slices.Sort(unproven)
	if len(unproven) > 0 {
		t.Errorf("no flaw proves these %d checks able to fail: %s", len(unproven), strings.Join(unproven, " "))
	}
	for _, id := range slices.Sorted(maps.Keys(killers)) {
		if _, ok := clean[id]; !ok {
			t.Errorf("flaws %v name %q, which is no check", killers[id], id)
		}
	}
	t.Logf("%d flaws, %d checks", tried, len(clean))
}

// judgeFlaw runs the selected checks against a target with the flaw, and lists those that notice it by how they ended
// without it.
func judgeFlaw(t *testing.T, f target.Flaw, before map[string]reports.Word, only ...string) (run *reports.Run, got []string) {
	t.Helper()
	switch {
	case f.TLS != nil:
		run = judgeTLS(t, *f.TLS)
	case f.Password:
		run = judgePassword(t, target.Config{Flaws: []string{f.Name}}, only...)
	default:
		run = judgeTarget(t, target.Config{Flaws: []string{f.Name}}, only...)
	}
	for id, w := range words(run) {
		if caught(before[id], w) && !slices.Contains(f.Also, id) {
			got = append(got, id)
		}
	}
	slices.Sort(got)
	return run, got
}

// shards tells which cases this process tries. Runs share one Ginkgo tree per process, so the other processors are put
// to use by starting the test again with -shard; their failures become ours. There are twice as many processes as
// processors, since a check may have to wait for the target's clock.
func shards(t *testing.T) func(i int) bool {
	t.Helper()
	var me, of int
	if n, _ := fmt.Sscanf(*shardFlag, "%d/%d", &me, &of); n == 2 && of > 0 {
		return func(i int) bool { return i%of == me }
	}
	of = 2 * runtime.NumCPU()
	if onlyGlobs() != nil || selected(t) {
		return func(int) bool { return true }
	}
	var wg sync.WaitGroup
	for me := 1; me < of; me++ {
		wg.Go(func() {
			out, err := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=2h", fmt.Sprintf("-shard=%d/%d", me, of), fmt.Sprintf("-update=%t", *updateFlag), fmt.Sprintf("-whole=%t", *wholeFlag), fmt.Sprintf("-combinations=%d", *combinationsFlag), fmt.Sprintf("-characteristics=%d", *characteristicsFlag)).CombinedOutput()
			if err != nil {
				t.Errorf("shard %d of %d: %v\n%s", me, of, err, out)
			}
		})
	}
	t.Cleanup(wg.Wait)
	return func(i int) bool { return i%of == 0 }
}

// selected tells whether single cases of a test are asked for, as in -run TestKillMatrix/patch.
func selected(t *testing.T) bool {
	t.Helper()
	f := flag.Lookup("test.run")
	return f != nil && strings.Contains(f.Value.String(), "/")
}

// rewriteKills replaces the Kills of a flaw in the target's sources.
func rewriteKills(t *testing.T, flaw string, kills []string) {
	t.Helper()
	files, err := filepath.Glob("../fixtures/target/flaws_*.go")
	if err != nil {
		t.Fatal(err)
	}
	entry := regexp.MustCompile(`(?s)(Name:\s+"` + regexp.QuoteMeta(flaw) + `",.*?Kills:\s+\[\]string\{)[^}]*\}`)
	quoted := make([]string, len(kills))
	for i, k := range kills {
		quoted[i] = strconv.Quote(k)
	}
	lock, err := os.Open("../fixtures/target/flaw.go") // other shards write too
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !entry.Match(src) {
			continue
		}
		out := entry.ReplaceAll(src, []byte("${1}"+strings.Join(quoted, ", ")+"}"))
		if err := os.WriteFile(name, out, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("flaw %s is in none of %v", flaw, files)
}
