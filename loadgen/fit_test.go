package loadgen

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/reports"
)

// probeSeries makes what probes at growing sizes would measure.
func probeSeries(seed uint64, each int, sizes []int, latency func(n float64, r *rand.Rand) float64) []Sample {
	r := rand.New(rand.NewPCG(seed, 1))
	var out []Sample
	for _, n := range sizes {
		for range each {
			out = append(out, Sample{n, latency(float64(n), r)})
		}
	}
	return out
}

// noise is log-normal like that of a network, with one probe in fifty that hits a pause.
func noise(r *rand.Rand, micros float64) float64 {
	micros *= math.Exp(0.15 * r.NormFloat64())
	if r.IntN(50) == 0 {
		micros += 20_000
	}
	return micros
}

func TestFitKnowsShapes(t *testing.T) {
	for name, c := range map[string]struct {
		latency func(n float64, r *rand.Rand) float64
		want    []string
		least   int // of 20 series
	}{
		"flat":       {func(_ float64, r *rand.Rand) float64 { return noise(r, 120) }, []string{"flat"}, 20},
		"flat, slow": {func(_ float64, r *rand.Rand) float64 { return noise(r, 2000+3000*r.Float64()) }, []string{"flat"}, 20},
		"linear":     {func(n float64, r *rand.Rand) float64 { return noise(r, 120+0.031*n) }, []string{"linear"}, 19},
		"log":        {func(n float64, r *rand.Rand) float64 { return noise(r, 40+60*math.Log(n+1)) }, []string{"log", "growing"}, 19},
		"squared":    {func(n float64, r *rand.Rand) float64 { return noise(r, 1000+0.00005*n*n) }, []string{"superlinear"}, 19},
		"n log n":    {func(n float64, r *rand.Rand) float64 { return noise(r, 120+0.004*n*math.Log(n+1)) }, []string{"linear"}, 19},
		"hidden":     {func(n float64, r *rand.Rand) float64 { return 2000 + 3000*r.Float64() + 0.1*n }, []string{"linear", "growing", "flat"}, 20},
		"tiny":       {func(n float64, r *rand.Rand) float64 { return noise(r, 120+0.0003*n) }, []string{"flat"}, 19},
	} {
		verdicts := map[string]int{}
		hits := 0
		for seed := range uint64(20) {
			g := Fit("lookup", probeSeries(seed, 50, ProbeSizes(10_000), c.latency), int64(seed))
			verdicts[g.Verdict]++
			if slices.Contains(c.want, g.Verdict) {
				hits++
			}
		}
		t.Logf("%s: %v", name, verdicts)
		if hits < c.least {
			t.Errorf("%s: %v, want %v in at least %d of 20", name, verdicts, c.want, c.least)
		}
	}
}

func TestFitFindsTheSlope(t *testing.T) {
	g := Fit("lookup", probeSeries(4, 50, ProbeSizes(10_000), func(n float64, r *rand.Rand) float64 { return noise(r, 100+0.031*n) }), 1)
	if g.PerThousand.Value < 29 || g.PerThousand.Value > 33 || g.PerThousand.Low > 31 || g.PerThousand.High < 31 {
		t.Errorf("31 us per 1,000 users were planted: %+v", g.PerThousand)
	}
	if want := (100 + 310.0) / (100 + 15.5); math.Abs(g.Factor.Value-want) > 0.3 {
		t.Errorf("factor %+v, want about %.2f", g.Factor, want)
	}
	for _, part := range []string{"lookup grows about linearly: +", " us per 1,000 users (95 % interval ", " times slower at 10,000 than at 500"} {
		if !strings.Contains(g.Sentence, part) {
			t.Errorf("%q lacks %q", g.Sentence, part)
		}
	}
}

func TestFitOfEveryRequest(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var scan, constant []Sample
	for i := range 10_000 {
		scan = append(scan, Sample{i, noise(r, 120+0.031*float64(i))})
		constant = append(constant, Sample{i, noise(r, 120)})
	}
	if g := Fit("lookup", scan, 1); g.Verdict != "linear" || len(g.Points) != mostBins {
		t.Errorf("%s, %d points", g.Sentence, len(g.Points))
	}
	if g := Fit("lookup", constant, 1); g.Verdict != "flat" {
		t.Error(g.Sentence)
	}
}

func TestFitSaysWhenItCannotTell(t *testing.T) {
	for _, samples := range [][]Sample{nil, {{1, 2}}, probeSeries(1, 50, []int{100, 101, 102, 103, 104}, func(float64, *rand.Rand) float64 { return 1 })} {
		if g := Fit("list", samples, 1); g.Verdict != "" || !strings.Contains(g.Sentence, "too little") {
			t.Errorf("%d samples: %+v", len(samples), g)
		}
	}
}

// TestFitIsNotSureOfNoise: where the answers vary so much that a scan would look alike, nothing is called flat.
func TestFitIsNotSureOfNoise(t *testing.T) {
	load := &reports.Load{}
	for seed := range uint64(5) {
		g := Fit("lookup", probeSeries(seed, 4, ProbeSizes(1000), func(n float64, r *rand.Rand) float64 {
			return 1000*math.Exp(1.5*r.NormFloat64()) + n
		}), int64(seed))
		if g.Verdict != "" || !strings.Contains(g.Sentence, "vary too much") {
			t.Error(g.Sentence)
		}
		load.Growth = append(load.Growth, g)
	}
	if got := must(ParseLimit("growth.lookup<=log")).Judge(load); got.Judged || got.Met {
		t.Errorf("a limit is held against it: %+v", got)
	}
}

// TestGrowthOfTheMachine: what grows no more than that which cannot grow is not blamed on the directory.
func TestGrowthOfTheMachine(t *testing.T) {
	fit := func(name string, slope float64) reports.Growth {
		return Fit(name, probeSeries(3, 50, ProbeSizes(10_000), func(n float64, r *rand.Rand) float64 { return noise(r, 100+slope*n) }), 1)
	}
	list := []reports.Growth{fit(Lookup, 0.01), fit(List, 0.2), fit(Create, 0)}
	discount(list, fit(control, 0.01))
	if g := list[0]; g.Verdict != "" || !strings.Contains(g.Sentence, "so does reading the configuration") {
		t.Error(g.Sentence)
	}
	if list[1].Verdict != "linear" || list[2].Verdict != "flat" {
		t.Errorf("%s\n%s", list[1].Sentence, list[2].Sentence)
	}
	list = []reports.Growth{fit(Lookup, 0.01)}
	discount(list, fit(control, 0))
	if list[0].Verdict != "linear" {
		t.Error(list[0].Sentence)
	}
	discount(list, Fit(control, nil, 1))
	if list[0].Verdict != "linear" {
		t.Error("a control that was not measured counts")
	}
}
