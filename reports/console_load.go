package reports

import (
	"fmt"
	"strings"
	"time"
)

// load prints the figures of a load: thresholds first, then latencies, outcomes, conflicts, growth and the generator.
func (c *console) load() {
	l := c.run.Load
	if l == nil {
		return
	}
	for _, t := range l.Thresholds {
		word := t.word()
		c.put(c.paint(word, string(word))+strings.Repeat(" ", 8-len(word)), 8, t.Text+"  "+t.Actual, 0)
	}
	if len(l.Thresholds) > 0 {
		fmt.Fprintln(c.w)
	}
	c.latencies(l)
	c.outcomes(l)
	c.line("Load", c.asked(l))
	for i, k := range l.Conflicts {
		wanted := "unwanted"
		if k.Wanted {
			wanted = "wanted"
		}
		label := ""
		if i == 0 {
			label = "Conflicts"
		}
		c.line(label, fmt.Sprintf("%s %s, %s: %s", k.Operation, k.Kind, wanted, thousands(k.Count)))
	}
	if t := l.Throttling; t.Count > 0 {
		c.line("Throttling", fmt.Sprintf("%s answers were 429, or 503 with Retry-After (%.1f %%), waited %s in all by policy %s; %.4g requests/s got through", thousands(t.Count), t.Share*100, time.Duration(t.Waited).Round(time.Millisecond), t.Policy, t.Goodput))
	}
	for i, g := range l.Growth {
		label := ""
		if i == 0 {
			label = "Growth"
		}
		c.line(label, g.Sentence)
	}
	c.limit(l.Limit)
	if l.Coverage != nil {
		text := l.Coverage.Sentence()
		if n := len(l.Coverage.Missing); n > 0 {
			text += fmt.Sprintf("; %s missing: %v", plural(n, "shard"), l.Coverage.Missing)
		}
		c.line("Coverage", text)
	}
	c.line("Audit", l.Audit)
	c.generator(l)
}

func (c *console) latencies(l *Load) {
	width := 12
	for _, o := range l.Operations {
		width = max(width, len(o.Name)+1)
	}
	basis := "from the due time"
	if l.Model != "open" {
		basis = "from sending"
	}
	c.put("", 0, "Latency "+basis+" of answers as wanted, by operation:", 0)
	fmt.Fprintf(c.w, "  %-*s%9s %9s %9s %9s %9s %9s %9s\n", width, "", "answers", "p50", "p90", "p95", "p99", "p99.9", "max")
	for _, o := range l.Operations {
		q := l.latency(o)
		fmt.Fprintf(c.w, "  %-*s%9s %9s %9s %9s %9s %9s %9s\n", width, c.clean(o.Name), thousands(q.Count), ms(q.P50), ms(q.P90), ms(q.P95), ms(q.P99), ms(q.P999), ms(q.Max))
	}
	fmt.Fprintln(c.w)
}

// outcomes prints how many answers were in which class, where any was not ok.
func (c *console) outcomes(l *Load) {
	var parts []string
	for _, o := range l.Operations {
		var of []string
		for _, k := range o.Classes {
			of = append(of, thousands(k.Count)+" "+k.Class)
		}
		if len(of) == 0 {
			of = []string{"none sent"}
		}
		text := o.Name + ": " + strings.Join(of, ", ")
		if o.Predicted > 0 && o.Predicted != o.Sent {
			text += fmt.Sprintf(" (predicted %s)", thousands(o.Predicted))
		}
		parts = append(parts, text)
	}
	for i, p := range parts {
		label := ""
		if i == 0 {
			label = "Outcomes"
		}
		c.line(label, p)
	}
}

func (c *console) asked(l *Load) string {
	var in, out int64
	for _, o := range l.Operations {
		in, out = in+o.BytesIn, out+o.BytesOut
	}
	text := fmt.Sprintf("%s, %s model, %s; achieved %.4g flows/s and %.5g requests/s in %s; %s sent, %s received",
		l.Scenario, l.Model, l.Asked, l.Flows, l.Every, time.Duration(l.Wall).Round(10*time.Millisecond), bytesText(out), bytesText(in))
	if l.Saturated > 0 {
		text += fmt.Sprintf("; all %d workers were busy for %s while work was due", l.Workers, time.Duration(l.Saturated).Round(time.Millisecond))
	}
	if l.WarmedUp > 0 {
		text += fmt.Sprintf("; %s requests of the warm-up are not counted", thousands(l.WarmedUp))
	}
	if l.Left > 0 {
		text += fmt.Sprintf("; %.1f %% of the plan were left undone", l.Left*100)
	}
	return text
}

func (c *console) limit(l *LoadLimit) {
	if l == nil {
		return
	}
	switch {
	case l.Sustained == 0:
		c.line("Limit", "no rate that was tried holds the thresholds: "+l.Why)
	case l.Broken == 0:
		c.line("Limit", fmt.Sprintf("%.4g flows/s hold, and nothing broke: %s", l.Sustained, l.Why))
	default:
		c.line("Limit", fmt.Sprintf("%.4g flows/s hold, %.4g do not: %s", l.Sustained, l.Broken, l.Why))
	}
	for _, s := range l.Steps {
		word := "holds"
		if !s.Met {
			word = s.Why
		}
		c.line("", fmt.Sprintf("%.4g/s asked, %.4g/s achieved, p95 %s, errors %.2g %%: %s", s.Rate, s.Achieved, ms(s.P95), s.Errors*100, word))
	}
}

func (c *console) generator(l *Load) {
	g := l.Generator
	text := fmt.Sprintf("%.0f %% of %s, %s of CPU", g.Busy*100, plural(g.Processors, "processor"), time.Duration(g.CPU).Round(10*time.Millisecond))
	if g.Memory > 0 {
		text += ", " + bytesText(g.Memory) + " of memory"
	}
	text += fmt.Sprintf("; own lag p50 %s, p99 %s; %s", ms(g.Lag.P50), ms(g.Lag.P99), g.Timer)
	c.line("Generator", text)
	if g.Invalid != "" {
		c.line("INVALID", g.Invalid)
	}
	c.line("Careful", g.Warning)
	fmt.Fprintln(c.w)
}

func bytesText(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
