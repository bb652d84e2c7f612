package loadgen

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/scimproof/scimproof/reports"
)

// Merged is several journals as one load.
type Merged struct {
	Load            *reports.Load
	Head            JournalHead // of the first one; Shard and Attempt mean nothing
	Cut             *reports.Cut
	Exchanges       []*reports.Exchange
	Cleanup         reports.Cleanup
	Began, Finished time.Time
	Requests        int64 // of the load
	All             int   // requests of the load, the audits and the clean-ups
	Writes, Retries int
	Notes           []string // what a reader should know, such as that an attempt was killed
}

// Merge joins the journals of the shards of one load, and of attempts at the same shard, without loss: histograms are
// added, never quantiles. It refuses what is not of one load.
func Merge(names []string, open func(name string) (io.ReadCloser, error)) (*Merged, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no journal to merge")
	}
	var list []*journal
	for i, name := range names {
		f, err := open(name)
		if err != nil {
			return nil, err
		}
		j, err := readJournal(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for k, other := range list {
			if other.head.Shard == j.head.Shard && other.head.Attempt == j.head.Attempt {
				return nil, fmt.Errorf("%s and %s are the same attempt at shard %d", names[k], name, j.head.Shard)
			}
		}
		if i > 0 {
			if what := differs(list[0].head.Identity, j.head.Identity); what != "" {
				return nil, fmt.Errorf("%s and %s are not of one load: %s", names[0], name, what)
			}
		}
		list = append(list, j)
	}
	began := list[0].head.Began
	for _, j := range list {
		if j.head.Began.Before(began) {
			began = j.head.Began
		}
	}
	m := &Merged{Head: list[0].head, Began: began, Finished: began}
	rec := newRecorder(began)
	l := &reports.Load{Scenario: m.Head.Scenario, Plan: m.Head.Plan, Model: m.Head.Model, Asked: m.Head.Asked}
	l.Throttling.Policy = m.Head.Policy
	finished, audited := map[int]bool{}, map[int]int{}
	var started int64
	rates := map[int]float64{}
	for i, j := range list {
		shift := int64(j.head.Began.Sub(began) / time.Second)
		for _, w := range j.windows {
			if err := rec.replay(w, shift); err != nil {
				return nil, fmt.Errorf("%s, second %d: %w", names[i], w.T, err)
			}
			if end := j.head.Began.Add(time.Duration(w.T+1) * time.Second); j.tail == nil && end.After(m.Finished) {
				m.Finished = end
			}
		}
		l.Merged = append(l.Merged, fmt.Sprintf("shard %d/%d, attempt %d", j.head.Shard, j.head.Shards, j.head.Attempt))
		l.Workers += j.head.Workers
		rates[j.head.Shard] = j.head.Rate
		if j.tail == nil {
			m.Notes = append(m.Notes, fmt.Sprintf("attempt %d at shard %d was killed after %s", j.head.Attempt, j.head.Shard, plural(len(j.windows), "second")))
			continue
		}
		t := j.tail
		finished[j.head.Shard] = finished[j.head.Shard] || t.Cut == nil
		if t.Cut != nil && m.Cut == nil {
			m.Cut = t.Cut
		}
		if end := j.head.Began.Add(time.Duration(t.Wall)); end.After(m.Finished) {
			m.Finished = end
		}
		if t.AuditRequests > 0 {
			audited[j.head.Shard] += t.AuditRequests
		}
		m.All, m.Writes, m.Retries = m.All+t.Requests, m.Writes+t.Writes, m.Retries+t.Retries
		started += t.Started
		l.Throttling.Waited += t.Waited
		l.Saturated += t.Saturated
		l.Findings = append(l.Findings, t.Findings...)
		l.Growth = append(l.Growth, t.Growth...)
		l.Generator.CPU += t.Generator.CPU
		l.Generator.Processors += t.Generator.Processors
		l.Generator.Busy = max(l.Generator.Busy, t.Generator.Busy)
		l.Generator.Memory = max(l.Generator.Memory, t.Generator.Memory)
		l.Generator.Timer = t.Generator.Timer
		l.Generator.Invalid = cmp.Or(l.Generator.Invalid, t.Generator.Invalid)
		l.Generator.Warning = cmp.Or(l.Generator.Warning, t.Generator.Warning)
		m.Cleanup.Created += t.Cleanup.Created
		m.Cleanup.Deleted += t.Cleanup.Deleted
		m.Cleanup.Left = append(m.Cleanup.Left, t.Cleanup.Left...)
		m.Cleanup.Skipped = cmp.Or(m.Cleanup.Skipped, t.Cleanup.Skipped)
		m.exchanges(l, t, i)
	}
	for _, r := range rates {
		l.Rate += r
	}
	if m.Head.Shards > 1 && m.Head.Model == Closed {
		l.Asked += fmt.Sprintf(" in each of %s", plural(m.Head.Shards, "shard"))
	}
	wall := m.Finished.Sub(began)
	l.Wall = int64(wall)
	l.Operations, l.Conflicts, l.Series = rec.operations(m.Head.Predicted), rec.conflictCounts(), rec.series.list()
	m.Requests = summarize(l)
	l.Started = started
	finish(l, m.Requests, started, wall)
	l.Generator.Lag = quantiles(rec.own)
	l.Coverage = coverage(l.Operations)
	shards := max(m.Head.Shards, 1)
	l.Audit = auditOf(audited, shards)
	for s := range shards {
		if !slices.ContainsFunc(list, func(j *journal) bool { return j.head.Shard == s }) {
			l.Coverage = cmp.Or(l.Coverage, &reports.LoadCoverage{Operation: "planned", Share: float64(len(finished)) / float64(shards)})
			l.Coverage.Missing = append(l.Coverage.Missing, s)
		} else if !finished[s] && m.Cut == nil {
			m.Cut = &reports.Cut{Kind: reports.CutAborted, Why: fmt.Sprintf("shard %d was never finished, so it was not audited", s), Hint: "repeat it, and merge its journal as well"}
		}
	}
	m.Load = l
	return m, nil
}

