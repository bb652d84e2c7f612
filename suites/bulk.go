package suites

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// bulk: many operations in one request (RFC 7644 §3.7).
func (s *session) bulk() {
	s.bulkUnsupported()
	s.bulkMethods()
	s.bulkReferences()
	s.bulkCircles()
	s.bulkFailures()
	s.bulkMessages()
	s.bulkLimits()
	s.bulkVersions()
	s.bulkDepth()
	s.bulkDangling()
	s.bulkPlaces()
}

func (s *session) bulkUnsupported() {
	s.about("POST /Bulk where it is not supported", func() {
		s.it("POST /Bulk answers 501 where Bulk is not supported", ID("bulk.unsupported"), Requires("7644-3.7-01", "7644-3.12-16"), Explain{
			Why: "A client that tries Bulk falls back to single requests by this status; after a 2xx it believes that all was done.",
			Fix: "Answer 501 to POST /Bulk where ServiceProviderConfig says that bulk is not supported.",
		}, func() {
			if c := s.learned.claim(Bulk); c == nil || *c {
				s.skip("ServiceProviderConfig does not say that bulk is unsupported")
			}
			x := s.post("/Bulk", "", object{"schemas": []any{scim.BulkRequestURN}, "Operations": []any{}})
			s.judge(x, func(x *reports.Exchange) error {
				switch x.Status {
				case http.StatusNotImplemented:
					return nil
				case http.StatusNotFound, http.StatusMethodNotAllowed:
					return soften(reports.Info, Status(501)(x))
				}
				return Status(501)(x)
			})
		})
	})
}

