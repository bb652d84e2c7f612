// Package wire is the only way to a target. A Client authenticates, refuses to change anything that this run did not
// create, writes the ledger of what it creates, obeys rate limits, and records every exchange redacted.
package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

const (
	defaultTimeout     = 30 * time.Second
	defaultBodyLimit   = 10 << 20
	defaultRecordLimit = 64 << 10
)

// Config says how to reach a target and what may be done to it.
type Config struct {
	BaseURL                   string // http(s), without query, fragment and userinfo (RFC 7644 §1.3, §7.1)
	Auth                      Auth
	Header                    http.Header   // further headers of every request
	CAFile, CertFile, KeyFile string        // PEM; the CAs are trusted besides the system's
	Insecure                  bool          // do not verify the server's certificate
	AllowPlainHTTP            bool          // send credentials over plain http to other hosts than loopback
	Proxy                     string        // URL; "" = from the environment. Loopback is never proxied.
	Timeout                   time.Duration // per request, the body included; default 30 s
	Rate                      float64       // requests per second, 0 = unlimited
	MaxWrites                 int           // 0 = unlimited; each operation of a Bulk request counts
	ReadOnly                  bool
	AllowWrites               string                  // host or host:port that may be written to; loopback always may
	Ledger                    *Ledger                 // nil = in memory only
	Secrets                   *Secrets                // values to mask; nil = those of this Config only
	BodyLimit                 int64                   // bytes of a response that are read, default 10 MiB
	RecordLimit               int                     // bytes of each body that are recorded, default 64 KiB
	MaxRetryAfter             time.Duration           // that a single throttled answer is waited for, default and most 60 s
	Patience                  time.Duration           // that throttled answers are waited for in all, default 30 min
	HTTP1                     bool                    // do not offer HTTP/2: under load it costs more than it brings
	Connections               int                     // that are kept open, default and least 256
	Transport                 http.RoundTripper       // replaces the network in tests
	OnExchange                func(*reports.Exchange) // called after each exchange, one at a time; must not call Do
	Version                   string                  // of scimproof, for User-Agent; "" = dev
}

func (cfg Config) timeout() time.Duration {
	if cfg.Timeout > 0 {
		return cfg.Timeout
	}
	return defaultTimeout
}

// ConfigError tells which setting is wrong and what to do. It never repeats a secret.
type ConfigError struct{ Field, Why, Hint string }

// Error gives field, reason and hint.
func (e *ConfigError) Error() string { return e.Field + ": " + e.Why + " (" + e.Hint + ")" }

// Request is one request to the target.
type Request struct {
	Method    string      // "" = GET
	Path      string      // below the base, percent-encoded, such as "/Users/42"; or an absolute URL of the target's host
	Query     url.Values  // sent with %20 for a space
	RawQuery  string      // wins over Query
	Header    http.Header // overrides; a nil value removes a default header
	Body      []byte      // nil = none
	Anonymous bool        // send no credential
	Creates   string      // the endpoint at which a POST would create something, such as "/Users"
	NoRetry   bool        // return a 429 or 503 as it is
	Patient   bool        // wait out throttling longer, and where the target does not say how long it lasts

	ledger  *Ledger // of an earlier run that is being cleaned up
	tidying bool    // clean-up must not stop at the write cap
}

// Stats counts what a client did. Waited is the time spent for rate limits and Retry-After.
type Stats struct {
	Requests, Writes, Retries int
	Waited                    time.Duration
}

// Client talks to one target. It is safe for concurrent use.
type Client struct {
	cfg       Config
	base      *url.URL
	plain     bool // joins(base)
	secrets   *Secrets
	ledger    *Ledger
	redact    *redactor
	authorize credentials
	network   http.RoundTripper
	anonymous http.RoundTripper // shows no client certificate
	limiter   *rate.Limiter
	sleep     func(context.Context, time.Duration) error
	now       func() time.Time

	*shared
	tape *tape
}

// shared is what all views of a client have in common.
type shared struct {
	mu     sync.Mutex
	stats  Stats
	madeUp map[string]bool
	// unanswered counts the last requests without an answer; borne is what was waited for throttled ones.
	unanswered int
	borne      time.Duration

	observe     sync.Mutex
	loadHeaders [2]atomic.Pointer[http.Header] // without and with a body
	loadPlaces  atomic.Pointer[collection]
}

// tape numbers the exchanges of one view.
type tape struct {
	mu     sync.Mutex
	prefix string
	n      int
}

func (t *tape) next() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	return t.prefix + strconv.Itoa(t.n)
}

