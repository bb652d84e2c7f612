package loadgen

import (
	"fmt"
	"time"

	"github.com/scimproof/scimproof/reports"
)

const (
	// tailFactor times the median, and at least tailLeast, is where a tail counts as slow.
	tailFactor = 20
	tailLeast  = 100 * time.Millisecond
	tailEnough = 1000 // answers
	// tailAnswers are the fewest slow answers that are no accident, and tailMoments the fewest windows they are in.
	tailAnswers = 5
	tailMoments = 3
	// tailBlame is the share of a tail above which the generator's own lateness may be the cause.
	tailBlame = 0.1
)

// observations names what the answers show of the target, whatever limits were set. They are warnings: how much of it is
// too much is for the thresholds to say.
func observations(l *reports.Load, proofs [classes][]*reports.Exchange) []reports.LoadFinding {
	var out []reports.LoadFinding
	counts := [classes]int64{}
	all := int64(0)
	for _, o := range l.Operations {
		all += o.Sent
		for _, c := range o.Classes {
			if class, ok := classNamed(c.Class); ok {
				counts[class] += c.Count
			}
		}
	}
	for _, c := range []struct {
		class      Class
		kind, what string
	}{
		{UnwantedConflict, reports.LoadConflicts, "were conflicts where none should be, or none where one should be"},
		{Refused, reports.LoadRefused, "were refusals, or could not be understood"},
		{ServerError, reports.LoadServerErrors, "were 5xx"},
		{Transport, reports.LoadBroken, "did not come, or not whole"},
		{Throttled, reports.LoadThrottled, "were 429, or 503 with Retry-After"},
	} {
		if n := counts[c.class]; n > 0 {
			out = append(out, reports.LoadFinding{
				Kind: c.kind, Word: reports.Warn, Count: int(n), Of: int(all), Evidence: proofs[c.class],
				Message: fmt.Sprintf("%d of %d answers (%.2g %%) %s", n, all, 100*float64(n)/float64(all), c.what),
			})
		}
	}
	for _, o := range l.Operations {
		if float64(l.Generator.Lag.P999) > tailBlame*float64(o.Service.P999) {
			continue // a client that is kept waiting for a processor itself sees slow answers everywhere
		}
		if f := slowTail(&o, l.Series); f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// slowTail finds answers that are far slower than most, again and again. A few in one moment may be the machine's.
func slowTail(o *reports.LoadOperation, series []reports.LoadWindow) *reports.LoadFinding {
	q := o.Service
	limit := max(tailFactor*q.P50, int64(tailLeast))
	if q.Count < tailEnough || q.P50 == 0 || q.Max < limit {
		return nil
	}
	slow := int64(0)
	for _, c := range o.Classes {
		if class, _ := classNamed(c.Class); wantedClass(class) {
			s, err := decodeSparse(c.ServiceHistogram)
			if err != nil {
				return nil
			}
			for bucket, n := range s {
				if lowestOf(bucket) >= limit {
					slow += n
				}
			}
		}
	}
	moments := 0
	for _, w := range series {
		if w.Operation == o.Name && w.Max >= limit {
			moments++
		}
	}
	if slow < tailAnswers || moments < tailMoments {
		return nil
	}
	return &reports.LoadFinding{
		Kind: reports.LoadSlowTail, Word: reports.Warn, Count: int(slow), Of: int(q.Count),
		Message: fmt.Sprintf("%s: half of the answers take %s or less, but %d of %d take %s or more, at %d different times; the slowest took %s",
			o.Name, short(q.P50), slow, q.Count, short(limit), moments, short(q.Max)),
	}
}

// Collect moves the evidence of findings to the exchanges of a run, and names it in the findings.
func Collect(findings []reports.LoadFinding) []*reports.Exchange {
	var out []*reports.Exchange
	seen := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		for _, x := range f.Evidence {
			if x == nil {
				continue
			}
			f.Exchanges = append(f.Exchanges, x.ID)
			if !seen[x.ID] {
				seen[x.ID] = true
				out = append(out, x)
			}
		}
		f.Evidence = nil
	}
	return out
}
