package loadgen

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
)

// needs is what a resource type's schemas ask for.
type needs struct {
	base       []scim.Attribute
	extensions []extension
}

type extension struct {
	urn        string
	required   bool
	attributes []scim.Attribute
}

// needsOf reads the schemas of a resource type; what cannot be read asks for nothing.
func needsOf(schemas, resourceType scim.Object, urn string) needs {
	defined := map[string][]scim.Attribute{}
	for _, o := range scim.Objects(schemas, "Resources") {
		var s scim.Schema
		if text, err := json.Marshal(o); err == nil && json.Unmarshal(text, &s) == nil {
			defined[strings.ToLower(s.ID)] = s.Attributes
		}
	}
	n := needs{base: defined[strings.ToLower(urn)]}
	for _, e := range scim.Objects(resourceType, "schemaExtensions") {
		required, _ := scim.Get(e, "required").(bool)
		at := scim.String(e, "schema")
		n.extensions = append(n.extensions, extension{at, required, defined[strings.ToLower(at)]})
	}
	return n
}

// fill gives o what the schemas require, and canonical values where they have no other; i tells which.
func (n *needs) fill(f scim.Filler, o scim.Object, tag string, i int) {
	maps.Copy(o, fillOne(f, n.base, o, tag, i))
	for _, e := range n.extensions {
		ext, has := o[e.urn].(scim.Object)
		if !has && e.required {
			ext = scim.Object{}
			o["schemas"] = append(scim.List(o, "schemas"), e.urn)
		}
		if has || e.required {
			o[e.urn] = fillOne(f, e.attributes, ext, tag, i)
		}
	}
}

func fillOne(f scim.Filler, definitions []scim.Attribute, o scim.Object, tag string, i int) scim.Object {
	o = f.Required(o, definitions, tag)
	for d := range definitions {
		a := &definitions[d]
		v, has := o[a.Name]
		if !has {
			continue
		}
		v = f.Complete(a, scim.Chosen(a, v, i), tag)
		switch t := v.(type) {
		case scim.Object:
			choose(a, t, i)
		case []any:
			for _, e := range t {
				if part, ok := e.(scim.Object); ok {
					choose(a, part, i)
				}
			}
			v = typedOnce(t)
		}
		o[a.Name] = v
	}
	return o
}

// choose takes canonical values for the parts of a complex value, but for types, which are told apart by their places.
func choose(a *scim.Attribute, o scim.Object, i int) {
	for s := range a.SubAttributes {
		if sub := &a.SubAttributes[s]; sub.Name != "type" && o[sub.Name] != nil {
			o[sub.Name] = scim.Chosen(sub, o[sub.Name], i)
		}
	}
}

// typedOnce leaves out what has the type of a value before it: a path by type would mean both.
func typedOnce(list []any) []any {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(e any) bool {
		o, _ := e.(scim.Object)
		kind := strings.ToLower(scim.String(o, "type"))
		again := kind != "" && seen[kind]
		seen[kind] = true
		return again
	})
}

// sampled is how many users are tried to see whether a schema asks for anything: enough to meet each value that a directory has.
const sampled = 300

// Suit returns the directory as the target can take it: without groups, members and whatever else it does not declare, with what its schemas require, and
// with values out of their canonical ones.
func (t *Target) Suit(d fixtures.Directory) fixtures.Directory {
	if t.NoGroups {
		d.Groups = 0
	}
	if t.NoGroups || t.NoMembers {
		d.Memberships = 0
	}
	_, omit := t.Attributes()
	d.Omit = append(omit, d.Omit...)
	filler := scim.Filler{Domain: d.MailDomain()}
	fit := func(o scim.Object, i, revision int) {
		tag, _, _ := strings.Cut(scim.String(o, "userName"), "@")
		t.users.fill(filler, o, tag, i+revision)
	}
	bare := d
	bare.Extra = nil
	for i := range sampled {
		was, is := bare.User(i, 0), bare.User(i, 0)
		if fit(is, i, 0); !reflect.DeepEqual(was, is) {
			d.Fit = fit
			break
		}
	}
	d.FitGroup = func(o scim.Object, k int) { t.groups.fill(filler, o, d.GroupExternalID(k), k) }
	return d
}

// Manager is the value of a user's manager: its id, and a reference where the schema requires one.
func (t *Target) Manager(id string) scim.Object {
	o := scim.Object{"value": id}
	for _, e := range t.users.extensions {
		if !strings.EqualFold(e.urn, scim.EnterpriseURN) {
			continue
		}
		s := scim.Schema{Attributes: e.attributes}
		if m := s.Attr("manager"); m != nil && m.Sub("$ref") != nil && m.Sub("$ref").Required {
			o["$ref"] = strings.TrimPrefix(wire.ResourcePath(t.Users, id), "/") // relative to the base (RFC 7643 §2.3.7)
		}
	}
	return o
}

// typeOf is what the target calls the type of the nth value that users have of a multi-valued attribute; "" where it has no
// type that the values before have not.
func (t *Target) typeOf(root string, n int) string {
	types := usualTypesOf(root)
	i := slices.IndexFunc(t.users.base, func(a scim.Attribute) bool { return strings.EqualFold(a.Name, root) })
	if i < 0 {
		return types[n]
	}
	sub := t.users.base[i].Sub("type")
	if sub == nil {
		return types[n]
	}
	for k := range n {
		types[k], _ = scim.Chosen(sub, types[k], k).(string)
	}
	kind, _ := scim.Chosen(sub, types[n], n).(string)
	if slices.ContainsFunc(types[:n], func(s string) bool { return strings.EqualFold(s, kind) }) {
		return ""
	}
	return kind
}

// usualTypesOf are the types of the values that users have of a multi-valued attribute, in their order.
func usualTypesOf(root string) (types []string) {
	for _, a := range UserAttributes() {
		if a.Root == root && !slices.Contains(types, a.Type) {
			types = append(types, a.Type)
		}
	}
	return types
}

// Free tells whether an attribute may have any text.
func (t *Target) Free(a Attribute) bool {
	list := t.users.base
	for _, step := range []string{a.Root, a.Sub} {
		i := slices.IndexFunc(list, func(d scim.Attribute) bool { return strings.EqualFold(d.Name, step) })
		if i < 0 {
			return true
		}
		if len(list[i].CanonicalValues) > 0 {
			return false
		}
		list = list[i].SubAttributes
	}
	return true
}
