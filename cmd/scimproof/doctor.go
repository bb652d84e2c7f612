package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

const (
	doctorTime    = 45 * time.Second
	doctorRequest = 10 * time.Second
	clockSkew     = 5 * time.Minute
	certSoon      = 14 * 24 * time.Hour
)

// layer is what the doctor found at one layer of the connection.
type layer struct {
	Name   string   `json:"layer"`
	OK     bool     `json:"ok"`
	Found  string   `json:"found"`
	Hint   string   `json:"hint,omitempty"`
	Advice []string `json:"advice,omitempty"` // what is not wrong but worth knowing
}

// patient is an endpoint under examination.
type patient struct {
	cfg    wire.Config
	url    *url.URL
	client *wire.Client
	config *reports.Exchange // the answer to GET /ServiceProviderConfig
}

func (m *Main) doctor() *cobra.Command {
	conn := &connection{}
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor [URL]",
		Short: "Find out why an endpoint cannot be checked: DNS, TCP, TLS, HTTP, authentication, SCIM",
		Long:  "doctor looks at one layer after the other, stops at the first that fails, and says what to do. It only reads.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := m.load(c.Flags(), conn.configFile)
			if err != nil {
				return err
			}
			base := file.Target.URL
			if len(args) == 1 {
				base = args[0]
			}
			if base == "" {
				return usage("scimproof doctor https://host/scim/v2", "no base URL was given")
			}
			return m.runDoctor(c.Context(), conn, base, asJSON)
		},
	}
	conn.flags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func (m *Main) runDoctor(ctx context.Context, conn *connection, base string, asJSON bool) error {
	cfg, err := conn.wire(m, base)
	if err != nil {
		return err
	}
	cfg.ReadOnly, cfg.Timeout = true, min(cfg.Timeout, doctorRequest)
	p := &patient{cfg: cfg}
	if p.client, err = wire.New(cfg); err != nil {
		return usage("", "%w", err)
	}
	defer p.client.Close()
	if p.url, err = url.Parse(p.client.Base()); err != nil {
		return usage("", "the base URL: %w", err)
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	var layers []layer
	healthy := true
	for _, look := range []struct {
		name string
		at   func(context.Context) layer
	}{
		{"DNS", p.dns},
		{"TCP", p.tcp},
		{"TLS", p.tls},
		{"HTTP", p.http},
		{"authentication", p.authentication},
		{"SCIM", p.scim},
	} {
		l := look.at(ctx)
		if whole.Err() != nil {
			break
		}
		l.Name = look.name
		layers = append(layers, l)
		if !asJSON {
			m.printLayer(l)
		}
		if healthy = l.OK; !healthy {
			break
		}
	}
	if asJSON {
		err = m.json(struct {
			Target string  `json:"target"`
			OK     bool    `json:"ok"`
			Layers []layer `json:"layers"`
		}{p.client.Base(), healthy, layers})
	}
	if whole.Err() != nil {
		return exitError(reports.ExitIncomplete)
	}
	if err == nil && !healthy {
		return exitError(reports.ExitUnreachable)
	}
	return err
}

func (m *Main) printLayer(l layer) {
	word := "ok"
	if !l.OK {
		word = "FAIL"
	}
	fmt.Fprintf(m.out, "%-5s %-15s %s\n", word, l.Name, reports.Visible(l.Found))
	for _, a := range l.Advice {
		fmt.Fprintf(m.out, "%-21s note: %s\n", "", reports.Visible(a))
	}
	if l.Hint != "" {
		fmt.Fprintf(m.out, "%-21s hint: %s\n", "", reports.Visible(l.Hint))
	}
}

func sick(hint, format string, args ...any) layer {
	return layer{Found: fmt.Sprintf(format, args...), Hint: hint}
}

func well(format string, args ...any) layer {
	return layer{OK: true, Found: fmt.Sprintf(format, args...)}
}

// proxied tells whether a proxy resolves and connects for us.
func (p *patient) proxied() bool {
	if p.cfg.Proxy != "" {
		return true
	}
	via, err := http.ProxyFromEnvironment(&http.Request{URL: p.url})
	return err == nil && via != nil
}

func (p *patient) dns(ctx context.Context) layer {
	host := p.url.Hostname()
	if net.ParseIP(host) != nil {
		return well("%s is an address", host)
	}
	if p.proxied() {
		return well("left to the proxy")
	}
	ctx, cancel := context.WithTimeout(ctx, doctorRequest)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return sick("check the host name; is it known only inside another network?", "%s cannot be resolved: %v", host, err)
	}
	return well("%s is %s", host, strings.Join(addrs, ", "))
}

func (p *patient) port() string {
	if port := p.url.Port(); port != "" {
		return port
	}
	if p.url.Scheme == "https" {
		return "443"
	}
	return "80"
}

