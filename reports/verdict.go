package reports

import (
	"fmt"
	"strings"
)

// Exit codes of the command line. Where several apply, the first of 70, 2, 3, 4, 1, 5 is taken.
const (
	ExitOK          = 0
	ExitNegative    = 1  // a failure, or a stale waiver
	ExitUsage       = 2  // bad usage or configuration, or a requested report could not be written
	ExitUnreachable = 3  // unreachable, TLS or authentication failed, or not a SCIM endpoint
	ExitIncomplete  = 4  // interrupted, capped, aborted, something could not be judged, or nothing was judged
	ExitLeftovers   = 5  // verdict fine, but clean-up left resources behind
	ExitBug         = 70 // a bug in this tool
)

var exitOrder = []int{ExitBug, ExitUsage, ExitUnreachable, ExitIncomplete, ExitNegative, ExitLeftovers}

// The values of Policy.FailOn.
const (
	FailOnMust   = "must"
	FailOnShould = "should"
	FailOnNever  = "never"
)

// The values of Verdict.Word.
const (
	Conformant      = "conformant"
	ConformantNotes = "conformant with notes"
	NotConformant   = "not conformant"
	Incomplete      = "incomplete"
	NoVerdict       = "no verdict"

	// Of a load.
	Holds      = "holds the load"
	HoldsNotes = "holds the load with notes"
	HoldsNot   = "does not hold the load"
)

// Policy is what the user decides about the verdict. The zero value is the default, FailOnMust.
type Policy struct {
	// FailOn is the least violation that gives exit 1. "never" takes away exit 1 only: a run that was cut short,
	// or that found nobody at home, still says so, and nothing with a FAIL becomes green.
	FailOn string
}

// Verdict is the decision about a run.
type Verdict struct {
	Green      bool         `json:"green"`
	Exit       int          `json:"exit"`
	Word       string       `json:"word"`
	Reasons    []string     `json:"reasons"` // why not green or not plainly conformant, gravest first
	Count      map[Word]int `json:"count"`   // every result word, zeros too
	MustPassed int          `json:"mustPassed"`
	MustJudged int          `json:"mustJudged"` // MUST and MUST NOT checks that are neither SKIP nor ERROR
	FailOn     string       `json:"failOn"`     // the policy that was applied
}

// Verdict decides about the run. It is the only place that does. See design §2 for the rules; beyond them:
// any ERROR makes the run incomplete (4), so does a run in which nothing was judged; a report that could not be
// written gives 2; leftovers give 5 and leave the verdict green; a result that contradicts itself is a bug (70).
func (r *Run) Verdict(p Policy) Verdict {
	v := Verdict{Count: map[Word]int{}, FailOn: p.FailOn, Reasons: []string{}}
	for _, w := range Words() {
		v.Count[w] = 0
	}
	if v.FailOn == "" {
		v.FailOn = FailOnMust
	}
	reasons := map[int][]string{}
	because := func(exit int, format string, args ...any) {
		reasons[exit] = append(reasons[exit], fmt.Sprintf(format, args...))
	}

	for _, res := range r.Results {
		v.Count[res.Word]++
		if why := contradiction(res); why != "" {
			because(ExitBug, "%s: %s", res.ID, why)
		}
		if !res.Level.Absolute() {
			continue
		}
		switch res.Word {
		case Pass:
			v.MustPassed++
			v.MustJudged++
		case Fail, Waived, Warn, Info:
			v.MustJudged++
		}
	}
	if r.Crash != "" {
		because(ExitBug, "scimproof crashed: %s", firstLine(r.Crash))
	}
	switch v.FailOn {
	case FailOnMust, FailOnShould, FailOnNever:
	default:
		because(ExitUsage, "unknown --fail-on %q; use must, should or never", p.FailOn)
	}
	for _, f := range r.FailedReports {
		because(ExitUsage, "report not written: %s", f)
	}
	if r.Cut != nil {
		because(r.Cut.Kind.exit(), "%s: %s", r.Cut.Kind.words(), r.Cut.Why)
	}
	for _, ask := range r.Asks {
		because(ExitIncomplete, "%s", ask)
	}
	if n := v.Count[Error]; n > 0 {
		because(ExitIncomplete, "%s could not be judged", plural(n, "check"))
	}
	if l := r.Load; l != nil {
		if l.Generator.Invalid != "" {
			because(ExitIncomplete, "the measurement is invalid: %s", l.Generator.Invalid)
		}
		if l.Coverage != nil && !l.Coverage.Enough() {
			because(ExitIncomplete, "%s; a verdict needs %g %%", l.Coverage.Sentence(), MinCoverage*100)
		}
		if !l.answered() && r.Cut == nil && r.Crash == "" {
			because(ExitIncomplete, "nothing was measured: no request was answered as wanted")
		}
	}
	// A FAIL is a judgement as well: a server on which everything fails is not conformant, not unjudged.
	if v.MustPassed == 0 && v.Count[Fail] == 0 && r.Cut == nil && r.Crash == "" && r.Load == nil {
		because(ExitIncomplete, "nothing was judged: no MUST passed and none failed")
	}
	if n := v.Count[Fail]; n > 0 {
		because(ExitNegative, "%s failed", plural(n, "check"))
	}
	if n := v.Count[Warn]; n > 0 && v.FailOn == FailOnShould {
		because(ExitNegative, "%s warned, and --fail-on is should", plural(n, "check"))
	}
	for _, w := range r.StaleWaivers {
		because(ExitNegative, "waiver: %s", w)
	}
	if n := len(r.Cleanup.Left); n > 0 {
		because(ExitLeftovers, "%s left behind on the target", plural(n, "resource"))
	}

	v.Green = true
	for _, exit := range exitOrder {
		if len(reasons[exit]) == 0 {
			continue
		}
		v.Reasons = append(v.Reasons, reasons[exit]...)
		if exit != ExitLeftovers {
			v.Green = false
		}
		if exit == ExitNegative && v.FailOn == FailOnNever {
			continue
		}
		if v.Exit == ExitOK {
			v.Exit = exit
		}
	}
	v.Word = r.word(v, reasons)
	return v
}

