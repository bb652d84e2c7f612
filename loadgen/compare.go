package loadgen

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/scimproof/scimproof/reports"
)

// alpha is the chance that equal loads are called different, over all measures together. Of a hundred comparisons of equal
// loads at least 95 are to be silent, and with 0.05 it would be 95 on average only.
const alpha = 0.02

// alone is how far the measures of a single run on each side must lie apart, as a factor, at both ends of their interval:
// what differs from run to run cannot be seen in one run, and less than this would be taken for a change.
const alone = 2

// draws is how often the quantiles are drawn again for an interval.
const draws = 4000

// CompareLoads compares the repeats of a load before and after a change, by operation. From three repeats on it is a
// Mann-Whitney test over the repeats; of fewer it is a bootstrap interval of the quantiles within the runs, and only a
// difference is told that is larger than what runs differ by. The levels are corrected for the number of measures.
func CompareLoads(before, after []*reports.Load) ([]reports.LoadChange, error) {
	all := append(slices.Clone(before), after...)
	for _, l := range all[1:] {
		if why := all[0].Unlike(l); why != "" {
			return nil, fmt.Errorf("these are not repeats of one load: %s", why)
		}
	}
	var out []reports.LoadChange
	measures := measuresOf(before, after)
	for _, m := range measures {
		c := reports.LoadChange{Operation: m.op, Metric: m.name, Old: median(slices.Clone(m.old)), New: median(slices.Clone(m.new)), Word: reports.LoadSame}
		level := alpha / float64(len(measures))
		sure := false
		if len(m.old) >= 3 && len(m.new) >= 3 {
			sure, c.Why = overRepeats(m, level)
		} else {
			sure, c.Why = withinRuns(m, level, before, after)
		}
		if sure && c.Old != c.New {
			c.Word = reports.LoadSlower
			if (c.New < c.Old) != m.more {
				c.Word = reports.LoadFaster
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// measure is one figure of all runs.
type measure struct {
	op, name string
	quantile float64 // 0 for a throughput
	more     bool    // more is better
	old, new []float64
}

// enough is how many answers a quantile needs on each side.
const enough = 20

func measuresOf(before, after []*reports.Load) []measure {
	var out []measure
	for _, o := range before[0].Operations {
		for _, q := range []struct {
			name string
			of   float64
			get  func(reports.LoadQuantiles) int64
		}{{"p50", 0.5, func(q reports.LoadQuantiles) int64 { return q.P50 }}, {"p95", 0.95, func(q reports.LoadQuantiles) int64 { return q.P95 }}} {
			m := measure{op: o.Name, name: q.name, quantile: q.of}
			collect := func(loads []*reports.Load) (values []float64) {
				for _, l := range loads {
					i := slices.IndexFunc(l.Operations, func(x reports.LoadOperation) bool { return x.Name == o.Name })
					if i < 0 {
						return nil
					}
					lat := latency(l, l.Operations[i])
					if lat.Count < enough {
						return nil
					}
					values = append(values, float64(q.get(lat)))
				}
				return values
			}
			if m.old, m.new = collect(before), collect(after); m.old != nil && m.new != nil {
				out = append(out, m)
			}
		}
	}
	if before[0].Model != "open" {
		// In the open model the rate is asked for, not found.
		m := measure{op: "all", name: "requests/s", more: true}
		for _, l := range before {
			m.old = append(m.old, l.Every)
		}
		for _, l := range after {
			m.new = append(m.new, l.Every)
		}
		out = append(out, m)
	}
	return out
}

func latency(l *reports.Load, o reports.LoadOperation) reports.LoadQuantiles {
	if l.Model == "open" {
		return o.Response
	}
	return o.Service
}

// overRepeats is the Mann-Whitney test.
func overRepeats(m measure, level float64) (bool, string) {
	thresholds := benchmath.Thresholds{CompareAlpha: level}
	c := benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(m.old), &thresholds), benchmath.NewSample(slices.Clone(m.new), &thresholds))
	why := fmt.Sprintf("p=%.3f n=%d+%d", c.P, len(m.old), len(m.new))
	if least := leastP(len(m.old), len(m.new)); least >= level {
		return false, why + fmt.Sprintf("; so few repeats can prove nothing, take %d on each side", repeatsFor(level))
	}
	return c.P < level, why
}

// leastP is the least p that the test can give: all of one side above all of the other.
func leastP(n, m int) float64 {
	ways := 1.0
	for i := 1; i <= n; i++ {
		ways *= float64(m+i) / float64(i)
	}
	return 2 / ways
}

// repeatsFor is how many repeats on each side the level needs.
func repeatsFor(level float64) int {
	n := 3
	for leastP(n, n) >= level {
		n++
	}
	return n
}

// withinRuns is the bootstrap interval of the ratio of two quantiles.
func withinRuns(m measure, level float64, before, after []*reports.Load) (bool, string) {
	const few = "; one run cannot tell less than a factor of 2, repeat both"
	if m.quantile == 0 {
		return false, "needs repeats"
	}
	old, err := distribution(before, m.op)
	if err != nil {
		return false, err.Error()
	}
	now, err := distribution(after, m.op)
	if err != nil {
		return false, err.Error()
	}
	r := rand.New(rand.NewPCG(1, 2))
	ratios := make([]float64, draws)
	for i := range ratios {
		ratios[i] = now.draw(r, m.quantile) / old.draw(r, m.quantile)
	}
	slices.Sort(ratios)
	low, high := ratios[int(level/2*draws)], ratios[draws-1-int(level/2*draws)]
	why := fmt.Sprintf("%.2f to %.2f times", low, high)
	if low > alone || high < 1.0/alone {
		return true, why
	}
	return false, why + few
}

// ladder is a distribution as values and how many lie at or below each.
type ladder struct {
	values []float64
	upTo   []int64
}

// distribution joins the answers as wanted to an operation, of all runs of one side.
func distribution(loads []*reports.Load, op string) (ladder, error) {
	joined := sparse{}
	for _, l := range loads {
		for _, o := range l.Operations {
			if o.Name != op {
				continue
			}
			for _, c := range o.Classes {
				text := c.ServiceHistogram
				if l.Model == "open" {
					text = c.Histogram
				}
				if c.Class != OK.String() && c.Class != WantedConflict.String() {
					continue
				}
				s, err := decodeSparse(text)
				if err != nil {
					return ladder{}, err
				}
				joined.merge(s)
			}
		}
	}
	if joined.total() < enough {
		return ladder{}, fmt.Errorf("too few answers")
	}
	var out ladder
	sum := int64(0)
	for _, b := range slices.Sorted(maps.Keys(joined)) {
		sum += joined[b]
		out.values, out.upTo = append(out.values, float64(max(lowestOf(b), 1))), append(out.upTo, sum)
	}
	return out, nil
}

// draw is the quantile of a sample drawn again from the distribution: how many of n draws lie below a value is binomial, so
// that the rank at which the quantile falls is normal for the sizes at hand.
func (l ladder) draw(r *rand.Rand, quantile float64) float64 {
	n := float64(l.upTo[len(l.upTo)-1])
	at := quantile + math.Sqrt(quantile*(1-quantile)/n)*r.NormFloat64()
	rank := int64(math.Ceil(min(max(at, 1/n), 1) * n))
	i, _ := slices.BinarySearch(l.upTo, rank)
	return l.values[i]
}
