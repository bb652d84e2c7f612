package suites

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// patching: PATCH (RFC 7644 §3.5.2). The operations have files of their own.
func (s *session) patching() {
	s.patchSupport()
	s.patchAnswers()
	s.patchAdds()
	s.patchAddsSelected()
	s.patchAddsSatisfying()
	s.patchAddsWithoutPath()
	s.patchReplaces()
	s.patchReplacesSelected()
	s.patchReplacesWithoutPath()
	s.patchRemoves()
	s.patchRemovesSelected()
	s.patchExtensions()
	s.patchPrimaries()
	// What is mostly refused needs no user of its own.
	shared := patchOnce(func() *patchChain { return s.patchChain("shared") })
	s.patchOrders(shared)
	s.patchAtomicity()
	s.patchNames(shared)
	s.patchMessages(shared)
	s.patchPaths(shared)
	s.patchFilters()
	s.patchValues()
	s.patchTypes()
	s.patchDepth()
	s.patchProtected(shared)
	s.patchIdentity(shared)
}

// patchSupport judges what is announced; all else is skipped where PATCH is not offered.
func (s *session) patchSupport() {
	s.about("whether PATCH is offered", func() {
		denied := func() bool {
			claim := s.learned.claim(Patch)
			return claim != nil && !*claim
		}

		s.it("the service supports PATCH", ID("patch.supported"), Requires("7644-3.5-02"), Explain{
			Why: "Entra changes users and groups by PATCH alone, and Okta uses it for group membership and for deactivation; without it they cannot be connected.",
			Fix: "Implement PATCH on every resource and set patch.supported to true in ServiceProviderConfig.",
		}, func() {
			s.judge(s.learned.config, func(*reports.Exchange) error {
				if denied() {
					return wrong("patch.supported", true, false)
				}
				return nil
			})
		})

		s.it("PATCH answers 501 where ServiceProviderConfig says that it is not supported", ID("patch.unsupported"), Requires("7644-3.5.2-01", "7644-3.12-16"), Explain{
			Why: "A client that is told no by configuration but gets another answer cannot decide whether to fall back to PUT.",
			Fix: "Answer 501 to PATCH (404 and 405 will do), or announce patch.supported true if it works.",
		}, func() {
			if !denied() {
				s.skip("the target does not say that PATCH is unsupported")
			}
			r := s.makeUser("unsupported")
			x := s.patch(r, op("replace", "displayName", "No Patch"))
			s.judge(x, func(x *reports.Exchange) error {
				switch x.Status {
				case http.StatusNotImplemented:
					return nil
				case http.StatusNotFound, http.StatusMethodNotAllowed:
					s.observe("A50", "unsupported PATCH answers", fmt.Sprint(x.Status))
					return nil
				}
				return wrong("status", text("501, 405 or 404"), x.Status)
			})
		})
	})
}

// patchChain is a user to which one PATCH after the other is applied; each is judged by what it has changed.
type patchChain struct {
	s   *session
	r   *resource
	now *reports.Exchange
	// stale tells that something was sent since now was read.
	stale bool
}

// patchChain creates the user, unless PATCH is not offered.
func (s *session) patchChain(what string, edits ...func(scim.Object)) *patchChain {
	s.requires(Patch)
	r := s.makeUser(what, edits...)
	return &patchChain{s: s, r: r, now: s.readBack(r)}
}

// patchStep is one PATCH with the states before and after it.
type patchStep struct {
	before, x, after *reports.Exchange
}

// step sends operations and reads back.
func (c *patchChain) step(ops ...scim.Object) *patchStep {
	return c.send(patchBody(ops...))
}

// send is step for any body, with query parameters as alternating names and values.
func (c *patchChain) send(body any, params ...string) *patchStep {
	p := &patchStep{before: c.state()}
	p.x = c.probe(body, params...)
	p.after = c.state()
	return p
}

// state is the user as it is now.
func (c *patchChain) state() *reports.Exchange {
	if c.stale {
		c.now = c.s.readBack(c.r)
		c.stale = false
	}
	return c.now
}

// probe sends a body without reading back.
func (c *patchChain) probe(body any, params ...string) *reports.Exchange {
	if message, ok := body.(scim.Object); ok {
		if ops, ok := message["Operations"].([]scim.Object); ok {
			message = maps.Clone(message)
			message["Operations"] = c.s.completedOps(c.r.typ, ops)
			body = message
		}
	}
	x := c.s.do(wire.Request{Method: http.MethodPatch, Path: c.r.path(), RawQuery: query(params...), Body: encode(body)})
	c.stale = true
	c.s.see(x)
	if x.Err() != nil {
		c.s.cannotJudge(x.Err())
	}
	return x
}

// get is the value that the user has now.
func (c *patchChain) get(path string) any { return scim.Get(c.state().Object(), path) }

// wants blocks the checks where the user lacks what it was created with, since PATCH is not to blame then.
func (c *patchChain) wants(checks ...Check) { c.wantsOf("create.stored", checks...) }

