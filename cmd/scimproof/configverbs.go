package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const schemaFile = "scimproof.schema.json"

// configTemplate is what `config init` writes.
const configTemplate = `# yaml-language-server: $schema=./` + schemaFile + `
version: 1
target:
  name: staging
  url: https://scim.example.com/scim/v2
  auth: {type: bearer, token: "env:SCIM_TOKEN"}   # a reference, never the secret itself
safety:
  allow_writes: scim.example.com                  # the host that may be written to; what is created is deleted again
  max_writes: 10000
check:
  fail_on: must                                   # or should
  # waivers: scimproof.waivers.yaml
reports:
  junit: junit.xml
  json: results.json
`

func (m *Main) config() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Make, check and show the configuration file",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(m.configInit(), m.configValidate(), m.configShow(), &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the configuration file", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := m.out.Write(configSchema)
			return err
		},
	})
	for _, sub := range c.Commands() {
		strict(sub)
	}
	return c
}

func (m *Main) configInit() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a configuration file to start from, and its schema beside it", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := defaultConfig
			if len(args) == 1 {
				path = args[0]
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				return usage("name another file, or remove it", "%s is there already", path)
			}
			schema := filepath.Join(filepath.Dir(path), schemaFile)
			if err := errors.Join(writeFile(schema, configSchema), writeFile(path, []byte(configTemplate))); err != nil {
				return usage("name a file that can be written", "%w", err)
			}
			fmt.Fprintf(m.out, "%s and %s: set target.url, then `scimproof check`\n", path, schema)
			return nil
		},
	}
}

func (m *Main) configValidate() *cobra.Command {
	return &cobra.Command{
		Use: "validate [FILE]", Short: "Check a configuration file, and the waivers that it names; nothing is sent", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := defaultConfig
			if len(args) == 1 {
				path = args[0]
			}
			f, flags := newCheckFlags()
			if _, err := m.load(flags, path); err != nil {
				return err
			}
			if _, err := f.judging.config(); err != nil {
				return err
			}
			fmt.Fprintf(m.out, "%s is valid\n", path)
			return nil
		},
	}
}

// newCheckFlags are the flags of check, on their own.
func newCheckFlags() (*checkFlags, *pflag.FlagSet) {
	f, fs := &checkFlags{}, pflag.NewFlagSet("check", pflag.ContinueOnError)
	f.all(fs)
	return f, fs
}

func (m *Main) configShow() *cobra.Command {
	f := &checkFlags{}
	c := &cobra.Command{
		Use:   "show [flags of check]",
		Short: "Show the values that check would use, and where each comes from",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			given := map[string]bool{}
			c.Flags().Visit(func(fl *pflag.Flag) { given[fl.Name] = true })
			file, err := m.load(c.Flags(), f.configFile)
			if err != nil {
				return err
			}
			path := cmp.Or(f.configFile, defaultConfig)
			if file.Target.URL != "" {
				fmt.Fprintf(m.out, "%-22s %-40s %s\n", "url", shownValue("url", file.Target.URL, false), path+": target.url")
			}
			c.Flags().VisitAll(func(fl *pflag.Flag) {
				if fl.Name == "help" {
					return
				}
				origin := cmp.Or(m.origins[fl.Name], "default")
				if given[fl.Name] {
					origin = "--" + fl.Name
				}
				fmt.Fprintf(m.out, "%-22s %-40s %s\n", fl.Name, shownValue(fl.Name, fl.Value.String(), strings.Contains(fl.Usage, "`REF`")), origin)
			})
			return nil
		},
	}
	f.all(c.Flags())
	return c
}

// shownRef is what stands for a secret and may be shown.
var shownRef = regexp.MustCompile(`^(env:\w+|file:.+|-|)$`)

// shownValue is a value as it may be printed. What should be a reference to a secret, and is none, is masked, as is what the
// line of a command may hold.
func shownValue(flag, value string, secret bool) string {
	switch {
	case flag == "auth-header" || flag == "header":
		var out []string
		for _, pair := range strings.Split(strings.Trim(value, "[]"), ",") {
			name, ref, ok := strings.Cut(pair, "=")
			if ok && !shownRef.MatchString(ref) {
				ref = "***"
			}
			if ok {
				name += "=" + ref
			}
			out = append(out, name)
		}
		return strings.Join(out, ",")
	case secret:
		if !shownRef.MatchString(value) {
			return "***"
		}
	case flag == "proxy" || flag == "url" || flag == "oauth2-token-url":
		if u, err := url.Parse(value); err == nil {
			return u.Redacted()
		}
	}
	return value
}
