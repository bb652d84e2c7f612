package suites

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
)

var characteristicsFlag = flag.Int("characteristics", 24, "how many of the redefined attributes to try, 0 for all")

// redefinition is an attribute that a server defines in another way than RFC 7643 does, as its schema tells.
type redefinition struct {
	path, how string
	change    func(*scim.Attribute)
	variants  []string // what the server does beside
}

// redefinitions are all single ones: who maintains an attribute, who sees it, and how it is compared is the server's choice
// (RFC 7643 §2.2, §7).
func redefinitions() (out []redefinition) {
	for _, sch := range scim.CoreSchemas() {
		for _, a := range sch.Attributes {
			out = append(out, redefined(sch.ID+":"+a.Name, a)...)
			for _, sub := range a.SubAttributes {
				if a.Mutability != "readOnly" {
					out = append(out, redefined(sch.ID+":"+a.Name+"."+sub.Name, sub)...)
				}
			}
		}
	}
	return out
}

// redefined lists what one attribute can be instead. By userName and displayName clients find users and groups, and
// without its value a value is none: these stay in sight and in the clients' hands. Letter case in userName is no choice.
func redefined(path string, was scim.Attribute) (out []redefinition) {
	key := was.Name == "value" || was.Required
	add := func(how string, change func(*scim.Attribute)) {
		out = append(out, redefinition{path: path, how: how, change: change})
	}
	if was.Returned != "never" {
		for _, value := range []string{"always", "default", "request"} {
			if value != was.Returned && (value != "request" || !key) {
				add("returned "+value, func(a *scim.Attribute) { a.Returned = value })
			}
		}
	}
	if was.Mutability == "readWrite" {
		kept := was.Name != "members" // the embedded target keeps these apart, and cannot have them required or immutable
		if !was.Required && kept {
			add("required", func(a *scim.Attribute) { a.Required = true })
		}
		if !key {
			add("readOnly", func(a *scim.Attribute) { a.Mutability = "readOnly" })
			add("writeOnly", func(a *scim.Attribute) { a.Mutability, a.Returned = "writeOnly", "never" })
		}
		if kept {
			add("immutable", func(a *scim.Attribute) { a.Mutability = "immutable" })
		}
	}
	if was.Type == "string" && was.Returned != "never" && was.Name != "userName" {
		add("caseExact turned", func(a *scim.Attribute) { a.CaseExact = !a.CaseExact })
	}
	if slices.Contains([]string{"type", "userType", "locale", "preferredLanguage", "timezone"}, was.Name) {
		add("of other values", func(a *scim.Attribute) { a.CanonicalValues = []string{"alpha", "beta"} })
		out[len(out)-1].variants = []string{"canonical-values-enforced"}
	}
	return out
}

// TestCharacteristics proves that a server is judged by its own schema: any single redefinition is legal.
func TestCharacteristics(t *testing.T) {
	mine := shards(t)
	all := redefinitions()
	rand.New(rand.NewPCG(7643, 2)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	if n := *characteristicsFlag; n > 0 && !selected(t) {
		all = all[:min(n, len(all))]
	}
	for i, r := range all {
		if !mine(i) {
			continue
		}
		t.Run(r.path+" "+r.how, func(t *testing.T) {
			unharmed(t, judgeTarget(t, target.Config{Variants: r.variants, Redefine: map[string]func(*scim.Attribute){r.path: r.change}}, onlyGlobs()...))
		})
	}
}
