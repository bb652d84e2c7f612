package reports

// htmlWaiver is a waiver with what became of it.
type htmlWaiver struct {
	ID, Reason, Owner, Expires, Place, State, Tone, Note string
	Flaky                                                bool
	Waived                                               []string
	More                                                 int
}

var waiverStates = map[string][2]string{
	WaiverUsed: {"in force", "good"}, WaiverQuiet: {"nothing failed this time", "open"}, WaiverExpired: {"expired, so it waives nothing", "bad"},
	WaiverStale: {"stale", "bad"}, WaiverUntried: {"not tried", "open"}, WaiverElsewhere: {"for other targets", "open"},
}

func newHTMLWaiver(w Waiver) htmlWaiver {
	h := htmlWaiver{ID: line(w.ID), Reason: line(w.Reason), Owner: line(w.Owner), Expires: line(w.Expires), Place: line(w.Place), Note: line(w.Note), Flaky: w.Flaky}
	state, ok := waiverStates[w.State]
	if !ok {
		state = [2]string{line(w.State), "open"}
	}
	h.State, h.Tone = state[0], state[1]
	for i, id := range w.Waived {
		if i == htmlInList {
			h.More = len(w.Waived) - i
			break
		}
		h.Waived = append(h.Waived, line(id))
	}
	return h
}
