package suites

import (
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// nearCredentials: what is nearly the run's credential (RFC 7644 §2). Each is sent once, so that no account is locked out.
func (s *session) nearCredentials(knocks func() door) {
	refused := Requires("7644-3.12-09", "7643-9.1-01")
	sends := func(user, secret string, as Check) {
		d := knocks()
		s.judge(s.do(wire.Request{Method: d.method, Path: d.path, Header: s.credential(user, secret), Anonymous: true}), as)
	}
	basic := func(edit func(user, password string) (string, string)) {
		a := s.cfg.Wire.Auth
		if a.Kind != "basic" {
			s.skip("the run's credential is no password")
		}
		user, password := edit(a.User, a.Password)
		sends(user, password, unauthorized)
	}
	s.it("the right user with a wrong password is refused with 401", ID("auth.wrong-password"), refused, Explain{
		Why: "Whoever knows a name, which is no secret, could read or change the whole directory.",
		Fix: "Verify the password, and not only that the user exists.",
	}, func() { basic(func(user, _ string) (string, string) { return user, "scimproof-wrong-credential" }) })
	s.it("another user with the right password is refused with 401", ID("auth.wrong-user"), refused, Explain{
		Why: "The password is that of one account; taken for any name, it says nothing about who is at work.",
		Fix: "Verify user and password together.",
	}, func() { basic(func(_, password string) (string, string) { return "scimproof-nobody", password }) })

	token := func(as Check, edit func(string) string) {
		a := s.cfg.Wire.Auth
		whole := a.Token
		if a.Kind == "header" {
			whole = a.HeaderValue
		} else if a.Kind != "bearer" {
			s.skip("the run has no fixed token")
		}
		near := edit(whole)
		if near == whole || near == "" {
			s.skip("nothing is nearly this token")
		}
		sends("", near, as)
	}
	s.it("half of the token is refused with 401", ID("auth.half-token"), refused, Explain{
		Why: "Half of a token is guessed, or found in a log, much sooner than the whole.",
		Fix: "Compare the whole token, by digest or in constant time.",
	}, func() { token(unauthorized, func(t string) string { return t[:len(t)/2] }) })
	s.it("the token in other letter case is refused with 401", ID("auth.token-case"), refused, Explain{
		Why: "Tokens are compared exactly (RFC 6750 §2.1); each letter that counts in both forms makes guessing easier.",
		Fix: "Compare tokens byte by byte.",
	}, func() {
		if s.cfg.Wire.Auth.Kind != "bearer" {
			s.skip("the run has no bearer token")
		}
		// A key that is a number in hexadecimal may be read as such.
		token(Softly(reports.Warn, unauthorized), func(t string) string { return swapCase(t).(string) })
	})
}
