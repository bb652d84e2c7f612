package suites

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// attributeTypes: the life of a resource of every type that has no checks of its own, that is all but users and groups.
func (s *session) attributeTypes(z *zoo) {
	s.about("resources of other types than User and Group", func() {
		// own lists the pens of those types.
		own := func() []*pen {
			var out []*pen
			for _, p := range z.all() {
				if p.t != s.learned.typ("User") && p.t != s.learned.typ("Group") {
					out = append(out, p)
				}
			}
			if len(out) == 0 {
				s.skip("there is no writable resource type besides users and groups")
			}
			return out
		}
		each := func(judge func(p *pen) error) {
			var errs []error
			for _, p := range own() {
				errs = append(errs, judge(p))
			}
			s.judgeErr(errors.Join(errs...))
		}
		s.it("POST of a resource of any type answers 201 with a Location", ID("attributes.type-create"), Requires("7644-3.3-05", "7644-3.3-07"), Explain{
			Why: "Clients learn from both that, and where, the resource was made.",
			Fix: "Answer 201 with a Location header on every endpoint that creates.",
		}, func() {
			var errs []error
			n := 0
			for _, t := range s.learned.resourceTypes {
				if t == s.learned.typ("User") || t == s.learned.typ("Group") || s.cfg.Wire.ReadOnly || s.learned.asked[t] != "" || !slices.ContainsFunc(t.traits()[1:], trait.writable) {
					continue
				}
				o := z.minimal(t, "created")
				x := s.post(t.Endpoint, t.Endpoint, o)
				s.see(x)
				if closedTo(x.Status) {
					s.note("not judged: clients may not create a %s", t.Name)
					continue
				}
				id := scim.String(x.Object(), "id")
				if r := s.adopt(t, o, x); r != nil {
					id = r.ID
				}
				n++
				errs = append(errs, prefixed("POST "+t.Endpoint, errors.Join(Status(http.StatusCreated)(x), LocationOf(id)(x))))
			}
			if n == 0 {
				s.skip("there is no writable resource type besides users and groups")
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("meta of a resource of any type names its type and its location", ID("attributes.type-meta"), Requires("7643-3.1-19", "7644-3.3-08"), Explain{
			Why: "Lists that mix types are sorted out by meta.resourceType, and resources are found again by meta.location.",
			Fix: "Set meta.resourceType to the name in /ResourceTypes, and meta.location to the resource's own URI.",
		}, func() {
			each(func(p *pen) error {
				s.see(p.a.got)
				errs := []error{attrIs(p.a.now, "meta.resourceType", p.t.Name), endsInID("meta.location", scim.String(p.a.now, "meta.location"), p.a.ID)}
				if loc := p.a.Created.Header().Get("Location"); loc != "" && len(p.a.Created.Body()) > 0 && loc != scim.String(p.a.Created.Object(), "meta.location") {
					errs = append(errs, wrong("meta.location", loc, scim.Get(p.a.Created.Object(), "meta.location")))
				}
				return prefixed("a "+p.t.Name, errors.Join(errs...))
			})
		})
		s.it("schemas of a resource of any type lists its own schemas, and each is published", ID("attributes.type-schemas"), Requires("7643-3-02", "7643-3.3-01", "7643-7-01"), Explain{
			Why: "Clients read the parts of a resource by this list, and look each schema up.",
			Fix: "List the base schema and the extensions in use, and publish all of them under /Schemas.",
		}, func() {
			each(func(p *pen) error {
				s.see(p.a.got)
				errs := []error{declaredSchemas(p.t)(p.a.got)}
				for _, v := range scim.List(p.a.now, "schemas") {
					if urn, _ := v.(string); s.learned.schema(urn) == nil {
						errs = append(errs, wrong("schemas of a "+p.t.Name, text("published schemas"), v))
					}
				}
				for _, e := range p.t.extensions {
					if scim.Assigned(p.a.now[e.ID]) && !hasSchema(p.a.now, e.ID) {
						errs = append(errs, wrong("schemas of a "+p.t.Name+" that has an extension", e.ID, p.a.now["schemas"]))
					}
				}
				return errors.Join(errs...)
			})
		})
		s.it("GET of a resource of any type answers with what was created", ID("attributes.type-read"), Requires("7644-3.4.1-01"), Explain{
			Why: "A client that reads back must see what it was told.",
			Fix: "Serialise the answers to POST and GET by the same rules.",
		}, func() {
			each(func(p *pen) error {
				s.see(p.a.Created)
				s.see(p.a.got)
				if bare(p.a.Created) {
					return nil
				}
				return sameTraits(p.t, "GET", p.a.got.Object(), p.a.Created.Object())
			})
		})
		s.it("the list of any type holds its resources and no others", ID("attributes.type-list"), Requires("7644-3.4.2-10", "7644-3.4.2-05"), Explain{
			Why: "A client that imports the list takes whatever is in it for a resource of that type.",
			Fix: "Let each endpoint list its own type.",
		}, func() {
			each(func(p *pen) error {
				x := s.get(p.t.Endpoint, "count", "50")
				s.listed(x)
				s.see(x)
				if err := Status(http.StatusOK)(x); err != nil {
					return prefixed("GET "+p.t.Endpoint, err)
				}
				total, whole := s.total(x)
				whole = whole && total <= len(listItems(x))
				var errs []error
				for _, m := range []*animal{p.a, p.b, p.c} {
					if whole && item(x, m.resource) == nil {
						errs = append(errs, wrong("GET "+p.t.Endpoint, text("a list with "+m.ID), text("a list without it")))
					}
				}
				if total < 3 && nextCursor(x) == "" {
					errs = append(errs, wrong("totalResults of "+p.t.Endpoint, text("3 at least"), total))
				}
				return errors.Join(append(errs, ofType(p.t.Name)(x))...)
			})
		})
		s.it("PUT of a resource of any type answers 200 with the new state", ID("attributes.type-replace"), Requires("7644-3.5.1-12", "7644-3.5.1-03"), Explain{
			Why: "A client that gets something else does not know what is stored now.",
			Fix: "Answer PUT with 200 and the resource.",
		}, func() {
			each(func(p *pen) error {
				w := z.overwrite(p)
				s.see(w.last)
				s.see(w.m.got)
				if err := Status(http.StatusOK)(w.last); err != nil {
					return prefixed("PUT of a "+p.t.Name, err)
				}
				return sameTraits(p.t, "GET after PUT", w.m.got.Object(), w.last.Object())
			})
		})
		s.it("DELETE of a resource of any type answers 204, and it is gone", ID("attributes.type-delete"), Requires("7644-3.6-05", "7644-3.6-02"), Explain{
			Why: "What a client believes to be gone must not come back.",
			Fix: "Delete the resource, answer 204, and 404 from then on.",
		}, func() {
			each(func(p *pen) error {
				m := z.breed(p, "deleted", 0)
				x := s.remove(m.resource)
				gone := s.read(m.resource)
				s.see(x)
				s.see(gone)
				return errors.Join(prefixed("DELETE of a "+p.t.Name, Status(http.StatusNoContent)(x)), prefixed("GET of a deleted "+p.t.Name, Status(http.StatusNotFound)(gone)))
			})
		})
		s.it("an unknown id at the endpoint of any type answers 404", ID("attributes.type-unknown"), Requires("7644-3.4.1-03"), Explain{
			Why: "A client must be told that what it asks for is not there.",
			Fix: "Answer 404 with a SCIM error.",
		}, func() {
			each(func(p *pen) error {
				x := s.get(p.t.Endpoint + "/" + s.fictitious())
				s.see(x)
				return prefixed("GET of an unknown "+p.t.Name, errors.Join(Status(http.StatusNotFound)(x), ErrorBody(x)))
			})
		})
	})
	s.about("resource types that clients can only read", func() {
		var list []*resourceType
		s.beforeAll(func() {
			for _, t := range s.learned.resourceTypes {
				if s.learned.published && len(t.base.Attributes) > 0 && !slices.ContainsFunc(t.traits()[1:], trait.writable) {
					list = append(list, t)
				}
			}
			if len(list) == 0 {
				s.skip("every resource type has an attribute that clients may write")
			}
		})
		s.it("a resource type whose attributes are all readOnly cannot be created", ID("attributes.readonly-type"), Requires("7643-7-15"), Explain{
			Why: "A client that creates such a resource believes in something that the server does not know.",
			Fix: "Answer 405, 403 or 501 to POST at the endpoint.",
		}, func() {
			var errs []error
			for _, t := range list {
				o := scim.Object{"schemas": []any{t.Schema}}
				m := sampler{s: s, tag: s.tag("attr-fixed")}
				for _, a := range t.traits()[1:] {
					if v := m.value(a); v != nil {
						a.set(o, v)
					}
				}
				x := s.post(t.Endpoint, t.Endpoint, o)
				s.see(x)
				if r := s.adopt(t, o, x); r == nil {
					continue
				}
				for _, a := range t.traits()[1:] {
					if v := a.get(x.Object()); scim.Assigned(v) && holds(v, a.get(o)) {
						errs = append(errs, wrong(a.String()+", which is readOnly, after POST", text("a refusal, or a value of the server's own"), v))
					}
				}
			}
			s.judgeErr(errors.Join(errs...))
		})
		s.it("resources of such a type can be listed and read", ID("attributes.readonly-type-read"), Requires("7644-3.4.1-01", "7643-2.3-02"), Explain{
			Why: "Reading is all that such a type is for.",
			Fix: "Serve GET on the endpoint and on each resource, with values of the published types.",
		}, func() {
			var errs []error
			for _, t := range list {
				x := s.get(t.Endpoint, "count", "5")
				s.see(x)
				if err := ListResponse(x); err != nil {
					errs = append(errs, prefixed("GET "+t.Endpoint, err))
					continue
				}
				for _, o := range listItems(x) {
					one := s.get(t.Endpoint + "/" + url.PathEscape(scim.String(o, "id")))
					s.see(one)
					errs = append(errs, prefixed("a "+t.Name, errors.Join(Status(http.StatusOK)(one), Attr("meta.resourceType", t.Name)(one))))
					for _, a := range t.traits()[1:] {
						for _, v := range a.values(one.Object()) {
							if a.sub == nil && !a.attr.Complex() && !fits(a.kind(), v) {
								errs = append(errs, wrong(a.String(), text("a "+a.kind()), v))
							}
						}
					}
					break
				}
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
}

// attributeDefinitions: what schemas say beyond the RFC (RFC 7643 §3.1, §3.3, §8.7).
func (s *session) attributeDefinitions(z *zoo) {
	s.about("what the schemas of every type say", func() {
		s.beforeAll(func() {
			if !s.learned.published {
				s.block("discovery.schemas", "no usable schemas are published")
			}
		})
		s.it("no extension has an attribute with the name of one in the base schema", ID("attributes.extension-names"), Requires("7643-3.3-03"), Explain{
			Why: "Unqualified names in filters and paths mean two attributes, and clients reach the wrong one.",
			Fix: "Give the attributes of extensions names that the base schema and the common attributes do not have.",
		}, func() {
			n := 0
			var errs []error
			common := scim.Schema{Attributes: scim.CommonAttributes()}
			for _, t := range s.learned.resourceTypes {
				for _, e := range t.extensions {
					for _, a := range e.Attributes {
						n++
						if t.base.Attr(a.Name) != nil || common.Attr(a.Name) != nil {
							errs = append(errs, wrong("an attribute of "+e.ID, text("a name that the base schema of "+t.Name+" does not have"), a.Name))
						}
					}
				}
			}
			if n == 0 {
				s.skip("no resource type has an extension with a published schema")
			}
			s.judgeErr(errors.Join(errs...), s.learned.schemas)
		})
		s.it("common attributes may be listed in a schema, with the RFC's characteristics", ID("attributes.common-listed"), Requires("7643-3.1-28"), Explain{
			Why: "The RFC's characteristics are in force whatever a schema says of id, externalId and meta; clients that believe the schema compare wrongly.",
			Fix: "Leave the common attributes out of schemas, or repeat the characteristics of RFC 7643 §3.1.",
		}, func() {
			var errs []error
			common := scim.Schema{Attributes: scim.CommonAttributes()}
			for _, t := range s.learned.resourceTypes {
				for i := range t.base.Attributes {
					a := &t.base.Attributes[i]
					rfc := common.Attr(a.Name)
					if rfc == nil || strings.EqualFold(a.Name, "schemas") {
						continue
					}
					if a.Type != rfc.Type || a.CaseExact != rfc.CaseExact && rfc.Type == "string" || orDefault(a.Mutability, "readWrite") != rfc.Mutability {
						errs = append(errs, soften(reports.Info, wrong(a.Name+" in the schema of "+t.Name, text("the characteristics of RFC 7643 §3.1"), text("others"))))
					}
				}
			}
			s.judgeErr(errors.Join(errs...), s.learned.schemas)
		})
		s.it("characteristics that differ from the RFC's are told", ID("attributes.changed"), Requires("7643-8.7-01"), Explain{
			Why: "A server may demand more than the RFC; clients should know before they are refused.",
			Fix: "Nothing has to be changed; publish what is in force.",
		}, func() {
			var errs []error
			for _, rfc := range scim.CoreSchemas() {
				sch := s.learned.schema(rfc.ID)
				if sch == nil {
					continue
				}
				for i := range sch.Attributes {
					a := &sch.Attributes[i]
					std := rfc.Attr(a.Name)
					switch {
					case std == nil:
					case a.Required && !std.Required:
						errs = append(errs, soften(reports.Info, wrong("required of "+rfc.Name+"."+a.Name, false, true)))
					case (a.Uniqueness == "server" || a.Uniqueness == "global") && std.Uniqueness == "none":
						errs = append(errs, soften(reports.Info, wrong("uniqueness of "+rfc.Name+"."+a.Name, "none", a.Uniqueness)))
					case orDefault(a.Mutability, "readWrite") != std.Mutability:
						errs = append(errs, soften(reports.Info, wrong("mutability of "+rfc.Name+"."+a.Name, std.Mutability, a.Mutability)))
					}
				}
			}
			s.judgeErr(errors.Join(errs...), s.learned.schemas)
		})
		s.it("references to resources lead to them", ID("attributes.references"), Requires("7643-2.3.7-03", "7643-2.3.7-06", "7643-2.3.7-07"), Explain{
			Why: "Clients follow $ref to read a manager, a member or an owner.",
			Fix: "Return the resource's own URI in $ref, or no $ref at all.",
		}, func() {
			var errs []error
			n := 0
			for _, p := range z.all() {
				for _, whole := range p.traits {
					if !refersToResources(whole.attr) || !scim.Assigned(whole.get(p.a.now)) {
						continue
					}
					n++
					s.see(p.a.got)
					for _, v := range whole.values(p.a.now) {
						o, _ := v.(scim.Object)
						ref := scim.String(o, "$ref")
						if ref == "" {
							s.note("%s has no $ref, which is a convention and no duty", whole.String())
							continue
						}
						x := s.refer(ref)
						s.see(x)
						if x.Err() != nil {
							s.note("%s leads to another host", whole.String())
							continue
						}
						leads := func(x *reports.Exchange) error {
							return errors.Join(Status(http.StatusOK)(x), Attr("id", scim.String(o, "value"))(x))
						}
						if strings.HasPrefix(ref, "../") {
							// RFC 7643 §8.3 prints such references, against its own §2.3.7 (ambiguity A38).
							leads = Softly(reports.Warn, leads)
						}
						errs = append(errs, prefixed(whole.String()+".$ref", leads(x)))
					}
				}
			}
			if n == 0 {
				s.skip("no resource has a reference to another one")
			}
			s.judgeErr(errors.Join(errs...))
		})
	})
}

// sameTraits wants a resource to show what an answer before has shown, apart from what is returned on request.
func sameTraits(t *resourceType, how string, got, want scim.Object) error {
	errs := []error{prefixed("a "+t.Name, attrIs(got, "id", want["id"]))}
	for _, whole := range t.traits() {
		for _, a := range whole.parts() {
			if r := a.returned(); (r == "default" || r == "always") && !equalValue(a.get(got), a.get(want)) {
				errs = append(errs, wrong(a.String()+" in the answer to "+how, a.get(want), a.get(got)))
			}
		}
	}
	return errors.Join(errs...)
}

// refer GETs a reference, which may be relative to the base (RFC 7643 §2.3.7); what leads out of the base goes there.
func (s *session) refer(ref string) *reports.Exchange {
	switch u, err := url.Parse(ref); {
	case err != nil || u.IsAbs():
	case strings.HasPrefix(ref, "../"):
		ref = "/" + ref
	default:
		ref = s.creationURI(ref)
	}
	return s.do(wire.Request{Method: http.MethodGet, Path: ref})
}
