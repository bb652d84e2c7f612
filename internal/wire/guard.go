package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
)

// GuardError tells that a request would have changed something that this run did not make. It is a bug of the caller:
// nothing was sent.
type GuardError struct {
	Method, Path, Why string
	// Unclean tells that the path can be read in more than one way, as one with an id of the target's own may be.
	Unclean bool
}

// Error names the request and the rule it broke.
func (e *GuardError) Error() string {
	return fmt.Sprintf("write guard: %s %s was not sent: %s (this is a bug in scimproof, please report it)", e.Method, e.Path, e.Why)
}

// twoReadings is why a path is refused in which a server could find more, or less, than we do.
const twoReadings = "can be read in more than one way"

// ReadOnlyError tells that a write was asked for in a read-only run; nothing was sent.
type ReadOnlyError struct{ Method, Path string }

// Error names the request.
func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("%s %s was not sent: the run is read-only (leave --read-only out to allow writes)", e.Method, e.Path)
}

// NotAllowedError tells that the target may not be written to; nothing was sent.
type NotAllowedError struct{ Host, Allowed string }

// Error names the host and the option that allows it.
func (e *NotAllowedError) Error() string {
	if e.Allowed != "" {
		return fmt.Sprintf("%s may not be written to: --allow-writes names %s (give the target's own host)", e.Host, e.Allowed)
	}
	return fmt.Sprintf("%s may not be written to (give --allow-writes %s if it is a test tenant)", e.Host, e.Host)
}

// WriteCapError tells that the run has used up its writes; nothing was sent.
type WriteCapError struct{ Max int }

// Error names the cap.
func (e *WriteCapError) Error() string {
	return fmt.Sprintf("the cap of %d writes is reached (raise --max-writes, or select fewer checks)", e.Max)
}

// URLError tells that a request's URL is not one of the target's; nothing was sent, since credentials must not leave it.
type URLError struct{ URL, Why string }

// Error names the URL.
func (e *URLError) Error() string {
	return fmt.Sprintf("%s was not requested: %s (only URLs of the target's own scheme and host are)", e.URL, e.Why)
}

// place is where a request goes, seen from the base.
type place struct {
	segments []string // decoded, without a trailing slash's empty one
	clean    bool     // nothing in the path can be read in two ways
	search   bool     // …/.search, a query (RFC 7644 §3.4.3)
	bulk     bool
}

// endpointName tells whether an endpoint looks like one; it is what an endpoint may look like; anything else could be routed elsewhere than it reads.
func endpointName(s string) bool {
	for i := range len(s) {
		switch ch := s[i]; {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9', ch == '_', ch == '-':
		default:
			return false
		}
	}
	return s != ""
}

// discovery are endpoints at which nothing is ever made.
var discovery = map[string]bool{"schemas": true, "resourcetypes": true, "serviceproviderconfig": true, "bulk": true, "me": true}

// locate reads the path of u relative to base.
func locate(base, u *url.URL) place {
	prefix := strings.TrimSuffix(base.EscapedPath(), "/")
	path := u.EscapedPath()
	if path != prefix && !strings.HasPrefix(path, prefix+"/") {
		return place{}
	}
	var p place
	p.segments, p.clean = cleanSegments(strings.TrimPrefix(path, prefix))
	if !p.clean || len(p.segments) == 0 {
		return p
	}
	last := p.segments[len(p.segments)-1]
	p.search = last == ".search"
	p.bulk = len(p.segments) == 1 && strings.EqualFold(last, "Bulk")
	return p
}

// cleanSegments splits and decodes an escaped path; false means that servers could read it differently than we do.
func cleanSegments(path string) ([]string, bool) {
	path, _, _ = strings.Cut(path, "?")
	if !strings.HasPrefix(path, "/") {
		return nil, path == ""
	}
	path = strings.TrimSuffix(path[1:], "/")
	if path == "" {
		return nil, true
	}
	var out []string
	for i, raw := range strings.Split(path, "/") {
		s, err := url.PathUnescape(raw)
		if err != nil || s == "" || ambiguous(s) {
			return nil, false
		}
		if i == 0 && s != ".search" && (!endpointName(s) || raw != s) {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

// ambiguous tells whether a decoded segment holds something that a server might take for more path, also where a
// careless router decodes it once more.
func ambiguous(s string) bool {
	again, err := url.PathUnescape(s)
	return pathLike(s) || err == nil && pathLike(again)
}

func pathLike(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return true
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || part == "." || part == ".." {
			return true
		}
	}
	return false
}

// overrides are headers with which a server may take a request for another method.
var overrides = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"}

// safe tells whether a method changes nothing.
func safe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	return false
}

// guard decides whether a request may be sent. writes is how many it counts for; 0 means that it changes nothing.
func (c *Client) guard(r Request, u *url.URL, to place, h http.Header) (writes int, err error) {
	refuse := func(why string) (int, error) {
		return 0, &GuardError{r.Method, u.EscapedPath(), why, strings.HasSuffix(why, twoReadings)}
	}
	for _, name := range overrides {
		if len(h.Values(name)) > 0 {
			return refuse("the header " + name + " could turn it into another method")
		}
	}
	if safe(r.Method) {
		return 0, nil
	}
	if r.Method == http.MethodPost && to.clean && to.search {
		return 0, nil
	}
	if c.cfg.ReadOnly {
		return 0, &ReadOnlyError{r.Method, u.EscapedPath()}
	}
	if !c.mayWrite(u) {
		return 0, &NotAllowedError{u.Host, c.cfg.AllowWrites}
	}
	if !to.clean {
		return refuse("its path is outside the base, or " + twoReadings)
	}
	if to.bulk && r.Method == http.MethodPost {
		if h.Get("Content-Encoding") != "" {
			return refuse("an encoded Bulk body cannot be inspected")
		}
		n, why := c.inspectBulk(r)
		if why != "" {
			return refuse(why)
		}
		return n, nil
	}
	if why := c.mayTouch(r, r.Method, to.segments, nil); why != "" {
		return refuse(why)
	}
	return 1, nil
}

// mayTouch applies the rules of one operation, of its own or inside Bulk; "" means that it may pass.
func (c *Client) mayTouch(r Request, method string, segs []string, bulkIDs map[string]bool) string {
	switch {
	case len(segs) == 1 && method == http.MethodPost:
		if strings.EqualFold(segs[0], "Me") {
			return "/Me is a real person's resource"
		}
		if !endpointName(segs[0]) {
			return "it is not a collection"
		}
		return ""
	case len(segs) == 2 && endpointName(segs[0]):
		id := segs[1]
		if c.ledger.ownsAt(segs[0], id) || (r.ledger != nil && r.ledger.ownsAt(segs[0], id)) || c.fictitious(id) {
			return ""
		}
		if name, ok := strings.CutPrefix(id, "bulkId:"); ok && bulkIDs[name] {
			return ""
		}
		return "the id is neither in this run's ledger nor announced as made up"
	}
	return "only collections may be posted to, and only resources of this run changed"
}

// mayWrite tells whether a host may be written to: loopback, or the one that was named.
func (c *Client) mayWrite(u *url.URL) bool {
	if Loopback(u.Hostname()) {
		return true
	}
	allowed := strings.ToLower(strings.TrimSpace(c.cfg.AllowWrites))
	if allowed == "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return allowed == host || allowed == "["+host+"]" || allowed == net.JoinHostPort(host, portOf(u))
}

// MayWrite tells whether a client with AllowWrites set to allow could write to the target at baseURL. Nothing is
// looked up. Errors are *ConfigError.
func MayWrite(baseURL, allow string) (bool, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return false, err
	}
	return (&Client{cfg: Config{AllowWrites: allow}}).mayWrite(base), nil
}