func (p *patient) tcp(ctx context.Context) layer {
	if p.proxied() {
		return well("left to the proxy")
	}
	at := net.JoinHostPort(p.url.Hostname(), p.port())
	conn, err := (&net.Dialer{Timeout: doctorRequest}).DialContext(ctx, "tcp", at)
	if err != nil {
		hint := "is there a firewall in between?"
		if errors.Is(err, syscall.ECONNREFUSED) {
			hint = "is the server running, and is the port right?"
		}
		return sick(hint, "no connection to %s: %v", at, err)
	}
	_ = conn.Close()
	return well("%s accepts connections", at)
}

func (p *patient) tls(ctx context.Context) layer {
	if p.url.Scheme != "https" {
		l := well("plain http")
		if ip := net.ParseIP(p.url.Hostname()); p.url.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			l.Advice = []string{"SCIM requires TLS (RFC 7644 §7.2)"}
		}
		return l
	}
	facts, err := wire.ProbeTLS(ctx, p.cfg)
	if err != nil {
		if strings.Contains(err.Error(), "does not look like a TLS handshake") || strings.Contains(err.Error(), "HTTP response to HTTPS") {
			return sick("use http://"+p.url.Host+p.url.Path+", if that is meant", "the port speaks plain http, not TLS")
		}
		return sick("", "no TLS handshake succeeded: %v", err)
	}
	now := time.Now()
	switch {
	case p.cfg.Insecure:
	case now.After(facts.NotAfter):
		return sick("renew it; --insecure goes on without", "the certificate of %s expired on %s", facts.Subject, facts.NotAfter.Format(time.DateOnly))
	case now.Before(facts.NotBefore):
		return sick("check the clocks of both sides", "the certificate of %s is valid only from %s", facts.Subject, facts.NotBefore.Format(time.DateOnly))
	case !facts.HostMatches:
		return sick("use the name that the certificate is made out to", "the certificate is for another host: %s", facts.HostError)
	case !facts.Verified:
		return sick("give the CA that issued it with --ca-file; --insecure goes on without", "the certificate, issued by %s, is not trusted: %s", facts.Issuer, facts.ChainError)
	}
	l := well("%s, certificate of %s until %s", facts.Version, facts.Subject, facts.NotAfter.Format(time.DateOnly))
	if left := facts.NotAfter.Sub(now); left > 0 && left < certSoon {
		l.Advice = append(l.Advice, fmt.Sprintf("the certificate expires in %d days", int(left.Hours()/24)))
	}
	if facts.TLS10 || facts.TLS11 {
		l.Advice = append(l.Advice, "it still accepts TLS 1.0 or 1.1 (RFC 8996)")
	}
	return l
}

func (p *patient) get(ctx context.Context, path, query string) *reports.Exchange {
	return p.client.Do(ctx, wire.Request{Path: path, RawQuery: query, NoRetry: true})
}

func (p *patient) http(ctx context.Context) layer {
	p.config = p.get(ctx, "/ServiceProviderConfig", "")
	x := p.config
	if err := x.Err(); err != nil {
		var auth *wire.AuthError
		if errors.As(err, &auth) {
			return sick(auth.Hint, "no credential: %s", auth.Why)
		}
		if p.speaksTLS(ctx) {
			return sick("use https://"+p.url.Host+p.url.Path, "the port speaks TLS, not plain http")
		}
		return sick("", "GET /ServiceProviderConfig: %v", err)
	}
	if x.Status == http.StatusBadRequest && p.speaksTLS(ctx) {
		return sick("use https://"+p.url.Host+p.url.Path, "the port speaks TLS, not plain http")
	}
	if x.Status >= 300 && x.Status < 400 {
		return p.redirect(x)
	}
	l := well("GET /ServiceProviderConfig answers %d in %s", x.Status, x.Duration.Round(time.Millisecond))
	if date, err := http.ParseTime(x.Header().Get("Date")); err == nil {
		if skew := time.Since(date).Round(time.Second); skew.Abs() > clockSkew {
			l.Advice = append(l.Advice, fmt.Sprintf("the clocks differ by %s; tokens and certificates may be refused for it", skew.Abs()))
		}
	}
	return l
}

func (p *patient) speaksTLS(ctx context.Context) bool {
	if p.url.Scheme != "http" {
		return false
	}
	cfg := p.cfg
	cfg.BaseURL = "https" + strings.TrimPrefix(p.client.Base(), "http")
	_, err := wire.ProbeTLS(ctx, cfg)
	return err == nil
}

// redirect explains an answer that leads elsewhere; its query may carry secrets and is left out.
func (p *patient) redirect(x *reports.Exchange) layer {
	to, err := p.url.Parse(x.Header().Get("Location"))
	if err != nil || x.Header().Get("Location") == "" {
		return sick("check the path of the base URL", "GET /ServiceProviderConfig answers %d without a usable Location", x.Status)
	}
	where := to.Scheme + "://" + to.Host + to.Path
	switch {
	case to.Host == p.url.Host && to.Scheme == "https" && p.url.Scheme == "http":
		return sick("use the https URL: "+strings.TrimSuffix(where, "/ServiceProviderConfig"), "redirected (%d) to https", x.Status)
	case loginWord(where):
		return sick("API requests must not be sent to a login page: check the path, and that the credential is one for the API", "redirected (%d) to what looks like a login page: %s", x.Status, where)
	}
	return sick("redirects are not followed, as the credential must not go elsewhere; use "+strings.TrimSuffix(where, "/ServiceProviderConfig")+" if that is the endpoint", "redirected (%d) to %s", x.Status, where)
}