// View returns a client with the same rules, limits and counts that numbers its exchanges by itself, as prefix and a
// number, and tells its own observer of each. Views may be used at once, and yet every exchange has the same id in each
// run.
func (c *Client) View(prefix string, observer func(*reports.Exchange)) *Client {
	v := *c
	v.tape = &tape{prefix: prefix}
	v.cfg.OnExchange = observer
	return &v
}

// New checks cfg and makes a client; it sends nothing. Errors are *ConfigError.
func New(cfg Config) (*Client, error) {
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Rate < 0 || cfg.Rate != cfg.Rate {
		return nil, &ConfigError{"Rate", "a rate cannot be negative", "give requests per second, or 0 for no limit"}
	}
	c := &Client{cfg: cfg, base: base, secrets: cfg.Secrets, ledger: cfg.Ledger, limiter: newLimiter(cfg.Rate), sleep: sleep, now: time.Now, shared: &shared{madeUp: map[string]bool{}}, tape: &tape{prefix: "x"}}
	c.plain = joins(base)
	if c.secrets == nil {
		c.secrets = &Secrets{}
	}
	if c.ledger == nil {
		c.ledger = NewLedger("", base.String())
	}
	if b := c.ledger.Base(); b != "" && !sameBase(b, base) {
		return nil, &ConfigError{"Ledger", "it was written against " + b + ", not against this target", "its ids mean nothing elsewhere: give that base URL"}
	}
	if c.cfg.BodyLimit <= 0 {
		c.cfg.BodyLimit = defaultBodyLimit
	}
	if c.cfg.RecordLimit <= 0 {
		c.cfg.RecordLimit = defaultRecordLimit
	}
	c.redact = &redactor{secrets: c.secrets, headers: map[string]bool{}, limit: c.cfg.RecordLimit}
	if cfg.Auth.Kind == "header" {
		c.redact.headers[http.CanonicalHeaderKey(cfg.Auth.HeaderName)] = true
	}
	for name, values := range cfg.Header {
		if c.credential(name) {
			for _, v := range values {
				addParts(c.secrets, v)
			}
		}
	}
	if base.Scheme == "http" && c.hasCredentials() {
		if cfg.Auth.Kind == "mtls" {
			return nil, &ConfigError{"BaseURL", "a client certificate needs TLS", "use the https URL"}
		}
		if !Loopback(base.Hostname()) && !cfg.AllowPlainHTTP {
			return nil, plainHTTP("BaseURL")
		}
	}
	if p, err := url.Parse(cfg.Proxy); err == nil && p.User != nil {
		password, _ := p.User.Password()
		c.secrets.Add(password)
		c.secrets.Add(p.User.String())
	}
	if c.network, err = cfg.network(true); err != nil {
		return nil, err
	}
	c.anonymous = c.network
	// A certificate beside another credential is taken for part of the connection.
	if cfg.Auth.Kind == "mtls" {
		if c.anonymous, err = cfg.network(false); err != nil {
			return nil, err
		}
	}
	c.authorize, err = newCredentials(cfg, c.secrets, c.network)
	return c, err
}

