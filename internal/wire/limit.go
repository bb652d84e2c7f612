package wire

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxRetryAfter = 60 * time.Second
	maxTries      = 3
)

// sleep waits for d or until ctx is over. Tests replace it in the client.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// newLimiter spaces requests evenly; nil means unlimited.
func newLimiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1)
}

// waitTurn waits for the rate limit.
func (c *Client) waitTurn(ctx context.Context) error {
	if c.limiter == nil {
		return ctx.Err()
	}
	now := c.now()
	turn := c.limiter.ReserveN(now, 1)
	if err := c.wait(ctx, turn.DelayFrom(now)); err != nil {
		turn.CancelAt(c.now())
		return err
	}
	return nil
}

// wait sleeps and counts it.
func (c *Client) wait(ctx context.Context, d time.Duration) error {
	start := c.now()
	err := c.sleep(ctx, d)
	if d > 0 {
		if err != nil {
			d = min(d, c.now().Sub(start))
		}
		c.mu.Lock()
		c.stats.Waited += d
		c.mu.Unlock()
	}
	return err
}

// retryAfter tells how long a throttled answer asks to wait, at most 60 s (RFC 9110 §10.2.3).
// An answer that is not throttling, or does not say for how long, is not repeated.
func retryAfter(status int, h http.Header, now time.Time) (time.Duration, bool) {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0, false
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if digits(v) {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil || time.Duration(n)*time.Second > maxRetryAfter {
			return maxRetryAfter, true
		}
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
