package reports

import (
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"
)

type harLog struct {
	Log harBody `json:"log"`
}

type harBody struct {
	Version string     `json:"version"`
	Creator harCreator `json:"creator"`
	Entries []harEntry `json:"entries"`
	Comment string     `json:"comment"`
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"`
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	Query       []harPair `json:"queryString"`
	Post        *harPost  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
	Comment     string     `json:"comment,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harPost struct {
	MimeType string    `json:"mimeType"`
	Params   []harPair `json:"params,omitempty"`
	Text     string    `json:"text"`
}

type harContent struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// WriteHAR writes the recorded exchanges as an HTTP archive, version 1.2. They were redacted when they were recorded. An
// exchange without an answer has status 0, as in the archives of browsers. Cookies stay where they are, in the headers.
func WriteHAR(w io.Writer, r *Run, v Verdict) error {
	log := harBody{
		Version: "1.2", Creator: harCreator{"scimproof", Visible(r.Tool.Version)}, Entries: []harEntry{},
		Comment: Visible("credentials are masked; run " + r.RunID + ": " + v.Word),
	}
	shows := map[string][]string{}
	for _, res := range r.Results {
		for _, id := range res.Exchanges {
			if res.Word != Pass && res.Word != Skip {
				shows[id] = append(shows[id], string(res.Word)+" "+res.ID)
			}
		}
	}
	for _, x := range r.Exchanges {
		if x != nil {
			log.Entries = append(log.Entries, harOf(x, shows[x.ID]))
		}
	}
	return writeJSON(w, harLog{log})
}

func harOf(x *Exchange, shows []string) harEntry {
	ms := max(0, float64(x.Duration.Microseconds())/1e3)
	e := harEntry{
		Started: x.Started.UTC().Format(time.RFC3339Nano), Time: ms, Timings: harTimings{0, ms, 0}, Comment: Visible(x.ID),
		Request: harRequest{
			Method: Visible(x.Method), URL: harURL(x.URL), HTTPVersion: "HTTP/1.1", Cookies: []harPair{}, Headers: harHeaders(x.RequestHeader), Query: harQuery(x.URL),
			HeadersSize: -1, BodySize: len(x.RequestBody),
		},
		Response: harResponse{
			Status: x.Status, StatusText: http.StatusText(x.Status), HTTPVersion: "HTTP/1.1", Cookies: []harPair{}, Headers: harHeaders(x.ResponseHeader),
			RedirectURL: Visible(x.ResponseHeader.Get("Location")), HeadersSize: -1, BodySize: len(x.ResponseBody), Comment: Visible(x.Error),
			Content: harContent{Size: len(x.ResponseBody), MimeType: Visible(x.ResponseHeader.Get("Content-Type"))},
		},
	}
	for _, s := range shows {
		e.Comment += "; " + Visible(s)
	}
	if x.RequestBody != "" {
		e.Request.Post = &harPost{MimeType: Visible(x.RequestHeader.Get("Content-Type")), Text: harText(x.RequestBody)}
	}
	c := &e.Response.Content
	if c.Text = x.ResponseBody; !utf8.ValidString(c.Text) {
		c.Text, c.Encoding = base64.StdEncoding.EncodeToString([]byte(c.Text)), "base64"
	}
	if x.Truncated {
		c.Comment = "cut when it was recorded"
	}
	return e
}

// harText keeps text as it was sent, which is JSON's to escape; only what is not UTF-8 has to become visible.
func harText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return Visible(s)
}

func harHeaders(header http.Header) []harPair {
	out := []harPair{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			out = append(out, harPair{Visible(name), harText(value)})
		}
	}
	return out
}

// harURL is an absolute URL in any case, since readers refuse the whole file otherwise.
func harURL(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		return u.String()
	}
	return "http://unparsed.invalid/?url=" + url.QueryEscape(raw)
}

func harQuery(raw string) []harPair {
	out := []harPair{}
	u, err := url.Parse(raw)
	if err != nil {
		return out
	}
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			out = append(out, harPair{harText(name), harText(value)})
		}
	}
	return out
}
