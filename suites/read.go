package suites

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// reading: GET of one resource (RFC 7644 §3.4.1).
func (s *session) reading() {
	s.readOne()
	s.readByOtherNames()
	s.readNegotiated()
	s.readSuffix()
}

func (s *session) readOne() {
	s.about("GET a user", func() {
		var u, small *resource
		var x *reports.Exchange
		s.beforeAll(func() {
			u = s.makeUser("read", set("displayName", "Zoë 山田"), enterpriseIf(s))
			small = s.make("User", s.minimalUser("read-small"))
			x = s.read(u)
		})
		got := func() *reports.Exchange {
			if x.Err() == nil && x.Status != http.StatusOK {
				s.see(x)
				s.block("read.status", "GET %s answered %d", u.path(), x.Status)
			}
			return x
		}

		s.it("GET of an existing user answers 200 with it", ID("read.status"), Requires("7644-3.4.1-01", "7644-3.1-07"), Explain{
			Why: "Clients read a user before they change it; whom they cannot read they take for deleted.",
			Fix: "Answer GET of a stored resource with 200 and its representation.",
		}, func() { s.judge(x, Status(200), IsObject) })

		s.it("the answer to GET is application/scim+json, as the client asks for", ID("read.media-type"), Requires("7644-3.1-01", "7644-3.8-04"), Explain{
			Why: "Strict clients parse a body only when its media type is the one of SCIM.",
			Fix: "Support Accept: application/scim+json and send that Content-Type.",
		}, func() { s.judge(got(), Status(200), MediaType) })

		s.it("id is the one in the path", ID("read.id"), Requires("7643-3.1-04", "7643-3.1-06"), Explain{
			Why: "A client that stores the id from one answer and another from the next loses the account.",
			Fix: "Return the id that was assigned at creation in every answer.",
		}, func() { s.judge(got(), Attr("id", u.ID)) })

		s.it("GET shows what the creation answered", ID("read.equals-creation"), Requires("7644-3.1-07"), Explain{
			Why: "Clients take the 201 answer for the stored state; where it only repeats the request they work with data that are not there.",
			Fix: "Build the answer to POST from what is stored, defaults included.",
		}, func() {
			for _, r := range []*resource{u, small} {
				if bare(r.Created) {
					s.see(r.Created)
					s.block("create.body", "the answer to POST has no resource")
				}
				now := got()
				if r == small {
					now = s.readBack(r)
				}
				s.see(r.Created)
				s.judge(now, s.sameAsCreated(r))
			}
		})

		s.it("meta.resourceType is the name of the resource type", ID("read.resource-type"), Requires("7643-3.1-19", "7644-3.3.1-01"), Explain{
			Why: "Clients that read several endpoints choose the class of an object by this name.",
			Fix: "Return the name that /ResourceTypes publishes, in the same letter case.",
		}, func() { s.judge(got(), Attr("meta.resourceType", u.typ.Name)) })

		s.it("meta.location leads to the resource itself", ID("read.meta-location"), Requires("7644-3.3-08", "7643-2.3.7-01"), Explain{
			Why: "A client that stores this address comes back to nothing, or to somebody else.",
			Fix: "Fill meta.location with the URI under which the resource is served.",
		}, func() {
			s.judge(got(), func(x *reports.Exchange) error {
				loc := scim.String(x.Object(), "meta.location")
				if err := endsInID("meta.location", loc, u.ID); err != nil {
					return err
				}
				if uri, err := url.Parse(loc); err == nil && !uri.IsAbs() {
					// The RFCs contradict each other on relative addresses (ambiguity A38).
					return soften(reports.Warn, wrong("meta.location", text("an absolute URI"), loc))
				}
				return nil
			})
		})

		s.it("a Location header of a GET, where there is one, is meta.location", ID("read.location"), Requires("7644-3.4.1-04"), Explain{
			Why: "With two addresses for one resource, what a client stores depends on where it looked.",
			Fix: "Leave Location out of answers to GET, or make it the same as meta.location.",
		}, func() {
			s.judge(got(), func(x *reports.Exchange) error {
				h, loc := x.Header().Get("Location"), scim.String(x.Object(), "meta.location")
				if h != "" && s.creationURI(h) != s.creationURI(loc) {
					return wrong("Location", loc, h)
				}
				return nil
			})
		})

		s.it("a Content-Location header, where there is one, is meta.location", ID("read.content-location"), Requires("7643-3.1-23"), Explain{
			Why: "Caches file the answer under this address and hand it out for another resource.",
			Fix: "Leave Content-Location out, or make it the same as meta.location.",
		}, func() {
			s.judge(got(), func(x *reports.Exchange) error {
				h, loc := x.Header().Get("Content-Location"), scim.String(x.Object(), "meta.location")
				if h != "" && s.creationURI(h) != s.creationURI(loc) {
					return wrong("Content-Location", loc, h)
				}
				return nil
			})
		})

		s.it("schemas is an array of URIs with the base schema among them", ID("read.schemas"), Requires("7643-3-01", "7643-2.1-01", "7643-3.3-01", "7643-1.1-02"), Explain{
			Why: "Typed clients choose how to read an object by its schemas, and refuse one without.",
			Fix: "Return schemas in every representation, as an array, with the URN of the base schema.",
		}, func() {
			s.judge(got(), func(x *reports.Exchange) error {
				v, _ := scim.Lookup(x.Object(), "schemas")
				list, ok := v.([]any)
				if !ok || !hasSchema(x.Object(), u.typ.Schema) {
					return wrong("schemas", text("an array with "+u.typ.Schema), v)
				}
				for _, e := range list {
					uri, _ := e.(string)
					if p, err := url.Parse(uri); err != nil || !p.IsAbs() {
						return wrong("an element of schemas", text("a URI"), e)
					}
				}
				return nil
			})
		})

		s.it("schemas lists only what the resource type declares", ID("read.schemas-declared"), Requires("7643-3-02"), Explain{
			Why: "Clients refuse a resource with a schema that the server does not publish.",
			Fix: "List in schemas only the base schema and the extensions that /ResourceTypes names.",
		}, func() {
			s.judge(got(), func(x *reports.Exchange) error {
				for _, e := range scim.List(x.Object(), "schemas") {
					uri, _ := e.(string)
					known := strings.EqualFold(uri, u.typ.Schema)
					for _, ext := range u.typ.SchemaExtensions {
						known = known || strings.EqualFold(uri, ext.Schema)
					}
					if !known {
						return wrong("schemas", text("only schemas of "+u.typ.Name), uri)
					}
				}
				if len(scim.List(x.Object(), "schemas")) == 0 {
					s.block("read.schemas", "schemas is missing")
				}
				return nil
			})
		})

		s.it("every value has the type that the schema says", ID("read.types"), Requires("7643-2.3-02", "7644-3.8-10", "7643-2.4-10"), Explain{
			Why: "Typed clients fail on the whole user when one attribute has another type than published.",
			Fix: "Serialise each attribute by its schema: arrays for multi-valued ones, objects for complex ones.",
		}, func() { s.judge(got(), s.readTypes(u.typ, false)) })

		s.it("Booleans are returned as true and false, not as strings", ID("read.booleans"), Requires("7643-2.3.2-01"), Explain{
			Why: `In many languages the string "false" counts as true, and leavers stay active.`,
			Fix: "Write Booleans as the JSON literals true and false.",
		}, func() {
			s.judge(got(), s.readTypes(u.typ, true))
			// What a server fills in by itself may take another way to the answer than what clients send.
			s.judge(s.readBack(small), s.readTypes(u.typ, true))
		})

		s.it("the body is UTF-8 without a byte order mark", ID("read.utf-8"), Requires("7644-3.8-01", "7644-3.8-02"), Explain{
			Why: "JSON parsers refuse a byte order mark and bytes that are no UTF-8, or show broken names.",
			Fix: "Write bodies in UTF-8, without a byte order mark, whatever the locale of the server.",
		}, func() {
			s.judge(got(), func(x *reports.Exchange) error {
				_, params, _ := mime.ParseMediaType(x.Header().Get("Content-Type"))
				switch cs := params["charset"]; {
				case cs != "" && !strings.EqualFold(cs, "utf-8"):
					return wrong("charset of the Content-Type", "utf-8", cs)
				case bytes.HasPrefix(x.Body(), []byte("\ufeff")):
					return wrong("body", text("no byte order mark"), text("a byte order mark"))
				case !utf8.Valid(x.Body()):
					return wrong("body", text("UTF-8"), text("bytes that are no UTF-8"))
				}
				return nil
			})
		})
	})
}

