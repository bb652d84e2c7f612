package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

func (m *Main) completion() *cobra.Command {
	shells := map[string]func(*cobra.Command, io.Writer) error{
		"bash":       func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) },
		"zsh":        func(c *cobra.Command, w io.Writer) error { return c.GenZshCompletion(w) },
		"fish":       func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) },
		"powershell": func(c *cobra.Command, w io.Writer) error { return c.GenPowerShellCompletionWithDesc(w) },
	}
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print the completion script of a shell",
		Example:   `  source <(scimproof completion bash)`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := shells[args[0]]
			if !ok {
				return usage("use bash, zsh, fish or powershell", "there is no completion for %q", args[0])
			}
			return write(c.Root(), m.out)
		},
	}
}

// complete offers names for the flags that take them.
func (m *Main) complete(c *cobra.Command) {
	words := map[string]func() []string{
		"only": checkNames, "skip": checkNames,
		"flaw": func() (names []string) {
			for _, f := range allFlaws() {
				names = append(names, f.Name)
			}
			return names
		},
		"variant": func() (names []string) {
			for _, v := range target.Variants() {
				names = append(names, v.Name)
			}
			return names
		},
		"force": func() (names []string) {
			for _, f := range suites.Features() {
				names = append(names, string(f))
			}
			return names
		},
		"fail-on": func() []string { return []string{reports.FailOnMust, reports.FailOnShould, reports.FailOnNever} },
		"color":   func() []string { return []string{"auto", "always", "never"} },
	}
	for flag, names := range words {
		if c.Flags().Lookup(flag) == nil {
			continue
		}
		err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return names(), cobra.ShellCompDirectiveNoFileComp
		})
		if err != nil {
			panic(err) // the flag was looked up
		}
	}
}
