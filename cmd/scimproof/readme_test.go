package main

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/scimproof/scimproof/fixtures/target"
)

var update = flag.Bool("update", false, "write real output into README.md")

const readmePath = "../../README.md"

var (
	blocks = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")
	// varies is what differs from run to run, or with the number of checks; exit codes do not.
	varies = regexp.MustCompile(`exit \d+|[\d.]+m?s\b|\d+`)
	blanks = regexp.MustCompile(`\s+`)
)

// TestReadmeConsole runs the commands of the README's console blocks in one shell's order, with a target of this
// process in the place of the example host. Where output is shown, it must be what the command prints, apart from numbers.
func TestReadmeConsole(t *testing.T) {
	text := readme(t)
	sh := newShell(t)
	ran := 0
	out := blocks.ReplaceAllStringFunc(text, func(block string) string {
		part := blocks.FindStringSubmatch(block)
		if part[1] != "console" {
			return block
		}
		shown := strings.Contains(regexp.MustCompile(`(?m)^\$ .*\n`).ReplaceAllString(part[2], ""), "\n")
		var fresh strings.Builder
		for _, line := range strings.Split(part[2], "\n") {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			ran++
			got := sh.run(t, command)
			fresh.WriteString(line + "\n")
			if shown || strings.Contains(command, "echo") {
				fresh.WriteString(got)
			}
		}
		if normal(fresh.String()) != normal(part[2]) && !*update {
			t.Errorf("the README shows\n%s\nbut it is\n%s\n(go test ./cmd/scimproof -run Readme -update writes it anew)", part[2], fresh.String())
		}
		return "```console\n" + fresh.String() + "```"
	})
	if ran < 10 {
		t.Errorf("only %d commands were found", ran)
	}
	if *update {
		if err := os.WriteFile(readmePath, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadmeYAML runs the check commands of the CI snippets, and a check with the configuration file that is shown.
func TestReadmeYAML(t *testing.T) {
	sh := newShell(t)
	sh.run(t, "export SCIM_TOKEN=your-token")
	ran, configs := 0, 0
	for _, part := range blocks.FindAllStringSubmatch(readme(t), -1) {
		if part[1] != "yaml" {
			continue
		}
		for _, command := range regexp.MustCompile(`(?m)^ *- (?:run: )?(scimproof .*)$`).FindAllStringSubmatch(part[2], -1) {
			ran++
			sh.run(t, command[1])
			if _, err := os.Stat(filepath.Join(sh.dir, "junit.xml")); err != nil {
				t.Errorf("%s: %v", command[1], err)
			}
		}
		if strings.HasPrefix(part[2], "version:") {
			configs++
			if err := os.WriteFile(filepath.Join(sh.dir, "scimproof.yaml"), []byte(sh.local(part[2])), 0o600); err != nil {
				t.Fatal(err)
			}
			sh.run(t, "scimproof check")
		}
	}
	if ran < 1 || configs != 1 {
		t.Errorf("%d commands and %d configuration files were found", ran, configs)
	}
}

// TestExamplesOfCI runs the check commands of examples/ci, and wants the files that they hand on to be written.
func TestExamplesOfCI(t *testing.T) {
	files, err := filepath.Glob("../../examples/ci/*")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "Jenkinsfile") {
			if err := yaml.Unmarshal(text, new(any)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		sh := newShell(t)
		sh.exports = []string{"SCIM_TOKEN=your-token", "SCIM_URL=" + sh.url, "SCIM_HOST=127.0.0.1"}
		for _, command := range regexp.MustCompile(`(?m)^ *(?:- |sh ')(scimproof check .*?)'?$`).FindAllStringSubmatch(string(text), -1) {
			ran++
			sh.run(t, command[1]+" --only create")
			for _, path := range regexp.MustCompile(`scimproof-reports/\S*\.(?:xml|json)`).FindAllString(string(text), -1) {
				if _, err := os.Stat(filepath.Join(sh.dir, path)); err != nil {
					t.Errorf("%s hands on what is not written: %v", file, err)
				}
			}
		}
	}
	if ran != 2 || len(files) != 3 {
		t.Errorf("%d commands in %d files", ran, len(files))
	}
}

// TestActionInputs wants the action to hand each of its inputs to its script, under the name that the script reads.
func TestActionInputs(t *testing.T) {
	var action struct {
		Inputs map[string]any `yaml:"inputs"`
		Runs   struct {
			Steps []struct {
				Env map[string]string `yaml:"env"`
			} `yaml:"steps"`
		} `yaml:"runs"`
	}
	text, err := os.ReadFile("../../.github/actions/run/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../.github/actions/run/check.sh")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, step := range action.Runs.Steps {
		maps.Copy(env, step.Env)
	}
	_, flags := newCheckFlags()
	for name := range action.Inputs {
		variable := "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if name == "version" {
			variable = "SCIMPROOF_VERSION"
		}
		if env[variable] != "${{ inputs."+name+" }}" {
			t.Errorf("the input %s is not handed on as %s", name, variable)
		}
		if name != "version" && !strings.Contains(string(script), variable) && (flags.Lookup(name) == nil || !strings.Contains(string(script), " "+name)) {
			t.Errorf("check.sh does not read %s", name)
		}
	}
	if len(action.Inputs) < 10 {
		t.Errorf("only %d inputs were found", len(action.Inputs))
	}
}

// TestReadmeWaivers reads the waivers that are shown, as of the year in which they end.
func TestReadmeWaivers(t *testing.T) {
	found := 0
	for _, part := range blocks.FindAllStringSubmatch(readme(t), -1) {
		if part[1] != "yml" || !strings.Contains(part[2], "\nwaivers:") {
			continue
		}
		path := filepath.Join(t.TempDir(), "waivers.yaml")
		if err := os.WriteFile(path, []byte(part[2]), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := readWaivers(path, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		found += len(list)
	}
	if found == 0 {
		t.Error("no waivers were found")
	}
}

// TestReadmeGo wants the Go code that is shown to be that of the example, which is compiled and run.
func TestReadmeGo(t *testing.T) {
	example, err := os.ReadFile("../../examples/gotest/scim_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, part := range blocks.FindAllStringSubmatch(readme(t), -1) {
		if part[1] == "go" {
			found++
			if !strings.Contains(string(example), part[2]) {
				t.Errorf("not in examples/gotest/scim_test.go:\n%s", part[2])
			}
		}
	}
	if found == 0 {
		t.Error("no Go code was found")
	}
}

// TestReadmeLinks wants the files that are linked to to be there.
func TestReadmeLinks(t *testing.T) {
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readme(t), -1) {
		if _, err := os.Stat("../../" + link[1]); err != nil && !strings.Contains(link[1], "://") {
			t.Error(err)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// normal makes two outputs comparable.
func normal(s string) string {
	s = varies.ReplaceAllStringFunc(s, func(n string) string {
		if strings.HasPrefix(n, "exit") {
			return n
		}
		return "N"
	})
	return strings.TrimSpace(blanks.ReplaceAllString(s, " "))
}

// shell runs commands in a directory of its own; what one exports, the next ones see.
type shell struct {
	dir, url string
	exports  []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh to run the README's commands with")
	}
	return &shell{dir: t.TempDir(), url: newServer(t, target.Config{Token: "your-token"})}
}

// local puts the target of this process in the place of the example host.
func (s *shell) local(text string) string {
	text = strings.ReplaceAll(text, "https://scim.example.com/scim/v2", s.url)
	return strings.ReplaceAll(text, "scim.example.com", "127.0.0.1")
}

// run runs a command and returns its standard output. A make target is run by its recipe's scimproof commands:
// building and testing is what happens right now.
func (s *shell) run(t *testing.T, command string) string {
	t.Helper()
	if strings.HasPrefix(command, "export ") {
		s.exports = append(s.exports, strings.TrimPrefix(command, "export "))
		return ""
	}
	if goal, ok := strings.CutPrefix(command, "make "); ok {
		return s.make(t, goal)
	}
	cmd := exec.Command("sh", "-c", s.local(command))
	cmd.Dir = s.dir
	cmd.Env = slices.Concat([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir, "LANG=C.UTF-8"}, s.exports)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s%s", command, err, out, stderr.String())
	}
	return string(out)
}

func (s *shell) make(t *testing.T, goal string) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("no make")
	}
	recipe, err := exec.Command("make", "-n", "-C", "../..", goal).CombinedOutput()
	if err != nil {
		t.Errorf("make %s: %v\n%s", goal, err, recipe)
	}
	for _, line := range strings.Split(string(recipe), "\n") {
		if args, ok := strings.CutPrefix(line, "bin/scimproof "); ok {
			s.run(t, "scimproof "+args)
		}
	}
	return ""
}
