package suites

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// resource is a record that this run created.
type resource struct {
	typ *resourceType
	// ID is the server's id; Sent is the body of the POST; Created is that exchange.
	ID      string
	Sent    scim.Object
	Created *reports.Exchange
}

// path is the resource's path relative to the base.
func (r *resource) path() string { return r.typ.Endpoint + "/" + url.PathEscape(r.ID) }

// create posts o and returns the exchange, with the resource if one came into being (else nil). It copes with
// servers that answer another 2xx or that send no body, so that one flaw does not hide all the others.
func (s *session) create(typ string, o scim.Object) (*resource, *reports.Exchange) {
	t := s.needsType(typ)
	o = s.completed(t, o)
	x := s.post(t.Endpoint, t.Endpoint, o)
	return s.adopt(t, o, x), x
}

// adopt finds out which resource a creating POST has made, or returns nil.
func (s *session) adopt(t *resourceType, sent scim.Object, x *reports.Exchange) *resource {
	if !x.Success() {
		return nil
	}
	id := scim.String(x.Object(), "id")
	if id == "" {
		id = scim.IDIn(x.Header().Get("Location"))
	}
	if id == "" {
		id = s.lookUp(t, sent)
	}
	if id == "" {
		return nil
	}
	if !s.client.Ledger().Owns(id) {
		s.client.Ledger().Own(t.Endpoint, id, "")
	}
	return &resource{typ: t, ID: id, Sent: sent, Created: x}
}

// lookUp searches for a record by its natural key: userName, or displayName for what has no userName. Others may share
// the display name of a user, and must not be taken for the record.
func (s *session) lookUp(t *resourceType, o scim.Object) string {
	key := "userName"
	if scim.String(o, key) == "" {
		key = "displayName"
	}
	want := scim.String(o, key)
	if want == "" {
		return ""
	}
	x := s.get(t.Endpoint, "filter", key+" eq "+scim.Quote(want))
	for _, r := range scim.Objects(x.Object(), "Resources") {
		if strings.EqualFold(scim.String(r, key), want) {
			return scim.String(r, "id")
		}
	}
	return ""
}

// make is create for preconditions: where nothing was created the checks are blocked by TYPE's create check.
func (s *session) make(typ string, o scim.Object) *resource {
	r, x := s.create(typ, o)
	return s.made(typ, r, x)
}

// made is make for a POST that has been sent.
func (s *session) made(typ string, r *resource, x *reports.Exchange) *resource {
	s.see(x)
	if x.Err() != nil {
		s.cannotJudge(x.Err())
	}
	if r == nil {
		by := "create.status"
		if strings.EqualFold(typ, "Group") {
			by = "groups.create"
		}
		s.block(by, "POST %s answered %d and nothing was created", s.learned.typ(typ).Endpoint, x.Status)
	}
	return r
}

// makeUser creates a user from the full shape, changed by edits.
func (s *session) makeUser(tag string, edits ...func(scim.Object)) *resource {
	return s.make("User", s.user(tag, edits...))
}

// makeGroup creates a group with the given members. Where the target refuses members in a POST, which
// groups.create-members judges, they are added by PATCH.
func (s *session) makeGroup(tag string, members ...*resource) *resource {
	sent := s.group(tag, members...)
	if len(members) == 0 {
		return s.make("Group", sent)
	}
	if !s.memberless {
		g, x := s.create("Group", sent)
		if g != nil || x.Status != http.StatusBadRequest {
			return s.made("Group", g, x)
		}
	}
	sent = clone(sent)
	delete(sent, "members")
	g := s.make("Group", sent)
	s.memberless = true
	if x := s.patch(g, op("add", "members", memberList(members...))); !x.Success() {
		s.see(x)
		s.block("groups.create-members", "members are refused in POST, and PATCH that adds them answered %d", x.Status)
	}
	return g
}

// groupsOpen blocks the check where a creation has the status with which that of any group is refused, as groups.create
// tells.
func (s *session) groupsOpen(status int) {
	if closedTo(status) {
		s.makeGroup("plain")
	}
}

// closedTo tells whether a status says that clients may not do this at all, however well they ask.
func closedTo(status int) bool {
	return status == http.StatusForbidden || status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented
}

