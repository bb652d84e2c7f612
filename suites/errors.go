package suites

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// errors: the form of errors and what provokes them (RFC 7644 §3.12).
func (s *session) errors() {
	s.about("requests that a server has to refuse", func() {
		var (
			u                                                                                *resource
			unknown, nowhere, malformed, truncated, array, empty, wrongType, method, invalid *reports.Exchange
			deep, alive, latin                                                               *reports.Exchange
		)
		post := func(body []byte, header http.Header) *reports.Exchange {
			t := s.needsType("User")
			o := scim.Object{}
			if json.Unmarshal(body, &o) != nil {
				o = scim.Object{}
			}
			x := s.do(wire.Request{Method: http.MethodPost, Path: t.Endpoint, Creates: t.Endpoint, Body: body, Header: header})
			s.adopt(t, o, x)
			return x
		}
		s.beforeAll(func() {
			t := s.needsType("User")
			u = s.makeUser("errors")
			s.readBack(u)
			unknown = s.get(t.Endpoint + "/" + s.fictitious())
			nowhere = s.get("/NoSuchEndpoint")
			body := encode(s.user("malformed"))
			malformed = post(bytes.Replace(body, []byte(`:`), []byte(`=`), 1), nil)
			truncated = post(encode(s.user("truncated"))[:40], nil)
			array = post(encode([]any{s.user("array")}), nil)
			empty = post([]byte{}, nil)
			wrongType = post(encode(s.user("text")), header("Content-Type", "text/plain"))
			invalid = post(encode(s.user("invalid", set("userName", nil))), nil)
			method = s.do(wire.Request{Method: http.MethodPost, Path: u.path(), Body: encode(u.Sent)})
			nested := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
			deep = post(bytes.ReplaceAll(encode(s.user("deep", set("scimproofDeep", "~"))), []byte(`"~"`), []byte(nested)), nil)
			alive = s.read(u)
			latin = post(bytes.ReplaceAll(encode(s.user("latin", set("displayName", "Zo~"))), []byte("Zo~"), []byte("Zo\xeb")), nil)
		})
		// ours are errors that the SCIM service itself has to write, outer ones may come from what stands before it.
		ours := func() []*reports.Exchange { return []*reports.Exchange{unknown, malformed, truncated, invalid} }
		outer := func() []*reports.Exchange { return []*reports.Exchange{nowhere, method, wrongType} }
		// each judges those answers that are errors; at least one must be, else there is nothing to look at.
		each := func(list []*reports.Exchange, checks ...Check) {
			seen := false
			for _, x := range list {
				if x.Err() == nil && x.Status < 400 {
					continue
				}
				seen = true
				s.judge(x, checks...)
			}
			if !seen {
				s.block("errors.malformed-json", "no request was refused")
			}
		}
		// inJSON leaves what is no JSON object to errors.body.
		inJSON := func(check Check) Check {
			return func(x *reports.Exchange) error {
				if IsObject(x) != nil {
					s.block("errors.body", "the answer is no JSON object")
				}
				return check(x)
			}
		}

		s.it("a body that is not JSON is refused with 400", ID("errors.malformed-json"), Requires("7644-3.12-08", "7644-3.3-10"), Explain{
			Why: "A 500 makes clients send the same broken body again and again, and wakes somebody at night.",
			Fix: "Catch the errors of the JSON parser and answer 400 invalidSyntax.",
		}, func() { s.judge(malformed, Status(400)) })

		s.it("a body that ends too early is refused with 400", ID("errors.truncated-json"), Requires("7644-3.12-08", "7644-3.3-10"), Explain{
			Why: "Connections break; half a user must not be stored, nor crash the server.",
			Fix: "Treat an unexpected end of the body like any other syntax error.",
		}, func() { s.judge(truncated, Status(400)) })

		s.it("an array in place of a resource is refused with 400", ID("errors.array"), Requires("7644-3.1-02", "7644-3.12-08"), Explain{
			Why: "A cast of the parsed body to an object fails with 500, or the array is stored as an empty user.",
			Fix: "Check that the body is a JSON object before using it.",
		}, func() { s.judge(array, Status(400)) })

		s.it("an empty body is refused with 400", ID("errors.empty-body"), Requires("7644-3.12-08", "7644-3.3-10"), Explain{
			Why: "Parsers return nothing for an empty body, and code that goes on with it crashes.",
			Fix: "Answer 400 invalidSyntax where a body is needed and missing.",
		}, func() { s.judge(empty, Status(400, 411)) })

		s.it("the refusal of a broken body says scimType invalidSyntax", ID("errors.invalid-syntax"), Requires("7644-3.12-21"), Explain{
			Why: "The keyword tells a broken message from a value that is not allowed.",
			Fix: `Put "scimType": "invalidSyntax" into the body of the 400.`,
		}, func() {
			if malformed.Status != 400 {
				s.see(malformed)
				s.block("errors.malformed-json", "the POST answered %d", malformed.Status)
			}
			s.judge(malformed, ScimType(scim.InvalidSyntax))
		})

		s.it("the refusal of a missing attribute says scimType invalidValue", ID("errors.invalid-value"), Requires("7644-3.12-24"), Explain{
			Why: "The keyword tells a client that its data is to blame, and not its software.",
			Fix: `Put "scimType": "invalidValue" into the body of the 400.`,
		}, func() {
			if invalid.Status != 400 {
				s.see(invalid)
				s.block("create.user-name-missing", "the POST answered %d", invalid.Status)
			}
			s.judge(invalid, ScimType(scim.InvalidValue))
		})

		s.it("a media type other than JSON is refused with 415 or 400", ID("errors.media-type"), Requires("7644-3.8-09"), Explain{
			Why: "Browsers may send text/plain across sites without asking, so a server that reads it as JSON can be made to create users.",
			Fix: "Answer 415 to bodies that are neither application/scim+json nor application/json.",
		}, func() {
			s.judge(wrongType, func(x *reports.Exchange) error {
				if x.Success() {
					return soften(reports.Info, Status(415, 400)(x))
				}
				return Status(415, 400, 406)(x)
			})
		})

		s.it("an unknown endpoint answers 404", ID("errors.unknown-endpoint"), Requires("7644-3.12-11"), Explain{
			Why: "A page of HTML with status 200 looks to a client like an empty answer.",
			Fix: "Answer 404 to every path below the base that the service does not know.",
		}, func() { s.judge(nowhere, Status(404)) })

		s.it("POST to a single resource is refused with 405 or 501", ID("errors.method"), Requires("7644-3.2-06"), Explain{
			Why: "A POST that is taken for an update or a creation changes what the client did not mean.",
			Fix: "Answer 405 with an Allow header to methods that an endpoint does not have.",
		}, func() {
			s.judge(method, Status(405, 501))
		})

		s.it("a deeply nested body is refused or ignored, and the server lives on", ID("errors.deep-nesting"), Requires("7644-3.12-15", "7644-3.12-08"), Explain{
			Why: "A parser that calls itself for each level crashes the whole service: one small request is enough.",
			Fix: "Limit the depth of JSON that is read, and answer 400 beyond it.",
		}, func() {
			s.judge(deep, NotServerError, func(x *reports.Exchange) error {
				if !x.Success() {
					return Status(400, 413, 422)(x)
				}
				return nil
			})
			s.judge(alive, Status(200))
		})

		s.it("a body that is not UTF-8 is refused with 400", ID("errors.encoding"), Requires("7644-3.12-08", "7644-3.8-02"), Explain{
			Why: "Bytes of another encoding become replacement characters in people's names, or fail in the database.",
			Fix: "Check that the body is UTF-8 and answer 400 invalidSyntax otherwise.",
		}, func() {
			s.judge(latin, func(x *reports.Exchange) error {
				if x.Success() {
					return soften(reports.Info, Status(400)(x))
				}
				return soften(reports.Warn, Status(400, 415)(x))
			})
		})

		s.it("errors have a JSON object as body", ID("errors.body"), Requires("7644-3.12-01", "7644-3.2-08"), Explain{
			Why: "Clients show the detail to an administrator; of a page of HTML they can show nothing.",
			Fix: "Write every error of the service as a SCIM error in JSON.",
		}, func() { each(ours(), IsObject) })

		s.it("errors of wrong paths, methods and media types have a JSON object as body too", ID("errors.body-outer"), Requires("7644-3.12-01"), Explain{
			Why: "Errors of the web framework reach clients as HTML, and hide what was wrong.",
			Fix: "Set error handlers of the framework that write SCIM errors.",
		}, func() { each(outer(), Softly(reports.Warn, IsObject)) })

		s.it("errors carry the URN of SCIM errors in schemas", ID("errors.urn"), Requires("7644-3.12-02", "7644-3.1-04", "7644-8.2-01"), Explain{
			Why: "Typed clients recognise an error by this URN and read its fields only then.",
			Fix: `Put "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"] into every error.`,
		}, func() {
			each(ours(), inJSON(func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.ErrorURN) {
					return wrong("schemas of the error", scim.ErrorURN, x.Object()["schemas"])
				}
				return nil
			}))
		})

		s.it("status in the error body is that of the HTTP answer", ID("errors.status"), Requires("7644-3.12-03", "7644-3.2-07"), Explain{
			Why: "Clients behind proxies read the status from the body, and do the wrong thing with another one.",
			Fix: "Write the HTTP status into the error body.",
		}, func() {
			each(ours(), inJSON(func(x *reports.Exchange) error {
				if got := strings.Trim(show(x.Object()["status"]), `"`); got != strconv.Itoa(x.Status) {
					return wrong("status in the error body", strconv.Itoa(x.Status), x.Object()["status"])
				}
				return nil
			}))
		})

		s.it("status in the error body is a JSON string", ID("errors.status-string"), Requires("7644-3.12-03"), Explain{
			Why: "Typed clients declare it as a string and fail to read the error.",
			Fix: `Write "status": "404", with quotation marks.`,
		}, func() {
			each(ours(), inJSON(func(x *reports.Exchange) error {
				if got := x.Object()["status"]; got != nil {
					if _, ok := got.(string); !ok {
						return soften(reports.Warn, wrong("status in the error body", text("a JSON string"), got))
					}
					return nil
				}
				return wrong("status in the error body", text("a JSON string"), nil)
			}))
		})

		s.it("scimType, where there is one, is a keyword of the specification", ID("errors.scim-type"), Requires("7644-3.12-04", "7644-3.12-21"), Explain{
			Why: "Clients decide by the keyword what to do next; one that they do not know is worth nothing.",
			Fix: "Use the keywords of RFC 7644 Table 9 in their spelling, or leave scimType out.",
		}, func() {
			each(ours(), inJSON(func(x *reports.Exchange) error {
				got, there := x.Object()["scimType"]
				if name, _ := got.(string); there && got != nil && !slices.Contains(errorKeywords, name) {
					return wrong("scimType", text("a keyword of RFC 7644 Table 9"), got)
				}
				return nil
			}))
		})

		s.it("detail, where there is one, is text", ID("errors.detail"), Requires("7644-3.12-05"), Explain{
			Why: "Typed clients fail to read an error whose detail is a list or an object, and show nothing.",
			Fix: "Write detail as one JSON string.",
		}, func() {
			each(ours(), inJSON(func(x *reports.Exchange) error {
				if got := x.Object()["detail"]; got != nil {
					if _, ok := got.(string); !ok {
						return wrong("detail", text("a JSON string"), got)
					}
				}
				return nil
			}))
		})

		s.it("errors tell nothing of the inside of the server", ID("errors.no-internals"), Requires("7644-3.12-05"), Explain{
			Why: "Stack traces and SQL show an attacker which software runs and where it breaks.",
			Fix: "Log internals under a number, and give clients a sentence of your own.",
		}, func() {
			each(slices.Concat(ours(), outer(), []*reports.Exchange{array, empty}), func(x *reports.Exchange) error {
				if m := errorInternals.Find(x.Body()); m != nil {
					return wrong("error body", text("a sentence for humans"), string(m))
				}
				return nil
			})
		})

		s.it("errors are application/scim+json", ID("errors.content-type"), Requires("7644-3.1-01"), Explain{
			Why: "Clients that look at the media type first never read the error.",
			Fix: "Send Content-Type: application/scim+json with errors as well.",
		}, func() {
			each(ours(), func(x *reports.Exchange) error {
				if mt, _, _ := mime.ParseMediaType(x.Header().Get("Content-Type")); x.Header().Get("Content-Type") != "" && strings.HasSuffix(mt, "json") {
					return Softly(reports.Warn, MediaType)(x)
				}
				return MediaType(x)
			})
		})
	})
}

