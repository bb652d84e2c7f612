package suites

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// claimsOfBulk: bulk and its limits, of which just one more is refused in bulk.too-many and bulk.too-large.
func (s *session) claimsOfBulk() {
	s.about("claims about Bulk", func() {
		s.it("bulk.supported is true just where Bulk works", ID("claims.bulk"), Requires(claimReq), Explain{
			Why: "A client that relies on the flag loses its job, or sends a thousand requests where ten would do.",
			Fix: "Set bulk.supported to whether POST /Bulk carries operations out.",
		}, func() {
			j := s.bulkRun([]scim.Object{bulkOp("POST", s.needsType("User").Endpoint, "claim", s.user("claim-bulk"))})
			s.claimed(Bulk, j.made(0) != nil, j.x)
		})

		// marked makes an operation whose effect can be seen, and accepted wants it to be carried out.
		marked := func() scim.Object { return bulkOp("POST", s.needsType("User").Endpoint, "mark", s.user("claim-limit")) }
		accepted := func(x *reports.Exchange, mark scim.Object, what string) {
			j := &bulkJob{s: s, ops: []scim.Object{mark}, x: x}
			done := j.made(0) != nil
			s.judge(x, func(x *reports.Exchange) error {
				if !x.Success() {
					return wrong("status of a job with just "+what, 200, x.Status)
				}
				if !done {
					return wrong("the first operation of a job with just "+what, text("carried out"), text("no new user"))
				}
				return nil
			})
		}

		s.it("a job with exactly maxOperations operations is carried out", ID("claims.bulk-operations"), Requires(claimReq, "7644-3.7.4-01"), Explain{
			Why: "Clients fill each job up to the announced limit; one less than announced fails them all.",
			Fix: "Refuse jobs with more than maxOperations operations, not with just as many.",
		}, func() {
			s.requires(Bulk)
			n := s.learned.limit("bulk.maxOperations")
			if n <= 0 || n > mostBulkOperations {
				s.skip("maxOperations is %d; at most %d operations are sent", n, mostBulkOperations)
			}
			mark, absent := marked(), s.fictitious()
			ops := []scim.Object{mark}
			for len(ops) < n {
				ops = append(ops, bulkOp("DELETE", s.needsType("User").Endpoint+"/"+absent, "", nil))
			}
			body := encode(object{"schemas": []any{scim.BulkRequestURN}, "Operations": ops})
			if most := s.learned.limit("bulk.maxPayloadSize"); most > 0 && len(body) > most {
				s.skip("%d operations do not fit into maxPayloadSize %d", n, most)
			}
			accepted(s.post("/Bulk", "", body), mark, strconv.Itoa(n)+" operations")
		})

		s.it("a job of exactly maxPayloadSize bytes is carried out", ID("claims.bulk-payload"), Requires(claimReq, "7644-3.7.4-01"), Explain{
			Why: "Clients fill each job up to the announced limit; one byte less than announced fails them all.",
			Fix: "Refuse bodies with more than maxPayloadSize bytes, not with just as many.",
		}, func() {
			s.requires(Bulk)
			n := s.learned.limit("bulk.maxPayloadSize")
			mark := marked()
			body := encode(object{"schemas": []any{scim.BulkRequestURN}, "Operations": []any{mark}})
			if n < len(body) || n > mostBulkPayload {
				s.skip("maxPayloadSize is %d; between %d and %d bytes are sent", n, len(body), mostBulkPayload)
			}
			body = append(body, bytes.Repeat([]byte(" "), n-len(body))...)
			accepted(s.do(wire.Request{Method: http.MethodPost, Path: "/Bulk", Body: body}), mark, fmt.Sprint(n, " bytes"))
		})
	})
}

// claimsOfPages: announced sizes of pages, at and above the limit.
func (s *session) claimsOfPages() {
	s.about("claims about pages", func() {
		var f *fleet
		s.beforeAll(func() { f = s.fleet() })
		// limit is an announced size.
		limit := func(path string) int {
			n := s.learned.limit(path)
			if n == 0 {
				s.skip("ServiceProviderConfig announces no %s", path)
			}
			return n
		}
		// more skips unless there are more than n users to see: the fleet, or all users of the target.
		more := func(n int) (filter []string) {
			if n < fleetSize {
				return []string{"filter", f.filter}
			}
			x := s.get(f.endpoint(), "count", "1")
			if total, _ := s.total(x); total <= n {
				s.see(x)
				s.skip("the target holds %d users, no more than the announced %d", total, n)
			}
			return nil
		}

		s.it("a count of exactly filter.maxResults is served", ID("claims.max-results"), Requires(claimReq, "7644-3.4.2.4-14"), Explain{
			Why: "Clients ask for the largest page that is announced; where that is refused they get nobody.",
			Fix: "Refuse or cap what is above the limit, not the limit itself.",
		}, func() {
			n := limit("filter.maxResults")
			s.judge(s.list(f, "count", strconv.Itoa(n)), Status(200), someItems, atMost(n))
		})

		s.it("a page by startIndex holds no more than maxPageSize resources", ID("claims.page-maximum"), Requires(claimReq, "9865-4-04"), Explain{
			Why: "The maximum is announced for every page, whatever count says; clients reserve room by it.",
			Fix: "Cap pages by startIndex and by cursor at the announced maxPageSize.",
		}, func() {
			s.needsIndex()
			n := limit("pagination.maxPageSize")
			x := s.get(f.endpoint(), append(more(n), "count", strconv.Itoa(n+1))...)
			if x.Status == http.StatusBadRequest {
				s.judge(x, ErrorBody)
				return
			}
			// "The maximum number of results returned in a page" is no key word.
			s.judge(x, Status(200), someItems, Softly(reports.Warn, atMost(n)))
		})

		s.it("a cursor page of exactly maxPageSize is served", ID("claims.cursor-page-maximum"), Requires(claimReq, "9865-2.1-04"), Explain{
			Why: "Clients ask for the largest page that is announced; where that is refused they get nobody.",
			Fix: "Answer invalidCount to what is above maxPageSize, not to maxPageSize itself.",
		}, func() {
			s.requires(Cursor)
			n := limit("pagination.maxPageSize")
			s.judge(s.atCursor(f, "", "count", strconv.Itoa(n)), Status(200), someItems, atMost(n))
		})

		s.it("without count a page holds no more than defaultPageSize resources", ID("claims.page-default"), Requires(claimReq, "9865-4-03"), Explain{
			Why: "Clients that leave count out reserve room for the announced default.",
			Fix: "Announce the size that pages have without count, or none.",
		}, func() {
			n := limit("pagination.defaultPageSize")
			filter := more(n)
			over := func(x *reports.Exchange) error {
				// The default may be restricted further, by the size of the resources for instance.
				return Softly(reports.Warn, atMost(n))(x)
			}
			x := s.get(f.endpoint(), filter...)
			if tooMany(x) {
				s.see(x)
				s.skip("the target finds that a list without count is too much")
			}
			s.judge(x, Status(200), someItems, over)
			if c := s.learned.claim(Cursor); c != nil && *c {
				s.judge(s.get(f.endpoint(), append(filter, "cursor", "")...), Status(200), someItems, over)
			}
		})
	})
}
