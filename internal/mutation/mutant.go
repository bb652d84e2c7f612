package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"go/types"
	"io"
	"maps"
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
	in       types.Object
	line     int
	operator string
	// text is the trimmed source line, change the part that is wrong and what it becomes.
	text, change string
	// quirk is set inside of what a flaw or variant decides.
	quirk bool

	reached bool // by the checks on the clean target
	fate    fate
	by      string  // the check that noticed it
	why     *reason // from explained.txt
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d: %s (%s): %s\n\t%s", m.file, m.line, m.operator, m.fn, m.change, m.text)
}

// flawOnly tells whether the place belongs to the flaws and variants, which are not under test.
func (m *mutant) flawOnly() bool { return m.quirk && !m.reached }

// draw takes a sample. Who is in it depends on the mutant and the seed alone, so that a change of the target elsewhere leaves
// the sample what it was.
func draw(list []*mutant, n int, seed uint64) []*mutant {
	rank := make(map[*mutant]uint64, len(list))
	same := map[string]int{}
	for _, m := range list {
		key := strings.Join([]string{m.file, m.fn, m.operator, m.text, m.change}, "\x00")
		sum := sha256.Sum256(fmt.Append(nil, seed, "\x00", same[key], "\x00", key))
		same[key]++
		rank[m] = binary.BigEndian.Uint64(sum[:])
	}
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b *mutant) int { return cmp.Compare(rank[a], rank[b]) })
	return out[:n]
}

func count(list []*mutant, f fate) (n int) {
	for _, m := range list {
		if m.fate == f {
			n++
		}
	}
	return n
}

// report sums up.
func report(w io.Writer, list []*mutant, all int, took time.Duration) {
	byOperator := map[string][2]int{}
	byKind := map[string]int{}
	for _, m := range list {
		c := byOperator[m.operator]
		c[0]++
		if m.fate == survived {
			c[1]++
		}
		byOperator[m.operator] = c
		if m.fate == explained {
			byKind[m.why.kind]++
		}
	}
	names := make([]string, 0, len(byOperator))
	for name, c := range byOperator {
		names = append(names, fmt.Sprintf("%s %d/%d", name, c[1], c[0]))
	}
	slices.Sort(names)
	tried, dead, left := len(list)-count(list, untried), count(list, noticed), count(list, survived)
	_, _ = fmt.Fprintf(w, "\n%d of %d mutants tried in %v: %d noticed, %d survived and explained, %d survived (%.1f %%)\n",
		tried, all, took.Round(time.Second), dead, count(list, explained), left, 100*float64(left)/float64(max(tried, 1)))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if n := byKind[kind]; n > 0 {
			_, _ = fmt.Fprintf(w, "explained: %d %s\n", n, kinds[kind])
		}
	}
	_, _ = fmt.Fprintf(w, "survivors by operator: %s\n", strings.Join(names, ", "))
}