func (s *session) bulkMethods() {
	s.about("a Bulk request with every method", func() {
		const post, put, remove, first, second = 0, 1, 2, 3, 4
		var j *bulkJob
		var replaced, removed, patched *resource
		var name scim.Object
		s.beforeAll(func() {
			s.needsBulk(5)
			s.settable("title")
			replaced, removed, patched = s.makeUser("bulk-put"), s.makeUser("bulk-delete"), s.makeUser("bulk-patch")
			name = clone(replaced.Sent)
			name["title"] = "Replaced in bulk"
			ops := []scim.Object{
				bulkOp("POST", s.needsType("User").Endpoint, "one", s.user("bulk-post")),
				bulkOp("PUT", replaced.path(), "", name),
				bulkOp("DELETE", removed.path(), "", nil),
			}
			if c := s.learned.claim(Patch); c == nil || *c {
				ops = append(ops,
					bulkOp("PATCH", patched.path(), "", patchBody(op("replace", "title", "First"))),
					bulkOp("PATCH", patched.path(), "", patchBody(op("replace", "title", "Second"))))
			}
			j = s.bulkRun(ops)
		})

		s.it("a Bulk request that was processed answers 200 with a result of each operation", ID("bulk.status"), Requires("7644-3.7-14", "7644-3.7.3-01", "7644-3.7-12", "7644-3.2-05"), Explain{
			Why: "A client reads the results only after 200; of an operation without a result it cannot tell whether it was done.",
			Fix: "Answer 200 once the job was processed, with one result per operation.",
		}, func() {
			s.judge(j.x, Status(200), func(*reports.Exchange) error {
				if n := len(j.results()); n != len(j.ops) {
					return wrong("number of results", len(j.ops), n)
				}
				return nil
			})
		})

		s.it("the answer carries the URN of Bulk responses", ID("bulk.urn"), Requires("7644-3.7-02", "7644-3.1-04", "7644-8.2-01"), Explain{
			Why: "Typed clients recognise the message by this URN.",
			Fix: `Put "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"] into the answer.`,
		}, func() { s.judge(j.answered(), creationLists(scim.BulkResponseURN)) })

		s.it("the answer does not repeat members of the request message", ID("bulk.response-members"), Requires("7644-3.7-03"), Explain{
			Why: "failOnErrors is valid in requests only; validating clients refuse the answer.",
			Fix: "Build the answer from schemas and Operations alone.",
		}, func() { s.judge(j.answered(), Unassigned("failOnErrors")) })

		s.it("the answer to a Bulk request is application/scim+json", ID("bulk.media-type"), Requires("7644-3.1-01"), Explain{
			Why: "Strict clients parse a body only when its media type is the one of SCIM.",
			Fix: "Send Content-Type: application/scim+json with every body.",
		}, func() { s.judge(j.answered(), MediaType) })

		s.it("POST inside Bulk creates the resource with all values", ID("bulk.post"), Requires("7644-3.7-05", "7644-3.1-07"), Explain{
			Why: "An acknowledged creation that is not there, or lacks values, is noticed by nobody.",
			Fix: "Run each operation through the same code as the single request.",
		}, func() {
			j.answered()
			r := j.made(post)
			s.judge(j.x, func(*reports.Exchange) error {
				if r == nil {
					return broken("no new user can be found: result %s", show(j.result(post)))
				}
				return nil
			})
			if r != nil {
				s.judge(s.readBack(r), Keeps(r.typ, r.Sent))
			}
		})

		s.it("PUT inside Bulk replaces the resource", ID("bulk.put"), Requires("7644-3.7-05", "7644-3.5.1-03"), Explain{
			Why: "A change that is acknowledged and not made leaves the directory wrong for ever.",
			Fix: "Run each operation through the same code as the single request.",
		}, func() {
			j.answered()
			s.judge(s.readBack(replaced), Text("title", "Replaced in bulk"))
		})

		s.it("DELETE inside Bulk deletes the resource", ID("bulk.delete"), Requires("7644-3.7-05", "7644-3.6-02"), Explain{
			Why: "A leaver's account stays although the client was told that it is gone.",
			Fix: "Run each operation through the same code as the single request.",
		}, func() {
			j.answered()
			s.judge(s.read(removed), Status(404))
		})

		s.it("PATCH inside Bulk changes the resource, in the order of the operations", ID("bulk.order"), Requires("7644-3.7-05", "7644-3.7-19", "7644-3.7-18"), Explain{
			Why: "A server that runs operations in parallel, or the last first, ends in another state than the client asked for.",
			Fix: "Run operations on one resource in the order of the request.",
		}, func() {
			s.requires(Patch)
			j.answered()
			s.judge(s.readBack(patched), Text("title", "Second"))
		})

		s.it("the bulkId of a POST is returned with its result", ID("bulk.bulk-id"), Requires("7644-3.7-17"), Explain{
			Why: "The bulkId is how a client learns which of its new resources got which id.",
			Fix: "Copy bulkId from the operation into its result.",
		}, func() {
			s.judge(j.answered(), func(x *reports.Exchange) error {
				for _, r := range j.results() {
					if scim.String(r, "bulkId") == "one" {
						return nil
					}
				}
				return wrong("bulkId in a result", "one", j.results())
			})
		})

		s.it("every result has the status that a single request would have had", ID("bulk.codes"), Requires("7644-3.7.3-03"), Explain{
			Why: "Clients handle the result like the answer to a single request: 201 for new, 204 for gone.",
			Fix: "Use the status code of the single request for each operation.",
		}, func() {
			want := map[int]string{post: "201", put: "200 204", remove: "204", first: "200 204", second: "200 204"}
			s.judge(j.answered(), j.each(func(i int, r scim.Object) error {
				if got := show(bulkCode(r)); bulkCode(r) != 0 && !strings.Contains(want[i], got) {
					return wrong("status of "+scim.String(j.ops[i], "method"), text(strings.ReplaceAll(want[i], " ", " or ")), got)
				}
				if bulkCode(r) == 0 {
					s.block("bulk.op-status", "a result has no status")
				}
				return nil
			}))
		})

		s.it("status of a result is a string", ID("bulk.op-status"), Requires("7644-3.7-13"), Explain{
			Why: "Typed clients declare it as a string and fail to read the whole answer.",
			Fix: `Write "status": "201", as the examples of the RFC do.`,
		}, func() {
			s.judge(j.answered(), j.each(func(_ int, r scim.Object) error {
				v, _ := scim.Lookup(r, "status")
				err := wrong("status of a result", text(`a JSON string such as "201"`), v)
				switch {
				case bulkCode(r) == 0:
					return err
				case scim.String(r, "status") == "":
					return soften(reports.Warn, err)
				}
				return nil
			}))
		})

		s.it("every result names the method of its operation", ID("bulk.result-method"), Requires("7644-3.7-05"), Explain{
			Why: "Results of PUT, PATCH and DELETE carry no bulkId: method and location tell which operation each belongs to.",
			Fix: "Copy method from the operation into its result; the RFC requires it in requests and responses.",
		}, func() {
			s.judge(j.answered(), j.each(func(i int, r scim.Object) error {
				want := scim.String(j.ops[i], "method")
				if got, _ := scim.Lookup(r, "method"); !sameFold(got, want) {
					return wrong("method of a result", want, got)
				}
				return nil
			}))
		})

		s.it("every result has the location of its resource", ID("bulk.location"), Requires("7644-3.7-10", "7644-3.7.3-02"), Explain{
			Why: "The results carry no id: location is the only way to the new resource.",
			Fix: "Put the URI of the resource into location, for every operation that has one.",
		}, func() {
			s.judge(j.answered(), j.each(func(i int, r scim.Object) error {
				id := map[int]string{put: replaced.ID, remove: removed.ID, first: patched.ID, second: patched.ID}[i]
				loc := scim.String(r, "location")
				if loc == "" {
					return wrong("location of "+scim.String(j.ops[i], "method"), text("the URI of the resource"), nil)
				}
				if id != "" {
					return endsInID("location of "+scim.String(j.ops[i], "method"), loc, id)
				}
				return nil
			}))
		})

		s.it("the location of a result is the absolute URL of its resource", ID("bulk.location-absolute"), Requires("7644-3.7-10"), Explain{
			Why: "Resolved against the URL of the request, /Users/1 leads past the base of the service, and clients get 404.",
			Fix: "Write the same URI as in meta.location.",
		}, func() {
			s.judge(j.answered(), j.each(func(i int, r scim.Object) error {
				loc := scim.String(r, "location")
				u, err := url.Parse(loc)
				if at := scim.String(j.ops[i], "path"); err == nil && loc != "" && i != post && !strings.HasSuffix(u.EscapedPath(), at) {
					return wrong("path in the location of "+scim.String(j.ops[i], "method"), text("one that ends in "+at), loc)
				}
				if err == nil && strings.Contains(u.EscapedPath(), "//") {
					return soften(reports.Warn, wrong("path in the location of "+scim.String(j.ops[i], "method"), text("single slashes"), loc))
				}
				if loc != "" && (err != nil || !u.IsAbs()) {
					return soften(reports.Warn, wrong("location of "+scim.String(j.ops[i], "method"), text("an absolute URL"), loc))
				}
				return nil
			}))
		})

		s.it("the location of a POST leads to what it has created", ID("bulk.location-resolves"), Requires("7644-3.7.3-02", "7644-3.7-10"), Explain{
			Why: "The client stores the id out of this URI, and every later change goes wrong.",
			Fix: "Use the same URI as in the Location header of a single POST.",
		}, func() {
			j.answered()
			loc := scim.String(j.result(post), "location")
			if loc == "" {
				s.block("bulk.location", "the result has no location")
			}
			at := s.creationURI(loc)
			if !s.creationHost(at) {
				s.skip("location names another host than the target's, which is never asked: %s", at)
			}
			s.judge(s.get(at), Status(200), Text("userName", scim.String(j.ops[post], "data.userName")))
		})
	})
}

