package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// htmlOperations is the most operations that get a line or a chart of their own; the others are in the tables.
const htmlOperations = 6

// htmlLoad is the load of the run.
type htmlLoad struct {
	Asked, Basis      string
	Thresholds        []htmlThreshold
	Operations        []htmlOperation
	Throughput, Curve *htmlChart
	Latency, Size     []*htmlChart
	Growth            []htmlGrowth
	Conflicts, Facts  [][2]string
	Limit             string
	Steps             []htmlStep
	Invalid, Warning  string
	NotCharted        string
}

type htmlThreshold struct {
	Word         Word
	Text, Actual string
}

type htmlOperation struct {
	Name, Answers, P50, P90, P95, P99, P999, Max string
	Sent, Predicted                              string
	Bar                                          []htmlPart
	Outcomes                                     string
}

type htmlGrowth struct{ Operation, Verdict, Tone, Sentence string }

type htmlStep struct{ Asked, Achieved, P95, Errors, Says, Tone string }

// classWords gives each outcome class a colour; what has none is drawn as a failure.
var classWords = map[string]string{"ok": "pass", "wanted-conflict": "info", "throttled": "warn", "unwanted-conflict": "error"}

func classWord(class string) string { return cmp.Or(classWords[class], "fail") }

func newHTMLLoad(l *Load) *htmlLoad {
	if l == nil {
		return nil
	}
	h := &htmlLoad{Basis: "from sending", Invalid: line(l.Generator.Invalid), Warning: line(l.Generator.Warning)}
	if l.Model == "open" {
		h.Basis = "from the time a request was due"
	}
	h.Asked = line((&console{}).asked(l))
	for _, t := range l.Thresholds {
		word := t.word()
		h.Thresholds = append(h.Thresholds, htmlThreshold{word, line(t.Text), line(t.Actual)})
	}
	for _, o := range l.Operations {
		h.Operations = append(h.Operations, l.operation(o))
	}
	for _, k := range l.Conflicts {
		wanted := "unwanted"
		if k.Wanted {
			wanted = "wanted"
		}
		h.Conflicts = append(h.Conflicts, [2]string{line(k.Operation + ", " + k.Kind + ", " + wanted), thousands(k.Count)})
	}
	h.growth(l)
	h.limit(l.Limit)
	h.facts(l)
	names := l.mostSent()
	h.Throughput = l.throughput()
	h.Curve = l.curves(names)
	for i, name := range names {
		if c := l.latencyOf(name, fmt.Sprintf("latency-%d", i)); c != nil {
			h.Latency = append(h.Latency, c)
		}
	}
	if n := len(l.Operations) - len(names); n > 0 {
		h.NotCharted = plural(n, "operation") + " with fewer requests: see the tables"
	}
	return h
}

func (l *Load) operation(o LoadOperation) htmlOperation {
	q := l.latency(o)
	h := htmlOperation{
		Name: line(o.Name), Answers: thousands(q.Count), P50: ms(q.P50), P90: ms(q.P90), P95: ms(q.P95), P99: ms(q.P99), P999: ms(q.P999), Max: ms(q.Max),
		Sent: thousands(o.Sent),
	}
	if o.Predicted > 0 && o.Predicted != o.Sent {
		h.Predicted = thousands(o.Predicted)
	}
	var counts []htmlCount
	var text []string
	for _, c := range o.Classes {
		if c.Count > 0 {
			counts = append(counts, htmlCount{Word(classWord(c.Class)), int(c.Count)})
			text = append(text, thousands(c.Count)+" "+line(c.Class))
		}
	}
	h.Bar, h.Outcomes = bar(counts), cmp.Or(strings.Join(text, ", "), "none sent")
	return h
}

// mostSent are the operations that get charts, in the order of the load.
func (l *Load) mostSent() []string {
	list := slices.Clone(l.Operations)
	slices.SortStableFunc(list, func(a, b LoadOperation) int { return cmp.Compare(b.Sent, a.Sent) })
	list = list[:min(len(list), htmlOperations)]
	var names []string
	for _, o := range l.Operations {
		if slices.ContainsFunc(list, func(p LoadOperation) bool { return p.Name == o.Name }) {
			names = append(names, o.Name)
		}
	}
	return names
}

