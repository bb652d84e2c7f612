package suites

import (
	"encoding/json"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// bulkPlaces: paths that lead nowhere, and what the location of a result says in less common cases (RFC 7644 §3.7, §3.7.3).
func (s *session) bulkPlaces() {
	s.about("paths and locations of a Bulk request", func() {
		s.it("an operation on an endpoint that does not exist fails by itself", ID("bulk.path-unknown"), Requires("7644-3.7.3-03", "7644-3.7-15"), Explain{
			Why: "An export of something that the server does not keep is reported as stored, or takes the users behind it with it.",
			Fix: "Answer 404 to an operation whose path is that of no resource type, and go on.",
		}, func() {
			s.needsBulk(2)
			t := s.needsType("User")
			j := s.bulkRun([]scim.Object{
				bulkOp("POST", "/ScimproofNothing", "lost", s.user("bulk-lost")),
				bulkOp("POST", t.Endpoint, "kept", s.user("bulk-kept")),
			})
			lost, kept := j.made(0), j.made(1)
			s.judge(j.x, func(x *reports.Exchange) error {
				if x.Status >= 400 && x.Status < 500 {
					return ErrorBody(x)
				}
				if err := Status(200)(x); err != nil {
					return err
				}
				if c := j.code(0); lost != nil || (c < 400 || c > 499) && c != 501 {
					return wrong("result of a POST to an endpoint that does not exist", 404, j.result(0))
				}
				if kept == nil {
					return wrong("result of the operation behind it", text("a new user"), j.result(1))
				}
				return nil
			})
		})

		s.it("the result of an operation whose path is a reference has the location", ID("bulk.reference-location"), Requires("7644-3.7-10", "7644-3.7.3-02"), Explain{
			Why: "The path bulkId:… means nothing outside of the request; without location the client cannot tell which resource was changed.",
			Fix: "Put the URI of the resource that the reference stands for into location.",
		}, func() {
			s.needsBulk(2)
			s.requires(Patch)
			s.settable("title")
			t := s.needsType("User")
			j := s.bulkRun([]scim.Object{
				bulkOp("POST", t.Endpoint, "p", s.user("bulk-located")),
				bulkOp("PATCH", t.Endpoint+"/bulkId:p", "", patchBody(op("replace", "title", "Located"))),
			})
			j.answered()
			u, _ := j.state(0)
			if c := j.code(1); c < 200 || c > 299 {
				s.see(j.x)
				s.block("bulk.reference-path", "the operation was refused with %d", c)
			}
			s.judge(j.x, func(*reports.Exchange) error {
				return endsInID("location of the PATCH", scim.String(j.result(1), "location"), u.ID)
			})
		})

		s.it("an operation that is incomplete has its location too", ID("bulk.data-missing-location"), Requires("7644-3.7-10", "7644-3.7.3-02"), Explain{
			Why: "Results of PUT, PATCH and DELETE have no bulkId: location is how the client finds out which of them failed.",
			Fix: "Put the URI out of path into location before anything else of the operation is looked at.",
		}, func() {
			s.needsBulk(1)
			u := s.makeUser("bulk-unlocated")
			j := s.bulkRun([]scim.Object{bulkOp("PUT", u.path(), "", nil)})
			if !j.x.Success() {
				s.see(j.x)
				s.skip("the job was refused as a whole with %d", j.x.Status)
			}
			j.answered()
			if c := j.code(0); c >= 200 && c < 300 {
				s.see(j.x)
				s.block("bulk.data-missing", "a PUT without data was acknowledged")
			}
			s.judge(j.x, func(*reports.Exchange) error {
				return endsInID("location of the failed PUT", scim.String(j.result(0), "location"), u.ID)
			})
		})

		s.it("a failOnErrors that is no positive integer is refused, or ignored", ID("bulk.fail-on-errors-odd"), Requires("7644-3.7-03", "7644-3.12-08"), Explain{
			Why: "A server error for a client's mistake looks like an outage, and a job that ends before it begins is taken for done.",
			Fix: "Answer 400 invalidValue, or carry the job out as if failOnErrors were not there.",
		}, func() {
			s.needsBulk(1)
			t := s.needsType("User")
			for _, odd := range []any{json.Number("0"), "one"} {
				j := s.bulkRun([]scim.Object{bulkOp("POST", t.Endpoint, "odd", s.user("bulk-odd"))}, "failOnErrors", odd)
				made := j.made(0)
				s.judge(j.x, NotServerError, Softly(reports.Warn, func(x *reports.Exchange) error {
					if x.Status >= 400 && x.Status < 500 {
						return ErrorBody(x)
					}
					if made == nil {
						return wrong("the operation with failOnErrors "+show(odd), text("carried out, or the job refused with 400"), j.result(0))
					}
					return nil
				}))
			}
		})
	})
}
