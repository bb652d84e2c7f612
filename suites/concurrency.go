package suites

import (
	"net/http"
	"slices"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// concurrency: requests that are sent at once. Each acknowledged write must hold afterwards, as if they had been sent one
// after the other in some order. A round may miss a race by luck, so there are several. Walks while records come and go are
// judged where pages are.
func (s *session) concurrency() {
	s.concurrentCreates()
	s.concurrentMembers()
	s.concurrentPatches()
	s.concurrentVersions()
	s.concurrentDeletes()
	s.concurrentLists()
}

const (
	raceRounds = 3
	raceWidth  = 6
)

// postOf, patchOf and putOf make requests for together.
func (s *session) postOf(t *resourceType, o scim.Object) wire.Request {
	return wire.Request{Method: http.MethodPost, Path: t.Endpoint, Creates: t.Endpoint, Body: encode(o)}
}

func patchOf(r *resource, ops ...scim.Object) wire.Request {
	return wire.Request{Method: http.MethodPatch, Path: r.path(), Body: encode(patchBody(ops...))}
}

func putOf(r *resource, o scim.Object) wire.Request {
	return wire.Request{Method: http.MethodPut, Path: r.path(), Body: encode(o)}
}

// times makes n equal requests.
func times(n int, r wire.Request) []wire.Request {
	out := make([]wire.Request, n)
	for i := range out {
		out[i] = r
	}
	return out
}

// volley sends requests at once and ends the check where one has no answer.
func (s *session) volley(requests ...wire.Request) []*reports.Exchange {
	list := s.together(requests...)
	for _, x := range list {
		if x.Err() != nil {
			s.see(x)
			s.cannotJudge(x.Err())
		}
	}
	return list
}

// acknowledged lists which of the exchanges succeeded. Where none did, what is judged cannot be: the check is blocked.
func (s *session) acknowledged(list []*reports.Exchange, by string) []int {
	var out []int
	for i, x := range list {
		if x.Success() {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		s.see(list[0])
		s.block(by, "%s answered %d to each of %d requests at once", list[0].Method, list[0].Status, len(list))
	}
	return out
}

// gaveWay tells whether a status says that a request came at a bad moment and may be repeated.
func gaveWay(status int) bool {
	switch status {
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	}
	return false
}

// concurrentCreates: one userName, several creations.
func (s *session) concurrentCreates() {
	s.about("equal users created at once", func() {
		type round struct {
			sent scim.Object
			xs   []*reports.Exchange
			made []*resource
		}
		var rounds []round
		s.beforeAll(func() {
			t := s.needsType("User")
			for range raceRounds {
				o := s.user("race")
				r := round{sent: o, xs: s.volley(times(raceWidth, s.postOf(t, o))...)}
				for _, x := range r.xs {
					if u := s.adopt(t, o, x); u != nil {
						r.made = append(r.made, u)
					}
				}
				rounds = append(rounds, r)
			}
		})
		made := func() {
			for _, r := range rounds {
				s.acknowledged(r.xs, "create.status")
				if len(r.made) == 0 {
					s.block("create.status", "no user was created")
				}
			}
		}

		s.it("of equal users created at once exactly one comes into being", ID("concurrency.create-once"), Requires("7643-4.1.1-02"), Explain{
			Why: "Clients repeat a creation whose answer is late. Two accounts for one person are the result where the server looks first and writes afterwards.",
			Fix: "Put a unique index on userName and let the database decide, instead of searching before the insert.",
		}, func() {
			made()
			for _, r := range rounds {
				first := r.made[0]
				for _, u := range r.made[1:] {
					if u.ID != first.ID {
						s.judgeErr(wrong("users named "+scim.String(r.sent, "userName"), text("one"), text("two, with the ids "+first.ID+" and "+u.ID)), first.Created, u.Created)
					}
				}
				s.judge(s.read(first), Status(200), Attr("id", first.ID))
				x := s.await(func() *reports.Exchange { return s.byNameIfFilters(first) }, func(x *reports.Exchange) bool { return x.Status != http.StatusOK || len(listItems(x)) > 0 })
				if x.Status != http.StatusOK {
					continue
				}
				s.judge(x, func(x *reports.Exchange) error {
					if n := len(listItems(x)); n != 1 {
						return wrong("users found by that userName", 1, n)
					}
					return nil
				})
			}
		})

		s.it("the other equal creations are refused with 409", ID("concurrency.create-conflict"), Requires("7644-3.3-09", "7644-3.12-12"), Explain{
			Why: "A violation of the unique index that nobody expected ends in 500, and the client sends the user again for hours.",
			Fix: "Translate the database's error about the unique index into 409 uniqueness.",
		}, func() {
			made()
			for _, r := range rounds {
				for _, x := range r.xs {
					switch {
					case x.Success():
					case x.Status == http.StatusTooManyRequests || x.Status == http.StatusServiceUnavailable:
						s.note("an equal creation was put off with %d", x.Status)
					case x.Status >= 400 && x.Status < 500:
						s.judge(x, Softly(reports.Warn, Status(http.StatusConflict)))
					default:
						s.judge(x, Status(http.StatusConflict))
					}
				}
			}
		})
	})
}

// byNameIfFilters is byName for checks that can do without; the exchange has no status where the target has no filters.
func (s *session) byNameIfFilters(r *resource) *reports.Exchange {
	if !s.offers(Filter) {
		return &reports.Exchange{}
	}
	return s.get(r.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(r.Sent, "userName")))
}

// concurrentMembers: one group, several changes of its members.
func (s *session) concurrentMembers() {
	s.about("members added to and removed from one group at once", func() {
		var users []*resource
		var adds, removes [][]*reports.Exchange
		var added, removed []*reports.Exchange
		s.beforeAll(func() {
			s.requires(Patch)
			s.granted(s.needsType("Group"), "members")
			for range raceWidth {
				users = append(users, s.makeUser("race-member"))
			}
			for range raceRounds {
				g := s.makeGroup("race-add")
				var requests []wire.Request
				for _, u := range users {
					requests = append(requests, patchOf(g, op("add", "members", memberList(u))))
				}
				adds = append(adds, s.volley(requests...))
				added = append(added, s.readMembers(g))

				g = s.makeGroup("race-remove", users...)
				requests = nil
				for _, u := range users {
					requests = append(requests, patchOf(g, op("remove", "members[value eq "+scim.Quote(u.ID)+"]", nil)))
				}
				removes = append(removes, s.volley(requests...))
				removed = append(removed, s.readMembers(g))
			}
		})
		judge := func(rounds [][]*reports.Exchange, after []*reports.Exchange, want bool, by string) {
			for i, xs := range rounds {
				for _, n := range s.acknowledged(xs, by) {
					s.see(xs[n])
					s.judge(after[i], func(x *reports.Exchange) error {
						for _, e := range scim.Objects(x.Object(), "members") {
							if scim.String(e, "value") == users[n].ID {
								if want {
									return nil
								}
								return wrong("members after the removal of "+users[n].ID+" was acknowledged", text("all but that one"), e)
							}
						}
						if !want {
							return nil
						}
						return wrong("members after the addition of "+users[n].ID+" was acknowledged", text("that one among them"), scim.Get(x.Object(), "members.value"))
					})
				}
				for _, x := range xs {
					if !x.Success() && !gaveWay(x.Status) {
						s.judge(x, Softly(reports.Warn, succeeded))
					}
				}
			}
		}

		s.it("members that are added at once are all in the group afterwards", ID("concurrency.members-added"), Requires("7644-3.5.2.1-05", "7644-3.1-07"), Explain{
			Why: "Identity providers add members in parallel. One that is lost has no access, while the client was told that he has, and is never told otherwise.",
			Fix: "Add a member by inserting a row, or lock the group from reading to writing; never write back a list that was read before.",
		}, func() { judge(adds, added, true, "groups.patch-add") })

		s.it("members that are removed at once are all gone from the group afterwards", ID("concurrency.members-removed"), Requires("7644-3.5.2.2-04", "7644-3.1-07"), Explain{
			Why: "Somebody whose rights were taken away keeps them, and the client was told that they are gone.",
			Fix: "Remove a member by deleting a row, or lock the group from reading to writing; never write back a list that was read before.",
		}, func() { judge(removes, removed, false, "groups.patch-remove") })
	})
}

// readMembers reads a group back, and asks for its members where they are returned on request alone.
func (s *session) readMembers(g *resource) *reports.Exchange {
	if a := g.typ.attribute("members"); a != nil && a.Returned == "request" {
		return s.read(g, "attributes", "members")
	}
	return s.readBack(g)
}

// raceAttributes are texts of a user that may be changed independently of each other.
func (s *session) raceAttributes() []string {
	t := s.needsType("User")
	var out []string
	for _, path := range []string{"nickName", "title", "displayName", "userType", "name.givenName", "name.familyName"} {
		free := !slices.ContainsFunc(t.levels(path), func(a *scim.Attribute) bool {
			return a == nil || a.MultiValued || len(a.CanonicalValues) > 0 || a.Mutability != "readWrite" || a.Returned != "default" && a.Returned != "always"
		})
		if free && t.attribute(path).Type == "string" {
			out = append(out, path)
		}
	}
	return out
}

// concurrentPatches: one user, several changes.
func (s *session) concurrentPatches() {
	s.about("changes of one user at once", func() {
		var names []string
		s.beforeAll(func() {
			s.requires(Patch)
			if names = s.raceAttributes(); len(names) < 2 {
				s.skip("the target's users have fewer than two texts that may be changed")
			}
		})

		s.it("changes of different attributes that are sent at once all hold afterwards", ID("concurrency.patch-attributes"), Requires("7644-3.5.2.3-02", "7644-3.1-07"), Explain{
			Why: "Two clients that maintain different attributes of the same people undo each other's work, and each was told that its own was done.",
			Fix: "Update the columns that the operation names, or lock the user from reading to writing.",
		}, func() {
			for range raceRounds {
				u := s.makeUser("race-patch")
				var requests []wire.Request
				var values []string
				for _, path := range names {
					values = append(values, s.tag("race"))
					requests = append(requests, patchOf(u, op("replace", path, values[len(values)-1])))
				}
				xs := s.volley(requests...)
				after := s.readBack(u)
				for _, n := range s.acknowledged(xs, "patch.replace-simple") {
					s.see(xs[n])
					s.judge(after, changedTo(names[n], scim.Get(u.Sent, names[n]), values[n]))
				}
			}
		})

		s.it("one of several PATCH requests with two operations each wins with both of them", ID("concurrency.patch-atomic"), Requires("7644-3.5.2-17"), Explain{
			Why: "A record that is half of one request and half of another is in a state that nobody has asked for.",
			Fix: "Apply all operations of a request in one transaction, with the resource locked.",
		}, func() {
			for range raceRounds {
				u := s.makeUser("race-atomic")
				var requests []wire.Request
				for i := range raceWidth {
					v := s.tag("race")
					ops := []scim.Object{op("replace", names[0], v), op("replace", names[1], v)}
					if i%2 == 1 {
						ops[0], ops[1] = ops[1], ops[0]
					}
					requests = append(requests, patchOf(u, ops...))
				}
				xs := s.volley(requests...)
				s.acknowledged(xs, "patch.replace-simple")
				for _, x := range xs {
					s.see(x)
				}
				s.judge(s.readBack(u), func(x *reports.Exchange) error {
					a, b := scim.Get(x.Object(), names[0]), scim.Get(x.Object(), names[1])
					if !holds(a, b) && !sameFold(a, b) {
						return wrong(names[0]+" and "+names[1], text("both of one request"), []any{a, b})
					}
					return nil
				})
			}
		})

		s.it("a GET during an update shows the old state or the new one", ID("concurrency.read-whole"), Requires("7644-3.1-07"), Explain{
			Why: "A client that synchronises at that moment copies a record that never existed.",
			Fix: "Write the whole update in one transaction, and read what was committed.",
		}, func() {
			for range raceRounds {
				u := s.makeUser("race-read", func(o scim.Object) { scim.Put(o, names[0], "same"); scim.Put(o, names[1], "same") })
				requests := []wire.Request{}
				for range 2 {
					o, v := clone(u.Sent), s.tag("race")
					scim.Put(o, names[0], v)
					scim.Put(o, names[1], v)
					requests = append(requests, putOf(u, o))
				}
				requests = append(requests, times(raceWidth, wire.Request{Path: u.path()})...)
				xs := s.volley(requests...)
				s.acknowledged(xs[:2], "put.supported")
				for _, x := range xs[2:] {
					s.judge(x, Status(200), Softly(reports.Warn, func(x *reports.Exchange) error {
						a, b := scim.Get(x.Object(), names[0]), scim.Get(x.Object(), names[1])
						if !holds(a, b) && !sameFold(a, b) {
							return wrong(names[0]+" and "+names[1], text("both of one state"), []any{a, b})
						}
						return nil
					}))
				}
			}
		})
	})
}
