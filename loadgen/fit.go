package loadgen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/scimproof/scimproof/reports"
)

// Sample is the latency of one probe, in microseconds, at a size of the directory.
type Sample struct {
	Size   int
	Micros float64
}

const (
	mostBins  = 40  // more distinct sizes are joined into so many bins of equal count
	leastBins = 4   // fewer sizes say nothing
	resamples = 500 // of the bootstrap
	// steady is how much growth over twentyfold size still counts as flat, and calm how much must be ruled out for that.
	steady = 1.10
	calm   = 2.0
	sure   = 0.90 // share of resamples that must agree on a shape
)

// bin is the probes at about one size.
type bin struct {
	size   float64
	micros []float64
	median float64
}

// Fit tells how latency changes with size: medians of bins, Theil-Sen slope, and a bootstrap that draws both the bins and the
// probes in them. Single slow probes move none of these.
func Fit(operation string, samples []Sample, seed int64) reports.Growth {
	g := reports.Growth{Operation: operation, Probes: len(samples)}
	bins := binned(samples)
	for _, b := range bins {
		g.Points = append(g.Points, reports.GrowthPoint{Size: int(b.size), Micros: b.median})
	}
	if len(bins) < leastBins || bins[len(bins)-1].size < 2*math.Max(1, bins[0].size) {
		g.Sentence = fmt.Sprintf("%s: too little was measured to tell whether it grows with the directory", operation)
		return g
	}
	g.To = int(bins[len(bins)-1].size)
	g.From = max(g.To/20, int(bins[0].size))
	slope, factor := linear(bins, float64(g.From), float64(g.To))
	r := rand.New(rand.NewPCG(uint64(seed), 0x9107))
	slopes, factors := make([]float64, 0, resamples), make([]float64, 0, resamples)
	logarithmic, squared := 0, 0
	for range resamples {
		drawn := resample(r, bins)
		s, f := linear(drawn, float64(g.From), float64(g.To))
		slopes, factors = append(slopes, s), append(factors, f)
		if logWins(drawn) {
			logarithmic++
		}
		if squareWins(drawn) {
			squared++
		}
	}
	g.PerThousand = interval(slope*1000, slopes, 1000)
	g.Factor = interval(factor, factors, 1)
	g.Verdict = verdict(g, float64(logarithmic)/resamples, float64(squared)/resamples)
	g.Sentence = sentence(g)
	return g
}

// verdict names the shape. A cheap logarithm and a constant cannot be told apart, and both are fine.
func verdict(g reports.Growth, logarithmic, squared float64) string {
	switch {
	case g.PerThousand.Low <= 0 || g.Factor.Low < steady:
		if g.Factor.High >= calm {
			return "" // among so much noise a look-up that scans would look no different
		}
		return "flat"
	case logarithmic > sure:
		return "log"
	case squared > sure:
		return "superlinear"
	case logarithmic < 1-sure:
		return "linear"
	}
	return "growing"
}

// sentence words a verdict for people.
func sentence(g reports.Growth) string {
	if g.Verdict == "" {
		return fmt.Sprintf("%s: the answers vary too much to tell whether it grows: at %s users it takes %.2f times as long as at %s, but anything from %.2f to %.2f times may be true",
			g.Operation, thousands(g.To), g.Factor.Value, thousands(g.From), g.Factor.Low, g.Factor.High)
	}
	if g.Verdict == "flat" {
		return fmt.Sprintf("%s is flat: at %s users it takes %.2f times as long as at %s (95 %% interval %.2f-%.2f)",
			g.Operation, thousands(g.To), g.Factor.Value, thousands(g.From), g.Factor.Low, g.Factor.High)
	}
	shape := map[string]string{
		"superlinear": "grows faster than linearly", "linear": "grows about linearly", "log": "grows about logarithmically", "growing": "grows, in a shape that is not clear",
	}[g.Verdict]
	return fmt.Sprintf("%s %s: %+.3g us per 1,000 users (95 %% interval %.3g-%.3g), %.1f times slower at %s than at %s",
		g.Operation, shape, g.PerThousand.Value, g.PerThousand.Low, g.PerThousand.High, g.Factor.Value, thousands(g.To), thousands(g.From))
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// binned groups samples by size.
func binned(samples []Sample) []bin {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b Sample) int { return a.Size - b.Size })
	distinct := 0
	for i, s := range sorted {
		if i == 0 || s.Size != sorted[i-1].Size {
			distinct++
		}
	}
	var bins []bin
	if distinct <= mostBins {
		for i, s := range sorted {
			if i == 0 || s.Size != sorted[i-1].Size {
				bins = append(bins, bin{size: float64(s.Size)})
			}
			b := &bins[len(bins)-1]
			b.micros = append(b.micros, s.Micros)
		}
	} else {
		for k := range mostBins {
			part := sorted[k*len(sorted)/mostBins : (k+1)*len(sorted)/mostBins]
			b := bin{size: float64(part[len(part)/2].Size)}
			for _, s := range part {
				b.micros = append(b.micros, s.Micros)
			}
			bins = append(bins, b)
		}
	}
	for i := range bins {
		bins[i].median = median(slices.Clone(bins[i].micros))
	}
	return bins
}

