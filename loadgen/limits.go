package loadgen

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/scimproof/scimproof/reports"
)

// Limit is a threshold that a user sets, such as create:p95<300ms.
type Limit struct {
	Text    string
	subject string // operation, "" = all; of growth the operation
	metric  string // response, service, latency, errors, throttled, conflicts, conflicts.unwanted, throughput, requests, growth, lag, findings, coverage
	at      string // p50, p90, p95, p99, p99.9, max, mean
	op      string // <, <=, >, >=
	value   float64
	shape   string // of growth
}

var limitForm = regexp.MustCompile(`^\s*([a-zA-Z0-9.-]+?)(?::(p50|p90|p95|p99|p99\.9|max|mean))?\s*(<=|>=|<|>)\s*(\S+)\s*$`)

const limitHelp = "write it as create:p95<300ms, errors<1%, conflicts.unwanted<=0, throughput>=25/s or growth.lookup<=log"

// shapes are the verdicts on growth, the best first. Where the shape is unclear a limit between them cannot be judged.
var shapes = []string{"flat", "log", "linear", "superlinear"}

// ParseLimit reads a threshold:
//
//	create:p95<300ms          latency of an operation; of all with all:p95 or p95 alone. From the due time in the open
//	                          model, from sending in the closed one; create.response and create.service choose
//	errors<1%                 refusals, 5xx and broken connections, of all requests; create.errors<1%
//	throttled<5%              429
//	conflicts.unwanted<=0     conflicts that should not be; conflicts<=10 counts all
//	throughput>=25/s          flows (users, groups) per second; requests>=100/s
//	growth.lookup<=log        how latency grows with the directory: flat, log, linear, superlinear; growth.lookup<1.5 limits the factor
//	lag:p99<2ms               the generator's own
//	findings<=0               of the audit
func ParseLimit(text string) (Limit, error) {
	m := limitForm.FindStringSubmatch(text)
	bad := func(why string) (Limit, error) { return Limit{}, fmt.Errorf("%q: %s; %s", text, why, limitHelp) }
	if m == nil {
		return bad("it is not of the form NAME<VALUE")
	}
	l := Limit{Text: strings.TrimSpace(text), at: m[2], op: m[3]}
	name, value := m[1], m[4]
	if name == "p50" || name == "p90" || name == "p95" || name == "p99" || name == "p99.9" || name == "max" || name == "mean" {
		name, l.at = "all", name
	}
	if l.at != "" {
		l.subject, l.metric, _ = strings.Cut(name, ".")
		switch {
		case name == "lag":
			l.metric, l.subject = "lag", ""
		case l.metric == "":
			l.metric = "latency"
		case l.metric != "response" && l.metric != "service":
			return bad("latency is either response (from the due time) or service (from sending)")
		}
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return bad("a latency is limited by a time such as 300ms")
		}
		if l.subject == "all" {
			l.subject = ""
		}
		l.value = float64(d)
		return l, nil
	}
	if op, ok := strings.CutPrefix(name, "growth."); ok {
		l.metric, l.subject = "growth", op
		if slices.Contains(shapes, value) {
			if l.op != "<=" && l.op != "<" || l.op == "<" && value == "flat" {
				return bad("growth is limited from above: growth.lookup<=log")
			}
			l.shape = value
			return l, nil
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || l.op[0] != '<' {
			return bad("growth is limited by flat, log, linear or a factor such as 1.5, from above")
		}
		l.value = f
		return l, nil
	}
	switch name {
	case "errors", "throttled", "conflicts", "conflicts.unwanted", "throughput", "requests", "findings", "coverage":
		l.metric = name
	default:
		var ok bool
		for _, metric := range []string{"errors", "throttled"} {
			if l.subject, ok = strings.CutSuffix(name, "."+metric); ok {
				l.metric = metric
				break
			}
		}
		if l.metric == "" {
			return bad("there is no figure of that name")
		}
	}
	var err error
	switch l.metric {
	case "errors", "throttled", "coverage":
		number, percent := strings.CutSuffix(value, "%")
		l.value, err = strconv.ParseFloat(number, 64)
		if percent {
			l.value /= 100
		}
		if err == nil && (l.value < 0 || l.value > 1) {
			err = errors.New("")
		}
		if err != nil {
			return bad("a share is limited by per cent, such as 1%")
		}
	case "throughput", "requests":
		if l.value, err = perSecond(value); err != nil {
			return bad("a rate is limited by 25/s or 300/m")
		}
	default:
		if l.value, err = strconv.ParseFloat(value, 64); err != nil || l.value < 0 {
			return bad("a count is limited by a number")
		}
	}
	return l, nil
}

