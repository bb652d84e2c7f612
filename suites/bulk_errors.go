package suites

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// bulkFailures: some operations of a job fail (RFC 7644 §3.7, §3.7.3).
func (s *session) bulkFailures() {
	s.about("a Bulk request of which some operations fail", func() {
		const good, duplicate, missing, late = 0, 1, 2, 3
		var j *bulkJob
		var taken *resource
		var absent string
		s.beforeAll(func() {
			s.needsBulk(4)
			t := s.needsType("User")
			taken = s.makeUser("bulk-taken")
			absent = s.fictitious()
			j = s.bulkRun([]scim.Object{
				bulkOp("POST", t.Endpoint, "good", s.user("bulk-good")),
				bulkOp("POST", t.Endpoint, "twice", s.user("bulk-twice", set("userName", taken.Sent["userName"]))),
				bulkOp("DELETE", t.Endpoint+"/"+absent, "", nil),
				bulkOp("POST", t.Endpoint, "late", s.user("bulk-late")),
			})
		})

		s.it("a job with failed operations still answers 200", ID("bulk.partial-status"), Requires("7644-3.7-14"), Explain{
			Why: "After an error status the client repeats the whole job, and creates again what was created already.",
			Fix: "Answer 200 for the job and put errors into the results of the operations.",
		}, func() {
			s.judge(j.x, Status(200), func(*reports.Exchange) error {
				if len(j.results()) == 0 {
					return wrong("results", text("one per operation"), nil)
				}
				return nil
			})
		})

		s.it("operations after a failed one are carried out", ID("bulk.partial-continues"), Requires("7644-3.7-15"), Explain{
			Why: "One bad record in an export keeps all others behind it from being provisioned.",
			Fix: "Go on after an error unless failOnErrors says otherwise.",
		}, func() {
			j.answered()
			r := j.made(late)
			s.judge(j.x, func(*reports.Exchange) error {
				if r == nil {
					return wrong("result after a failed operation", text("a new user"), j.result(late))
				}
				return nil
			})
		})

		s.it("a failed operation does not undo those before it", ID("bulk.partial-kept"), Requires("7644-3.7-15", "7644-3.7-20"), Explain{
			Why: "The client was told 201 for a user that is gone again.",
			Fix: "Commit each operation by itself; a job is no transaction.",
		}, func() {
			j.answered()
			r := j.made(good)
			s.judge(j.x, func(*reports.Exchange) error {
				if r == nil {
					return wrong("result before a failed operation", text("a new user"), j.result(good))
				}
				return nil
			})
			if r != nil {
				s.judge(s.read(r), Status(200))
			}
		})

		s.it("a failed operation has the status that a single request would have had", ID("bulk.error-codes"), Requires("7644-3.7.3-03"), Explain{
			Why: "409 means look for the existing account, 404 that it is gone; with one status for all the client can do neither.",
			Fix: "Use the status code of the single request for each operation.",
		}, func() {
			s.judge(j.answered(), func(*reports.Exchange) error {
				for i, want := range map[int]int{duplicate: 409, missing: 404} {
					if got := j.code(i); got != want {
						return wrong("status of "+scim.String(j.ops[i], "method"), want, got)
					}
				}
				return nil
			})
		})

		errorOf := func(check func(i int, e scim.Object) error) Check {
			return func(*reports.Exchange) error {
				for _, i := range []int{duplicate, missing} {
					if j.code(i) >= 200 && j.code(i) < 300 {
						s.block("bulk.error-codes", "an operation that should fail was carried out")
					}
					e, ok := scim.Get(j.result(i), "response").(scim.Object)
					if !ok && s.cur.check.ID != "bulk.error-response" {
						s.block("bulk.error-response", "a failed operation has no response")
					}
					if !ok {
						return wrong("response of a failed "+scim.String(j.ops[i], "method"), text("a SCIM error"), scim.Get(j.result(i), "response"))
					}
					if err := check(i, e); err != nil {
						return err
					}
				}
				return nil
			}
		}

		s.it("a failed operation has the error message in response", ID("bulk.error-response"), Requires("7644-3.7-11", "7644-3.7-13"), Explain{
			Why: "Without the error nobody learns which record was refused, and why.",
			Fix: "Put the body of the single request's error into response, with the URN of SCIM errors.",
		}, func() {
			s.judge(j.answered(), errorOf(func(_ int, e scim.Object) error {
				if !hasSchema(e, scim.ErrorURN) {
					return wrong("schemas of the error in response", scim.ErrorURN, e["schemas"])
				}
				return nil
			}))
		})

		s.it("status in the error of an operation is that of its result", ID("bulk.error-status"), Requires("7644-3.12-03", "7644-3.7-13"), Explain{
			Why: "With two statuses for one failure, what a client does depends on where it looks.",
			Fix: "Write the operation's status into the error as a string.",
		}, func() {
			s.judge(j.answered(), errorOf(func(i int, e scim.Object) error {
				if got := strings.Trim(show(e["status"]), `"`); got != strconv.Itoa(j.code(i)) {
					return wrong("status in the error of an operation", strconv.Itoa(j.code(i)), e["status"])
				}
				return nil
			}))
		})

		s.it("a failed operation explains what was wrong", ID("bulk.error-detail"), Requires("7644-3.7.3-04"), Explain{
			Why: "Administrators see the number of the record and no reason.",
			Fix: "Fill detail in the error of each failed operation.",
		}, func() {
			s.judge(j.answered(), errorOf(func(i int, e scim.Object) error {
				if r := j.result(i); scim.String(e, "detail") == "" && scim.String(r, "status.description") == "" {
					return soften(reports.Warn, wrong("detail of a failed "+scim.String(j.ops[i], "method"), text("an explanation"), r))
				}
				return nil
			}))
		})

		s.it("the scimType of a failed operation is the one of a single request", ID("bulk.error-scim-type"), Requires("7644-3.12-19", "7644-3.12-27"), Explain{
			Why: "The keyword tells a client that the name is taken, as it would outside Bulk.",
			Fix: "Keep scimType when you copy the error into the result.",
		}, func() {
			j.answered()
			if j.code(duplicate) != http.StatusConflict {
				s.block("bulk.error-codes", "the duplicate was answered with %d", j.code(duplicate))
			}
			e, ok := scim.Get(j.result(duplicate), "response").(scim.Object)
			if !ok {
				s.block("bulk.error-response", "a failed operation has no response")
			}
			s.judge(j.x, func(*reports.Exchange) error {
				if got := scim.String(e, "scimType"); got != scim.Uniqueness {
					return wrong("scimType of the duplicate", scim.Uniqueness, got)
				}
				return nil
			})
		})

		s.it("a failed operation on one resource has its location", ID("bulk.error-location"), Requires("7644-3.7-10", "7644-3.7.3-02"), Explain{
			Why: "Results of PUT, PATCH and DELETE have no bulkId: location is how the client finds out which of them failed.",
			Fix: "Put the URI out of path into location, also where the operation failed.",
		}, func() {
			s.judge(j.answered(), func(*reports.Exchange) error {
				return endsInID("location of the failed DELETE", scim.String(j.result(missing), "location"), absent)
			})
		})
	})

	s.about("a Bulk request with failOnErrors", func() {
		s.it("failOnErrors 1 ends the job at the first error", ID("bulk.fail-on-errors"), Requires("7644-3.7-16"), Explain{
			Why: "The client asks to stop because the rest builds on what failed; going on creates what it must then undo.",
			Fix: "Count errors while the job runs and return what there is when the limit is reached.",
		}, func() {
			s.needsBulk(3)
			t := s.needsType("User")
			taken := s.makeUser("bulk-stop")
			j := s.bulkRun([]scim.Object{
				bulkOp("POST", t.Endpoint, "before", s.user("bulk-before")),
				bulkOp("POST", t.Endpoint, "wrong", s.user("bulk-wrong", set("userName", taken.Sent["userName"]))),
				bulkOp("POST", t.Endpoint, "after", s.user("bulk-after")),
			}, "failOnErrors", 1)
			if x := j.x; x.Err() == nil && (x.Status == http.StatusBadRequest || x.Success() && len(j.results()) == 0) {
				j.made(0)
				s.judge(x, func(*reports.Exchange) error {
					return wrong("a job with failOnErrors 1", text("200, and results up to the first error"), text(fmt.Sprintf("%d without results", x.Status)))
				})
				return
			}
			j.answered()
			if c := j.code(1); c >= 200 && c < 300 {
				s.block("create.duplicate", "the duplicate was not refused")
			}
			after := j.made(2)
			s.judge(j.x, func(*reports.Exchange) error {
				if after != nil {
					return wrong("the operation after the error", text("not carried out"), text("a new user"))
				}
				if j.made(0) == nil {
					return wrong("the operation before the error", text("carried out"), j.result(0))
				}
				return nil
			})
		})
	})
}

