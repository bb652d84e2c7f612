package suites

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

const brokenBodyFix = "Decode the body strictly as UTF-8 JSON, catch every error of the decoder, and answer 400 invalidSyntax."

// utf16Of writes a text in little-endian UTF-16 with a byte order mark, as some Windows programs do.
func utf16Of(b []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(string(b))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func gzipped(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b)
	_ = z.Close()
	return buf.Bytes()
}

// hostileEncodings: the right object in the wrong bytes. Some parsers recognise the encoding, which harms nobody.
func (s *session) hostileEncodings() {
	s.about("POST a user in bytes that are not plain UTF-8 JSON", func() {
		type form struct {
			id, title, why string
			write          func(b []byte) []byte
		}
		forms := []form{
			{"hostile.utf-16", "a body in UTF-16 is refused, or read right", "A 500 makes the client send the same body for ever; bytes taken for Latin-1 make names full of zeros.", utf16Of},
			{"hostile.byte-order-mark", "a byte order mark in front of the body does not upset the server", "Windows tools put the mark in front of what they write, and a parser that stumbles over it without an error of its own answers 500.", func(b []byte) []byte {
				return append([]byte{0xef, 0xbb, 0xbf}, b...)
			}},
			{"hostile.gzip-unannounced", "a compressed body without Content-Encoding is refused, or read right", "Misconfigured proxies drop the header; what then arrives is binary, and must not crash the parser.", gzipped},
			{"hostile.trailing-text", "text behind the end of the JSON object does not upset the server", "Whoever reads only the first object processes half of a request that somebody has smuggled two into.", func(b []byte) []byte {
				return append(append([]byte{}, b...), "\n{\"schemas\":[]} trailing"...)
			}},
			{"hostile.overlong-utf-8", "an overlong UTF-8 sequence is refused, or kept from becoming another character", "An overlong slash passes filters that look for a slash, and is one afterwards.", func(b []byte) []byte {
				return bytes.ReplaceAll(b, []byte("Ware~"), []byte("Ware\xc0\xaf"))
			}},
		}
		probes := map[string]creationProbe{}
		s.beforeAll(func() {
			for _, f := range forms {
				o := s.user("bytes", set("displayName", "Zoë Ware~"))
				probes[f.id] = s.raw(o, f.write(encode(o)))
			}
		})
		for _, f := range forms {
			s.it(f.title, ID(f.id), Requires("7644-3.12-08", "7643-2.3.1-01"), Explain{Why: f.why, Fix: brokenBodyFix}, func() {
				p := probes[f.id]
				if p.u == nil {
					s.judgeRefusal(p)
					return
				}
				s.note("accepted")
				x := s.probeState(p, "create.status")
				if f.id == "hostile.trailing-text" {
					s.judge(p.x, mistaken(reports.Info))
				}
				if f.id == "hostile.overlong-utf-8" {
					s.judge(x, func(x *reports.Exchange) error {
						if got := scim.String(x.Object(), "displayName"); strings.HasSuffix(got, "/") {
							return wrong("displayName", text("not a slash made of an overlong sequence"), got)
						}
						return nil
					})
					return
				}
				s.judge(x, Softly(reports.Warn, Keeps(p.u.typ, parts(p.u.Sent, "userName", "displayName"))))
			})
		}
	})
}

// longText is longer than a database's usual limits and shorter than any sensible limit of a request.
const longText = 100_000

