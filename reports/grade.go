package reports

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
)

// GradeGuide is the version of the rule by which grades are given; docs/grade.md publishes it.
const GradeGuide = 1

// Grade is a letter for a whole run. It never stands alone: the words of the verdict come first.
type Grade struct {
	Guide  int     `json:"guide"` // the version of the rule
	Letter string  `json:"letter"`
	Score  float64 `json:"score"` // 0 to 100, one decimal
	// Cap tells why the letter is lower than the score alone would give.
	Cap string `json:"cap,omitempty"`
}

func (g *Grade) String() string {
	text := fmt.Sprintf("%s, score %.1f", g.Letter, g.Score)
	if g.Cap != "" {
		text += ", capped: " + g.Cap
	}
	return text + fmt.Sprintf(" (grading guide %d)", g.Guide)
}

// gradeLetters are the letters with the least score of each, best first.
var gradeLetters = []struct {
	letter string
	least  float64
}{{"A", 90}, {"B", 80}, {"C", 65}, {"D", 50}, {"F", 0}}

// gradeCap limits the letter if a MUST check that matches one of the globs fails.
type gradeCap struct {
	letter, why string
	globs       []string
}

// gradeCaps are looked through from the first on.
var gradeCaps = []gradeCap{
	{"F", "it shows passwords, or lets in who should stay out", []string{
		"create.password-hidden", "create.password-nowhere", "put.password-hidden", "bulk.password-hidden", "projection.password*", "search.password-never",
		"filter.password-*", "auth.expired", "cursor.no-credential", "async.event-private",
	}},
	{"D", "it loses data that it was not asked to change, or that it acknowledged", []string{
		"*.*-keeps", "*.keeps-*", "*.*-keeps-*", "*.stored", "*.*-stored", "patch.*-others", "delete.others-untouched", "hostile.*-unchanged", "patch.remove-no-match-keeps",
	}},
	{"C", "a MUST of the core operations fails", []string{"create.*", "read.*", "put.*", "patch.*", "delete.*", "filter.*"}},
	{"B", "a MUST fails", []string{"*"}},
}

// Grade grades a run, or tells why it cannot be graded: a part of the checks says nothing about the whole. Waivers do not
// count, in either direction.
func (r *Run) Grade(v Verdict) (*Grade, string) {
	switch {
	case r.Load != nil:
		return nil, "a load has no grade"
	case v.Word == Incomplete || v.Word == NoVerdict:
		return nil, "there is no verdict on the whole"
	case r.CheckSet == nil:
		return nil, "it is not known how many checks there were"
	case len(r.Results) < r.CheckSet.Checks:
		return nil, fmt.Sprintf("%d of %d checks were run", len(r.Results), r.CheckSet.Checks)
	case r.Config["read-only"] == "true":
		return nil, "nothing was written"
	}
	weights, lost, order := map[string]float64{}, map[string]float64{}, []string{}
	for _, res := range r.Results {
		g := gravity(res)
		if g == 0 {
			continue
		}
		for _, q := range res.Requirements {
			w := gradeWeight(q.Level)
			if w == 0 {
				continue
			}
			if weights[q.ID] == 0 {
				weights[q.ID] = w
				order = append(order, q.ID)
			}
			switch {
			case g >= 3:
				lost[q.ID] = w
			case g == 2:
				lost[q.ID] = max(lost[q.ID], 1)
			}
		}
	}
	all, missing := 0.0, 0.0
	for _, id := range order {
		all += weights[id]
		missing += lost[id]
	}
	if all == 0 {
		return nil, "nothing that counts was judged"
	}
	score := math.Floor(1000*(all-missing)/all) / 10
	out := &Grade{Guide: GradeGuide, Score: score}
	for _, l := range gradeLetters {
		if score >= l.least {
			out.Letter = l.letter
			break
		}
	}
	if letter, why := r.gradeCap(); letter > out.Letter {
		out.Letter, out.Cap = letter, why
	}
	if missing == 0 && out.Letter == "A" && v.Count[Waived] == 0 {
		out.Letter = "A+"
	}
	return out, ""
}

func gradeWeight(l Level) float64 {
	switch l {
	case Must, MustNot:
		return 3
	case Should, ShouldNot:
		return 1
	}
	return 0
}

// gradeCap is the lowest letter that something forces, with the check that does.
func (r *Run) gradeCap() (letter, why string) {
	index := r.index()
	for _, c := range gradeCaps {
		for _, res := range r.Results {
			if c.letter == "F" && openDoor(res, index) || gravity(res) >= 3 && res.Level.Absolute() && slices.ContainsFunc(c.globs, func(g string) bool { ok, _ := path.Match(g, res.ID); return ok }) {
				return c.letter, c.why + " (" + res.ID + ")"
			}
		}
	}
	return "", ""
}

// openDoor tells whether a request without a credential, or with a wrong one, was answered as if it had a right one. What
// status a refusal has is another matter.
func openDoor(res Result, index map[string]*Exchange) bool {
	if gravity(res) < 2 || !strings.HasPrefix(res.ID, "auth.none-") && !strings.HasPrefix(res.ID, "auth.wrong-") {
		return false
	}
	x := index[shownIn(res)]
	return x != nil && x.Error == "" && x.Status >= 200 && x.Status < 300
}
