package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// patchExtensions: paths that begin with a schema's URN, and extension objects in value (RFC 7644 §3.5.2, §3.10).
func (s *session) patchExtensions() {
	const employee, department, manager = scim.EnterpriseURN + ":employeeNumber", scim.EnterpriseURN + ":department", scim.EnterpriseURN + ":manager"
	const division = scim.EnterpriseURN + ":division"

	s.about("PATCH of extension attributes", func() {
		var c *patchChain
		s.beforeAll(func() {
			s.settable(employee, department)
			c = s.patchChain("extension")
		})
		added := patchOnce(func() *patchStep {
			return c.step(op("add", employee, "E-1001"))
		})
		has := func() {
			if added().x.Success() && !scim.Assigned(c.get(employee)) {
				s.block("patch.extension-add", "the user has no employeeNumber")
			}
		}

		s.it("add with the URN of an extension sets its attribute", ID("patch.extension-add"), Requires("7643-3.3-04", "7644-3.10-01"), Explain{
			Why: "Entra sends employee numbers, departments and managers with such paths only.",
			Fix: "Take the longest schema URN off the front of path before splitting at dots: its version contains one.",
		}, func() {
			p := added()
			s.patched(p, patchedTo(p, employee, "E-1001"))
		})

		s.it("adding an extension attribute lists its URN in schemas", ID("patch.extension-listed"), Requires("7643-2.1-01", "7644-3.5.2-14"), Explain{
			Why: "Clients that go by schemas do not look at data whose URN is not listed.",
			Fix: "Derive schemas from the extensions that have data whenever the resource changes.",
		}, func() {
			p := added()
			has()
			s.patched(p, func(x *reports.Exchange) error {
				if !hasSchema(x.Object(), scim.EnterpriseURN) {
					return wrong("schemas", text("the URN of the extension among others"), x.Object()["schemas"])
				}
				return nil
			})
		})

		s.it("replace with the URN of an extension sets its attribute", ID("patch.extension-replace"), Requires("7643-3.3-04", "7644-3.10-01"), Explain{
			Why: "A change of department never arrives, and access that depends on it stays.",
			Fix: "Resolve the URN in path to the extension's object for every operation.",
		}, func() {
			added()
			has()
			p := c.step(op("replace", employee, "E-2002"))
			s.patched(p, patchedTo(p, employee, "E-2002"))
		})

		objectStep := patchOnce(func() *patchStep {
			added()
			has()
			return c.step(op("add", nil, object{scim.EnterpriseURN: object{"department": "Tours"}}))
		})
		s.it("an operation without path may carry an extension's object", ID("patch.extension-object"), Requires("7644-3.5.2.1-02", "7643-3.3-04"), Explain{
			Why: "It is the form in which resources carry extensions; a server that drops it loses all enterprise data.",
			Fix: "Where a member of value is named by an extension's URN, apply its members to that extension.",
		}, func() {
			p := objectStep()
			s.patched(p, patchedTo(p, department, "Tours"))
		})

		s.it("add of an extension's object keeps the extension's other attributes", ID("patch.extension-object-keeps"), Requires("7644-3.5.2.1-02", "7643-3.3-04"), Explain{
			Why: "Setting the department loses the employee number.",
			Fix: "Merge the given attributes into the stored extension.",
		}, func() {
			p := objectStep()
			if !scim.Assigned(scim.Get(p.before.Object(), employee)) {
				s.block("patch.extension-add", "the user has no employeeNumber")
			}
			s.patched(p, patchKept(p, employee))
		})

		s.it("replace with an extension's object keeps the extension's other attributes", ID("patch.extension-object-replace"), Requires("7644-3.5.2.3-05", "7643-3.3-04"), Explain{
			Why: "Whoever changes the department by replace loses the employee number.",
			Fix: "Merge the given attributes into the stored extension, for replace as for add; PUT is what replaces all.",
		}, func() {
			if p := objectStep(); !scim.Assigned(scim.Get(p.after.Object(), employee)) {
				s.block("patch.extension-object-keeps", "the user has no employeeNumber")
			}
			p := c.step(op("replace", nil, object{scim.EnterpriseURN: object{"department": "Freight"}}))
			if p.x.Success() && patchKept(p, department)(p.after) == nil {
				s.see(p.x)
				s.block("patch.extension-object", "an extension's object is not applied at all")
			}
			// A warning only: the text speaks of complex attributes, which an extension resembles.
			s.patched(p, patchedTo(p, department, "Freight"), Softly(reports.Warn, patchKept(p, employee)))
		})

		s.it("every attribute of an extension's object is set", ID("patch.extension-object-all"), Requires("7644-3.5.2.1-02", "7643-3.3-04"), Explain{
			Why: "Entra sends all changes of an extension in one object; what is dropped stays wrong until the next change.",
			Fix: "Go through all members of the extension's object, not only the first.",
		}, func() {
			s.settable(division)
			p := c.step(op("replace", nil, object{scim.EnterpriseURN: object{"employeeNumber": "E-3003", "division": "North", "department": "Rail"}}))
			if p.x.Success() && patchKept(p, employee, division, department)(p.after) == nil {
				s.see(p.x)
				s.block("patch.extension-object", "an extension's object is not applied at all")
			}
			s.patched(p, patchedTo(p, employee, "E-3003"), patchedTo(p, division, "North"), patchedTo(p, department, "Rail"))
			p = c.step(op("add", scim.EnterpriseURN, object{"division": "South", "department": "Air"}))
			if ClientError(p.x) == nil {
				s.judge(p.x, Softly(reports.Info, Status(200, 204)))
				return
			}
			s.patched(p, patchedTo(p, division, "South"), patchedTo(p, department, "Air"))
		})

		s.it("replace with a URN reaches a sub-attribute of an extension", ID("patch.extension-sub"), Requires("7643-3.3-04", "7644-3.10-01"), Explain{
			Why: "The manager is the one reference that nearly every directory sends; without it approvals have no approver.",
			Fix: "Resolve URN:attribute.sub, and create the complex value where it is missing.",
		}, func() {
			s.settable(manager + ".value")
			boss := s.makeUser("boss")
			p := c.step(op("replace", manager+".value", boss.ID))
			s.patched(p, patchedTo(p, manager+".value", boss.ID))
		})

		s.it("remove with the URN of an extension removes only that attribute", ID("patch.extension-remove"), Requires("7644-3.5.2.2-02"), Explain{
			Why: "Removing a department must remove it, and nothing else of the extension.",
			Fix: "Resolve the URN in path to the extension's object for remove too.",
		}, func() {
			if !scim.Assigned(c.get(department)) || !scim.Assigned(c.get(employee)) {
				s.block("patch.extension-add", "the user lacks the extension's attributes")
			}
			p := c.step(op("remove", department, nil))
			s.patched(p, Unassigned(department), patchKept(p, employee))
		})

		s.it("a core attribute may be named with its schema's URN", ID("patch.core-urn"), Requires("7644-3.10-01"), Explain{
			Why: "Clients that always qualify names are refused, or write into nowhere.",
			Fix: "Accept the URN of the base schema in front of its attributes.",
		}, func() {
			s.settable("title")
			p := c.step(op("replace", s.needsType("User").Schema+":title", "Qualified"))
			s.patched(p, patchedTo(p, "title", "Qualified"))
		})
	})

	s.about("PATCH of schemas", func() {
		var c *patchChain
		s.beforeAll(func() {
			s.settable(department)
			c = s.patchChain("schemas")
		})

		s.it("a change of schemas is in force for the operations behind it", ID("patch.schemas-in-force"), Requires("7644-3.5.2-13"), Explain{
			Why: "Clients that list an extension before they use it are refused.",
			Fix: "Apply operations one by one to the same working copy, schemas included; accept a URN that the type has.",
		}, func() {
			p := c.step(op("add", "schemas", []any{scim.EnterpriseURN}), op("add", department, "Listed First"))
			if ClientError(p.x) == nil {
				s.judge(p.x, Softly(reports.Warn, Status(200, 204)))
				return
			}
			s.patched(p, patchedTo(p, department, "Listed First"))
		})
	})
}
