package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
)

// bulkDangling: references to what is never created, apart from the plain one in members (RFC 7644 §3.7.2).
func (s *session) bulkDangling() {
	s.about("a Bulk request with references that lead nowhere", func() {
		s.it("a reference to a POST that has failed makes its operation fail", ID("bulk.reference-failed"), Requires("7644-3.7.2-05"), Explain{
			Why: `The group looks complete; its member "bulkId:…", or nobody, is in the place of the user who was refused.`,
			Fix: "Answer 400 invalidValue or 409 to an operation that refers to one which has failed.",
		}, func() {
			s.needsBulk(3)
			s.needs("Group", "members")
			users := s.needsType("User").Endpoint
			taken := s.makeUser("bulk-dangling")
			g := s.group("bulk-dangling")
			g["members"] = []any{object{"value": "bulkId:bad"}}
			ops := []scim.Object{
				bulkOp("POST", users, "bad", s.user("bulk-dangling", set("userName", taken.Sent["userName"]))),
				bulkOp("POST", s.needsType("Group").Endpoint, "g", g),
			}
			if s.needsType("User").attribute(scim.EnterpriseURN+":manager.value") != nil {
				ops = append(ops, bulkOp("POST", users, "staff", s.user("bulk-bossless", enterprise(object{"manager": object{"value": "bulkId:bad"}}))))
			}
			j := s.bulkRun(ops)
			for i := range ops[1:] {
				j.made(i + 1)
			}
			if c := j.code(0); c >= 200 && c < 300 {
				s.see(j.x)
				s.block("create.duplicate", "the duplicate was not refused")
			}
			for i := range ops[1:] {
				s.judge(j.x, j.failed(i+1))
			}
		})

		s.it("a reference to nothing in an extension makes its operation fail", ID("bulk.reference-unknown-manager"), Requires("7644-3.7.2-05", "7644-3.7.2-04"), Explain{
			Why: `A manager "bulkId:…" is nobody: approvals go nowhere, and no later run finds out.`,
			Fix: "Answer 400 invalidValue or 409 to an operation whose reference cannot be resolved, wherever it stands.",
		}, func() {
			s.needsBulk(1)
			s.needs("User", scim.EnterpriseURN+":manager.value")
			j := s.bulkRun([]scim.Object{
				bulkOp("POST", s.needsType("User").Endpoint, "lost", s.user("bulk-lost-boss", enterprise(object{"manager": object{"value": "bulkId:nosuch"}}))),
			})
			j.made(0)
			s.judge(j.x, j.failed(0))
		})
	})
}
