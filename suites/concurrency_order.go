package suites

import (
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// concurrentVersions: conditional updates with one and the same version (RFC 7644 §3.14).
func (s *session) concurrentVersions() {
	s.about("conditional updates with the same version at once", func() {
		var name string
		s.beforeAll(func() {
			s.requires(ETag)
			name = s.freeText()
			s.versioned(s.readBack(s.makeUser("race-version")))
		})
		// race sends updates with the version that each was made for, and judges who won.
		race := func(by string, update func(u *resource, value string) wire.Request) {
			for range raceRounds {
				u := s.makeUser("race-version")
				tag := s.tagged(s.readBack(u))
				var requests []wire.Request
				var values []string
				for range raceWidth {
					values = append(values, s.tag("race"))
					r := update(u, values[len(values)-1])
					r.Header = header("If-Match", tag)
					requests = append(requests, r)
				}
				xs := s.volley(requests...)
				won := s.acknowledged(xs, by)
				for _, n := range won[1:] {
					s.judgeErr(wrong("updates that succeeded with the version "+tag, text("one"), len(won)), xs[won[0]], xs[n])
				}
				s.see(xs[won[0]])
				s.judge(s.readBack(u), changedTo(name, scim.Get(u.Sent, name), values[won[0]]))
				for _, x := range xs {
					if !x.Success() && !gaveWay(x.Status) {
						s.judge(x, Softly(reports.Warn, Status(http.StatusPreconditionFailed)))
					}
				}
			}
		}

		s.it("of several PUT requests with the same If-Match exactly one succeeds", ID("concurrency.match-put"), Requires("7644-3.14-08", "7644-3.14-07"), Explain{
			Why: "The version is there to keep two administrators from overwriting each other; where it is compared before the lock is taken, it does so only when they are slow.",
			Fix: "Compare the version in the statement that writes, such as UPDATE … WHERE version = ?, or under the lock.",
		}, func() {
			race("etag.match-put", func(u *resource, v string) wire.Request {
				o := clone(u.Sent)
				o[name] = v
				return putOf(u, o)
			})
		})

		s.it("of several PATCH requests with the same If-Match exactly one succeeds", ID("concurrency.match-patch"), Requires("7644-3.14-08", "7644-3.14-07"), Explain{
			Why: "The version is there to keep two clients from overwriting each other; where it is compared before the lock is taken, it does so only when they are slow.",
			Fix: "Compare the version in the statement that writes, such as UPDATE … WHERE version = ?, or under the lock.",
		}, func() {
			s.requires(Patch)
			race("etag.match-patch", func(u *resource, v string) wire.Request { return patchOf(u, op("replace", name, v)) })
		})
	})
}

// concurrentDeletes: a deletion and updates of the same user.
func (s *session) concurrentDeletes() {
	s.about("a user deleted and changed at once", func() {
		var gone []*resource
		var volleys [][]*reports.Exchange
		var after, found []*reports.Exchange
		s.beforeAll(func() {
			s.requires(Patch)
			name := s.freeText()
			for range raceRounds {
				u := s.makeUser("race-delete")
				requests := []wire.Request{patchOf(u, op("replace", name, s.tag("race"))), {Method: http.MethodDelete, Path: u.path()}, patchOf(u, op("replace", name, s.tag("race")))}
				volleys = append(volleys, s.volley(requests...))
				gone = append(gone, u)
				after = append(after, s.read(u))
				found = append(found, s.await(func() *reports.Exchange { return s.byNameIfFilters(u) }, func(x *reports.Exchange) bool { return x.Status != http.StatusOK || !lists(x, u.ID) }))
			}
		})
		deleted := func() {
			for _, xs := range volleys {
				if !xs[1].Success() && !gaveWay(xs[1].Status) {
					s.see(xs[1])
					s.block("delete.status", "DELETE answered %d", xs[1].Status)
				}
			}
		}

		s.it("a user stays deleted although a change was under way", ID("concurrency.delete-final"), Requires("7644-3.6-02", "7644-3.6-03"), Explain{
			Why: "A leaver whose account is written back by a change that was under way has access again, and the client believes that he is gone.",
			Fix: "Update only what exists, such as UPDATE … WHERE id = ?, and never insert on update.",
		}, func() {
			deleted()
			for i, xs := range volleys {
				if !xs[1].Success() {
					s.note("DELETE gave way with %d", xs[1].Status)
					continue
				}
				s.see(xs[1])
				s.judge(after[i], Status(http.StatusNotFound))
				if found[i].Status == http.StatusOK {
					s.judge(found[i], Unlisted(gone[i]))
				}
			}
		})

		s.it("a change that meets a deletion succeeds or answers 404", ID("concurrency.delete-meets-change"), Requires("7644-3.12-11"), Explain{
			Why: "A 500 for a record that has just gone makes the client try again, where 404 would have told it to stop.",
			Fix: "Answer 404 where the record that was read is no longer there to be written.",
		}, func() {
			deleted()
			for _, xs := range volleys {
				for _, x := range []*reports.Exchange{xs[0], xs[2]} {
					if x.Success() || gaveWay(x.Status) {
						s.see(x)
						continue
					}
					s.judge(x, Softly(reports.Warn, Status(http.StatusNotFound)))
				}
			}
		})
	})
}

// concurrentLists: a list while records come and go.
func (s *session) concurrentLists() {
	s.about("a list that is read while users are created and deleted", func() {
		s.it("a list holds every user that nobody touches, whatever else is written", ID("concurrency.list-complete"), Requires(allMatches), Explain{
			Why: "A client that imports takes users who are missing from a list for deleted, and removes their accounts elsewhere.",
			Fix: "Read lists from a consistent state of the store: a snapshot, or under a lock that writers respect.",
		}, func() {
			f := s.fleet()
			for range raceRounds {
				leaver := s.makeUser("race-leaver", func(o scim.Object) { scim.Put(o, f.attr, f.mark) })
				joiner := s.user("race-joiner", func(o scim.Object) { scim.Put(o, f.attr, f.mark) })
				list := wire.Request{Path: f.endpoint(), RawQuery: query(s.fit([]string{"filter", f.filter, "count", "50"})...)}
				xs := s.volley(append(times(raceWidth, list), s.postOf(leaver.typ, joiner), wire.Request{Method: http.MethodDelete, Path: leaver.path()})...)
				if u := s.adopt(leaver.typ, joiner, xs[raceWidth]); u != nil {
					defer s.remove(u)
				}
				for _, x := range xs[:raceWidth] {
					s.judge(x, Status(200), func(x *reports.Exchange) error {
						if total, ok := s.total(x); ok && len(listItems(x)) < total || nextCursor(x) != "" {
							return nil // a page: the rest may be on the next
						}
						return f.missed(f.ours(x))
					})
				}
			}
		})
	})
}
