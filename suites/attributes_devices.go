package suites

import (
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// The schemas of RFC 9944.
const (
	deviceURN = "urn:ietf:params:scim:schemas:core:2.0:Device"
	appURN    = "urn:ietf:params:scim:schemas:core:2.0:EndpointApp"
	bleURN    = "urn:ietf:params:scim:schemas:extension:ble:2.0:Device"
)

// attributeDevices: what RFC 9944 says of devices beyond their schema.
func (s *session) attributeDevices(z *zoo) {
	// having returns the pen of the type with that schema, and skips where there is none.
	having := func(urn, name string) *pen {
		for _, p := range z.all() {
			if strings.EqualFold(p.t.Schema, urn) {
				return p
			}
		}
		s.skip("the target has no resource type with the %s schema of RFC 9944", name)
		return nil
	}
	// post creates a resource of a pen from the minimal one, changed by edit.
	post := func(p *pen, edit func(o scim.Object)) (*reports.Exchange, *resource) {
		o := z.minimal(p.t, "device")
		edit(o)
		x := s.post(p.t.Endpoint, p.t.Endpoint, o)
		return x, s.adopt(p.t, o, x)
	}
	s.about("devices", func() {
		s.it("a device has the common attributes", ID("devices.common"), Requires("9944-2-01"), Explain{
			Why: "Devices are resources like any other: clients find them by id and externalId.",
			Fix: "Return id and meta, and keep externalId, for devices as for users.",
		}, func() {
			p := having(deviceURN, "Device")
			s.judge(p.a.got, Attr("id", p.a.ID), Attr("externalId", p.t.traits()[0].get(p.a.Sent)), Assigned("meta.resourceType"), Assigned("meta.location"))
		})
		s.it("a device without active is refused with 400", ID("devices.active-required"), Requires("9944-3.1-01"), Explain{
			Why: "Whether a device may be operated must never be a guess.",
			Fix: "Refuse devices without active with 400 and scimType invalidValue.",
		}, func() {
			p := having(deviceURN, "Device")
			x, _ := post(p, func(o scim.Object) { delete(o, "active") })
			s.judge(x, Refused("400", scim.InvalidValue))
		})
		s.it("displayName of a device is returned by default", ID("devices.display-name"), Requires("9944-3.1-02"), Explain{
			Why: "It is what people see in a list of devices.",
			Fix: "Return displayName unless the client excludes it.",
		}, func() {
			p := having(deviceURN, "Device")
			if p.t.base.Attr("displayName") == nil {
				s.skip("devices have no displayName here")
			}
			s.judge(p.a.got, Assigned("displayName"))
		})
		s.it("a member that is a device has the type Device", ID("devices.member-type"), Requires("9944-4-01"), Explain{
			Why: "Clients that read a group tell devices from users by it.",
			Fix: "Set type of such a member to the name of its resource type.",
		}, func() {
			p := having(deviceURN, "Device")
			s.needs("Group", "members.value")
			g, x := s.create("Group", s.group("devices", p.c.resource))
			if g == nil {
				s.see(x)
				s.skip("the target refuses devices as members (status %d)", x.Status)
			}
			s.judge(s.readBack(g), func(x *reports.Exchange) error {
				for _, m := range scim.Objects(x.Object(), "members") {
					if scim.String(m, "value") != p.c.ID {
						continue
					}
					if got, set := scim.Lookup(m, "type"); set && got != "Device" {
						return wrong("type of a member that is a device", "Device", got)
					}
					return nil
				}
				return wrong("members", text("the device "+p.c.ID), scim.Get(x.Object(), "members"))
			})
		})
		s.it("separateBroadcastAddress together with irk is refused", ID("devices.broadcast-or-irk"), Requires("9944-7.1-01"), Explain{
			Why: "A device with a resolvable address has no separate one; a gateway that gets both connects to the wrong device.",
			Fix: "Refuse the two attributes together with 400 and scimType invalidValue.",
		}, func() {
			p := having(deviceURN, "Device")
			var ble *scim.Schema
			for _, e := range p.t.extensions {
				if strings.EqualFold(e.ID, bleURN) {
					ble = e
				}
			}
			if ble == nil || ble.Attr("irk") == nil || ble.Attr("separateBroadcastAddress") == nil {
				s.skip("the target's devices have no irk and separateBroadcastAddress")
			}
			m := z.sampler(p, "ble", 0)
			both := func(irk bool) func(o scim.Object) {
				return func(o scim.Object) {
					for i := range ble.Attributes {
						a := trait{t: p.t, urn: ble.ID, attr: &ble.Attributes[i]}
						if v := m.value(a); v != nil && (a.attr.Required || a.attr.Name == "separateBroadcastAddress" || irk && a.attr.Name == "irk") {
							a.set(o, v)
						}
					}
				}
			}
			x, r := post(p, both(false))
			if r == nil {
				s.see(x)
				s.skip("a device with broadcast addresses alone is refused too (status %d)", x.Status)
			}
			x, _ = post(p, both(true))
			s.judge(x, ClientError)
		})
		s.it("an application needs its name, and gets a token where it has no certificate", ID("devices.app"), Requires("9944-6.2-01"), Explain{
			Why: "An application without name and without credential can neither be recognised nor log in.",
			Fix: "Require applicationName, and generate clientToken unless certificateInfo was given.",
		}, func() {
			p := having(appURN, "EndpointApp")
			x, _ := post(p, func(o scim.Object) { delete(o, "applicationName") })
			s.judge(x, Refused("400", scim.InvalidValue))
			if p.t.base.Attr("clientToken") != nil {
				s.judge(p.c.got, func(x *reports.Exchange) error {
					if scim.Get(x.Object(), "certificateInfo") == nil && scim.Get(x.Object(), "clientToken") == nil {
						// Other means of authentication may have been arranged.
						return soften(reports.Info, wrong("clientToken of an application without certificate", text("a token"), nil))
					}
					return nil
				})
			}
		})
		s.it("an accepted certificateInfo is returned", ID("devices.certificate"), Requires("9944-6.3.1-01"), Explain{
			Why: "It is how a client sees that the application will be recognised by its certificate.",
			Fix: "Return certificateInfo, or refuse it; do not accept and drop it.",
		}, func() {
			p := having(appURN, "EndpointApp")
			if p.t.base.Attr("certificateInfo") == nil {
				s.skip("applications have no certificateInfo here")
			}
			if !scim.Assigned(scim.Get(p.a.Sent, "certificateInfo")) {
				s.skip("the target refuses the sample certificate")
			}
			s.judge(p.a.got, Status(http.StatusOK), Assigned("certificateInfo.subjectName"))
		})
	})
}
