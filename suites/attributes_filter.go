package suites

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// condition is one comparison on one attribute.
type condition struct {
	a    trait
	text string
}

// trial collects what filters on one type do: conditions that must hold for a record, and some that must not.
type trial struct {
	z       *zoo
	p       *pen
	errs    []error
	refused []string
	seen    []*reports.Exchange
	n       int
	// tries bounds the queries that are sent to find out which of many conditions is to blame.
	tries int
}

// filterOperators are judged one by one. must lists conditions that hold for the lesser record a and not for b, or the
// other way round where the operator says so.
type filterOperator struct {
	id, title, statement, why, fix string
	// conditions returns for an attribute what must hold for a, for b, for the bare c, and what must not.
	conditions func(p *pen, a trait) (holds, fails map[*animal][]string)
}

// attributeFilters: each operator on each attribute (RFC 7644 §3.4.2.2). A query combines conditions on many attributes,
// narrowed to one record; only where that goes wrong each condition is tried alone.
func (s *session) attributeFilters(z *zoo) {
	s.about("filters on every attribute", func() {
		s.beforeAll(func() { s.requires(Filter) })
		list := filterLiterals()
		for _, o := range filterOperators() {
			list = append(list, filterLiteral{filterOperator: o})
		}
		for _, o := range list {
			s.it(o.title, ID("attributes.filter-"+o.id), Requires(o.statement, onlyMatches, allMatches), Explain{Why: o.why, Fix: o.fix}, func() {
				z.tryOperator(o)
			})
		}
		s.it("gt on booleans and binaries of every type is refused with 400 invalidFilter", ID("attributes.filter-unordered"), Requires("7644-3.4.2.2-15"), Explain{
			Why: "A filter that makes no sense is a bug of the client, which only an error makes visible.",
			Fix: "Check the attribute's type before comparing, and answer 400 invalidFilter to gt, ge, lt and le on booleans and binaries.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				here := 0
				for _, whole := range p.traits {
					for _, a := range whole.parts() {
						if here >= 6 || a.kind() != "boolean" && a.kind() != "binary" || !a.readable() || a.sub != nil && a.sub.Name == "primary" {
							continue
						}
						here++
						literal := "true"
						if a.kind() == "binary" {
							literal = `"AAAA"`
						}
						x := s.get(p.t.Endpoint, "filter", a.path()+" gt "+literal, "count", "5")
						s.see(x)
						errs = append(errs, prefixed("gt on "+a.String(), Refused("400", scim.InvalidFilter)(x)))
					}
				}
				n += here
			}
			if n == 0 {
				s.skip("no resource type has a readable boolean or binary")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("the common attributes of every type keep the RFC's characteristics, whatever a schema says of them", ID("attributes.common"), Requires("7643-3.1-01", "7643-3.1-03"), Explain{
			Why: "Clients find resources of every type by externalId, compared exactly, and read meta of every resource.",
			Fix: "Support id, externalId and meta for every resource type, as RFC 7643 §3.1 defines them.",
		}, func() {
			var errs []error
			for _, p := range z.all() {
				s.see(p.a.got)
				ext := p.t.traits()[0]
				for _, path := range []string{"id", "meta.resourceType", "meta.location", "meta.created", "meta.lastModified"} {
					if !scim.Assigned(scim.Get(p.a.now, path)) {
						err := wrong(path+" of a "+p.t.Name, text("a value"), nil)
						if path == "meta.created" || path == "meta.lastModified" {
							err = soften(reports.Warn, err)
						}
						errs = append(errs, err)
					}
				}
				if slices.Contains(p.refused, ext) {
					errs = append(errs, wrong("POST of a "+p.t.Name+" with externalId", text("success"), text("a refusal")))
					continue
				}
				if got := ext.get(p.a.now); got != ext.get(p.a.Sent) {
					errs = append(errs, wrong("externalId of a "+p.t.Name, ext.get(p.a.Sent), got))
					continue
				}
				tr := &trial{z: z, p: p, tries: 10}
				if z.scoped(p) {
					tr.must(p.a, true, condition{ext, crowdEq("externalId", scim.String(p.a.now, "externalId"))})
					tr.must(p.a, false, condition{ext, crowdEq("externalId", fmt.Sprint(swapCase(ext.get(p.a.now))))})
				}
				errs = append(errs, tr.errs...)
				for _, x := range tr.seen {
					s.see(x)
				}
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
}

// tryOperator judges one operator on all attributes of all types.
func (z *zoo) tryOperator(o filterLiteral) {
	s := z.s
	var errs []error
	var refused []string
	n := 0
	for _, p := range z.all() {
		if !z.scoped(p) {
			s.note("not judged: records of type %s cannot be found by id, userName or displayName", p.t.Name)
			continue
		}
		tr := &trial{z: z, p: p, tries: 60}
		holds, fails := map[*animal][]condition{}, map[*animal][]condition{}
		for _, whole := range p.traits {
			for _, a := range whole.parts() {
				if !a.readable() || a.returned() == "never" {
					continue
				}
				// A relative $ref may be made for the answer alone; how it is stored is the server's affair (ambiguity A38).
				if strings.HasSuffix(a.path(), "$ref") && !strings.Contains(fmt.Sprint(a.get(p.a.now)), "://") {
					continue
				}
				h, f := o.conditions(p, a)
				for who, list := range h {
					for _, c := range list {
						holds[who] = append(holds[who], condition{a, c})
					}
				}
				for who, list := range f {
					for _, c := range list {
						fails[who] = append(fails[who], condition{a, c})
					}
				}
			}
		}
		for _, who := range []*animal{p.a, p.b, p.c} {
			tr.must(who, true, holds[who]...)
			tr.must(who, false, fails[who]...)
		}
		n += tr.n
		for _, err := range tr.errs {
			if o.softly != "" {
				err = soften(o.softly, err)
			}
			errs = append(errs, err)
		}
		if !o.refusable {
			refused = append(refused, tr.refused...)
		}
		for _, x := range tr.seen {
			s.see(x)
		}
	}
	if n == 0 {
		s.skip("no resource type has an attribute that the operator can be tried on")
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		refused = slices.Compact(refused)
		errs = append(errs, soften(reports.Info, broken("%d filters are refused as unsupported, on %s", len(refused), strings.Join(refused, ", "))))
	}
	s.judgeErr(errors.Join(errs...))
}

// scoped finds a condition that selects a record alone, so that other records need not be looked at.
func (z *zoo) scoped(p *pen) bool {
	if p.scope != nil {
		return p.scope[p.a] != ""
	}
	p.scope = map[*animal]string{}
	for _, key := range []string{"id", "userName", "displayName"} {
		all := true
		for _, m := range []*animal{p.c, p.b, p.a} {
			value := scim.String(m.now, key)
			x := z.s.await(func() *reports.Exchange {
				return z.s.get(p.t.Endpoint, "filter", crowdEq(key, value))
			}, func(x *reports.Exchange) bool { return x.Status != http.StatusOK || len(listItems(x)) > 0 })
			if value == "" || x.Status != http.StatusOK || len(listItems(x)) != 1 || item(x, m.resource) == nil {
				all = false
				break
			}
			p.scope[m] = crowdEq(key, value)
		}
		if all {
			return true
		}
	}
	p.scope = map[*animal]string{}
	return false
}

// longest is how long a filter may be before it is cut into several: URLs of some servers end at 4096 characters.
const longest = 1400

// must judges that all of the conditions hold for a record, or that none does.
func (tr *trial) must(who *animal, hold bool, list ...condition) {
	tr.n += len(list)
	for len(list) > 0 {
		size, k := 0, 0
		for k < len(list) && (k == 0 || size+len(list[k].text) < longest) {
			size += len(list[k].text) + 5
			k++
		}
		tr.try(who, hold, list[:k])
		list = list[k:]
	}
}

// try sends conditions together, and halves them until those that go wrong stand alone.
func (tr *trial) try(who *animal, hold bool, list []condition) {
	var texts []string
	for _, c := range list {
		texts = append(texts, c.text)
	}
	filter := tr.p.scope[who] + " and " + strings.Join(texts, " and ")
	if !hold && len(texts) == 1 {
		filter = tr.p.scope[who] + " and " + texts[0]
	} else if !hold {
		filter = tr.p.scope[who] + " and (" + strings.Join(texts, " or ") + ")"
	}
	x := tr.z.s.get(tr.p.t.Endpoint, "filter", filter)
	found := item(x, who.resource) != nil
	isList := isList(x)
	if x.Status == http.StatusOK && isList && found == hold && len(listItems(x)) <= 1 {
		tr.seen = append(tr.seen, x)
		return
	}
	if tr.tries--; len(list) > 1 && tr.tries > 0 {
		tr.try(who, hold, list[:len(list)/2])
		tr.try(who, hold, list[len(list)/2:])
		return
	}
	tr.seen = append(tr.seen, x)
	var names []string
	for _, c := range list {
		names = append(names, c.a.String())
	}
	what := strings.Join(names, ", ")
	switch {
	case x.Status == http.StatusBadRequest || x.Status == http.StatusForbidden:
		tr.refused = append(tr.refused, what)
	case x.Status == http.StatusNotImplemented:
		tr.errs = append(tr.errs, soften(reports.Warn, wrong("status of a filter on "+what, text("200 or 400"), x.Status)))
	case x.Status != http.StatusOK || !isList:
		tr.errs = append(tr.errs, wrong("a filter on "+what+": "+strings.Join(texts, " and "), text("200 with a list"), x.Status))
	case hold:
		tr.errs = append(tr.errs, wrong("filter on "+what+": "+strings.Join(texts, " and "), text("finds the resource with "+show(list[0].a.get(who.now))), text("does not find it")))
	case found:
		tr.errs = append(tr.errs, wrong("filter on "+what+": "+strings.Join(texts, " or "), text("does not find the resource with "+show(list[0].a.get(who.now))), text("finds it")))
	default:
		tr.errs = append(tr.errs, wrong("filter on "+what+", narrowed to one resource: "+strings.Join(texts, " or "), text("nothing"), text("other resources")))
	}
}

// literal writes a stored value as a filter compares it.
func literal(v any) string {
	switch t := v.(type) {
	case string:
		return scim.Quote(t)
	case json.Number:
		return t.String()
	case bool:
		return fmt.Sprint(t)
	}
	return "null"
}

// filterOperators describes the operators.
func filterOperators() []filterOperator {
	on := func(who *animal, texts ...string) map[*animal][]string { return map[*animal][]string{who: texts} }
	none := map[*animal][]string{}
	// apart returns the first values of a and b where b has no value of a.
	apart := func(p *pen, a trait) (x, y any, ok bool) {
		xs, ys := a.values(p.a.now), a.values(p.b.now)
		if len(xs) == 0 || len(ys) == 0 || !fits(a.kind(), xs[0]) || !fits(a.kind(), ys[0]) {
			return nil, nil, false
		}
		return xs[0], ys[0], !slices.ContainsFunc(ys, func(v any) bool { return same(a.kind(), v, xs[0], false) })
	}
	ordered := func(p *pen, a trait) (x, y any, ok bool) {
		x, y, ok = apart(p, a)
		return x, y, ok && !a.many() && inOrder(a.kind(), x, y)
	}
	part := func(op string, cut func(x string, others []string) string) func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
		return func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
			x, _, ok := apart(p, a)
			if !ok || a.kind() != "string" {
				return none, none
			}
			var others []string
			for _, v := range a.values(p.b.now) {
				others = append(others, strings.ToLower(fmt.Sprint(v)))
			}
			piece := cut(x.(string), others)
			if piece == "" {
				return none, none
			}
			c := a.path() + " " + op + " " + scim.Quote(piece)
			return on(p.a, c), on(p.b, c)
		}
	}
	compare := func(op string, conditions func(p *pen, c func(v any) string, x, y any) (map[*animal][]string, map[*animal][]string)) func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
		return func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
			x, y, ok := ordered(p, a)
			if !ok {
				return none, none
			}
			return conditions(p, func(v any) string { return a.path() + " " + op + " " + literal(v) }, x, y)
		}
	}
	return []filterOperator{
		{
			"eq", "eq finds a resource by every attribute, and no other", "7644-3.4.2.2-08",
			"Clients look resources up by any attribute that identifies them; a filter that finds the wrong one changes the wrong one.",
			"Compare each attribute by its type, extensions and sub-attributes included.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				x, _, ok := apart(p, a)
				c := a.path() + " eq " + literal(x)
				switch {
				case x == nil:
					return none, none
				case !ok:
					return on(p.a, c), none
				}
				return on(p.a, c), on(p.b, c)
			},
		},
		{
			"ne", "ne leaves out just the equal value of every single-valued attribute", "7644-3.4.2.2-09",
			"A report of everything that is not in one state misses some, or holds what it should not.",
			"Implement ne on an attribute that has one value as the negation of eq.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				x, _, ok := apart(p, a)
				if !ok || a.many() {
					return none, none
				}
				c := a.path() + " ne " + literal(x)
				return on(p.b, c), on(p.a, c)
			},
		},
		{
			"co", "co finds the inside of every string attribute", "7644-3.4.2.2-10",
			"Search boxes rely on co for whatever column they show.", "Match co anywhere in the value of any string attribute.",
			part("co", middleOf),
		},
		{
			"sw", "sw finds the beginning of every string attribute", "7644-3.4.2.2-11",
			"Directories are split by first letters; records turn up in several parts or in none.", "Match sw at the beginning of the value only.",
			part("sw", beginningOf),
		},
		{
			"ew", "ew finds the end of every string attribute", "7644-3.4.2.2-12",
			"Filters on a domain end with it; a loose match lets in look-alikes.", "Match ew at the end of the value only.",
			part("ew", endOf),
		},
		{
			"gt", "gt finds greater values of every ordered attribute, not equal ones", "7644-3.4.2.2-14",
			"Clients that walk by key meet the last record again and again, and texts compared as numbers put 9 after 100.",
			"Compare by type: numbers as numbers, dateTimes as instants; leave the equal value out.",
			compare("gt", func(p *pen, c func(any) string, x, _ any) (map[*animal][]string, map[*animal][]string) {
				return on(p.b, c(x)), on(p.a, c(x))
			}),
		},
		{
			"ge", "ge finds greater and equal values of every ordered attribute", "7644-3.4.2.2-16",
			"The record on the border of a range is lost.", "Compare by type, and count the equal value.",
			compare("ge", func(p *pen, c func(any) string, x, y any) (map[*animal][]string, map[*animal][]string) {
				return map[*animal][]string{p.a: {c(x)}, p.b: {c(x)}}, on(p.a, c(y))
			}),
		},
		{
			"lt", "lt finds lesser values of every ordered attribute, not equal ones", "7644-3.4.2.2-18",
			"Clean-up jobs catch what is not old enough.", "Compare by type, and leave the equal value out.",
			compare("lt", func(p *pen, c func(any) string, _, y any) (map[*animal][]string, map[*animal][]string) {
				return on(p.a, c(y)), on(p.b, c(y))
			}),
		},
		{
			"le", "le finds lesser and equal values of every ordered attribute", "7644-3.4.2.2-20",
			"The record at the end of a range is lost.", "Compare by type, and count the equal value.",
			compare("le", func(p *pen, c func(any) string, x, y any) (map[*animal][]string, map[*animal][]string) {
				return map[*animal][]string{p.a: {c(y)}, p.b: {c(y)}}, on(p.b, c(x))
			}),
		},
		{
			"pr", "pr tells a value of every attribute from none", "7644-3.4.2.2-13",
			"Clients look for incomplete records by it.", "Let pr hold where the attribute has a value that is not empty.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				if len(a.values(p.a.now)) == 0 || a.get(p.a.now) == "" {
					return none, none
				}
				c := a.path() + " pr"
				holds := on(p.a, c)
				if len(a.values(p.b.now)) > 0 && a.get(p.b.now) != "" {
					holds[p.b] = []string{c}
				}
				if scim.Assigned(a.get(p.c.now)) {
					return holds, none
				}
				return holds, on(p.c, c)
			},
		},
		{
			"case-ignored", "eq ignores letter case in every string that is not case-exact", "7643-7-12",
			"Records are found or not by how somebody typed a value.", "Fold letter case before comparing, unless the schema says caseExact.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				x, ok := swapped(p, a)
				if !ok || a.kind() != "string" || a.leaf().CaseExact {
					return none, none
				}
				return on(p.a, a.path()+" eq "+literal(x)), none
			},
		},
		{
			"case-exact", "eq minds letter case in every attribute that is case-exact", "7643-7-12",
			"Identifiers that differ in letter case alone are taken for one.", "Compare attributes exactly where the schema says caseExact.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				x, ok := swapped(p, a)
				if !ok || a.kind() != "string" && a.kind() != "reference" || !a.leaf().CaseExact {
					return none, none
				}
				return none, on(p.a, a.path()+" eq "+literal(x))
			},
		},
		{
			"urn", "every attribute can be named with the URN of its schema", "7644-3.10-01",
			"The full form is the standard notation; clients that work with several schemas use nothing else.",
			"Resolve URN:attribute and URN:attribute.sub for base schemas too.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				x, _, ok := apart(p, a)
				// The common attributes belong to no schema, even where one lists them (RFC 7643 §3.1).
				common := scim.Schema{Attributes: scim.CommonAttributes()}
				if !ok || a.urn != "" || p.t.base.Attr(a.attr.Name) == nil || common.Attr(a.attr.Name) != nil {
					return none, none
				}
				c := p.t.Schema + ":" + a.path() + " eq " + literal(x)
				return on(p.a, c), on(p.b, c)
			},
		},
		{
			"element", "a filter in brackets on every multi-valued attribute looks at one value at a time", "7644-3.4.2.2-25",
			"Looking for the work address finds whoever has that address at home.",
			"Evaluate the brackets for each value by itself.",
			func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
				one, mixed, ok := elementsOf(p, a)
				if !ok {
					return none, none
				}
				return on(p.a, one), on(p.a, mixed)
			},
		},
	}
}

