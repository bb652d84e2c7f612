package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/suites"
	"github.com/scimproof/scimproof/suites/catalogue"
)

func (m *Main) explain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Explain a check, a requirement or a section: what, why, how to fix",
		Example: `  scimproof explain create.status
  scimproof explain 7644-3.3-05
  scimproof explain 7644/3.3`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return checkIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			id := args[0]
			for _, c := range suites.List() {
				if c.ID == id {
					m.explainCheck(c)
					return nil
				}
			}
			if statements := statementsOf(id); len(statements) > 0 {
				for i, st := range statements {
					if i > 0 {
						fmt.Fprintln(m.out)
					}
					m.explainStatement(st)
				}
				return nil
			}
			return usage(didYouMean(id, explainable(), "`scimproof list` shows all checks; requirements look like 7644-3.3-05, sections like 7644/3.3"), "nothing is called %q", id)
		},
	}
}

func checkIDs() []string {
	var ids []string
	for _, c := range suites.List() {
		ids = append(ids, c.ID)
	}
	return ids
}

// explainable lists everything that explain takes.
func explainable() []string {
	names := checkIDs()
	for _, st := range catalogue.All() {
		names = append(names, st.ID)
		if s := st.RFC + "/" + st.Section; !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names
}

// statementsOf finds a requirement by its id, or all of a section such as 7644/3.5.2.
func statementsOf(id string) []catalogue.Statement {
	if st, ok := catalogue.Find(id); ok {
		return []catalogue.Statement{st}
	}
	rfc, section, ok := strings.Cut(id, "/")
	if !ok {
		return nil
	}
	section = strings.TrimPrefix(section, "§")
	var out []catalogue.Statement
	for _, st := range catalogue.All() {
		if st.RFC == rfc && st.Section == section {
			out = append(out, st)
		}
	}
	return out
}

const explainWidth = 88

// para prints a labelled paragraph, or nothing.
func (m *Main) para(label, text string) {
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return
	}
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > explainWidth {
			fmt.Fprintf(m.out, "%-13s%s\n", label, line)
			label, line = "", ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	fmt.Fprintf(m.out, "%-13s%s\n", label, line)
}

func (m *Main) explainCheck(c suites.CheckInfo) {
	fmt.Fprintf(m.out, "%s  [%s]\n\n", c.ID, c.Level)
	for _, p := range pageOf(c) {
		if p.label == requirement || p.label == "Fix" {
			fmt.Fprintln(m.out)
		}
		if p.label == "Fix" {
			m.oftenWrong(c)
		}
		m.para(p.label, p.text)
	}
}

// oftenWrong lists the known defects that the check notices.
func (m *Main) oftenWrong(c suites.CheckInfo) {
	var wrong []string
	for _, f := range target.Flaws() {
		if slices.Contains(f.Kills, c.ID) {
			text := f.Title
			if f.TLS == nil && !f.Password {
				text += " (`scimproof demo --flaw " + f.Name + "`)"
			}
			wrong = append(wrong, text)
		}
	}
	for i, w := range wrong {
		label := ""
		if i == 0 {
			label = "Often wrong"
		}
		m.para(label, w)
	}
	if len(wrong) > 0 {
		fmt.Fprintln(m.out)
	}
}

func (m *Main) explainStatement(st catalogue.Statement) {
	fmt.Fprintf(m.out, "%s  [%s]  RFC %s section %s\n", st.ID, st.Level, st.RFC, st.Section)
	m.para("Statement", st.Text)
	m.para("Judged", st.How)
	m.para("Notes", st.Notes)
	m.para("Unsound", st.Unsound)
	m.para("Read", sectionLink(st))
	var checks []string
	for _, c := range suites.List() {
		if slices.ContainsFunc(c.Statements, func(s catalogue.Statement) bool { return s.ID == st.ID }) {
			checks = append(checks, c.ID)
		}
	}
	switch {
	case len(checks) > 0:
		m.para("Checks", strings.Join(checks, ", "))
	case !st.BindsServer():
		m.para("Checks", "none: it does not bind a server, or cannot be seen from outside")
	default:
		m.para("Checks", "none yet")
	}
}
