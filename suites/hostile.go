package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// hostilities: input that no careful client sends, and values that careless code takes for something else
// (RFC 7643 §9.2, RFC 7644 §3.12).
//
// A refusal is never held against a server here, only a wrong result, a change that should not have been, or a 5xx.
func (s *session) hostilities() {
	s.hostileEncodings()
	s.hostileStrings()
	s.hostileTypes()
	s.hostileWrites()
	s.hostileMessages()
	s.hostileValues()
	s.hostileUpdates()
	s.hostileFilters()
	s.hostileParameters()
	s.hostilePaths()
	s.hostileAfterwards()
}

// raw posts bytes in place of a user whom sent describes, and finds out what came of it.
func (s *session) raw(sent scim.Object, body []byte) creationProbe {
	t := s.needsType("User")
	x := s.do(wire.Request{Method: http.MethodPost, Path: t.Endpoint, Creates: t.Endpoint, Body: body})
	return s.probed(s.adopt(t, sent, x), x)
}

// mistaken wants a client error for a request that is the client's mistake. A server that makes the best of it weighs as
// lenient says.
func mistaken(lenient reports.Word) Check {
	return func(x *reports.Exchange) error {
		if x.Success() {
			return soften(lenient, wrong("status", text("a client error (4xx)"), x.Status))
		}
		return ClientError(x)
	}
}

// judgeRefusal is the end of a check whose probe has made nothing: refusing it was right.
func (s *session) judgeRefusal(p creationProbe) {
	if p.x.Status >= 400 && p.x.Status < 500 {
		s.note("refused with %d", p.x.Status)
	}
	s.judge(p.x, mistaken(reports.Info))
}

// parts copies the named attributes of a body.
func parts(o scim.Object, names ...string) scim.Object {
	out := scim.Object{}
	for _, name := range names {
		if v, ok := o[name]; ok {
			out[name] = v
		}
	}
	return out
}

// findable tells whether a look-up by userName works at all, so that an empty answer means something.
func (s *session) findable() bool {
	s.requires(Filter)
	u := s.makeUser("control")
	return s.lookUp(u.typ, parts(u.Sent, "userName")) == u.ID
}

// isOurs tells whether a record that a list shows was made by this run.
func (s *session) isOurs(o scim.Object) bool {
	return s.client.Ledger().Owns(scim.String(o, "id")) || strings.Contains(scim.String(o, "userName"), s.cfg.RunID)
}