// wantsOf is wants for what the check called by has to leave behind.
func (c *patchChain) wantsOf(by string, checks ...Check) {
	for _, check := range checks {
		if err := check(c.state()); err != nil {
			c.s.see(c.now)
			c.s.block(by, "the user is not as it should be: %v", err)
		}
	}
}

// patched judges the state after a PATCH that has to succeed.
func (s *session) patched(p *patchStep, checks ...Check) {
	s.see(p.x)
	if !p.x.Success() {
		s.judge(p.x, Status(http.StatusOK, http.StatusNoContent))
		return
	}
	s.judge(p.after, checks...)
}

// patchOnce remembers the result of the first call, so that several checks can judge one exchange.
func patchOnce[T any](f func() T) func() T {
	var v T
	done := false
	return func() T {
		if !done {
			v = f()
			done = true
		}
		return v
	}
}

// patchedTo wants the attribute to have the new value: the old one or none is a violation, another form of the new
// one is a WARN (ambiguity A65).
func patchedTo(p *patchStep, path string, want any) Check {
	return func(x *reports.Exchange) error {
		got, old := scim.Get(x.Object(), path), scim.Get(p.before.Object(), path)
		if holds(got, want) || sameFold(got, want) {
			return nil
		}
		err := wrong(path+" after the PATCH", want, got)
		if _, isString := got.(string); isString && !equalValue(got, old) {
			return soften(reports.Warn, err)
		}
		return err
	}
}

// patchKept wants the attributes to be what they were before.
func patchKept(p *patchStep, paths ...string) Check {
	return func(x *reports.Exchange) error {
		for _, path := range paths {
			got, old := scim.Get(x.Object(), path), scim.Get(p.before.Object(), path)
			if !equalValue(got, old) {
				return wrong(path+", which no operation names,", old, got)
			}
		}
		return nil
	}
}

// othersKept wants all that the user was created with to be what it was, apart from the named attributes. What
// the server itself has added is its own affair.
func (c *patchChain) othersKept(p *patchStep, except ...string) Check {
	var paths []string
	for name := range c.r.Sent {
		if name != "schemas" && !slices.Contains(except, name) {
			paths = append(paths, name)
		}
	}
	slices.Sort(paths)
	return patchKept(p, paths...)
}

// patchRefused wants 400. Another client error, or another keyword, is a WARN (ambiguities A13, A14, A49).
func patchRefused(types ...string) Check {
	return func(x *reports.Exchange) error {
		switch {
		case x.Status == http.StatusBadRequest && len(types) == 0:
			return nil
		case x.Status == http.StatusBadRequest:
			return Softly(reports.Warn, ScimType(types...))(x)
		case x.Status > 400 && x.Status < 500:
			return soften(reports.Warn, wrong("status", http.StatusBadRequest, x.Status))
		}
		return wrong("status", http.StatusBadRequest, x.Status)
	}
}

// patchMail is an e-mail address of this run.
func (s *session) patchMail(what string) string { return s.tag(what) + "@" + s.domain() }

// patchMails edits a user's emails, without the sub-attributes that the target does not declare.
func (s *session) patchMails(list ...scim.Object) func(scim.Object) {
	values := make([]any, len(list))
	for i, e := range list {
		values[i] = s.needsType("User").prune("emails", e)
	}
	return set("emails", values)
}

// mail is one value of emails.
func mail(kind, value string) scim.Object { return scim.Object{"type": kind, "value": value} }

// mailAt finds the value of emails with that address.
func mailAt(x *reports.Exchange, address string) scim.Object {
	for _, e := range scim.Objects(x.Object(), "emails") {
		if strings.EqualFold(scim.String(e, "value"), address) {
			return e
		}
	}
	return nil
}

// hasMails wants these addresses among the emails.
func hasMails(addresses ...string) Check {
	return func(x *reports.Exchange) error {
		for _, a := range addresses {
			if mailAt(x, a) == nil {
				return wrong("emails", text("a value with the address "+a), scim.Get(x.Object(), "emails"))
			}
		}
		return nil
	}
}

// lacksMails wants none of these addresses among the emails.
func lacksMails(addresses ...string) Check {
	return func(x *reports.Exchange) error {
		for _, a := range addresses {
			if mailAt(x, a) != nil {
				return wrong("emails", text("no value with the address "+a), scim.Get(x.Object(), "emails"))
			}
		}
		return nil
	}
}

// mailHas wants a sub-attribute of the value with that address.
func mailHas(address, sub string, want any) Check {
	return func(x *reports.Exchange) error {
		e := mailAt(x, address)
		if e == nil {
			return hasMails(address)(x)
		}
		if got, _ := scim.Lookup(e, sub); !holds(got, want) && !sameFold(got, want) {
			return wrong(fmt.Sprintf("emails[value eq %q].%s", address, sub), want, got)
		}
		return nil
	}
}

// mailsKept wants the values with these addresses to be what they were.
func mailsKept(p *patchStep, addresses ...string) Check {
	return func(x *reports.Exchange) error {
		for _, a := range addresses {
			if got, old := mailAt(x, a), mailAt(p.before, a); !equalValue(got, old) {
				return wrong("the value of emails with the address "+a, old, got)
			}
		}
		return nil
	}
}
