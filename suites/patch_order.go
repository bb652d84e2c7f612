package suites

import (
	"fmt"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchOrders: several operations in one request (RFC 7644 §3.5.2).
func (s *session) patchOrders(shared func() *patchChain) {
	s.about("PATCH with several operations", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = shared()
		})

		s.it("all operations of a PATCH are applied", ID("patch.all-operations"), Requires("7644-3.5.2-15"), Explain{
			Why: "Clients collect all changes of a user in one request; what the server skips is lost.",
			Fix: "Apply every element of Operations.",
		}, func() {
			s.settable("displayName", "title")
			s.removable("nickName")
			p := c.step(op("replace", "displayName", "All One"), op("replace", "title", "All Two"), op("remove", "nickName", nil))
			s.patched(p, patchedTo(p, "displayName", "All One"), patchedTo(p, "title", "All Two"), Unassigned("nickName"))
		})

		s.it("operations are applied in the order in which they are listed", ID("patch.order"), Requires("7644-3.5.2-15"), Explain{
			Why: "The outcome of remove and add, or of two replaces, is the opposite in another order.",
			Fix: "Go through Operations from first to last; do not group them by op or attribute.",
		}, func() {
			s.settable("title", "displayName")
			ops := []scim.Object{op("replace", "title", "First"), op("replace", "title", "Second")}
			if !s.needsType("User").attribute("displayName").Required {
				// A required attribute may not be removed, even for a moment.
				ops = append(ops, op("remove", "displayName", nil))
			}
			p := c.step(append(ops, op("add", "displayName", "Back Again"))...)
			s.patched(p, patchedTo(p, "title", "Second"), patchedTo(p, "displayName", "Back Again"))
		})

		s.it("what an operation sets, a later one removes", ID("patch.order-removes"), Requires("7644-3.5.2-15"), Explain{
			Why: "A server that runs all removals first leaves a value behind that the client has taken away.",
			Fix: "Go through Operations from first to last; do not group them by op or attribute.",
		}, func() {
			s.settable("nickName")
			s.removable("nickName")
			p := c.step(op("replace", "nickName", "Short-Lived"), op("remove", "nickName", nil))
			s.patched(p, Unassigned("nickName"))
		})

		s.it("each operation works on the result of the one before", ID("patch.order-builds"), Requires("7644-3.5.2-15"), Explain{
			Why: "Clients add a value and refine it in the same request.",
			Fix: "Evaluate the path of an operation against the working copy that the operations before it have left.",
		}, func() {
			s.settable("emails.value", "emails.type")
			first, second := s.patchMail("draft"), s.patchMail("final")
			p := c.step(
				op("add", "emails", []any{mail("other", first)}),
				op("replace", fmt.Sprintf("emails[value eq %q].value", first), second),
			)
			s.patched(p, hasMails(second), lacksMails(first))
		})
	})
}

// patchAtomicity: a PATCH with an error changes nothing (RFC 7644 §3.5.2).
func (s *session) patchAtomicity() {
	s.about("PATCH with an operation that fails", func() {
		var c *patchChain
		var work string
		s.beforeAll(func() {
			s.settable("emails.value", "emails.type", "title")
			work = s.patchMail("work")
			c = s.patchChain("atomic", s.patchMails(mail("work", work), mail("home", s.patchMail("home"))))
			c.wants(hasMails(work), Assigned("title"))
		})
		invalid := op("replace", `emails[type eq "no-such-type"`, "x")
		last := patchOnce(func() *patchStep {
			return c.step(op("replace", "title", "Half Done"), invalid)
		})

		s.it("a PATCH with one operation that fails is refused as a whole", ID("patch.atomic-status"), Requires("7644-3.5.2-17"), Explain{
			Why: "A success that hides a failed operation is never repaired.",
			Fix: "Answer with the error of the first operation that fails.",
		}, func() {
			s.judge(last().x, ClientError)
		})

		s.it("a PATCH that fails leaves the operations before the error unapplied", ID("patch.atomic-before"), Requires("7644-3.5.2-17"), Explain{
			Why: "A user who is changed in part matches neither the old nor the new state of the source.",
			Fix: "Work on a copy, and store it only when all operations have succeeded.",
		}, func() {
			p := last()
			s.see(p.x)
			s.judge(p.after, patchKept(p, "title"))
		})

		s.it("a PATCH that fails leaves the operations behind the error unapplied", ID("patch.atomic-behind"), Requires("7644-3.5.2-17"), Explain{
			Why: "A server that skips the faulty operation and goes on applies a change that the client believes to have failed.",
			Fix: "Stop at the first error.",
		}, func() {
			p := c.step(invalid, op("replace", "title", "Behind The Error"))
			s.see(p.x)
			s.judge(p.after, patchKept(p, "title"))
		})

		s.it("a PATCH that fails restores values inside multi-valued attributes", ID("patch.atomic-nested"), Requires("7644-3.5.2-17"), Explain{
			Why: "A copy of the resource that shares its lists with the original is changed although the request failed.",
			Fix: "Copy the resource deeply before applying operations.",
		}, func() {
			s.labels()
			p := c.step(op("replace", fmt.Sprintf("emails[value eq %q].display", work), "Half Done"), invalid)
			s.see(p.x)
			s.judge(p.after, patchKept(p, "emails"))
		})

		s.it("a PATCH that fails does not touch the version and the time of the last change", ID("patch.atomic-version"), Requires("7644-3.5.2-17"), Explain{
			Why: "Clients with the old ETag are turned away, and others fetch a change that never happened.",
			Fix: "Count the version up only when the changed resource is stored.",
		}, func() {
			p := last()
			s.see(p.x)
			if patchKept(p, "title")(p.after) != nil {
				s.block("patch.atomic-before", "the resource has been changed")
			}
			s.judge(p.after, patchKept(p, "meta.version", "meta.lastModified"), func(x *reports.Exchange) error {
				if is, was := x.Header().Get("ETag"), p.before.Header().Get("ETag"); is != was {
					return wrong("ETag", was, is)
				}
				return nil
			})
		})
	})
}

