package loadgen

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// Target is what has to be known of an endpoint before it is loaded.
type Target struct {
	Users, Groups string // endpoints, such as "/Users"
	// NoPatch, NoFilter, NoGroups and ETag are what the target says of itself.
	NoPatch, NoFilter, NoGroups, ETag bool
	// CursorOnly tells that lists have no startIndex (RFC 9865 §4).
	CursorOnly bool
	// MembersAsked tells that groups show their members only to those who ask for them, NoMembers that nobody may change
	// them or see them, and NoRename that a group keeps its displayName.
	MembersAsked, NoMembers, NoRename bool
	// Configured tells that the service provider configuration can be read.
	Configured bool
	// Foreign are records that were there before; nothing of them may change.
	Foreign []Foreign

	declared      map[string]bool // nil = the target does not publish its schemas
	users, groups needs
}

// Foreign is a record that this run did not make, as it was before the load.
type Foreign struct {
	Path   string
	Before *reports.Exchange
	hash   uint64
}

// foreignKept is how many records of others are watched.
const foreignKept = 20

// Learn asks the target what it declares, and looks at some of the records that are there already. What cannot be found out
// is taken as the RFCs have it: a load run goes on where discovery is broken. Records with tag in their name are this run's own.
func Learn(ctx context.Context, c Client, tag string) *Target {
	t := &Target{Users: "/Users", Groups: "/Groups"}
	var users, groups scim.Object
	for _, rt := range scim.Objects(get(ctx, c, "/ResourceTypes").Object(), "Resources") {
		switch scim.String(rt, "schema") {
		case scim.UserURN:
			users = rt
		case scim.GroupURN:
			groups = rt
		}
		endpoint := "/" + strings.Trim(scim.String(rt, "endpoint"), "/")
		if endpoint == "/" || strings.Contains(endpoint, ":") {
			continue
		}
		switch scim.String(rt, "schema") {
		case scim.UserURN:
			t.Users = endpoint
		case scim.GroupURN:
			t.Groups = endpoint
		}
	}
	t.NoGroups = users != nil && groups == nil
	config := get(ctx, c, configPath).Object()
	t.Configured = config != nil
	t.ETag, _ = scim.Get(config, "etag.supported").(bool)
	if patch, ok := scim.Get(config, "patch.supported").(bool); ok {
		t.NoPatch = !patch
	}
	if filter, ok := scim.Get(config, "filter.supported").(bool); ok {
		t.NoFilter = !filter
	}
	index, said := scim.Get(config, "pagination.index").(bool)
	t.CursorOnly = said && !index
	schemas := get(ctx, c, "/Schemas").Object()
	t.learnSchemas(schemas)
	if t.Published() {
		t.users, t.groups = needsOf(schemas, users, scim.UserURN), needsOf(schemas, groups, scim.GroupURN)
	}
	t.survey(ctx, c, tag)
	return t
}

const configPath = "/ServiceProviderConfig"

func get(ctx context.Context, c Client, path string) *reports.Exchange {
	return wire.Follow(ctx, c, wire.Request{Path: path, Patient: true})
}

func (t *Target) learnSchemas(list scim.Object) {
	declared := map[string]bool{}
	for _, s := range scim.Objects(list, "Resources") {
		id := scim.String(s, "id")
		prefix := ""
		switch {
		case strings.EqualFold(id, scim.GroupURN):
			t.learnGroups(scim.Objects(s, "attributes"))
			continue
		case strings.EqualFold(id, scim.EnterpriseURN):
			prefix = scim.EnterpriseURN + ":"
		case !strings.EqualFold(id, scim.UserURN):
			continue
		}
		for _, a := range scim.Objects(s, "attributes") {
			name := prefix + strings.ToLower(scim.String(a, "name"))
			declared[name] = usable(a)
			for _, sub := range scim.Objects(a, "subAttributes") {
				declared[name+"."+strings.ToLower(scim.String(sub, "name"))] = usable(a) && usable(sub)
			}
		}
	}
	// Without userName it is no schema of users, and tells nothing of the rest.
	if _, ok := declared["username"]; ok {
		t.declared = declared
	}
}

func (t *Target) learnGroups(attributes []scim.Object) {
	for _, a := range attributes {
		mutability, returned := strings.ToLower(scim.String(a, "mutability")), strings.ToLower(scim.String(a, "returned"))
		switch strings.ToLower(scim.String(a, "name")) {
		case "members":
			t.MembersAsked = returned == "request"
			t.NoMembers = slices.Contains([]string{"readonly", "immutable", "writeonly"}, mutability) || returned == "never"
		case "displayname":
			t.NoGroups = t.NoGroups || mutability == "readonly"
			t.NoRename = mutability == "immutable"
		}
	}
}

