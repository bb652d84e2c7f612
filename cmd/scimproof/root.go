package main

import (
	"github.com/spf13/cobra"
)

// root is the command tree.
func (m *Main) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "scimproof",
		Short: "Judge any SCIM 2.0 endpoint: a verdict that a CI gate can rely on",
		Long: `scimproof judges a SCIM 2.0 service provider by RFC 7643, RFC 7644 and RFC 9865.

Exit codes: 0 verdict fine, 1 verdict negative, 2 usage, 3 no SCIM endpoint reached, 4 incomplete,
5 resources left behind, 70 a bug in scimproof.`,
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(m.Stdin)
	root.SetOut(m.out)
	root.SetErr(m.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("`"+c.CommandPath()+" --help` shows the flags", "%w", err)
	})
	root.AddCommand(m.check(), m.loadCommand(), m.report(), m.diff(), m.waive(), m.demo(), m.serve(), m.doctor(), m.list(), m.explain(), m.config(), m.docs(), m.cleanup(), m.completion(), m.version())
	for _, c := range root.Commands() {
		strict(c)
	}
	return root
}

// strict gives wrong arguments a hint.
func strict(c *cobra.Command) {
	check := c.Args
	if check == nil {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usage("usage: "+c.UseLine(), "%w", err)
		}
		return nil
	}
}
