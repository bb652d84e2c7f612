package suites

import (
	"testing"

	"github.com/scimproof/scimproof/suites/catalogue"
)

func TestCoverage(t *testing.T) {
	none := CoverageOf(nil)
	if covered, total := none.Absolute(); covered != 0 || total == 0 {
		t.Errorf("without checks %d of %d are covered", covered, total)
	}
	st := none.Missing[0]
	one := CoverageOf([]CheckInfo{{ID: "a.b", Statements: []catalogue.Statement{st}}, {ID: "a.c", Statements: []catalogue.Statement{st}}})
	if len(one.Missing) != len(none.Missing)-1 {
		t.Errorf("%d of %d statements are missing after one was covered", len(one.Missing), len(none.Missing))
	}
	sum, binding := 0, 0
	for _, r := range one.Rows {
		sum += r.Total
	}
	for _, s := range catalogue.All() {
		if s.BindsServer() {
			binding++
		}
	}
	if sum != binding {
		t.Errorf("the rows hold %d statements, the catalogue %d that bind a server", sum, binding)
	}
}
