package reports

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Waiver says that a check is expected to fail, for how long, and who answers for that.
type Waiver struct {
	ID      string   `json:"id"` // of a check, or a glob within one area such as patch.*
	Targets []string `json:"targets,omitempty"`
	Reason  string   `json:"reason"`
	Expires string   `json:"expires"` // the last day, such as 2026-12-31
	Owner   string   `json:"owner"`
	Flaky   bool     `json:"flaky,omitempty"` // fails now and then; it never decides
	Place   string   `json:"place,omitempty"` // file and line

	// What became of it:
	State  string   `json:"state"` // one of the Waiver… states
	Note   string   `json:"note,omitempty"`
	Waived []string `json:"waived,omitempty"` // ids of the results that it waived
}

// The states of a waiver.
const (
	WaiverUsed      = "used"      // it waived something
	WaiverQuiet     = "quiet"     // flaky, and nothing failed this time
	WaiverExpired   = "expired"   // its day is over, so it waived nothing
	WaiverStale     = "stale"     // what it names did not fail
	WaiverUntried   = "untried"   // what it names was skipped, or was not run
	WaiverElsewhere = "elsewhere" // it is for other targets
)

// Limits on waivers.
const (
	WaiverDay    = time.DateOnly
	WaiverReason = 10                   // characters that a reason has at least
	WaiverMost   = 365 * 24 * time.Hour // how far ahead a waiver may expire
	waiverSoon   = 14                   // days before its end in which a waiver says so
)

// Matches tells whether the waiver names this check.
func (w Waiver) Matches(id string) bool {
	ok, _ := path.Match(w.ID, id)
	return ok
}

// until is reason, owner and end in one line.
func (w Waiver) until(today time.Time) string {
	text := fmt.Sprintf("%s (%s, until %s", w.Reason, w.Owner, w.Expires)
	if end, err := time.Parse(WaiverDay, w.Expires); err == nil {
		if n := days(end.Sub(today)); n <= waiverSoon {
			text += ", " + plural(n, "day") + " left"
		}
	}
	if w.Flaky {
		text = "flaky: " + text
	}
	return text + ")"
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// Waive turns what failed as expected into WAIVED, and takes down every waiver that is expired or stale, which gives exit 1
// unless soft lets stale ones pass. It is called once, when all results are there; today is the day of the run.
func (r *Run) Waive(list []Waiver, soft bool) {
	today := r.Started.UTC().Truncate(24 * time.Hour)
	before := map[string]Word{}
	for _, res := range r.Results {
		before[res.ID] = res.Word
	}
	for _, w := range list {
		w.State, w.Note, w.Waived = "", "", nil
		r.try(&w, before, today)
		if w.State == WaiverExpired || w.State == WaiverStale && !soft {
			r.StaleWaivers = append(r.StaleWaivers, w.sentence())
		}
		r.Waivers = append(r.Waivers, w)
	}
	r.Causes = r.unwaived()
}

// try applies one waiver; before has the words that the checks came to.
func (r *Run) try(w *Waiver, before map[string]Word, today time.Time) {
	if len(w.Targets) > 0 && !slices.Contains(w.Targets, r.Target.Name) {
		w.State, w.Note = WaiverElsewhere, "it is for "+strings.Join(w.Targets, ", ")
		return
	}
	end, err := time.Parse(WaiverDay, w.Expires)
	if err != nil || today.After(end) {
		w.State, w.Note = WaiverExpired, "expired "+plural(days(today.Sub(end)), "day")+" ago"
		return
	}
	passed, untried := 0, 0
	for i := range r.Results {
		res := &r.Results[i]
		if !w.Matches(res.ID) {
			continue
		}
		switch before[res.ID] {
		case Fail, Error, Warn:
			w.Waived = append(w.Waived, res.ID)
			if res.Word != Waived {
				if res.Message == "" {
					res.Message = firstLine(res.why())
				}
				res.Word, res.Reason = Waived, w.until(today)
			}
		case Skip:
			untried++
		default:
			passed++
		}
	}
	switch {
	case len(w.Waived) > 0:
		w.State = WaiverUsed
		if passed > 0 {
			w.Note = plural(passed, "check") + " that it names did not fail"
		}
	case passed > 0 && w.Flaky:
		w.State, w.Note = WaiverQuiet, "did not fail this time"
	case passed > 0:
		w.State, w.Note = WaiverStale, "does not fail any more; delete the waiver"
	case untried > 0:
		w.State, w.Note = WaiverUntried, "skipped"
	default:
		w.State, w.Note = WaiverUntried, "not run"
	}
	if n := days(end.Sub(today)); w.State == WaiverUsed && n <= waiverSoon {
		w.Note = strings.TrimPrefix(w.Note+"; expires in "+plural(n, "day"), "; ")
	}
}

// sentence is what is wrong with the waiver, or worth a note.
func (w Waiver) sentence() string {
	text := w.ID + ": " + w.Note
	if w.Place != "" {
		text += " (" + w.Place + ")"
	}
	return text
}

// unwaived leaves out of the causes what was waived.
func (r *Run) unwaived() []Cause {
	waived := map[string]bool{}
	for _, res := range r.Results {
		waived[res.ID] = res.Word == Waived
	}
	var out []Cause
	for _, c := range r.Causes {
		if c.Checks = slices.DeleteFunc(slices.Clone(c.Checks), func(id string) bool { return waived[id] }); len(c.Checks) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// waiverNotes lists the waivers that a reader should look at, a line each, and counts those in force.
func (r *Run) waiverNotes() (used int, notes []string) {
	for _, w := range r.Waivers {
		if w.State == WaiverUsed {
			used++
		}
		if w.Note != "" && w.State != WaiverElsewhere {
			notes = append(notes, w.State+": "+w.sentence())
		}
	}
	return used, notes
}
