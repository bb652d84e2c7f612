package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"
)

// What of the exchanges goes into the page.
const (
	htmlBody    = 12 << 10  // bytes of one body
	htmlEach    = 6         // exchanges of one finding that are shown whole
	htmlWhole   = 900 << 10 // bytes of all exchanges that are shown whole
	htmlListed  = 6000      // exchanges that are listed in a line each
	htmlListing = 900 << 10 // bytes of those lines
)

// htmlExchange is an exchange with everything that was recorded of it.
type htmlExchange struct {
	Anchor, Line, Took       string
	Sent, Received, Curl     template.HTML
	SentBytes, ReceivedBytes int
}

// htmlLine is an exchange in one line.
type htmlLine struct {
	ID, Line string
	Anchor   string // where it is shown whole
}

// htmlRef points to an exchange that is shown whole elsewhere, or not at all.
type htmlRef struct{ Line, Anchor string }

// exchanges are those of a result: the ones that a finding names first. Each is shown whole once on the page.
func (b *htmlBuilder) exchanges(res Result) (whole []htmlExchange, refs []htmlRef, more int) {
	var ids []string
	seen := map[string]bool{}
	add := func(id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, f := range res.Findings {
		add(f.Exchange)
	}
	for i := len(res.Exchanges) - 1; i >= 0; i-- {
		add(res.Exchanges[i]) // the last one is most often the one that was judged
	}
	for _, id := range ids {
		x := b.index[id]
		switch {
		case x == nil:
		case b.shown[id] != "":
			refs = append(refs, htmlRef{line(x.readable()), b.shown[id]})
		case len(whole) == htmlEach || b.budget <= 0:
			more++
		default:
			h := b.exchange(x)
			b.shown[id] = h.Anchor
			b.budget -= len(h.Sent) + len(h.Received) + len(h.Curl)
			whole = append(whole, h)
		}
	}
	if len(refs) > htmlEach {
		more += len(refs) - htmlEach
		refs = refs[:htmlEach]
	}
	return whole, refs, more
}

func (b *htmlBuilder) exchange(x *Exchange) htmlExchange {
	h := htmlExchange{
		Anchor: fmt.Sprintf("x.%d", len(b.shown)+1), Line: line(x.readable()), Took: took(x.Duration),
		SentBytes: len(x.RequestBody), ReceivedBytes: len(x.ResponseBody),
	}
	sent := x.Method + " " + x.URL
	h.Sent = message(sent, x.RequestHeader, x.RequestBody)
	received := fmt.Sprintf("HTTP %d", x.Status)
	if x.Status == 0 {
		received = "no answer"
	}
	if x.Error != "" {
		received += ": " + x.Error
	}
	if x.Truncated {
		received += " (the body was cut when it was recorded)"
	}
	h.Received = message(received, x.ResponseHeader, x.ResponseBody)
	curl := x.curl(b.run.Config["auth"])
	if strings.HasPrefix(x.ID, "auth-") {
		curl = "# the check sends a credential of its own making here, or none; it is masked like the real one\n" + curl
	}
	h.Curl = htmlText(visibleLines(curl))
	return h
}

// message is one side of an exchange: its first line, its header, and its body, as JSON where it is that.
func message(first string, header map[string][]string, body string) template.HTML {
	var b strings.Builder
	b.WriteString(line(first) + "\n")
	for _, name := range sortedHeader(header) {
		for _, v := range header[name] {
			b.WriteString(line(name+": "+v) + "\n")
		}
	}
	if body != "" {
		b.WriteString("\n" + pretty(body))
	}
	return htmlText(b.String())
}

// pretty indents JSON, makes everything visible, and cuts what is too long.
func pretty(body string) string {
	total := len(body)
	if total <= 20*htmlBody {
		var b bytes.Buffer
		if json.Indent(&b, []byte(strings.ToValidUTF8(body, "\uFFFD")), "", "  ") == nil {
			body = b.String()
		}
	}
	if len(body) <= htmlBody {
		return visibleLines(body)
	}
	return visibleLines(clipBytes(body, htmlBody, "…")) + fmt.Sprintf("\n[cut here: the body has %s bytes]", thousands(int64(total)))
}

// took writes the time of an exchange.
func took(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ms(int64(d))
}

// listExchanges lists everything that was recorded in a line each.
func (b *htmlBuilder) listExchanges() {
	p := b.page
	p.Whole = len(b.shown)
	left := htmlListing
	for _, x := range b.run.Exchanges {
		if x == nil {
			continue
		}
		p.Recorded++
		if left <= 0 || len(p.Exchanges) == htmlListed {
			p.NotListed++
			continue
		}
		outcome := fmt.Sprint(x.Status)
		if x.Error != "" {
			outcome = clipBytes(x.Error, 80, "…")
		}
		l := htmlLine{ID: Visible(clipBytes(x.ID, 40, "…")), Anchor: b.shown[x.ID]}
		l.Line = Visible(strings.TrimSpace(clipBytes(x.Method, 12, "…") + " " + clipBytes(x.path(), 160, "…") + " → " + outcome + "  " + took(x.Duration)))
		left -= 20 + len(l.ID) + len(l.Line)
		p.Exchanges = append(p.Exchanges, l)
	}
}

// readable is the exchange in one line with its query decoded, since nobody reads filters in percent escapes.
func (x *Exchange) readable() string {
	path, query, ok := strings.Cut(x.URL, "?")
	if plain, err := url.QueryUnescape(query); ok && err == nil {
		y := *x
		y.URL = path + "?" + plain
		return y.Line()
	}
	return x.Line()
}

// path is the URL without scheme and host.
func (x *Exchange) path() string {
	if i := strings.Index(x.URL, "://"); i >= 0 {
		if j := strings.IndexByte(x.URL[i+3:], '/'); j >= 0 {
			return x.URL[i+3+j:]
		}
	}
	return x.URL
}
