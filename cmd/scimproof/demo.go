package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

func (m *Main) demo() *cobra.Command {
	var (
		j     judging
		o     outputs
		flaws []string
	)
	c := &cobra.Command{
		Use:   "demo",
		Short: "Check the embedded target: a whole run that needs no server",
		Example: `  scimproof demo --out-dir out
  scimproof demo --flaw patch-ignores-remove`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := j.config()
			if err != nil {
				return err
			}
			token, reader, expired, domain := rand.Text(), rand.Text(), rand.Text(), rand.Text()
			for _, t := range []string{token, reader, expired, domain} {
				m.secrets.Add(t)
			}
			srv, err := newTarget(target.Config{Token: token, ReadToken: reader, ExpiredToken: expired, DomainToken: domain, Flaws: flaws})
			if err != nil {
				return err
			}
			if err := o.prepare(); err != nil {
				return err
			}
			base, stop, err := listen(srv)
			if err != nil {
				return err
			}
			defer stop()
			cfg.Others = suites.Others{Restricted: reader, Expired: expired, OtherDomain: domain}
			cfg.Wire = wire.Config{BaseURL: base, Auth: wire.Auth{Kind: "bearer", Token: token}, Secrets: m.secrets, Version: versionInfo().Version}
			return m.judge(c.Context(), judgement{
				cfg: cfg, policy: reports.Policy{FailOn: j.failOn}, out: &o, judged: &j,
				name: "embedded target", shown: map[string]string{"auth": "bearer", "fail-on": j.failOn},
			})
		},
	}
	fs := c.Flags()
	j.flags(fs)
	o.flags(fs)
	fs.StringSliceVar(&flaws, "flaw", nil, "give the target the defect of this `NAME`, see `scimproof list flaws`; repeatable")
	m.complete(c)
	return c
}

// newTarget makes an embedded target. Flaws that cannot show in it are refused: those of a TLS connection, as there is none
// here, and those of a password where it asks for none.
func newTarget(cfg target.Config) (*target.Server, error) {
	for _, f := range target.Flaws() {
		if f.TLS != nil && slices.Contains(cfg.Flaws, f.Name) {
			return nil, usage("the tests of package suites show it", "the flaw %s is one of TLS, and the embedded target is reached over plain http", f.Name)
		}
		if f.Password && cfg.User == "" && slices.Contains(cfg.Flaws, f.Name) {
			return nil, usage("use `scimproof serve` with --basic-user and --basic-password", "the flaw %s shows where the target asks for a password, which it does not", f.Name)
		}
	}
	srv, err := target.New(cfg)
	if err != nil {
		return nil, usage("`scimproof serve --list` shows all names", "%w", err)
	}
	return srv, nil
}

// listen serves h on a free loopback port; the base URL is below the target's mount.
func listen(h http.Handler) (base string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("the embedded target cannot listen on loopback: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := srv.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener is ours and stays open until stop
		}
	}()
	return "http://" + l.Addr().String() + target.Mount, func() { _ = srv.Close() }, nil
}