// Managers tells whether users can have managers, and others later.
func (t *Target) Managers() bool {
	value, said := t.declared[ManagerPath+".value"]
	return t.Declares(ManagerPath) && (value || !said)
}

// LeftOut lists what users and groups have and are not provisioned with, since the target does not declare it, or declares that
// it cannot be written or not be seen.
func (t *Target) LeftOut() (out []string) {
	switch {
	case t.NoGroups:
		out = append(out, "groups")
	case t.NoMembers:
		out = append(out, "members of groups")
	}
	if !t.Managers() {
		out = append(out, "managers")
	}
	_, omit := t.Attributes()
	return append(out, slices.Compact(omit)...)
}

// usable tells whether what is written to an attribute, at any time, can be expected back. One that is readOnly may be
// ignored, and one that is returned on request or never is not seen (RFC 7643 §2.2, §2.4).
func usable(attribute scim.Object) bool {
	mutability, returned := scim.String(attribute, "mutability"), scim.String(attribute, "returned")
	return !strings.EqualFold(mutability, "readOnly") && !strings.EqualFold(mutability, "writeOnly") && !strings.EqualFold(mutability, "immutable") &&
		!strings.EqualFold(returned, "request") && !strings.EqualFold(returned, "never")
}

// Published tells whether the target's schemas could be read; if not, everything counts as declared.
func (t *Target) Published() bool { return t.declared != nil }

// Declares tells whether the target's schemas have an attribute that can be written and read, given as Attribute.Declaration does. externalId is common to
// all resources and need not be declared (RFC 7643 §3.1).
func (t *Target) Declares(path string) bool {
	if t.declared == nil || path == "externalId" {
		return true
	}
	if attr, ok := strings.CutPrefix(path, scim.EnterpriseURN+":"); ok {
		return t.declared[scim.EnterpriseURN+":"+strings.ToLower(attr)]
	}
	return t.declared[strings.ToLower(path)]
}

// Attributes returns those UserAttributes that the target declares, with its words for their types, and the others as
// fixtures.Directory.Omit takes them.
func (t *Target) Attributes() (declared []Attribute, omit []string) {
	for _, a := range UserAttributes() {
		if a.Type != "" {
			a.Type = t.typeOf(a.Root, slices.Index(usualTypesOf(a.Root), a.Type))
			if a.Type == "" {
				continue // fixtures.Directory.Fit leaves the value out
			}
		}
		switch whole := (Attribute{URN: a.URN, Root: a.Root}).Declaration(); {
		case !t.Declares(whole), a.Type != "" && !t.Declares(whole+".type"):
			omit = append(omit, whole)
		case !t.Declares(a.Declaration()):
			omit = append(omit, a.Declaration())
		default:
			declared = append(declared, a)
		}
	}
	return declared, omit
}

// survey remembers the first records that are there already.
func (t *Target) survey(ctx context.Context, c Client, tag string) {
	for _, endpoint := range []string{t.Users, t.Groups} {
		if endpoint == t.Groups && t.NoGroups {
			continue
		}
		pages := t.Pages()
		x := get(ctx, c, endpoint+"?"+pages.Query(foreignKept))
		for _, o := range scim.Objects(x.Object(), "Resources") {
			id := scim.String(o, "id")
			if id == "" || Own(o, tag) {
				continue
			}
			path := wire.ResourcePath(endpoint, id)
			if before := get(ctx, c, path); before.Success() {
				t.Foreign = append(t.Foreign, Foreign{path, before, fingerprint(before.Object())})
			}
		}
	}
}

// Own tells whether a resource carries the tag of this run in its name, and not one that only begins with it.
func Own(o scim.Object, tag string) bool {
	tag = strings.ToLower(tag) // names need not keep their letter case (RFC 7643 §7)
	return tag != "" && (tagged(strings.ToLower(scim.String(o, "userName")), tag) || tagged(strings.ToLower(scim.String(o, "displayName")), tag))
}

func tagged(name, tag string) bool {
	_, rest, found := strings.Cut(name, tag)
	return found && (rest == "" || !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyz-_", rune(rest[0]|0x20)))
}

// Filter is the query string that finds a resource by one attribute.
func Filter(attribute, value string) string {
	return "filter=" + strings.ReplaceAll(url.QueryEscape(attribute+" eq "+scim.Quote(value)), "+", "%20")
}
