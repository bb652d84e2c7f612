package suites

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// creation: POST to a resource endpoint (RFC 7644 §3.3).
func (s *session) creation() {
	s.createFull()
	s.createMinimal()
	s.createReadOnly()
	s.createDuplicates()
	s.createRequired()
	s.createSchemas()
	s.createTypes()
	s.createForms()
	s.createLists()
	s.createUnicode()
	s.createValues()
	s.createEnterprise()
	s.createCore()
}

// creationProbe is a POST of a user together with a GET of what it has made; u and after are nil where nothing was made.
type creationProbe struct {
	u        *resource
	x, after *reports.Exchange
}

func (s *session) probeUser(o scim.Object) creationProbe {
	u, x := s.create("User", o)
	return s.probed(u, x)
}

func (s *session) probed(u *resource, x *reports.Exchange) creationProbe {
	p := creationProbe{u: u, x: x}
	if u != nil {
		p.after = s.read(u)
	}
	return p
}

// probeState returns the GET after a probe; where there is none the check is blocked by the one that judges the POST.
func (s *session) probeState(p creationProbe, by string) *reports.Exchange {
	s.see(p.x)
	if p.x.Err() != nil {
		s.cannotJudge(p.x.Err())
	}
	if p.u == nil {
		s.block(by, "the POST answered %d and no new user can be found", p.x.Status)
	}
	if p.after.Err() == nil && p.after.Status != http.StatusOK {
		s.see(p.after)
		s.block("read.status", "GET %s answered %d", p.u.path(), p.after.Status)
	}
	return p.after
}

// probeMade wants a probe to have made a user, by whatever 2xx.
func (s *session) probeMade(p creationProbe) Check {
	return func(x *reports.Exchange) error {
		if p.u != nil {
			return nil
		}
		return wrong("status", text("201, a new user"), x.Status)
	}
}

