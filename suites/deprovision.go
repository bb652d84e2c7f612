package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// deprovisioning: what happens to leavers. Entra disables them by PATCH of active, Okta by PATCH or PUT, and both expect
// to read and find the disabled user (ambiguity A59).
func (s *session) deprovisioning() {
	s.disable()
	s.disableOtherwise()
	s.disableThenDelete()
}

// needsActive skips where users have no active attribute that clients may set.
func (s *session) needsActive() {
	s.settable("active")
}

// makeActive makes a user who can be disabled: where the configuration has users created disabled, it is enabled.
func (s *session) makeActive(tag string) *resource {
	u := s.makeUser(tag)
	if scim.Get(u.Sent, "active") == false {
		if x := s.patch(u, op("replace", "active", true)); !x.Success() || scim.Get(s.readBack(u).Object(), "active") != true {
			s.see(x)
			s.skip("the configuration has users created with active false, and PATCH of active answered %d", x.Status)
		}
	}
	return u
}

// activeIs wants active to be that Boolean.
func activeIs(want bool) Check {
	return func(x *reports.Exchange) error {
		got := scim.Get(x.Object(), "active")
		if got == want {
			return nil
		}
		if _, isText := got.(string); isText {
			return nil // deprovision.boolean judges that
		}
		return wrong("active after the write", want, got)
	}
}

// disable: PATCH with a path, the way of Entra, and back.
func (s *session) disable() {
	s.about("disabling a user by PATCH of active", func() {
		var u, other *resource
		var before, x, after, twice, afterTwice, on, afterOn *reports.Exchange
		s.beforeAll(func() {
			s.needsActive()
			s.requires(Patch)
			u, other = s.makeActive("leaver"), s.makeActive("stayer")
			before = s.readBack(u)
			s.outwait(before)
			x = s.patch(u, op("replace", "active", false))
			after = s.read(u)
		})
		disabled := func() {
			if !x.Success() || after.Status == http.StatusOK && activeIs(false)(after) != nil {
				s.see(x)
				s.block("deprovision.patch", "the user was not disabled")
			}
		}
		readable := func() {
			disabled()
			if after.Status != http.StatusOK {
				s.see(after)
				s.block("deprovision.readable", "GET of the disabled user answered %d", after.Status)
			}
		}

		s.it("PATCH that replaces active by false is stored", ID("deprovision.patch"), Requires("7644-3.5.2.3-02", "7644-3.5.2-19"), Explain{
			Why: "This is how leavers lose their access; an acknowledged request without effect leaves their accounts open.",
			Fix: "Store active as sent, and answer 200 with the resource or 204.",
		}, func() {
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			if after.Status == http.StatusOK {
				s.judge(after, activeIs(false))
			}
		})

		s.it("a disabled user can still be read", ID("deprovision.readable"), Requires("7643-4.1.1-14"), Explain{
			Why: "Entra and Okta read the user after they have disabled it; a 404 makes them create a second one.",
			Fix: "Treat active as an attribute: only DELETE makes a user disappear.",
		}, func() {
			disabled()
			s.judge(after, Status(http.StatusOK), Attr("id", u.ID))
		})

		s.it("a disabled user is found by userName", ID("deprovision.found"), Requires("7643-4.1.1-14", "7644-3.4.2.2-03"), Explain{
			Why: "A returning person is looked up by userName; when not found, the client creates a duplicate or runs into a conflict.",
			Fix: "Do not hide inactive users from queries.",
		}, func() {
			s.requires(Filter)
			readable()
			s.judge(s.byName(u), Listed(u))
		})

		s.it("a filter for inactive users finds the disabled one", ID("deprovision.filter-false"), Requires("7643-4.1.1-14", "7644-3.4.2.2-03"), Explain{
			Why: "Reviews of who has left work with this filter.",
			Fix: "Compare active as a Boolean in filters, and do not hide inactive users.",
		}, func() {
			s.requires(Filter)
			readable()
			found := s.get(u.typ.Endpoint, "filter", `active eq false and userName eq `+scim.Quote(scim.String(u.Sent, "userName")))
			s.filtered(found)
			s.judge(found, Listed(u))
		})

		s.it("a filter for active users does not find the disabled one", ID("deprovision.filter-true"), Requires("7644-3.4.2.2-02"), Explain{
			Why: "Whoever counts licences or grants access by this filter counts leavers among the staff.",
			Fix: "Evaluate active eq true on the stored value.",
		}, func() {
			s.requires(Filter)
			readable()
			found := s.get(u.typ.Endpoint, "filter", `active eq true and userName eq `+scim.Quote(scim.String(u.Sent, "userName")))
			s.filtered(found)
			s.judge(found, Unlisted(u))
		})

		s.it("active of a disabled user is a Boolean, not a string", ID("deprovision.boolean"), Requires("7643-2.3.2-01"), Explain{
			Why: "Clients take the string \"False\" for true, or fail on it, and the leaver counts as active.",
			Fix: "Write active as the JSON literal true or false.",
		}, func() {
			readable()
			s.judge(after, func(x *reports.Exchange) error {
				if got, isText := scim.Get(x.Object(), "active").(string); isText {
					return wrong("active", text("a Boolean"), got)
				}
				return nil
			})
		})

		s.it("disabling a user leaves its other attributes alone", ID("deprovision.untouched"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "Leavers come back, and auditors ask who they were; their data must survive being disabled.",
			Fix: "Change active and nothing else.",
		}, func() {
			readable()
			s.judge(after, Same(before, "active"))
		})

		s.it("disabling a user leaves others alone", ID("deprovision.others"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "A leaver must not take colleagues along.",
			Fix: "Change the resource of the path alone.",
		}, func() {
			disabled()
			s.judge(s.readBack(other), activeIs(true))
		})

		s.it("disabling a user moves meta.lastModified forward", ID("deprovision.last-modified"), Requires("7643-3.1-22"), Explain{
			Why: "Systems that read what has changed never learn that this person has left.",
			Fix: "Count a change of active as a change of the resource.",
		}, func() {
			readable()
			s.judge(after, modifiedAfter(before))
		})

		s.it("disabling a user twice succeeds and leaves it disabled", ID("deprovision.twice"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "Clients repeat what they are not sure of; a server that switches instead of sets turns the leaver on again.",
			Fix: "Set active to the given value, whatever it was.",
		}, func() {
			readable()
			twice = s.patch(u, op("replace", "active", false))
			afterTwice = s.readBack(u)
			s.judge(twice, Status(http.StatusOK, http.StatusNoContent))
			s.judge(afterTwice, activeIs(false))
		})

		s.it("a disabled user can be enabled again by PATCH", ID("deprovision.reactivate"), Requires("7644-3.5.2.3-02"), Explain{
			Why: "Returning staff get their old account back this way; otherwise a person has to repair each of them.",
			Fix: "Allow active to go back to true.",
		}, func() {
			readable()
			on = s.patch(u, op("replace", "active", true))
			afterOn = s.readBack(u)
			s.judge(on, Status(http.StatusOK, http.StatusNoContent))
			s.judge(afterOn, activeIs(true))
		})
	})
}