// inOrder tells whether x comes before y beyond doubt: texts are compared only where they first differ in two letters or
// two digits.
func inOrder(kind string, x, y any) bool {
	switch kind {
	case "integer", "decimal":
		m, err1 := x.(json.Number).Float64()
		n, err2 := y.(json.Number).Float64()
		return err1 == nil && err2 == nil && m < n
	case "dateTime":
		t, ok1 := parseInstant(x)
		u, ok2 := parseInstant(y)
		return ok1 && ok2 && t.Before(u)
	case "string":
		s, t := strings.ToLower(x.(string)), strings.ToLower(y.(string))
		for i := 0; i < len(s) && i < len(t); i++ {
			if s[i] == t[i] {
				continue
			}
			letters := 'a' <= s[i] && s[i] <= 'z' && 'a' <= t[i] && t[i] <= 'z'
			digits := '0' <= s[i] && s[i] <= '9' && '0' <= t[i] && t[i] <= '9'
			return s[i] < t[i] && (letters || digits)
		}
	}
	return false
}

// swapped is the first value of a in the other letter case, where that makes a difference.
func swapped(p *pen, a trait) (any, bool) {
	list := a.values(p.a.now)
	if len(list) == 0 || strings.EqualFold(a.leaf().Name, "$ref") {
		return nil, false
	}
	x := swapCase(list[0])
	return x, x != list[0] && !slices.Contains(list, x)
}