// errorKeywords are the values of scimType (RFC 7644 Table 9, RFC 9865 Table 3).
var errorKeywords = []string{
	scim.InvalidFilter, scim.TooMany, scim.Uniqueness, scim.Mutability, scim.InvalidSyntax, scim.InvalidPath, scim.NoTarget,
	scim.InvalidValue, scim.InvalidVers, scim.Sensitive, scim.InvalidCursor, scim.ExpiredCursor, scim.InvalidCount,
}

// errorInternals finds stack traces of common runtimes and messages of databases.
var errorInternals = regexp.MustCompile(`Traceback \(most recent call last\)|\bat [\w$.<>]+\([\w$]+\.(java|kt|scala):\d+\)|\n\s+at .+\(.*:\d+:\d+\)|goroutine \d+ \[|\.go:\d+|` +
	`File \\?"[^"]+\.py\\?", line \d+|SQLSTATE|ORA-\d{5}|(?i:syntax error at or near)|(?i:\bselect .{1,80} from .{1,80} where )|java\.lang\.|System\.\w+Exception`)

// errorsAfterwards judges the answers of the whole run.
func (s *session) errorsAfterwards() {
	s.about("all answers of the run", func() {
		s.it("no request of the run made the server answer 5xx", ID("errors.no-server-error"), Requires("7644-3.12-15"), Explain{
			Why: "Each 5xx is a bug that a client can trigger; provisioning engines retry it for hours and then give up on the whole directory.",
			Fix: "Find the exception in the server's log and answer with the fitting 4xx, or fix the failure.",
		}, func() {
			answered := false
			for _, x := range s.everything() {
				answered = answered || x.Status > 0
				if NotServerError(x) != nil {
					s.judge(x, NotServerError)
				}
			}
			if !answered {
				s.block("read.status", "the server has not answered anything")
			}
		})

		s.it("no error of the run says another status than HTTP does", ID("errors.status-everywhere"), Requires("7644-3.12-03", "7644-3.2-07"), Explain{
			Why: "Clients that read the body take a conflict for a malformed request, or try again what will never succeed.",
			Fix: "Write the status of the answer into the error message in one place, for all errors.",
		}, func() {
			told := map[string]bool{}
			for _, x := range s.everything() {
				says := scim.String(x.Object(), "status")
				key := strconv.Itoa(x.Status) + " " + says
				if x.Status < 400 || says == "" || !hasSchema(x.Object(), scim.ErrorURN) || told[key] {
					continue
				}
				told[key] = true
				if says != strconv.Itoa(x.Status) {
					s.judge(x, func(*reports.Exchange) error {
						return wrong("status in the error body", strconv.Itoa(x.Status), says)
					})
				}
			}
			if len(told) == 0 {
				s.skip("no error of the run has a SCIM error message with a status")
			}
		})
	})
}