// hostileStrings: what a JSON string may hold and storage may not like.
func (s *session) hostileStrings() {
	s.about("POST a user with strings at the edge of what a string may be", func() {
		var nul, lone, long, twice creationProbe
		var name, wide, first string
		s.beforeAll(func() {
			name = s.freeText()
			with := func(what, escaped string) creationProbe {
				o := s.user(what, set(name, "~~"))
				return s.raw(o, bytes.Replace(encode(o), []byte(`"~~"`), []byte(`"`+escaped+`"`), 1))
			}
			nul = with("nul", `before\u0000after`)
			lone = with("lone", `before\ud83dafter`)
			size := longText
			if most := s.learned.limit("bulk.maxPayloadSize"); most > 0 {
				size = min(size, most/2)
			}
			wide = strings.Repeat("long text ", size/10) + "end"
			long = s.probeUser(s.user("long", set(name, wide)))
			o := s.user("twice")
			second := scim.String(o, "userName")
			first = "first." + second
			both := `"userName":` + scim.Quote(first) + `,"userName":` + scim.Quote(second)
			twice = s.raw(o, bytes.Replace(encode(o), []byte(`"userName":`+scim.Quote(second)), []byte(both), 1))
		})

		s.it("a NUL character in a string is refused, or stored", ID("hostile.nul"), Requires("7644-3.12-08", "7643-2.3.1-01"), Explain{
			Why: "Several databases cannot store it and answer 500; code in C ends the string there, so that one name becomes another.",
			Fix: "Answer 400 invalidValue to characters that you cannot store, before they reach the database.",
		}, func() {
			if nul.u == nil {
				s.judgeRefusal(nul)
				return
			}
			s.judge(s.probeState(nul, "create.status"), Softly(reports.Warn, Attr(name, "before\x00after")))
		})

		s.it("half of a surrogate pair is refused, or kept out of the answers", ID("hostile.lone-surrogate"), Requires("7644-3.12-08", "7643-2.3.1-01"), Explain{
			Why: "It is no character and has no UTF-8: a server that writes it out again sends lists that no client can read.",
			Fix: "Replace lone surrogates by U+FFFD when decoding JSON, or answer 400 invalidValue.",
		}, func() {
			if lone.u == nil {
				s.judgeRefusal(lone)
				return
			}
			s.judge(s.probeState(lone, "create.status"), func(x *reports.Exchange) error {
				if _, err := x.JSON(); err != nil || !utf8.Valid(x.Body()) {
					return wrong("the user's JSON", text("UTF-8"), text("bytes that are not"))
				}
				got := scim.String(x.Object(), name)
				if !strings.HasPrefix(got, "before") || !strings.HasSuffix(got, "after") {
					return wrong(name, text("before…after"), got)
				}
				return nil
			})
		})

		s.it("a very long string is stored whole, or refused", ID("hostile.long-string"), Requires("7644-3.12-08", "7643-2.3.1-01", "7644-3.1-07"), Explain{
			Why: "A value that is cut without a word differs from its source for ever, and two long values may become equal.",
			Fix: "Store the whole value, or answer 400 invalidValue to one that is too long.",
		}, func() {
			if long.u == nil {
				s.judgeRefusal(long)
				return
			}
			s.judge(s.probeState(long, "create.status"), func(x *reports.Exchange) error {
				got := scim.String(x.Object(), name)
				if got == wide {
					return nil
				}
				return soften(reports.Warn, broken("%s has %d bytes after the write; %d were sent", name, len(got), len(wide)))
			})
		})

		s.it("a member that occurs twice in an object is refused, or one of the two counts", ID("hostile.duplicate-member"), Requires("7644-3.12-08", "7644-3.3-10"), Explain{
			Why: "Where two layers read such a body, each may take another value: what was checked is not what is stored.",
			Fix: "Refuse objects with a member that occurs twice, or take the last value in every layer.",
		}, func() {
			if twice.u == nil {
				s.judgeRefusal(twice)
				return
			}
			s.judge(s.probeState(twice, "create.status"), func(x *reports.Exchange) error {
				switch got := scim.String(x.Object(), "userName"); {
				case sameFold(got, first):
					s.note("the first of two equal members counts")
				case sameFold(got, scim.String(twice.u.Sent, "userName")):
					s.note("the last of two equal members counts")
				default:
					return wrong("userName", text("one of the two that were sent"), got)
				}
				return nil
			})
		})
	})
}

