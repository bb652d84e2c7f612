package main

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/scimproof/scimproof/internal/wire"
)

// connection holds the flags that say how to reach a target.
type connection struct {
	token, basicUser, basicPassword, authHeader       string
	tokenURL, clientID, clientSecret                  string
	scopes                                            []string
	caFile, cert, key, proxy, allowWrites, configFile string
	insecure, plainHTTP                               bool
	timeout                                           time.Duration
	headers                                           []string
	rate                                              rate
}

const refHelp = " (env:NAME, file:PATH, cmd:COMMAND or - for standard input)"

func (c *connection) flags(fs *pflag.FlagSet) {
	fs.StringVar(&c.token, "token", "", "bearer token, by `REF`erence"+refHelp)
	fs.StringVar(&c.basicUser, "basic-user", "", "user `NAME` for basic authentication")
	fs.StringVar(&c.basicPassword, "basic-password", "", "password for basic authentication, by `REF`erence")
	fs.StringVar(&c.authHeader, "auth-header", "", "authenticate by a header of your own: `NAME=REF`")
	fs.StringVar(&c.tokenURL, "oauth2-token-url", "", "`URL` of the token endpoint for OAuth 2 client credentials")
	fs.StringVar(&c.clientID, "oauth2-client-id", "", "client `ID`")
	fs.StringVar(&c.clientSecret, "oauth2-client-secret", "", "client secret, by `REF`erence")
	fs.StringSliceVar(&c.scopes, "oauth2-scope", nil, "`SCOPE` to ask for, repeatable")
	fs.StringVar(&c.cert, "cert", "", "client certificate, a PEM `FILE`")
	fs.StringVar(&c.key, "key", "", "its key, a PEM `FILE`")
	fs.StringVar(&c.caFile, "ca-file", "", "trust the CAs in this PEM `FILE` too")
	fs.BoolVar(&c.insecure, "insecure", false, "do not verify the server's certificate")
	fs.BoolVar(&c.plainHTTP, "allow-plain-http", false, "send credentials over plain http to other hosts than loopback")
	fs.StringVar(&c.proxy, "proxy", "", "`URL` of a proxy (default: from the environment)")
	fs.DurationVar(&c.timeout, "timeout", 30*time.Second, "time-out of one request")
	fs.StringArrayVarP(&c.headers, "header", "H", nil, "further header, `NAME=VALUE` or NAME=REF, repeatable")
	fs.StringVarP(&c.configFile, "config", "c", "", "configuration `FILE` (default scimproof.yaml, if there is one)")
}

// credentialKinds maps each credential flag to the kind of authentication that it belongs to.
var credentialKinds = map[string]string{
	"token": "bearer", "basic-user": "basic", "basic-password": "basic", "auth-header": "header",
	"oauth2-token-url": "oauth2", "oauth2-client-id": "oauth2", "oauth2-client-secret": "oauth2", "oauth2-scope": "oauth2",
}

// wire resolves the references and makes the settings of a client; nothing is sent. Secrets are registered first of all.
func (c *connection) wire(m *Main, baseURL string) (wire.Config, error) {
	cfg := wire.Config{
		BaseURL: baseURL, CAFile: c.caFile, CertFile: c.cert, KeyFile: c.key, Insecure: c.insecure, AllowPlainHTTP: c.plainHTTP,
		Proxy: c.proxy, Timeout: c.timeout, Rate: float64(c.rate), AllowWrites: c.allowWrites,
		Header: http.Header{}, Secrets: m.secrets, Version: versionInfo().Version,
	}
	if c.timeout <= 0 {
		return cfg, usage("write it as 30s or 1m", "--timeout must be positive")
	}
	auth, err := c.auth(m)
	if err != nil {
		return cfg, err
	}
	cfg.Auth = auth
	for _, h := range c.headers {
		name, value, err := m.header("--header", h, !credentialName.MatchString(nameOf(h)))
		if err != nil {
			return cfg, err
		}
		cfg.Header.Add(name, value)
	}
	client, err := wire.New(cfg)
	if err != nil {
		return cfg, err
	}
	client.Close()
	return cfg, nil
}

func (c *connection) auth(m *Main) (wire.Auth, error) {
	a := wire.Auth{Kind: "none"}
	var kinds []string
	add := func(kind string, given bool) {
		if given {
			kinds = append(kinds, kind)
			a.Kind = kind
		}
	}
	add("bearer", c.token != "")
	add("basic", c.basicUser != "" || c.basicPassword != "")
	add("header", c.authHeader != "")
	add("oauth2", c.tokenURL != "" || c.clientID != "" || c.clientSecret != "")
	if len(kinds) > 1 {
		return a, usage("give one of them", "there are credentials of %d kinds: %s", len(kinds), strings.Join(kinds, ", "))
	}
	var err error
	switch a.Kind {
	case "bearer":
		a.Token, err = m.secret("--token", c.token)
	case "basic":
		a.User = c.basicUser
		if c.basicPassword == "" {
			return a, usage("add --basic-password env:NAME", "--basic-user needs a password")
		}
		a.Password, err = m.secret("--basic-password", c.basicPassword)
	case "header":
		a.HeaderName, a.HeaderValue, err = m.header("--auth-header", c.authHeader, false)
	case "oauth2":
		a.TokenURL, a.ClientID, a.Scopes = c.tokenURL, c.clientID, c.scopes
		a.ClientSecret, err = m.secret("--oauth2-client-secret", c.clientSecret)
	case "none":
		if c.cert != "" {
			a.Kind = "mtls"
		}
	}
	return a, err
}

// secret resolves a reference and sees to it that its value is never printed.
func (m *Main) secret(flag, ref string) (string, error) {
	v, err := wire.ResolveRef(ref)
	if err != nil {
		return "", usage("", "%s: %w", flag, err)
	}
	m.secrets.Add(v)
	return v, nil
}

// credentialName finds headers whose values are secrets, so that they may be given by reference only.
var credentialName = regexp.MustCompile(`(?i)authorization|cookie|token|secret|password|api-?key|credential`)

// reference finds values that are references rather than literals.
var reference = regexp.MustCompile(`^(env:|file:|cmd:|-$)`)

func nameOf(header string) string {
	name, _, _ := strings.Cut(header, "=")
	return strings.TrimSpace(name)
}

// header takes NAME=VALUE apart. It never repeats what follows the name, which may be a secret.
func (m *Main) header(flag, text string, literal bool) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if !ok || !headerName.MatchString(name) {
		return "", "", usage("write it as NAME=VALUE, such as X-Tenant=acme", "%s is not of the form NAME=VALUE", flag)
	}
	if reference.MatchString(value) || !literal {
		value, err = m.secret(flag+" "+name, value)
	}
	if err == nil && strings.ContainsAny(value, "\r\n\x00") {
		err = usage("", "%s %s: the value has a line break", flag, name)
	}
	return name, value, err
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
