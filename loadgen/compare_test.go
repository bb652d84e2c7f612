package loadgen

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/scimproof/scimproof/reports"
)

// synthetic is a closed load of one operation, whose latencies are log-normal around center; runs differ by drift.
func synthetic(r *rand.Rand, n int, center, drift float64) *reports.Load {
	h, s := newHistogram(), sparse{}
	center *= math.Exp(drift * r.NormFloat64())
	for range n {
		v := int64(center * math.Exp(0.5*r.NormFloat64()))
		s.add(v)
		_ = h.RecordValue(v)
	}
	q := quantiles(h)
	return &reports.Load{
		Scenario: "churn", Model: "closed", Asked: "8 flows", Every: 1e9 / center,
		Operations: []reports.LoadOperation{{Name: "create", Service: q, Classes: []reports.LoadClass{{Class: OK.String(), Count: int64(n), ServiceHistogram: s.encode()}}}},
	}
}

func repeats(r *rand.Rand, k, n int, center, drift float64) (out []*reports.Load) {
	for range k {
		out = append(out, synthetic(r, n, center, drift))
	}
	return out
}

func words(t *testing.T, before, after []*reports.Load) map[string]string {
	t.Helper()
	list, err := CompareLoads(before, after)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range list {
		out[c.Operation+" "+c.Metric] = c.Word
		if c.Why == "" {
			t.Errorf("%s %s says nothing of how it was judged", c.Operation, c.Metric)
		}
	}
	return out
}

const center = float64(5 * time.Millisecond)

func TestCompareSeesChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	got := words(t, repeats(r, 6, 500, center, 0.02), repeats(r, 6, 500, center*1.3, 0.02))
	if got["create p50"] != reports.LoadSlower || got["create p95"] != reports.LoadSlower || got["all requests/s"] != reports.LoadSlower {
		t.Errorf("30 %% slower in six repeats: %v", got)
	}
	got = words(t, repeats(r, 6, 500, center, 0.02), repeats(r, 6, 500, center/1.3, 0.02))
	if got["create p50"] != reports.LoadFaster || got["all requests/s"] != reports.LoadFaster {
		t.Errorf("30 %% faster in six repeats: %v", got)
	}
	got = words(t, repeats(r, 1, 500, center, 0), repeats(r, 1, 500, center*4, 0))
	if got["create p50"] != reports.LoadSlower || got["all requests/s"] != reports.LoadSame {
		t.Errorf("four times as slow in one run: %v", got)
	}
	if got = words(t, repeats(r, 1, 500, center, 0), repeats(r, 1, 500, center*1.5, 0)); got["create p50"] != reports.LoadSame {
		t.Errorf("one run tells half as slow again from noise: %v", got)
	}
	list, _ := CompareLoads(repeats(r, 3, 500, center, 0.02), repeats(r, 3, 500, center*9, 0.02))
	if list[0].Word != reports.LoadSame || !strings.Contains(list[0].Why, "take 6 on each side") {
		t.Errorf("three repeats: %+v", list[0])
	}
}

// TestCompareEqual draws equal loads that differ from run to run, and wants silence in 95 of 100 comparisons.
func TestCompareEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, k := range []int{1, 6} {
		silent := 0
		for range 200 {
			loud := false
			for _, word := range words(t, repeats(r, k, 200, center, 0.15), repeats(r, k, 200, center, 0.15)) {
				loud = loud || word != reports.LoadSame
			}
			if !loud {
				silent++
			}
		}
		if silent < 190 {
			t.Errorf("with %d repeats only %d of 200 equal loads are called equal", k, silent)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	a, b := synthetic(r, 100, center, 0), synthetic(r, 100, center, 0)
	for _, change := range []func(){func() { b.Scenario = "initial" }, func() { b.Model = "open" }, func() { b.Asked = "9 flows" }, func() { b.Shard = "0/2" }, func() { a.Plan = map[string]string{"users": "9"} }} {
		change()
		if _, err := CompareLoads([]*reports.Load{a}, []*reports.Load{b}); err == nil {
			t.Error("different loads are compared")
		}
		b = synthetic(r, 100, center, 0)
	}
	a.Plan = nil
	b.Operations[0].Classes[0].ServiceHistogram = "x"
	list, err := CompareLoads([]*reports.Load{a}, []*reports.Load{b})
	if err != nil || list[0].Word != reports.LoadSame {
		t.Errorf("a damaged histogram: %v %v", list, err)
	}
	few := synthetic(r, enough-1, center, 0)
	if list, _ := CompareLoads([]*reports.Load{a}, []*reports.Load{few}); len(list) != 1 {
		t.Errorf("%d answers are compared: %v", enough-1, list)
	}
}
