package suites

import (
	"net/url"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// soonExpiring is how long before its end a certificate is worth a warning.
const soonExpiring = 14 * 24 * time.Hour

// transport: facts of the TLS connection (RFC 7644 §7.2, ambiguity A58).
func (s *session) transport() {
	s.about("transport security", func() {
		s.it("the endpoint is reached over https", ID("tls.scheme"), Requires("7644-7.2-01", "7644-7.4-02"), Explain{
			Why: "Over plain http every token and every person's data can be read on the way.",
			Fix: "Serve SCIM over https only.",
		}, func() {
			u, _ := url.Parse(s.cfg.Wire.BaseURL)
			if wire.Loopback(u.Hostname()) && u.Scheme == "http" {
				s.skip("plain http to loopback leaves this machine never")
			}
			s.judge(&reports.Exchange{}, Softly(reports.Warn, func(*reports.Exchange) error {
				if u.Scheme != "https" {
					return wrong("scheme of the base URL", "https", u.Scheme)
				}
				return nil
			}))
		})
	})
	s.about("the TLS connection", func() {
		var facts wire.TLSFacts
		s.beforeAll(func() {
			u, _ := url.Parse(s.cfg.Wire.BaseURL)
			if u.Scheme != "https" {
				s.skip("the target is not reached over https")
			}
			var err error
			if facts, err = wire.ProbeTLS(s.ctx, s.cfg.Wire); err != nil {
				s.cannotJudge(err)
			}
		})
		judge := func(err error) { s.judge(&reports.Exchange{}, func(*reports.Exchange) error { return err }) }
		s.it("TLS 1.2 is supported", ID("tls.version-1.2"), Requires("7644-7.2-02"), Explain{
			Why: "RFC 7644 makes TLS 1.2 the version that every client can count on.",
			Fix: "Enable TLS 1.2, and TLS 1.3 beside it.",
		}, func() {
			s.observe("A58", "negotiated by default", facts.Version)
			switch {
			case facts.TLS12:
				judge(nil)
			case facts.TLS13:
				judge(soften(reports.Warn, broken("a handshake limited to TLS 1.2 is refused, though TLS 1.3 works")))
			default:
				judge(broken("neither TLS 1.2 nor TLS 1.3 is accepted"))
			}
		})
		s.it("TLS 1.0 and TLS 1.1 are refused", ID("tls.old-versions"), Requires("7644-7.2-02"), Explain{
			Why: "Both are retired (RFC 8996); a connection can be talked down to them.",
			Fix: "Disable TLS 1.0 and 1.1.",
		}, func() {
			if facts.TLS10 || facts.TLS11 {
				judge(soften(reports.Warn, broken("a handshake limited to a version below TLS 1.2 succeeds")))
				return
			}
			judge(nil)
		})
		s.it("the certificate chain leads to a trusted root", ID("tls.chain"), Requires("7644-7.2-01"), Explain{
			Why: "Identity providers refuse to connect to a server that they cannot identify.",
			Fix: "Install the full chain of a certificate from a trusted authority.",
		}, func() {
			if !facts.Verified && (time.Now().After(facts.NotAfter) || !facts.HostMatches) {
				s.block("tls.expiry", "the chain cannot be judged by itself: %s", facts.ChainError)
			}
			if !facts.Verified {
				judge(wrong("certificate chain", text("a trusted one"), text(facts.ChainError)))
				return
			}
			judge(nil)
		})
		s.it("the certificate is made out to the host", ID("tls.host"), Requires("7644-7.2-01"), Explain{
			Why: "Identity providers refuse a certificate of another host.",
			Fix: "Issue the certificate for the host name in the URL.",
		}, func() {
			if !facts.HostMatches {
				judge(wrong("host name of the certificate", text("that of the URL"), text(facts.HostError)))
				return
			}
			judge(nil)
		})
		s.it("the certificate is in date, and will be for two weeks", ID("tls.expiry"), Requires("7644-7.2-01"), Explain{
			Why: "On the day it ends all provisioning stops.",
			Fix: "Renew the certificate, best automatically.",
		}, func() {
			now := time.Now()
			switch {
			case now.After(facts.NotAfter):
				judge(wrong("end of the certificate", text("in the future"), text(facts.NotAfter.UTC().Format(time.RFC3339))))
			case now.Before(facts.NotBefore):
				judge(wrong("start of the certificate", text("in the past"), text(facts.NotBefore.UTC().Format(time.RFC3339))))
			case now.Add(soonExpiring).After(facts.NotAfter):
				judge(soften(reports.Warn, wrong("end of the certificate", text("two weeks ahead or more"), text(facts.NotAfter.UTC().Format(time.RFC3339)))))
			default:
				judge(nil)
			}
		})
	})
}
