package suites

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// representations: a resource looks the same wherever it is shown, meta included (RFC 7643 §3.1, RFC 7644 §3.1).
func (s *session) representations() {
	s.about("one user in several answers", func() {
		var u *resource
		var made, listed, put, putRead, patched, patchRead *reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("shown", s.extended(scim.Object{"department": "Tours"}))
			made = s.readBack(u)
			s.outwait(made)
			revised := clone(u.Sent)
			revised["displayName"] = "Shown " + s.tag("again")
			put = s.replace(u, revised)
			if id := scim.String(put.Object(), "id"); put.Success() && id != "" && id != u.ID {
				s.client.Ledger().Own(u.typ.Endpoint, id, "")
			}
			putRead = s.read(u)
			if s.offers(Patch) {
				patched = s.patch(u, op("replace", "displayName", "Shown once more"))
			}
			patchRead = s.read(u)
			listed = s.byUserName(u)
		})
		read := func(x *reports.Exchange) *reports.Exchange {
			if x.Status != http.StatusOK || scim.Get(x.Object(), "meta") == nil {
				s.see(x)
				s.block("read.status", "GET %s answered %d, or without meta", u.path(), x.Status)
			}
			return x
		}
		// whole blocks where an answer to a change has no meta to compare.
		whole := func(x *reports.Exchange, by string) *reports.Exchange {
			if x == nil || !x.Success() || x.Status == http.StatusNoContent {
				s.skip("there is no answer with the resource to compare")
			}
			if scim.String(x.Object(), "id") == "" {
				s.see(x)
				s.block(by, "the answer is no whole resource")
			}
			return x
		}

		s.it("meta in the 201 answer is the meta of a GET", ID("create.meta-as-read"), Requires("7644-3.1-07", "7643-3.1-20"), Explain{
			Why: "Clients that store the time of creation from the answer find another one in the next comparison, and report drift.",
			Fix: "Build the answer from the stored record, after the store has rounded its timestamps.",
		}, func() {
			whole(u.Created, "create.body")
			s.judge(read(made), s.metaAs(u.Created))
		})

		s.it("the time of creation is that of the request", ID("create.timestamps-true"), Requires("7643-3.1-20"), Explain{
			Why: "Local time that is marked as UTC lies hours off: incremental imports that ask for changes since their last run miss them, or see all again.",
			Fix: "Convert timestamps to the zone that they name.",
		}, func() {
			sent, err := http.ParseTime(u.Created.Header().Get("Date"))
			if err != nil {
				sent = time.Now()
			}
			s.judge(read(made), func(x *reports.Exchange) error {
				at, ok := instantOf(x, "meta.created")
				if off := at.Sub(sent).Abs(); ok && off > 10*time.Minute {
					return soften(reports.Warn, wrong("meta.created of a user that was made at "+sent.UTC().Format(time.RFC3339), text("that time"), scim.Get(x.Object(), "meta.created")))
				}
				return nil
			})
		})

		s.it("meta in the answer to PUT is the meta of a GET", ID("put.meta-as-read"), Requires("7644-3.1-07", "7644-3.5.1-12"), Explain{
			Why: "The version and the time of the change are what a client compares next time; stale ones make it lose an update or write again.",
			Fix: "Build the answer after the change was stored, with the new meta.",
		}, func() {
			whole(put, "put.body")
			s.see(put)
			s.judge(read(putRead), s.metaAs(put))
		})

		s.it("meta in the answer to PATCH is the meta of a GET", ID("patch.meta-as-read"), Requires("7644-3.1-07", "7644-3.5.2-19"), Explain{
			Why: "A 200 promises the entire resource; without its meta the client knows neither version nor time of its change.",
			Fix: "Return the whole stored resource, meta included, or answer 204.",
		}, func() {
			whole(patched, "patch.answer-body")
			s.see(patched)
			s.judge(read(patchRead), s.metaAs(patched))
		})

		s.it("meta.lastModified stays the same while nothing changes", ID("read.last-modified-stable"), Requires("7643-3.1-22", "7644-3.1-07"), Explain{
			Why: "A time that moves with every read makes every record look changed: each incremental import reads all of them.",
			Fix: "Store the time of the last change; do not take that of the request.",
		}, func() {
			read(patchRead)
			time.Sleep(5 * time.Millisecond)
			s.judge(s.readBack(u), func(x *reports.Exchange) error {
				a, b := scim.Get(patchRead.Object(), "meta.lastModified"), scim.Get(x.Object(), "meta.lastModified")
				if !equalValue(a, b) {
					return wrong("meta.lastModified of an unchanged user", a, b)
				}
				return nil
			})
		})

		for _, c := range []struct {
			id, what string
			x        func() *reports.Exchange
		}{
			{"put.media-type", "the answer to PUT", func() *reports.Exchange { return put }},
			{"patch.media-type", "the answer to PATCH", func() *reports.Exchange { return patched }},
			{"query.media-type", "a list", func() *reports.Exchange { return listed }},
		} {
			s.it(c.what+" is application/scim+json", ID(c.id), Requires("7644-3.1-01", "7644-3.8-04"), Explain{
				Why: "Strict clients parse a body only when its media type is the one of SCIM.",
				Fix: "Send Content-Type: application/scim+json with every body.",
			}, func() {
				x := c.x()
				if x == nil || !x.Success() || x.Status == http.StatusNoContent {
					s.skip("there is no successful answer with a body")
				}
				s.judge(x, MediaType)
			})
		}

		item := func() scim.Object {
			s.filtered(listed)
			o := item(listed, u)
			if o == nil {
				s.see(listed)
				s.block("filter.eq-username", "the user is not found by userName")
			}
			return o
		}
		s.it("meta of a list item is the meta of a GET", ID("query.items-meta-as-read"), Requires("7644-3.1-07", "7643-3.1-18"), Explain{
			Why: "Incremental imports read lists: a lastModified that does not move, or an address that leads nowhere, and changes are never fetched.",
			Fix: "Write list items with the same serializer, from the same record, as single resources.",
		}, func() {
			o := item()
			if scim.Get(o, "meta") == nil {
				s.block("query.items-meta", "the item has no meta")
			}
			s.see(listed)
			s.judge(read(patchRead), func(x *reports.Exchange) error { return s.sameMeta(o, x.Object()) })
		})

		s.it("schemas of a list item names the extensions of which it shows data", ID("query.items-schemas-listed"), Requires("7643-3-01"), Explain{
			Why: "Clients look into schemas to learn which extensions to read, and take the data for missing.",
			Fix: "Compute schemas of list items from what they show, as for single resources.",
		}, func() {
			o := item()
			found := false
			s.judge(listed, func(*reports.Exchange) error {
				for k, v := range o {
					if !strings.HasPrefix(strings.ToLower(k), "urn:") || !scim.Assigned(v) {
						continue
					}
					if found = true; !hasSchema(o, k) {
						return wrong("schemas of an item with data of "+k, k, o["schemas"])
					}
				}
				return nil
			})
			if !found {
				s.skip("the list shows no data of an extension")
			}
		})
	})
}