// read GETs a resource, with query parameters as alternating names and values. Members that are returned on request
// only (RFC 7643 §7) are asked for, with all else that the type has.
func (s *session) read(r *resource, params ...string) *reports.Exchange {
	if a := r.typ.attribute("members"); a != nil && a.Returned == "request" && len(params) == 0 {
		params = []string{"attributes", strings.Join(r.typ.returnable(), ",")}
	}
	return s.get(r.path(), params...)
}

// returnable names the attributes that a server may return, the common ones with them.
func (t *resourceType) returnable() []string {
	names := []string{"externalId", "meta"} // which schemas need not list (RFC 7643 §3.1)
	for i := range t.base.Attributes {
		if a := &t.base.Attributes[i]; a.Returned != "never" && a.Mutability != "writeOnly" && a.Name != "externalId" && a.Name != "meta" {
			names = append(names, a.Name)
		}
	}
	return names
}

// readBack is read for the state after a write; where the resource cannot be read the check is blocked.
func (s *session) readBack(r *resource) *reports.Exchange {
	x := s.read(r)
	if x.Err() != nil {
		s.cannotJudge(x.Err())
	}
	if x.Status != http.StatusOK {
		s.see(x)
		s.block("read.status", "GET %s answered %d", r.path(), x.Status)
	}
	return x
}

// replace PUTs o over the resource. The client has no business with id (RFC 7643 §3.1), so o has none; a server that
// nevertheless wants it is found out, and from then on gets it, so that this one defect does not hide all others.
func (s *session) replace(r *resource, o scim.Object, headers ...string) *reports.Exchange {
	o = s.completed(r.typ, o)
	put := func(o scim.Object) *reports.Exchange {
		return s.do(wire.Request{Method: http.MethodPut, Path: r.path(), Body: encode(o), Header: header(headers...)})
	}
	if _, has := scim.Lookup(o, "id"); has {
		return put(o)
	}
	named := clone(o)
	named["id"] = r.ID
	if s.put.refused != nil {
		return put(named)
	}
	x := put(o)
	s.put.plain = s.put.plain || x.Success()
	if x.Status == http.StatusBadRequest && !s.put.plain {
		// Whatever else it answers to the same body with id: it was the id that it missed.
		if y := put(named); y.Err() == nil && y.Status != http.StatusBadRequest {
			s.put.refused = x
			return y
		}
	}
	return x
}

// putForm is what was learned about the form of PUT that a target takes.
type putForm struct {
	plain   bool              // one without id has succeeded
	refused *reports.Exchange // one without id was refused, and with id it was not
}

// patch sends operations made by op; new values of multi-valued attributes get the parts that the schema requires.
func (s *session) patch(r *resource, ops ...scim.Object) *reports.Exchange {
	return s.do(wire.Request{Method: http.MethodPatch, Path: r.path(), Body: encode(patchBody(s.completedOps(r.typ, ops)...))})
}

// remove DELETEs the resource.
func (s *session) remove(r *resource, headers ...string) *reports.Exchange {
	return s.do(wire.Request{Method: http.MethodDelete, Path: r.path(), Header: header(headers...)})
}

// patchBody wraps operations into a PatchOp message (RFC 7644 §3.5.2).
func patchBody(ops ...scim.Object) scim.Object {
	return scim.Object{"schemas": []string{scim.PatchOpURN}, "Operations": ops}
}

// op makes one PATCH operation; path and value may be nil to leave them out.
func op(verb string, path, value any) scim.Object {
	o := scim.Object{"op": verb}
	if path != nil {
		o["path"] = path
	}
	if value != nil {
		o["value"] = value
	}
	return o
}

func header(pairs ...string) http.Header {
	if len(pairs) == 0 {
		return nil
	}
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// fictitious returns an id that no resource has, in the form of the target's own ids, and allows the client to use it
// in unsafe requests.
func (s *session) fictitious() string {
	s.names++
	id := fmt.Sprintf("00000000-0000-4000-8000-%s%04d", s.cfg.RunID[:8], s.names)
	s.client.Fictitious(id)
	return id
}
