package reports

import (
	"slices"
	"strconv"
	"strings"
)

// htmlRFC is what the run says about one specification.
type htmlRFC struct {
	RFC        string
	Counts     []htmlCount
	Bar        []htmlPart
	Total      int
	Sections   []htmlSection
	Statements []htmlStatement
}

type htmlSection struct {
	Number, Title, Link           string
	Total                         int
	Pass, Fail, Warn, Skip, Other int
	Bar                           []htmlPart
}

type htmlStatement struct {
	ID, Level, Section, Statement string
	Word                          Word
	Checks                        int
}

// coverage groups the requirements that the checks of the run name by specification and section. A statement has the worst
// word of the checks that judge it; it counts as skipped only where all of them were.
func coverage(results []Result) []htmlRFC {
	worst := func(a, b Word) Word {
		order := []Word{Skip, Pass, Info, Waived, Warn, Error, Fail}
		if slices.Index(order, b) > slices.Index(order, a) {
			return b
		}
		return a
	}
	statements := map[string]*htmlStatement{}
	of := map[string]Requirement{}
	var ids []string
	for _, res := range results {
		for _, q := range res.Requirements {
			st := statements[q.ID]
			if st == nil {
				st = &htmlStatement{ID: line(q.ID), Level: line(string(q.Level)), Section: line(q.Section), Statement: line(q.Statement), Word: res.Word}
				statements[q.ID], of[q.ID] = st, q
				ids = append(ids, q.ID)
			}
			st.Word = worst(st.Word, res.Word)
			st.Checks++
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		if of[a].RFC != of[b].RFC {
			return strings.Compare(of[a].RFC, of[b].RFC)
		}
		if c := compareSections(of[a].Section, of[b].Section); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	var out []htmlRFC
	for _, id := range ids {
		q, st := of[id], statements[id]
		if n := len(out); n == 0 || out[n-1].RFC != line(q.RFC) {
			out = append(out, htmlRFC{RFC: line(q.RFC)})
		}
		rfc := &out[len(out)-1]
		if n := len(rfc.Sections); n == 0 || rfc.Sections[n-1].Number != line(q.Section) {
			rfc.Sections = append(rfc.Sections, htmlSection{Number: line(q.Section), Title: sectionTitles[q.RFC+"/"+q.Section], Link: rfcLink(q)})
		}
		s := &rfc.Sections[len(rfc.Sections)-1]
		s.Total++
		rfc.Total++
		switch st.Word {
		case Pass:
			s.Pass++
		case Fail:
			s.Fail++
		case Warn:
			s.Warn++
		case Skip:
			s.Skip++
		default:
			s.Other++
		}
		rfc.Statements = append(rfc.Statements, *st)
	}
	for i := range out {
		counts := map[Word]int{}
		for _, st := range out[i].Statements {
			counts[st.Word]++
		}
		for _, w := range htmlOrder {
			if counts[w] > 0 {
				out[i].Counts = append(out[i].Counts, htmlCount{w, counts[w]})
			}
		}
		out[i].Bar = bar([]htmlCount{{Pass, counts[Pass]}, {Fail, counts[Fail]}, {Error, counts[Error]}, {Warn, counts[Warn]}, {Waived, counts[Waived]}, {Info, counts[Info]}, {Skip, counts[Skip]}})
		for j := range out[i].Sections {
			s := &out[i].Sections[j]
			s.Bar = bar([]htmlCount{{Pass, s.Pass}, {Fail, s.Fail}, {Warn, s.Warn}, {Info, s.Other}, {Skip, s.Skip}})
		}
	}
	return out
}

// compareSections orders 3.4 before 3.4.1, and that before 3.10.
func compareSections(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return slices.CompareFunc(x, y, func(s, t string) int {
		m, err := strconv.Atoi(s)
		n, err2 := strconv.Atoi(t)
		if err != nil || err2 != nil {
			return strings.Compare(s, t)
		}
		return m - n
	})
}