// resample draws bins with replacement, and probes inside each.
func resample(r *rand.Rand, bins []bin) []bin {
	out := make([]bin, len(bins))
	var drawn []float64
	for i := range out {
		b := bins[r.IntN(len(bins))]
		drawn = drawn[:0]
		for range b.micros {
			drawn = append(drawn, b.micros[r.IntN(len(b.micros))])
		}
		out[i] = bin{size: b.size, median: median(drawn)}
	}
	return out
}

// linear fits a line and returns its slope, and its value at to over that at from.
func linear(bins []bin, from, to float64) (slope, factor float64) {
	slope, base := theilSen(bins, func(x float64) float64 { return x })
	low, high := base+slope*from, base+slope*to
	if low <= 0 {
		// A line through the origin at best: the growth is that of the sizes.
		return slope, to / math.Max(from, 1)
	}
	return slope, high / low
}

// logWins tells whether a logarithm leaves less residue than a line, on bins that weigh all sizes alike.
func logWins(bins []bin) bool {
	line, logarithm := 0.0, 0.0
	geometric := slices.DeleteFunc(slices.Clone(bins), func(b bin) bool { return b.size < 64 })
	if len(geometric) < leastBins {
		return false
	}
	b1, a1 := theilSen(geometric, func(x float64) float64 { return x })
	b2, a2 := theilSen(geometric, math.Log)
	for _, b := range geometric {
		line += math.Abs(b.median - a1 - b1*b.size)
		logarithm += math.Abs(b.median - a2 - b2*math.Log(b.size))
	}
	return logarithm < line
}

// squareWins tells whether a square leaves less residue than a line.
func squareWins(bins []bin) bool {
	square := func(x float64) float64 { return x * x }
	b1, a1 := theilSen(bins, func(x float64) float64 { return x })
	b2, a2 := theilSen(bins, square)
	line, squared := 0.0, 0.0
	for _, b := range bins {
		line += math.Abs(b.median - a1 - b1*b.size)
		squared += math.Abs(b.median - a2 - b2*square(b.size))
	}
	return squared < line
}

// theilSen is the median of the slopes of all pairs, with the median of what is left as base.
func theilSen(bins []bin, f func(float64) float64) (slope, base float64) {
	var slopes []float64
	for i, a := range bins {
		for _, b := range bins[:i] {
			if dx := f(a.size) - f(b.size); dx != 0 {
				slopes = append(slopes, (a.median-b.median)/dx)
			}
		}
	}
	if len(slopes) == 0 {
		return 0, median(medians(bins))
	}
	slope = median(slopes)
	rest := make([]float64, len(bins))
	for i, b := range bins {
		rest[i] = b.median - slope*f(b.size)
	}
	return slope, median(rest)
}

func medians(bins []bin) []float64 {
	out := make([]float64, len(bins))
	for i, b := range bins {
		out[i] = b.median
	}
	return out
}

// median sorts its argument.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// interval holds an estimate with the middle 95 per cent of its resamples.
func interval(value float64, resampled []float64, scale float64) reports.Interval {
	slices.Sort(resampled)
	n := len(resampled)
	return reports.Interval{Value: value, Low: resampled[n*25/1000] * scale, High: resampled[n-1-n*25/1000] * scale}
}
