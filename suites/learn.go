package suites

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// Feature names an optional capability as ServiceProviderConfig does (RFC 7643 §5).
type Feature string

// The features that a target may claim; Cursor and Index are those of RFC 9865 §4.
const (
	Patch          Feature = "patch"
	Bulk           Feature = "bulk"
	Filter         Feature = "filter"
	Sort           Feature = "sort"
	ETag           Feature = "etag"
	ChangePassword Feature = "changePassword"
	Cursor         Feature = "pagination.cursor"
	Index          Feature = "pagination.index"
)

// Features lists them in the order of ServiceProviderConfig.
func Features() []Feature {
	return []Feature{Patch, Bulk, Filter, ChangePassword, Sort, ETag, Cursor, Index}
}

// learned is what the target says of itself, with the RFCs' definitions where it says nothing.
type learned struct {
	config, types, schemas, users *reports.Exchange

	resourceTypes []*resourceType
	// published tells whether /Schemas gave usable definitions.
	published bool
	known     map[string]*scim.Schema // by lower-case URN
	// asked is what has to be configured before resources of a type can be made.
	asked map[*resourceType]string
	// tried tells of each feature that was tried whether it works; the claims area alone fills it.
	tried map[Feature]bool
	// noGroups is set where /ResourceTypes is not served and /Groups is not there either.
	noGroups bool
	// lag is how long a query has to wait after a write, 0 for most targets.
	lag time.Duration
}

// resourceType is a resource type together with its schemas.
type resourceType struct {
	scim.ResourceType
	base       *scim.Schema
	extensions []*scim.Schema
}

// attribute returns the definition of the attribute at a path in standard notation, or nil.
func (t *resourceType) attribute(path string) *scim.Attribute {
	p := scim.ParsePath(path)
	list := []*scim.Schema{{ID: t.Schema, Attributes: scim.CommonAttributes()}, t.base}
	if p.URN != "" && !strings.EqualFold(p.URN, t.Schema) {
		list = t.extensions
	}
	for _, sch := range list {
		if p.URN != "" && !strings.EqualFold(sch.ID, p.URN) {
			continue
		}
		if a := sch.Attr(p.Attr); a != nil {
			if p.Sub == "" {
				return a
			}
			return a.Sub(p.Sub)
		}
	}
	return nil
}

// onRequest tells whether plain answers do not show the attribute at a path: it, or what it is part of, is returned
// only where it is asked for (RFC 7643 §7).
func (t *resourceType) onRequest(path string) bool {
	return slices.ContainsFunc(t.levels(path), func(a *scim.Attribute) bool { return a != nil && a.Returned == "request" })
}

// extension is the definition behind a URN among the type's extensions, or nil.
func (t *resourceType) extension(urn string) *scim.Schema {
	for _, e := range t.extensions {
		if strings.EqualFold(e.ID, urn) {
			return e
		}
	}
	return nil
}

// levels are the definitions of the attribute at a path: of what it is part of, if anything, and its own.
func (t *resourceType) levels(path string) []*scim.Attribute {
	p := scim.ParsePath(path)
	own := t.attribute(path)
	if p.Sub == "" || own == nil {
		return []*scim.Attribute{own}
	}
	p.Sub = ""
	return []*scim.Attribute{t.attribute(p.String()), own}
}

// closed tells how an attribute is withheld from clients that RFC 7643 gives to them, "" where it is not.
func (t *resourceType) closed(path string) string {
	core := standard(t).levels(path)
	for i, a := range t.levels(path) {
		if len(core) <= i || core[i] == nil || a == nil {
			continue
		}
		was := core[i]
		switch {
		case a.Mutability != was.Mutability && (a.Mutability == "readOnly" || a.Mutability == "writeOnly"):
			return a.Mutability
		case a.Returned != was.Returned && a.Returned == "never":
			return "returned: never"
		case len(a.CanonicalValues) > 0 && slices.ContainsFunc(was.CanonicalValues, func(usual string) bool { return scim.Chosen(a, usual, 0) != usual }):
			return "one of " + strings.Join(a.CanonicalValues, ", ")
		}
	}
	return ""
}

// standard is a type as RFC 7643 defines it.
func standard(t *resourceType) *resourceType {
	out := &resourceType{ResourceType: t.ResourceType, base: &scim.Schema{ID: t.Schema}}
	for _, sch := range scim.CoreSchemas() {
		if strings.EqualFold(sch.ID, t.Schema) {
			out.base = &sch
		} else if sch.ID == scim.EnterpriseURN {
			out.extensions = append(out.extensions, &sch)
		}
	}
	return out
}

