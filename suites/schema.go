package suites

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// schemas: resources against the schemas that the target publishes (RFC 7643 §2, §3).
func (s *session) schemas() {
	s.definitions()
	s.about("resources against the published schemas", func() {
		var user, group *reports.Exchange
		s.beforeAll(func() {
			u := s.makeUser("schema", func(o scim.Object) {
				t := s.needsType("User")
				for path, v := range map[string]any{
					"profileUrl":       "https://" + s.domain() + "/profile",
					"photos":           []any{scim.Object{"value": "https://" + s.domain() + "/photo.png", "type": "photo", "primary": true}},
					"x509Certificates": []any{scim.Object{"value": sampleCertificate}},
				} {
					if t.attribute(path) != nil {
						o[path] = t.prune(path, v)
					}
				}
				if t.attribute(scim.EnterpriseURN+":employeeNumber") != nil {
					enterprise(scim.Object{"employeeNumber": "4711"})(o)
				}
			})
			user = s.readBack(u)
			if s.learned.typ("Group") != nil {
				group = s.readBack(s.makeGroup("schema", u))
			}
		})
		// conform judges both resources and keeps the errors of the given kinds.
		conform := func(kinds ...string) {
			s.judge(user, conforms(s.learned.typ("User"), kinds...))
			if group != nil {
				s.judge(group, conforms(s.learned.typ("Group"), kinds...))
			}
		}
		s.it("booleans are returned as true or false", ID("schema.booleans"), Requires("7643-2.3.2-01"), Explain{
			Why: "A client that reads \"False\" as a non-empty string takes a disabled account for an active one.",
			Fix: "Serialise booleans as the JSON literals true and false.",
		}, func() { conform("boolean") })
		s.it("strings and numbers are returned in the JSON type of their definition", ID("schema.value-types"), Requires("7643-2.3-02"), Explain{
			Why: "Typed clients fail on the whole resource when one value has the wrong JSON type.",
			Fix: "Serialise each attribute in the JSON type that belongs to its SCIM type.",
		}, func() { conform("string", "number", "integer") })
		s.it("multi-valued attributes are arrays and single-valued ones are not", ID("schema.cardinality"), Requires("7644-3.8-10"), Explain{
			Why: "Clients iterate over multi-valued attributes; an object in place of an array breaks them.",
			Fix: "Return an array for a multi-valued attribute even when it has one value.",
		}, func() { conform("array", "single") })
		s.it("the values of complex attributes are objects", ID("schema.complex-values"), Requires("7643-2.4-10", "7644-3.8-10"), Explain{
			Why: "A bare string has no type or primary to go by.",
			Fix: "Return each value of a complex attribute as an object with its sub-attributes.",
		}, func() { conform("object") })
		s.it("date and time values are valid xsd:dateTime with a date and a time", ID("schema.datetimes"), Requires("7643-2.3.5-01"), Explain{
			Why: "Clients that cannot parse meta.lastModified cannot synchronise incrementally.",
			Fix: "Return instants such as 2026-01-02T03:04:05Z.",
		}, func() { conform(dateTimeFormat) })
		s.it("date and time values name their time zone", ID("schema.datetime-zone"), Requires("7643-2.3.5-01"), Explain{
			Why: "Without a zone the same text is a different instant for every reader.",
			Fix: "End each dateTime with Z or an offset.",
		}, func() {
			s.judge(user, Softly(reports.Warn, func(x *reports.Exchange) error {
				var errs []error
				for _, path := range []string{"meta.created", "meta.lastModified"} {
					if v := scim.String(x.Object(), path); xsdDateTime.MatchString(v) && !zoned.MatchString(v) {
						errs = append(errs, wrong(path, text("a time zone at the end"), v))
					}
				}
				return errors.Join(errs...)
			}))
		})
		s.it("binary values are base64", ID("schema.binaries"), Requires("7643-2.3.6-01"), Explain{
			Why: "A certificate that cannot be decoded is lost.",
			Fix: "Return binary attributes as base64 text.",
		}, func() {
			s.needs("User", "x509Certificates.value")
			conform(binaryFormat)
		})
		s.it("references are URIs", ID("schema.references"), Requires("7643-2.3.7-01"), Explain{
			Why: "Clients follow them.",
			Fix: "Return references as absolute or relative URIs.",
		}, func() { conform(uriFormat) })
		s.it("schemas of a resource lists only what its resource type declares, each once", ID("schema.schemas-declared"), Requires("7643-3-02", "7643-3-03", "7643-3.3-01"), Explain{
			Why: "Clients read the parts of a resource by this list.",
			Fix: "List the base schema and the extensions in use, without duplicates.",
		}, func() {
			s.judge(user, declaredSchemas(s.learned.typ("User")))
			if group != nil {
				s.judge(group, declaredSchemas(s.learned.typ("Group")))
			}
		})
		s.it("an extension that users carry is listed by their resource type", ID("schema.extension-listed"), Requires("7643-3-02"), Explain{
			Why: "Clients that go by /ResourceTypes never map department, manager and employee number, though the service would keep them.",
			Fix: "List each extension in schemaExtensions of the resource types that it extends.",
		}, func() {
			t := s.needsType("User")
			if s.learned.schema(scim.EnterpriseURN) == nil {
				s.skip("the target does not publish the enterprise extension")
			}
			u, x := s.create("User", s.user("extended", enterprise(object{"department": "Tours"})))
			if u == nil {
				s.see(x)
				s.skip("the target refuses a user with the enterprise extension (status %d)", x.Status)
			}
			now := s.readBack(u)
			if _, carries := scim.Lookup(now.Object(), scim.EnterpriseURN); !carries {
				s.see(now)
				s.skip("the target keeps nothing of the enterprise extension")
			}
			s.judge(now, declaredSchemas(t), func(*reports.Exchange) error {
				if t.extension(scim.EnterpriseURN) == nil {
					return wrong("schemaExtensions of "+t.Name, text("among them "+scim.EnterpriseURN), t.SchemaExtensions)
				}
				return nil
			})
		})
		s.it("extension attributes stand inside the member named by the extension's URN", ID("schema.extension-container"), Requires("7643-3.3-04", "7643-3-07"), Explain{
			Why: "Clients look for extension attributes in that member and nowhere else.",
			Fix: "Put extension attributes into an object named by the extension's URN.",
		}, func() {
			s.needs("User", scim.EnterpriseURN+":employeeNumber")
			s.judge(user, func(x *reports.Exchange) error {
				ext, ok := scim.Lookup(x.Object(), scim.EnterpriseURN)
				o, is := ext.(scim.Object)
				if !ok || !is {
					return wrong(scim.EnterpriseURN, text("an object with employeeNumber"), ext)
				}
				var errs []error
				errs = append(errs, attrIs(o, "employeeNumber", "4711"))
				if v, ok := x.Object()["employeeNumber"]; ok {
					errs = append(errs, wrong("employeeNumber at the top level", nil, v))
				}
				return errors.Join(errs...)
			})
		})
	})
}

