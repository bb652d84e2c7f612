package loadgen

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/scimproof/scimproof/reports"
)

// TestBuckets: a value's bucket is that of HdrHistogram, and its least value is within 0.1 %.
func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(1, longest).Draw(t, "v")
		low := lowestOf(bucketOf(v))
		if low > v || float64(v-low) > 0.001*float64(v) {
			t.Fatalf("%d is kept as %d", v, low)
		}
		h := newHistogram()
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
		s := sparseOf(h)
		if len(s) != 1 || s[bucketOf(v)] != 1 {
			t.Fatalf("%d is in bucket %d, and comes out of the histogram as %v", v, bucketOf(v), s)
		}
		back, err := decodeSparse(s.encode())
		if err != nil || !reflect.DeepEqual(s, back) {
			t.Fatalf("%v: %v %v", s, back, err)
		}
	})
	for _, bad := range []string{"!", "gA==", "/////////////w8B"} {
		if _, err := decodeSparse(bad); err == nil {
			t.Errorf("%q is taken for a histogram", bad)
		}
	}
}

// TestMergeIsLossless: four journals are the same as one recorder that saw everything.
func TestMergeIsLossless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		whole := newRecorder(began)
		r := rand.New(rand.NewPCG(1, 2))
		var journals []string
		outs := make([]bytes.Buffer, 4)
		var parts []*recorder
		for shard := range 4 {
			out := &outs[shard]
			head := JournalHead{Journal: JournalVersion, Identity: Identity{Seed: 1, Shards: 4, Model: Closed}, Shard: shard, Attempt: 1, Began: began, Predicted: map[string]int{Create: 20_000}}
			if err := writeLine(out, head); err != nil {
				t.Fatal(err)
			}
			part := newRecorder(began)
			part.journal = out
			parts = append(parts, part)
		}
		for i := range 5000 {
			for shard := range 4 {
				s := sample{op: Create, class: OK, status: 201, service: time.Duration(r.ExpFloat64() * 1e7), in: 10, out: 20}
				s.response = s.service + time.Duration(r.IntN(1e6))
				switch i % 50 {
				case 1:
					s.class, s.conflict, s.status = WantedConflict, Uniqueness, 409
				case 2:
					s.class, s.status = ServerError, 500
				}
				at := began.Add(time.Duration(i) * 2 * time.Millisecond)
				parts[shard].add(at, s)
				whole.add(at, s)
			}
		}
		for shard := range 4 {
			out := &outs[shard]
			if err := parts[shard].finish(); err != nil {
				t.Fatal(err)
			}
			if err := FinishJournal(out, JournalTail{Wall: int64(10 * time.Second), Started: 5000, AuditRequests: 10 + shard}); err != nil {
				t.Fatal(err)
			}
			journals = append(journals, out.String())
		}
		_ = whole.finish()
		m, err := Merge([]string{"0", "1", "2", "3"}, opener(journals))
		if err != nil {
			t.Fatal(err)
		}
		want, got := whole.operations(map[string]int{Create: 20_000}), m.Load.Operations
		// Lag and mean come out of buckets in one case and of values in the other.
		for _, ops := range [][]reports.LoadOperation{want, got} {
			for i := range ops {
				ops[i].Lag = reports.LoadQuantiles{}
				for _, q := range []*reports.LoadQuantiles{&ops[i].Response, &ops[i].Service} {
					q.Mean = 0
				}
				for c := range ops[i].Classes {
					ops[i].Classes[c].Response.Mean = 0
				}
			}
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("merged:\n%+v\nwhole:\n%+v", got, want)
		}
		if !reflect.DeepEqual(m.Load.Conflicts, whole.conflictCounts()) || m.Load.Coverage.Share != 1 || len(m.Load.Coverage.Missing) != 0 || m.Cut != nil || m.Load.Started != 20_000 {
			t.Errorf("%+v %+v %v", m.Load.Conflicts, m.Load.Coverage, m.Cut)
		}
		if !reflect.DeepEqual(m.Load.Series, whole.series.list()) {
			t.Error("the series differ")
		}
		if want := "read back by 46 requests, each of 4 shards its own part"; m.Load.Audit != want {
			t.Errorf("audit %q, want %q", m.Load.Audit, want)
		}

		// A shard whose only attempt was killed in the middle of a line.
		lines := strings.SplitAfter(journals[2], "\n")
		torn := strings.Join(lines[:4], "") + lines[4][:len(lines[4])/2]
		m, err = Merge([]string{"0", "1", "2", "3"}, opener([]string{journals[0], journals[1], torn, journals[3]}))
		if err != nil || m.Cut == nil || m.Load.Coverage.Enough() || !strings.Contains(m.Load.Coverage.Sentence(), "of 20,000 create requests") || m.Load.Audit != "read back by 34 requests in part: 3 of 4 shards were audited" || len(m.Notes) != 1 {
			t.Errorf("%v %+v %+v", err, m.Cut, m.Load.Coverage)
		}
		for name, bad := range map[string]string{
			"another seed": strings.Replace(journals[3], `"seed":1`, `"seed":2`, 1), "the same shard": journals[0], "another number of shards": strings.Replace(journals[3], `"shards":4`, `"shards":5`, 1),
			"no journal": "{}\n", "nothing": "", "damage": journals[3][:len(journals[3])-30] + "x\n{}\n", "a lost answer": strings.Replace(journals[3], `"n":`, `"n":1`, 1),
		} {
			if _, err := Merge([]string{"0", "3"}, opener([]string{journals[0], bad})); err == nil {
				t.Errorf("%s is merged", name)
			}
		}
	})
}

