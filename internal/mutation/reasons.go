package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const reasonsFile = "internal/mutation/explained.txt"

// reason says why some mutants need not be noticed. The patterns are globs; a star matches anything.
type reason struct {
	file, fn, operator, text, why string
	used                          bool
}

type reasons []*reason

// readReasons reads explained.txt: `file | function | operator | source line | reason`.
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
		if len(parts) != 5 {
			return nil, fmt.Errorf("%s:%d: want file | function | operator | source line | reason", reasonsFile, i+1)
		}
		out = append(out, &reason{file: parts[0], fn: parts[1], operator: parts[2], text: parts[3], why: parts[4]})
	}
	return out, nil
}

// apply gives each mutant its reason; the first that fits counts.
func (list reasons) apply(mutants []*mutant) {
	for _, m := range mutants {
		for _, r := range list {
			if fits(r.file, m.file) && fits(r.fn, m.fn) && fits(r.operator, m.operator) && (r.text == m.text || fits(r.text, m.text)) {
				r.used = true
				if m.reason == "" {
					m.reason = r.why
				}
			}
		}
	}
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