// sampleCertificate is the start of a DER certificate; only its base64 form matters here.
const sampleCertificate = "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVM="

func declaredSchemas(t *resourceType) Check {
	return func(x *reports.Exchange) error {
		allowed := []string{strings.ToLower(t.Schema)}
		for _, e := range t.SchemaExtensions {
			allowed = append(allowed, strings.ToLower(e.Schema))
		}
		seen := map[string]bool{}
		var errs []error
		for _, e := range scim.List(x.Object(), "schemas") {
			v, _ := e.(string)
			k := strings.ToLower(v)
			if !slices.Contains(allowed, k) {
				errs = append(errs, wrong("schemas of a "+t.Name, text(strings.Join(allowed, ", ")), e))
			}
			if seen[k] {
				errs = append(errs, broken("schemas lists %s twice", v))
			}
			seen[k] = true
		}
		if !seen[strings.ToLower(t.Schema)] {
			errs = append(errs, wrong("schemas of a "+t.Name, t.Schema, x.Object()["schemas"]))
		}
		return errors.Join(errs...)
	}
}

// The formats that gojsonschema lacks or judges differently from SCIM.
const (
	dateTimeFormat = "scim-datetime"
	binaryFormat   = "scim-binary"
	uriFormat      = "scim-uri-reference"
)