func opener(journals []string) func(string) (io.ReadCloser, error) {
	i := -1
	return func(string) (io.ReadCloser, error) {
		i++
		return io.NopCloser(strings.NewReader(journals[i])), nil
	}
}

// TestSeriesStaysSmall: a day of windows is kept in a few.
func TestSeriesStaysSmall(t *testing.T) {
	s := series{width: 1}
	const day = 24 * 3600
	for second := range int64(day) {
		counts := [classes]int64{}
		counts[OK] = 2
		s.add(second, Lookup, counts, sparse{bucketOf(1e6): 1, bucketOf(second * 1000): 1})
	}
	list := s.list()
	all := int64(0)
	for _, w := range list {
		all += w.Classes["ok"]
	}
	if len(list) > seriesLimit || all != 2*day || list[0].Width < 48 {
		t.Errorf("%d windows of %d s hold %d of %d answers", len(list), list[0].Width, all, 2*day)
	}
}

// TestLimits: what thresholds mean.
func TestLimits(t *testing.T) {
	h := newHistogram()
	for i := range int64(1000) {
		_ = h.RecordValue((i + 1) * 1e6)
	}
	q := quantiles(h)
	enc := sparseOf(h).encode()
	load := &reports.Load{
		Model: Open, Wall: 1e9, Flows: 25, Every: 50,
		Operations: []reports.LoadOperation{
			{Name: Create, Sent: 1020, Response: q, Service: reports.LoadQuantiles{Count: 1000, P95: 5e6}, Classes: []reports.LoadClass{{Class: "ok", Count: 1000, Histogram: enc}, {Class: "5xx", Count: 10}, {Class: "throttled", Count: 10}}},
			{Name: Lookup, Sent: 980, Response: q, Classes: []reports.LoadClass{{Class: "ok", Count: 980, Histogram: enc}}},
		},
		Conflicts: []reports.LoadConflict{{Operation: Create, Kind: "uniqueness", Wanted: true, Count: 5}, {Operation: Create, Kind: "uniqueness", Count: 2}},
		Growth: []reports.Growth{
			{Operation: Lookup, Verdict: "linear", Factor: reports.Interval{Value: 4.9, Low: 4, High: 5.6}},
			{Operation: Create, Verdict: "flat", Factor: reports.Interval{High: 1.1}},
			{Operation: List, Verdict: "growing"},
			{Operation: MemberAdd, Sentence: "too little was measured"},
		},
		Findings: []reports.LoadFinding{{Word: reports.Fail, Count: 3}, {Word: reports.Warn, Count: 9}},
		Coverage: &reports.LoadCoverage{Share: 0.995},
	}
	for text, want := range map[string]string{
		"create:p95<300ms": "broken", "create:p95<1s": "met", "create.service:p95<6ms": "met", "create.response:p95<6ms": "broken", "p50<=502ms": "met", "all:max<999ms": "broken",
		"patch:p95<1s": "unjudged", "errors<1%": "met", "errors<0.5%": "broken", "errors<0.005": "broken", "create.errors<1%": "met", "create.errors<0.9%": "broken", "lookup.errors<=0%": "met",
		"throttled<1%": "met", "conflicts.unwanted<=0": "broken", "conflicts.unwanted<=2": "met", "conflicts<=6": "broken", "throughput>=25/s": "met", "throughput>=25.02/s": "met",
		"throughput>=26/s": "broken", "requests>=50/s": "met", "requests>3001/m": "broken", "growth.lookup<=log": "broken", "growth.lookup<=linear": "met", "growth.create<=flat": "met",
		"growth.create<log": "met", "growth.list<=flat": "broken", "growth.list<=log": "unjudged", "growth.list<=linear": "met", "growth.member-add<=log": "unjudged", "growth.put<=log": "unjudged",
		"growth.lookup<5": "broken", "growth.lookup<6": "met", "growth.create<1.5": "met", "findings<=0": "broken", "findings<=3": "met", "coverage>=99%": "met", "lag:p99<2ms": "unjudged",
	} {
		l, err := ParseLimit(text)
		if err != nil {
			t.Error(err)
			continue
		}
		got := l.Judge(load)
		word := map[bool]string{true: "met", false: "broken"}[got.Met]
		if !got.Judged {
			word = "unjudged"
		}
		if word != want {
			t.Errorf("%s is %s (%s), want %s", text, word, got.Actual, want)
		}
	}
	for _, bad := range []string{"", "create", "create:p42<1s", "create:p95<fast", "create:p95<-1s", "errors<150%", "speed<1", "growth.lookup>=log", "growth.lookup<flat", "throughput>=x", "conflicts<=-1", "create.lag:p95<1s"} {
		if _, err := ParseLimit(bad); err == nil {
			t.Errorf("%q is taken for a threshold", bad)
		}
	}
	load.Model = Closed
	if l := must(ParseLimit("create:p95<6ms")); !l.Judge(load).Met {
		t.Error("in the closed model there is no schedule to be late for")
	}
}