func containsAny(others []string, in func(o string) bool) bool {
	return slices.ContainsFunc(others, in)
}

// beginningOf is the shortest beginning of x that no other value shares.
func beginningOf(x string, others []string) string {
	for i := 1; i <= len(x); i++ {
		if p := strings.ToLower(x[:i]); isASCII(x) && !containsAny(others, func(o string) bool { return strings.HasPrefix(o, p) }) {
			return x[:i]
		}
	}
	return ""
}

// endOf is the shortest end of x that no other value shares.
func endOf(x string, others []string) string {
	for i := len(x) - 1; i >= 0; i-- {
		if p := strings.ToLower(x[i:]); isASCII(x) && !containsAny(others, func(o string) bool { return strings.HasSuffix(o, p) }) {
			return x[i:]
		}
	}
	return ""
}

// middleOf is a piece of the inside of x that occurs in no other value.
func middleOf(x string, others []string) string {
	for size := 2; size <= len(x)-2; size++ {
		for i := 1; i+size < len(x); i++ {
			if p := strings.ToLower(x[i : i+size]); isASCII(x) && !containsAny(others, func(o string) bool { return strings.Contains(o, p) }) {
				return x[i : i+size]
			}
		}
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// elementsOf makes two filters on the values of a complex attribute: one that a value satisfies, and one that takes a
// part of each of two values. It is asked once for each attribute, with its first part.
func elementsOf(p *pen, a trait) (one, mixed string, ok bool) {
	if a.sub == nil || !a.attr.MultiValued || a.sub != &a.attr.SubAttributes[0] {
		return "", "", false
	}
	whole := trait{t: a.t, urn: a.urn, attr: a.attr}
	values := whole.values(p.a.now)
	if len(values) != 2 {
		return "", "", false
	}
	x, ok1 := values[0].(scim.Object)
	y, ok2 := values[1].(scim.Object)
	if !ok1 || !ok2 {
		return "", "", false
	}
	var different []*scim.Attribute
	for i := range a.attr.SubAttributes {
		sub := &a.attr.SubAttributes[i]
		v, _ := scim.Lookup(x, sub.Name)
		w, _ := scim.Lookup(y, sub.Name)
		if v != nil && w != nil && !sub.Complex() && orDefault(sub.Returned, "default") == "default" && sub.Type != "boolean" && sub.Type != "binary" && !same(orDefault(sub.Type, "string"), v, w, false) {
			different = append(different, sub)
		}
	}
	if len(different) < 2 {
		return "", "", false
	}
	eq := func(sub *scim.Attribute, o scim.Object) string {
		v, _ := scim.Lookup(o, sub.Name)
		return sub.Name + " eq " + literal(v)
	}
	first, second := different[0], different[1]
	return whole.path() + "[" + eq(first, x) + " and " + eq(second, x) + "]", whole.path() + "[" + eq(first, x) + " and " + eq(second, y) + "]", true
}