// throughput is requests per second over time by class, with the rate that was asked for where there was one.
func (l *Load) throughput() *htmlChart {
	perClass := map[string]map[int64]float64{}
	width := map[int64]int64{}
	var classes []string
	for _, w := range l.Series {
		width[w.At] = max(w.Width, 1)
		for class, n := range w.Classes {
			if perClass[class] == nil {
				perClass[class] = map[int64]float64{}
				classes = append(classes, class)
			}
			perClass[class][w.At] += float64(n)
		}
	}
	var at []int64
	for t := range width {
		at = append(at, t)
	}
	if len(at) < 2 {
		return nil
	}
	slices.Sort(at)
	slices.SortFunc(classes, func(a, b string) int {
		if (a == "ok") != (b == "ok") {
			return map[bool]int{true: -1, false: 1}[a == "ok"]
		}
		return strings.Compare(a, b)
	})
	c := chart{title: "Throughput over time", xLabel: "seconds since the load began", yLabel: "requests per second"}
	last := at[len(at)-1]
	total := 0.0
	for _, class := range classes {
		s := series{name: class}
		for _, t := range at {
			total += perClass[class][t]
			// The last window is seldom whole, and would look like a collapse.
			if t == last && len(at) > 3 {
				continue
			}
			s.points = append(s.points, point{float64(t) + float64(width[t])/2, perClass[class][t] / float64(width[t])})
		}
		s.points = thin(s.points)
		c.series = append(c.series, s)
	}
	c.says = fmt.Sprintf("%s in %s, %.4g per second on average.", plural(int(total), "request"), time.Duration(l.Wall).Round(10*time.Millisecond), l.Every)
	if float64(last+width[last]) > time.Duration(l.Wall).Seconds()+2 {
		c.says += " The axis has the pauses for probes too, the average has not."
	}
	if l.Rate > 0 && l.Started > 0 {
		c.series = append(c.series, series{name: "flows asked for", target: true, points: []point{{float64(at[0]), l.Rate}, {float64(last + width[last]), l.Rate}}})
		c.says += fmt.Sprintf(" %.4g flows per second were asked for and %.4g started; a flow has one request or more.", l.Rate, l.Flows)
	}
	return c.draw("throughput")
}

// thinTo is how many points of a line can be told apart.
const thinTo = 240

// thin joins neighbours where there are too many points, and keeps the highest, which is what a reader looks for.
func thin(points []point) []point {
	step := (len(points) + thinTo - 1) / thinTo
	if step <= 1 {
		return points
	}
	var out []point
	for i := 0; i < len(points); i += step {
		group := points[i:min(i+step, len(points))]
		out = append(out, slices.MaxFunc(group, func(a, b point) int { return cmp.Compare(a.y, b.y) }))
	}
	return out
}

// latencyOf is the latency of one operation over time.
func (l *Load) latencyOf(name, id string) *htmlChart {
	p50, p95, p99 := series{name: "p50"}, series{name: "p95"}, series{name: "p99"}
	end := 0.0 // of the load, so that the charts stand beside each other
	for _, w := range l.Series {
		end = max(end, float64(w.At+w.Width))
		if w.Operation != name || w.P50 == 0 {
			continue
		}
		x := float64(w.At) + float64(max(w.Width, 1))/2
		p50.points = append(p50.points, point{x, float64(w.P50) / 1e6})
		p95.points = append(p95.points, point{x, float64(w.P95) / 1e6})
		p99.points = append(p99.points, point{x, float64(w.P99) / 1e6})
	}
	if len(p50.points) < 3 {
		return nil
	}
	p50.points, p95.points, p99.points = thin(p50.points), thin(p95.points), thin(p99.points)
	says := ""
	for _, o := range l.Operations {
		if q := l.latency(o); o.Name == name {
			says = fmt.Sprintf("Over the whole load: p50 %s, p95 %s, p99 %s.", ms(q.P50), ms(q.P95), ms(q.P99))
		}
	}
	c := chart{title: "Latency of " + line(name), says: says, xLabel: "seconds since the load began", yLabel: "latency", yLog: true, yText: shortTime, series: []series{p50, p95, p99}, from: 0, to: end}
	return c.draw(id)
}

// curves are the percentile curves of the answers as wanted.
func (l *Load) curves(names []string) *htmlChart {
	c := chart{title: "Latency by percentile", says: "Answers as wanted; each nine takes the same room, so that the slow tail can be seen.", xLabel: "share of answers that are faster", yLabel: "latency", yLog: true, yText: shortTime}
	most := int64(0)
	for _, o := range l.Operations {
		if !slices.Contains(names, o.Name) {
			continue
		}
		for _, class := range o.Classes {
			if class.Class != "ok" {
				continue
			}
			text := class.ServiceHistogram
			if l.Model == "open" || text == "" {
				text = class.Histogram
			}
			if points := curve(buckets(text)); points != nil {
				c.series = append(c.series, series{name: o.Name, points: points})
				most = max(most, class.Count)
			}
		}
	}
	c.xTicks = ninesTicks(most)
	return c.draw("percentiles")
}

// growth is latency against the size of the directory, a chart per operation, since their scales differ.
// verdict is how the operation grows, in a word or two.
func (g Growth) verdict() string { return cmp.Or(g.Verdict, "not known") }

