package provisioning

import (
	"fmt"
	"net/http"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// startGroup begins with a group; false means that there is nothing to do.
func (c *Cycle) startGroup(k int) (loadgen.Op, bool) {
	if c.cfg.Match == MatchList {
		f, ok := c.walked.found[k]
		if !ok {
			return c.createGroup(k), true
		}
		return c.groupMatched(k, f.hits, f.id, nil)
	}
	return loadgen.Op{
		Name: loadgen.GroupLookup, Method: http.MethodGet, Path: c.target.Groups, Index: k, Step: stepGroupLookup,
		RawQuery: "excludedAttributes=members&" + loadgen.Filter("displayName", c.source.GroupName(k)),
		Digest: func(out *loadgen.Outcome) any {
			var f found
			if out.Total == 0 {
				return f
			}
			for _, o := range resources(out.Body) {
				if loadgen.SameText(scim.String(o, "displayName"), c.source.GroupName(k)) {
					f.hits++
					f.id = scim.String(o, "id")
				}
			}
			return f
		},
	}, true
}

func (c *Cycle) createGroup(k int) loadgen.Op {
	c.links.unsureGroups.Set(k, true)
	return loadgen.Op{
		Name: loadgen.GroupCreate, Method: http.MethodPost, Path: c.target.Groups, Index: k, Step: stepGroupCreate,
		Make: func() []byte { return object(c.source.Group(k)) },
	}
}

func (c *Cycle) groupFound(k int, out *loadgen.Outcome) (loadgen.Op, bool) {
	f, read := out.Digest.(found)
	if !out.OK() || !read || out.Total < 0 {
		c.fault(loadgen.GroupLookup, out)
		return loadgen.Op{}, false
	}
	return c.groupMatched(k, f.hits, f.id, out)
}

// groupMatched decides what to do for a group that was found hits times.
func (c *Cycle) groupMatched(k, hits int, id string, out *loadgen.Outcome) (loadgen.Op, bool) {
	switch {
	case hits > 1:
		f := loadgen.Finding{
			Kind: "duplicate-match", Word: reports.Warn, Message: "a look-up finds two groups with one displayName; the engine cannot tell which one is meant",
			Got: fmt.Sprintf("%d × %s", hits, c.source.GroupName(k)),
		}
		if out != nil {
			c.findings.Answered(out, f)
		} else {
			c.findings.Add(f)
		}
		return loadgen.Op{}, false
	case hits == 0:
		return c.createGroup(k), true
	case c.links.groups.Get(k) == id:
		return loadgen.Op{}, false
	}
	// An earlier process has made it: who is in there has to be read.
	c.links.groups.Set(k, id)
	query := ""
	if c.target.MembersAsked {
		query = "attributes=displayName,members"
	}
	return loadgen.Op{
		RawQuery: query,
		Name:     loadgen.GroupRead, Method: http.MethodGet, Path: wire.ResourcePath(c.target.Groups, id), Index: k, Step: stepGroupRead,
		Digest: func(out *loadgen.Outcome) any {
			var group struct{ Members []struct{ Value string } }
			if decode(out.Body, &group) != nil {
				return nil
			}
			members := map[string]bool{}
			for _, m := range group.Members {
				members[m.Value] = true
			}
			return members
		},
	}, true
}

func (c *Cycle) groupRead(k int, out *loadgen.Outcome) {
	members, read := out.Digest.(map[string]bool)
	if !out.OK() || !read {
		c.fault(loadgen.GroupRead, out)
		return
	}
	for j := range c.source.Size(k) {
		if m := c.source.Member(k, j); c.links.Linked(m) && members[c.links.ID(m)] {
			c.links.members.Set(c.source.First(k)+j, true)
		}
	}
}

func (c *Cycle) groupCreated(k int, out *loadgen.Outcome) {
	if !out.OK() || out.ID == "" {
		c.links.unsureGroups.Set(k, c.fault(loadgen.GroupCreate, out))
		return
	}
	c.links.groups.Set(k, out.ID)
	c.links.madeGroups.Set(k, true)
	c.links.unsureGroups.Set(k, false)
	for j := range c.source.Size(k) {
		c.links.members.Set(c.source.First(k)+j, false) // whoever was in an older one
	}
}

// note keeps which manager a matched user has, until all managers are linked.
func (c *Cycle) note(i int, manager string) {
	if manager == "" || !c.managers {
		return
	}
	if c.pending == nil {
		c.pending = make([]uint64, c.source.Users())
	}
	c.pending[i] = loadgen.Fingerprint(manager)
}

// managerOf sends a user's manager, where the target does not have it.
func (c *Cycle) managerOf(i int) (loadgen.Op, bool) {
	s := c.source.User(i)
	m, has := c.source.Manager(i, int(s.Revision))
	if !has || !c.links.Linked(i) || !c.mayChange(i) {
		return loadgen.Op{}, false
	}
	if !c.links.Linked(m) {
		c.delayed++
		return loadgen.Op{}, false
	}
	id := c.links.ID(m)
	if c.pending != nil && c.pending[i] == loadgen.Fingerprint(id) {
		c.links.managers[i] = int32(m + 1)
	}
	if c.links.managers[i] == int32(m+1) {
		return loadgen.Op{}, false
	}
	c.links.managers[i] = 0 // until it is answered, either one may be there
	return loadgen.Op{
		Name: loadgen.Manager, Method: http.MethodPatch, Path: c.userPath(i), Index: i, Step: stepManager, Data: m,
		Body: loadgen.PatchBody(scim.Object{"op": "add", "path": loadgen.ManagerPath, "value": c.target.Manager(id)}),
	}, true
}

func (c *Cycle) managerSet(i, m int, out *loadgen.Outcome) {
	if out.OK() {
		c.links.managers[i] = int32(m + 1)
		return
	}
	c.fault(loadgen.Manager, out)
	c.links.failed(i)
}

// nextMembers sends the next members of a group, those that the target is not known to have.
func (c *Cycle) nextMembers() (loadgen.Op, bool) {
	k := c.group
	first, size := c.source.First(k), c.source.Size(k)
	if !c.links.groups.Has(k) || !c.mayChangeGroup(k) || c.target.NoPatch {
		c.left -= c.chunks(size - c.at)
		c.group, c.at = k+1, 0
		return loadgen.Op{}, false
	}
	var numbers []int
	var ids []string
	before := c.at
	for c.at < size && len(ids) < c.cfg.MembersPerRequest {
		number, m := first+c.at, c.source.Member(k, c.at)
		c.at++
		switch {
		case c.links.members.Has(number) || c.source.User(m).Status == Purged:
		case !c.links.Linked(m):
			c.delayed++
		default:
			c.links.maybe.Set(number, true) // until it is answered
			numbers, ids = append(numbers, number), append(ids, c.links.ID(m))
		}
	}
	if c.at >= size {
		c.group, c.at = k+1, 0
		c.left -= c.chunks(size) - c.chunks(before)
	} else {
		c.left -= c.chunks(c.at) - c.chunks(before)
	}
	if len(ids) == 0 {
		return loadgen.Op{}, false
	}
	c.left++ // until it is answered
	return loadgen.Op{
		Name: loadgen.MemberAdd, Method: http.MethodPatch, Path: wire.ResourcePath(c.target.Groups, c.links.groups.Get(k)), Index: k,
		Step: stepMembers, Data: numbers, Body: loadgen.AddMembers(ids...),
	}, true
}

func (c *Cycle) membersAdded(_ int, numbers []int, out *loadgen.Outcome) {
	unsure := !out.OK() && c.fault(loadgen.MemberAdd, out)
	for _, n := range numbers {
		c.links.members.Set(n, out.OK())
		c.links.maybe.Set(n, unsure)
	}
}
