package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// etagElsewhere: versions of groups, and the version inside an answer (RFC 7644 §3.14).
func (s *session) etagElsewhere() {
	s.about("versions of groups", func() {
		var g *resource
		var x *reports.Exchange
		s.beforeAll(func() {
			s.requires(ETag)
			s.needsType("Group")
			g = s.makeGroup("etag")
			x = s.readBack(g)
		})

		s.it("GET of a group answers with an ETag header", ID("etag.group-header"), Requires("7644-3.14-02"), Explain{
			Why: "Groups are what several administrators change at once; without a version they overwrite each other.",
			Fix: "Send an ETag header with every resource, of every type.",
		}, func() { s.judge(x, Status(200), hasETag) })

		s.it("GET of a group with the present tag in If-None-Match answers 304 Not Modified", ID("etag.group-none-match"), Requires("7644-3.14-05"), Explain{
			Why: "Groups are the largest resources; clients that poll for changes fetch all of their members again and again otherwise.",
			Fix: "Compare If-None-Match with the present tag of every resource type, and answer 304.",
		}, func() {
			tag := x.Header().Get("ETag")
			if tag == "" {
				s.block("etag.group-header", "the group has no ETag")
			}
			s.judge(s.do(wire.Request{Path: g.path(), Header: header("If-None-Match", tag)}), Status(http.StatusNotModified))
		})

		s.it("PUT of a group with an outdated tag in If-Match changes nothing", ID("etag.group-stale"), Requires("7644-3.14-07", "7644-3.12-13"), Explain{
			Why: "Members whom another administrator has just added are lost.",
			Fix: "Compare If-Match with the present version of every resource type, and answer 412.",
		}, func() {
			old := x.Header().Get("ETag")
			if old == "" {
				s.block("etag.group-header", "the group has no ETag")
			}
			changed, late := clone(g.Sent), clone(g.Sent)
			changed["displayName"], late["displayName"] = s.tag("etag-changed"), s.tag("etag-late")
			if y := s.putOver(g, changed); !y.Success() {
				s.see(y)
				s.block("groups.put", "PUT answered %d", y.Status)
			}
			if s.readBack(g).Header().Get("ETag") == old {
				s.block("etag.changes-members", "the version did not change")
			}
			y := s.putOver(g, late, "If-Match", old)
			after := s.readBack(g)
			s.see(y)
			s.judge(after, Text("displayName", scim.String(changed, "displayName")))
			if y.Status != http.StatusPreconditionFailed {
				s.judge(y, Softly(reports.Warn, Status(412)))
			}
		})
	})

	s.about("the version inside an answer", func() {
		s.it("the answer to PUT shows the version that its ETag header names", ID("etag.put-version"), Requires("7643-3.1-24"), Explain{
			Why: "A client that keeps meta.version from the answer is refused at its next change.",
			Fix: "Write the answer from what is stored after the change.",
		}, func() {
			s.requires(ETag)
			u := s.makeUser("etag-put")
			o := clone(u.Sent)
			o[s.freeText()] = "Again"
			x := s.putOver(u, o)
			version, tag := scim.String(x.Object(), "meta.version"), x.Header().Get("ETag")
			if !x.Success() || version == "" || tag == "" {
				s.see(x)
				s.skip("the answer to PUT (status %d) does not have both versions", x.Status)
			}
			s.judge(x, func(*reports.Exchange) error {
				if etagOpaque(version) != etagOpaque(tag) {
					return wrong("meta.version beside the ETag header", tag, version)
				}
				return nil
			})
		})
	})
}
