package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// Answer is what came back for a request of a load. It is used again and again, so that memory does not grow with the
// number of requests: Header and Body are valid until the next Send.
type Answer struct {
	Status int // 0 = no answer
	Header http.Header
	Body   []byte
	Peek   scim.Peeked // of a 2xx answer, if JSON
	JSON   bool        // the body is one whole JSON object
	Made   string      // id of what a POST has created, of which its Location tells too (RFC 7644 §3.3)
	Err    error
	Sent   time.Time     // when the request left, zero if none did
	Took   time.Duration // until the end of the answer
	// Out and In are bytes of the bodies.
	Out, In int

	buf   bytes.Buffer
	limit io.LimitedReader
	wait  deadline
	url   *url.URL
	req   http.Header
}

// keepsAtMost is how large a buffer may be that waits for the next answer. Pages of a list are far larger than what a load
// mostly reads.
const keepsAtMost = 64 << 10

// Send makes one request of a load, by the rules of Do: the write guard, the credentials, the cap on writes and the ledger.
// It does not wait for the rate limit, repeats nothing and records nothing; Exchange does that for the few that prove
// something. r must stay as it is until then.
func (c *Client) Send(ctx context.Context, r *Request, a *Answer) {
	buf, wait := a.buf, a.wait
	buf.Reset()
	if buf.Cap() > keepsAtMost {
		buf = bytes.Buffer{}
	}
	*a = Answer{buf: buf, wait: wait}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	a.Err = c.sendLoad(ctx, r, a)
}

func (c *Client) sendLoad(ctx context.Context, r *Request, a *Answer) error {
	u, err := c.loadURL(r)
	if err != nil {
		return err
	}
	a.url = u
	header, err := c.loadHeader(ctx, r)
	if err != nil {
		return err
	}
	a.req = header
	var to place // of what only reads nothing is asked
	if r.Method != http.MethodGet {
		to = c.loadPlace(r, u)
	}
	writes, err := c.guard(*r, u, to, header)
	if err != nil {
		return err
	}
	if err := c.count(*r, writes); err != nil {
		return err
	}
	intents := c.loadIntents(r, to)
	entries, err := c.ledger.intend(intents)
	if err != nil {
		return err
	}
	err = c.exchange(ctx, r, u, header, a)
	if a.Status >= 200 && a.Status < 300 && len(a.Body) > 0 {
		a.Peek, a.JSON = scim.Peek(a.Body)
	}
	c.loadOutcome(r, to, intents, entries, a)
	return err
}

// loadURL is resolve without taking a path apart that holds nothing to decode.
func (c *Client) loadURL(r *Request) (*url.URL, error) {
	if !c.plain || len(r.Query) > 0 || !plainPath(r.Path) {
		return c.resolve(*r)
	}
	u := *c.base
	u.Path += r.Path
	u.RawQuery = sendable(r.RawQuery)
	return &u, nil
}

// joins tells whether a path can be put behind the base as it is, which not even parsing would do differently.
func joins(base *url.URL) bool {
	const path = "/Users/a-b._~1"
	parsed, err := url.Parse(base.String() + path)
	joined := *base
	joined.Path += path
	return err == nil && *parsed == joined
}

func plainPath(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		switch ch := path[i]; {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9', ch == '/', ch == '-', ch == '.', ch == '_', ch == '~':
		default:
			return false
		}
	}
	return true
}

// collection is where the creations of a load go: mostly all to one path.
type collection struct {
	path string
	to   place
}

// loadPlace is locate, which remembers the last collection.
func (c *Client) loadPlace(r *Request, u *url.URL) place {
	last := c.loadPlaces.Load()
	if last != nil && last.path == r.Path {
		return last.to
	}
	to := locate(c.base, u)
	if r.Method == http.MethodPost && to.clean && len(to.segments) == 1 && plainPath(r.Path) {
		c.loadPlaces.Store(&collection{r.Path, to})
	}
	return to
}

// loadHeader is the header of a request with its credential. Headers that are the same for all requests are made once;
// nobody changes them.
func (c *Client) loadHeader(ctx context.Context, r *Request) (http.Header, error) {
	fixed := len(r.Header) == 0 && !r.Anonymous && c.cfg.Auth.Kind != "oauth2"
	which := 0
	if r.Body != nil {
		which = 1
	}
	if fixed {
		if h := c.loadHeaders[which].Load(); h != nil {
			return *h, nil
		}
	}
	h := c.header(*r)
	if !r.Anonymous {
		if err := c.authorize(ctx, h); err != nil {
			return nil, err
		}
		c.override(h, r.Header)
	}
	if fixed {
		c.loadHeaders[which].Store(&h)
	}
	return h, nil
}

