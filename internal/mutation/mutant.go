package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// fate is what became of a mutant.
type fate string

const (
	untried   fate = "untried"
	noticed   fate = "noticed"
	survived  fate = "survived"
	explained fate = "explained"
)

// mutant is one small change of the target.
type mutant struct {
	n        int
	file     string // base name
	fn       string // the function or variable around it
	line     int
	operator string
	// text is the trimmed source line, change the part that is wrong and what it becomes.
	text, change string
	// quirk is set inside of what a flaw or variant decides.
	quirk bool

	reached bool // by the checks on the clean target
	fate    fate
	by      string // the check that noticed it
	reason  string // from explained.txt
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d: %s (%s): %s\n\t%s", m.file, m.line, m.operator, m.fn, m.change, m.text)
}

// flawOnly tells whether the place belongs to the flaws and variants, which are not under test.
func (m *mutant) flawOnly() bool { return m.quirk && !m.reached }

func count(list []*mutant, f fate) (n int) {
	for _, m := range list {
		if m.fate == f {
			n++
		}
	}
	return n
}

// report lists the survivors and sums up.
func report(w io.Writer, list []*mutant, all int, took time.Duration) {
	slices.SortFunc(list, func(a, b *mutant) int { return a.n - b.n })
	for _, m := range list {
		if m.fate == survived {
			where := ""
			if !m.reached {
				where = " [not reached]"
			}
			_, _ = fmt.Fprintf(w, "SURVIVED%s %s\n", where, m)
		}
	}
	byOperator := map[string][2]int{}
	for _, m := range list {
		c := byOperator[m.operator]
		c[0]++
		if m.fate == survived {
			c[1]++
		}
		byOperator[m.operator] = c
	}
	names := make([]string, 0, len(byOperator))
	for name, c := range byOperator {
		names = append(names, fmt.Sprintf("%s %d/%d", name, c[1], c[0]))
	}
	slices.Sort(names)
	dead := count(list, noticed)
	_, _ = fmt.Fprintf(w, "\n%d of %d mutants tried in %v: %d noticed, %d survived and explained, %d survived\n",
		len(list)-count(list, untried), all, took.Round(time.Second), dead, count(list, explained), count(list, survived))
	_, _ = fmt.Fprintf(w, "survivors by operator: %s\n", strings.Join(names, ", "))
}
