package suites

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// versions: ETag and meta.version, If-None-Match and If-Match (RFC 7644 §3.14).
func (s *session) versions() {
	s.etagPresence()
	s.etagChanges()
	s.etagConditionalReads()
	s.etagConditionalWrites()
	s.etagUnsupported()
	s.etagElsewhere()
}

// etagOf is the tag of the representation in x: the header, or else meta.version.
func etagOf(x *reports.Exchange) string {
	if tag := x.Header().Get("ETag"); tag != "" {
		return tag
	}
	return scim.String(x.Object(), "meta.version")
}

// etagOpaque is a tag without quotes and W/, for the comparison that HTTP calls weak.
func etagOpaque(tag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimPrefix(tag, "W/"), "w/"), `"`)
}

// versioned skips where resources have no versions: it is said so, or nothing is said and none is there.
func (s *session) versioned(x *reports.Exchange) {
	s.requires(ETag)
	if s.learned.claim(ETag) == nil && etagOf(x) == "" {
		s.skip("ServiceProviderConfig says nothing of etag, and resources have no version")
	}
}

// tagged returns the ETag header of an answer; without one its presence check blocks.
func (s *session) tagged(x *reports.Exchange) string {
	tag := x.Header().Get("ETag")
	if tag == "" {
		s.see(x)
		s.block("etag.header", "the answer to %s has no ETag", x.Method)
	}
	return tag
}

// hasETag wants the header.
func hasETag(x *reports.Exchange) error {
	if x.Header().Get("ETag") == "" {
		return wrong("ETag", text("an entity-tag"), text("no such header"))
	}
	return nil
}

// entityTag is what HTTP allows (RFC 9110 §8.8.3); W is upper-case.
var entityTag = regexp.MustCompile(`^(W/)?"[\x21\x23-\x7e\x80-\xff]*"$`)

