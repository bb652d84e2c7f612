package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// door is one request that must not be served without a valid credential.
type door struct {
	id, name, method, path, creates string
	body                            any
}

// authentication: credentials (RFC 7644 §2, §3.12).
func (s *session) authentication() {
	s.otherCredentials()
	s.about("requests without a valid credential", func() {
		var doors []door
		s.beforeAll(func() {
			if k := s.cfg.Wire.Auth.Kind; k == "" || k == "none" {
				s.skip("the run has no credential, so nothing can be said about requests without one")
			}
			t := s.learned.typ("User")
			if t == nil || s.learned.asked[t] != "" || s.cfg.Wire.ReadOnly {
				if t == nil {
					t = s.learned.resourceTypes[0]
				}
				doors = []door{{"list", "GET " + t.Endpoint, http.MethodGet, t.Endpoint, "", nil}}
				return
			}
			u := s.makeUser("auth")
			doors = []door{
				{"list", "GET " + t.Endpoint, http.MethodGet, t.Endpoint, "", nil},
				{"read", "GET of a user", http.MethodGet, u.path(), "", nil},
				{"create", "POST " + t.Endpoint, http.MethodPost, t.Endpoint, t.Endpoint, s.minimalUser("intruder")},
				{"delete", "DELETE of a user", http.MethodDelete, u.path(), "", nil},
				{"search", "POST " + t.Endpoint + "/.search", http.MethodPost, t.Endpoint + "/.search", "", object{"schemas": []string{scim.SearchRequestURN}}},
				// A job that is valid, so that a server which looks at the body first does not refuse it for that, and harmless.
				{"bulk", "POST /Bulk", http.MethodPost, "/Bulk", "", object{
					"schemas": []string{scim.BulkRequestURN}, "Operations": []any{object{"method": "DELETE", "path": t.Endpoint + "/" + s.fictitious()}},
				}},
				{"put", "PUT of a user", http.MethodPut, u.path(), "", u.Sent},
				{"patch", "PATCH of a user", http.MethodPatch, u.path(), "", patchBody(op("replace", "displayName", "Intruder"))},
				{"root-search", "POST /.search", http.MethodPost, "/.search", "", object{"schemas": []string{scim.SearchRequestURN}}},
			}
			if gt := s.learned.typ("Group"); gt != nil {
				g := s.makeGroup("auth")
				doors = append(doors,
					door{"groups", "GET " + gt.Endpoint, http.MethodGet, gt.Endpoint, "", nil},
					door{"group-read", "GET of a group", http.MethodGet, g.path(), "", nil},
					door{"group-create", "POST " + gt.Endpoint, http.MethodPost, gt.Endpoint, gt.Endpoint, s.group("intruders")})
			}
		})
		find := func(id string) door {
			for _, d := range doors {
				if d.id == id {
					if strings.HasPrefix(id, "group") {
						s.needsType("Group")
					}
					return d
				}
			}
			s.needsWrites()
			s.needsType("User")
			if strings.HasPrefix(id, "group") {
				s.needsType("Group")
			}
			s.skip("there is nothing to knock at")
			return door{}
		}
		for _, d := range []struct{ id, name string }{
			{"list", "GET /Users"},
			{"read", "GET of a user"},
			{"create", "POST /Users"},
			{"delete", "DELETE of a user"},
			{"groups", "GET /Groups"},
			{"search", "POST /Users/.search"},
			{"bulk", "POST /Bulk"},
			{"put", "PUT of a user"},
			{"patch", "PATCH of a user"},
			{"group-read", "GET of a group"},
			{"group-create", "POST /Groups"},
			{"root-search", "POST /.search"},
		} {
			s.it(d.name+" without a credential is refused with 401", ID("auth.none-"+d.id), Requires("7644-3.12-09", "7643-9.1-01"), Explain{
				Why: "Whoever finds the URL could read or change the whole directory.",
				Fix: "Ask for authentication before anything else on every resource endpoint, and answer 401 without it.",
			}, func() { s.judge(s.knock(find(d.id), ""), unauthorized) })
			s.it(d.name+" with a wrong credential is refused with 401", ID("auth.wrong-"+d.id), Requires("7644-3.12-09", "7643-9.1-01"), Explain{
				Why: "A credential that is looked at but not verified protects nothing.",
				Fix: "Verify the credential on every resource endpoint, and answer 401 when it is not valid.",
			}, func() { s.judge(s.knock(find(d.id), "scimproof-wrong-credential"), unauthorized) })
		}
		var none, wrongOne *reports.Exchange
		refusals := func() (*reports.Exchange, *reports.Exchange) {
			if none == nil {
				none, wrongOne = s.knock(find("list"), ""), s.knock(find("list"), "scimproof-wrong-credential")
			}
			if none.Err() == nil && none.Status != http.StatusUnauthorized {
				s.see(none)
				s.block("auth.none-list", "GET /Users without a credential answered %d", none.Status)
			}
			return none, wrongOne
		}
		s.it("a 401 answer names the accepted schemes in WWW-Authenticate", ID("auth.challenge"), Requires("7644-2-04"), Explain{
			Why: "Clients learn from this header how to authenticate; HTTP requires it with every 401.",
			Fix: "Send WWW-Authenticate, such as Bearer realm=\"scim\", with every 401.",
		}, func() { x, _ := refusals(); s.judge(x, challenged) })
		s.it("a 401 answer to a wrong credential has WWW-Authenticate too", ID("auth.challenge-wrong"), Requires("7644-2-04"), Explain{
			Why: "A client with an expired token looks there for the way to a new one.",
			Fix: "Send WWW-Authenticate with every 401, also when a credential was given.",
		}, func() {
			_, x := refusals()
			if x.Status != http.StatusUnauthorized {
				s.see(x)
				s.block("auth.wrong-list", "GET /Users with a wrong credential answered %d", x.Status)
			}
			s.judge(x, challenged)
		})
		s.it("the scheme in WWW-Authenticate is one that authenticationSchemes lists", ID("auth.scheme-listed"), Requires("7644-2-04", "7643-5-13"), Explain{
			Why: "An operator sets up what the configuration lists; another challenge sends him the wrong way.",
			Fix: "List in authenticationSchemes what the service accepts, and challenge for just that.",
		}, func() {
			x, _ := refusals()
			listed := map[string]bool{}
			for _, o := range scim.Objects(s.learned.config.Object(), "authenticationSchemes") {
				listed[scim.String(o, "type")] = true
			}
			if len(listed) == 0 {
				s.skip("ServiceProviderConfig lists no authentication scheme")
			}
			if len(x.Header().Values("WWW-Authenticate")) == 0 {
				s.block("auth.challenge", "there is no WWW-Authenticate")
			}
			s.judge(x, Softly(reports.Warn, func(x *reports.Exchange) error {
				for _, h := range x.Header().Values("WWW-Authenticate") {
					scheme, _, _ := strings.Cut(strings.TrimSpace(h), " ")
					for _, typ := range map[string][]string{"bearer": {"oauthbearertoken", "oauth2"}, "basic": {"httpbasic"}, "digest": {"httpdigest"}}[strings.ToLower(scheme)] {
						if listed[typ] {
							return nil
						}
					}
				}
				return wrong("WWW-Authenticate", text("a scheme that authenticationSchemes lists"), x.Header().Values("WWW-Authenticate"))
			}))
		})
		s.it("a 401 answer has a SCIM error body", ID("auth.error-body"), Requires("7644-3.12-01", "7644-3.12-02"), Explain{
			Why: "The text in it is what the operator sees in the provisioning log.",
			Fix: "Send the SCIM error message with 401 as with every other error.",
		}, func() { x, _ := refusals(); s.judge(x, Softly(reports.Warn, ErrorBody)) })
		s.anonymousRequests(find)
		s.nearCredentials(func() door { return find("list") })
		s.it("ServiceProviderConfig can be read without a credential", ID("auth.config-public"), Requires("7643-5-12"), Explain{
			Why: "A client that does not know how to authenticate finds out there.",
			Fix: "Let GET /ServiceProviderConfig pass without authentication.",
		}, func() {
			find("list")
			s.judge(s.do(wire.Request{Path: "/ServiceProviderConfig", Anonymous: true}), Status(200))
		})
	})
}

