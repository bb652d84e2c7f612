package suites

import (
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites/catalogue"
)

// Coverage tells how much of the catalogue the checks judge, counting only statements that bind a server and can be
// seen from outside (catalogue.Statement.BindsServer).
type Coverage struct {
	Rows    []CoverageRow         // by RFC and level, in the order of the catalogue
	Missing []catalogue.Statement // statements without a check
}

// CoverageRow counts the statements of one level in one RFC.
type CoverageRow struct {
	RFC     string        `json:"rfc"`
	Level   reports.Level `json:"level"`
	Covered int           `json:"covered"`
	Total   int           `json:"total"`
	// Unsound counts those without a check for which the catalogue gives the reason.
	Unsound int `json:"unsound"`
}

// CoverageOf counts which statements the checks name.
func CoverageOf(checks []CheckInfo) Coverage {
	named := map[string]bool{}
	for _, c := range checks {
		for _, st := range c.Statements {
			named[st.ID] = true
		}
	}
	levels := []reports.Level{reports.Must, reports.MustNot, reports.Should, reports.ShouldNot, reports.May, reports.Implied}
	at := map[[2]string]int{}
	var cov Coverage
	for _, st := range catalogue.All() {
		if !st.BindsServer() {
			continue
		}
		if _, seen := at[[2]string{st.RFC, string(st.Level)}]; !seen {
			for _, level := range levels {
				at[[2]string{st.RFC, string(level)}] = len(cov.Rows)
				cov.Rows = append(cov.Rows, CoverageRow{RFC: st.RFC, Level: level})
			}
		}
		row := &cov.Rows[at[[2]string{st.RFC, string(st.Level)}]]
		row.Total++
		if named[st.ID] {
			row.Covered++
			continue
		}
		if st.Unsound != "" {
			row.Unsound++
		}
		cov.Missing = append(cov.Missing, st)
	}
	return cov
}

// Absolute counts the MUST and MUST NOT statements, covered and in all.
func (c Coverage) Absolute() (covered, total int) {
	for _, r := range c.Rows {
		if r.Level.Absolute() {
			covered += r.Covered
			total += r.Total
		}
	}
	return covered, total
}