// bulkReferences: bulkId in the place of an id that does not exist yet (RFC 7644 §3.7.2).
func (s *session) bulkReferences() {
	s.about("a Bulk request with references", func() {
		users, groups := "", ""
		setUp := func(n int) {
			s.needsBulk(n)
			users = s.needsType("User").Endpoint
		}
		groupOf := func(what, ref string) scim.Object {
			groups = s.needsType("Group").Endpoint
			g := s.group(what)
			g["members"] = []any{object{"value": "bulkId:" + ref}}
			return g
		}
		memberIs := func(id string) Check {
			return func(x *reports.Exchange) error {
				list := scim.Objects(x.Object(), "members")
				if len(list) != 1 || scim.String(list[0], "value") != id {
					return wrong("members", []any{object{"value": id}}, scim.Get(x.Object(), "members"))
				}
				return nil
			}
		}

		s.it("a reference to a new user in members becomes the user's id", ID("bulk.reference"), Requires("7644-3.7.2-02"), Explain{
			Why: "The group is created empty, or with a member that does not exist, and its users get no access.",
			Fix: "Replace bulkId:… in the data of an operation by the id of what the named POST has created.",
		}, func() {
			setUp(2)
			s.needs("Group", "members")
			g := groupOf("ref", "u")
			j := s.bulkRun([]scim.Object{bulkOp("POST", users, "u", s.user("ref")), bulkOp("POST", groups, "g", g)})
			j.answered()
			s.groupsOpen(j.code(1))
			u, _ := j.state(0)
			s.judge(j.x, func(*reports.Exchange) error {
				if j.made(1) == nil {
					return wrong("result of the group", text("a new group"), j.result(1))
				}
				return nil
			})
			if g := j.made(1); g != nil {
				s.judge(s.readBack(g), memberIs(u.ID))
			}
		})

		s.it("a reference in an attribute of an extension becomes the id", ID("bulk.reference-extension"), Requires("7644-3.7.2-04"), Explain{
			Why: "The new employee's manager is a text that means nothing, and approvals go nowhere.",
			Fix: "Resolve references in all data, extensions included.",
		}, func() {
			setUp(2)
			s.needs("User", scim.EnterpriseURN+":manager.value")
			j := s.bulkRun([]scim.Object{
				bulkOp("POST", users, "boss", s.user("ref-boss")),
				bulkOp("POST", users, "staff", s.user("ref-staff", enterprise(object{"manager": object{"value": "bulkId:boss"}}))),
			})
			j.answered()
			boss, _ := j.state(0)
			s.judge(j.x, func(*reports.Exchange) error {
				if j.made(1) == nil {
					return wrong("result of the employee", text("a new user"), j.result(1))
				}
				return nil
			})
			if staff := j.made(1); staff != nil {
				s.judge(s.readBack(staff), Attr(scim.EnterpriseURN+":manager.value", boss.ID))
			}
		})

		s.it("a reference in the path of an operation leads to the new resource", ID("bulk.reference-path"), Requires("7644-3.7.2-02"), Explain{
			Why: "A client that creates and completes a resource in one request is told that the resource does not exist.",
			Fix: "Resolve references in path as well as in data.",
		}, func() {
			setUp(2)
			s.requires(Patch)
			s.settable("title")
			j := s.bulkRun([]scim.Object{
				bulkOp("POST", users, "p", s.user("ref-path")),
				bulkOp("PATCH", users+"/bulkId:p", "", patchBody(op("replace", "title", "By reference"))),
			})
			j.answered()
			_, after := j.state(0)
			s.judge(after, Softly(reports.Warn, Attr("title", "By reference")))
		})

		s.it("a reference may come before the operation that creates what it names", ID("bulk.reference-forward"), Requires("7644-3.7.2-03"), Explain{
			Why: "Clients that do not sort their operations get a part of them refused.",
			Fix: "Look for the named POST in the whole request, and run it first.",
		}, func() {
			setUp(2)
			g := groupOf("forward", "u")
			j := s.bulkRun([]scim.Object{bulkOp("POST", groups, "g", g), bulkOp("POST", users, "u", s.user("forward"))})
			j.answered()
			s.groupsOpen(j.code(0))
			u, _ := j.state(1)
			s.judge(j.x, func(*reports.Exchange) error {
				if j.made(0) == nil {
					return wrong("result of the group", text("a new group"), j.result(0))
				}
				return nil
			})
			if g := j.made(0); g != nil {
				s.judge(s.readBack(g), memberIs(u.ID))
			}
		})

		s.it("a reference to nothing makes its operation fail", ID("bulk.reference-unknown"), Requires("7644-3.7.2-05"), Explain{
			Why: `A group with the member "bulkId:…" looks complete and gives access to nobody.`,
			Fix: "Answer 400 invalidValue or 409 to an operation whose reference cannot be resolved.",
		}, func() {
			setUp(1)
			s.client.Fictitious("bulkId:nosuch")
			g := groupOf("unknown", "nosuch")
			j := s.bulkRun([]scim.Object{bulkOp("POST", groups, "g", g)})
			j.made(0)
			s.groupsOpen(j.code(0))
			s.judge(j.x, j.failed(0))
		})
	})
}

