package suites

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// A Check judges one thing about one exchange: nil is right, anything else says what is wrong.
// A violation weighs as much as the check's heaviest requirement, unless softened with Softly.
type Check func(x *reports.Exchange) error

// violation is a check's error with what was expected and what was got kept apart.
type violation struct {
	what, want, got string
	// word caps the weight: reports.Warn or reports.Info; empty leaves it to the requirement.
	word reports.Word
}

func (v *violation) Error() string {
	if v.want == "" && v.got == "" {
		return v.what
	}
	return fmt.Sprintf("%s: want %s, got %s", v.what, v.want, v.got)
}

// wrong makes a violation out of what was judged, what the specification asks for, and what was there.
func wrong(what string, want, got any) error {
	return &violation{what: what, want: show(want), got: show(got)}
}

// broken makes a violation that needs no comparison.
func broken(format string, args ...any) error {
	return &violation{what: fmt.Sprintf(format, args...)}
}

// Softly caps the weight of every violation that check finds at word (WARN or INFO), where ambiguities are
// resolved in the server's favour.
func Softly(word reports.Word, check Check) Check {
	return func(x *reports.Exchange) error { return soften(word, check(x)) }
}

func soften(word reports.Word, err error) error {
	if err == nil {
		return nil
	}
	var list []error
	for _, e := range flatten(err) {
		var v *violation
		if errors.As(e, &v) {
			w := *v
			w.word = word
			list = append(list, &w)
			continue
		}
		list = append(list, &violation{what: e.Error(), word: word})
	}
	return errors.Join(list...)
}

// flatten lists the single errors behind errors.Join.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	return []error{err}
}

