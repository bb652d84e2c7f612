package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Auth is how a run authenticates. Its strings are values, not references: see ResolveRef.
type Auth struct {
	Kind                             string // none (or ""), bearer, basic, header, oauth2, mtls
	Token                            string // bearer
	User, Password                   string // basic
	HeaderName, HeaderValue          string // header, such as X-Api-Key
	TokenURL, ClientID, ClientSecret string // oauth2 client credentials (RFC 6749 §4.4)
	Scopes                           []string
}

// AuthError tells that no credential could be obtained, so nothing was sent to the target.
type AuthError struct {
	Why, Hint string
	Err       error
}

// Error gives the reason and what to do.
func (e *AuthError) Error() string { return e.Why + " (" + e.Hint + ")" }

// Unwrap returns the cause.
func (e *AuthError) Unwrap() error { return e.Err }

// credentials adds the credential to a request's header.
type credentials func(ctx context.Context, h http.Header) error

// newCredentials checks a and registers its secrets. send is what a token request goes through.
func newCredentials(cfg Config, secrets *Secrets, send http.RoundTripper) (credentials, error) {
	a := cfg.Auth
	missing := func(field string) error {
		return &ConfigError{"Auth." + field, "authentication of kind " + a.Kind + " needs it", "give it by reference, such as env:NAME"}
	}
	for _, v := range []string{a.Token, a.Password, a.HeaderValue, a.ClientSecret} {
		secrets.Add(v)
	}
	switch a.Kind {
	case "", "none":
		return func(context.Context, http.Header) error { return nil }, nil
	case "bearer":
		if a.Token == "" {
			return nil, missing("Token")
		}
		return fixed("Authorization", "Bearer "+a.Token), nil
	case "basic":
		if a.User == "" {
			return nil, missing("User")
		}
		pair := a.User + ":" + a.Password
		secrets.Add(pair)
		return fixed("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))), nil
	case "header":
		if a.HeaderName == "" {
			return nil, missing("HeaderName")
		}
		if a.HeaderValue == "" {
			return nil, missing("HeaderValue")
		}
		addParts(secrets, a.HeaderValue)
		return fixed(a.HeaderName, a.HeaderValue), nil
	case "mtls":
		if (cfg.CertFile == "" || cfg.KeyFile == "") && cfg.Transport == nil {
			return nil, &ConfigError{"CertFile", "authentication of kind mtls needs a client certificate and its key", "give both files"}
		}
		return func(context.Context, http.Header) error { return nil }, nil
	case "oauth2":
		return newOAuth2(cfg, secrets, send, missing)
	}
	return nil, &ConfigError{"Auth.Kind", "there is no such kind of authentication", "use none, bearer, basic, header, oauth2 or mtls"}
}

// addParts registers a header's value, and the part behind a scheme such as "SSWS".
func addParts(secrets *Secrets, value string) {
	secrets.Add(value)
	if _, rest, found := strings.Cut(value, " "); found {
		secrets.Add(rest)
	}
}

func fixed(name, value string) credentials {
	return func(_ context.Context, h http.Header) error {
		h.Set(name, value)
		return nil
	}
}

func newOAuth2(cfg Config, secrets *Secrets, send http.RoundTripper, missing func(string) error) (credentials, error) {
	a := cfg.Auth
	if a.ClientID == "" {
		return nil, missing("ClientID")
	}
	if a.ClientSecret == "" {
		return nil, missing("ClientSecret")
	}
	secrets.Add(a.ClientID + ":" + a.ClientSecret)
	u, err := url.Parse(a.TokenURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, &ConfigError{"Auth.TokenURL", "the token endpoint is not an http(s) URL", "write it as https://host/path"}
	}
	if u.Scheme == "http" && !Loopback(u.Hostname()) && !cfg.AllowPlainHTTP {
		return nil, plainHTTP("Auth.TokenURL")
	}
	client := &http.Client{
		Transport: send,
		Timeout:   cfg.timeout(),
		// A redirected token request would carry the client secret along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	conf := clientcredentials.Config{ClientID: a.ClientID, ClientSecret: a.ClientSecret, TokenURL: a.TokenURL, Scopes: a.Scopes}
	// The source keeps the token until shortly before it expires, and lets one request at a time fetch a new one.
	source := conf.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, client))
	return func(ctx context.Context, h http.Header) error {
		type answer struct {
			token *oauth2.Token
			err   error
		}
		got := make(chan answer, 1)
		go func() {
			t, err := source.Token()
			got <- answer{t, err}
		}()
		select {
		case <-ctx.Done():
			return &AuthError{"no access token before the time was over", "is the token endpoint reachable?", ctx.Err()}
		case r := <-got:
			if r.err != nil {
				return tokenError(r.err, secrets)
			}
			secrets.Add(r.token.AccessToken)
			h.Set("Authorization", r.token.Type()+" "+r.token.AccessToken)
			return nil
		}
	}, nil
}

// tokenError words a failed token request. The endpoint's body may repeat credentials, so only its error code is shown.
func tokenError(err error, secrets *Secrets) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		why := "the token endpoint refused"
		if refused.Response != nil {
			why += " with " + refused.Response.Status
		}
		if refused.ErrorCode != "" {
			why += ": " + secrets.Mask(refused.ErrorCode)
		}
		// The cause is left out on purpose: it prints the whole answer.
		return &AuthError{why, "check client id, client secret and scopes, and that the URL is the token endpoint", nil}
	}
	return &AuthError{"no access token could be fetched: " + secrets.Mask(err.Error()), "is the token endpoint reachable, and does it answer JSON?", nil}
}

func plainHTTP(field string) error {
	return &ConfigError{
		field, "credentials would travel unencrypted (RFC 7644 §7.4)",
		"use https; plain http is fine for loopback, and elsewhere only if explicitly allowed",
	}
}
