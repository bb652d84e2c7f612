package suites

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// createForms: forms of one and the same message that must not make a difference.
func (s *session) createForms() {
	s.about("POST a user in another form", func() {
		var reversed, upper, plain, charset, nulls creationProbe
		post := func(o scim.Object, body []byte, header http.Header) creationProbe {
			t := s.needsType("User")
			x := s.do(wire.Request{Method: http.MethodPost, Path: t.Endpoint, Creates: t.Endpoint, Body: body, Header: header})
			return s.probed(s.adopt(t, o, x), x)
		}
		s.beforeAll(func() {
			o := s.user("reversed")
			reversed = post(o, reversedJSON(o), nil)
			o = s.user("upper")
			upper = post(o, encode(upperNames(o)), nil)
			o = s.user("plain")
			plain = post(o, encode(o), header("Content-Type", scim.JSONMediaType))
			o = s.user("charset")
			charset = post(o, encode(o), header("Content-Type", scim.MediaType+"; charset=utf-8"))
			o = s.user("nulls")
			for name, v := range map[string]any{"nickName": nil, "title": nil, "addresses": nil, "phoneNumbers": []any{}} {
				if a := s.needsType("User").attribute(name); a != nil && !a.Required {
					o[name] = v
				}
			}
			nulls = s.probeUser(o)
		})
		// kept wants the same state as a POST in the usual form gives.
		kept := func(p creationProbe) {
			if p.u == nil {
				s.judge(p.x, s.probeMade(p))
				return
			}
			s.judge(s.probeState(p, "create.status"), s.keepsAsUsual(p.u.typ, p.u.Sent))
		}

		s.it("the order of members in a JSON object does not matter", ID("create.member-order"), Requires("7643-2.3.8-01"), Explain{
			Why: "JSON libraries write members in any order; whoever relies on one loses data of some clients.",
			Fix: "Read the whole object before you interpret it.",
		}, func() { kept(reversed) })

		s.it("attribute names are accepted in any letter case", ID("create.attribute-case"), Requires("7643-2.1-03"), Explain{
			Why: "Hand-written mappings say UserName or displayname, and such values are lost without a word.",
			Fix: "Match the names of members without regard to letter case.",
		}, func() { kept(upper) })

		s.it("a body of type application/json is accepted", ID("create.json-media-type"), Requires("7644-3.8-08"), Explain{
			Why: "OneLogin, Google and many scripts send application/json; they cannot be connected otherwise.",
			Fix: "Accept application/json beside application/scim+json in requests.",
		}, func() { s.judge(plain.x, s.probeMade(plain)) })

		s.it("a charset parameter in the media type is accepted", ID("create.media-type-charset"), Requires("7644-8.1-01", "7644-3.8-02"), Explain{
			Why: "Okta sends application/scim+json; charset=utf-8; a server that compares the header as a whole answers 415.",
			Fix: "Compare the media type without its parameters.",
		}, func() {
			if charset.u == nil {
				s.judge(charset.x, s.probeMade(charset))
				return
			}
			s.judge(s.probeState(charset, "create.status"), Status(200))
		})

		s.it("attributes sent as null or [] are accepted", ID("create.null-accepted"), Requires("7643-2.5-01"), Explain{
			Why: "Clients with typed models write null for all that is not set; a server that refuses it cannot be provisioned by them.",
			Fix: "Treat null and [] as if the attribute were absent.",
		}, func() { s.judge(nulls.x, Softly(reports.Warn, s.probeMade(nulls)), NotServerError) })

		s.it("attributes sent as null or [] are unassigned afterwards", ID("create.null-unassigned"), Requires("7643-2.5-01"), Explain{
			Why: `A stored null comes back as the text "null", as an empty object, or as a list with nothing in it, and breaks filters and clients.`,
			Fix: "Drop null and [] before storing.",
		}, func() {
			x := s.probeState(nulls, "create.null-accepted")
			for _, name := range []string{"nickName", "title", "addresses", "phoneNumbers"} {
				if v, sent := nulls.u.Sent[name]; sent && !scim.Assigned(v) {
					s.judge(x, Unassigned(name))
				}
			}
		})
	})
}

