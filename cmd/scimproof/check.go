package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// checkFlags are the flags of `check`.
type checkFlags struct {
	connection
	otherTokens
	judging
	outputs
	readOnly, keep, plan bool
	maxWrites            int
	ledger               string
}

func newSeed() int64 { return 1 + rand.Int64N(1<<53-1) }

func (m *Main) check() *cobra.Command {
	f := &checkFlags{}
	c := &cobra.Command{
		Use:   "check [URL]",
		Short: "Judge the SCIM 2.0 endpoint at a base URL",
		Long: `check exercises the endpoint, judges each answer by the RFCs, deletes what it created and gives a verdict.

It writes to loopback only, unless --allow-writes names the host. Each flag can also be given as an environment variable,
such as SCIMPROOF_FAIL_ON, or in scimproof.yaml. Secrets are given by reference, never as they are.`,
		Example: `  scimproof check https://scim.example.com/scim/v2 --token env:SCIM_TOKEN --allow-writes scim.example.com
  scimproof check http://127.0.0.1:8080/scim/v2 --only 'patch.*' -o junit=junit.xml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := m.load(c.Flags(), f.configFile)
			if err != nil {
				return err
			}
			return m.runCheck(c.Context(), f, file, args)
		},
	}
	f.all(c.Flags())
	m.complete(c)
	return c
}

// all registers the flags.
func (f *checkFlags) all(fs *pflag.FlagSet) {
	f.connection.flags(fs)
	f.otherTokens.flags(fs)
	f.judging.flags(fs)
	f.outputs.flags(fs)
	fs.StringVar(&f.allowWrites, "allow-writes", "", "allow writes to this `HOST`, which must be the target's")
	fs.BoolVar(&f.readOnly, "read-only", false, "send nothing that changes the target; checks that write are skipped")
	fs.IntVar(&f.maxWrites, "max-writes", 0, "stop after `N` writes (0 = no limit)")
	fs.Var(&f.rate, "rate", "at most this many requests per second")
	fs.BoolVar(&f.plan, "plan", false, "show what would be sent, and send nothing")
	fs.BoolVar(&f.keep, "keep", false, "leave what was created on the target; the ledger stays too")
	fs.StringVar(&f.ledger, "ledger", "", "`FILE` that records what was created, for cleanup (default: in the user's cache directory)")
}

func (m *Main) runCheck(ctx context.Context, f *checkFlags, file *configFile, args []string) error {
	base := file.Target.URL
	if len(args) == 1 {
		base = args[0]
	}
	if base == "" {
		return usage("scimproof check https://host/scim/v2", "no base URL was given, neither as an argument nor as target.url in %s", cmp.Or(f.configFile, defaultConfig))
	}
	may, err := wire.MayWrite(base, f.allowWrites)
	if err != nil {
		return usage("", "the base URL: %w", err)
	}
	cfg, err := f.config()
	if err != nil {
		return err
	}
	cfg.User.Required = file.User.Required
	cfg.Required = map[string]map[string]any{}
	for name, t := range file.Types {
		cfg.Required[name] = t.Required
	}
	cfg.Keep = f.keep
	if f.maxWrites < 0 {
		return usage("0 means no limit", "--max-writes cannot be negative")
	}
	if f.plan {
		return m.plan(ctx, cfg, base, len(f.checks), f.verbose > 0)
	}
	if !may && !f.readOnly {
		return notAllowed(base, f.allowWrites)
	}
	if err := f.prepare(); err != nil {
		return err
	}
	if cfg.Wire, err = f.wire(m, base); err != nil {
		return err
	}
	if cfg.Others, err = f.resolve(m); err != nil {
		return err
	}
	cfg.Wire.ReadOnly, cfg.Wire.MaxWrites = f.readOnly, f.maxWrites
	if f.ledger == "" {
		if f.ledger, err = ledgerPath(cfg.RunID); err != nil {
			return err
		}
	}
	return m.judge(ctx, judgement{
		cfg: cfg, policy: reports.Policy{FailOn: f.failOn}, out: &f.outputs, judged: &f.judging,
		name: file.Target.Name, shown: f.shown(cfg.Wire), ledger: f.ledger,
	})
}

// notAllowed refuses to write to a host that was not named, before anything is looked up.
func notAllowed(base, allowed string) error {
	host := base
	if u, err := url.Parse(base); err == nil {
		host = u.Hostname()
	}
	why := fmt.Sprintf("writes to %s are not allowed", host)
	if allowed != "" {
		why += fmt.Sprintf("; --allow-writes names %s", allowed)
	}
	return usage("add --allow-writes "+host+" if this tenant may be written to (whatever is created is deleted again), or --read-only", "%s", why)
}

// shown is the configuration as reports show it.
func (f *checkFlags) shown(w wire.Config) map[string]string {
	s := map[string]string{
		"auth": w.Auth.Kind, "fail-on": f.failOn, "timeout": f.timeout.String(),
		"only": strings.Join(f.only, ","), "skip": strings.Join(f.skip, ","), "force": strings.Join(f.force, ","),
		"user-domain": f.domain, "allow-writes": f.allowWrites, "rate": f.rate.String(), "waivers": f.waiverFile,
	}
	for name, on := range map[string]bool{"read-only": f.readOnly, "keep": f.keep, "insecure": f.insecure, "allow-plain-http": f.plainHTTP} {
		if on {
			s[name] = "true"
		}
	}
	if f.maxWrites > 0 {
		s["max-writes"] = strconv.Itoa(f.maxWrites)
	}
	for name, v := range s {
		if v == "" {
			delete(s, name)
		}
	}
	return s
}