// prune drops the members of a complex value (or of each value) that the schema does not declare.
func (t *resourceType) prune(path string, v any) any {
	a := t.attribute(path)
	if a == nil || !a.Complex() || len(a.SubAttributes) == 0 {
		return v
	}
	switch val := v.(type) {
	case scim.Object:
		for k := range val {
			if a.Sub(k) == nil {
				delete(val, k)
			}
		}
	case []any:
		for _, e := range val {
			t.prune(path, e)
		}
	}
	return v
}

// typ returns the resource type called name, whatever its letter case, or nil. User and Group are found by their core
// schemas too, since a server may call its types as it likes (RFC 7643 §6).
func (l *learned) typ(name string) *resourceType {
	for _, t := range l.resourceTypes {
		if strings.EqualFold(t.Name, name) {
			return t
		}
	}
	core := map[string]string{"User": scim.UserURN, "Group": scim.GroupURN}[name]
	for _, t := range l.resourceTypes {
		if core != "" && strings.EqualFold(t.Schema, core) {
			return t
		}
	}
	return nil
}

// schema returns the definition behind a URN, or nil.
func (l *learned) schema(urn string) *scim.Schema { return l.known[strings.ToLower(urn)] }

// claim returns what ServiceProviderConfig says of a feature, or nil where it says nothing.
func (l *learned) claim(f Feature) *bool {
	path := string(f) + ".supported"
	if f == Cursor || f == Index {
		path = string(f)
	}
	b, ok := scim.Get(l.config.Object(), path).(bool)
	if !ok {
		if f == Cursor && l.config.Success() {
			no := false
			return &no
		}
		return nil
	}
	return &b
}

// limit returns a positive number that ServiceProviderConfig announces, such as "bulk.maxOperations", or 0.
func (l *learned) limit(path string) int {
	n, _ := number(scim.Get(l.config.Object(), path))
	return max(n, 0)
}

// examine asks the target what it is. The Cut is not nil where there is nothing to judge: the target cannot be
// reached, refuses the credential, or is no SCIM endpoint.
func examine(ctx context.Context, c *wire.Client) (*learned, *reports.Cut) {
	get := func(path, query string) *reports.Exchange {
		return c.Do(ctx, wire.Request{Method: http.MethodGet, Path: path, RawQuery: query})
	}
	none := &reports.Exchange{}
	l := &learned{config: none, types: none, schemas: none, users: none, known: map[string]*scim.Schema{}}
	l.config = get("/ServiceProviderConfig", "")
	if err := l.config.Err(); err != nil && ctx.Err() != nil {
		return l, &reports.Cut{Kind: reports.CutInterrupted, Why: "interrupted before anything was learned"}
	} else if err != nil {
		return l, transportCut(err)
	}
	l.users = get("/Users", "count=1")
	if s := l.users.Status; s == http.StatusUnauthorized || s == http.StatusForbidden {
		return l, &reports.Cut{
			Kind: reports.CutAuth, Why: "the target refuses the credential: GET /Users answered " + http.StatusText(s),
			Hint: "check --token (or the other credential flags); `scimproof doctor` shows which layer fails",
		}
	}
	l.types = get("/ResourceTypes", "")
	l.schemas = get("/Schemas", "")
	if !l.types.Success() && ctx.Err() == nil {
		// Nobody says whether there are groups, which a server need not have (RFC 7644 §3.2).
		s := get("/Groups", "count=1").Status
		l.noGroups = s == http.StatusNotFound || s == http.StatusNotImplemented
	}
	if ctx.Err() != nil {
		return l, &reports.Cut{Kind: reports.CutInterrupted, Why: "interrupted before anything was learned"}
	}
	if !looksLikeSCIM(l) {
		return l, &reports.Cut{
			Kind: reports.CutNotSCIM,
			Why:  "nothing at this URL answers like SCIM 2.0: /ServiceProviderConfig, /Users, /ResourceTypes and /Schemas gave no SCIM message",
			Hint: "the base URL usually ends in /scim/v2; `scimproof doctor` looks for the right path",
		}
	}
	l.build()
	if len(l.resourceTypes) > 0 && l.users.Status == http.StatusNotFound {
		// There are no users; whatever comes first tells whether the credential is good.
		first := get(l.resourceTypes[0].Endpoint, "count=1")
		if s := first.Status; s == http.StatusUnauthorized || s == http.StatusForbidden {
			return l, &reports.Cut{
				Kind: reports.CutAuth, Why: "the target refuses the credential: GET " + l.resourceTypes[0].Endpoint + " answered " + http.StatusText(s),
				Hint: "check --token (or the other credential flags); `scimproof doctor` shows which layer fails",
			}
		}
	}
	return l, nil
}