func (s *session) createFull() {
	s.about("POST a user", func() {
		var x, after *reports.Exchange
		var sent scim.Object
		var u *resource
		var p creationProbe
		s.beforeAll(func() {
			sent = s.user("create")
			p = s.probeUser(sent)
			u, x, after = p.u, p.x, p.after
		})
		made := func() *reports.Exchange { return s.probeState(p, "create.status") }
		// meta is judged where it is: in the 201 answer, else in what a GET shows.
		metaIn := func() *reports.Exchange {
			if scim.Get(x.Object(), "meta") != nil {
				return x
			}
			return made()
		}

		s.it("POST of a valid user answers 201 Created", ID("create.status"), Requires("7644-3.3-05"), Explain{
			Why: "Clients tell a creation from everything else by 201; Entra counts any other status as a failed export and tries again.",
			Fix: "Answer 201 when a resource was created, and never 200, 202 or 204.",
		}, func() {
			s.judge(x, Status(201), func(*reports.Exchange) error {
				if u == nil {
					return broken("no new resource can be found: the answer has no id, no Location, and a search finds nothing")
				}
				return nil
			})
		})

		s.it("the 201 answer carries the new resource", ID("create.body"), Requires("7644-3.3-06"), Explain{
			Why: "Clients take the id out of this body; without it they have to search for what they have just created.",
			Fix: "Return the stored representation, with the id that the server assigned, in the body of the 201 answer.",
		}, func() {
			s.judge(x, IsObject, Assigned("id"), func(x *reports.Exchange) error {
				if bare(x) {
					return wrong("the answer to POST", text("the new resource"), x.Object())
				}
				return nil
			})
		})

		s.it("the 201 answer is application/scim+json", ID("create.media-type"), Requires("7644-3.1-01"), Explain{
			Why: "Strict clients parse a body only when its media type is the one of SCIM.",
			Fix: "Send Content-Type: application/scim+json with every body.",
		}, func() {
			made()
			s.judge(x, MediaType)
		})

		s.it("the Location header names the new resource", ID("create.location"), Requires("7644-3.3-07"), Explain{
			Why: "The header is the only standard way to learn the address of the new resource.",
			Fix: "Set Location to the absolute URI of the new resource, ending in its id.",
		}, func() {
			s.judge(x, func(x *reports.Exchange) error {
				if u == nil {
					return LocationOf("")(x)
				}
				return LocationOf(u.ID)(x)
			})
		})

		s.it("the Location header is an absolute URI on the target's own host", ID("create.location-absolute"), Requires("7644-3.3-07"), Explain{
			Why: "Clients that follow or store the address cannot use a path, or the inner host name of a server behind a proxy.",
			Fix: "Build Location from the public base URL of the service, honouring the forwarding headers of your proxy.",
		}, func() {
			made()
			if x.Header().Get("Location") == "" {
				s.block("create.location", "there is no Location header")
			}
			s.judge(x, Softly(reports.Warn, s.creationOwnURI("Location", func(x *reports.Exchange) string { return x.Header().Get("Location") })))
		})

		s.it("a GET on the Location gives the new resource", ID("create.location-resolves"), Requires("7644-3.3-07"), Explain{
			Why: "A client that follows the header lands on nothing, or on somebody else.",
			Fix: "Make Location the same address under which the resource is served.",
		}, func() {
			made()
			at := s.creationURI(x.Header().Get("Location"))
			if x.Header().Get("Location") == "" {
				s.block("create.location", "there is no Location header")
			}
			if !s.creationHost(at) {
				s.skip("Location names another host than the target's, which is never asked: %s", at)
			}
			s.judge(s.do(wire.Request{Path: at}), Status(200), Attr("id", u.ID))
		})

		s.it("the id is assigned as a non-empty JSON string", ID("create.id-string"), Requires("7643-3.1-04", "7643-3.1-02"), Explain{
			Why: "Clients declare id as a string; a JSON number is refused by typed parsers, or loses digits.",
			Fix: "Serialise id as a JSON string, also where the database key is a number.",
		}, func() {
			shown := made()
			if scim.Get(x.Object(), "id") != nil {
				shown = x
			}
			s.judge(shown, func(x *reports.Exchange) error {
				if id, _ := scim.Lookup(x.Object(), "id"); scim.String(x.Object(), "id") == "" {
					return wrong("id", text("a non-empty JSON string"), id)
				}
				return nil
			})
		})

		s.it("meta.resourceType of a new user is User", ID("create.resource-type"), Requires("7644-3.3.1-01"), Explain{
			Why: "Clients that read several endpoints choose the class of an object by this name.",
			Fix: "Set meta.resourceType to the name of the resource type at whose endpoint the resource was created.",
		}, func() {
			s.judge(metaIn(), Attr("meta.resourceType", s.needsType("User").Name))
		})

		s.it("meta.created and meta.lastModified are given, as dateTime", ID("create.timestamps"), Requires("7643-3.1-02", "7643-3.1-20", "7643-2.3.5-01", "7643-3-05"), Explain{
			Why: "Incremental synchronisation compares these instants; an epoch number or a local format cannot be compared.",
			Fix: "Write both as xsd:dateTime with date, time and zone, such as 2026-01-31T08:00:00Z.",
		}, func() {
			s.judge(metaIn(), creationTime("meta.created"), creationTime("meta.lastModified"))
		})

		s.it("lastModified of a new resource equals created", ID("create.timestamps-equal"), Requires("7643-3.1-21"), Explain{
			Why: "A client that looks for changes since the creation takes the new resource for a changed one.",
			Fix: "Take the time once per creation and store it in both.",
		}, func() {
			s.judge(metaIn(), func(x *reports.Exchange) error {
				made, _, err1 := creationInstant(scim.String(x.Object(), "meta.created"))
				changed, _, err2 := creationInstant(scim.String(x.Object(), "meta.lastModified"))
				if err1 != nil || err2 != nil {
					s.block("create.timestamps", "the timestamps cannot be read")
				}
				err := wrong("meta.lastModified", scim.String(x.Object(), "meta.created"), scim.String(x.Object(), "meta.lastModified"))
				switch d := changed.Sub(made).Abs(); {
				case d == 0:
					return nil
				case d.Seconds() < 1:
					return soften(reports.Warn, err)
				}
				return err
			})
		})

		s.it("meta.location holds the URI of the new resource", ID("create.meta-location"), Requires("7644-3.3-08"), Explain{
			Why: "Clients that keep only the body lose the address of the resource.",
			Fix: "Fill meta.location with the URI that the Location header has.",
		}, func() {
			s.judge(metaIn(), func(x *reports.Exchange) error {
				loc := scim.String(x.Object(), "meta.location")
				if loc == "" {
					return wrong("meta.location", text("the URI of the resource"), scim.Get(x.Object(), "meta.location"))
				}
				return nil
			})
		})

		s.it("meta.location and the Location header are the same URI", ID("create.locations-agree"), Requires("7644-3.3-07", "7644-3.3-08"), Explain{
			Why: "With two addresses for one resource, what a client stores depends on where it looked.",
			Fix: "Compute the URI once and use it in the header and in meta.location.",
		}, func() {
			loc, header := scim.String(metaIn().Object(), "meta.location"), x.Header().Get("Location")
			if loc == "" {
				s.block("create.meta-location", "there is no meta.location")
			}
			if header == "" {
				s.block("create.location", "there is no Location header")
			}
			s.judge(x, func(*reports.Exchange) error {
				if s.creationURI(loc) != s.creationURI(header) {
					return wrong("meta.location", header, loc)
				}
				return nil
			})
		})

		s.it("the new resource can be read, with the values that were sent", ID("create.stored"), Requires("7644-3.1-07", "7644-3.4.1-01", "7643-3-06"), Explain{
			Why: "An acknowledged write that is not there is the worst failure of provisioning: nobody is told.",
			Fix: "Answer 201 only after the resource is stored, and store every attribute that the schema declares.",
		}, func() {
			s.judge(made(), Keeps(s.needsType("User"), sent))
		})

		s.it("externalId is kept exactly as the client sent it", ID("create.external-id-kept"), Requires("7643-3.1-16", "7643-3.1-27"), Explain{
			Why: "The client finds its own record again by this key, which is case-exact; Entra joins on it.",
			Fix: "Store externalId unchanged, letter case included.",
		}, func() {
			s.needs("User", "externalId")
			made()
			s.judge(after, Attr("externalId", sent["externalId"]))
		})
	})
}

