package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// me: the /Me alias (RFC 7644 §3.11). It is only read: it stands for the operator's own account.
func (s *session) me() {
	s.about("GET /Me", func() {
		var x *reports.Exchange
		s.beforeAll(func() { x = s.get("/Me") })

		s.it("GET /Me answers 501, or with the current user", ID("me.answer"), Requires("7644-3.11-01"), Explain{
			Why: "A client that finds /Me missing cannot tell an unsupported alias from a wrong address; a crash tells it even less.",
			Fix: "Answer 501 where /Me is not supported.",
		}, func() {
			s.judge(x, func(x *reports.Exchange) error {
				switch x.Status {
				case http.StatusNotImplemented:
					s.observe("A50", "GET /Me", "501")
					return nil
				case http.StatusPermanentRedirect:
					s.observe("A50", "GET /Me", "308")
					return nil
				case http.StatusOK:
					s.observe("A50", "GET /Me", "200")
					return nil
				}
				return wrong("status", text("501, or 200 or 308 where /Me is supported"), x.Status)
			})
		})

		s.it("/Me, where it is supported, answers with a user resource", ID("me.resource"), Requires("7644-3.11-03"), Explain{
			Why: "Clients read the current user here; a profile in a format of its own cannot be updated through SCIM.",
			Fix: "Answer with the same representation as GET of the user's own address.",
		}, func() {
			s.meIs(x, http.StatusOK)
			s.judge(x, Assigned("id"), Assigned("schemas"), Assigned("userName"))
		})

		s.it("Location tells the permanent URI of whom /Me stands for", ID("me.location"), Requires("7644-3.11-04"), Explain{
			Why: "The client has no other way to learn which resource it is about to change.",
			Fix: "Send Location with the URI of the user's own resource, as in meta.location.",
		}, func() {
			s.meIs(x, http.StatusOK)
			s.judge(x, s.meURI, func(x *reports.Exchange) error {
				if id := scim.String(x.Object(), "id"); id != "" && x.Header().Get("Location") != "" {
					return endsInID("Location", x.Header().Get("Location"), id)
				}
				return nil
			})
		})

		s.it("a redirect of /Me names the permanent URI", ID("me.redirect"), Requires("7644-3.11-02"), Explain{
			Why: "A redirect without a target, or to itself, leaves the client where it was.",
			Fix: "Send 308 with Location being the URI of the user's own resource.",
		}, func() {
			s.meIs(x, http.StatusPermanentRedirect)
			s.judge(x, s.meURI)
		})
	})
}

// meIs skips unless /Me answered with the status.
func (s *session) meIs(x *reports.Exchange, status int) {
	if x.Err() == nil && x.Status != status {
		s.see(x)
		s.skip("GET /Me answered %d", x.Status)
	}
}

// meURI wants a Location that is not /Me itself.
func (s *session) meURI(x *reports.Exchange) error {
	loc := x.Header().Get("Location")
	if at := strings.TrimRight(s.creationURI(loc), "/"); loc == "" || strings.HasSuffix(strings.ToLower(at), "/me") {
		return wrong("Location", text("the permanent URI of the user"), loc)
	}
	return nil
}