func transportCut(err error) *reports.Cut {
	return &reports.Cut{
		Kind: reports.CutUnreachable, Why: "the target cannot be reached: " + err.Error(),
		Hint: "`scimproof doctor` tells which layer fails: DNS, TCP, TLS or HTTP",
	}
}

// looksLikeSCIM wants at least one answer that only a SCIM service gives.
func looksLikeSCIM(l *learned) bool {
	if o := l.config.Object(); l.config.Status == http.StatusOK && (hasSchema(o, scim.ProviderConfigURN) || scim.Get(o, "patch.supported") != nil) {
		return true
	}
	for _, x := range []*reports.Exchange{l.users, l.types, l.schemas} {
		if o := x.Object(); x.Status == http.StatusOK && (hasSchema(o, scim.ListResponseURN) || o["totalResults"] != nil) {
			return true
		}
		if o := x.Object(); x.Status >= 400 && hasSchema(o, scim.ErrorURN) {
			return true
		}
	}
	return false
}

// build fills in types and schemas; what is missing or malformed is replaced by the definitions of RFC 7643.
func (l *learned) build() {
	for _, o := range scim.Objects(l.schemas.Object(), "Resources") {
		var sch scim.Schema
		if decode(o, &sch) && sch.ID != "" && len(sch.Attributes) > 0 {
			l.known[strings.ToLower(sch.ID)] = &sch
			l.published = true
		}
	}
	for _, sch := range scim.CoreSchemas() {
		if l.known[strings.ToLower(sch.ID)] == nil && !l.published {
			l.known[strings.ToLower(sch.ID)] = &sch
		}
	}
	for _, o := range scim.Objects(l.types.Object(), "Resources") {
		var rt scim.ResourceType
		if decode(o, &rt) && rt.Name != "" && rt.Endpoint != "" {
			l.addType(rt)
		}
	}
	for _, rt := range scim.CoreTypes() {
		// A list that forgets a type which is served is a defect of the list alone.
		if len(l.resourceTypes) == 0 || l.typ("User") == nil && rt.Name == "User" && l.users.Success() {
			l.addType(rt)
		}
	}
	if l.typ("Group") == nil && !l.types.Success() && !l.noGroups {
		l.addType(scim.CoreTypes()[1])
	}
}

// plainEndpoint is where resources can be created; the write guard lets nothing else pass.
var plainEndpoint = regexp.MustCompile(`^/[A-Za-z0-9_-]+$`)

// endpointOf reads a published endpoint, or returns "" for one that no resource can be created at. Some servers publish
// absolute ones; the last segment is what counts below the base.
func endpointOf(published string) string {
	if u, err := url.Parse(published); err == nil && u.IsAbs() {
		published = u.Path
	}
	endpoint := "/" + strings.Trim(published, "/")
	endpoint = endpoint[strings.LastIndexByte(endpoint, '/'):]
	switch strings.ToLower(endpoint) {
	case "/me", "/bulk", "/schemas", "/resourcetypes", "/serviceproviderconfig":
		return ""
	}
	if !plainEndpoint.MatchString(endpoint) {
		return ""
	}
	return endpoint
}

func (l *learned) addType(rt scim.ResourceType) {
	if rt.Endpoint = endpointOf(rt.Endpoint); rt.Endpoint == "" {
		return
	}
	t := &resourceType{ResourceType: rt, base: l.schema(rt.Schema)}
	if t.base == nil {
		t.base = &scim.Schema{ID: rt.Schema}
		for _, sch := range []scim.Schema{scim.UserSchema(), scim.GroupSchema()} {
			if strings.EqualFold(sch.ID, rt.Schema) {
				t.base = &sch
			}
		}
	}
	for _, e := range rt.SchemaExtensions {
		if sch := l.schema(e.Schema); sch != nil {
			t.extensions = append(t.extensions, sch)
		}
	}
	l.resourceTypes = append(l.resourceTypes, t)
}

// decode reads an object into a typed value as far as its types fit; it tells whether they did.
func decode(o scim.Object, into any) bool {
	b, err := json.Marshal(o)
	return err == nil && json.Unmarshal(b, into) == nil
}
