package suites

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// brokenForms are ways to spoil a JSON object that leave no doubt about it.
func brokenForms(body []byte) [][]byte {
	return [][]byte{
		bytes.Replace(body, []byte(`:`), []byte(`=`), 1),
		body[:len(body)/2],
		body[:len(body)-1],
		append(append([]byte(`[`), body...), ']'),
		[]byte(`"text"`),
		[]byte(`null`),
		{},
	}
}

// hostileWrites: broken bodies for a user that exists.
func (s *session) hostileWrites() {
	s.about("broken bodies of PUT and PATCH", func() {
		var u *resource
		var before, afterPut, afterPatch *reports.Exchange
		var puts, patches []*reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("broken")
			before = s.readBack(u)
			send := func(method string, body []byte) *reports.Exchange {
				return s.do(wire.Request{Method: method, Path: u.path(), Body: body})
			}
			for _, body := range brokenForms(encode(u.Sent)) {
				puts = append(puts, send(http.MethodPut, body))
			}
			afterPut = s.read(u)
			for _, body := range brokenForms(encode(patchBody(op("replace", "userName", s.tag("broken-patch"))))) {
				patches = append(patches, send(http.MethodPatch, body))
			}
			for _, ops := range []any{object{"op": "add"}, "remove", 1, []any{nil}, []any{[]any{}}, []any{"remove"}} {
				patches = append(patches, send(http.MethodPatch, encode(object{"schemas": []any{scim.PatchOpURN}, "Operations": ops})))
			}
			afterPatch = s.read(u)
		})
		supported := func(list []*reports.Exchange, by string) {
			if st := list[0].Status; st == http.StatusMethodNotAllowed || st == http.StatusNotImplemented {
				s.see(list[0])
				s.block(by, "%s answered %d", list[0].Method, st)
			}
		}

		s.it("PUT of a broken body is refused with a client error", ID("hostile.put-broken"), Requires("7644-3.12-08"), Explain{
			Why: "Connections break and proxies cut; a client that gets 500 sends the same half body again.",
			Fix: brokenBodyFix,
		}, func() {
			supported(puts, "put.supported")
			for _, x := range puts {
				s.judge(x, mistaken(reports.Warn))
			}
		})

		s.it("PUT of a broken body changes nothing", ID("hostile.put-broken-unchanged"), Requires("7644-3.1-07"), Explain{
			Why: "What the half body does not name is cleared: a broken connection empties a record.",
			Fix: "Read the whole body and check that it is a whole JSON object before you touch the resource.",
		}, func() {
			supported(puts, "put.supported")
			s.judge(afterPut, Status(200), Same(before))
		})

		s.it("PATCH of a broken body is refused with a client error", ID("hostile.patch-broken"), Requires("7644-3.12-08"), Explain{
			Why: "A 500 makes clients send the same broken operations for hours.",
			Fix: brokenBodyFix,
		}, func() {
			s.requires(Patch)
			supported(patches, "patch.status")
			for _, x := range patches {
				s.judge(x, mistaken(reports.Warn))
			}
		})

		s.it("PATCH of a broken body changes nothing", ID("hostile.patch-broken-unchanged"), Requires("7644-3.5.2-17"), Explain{
			Why: "A parser that applies what it has read so far leaves a record that nobody asked for.",
			Fix: "Read and check all operations before you apply the first.",
		}, func() {
			s.requires(Patch)
			supported(patches, "patch.status")
			s.judge(afterPatch, Status(200), Same(afterPut))
		})

		s.it("the refusals of broken bodies are SCIM errors, whatever the method", ID("hostile.error-form"), Requires("7644-3.12-01", "7644-3.12-02"), Explain{
			Why: "Clients show the detail to an administrator; of a page of HTML they can show nothing.",
			Fix: "Let one handler write all errors of the body parser, for every method.",
		}, func() {
			seen := false
			for _, x := range append(puts[:2:2], patches[:2]...) {
				if x.Err() == nil && x.Status >= 400 && x.Status < 500 && x.Status != http.StatusMethodNotAllowed {
					seen = true
					s.judge(x, ErrorBody)
				}
			}
			if !seen {
				s.block("hostile.put-broken", "no broken body was refused")
			}
		})
	})
}