// show writes a value for a message: JSON where possible, and never longer than a line.
func show(v any) string {
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	if s, ok := v.(text); ok {
		return string(s)
	}
	b, err := json.Marshal(v)
	s := string(b)
	if err != nil {
		s = fmt.Sprint(v)
	}
	if v == nil {
		s = "nothing"
	}
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// text is shown as it stands, without quotes.
type text string

// Status wants one of the given HTTP status codes.
func Status(want ...int) Check {
	return func(x *reports.Exchange) error {
		if slices.Contains(want, x.Status) {
			return nil
		}
		return wrong("status", text(joinInts(want)), x.Status)
	}
}

// NotServerError refuses 5xx other than 501.
func NotServerError(x *reports.Exchange) error {
	if x.Status >= 500 && x.Status != 501 {
		return wrong("status", text("no server error"), x.Status)
	}
	return nil
}

// ClientError wants any 4xx.
func ClientError(x *reports.Exchange) error {
	if x.Status < 400 || x.Status > 499 {
		return wrong("status", text("a client error (4xx)"), x.Status)
	}
	return nil
}

// ErrorBody wants a SCIM error message that repeats the HTTP status (RFC 7644 §3.12).
func ErrorBody(x *reports.Exchange) error {
	v, err := x.JSON()
	if err != nil {
		return wrong("error body", text("a SCIM error in JSON"), text(err.Error()))
	}
	o, ok := v.(map[string]any)
	if !ok {
		return wrong("error body", text("a JSON object"), v)
	}
	var errs []error
	if !hasSchema(o, scim.ErrorURN) {
		errs = append(errs, wrong("schemas of the error", scim.ErrorURN, o["schemas"]))
	}
	switch st := o["status"].(type) {
	case string:
		if st != strconv.Itoa(x.Status) {
			errs = append(errs, wrong("status in the error body", strconv.Itoa(x.Status), st))
		}
	case json.Number:
		errs = append(errs, soften(reports.Warn, wrong("status in the error body", text(`a JSON string such as "`+strconv.Itoa(x.Status)+`"`), st)))
	default:
		errs = append(errs, wrong("status in the error body", strconv.Itoa(x.Status), st))
	}
	return errors.Join(errs...)
}

// ScimType wants the error's scimType to be one of want.
func ScimType(want ...string) Check {
	return func(x *reports.Exchange) error {
		got, _ := x.Object()["scimType"].(string)
		if slices.Contains(want, got) {
			return nil
		}
		return wrong("scimType", text(strings.Join(want, " or ")), x.Object()["scimType"])
	}
}

// Refused wants status (one of the codes joined by "/": "400", "400/409") and a SCIM error body; a scimType other
// than one of types is a WARN (ambiguity A49: the right status with the wrong keyword harms no client).
func Refused(status string, types ...string) Check {
	var codes []int
	for _, s := range strings.Split(status, "/") {
		n, _ := strconv.Atoi(s)
		codes = append(codes, n)
	}
	return func(x *reports.Exchange) error {
		errs := []error{Status(codes...)(x)}
		if errs[0] == nil {
			errs = append(errs, ErrorBody(x))
			if len(types) > 0 {
				errs = append(errs, Softly(reports.Warn, ScimType(types...))(x))
			}
		}
		return errors.Join(errs...)
	}
}

// MediaType wants a Content-Type of application/scim+json; application/json is a WARN (ambiguity A55).
func MediaType(x *reports.Exchange) error {
	ct := x.Header().Get("Content-Type")
	mt, _, err := mime.ParseMediaType(ct)
	switch {
	case ct == "":
		return wrong("Content-Type", scim.MediaType, text("no such header"))
	case err == nil && strings.EqualFold(mt, scim.MediaType):
		return nil
	case err == nil && (strings.EqualFold(mt, scim.JSONMediaType) || strings.HasSuffix(strings.ToLower(mt), "json")):
		return soften(reports.Warn, wrong("Content-Type", scim.MediaType, ct))
	}
	return wrong("Content-Type", scim.MediaType, ct)
}

// IsObject wants the body to be one JSON object.
func IsObject(x *reports.Exchange) error {
	v, err := x.JSON()
	if err != nil {
		return wrong("body", text("a JSON object"), text(err.Error()))
	}
	if _, ok := v.(map[string]any); !ok {
		return wrong("body", text("a JSON object"), v)
	}
	return nil
}

// NoBody wants an empty body.
func NoBody(x *reports.Exchange) error {
	if n := len(x.Body()); n > 0 {
		return wrong("body", text("no body"), text(strconv.Itoa(n)+" bytes"))
	}
	return nil
}

// Attr wants the attribute at path to have the value want: strings exactly, numbers and booleans by value,
// objects by the members of want (others may be there), arrays as sets of such objects (ambiguity A65).
// A want of nil means unassigned: absent, null or an empty array (RFC 7643 §2.5).
func Attr(path string, want any) Check {
	return func(x *reports.Exchange) error { return attrIs(x.Object(), path, want) }
}

func attrIs(o scim.Object, path string, want any) error {
	got := scim.Get(o, path)
	if !holds(got, want) {
		return wrong(path, want, got)
	}
	return nil
}

// Text is Attr for a string whose letter case a server need not keep, since the attribute is not case-exact (RFC 7643 §7).
func Text(path, want string) Check {
	return func(x *reports.Exchange) error { return textIs(x.Object(), path, want) }
}

func textIs(o scim.Object, path, want string) error {
	if got := scim.Get(o, path); !sameFold(got, want) {
		return wrong(path, want, got)
	}
	return nil
}

// Unassigned wants the attribute at path to have no value.
func Unassigned(path string) Check { return Attr(path, nil) }

// Assigned wants the attribute at path to have some value.
func Assigned(path string) Check {
	return func(x *reports.Exchange) error {
		if got := scim.Get(x.Object(), path); !scim.Assigned(got) {
			return wrong(path, text("a value"), got)
		}
		return nil
	}
}

// holds tells whether got is what was wanted, in the sense of Attr.
func holds(got, want any) bool {
	if !scim.Assigned(want) {
		return !scim.Assigned(got)
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for k, v := range w {
			if sub, _ := scim.Lookup(g, k); !holds(sub, v) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		return ok && len(g) == len(w) && matchAll(g, w)
	case []map[string]any:
		list := make([]any, len(w))
		for i := range w {
			list[i] = w[i]
		}
		return holds(got, list)
	case []string:
		list := make([]any, len(w))
		for i := range w {
			list[i] = w[i]
		}
		return holds(got, list)
	case string:
		g, ok := got.(string)
		return ok && g == w
	case bool:
		g, ok := got.(bool)
		return ok && g == w
	case int:
		g, ok := got.(json.Number)
		return ok && g.String() == strconv.Itoa(w)
	case json.Number:
		g, ok := got.(json.Number)
		return ok && sameNumber(g, w)
	case float64:
		g, ok := got.(json.Number)
		return ok && sameNumber(g, json.Number(strconv.FormatFloat(w, 'g', -1, 64)))
	}
	return reflect.DeepEqual(got, want)
}

// sameNumber compares by value: 1.50 is 1.5.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, err1 := a.Float64()
	y, err2 := b.Float64()
	return err1 == nil && err2 == nil && x == y
}

// matchAll pairs each wanted element with a different element of got.
func matchAll(got, want []any) bool {
	used := make([]bool, len(got))
	for _, w := range want {
		found := false
		for i, g := range got {
			if !used[i] && holds(g, w) {
				used[i], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// Same wants the resource in the body to equal that of other, apart from meta and the named attributes.
func Same(other *reports.Exchange, except ...string) Check {
	return func(x *reports.Exchange) error { return sameResource(x.Object(), other.Object(), except...) }
}

func sameResource(got, want scim.Object, except ...string) error {
	skip := func(k string) bool {
		return strings.EqualFold(k, "meta") || slices.ContainsFunc(except, func(e string) bool { return strings.EqualFold(e, k) })
	}
	var errs []error
	for k, w := range want {
		if skip(k) {
			continue
		}
		if g, _ := scim.Lookup(got, k); !equalValue(g, w) {
			errs = append(errs, wrong(k, w, g))
		}
	}
	for k, g := range got {
		if skip(k) {
			continue
		}
		if _, ok := scim.Lookup(want, k); !ok && scim.Assigned(g) {
			errs = append(errs, wrong(k, nil, g))
		}
	}
	return errors.Join(errs...)
}

// equalValue compares two decoded JSON values; arrays are sets, and null, [] and absent are equal, as is primary where it
// is false (RFC 7643 §2.4).
func equalValue(a, b any) bool {
	if !scim.Assigned(a) || !scim.Assigned(b) {
		return scim.Assigned(a) == scim.Assigned(b)
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return false
		}
		for k := range x {
			other, _ := scim.Lookup(y, k)
			if !equalValue(stated(k, x[k]), stated(k, other)) {
				return false
			}
		}
		for k := range y {
			if _, ok := scim.Lookup(x, k); !ok && scim.Assigned(stated(k, y[k])) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		used := make([]bool, len(y))
		for _, e := range x {
			found := false
			for i := range y {
				if !used[i] && equalValue(e, y[i]) {
					used[i], found = true, true
					break
				}
			}
			if !found {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// stated is the value of an attribute, or nil where it says no more than its absence: a value is not primary unless it
// says so (RFC 7643 §2.4).
func stated(name string, v any) any {
	if v == false && strings.EqualFold(name, "primary") {
		return nil
	}
	return v
}

// ListResponse wants a list message: its URN, a numeric totalResults, and Resources being an array of objects
// where there is one (RFC 7644 §3.4.2).
func ListResponse(x *reports.Exchange) error {
	if err := errors.Join(Status(200)(x), IsObject(x)); err != nil {
		return err
	}
	o := x.Object()
	var errs []error
	if !hasSchema(o, scim.ListResponseURN) {
		errs = append(errs, wrong("schemas of the list", scim.ListResponseURN, o["schemas"]))
	}
	if _, ok := number(o["totalResults"]); !ok {
		errs = append(errs, wrong("totalResults", text("a JSON number"), o["totalResults"]))
	}
	if res, ok := o["Resources"]; ok && res != nil {
		list, ok := res.([]any)
		if !ok {
			errs = append(errs, wrong("Resources", text("an array"), res))
		}
		for _, e := range list {
			if _, ok := e.(map[string]any); !ok {
				errs = append(errs, wrong("an element of Resources", text("an object"), e))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// Total wants totalResults to be n.
func Total(n int) Check {
	return func(x *reports.Exchange) error {
		if got, ok := number(x.Object()["totalResults"]); !ok || got != n {
			return wrong("totalResults", n, x.Object()["totalResults"])
		}
		return nil
	}
}

// Count wants the page to hold n resources.
func Count(n int) Check {
	return func(x *reports.Exchange) error {
		if got := len(scim.List(x.Object(), "Resources")); got != n {
			return wrong("number of Resources", n, got)
		}
		return nil
	}
}

// LocationOf wants the Location header to name the resource with that id below the target's base.
func LocationOf(id string) Check {
	return func(x *reports.Exchange) error {
		loc := x.Header().Get("Location")
		if loc == "" {
			return wrong("Location", text("the URI of the resource"), text("no such header"))
		}
		return endsInID("Location", loc, id)
	}
}

// endsInID wants the last path segment of a URI to be id.
func endsInID(what, uri, id string) error {
	if scim.IDIn(uri) != id {
		return wrong(what, text("a URI that ends in the id "+strconv.Quote(id)), uri)
	}
	return nil
}

// hasSchema tells whether the schemas member of o lists urn, whatever its letter case.
func hasSchema(o scim.Object, urn string) bool {
	return slices.ContainsFunc(scim.List(o, "schemas"), func(e any) bool {
		s, ok := e.(string)
		return ok && strings.EqualFold(s, urn)
	})
}

// number reads a JSON integer.
func number(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}

func joinInts(list []int) string {
	s := make([]string, len(list))
	for i, n := range list {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, " or ")
}