// etagPresence: where the tag stands and what it looks like.
func (s *session) etagPresence() {
	s.about("the version of a resource", func() {
		var u *resource
		var name string
		var read, again, part *reports.Exchange
		s.beforeAll(func() {
			s.requires(ETag)
			name = s.freeText()
			u = s.makeUser("etag")
			read = s.readBack(u)
			s.versioned(read)
			again = s.readBack(u)
			part = s.read(u, "attributes", "userName")
		})

		s.it("GET of a resource answers with an ETag header", ID("etag.header"), Requires("7644-3.14-02"), Explain{
			Why: "Without the tag no client can protect its update against somebody else's.",
			Fix: "Send the ETag header with every resource, or say that etag.supported is false.",
		}, func() { s.judge(read, hasETag) })

		s.it("the version is in meta.version too", ID("etag.meta-version"), Requires("7644-3.14-03", "7643-3.1-26"), Explain{
			Why: "In lists and bulk answers there is no header for each resource; meta.version is the only place.",
			Fix: "Put the value of the ETag header into meta.version.",
		}, func() { s.judge(read, Assigned("meta.version")) })

		s.it("the ETag header and meta.version are the same", ID("etag.equal"), Requires("7643-3.1-24"), Explain{
			Why: "A client that takes the version out of the body is refused when the server compares it with the header's.",
			Fix: "Write one value to both places, quotes and W/ included.",
		}, func() {
			tag, version := s.tagged(read), scim.String(read.Object(), "meta.version")
			if version == "" {
				s.block("etag.meta-version", "there is no meta.version")
			}
			s.judge(read, func(*reports.Exchange) error {
				err := wrong("meta.version", tag, version)
				switch {
				case tag == version:
					return nil
				case etagOpaque(tag) == etagOpaque(version):
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		s.it("the ETag is written as HTTP demands", ID("etag.syntax"), Requires("7643-3.1-25", "7644-3.14-01"), Explain{
			Why: "Proxies and HTTP libraries drop or refuse a tag without quotes or with a lower-case w/.",
			Fix: "Write \"tag\" or W/\"tag\", with the quotes and an upper-case W.",
		}, func() {
			tag := s.tagged(read)
			weak := "strong"
			if strings.HasPrefix(tag, "W/") {
				weak = "weak"
			}
			s.observe("A37", "entity-tags", weak)
			s.judge(read, func(*reports.Exchange) error {
				if entityTag.MatchString(tag) {
					return nil
				}
				err := wrong("ETag", text(`"…" or W/"…"`), tag)
				if strings.HasPrefix(tag, "w/") {
					return err
				}
				return soften(reports.Warn, err)
			})
		})

		s.it("the ETag stays the same while the resource does", ID("etag.stable"), Requires("7644-3.14-04"), Explain{
			Why: "A tag that changes by itself makes every conditional update fail.",
			Fix: "Derive the tag from the state or a counter of changes, not from the time of the request.",
		}, func() {
			tag := s.tagged(read)
			s.judge(again, Softly(reports.Warn, func(x *reports.Exchange) error {
				if got := x.Header().Get("ETag"); got != tag {
					return wrong("ETag of a second GET", tag, got)
				}
				return nil
			}))
		})

		s.it("a tag that two different representations share is marked as weak", ID("etag.weak-mark"), Requires("7643-3.1-25"), Explain{
			Why: "Caches may combine parts of representations with the same strong tag and so mix whole and partial users.",
			Fix: "Mark the tag with W/, or give each representation its own.",
		}, func() {
			tag := s.tagged(read)
			if part.Status != http.StatusOK || len(part.Body()) == len(read.Body()) {
				s.skip("the target has no projection by which a second representation could be had")
			}
			s.judge(part, Softly(reports.Warn, func(x *reports.Exchange) error {
				if got := x.Header().Get("ETag"); got == tag && strings.HasPrefix(tag, `"`) {
					return wrong("ETag of the partial user", text("a weak tag, or another than that of the whole user"), got)
				}
				return nil
			}))
		})

		s.it("the answer to POST carries the ETag that a GET shows", ID("etag.post"), Requires("7644-3.14-02", "7644-3.14-04"), Explain{
			Why: "A client that goes on with the answer to its creation needs the version, or has to read first.",
			Fix: "Send the ETag of the new resource with the answer to POST.",
		}, func() {
			s.judge(u.Created, Softly(reports.Warn, tagIs(s.tagged(read))))
		})

		s.it("the answer to PUT carries the ETag that a GET shows", ID("etag.put"), Requires("7644-3.14-02", "7644-3.14-04"), Explain{
			Why: "A client that changes a user twice in a row needs the version after the first change.",
			Fix: "Send the ETag of the new state with the answer to PUT.",
		}, func() {
			o := clone(u.Sent)
			o[name] = "Tagged by PUT"
			x := s.putOver(u, o)
			if !x.Success() {
				s.see(x)
				s.block("put.supported", "PUT answered %d", x.Status)
			}
			s.judge(x, Softly(reports.Warn, tagIs(s.tagged(s.readBack(u)))))
		})

		s.it("the answer to PATCH carries the ETag that a GET shows", ID("etag.patch"), Requires("7644-3.14-02", "7644-3.14-04"), Explain{
			Why: "A client that changes a user twice in a row needs the version after the first change.",
			Fix: "Send the ETag of the new state with the answer to PATCH, also with 204.",
		}, func() {
			s.requires(Patch)
			x := s.patch(u, op("replace", name, "Tagged by PATCH"))
			if !x.Success() {
				s.see(x)
				s.skip("PATCH answered %d", x.Status)
			}
			s.judge(x, Softly(reports.Warn, tagIs(s.tagged(s.readBack(u)))))
		})

		s.it("resources in a list carry meta.version", ID("etag.list"), Requires("7644-3.14-03"), Explain{
			Why: "A list has no header for each resource; clients would have to read each of them for its version.",
			Fix: "Put meta.version into the resources of lists too.",
		}, func() {
			s.requires(Filter)
			if !scim.Assigned(scim.Get(read.Object(), "meta.version")) {
				s.block("etag.meta-version", "there is no meta.version")
			}
			now := s.readBack(u)
			list := s.byName(u)
			if !lists(list, u.ID) {
				s.skip("the user was not found by userName")
			}
			s.judge(list, func(x *reports.Exchange) error {
				for _, o := range scim.Objects(x.Object(), "Resources") {
					if scim.String(o, "id") == u.ID {
						return attrIs(o, "meta.version", scim.Get(now.Object(), "meta.version"))
					}
				}
				return nil
			})
		})
	})
}

// tagIs wants the ETag header to be that tag.
func tagIs(tag string) Check {
	return func(x *reports.Exchange) error {
		if err := hasETag(x); err != nil {
			return err
		}
		if got := x.Header().Get("ETag"); etagOpaque(got) != etagOpaque(tag) {
			return wrong("ETag", tag, got)
		}
		return nil
	}
}

// tagOtherThan wants a tag, and not that one.
func tagOtherThan(tag string) Check {
	return func(x *reports.Exchange) error {
		if got := x.Header().Get("ETag"); etagOpaque(got) == etagOpaque(tag) {
			return wrong("ETag after the change", text("another than "+tag), got)
		}
		return nil
	}
}

// etagChanges: a change of the resource is a change of its tag.
func (s *session) etagChanges() {
	s.about("the version of a resource that changes", func() {
		var u *resource
		var name string
		s.beforeAll(func() {
			s.requires(ETag)
			name = s.freeText()
			u = s.makeUser("etag-change")
			s.versioned(s.readBack(u))
		})
		change := func(by func() *reports.Exchange) {
			before := s.readBack(u)
			tag := s.tagged(before)
			s.outwait(before)
			if x := by(); !x.Success() {
				s.see(x)
				s.skip("%s answered %d", x.Method, x.Status)
			}
			s.judge(s.readBack(u), hasETag, tagOtherThan(tag))
		}
		const why = "Somebody who holds the old tag overwrites the change, or never hears of it."

		s.it("PUT that changes a user changes its ETag", ID("etag.changes-put"), Requires("7644-3.14-04"), Explain{
			Why: why, Fix: "Give the resource a new tag with every change by PUT.",
		}, func() {
			change(func() *reports.Exchange {
				o := clone(u.Sent)
				o[name] = "Changed by PUT"
				return s.putOver(u, o)
			})
		})

		s.it("PATCH that changes a user changes its ETag", ID("etag.changes-patch"), Requires("7644-3.14-04"), Explain{
			Why: why, Fix: "Give the resource a new tag with every change by PATCH.",
		}, func() {
			s.requires(Patch)
			change(func() *reports.Exchange { return s.patch(u, op("replace", name, "Changed by PATCH")) })
			const path = scim.EnterpriseURN + ":department"
			if a := u.typ.attribute(path); a == nil || a.Mutability != "readWrite" || a.Returned != "default" && a.Returned != "always" || len(a.CanonicalValues) > 0 {
				return
			}
			before := s.readBack(u)
			s.outwait(before)
			if s.patch(u, op("replace", path, "Changed by PATCH")).Success() {
				after := s.readBack(u)
				if Text(path, "Changed by PATCH")(after) == nil {
					s.judge(after, hasETag, tagOtherThan(s.tagged(before)))
				}
			}
		})

		s.it("a change of its members changes the ETag of a group", ID("etag.changes-members"), Requires("7644-3.14-04"), Explain{
			Why: "Two administrators who change the members of one group undo each other's work unnoticed.",
			Fix: "Count a change of the members as a change of the group.",
		}, func() {
			s.needsType("Group")
			g := s.makeGroup("etag-members")
			before := s.readBack(g)
			tag := s.tagged(before)
			s.outwait(before)
			o := clone(g.Sent)
			o["members"] = memberList(u)
			s.putOver(g, o)
			after := s.readBack(g)
			if hasMember(u)(after) != nil {
				s.see(after)
				s.block("groups.put-members", "the member was not added")
			}
			s.judge(after, hasETag, tagOtherThan(tag))
		})

		s.it("a member that PATCH adds changes the ETag of a group", ID("etag.changes-member-added"), Requires("7644-3.14-04"), Explain{
			Why: "Identity providers change members by PATCH; with one version before and after, nobody notices that his copy is old.",
			Fix: "Count each change of the members as a change of the group, whatever request makes it.",
		}, func() {
			s.requires(Patch)
			s.needs("Group", "members")
			g := s.makeGroup("etag-member-added")
			before := s.readBack(g)
			tag := s.tagged(before)
			s.outwait(before)
			s.patch(g, op("add", "members", memberList(u)))
			after := s.readBack(g)
			if hasMember(u)(after) != nil {
				s.see(after)
				s.block("groups.patch-add", "the member was not added")
			}
			s.judge(after, hasETag, tagOtherThan(tag))
		})
	})
}
