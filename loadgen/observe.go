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
		q := o.Service
		if float64(l.Generator.Lag.P999) > tailBlame*float64(q.P999) {
			continue // a client that is kept waiting for a processor itself sees slow answers everywhere
		}
		if q.Count < tailEnough || q.P50 == 0 || q.P999 < int64(tailLeast) || q.P999 < tailFactor*q.P50 {
			continue
		}
		out = append(out, reports.LoadFinding{
			Kind: reports.LoadSlowTail, Word: reports.Warn, Count: 1, Of: int(q.Count),
			Message: fmt.Sprintf("%s: half of the answers take %s or less, but 1 of 1,000 takes %s or more (%.0f times as long); the slowest took %s",
				o.Name, short(q.P50), short(q.P999), float64(q.P999)/float64(q.P50), short(q.Max)),
		})
	}
	return out
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