// loadIntents is intents without decoding the whole body.
func (c *Client) loadIntents(r *Request, to place) []intent {
	if r.Method != http.MethodPost || to.search || to.bulk || len(to.segments) != 1 {
		return c.intents(*r, to)
	}
	p, ok := scim.Peek(r.Body)
	if !ok {
		return c.intents(*r, to)
	}
	endpoint := r.Creates
	if endpoint == "" {
		endpoint = to.segments[0]
	}
	return []intent{{endpoint: endpoint, values: keyValues{p.UserName, p.ExternalID, p.DisplayName}}}
}

// loadOutcome takes the answer into the ledger.
func (c *Client) loadOutcome(r *Request, to place, list []intent, entries []*Entry, a *Answer) {
	if a.Status == 0 || len(to.segments) == 0 {
		return
	}
	if to.bulk || len(to.segments) != 1 || len(entries) != 1 {
		// Only creations are too many to be recorded as an exchange.
		if len(to.segments) == 2 && len(entries) == 0 && r.Method != http.MethodPost && !c.fictitious(to.segments[1]) {
			c.ledger.saw(to.segments[0], to.segments[1], r.Method, a.Status)
			return
		}
		c.outcome(c.ledger, *r, to, list, entries, c.Exchange(r, a))
		return
	}
	switch {
	case a.Status >= 200 && a.Status < 300:
		id, location := a.Peek.ID, a.Header.Get("Location")
		if location == "" {
			location = a.Peek.Location
		}
		if id == "" {
			id = scim.IDIn(location)
		}
		if a.Made = id; id != "" {
			c.ledger.made(entries[0], id, location)
		}
	case a.Status >= 400 && a.Status < 500:
		c.ledger.failed(entries[0], a.Status)
	}
}

// exchange sends and reads the answer.
func (c *Client) exchange(ctx context.Context, r *Request, u *url.URL, header http.Header, a *Answer) error {
	ctx = a.wait.begin(ctx, c.cfg.timeout())
	defer a.wait.end()
	req := (&http.Request{
		Method: r.Method, URL: u, Header: header, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if r.Body != nil {
		body := r.Body
		req.ContentLength = int64(len(body))
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		a.Out = len(body)
	}
	network := c.network
	if r.Anonymous {
		network = c.anonymous
	}
	a.Sent = c.now()
	resp, err := network.RoundTrip(req)
	if err != nil {
		a.Took = c.now().Sub(a.Sent)
		return transportError(a.wait.cause(err))
	}
	a.Status, a.Header = resp.StatusCode, resp.Header
	if resp.Header.Get("Content-Encoding") != "" {
		var got []byte
		got, err = c.read(resp)
		a.buf.Write(got)
	} else {
		a.limit = io.LimitedReader{R: resp.Body, N: c.cfg.BodyLimit + 1}
		var n int64
		if n, err = a.buf.ReadFrom(&a.limit); err == nil && n > c.cfg.BodyLimit {
			err = &BodyLimitError{c.cfg.BodyLimit}
		}
		a.limit.R = nil
	}
	_ = resp.Body.Close()
	a.Took = c.now().Sub(a.Sent)
	a.Body = a.buf.Bytes()
	a.In = len(a.Body)
	if err == nil {
		return nil
	}
	var over *BodyLimitError
	if errors.As(err, &over) {
		return err
	}
	return transportError(a.wait.cause(err))
}

// Exchange records what was sent and what came back, redacted, and with it an id of its own.
func (c *Client) Exchange(r *Request, a *Answer) *reports.Exchange {
	x := &reports.Exchange{ID: c.tape.next(), Method: r.Method, Started: a.Sent, Duration: a.Took, Status: a.Status}
	x.URL = c.redact.url(r.Path)
	if a.url != nil {
		x.URL = c.redact.url(a.url.String())
	}
	x.RequestHeader, x.RequestBody = c.redact.header(a.req), c.redact.body(r.Body)
	x.ResponseHeader, x.ResponseBody = c.redact.header(a.Header), c.redact.body(a.Body)
	if a.Err != nil {
		x.Error = c.redact.url(a.Err.Error())
	}
	x.Capture(a.Header.Clone(), bytes.Clone(a.Body), a.Err)
	return x
}

// Throttled tells whether an answer asks to come back later, and when. after is 0 where it does not say.
func Throttled(status int, h http.Header, now time.Time) (after time.Duration, throttled bool) {
	after, told := retryAfter(status, h, now)
	return after, told || status == http.StatusTooManyRequests
}
