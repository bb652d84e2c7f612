package suites

import (
	"fmt"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites/catalogue"
)

// ID is the stable name of a check, "area.what". It decorates an It.
type ID string

// requires is what Requires returns; a struct, since Ginkgo takes slices of arguments apart.
type requires struct{ ids []string }

// Requires names the statements of the catalogue that a check judges. It decorates an It.
func Requires(ids ...string) any { return requires{ids} }

// Explain tells a reader why a check matters and how to fix what it finds. It decorates an It.
type Explain struct {
	// Why says who is hurt by the defect, and how.
	Why string
	// Fix says what to change in the server, in words that fit any framework.
	Fix string
}

// CheckInfo describes one check, as `list` and `explain` show it.
type CheckInfo struct {
	ID         string                `json:"id"`
	Title      string                `json:"title"`
	Area       string                `json:"area"`
	Level      reports.Level         `json:"level"`
	Statements []catalogue.Statement `json:"-"`
	Explain    Explain               `json:"-"`

	weight reports.Word
}

const (
	idLabel       = "id:"
	selectedLabel = "selected"
)

// registry collects the checks while Ginkgo builds its tree, and refuses what is not in the catalogue.
type registry struct {
	checks   []*CheckInfo
	byID     map[string]*CheckInfo
	selected func(id string) bool
	nodes    map[string]*node
	places   int
}

func newRegistry(selected func(string) bool) *registry {
	return &registry{byID: map[string]*CheckInfo{}, nodes: map[string]*node{}, selected: selected}
}

// transform turns the decorators of an It into labels and a CheckInfo.
func (r *registry) transform(kind types.NodeType, _ ginkgo.Offset, text string, args []any) (string, []any, []error) {
	var out []any
	var errs []error
	c := &CheckInfo{Title: text}
	var n *node
	for _, a := range args {
		switch t := a.(type) {
		case ID:
			c.ID = string(t)
		case requires:
			for _, id := range t.ids {
				st, ok := catalogue.Find(id)
				if !ok {
					errs = append(errs, fmt.Errorf("check %q names requirement %q, which is not in the catalogue", c.ID, id))
					continue
				}
				c.Statements = append(c.Statements, st)
			}
		case Explain:
			c.Explain = t
		case *node:
			n = t
		default:
			out = append(out, a)
		}
	}
	if kind == types.NodeTypeContainer || kind == types.NodeTypeIt {
		// Ginkgo sorts by source location; this makes the order that of registration, which register.go decides.
		r.places++
		out = append(out, types.CodeLocation{FileName: "scimproof", LineNumber: r.places})
	}
	if kind != types.NodeTypeIt {
		return text, out, errs
	}
	errs = append(errs, r.add(c)...)
	labels := ginkgo.Label(idLabel + c.ID)
	if r.selected(c.ID) {
		labels = append(labels, selectedLabel)
	}
	if n != nil {
		n.check, n.selected = c, r.selected(c.ID)
		r.nodes[c.ID] = n
	}
	return text, append(out, labels), errs
}

func (r *registry) add(c *CheckInfo) (errs []error) {
	area, what, ok := strings.Cut(c.ID, ".")
	if !ok || area == "" || what == "" {
		errs = append(errs, fmt.Errorf("check %q: the ID must be area.what", c.ID))
	}
	if len(c.Statements) == 0 {
		errs = append(errs, fmt.Errorf("check %q names no requirement", c.ID))
	}
	if old := r.byID[c.ID]; old != nil {
		errs = append(errs, fmt.Errorf("check id %q is used twice: %q and %q", c.ID, old.Title, c.Title))
	}
	c.Area = area
	c.weight, c.Level = weigh(c.Statements)
	r.byID[c.ID] = c
	r.checks = append(r.checks, c)
	return errs
}

// weigh returns the heaviest weight among the statements and the level that goes with it.
func weigh(list []catalogue.Statement) (reports.Word, reports.Level) {
	weight, level := reports.Info, reports.Level("MAY")
	first := true
	for _, st := range list {
		if w := st.Weight(); first || rank(w) > rank(weight) || rank(w) == rank(weight) && level == "IMPLIED" {
			weight, level, first = w, st.Level, false
		}
	}
	return weight, level
}

// rank orders the words of a finding by weight.
func rank(w reports.Word) int {
	switch w {
	case reports.Fail:
		return 3
	case reports.Warn:
		return 2
	case reports.Info:
		return 1
	}
	return 0
}