// word names the verdict about the target; a report that could not be written says nothing about the target.
func (r *Run) word(v Verdict, reasons map[int][]string) string {
	cut := ExitOK
	if r.Cut != nil {
		cut = r.Cut.Kind.exit()
	}
	switch {
	case len(reasons[ExitBug]) > 0, cut == ExitUsage, cut == ExitUnreachable:
		return NoVerdict
	case len(reasons[ExitIncomplete]) > 0:
		return Incomplete
	case r.Load != nil && v.Count[Fail] > 0:
		return HoldsNot
	case r.Load != nil && v.Count[Warn]+v.Count[Waived] > 0:
		return HoldsNotes
	case r.Load != nil:
		return Holds
	case v.Count[Fail] > 0:
		return NotConformant
	case v.Count[Warn]+v.Count[Waived] > 0:
		return ConformantNotes
	}
	return Conformant
}

// contradiction tells what is wrong with a result that says two things, or nothing: a PASS that carries a FAIL
// finding must never count as a pass, nor a FAIL stand on a mere warning.
func contradiction(res Result) string {
	switch res.Word {
	case Pass, Fail, Warn, Info, Skip, Waived, Error:
	default:
		return fmt.Sprintf("unknown result word %q", res.Word)
	}
	if res.Word == Skip && res.Reason == "" && res.BlockedBy == "" {
		return "skipped without a reason"
	}
	worst, message := Worst(res.Findings)
	if rank(worst) > rank(Info) && rank(worst) > rank(res.Word) {
		return fmt.Sprintf("is %s but carries a %s finding: %s", res.Word, worst, message)
	}
	if res.Word == Fail && len(res.Findings) > 0 && worst != Fail {
		return fmt.Sprintf("is FAIL but its worst finding is %s: %s", worst, message)
	}
	return ""
}

// rank orders the words that findings can carry. SKIP may carry none; the others can hide any finding.
func rank(w Word) int {
	switch w {
	case Pass, Skip:
		return 0
	case Info:
		return 1
	case Warn:
		return 2
	}
	return 3
}

// Worst returns the gravest word among the findings, PASS if there is none, and that finding's message: what a
// check's Word and Message are made of.
func Worst(findings []Finding) (Word, string) {
	word, message := Pass, ""
	for _, f := range findings {
		if rank(f.Word) > rank(word) {
			word, message = f.Word, f.Message
		}
	}
	return word, firstLine(message)
}

func (k CutKind) exit() int {
	switch k {
	case CutBug:
		return ExitBug
	case CutUsage:
		return ExitUsage
	case CutUnreachable, CutAuth, CutNotSCIM:
		return ExitUnreachable
	}
	return ExitIncomplete
}

func (k CutKind) words() string {
	words := map[CutKind]string{
		CutUnreachable: "the target cannot be reached", CutAuth: "authentication failed", CutNotSCIM: "not a SCIM endpoint",
		CutInterrupted: "interrupted", CutWriteCap: "the write cap was hit", CutAborted: "aborted",
		CutBug: "a bug in scimproof", CutUsage: "bad usage or configuration",
	}
	if w, ok := words[k]; ok {
		return w
	}
	return "cut short"
}

// Failing tells whether this result alone gives exit 1 under the policy that was applied, or would but for "never".
func (v Verdict) Failing(res Result) bool {
	return res.Word == Fail || res.Word == Warn && v.FailOn == FailOnShould
}

// Summary is the counts in one line, in the order of Words, zeros left out.
func (v Verdict) Summary() string {
	var parts []string
	for _, w := range Words() {
		if n := v.Count[w]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w))
			continue
		}
		if w == Pass || w == Fail {
			parts = append(parts, fmt.Sprintf("0 %s", w))
		}
	}
	return strings.Join(parts, "  ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
