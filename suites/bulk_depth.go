package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// bulkDepth: several references in one operation, references outside POST, and the counting of errors (RFC 7644 §3.7).
func (s *session) bulkDepth() {
	s.about("a Bulk request with several references", func() {
		var j *bulkJob
		var g, two *resource
		s.beforeAll(func() {
			s.needsBulk(5)
			s.needsType("Group")
			if c := s.learned.claim(Patch); c != nil && !*c {
				s.skip("ServiceProviderConfig says patch.supported is false")
			}
			s.granted(s.needsType("Group"), "members")
			users := s.needsType("User").Endpoint
			g = s.makeGroup("bulk-late")
			made := s.group("bulk-both")
			made["members"] = []any{scim.Object{"value": "bulkId:first"}, scim.Object{"value": "bulkId:second"}}
			j = s.bulkRun([]scim.Object{
				bulkOp("POST", users, "first", s.user("bulk-first")),
				bulkOp("POST", users, "second", s.user("bulk-second")),
				bulkOp("POST", g.typ.Endpoint, "both", made),
				bulkOp("PATCH", g.path(), "", patchBody(op("add", "members", []any{scim.Object{"value": "bulkId:first"}}))),
			})
			two = j.made(2)
		})
		member := func(x *reports.Exchange, r *resource) error {
			for _, m := range scim.Objects(x.Object(), "members") {
				if r != nil && scim.String(m, "value") == r.ID {
					return nil
				}
			}
			return wrong("members", text("among them the new user"), scim.Get(x.Object(), "members.value"))
		}

		s.it("every reference of an operation is resolved", ID("bulk.reference-each"), Requires("7644-3.7.2-02"), Explain{
			Why: "A group that was created with all of its members has one of them, and nobody is told.",
			Fix: "Replace each reference, not the first one alone.",
		}, func() {
			j.answered()
			first, second := j.made(0), j.made(1)
			if first == nil || second == nil || two == nil {
				s.block("bulk.post", "the resources were not created")
			}
			x := s.readBack(two)
			s.judge(x, func(x *reports.Exchange) error { return member(x, first) }, func(x *reports.Exchange) error { return member(x, second) })
		})

		s.it("references are resolved in PATCH as they are in POST", ID("bulk.reference-patch"), Requires("7644-3.7.2-02"), Explain{
			Why: "New users that should join an existing group stay outside.",
			Fix: "Replace references in the data of every operation.",
		}, func() {
			j.answered()
			first := j.made(0)
			if first == nil {
				s.block("bulk.post", "the user was not created")
			}
			s.judge(s.readBack(g), func(x *reports.Exchange) error { return member(x, first) })
		})
	})

	s.about("the counting of errors in a Bulk request", func() {
		var j *bulkJob
		var secret string
		s.beforeAll(func() {
			s.needsBulk(4)
			t := s.needsType("User")
			taken := s.makeUser("bulk-count")
			duplicate := func(what string) scim.Object {
				return s.user(what, set("userName", taken.Sent["userName"]))
			}
			wrongOne := duplicate("bulk-wrong")
			secret = "Sc1m-proof!Secret_" + s.cfg.RunID
			if t.attribute("password") != nil {
				wrongOne["password"] = secret
			}
			j = s.bulkRun([]scim.Object{
				bulkOp("POST", t.Endpoint, "wrong", wrongOne),
				bulkOp("POST", t.Endpoint, "between", s.user("bulk-between")),
				bulkOp("POST", t.Endpoint, "wrong-too", duplicate("bulk-wrong-too")),
				bulkOp("POST", t.Endpoint, "after", s.user("bulk-after-two")),
			}, "failOnErrors", 2)
			j.made(3)
		})

		s.it("failOnErrors 2 does not end the job at the first error", ID("bulk.fail-on-errors-two"), Requires("7644-3.7-16"), Explain{
			Why: "The client has said how many errors it can bear; a job that ends earlier leaves the rest undone.",
			Fix: "Count errors, and stop when the number is reached.",
		}, func() {
			j.answered()
			if c := j.code(0); c >= 200 && c < 300 {
				s.block("create.duplicate", "the duplicate was not refused")
			}
			s.judge(j.x, func(*reports.Exchange) error {
				if j.made(1) == nil {
					return wrong("the operation after the first of two errors", text("carried out"), j.result(1))
				}
				return nil
			})
		})

		s.it("operations that were left out are not reported as done", ID("bulk.stopped-unreported"), Requires("7644-3.7-16", "7644-3.7.3-01"), Explain{
			Why: "The client takes them for done, and never sends them again.",
			Fix: "Answer with the results of processed operations alone.",
		}, func() {
			j.answered()
			s.judge(j.x, func(*reports.Exchange) error {
				if len(j.results()) < len(j.ops) && j.result(3) == nil || j.made(3) != nil {
					return nil
				}
				if r := j.result(3); r != nil && (bulkCode(r) < 400 || bulkCode(r) > 599) {
					return wrong("result of an operation that was not carried out", text("none, or an error"), r)
				}
				return nil
			})
		})

		s.it("the error of an operation does not show the password that was sent", ID("bulk.password-hidden"), Requires("7643-4.1.1-15"), Explain{
			Why: "Answers are logged by clients; a password in an error text stays there for years.",
			Fix: "Never repeat the data of a request in an error.",
		}, func() {
			j.answered()
			s.needs("User", "password")
			s.judge(j.x, func(x *reports.Exchange) error {
				if strings.Contains(string(x.Body()), secret) {
					return wrong("the answer", text("without the password"), text("with it"))
				}
				return nil
			})
		})
	})

	s.about("groups in a Bulk request", func() {
		s.it("PATCH of a group inside Bulk changes its members", ID("bulk.group-patch"), Requires("7644-3.7-05"), Explain{
			Why: "Memberships are what Bulk is used for; an acknowledged change that is not made leaves people without access.",
			Fix: "Run each operation through the same code as the single request.",
		}, func() {
			s.needsBulk(1)
			s.needsType("Group")
			if c := s.learned.claim(Patch); c != nil && !*c {
				s.skip("ServiceProviderConfig says patch.supported is false")
			}
			s.granted(s.needsType("Group"), "members")
			u, g := s.makeUser("bulk-member"), s.makeGroup("bulk-members")
			j := s.bulkRun([]scim.Object{bulkOp(http.MethodPatch, g.path(), "", patchBody(op("add", "members", memberList(u))))})
			j.answered()
			if c := j.code(0); c < 200 || c > 299 {
				s.see(j.x)
				s.block("bulk.order", "the operation was refused with %d", c)
			}
			s.judge(s.readBack(g), func(x *reports.Exchange) error {
				for _, v := range scim.List(x.Object(), "members.value") {
					if v == u.ID {
						return nil
					}
				}
				return wrong("members", text("among them the user"), scim.Get(x.Object(), "members.value"))
			})
		})
	})
}
