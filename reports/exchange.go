// Package reports is the model of a run and everything that is written from it. It imports the standard
// library only, so that verdicts depend neither on the test framework nor on the HTTP client.
package reports

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Exchange is one recorded request and its answer. The exported fields are redacted when they are captured,
// so every writer may print them; what the checks judge is the unredacted answer behind Body and JSON.
type Exchange struct {
	ID             string        `json:"id"`
	Method         string        `json:"method"`
	URL            string        `json:"url"`
	RequestHeader  http.Header   `json:"requestHeader,omitempty"`
	RequestBody    string        `json:"requestBody,omitempty"`
	Status         int           `json:"status,omitempty"`
	ResponseHeader http.Header   `json:"responseHeader,omitempty"`
	ResponseBody   string        `json:"responseBody,omitempty"`
	Truncated      bool          `json:"truncated,omitempty"`
	Error          string        `json:"error,omitempty"`
	Started        time.Time     `json:"started"`
	Duration       time.Duration `json:"durationNanos"`

	header  http.Header
	body    []byte
	err     error
	decoded *decodedBody
}

// decodedBody is a body as JSON, decoded when it is first asked for: many checks look at one answer.
type decodedBody struct {
	once  sync.Once
	value any
	err   error
}

// Capture attaches the unredacted answer, which is never written out, to the exchange.
func (x *Exchange) Capture(header http.Header, body []byte, err error) {
	x.header, x.body, x.err, x.decoded = header, body, err, &decodedBody{}
}

// Body returns the answer's body as received.
func (x *Exchange) Body() []byte { return x.body }

// Header returns the answer's header as received; it is never nil.
func (x *Exchange) Header() http.Header {
	if x.header == nil {
		return http.Header{}
	}
	return x.header
}

// Err returns why there is no answer (or only a part of one), or nil.
func (x *Exchange) Err() error { return x.err }

// Success tells whether the answer has a 2xx status.
func (x *Exchange) Success() bool { return x.err == nil && x.Status >= 200 && x.Status < 300 }

// JSON decodes the body as one JSON value, keeping numbers as written. It returns an error for an empty body,
// a syntax error, or anything behind the first value. The value is shared by all who ask: nobody may change it.
func (x *Exchange) JSON() (any, error) {
	if x.err != nil || x.decoded == nil {
		return nil, cmp.Or(x.err, errEmptyBody)
	}
	d := x.decoded
	d.once.Do(func() { d.value, d.err = decodeBody(x.body) })
	return d.value, d.err
}

var errEmptyBody = errors.New("the body is empty")

func decodeBody(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errEmptyBody
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body has more than one JSON value")
	}
	return v, nil
}

// Object decodes the body as a JSON object; it returns an empty object where the body is anything else.
// Use JSON where that difference matters. As with JSON, nobody may change it.
func (x *Exchange) Object() map[string]any {
	v, err := x.JSON()
	if err != nil {
		return map[string]any{}
	}
	if o, ok := v.(map[string]any); ok {
		return o
	}
	return map[string]any{}
}

// Line is the exchange in one line: method, path and outcome.
func (x *Exchange) Line() string {
	outcome := fmt.Sprint(x.Status)
	if x.Error != "" {
		outcome = x.Error
	}
	path := x.URL
	if i := strings.Index(path, "://"); i >= 0 {
		if j := strings.IndexByte(path[i+3:], '/'); j >= 0 {
			path = path[i+3+j:]
		}
	}
	return fmt.Sprintf("%s %s → %s", x.Method, path, outcome)
}
