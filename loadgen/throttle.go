package loadgen

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The policies for 429: what Entra does is not documented, so all are offered.
const (
	PerRequest  = "per-request" // each throttled request waits for its own Retry-After
	PauseAll    = "pause-all"   // one Retry-After holds everything back
	AdaptRate   = "adaptive"    // per-request, and the rate of requests falls and rises with the answers
	IgnoreAfter = "ignore"      // nothing is repeated: the plan gets the 429
)

// Throttles returns the policies.
func Throttles() []string { return []string{PerRequest, PauseAll, AdaptRate, IgnoreAfter} }

// CheckThrottle tells whether there is such a policy.
func CheckThrottle(policy string) error {
	if !slices.Contains(Throttles(), policy) {
		return fmt.Errorf("there is no policy %q for 429; use %s", policy, strings.Join(Throttles(), ", "))
	}
	return nil
}

const (
	maxTries   = 12
	firstDelay = time.Second // where no Retry-After says otherwise; doubles
	maxDelay   = time.Minute
)

// backoff is how long a throttled request waits: what the target says, else longer each time.
func backoff(after time.Duration, tries int) time.Duration {
	if after > 0 {
		return after
	}
	return min(firstDelay<<min(tries-1, 10), maxDelay)
}

// pace is the rate of requests under AdaptRate: it falls by 15 %, at most five times a second, when the target throttles,
// and rises by 2 % each tenth of a second when it does not. It falls from no more than what was accepted lately, or it
// would take long to come down from a burst. Before the first 429 there is no limit.
type pace struct {
	rate       float64 // 0 = no limit yet
	most       float64 // that the user allows, 0 = any
	next       time.Time
	fell, rose time.Time
	window     time.Time // since when is counted
	now, last  float64   // accepted in this second, and in the one before
}

// accepted counts an answer that is not throttled.
func (p *pace) accepted(now time.Time) {
	p.roll(now)
	p.now++
}

func (p *pace) roll(now time.Time) {
	switch age := now.Sub(p.window); {
	case p.window.IsZero():
		p.window = now
	case age >= 2*time.Second:
		p.window, p.last, p.now = now, 0, 0
	case age >= time.Second:
		p.window, p.last, p.now = p.window.Add(time.Second), p.now, 0
	}
}

// throttled takes a 429 in.
func (p *pace) throttled(now time.Time) {
	if !p.fell.IsZero() && now.Sub(p.fell) < 200*time.Millisecond {
		return
	}
	p.roll(now)
	if lately := max(p.last, p.now, 1); p.rate == 0 || p.rate > lately {
		p.rate = lately
	}
	p.rate = max(p.rate*0.85, 0.5)
	p.fell, p.rose = now, now
}

// at is when the next request may leave.
func (p *pace) at(now time.Time) time.Time {
	if p.rate == 0 {
		if p.most > 0 {
			return p.next
		}
		return now
	}
	if n := int(now.Sub(p.rose) / (100 * time.Millisecond)); n > 0 {
		for range min(n, 50) {
			p.rate *= 1.02
		}
		p.rose = now
	}
	return p.next
}

// took notes that a request leaves.
func (p *pace) took(now time.Time) {
	rate := p.rate
	if p.most > 0 && (rate == 0 || rate > p.most) {
		rate = p.most
	}
	if rate > 0 {
		if p.next.Before(now.Add(-100 * time.Millisecond)) {
			p.next = now
		}
		p.next = p.next.Add(time.Duration(float64(time.Second) / rate))
	}
}
