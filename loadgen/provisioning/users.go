package provisioning

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// found is what a look-up has found, or a list has shown, of one user.
type found struct {
	hits, others int // resources with the wanted userName, and with another one
	id, second   string
	differences  []loadgen.Difference
	manager      string
}

// startUser begins with a user; false means that there is nothing to do.
func (c *Cycle) startUser(i int) (loadgen.Op, bool) {
	s := c.source.User(i)
	switch {
	case s.Status == Purged:
		if c.links.Linked(i) && c.mayChange(i) {
			c.links.unsure.Set(i, true)
			c.links.unclear.Set(i, true)
			return loadgen.Op{Name: loadgen.Delete, Method: http.MethodDelete, Path: c.userPath(i), Index: i, Step: stepDelete}, true
		}
		return loadgen.Op{}, false
	case c.incremental && c.links.Linked(i):
		return c.changeOf(i, s)
	case c.cfg.Match == MatchList && !c.incremental:
		return c.fromList(i)
	}
	return loadgen.Op{
		Name: loadgen.Lookup, Method: http.MethodGet, Path: c.target.Users, RawQuery: loadgen.Filter("userName", c.source.UserName(i)),
		Index: i, Step: stepLookup, Digest: func(out *loadgen.Outcome) any { return c.readMatch(i, s, out) },
	}, true
}

// readMatch reads a look-up's answer in the worker. An empty list, which most are, is not decoded.
func (c *Cycle) readMatch(i int, s State, out *loadgen.Outcome) any {
	if out.Total == 0 {
		return found{}
	}
	var f found
	name := c.source.UserName(i)
	for _, o := range resources(out.Body) {
		if !strings.EqualFold(scim.String(o, "userName"), name) {
			f.others++
			continue
		}
		if f.hits++; f.hits == 1 {
			f.read(c, i, s, o)
		} else {
			f.second = scim.String(o, "id")
		}
	}
	return f
}

// read compares a resource with what the source wants it to be.
func (f *found) read(c *Cycle, i int, s State, o scim.Object) {
	f.id = scim.String(o, "id")
	f.differences = loadgen.Compare(c.attrs, c.source.Object(i, s), o)
	f.manager = scim.String(o, loadgen.ManagerPath+".value")
}

// lookedUp decides by what a look-up has found.
func (c *Cycle) lookedUp(i int, out *loadgen.Outcome) (loadgen.Op, bool) {
	f, read := out.Digest.(found)
	if !out.OK() || !read || out.Total < 0 {
		c.fault(loadgen.Lookup, out)
		c.links.failed(i)
		return loadgen.Op{}, false
	}
	if f.others > 0 {
		c.findings.Answered(out, loadgen.Finding{
			Kind: "filter-ignored", Word: reports.Fail, Message: "a look-up by userName returns users with other names",
			Expected: "only " + c.source.UserName(i), Got: fmt.Sprintf("%d others", f.others),
		})
	}
	return c.matched(i, f, out)
}

// matched decides what to do for a user that was found hits times.
func (c *Cycle) matched(i int, f found, out *loadgen.Outcome) (loadgen.Op, bool) {
	s := c.source.User(i)
	switch {
	case f.hits > 1:
		c.duplicate(i, f, out)
		c.links.failed(i)
		return loadgen.Op{}, false
	case f.hits == 0 && out != nil && out.Total > 0 && f.others == 0:
		c.fault(loadgen.Lookup, out) // a total, but nothing to see
		c.links.failed(i)
		return loadgen.Op{}, false
	case f.hits == 0 && s.Status != Enabled:
		return loadgen.Op{}, false // never created: it has left before it came
	case f.hits == 0:
		if c.links.Linked(i) {
			c.missed(i, out)
		}
		return c.create(i, s)
	}
	c.handled["matched"]++
	if id := c.links.users.Get(i); id != f.id {
		c.links.link(i, f.id, false)
		c.links.exported[i] = s
	}
	c.note(i, f.manager)
	if len(f.differences) == 0 {
		c.links.export(i, s)
		return loadgen.Op{}, false
	}
	if !c.mayChange(i) {
		c.links.unclear.Set(i, true)
		c.findings.Add(loadgen.Finding{
			Kind: "foreign-match", Word: reports.Info, Message: "a user was there before this run and differs; it is left as it is",
			Expected: c.source.UserName(i), Got: f.differences[0].Attribute.Path() + " is " + f.differences[0].Got,
		})
		return loadgen.Op{}, false
	}
	if c.again && c.links.exported[i] == s && !c.links.unclear.Has(i) {
		c.drifted(f.differences[0], out)
	}
	return c.patch(i, s, f.differences)
}

// duplicate reports two users where one can be.
func (c *Cycle) duplicate(i int, f found, out *loadgen.Outcome) {
	d := loadgen.Finding{
		Kind: reports.LoadDuplicate, Word: reports.Fail, Message: "a look-up finds two users with one userName",
		Expected: "at most one " + c.source.UserName(i), Got: fmt.Sprintf("%d: %s and %s", f.hits, f.id, f.second),
	}
	if out != nil {
		c.findings.Answered(out, d)
		return
	}
	c.findings.Add(d)
}