// auditOf words what was read back: each shard reads back its own part.
func auditOf(requests map[int]int, shards int) string {
	all := 0
	for _, n := range requests {
		all += n
	}
	switch {
	case all == 0:
		return ""
	case len(requests) == shards:
		return fmt.Sprintf("read back by %d requests, each of %d shards its own part", all, shards)
	}
	return fmt.Sprintf("read back by %d requests in part: %d of %d shards were audited", all, len(requests), shards)
}

// exchanges gives the evidence of a journal ids of its own.
func (m *Merged) exchanges(l *reports.Load, t *JournalTail, i int) {
	prefix := "j" + strconv.Itoa(i+1) + "."
	for _, x := range t.Exchanges {
		x.ID = prefix + x.ID
		m.Exchanges = append(m.Exchanges, x)
	}
	for k := len(l.Findings) - len(t.Findings); k < len(l.Findings); k++ {
		for e := range l.Findings[k].Exchanges {
			l.Findings[k].Exchanges[e] = prefix + l.Findings[k].Exchanges[e]
		}
	}
}

// coverage is that of the operation of which the least was measured; nil where nothing was predicted.
func coverage(ops []reports.LoadOperation) *reports.LoadCoverage {
	var worst *reports.LoadCoverage
	for _, o := range ops {
		if o.Predicted == 0 {
			continue
		}
		got := o.Sent
		for _, c := range o.Classes {
			if c.Class == Throttled.String() {
				got -= c.Count
			}
		}
		c := &reports.LoadCoverage{Operation: o.Name, Got: got, Of: o.Predicted, Share: min(1, float64(got)/float64(o.Predicted))}
		if worst == nil || c.Share < worst.Share {
			worst = c
		}
	}
	return worst
}

// differs names what two identities do not share.
func differs(a, b Identity) string {
	field := func(name string, x, y any) string {
		if x == y {
			return ""
		}
		return fmt.Sprintf("%s is %v in one and %v in the other", name, x, y)
	}
	out := cmp.Or(
		field("the scenario", a.Scenario, b.Scenario), field("the seed", a.Seed, b.Seed), field("the target", a.Target, b.Target),
		field("the model", a.Model, b.Model), field("the version of scimproof", a.Tool, b.Tool), field("the number of shards", a.Shards, b.Shards),
	)
	if out != "" {
		return out
	}
	for _, k := range slices.Sorted(maps.Keys(a.Plan)) {
		if what := field("the plan's "+k, a.Plan[k], b.Plan[k]); what != "" {
			return what
		}
	}
	if len(a.Plan) != len(b.Plan) {
		return "one plan says more than the other"
	}
	return ""
}

// FinishJournal ends a journal: without it the attempt counts as killed.
func FinishJournal(w io.Writer, t JournalTail) error {
	return writeLine(w, struct {
		End JournalTail `json:"end"`
	}{t})
}
