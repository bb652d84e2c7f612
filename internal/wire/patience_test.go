package wire

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

// dead is a network on which nobody answers.
type dead struct{ asked int }

func (d *dead) RoundTrip(*http.Request) (*http.Response, error) {
	d.asked++
	return nil, errors.New("connection reset by peer")
}

// TestSilentTarget proves that a run against a server that died does not try every request until its time is out.
func TestSilentTarget(t *testing.T) {
	network := &dead{}
	c, err := New(Config{BaseURL: "http://127.0.0.1/scim/v2", Transport: network})
	if err != nil {
		t.Fatal(err)
	}
	var silent *SilentError
	for range 3 * maxSilence {
		before := network.asked
		x := c.Do(t.Context(), Request{Path: "/Users"})
		if x.Err() == nil || errors.As(x.Err(), &silent) != (before == maxSilence) {
			t.Fatalf("after %d requests: %v", before, x.Err())
		}
	}
	if network.asked != maxSilence {
		t.Errorf("%d requests were sent, want %d", network.asked, maxSilence)
	}
	if x := c.Do(t.Context(), Request{Path: "/Users", tidying: true}); errors.As(x.Err(), &silent) {
		t.Error("clean-up does not try")
	}
}

// TestPatience proves that a target which throttles everything does not hold a run for days.
func TestPatience(t *testing.T) {
	c, err := New(Config{BaseURL: "http://127.0.0.1/scim/v2", Transport: answering{429, http.Header{"Retry-After": {"86400"}}, nil}, Patience: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var slept time.Duration
	c.sleep = func(_ context.Context, d time.Duration) error { slept += d; return nil }
	for range 100 {
		if x := c.Do(t.Context(), Request{Path: "/Users"}); x.Status != 429 {
			t.Fatal(x.Status, x.Err())
		}
	}
	if slept != 5*time.Minute {
		t.Errorf("waited %v, want 5m", slept)
	}
}
