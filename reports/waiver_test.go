package reports

import (
	"strings"
	"testing"
	"time"
)

// waiverRun has a result of each word, judged on the first of March.
func waiverRun() *Run {
	r := &Run{Started: time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), Target: Target{Name: "staging"}}
	add := func(id string, w Word) {
		res := Result{ID: id, Title: id, Area: "patch", Level: Must, Word: w}
		if w == Fail || w == Warn {
			res.Findings = []Finding{{Word: w, Message: "wrong"}}
			res.Message = "wrong"
		}
		if w == Skip || w == Error {
			res.Reason = "because"
		}
		r.Results = append(r.Results, res)
	}
	add("patch.pass", Pass)
	add("patch.fail", Fail)
	add("patch.fail-too", Fail)
	add("patch.warn", Warn)
	add("patch.skip", Skip)
	add("patch.info", Info)
	add("put.error", Error)
	add("put.pass", Pass)
	r.Causes = Causes(r, nil)
	return r
}

func TestWaive(t *testing.T) {
	const later, today, yesterday = "2026-12-31", "2026-03-01", "2026-02-28"
	for _, row := range []struct {
		name   string
		w      Waiver
		soft   bool
		state  string
		waived string
		stale  string // what is said, and gives exit 1
		note   string
	}{
		{"fails", Waiver{ID: "patch.fail", Expires: later}, false, WaiverUsed, "patch.fail", "", ""},
		{"cannot be judged", Waiver{ID: "put.error", Expires: later}, false, WaiverUsed, "put.error", "", ""},
		{"warns", Waiver{ID: "patch.warn", Expires: later}, false, WaiverUsed, "patch.warn", "", ""},
		{"last day", Waiver{ID: "patch.fail", Expires: today}, false, WaiverUsed, "patch.fail", "", "expires in 0 days"},
		{"ends soon", Waiver{ID: "patch.fail", Expires: "2026-03-15"}, false, WaiverUsed, "patch.fail", "", "expires in 14 days"},
		{"ends later", Waiver{ID: "patch.fail", Expires: "2026-03-16"}, false, WaiverUsed, "patch.fail", "", ""},
		{"expired", Waiver{ID: "patch.fail", Expires: yesterday}, false, WaiverExpired, "", "patch.fail: expired 1 day ago", ""},
		{"expired, softly", Waiver{ID: "patch.fail", Expires: yesterday}, true, WaiverExpired, "", "patch.fail: expired 1 day ago", ""},
		{"expired and flaky", Waiver{ID: "patch.fail", Expires: yesterday, Flaky: true}, false, WaiverExpired, "", "expired 1 day ago", ""},
		{"expired and passes", Waiver{ID: "patch.pass", Expires: yesterday}, false, WaiverExpired, "", "expired 1 day ago", ""},
		{"no date", Waiver{ID: "patch.fail", Expires: "soon"}, false, WaiverExpired, "", "expired", ""},
		{"stale", Waiver{ID: "patch.pass", Expires: later, Place: "w.yaml:3"}, false, WaiverStale, "", "does not fail any more; delete the waiver (w.yaml:3)", ""},
		{"stale, softly", Waiver{ID: "patch.pass", Expires: later}, true, WaiverStale, "", "", "delete the waiver"},
		{"only informs", Waiver{ID: "patch.info", Expires: later}, false, WaiverStale, "", "does not fail any more", ""},
		{"skipped", Waiver{ID: "patch.skip", Expires: later}, false, WaiverUntried, "", "", "skipped"},
		{"not run", Waiver{ID: "sort.order", Expires: later}, false, WaiverUntried, "", "", "not run"},
		{"glob", Waiver{ID: "patch.fail*", Expires: later}, false, WaiverUsed, "patch.fail patch.fail-too", "", ""},
		{"wide glob", Waiver{ID: "patch.*", Expires: later}, false, WaiverUsed, "patch.fail patch.fail-too patch.warn", "", "2 checks that it names did not fail"},
		{"glob for nothing", Waiver{ID: "put.p*", Expires: later}, false, WaiverStale, "", "does not fail any more", ""},
		{"flaky fails", Waiver{ID: "patch.fail", Expires: later, Flaky: true}, false, WaiverUsed, "patch.fail", "", ""},
		{"flaky passes", Waiver{ID: "patch.pass", Expires: later, Flaky: true}, false, WaiverQuiet, "", "", "did not fail this time"},
		{"this target", Waiver{ID: "patch.fail", Expires: later, Targets: []string{"live", "staging"}}, false, WaiverUsed, "patch.fail", "", ""},
		{"another target", Waiver{ID: "patch.fail", Expires: later, Targets: []string{"live"}}, false, WaiverElsewhere, "", "", "it is for live"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := waiverRun()
			row.w.Reason, row.w.Owner = "vendor ticket 4711", "iam-team"
			r.Waive([]Waiver{row.w}, row.soft)
			w := r.Waivers[0]
			if got := strings.Join(w.Waived, " "); w.State != row.state || got != row.waived || !strings.Contains(w.Note, row.note) {
				t.Errorf("state %q, waived %q, note %q", w.State, got, w.Note)
			}
			if got := strings.Join(r.StaleWaivers, "\n"); (got == "") != (row.stale == "") || !strings.Contains(got, row.stale) {
				t.Errorf("stale: %q", got)
			}
			v := r.Verdict(Policy{})
			if len(r.StaleWaivers) > 0 && v.Green {
				t.Error("green with a stale waiver")
			}
			for _, res := range r.Results {
				waived := strings.Contains(" "+row.waived+" ", " "+res.ID+" ")
				if (res.Word == Waived) != waived {
					t.Errorf("%s is %s", res.ID, res.Word)
				}
				if waived && (!strings.Contains(res.Reason, "vendor ticket 4711 (iam-team, until "+row.w.Expires) || strings.HasPrefix(res.Reason, "flaky") != row.w.Flaky) {
					t.Errorf("%s: %q", res.ID, res.Reason)
				}
			}
			for _, c := range r.Causes {
				for _, id := range c.Checks {
					if strings.Contains(" "+row.waived+" ", " "+id+" ") {
						t.Errorf("%s is waived and a cause as well", id)
					}
				}
			}
			for _, format := range []string{"text", "markdown", "json"} {
				if text := string(written(t, format, r, Policy{})); row.note != "" && row.state != WaiverElsewhere && !strings.Contains(strings.Join(strings.Fields(text), " "), row.note) {
					t.Errorf("%s says nothing of it:\n%s", format, text)
				}
			}
		})
	}
}

// Everything that fails is waived: conformant with notes, exit 0.
func TestWaivedVerdict(t *testing.T) {
	r := waiverRun()
	r.Waive([]Waiver{{ID: "patch.*", Expires: "2026-12-31"}, {ID: "put.error", Expires: "2026-12-31"}}, false)
	if v := r.Verdict(Policy{FailOn: FailOnShould}); v.Exit != ExitOK || !v.Green || v.Word != ConformantNotes || v.Count[Waived] != 4 {
		t.Errorf("%+v", v)
	}
	if len(r.Causes) > 0 {
		t.Errorf("causes: %v", r.Causes)
	}
}
