package reports

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// res is a result of the given word and level with the reason that SKIP and ERROR need.
func res(w Word, l Level) Result {
	r := Result{ID: "a." + strings.ToLower(string(w)), Area: "a", Word: w, Level: l}
	if w == Skip || w == Error || w == Waived {
		r.Reason = "a reason"
	}
	return r
}

func results(rs ...Result) func(*Run) { return func(r *Run) { r.Results = append(r.Results, rs...) } }

func cut(k CutKind) func(*Run) { return func(r *Run) { r.Cut = &Cut{Kind: k, Why: "because"} } }
func crash(r *Run)             { r.Crash = "nil map" }
func stale(r *Run)             { r.StaleWaivers = []string{"x passes"} }
func unwritten(r *Run)         { r.FailedReports = []string{"out.json: disk full"} }
func left(r *Run)              { r.Cleanup.Left = []Leftover{{Endpoint: "/Users", ID: "1", Why: "500"}} }

var (
	pass   = results(res(Pass, Must))
	fail   = results(res(Fail, Must))
	warn   = results(res(Warn, Should))
	waived = results(res(Waived, Must))
	lost   = results(res(Error, Must))
)

func TestVerdict(t *testing.T) {
	finding := func(w, f Word) func(*Run) {
		r := res(w, Must)
		r.Findings = []Finding{{Word: f, Message: "m"}}
		return results(r)
	}
	for _, row := range []struct {
		name   string
		failOn string
		run    []func(*Run)
		green  bool
		exit   int
		word   string
	}{
		{"empty run", "", nil, false, 4, Incomplete},
		{"one MUST passed", "", []func(*Run){pass}, true, 0, Conformant},
		{"one MUST NOT passed", "", []func(*Run){results(res(Pass, MustNot))}, true, 0, Conformant},
		{"only a SHOULD passed", "", []func(*Run){results(res(Pass, Should))}, false, 4, Incomplete},
		{"only a MAY passed", "", []func(*Run){results(res(Pass, May))}, false, 4, Incomplete},
		{"only an IMPLIED passed", "", []func(*Run){results(res(Pass, Implied))}, false, 4, Incomplete},
		{"only skips", "", []func(*Run){results(res(Skip, Must))}, false, 4, Incomplete},
		{"only waived", "", []func(*Run){waived}, false, 4, Incomplete},
		{"only INFO", "", []func(*Run){results(res(Info, Must))}, false, 4, Incomplete},
		{"only WARN", "", []func(*Run){warn}, false, 4, Incomplete},
		{"only WARN, fail on should", "should", []func(*Run){warn}, false, 4, Incomplete},
		{"only FAIL", "", []func(*Run){fail}, false, 1, NotConformant},
		{"only FAIL, never", "never", []func(*Run){fail}, false, 0, NotConformant},
		{"only skips, never", "never", []func(*Run){results(res(Skip, Must))}, false, 4, Incomplete},
		{"pass and FAIL", "must", []func(*Run){pass, fail}, false, 1, NotConformant},
		{"pass and FAIL, should", "should", []func(*Run){pass, fail}, false, 1, NotConformant},
		{"pass and FAIL, never", "never", []func(*Run){pass, fail}, false, 0, NotConformant},
		{"FAIL of an IMPLIED", "", []func(*Run){pass, results(res(Fail, Implied))}, false, 1, NotConformant},
		{"WARN, must", "must", []func(*Run){pass, warn}, true, 0, ConformantNotes},
		{"WARN, should", "should", []func(*Run){pass, warn}, false, 1, ConformantNotes},
		{"WARN, never", "never", []func(*Run){pass, warn}, true, 0, ConformantNotes},
		{"INFO, should", "should", []func(*Run){pass, results(res(Info, May))}, true, 0, Conformant},
		{"SKIP beside a pass", "", []func(*Run){pass, results(res(Skip, Must))}, true, 0, Conformant},
		{"WAIVED beside a pass", "", []func(*Run){pass, waived}, true, 0, ConformantNotes},
		{"ERROR of a MUST", "", []func(*Run){pass, lost}, false, 4, Incomplete},
		{"ERROR of a SHOULD", "", []func(*Run){pass, results(res(Error, Should))}, false, 4, Incomplete},
		{"ERROR, never", "never", []func(*Run){pass, lost}, false, 4, Incomplete},
		{"ERROR and FAIL", "", []func(*Run){pass, lost, fail}, false, 4, Incomplete},
		{"unreachable", "", []func(*Run){cut(CutUnreachable)}, false, 3, NoVerdict},
		{"unreachable, never", "never", []func(*Run){cut(CutUnreachable)}, false, 3, NoVerdict},
		{"authentication", "", []func(*Run){cut(CutAuth)}, false, 3, NoVerdict},
		{"not SCIM", "", []func(*Run){cut(CutNotSCIM)}, false, 3, NoVerdict},
		{"authentication lost half-way", "", []func(*Run){pass, cut(CutAuth)}, false, 3, NoVerdict},
		{"interrupted, all passed so far", "", []func(*Run){pass, cut(CutInterrupted)}, false, 4, Incomplete},
		{"interrupted, never", "never", []func(*Run){pass, cut(CutInterrupted)}, false, 4, Incomplete},
		{"interrupted with a FAIL", "", []func(*Run){pass, fail, cut(CutInterrupted)}, false, 4, Incomplete},
		{"write cap", "", []func(*Run){pass, cut(CutWriteCap)}, false, 4, Incomplete},
		{"aborted", "", []func(*Run){pass, cut(CutAborted)}, false, 4, Incomplete},
		{"cut of an unknown kind", "", []func(*Run){pass, cut("power")}, false, 4, Incomplete},
		{"cut of no kind", "", []func(*Run){pass, cut("")}, false, 4, Incomplete},
		{"usage", "", []func(*Run){cut(CutUsage)}, false, 2, NoVerdict},
		{"bug", "", []func(*Run){pass, cut(CutBug)}, false, 70, NoVerdict},
		{"crash", "", []func(*Run){pass, crash}, false, 70, NoVerdict},
		{"crash, never", "never", []func(*Run){pass, crash}, false, 70, NoVerdict},
		{"crash before anything", "", []func(*Run){crash}, false, 70, NoVerdict},
		{"crash beats unreachable", "", []func(*Run){crash, cut(CutUnreachable)}, false, 70, NoVerdict},
		{"crash beats an unwritten report", "", []func(*Run){pass, crash, unwritten}, false, 70, NoVerdict},
		{"unwritten report", "", []func(*Run){pass, unwritten}, false, 2, Conformant},
		{"unwritten report, never", "never", []func(*Run){pass, unwritten}, false, 2, Conformant},
		{"unwritten report beats FAIL", "", []func(*Run){pass, fail, unwritten}, false, 2, NotConformant},
		{"unwritten report beats unreachable", "", []func(*Run){cut(CutUnreachable), unwritten}, false, 2, NoVerdict},
		{"unknown policy", "often", []func(*Run){pass}, false, 2, Conformant},
		{"unreachable beats ERROR and FAIL", "", []func(*Run){lost, fail, cut(CutUnreachable)}, false, 3, NoVerdict},
		{"stale waiver", "", []func(*Run){pass, stale}, false, 1, Conformant},
		{"stale waiver, never", "never", []func(*Run){pass, stale}, false, 0, Conformant},
		{"leftovers", "", []func(*Run){pass, left}, true, 5, Conformant},
		{"leftovers, never", "never", []func(*Run){pass, left}, true, 5, Conformant},
		{"leftovers and FAIL", "", []func(*Run){pass, fail, left}, false, 1, NotConformant},
		{"leftovers and FAIL, never", "never", []func(*Run){pass, fail, left}, false, 5, NotConformant},
		{"leftovers and interrupted", "", []func(*Run){pass, left, cut(CutInterrupted)}, false, 4, Incomplete},
		{"PASS with a FAIL finding", "", []func(*Run){pass, finding(Pass, Fail)}, false, 70, NoVerdict},
		{"PASS with a WARN finding", "", []func(*Run){pass, finding(Pass, Warn)}, false, 70, NoVerdict},
		{"PASS with an INFO finding", "", []func(*Run){finding(Pass, Info)}, true, 0, Conformant},
		{"SKIP with a FAIL finding", "", []func(*Run){pass, finding(Skip, Fail)}, false, 70, NoVerdict},
		{"WARN with a FAIL finding", "", []func(*Run){pass, finding(Warn, Fail)}, false, 70, NoVerdict},
		{"FAIL with a FAIL finding", "", []func(*Run){pass, finding(Fail, Fail)}, false, 1, NotConformant},
		{"FAIL with a mere WARN finding", "", []func(*Run){pass, finding(Fail, Warn)}, false, 70, NoVerdict},
		{"WAIVED with a FAIL finding", "", []func(*Run){pass, finding(Waived, Fail)}, true, 0, ConformantNotes},
		{"finding of an unknown word", "", []func(*Run){finding(Pass, "BAD")}, false, 70, NoVerdict},
		{"unknown word", "", []func(*Run){pass, results(Result{ID: "x", Word: "OK"})}, false, 70, NoVerdict},
		{"no word", "", []func(*Run){pass, results(Result{ID: "x"})}, false, 70, NoVerdict},
		{"SKIP without a reason", "", []func(*Run){pass, results(Result{ID: "x", Word: Skip})}, false, 70, NoVerdict},
		{"SKIP blocked", "", []func(*Run){pass, results(Result{ID: "x", Word: Skip, BlockedBy: "y"})}, true, 0, Conformant},
	} {
		t.Run(row.name, func(t *testing.T) {
			run := &Run{}
			for _, set := range row.run {
				set(run)
			}
			v := run.Verdict(Policy{FailOn: row.failOn})
			if v.Green != row.green || v.Exit != row.exit || v.Word != row.word {
				t.Errorf("green %v, exit %d, %q; want %v, %d, %q (reasons %q)",
					v.Green, v.Exit, v.Word, row.green, row.exit, row.word, v.Reasons)
			}
			if v.Green && v.Exit == 0 && len(v.Reasons) > 0 {
				t.Errorf("a clean verdict gives reasons: %q", v.Reasons)
			}
			if !v.Green && len(v.Reasons) == 0 {
				t.Error("not green, and no reason why")
			}
		})
	}
}