// enterpriseIf adds a department where the target has the enterprise extension.
func enterpriseIf(s *session) func(scim.Object) {
	if t := s.learned; t != nil && t.typ("User") != nil && t.typ("User").attribute(scim.EnterpriseURN+":department") != nil {
		return enterprise(object{"department": "Tours"})
	}
	return func(scim.Object) {}
}

// sameAsCreated compares a GET with the 201 answer, in what both are to show.
func (s *session) sameAsCreated(r *resource) Check {
	return func(x *reports.Exchange) error {
		return sameResource(r.typ.without(x.Object(), "request", "never"), r.typ.without(r.Created.Object(), "request", "never"))
	}
}

// readTypes compares values with the types of the schema: Booleans alone, or everything but Booleans.
func (s *session) readTypes(t *resourceType, booleans bool) Check {
	var walk func(path string, a *scim.Attribute, v any) error
	walk = func(path string, a *scim.Attribute, v any) error {
		if o, ok := v.(scim.Object); ok && a.Complex() {
			for k, sub := range o {
				if def := a.Sub(k); def != nil && sub != nil {
					if err := readValue(path+"."+k, def, sub, booleans, walk); err != nil {
						return err
					}
				}
			}
			return nil
		}
		if (a.Type == "boolean") != booleans || readHasType(a.Type, v) {
			return nil
		}
		return wrong(path, text("a value of type "+a.Type), v)
	}
	return func(x *reports.Exchange) error {
		if err := IsObject(x); err != nil {
			return err
		}
		for k, v := range x.Object() {
			if v == nil {
				continue
			}
			if ext, ok := v.(scim.Object); ok && strings.HasPrefix(strings.ToLower(k), "urn:") {
				for name, e := range ext {
					if a := t.attribute(k + ":" + name); a != nil && e != nil {
						if err := readValue(k+":"+name, a, e, booleans, walk); err != nil {
							return err
						}
					}
				}
				continue
			}
			if a := t.attribute(k); a != nil {
				if err := readValue(k, a, v, booleans, walk); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// readValue checks that arrays stand where the schema says so, and each value by walk.
func readValue(path string, a *scim.Attribute, v any, booleans bool, walk func(string, *scim.Attribute, any) error) error {
	list, isList := v.([]any)
	switch {
	case a.MultiValued && !isList && !booleans:
		return wrong(path, text("an array"), v)
	case !a.MultiValued && isList && !booleans:
		return wrong(path, text("one value, not an array"), v)
	case !isList:
		return walk(path, a, v)
	}
	for _, e := range list {
		if err := walk(path, a, e); err != nil {
			return err
		}
	}
	return nil
}

func readHasType(typ string, v any) bool {
	switch typ {
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "integer", "decimal":
		_, ok := v.(interface{ Float64() (float64, error) })
		return ok
	case "complex":
		_, ok := v.(scim.Object)
		return ok
	}
	_, ok := v.(string)
	return ok
}

func (s *session) readByOtherNames() {
	s.about("GET with a name that is no id", func() {
		var u *resource
		s.beforeAll(func() { u = s.makeUser("names") })
		// absent wants 404; another client error only differs in the word (ambiguities A49, A50).
		absent := func(x *reports.Exchange) error {
			if x.Status >= 400 && x.Status < 500 && x.Status != http.StatusNotFound {
				return soften(reports.Warn, Status(404)(x))
			}
			return Status(404)(x)
		}

		s.it("GET of an unknown id answers 404", ID("read.unknown-id"), Requires("7644-3.4.1-03", "7644-3.12-11"), Explain{
			Why: "Clients tell a deleted account from a failing server by this status, and create it anew or try again.",
			Fix: "Answer 404 with a SCIM error where no resource has the id.",
		}, func() { s.judge(s.get(u.typ.Endpoint+"/"+s.fictitious()), absent) })

		s.it("GET of an id that cannot exist answers 404 too", ID("read.malformed-id"), Requires("7644-3.4.1-03"), Explain{
			Why: "A server whose ids are numbers or UUIDs and that fails to parse others answers 500 to an old or foreign id.",
			Fix: "Answer 404 also where the id has the wrong form.",
		}, func() { s.judge(s.get(u.typ.Endpoint+"/no-such-id-"+s.cfg.RunID+"~'%C3%A9"), absent) })

		s.it("ids are case-exact", ID("read.id-case-exact"), Requires("7643-3.1-10"), Explain{
			Why: "Two ids that differ in letter case may name two resources; a lenient look-up returns the wrong one.",
			Fix: "Compare ids byte by byte.",
		}, func() {
			other := strings.Map(func(r rune) rune {
				if unicode.IsUpper(r) {
					return unicode.ToLower(r)
				}
				return unicode.ToUpper(r)
			}, u.ID)
			if other == u.ID {
				s.skip("the ids of the target have no letters")
			}
			s.judge(s.get(u.typ.Endpoint+"/"+url.PathEscape(other)), absent)
		})

		s.it("a userName in the place of the id finds nothing", ID("read.by-user-name"), Requires("7644-3.4.1-02"), Explain{
			Why: "A userName that looks like another user's id would lead to the wrong account.",
			Fix: "Look resources up by id only; userName belongs into a filter.",
		}, func() { s.judge(s.get(u.typ.Endpoint+"/"+url.PathEscape(scim.String(u.Sent, "userName"))), absent) })

		s.it("a user is not found at the endpoint of groups", ID("read.other-endpoint"), Requires("7644-3.4.1-02", "7644-3.4.1-03"), Explain{
			Why: "A client that reads a group and gets a user treats a person as a group, or the other way round.",
			Fix: "Restrict the look-up by id to the resource type of the endpoint.",
		}, func() { s.judge(s.get(s.needsType("Group").Endpoint+"/"+url.PathEscape(u.ID)), absent) })
	})
}

func (s *session) readNegotiated() {
	s.about("GET a user with other headers and parameters", func() {
		var u *resource
		s.beforeAll(func() {
			u = s.makeUser("negotiated")
			s.readBack(u)
		})
		get := func(accept ...string) *reports.Exchange {
			return s.do(wire.Request{Path: u.path(), Header: http.Header{"Accept": accept}})
		}
		same := func(x *reports.Exchange) error { return attrIs(x.Object(), "id", u.ID) }

		s.it("Accept: application/json is supported", ID("read.accept-json"), Requires("7644-3.8-05"), Explain{
			Why: "General HTTP libraries ask for application/json and get 406.",
			Fix: "Answer in JSON also where only application/json is accepted.",
		}, func() { s.judge(get(scim.JSONMediaType), Status(200), same) })

		s.it("an Accept header with several types is understood", ID("read.accept-list"), Requires("7644-3.8-04"), Explain{
			Why: "Libraries list types with weights; a server that compares the header as a whole answers 406.",
			Fix: "Parse Accept as a list of media ranges with weights.",
		}, func() {
			s.judge(get("text/plain;q=0.1, application/scim+json, application/json;q=0.9"), Status(200), same)
		})

		s.it("Accept: */* is answered in application/scim+json", ID("read.accept-any"), Requires("7644-3.8-06"), Explain{
			Why: "Tools such as curl accept anything; what they get should be SCIM.",
			Fix: "Send application/scim+json unless the client asks for something else.",
		}, func() { s.judge(get("*/*"), Status(200), same, MediaType) })

		s.it("a request without Accept is answered in application/scim+json", ID("read.accept-absent"), Requires("7644-3.8-06"), Explain{
			Why: "Accept is optional; a server that needs it refuses plain clients.",
			Fix: "Treat a missing Accept header as */*.",
		}, func() {
			s.judge(s.do(wire.Request{Path: u.path(), Header: http.Header{"Accept": nil}}), Status(200), same, MediaType)
		})

		s.it("a media type that the server lacks is refused with 406, or answered in JSON", ID("read.accept-unsupported"), Requires("7644-3.8-09"), Explain{
			Why: "A crash, or a page of HTML with status 200, tells the client nothing.",
			Fix: "Answer 406, or send JSON regardless.",
		}, func() {
			s.judge(get("text/html"), func(x *reports.Exchange) error {
				if x.Status == http.StatusOK {
					return same(x)
				}
				return Status(406, 415, 400)(x)
			})
		})

		s.it("an unknown query parameter is ignored", ID("read.unknown-parameter"), Requires("7644-3.4.2-03"), Explain{
			Why: "Entra and proxies append parameters of their own to every address.",
			Fix: "Ignore query parameters that you do not know.",
		}, func() { s.judge(s.read(u, "x-scimproof-probe", "1"), Status(200), same) })
	})
}
