package provisioning

import (
	"context"
	"fmt"
	"slices"

	"github.com/scimproof/scimproof/loadgen"
)

// Scenario is cycles one after the other, with what happens in the source between them. It is a loadgen.Plan.
type Scenario struct {
	job    *Job
	stages []stage
	at     int // of the cycle that runs; -1 before the first
	cycle  *Cycle
	rest   int // objects of the stages to come, for the progress
	counts func(part loadgen.Shard) map[string]int
	writes []int
}

// stage is one cycle to come.
type stage struct {
	name  string
	begin func() *Cycle
	size  int
}

// Setup is what a scenario is made of.
type Setup struct {
	Config  Config
	Target  *loadgen.Target
	Company *Company
	Tag     string
	// Again is how many cycles without any change follow the first.
	Again int
	// Turnover is what happens before the incremental cycle; nil for none.
	Turnover *Turnover
	// Existing is how many users and groups were there before; it matters to the prediction of MatchList only.
	Existing, ExistingGroups int
}

// NewScenario plans a first cycle, then those that Setup asks for.
func NewScenario(s Setup) (*Scenario, error) {
	job, err := NewJob(s.Config, s.Company, s.Target, s.Tag)
	if err != nil {
		return nil, err
	}
	job.shared = s.Company.part.N > 1
	p := &Scenario{job: job, at: -1}
	objects := s.Company.Users() + s.Company.Groups()
	p.stages = append(p.stages, stage{"initial cycle", job.Initial, newCycle(job, false).left})
	for range s.Again {
		p.stages = append(p.stages, stage{"cycle without changes", job.Initial, objects})
	}
	if t := s.Turnover; t != nil {
		p.stages = append(p.stages, stage{"incremental cycle", func() *Cycle {
			s.Company.Apply(*t)
			return job.Incremental()
		}, t.Joiners + t.Movers + t.Leavers + t.Purged})
	}
	for _, st := range p.stages {
		p.rest += st.size
	}
	p.counts = func(part loadgen.Shard) map[string]int { return predict(s, job.managers, part) }
	p.advance()
	return p, nil
}

// predict counts for a company of its own, so that the one of the run is left as it is.
func predict(s Setup, managers bool, part loadgen.Shard) map[string]int {
	c := NewCompany(s.Company.d, part)
	n := PredictInitial(s.Config, c, managers, !s.Target.NoPatch, s.Existing)
	for range s.Again {
		add(n, PredictAgain(s.Config, c, s.Existing+c.Users(), s.ExistingGroups+c.Groups()))
	}
	if s.Turnover != nil {
		c.Apply(*s.Turnover)
		add(n, PredictTurnover(c, *s.Turnover, s.Target, managers))
	}
	if s.Target.NoGroups {
		delete(n, loadgen.GroupList)
	}
	return n
}

func add(to, from map[string]int) {
	for k, v := range from {
		to[k] += v
	}
}

// Job is the connection that the scenario works on.
func (p *Scenario) Job() *Job { return p.job }

// Writes is how many requests that change something each cycle so far has sent.
func (p *Scenario) Writes() []int {
	return append(slices.Clone(p.writes), p.cycle.Writes())
}

// advance begins cycles until one has something to do.
func (p *Scenario) advance() {
	for p.at < len(p.stages)-1 && (p.cycle == nil || p.cycle.Left() == 0 && p.cycle.Stopped() == "") {
		if p.cycle != nil {
			p.writes = append(p.writes, p.cycle.Writes())
		}
		p.at++
		p.rest -= p.stages[p.at].size
		p.cycle = p.stages[p.at].begin()
	}
}

// Next starts the next object of the cycle.
func (p *Scenario) Next() (loadgen.Op, bool) { return p.cycle.Next() }

// Answer hands the outcome to the cycle, and begins the next one when it is over.
func (p *Scenario) Answer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	next := p.cycle.Answer(op, out)
	p.advance()
	return next
}

// Left is what is left of all cycles.
func (p *Scenario) Left() int {
	if p.cycle.Stopped() != "" {
		return 0
	}
	return p.cycle.Left() + p.rest
}

// Phase names the cycle and what it is at.
func (p *Scenario) Phase() string {
	if len(p.stages) == 1 {
		return p.cycle.Phase()
	}
	return fmt.Sprintf("%s: %s", p.stages[p.at].name, p.cycle.Phase())
}

// Predict is how many requests of each kind the scenario sends.
func (p *Scenario) Predict(part loadgen.Shard) map[string]int { return p.counts(part) }

// Audit reads back what all cycles together have had acknowledged.
func (p *Scenario) Audit(ctx context.Context, c loadgen.Client) []loadgen.Finding {
	return p.job.Audit(ctx, c)
}
