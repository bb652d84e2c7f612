package suites

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
)

// tryGuesses finds out whether what a schema requires can be guessed: where it asks for text beyond a name, one resource
// is made to see. A string may have to have a format that no schema can express (RFC 7643 §2.3.1), so a refusal is no
// defect; the run then asks for the values and judges no resource of the type.
func (s *session) tryGuesses() {
	if s.cfg.Wire.ReadOnly {
		return
	}
	for _, t := range s.learned.resourceTypes {
		if len(s.guessed(t)) == 0 {
			continue
		}
		o := s.minimal(t, "guess")
		x := s.post(t.Endpoint, t.Endpoint, o)
		if s.adopt(t, o, x) == nil && x.Status == http.StatusBadRequest {
			s.ask(t, scim.String(x.Object(), "detail"))
		}
	}
}

// minimal is a new resource of any type with what is required.
func (s *session) minimal(t *resourceType, what string) scim.Object {
	switch t {
	case s.learned.typ("User"):
		return s.minimalUser(what)
	case s.learned.typ("Group"):
		return s.group(what)
	}
	o := scim.Object{"schemas": []any{t.Schema}}
	s.fillRequired(t.Name, o, s.tag(what))
	return o
}

// ask notes in one line what has to be configured before resources of the type can be made.
func (s *session) ask(t *resourceType, detail string) {
	key := s.requireKey(t)
	if s.learned.asked == nil {
		s.learned.asked = map[*resourceType]string{}
	}
	guessed := s.guessed(t)
	var named []string
	for _, path := range guessed {
		if strings.Contains(strings.ToLower(detail), strings.ToLower(scim.ParsePath(path).Attr)) {
			named = append(named, path)
		}
	}
	if named == nil {
		named = guessed
	}
	if len(named) == 0 {
		return
	}
	said := ""
	if detail != "" {
		said = fmt.Sprintf(" (%.120q)", detail)
	}
	s.learned.asked[t] = fmt.Sprintf("POST %s refuses the values that could be guessed%s: set %s in scimproof.yaml, for example `%s: {%s: VALUE}`",
		t.Endpoint, said, key, key, strings.Join(named, ": VALUE, "))
}

// guessed lists the required attributes of a type whose values are texts made up by this run: neither configured, nor
// chosen from canonical values, nor of a type with a syntax of its own.
func (s *session) guessed(t *resourceType) []string {
	var out []string
	add := func(prefix string, list []scim.Attribute) {
		for i := range list {
			a := &list[i]
			_, told := s.required(t)[prefix+a.Name]
			if !a.Required || told || a.Mutability == "readOnly" || slices.Contains([]string{"userName", "displayName"}, a.Name) {
				continue
			}
			if guessable(a) {
				out = append(out, prefix+a.Name)
			}
		}
	}
	add("", t.base.Attributes)
	for _, e := range t.SchemaExtensions {
		if sch := s.learned.schema(e.Schema); e.Required && sch != nil {
			add(e.Schema+":", sch.Attributes)
		}
	}
	return out
}

// guessable tells whether a value of the attribute takes guessing.
func guessable(a *scim.Attribute) bool {
	if a.Complex() {
		return slices.ContainsFunc(a.SubAttributes, func(sub scim.Attribute) bool { return sub.Required && guessable(&sub) })
	}
	return len(a.CanonicalValues) == 0 && slices.Contains([]string{"", "string", "reference", "binary", "integer"}, a.Type)
}

// required is what the configuration says that resources of a type must have, by path.
func (s *session) required(t *resourceType) map[string]any {
	if t == s.learned.typ("User") && s.cfg.User.Required != nil {
		return s.cfg.User.Required
	}
	return s.cfg.Required[t.Name]
}

// requireKey is the configuration key behind required.
func (s *session) requireKey(t *resourceType) string {
	if t == s.learned.typ("User") {
		return "user.required"
	}
	return "types." + t.Name + ".required"
}

// asks lists what the run had to ask for, in the order of the resource types.
func (s *session) asks() (out []string) {
	if s.learned == nil {
		return nil
	}
	for _, t := range s.learned.resourceTypes {
		if line := s.learned.asked[t]; line != "" {
			out = append(out, line)
		}
	}
	return out
}

// numbered puts a number of its own into each text that asks for one by "{n}", since some values must be unique.
func (s *session) numbered(v any) any {
	return scim.Numbered(v, func() string {
		s.numbers++
		return fmt.Sprintf("%04d", s.numbers)
	})
}