// hostileTypes: values of a JSON type that the schema does not have.
func (s *session) hostileTypes() {
	s.about("POST a user with values of the wrong type", func() {
		type kind struct{ attr, raw string }
		var kinds []kind
		var scalars []creationProbe
		probes := map[kind]creationProbe{}
		s.beforeAll(func() {
			t := s.needsType("User")
			tag := scim.Quote(s.tag("types"))
			for _, k := range []kind{
				{"userName", `[` + tag + `]`},
				{"userName", `{"value":` + tag + `}`},
				{"displayName", `{"a":{"b":[1]}}`},
				{"nickName", `4711`},
				{"nickName", `1e99999`},
				{"title", `true`},
				{"externalId", `[1,2]`},
				{"name", `"Ann"`},
				{"name", `[{"givenName":"Ann"}]`},
				{"emails", `"a@example.com"`},
				{"emails", `[["a@example.com"]]`},
				{"emails", `{"0":{"value":"a@example.com"}}`},
				{"active", `{"a":true}`},
				{"active", `[true]`},
				{"schemas", `"` + t.Schema + `"`},
				{"schemas", `[{}]`},
			} {
				if t.attribute(k.attr) == nil {
					continue
				}
				kinds = append(kinds, k)
				o := s.user("type", set(k.attr, json.RawMessage(k.raw)))
				p := s.raw(o, encode(o))
				probes[k] = p
			}
			for _, body := range []string{`null`, `true`, `4711`, `"text"`} {
				scalars = append(scalars, s.raw(scim.Object{}, []byte(body)))
			}
		})

		s.it("values of the wrong type do not make the server answer 5xx", ID("hostile.wrong-type"), Requires("7644-3.12-08", "7644-3.3-10"), Explain{
			Why: "A cast that fails ends in 500; the client blames the server, sends the record again and again, and never shows anybody the wrong value.",
			Fix: "Check the JSON type of each value against the schema, and answer 400 invalidValue.",
		}, func() {
			for _, k := range kinds {
				s.judge(probes[k].x, mistaken(reports.Info))
			}
		})

		s.it("a value of the wrong type is refused or converted, and never stored as it is", ID("hostile.wrong-type-stored"), Requires("7643-2.3-02"), Explain{
			Why: "Typed clients fail on the whole list in which one record has an object where a string belongs.",
			Fix: "Check the JSON type of each value against the schema before storing it.",
		}, func() {
			refused := true
			for _, k := range kinds {
				p := probes[k]
				s.see(p.x)
				refused = refused && p.x.Err() == nil && p.x.Status >= 400 && p.x.Status < 500
				if p.u == nil || p.after.Status != 200 {
					continue
				}
				s.judge(p.after, func(x *reports.Exchange) error {
					got, there := scim.Lookup(x.Object(), k.attr)
					var sent any
					dec := json.NewDecoder(strings.NewReader(k.raw))
					dec.UseNumber()
					if !there || dec.Decode(&sent) != nil || !equalValue(got, sent) {
						return nil // what the target makes of its own values is judged by its schema
					}
					violations, err := validate(p.u.typ, scim.Object{k.attr: got})
					if err != nil || len(violations) == 0 {
						return err
					}
					return wrong(k.attr+" after "+k.raw+" was sent", text("a value of its type"), got)
				})
			}
			if refused {
				s.note("all of them are refused")
			}
		})

		s.it("a body that is JSON but no object is refused", ID("hostile.not-an-object"), Requires("7644-3.1-02", "7644-3.12-08"), Explain{
			Why: "null passes many parsers, and the code behind them fails on it with 500, or creates an empty user.",
			Fix: "Check that the body is a JSON object before using it, and answer 400 invalidSyntax otherwise.",
		}, func() {
			for _, p := range scalars {
				s.judge(p.x, mistaken(reports.Warn))
			}
		})

		s.it("what was refused was not created", ID("hostile.refused-not-created"), Requires("7644-3.3-05", "7644-3.1-07"), Explain{
			Why: "The client corrects its record and tries again, and then meets a conflict with what it never got an answer for.",
			Fix: "Validate before you store, or roll back when validation fails.",
		}, func() {
			if !s.findable() {
				s.skip("the target does not find users by userName")
			}
			asked := false
			for _, k := range kinds {
				p := probes[k]
				if k.attr == "userName" || p.x.Status < 400 || p.x.Status > 499 || p.x.Err() != nil {
					continue
				}
				asked = true
				s.judge(p.x, func(x *reports.Exchange) error {
					sent := scim.Object{}
					if json.Unmarshal([]byte(x.RequestBody), &sent) != nil {
						return nil
					}
					if id := s.lookUp(s.needsType("User"), parts(sent, "userName")); id != "" {
						s.client.Ledger().Own(s.needsType("User").Endpoint, id, "")
						return wrong("users named "+scim.String(sent, "userName")+" after the refusal", text("none"), id)
					}
					return nil
				})
			}
			if !asked {
				s.block("hostile.wrong-type", "nothing was refused")
			}
		})
	})
}
