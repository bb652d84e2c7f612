package suites

import (
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// schemesOf maps the types of authenticationSchemes (RFC 7643 §5) to the schemes of HTTP.
var schemesOf = map[string]string{
	"oauth": "oauth", "oauth2": "bearer", "oauthbearertoken": "bearer", "httpbasic": "basic", "httpdigest": "digest",
}

// anonymousRequests: which requests need no credential, and how authentication is announced. find returns a door.
func (s *session) anonymousRequests(find func(id string) door) {
	s.it("directory data is not given to anonymous requests", ID("auth.anonymous"), Requires("7644-2.2-01"), Explain{
		Why: "A service may let anybody ask, for instance to register; who connects it should know that it does.",
		Fix: "Nothing needs to be fixed if it is meant so. Else ask for a credential on every endpoint of resources.",
	}, func() {
		list := s.knock(find("list"), "")
		choice := "refused"
		if list.Success() {
			choice = "served"
		}
		s.observe("7644-2.2-01", "anonymous requests are", choice)
		s.judge(list, func(x *reports.Exchange) error {
			if x.Success() {
				return wrong("GET /Users without a credential", text("refused"), x.Status)
			}
			return NotServerError(x)
		})
	})

	// listed names the HTTP schemes that the configuration lists.
	listed := func() []string {
		var out []string
		for _, o := range scim.Objects(s.learned.config.Object(), "authenticationSchemes") {
			if scheme := schemesOf[scim.String(o, "type")]; scheme != "" {
				out = append(out, scheme)
			}
		}
		if len(out) == 0 {
			s.skip("ServiceProviderConfig lists no authentication scheme of HTTP")
		}
		return out
	}

	s.it("every scheme of HTTP that authenticationSchemes lists is in WWW-Authenticate", ID("auth.schemes-challenged"), Requires("7644-2-04", "7643-5-13"), Explain{
		Why: "A client that can do only what the configuration lists is not told that it may try.",
		Fix: "Send one challenge for each scheme that is accepted, and list just those.",
	}, func() {
		want := listed()
		x := s.knock(find("list"), "")
		if x.Status != http.StatusUnauthorized || x.Header().Get("WWW-Authenticate") == "" {
			s.see(x)
			s.block("auth.challenge", "GET /Users without a credential answered %d without challenge", x.Status)
		}
		var offered []string
		for _, h := range x.Header().Values("WWW-Authenticate") {
			for _, part := range strings.Split(h, ",") {
				scheme, _, _ := strings.Cut(strings.TrimSpace(part), " ")
				offered = append(offered, strings.ToLower(scheme))
			}
		}
		s.judge(x, Softly(reports.Warn, func(*reports.Exchange) error {
			for _, scheme := range want {
				if !slices.Contains(offered, scheme) {
					return wrong("schemes in WWW-Authenticate", text("among them "+scheme), offered)
				}
			}
			return nil
		}))
	})

	s.it("the credential of the run is of a kind that authenticationSchemes lists", ID("auth.scheme-used"), Requires("7643-5-13"), Explain{
		Why: "An operator sets up what the configuration lists, and finds out by trial what really works.",
		Fix: "List every scheme that the service accepts, with its type.",
	}, func() {
		scheme := map[string]string{"bearer": "bearer", "oauth2": "bearer", "basic": "basic"}[s.cfg.Wire.Auth.Kind]
		if scheme == "" {
			s.skip("the run's credential is of no scheme that RFC 7643 names")
		}
		want := listed()
		if !s.learned.users.Success() {
			s.see(s.learned.users)
			s.skip("the credential was not accepted")
		}
		s.judge(s.learned.users, Softly(reports.Warn, func(*reports.Exchange) error {
			if !slices.Contains(want, scheme) {
				return wrong("schemes in authenticationSchemes", text("among them "+scheme+", which was accepted"), want)
			}
			return nil
		}))
	})
}
