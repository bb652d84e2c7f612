package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

func (m *Main) cleanup() *cobra.Command {
	conn := &connection{}
	c := &cobra.Command{
		Use:     "cleanup LEDGER",
		Short:   "Finish the clean-up of a run that was killed",
		Long:    "cleanup deletes what the ledger says the run created, and nothing else, and makes sure that it is gone.",
		Example: `  scimproof cleanup scimproof-4k2m9qaz.ledger --token env:SCIM_TOKEN`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := m.load(c.Flags(), conn.configFile); err != nil {
				return err
			}
			return m.runCleanup(c.Context(), conn, args[0])
		},
	}
	fs := c.Flags()
	conn.flags(fs)
	fs.StringVar(&conn.allowWrites, "allow-writes", "", "allow writes to this `HOST`, which must be the target's")
	fs.Var(&conn.rate, "rate", "at most this many requests per second")
	return c
}

// crowded is the number of resources above which several are deleted at a time: only a load leaves so many.
const crowded = 500

func (m *Main) runCleanup(ctx context.Context, conn *connection, path string) error {
	l, err := wire.ReadLedger(path)
	if err != nil {
		return usage("a run that is not finished names its ledger", "%w", err)
	}
	if l.Base() == "" || l.Remaining() == 0 {
		closeLedger(l, path, nil)
		fmt.Fprintf(m.out, "nothing is left of run %s\n", l.RunID())
		return nil
	}
	if may, err := wire.MayWrite(l.Base(), conn.allowWrites); err != nil || !may {
		return notAllowed(l.Base(), conn.allowWrites)
	}
	cfg, err := conn.wire(m, l.Base())
	if err != nil {
		return err
	}
	cfg.Ledger = l
	client, err := wire.New(cfg)
	if err != nil {
		return usage("", "%w", err)
	}
	defer client.Close()
	if err := reachable(ctx, client); err != nil {
		return err
	}
	width := 1
	if l.Remaining() > crowded {
		width = 8
	}
	r := wire.Cleanup(ctx, client, l, width)
	fmt.Fprintf(m.out, "run %s against %s: %d created, %d deleted, %d left\n", l.RunID(), l.Base(), r.Created, r.Deleted, len(r.Left))
	for _, left := range r.Left {
		fmt.Fprintf(m.out, "left  %s  %s  %s\n", reports.Visible(wire.ResourcePath(left.Endpoint, left.ID)), reports.Visible(left.Key), reports.Visible(left.Why))
	}
	switch {
	case ctx.Err() != nil:
		_ = l.Close()
		return exitError(reports.ExitIncomplete)
	case len(r.Left) > 0:
		_ = l.Close()
		return exitError(reports.ExitLeftovers)
	}
	closeLedger(l, path, nil)
	return nil
}

// reachable makes sure that the target answers and accepts the credential, so that a wrong token is not taken for a
// resource that cannot be deleted.
func reachable(ctx context.Context, client *wire.Client) error {
	x := client.Do(ctx, wire.Request{Path: "/Users", RawQuery: "count=1"})
	switch {
	case ctx.Err() != nil:
		return exitError(reports.ExitIncomplete)
	case x.Err() != nil:
		return &hinted{reports.ExitUnreachable, fmt.Errorf("the target cannot be reached: %w", x.Err()), "`scimproof doctor " + client.Base() + "` tells which layer fails"}
	case x.Status == http.StatusUnauthorized || x.Status == http.StatusForbidden:
		return &hinted{reports.ExitUnreachable, fmt.Errorf("the target refuses the credential: GET /Users answered %d", x.Status), "give the credential of the run, such as --token env:SCIM_TOKEN"}
	}
	return nil
}
