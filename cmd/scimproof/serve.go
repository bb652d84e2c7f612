package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/reports"
)

// serveFlags are the flags of `serve`.
type serveFlags struct {
	addr, token, basicUser, basicPassword string
	flaws, variants                       []string
	users, maxResults                     int
	seed                                  int64
	latency                               time.Duration
	list                                  bool
	otherTokens
}

func (m *Main) serve() *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use:     "serve",
		Short:   "Run the embedded target alone: a SCIM 2.0 service provider in memory",
		Example: `  scimproof serve --addr 127.0.0.1:8080 --users 1000 --flaw patch-ignores-remove`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.list {
				m.listFlaws()
				m.listVariants()
				return nil
			}
			return m.runServe(c.Context(), f)
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.addr, "addr", "127.0.0.1:0", "`HOST:PORT` to listen on; port 0 takes a free one")
	fs.StringVar(&f.token, "token", "", "bearer token that requests must carry, by `REF`erence"+refHelp)
	fs.StringVar(&f.restricted, "restricted-token", "", "a token that may read and not write, by `REF`erence")
	fs.StringVar(&f.expired, "expired-token", "", "a token that has expired, by `REF`erence")
	fs.StringVar(&f.otherDomain, "other-domain-token", "", "a token of another provisioning domain, which has a directory of its own, by `REF`erence")
	fs.StringVar(&f.basicUser, "basic-user", "", "user `NAME` of basic authentication")
	fs.StringVar(&f.basicPassword, "basic-password", "", "its password, by `REF`erence")
	fs.StringSliceVar(&f.flaws, "flaw", nil, "have the defect of this `NAME`; repeatable")
	fs.StringSliceVar(&f.variants, "variant", nil, "make the legal choice of this `NAME`; repeatable")
	fs.IntVar(&f.users, "users", 0, "start with `N` synthetic users")
	fs.Int64Var(&f.seed, "seed", 1, "which users these are")
	fs.DurationVar(&f.latency, "latency", 0, "wait this long before each answer")
	fs.IntVar(&f.maxResults, "max-results", 0, "most resources on a page (default 200)")
	fs.BoolVar(&f.list, "list", false, "list flaws and variants")
	m.complete(c)
	return c
}

func (m *Main) runServe(ctx context.Context, f *serveFlags) error {
	host, _, err := net.SplitHostPort(f.addr)
	if err != nil {
		return usage("write it as 127.0.0.1:8080", "--addr: %w", err)
	}
	if f.users < 0 || f.maxResults < 0 || f.latency < 0 {
		return usage("", "--users, --max-results and --latency cannot be negative")
	}
	cfg := target.Config{User: f.basicUser, Flaws: f.flaws, Variants: f.variants, Latency: f.latency, MaxResults: f.maxResults}
	if f.token != "" {
		if cfg.Token, err = m.secret("--token", f.token); err != nil {
			return err
		}
	}
	others, err := f.resolve(m)
	if err != nil {
		return err
	}
	cfg.ReadToken, cfg.ExpiredToken, cfg.DomainToken = others.Restricted, others.Expired, others.OtherDomain
	if (f.basicUser == "") != (f.basicPassword == "") {
		return usage("give both", "--basic-user and --basic-password belong together")
	}
	if f.basicPassword != "" {
		if cfg.Password, err = m.secret("--basic-password", f.basicPassword); err != nil {
			return err
		}
	}
	srv, err := newTarget(cfg)
	if err != nil {
		return err
	}
	for i := range f.users {
		if _, err := srv.Seed("User", fixtures.Person(f.seed, i)); err != nil {
			return fmt.Errorf("user %d: %w", i, err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", f.addr)
	if err != nil {
		return usage("is the port free?", "cannot listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		fmt.Fprintf(m.err, "warning: %s can be reached from other machines", l.Addr())
		if cfg.Token == "" && cfg.User == "" {
			fmt.Fprint(m.err, ", and asks nobody for credentials")
		}
		fmt.Fprintln(m.err)
	}
	fmt.Fprintf(m.out, "listening on http://%s%s\n", l.Addr(), target.Mount)
	return m.serveUntil(ctx, l, srv)
}

// serveUntil serves until the context is over, and lets running requests finish.
func (m *Main) serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return &hinted{reports.ExitBug, fmt.Errorf("the server stopped: %w", err), ""}
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(srv.Close(), nil)
	}
	return nil
}
