package reports

import "strings"

// why returns the reason of a SKIP, ERROR or WAIVED.
func (res Result) why() string {
	switch {
	case res.Reason != "":
		return res.Reason
	case res.BlockedBy != "":
		return "blocked by " + res.BlockedBy
	}
	return ""
}

// bracket is the level and the place in the specification, such as "[MUST, RFC 7644 3.5.2.3]". The place is that of
// the first requirement of the result's level.
func (res Result) bracket() string {
	if len(res.Requirements) == 0 {
		return "[" + string(res.Level) + "]"
	}
	q := res.requirement()
	return "[" + string(res.Level) + ", RFC " + q.RFC + " " + q.Section + "]"
}

// requirement returns the first requirement of the result's level, else the first, else a zero one.
func (res Result) requirement() Requirement {
	for _, q := range res.Requirements {
		if q.Level == res.Level {
			return q
		}
	}
	if len(res.Requirements) > 0 {
		return res.Requirements[0]
	}
	return Requirement{}
}

// line is the leftover in one line.
func (l Leftover) line() string {
	s := strings.TrimSuffix(l.Endpoint, "/") + "/" + l.ID
	if l.Key != "" {
		s += " (" + l.Key + ")"
	}
	if l.Why != "" {
		s += ": " + l.Why
	}
	return s
}

// index maps exchange ids to exchanges.
func (r *Run) index() map[string]*Exchange {
	index := make(map[string]*Exchange, len(r.Exchanges))
	for _, x := range r.Exchanges {
		if x != nil {
			index[x.ID] = x
		}
	}
	return index
}
