package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// readSuffix: other ways to name the media type (RFC 7644 §3.8).
func (s *session) readSuffix() {
	s.about("GET with the suffix .scim", func() {
		s.it("the suffix .scim, where it is known, gives the resource as SCIM", ID("read.suffix"), Requires("7644-3.8-07"), Explain{
			Why: "Clients that cannot set Accept name the media type by the suffix; an answer of another form, or about another resource, misleads them.",
			Fix: "Answer as without the suffix, as application/scim+json, or with 404.",
		}, func() {
			u := s.makeUser("suffix")
			want := s.readBack(u)
			x := s.do(wire.Request{Path: u.path() + ".scim"})
			choice := "not known"
			if x.Success() {
				choice = "known"
			}
			s.observe("7644-3.8-07", "the suffix .scim is", choice)
			s.see(want)
			s.judge(x, func(x *reports.Exchange) error {
				if x.Status != http.StatusOK {
					return NotServerError(x)
				}
				if err := MediaType(x); err != nil {
					return err
				}
				return Same(want)(x)
			})
		})
	})
}
