package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/reports"
)

// etagConditionalReads: If-None-Match.
func (s *session) etagConditionalReads() {
	s.about("GET with If-None-Match", func() {
		var u *resource
		var tag string
		var fresh *reports.Exchange
		s.beforeAll(func() {
			s.requires(ETag)
			u = s.makeUser("etag-read")
			read := s.readBack(u)
			s.versioned(read)
			tag = s.tagged(read)
			fresh = s.readIfNoneMatch(u, tag)
		})

		s.it("GET with the present tag in If-None-Match answers 304 Not Modified", ID("etag.none-match"), Requires("7644-3.14-05"), Explain{
			Why: "Clients that poll for changes fetch everything again and again otherwise.",
			Fix: "Compare If-None-Match with the present tag, weakly, and answer 304.",
		}, func() { s.judge(fresh, Status(http.StatusNotModified)) })

		s.it("a 304 answer has no body", ID("etag.not-modified-empty"), Requires("7644-3.14-05"), Explain{
			Why: "Bytes behind a 304 are taken for the beginning of the next answer on the same connection.",
			Fix: "Send no body with 304.",
		}, func() {
			notModified(s, fresh)
			s.judge(fresh, NoBody)
		})

		s.it("a 304 answer repeats the ETag", ID("etag.not-modified-tag"), Requires("7644-3.14-05"), Explain{
			Why: "HTTP demands it, so that a cache can tell which of its copies is still good.",
			Fix: "Send the ETag header with 304 too.",
		}, func() {
			notModified(s, fresh)
			s.judge(fresh, tagIs(tag))
		})

		s.it("GET with another tag in If-None-Match answers 200 with the resource", ID("etag.none-match-stale"), Requires("7644-3.14-05", "7644-3.4.1-01"), Explain{
			Why: "A client with an outdated copy is told that it is up to date, and keeps it for ever.",
			Fix: "Answer 304 only where a tag of the header is the present one.",
		}, func() {
			s.judge(s.readIfNoneMatch(u, `W/"scimproof-outdated"`), Status(http.StatusOK), Attr("id", u.ID))
		})

		s.it("GET with the present tag in a list in If-None-Match answers 304", ID("etag.none-match-list"), Requires("7644-3.14-05"), Explain{
			Why: "A cache with several copies asks with all of their tags at once.",
			Fix: "Split If-None-Match at its commas and compare each tag.",
		}, func() {
			notModified(s, fresh)
			s.judge(s.readIfNoneMatch(u, `"scimproof-a", `+tag+`, W/"scimproof-b"`), Status(http.StatusNotModified))
		})

		s.it("GET with If-None-Match: * answers 304 for an existing resource", ID("etag.none-match-any"), Requires("7644-3.14-05"), Explain{
			Why: "HTTP defines * as any present representation; a client that only wants to know whether it exists uses it.",
			Fix: "Let * match every existing resource.",
		}, func() {
			notModified(s, fresh)
			s.judge(s.readIfNoneMatch(u, "*"), Status(http.StatusNotModified))
		})

		s.it("GET with the tag from before a change answers 200", ID("etag.none-match-changed"), Requires("7644-3.14-05", "7644-3.14-04"), Explain{
			Why: "The client never sees a change that was made since it last looked.",
			Fix: "Compare with the tag of the present state.",
		}, func() {
			name := s.freeText()
			before := s.readBack(u)
			s.outwait(before)
			o := clone(u.Sent)
			o[name] = "Changed since"
			if x := s.putOver(u, o); !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			s.judge(s.readIfNoneMatch(u, tag), Status(http.StatusOK), Text(name, "Changed since"))
		})
	})
}

// notModified blocks where If-None-Match has no effect at all.
func notModified(s *session, fresh *reports.Exchange) {
	if fresh.Status != http.StatusNotModified {
		s.see(fresh)
		s.block("etag.none-match", "GET with If-None-Match answered %d", fresh.Status)
	}
}
