package reports

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// matrixFormats are the forms in which several runs can be told; the others are each of one run.
var matrixFormats = map[string]struct {
	write func(io.Writer, *Matrix) error
	file  string
}{
	"html":     {WriteMatrixHTML, "matrix.html"},
	"json":     {WriteMatrixJSON, "matrix.json"},
	"markdown": {WriteMatrixMarkdown, "matrix.md"},
	"text":     {func(w io.Writer, m *Matrix) error { return WriteMatrixConsole(w, m, Options{}) }, "matrix.txt"},
}

// MatrixFormats returns the names that WriteMatrix takes, sorted.
func MatrixFormats() []string { return slices.Sorted(maps.Keys(matrixFormats)) }

// MatrixFileName is the name of a format's file in a directory that holds one of each.
func MatrixFileName(name string) string { return matrixFormats[name].file }

// WriteMatrix writes the matrix in the named format.
func WriteMatrix(name string, w io.Writer, m *Matrix) error {
	f, ok := matrixFormats[name]
	if !ok {
		return fmt.Errorf("several runs cannot be written as %q; use one of %s", name, strings.Join(MatrixFormats(), ", "))
	}
	return f.write(w, m)
}

// WriteMatrixJSON writes the matrix as JSON; docs/results.md describes the fields.
func WriteMatrixJSON(w io.Writer, m *Matrix) error { return writeJSON(w, m) }

// matrixListed is the most rows that a terminal gets unless it asks for more.
const matrixListed = 40

// WriteMatrixConsole writes the matrix for a person at a terminal: what differs or is bad, and the runs last.
func WriteMatrixConsole(w io.Writer, m *Matrix, o Options) error {
	b := bufio.NewWriter(w)
	c := newConsole(b, &Run{}, o)
	columns := 7*len(m.Runs) <= c.o.Width-30
	if columns {
		for i := range m.Runs {
			fmt.Fprintf(b, "%-7d", i+1)
		}
		fmt.Fprintln(b)
	}
	left := 0
	for i, x := range m.Checks {
		switch {
		case !x.notable() && o.Verbose < 2:
		case i >= matrixListed && o.Verbose < 1:
			left++
		case columns:
			prefix := ""
			for _, word := range x.Words {
				text := string(word)
				switch {
				case word == "":
					text = "-"
				case !slices.Contains(Words(), word):
					text = "?"
				}
				prefix += c.paint(word, text) + strings.Repeat(" ", max(1, 7-len(text)))
			}
			c.put(prefix, 7*len(m.Runs), x.ID+"  "+x.Title, c.lines(2))
		default:
			c.put("", 0, x.ID+"  "+x.grouped(), c.lines(4))
		}
	}
	if left > 0 {
		c.put("", 0, plural(left, "more check")+"; -v lists them, -o html=FILE shows them side by side", 0)
	}
	fmt.Fprintln(b)
	for _, f := range m.Features {
		if f.Differs {
			c.put("drift   ", 8, f.Name+": "+f.grouped(), c.lines(3))
		}
	}
	for _, x := range m.Behaviours {
		if x.Differs {
			c.put("choice  ", 8, x.ID+" "+x.Question+": "+grouped(x.Choices), c.lines(3))
		}
	}
	if l := m.Load; l != nil {
		for _, x := range l.Measures {
			c.put("load    ", 8, x.Operation+" "+x.Metric+": "+grouped(x.texts()), c.lines(3))
		}
		for _, g := range l.Growth {
			c.put("growth  ", 8, g.Operation+": "+grouped(g.Verdicts), c.lines(3))
		}
	}
	fmt.Fprintln(b)
	for i, r := range m.Runs {
		c.put(fmt.Sprintf("Run %-8d", i+1), 12, strings.TrimSpace(r.Target.Name+" "+r.Target.URL)+", "+r.when()+", "+r.Version, c.lines(3))
		text := r.Verdict.Summary()
		if m.runs[i].Load == nil {
			text += fmt.Sprintf(", %d of %d MUST", r.Verdict.MustPassed, r.Verdict.MustJudged)
		}
		if r.Grade != nil {
			text += ", grade " + r.Grade.Letter
		}
		fmt.Fprintf(b, "%12s%s\n", "", c.verdict(r.Verdict))
		c.put(strings.Repeat(" ", 12), 12, text, c.lines(2))
	}
	for _, n := range m.Notes {
		c.line("Note", n)
	}
	c.line("Checks", m.said())
	c.line("Verdicts", m.Sentence())
	for _, path := range o.Reports {
		c.line("Report", path)
	}
	return b.Flush()
}

// when is the day and time of a run.
func (r MatrixRun) when() string { return r.Started.UTC().Format("2006-01-02 15:04 UTC") }

// matrixText is a text with the numbers of the runs that gave it.
type matrixText struct{ runs, text string }

// together lists each text once; "" is left out.
func together(texts []string) []matrixText {
	runs := map[string][]int{}
	var order []string
	for i, s := range texts {
		if s == "" {
			continue
		}
		if runs[s] == nil {
			order = append(order, s)
		}
		runs[s] = append(runs[s], i+1)
	}
	var out []matrixText
	for _, s := range order {
		out = append(out, matrixText{numbers(runs[s]), s})
	}
	return out
}

