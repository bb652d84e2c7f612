package suites

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// longestLag is how long a search index may be behind before what it does not find counts as missing.
const longestLag = 2 * time.Second

// learnLag finds out whether queries find a new user at once, or only when an index has caught up, of which the RFCs say
// nothing. Queries that follow a write wait that long then; see settle.
func (s *session) learnLag(queries bool) {
	t := s.learned.typ("User")
	if !queries || s.cfg.Wire.ReadOnly || t == nil || s.learned.asked[t] != "" || !s.offers(Filter) {
		return
	}
	o := s.minimal(t, "seen")
	r := s.adopt(t, o, s.post(t.Endpoint, t.Endpoint, o))
	if r == nil {
		return
	}
	since := time.Now()
	look := func() *reports.Exchange {
		return s.get(t.Endpoint, "filter", crowdEq("userName", scim.String(o, "userName")))
	}
	x := look()
	if x.Status != http.StatusOK || len(listItems(x)) > 0 {
		return
	}
	for pause := 40 * time.Millisecond; time.Since(since) < longestLag && s.ctx.Err() == nil; pause *= 2 {
		s.pause(min(pause, 400*time.Millisecond))
		if x = look(); item(x, r) != nil {
			took := time.Since(since)
			s.learned.lag = took + took/4 + 50*time.Millisecond
			s.observe("7644-3.4.2", "queries find a new resource", "after a while: an index catches up")
			return
		}
	}
}

// queriesAmong tells whether checks are selected that look for what they have written.
func queriesAmong(pick func(id string) bool) bool {
	return slices.ContainsFunc(list(), func(c CheckInfo) bool {
		return pick(c.ID) && !slices.Contains([]string{"auth", "discovery", "errors", "schema"}, c.Area)
	})
}

// settle waits before a query until a late index knows what the lane has written.
func (s *session) settle(r wire.Request) {
	if s.learned == nil || s.learned.lag == 0 || !asksList(r) {
		return
	}
	s.pause(time.Until(s.wrote.Add(s.learned.lag)))
}

// pause waits, unless the run is interrupted.
func (s *session) pause(d time.Duration) {
	select {
	case <-s.ctx.Done():
	case <-time.After(d):
	}
}

// asksList tells whether a request is a query on more than one resource.
func asksList(r wire.Request) bool {
	path := strings.Trim(r.Path, "/")
	return strings.HasSuffix(path, ".search") || r.Method == http.MethodGet && !strings.Contains(path, "/")
}
