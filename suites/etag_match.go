package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

func (s *session) readIfNoneMatch(r *resource, tag string) *reports.Exchange {
	return s.do(wire.Request{Method: http.MethodGet, Path: r.path(), Header: header("If-None-Match", tag)})
}

// etagStale wants a refusal with 412. 409 is in the RFC's table too and weighs less (ambiguity A36); success is a lost
// update, and fails.
func etagStale(x *reports.Exchange) error {
	if x.Status == http.StatusPreconditionFailed {
		return nil
	}
	err := wrong("status", text("412"), x.Status)
	if x.Status >= 400 && x.Status < 500 {
		return soften(reports.Warn, err)
	}
	return err
}

// etagConditionalWrites: If-Match with PUT, PATCH and DELETE.
func (s *session) etagConditionalWrites() {
	s.about("writes with If-Match", func() {
		var name, stale string
		var u *resource
		s.beforeAll(func() {
			s.requires(ETag)
			name = s.freeText()
			u = s.makeUser("etag-match")
			before := s.readBack(u)
			s.versioned(before)
			stale = s.tagged(before)
			s.outwait(before)
			o := clone(u.Sent)
			o[name] = "Changed meanwhile"
			if x := s.putOver(u, o); !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			if after := s.readBack(u); tagOtherThan(stale)(after) != nil {
				s.see(after)
				s.block("etag.changes-put", "the tag has not changed")
			}
		})
		body := func(v string) scim.Object {
			o := clone(u.Sent)
			o[name] = v
			return o
		}
		now := func() string { return s.tagged(s.readBack(u)) }
		// attempt sends a write with the outdated tag once, and reads the state around it.
		attempt := func(act func() *reports.Exchange) func() (x, before, after *reports.Exchange) {
			var x, before, after *reports.Exchange
			return func() (*reports.Exchange, *reports.Exchange, *reports.Exchange) {
				if after == nil {
					before = s.readBack(u)
					x = act()
					if after = s.read(u); after.Status != http.StatusOK {
						u = s.aliveAgain(u)
					}
				}
				return x, before, after
			}
		}
		stalePut := attempt(func() *reports.Exchange { return s.putOver(u, body("Stale PUT"), "If-Match", stale) })
		stalePatch := attempt(func() *reports.Exchange {
			s.requires(Patch)
			return s.patchWith(u, []string{"If-Match", stale}, op("replace", name, "Stale PATCH"))
		})
		staleDelete := attempt(func() *reports.Exchange { return s.remove(u, "If-Match", stale) })
		const (
			lost    = "Two clients change one user; without this the second silently undoes what the first has done."
			refuse  = "Compare If-Match with the present tag before anything is changed, and answer 412 where it differs."
			neither = "The client was told that nothing has happened; what was changed nevertheless is known to nobody."
			atomic  = "Check If-Match and apply the change in one transaction."
			useless = "Whoever protects its updates as the RFC shows can change nothing at all."
			weakly  = "Compare tags weakly, since SCIM's tags are usually weak, and let the present one pass."
		)

		s.it("PUT with the present tag in If-Match succeeds", ID("etag.match-put"), Requires("7644-3.14-06"), Explain{Why: useless, Fix: weakly}, func() {
			s.judge(s.putOver(u, body("Matched PUT"), "If-Match", now()), succeeded)
		})

		s.it("PATCH with the present tag in If-Match succeeds", ID("etag.match-patch"), Requires("7644-3.14-06"), Explain{Why: useless, Fix: weakly}, func() {
			s.requires(Patch)
			s.judge(s.patchWith(u, []string{"If-Match", now()}, op("replace", name, "Matched PATCH")), succeeded)
		})

		s.it("PUT with If-Match: * succeeds on an existing resource", ID("etag.match-any"), Requires("7644-3.14-06"), Explain{
			Why: "HTTP defines * as any present representation; a client that only wants not to create uses it.",
			Fix: "Let * match every existing resource.",
		}, func() { s.judge(s.putOver(u, body("Matched any"), "If-Match", "*"), succeeded) })

		s.it("PUT with the present tag in a list in If-Match succeeds", ID("etag.match-list"), Requires("7644-3.14-06"), Explain{
			Why: "HTTP allows several tags; a client that would accept either of two states names both.",
			Fix: "Split If-Match at its commas and compare each tag.",
		}, func() {
			s.judge(s.putOver(u, body("Matched list"), "If-Match", `"scimproof-a", `+now()), succeeded)
		})

		s.it("PUT with an outdated tag in If-Match is refused with 412", ID("etag.stale-put"), Requires("7644-3.14-07", "7644-3.14-08"), Explain{Why: lost, Fix: refuse}, func() {
			x, _, _ := stalePut()
			s.judge(x, etagStale)
		})

		s.it("PUT with an outdated tag in If-Match changes nothing", ID("etag.stale-put-unchanged"), Requires("7644-3.14-07"), Explain{Why: neither, Fix: atomic}, func() {
			_, before, after := stalePut()
			s.judge(after, Status(http.StatusOK), Attr(name, scim.Get(before.Object(), name)))
		})

		s.it("PATCH with an outdated tag in If-Match is refused with 412", ID("etag.stale-patch"), Requires("7644-3.14-07", "7644-3.14-08"), Explain{Why: lost, Fix: refuse}, func() {
			x, _, _ := stalePatch()
			s.judge(x, etagStale)
		})

		s.it("PATCH with an outdated tag in If-Match changes nothing", ID("etag.stale-patch-unchanged"), Requires("7644-3.14-07"), Explain{Why: neither, Fix: atomic}, func() {
			_, before, after := stalePatch()
			s.judge(after, Status(http.StatusOK), Attr(name, scim.Get(before.Object(), name)))
		})

		s.it("DELETE with an outdated tag in If-Match is refused with 412", ID("etag.stale-delete"), Requires("7644-3.14-10", "7644-3.14-07"), Explain{
			Why: "A client deletes a user whom somebody has just brought back.", Fix: refuse,
		}, func() {
			x, _, _ := staleDelete()
			s.judge(x, etagStale)
		})

		s.it("DELETE with an outdated tag in If-Match deletes nothing", ID("etag.stale-delete-unchanged"), Requires("7644-3.14-07"), Explain{Why: neither, Fix: atomic}, func() {
			_, _, after := staleDelete()
			s.judge(after, Status(http.StatusOK))
		})

		s.it("DELETE with the present tag in If-Match succeeds", ID("etag.match-delete"), Requires("7644-3.14-10", "7644-3.14-06"), Explain{Why: useless, Fix: weakly}, func() {
			s.judge(s.remove(u, "If-Match", now()), succeeded)
		})
	})
}