// hostileMessages: broken search and Bulk messages.
func (s *session) hostileMessages() {
	s.about("broken messages to .search and Bulk", func() {
		s.it("a broken search message does not make the server answer 5xx", ID("hostile.search-broken"), Requires("7644-3.12-08"), Explain{
			Why: "A 500 hides from the client that its own message was wrong.",
			Fix: brokenBodyFix,
		}, func() {
			t := s.needsType("User")
			send := func(body []byte) *reports.Exchange {
				return s.do(wire.Request{Method: http.MethodPost, Path: t.Endpoint + "/.search", Body: body})
			}
			whole := object{"schemas": []any{scim.SearchRequestURN}, "filter": "userName eq \"nobody\"", "count": 1}
			switch x := send(encode(whole)); x.Status {
			case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
				s.see(x)
				s.skip("the target has no .search (status %d)", x.Status)
			}
			bodies := brokenForms(encode(whole))
			for _, o := range []object{{"filter": []any{1}}, {"count": object{}}, {"startIndex": "one"}, {"attributes": object{"a": 1}}, {"sortBy": []any{}}, {"excludedAttributes": 7}} {
				o["schemas"] = whole["schemas"]
				bodies = append(bodies, encode(o))
			}
			for _, body := range bodies {
				s.judge(send(body), mistaken(reports.Info))
			}
		})

		s.it("a Bulk job that ends in the middle of its second operation has not done the first", ID("hostile.bulk-truncated"), Requires("7644-3.7-14", "7644-3.1-07"), Explain{
			Why: "The client sends the whole job again after the error, and meets conflicts with what it was told has failed.",
			Fix: "Read the whole body and check that it is a whole JSON object before you start on the first operation.",
		}, func() {
			s.needsBulk(2)
			if !s.findable() {
				s.skip("the target does not find users by userName")
			}
			o, t := s.user("half"), s.needsType("User")
			body := encode(object{"schemas": []any{scim.BulkRequestURN}, "Operations": []any{bulkOp("POST", t.Endpoint, "a", o), bulkOp("POST", t.Endpoint, "b", s.user("half"))}})
			for _, word := range []string{"put", "patch", "delete"} {
				if strings.Contains(strings.ToLower(string(body)), word) {
					s.skip("the write guard would take %q in a body that is not JSON for a change", word)
				}
			}
			x := s.do(wire.Request{Method: http.MethodPost, Path: "/Bulk", Body: body[:len(body)-60]})
			s.judge(x, mistaken(reports.Warn), func(x *reports.Exchange) error {
				id := s.lookUp(t, parts(o, "userName"))
				if id == "" {
					return nil
				}
				s.client.Ledger().Own(t.Endpoint, id, "")
				if x.Success() {
					return nil // lenient, and consistent with its answer
				}
				return wrong("users of the refused job", text("none"), id)
			})
		})

		s.it("Bulk operations of the wrong type fail one by one, or the job is refused", ID("hostile.bulk-types"), Requires("7644-3.12-08"), Explain{
			Why: "One odd operation among a hundred that ends in a 500 takes the other ninety-nine with it.",
			Fix: "Check the JSON type of every member of an operation, and answer 400 to that operation.",
		}, func() {
			s.needsBulk(4)
			users := s.needsType("User").Endpoint
			odd := func(name string, v any) scim.Object {
				o := bulkOp("POST", users, "odd-"+name, s.user("odd"))
				o[name] = v
				return o
			}
			job := s.bulkRun([]scim.Object{odd("data", "text"), odd("data", []any{1}), odd("method", 5), odd("data", 4711)})
			s.judge(job.x, func(x *reports.Exchange) error {
				if !x.Success() {
					return ClientError(x)
				}
				for _, r := range job.results() {
					if st := strings.Trim(show(r["status"]), `"`); strings.HasPrefix(st, "5") && st != "501" {
						return wrong("status of an operation", text("a client error (4xx)"), r["status"])
					}
				}
				return nil
			})
		})
	})
}

// hostileAfterwards: whether the server is as well after the worst as it was before.
func (s *session) hostileAfterwards() {
	s.about("after a body that is nested very deeply", func() {
		var u, next *resource
		var deep, made, read *reports.Exchange
		s.beforeAll(func() {
			name := s.freeText()
			u = s.makeUser("deep")
			nested := strings.Repeat(`{"a":[`, 10000) + strings.Repeat(`]}`, 10000)
			body := bytes.Replace(encode(patchBody(op("replace", name, "~~"))), []byte(`"~~"`), []byte(nested), 1)
			deep = s.do(wire.Request{Method: http.MethodPatch, Path: u.path(), Body: body})
			next, made = s.create("User", s.user("next"))
			read = s.read(u)
		})

		s.it("PATCH with a deeply nested value is refused with a client error", ID("hostile.deep-patch"), Requires("7644-3.12-08"), Explain{
			Why: "A parser that calls itself for each level crashes the whole service: one small request is enough.",
			Fix: "Limit the depth of JSON that is read, for every method, and answer 400 beyond it.",
		}, func() {
			s.requires(Patch)
			s.judge(deep, mistaken(reports.Warn))
		})

		s.it("the next requests are answered as if nothing had been", ID("hostile.alive"), Requires("7644-3.4.1-01", "7644-3.3-05"), Explain{
			Why: "A worker that dies or keeps a lock after a bad request fails the good ones that follow, of other clients too.",
			Fix: "Release locks and connections in every way out of a request handler, also where it fails.",
		}, func() {
			s.judge(made, func(x *reports.Exchange) error {
				if next == nil {
					return Status(201)(x)
				}
				return nil
			})
			s.judge(read, Status(200), Attr("id", u.ID))
		})
	})
}
