// Package catalogue holds every normative statement of RFC 7643, RFC 7644 and RFC 9865 that this project judges
// by (RFC 9967 and RFC 9944 in outline). Checks name their statements by id; how heavily a violation weighs is
// decided here and nowhere else.
package catalogue

import (
	_ "embed"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/scimproof/scimproof/reports"
)

//go:embed requirements.yaml
var source []byte

// Statement is one entry of requirements.yaml.
type Statement struct {
	ID         string        `yaml:"id"`
	RFC        string        `yaml:"rfc"`
	Section    string        `yaml:"section"`
	Level      reports.Level `yaml:"level"`
	Feature    string        `yaml:"feature"`
	Binds      string        `yaml:"binds"`
	Text       string        `yaml:"statement"`
	Observable string        `yaml:"observable"`
	How        string        `yaml:"how"`
	Notes      string        `yaml:"notes"`
	// Judge overrides the weight that follows from Level, for IMPLIED statements that no server can reasonably read
	// another way: "fail", "warn" or "info".
	Judge string `yaml:"judge"`
	// Unsound says why a black-box check of this statement would be unsound.
	Unsound string `yaml:"unsound"`
}

// Weight is the result word of a check on this statement when it is violated:
// FAIL for MUST and MUST NOT, WARN for SHOULD, SHOULD NOT and IMPLIED, INFO for MAY, unless Judge says otherwise.
func (s Statement) Weight() reports.Word {
	switch s.Judge {
	case "fail":
		return reports.Fail
	case "warn":
		return reports.Warn
	case "info":
		return reports.Info
	}
	switch s.Level {
	case "MUST", "MUST NOT":
		return reports.Fail
	case "MAY":
		return reports.Info
	}
	return reports.Warn
}

// BindsServer tells whether a server is bound by the statement and a black-box test can see it.
func (s Statement) BindsServer() bool {
	return (s.Binds == "server" || s.Binds == "both") && s.Observable != "no"
}

// Requirement is the statement as it stands in results.
func (s Statement) Requirement() reports.Requirement {
	return reports.Requirement{ID: s.ID, RFC: s.RFC, Section: s.Section, Level: s.Level, Statement: s.Text}
}

var load = sync.OnceValues(func() ([]Statement, error) {
	var all []Statement
	if err := yaml.Unmarshal(source, &all); err != nil {
		return nil, fmt.Errorf("suites/catalogue/requirements.yaml: %w", err)
	}
	return all, nil
})

var index = sync.OnceValue(func() map[string]Statement {
	m := map[string]Statement{}
	for _, s := range All() {
		m[s.ID] = s
	}
	return m
})

// All returns the statements in the order of the specifications.
// It panics if the embedded file is broken, which a test excludes.
func All() []Statement {
	all, err := load()
	if err != nil {
		panic(err)
	}
	return all
}

// Find returns the statement with that id.
func Find(id string) (Statement, bool) {
	s, ok := index()[id]
	return s, ok
}