func loginWord(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"login", "signin", "sign-in", "/sso", "/auth", "saml", "password"}, func(w string) bool { return strings.Contains(text, w) })
}

// authentication asks for a list of users, which no endpoint gives to strangers.
func (p *patient) authentication(ctx context.Context) layer {
	x := p.get(ctx, "/Users", "count=1")
	if err := x.Err(); err != nil {
		return sick("", "GET /Users: %v", err)
	}
	given := "the credential"
	if p.cfg.Auth.Kind == "none" {
		given = "a request without a credential"
	}
	switch x.Status {
	case http.StatusUnauthorized:
		hint := "check that it is the right one and not expired"
		if p.cfg.Auth.Kind == "none" {
			hint = "give one, such as --token env:SCIM_TOKEN"
		}
		if want := x.Header().Get("WWW-Authenticate"); want != "" {
			hint += "; the server asks for: " + want
		}
		return sick(hint, "%s is refused: GET /Users answers 401", given)
	case http.StatusForbidden:
		return sick("the credential is known but lacks the right to read users; check its scopes and roles", "%s is refused: GET /Users answers 403", given)
	}
	if x.Status >= 300 && x.Status < 400 {
		l := p.redirect(x)
		l.Found = strings.Replace(l.Found, "/ServiceProviderConfig", "/Users", 1)
		return l
	}
	return well("GET /Users answers %d", x.Status)
}

// scimPaths are where SCIM endpoints usually are.
var scimPaths = []string{"/scim/v2", "/scim", "/v2", "/api/scim/v2", "/scim/v2.0", "/api/v2/scim", "/api/scim", "/scim2", "/identity/scim/v2"}

func (p *patient) scim(ctx context.Context) layer {
	x := p.config
	if p.looksLikeSCIM(x) {
		l := well("ServiceProviderConfig describes a SCIM 2.0 service")
		var lacks []string
		for _, f := range []string{"patch", "bulk", "filter", "sort", "etag"} {
			if yes, ok := scim.Get(x.Object(), f+".supported").(bool); ok && !yes {
				lacks = append(lacks, f)
			}
		}
		if len(lacks) > 0 {
			l.Advice = append(l.Advice, "it does not offer "+strings.Join(lacks, ", "))
		}
		return l
	}
	if users := p.get(ctx, "/Users", "count=1"); users.Success() && isList(users) {
		l := well("GET /Users answers a SCIM list")
		l.Advice = append(l.Advice, fmt.Sprintf("GET /ServiceProviderConfig answers %d, not a service provider configuration (RFC 7644 §4)", x.Status))
		return l
	}
	found := fmt.Sprintf("GET /ServiceProviderConfig answers %d, not SCIM", x.Status)
	switch {
	case isHTML(x) && loginWord(string(x.Body())):
		found = fmt.Sprintf("GET /ServiceProviderConfig answers %d with an HTML login page", x.Status)
	case isHTML(x):
		found = fmt.Sprintf("GET /ServiceProviderConfig answers %d with an HTML page", x.Status)
	}
	if right := p.rightPath(ctx); right != "" {
		return sick("use "+right, "%s, but %s does", found, right)
	}
	return sick("look up the SCIM base URL in the product's documentation; it usually ends in /scim/v2", "%s; nor is there a SCIM service at %s", found, strings.Join(scimPaths, ", "))
}

// rightPath looks for a ServiceProviderConfig at the usual places of the same host.
func (p *patient) rightPath(ctx context.Context) string {
	root := p.url.Scheme + "://" + p.url.Host
	var bases []string
	for _, below := range []string{"/v2", "/scim/v2"} {
		bases = append(bases, p.client.Base()+below)
	}
	for _, path := range scimPaths {
		bases = append(bases, root+path)
	}
	if up := strings.LastIndexByte(p.url.Path, '/'); up > 0 {
		bases = append(bases, root+p.url.Path[:up])
	}
	for i, base := range bases {
		if base == p.client.Base() || slices.Contains(bases[:i], base) {
			continue
		}
		if x := p.get(ctx, base+"/ServiceProviderConfig", ""); p.looksLikeSCIM(x) {
			return base
		}
	}
	return ""
}

func (p *patient) looksLikeSCIM(x *reports.Exchange) bool {
	o := x.Object()
	return x.Status == http.StatusOK && (slices.Contains(scim.List(o, "schemas"), any(scim.ProviderConfigURN)) || scim.Get(o, "patch.supported") != nil)
}

func isList(x *reports.Exchange) bool {
	return slices.Contains(scim.List(x.Object(), "schemas"), any(scim.ListResponseURN))
}

func isHTML(x *reports.Exchange) bool {
	start := strings.ToLower(strings.TrimSpace(string(x.Body()[:min(len(x.Body()), 200)])))
	return strings.Contains(x.Header().Get("Content-Type"), "html") || strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
