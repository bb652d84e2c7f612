package suites

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// told makes an exchange out of an answer.
func told(status int, body []byte, header ...string) *reports.Exchange {
	x := &reports.Exchange{ID: "x1", Method: http.MethodGet, URL: "http://127.0.0.1/scim/v2/Users/1", Status: status}
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	x.Capture(h, body, nil)
	return x
}

// twisted spoils a document's values and keeps it JSON, which bytes changed at random seldom are; 0 leaves it alone.
func twisted(seed uint64, body []byte) []byte {
	var v any
	if seed == 0 || json.Unmarshal(body, &v) != nil {
		return body
	}
	out, err := json.Marshal(twist(rand.New(rand.NewPCG(seed, 1)), v, 2+int(seed%30)))
	if err != nil {
		return body
	}
	return out
}

// FuzzLearn builds what a target is said to be from any discovery documents, and makes records that fit them.
func FuzzLearn(f *testing.F) {
	f.Add(uint64(0), []byte(`{"patch":{"supported":true},"filter":{"supported":true,"maxResults":200},"pagination":{"cursor":true}}`),
		[]byte(`{"Resources":[{"name":"User","endpoint":"/Users","schema":"urn:u","schemaExtensions":[{"schema":"urn:e","required":true}]},{"name":"Group","endpoint":"https://h/Groups","schema":"urn:g"}]}`),
		[]byte(`{"Resources":[{"id":"urn:u","attributes":[{"name":"userName","type":"string","required":true},{"name":"tree","type":"complex","required":true,"multiValued":true,"subAttributes":[{"name":"value","type":"complex","required":true}]}]},{"id":"urn:e","attributes":[{"name":"x","type":"integer","required":true,"canonicalValues":["1"]}]},{"id":"urn:g","attributes":[{"name":"displayName","required":true}]}]}`))
	f.Add(uint64(0), []byte(`[]`), []byte(`{"Resources":[{"name":"User","endpoint":"%zz","schema":""},{"name":"","endpoint":"/"},null,1]}`), []byte(`{"Resources":[{"id":"","attributes":[]},{"id":"x","attributes":[{}]}]}`))
	f.Add(uint64(3), []byte(`{"patch":null,"bulk":{"maxOperations":-1}}`), []byte(`{"Resources":{}}`), []byte(`null`))
	// The documents of the embedded target, spoilt in many ways.
	srv, err := target.New(target.Config{})
	if err != nil {
		f.Fatal(err)
	}
	page := func(path string) []byte {
		rec := httptest.NewRecorder()
		srv.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, target.Mount+path, nil))
		return rec.Body.Bytes()
	}
	for seed := range uint64(60) {
		f.Add(seed, page("/ServiceProviderConfig"), page("/ResourceTypes"), page("/Schemas"))
	}
	f.Fuzz(func(t *testing.T, seed uint64, config, types, schemas []byte) {
		config, types, schemas = twisted(seed, config), twisted(seed, types), twisted(seed, schemas)
		l := &learned{config: told(200, config), types: told(200, types), schemas: told(200, schemas), users: told(200, types), known: map[string]*scim.Schema{}}
		_ = looksLikeSCIM(l)
		l.build()
		for _, feature := range Features() {
			_ = l.claim(feature)
		}
		_, _ = l.limit("bulk.maxOperations"), l.limit("filter.maxResults")
		s := &session{engine: &engine{ctx: context.Background(), learned: l, cfg: Config{RunID: "fuzzfuzz"}}, cur: &current{}}
		_ = s.user("fuzz")
		if l.typ("Group") != nil {
			_ = s.group("fuzz")
		}
		for _, rt := range l.resourceTypes {
			if !plainEndpoint.MatchString(rt.Endpoint) {
				t.Fatalf("resources would be created at %q", rt.Endpoint)
			}
			if _, err := validate(rt, told(200, config).Object()); err != nil && rt.base == nil {
				t.Fatal(err)
			}
			_ = rt.attribute("emails.value")
			_ = rt.without(told(200, config).Object(), "request")
		}
	})
}

// FuzzChecks judges any answer by every kind of check.
func FuzzChecks(f *testing.F) {
	f.Add(uint64(0), 200, []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"a","emails":[{"value":"a","primary":true}],"meta":{"created":"2026-01-02T03:04:05Z","version":"W/\"1\""}}`), "application/scim+json", `W/"1"`, "http://127.0.0.1/Users/1")
	f.Add(uint64(0), 400, []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidValue","detail":"no"}`), "application/json;", `w/1`, "%zz")
	f.Add(uint64(0), 200, []byte(`{"totalResults":1e99,"startIndex":"1","Resources":[null,[],{"id":7}],"nextCursor":{}}`), "", "", "")
	f.Add(uint64(0), 200, []byte(`{"Resources":{"id":"1"},"emails":{"value":[[]]},"members":[[{}]],"Operations":[{"status":{"code":[]}}]}`), "text/html", `""`, ":")
	f.Fuzz(func(t *testing.T, seed uint64, status int, body []byte, kind, tag, location string) {
		body = twisted(seed, body)
		x := told(status, body, "Content-Type", kind, "ETag", tag, "Location", location)
		l := &learned{config: x, types: x, schemas: x, users: x, known: map[string]*scim.Schema{}}
		l.build()
		user := l.typ("User")
		client, err := wire.New(wire.Config{BaseURL: "http://127.0.0.1/scim/v2", Transport: inProcess{http.NotFoundHandler()}})
		if err != nil {
			t.Fatal(err)
		}
		s := &session{engine: &engine{ctx: context.Background(), learned: l, cfg: Config{RunID: "fuzzfuzz"}}, client: client, cur: &current{}}
		r := &resource{typ: user, ID: "1", Sent: scim.Object{"userName": "a"}, Created: x}
		sent := scim.Object{"userName": "a", "emails": []any{scim.Object{"value": "a", "primary": true}}, scim.EnterpriseURN: scim.Object{"department": "d"}}
		for _, check := range []Check{
			Status(200), NotServerError, ClientError, ErrorBody, ScimType(scim.InvalidValue), Refused("400/409", scim.Uniqueness), MediaType, IsObject, NoBody,
			Attr("emails.value", "a"), Unassigned("members"), Assigned("meta.created"), Same(x), Keeps(user, sent), ListResponse, Total(1), Count(1), LocationOf("1"),
			Listed(r), Unlisted(r), totals(1), noItems, answered, shows(r), changedTo("userName", "b", "a"), modifiedAfter(x), notRefused, succeeded,
			declaredSchemas(user), conforms(user, "string", "object", "single", dateTimeFormat), creationTime("meta.created"), tagIs(tag), tagOtherThan(tag), declined(scim.InvalidValue),
			s.creationOwnURI("Location", func(x *reports.Exchange) string { return x.Header().Get("Location") }), present("startIndex"), atMost(1), someItems,
		} {
			for _, err := range flatten(check(x)) {
				if err.Error() == "" {
					t.Error("a violation without words")
				}
			}
		}
		_, _, _ = etagOpaque(tag), etagOf(x), nextCursor(x)
		_ = s.adopt(user, sent, x)
		job := &bulkJob{s: s, ops: []scim.Object{bulkOp("POST", "/Users", "a", nil)}, x: x}
		_, _ = job.results(), job.result(0)
	})
}
