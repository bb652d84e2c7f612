package suites

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// asynchronous: changes that are answered before they are made (RFC 9967 §2.5.1.1, ambiguity A64).
func (s *session) asynchronous() {
	s.asyncAnnounced()
	s.asyncAccepted()
}

// asyncRequest is what the target announces of asynchronous requests, in lower case; "" where it announces nothing.
func (s *session) asyncRequest() string {
	return strings.ToLower(scim.String(s.learned.config.Object(), "securityEvents.asyncRequest"))
}

// replaceLater asks for a change of u that may be answered before it is made.
func (s *session) replaceLater(u *resource, attr, value string, headers ...string) *reports.Exchange {
	o := clone(u.Sent)
	scim.Put(o, attr, value)
	return s.putOver(u, o, append([]string{"Prefer", "respond-async"}, headers...)...)
}

func (s *session) asyncAnnounced() {
	s.about("the announcement of asynchronous requests", func() {
		s.it("securityEvents, where given, has the values that are defined", ID("async.announcement"), Requires("9967-4-01"), Explain{
			Why: "Clients decide by asyncRequest whether to wait for an answer or for an event.",
			Fix: "Set securityEvents.asyncRequest to none, long or request, and eventUris to an array of URIs.",
		}, func() {
			v, there := scim.Lookup(s.learned.config.Object(), "securityEvents")
			if !there || v == nil {
				s.see(s.learned.config)
				s.skip("ServiceProviderConfig has no securityEvents")
			}
			s.judge(s.learned.config, func(x *reports.Exchange) error {
				o, ok := v.(scim.Object)
				if !ok {
					return wrong("securityEvents", text("an object"), v)
				}
				switch s.asyncRequest() {
				case "none", "long", "request":
				default:
					return wrong("securityEvents.asyncRequest", text("none, long or request"), scim.Get(o, "asyncRequest"))
				}
				uris, there := scim.Lookup(o, "eventUris")
				if _, ok := uris.([]any); there && uris != nil && !ok {
					return wrong("securityEvents.eventUris", text("an array of URIs"), uris)
				}
				return nil
			})
		})

		s.it("a change is not put off where that is not announced", ID("async.unannounced"), Requires("9967-4-02"), Explain{
			Why: "A client that meets 202 without warning takes the change for made, and reads the old state.",
			Fix: "Announce asynchronous requests in securityEvents.asyncRequest, or answer when the change is made.",
		}, func() {
			if how := s.asyncRequest(); how == "long" || how == "request" {
				s.skip("securityEvents.asyncRequest is %s", how)
			}
			attr := s.freeText()
			u := s.makeUser("async")
			x := s.replaceLater(u, attr, "Later")
			choice := "ignored"
			if x.Status == http.StatusAccepted {
				choice = "followed without being announced"
			}
			s.observe("A64", "Prefer: respond-async is", choice)
			s.judge(x, succeeded, func(x *reports.Exchange) error {
				if x.Status == http.StatusAccepted {
					return wrong("status", text("200 or 204, since securityEvents announces nothing"), x.Status)
				}
				return nil
			})
		})
	})
}