// TestFindLimit: a target that takes 100 flows a second is found out.
func TestFindLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{}
		free := time.Now()
		s.serve = func(int, *http.Request, []byte) (int, string, http.Header, time.Duration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			// One at a time, 10 ms each.
			if now := time.Now(); free.Before(now) {
				free = now
			}
			free = free.Add(10 * time.Millisecond)
			return 200, `{"totalResults":0}`, nil, time.Until(free), nil
		}
		steps := 0
		l, cut, err := FindLimit(t.Context(), Config{Client: client(t, s), Plan: &lookups{n: 100_000, steps: 1}, Workers: 64, alarm: newGoAlarm}, Search{
			Start: 20, Length: 5 * time.Second, Limits: must(ParseLimits([]string{"lookup:p95<100ms", "errors<1%"})), OnStep: func(reports.LoadStep) { steps++ },
		})
		if err != nil || cut != nil {
			t.Fatal(err, cut)
		}
		if l.Limit.Sustained < 90 || l.Limit.Sustained > 103 || l.Limit.Broken <= l.Limit.Sustained || l.Limit.Broken > 110 || steps != len(l.Limit.Steps) || !strings.Contains(l.Limit.Why, "lookup:p95<100ms is broken") {
			t.Errorf("%+v", l.Limit)
		}
		if fmt.Sprint(l.Rate) != fmt.Sprint(l.Limit.Sustained) {
			t.Errorf("the figures are of %g/s, not of the best rate", l.Rate)
		}
	})
}