// missed reports that a user whom an earlier cycle has provisioned is not found any more.
func (c *Cycle) missed(i int, out *loadgen.Outcome) {
	f := loadgen.Finding{
		Kind: reports.LoadLostWrite, Word: reports.Fail, Message: "a user that an earlier cycle has created is not found any more",
		Expected: c.source.UserName(i), Got: "no match",
	}
	if out != nil {
		c.findings.Answered(out, f)
		return
	}
	c.findings.Add(f)
}

// drifted reports that a value which the target has acknowledged must be sent once more.
func (c *Cycle) drifted(d loadgen.Difference, out *loadgen.Outcome) {
	f := loadgen.Finding{
		Kind: "never-steady", Word: reports.Fail, Message: "without any change, a second cycle must send " + d.Attribute.Path() + " again",
		Expected: d.Want, Got: d.Got,
	}
	if d.Got == "" && !c.target.Published() {
		f.Word = reports.Warn
	}
	if out != nil {
		c.findings.Answered(out, f)
		return
	}
	c.findings.Add(f)
}

// create sends a user. Until it is answered nobody knows whether it exists: the load may be cut short before that.
func (c *Cycle) create(i int, s State) (loadgen.Op, bool) {
	c.links.unsure.Set(i, true)
	return loadgen.Op{
		Name: loadgen.Create, Method: http.MethodPost, Path: c.target.Users, Index: i, Step: stepCreate, Data: s,
		Make: func() []byte { return c.source.AppendObject(nil, i, s) },
	}, true
}

func (c *Cycle) created(i int, s State, out *loadgen.Outcome) {
	if !out.OK() || out.ID == "" {
		c.links.unsure.Set(i, c.fault(loadgen.Create, out))
		c.links.failed(i)
		return
	}
	c.handled["created"]++
	c.links.link(i, out.ID, true)
	c.links.export(i, s)
}

// changeOf sends what has changed since the last export, by the connection store alone.
func (c *Cycle) changeOf(i int, s State) (loadgen.Op, bool) {
	was := c.links.exported[i]
	if !c.mayChange(i) || was == s && !c.links.unclear.Has(i) {
		return loadgen.Op{}, false
	}
	if c.links.unclear.Has(i) {
		// Whether the last change has arrived is not known: everything that it was about is sent again.
		was.Status, was.Revision = s.Status^1, s.Revision+1
	}
	before, now := c.source.Object(i, was), c.source.Object(i, s)
	return c.patch(i, s, loadgen.Compare(c.attrs, now, before))
}

// patch sends differences, as a PUT of the whole where the target has no PATCH.
func (c *Cycle) patch(i int, s State, differences []loadgen.Difference) (loadgen.Op, bool) {
	op := loadgen.Op{Name: loadgen.Patch, Method: http.MethodPatch, Path: c.userPath(i), Index: i, Step: stepPatch, Data: s}
	switch {
	case len(differences) == 0:
		c.links.export(i, s)
		return loadgen.Op{}, false
	case c.target.NoPatch:
		op.Name, op.Method, op.Body = loadgen.Put, http.MethodPut, c.source.AppendObject(nil, i, s)
		c.links.unclear.Set(i, true)
		return op, true
	}
	if len(differences) == 1 && differences[0].Attribute.Root == "active" && s.Status == Disabled {
		op.Name = loadgen.Deactivate
	}
	c.links.unclear.Set(i, true)
	op.Body = loadgen.PatchBody(operations(differences)...)
	return op, true
}

// operations writes differences as PATCH operations. What the target lacks is added, since a path that selects nothing
// cannot be replaced (RFC 7644 §3.5.2.3).
func operations(differences []loadgen.Difference) []scim.Object {
	var out []scim.Object
	added := map[string]scim.Object{}
	for _, d := range differences {
		a := d.Attribute
		if a.Type != "" && d.Got == "" {
			key := a.Root + " " + a.Type
			if added[key] == nil {
				added[key] = scim.Object{"type": a.Type}
				out = append(out, scim.Object{"op": "add", "path": a.Root, "value": []any{added[key]}})
			}
			added[key][a.Sub] = d.Want
			continue
		}
		op := scim.Object{"op": "replace", "path": a.Path(), "value": any(d.Want)}
		if a.Root == "active" {
			op["value"] = d.Want == "true"
		}
		out = append(out, op)
	}
	return out
}

func (c *Cycle) patched(i int, s State, out *loadgen.Outcome) {
	if out.OK() {
		c.handled["updated"]++
		c.links.export(i, s)
		return
	}
	c.links.unclear.Set(i, c.fault("update", out))
	c.links.failed(i)
}

func (c *Cycle) removed(i int, out *loadgen.Outcome) {
	if out.OK() {
		c.links.deleted.Set(i, true)
		c.links.unsure.Set(i, false)
		delete(c.links.escrow, i)
		return
	}
	unsure := c.fault(loadgen.Delete, out)
	c.links.unsure.Set(i, unsure)
	c.links.unclear.Set(i, unsure)
	c.links.failed(i)
}