func (s *session) asyncAccepted() {
	s.about("a change that is answered before it is made", func() {
		var u *resource
		var x, again *reports.Exchange
		var attr string
		s.beforeAll(func() {
			if how := s.asyncRequest(); how != "request" && how != "long" {
				s.skip("ServiceProviderConfig does not announce asynchronous requests")
			}
			attr = s.freeText()
			u = s.makeUser("async")
			x, again = s.replaceLater(u, attr, "First"), s.replaceLater(u, attr, "Second")
		})
		accepted := func() *reports.Exchange {
			if x.Status != http.StatusAccepted || again.Status != http.StatusAccepted {
				s.see(x)
				s.see(again)
				s.skip("the target chose to answer at once, with %d and %d", x.Status, again.Status)
			}
			return x
		}
		// location is where a 202 leads, or "".
		location := func(x *reports.Exchange) string {
			if loc := x.Header().Get("Location"); loc != "" {
				return s.creationURI(loc)
			}
			return ""
		}

		s.it("a 202 has no body", ID("async.no-body"), Requires("9967-2.5.1.1-04"), Explain{
			Why: "What it would show is not true yet; clients that read it take it for the state.",
			Fix: "Send 202 without a body.",
		}, func() { s.judge(accepted(), NoBody) })

		s.it("a 202 has a Set-Txn of its own", ID("async.txn"), Requires("9967-2.5.1.1-05", "9967-3-01"), Explain{
			Why: "Set-Txn is how a client finds the event that says what became of its request.",
			Fix: "Send Set-Txn with a unique value, the same as in the txn claim of the event.",
		}, func() {
			s.judge(accepted(), func(x *reports.Exchange) error {
				one, other := x.Header().Get("Set-Txn"), again.Header().Get("Set-Txn")
				if one == "" {
					return wrong("Set-Txn", text("a unique value"), text("no such header"))
				}
				if one == other {
					return wrong("Set-Txn of two requests", text("two values"), one)
				}
				return nil
			})
		})

		s.it("a 202 says that the preference was applied", ID("async.preference-applied"), Requires("9967-2.5.1.1-06"), Explain{
			Why: "Without it a client cannot tell whether it was heard, or whether the server is just slow.",
			Fix: "Send Preference-Applied: respond-async with the 202.",
		}, func() {
			s.judge(accepted(), func(x *reports.Exchange) error {
				if got := x.Header().Get("Preference-Applied"); !strings.Contains(strings.ToLower(got), "respond-async") {
					return wrong("Preference-Applied", "respond-async", got)
				}
				return nil
			})
		})

		s.it("Location of a 202 leads to the resource or to its completion event", ID("async.location"), Requires("9967-2.5.1.1-07"), Explain{
			Why: "A client that follows it to find out what became of its request must not end nowhere.",
			Fix: "Send the address of the resource, or of the event that tells of completion.",
		}, func() {
			loc := location(accepted())
			if loc == "" {
				s.judge(x, func(*reports.Exchange) error {
					return wrong("Location", text("the URI of the resource or of the event"), text("no such header"))
				})
				return
			}
			if sameResourceURI(loc, u) {
				s.observe("A64", "Location of a 202 is", "the resource")
				s.judge(x, Status(202))
				return
			}
			if !s.creationHost(loc) {
				s.see(x)
				s.skip("the completion event is on another host")
			}
			got := s.do(wire.Request{Path: loc, Header: header("Accept", "*/*")})
			s.observe("A64", "Location of a 202 is", "the completion event")
			// An event may be there only later, of which 204 and 202 tell (RFC 9967 leaves that open).
			s.judge(got, func(x *reports.Exchange) error {
				if !x.Success() {
					return wrong("GET of the Location of a 202", text("the event"), x.Status)
				}
				return nil
			})
		})

		s.it("the completion event needs a credential", ID("async.event-private"), Requires("9967-5-01"), Explain{
			Why: "Events tell who was hired, moved or dismissed.",
			Fix: "Ask for the same credential at the address of the event as at the resource.",
		}, func() {
			if k := s.cfg.Wire.Auth.Kind; k == "" || k == "none" {
				s.skip("the run has no credential, so nothing can be said about requests without one")
			}
			loc := location(accepted())
			if loc == "" || sameResourceURI(loc, u) || !s.creationHost(loc) {
				s.skip("Location of the 202 is no event on the target's host")
			}
			s.judge(s.do(wire.Request{Path: loc, Anonymous: true, Header: header("Accept", "*/*")}), func(x *reports.Exchange) error {
				if x.Success() {
					return wrong("status", text("401"), x.Status)
				}
				return NotServerError(x)
			})
		})

		s.it("Accept is ignored for an answer without body", ID("async.accept"), Requires("9967-2.5.1.1-02"), Explain{
			Why: "The client says with Accept how it wants to read the event; refusing the change for it helps nobody.",
			Fix: "Do not negotiate the media type of a request that is answered with 202.",
		}, func() {
			accepted()
			y := s.replaceLater(u, attr, "Third", "Accept", "application/secevent+jwt")
			if y.Success() {
				s.judge(y, succeeded)
				return
			}
			s.judge(y, func(x *reports.Exchange) error { return wrong("status", 202, x.Status) })
		})

		s.it("a change that was accepted is made", ID("async.done"), Requires("7644-3.5.1-03"), Explain{
			Why: "The client has been told that all is well, and nobody looks again.",
			Fix: "Store the request before 202 is sent, and carry it out.",
		}, func() {
			accepted()
			final := s.await(func() *reports.Exchange { return s.readBack(u) }, func(y *reports.Exchange) bool {
				v := scim.String(y.Object(), attr)
				return v == "Second" || v == "Third"
			})
			s.judge(final, func(y *reports.Exchange) error {
				switch scim.String(y.Object(), attr) {
				case "Second", "Third":
					return nil
				}
				// When the change is made is left to the server.
				return soften(reports.Warn, wrong(attr+" after two seconds", text("as the last request said"), scim.Get(y.Object(), attr)))
			})
		})
	})
}

// sameResourceURI tells whether an address is that of the resource.
func sameResourceURI(uri string, r *resource) bool {
	u, err := url.Parse(uri)
	return err == nil && strings.HasSuffix(strings.TrimRight(u.Path, "/"), strings.TrimRight(r.path(), "/"))
}
