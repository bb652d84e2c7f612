// Package scimproof_test holds the tests of the repository as a whole.
package scimproof_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/scimproof/scimproof/"

// allowed lists what each room may import of this module; a room may always import below itself.
var allowed = map[string][]string{
	"cmd":               {"suites", "loadgen", "fixtures", "reports", "internal"},
	"suites":            {"fixtures", "reports", "internal"},
	"loadgen":           {"fixtures", "reports", "internal"},
	"fixtures":          {"internal/scim"},
	"fixtures/target":   {"internal/scim"},
	"reports":           {},
	"internal/wire":     {"internal/scim", "reports"},
	"internal/scim":     {},
	"internal/mutation": {"suites", "fixtures", "reports", "internal"},
	"examples":          {"suites", "fixtures", "reports", "internal"},
}

// only lists where a third-party module may be imported.
var only = map[string][]string{
	"github.com/onsi/":             {"suites"},
	"github.com/tsenart/vegeta":    {"loadgen"},
	"github.com/xeipuuv/":          {"suites", "cmd"},
	"github.com/spf13/cobra":       {"cmd"},
	"github.com/scim2/":            {"fixtures/target"},
	"golang.org/x/oauth2":          {"internal/wire"},
	"github.com/HdrHistogram/":     {"loadgen", "reports"},
	"net/http/httptest":            {"fixtures/target"},
	"go.yaml.in/yaml":              {"suites/catalogue", "cmd"},
	"github.com/rogpeppe/":         {},
	"pgregory.net/rapid":           {},
	"github.com/santhosh-tekuri/":  {},
	"go.uber.org/goleak":           {},
	"github.com/chromedp/chromedp": {},
}

// TestImports holds the tree and the direction of imports.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if len(p.Imports) == 0 {
			continue
		}
		seen++
		room, rules := roomOf(name)
		if room == "" {
			t.Errorf("%s is in no known room", name)
			continue
		}
		for _, imp := range p.Imports {
			if rel, ours := strings.CutPrefix(imp, module); ours {
				if !under(rel, room) && !slices.ContainsFunc(rules, func(r string) bool { return under(rel, r) }) {
					t.Errorf("%s imports %s, which %s may not", name, rel, room)
				}
				continue
			}
			for prefix, rooms := range only {
				if strings.HasPrefix(imp, prefix) && !slices.ContainsFunc(rooms, func(r string) bool { return under(name, r) }) {
					t.Errorf("%s imports %s, which belongs to %v", name, imp, rooms)
				}
			}
			if room == "reports" && strings.Contains(imp, ".") {
				t.Errorf("%s imports %s; reports takes the standard library only", name, imp)
			}
		}
	}
	if seen < 6 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// roomOf finds the most specific room of a package.
func roomOf(name string) (string, []string) {
	best := ""
	for room := range allowed {
		if under(name, room) && len(room) > len(best) {
			best = room
		}
	}
	return best, allowed[best]
}

func under(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }
