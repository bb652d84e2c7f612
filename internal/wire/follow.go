package wire

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/reports"
)

// maxRedirects is how often a request is sent elsewhere before its answer is taken as it is.
const maxRedirects = 3

// Follow sends a request. Where a GET is answered with 307 or 308 to another place of the same scheme and host, it goes there
// (RFC 7644 §3.12 Table 8); the exchange is the last one.
func Follow(ctx context.Context, c interface {
	Do(context.Context, Request) *reports.Exchange
}, r Request,
) *reports.Exchange {
	x := c.Do(ctx, r)
	for range maxRedirects {
		to := redirected(x)
		if to == "" || x.Method != http.MethodGet {
			break
		}
		r.Path, r.RawQuery = to, ""
		x = c.Do(ctx, r)
	}
	return x
}

// redirected is where an answer sends the request, "" where it does not or to another host.
func redirected(x *reports.Exchange) string {
	location := x.Header().Get("Location")
	if location == "" || x.Status != http.StatusTemporaryRedirect && x.Status != http.StatusPermanentRedirect {
		return ""
	}
	asked, err := url.Parse(x.URL)
	if err != nil {
		return ""
	}
	to, err := asked.Parse(location)
	if err != nil || !strings.EqualFold(to.Scheme, asked.Scheme) || !strings.EqualFold(to.Host, asked.Host) {
		return ""
	}
	return to.String()
}