func TestVerdictCounts(t *testing.T) {
	run := &Run{}
	for _, set := range []func(*Run){pass, pass, fail, warn, waived, lost, results(res(Skip, Must), res(Info, MustNot), res(Pass, Should))} {
		set(run)
	}
	v := run.Verdict(Policy{})
	for w, want := range map[Word]int{Pass: 3, Fail: 1, Warn: 1, Waived: 1, Error: 1, Skip: 1, Info: 1} {
		if v.Count[w] != want {
			t.Errorf("%s counted %d times, want %d", w, v.Count[w], want)
		}
	}
	if v.MustPassed != 2 || v.MustJudged != 5 {
		t.Errorf("%d of %d MUST passed, want 2 of 5", v.MustPassed, v.MustJudged)
	}
	if want := "3 PASS  1 FAIL  1 ERROR  1 WARN  1 INFO  1 WAIVED  1 SKIP"; v.Summary() != want {
		t.Errorf("summary %q, want %q", v.Summary(), want)
	}
}

// severity is the place of an exit code in the order in which codes win; 0 is the mildest.
func severity(exit int) int {
	if i := slices.Index(exitOrder, exit); i >= 0 {
		return len(exitOrder) - i
	}
	return 0
}

func TestVerdictProperties(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	pick := func(n int) bool { return rnd.Intn(n) == 0 }
	kinds := []CutKind{CutUnreachable, CutAuth, CutNotSCIM, CutInterrupted, CutWriteCap, CutAborted, CutBug, CutUsage}
	levels := []Level{Must, MustNot, Should, ShouldNot, May, Implied}
	greens, fails := 0, 0
	for range 20000 {
		run := &Run{}
		for range rnd.Intn(5) {
			w := Words()[rnd.Intn(len(Words()))]
			if pick(2) {
				w = Pass
			}
			run.Results = append(run.Results, res(w, levels[rnd.Intn(len(levels))]))
		}
		if pick(6) {
			cut(kinds[rnd.Intn(len(kinds))])(run)
		}
		for _, set := range []func(*Run){crash, stale, unwritten, left} {
			if pick(8) {
				set(run)
			}
		}
		p := Policy{FailOn: []string{"", FailOnMust, FailOnShould, FailOnNever}[rnd.Intn(4)]}
		v := run.Verdict(p)
		if v.Green {
			greens++
			if v.Count[Fail]+v.Count[Error] > 0 || v.MustPassed == 0 || run.Cut != nil || run.Crash != "" ||
				len(run.FailedReports)+len(run.StaleWaivers) > 0 || v.Exit != ExitOK && v.Exit != ExitLeftovers {
				t.Fatalf("green for %+v: %+v", run, v)
			}
		}
		if v.Exit == ExitOK && !v.Green && p.FailOn != FailOnNever {
			t.Fatalf("exit 0 and not green for %+v: %+v", run, v)
		}

		more := *run
		at := rnd.Intn(len(run.Results) + 1)
		more.Results = slices.Insert(slices.Clone(run.Results), at, res(Fail, levels[rnd.Intn(len(levels))]))
		worse := more.Verdict(p)
		if worse.Green {
			t.Fatalf("a FAIL made or left it green: %+v", more)
		}
		// Taking away the only thing that was judged leaves a run without a verdict, which is rightly graver.
		if (v.MustPassed > 0 || v.Count[Fail] > 0) && severity(worse.Exit) < severity(v.Exit) {
			t.Fatalf("removing a FAIL turned exit %d into %d: %+v", worse.Exit, v.Exit, more)
		}
		more.Results[at] = res(Pass, Must)
		if fixed := more.Verdict(p); severity(fixed.Exit) > severity(worse.Exit) {
			t.Fatalf("turning a FAIL into a PASS turned exit %d into %d: %+v", worse.Exit, fixed.Exit, more)
		}
		fails++
	}
	if greens < 500 || fails != 20000 {
		t.Fatalf("only %d green runs among %d", greens, fails)
	}
}

func TestWorst(t *testing.T) {
	word, message := Worst([]Finding{{Word: Info, Message: "i"}, {Word: Fail, Message: "f\nsecond"}, {Word: Warn, Message: "w"}, {Word: Fail, Message: "g"}})
	if word != Fail || message != "f" {
		t.Errorf("worst is %s %q", word, message)
	}
	if word, message := Worst(nil); word != Pass || message != "" {
		t.Errorf("nothing found is %s %q", word, message)
	}
}