// patchNames: attribute names are case-insensitive (RFC 7644 §3.10, ambiguity A19).
func (s *session) patchNames(shared func() *patchChain) {
	s.about("letter case in PATCH", func() {
		var c *patchChain
		s.beforeAll(func() {
			c = shared()
		})

		s.it("attribute names in path may be written in another letter case", ID("patch.case-attribute"), Requires("7644-3.10-05"), Explain{
			Why: "Mappings are written by hand, and nickname is as right as nickName: RFC 7644 itself writes both.",
			Fix: "Compare attribute names without regard to letter case.",
		}, func() {
			s.settable("title", "name.familyName")
			p := c.step(op("replace", "TITLE", "Upper Case"), op("replace", "NAME.familyname", "Upper"))
			s.patched(p, patchedTo(p, "title", "Upper Case"), patchedTo(p, "name.familyName", "Upper"))
		})

		s.it("names in a value path may be written in another letter case", ID("patch.case-selected"), Requires("7644-3.10-05"), Explain{
			Why: "A filter that never matches because of a capital letter loses the change.",
			Fix: "Compare the names inside and behind the brackets without regard to letter case.",
		}, func() {
			s.settable("emails.value")
			list := scim.Objects(c.state().Object(), "emails")
			if len(list) == 0 {
				s.block("create.stored", "the user has no emails")
			}
			moved := s.patchMail("moved")
			p := c.step(op("replace", "Emails[VALUE eq "+scim.Quote(scim.String(list[0], "value"))+"].Value", moved))
			s.patched(p, hasMails(moved))
		})

		s.it("schema URNs in path may be written in another letter case", ID("patch.case-urn"), Requires("7644-3.10-05"), Explain{
			Why: "URNs are case-insensitive by definition; a refused path loses all enterprise attributes.",
			Fix: "Compare schema URNs without regard to letter case.",
		}, func() {
			const path = scim.EnterpriseURN + ":costCenter"
			s.settable(path)
			p := c.step(op("add", "URN:IETF:params:scim:schemas:EXTENSION:Enterprise:2.0:user:costcenter", "4130"))
			s.patched(p, patchedTo(p, path, "4130"))
		})

		s.it("names in value may be written in another letter case", ID("patch.case-value"), Requires("7643-2.1-03"), Explain{
			Why: "RFC 7644 itself sends nickname in the value of an add.",
			Fix: "Compare the member names of value with the schema without regard to letter case.",
		}, func() {
			s.settable("nickName")
			p := c.step(op("add", nil, object{"nickname": "Lower"}))
			s.patched(p, Softly(reports.Warn, patchedTo(p, "nickName", "Lower")))
		})

		s.it("op may be written with a capital letter", ID("patch.case-op"), Requires("7644-3.5.2-05"), Explain{
			Why: "Entra sends Add, Replace and Remove by default.",
			Fix: "Compare op without regard to letter case.",
		}, func() {
			s.settable("title")
			p := c.step(op("Replace", "title", "Capital"))
			s.see(p.x)
			if !p.x.Success() {
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.judge(p.after, Softly(reports.Warn, patchedTo(p, "title", "Capital")))
		})
	})
}
