package loadgen

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/scimproof/scimproof/reports"
)

// Search says how the highest rate that a target holds is looked for.
type Search struct {
	Start  float64       // flows per second of the first step
	Length time.Duration // of each step
	Limits []Limit
	OnStep func(reports.LoadStep)
}

const (
	raise     = 1.5  // from step to step
	nearly    = 1.06 // where the search ends
	keepingUp = 0.95 // of the asked rate, below which the target does not keep up
)

// FindLimit raises the rate until a limit breaks, narrows the place down, and returns the load of the best step that held,
// else of the first one. The plan goes on from step to step, so it needs users enough for all.
func FindLimit(ctx context.Context, cfg Config, s Search) (*reports.Load, *reports.Cut, error) {
	found := &reports.LoadLimit{}
	var best, first *reports.Load
	held := func(load *reports.Load) (bool, string) {
		JudgeAll(load, s.Limits)
		for _, t := range load.Thresholds {
			if !t.Met {
				return false, t.Text + " is broken: " + t.Actual
			}
		}
		if load.Generator.Invalid != "" {
			return false, "the generator is the limit, not the target"
		}
		if load.Flows < keepingUp*load.Rate {
			return false, fmt.Sprintf("only %.4g/s of %.4g/s were started: the target does not keep up", load.Flows, load.Rate)
		}
		return true, ""
	}
	low, high := 0.0, 0.0
	for r := s.Start; cfg.Plan.Left() > 0; {
		cfg.Arrival = opening([]segment{{r, r, 0}}, fmt.Sprintf("%.4g flows/s", r))
		cfg.MaxTime = s.Length
		load, cut, err := Drive(ctx, cfg)
		cfg.Head = nil // one for the whole journal
		if err != nil {
			return nil, nil, err
		}
		step := reports.LoadStep{Rate: r, Achieved: load.Flows}
		JudgeAll(load, nil)
		if p95, _, ok := (Limit{metric: "latency", at: "p95"}).measure(load); ok {
			step.P95 = int64(p95)
		}
		if e, _, ok := (Limit{metric: "errors"}).measure(load); ok {
			step.Errors = e
		}
		step.Met, step.Why = held(load)
		if first == nil {
			first = load
		}
		if cut != nil {
			step.Met, step.Why = false, cut.Why
		}
		if cut == nil && cfg.Plan.Left() == 0 && time.Duration(load.Wall) < s.Length/2 {
			break // the plan ran out of users in the middle of the step
		}
		found.Steps = append(found.Steps, step)
		if s.OnStep != nil {
			s.OnStep(step)
		}
		if cut != nil {
			first.Limit = found
			return first, cut, nil
		}
		if step.Met {
			low, best = r, load
		} else {
			high, found.Why = r, step.Why
		}
		switch {
		case high == 0:
			r *= raise
		case low == 0:
			r /= 2
			if r < 0.1 {
				r = 0
			}
		default:
			r = math.Sqrt(low * high)
		}
		if r == 0 || low > 0 && high > 0 && high/low < nearly {
			break
		}
	}
	found.Sustained, found.Broken = low, high
	if high == 0 && cfg.Plan.Left() == 0 {
		found.Why = "the plan ran out of users before anything broke: give more --users"
	}
	load := best
	if load == nil {
		load = first
	}
	if load == nil {
		return nil, nil, fmt.Errorf("the plan has nothing to send")
	}
	load.Limit = found
	load.Asked = strings.TrimSpace(load.Asked + ", the best of " + plural(len(found.Steps), "step"))
	return load, nil, nil
}