// disableOtherwise: PATCH without path, PUT, and POST of a user that is disabled from the start.
func (s *session) disableOtherwise() {
	s.about("disabling a user by PATCH without path", func() {
		var u *resource
		var before, x, after *reports.Exchange
		s.beforeAll(func() {
			s.needsActive()
			s.requires(Patch)
			u = s.makeActive("leaver-pathless")
			before = s.readBack(u)
			x = s.patch(u, op("replace", nil, object{"active": false}))
			after = s.readBack(u)
		})

		s.it("PATCH without path whose value says that active is false is stored", ID("deprovision.pathless"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "Okta disables users in this form; a server that wants a path leaves all of its leavers active.",
			Fix: "Accept replace without path and apply each attribute of its value.",
		}, func() {
			s.judge(x, Status(http.StatusOK, http.StatusNoContent))
			s.judge(after, activeIs(false))
		})

		s.it("PATCH without path leaves attributes alone that its value does not mention", ID("deprovision.pathless-untouched"), Requires("7644-3.5.2.3-01"), Explain{
			Why: "Read as a replacement of the whole user, the request would wipe out everything but active.",
			Fix: "Change only the attributes that the value names.",
		}, func() {
			if !x.Success() {
				s.block("deprovision.pathless", "PATCH answered %d", x.Status)
			}
			s.judge(after, Same(before, "active"))
		})
	})

	s.about("disabling a user by PUT", func() {
		var u *resource
		var before, x, after, on, afterOn *reports.Exchange
		s.beforeAll(func() {
			s.needsActive()
			u = s.makeUser("leaver-put")
			before = s.readBack(u)
			// What the target has made of the values of the POST is judged where users are created.
			o := clone(u.Sent)
			for k := range o {
				if v, kept := scim.Lookup(before.Object(), k); kept && k != "schemas" {
					o[k] = v
				} else if a := u.typ.attribute(k); !kept && !(a != nil && a.Required) {
					delete(o, k)
				}
			}
			o["active"] = false
			x = s.putOver(u, o)
			after = s.readBack(u)
			o["active"] = true
			on = s.putOver(u, o)
			afterOn = s.readBack(u)
		})

		s.it("PUT with active false is stored", ID("deprovision.put"), Requires("7644-3.5.1-03"), Explain{
			Why: "Okta's custom apps disable users in this form; if it has no effect, leavers keep their access.",
			Fix: "Store active from the body, and tell false from a missing value.",
		}, func() {
			s.judge(x, succeeded)
			s.judge(after, activeIs(false))
		})

		s.it("PUT with active true enables a disabled user", ID("deprovision.put-reactivate"), Requires("7644-3.5.1-03"), Explain{
			Why: "Returning staff get their old account back this way.",
			Fix: "Allow active to go back to true.",
		}, func() {
			if !x.Success() || activeIs(false)(after) != nil {
				s.block("deprovision.put", "the user was not disabled")
			}
			s.judge(on, succeeded)
			s.judge(afterOn, activeIs(true))
		})

		s.it("PUT that changes active alone leaves the other attributes as they were", ID("deprovision.put-untouched"), Requires("7644-3.5.1-03"), Explain{
			Why: "A returning person should find the account as it was left.",
			Fix: "Do not clear a user's data because it becomes inactive.",
		}, func() {
			if !x.Success() {
				s.block("deprovision.put", "PUT answered %d", x.Status)
			}
			s.judge(after, Same(before, "active"))
		})
	})

	s.about("creating a disabled user", func() {
		s.it("a user created with active false is disabled", ID("deprovision.create-disabled"), Requires("7644-3.1-07", "7643-4.1.1-14"), Explain{
			Why: "Accounts are often made before the first day of work; a server that switches them on lets people in too early.",
			Fix: "Apply the default of active only where the client sent nothing.",
		}, func() {
			s.needsActive()
			u := s.makeUser("not-yet", set("active", false))
			s.judge(s.readBack(u), activeIs(false))
		})
	})
}