// byUserName looks a user up once more when an index lags behind.
func (s *session) byUserName(u *resource) *reports.Exchange {
	return s.await(func() *reports.Exchange {
		return s.get(u.typ.Endpoint, "filter", "userName eq "+scim.Quote(scim.String(u.Sent, "userName")))
	}, func(x *reports.Exchange) bool { return x.Status != http.StatusOK || len(listItems(x)) > 0 })
}

// metaAs wants meta in the body to agree with that of other.
func (s *session) metaAs(other *reports.Exchange) Check {
	return func(x *reports.Exchange) error { return s.sameMeta(other.Object(), x.Object()) }
}

// sameMeta compares the meta of two answers on one state of a resource; truth is what a GET shows. Timestamps may be
// written with another precision.
func (s *session) sameMeta(o, truth scim.Object) error {
	var errs []error
	if scim.Get(o, "meta") == nil {
		return wrong("meta", scim.Get(truth, "meta"), nil)
	}
	loc, want := scim.String(o, "meta.location"), scim.String(truth, "meta.location")
	switch {
	case loc == "" || want == "":
	case s.creationURI(loc) != s.creationURI(want):
		errs = append(errs, wrong("meta.location", want, loc))
	case absolute(loc) != absolute(want):
		errs = append(errs, soften(reports.Warn, wrong("meta.location", want, loc)))
	}
	if a, b := scim.String(o, "meta.resourceType"), scim.String(truth, "meta.resourceType"); a != b && a != "" {
		errs = append(errs, wrong("meta.resourceType", b, a))
	}
	sameDigits := equalValue(scim.Get(o, "meta.created"), scim.Get(truth, "meta.created"))
	for _, name := range []string{"meta.created", "meta.lastModified"} {
		a, ok1 := parseInstant(scim.Get(o, name))
		b, ok2 := parseInstant(scim.Get(truth, name))
		if ok1 && ok2 && !a.Equal(b) && (sameDigits || a.Sub(b).Abs() > time.Second) {
			errs = append(errs, soften(reports.Warn, wrong(name, scim.Get(truth, name), scim.Get(o, name))))
		}
	}
	return errors.Join(errs...)
}

func absolute(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.IsAbs()
}