// grouped is the same in one line.
func grouped(texts []string) string {
	var parts []string
	for _, x := range together(texts) {
		parts = append(parts, x.runs+": "+x.text)
	}
	return strings.Join(parts, "; ")
}

// grouped lists which runs gave which word.
func (c MatrixCheck) grouped() string {
	var texts []string
	for _, w := range c.Words {
		texts = append(texts, string(w))
	}
	out := grouped(texts)
	if lacking := c.lacking(); len(lacking) > 0 {
		out += "; not in " + numbers(lacking)
	}
	return out
}

// grouped lists which runs claim and do what.
func (f MatrixFeature) grouped() string {
	var texts []string
	for _, x := range f.Runs {
		text := ""
		if x != nil {
			text = "claimed " + known(x.Claimed, "yes", "no") + ", seen " + known(x.Observed, "yes", "no")
		}
		texts = append(texts, text)
	}
	return grouped(texts)
}

// texts are the values of all runs in their unit.
func (x MatrixMeasure) texts() []string {
	var out []string
	for i := range x.Values {
		out = append(out, x.measure(i))
	}
	return out
}

// WriteMatrixMarkdown writes the matrix for a comment or a job summary: the runs, and the checks that differ or are bad.
func WriteMatrixMarkdown(w io.Writer, m *Matrix) error {
	d := &markdown{}
	d.put("## scimproof: "+m.verdicts()+"\n\n| | target | when | version | verdict | exit | grade | MUST | results |\n|--:|---|---|---|---|--:|---|---|---|\n", 0)
	for i, r := range m.Runs {
		grade := "–"
		if r.Grade != nil {
			grade = r.Grade.Letter
		}
		must := "–"
		if m.runs[i].Load == nil {
			must = fmt.Sprintf("%d of %d", r.Verdict.MustPassed, r.Verdict.MustJudged)
		}
		d.put(fmt.Sprintf("| %d | %s | %s | %s | %s | %d | %s | %s | %s |\n", i+1, strings.TrimSpace(mdCode(r.Target.Name)+" "+mdCode(r.Target.URL)), r.when(), mdText(xmlLine(r.Version)),
			r.Verdict.Word, r.Verdict.Exit, grade, must, r.Verdict.Summary()), 0)
	}
	d.put("\n"+capital(m.said())+".\n", 0)
	if len(m.Notes) > 0 {
		text := "\n"
		for _, n := range m.Notes {
			text += "- " + mdText(xmlLine(n)) + "\n"
		}
		d.put(text, 0)
	}
	head := func(first string) string {
		text := "| " + first + " |"
		for i := range m.Runs {
			text += fmt.Sprintf(" %d |", i+1)
		}
		return text + "\n|---|" + strings.Repeat("---|", len(m.Runs)) + "\n"
	}
	row := func(first string, cells []string, absent string) string {
		text := "| " + first + " |"
		for _, c := range cells {
			if c == "" {
				c = absent
			}
			text += " " + c + " |"
		}
		return text + "\n"
	}
	started := false
	for _, c := range m.Checks {
		if !c.notable() {
			continue
		}
		if !started {
			started = true
			d.put("\n### Checks\n\n"+head("check"), 0)
		}
		var cells []string
		for _, word := range c.Words {
			cells = append(cells, mdText(xmlLine(string(word))))
		}
		d.put(row(mdCode(c.ID)+" "+mdText(xmlLine(c.Title)), cells, "not in this run"), reserve)
	}
	section := func(title, first, absent string, rows [][]string) {
		if len(rows) == 0 {
			return
		}
		d.put("\n### "+title+"\n\n"+head(first), reserve/2)
		for _, r := range rows {
			d.put(row(r[0], r[1:], absent), reserve/2)
		}
	}
	text := func(s string) string { return mdText(xmlLine(s)) }
	var features, behaviours, load [][]string
	for _, f := range m.Features {
		if !f.Differs {
			continue
		}
		cells := []string{text(f.Name)}
		for _, x := range f.Runs {
			if x == nil {
				cells = append(cells, "")
				continue
			}
			cells = append(cells, text(newHTMLFeature(*x).Says))
		}
		features = append(features, cells)
	}
	for _, b := range m.Behaviours {
		if !b.Differs {
			continue
		}
		cells := []string{text(b.Question)}
		for _, c := range b.Choices {
			cells = append(cells, text(c))
		}
		behaviours = append(behaviours, cells)
	}
	if l := m.Load; l != nil {
		for _, x := range l.Measures {
			load = append(load, append([]string{text(x.Operation + " " + x.Metric)}, x.texts()...))
		}
		for _, g := range l.Growth {
			cells := []string{text(g.Operation + " against size")}
			for _, verdict := range g.Verdicts {
				cells = append(cells, text(verdict))
			}
			load = append(load, cells)
		}
	}
	section("Capabilities that differ", "feature", "not in this run", features)
	section("Choices that differ", "question", "not seen", behaviours)
	section("Load", "measure", "not measured", load)
	if d.cut > 0 {
		d.put(fmt.Sprintf("\n_%s left out, for want of space._\n", plural(d.cut, "line")), 0)
	}
	_, err := w.Write(d.b.Bytes())
	return err
}
