package suites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// mostSorts bounds the attributes of a type that are sorted by.
const mostSorts = 24

// attributeSorting: sortBy with each single-valued attribute (RFC 7644 §3.4.2.3).
func (s *session) attributeSorting(z *zoo) {
	s.about("sorting by every attribute", func() {
		s.beforeAll(func() {
			s.requires(Filter)
			s.requires(Sort)
		})
		for _, c := range []struct{ id, title, kinds, why, fix string }{
			{"text", "strings of every type", "string", "Lists that claim to be sorted and are not make people believe that somebody is missing.", "Sort by any string attribute of the schema, without regard to letter case unless it is case-exact."},
			{"number", "numbers of every type", "integer decimal", "Sorted as texts, 100 comes before 9.", "Sort integers and decimals by their value."},
			{"datetime", "dateTimes of every type", "dateTime", "Sorted as texts, instants with different offsets come in the wrong order.", "Sort dateTimes by the instant."},
		} {
			s.it("sortBy orders "+c.title+" in both directions", ID("attributes.sort-"+c.id), Requires("7644-3.4.2.3-02", "7644-3.4.2.3-08", "7644-3.4.2.3-07"), Explain{Why: c.why, Fix: c.fix}, func() {
				z.sorts(c.kinds)
			})
		}
	})
}

// sorts asks for two records in both orders of each attribute. b was made before a but comes after it.
func (z *zoo) sorts(kinds string) {
	s := z.s
	var errs []error
	n := 0
	for _, p := range z.all() {
		if !z.scoped(p) {
			continue
		}
		filter := p.scope[p.a] + " or " + p.scope[p.b]
		here := 0
		for _, whole := range p.traits {
			for _, a := range whole.parts() {
				xs, ys := a.values(p.a.now), a.values(p.b.now)
				if here >= mostSorts || !slices.Contains(strings.Fields(kinds), a.kind()) || a.many() || a.returned() == "never" || !a.readable() || len(xs) != 1 || len(ys) != 1 ||
					!fits(a.kind(), xs[0]) || !fits(a.kind(), ys[0]) || !inOrder(a.kind(), xs[0], ys[0]) {
					continue
				}
				here++
				errs = append(errs, z.sort(p, a, filter, "ascending", p.a, p.b), z.sort(p, a, filter, "descending", p.b, p.a))
			}
		}
		n += here
	}
	if n == 0 {
		s.skip("no resource type has such an attribute with values in a known order")
	}
	s.judgeErr(errors.Join(errs...))
}

func (z *zoo) sort(p *pen, a trait, filter, order string, first, second *animal) error {
	x := z.s.get(p.t.Endpoint, "filter", filter, "sortBy", a.path(), "sortOrder", order, "count", "10")
	z.s.see(x)
	if x.Status != http.StatusOK {
		err := wrong("status of sortBy="+a.path()+" for "+p.t.Name, 200, x.Status)
		if x.Status == http.StatusBadRequest {
			// Which attributes can be sorted by is not announced anywhere (ambiguity A31).
			err = soften(reports.Info, err)
		}
		return err
	}
	var got []string
	for _, o := range listItems(x) {
		got = append(got, scim.String(o, "id"))
	}
	i, j := slices.Index(got, first.ID), slices.Index(got, second.ID)
	if i < 0 || j < 0 {
		return wrong("resources sorted by "+a.String(), text("both that the filter selects"), got)
	}
	if i > j {
		return wrong("order of "+a.String()+", "+order, []any{a.get(first.now), a.get(second.now)}, []any{a.get(second.now), a.get(first.now)})
	}
	return nil
}
