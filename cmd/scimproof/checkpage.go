package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/suites"
)

// paragraph is a labelled part of what there is to say about a check; `explain` and docs/checks show the same ones.
type paragraph struct{ label, text string }

// pageOf is what there is to say about a check. Paragraphs that begin with a requirement come in a group.
func pageOf(c suites.CheckInfo) []paragraph {
	out := []paragraph{{"Tested", c.Title}, {"Why", c.Explain.Why}}
	for _, st := range c.Statements {
		if p := (paragraph{"Judged", st.How}); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, st := range c.Statements {
		out = append(out, paragraph{requirement, st.ID + "  [" + string(st.Level) + "]  RFC " + st.RFC + " section " + st.Section}, paragraph{"", st.Text}, paragraph{"", sectionLink(st)})
	}
	return append(out, paragraph{"Fix", c.Explain.Fix})
}

const requirement = "Requirement"

// markdownPage is the page of a check as Markdown.
func markdownPage(c suites.CheckInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s, area [%s](README.md#%s)\n", c.ID, c.Level, c.Area, c.Area)
	for _, p := range pageOf(c) {
		text := strings.Join(strings.Fields(p.text), " ")
		switch {
		case text == "":
		case p.label == requirement:
			fmt.Fprintf(&b, "\n**Requirement** %s\n", plainMarkdown(text))
		case strings.HasPrefix(text, "https://"):
			fmt.Fprintf(&b, "\n<%s>\n", text)
		case p.label == "":
			fmt.Fprintf(&b, "\n> %s\n", plainMarkdown(text))
		default:
			fmt.Fprintf(&b, "\n**%s** %s\n", p.label, plainMarkdown(text))
		}
	}
	fmt.Fprintf(&b, "\nTry it: `scimproof check URL --only %s`\n", c.ID)
	return b.String()
}

// plainMarkdown makes text mean itself.
func plainMarkdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`).Replace(s)
}

// markdownPages are the files of docs/checks: a page for each check and an index by area.
func markdownPages() map[string]string {
	pages := map[string]string{}
	byArea, areas := map[string][]suites.CheckInfo{}, []string{}
	for _, c := range suites.List() {
		if byArea[c.Area] == nil {
			areas = append(areas, c.Area)
		}
		byArea[c.Area] = append(byArea[c.Area], c)
		pages[c.ID+".md"] = markdownPage(c)
	}
	var index strings.Builder
	index.WriteString("# The checks\n\nMade by `make docs` from the checks and the catalogue of requirements. `scimproof explain ID` shows the same.\n")
	for _, area := range areas {
		fmt.Fprintf(&index, "\n## %s\n\n", area)
		for _, c := range byArea[area] {
			fmt.Fprintf(&index, "- [%s](%s.md) %s: %s\n", c.ID, c.ID, c.Level, plainMarkdown(c.Title))
		}
	}
	pages["README.md"] = index.String()
	return pages
}

func (m *Main) docs() *cobra.Command {
	return &cobra.Command{
		Use:   "docs DIR",
		Short: "Write a Markdown page for each check, and an index",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := writePages(args[0])
			if err != nil {
				return usage("name a directory that can be written", "%w", err)
			}
			fmt.Fprintf(m.out, "%d pages in %s\n", n, args[0])
			return nil
		},
	}
}

// writePages writes the pages into a directory, which holds nothing else: pages of checks that are gone are removed.
func writePages(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	pages := markdownPages()
	old, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return 0, err
	}
	for _, path := range old {
		if _, ok := pages[filepath.Base(path)]; ok {
			continue
		}
		// Only what looks like a page of ours is removed: somebody may have named a directory with files of their own.
		data, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		id := strings.TrimSuffix(filepath.Base(path), ".md")
		if bytes.HasPrefix(data, []byte("# "+id+"\n")) && strings.Contains(id, ".") {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, err
			}
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	return len(pages), nil
}
