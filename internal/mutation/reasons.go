package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const reasonsFile = "internal/mutation/explained.txt"

// kinds are the reasons for which a mutant need not be noticed.
var kinds = map[string]string{
	"choice":    "left to the service by the RFCs",
	"embedding": "for programs that embed the target, where no client gets",
	"flaws":     "matter only in company of a flaw or of another legal choice",
	"same":      "answer every client as the clean target does",
}

// reason says why some mutants need not be noticed. The patterns are globs; a star matches anything. No line numbers: an
// explanation holds as long as its line stands somewhere in its function.
type reason struct {
	kind, file, fn, operator, text, why string
	used                                bool
}

type reasons []*reason

// readReasons reads explained.txt: `kind | file | function | operator | source line | reason`, where the source
// line may go on with ` => ` and the change..
func readReasons(root string) (reasons, error) {
	b, err := os.ReadFile(filepath.Join(root, reasonsFile))
	if err != nil {
		return nil, err
	}
	var out reasons
	for i, line := range strings.Split(string(b), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != 6 || kinds[parts[0]] == "" {
			return nil, fmt.Errorf("%s:%d: want kind | file | function | operator | source line | reason", reasonsFile, i+1)
		}
		out = append(out, &reason{kind: parts[0], file: parts[1], fn: parts[2], operator: parts[3], text: parts[4], why: parts[5]})
	}
	return out, nil
}

// apply gives each mutant its reason; the first that fits counts.
func (list reasons) apply(mutants []*mutant) {
	for _, m := range mutants {
		for _, r := range list {
			if fits(r.file, m.file) && fits(r.fn, m.fn) && fits(r.operator, m.operator) && r.says(m) {
				r.used = true
				if m.why == nil {
					m.why = r
				}
			}
		}
	}
}

// says tells whether the reason is about the mutant's line, or about its line and change.
func (r *reason) says(m *mutant) bool {
	return r.text == m.text || fits(r.text, m.text) || strings.Contains(r.text, " => ") && fits(r.text, m.text+" => "+m.change)
}

// fits is a glob match in which a star passes slashes too, and nothing but a star is special.
func fits(pattern, s string) bool {
	if pattern == "*" {
		return true
	}
	ok, err := path.Match(quoteAllButStars(pattern), strings.ReplaceAll(s, "/", "\x00"))
	return ok && err == nil
}

func quoteAllButStars(pattern string) string {
	return strings.NewReplacer("/", "\x00", `\`, `\\`, "[", `\[`, "]", `\]`, "?", `\?`).Replace(pattern)
}
