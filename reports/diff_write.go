package reports

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// diffGroup is one list of changes under its heading.
type diffGroup struct {
	head, mark string
	list       []Change
}

func (d *Diff) groups() []diffGroup {
	return []diffGroup{{"Regressed", "worse", d.Regressed}, {"Fixed", "better", d.Fixed}, {"New", "new", d.Found}, {"Gone", "gone", d.Gone}}
}

// said words the change of a check.
func (c Change) said() string {
	from, to := string(c.Old), string(c.New)
	if c.Old == "" {
		from = "not there"
	}
	if c.New == "" {
		to = "not there"
	}
	return from + " → " + to
}

// measure writes a value of a load in its unit.
func (c LoadChange) measure(v float64) string {
	if c.Metric == "requests/s" {
		return fmt.Sprintf("%.4g/s", v)
	}
	return ms(int64(v))
}

// change is the difference in per cent, or ~.
func (c LoadChange) change() string {
	if c.Word == LoadSame || c.Old == 0 {
		return LoadSame
	}
	return fmt.Sprintf("%+.1f %%", (c.New/c.Old-1)*100)
}

// WriteDiff writes the difference for a person at a terminal: what regressed first.
func WriteDiff(w io.Writer, d *Diff, o Options) error {
	b := bufio.NewWriter(w)
	c := newConsole(b, &Run{}, o)
	for _, g := range d.groups() {
		word := Fail
		if g.head != "Regressed" && g.head != "New" {
			word = Pass
		}
		for _, x := range g.list {
			c.put(c.paint(word, g.mark)+strings.Repeat(" ", 8-len(g.mark)), 8, x.ID+"  "+x.said()+"  "+x.Title, c.lines(4))
			c.field("found", x.Message, c.lines(2))
			if x.Unknown {
				c.field("note", "the old run had no such check", 1)
			}
		}
		if len(g.list) > 0 {
			fmt.Fprintln(b)
		}
	}
	for _, x := range d.Causes {
		c.put(c.paint(Fail, "cause")+"   ", 8, x.likely()+" ("+plural(len(x.Checks), "check")+")", c.lines(3))
	}
	for _, x := range d.Drift {
		c.put("drift   ", 8, x.Kind+" "+x.Name+": "+x.Old+" → "+x.New, c.lines(3))
	}
	if len(d.Causes)+len(d.Drift) > 0 {
		fmt.Fprintln(b)
	}
	for _, x := range d.Load {
		word := Info
		switch x.Word {
		case LoadSlower:
			word = Fail
		case LoadFaster:
			word = Pass
		}
		c.put(c.paint(word, x.Word)+strings.Repeat(" ", 8-len(x.Word)), 8, x.Operation+" "+x.Metric+"  "+x.measure(x.Old)+" → "+x.measure(x.New)+"  "+x.change()+"  "+x.Why, c.lines(3))
	}
	if len(d.Load) > 0 {
		fmt.Fprintln(b)
	}
	c.line("Old", d.Old.line())
	c.line("New", d.New.line())
	c.line("Checks", d.counts())
	for _, n := range d.Notes {
		c.line("Note", n)
	}
	return b.Flush()
}

func (s DiffSide) line() string {
	text := s.Target + ": " + s.Verdict
	if s.Repeats > 1 {
		text += fmt.Sprintf(", %d repeats", s.Repeats)
	}
	return text
}

func (d *Diff) counts() string {
	return fmt.Sprintf("%d regressed, %d fixed, %d new, %d gone, %d the same", len(d.Regressed), len(d.Fixed), len(d.Found), len(d.Gone), d.Same)
}

// WriteDiffMarkdown writes the difference for a comment or a job summary.
func WriteDiffMarkdown(w io.Writer, d *Diff) error {
	m := &markdown{}
	m.put("## scimproof: "+d.counts()+"\n\n| | target | verdict |\n|---|---|---|\n", 0)
	for _, s := range []struct {
		name string
		side DiffSide
	}{{"old", d.Old}, {"new", d.New}} {
		m.put(fmt.Sprintf("| %s | %s | %s |\n", s.name, mdCode(s.side.Target), s.side.Verdict), 0)
	}
	for _, n := range d.Notes {
		m.put("\n"+mdText(xmlLine(n))+"\n", 0)
	}
	for _, g := range d.groups() {
		if len(g.list) == 0 {
			continue
		}
		m.put("\n### "+g.head+"\n\n", 0)
		for _, c := range g.list {
			note := ""
			if c.Unknown {
				note = " (the old run had no such check)"
			}
			m.put(fmt.Sprintf("- %s %s %s: %s%s\n", mdCode(c.ID), c.said(), mdText(xmlLine(c.Title)), mdText(xmlLine(c.Message)), note), reserve)
		}
	}
	if len(d.Causes) > 0 {
		m.put("\n### Causes\n\n", 0)
		for _, c := range d.Causes {
			m.put(fmt.Sprintf("- %s (%s)\n", mdText(xmlLine(c.likely())), plural(len(c.Checks), "check")), reserve)
		}
	}
	if len(d.Drift) > 0 {
		m.put("\n### Drift\n\n", 0)
		for _, x := range d.Drift {
			m.put(fmt.Sprintf("- %s %s: %s → %s\n", x.Kind, mdText(xmlLine(x.Name)), mdText(xmlLine(x.Old)), mdText(xmlLine(x.New))), reserve)
		}
	}
	if len(d.Load) > 0 {
		m.put("\n### Load\n\n| operation | | old | new | | |\n|---|---|--:|--:|--:|---|\n", 0)
		for _, x := range d.Load {
			m.put(fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", mdCode(x.Operation), mdText(x.Metric), x.measure(x.Old), x.measure(x.New), mdText(x.change()), mdText(xmlLine(x.Word+" "+x.Why))), reserve)
		}
	}
	if m.cut > 0 {
		m.put(fmt.Sprintf("\n_%s left out, for want of space._\n", plural(m.cut, "line")), 0)
	}
	_, err := w.Write(m.b.Bytes())
	return err
}