// aliveAgain is another user in place of u, which was deleted after all.
func (s *session) aliveAgain(u *resource) *resource {
	if made, _ := s.create("User", s.user("etag-match")); made != nil {
		return made
	}
	return u
}

// etagUnsupported: what a server without versions does with If-Match.
func (s *session) etagUnsupported() {
	s.about("If-Match on a server without versions", func() {
		s.it("without support for versions, If-Match is ignored or refused, never half applied", ID("etag.unsupported"), Requires("7644-3.14-11"), Explain{
			Why: "A client is told that its condition has failed although its change was made.",
			Fix: "Ignore If-Match, or check it before anything is changed.",
		}, func() {
			if c := s.learned.claim(ETag); c == nil || *c {
				s.skip("the target does not say that etag.supported is false")
			}
			name := s.freeText()
			u := s.makeUser("etag-none")
			before := s.readBack(u)
			o := clone(u.Sent)
			o[name] = "Unconditional"
			x := s.putOver(u, o, "If-Match", `W/"scimproof-nonsense"`)
			after := s.readBack(u)
			if etagOf(before) != "" {
				s.note("resources have a version although etag.supported is false")
			}
			s.judge(x, NotServerError)
			s.judge(after, func(*reports.Exchange) error {
				changed := scim.Get(after.Object(), name) == "Unconditional"
				if changed != x.Success() {
					return broken("PUT with If-Match answered %d, and the user was changed: %t", x.Status, changed)
				}
				return nil
			})
		})
	})
}
