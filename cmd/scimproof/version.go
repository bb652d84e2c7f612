package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/suites"
)

// buildInfo identifies the program.
type buildInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

// versionInfo takes what the linker set, else what the Go toolchain recorded.
func versionInfo() buildInfo {
	b := buildInfo{Version: version, Commit: commit, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		if b.Version == "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && b.Commit == "" {
				b.Commit = s.Value
			}
		}
	}
	if b.Version == "" {
		b.Version = "dev"
	}
	return b
}

// digest tells check sets apart: it covers ids, titles and requirements.
func digest(checks []suites.CheckInfo) string {
	lines := make([]string, len(checks))
	for i, c := range checks {
		lines[i] = c.ID + "\t" + c.Title
		for _, st := range c.Statements {
			lines[i] += "\t" + st.ID
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

func (m *Main) version() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Show the version and which checks it has", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			checks := suites.List()
			v := struct {
				buildInfo
				Checks   int    `json:"checks"`
				CheckSet string `json:"checkSet"`
			}{versionInfo(), len(checks), digest(checks)}
			if asJSON {
				return m.json(v)
			}
			fmt.Fprintf(m.out, "scimproof %s %s %s\n%d checks, check set %s\n", v.Version, v.Commit, v.Go, v.Checks, v.CheckSet[:12])
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// json prints a value as JSON.
func (m *Main) json(v any) error {
	enc := json.NewEncoder(m.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