// createLists: multi-valued attributes (RFC 7643 §2.4).
func (s *session) createLists() {
	s.about("POST a user with several emails", func() {
		var two, primaries, pairs, labels, other creationProbe
		var address string
		s.beforeAll(func() {
			s.needs("User", "emails.value", "emails.type")
			mail := func(list ...scim.Object) func(scim.Object) {
				return func(o scim.Object) {
					address = scim.String(o, "userName")
					if !strings.Contains(address, "@") {
						address += "@" + s.domain()
					}
					var values []any
					for i := range list {
						e := maps.Clone(list[i])
						if e["value"] == nil {
							e["value"] = address
						}
						values = append(values, e)
					}
					o["emails"] = values
				}
			}
			two = s.probeUser(s.user("types", mail(object{"type": "work"}, object{"type": "home"})))
			pairs = s.probeUser(s.user("pairs", mail(object{"type": "work"}, object{"type": "work"})))
			if s.needsType("User").attribute("emails.display") != nil {
				labels = s.probeUser(s.user("labels", mail(object{"type": "work", "display": "One"}, object{"type": "work", "display": "Two"})))
			}
			if s.needsType("User").attribute("emails.primary") != nil {
				primaries = s.probeUser(s.user("primaries", mail(
					object{"type": "work", "primary": true}, object{"type": "home", "primary": true, "value": "other@" + s.domain()})))
			}
			other = s.probeUser(s.user("label", mail(object{"type": "x-scimproof"})))
		})

		s.it("one value may occur with two types", ID("create.same-value-two-types"), Requires("7643-2.4-07"), Explain{
			Why: "The same address for work and home is common in small companies; a server that keeps one loses the other's meaning.",
			Fix: "Make type and value together the key of a value, not value alone.",
		}, func() {
			x := s.probeState(two, "create.status")
			s.judge(x, Attr("emails", []any{
				object{"value": scim.Objects(two.u.Sent, "emails")[0]["value"], "type": "work"},
				object{"value": scim.Objects(two.u.Sent, "emails")[0]["value"], "type": "home"},
			}))
		})

		s.it("a value that is sent twice with the same type is not returned twice", ID("create.identical-values"), Requires("7643-2.4-08"), Explain{
			Why: "Duplicates grow with each synchronisation, and a removal takes away only one of them.",
			Fix: "Drop values that say the same as an earlier one, or refuse them.",
		}, func() {
			if pairs.u == nil {
				s.judge(pairs.x, declined())
				return
			}
			s.judge(s.probeState(pairs, "create.status"), func(x *reports.Exchange) error {
				if n := len(scim.List(x.Object(), "emails")); n > 1 {
					return wrong("number of emails", 1, n)
				}
				return nil
			})
		})

		s.it("a value that is sent twice with another label is not returned twice", ID("create.same-pair"), Requires("7643-2.4-08"), Explain{
			Why: "Type and value are what clients tell values apart by; with two of one pair a change reaches either, or both.",
			Fix: "Compare type and value alone when looking for duplicates; merge them or refuse them.",
		}, func() {
			s.needs("User", "emails.display")
			if labels.u == nil {
				s.judge(labels.x, declined())
				return
			}
			s.judge(s.probeState(labels, "create.status"), func(x *reports.Exchange) error {
				if n := len(scim.List(x.Object(), "emails")); n > 1 {
					return wrong("number of emails with one type and value", 1, n)
				}
				return nil
			})
		})

		s.it("two primary values are refused or corrected, never stored", ID("create.two-primaries"), Requires("7643-2.4-02"), Explain{
			Why: "Clients take the primary address for mail; with two of them each takes another.",
			Fix: "Refuse a second primary with 400 invalidValue, or keep only one.",
		}, func() {
			s.needs("User", "emails.primary")
			if primaries.u == nil {
				s.observe("A43", "two primary values in POST", "refused")
				s.judge(primaries.x, declined(scim.InvalidValue, scim.InvalidSyntax))
				return
			}
			s.observe("A43", "two primary values in POST", "corrected")
			s.judge(s.probeState(primaries, "create.status"), func(x *reports.Exchange) error {
				n := 0
				for _, e := range scim.Objects(x.Object(), "emails") {
					if e["primary"] == true {
						n++
					}
				}
				if n > 1 {
					return wrong("primary emails", text("at most one"), n)
				}
				return nil
			})
		})

		s.it("a type outside the canonical values is kept or refused, and does not cost the value", ID("create.canonical-values"), Requires("7643-2.3.1-03", "7643-4.1.2-03"), Explain{
			Why: "Clients label values by their own words; a server that answers 201 and drops the address loses it without a word.",
			Fix: "Accept other types, or answer 400 invalidValue.",
		}, func() {
			if other.u == nil {
				s.observe("A66", "a type outside the canonical values", "refused")
				s.judge(other.x, declined(scim.InvalidValue, scim.InvalidSyntax))
				return
			}
			s.judge(s.probeState(other, "create.status"), func(x *reports.Exchange) error {
				if list := scim.Objects(x.Object(), "emails"); len(list) == 1 && scim.String(list[0], "type") == "" {
					s.observe("A66", "a type outside the canonical values", "dropped")
				} else {
					s.observe("A66", "a type outside the canonical values", "kept")
				}
				return Attr("emails", []any{object{"value": scim.Objects(other.u.Sent, "emails")[0]["value"]}})(x)
			})
		})
	})
}

// reversedJSON writes a value with the members of all objects in reverse alphabetical order.
func reversedJSON(v any) []byte {
	var b bytes.Buffer
	switch t := v.(type) {
	case scim.Object:
		b.WriteByte('{')
		names := slices.Sorted(maps.Keys(t))
		slices.Reverse(names)
		for i, k := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			name, _ := json.Marshal(k)
			b.Write(name)
			b.WriteByte(':')
			b.Write(reversedJSON(t[k]))
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range t {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(reversedJSON(e))
		}
		b.WriteByte(']')
	default:
		plain, _ := json.Marshal(v)
		b.Write(plain)
	}
	return b.Bytes()
}

// upperNames spells attribute names in another letter case; URNs and schemas stay.
func upperNames(v any) any {
	switch t := v.(type) {
	case scim.Object:
		out := scim.Object{}
		for k, e := range t {
			if k != "schemas" && !strings.HasPrefix(k, "urn:") {
				k = strings.ToUpper(k)
			}
			out[k] = upperNames(e)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = upperNames(e)
		}
		return out
	}
	return v
}
