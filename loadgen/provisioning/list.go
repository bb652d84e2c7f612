package provisioning

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// walk reads all users or groups page by page and keeps what is known of those that the source has too.
type walk struct {
	c      *Cycle
	groups bool
	pages  loadgen.Pager
	total  int
	byName map[uint64]int32 // fingerprint of the matching value → index; only read once the walk has begun
	found  map[int]found    // by index
}

// sight is one resource of a page that the source knows.
type sight struct {
	index int
	found found
}

// pageRead is what a worker has read of a page.
type pageRead struct {
	count  int
	sights []sight
}

func newWalk(c *Cycle, groups bool) *walk {
	w := &walk{c: c, groups: groups, pages: c.target.Pages(), total: -1, byName: map[uint64]int32{}, found: map[int]found{}}
	n, name := c.source.Users(), c.source.UserName
	if groups {
		n, name = c.source.Groups(), c.source.GroupName
	}
	for i := range n {
		w.byName[w.key(name(i))] = int32(i)
	}
	return w
}

// key makes a matching value comparable: neither userName nor displayName has a letter case (RFC 7643 §4.1.1, §8.7.1).
func (w *walk) key(name string) uint64 { return loadgen.Fingerprint(strings.ToLower(name)) }

// page asks for the next page.
func (w *walk) page() loadgen.Op {
	op := loadgen.Op{
		Name: loadgen.List, Method: http.MethodGet, Path: w.c.target.Users, Step: stepList,
		RawQuery: w.pages.Query(w.c.cfg.PageSize), Digest: w.read,
	}
	if w.groups {
		op.Name, op.Path, op.Step = loadgen.GroupList, w.c.target.Groups, stepGroupList
		op.RawQuery += "&excludedAttributes=members"
	}
	return op
}

// read compares a page's resources with the source, in the worker.
func (w *walk) read(out *loadgen.Outcome) any {
	list := resources(out.Body)
	p := pageRead{count: len(list)}
	for _, o := range list {
		key := "userName"
		if w.groups {
			key = "displayName"
		}
		i, ok := w.byName[w.key(scim.String(o, key))]
		if !ok {
			continue
		}
		f := found{hits: 1, id: scim.String(o, "id")}
		if !w.groups {
			f.read(w.c, int(i), w.c.source.User(int(i)), o)
		}
		p.sights = append(p.sights, sight{int(i), f})
	}
	return p
}

// answer takes a page and asks for the next one, which begins where this one ended, however long it was.
func (w *walk) answer(op loadgen.Op, out *loadgen.Outcome) (loadgen.Op, bool) {
	p, read := out.Digest.(pageRead)
	if !out.OK() || !read {
		w.c.fault(op.Name, out)
		if w.c.stopped == "" {
			// Without the whole list nobody knows what is missing, and everything would be created again.
			w.c.stopped = "the list could not be read"
		}
		return loadgen.Op{}, false
	}
	if w.total >= 0 && out.Total >= 0 && out.Total != w.total {
		w.c.findings.Answered(out, loadgen.Finding{
			Kind: "total-changes", Word: reports.Info, Message: "totalResults changes in the middle of a walk: somebody else is at work",
			Expected: strconv.Itoa(w.total), Got: strconv.Itoa(out.Total),
		})
	}
	w.total = out.Total
	for _, s := range p.sights {
		w.see(s, out)
	}
	if !w.pages.Took(p.count, out.Total, out.Next) {
		return loadgen.Op{}, false
	}
	return w.page(), true
}

// see keeps what a page has shown of one object.
func (w *walk) see(s sight, out *loadgen.Outcome) {
	before, again := w.found[s.index]
	switch {
	case !again:
		w.found[s.index] = s.found
	case before.id == s.found.id:
		w.c.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadSkippedPage, Word: reports.Warn, Message: "a walk through all pages shows a record twice, so it may have missed another one",
			Got: before.id,
		})
	default:
		before.hits++
		before.second = s.found.id
		w.found[s.index] = before
	}
}

// fromList decides for a user by what the list has shown.
func (c *Cycle) fromList(i int) (loadgen.Op, bool) { return c.matched(i, c.walked.found[i], nil) }

// resources decodes the resources of a ListResponse.
func resources(body []byte) []scim.Object {
	var list scim.Object
	if decode(body, &list) != nil {
		return nil
	}
	return scim.Objects(list, "Resources")
}

func decode(body []byte, into any) error { return json.Unmarshal(body, into) }

// object writes a resource as JSON; it is made of texts only.
func object(o scim.Object) []byte {
	b, err := json.Marshal(o)
	if err != nil {
		panic("a group cannot be written as JSON: " + err.Error())
	}
	return b
}