// bulkMessages: messages and operations that are not complete (RFC 7644 §3.7). A server that copes with what is missing
// harms nobody, so that leniency is a WARN.
func (s *session) bulkMessages() {
	s.about("a Bulk request that is not complete", func() {
		users := ""
		s.beforeAll(func() {
			s.needsBulk(2)
			users = s.needsType("User").Endpoint
		})
		// one sends the operations and judges the last of them.
		one := func(ops ...scim.Object) {
			j := s.bulkRun(ops)
			for i := range ops {
				if ops[i]["data"] != nil {
					j.made(i)
				}
			}
			s.judge(j.x, j.leniently(len(ops)-1))
		}
		without := func(o scim.Object, name string) scim.Object {
			delete(o, name)
			return o
		}

		s.it("a Bulk request with another URN is refused with 400", ID("bulk.request-urn"), Requires("7644-3.7-02"), Explain{
			Why: "A list or a patch that is posted to /Bulk by mistake is taken for a job.",
			Fix: "Demand the URN of Bulk requests in schemas; answer 400 invalidSyntax.",
		}, func() {
			j := s.bulkRun([]scim.Object{bulkOp("POST", users, "u", s.user("bulk-urn"))}, "schemas", []any{scim.PatchOpURN})
			j.made(0)
			s.judge(j.x, Softly(reports.Warn, Refused("400", scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("a Bulk request without Operations is refused with 400", ID("bulk.operations-missing"), Requires("7644-3.7-04"), Explain{
			Why: "A client whose export went wrong is told that all is done.",
			Fix: "Demand Operations; answer 400 invalidSyntax.",
		}, func() {
			x := s.post("/Bulk", "", object{"schemas": []any{scim.BulkRequestURN}})
			s.judge(x, NotServerError, Softly(reports.Warn, Refused("400", scim.InvalidSyntax, scim.InvalidValue)))
		})

		s.it("a Bulk request that is not JSON is refused with 400", ID("bulk.malformed"), Requires("7644-3.7-14", "7644-3.12-08"), Explain{
			Why: "A crash makes the client send the same broken job again and again.",
			Fix: "Catch the errors of the JSON parser and answer 400 invalidSyntax.",
		}, func() {
			x := s.post("/Bulk", "", []byte(`{"schemas":["`+scim.BulkRequestURN+`"],"Operations":[{"method":`))
			s.judge(x, declined())
		})

		s.it("an operation that is no object fails", ID("bulk.operation-no-object"), Requires("7644-3.7-05", "7644-3.7-14"), Explain{
			Why: "A crash makes the client send the same broken job again and again.",
			Fix: "Check that each operation is an object; answer 400 to the job, or to that operation.",
		}, func() {
			whole := bulkOp("POST", users, "u", s.user("bulk-string"))
			x := s.post("/Bulk", "", object{"schemas": []any{scim.BulkRequestURN}, "Operations": []any{"POST", whole}})
			j := &bulkJob{s: s, ops: []scim.Object{{"method": "POST", "bulkId": "none"}, whole}, x: x}
			j.made(1)
			s.judge(x, NotServerError, Softly(reports.Warn, func(x *reports.Exchange) error {
				if !x.Success() {
					return Refused("400", scim.InvalidSyntax, scim.InvalidValue)(x)
				}
				for _, r := range j.results() {
					if c := bulkCode(r); scim.String(r, "bulkId") != "u" && c >= 400 && c < 500 {
						return nil
					}
				}
				return wrong("results", text("an error of the operation that is the text POST"), j.results())
			}))
		})

		s.it("an operation without method fails", ID("bulk.method-missing"), Requires("7644-3.7-05"), Explain{
			Why: "The server has to guess what to do with the data.",
			Fix: "Answer 400 to an operation whose method is not POST, PUT, PATCH or DELETE.",
		}, func() { one(without(bulkOp("POST", users, "u", s.user("bulk-nomethod")), "method")) })

		s.it("an operation with a method other than POST, PUT, PATCH or DELETE fails", ID("bulk.method-unknown"), Requires("7644-3.7-05"), Explain{
			Why: "Reading inside Bulk is not defined; clients that get something cannot rely on it.",
			Fix: "Answer 400 to an operation whose method is not POST, PUT, PATCH or DELETE.",
		}, func() {
			u := s.makeUser("bulk-get")
			one(bulkOp("GET", u.path(), "", nil))
		})

		s.it("an operation without path fails", ID("bulk.path-missing"), Requires("7644-3.7-08"), Explain{
			Why: "Without the path nobody knows whether the data is a user or a group.",
			Fix: "Answer 400 to an operation without path.",
		}, func() { one(without(bulkOp("POST", users, "u", s.user("bulk-nopath")), "path")) })

		s.it("a POST to the path of one resource fails", ID("bulk.post-path"), Requires("7644-3.7-08"), Explain{
			Why: "A creation that is taken for an update overwrites somebody's account.",
			Fix: "Answer 400 or 405 to a POST whose path is not that of a resource type.",
		}, func() {
			u := s.makeUser("bulk-postpath")
			j := s.bulkRun([]scim.Object{bulkOp("POST", u.path(), "u", s.user("bulk-postpath"))})
			s.judge(j.x, j.leniently(0))
		})

		s.it("a POST, PUT or PATCH without data fails", ID("bulk.data-missing"), Requires("7644-3.7-09"), Explain{
			Why: "An update without data that is taken for an empty resource clears the account.",
			Fix: "Answer 400 to an operation without data, unless it is a DELETE.",
		}, func() {
			u := s.makeUser("bulk-nodata")
			before := s.readBack(u)
			j := s.bulkRun([]scim.Object{bulkOp("PUT", u.path(), "", nil)})
			s.judge(j.x, j.failed(0))
			s.judge(s.readBack(u), Same(before))
		})

		s.it("a POST without bulkId fails", ID("bulk.bulk-id-missing"), Requires("7644-3.7-06"), Explain{
			Why: "Without bulkId the client cannot tell which result belongs to which of its records.",
			Fix: "Answer 400 to a POST operation without bulkId.",
		}, func() { one(bulkOp("POST", users, "", s.user("bulk-noid"))) })

		s.it("a bulkId that is used twice is refused", ID("bulk.bulk-id-twice"), Requires("7644-3.7-06"), Explain{
			Why: "References become ambiguous, and groups get the wrong member.",
			Fix: "Answer 400 to an operation whose bulkId another one has already.",
		}, func() {
			j := s.bulkRun([]scim.Object{bulkOp("POST", users, "same", s.user("bulk-same")), bulkOp("POST", users, "same", s.user("bulk-same"))})
			made := 0
			for _, o := range j.ops {
				if id := s.lookUp(s.needsType("User"), o["data"].(scim.Object)); id != "" {
					made++
					if !s.client.Ledger().Owns(id) {
						s.client.Ledger().Own(users, id, "")
					}
				}
			}
			s.judge(j.x, func(x *reports.Exchange) error {
				if x.Status >= 400 && x.Status < 500 {
					return ErrorBody(x)
				}
				if !x.Success() || len(j.results()) == 0 {
					return wrong("results", text("one that failed"), j.results())
				}
				if made > 1 {
					return soften(reports.Warn, wrong("users made with one bulkId", text("at most one"), made))
				}
				return nil
			})
		})
	})
}

const (
	// mostBulkOperations and mostBulkPayload bound what is sent to exceed a limit, for the sake of the target.
	mostBulkOperations = 2000
	mostBulkPayload    = 4 << 20
)

// bulkLimits: maxOperations and maxPayloadSize (RFC 7644 §3.7.4, ambiguity A54).
func (s *session) bulkLimits() {
	s.about("a Bulk request beyond the limits", func() {
		s.it("maxOperations and maxPayloadSize are announced", ID("bulk.limits"), Requires("7644-3.7.4-01"), Explain{
			Why: "Clients cut their jobs by these numbers; without them they find the limit by failing.",
			Fix: "Publish both as positive integers in bulk of ServiceProviderConfig.",
		}, func() {
			if c := s.learned.claim(Bulk); c == nil || !*c {
				s.skip("ServiceProviderConfig does not say that bulk is supported")
			}
			s.judge(s.learned.config, func(x *reports.Exchange) error {
				for _, name := range []string{"bulk.maxOperations", "bulk.maxPayloadSize"} {
					if s.learned.limit(name) <= 0 {
						return wrong(name, text("a positive integer"), scim.Get(x.Object(), name))
					}
				}
				return nil
			})
		})

		var many, large *reports.Exchange
		var marks [2]scim.Object
		tooMany := func() *reports.Exchange {
			if many == nil {
				s.requires(Bulk)
				n := s.learned.limit("bulk.maxOperations")
				if n <= 0 || n > mostBulkOperations {
					s.skip("maxOperations is %d; at most %d operations are sent", n, mostBulkOperations)
				}
				t := s.needsType("User")
				marks[0] = s.user("bulk-many")
				ops := []scim.Object{bulkOp("POST", t.Endpoint, "mark", marks[0])}
				absent := s.fictitious()
				for range n {
					ops = append(ops, bulkOp("DELETE", t.Endpoint+"/"+absent, "", nil))
				}
				many = s.bulkRun(ops).x
			}
			return many
		}
		tooLarge := func() *reports.Exchange {
			if large == nil {
				s.requires(Bulk)
				n := s.learned.limit("bulk.maxPayloadSize")
				if n <= 0 || n > mostBulkPayload {
					s.skip("maxPayloadSize is %d; at most %d bytes are sent", n, mostBulkPayload)
				}
				marks[1] = s.user("bulk-large")
				body := encode(object{"schemas": []any{scim.BulkRequestURN}, "Operations": []any{bulkOp("POST", s.needsType("User").Endpoint, "mark", marks[1])}})
				// Blanks are part of the payload, and leave it valid whatever the server does.
				body = append(body, bytes.Repeat([]byte(" "), max(0, n+1-len(body)))...)
				large = s.do(wire.Request{Method: http.MethodPost, Path: "/Bulk", Body: body})
			}
			return large
		}
		// refused wants 413; another refusal is as clear, but not by its number.
		refused := func(x *reports.Exchange) error {
			if x.Status == http.StatusBadRequest {
				return soften(reports.Warn, Status(413)(x))
			}
			return Status(413)(x)
		}
		untouched := func(x *reports.Exchange, mark scim.Object) {
			id := s.lookUp(s.needsType("User"), mark)
			if id != "" && !s.client.Ledger().Owns(id) {
				s.client.Ledger().Own(s.needsType("User").Endpoint, id, "")
			}
			s.judge(x, ClientError, func(*reports.Exchange) error {
				if id != "" {
					return wrong("the first operation", text("not carried out"), text("a new user"))
				}
				return nil
			}, func(x *reports.Exchange) error {
				if len(scim.List(x.Object(), "Operations")) > 0 {
					return wrong("body", text("an error"), text("results of operations"))
				}
				return nil
			})
		}
		named := func(name string) Check {
			return func(x *reports.Exchange) error {
				if x.Status != http.StatusRequestEntityTooLarge {
					s.block("bulk."+map[string]string{"maxOperations": "too-many", "maxPayloadSize": "too-large"}[name], "the request answered %d", x.Status)
				}
				detail := scim.String(x.Object(), "detail")
				if strings.Contains(detail, name) || strings.Contains(detail, fmt.Sprint(s.learned.limit("bulk."+name))) {
					return nil
				}
				err := wrong("detail of the 413", text("the limit that was exceeded: "+name), detail)
				if IsObject(x) != nil {
					return soften(reports.Warn, err)
				}
				return err
			}
		}

		s.it("more than maxOperations operations are refused with 413", ID("bulk.too-many"), Requires("7644-3.7.4-03", "7644-3.12-14"), Explain{
			Why: "Clients cut the job into smaller ones when they see 413, and give up on any other status.",
			Fix: "Count the operations before the first is carried out; answer 413.",
		}, func() { s.judge(tooMany(), refused) })

		s.it("of a job with too many operations nothing is carried out", ID("bulk.too-many-nothing"), Requires("7644-3.7.4-03"), Explain{
			Why: "The client sends all of it again in parts, and what was done already fails as a duplicate.",
			Fix: "Count the operations before the first is carried out.",
		}, func() { untouched(tooMany(), marks[0]) })

		s.it("the 413 for too many operations names the limit", ID("bulk.too-many-named"), Requires("7644-3.7.4-04"), Explain{
			Why: "Operations and bytes both answer 413; only the text tells which of them to reduce.",
			Fix: "Write the name and the value of the limit into detail.",
		}, func() { s.judge(tooMany(), named("maxOperations")) })

		s.it("a body larger than maxPayloadSize is refused with 413", ID("bulk.too-large"), Requires("7644-3.7.4-03", "7644-3.12-14"), Explain{
			Why: "Clients cut the job into smaller ones when they see 413, and give up on any other status.",
			Fix: "Stop reading at maxPayloadSize and answer 413.",
		}, func() { s.judge(tooLarge(), refused) })

		s.it("of a job that is too large nothing is carried out", ID("bulk.too-large-nothing"), Requires("7644-3.7.4-03"), Explain{
			Why: "The client sends all of it again in parts, and what was done already fails as a duplicate.",
			Fix: "Measure the body before the first operation is carried out.",
		}, func() { untouched(tooLarge(), marks[1]) })

		s.it("the 413 for a body that is too large names the limit", ID("bulk.too-large-named"), Requires("7644-3.7.4-04"), Explain{
			Why: "Operations and bytes both answer 413; only the text tells which of them to reduce.",
			Fix: "Write the name and the value of the limit into detail.",
		}, func() { s.judge(tooLarge(), named("maxPayloadSize")) })
	})
}

// bulkVersions: conditions inside Bulk (RFC 7644 §3.7, §3.14).
func (s *session) bulkVersions() {
	s.about("a Bulk request with versions", func() {
		var u *resource
		var stale, fresh *bulkJob
		var between *reports.Exchange
		s.beforeAll(func() {
			s.needsBulk(1)
			s.requires(ETag)
			s.settable("title")
			u = s.makeUser("bulk-version")
			old := scim.String(s.readBack(u).Object(), "meta.version")
			if old == "" {
				s.skip("the target gives no meta.version")
			}
			put := func(title, version string) *bulkJob {
				o := clone(u.Sent)
				o["title"] = title
				op := bulkOp("PUT", u.path(), "", o)
				op["version"] = version
				return s.bulkRun([]scim.Object{op})
			}
			changed := clone(u.Sent)
			changed["title"] = "Changed"
			if x := s.replace(u, changed); !x.Success() {
				s.see(x)
				s.block("put.status", "PUT %s answered %d", u.path(), x.Status)
			}
			stale = put("Stale", old)
			between = s.readBack(u)
			fresh = put("Fresh", scim.String(between.Object(), "meta.version"))
		})

		s.it("an operation with a stale version fails with 412 and changes nothing", ID("bulk.version-stale"), Requires("7644-3.7-07", "7644-3.14-07", "7644-3.12-13"), Explain{
			Why: "Two administrators overwrite each other's changes although the client took care.",
			Fix: "Compare version with the current one, as If-Match would; answer 412 for the operation.",
		}, func() {
			stale.answered()
			s.judge(stale.x, func(*reports.Exchange) error {
				switch c := stale.code(0); c {
				case http.StatusPreconditionFailed:
					return nil
				case http.StatusConflict:
					return soften(reports.Warn, wrong("status with a stale version", 412, c))
				default:
					return wrong("status with a stale version", 412, c)
				}
			})
			s.judge(between, Text("title", "Changed"))
		})

		s.it("an operation with the current version is carried out", ID("bulk.version-current"), Requires("7644-3.7-07", "7644-3.14-06"), Explain{
			Why: "A client that takes care can change nothing at all.",
			Fix: "Compare version as a whole with meta.version, W/ and quotation marks included.",
		}, func() {
			fresh.answered()
			s.judge(s.readBack(u), Attr("title", "Fresh"))
		})
	})
}