// parseBase checks a base URL; the result has no trailing slash. It keeps the input out of its errors, for the sake of userinfo.
func parseBase(s string) (*url.URL, error) {
	const hint = "write it as https://host/scim/v2"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, &ConfigError{"BaseURL", "it is not a URL", hint}
	case u.User != nil:
		return nil, &ConfigError{"BaseURL", "it must not hold a user name or password (RFC 7644 §7.1)", "leave out what stands before @ and use an authentication option"}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &ConfigError{"BaseURL", "its scheme is neither https nor http", hint}
	case u.Hostname() == "":
		return nil, &ConfigError{"BaseURL", "it names no host", hint}
	case u.RawQuery != "" || u.ForceQuery:
		return nil, &ConfigError{"BaseURL", "it must not have a query (RFC 7644 §1.3)", "leave out what stands behind ?"}
	case u.Fragment != "" || strings.Contains(s, "#"):
		return nil, &ConfigError{"BaseURL", "it must not have a fragment", "leave out what stands behind #"}
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func sameBase(s string, base *url.URL) bool {
	u, err := parseBase(s)
	return err == nil && sameOrigin(u, base) && u.EscapedPath() == base.EscapedPath()
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func (c *Client) credential(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return credentialHeaders[name] || c.redact.headers[name]
}

func (c *Client) hasCredentials() bool {
	for name := range c.cfg.Header {
		if c.credential(name) {
			return true
		}
	}
	return c.cfg.Auth.Kind != "" && c.cfg.Auth.Kind != "none"
}

// Base is the target's base URL without a trailing slash.
func (c *Client) Base() string { return c.base.String() }

// Ledger is what the client records its creations in.
func (c *Client) Ledger() *Ledger { return c.ledger }

// Secrets is the registry that the client masks with.
func (c *Client) Secrets() *Secrets { return c.secrets }

// Stats returns the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Close drops idle connections. The client stays usable.
func (c *Client) Close() {
	for _, t := range []http.RoundTripper{c.network, c.anonymous} {
		if i, ok := t.(interface{ CloseIdleConnections() }); ok {
			i.CloseIdleConnections()
		}
	}
}

// Fictitious announces a made-up id, with which unsafe methods may be tried to provoke a 404. It must be random: a short
// number, which could be a real resource's id, is not accepted.
func (c *Client) Fictitious(id string) {
	if id == "" || (digits(id) && len(id) < 12) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.madeUp[id] = true
}

func (c *Client) fictitious(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.madeUp[id]
}

// ResourcePath is the path of a resource below the base, percent-encoded.
func ResourcePath(endpoint, id string) string {
	return cleanEndpoint(endpoint) + "/" + url.PathEscape(id)
}

// Do sends a request and returns the last exchange: throttled ones (429, 503) that say Retry-After are repeated, at
// most twice, and a redirect is returned as it is. It is never nil. Err() of the exchange tells why there is no answer:
// *GuardError, *ReadOnlyError, *NotAllowedError, *WriteCapError, *URLError, *AuthError and *LedgerError mean that nothing
// was sent; *TransportError and *BodyLimitError that there is no whole answer.
func (c *Client) Do(ctx context.Context, r Request) *reports.Exchange {
	if ctx == nil {
		ctx = context.Background()
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	for try := 1; ; try++ {
		x := c.attempt(ctx, r)
		c.announce(x)
		after, again := retryAfter(x.Status, x.Header(), c.now())
		if most := c.cfg.MaxRetryAfter; most > 0 {
			after = min(after, most)
		}
		tries, bears := maxTries, c.bears
		if r.Patient {
			tries, bears = patientTries, c.outlasts
			if !again && x.Status == http.StatusTooManyRequests {
				after, again = time.Duration(try)*time.Second, true
			}
		}
		if x.Err() != nil || !again || try >= tries || r.NoRetry || !bears(after) || c.wait(ctx, after) != nil {
			return x
		}
		c.mu.Lock()
		c.stats.Retries++
		c.mu.Unlock()
	}
}

func (c *Client) announce(x *reports.Exchange) {
	if c.cfg.OnExchange == nil {
		return
	}
	c.observe.Lock()
	defer c.observe.Unlock()
	c.cfg.OnExchange(x)
}

// attempt makes one exchange.
func (c *Client) attempt(ctx context.Context, r Request) (x *reports.Exchange) {
	x = &reports.Exchange{ID: c.tape.next(), Method: r.Method, Started: c.now()}
	fail := func(err error) *reports.Exchange {
		x.Error = c.redact.url(err.Error())
		x.Capture(x.Header(), x.Body(), err)
		return x
	}
	defer func() {
		if p := recover(); p != nil {
			x = fail(fmt.Errorf("the exchange broke down: %v (this is a bug in scimproof, please report it)", p))
		}
	}()

	u, err := c.resolve(r)
	if err != nil {
		x.URL = c.redact.url(r.Path)
		return fail(err)
	}
	x.URL = c.redact.url(u.String())
	to := locate(c.base, u)
	header := c.header(r)
	x.RequestHeader, x.RequestBody = c.redact.header(header), c.redact.body(r.Body)
	writes, err := c.guard(r, u, to, header)
	if err != nil {
		return fail(err)
	}
	if !r.Anonymous {
		if err := c.authorize(ctx, header); err != nil {
			return fail(err)
		}
		c.override(header, r.Header)
		x.RequestHeader = c.redact.header(header)
	}
	if err := c.waitTurn(ctx); err != nil {
		return fail(transportError(err))
	}
	if err := c.silent(r); err != nil {
		return fail(err)
	}
	if err := c.count(r, writes); err != nil {
		return fail(err)
	}
	ledger := c.ledger
	if r.ledger != nil {
		ledger = r.ledger
	}
	intents := c.intents(r, to)
	entries, err := ledger.intend(intents)
	if err != nil {
		return fail(err)
	}
	if err := c.send(ctx, r, u, header, x); err != nil {
		fail(err)
	}
	if ctx.Err() == nil {
		c.heard(x.Status)
	}
	c.outcome(ledger, r, to, intents, entries, x)
	return x
}

// count reserves the writes of a request under the cap.
func (c *Client) count(r Request, writes int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg.MaxWrites > 0 && !r.tidying && writes > 0 && c.stats.Writes+writes > c.cfg.MaxWrites {
		return &WriteCapError{c.cfg.MaxWrites}
	}
	c.stats.Requests++
	c.stats.Writes += writes
	return nil
}

// resolve makes the URL of a request; it must be one of the target's.
func (c *Client) resolve(r Request) (*url.URL, error) {
	text := r.Path
	switch {
	case text == "" || text[0] == '/' || text[0] == '?':
		text = c.base.String() + text
	case !strings.Contains(text, "://"):
		text = c.base.String() + "/" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, &URLError{r.Path, "it is not a URL"}
	}
	if !sameOrigin(u, c.base) {
		return nil, &URLError{r.Path, "it belongs to another host or scheme than " + c.base.Scheme + "://" + c.base.Host}
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	switch {
	case r.RawQuery != "":
		u.RawQuery = r.RawQuery
	case len(r.Query) > 0:
		u.RawQuery = strings.ReplaceAll(r.Query.Encode(), "+", "%20")
	}
	u.RawQuery = sendable(u.RawQuery)
	return u, nil
}

// sendable escapes what may not stand in a request line, and nothing else.
func sendable(query string) string {
	bad := func(ch byte) bool { return ch <= ' ' || ch >= 0x7f || ch == '#' }
	at := 0
	for at < len(query) && !bad(query[at]) {
		at++
	}
	if at == len(query) {
		return query
	}
	var b strings.Builder
	for i := range len(query) {
		if ch := query[i]; bad(ch) {
			fmt.Fprintf(&b, "%%%02X", ch)
		} else {
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// header makes the header of a request, all but the credential.
func (c *Client) header(r Request) http.Header {
	version := c.cfg.Version
	if version == "" {
		version = "dev"
	}
	h := http.Header{"Accept": {scim.MediaType}, "Accept-Encoding": {"identity"}, "User-Agent": {"scimproof/" + version}}
	if r.Body != nil {
		h.Set("Content-Type", scim.MediaType)
	}
	for name, values := range c.cfg.Header {
		if r.Anonymous && c.credential(name) {
			continue
		}
		h[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	c.override(h, r.Header)
	return h
}

// override applies a request's own headers: a nil value removes one.
func (c *Client) override(h, own http.Header) {
	for name, values := range own {
		name = http.CanonicalHeaderKey(name)
		if values == nil {
			delete(h, name)
			continue
		}
		h[name] = append([]string(nil), values...)
	}
}

// send does the exchange proper and fills x in.
func (c *Client) send(ctx context.Context, r Request, u *url.URL, header http.Header, x *reports.Exchange) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.timeout())
	defer cancel()
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return transportError(err)
	}
	req.URL, req.Header = u, header.Clone()
	if _, present := header["User-Agent"]; !present {
		req.Header["User-Agent"] = nil // net/http would put in its own
	}
	network := c.network
	if r.Anonymous {
		network = c.anonymous
	}
	x.Started = c.now()
	defer func() { x.Duration = c.now().Sub(x.Started) }()
	resp, err := network.RoundTrip(req)
	if err != nil {
		return transportError(err)
	}
	defer func() { _ = resp.Body.Close() }()
	x.Status, x.ResponseHeader = resp.StatusCode, c.redact.header(resp.Header)
	x.Capture(resp.Header, nil, nil)
	got, err := c.read(resp)
	x.ResponseBody = c.redact.body(got)
	x.Capture(resp.Header, got, nil)
	var over *BodyLimitError
	if errors.As(err, &over) {
		x.Truncated = true
		return err
	}
	return transportError(err)
}

// BodyLimitError tells that an answer was longer than what is read of it.
type BodyLimitError struct{ Limit int64 }

// Error names the limit.
func (e *BodyLimitError) Error() string {
	return fmt.Sprintf("the answer's body is longer than %d bytes (ask for fewer resources per page, or raise the limit)", e.Limit)
}

// read takes the body in, up to the limit, unpacking gzip that was sent although identity was asked for.
func (c *Client) read(resp *http.Response) ([]byte, error) {
	var from io.Reader = resp.Body
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(io.LimitReader(resp.Body, c.cfg.BodyLimit+1))
		if errors.Is(err, io.EOF) {
			return nil, nil // an empty body, such as that of HEAD
		}
		if err != nil {
			return nil, err
		}
		from = z
	}
	b, err := io.ReadAll(io.LimitReader(from, c.cfg.BodyLimit+1))
	if int64(len(b)) > c.cfg.BodyLimit {
		return b[:c.cfg.BodyLimit], &BodyLimitError{c.cfg.BodyLimit}
	}
	return b, err
}
