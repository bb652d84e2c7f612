package suites

import (
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// putNames: changing userName.
func (s *session) putNames() {
	s.about("PUT of another userName", func() {
		var a, b *resource
		var taken, afterTaken, afterUpper, own *reports.Exchange
		s.beforeAll(func() {
			a, b = s.makeUser("put-name-a"), s.makeUser("put-name-b")
			name := scim.String(a.Sent, "userName")
			over := func(name string) *reports.Exchange {
				o := clone(b.Sent)
				o["userName"] = name
				return s.putOver(b, o)
			}
			taken = over(name)
			afterTaken = s.readBack(b)
			over(upperLocal(name))
			afterUpper = s.readBack(b)
			s.putOver(b, b.Sent)
			own = over(upperLocal(scim.String(b.Sent, "userName")))
		})
		isA := func(x *reports.Exchange) error {
			if got := scim.Get(x.Object(), "userName"); sameFold(got, a.Sent["userName"]) {
				return wrong("userName after PUT of a taken one", b.Sent["userName"], got)
			}
			return nil
		}

		s.it("PUT cannot give a user the userName of another", ID("put.taken-name"), Requires("7643-4.1.1-02"), Explain{
			Why: "Two users with one userName sign in as each other.",
			Fix: "Check uniqueness in PUT as in POST, best with a unique index.",
		}, func() { s.judge(afterTaken, isA) })

		s.it("PUT of a taken userName answers 409 or 400 with scimType uniqueness", ID("put.taken-name-status"), Requires("7644-3.5.1-13", "7644-3.12-19"), Explain{
			Why: "Clients tell a conflict, which a person has to solve, from an error, which they retry, by this answer.",
			Fix: "Answer 409 (or 400) with scimType uniqueness.",
		}, func() {
			if taken.Success() {
				s.block("put.taken-name", "the taken userName was accepted")
			}
			s.judge(taken, Refused("409/400", scim.Uniqueness))
		})

		s.it("PUT cannot give a user the userName of another in different letter case", ID("put.taken-name-case"), Requires("7643-4.1.1-02", "7643-4.1.1-03"), Explain{
			Why: "userName is case-insensitive: BJensen and bjensen are one person, and a directory with both has a duplicate.",
			Fix: "Fold the letter case of userName before uniqueness is checked.",
		}, func() {
			if afterTaken != nil && isA(afterTaken) != nil {
				s.block("put.taken-name", "the taken userName was accepted in its own letter case")
			}
			s.judge(afterUpper, isA)
		})

		s.it("PUT of a user's own userName in different letter case is no conflict", ID("put.own-name-case"), Requires("7643-4.1.1-03"), Explain{
			Why: "A directory that corrects the letter case of its logins runs into a conflict of the user with itself, for ever.",
			Fix: "Leave the resource itself out when uniqueness is checked.",
		}, func() { s.judge(own, succeeded) })
	})

	s.about("PUT of a new userName", func() {
		var u *resource
		var x, after *reports.Exchange
		var name string
		s.beforeAll(func() {
			u = s.makeUser("put-rename")
			o := clone(u.Sent)
			name = s.tag("put-renamed") + "@" + s.domain()
			o["userName"] = name
			x = s.putOver(u, o)
			after = s.readBack(u)
		})
		renamed := func() {
			if !sameFold(scim.Get(after.Object(), "userName"), name) {
				s.block("put.rename", "the user has kept its userName")
			}
		}

		s.it("PUT gives a user a new userName that is free", ID("put.rename"), Requires("7644-3.5.1-03"), Explain{
			Why: "Logins change with names and mail addresses; a login that cannot be changed locks its owner out.",
			Fix: "Store userName from the body as any other readWrite attribute; the id is what identifies the user.",
		}, func() {
			if a := u.typ.attribute("userName"); a != nil && a.Mutability == "immutable" {
				s.skip("the target's schema says that userName is immutable")
			}
			s.judge(x, succeeded)
			s.judge(after, changedTo("userName", u.Sent["userName"], name))
		})

		s.it("a renamed user is found under its new userName", ID("put.rename-found"), Requires("7644-3.4.2.2-03", "7644-3.4.2-11"), Explain{
			Why: "Clients look users up by userName before they create them; one that is not found is created a second time.",
			Fix: "Keep indexes and caches in step with every change.",
		}, func() {
			s.requires(Filter)
			renamed()
			byNew := s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(name))
			s.filtered(byNew)
			s.judge(byNew, Listed(u))
		})

		s.it("a renamed user is no longer found under its old userName", ID("put.rename-old-name"), Requires("7644-3.4.2.2-02"), Explain{
			Why: "A search for one login that gives another person leads clients to change the wrong account.",
			Fix: "Keep indexes and caches in step with every change.",
		}, func() {
			s.requires(Filter)
			renamed()
			s.judge(s.byName(u), Unlisted(u))
		})

		s.it("the old userName of a renamed user can be given to another", ID("put.rename-frees"), Requires("7644-3.5.1-03"), Explain{
			Why: "A conflict with a name that nobody has cannot be explained to the administrator who runs into it.",
			Fix: "Check uniqueness against the present userNames only.",
		}, func() {
			renamed()
			heir, reuse := s.create("User", s.minimalUser("put-heir"))
			if heir == nil {
				s.see(reuse)
				s.block("create.status", "POST answered %d", reuse.Status)
			}
			o := clone(heir.Sent)
			o["userName"] = u.Sent["userName"]
			x := s.putOver(heir, o)
			// Servers may reserve names (RFC 7644 Table 9, "uniqueness").
			s.judge(x, Softly(reports.Warn, succeeded))
		})
	})
}

// upperLocal writes the part of a mail address before the @ in capitals.
func upperLocal(name string) string {
	local, domain, ok := strings.Cut(name, "@")
	if !ok {
		return strings.ToUpper(name)
	}
	return strings.ToUpper(local) + "@" + domain
}