// Loopback tells whether a host name or address is this machine itself.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// inspectBulk checks every operation of a Bulk request and counts them; why is "" if they may pass.
func (c *Client) inspectBulk(r Request) (writes int, why string) {
	var root scim.Object
	if json.Unmarshal(r.Body, &root) != nil || !operationsAreAList(root) {
		return 1, unreadable(r.Body)
	}
	if repeatsMember(r.Body) {
		return 0, "a member occurs twice in the Bulk body, so servers may read different requests"
	}
	ops := bulkOperations(r.Body)
	bulkIDs := map[string]bool{}
	for _, op := range ops {
		if id := scim.String(op, "bulkId"); id != "" && strings.EqualFold(scim.String(op, "method"), http.MethodPost) {
			bulkIDs[id] = true
		}
	}
	for i, op := range ops {
		if why := c.bulkOperation(r, op, bulkIDs); why != "" {
			return 0, fmt.Sprintf("Bulk operation %d: %s", i+1, why)
		}
	}
	return max(1, len(ops)), ""
}

// operationsAreAList is false for a shape that only a lenient server would read, and then read differently than we do.
func operationsAreAList(root scim.Object) bool {
	v, present := scim.Lookup(root, "Operations")
	list, ok := v.([]any)
	if !ok {
		return !present || v == nil
	}
	for _, op := range list {
		switch op.(type) {
		case []any, string:
			return false
		}
	}
	return true
}

func (c *Client) bulkOperation(r Request, op scim.Object, bulkIDs map[string]bool) string {
	method := strings.ToUpper(strings.TrimSpace(scim.String(op, "method")))
	if method == http.MethodGet || method == http.MethodHead {
		return ""
	}
	path, present := scim.Lookup(op, "path")
	text, isText := path.(string)
	if !present || text == "" && (isText || path == nil) {
		switch method {
		case http.MethodPut, http.MethodPatch, http.MethodDelete:
			return "it changes a resource without naming it"
		}
		return ""
	}
	segs, ok := cleanSegments(text)
	if !isText || !ok {
		return "its path " + twoReadings
	}
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		// A missing or unknown method may only stand where any method could.
		if len(segs) == 1 {
			method = http.MethodPost
		}
	}
	return c.mayTouch(r, method, segs, bulkIDs)
}

var changingWord = regexp.MustCompile(`(?i)put|patch|delete|\\u`)

// unreadable lets a broken Bulk body pass only if no reading of it could change a resource.
func unreadable(body []byte) string {
	if bytes.IndexByte(body, 0) >= 0 || changingWord.Match(body) {
		return "the Bulk body is not JSON, yet a lenient server might find a change in it"
	}
	return ""
}

// repeatsMember tells whether any object of a JSON text has a member twice, letter case aside.
func repeatsMember(body []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	var walk func() (bool, error)
	walk = func() (bool, error) {
		t, err := dec.Token()
		if err != nil {
			return false, err
		}
		d, isDelim := t.(json.Delim)
		if !isDelim {
			return false, nil
		}
		seen := map[string]bool{}
		for dec.More() {
			if d == '{' {
				name, err := dec.Token()
				if err != nil {
					return false, err
				}
				s, _ := name.(string)
				if s = strings.ToLower(s); seen[s] {
					return true, nil
				}
				seen[s] = true
			}
			if again, err := walk(); again || err != nil {
				return again, err
			}
		}
		_, err = dec.Token()
		return false, err
	}
	again, err := walk()
	return again || err != nil && !errors.Is(err, io.EOF)
}