// bulkCircles: resources that refer to each other (RFC 7644 §3.7.1).
func (s *session) bulkCircles() {
	s.about("a Bulk request with two groups that are members of each other", func() {
		var j *bulkJob
		s.beforeAll(func() {
			s.needsBulk(2)
			groups := s.needsType("Group").Endpoint
			a, b := s.group("circle-a"), s.group("circle-b")
			a["members"], b["members"] = []any{object{"value": "bulkId:b"}}, []any{object{"value": "bulkId:a"}}
			j = s.bulkRun([]scim.Object{bulkOp("POST", groups, "a", a), bulkOp("POST", groups, "b", b)})
		})

		s.it("circular references are resolved, or refused with 409", ID("bulk.circular"), Requires("7644-3.7.1-01", "7644-3.7.2-02", "7644-3.7.1-02"), Explain{
			Why: "Half of a circle, or references that stay texts, leave groups whose members are wrong without a word.",
			Fix: "Create the resources first and add the references afterwards, or answer 409.",
		}, func() {
			s.needs("Group", "members")
			a, b := j.made(0), j.made(1)
			s.groupsOpen(j.code(0))
			s.groupsOpen(j.code(1))
			s.judge(j.x, func(x *reports.Exchange) error {
				if x.Status == http.StatusConflict {
					return ErrorBody(x)
				}
				if err := Status(200)(x); err != nil {
					return err
				}
				for i, r := range []*resource{a, b} {
					if c := j.code(i); r == nil && c != http.StatusConflict && c != http.StatusBadRequest {
						return wrong("result of a group in a circle", text("201, or 409"), j.result(i))
					}
				}
				return nil
			})
			if a == nil || b == nil {
				s.observe("A53", "circular references in Bulk", "refused")
				return
			}
			s.observe("A53", "circular references in Bulk", "resolved")
			for _, pair := range [][2]*resource{{a, b}, {b, a}} {
				s.judge(s.readBack(pair[0]), Attr("members", []any{object{"value": pair[1].ID}}))
			}
		})
	})

	s.about("a Bulk request with two users who manage each other", func() {
		s.it("a circle of managers is resolved, or refused with 409", ID("bulk.circular-managers"), Requires("7644-3.7.1-01", "7644-3.7.2-02", "7644-3.7.1-02"), Explain{
			Why: "A user that is reported as made, and has lost its manager or has the text bulkId:… for one, is noticed by nobody.",
			Fix: "Look for references in extensions too; create the users first and add the references afterwards, or answer 409.",
		}, func() {
			const path = scim.EnterpriseURN + ":manager"
			s.needsBulk(2)
			s.settable(path + ".value")
			users := s.needsType("User").Endpoint
			ring := func(of, by string) scim.Object {
				return bulkOp("POST", users, of, s.user("ring-"+of, enterprise(object{"manager": object{"value": "bulkId:" + by}})))
			}
			j := s.bulkRun([]scim.Object{ring("a", "b"), ring("b", "a")})
			made := []*resource{j.made(0), j.made(1)}
			s.judge(j.x, func(x *reports.Exchange) error {
				if x.Status == http.StatusConflict {
					return ErrorBody(x)
				}
				return Status(200)(x)
			})
			for i, r := range made {
				c := j.code(i)
				switch {
				case r == nil && (j.x.Status == http.StatusConflict || c >= 400 && c < 500):
					s.see(j.x)
				case r == nil:
					s.judge(j.x, func(*reports.Exchange) error {
						return wrong("result of a user whose manager is in a circle", text("a new user, or 409"), j.result(i))
					})
				case made[1-i] != nil:
					s.judge(s.readBack(r), Attr(path+".value", made[1-i].ID))
				default:
					s.judge(s.readBack(r), func(x *reports.Exchange) error {
						if got := scim.String(x.Object(), path+".value"); strings.HasPrefix(got, "bulkId:") {
							return wrong("manager", text("an id, or none"), got)
						}
						return nil
					})
				}
			}
		})
	})
}