func growthTone(verdict string) string {
	switch verdict {
	case "flat", "log":
		return "good"
	case "linear", "superlinear":
		return "bad"
	case "", "not known":
		return "open"
	}
	return "warn"
}

func (h *htmlLoad) growth(l *Load) {
	for i, g := range l.Growth[:min(len(l.Growth), 2*htmlOperations)] {
		h.Growth = append(h.Growth, htmlGrowth{line(g.Operation), line(g.verdict()), growthTone(g.Verdict), line(g.Sentence)})
		var points []point
		for _, p := range g.Points {
			points = append(points, point{float64(p.Size), p.Micros / 1e3})
		}
		if len(points) < 2 {
			continue
		}
		c := chart{
			title: "Size and latency of " + line(g.Operation), says: line(g.Sentence), xLabel: "users in the directory", yLabel: "median latency", yText: shortTime, dots: true,
			series: []series{{name: "median of the probes", points: points}},
		}
		if drawn := c.draw(fmt.Sprintf("growth-%d", i)); drawn != nil {
			h.Size = append(h.Size, drawn)
		}
	}
}

func (h *htmlLoad) limit(l *LoadLimit) {
	if l == nil {
		return
	}
	switch {
	case l.Sustained == 0:
		h.Limit = "No rate that was tried holds the thresholds: " + line(l.Why)
	case l.Broken == 0:
		h.Limit = fmt.Sprintf("%.4g flows per second hold, and nothing broke: %s", l.Sustained, line(l.Why))
	default:
		h.Limit = fmt.Sprintf("%.4g flows per second hold, %.4g do not: %s", l.Sustained, l.Broken, line(l.Why))
	}
	for _, s := range l.Steps {
		step := htmlStep{fmt.Sprintf("%.4g/s", s.Rate), fmt.Sprintf("%.4g/s", s.Achieved), ms(s.P95), fmt.Sprintf("%.2g %%", s.Errors*100), "holds", "good"}
		if !s.Met {
			step.Says, step.Tone = line(s.Why), "bad"
		}
		h.Steps = append(h.Steps, step)
	}
}

func (h *htmlLoad) facts(l *Load) {
	fact := func(name, text string) {
		if text != "" {
			h.Facts = append(h.Facts, [2]string{name, line(text)})
		}
	}
	if t := l.Throttling; t.Count > 0 {
		fact("Throttling", fmt.Sprintf("%s answers were 429, or 503 with Retry-After (%.1f %%), waited %s in all by policy %s; %.4g requests/s got through",
			thousands(t.Count), t.Share*100, time.Duration(t.Waited).Round(time.Millisecond), t.Policy, t.Goodput))
	}
	fact("Audit", l.Audit)
	if l.Coverage != nil {
		text := l.Coverage.Sentence()
		if n := len(l.Coverage.Missing); n > 0 {
			text += fmt.Sprintf("; %s missing: %v", plural(n, "shard"), l.Coverage.Missing)
		}
		fact("Coverage", text)
	}
	g := l.Generator
	text := fmt.Sprintf("%.0f %% of %s, %s of CPU", g.Busy*100, plural(g.Processors, "processor"), time.Duration(g.CPU).Round(10*time.Millisecond))
	if g.Memory > 0 {
		text += ", " + bytesText(g.Memory) + " of memory"
	}
	fact("Generator", text+fmt.Sprintf("; own lag p50 %s, p99 %s; %s", ms(g.Lag.P50), ms(g.Lag.P99), g.Timer))
}

// loadCards are the figures that a load is told by.
func (b *htmlBuilder) loadCards() {
	l := b.run.Load
	broken, unjudged := 0, 0
	for _, t := range l.Thresholds {
		switch {
		case !t.Judged:
			unjudged++
		case !t.Met:
			broken++
		}
	}
	met := htmlCard{Label: "Thresholds met", Value: fmt.Sprintf("%d of %d", len(l.Thresholds)-broken-unjudged, len(l.Thresholds)), Tone: "good"}
	switch {
	case broken > 0:
		met.Tone = "bad"
	case unjudged > 0 || len(l.Thresholds) == 0:
		met.Tone = "open"
	}
	for i, t := range l.Thresholds {
		if i == 4 {
			met.Lines = append(met.Lines, fmt.Sprintf("and %d more", len(l.Thresholds)-i))
			break
		}
		met.Lines = append(met.Lines, line(t.Text+": "+t.Actual))
	}
	rate := htmlCard{Label: "Requests per second", Value: fmt.Sprintf("%.4g", l.Every), Lines: []string{fmt.Sprintf("%.4g flows per second; asked for: %s", l.Flows, line(l.Asked))}}
	if l.Generator.Invalid != "" {
		rate.Tone = "open"
		rate.Lines = append(rate.Lines, "the measurement is invalid")
	}
	b.page.Cards = append(b.page.Cards, met, rate)
}