func (s *session) createMinimal() {
	s.about("POST the smallest user", func() {
		var p creationProbe
		s.beforeAll(func() { p = s.probeUser(s.minimalUser("minimal")) })

		s.it("a user with nothing but the required attributes is accepted", ID("create.minimal"), Requires("7643-1.1-01", "7644-3.3-02"), Explain{
			Why: "Clients that map few attributes cannot provision anybody where the schema does not say what else is wanted.",
			Fix: "Require only what /Schemas publishes as required, and publish as required what you require.",
		}, func() {
			s.judge(p.x, s.probeMade(p), func(*reports.Exchange) error {
				if p.after != nil {
					s.observe("A40", "active of a user created without it", show(scim.Get(p.after.Object(), "active")))
				}
				return nil
			})
		})

		s.it("the server does not make up an externalId", ID("create.external-id-not-invented"), Requires("7643-3.1-13"), Explain{
			Why: "externalId belongs to the client: an invented one is taken for the key of another client's record.",
			Fix: "Leave externalId unassigned until a client sets it; use id for the server's own key.",
		}, func() {
			sent, _ := scim.Lookup(p.sent(), "externalId")
			if sent != nil {
				s.skip("the target requires externalId")
			}
			s.judge(s.probeState(p, "create.minimal"), Unassigned("externalId"))
		})
	})
}

func (p creationProbe) sent() scim.Object {
	if p.u == nil {
		return scim.Object{}
	}
	return p.u.Sent
}

// declined wants a refusal with 400. Any other client error keeps the record out as well, so that it weighs less, as do
// the form of the error, which has checks of its own, and a scimType other than one of types.
func declined(types ...string) Check {
	return func(x *reports.Exchange) error {
		if x.Status != http.StatusBadRequest {
			err := Status(400)(x)
			if x.Status > 400 && x.Status < 500 {
				err = soften(reports.Warn, err)
			}
			return err
		}
		if err := ErrorBody(x); err != nil || len(types) == 0 {
			return soften(reports.Warn, err)
		}
		return soften(reports.Warn, ScimType(types...)(x))
	}
}

// creationURI makes a URI absolute; relative ones are taken relative to the base (RFC 7643 §2.3.7).
func (s *session) creationURI(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.IsAbs() && u.Host != "" {
		return uri
	}
	base, err := url.Parse(s.client.Base())
	if err != nil {
		return uri
	}
	if strings.HasPrefix(u.Path, base.Path+"/") {
		return base.Scheme + "://" + base.Host + uri
	}
	return s.client.Base() + "/" + strings.TrimLeft(uri, "./")
}

// creationHost tells whether an absolute URI belongs to the target's scheme and host.
func (s *session) creationHost(uri string) bool {
	u, err := url.Parse(uri)
	base, err2 := url.Parse(s.client.Base())
	return err == nil && err2 == nil && strings.EqualFold(u.Scheme, base.Scheme) && strings.EqualFold(u.Host, base.Host)
}

// creationOwnURI wants a URI to be absolute and on the target's host.
func (s *session) creationOwnURI(what string, of func(*reports.Exchange) string) Check {
	return func(x *reports.Exchange) error {
		uri := of(x)
		u, err := url.Parse(uri)
		if err != nil || !u.IsAbs() {
			return wrong(what, text("an absolute URI"), uri)
		}
		if !s.creationHost(uri) {
			return wrong(what, text("a URI below "+s.client.Base()), uri)
		}
		return nil
	}
}

// bare tells whether an answer shows nothing of a resource, or no more than what all resources have.
func bare(x *reports.Exchange) bool {
	for name, v := range x.Object() {
		if scim.Assigned(v) && !slices.Contains([]string{"schemas", "id", "externalid", "meta"}, strings.ToLower(name)) {
			return false
		}
	}
	return true
}

// creationTime wants the attribute at path to be a valid xsd:dateTime; a missing zone weighs less (ambiguity A63).
func creationTime(path string) Check {
	return func(x *reports.Exchange) error {
		v := scim.Get(x.Object(), path)
		str, _ := v.(string)
		_, zone, err := creationInstant(str)
		switch {
		case err != nil:
			return wrong(path, text("an xsd:dateTime with date and time"), v)
		case !zone:
			return soften(reports.Warn, wrong(path, text("a dateTime with a zone"), v))
		}
		return nil
	}
}
