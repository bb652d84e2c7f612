package suites

import (
	"net/http"
	"net/url"

	"github.com/scimproof/scimproof/internal/wire"
)

// otherEndpoint: changes at the endpoint of another resource type (RFC 7644 §3.2, §3.4.1).
func (s *session) otherEndpoint() {
	s.about("changes of a user at the endpoint of groups", func() {
		var u *resource
		var path string
		s.beforeAll(func() {
			t := s.needsType("Group")
			u = s.makeUser("foreign")
			if onlyDigits(u.ID) == u.ID {
				s.skip("the ids of the target are numbers: the same one could be a group's")
			}
			path = t.Endpoint + "/" + url.PathEscape(u.ID)
			// Where something answers there, it may be somebody's group: nothing is sent then.
			if x := s.get(path); x.Status != http.StatusNotFound {
				s.see(x)
				s.block("read.other-endpoint", "GET %s answered %d", path, x.Status)
			}
			s.client.Fictitious(u.ID)
		})
		for _, c := range []struct {
			id, method, statement string
			body                  func() any
		}{
			{"put.other-endpoint", http.MethodPut, "7644-3.2-04", func() any {
				o := clone(u.Sent)
				o["displayName"] = "Foreign"
				return o
			}},
			{"patch.other-endpoint", http.MethodPatch, "7644-3.5.2-21", func() any { return patchBody(op("replace", "displayName", "Foreign")) }},
			{"delete.other-endpoint", http.MethodDelete, "7644-3.6-06", func() any { return nil }},
		} {
			s.it(c.method+" of a user's id at the endpoint of groups changes nothing", ID(c.id), Requires(c.statement, "7644-3.4.1-02"), Explain{
				Why: "Rights are often given by endpoint: whoever may change groups could change or delete any user.",
				Fix: "Restrict every look-up by id to the resource type of the endpoint, and answer 404.",
			}, func() {
				if c.method == http.MethodPatch {
					s.requires(Patch)
				}
				before := s.readBack(u)
				x := s.do(wire.Request{Method: c.method, Path: path, Body: encode(c.body())})
				if x.Status != http.StatusNotImplemented { // nobody may change groups there (ambiguity A50)
					s.judge(x, ClientError)
				}
				s.see(x)
				after := s.read(u)
				s.judge(after, Status(http.StatusOK), Same(before))
			})
		}
	})
}