// knock sends a door's request without the run's credential, or with a wrong one in its place; params are those of a
// query, as alternating names and values.
func (s *session) knock(d door, instead string, params ...string) *reports.Exchange {
	r := wire.Request{Method: d.method, Path: d.path, RawQuery: query(params...), Creates: d.creates, Body: encode(d.body), Anonymous: true}
	if instead != "" {
		r.Header = s.credential("scimproof", instead)
	}
	return s.do(r)
}

// credential is a header of the kind that the run's credential has: a secret, with the user whose password it is where it is
// one.
func (s *session) credential(user, secret string) http.Header {
	switch a := s.cfg.Wire.Auth; a.Kind {
	case "basic":
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, secret)
		return r.Header
	case "header":
		return header(a.HeaderName, secret)
	}
	return header("Authorization", "Bearer "+secret)
}

// unauthorized wants 401; other refusals tell less, and anything that serves the request is worse.
// An endpoint that is not offered at all needs no door.
func unauthorized(x *reports.Exchange) error {
	switch x.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if p := x.URL; strings.HasSuffix(p, "/.search") || strings.HasSuffix(p, "/Bulk") {
			return nil
		}
	}
	return Status(http.StatusUnauthorized)(x)
}

func challenged(x *reports.Exchange) error {
	if x.Header().Get("WWW-Authenticate") == "" {
		return wrong("WWW-Authenticate", text("the accepted schemes"), text("no such header"))
	}
	return nil
}