// ParseLimits reads several.
func ParseLimits(texts []string) ([]Limit, error) {
	var out []Limit
	for _, t := range texts {
		l, err := ParseLimit(t)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Growth tells whether the limit needs the growth probes.
func (l Limit) Growth() bool { return l.metric == "growth" }

// Judge holds the results of a load against the limit.
func (l Limit) Judge(load *reports.Load) reports.LoadThreshold {
	t := reports.LoadThreshold{Text: l.Text}
	actual, shown, ok := l.measure(load)
	if !ok {
		t.Actual = shown
		return t
	}
	t.Judged, t.Actual = true, shown
	switch l.op {
	case "<":
		t.Met = actual < l.value
	case "<=":
		t.Met = actual <= l.value
	case ">":
		t.Met = actual > l.value
	case ">=":
		t.Met = actual >= l.value
	}
	if l.metric == "throughput" && l.op == ">=" {
		// The last of n flows of an open load leaves when n-1 gaps are over, give or take a timer.
		t.Met = actual >= l.value*(1-slack)
	}
	return t
}

// slack is how much a rate may fall short of what was asked for and still count as kept.
const slack = 0.001

// measure finds the figure. Where there is none, shown tells why.
func (l Limit) measure(load *reports.Load) (actual float64, shown string, ok bool) {
	count := func(n float64) (float64, string, bool) { return n, strconv.FormatFloat(n, 'f', -1, 64), true }
	share := func(part, all int64) (float64, string, bool) {
		if all == 0 {
			return 0, "nothing was sent", false
		}
		s := float64(part) / float64(all)
		return s, fmt.Sprintf("%.3g %% (%d of %d)", s*100, part, all), true
	}
	switch l.metric {
	case "latency", "response", "service":
		return l.latency(load)
	case "lag":
		return quantile(load.Generator.Lag, l.at)
	case "errors", "throttled":
		var part, all int64
		for _, o := range load.Operations {
			if l.subject != "" && o.Name != l.subject {
				continue
			}
			for _, c := range o.Classes {
				all += c.Count
				class, _ := classNamed(c.Class)
				if l.metric == "errors" && class.Failed() || l.metric == "throttled" && class == Throttled {
					part += c.Count
				}
			}
		}
		return share(part, all)
	case "conflicts", "conflicts.unwanted":
		n := 0.0
		for _, c := range load.Conflicts {
			if l.metric == "conflicts" || !c.Wanted {
				n += float64(c.Count)
			}
		}
		return count(n)
	case "throughput":
		return load.Flows, fmt.Sprintf("%.4g/s", load.Flows), load.Wall > 0
	case "requests":
		return load.Every, fmt.Sprintf("%.4g/s", load.Every), load.Wall > 0
	case "findings":
		n := 0.0
		for _, f := range load.Findings {
			if f.Word == reports.Fail {
				n += float64(max(f.Count, 1))
			}
		}
		return count(n)
	case "coverage":
		if load.Coverage == nil {
			return 0, "it is not known how many requests there should be", false
		}
		return load.Coverage.Share, fmt.Sprintf("%.4g %%", load.Coverage.Share*100), true
	case "growth":
		return l.growth(load)
	}
	return 0, "there is no such figure", false
}

func (l Limit) latency(load *reports.Load) (float64, string, bool) {
	metric := l.metric
	if metric == "latency" {
		// Without a schedule there is nothing to be late for.
		metric = map[bool]string{true: "response", false: "service"}[load.Model == Open]
	}
	var found []reports.LoadQuantiles
	for _, o := range load.Operations {
		if l.subject != "" && o.Name != l.subject {
			continue
		}
		q := o.Response
		if metric == "service" {
			q = o.Service
		}
		if q.Count > 0 {
			found = append(found, q)
		}
	}
	switch {
	case len(found) == 0:
		what := "nothing"
		if l.subject != "" {
			what = "no " + l.subject
		}
		return 0, what + " was answered as wanted", false
	case len(found) == 1:
		return quantile(found[0], l.at)
	}
	// Of all operations together: the histograms are joined, for quantiles cannot be.
	all := newHistogram()
	for _, o := range load.Operations {
		for _, c := range o.Classes {
			if class, _ := classNamed(c.Class); wantedClass(class) {
				text := c.Histogram
				if metric == "service" {
					text = c.ServiceHistogram
				}
				s, err := decodeSparse(text)
				if err != nil {
					return 0, "a histogram is damaged", false
				}
				s.into(all)
			}
		}
	}
	return quantile(quantiles(all), l.at)
}

func quantile(q reports.LoadQuantiles, at string) (float64, string, bool) {
	v := map[string]int64{"p50": q.P50, "p90": q.P90, "p95": q.P95, "p99": q.P99, "p99.9": q.P999, "max": q.Max, "mean": q.Mean}[at]
	if q.Count == 0 {
		return 0, "nothing was measured", false
	}
	return float64(v), short(v), true
}

func (l Limit) growth(load *reports.Load) (float64, string, bool) {
	for _, g := range load.Growth {
		if g.Operation != l.subject {
			continue
		}
		if l.shape == "" {
			if g.Verdict == "" {
				return 0, g.Sentence, false
			}
			return g.Factor.High, fmt.Sprintf("%.3g, at most %.3g", g.Factor.Value, g.Factor.High), true
		}
		rank, known := slices.Index(shapes, g.Verdict), slices.Index(shapes, l.shape)
		if g.Verdict == "growing" {
			switch {
			case l.shape == "flat":
				return 1, g.Verdict, true // whatever its shape, it is not flat
			case l.op == "<=" && (l.shape == "linear" || l.shape == "superlinear"):
				return 0, g.Verdict, true
			}
			return 0, "growing, but whether by log or linearly is not clear: use more users", false
		}
		if rank < 0 {
			return 0, g.Sentence, false
		}
		return float64(rank - known), g.Verdict, true
	}
	return 0, "the growth of " + l.subject + " was not measured", false
}

// JudgeAll holds the results against all limits and notes the outcome in the load.
func JudgeAll(load *reports.Load, limits []Limit) (met bool) {
	met = true
	load.Thresholds = nil
	for _, l := range limits {
		t := l.Judge(load)
		met = met && t.Met
		load.Thresholds = append(load.Thresholds, t)
	}
	return met
}
