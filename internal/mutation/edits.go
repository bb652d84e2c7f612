package main

import (
	"slices"
	"strings"
)

// edits are insertions and replacements in a source file.
type edits struct {
	list []edit
}

type edit struct {
	from, to int
	text     string
	closing  bool
	order    int
}

// wrap puts text around a stretch of the source. Whoever wraps first is outermost.
func (e *edits) wrap(from, to int, before, after string) {
	e.list = append(e.list, edit{from, from, before, false, len(e.list)}, edit{to, to, after, true, len(e.list)})
}

// replace puts text in the place of a stretch that nobody else touches.
func (e *edits) replace(from, to int, text string) {
	e.list = append(e.list, edit{from, to, text, false, len(e.list)})
}

func (e *edits) apply(src []byte) []byte {
	slices.SortStableFunc(e.list, func(a, b edit) int {
		switch {
		case a.from != b.from:
			return a.from - b.from
		case a.closing != b.closing:
			if a.closing {
				return -1
			}
			return 1
		case a.closing:
			return b.order - a.order
		}
		return a.order - b.order
	})
	var out strings.Builder
	at := 0
	for _, ed := range e.list {
		out.Write(src[at:ed.from])
		out.WriteString(ed.text)
		at = ed.to
	}
	out.Write(src[at:])
	return []byte(out.String())
}
