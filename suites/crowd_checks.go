package suites

import (
	"errors"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// finds judges that a filter on users selects exactly these members of the crowd. A target may refuse a filter that it
// does not support with 400 invalidFilter (ambiguity A30): that is noted as INFO.
func (p *crowd) finds(filter string, names ...string) { p.judge(p.ask("User", filter), true, names) }

// mustFind is finds for filters that no client can do without: refusing them is wrong too.
func (p *crowd) mustFind(filter string, names ...string) {
	p.judge(p.ask("User", filter), false, names)
}

// findsLike is finds where control, a plainer way to ask much the same, tells whether refusing the filter is legitimate.
func (p *crowd) findsLike(control, filter string, names ...string) {
	a := p.ask("User", filter)
	if a.first().Status == 400 {
		x := p.ask("User", control).first()
		p.s.see(x)
		p.judge(a, x.Status != 200, names)
		return
	}
	p.judge(a, true, names)
}

func (p *crowd) judge(a *crowdAnswer, optional bool, names []string, spare ...string) {
	p.s.judgeErr(a.exactly(optional, names, spare...), a.xs...)
}

// exactly wants the answer to hold names, perhaps spare, and nobody else.
func (a *crowdAnswer) exactly(optional bool, names []string, spare ...string) error {
	if err := a.answered(optional); err != nil {
		return err
	}
	var missing, extra []string
	for _, n := range names {
		if !slices.Contains(a.names, n) {
			missing = append(missing, n)
		}
	}
	for _, n := range a.names {
		if !slices.Contains(names, n) && !slices.Contains(spare, n) && !slices.Contains(extra, n) {
			extra = append(extra, n)
		}
	}
	if len(missing)+len(extra) == 0 {
		return nil
	}
	var what string
	switch {
	case len(extra) > 0 && len(missing) > 0:
		what = "wrong records found, others missed"
	case len(extra) > 0:
		what = "records found that do not match"
	default:
		what = "matching records missed"
	}
	return wrong(what, crowdNames(names), crowdNames(a.names))
}

// crowdNames shows members of the crowd by the last part of their names; "?" are records that this run did not make.
func crowdNames(names []string) text {
	if len(names) == 0 {
		return "nobody"
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return text(strings.Join(names, ", "))
}

// answered wants a list; where the filter is optional, refusing it is INFO if done as the RFC says.
func (a *crowdAnswer) answered(optional bool) error {
	for i, x := range a.xs {
		switch {
		case x.Status == 200:
			if err := a.s.counted(x); err != nil {
				return err
			}
		case x.Status == 501:
			return soften(reports.Warn, wrong("status", "200 or 400", x.Status))
		case optional && i == 0 && x.Status == 403:
			return soften(reports.Info, broken("refused with 403, also through .search"))
		case optional && i == 0 && x.Status == 400:
			return errors.Join(soften(reports.Info, broken("the filter is refused as unsupported")),
				Softly(reports.Warn, ScimType(scim.InvalidFilter))(x))
		default:
			return wrong("status", text("200"), x.Status)
		}
	}
	return nil
}

// declines judges that a filter that means nothing is refused with 400 invalidFilter. A server that guesses what was
// meant (the records called obvious), or finds nothing, deserves a WARN; one that hands out other records fails.
func (p *crowd) declines(filter string, obvious ...string) {
	a := p.ask("User", filter, "count", "5")
	p.s.judgeErr(a.declined(obvious...), a.first())
}

func (a *crowdAnswer) declined(obvious ...string) error {
	x := a.first()
	switch {
	case x.Status == 400:
		return Refused("400", scim.InvalidFilter)(x)
	case x.Status >= 500 && x.Status != 501:
		return wrong("status", text("400"), x.Status)
	case x.Status != 200:
		return soften(reports.Warn, wrong("status", text("400"), x.Status))
	}
	if err := a.exactly(false, nil, obvious...); err != nil {
		return err
	}
	if a.total > len(obvious) {
		return wrong("totalResults of a filter that means nothing", text("400 invalidFilter"), a.total)
	}
	if len(a.names) > 0 {
		return soften(reports.Warn, wrong("an invalid filter", text("400 invalidFilter"), text("200, with what the filter seems to mean")))
	}
	return soften(reports.Warn, wrong("an invalid filter", text("400 invalidFilter"), text("200 without results")))
}

// ordered judges that the answer has the members in this order. Members of one group may come in any order, and
// records that are in no group anywhere.
func (p *crowd) ordered(a *crowdAnswer, groups ...[]string) {
	err := a.answered(false)
	if err == nil {
		err = p.inOrder(a, groups...)
	}
	p.s.judgeErr(err, a.xs...)
}

func (p *crowd) inOrder(a *crowdAnswer, groups ...[]string) error {
	rank, want := map[string]int{}, []string{}
	for i, g := range groups {
		for _, n := range g {
			rank[n] = i
			if !slices.Contains(a.names, n) {
				for _, x := range a.xs {
					p.s.see(x)
				}
				p.s.block("sort.keeps-all", "not all records are in the sorted answer")
			}
		}
		g = slices.Clone(g)
		slices.Sort(g)
		want = append(want, strings.Join(g, "/"))
	}
	var got []string
	sorted, last := true, 0
	for _, n := range a.names {
		r, ok := rank[n]
		if !ok {
			continue
		}
		sorted = sorted && r >= last
		last = max(last, r)
		got = append(got, n)
	}
	if sorted {
		return nil
	}
	return wrong("order of the records", text(strings.Join(want, ", ")), text(strings.Join(got, ", ")))
}
