package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// Others are further tokens, which show what one credential cannot. An empty one skips the checks that need it.
type Others struct {
	// Restricted may read and must not write.
	Restricted string
	// Expired was valid once.
	Expired string
	// OtherDomain belongs to another provisioning domain: another tenant, or another client of the same directory.
	OtherDomain string
}

// all lists the tokens that were given.
func (o Others) all() []string {
	var out []string
	for _, t := range []string{o.Restricted, o.Expired, o.OtherDomain} {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// otherCredentials: what tokens with other rights may do (RFC 7644 §2, §2.1, §7.4, §7.7; RFC 7643 §3.1).
func (s *session) otherCredentials() {
	s.restrictedCredential()
	s.about("tokens that say something else", func() {
		s.it("a token that has expired is refused with 401", ID("auth.expired"), Requires("7644-7.4-03"), Explain{
			Why: "A token that was stolen or forgotten opens the directory for ever.",
			Fix: "Give tokens a lifetime, and verify it with every request.",
		}, func() {
			s.judge(s.knock(s.listing("expired-token", s.cfg.Others.Expired), s.cfg.Others.Expired), unauthorized)
		})

		s.it("an externalId means nothing in another provisioning domain", ID("auth.other-domain"), Requires("7643-3.1-14"), Explain{
			Why: "Two clients number their people independently; whoever finds the other's user by his own number overwrites a stranger.",
			Fix: "Keep externalId per client or tenant, and compare it with those of the same one only.",
		}, func() {
			d := s.listing("other-domain-token", s.cfg.Others.OtherDomain)
			s.requires(Filter)
			s.needs("User", "externalId")
			s.needsWrites()
			u := s.makeUser("domain", func(o scim.Object) { o["externalId"] = s.tag("domain-number") })
			byNumber := []string{"filter", "externalId eq " + scim.Quote(scim.String(u.Sent, "externalId"))}
			own := s.await(func() *reports.Exchange { return s.get(d.path, byNumber...) }, func(x *reports.Exchange) bool {
				return x.Status != 200 || item(x, u) != nil
			})
			if own.Status != 200 || item(own, u) == nil {
				s.see(own)
				s.block("filter.external-id", "the user is not found by externalId in the run's own domain")
			}
			all := s.knock(d, s.cfg.Others.OtherDomain, "count", "1")
			s.judge(all, NotServerError)
			if all.Status != 200 {
				s.see(all)
				s.skip("the token of --other-domain-token cannot list %s: HTTP %d", d.path, all.Status)
			}
			read := d
			read.path = u.path()
			there := s.knock(read, s.cfg.Others.OtherDomain)
			choice := "not there"
			if there.Status == 200 {
				choice = "there, without its externalId"
			}
			s.judge(s.knock(d, s.cfg.Others.OtherDomain, byNumber...), NotServerError, func(x *reports.Exchange) error {
				if x.Status == 200 && item(x, u) != nil {
					return wrong("another domain's look-up of this domain's externalId", text("not this user"), text("this user"))
				}
				return nil
			})
			s.judge(there, NotServerError, func(x *reports.Exchange) error {
				if got := scim.String(x.Object(), "externalId"); x.Status == 200 && got != "" && got == scim.String(u.Sent, "externalId") {
					return wrong("externalId, read by another domain", text("not the one that this domain has set"), got)
				}
				return nil
			})
			s.observe("A47", "a user is, for another provisioning domain", choice)
		})
	})
}

// listing is the door of the users' list for a token, which the flag gives; without it the check is skipped.
func (s *session) listing(flag, token string) door {
	if token == "" {
		s.skip("this needs another credential, which --%s gives", flag)
	}
	return door{"list", "GET of users", http.MethodGet, s.needsType("User").Endpoint, "", nil}
}

// restrictedCredential: a token that may read and must not write.
func (s *session) restrictedCredential() {
	s.about("writes with a token that may only read", func() {
		var u *resource
		token := s.cfg.Others.Restricted
		s.beforeAll(func() {
			d := s.listing("restricted-token", token)
			s.needsWrites()
			if x := s.knock(d, token, "count", "1"); x.Status != 200 {
				s.see(x)
				s.skip("the token of --restricted-token cannot read either: HTTP %d", x.Status)
			}
			u = s.makeUser("restricted")
		})
		// refused wants no success, whatever the status; what it says is judged by auth.restricted-status.
		refused := func(x *reports.Exchange) error {
			if x.Success() {
				return wrong(x.Method+" with a token that may only read", text("a refusal"), x.Status)
			}
			return NotServerError(x)
		}
		// try sends a write that must change nothing, and reads before and after.
		try := func(d door) {
			was := scim.String(s.readBack(u).Object(), "userName")
			s.judge(s.knock(d, token), refused)
			s.judge(s.readBack(u), func(x *reports.Exchange) error {
				if is := scim.String(x.Object(), "userName"); is != was {
					return wrong("userName after the refused write", was, is)
				}
				return nil
			})
		}
		renamed := func() scim.Object {
			o := clone(u.Sent)
			o["userName"] = s.tag("renamed") + "@" + s.domain()
			return o
		}
		writes := Explain{
			Why: "A reader's token, such as that of a report or an audit, would change the directory.",
			Fix: "Compare the scopes or the role behind the token with what the request does, before it is carried out.",
		}
		considered := Requires("7644-2-06", "7644-2.1-01", "7644-7.7-02")

		s.it("POST with a token that may only read creates nobody", ID("auth.restricted-create"), considered, writes, func() {
			o := s.minimalUser("restricted-new")
			x := s.knock(door{method: http.MethodPost, path: u.typ.Endpoint, creates: u.typ.Endpoint, body: o}, token)
			s.judge(x, refused)
			if !x.Success() && s.offers(Filter) {
				s.judge(s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(o, "userName"))), Status(200), totals(0))
			}
		})
		s.it("PUT with a token that may only read changes nothing", ID("auth.restricted-put"), considered, writes, func() {
			try(door{method: http.MethodPut, path: u.path(), body: renamed()})
		})
		s.it("PATCH with a token that may only read changes nothing", ID("auth.restricted-patch"), considered, writes, func() {
			s.requires(Patch)
			try(door{method: http.MethodPatch, path: u.path(), body: patchBody(op("replace", "userName", renamed()["userName"]))})
		})
		s.it("DELETE with a token that may only read deletes nobody", ID("auth.restricted-delete"), considered, writes, func() {
			gone := s.makeUser("restricted-leaver")
			x := s.knock(door{method: http.MethodDelete, path: gone.path()}, token)
			s.judge(x, refused)
			if !x.Success() {
				s.judge(s.read(gone), stillThere)
			}
		})
		s.it("a bulk job with a token that may only read changes nothing", ID("auth.restricted-bulk"), considered, writes, func() {
			s.requires(Bulk)
			gone := s.makeUser("restricted-bulk")
			x := s.knock(door{method: http.MethodPost, path: "/Bulk", body: object{
				"schemas": []string{scim.BulkRequestURN}, "Operations": []any{object{"method": "DELETE", "path": gone.path()}},
			}}, token)
			s.judge(x, NotServerError) // the job may be answered by 200 with a refusal in it
			s.judge(s.read(gone), stillThere)
		})
		s.it("what a token may not do is refused with 403", ID("auth.restricted-status"), Requires("7644-3.12-10"), Explain{
			Why: "401 makes a client ask for a new token and try again; 403 tells the operator that rights are missing.",
			Fix: "Answer 403 where the credential is valid and may not do this.",
		}, func() {
			x := s.knock(door{method: http.MethodPost, path: u.typ.Endpoint, creates: u.typ.Endpoint, body: s.minimalUser("restricted-403")}, token)
			if x.Success() {
				s.see(x)
				s.block("auth.restricted-create", "POST with the restricted token answered %d", x.Status)
			}
			s.judge(x, Status(http.StatusForbidden))
		})
	})
}

// stillThere wants a user whom a request without the right to do so was to delete.
func stillThere(x *reports.Exchange) error {
	if x.Status == http.StatusNotFound {
		return wrong("the user whom a token that may only read was to delete", text("still there"), text("deleted"))
	}
	return Status(http.StatusOK)(x)
}
