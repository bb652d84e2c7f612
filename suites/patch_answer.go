package suites

import (
	"fmt"
	"net/http"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchAnswers judges what PATCH answers when it succeeds (RFC 7644 §3.5.2, §3.9).
func (s *session) patchAnswers() {
	s.about("the answer to a successful PATCH", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = s.patchChain("answer")
		})
		plain := patchOnce(func() *patchStep {
			s.settable("displayName")
			return c.step(op("replace", "displayName", "Answer One"))
		})
		worked := func() *patchStep {
			p := plain()
			if !p.x.Success() {
				s.see(p.x)
				s.block("patch.answer", "PATCH answered %d", p.x.Status)
			}
			return p
		}

		s.it("a successful PATCH answers 200 or 204", ID("patch.answer"), Requires("7644-3.5.2-19"), Explain{
			Why: "Clients count any other status as a failure, or wait for a result that never comes.",
			Fix: "Answer 200 with the changed resource, or 204 without a body.",
		}, func() {
			p := plain()
			s.judge(p.x, Status(http.StatusOK, http.StatusNoContent))
			s.observe("A05", "PATCH answers", fmt.Sprint(p.x.Status))
		})

		s.it("a PATCH that answers 200 carries the entire changed resource", ID("patch.answer-body"), Requires("7644-3.5.2-19", "7644-3.1-07"), Explain{
			Why: "Clients take the body for the new state; attributes that are missing or old in it look lost and are sent again.",
			Fix: "After applying all operations return the same representation that a GET of the resource returns.",
		}, func() {
			p := worked()
			if p.x.Status == http.StatusNoContent {
				s.note("the target answers 204: there is no body to judge")
				s.judge(p.x, NoBody)
				return
			}
			s.judge(p.x, IsObject, Same(p.after))
		})

		s.it("meta.lastModified moves forward when PATCH changes the resource", ID("patch.last-modified"), Requires("7643-3.1-22"), Explain{
			Why: "Clients that synchronise by time stamps never see a change that does not move lastModified.",
			Fix: "Set meta.lastModified to the current time whenever an operation has changed the resource.",
		}, func() {
			p := worked()
			before, ok1 := patchInstant(p.before, "meta.lastModified")
			after, ok2 := patchInstant(p.after, "meta.lastModified")
			if !ok1 || !ok2 {
				s.skip("meta.lastModified is missing or no time")
			}
			if !after.After(before) {
				// The clock of the resource may count in seconds.
				time.Sleep(1100 * time.Millisecond)
				p = c.step(op("replace", "displayName", "Answer Two"))
				after, _ = patchInstant(p.after, "meta.lastModified")
			}
			s.judge(p.after, func(x *reports.Exchange) error {
				if !after.After(before) {
					return wrong("meta.lastModified", text("later than "+scim.String(plain().before.Object(), "meta.lastModified")), scim.String(x.Object(), "meta.lastModified"))
				}
				return nil
			})
		})

		s.it("meta.created stays when PATCH changes the resource", ID("patch.created"), Requires("7643-3.1-20", "7643-7-15"), Explain{
			Why: "A creation time that moves makes old accounts look new in every audit.",
			Fix: "Set meta.created once, when the resource is created.",
		}, func() {
			p := worked()
			was, ok := patchInstant(p.before, "meta.created")
			if !ok {
				s.skip("meta.created is missing or no time")
			}
			s.judge(p.after, func(x *reports.Exchange) error {
				if is, ok := patchInstant(x, "meta.created"); !ok || !is.Equal(was) {
					return wrong("meta.created", scim.Get(p.before.Object(), "meta.created"), scim.Get(x.Object(), "meta.created"))
				}
				return nil
			})
		})

		projected := patchOnce(func() *patchStep {
			s.settable("displayName")
			s.needs("User", "title")
			return c.send(patchBody(op("replace", "displayName", "Answer Three")), "attributes", "displayName")
		})
		s.it("PATCH with the attributes parameter answers 200", ID("patch.attributes-200"), Requires("7644-3.5.2-20"), Explain{
			Why: "A client that asks for attributes needs them; a 204 forces it to send another request.",
			Fix: "Answer 200 with the projected resource whenever the attributes parameter is present, even where 204 is the default.",
		}, func() {
			s.judge(projected().x, Status(http.StatusOK))
		})

		s.it("PATCH with the attributes parameter answers with those attributes only", ID("patch.attributes-projected"), Requires("7644-3.5.2-19", "7644-3.9-02"), Explain{
			Why: "Clients limit answers to keep large or private attributes off the wire.",
			Fix: "Apply the attributes parameter to the body of PATCH as to the body of GET.",
		}, func() {
			x := projected().x
			if s.needsType("User").attribute("title").Returned == "always" {
				s.skip("the target's schema says that title is always returned")
			}
			if x.Status != http.StatusOK {
				s.see(x)
				s.block("patch.attributes-200", "PATCH with attributes answered %d", x.Status)
			}
			s.judge(x, Text("displayName", "Answer Three"), Unassigned("title"))
		})

		s.it("PATCH with the excludedAttributes parameter leaves them out of its answer", ID("patch.excluded"), Requires("7644-3.5.2-19"), Explain{
			Why: "Clients exclude large attributes such as members so that a small change has a small answer.",
			Fix: "Apply excludedAttributes to the body of PATCH; answering 204 to such a request hides the rest that the client asked for.",
		}, func() {
			s.settable("displayName", "externalId")
			x := c.probe(patchBody(op("replace", "displayName", "Answer Four")), "excludedAttributes", "externalId")
			if x.Status == http.StatusNoContent {
				s.judge(x, Softly(reports.Warn, Status(http.StatusOK)))
				return
			}
			s.judge(x, Softly(reports.Warn, Status(http.StatusOK)), Softly(reports.Warn, Unassigned("externalId")))
		})
	})
}

// patchInstant reads a time stamp of a resource; one without zone counts as UTC (ambiguity A63).
func patchInstant(x *reports.Exchange, path string) (time.Time, bool) {
	v := scim.String(x.Object(), path)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
