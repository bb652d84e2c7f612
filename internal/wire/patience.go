package wire

import (
	"fmt"
	"time"
)

const (
	// defaultPatience is how long a run waits in all for a target that throttles.
	defaultPatience = 30 * time.Minute
	// maxSilence is how many requests in a row may stay without any answer.
	maxSilence = 25
)

// SilentError tells that the target has stopped answering; nothing was sent.
type SilentError struct{ Requests int }

// Error names how many requests had no answer.
func (e *SilentError) Error() string {
	return fmt.Sprintf("not sent: the last %d requests had no answer, so the target is taken to be down (look into its log and run again)", e.Requests)
}

// silent refuses to go on where the target answers nothing any more, so that a run against a dead server ends.
func (c *Client) silent(r Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unanswered >= maxSilence && !r.tidying {
		return &SilentError{c.unanswered}
	}
	return nil
}

// heard notes whether there was an answer.
func (c *Client) heard(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status > 0 {
		c.unanswered = 0
		return
	}
	c.unanswered++
}

// bears tells whether the client still waits for a target that throttles, and takes the time from its patience.
func (c *Client) bears(d time.Duration) bool {
	limit := c.cfg.Patience
	if limit <= 0 {
		limit = defaultPatience
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.borne+d > limit {
		return false
	}
	c.borne += d
	return true
}

// patientTries is how often a request is sent that waits out throttling: what is read back or deleted after a load comes all at
// once, and a target's limit lets a few of them through each second.
const patientTries = 12

// outlasts tells whether a patient request waits for d, which does not count against Patience unless it is long.
func (c *Client) outlasts(d time.Duration) bool { return d <= 10*time.Second || c.bears(d) }