var (
	// xsdDateTime allows any fraction and leaves the zone out at will (ambiguity A63).
	xsdDateTime = regexp.MustCompile(`^-?\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)
	zoned       = regexp.MustCompile(`(Z|[+-]\d\d:\d\d)$`)
)

type format func(s string) bool

// IsFormat implements gojsonschema's format checker; values of another JSON type are judged by "type".
func (f format) IsFormat(input any) bool {
	s, ok := input.(string)
	return !ok || f(s)
}

var addFormats = sync.OnceFunc(func() {
	gojsonschema.FormatCheckers.
		Add(dateTimeFormat, format(xsdDateTime.MatchString)).
		Add(binaryFormat, format(isBase64)).
		Add(uriFormat, format(func(s string) bool {
			_, err := url.Parse(s)
			return err == nil && s != "" && !strings.ContainsAny(s, " <>\"")
		}))
})

// isBase64 accepts both alphabets, with or without padding (RFC 7643 §2.3.6), but no line breaks (RFC 4648 §3.1).
func isBase64(s string) bool {
	if strings.ContainsAny(s, "\r\n") {
		return false // which the decoder would skip
	}
	s = strings.TrimRight(s, "=")
	_, std := base64.RawStdEncoding.DecodeString(s)
	_, safe := base64.RawURLEncoding.DecodeString(s)
	return std == nil || safe == nil
}

// conforms validates a resource against the schemas of its type and keeps the violations whose expected kind is one
// of kinds: a JSON type, a format, or "single" for an array where a single value belongs.
func conforms(t *resourceType, kinds ...string) Check {
	return func(x *reports.Exchange) error {
		violations, err := validate(t, x.Object())
		if err != nil {
			return err
		}
		var errs []error
		for _, v := range violations {
			if slices.Contains(kinds, v.kind) {
				errs = append(errs, v.err)
			}
		}
		return errors.Join(errs...)
	}
}

type schemaViolation struct {
	kind string
	err  error
}

// validate runs gojsonschema over the normalised resource and puts its findings into SCIM's words.
func validate(t *resourceType, o scim.Object) ([]schemaViolation, error) {
	addFormats()
	doc := jsonSchema(t)
	sch, err := gojsonschema.NewSchema(gojsonschema.NewGoLoader(doc))
	if err != nil {
		return nil, fmt.Errorf("the schema of %s cannot be used: %w", t.Name, err)
	}
	res, err := sch.Validate(gojsonschema.NewGoLoader(normalise(t, o)))
	if err != nil {
		return nil, fmt.Errorf("the resource cannot be validated: %w", err)
	}
	var out []schemaViolation
	for _, e := range res.Errors() {
		path := strings.TrimPrefix(e.Context().String("."), "(root).")
		d := e.Details()
		switch e.Type() {
		case "invalid_type":
			kind, given := fmt.Sprint(d["expected"]), fmt.Sprint(d["given"])
			if given == "array" && kind != "array" {
				kind = "single"
			}
			out = append(out, schemaViolation{kind, wrong(path, text("a JSON "+fmt.Sprint(d["expected"])), text("a JSON "+given))})
		case "format":
			kind := fmt.Sprint(d["format"])
			name := map[string]string{dateTimeFormat: "an xsd:dateTime", binaryFormat: "base64", uriFormat: "a URI"}[kind]
			out = append(out, schemaViolation{kind, wrong(path, text(name), e.Value())})
		}
	}
	slices.SortStableFunc(out, func(a, b schemaViolation) int { return strings.Compare(a.err.Error(), b.err.Error()) })
	return out, nil
}

// jsonSchema builds a draft-07 document from typed definitions only, so that a hostile /Schemas cannot smuggle in
// keywords such as a remote $ref.
func jsonSchema(t *resourceType) map[string]any {
	props := properties(scim.CommonAttributes())
	for k, v := range properties(t.base.Attributes) {
		props[k] = v
	}
	for _, e := range t.extensions {
		props[e.ID] = map[string]any{"type": "object", "properties": properties(e.Attributes)}
	}
	return map[string]any{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": props}
}

func properties(list []scim.Attribute) map[string]any {
	out := map[string]any{}
	for i := range list {
		a := &list[i]
		one := map[string]any{}
		switch a.Type {
		case "boolean", "integer":
			one["type"] = a.Type
		case "decimal":
			one["type"] = "number"
		case "complex":
			one["type"] = "object"
			one["properties"] = properties(a.SubAttributes)
		case "dateTime":
			one["type"], one["format"] = "string", dateTimeFormat
		case "binary":
			one["type"], one["format"] = "string", binaryFormat
		case "reference":
			one["type"], one["format"] = "string", uriFormat
		case "string", "":
			one["type"] = "string"
		}
		if a.MultiValued {
			one = map[string]any{"type": "array", "items": one}
		}
		out[a.Name] = one
	}
	return out
}

// normalise folds member names to the schema's spelling and drops nulls, since names are case-insensitive and null
// equals unassigned (RFC 7643 §2.1, §2.5).
func normalise(t *resourceType, o scim.Object) scim.Object {
	all := &scim.Schema{Attributes: slices.Concat(scim.CommonAttributes(), t.base.Attributes)}
	out := fold(all.Attributes, o)
	for k, v := range o {
		for _, e := range t.extensions {
			if ext, ok := v.(scim.Object); ok && strings.EqualFold(k, e.ID) {
				delete(out, k)
				out[e.ID] = fold(e.Attributes, ext)
			}
		}
	}
	return out
}

func fold(list []scim.Attribute, o scim.Object) scim.Object {
	sch := scim.Schema{Attributes: list}
	out := scim.Object{}
	for k, v := range o {
		if v == nil {
			continue
		}
		a := sch.Attr(k)
		if a == nil {
			out[k] = v
			continue
		}
		switch val := v.(type) {
		case scim.Object:
			v = fold(a.SubAttributes, val)
		case []any:
			var items []any
			for _, e := range val {
				if m, ok := e.(scim.Object); ok {
					items = append(items, fold(a.SubAttributes, m))
				} else if e != nil {
					items = append(items, e)
				}
			}
			v = append([]any{}, items...)
		}
		out[a.Name] = v
	}
	return out
}
