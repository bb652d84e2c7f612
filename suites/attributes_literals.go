package suites

import (
	"encoding/json"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// filterLiteral is judged like an operator.
type filterLiteral struct {
	filterOperator
	// softly caps what a wrong answer weighs.
	softly reports.Word
	// refusable tells that a refusal with 400 is as good as an answer.
	refusable bool
}

// filterLiterals are values written in other forms than usual, and texts that are no values.
func filterLiterals() []filterLiteral {
	on := func(who *animal, texts ...string) map[*animal][]string { return map[*animal][]string{who: texts} }
	none := map[*animal][]string{}
	return []filterLiteral{
		{
			softly: reports.Warn, filterOperator: filterOperator{
				id: "forms", title: "a value in a filter may be written in every form that its type has", statement: "7644-3.4.2.2-08",
				why: "Libraries write 92.5e-1 for 9.25, and instants without a zone; a filter that takes them for something else finds the wrong records.",
				fix: "Read numbers as JSON does, with exponents, and dateTimes as xsd:dateTime does, or answer 400 invalidFilter.",
				conditions: func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
					values := a.values(p.a.now)
					if len(values) == 0 || a.many() || !fits(a.kind(), values[0]) {
						return none, none
					}
					switch a.kind() {
					case "decimal":
						n, err := values[0].(json.Number).Float64()
						if err != nil {
							return none, none
						}
						form := func(f float64, exponent string) string {
							return a.path() + " eq " + strconv.FormatFloat(f, 'f', -1, 64) + exponent
						}
						return on(p.a, form(n*10, "e-1"), form(n/10, "E1")), on(p.a, form(n, "e1"))
					case "dateTime":
						at, ok := parseInstant(values[0])
						if !ok {
							return none, none
						}
						// Whatever zone is taken for the one that is missing, it is no further than a day away.
						day := func(n int) string {
							return a.path() + " ge \"" + at.UTC().AddDate(0, 0, n).Format("2006-01-02T15:04:05") + "\""
						}
						return on(p.a, day(-2)), on(p.a, day(2))
					}
					return none, none
				},
			},
		},
		{
			refusable: true, filterOperator: filterOperator{
				id: "foreign", title: "a literal that is no value of an attribute's type, or beyond all of them, equals none of its values", statement: "7644-3.4.2.2-08",
				why:        "Databases take a word for the number 0, or for nothing at all; a filter that then finds everybody changes everybody.",
				fix:        "Answer 400 invalidFilter where the literal does not fit the attribute's type, or find nothing.",
				conditions: func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) { return none, foreign(p, a, "eq") },
			},
		},
		{
			refusable: true, softly: reports.Warn, filterOperator: filterOperator{
				id: "foreign-order", title: "a text that is no value of an attribute's type comes neither before nor behind its values", statement: "7644-3.4.2.2-18",
				why:        "A clean-up of everything before a misspelt date catches everything.",
				fix:        "Answer 400 invalidFilter where the literal does not fit the attribute's type, or find nothing.",
				conditions: func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) { return none, foreign(p, a, "lt") },
			},
		},
		{
			refusable: true, softly: reports.Warn, filterOperator: filterOperator{
				id: "other-urn", title: "an attribute is not found under the URN of a schema that does not define it", statement: "7644-3.10-01",
				why: "Two extensions may define the same name; a filter on the one then finds what the other holds.",
				fix: "Look a name up in the schema whose URN is before it, and in no other; answer 400 invalidFilter or find nothing.",
				conditions: func(p *pen, a trait) (map[*animal][]string, map[*animal][]string) {
					values := a.values(p.a.now)
					if len(values) == 0 || a.urn == "" || a.attr.Complex() {
						return none, none
					}
					var out []string
					for _, e := range append([]*scim.Schema{p.t.base}, p.t.extensions...) {
						if e.ID != a.urn && e.Attr(a.attr.Name) == nil {
							out = append(out, e.ID+":"+a.attr.Name+" eq "+literal(values[0]))
						}
					}
					return none, on(p.a, out...)
				},
			},
		},
	}
}

// foreign compares an attribute with a word, where words are none of its values.
func foreign(p *pen, a trait, op string) map[*animal][]string {
	switch kind := a.kind(); {
	case len(a.values(p.a.now)) == 0, a.sub != nil && a.sub.Name == "primary":
	case kind == "integer", kind == "decimal", kind == "dateTime", kind == "boolean" && op == "eq":
		list := []string{a.path() + " " + op + ` "scimproof"`}
		if op == "eq" && (kind == "integer" || kind == "decimal") {
			list = append(list, a.path()+" eq 1e999")
		}
		return map[*animal][]string{p.a: list}
	}
	return nil
}
