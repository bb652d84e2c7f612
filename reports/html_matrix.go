package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Limits of the page of many runs.
const (
	matrixCells = 40_000    // results in the table of checks
	matrixSaid  = 1_000_000 // bytes of the reasons beside them
)

// WriteMatrixHTML writes the matrix as one page that stands alone, as WriteHTML does with one run.
func WriteMatrixHTML(w io.Writer, m *Matrix) error {
	var b bytes.Buffer
	if err := htmlTemplate.ExecuteTemplate(&b, "matrix.tmpl", newHTMLMatrix(m)); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// htmlMatrix is the page as the template sees it. All text in it is ready to be shown.
type htmlMatrix struct {
	Title, Tone, Glyph, Word, Says    string
	Runs                              []htmlMatrixRun
	Notes                             []string
	Words                             []htmlCount
	Areas, Levels                     []string
	Total, NotListed, SameCount       int
	Groups                            []htmlMatrixGroup
	Same                              []htmlRows2
	Rates, Features, Behaviours, Load htmlGrid
	Limits                            []string
	IsLoad                            bool
}

type htmlMatrixRun struct {
	Number                                  int
	Name, URL, When, Tool                   string
	Word, Tone, Glyph, Because              string
	Exit, Left                              int
	Grade, GradeSays, Must, Counts, Command string
	Bar                                     []htmlPart
	Facts                                   [][2]string
}

// htmlMatrixGroup is the rows of one area.
type htmlMatrixGroup struct {
	Area string
	Rows []htmlMatrixRow
}

type htmlMatrixRow struct {
	ID, Title, Area, Level string
	Word                   Word // the worst one
	Words                  []Word
	Differs                bool
	Said                   []htmlSaid // each reason once
}

// htmlSaid is a reason with the runs that give it.
type htmlSaid struct{ Runs, Text string }

// htmlGrid is any other table with a column for each run.
type htmlGrid struct {
	Label, First, Absent string
	Columns              []htmlMatrixRun
	Rows                 []htmlGridRow
}

type htmlGridRow struct {
	Head, Note string
	Differs    bool
	Cells      []htmlGridCell
}

type htmlGridCell struct{ Text, Tone, Small string }

func newHTMLMatrix(m *Matrix) *htmlMatrix {
	p := &htmlMatrix{Word: capital(m.verdicts()), Says: m.said() + ".", Notes: lines(m.Notes)}
	p.Title = p.Word + " of " + plural(len(m.Runs), "run")
	worst := -1
	for i := range m.Runs {
		x := newHTMLMatrixRun(m, i)
		p.Runs = append(p.Runs, x)
		p.IsLoad = p.IsLoad || m.runs[i].Load != nil
		if n := slices.Index([]string{"good", "warn", "open", "bad"}, x.Tone); n > worst {
			worst, p.Tone, p.Glyph = n, x.Tone, x.Glyph
		}
	}
	p.checks(m)
	p.grids(m)
	p.Limits = []string{
		"What a run did not have, and what did not apply there or was blocked, says nothing about its target. Only a PASS is a PASS.",
		"The number of failures is no measure of quality: one defect can make many checks fail. The report of each run has the causes.",
		"Each run is a picture of one moment, made with the values of its own seed.",
	}
	if p.IsLoad {
		p.Limits = append(p.Limits, "Figures of a load can be held against each other only where plan, rate, network and machine were the same, and a single run does not show how much they vary.")
	}
	return p
}

func newHTMLMatrixRun(m *Matrix, i int) htmlMatrixRun {
	r, x := m.runs[i], m.Runs[i]
	tone, ok := htmlTones[x.Verdict.Word]
	if !ok {
		tone = htmlTones[NoVerdict]
	}
	h := htmlMatrixRun{
		Number: i + 1, Name: line(m.Name(i)), URL: line(r.Target.URL), When: r.Started.UTC().Format("2 January 2006, 15:04 UTC"), Tool: line(x.Version),
		Word: x.Verdict.Word, Tone: tone[0], Glyph: tone[1], Exit: x.Verdict.Exit, Left: x.Left, Counts: summary(x.Verdict), Command: command(r),
		Must: fmt.Sprintf("%s of %s judged", thousands(int64(x.Verdict.MustPassed)), thousands(int64(x.Verdict.MustJudged))),
	}
	if len(x.Verdict.Reasons) > 0 {
		h.Because = line(x.Verdict.Reasons[0])
	}
	if r.Load != nil {
		h.Must = "a load"
	}
	h.GradeSays = line(x.NoGrade)
	if g := x.Grade; g != nil {
		h.Grade, h.GradeSays = g.Letter, fmt.Sprintf("score %.1f, grading guide %d", g.Score, g.Guide)
		if g.Cap != "" {
			h.GradeSays += "; capped: " + line(g.Cap)
		}
	}
	var counts []htmlCount
	for _, w := range Words() {
		counts = append(counts, htmlCount{w, x.Verdict.Count[w]})
	}
	h.Bar = bar(counts)
	fact := func(name, text string) {
		if text != "" {
			h.Facts = append(h.Facts, [2]string{name, line(text)})
		}
	}
	fact("Run", r.RunID)
	fact("Seed", fmt.Sprint(r.Seed))
	if s := r.CheckSet; s != nil {
		fact("Check set", strings.TrimSpace(fmt.Sprintf("%d checks %s", s.Checks, s.Digest)))
	}
	fact("Version", strings.TrimSpace(x.Version+" "+r.Tool.Commit))
	fact("Started", r.Started.UTC().Format(time.RFC3339))
	fact("Took", r.Finished.Sub(r.Started).Round(100*time.Millisecond).String())
	return h
}

// checks fills the table of checks by area: the areas of the worst rows first.
func (p *htmlMatrix) checks(m *Matrix) {
	at, count, said := map[string]int{}, map[Word]int{}, 0
	same := map[string]int{}
	for i, c := range m.Checks {
		row := htmlMatrixRow{ID: line(c.ID), Title: line(c.Title), Area: line(c.Area), Level: line(string(c.Level)), Word: Word(line(string(c.Worst))), Differs: c.Differs}
		for _, w := range c.Words {
			row.Words = append(row.Words, Word(line(string(w))))
		}
		if !c.notable() {
			if p.SameCount*2 > matrixCells {
				p.NotListed++
				continue
			}
			f := htmlFinding{ID: row.ID, Title: row.Title, Area: row.Area, Level: row.Level, Word: row.Word}
			if lacking := c.lacking(); len(lacking) > 0 {
				f.Lead = "not in " + numbers(lacking)
			}
			k, ok := same[row.Area]
			if !ok {
				k = len(p.Same)
				same[row.Area] = k
				p.Same = append(p.Same, htmlRows2{Title: row.Area})
			}
			p.Same[k].Rows = append(p.Same[k].Rows, f)
			p.SameCount++
		} else {
			if i*len(m.Runs) > matrixCells {
				p.NotListed++
				continue
			}
			if said < matrixSaid {
				for _, x := range together(c.Said) {
					row.Said = append(row.Said, htmlSaid{x.runs + ":", line(x.text)})
					said += len(x.text)
				}
			}
			k, ok := at[row.Area]
			if !ok {
				k = len(p.Groups)
				at[row.Area] = k
				p.Groups = append(p.Groups, htmlMatrixGroup{Area: row.Area})
			}
			p.Groups[k].Rows = append(p.Groups[k].Rows, row)
		}
		p.Total++
		count[c.Worst]++
		if !slices.Contains(p.Areas, row.Area) {
			p.Areas = append(p.Areas, row.Area)
		}
		if !slices.Contains(p.Levels, row.Level) {
			p.Levels = append(p.Levels, row.Level)
		}
	}
	slices.Sort(p.Areas)
	slices.Sort(p.Levels)
	slices.SortFunc(p.Same, func(a, b htmlRows2) int { return strings.Compare(a.Title, b.Title) })
	for _, w := range htmlOrder {
		if count[w] > 0 {
			p.Words = append(p.Words, htmlCount{w, count[w]})
		}
	}
}

// grids fills the other tables.
func (p *htmlMatrix) grids(m *Matrix) {
	p.Rates = htmlGrid{Label: "MUST checks passed by area", First: "Area", Absent: "not in this run", Columns: p.Runs}
	for _, a := range m.Areas[:min(len(m.Areas), htmlRows)] {
		row := htmlGridRow{Head: line(a.Area)}
		for _, r := range a.Rates {
			row.Cells = append(row.Cells, r.cell())
		}
		p.Rates.Rows = append(p.Rates.Rows, row)
	}
	p.Features = htmlGrid{Label: "Capabilities", First: "Feature", Absent: "not in this run", Columns: p.Runs}
	for _, f := range m.Features[:min(len(m.Features), htmlRows)] {
		row := htmlGridRow{Head: line(f.Name), Differs: f.Differs}
		for _, x := range f.Runs {
			var c htmlGridCell
			if x != nil {
				h := newHTMLFeature(*x)
				c = htmlGridCell{h.Says, h.Tone, "claimed: " + h.Claimed + "; seen: " + h.Observed}
			}
			row.Cells = append(row.Cells, c)
		}
		p.Features.Rows = append(p.Features.Rows, row)
	}
	p.Behaviours = htmlGrid{Label: "Behaviour", First: "Question", Absent: "not seen in this run", Columns: p.Runs}
	for _, b := range m.Behaviours[:min(len(m.Behaviours), htmlRows)] {
		row := htmlGridRow{Head: line(b.Question), Note: line(b.ID), Differs: b.Differs}
		for _, c := range b.Choices {
			row.Cells = append(row.Cells, htmlGridCell{Text: line(c)})
		}
		p.Behaviours.Rows = append(p.Behaviours.Rows, row)
	}
	p.Load = htmlGrid{Label: "Load", First: "Measure", Absent: "not measured", Columns: p.Runs}
	if m.Load == nil {
		return
	}
	row := htmlGridRow{Head: "what was asked for"}
	for _, asked := range m.Load.Asked {
		row.Cells = append(row.Cells, htmlGridCell{Text: line(asked)})
	}
	p.Load.Rows = append(p.Load.Rows, row)
	for _, x := range m.Load.Measures[:min(len(m.Load.Measures), htmlRows)] {
		row := htmlGridRow{Head: line(x.Operation + " " + x.Metric)}
		for i := range x.Values {
			row.Cells = append(row.Cells, htmlGridCell{Text: x.measure(i)})
		}
		p.Load.Rows = append(p.Load.Rows, row)
	}
	for _, g := range m.Load.Growth[:min(len(m.Load.Growth), htmlRows)] {
		row := htmlGridRow{Head: line(g.Operation + " against the size of the directory")}
		for _, verdict := range g.Verdicts {
			row.Cells = append(row.Cells, htmlGridCell{Text: line(verdict), Tone: growthTone(verdict)})
		}
		p.Load.Rows = append(p.Load.Rows, row)
	}
}

// cell words a share of MUST checks.
func (r MatrixRate) cell() htmlGridCell {
	if r.Checks == 0 {
		return htmlGridCell{}
	}
	c := htmlGridCell{Text: "no MUST judged", Tone: "open"}
	if r.Judged > 0 {
		c.Text, c.Tone = fmt.Sprintf("%s of %s", thousands(int64(r.Passed)), thousands(int64(r.Judged))), "good"
		if r.Passed < r.Judged {
			c.Tone = "bad"
		}
	}
	if r.Failed > 0 {
		c.Small = fmt.Sprintf("%d FAIL", r.Failed)
	}
	return c
}
