package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
	"github.com/scimproof/scimproof/suites/catalogue"
)

var listable = []string{"checks", "flaws", "variants", "formats", "features"}

func (m *Main) list() *cobra.Command {
	var coverage, asJSON bool
	c := &cobra.Command{
		Use:       "list [checks|flaws|variants|formats|features]",
		Short:     "List the checks, or what else has names",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: listable,
		RunE: func(_ *cobra.Command, args []string) error {
			what := "checks"
			if len(args) == 1 {
				what = args[0]
			}
			if !slices.Contains(listable, what) {
				return usage(didYouMean(what, listable, "use one of "+strings.Join(listable, ", ")), "there is no list of %q", what)
			}
			if coverage {
				if what != "checks" {
					return usage("`scimproof list --coverage`", "--coverage is about checks, not %s", what)
				}
				return m.listCoverage(asJSON)
			}
			if asJSON {
				return m.json(listed(what))
			}
			switch what {
			case "checks":
				for _, c := range suites.List() {
					fmt.Fprintf(m.out, "%-40s %-10s %s\n", c.ID, c.Level, c.Title)
				}
			case "flaws":
				m.listFlaws()
			case "variants":
				m.listVariants()
			default:
				for _, name := range listed(what).([]string) {
					fmt.Fprintln(m.out, name)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&coverage, "coverage", false, "how much of the RFCs the checks judge, and what they do not")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// listed is a list as JSON shows it.
func listed(what string) any {
	switch what {
	case "flaws":
		type flaw struct {
			Name  string   `json:"name"`
			Title string   `json:"title"`
			Kills []string `json:"kills"`
		}
		out := []flaw{}
		for _, f := range allFlaws() {
			out = append(out, flaw{f.Name, f.Title, f.Kills})
		}
		return out
	case "variants":
		type variant struct {
			Name  string `json:"name"`
			Title string `json:"title"`
		}
		out := []variant{}
		for _, v := range target.Variants() {
			out = append(out, variant{v.Name, v.Title})
		}
		return out
	case "formats":
		return reports.Formats()
	case "features":
		var out []string
		for _, f := range suites.Features() {
			out = append(out, string(f))
		}
		return out
	}
	type check struct {
		suites.CheckInfo
		Requirements []string `json:"requirements"`
	}
	out := []check{}
	for _, c := range suites.List() {
		e := check{CheckInfo: c}
		for _, st := range c.Statements {
			e.Requirements = append(e.Requirements, st.ID)
		}
		out = append(out, e)
	}
	return out
}

// allFlaws are the defects that a check sees, and those that only a load shows.
func allFlaws() []target.Flaw { return slices.Concat(target.Flaws(), target.LoadFlaws()) }

func (m *Main) listFlaws() {
	for _, f := range allFlaws() {
		fmt.Fprintf(m.out, "%-36s flaw     %s\n", f.Name, f.Title)
	}
}

func (m *Main) listVariants() {
	for _, v := range target.Variants() {
		fmt.Fprintf(m.out, "%-36s variant  %s\n", v.Name, v.Title)
	}
}

// listCoverage prints how many of the statements that bind a server, and can be seen, have a check.
func (m *Main) listCoverage(asJSON bool) error {
	cov := suites.CoverageOf(suites.List())
	if asJSON {
		return m.json(coverageJSON(cov))
	}
	fmt.Fprintf(m.out, "%-6s %-11s %8s %6s %5s  %s\n", "RFC", "level", "covered", "of", "%", "unsound to check")
	for _, r := range cov.Rows {
		if r.Total > 0 {
			fmt.Fprintf(m.out, "%-6s %-11s %8d %6d %5d  %d\n", r.RFC, r.Level, r.Covered, r.Total, 100*r.Covered/r.Total, r.Unsound)
		}
	}
	covered, total := cov.Absolute()
	fmt.Fprintf(m.out, "\n%d of %d observable MUST and MUST NOT statements that bind a server have a check (%d %%)\n", covered, total, 100*covered/total)
	if len(cov.Missing) > 0 {
		fmt.Fprintf(m.out, "\nWithout a check:\n")
	}
	for _, st := range cov.Missing {
		fmt.Fprintf(m.out, "%-16s %-10s %s\n", st.ID, st.Level, st.Text)
		if st.Unsound != "" {
			fmt.Fprintf(m.out, "%-16s %-10s (unsound: %s)\n", "", "", st.Unsound)
		}
	}
	return nil
}

func coverageJSON(cov suites.Coverage) any {
	type missing struct {
		ID        string        `json:"id"`
		Level     reports.Level `json:"level"`
		Statement string        `json:"statement"`
		Unsound   string        `json:"unsound,omitempty"`
	}
	out := struct {
		Rows    []suites.CoverageRow `json:"rows"`
		Missing []missing            `json:"missing"`
	}{[]suites.CoverageRow{}, []missing{}}
	for _, r := range cov.Rows {
		if r.Total > 0 {
			out.Rows = append(out.Rows, r)
		}
	}
	for _, st := range cov.Missing {
		out.Missing = append(out.Missing, missing{st.ID, st.Level, st.Text, st.Unsound})
	}
	return out
}

// sectionLink is where a reader finds a section.
func sectionLink(st catalogue.Statement) string {
	return "https://www.rfc-editor.org/rfc/rfc" + st.RFC + "#section-" + st.Section
}