// disableThenDelete: the last step, after the grace period.
func (s *session) disableThenDelete() {
	s.about("deleting a disabled user", func() {
		var u, g *resource
		var x *reports.Exchange
		var inGroup bool
		s.beforeAll(func() {
			s.needsActive()
			u = s.makeUser("leaver-delete", set("active", false))
			s.readBack(u)
			if s.learned.typ("Group") != nil {
				if g, _ = s.create("Group", s.group("leaver-group", u)); g != nil {
					inGroup = hasMember(u)(s.read(g)) == nil
				}
			}
			x = s.remove(u)
		})
		gone := func() {
			if !x.Success() {
				s.see(x)
				s.block("deprovision.delete", "DELETE answered %d", x.Status)
			}
		}

		s.it("a disabled user can be deleted", ID("deprovision.delete"), Requires("7644-3.6-05"), Explain{
			Why: "Entra deletes a user some weeks after it has disabled it; the deletion must reach disabled users too.",
			Fix: "Let DELETE find inactive users and answer 204.",
		}, func() { s.judge(x, Status(http.StatusNoContent)) })

		s.it("every operation on a deleted user that was disabled before answers 404", ID("deprovision.deleted-404"), Requires("7644-3.6-02"), Explain{
			Why: "Servers that delete by setting active to false keep the leaver readable for ever.",
			Fix: "Keep the marks for inactive and for deleted apart.",
		}, func() {
			gone()
			s.judge(s.read(u), Status(http.StatusNotFound))
			s.judge(s.putOver(u, u.Sent), Status(http.StatusNotFound))
			s.judge(s.remove(u), Status(http.StatusNotFound))
		})

		s.it("a deleted user that was disabled before is not found by userName", ID("deprovision.deleted-unlisted"), Requires("7644-3.6-03"), Explain{
			Why: "A leaver's record that keeps coming back in searches has not been deleted.",
			Fix: "Leave deleted users out of queries, whatever active says.",
		}, func() {
			gone()
			s.requires(Filter)
			s.judge(s.byName(u), Unlisted(u))
		})

		s.it("a deleted user is no member of its groups any more", ID("deprovision.deleted-member"), Requires("7644-3.6-07"), Explain{
			Why: "Groups fill up with ids that lead nowhere, and clients that resolve them fail.",
			Fix: "Remove a user from its groups when it is deleted.",
		}, func() {
			gone()
			if !inGroup {
				s.skip("the disabled user was not shown as a member of a group before")
			}
			s.judge(s.readBack(g), hasNoMember(u))
		})

		s.it("a person who was disabled and deleted can be created again", ID("deprovision.recreate"), Requires("7644-3.6-04"), Explain{
			Why: "People who come back after years get a new account under their old name.",
			Fix: "Free userName when a user is deleted.",
		}, func() {
			gone()
			o := clone(u.Sent)
			o["active"] = true
			_, x := s.create("User", o)
			s.judge(x, Status(http.StatusCreated))
		})
	})
}
