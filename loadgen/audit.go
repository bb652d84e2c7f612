package loadgen

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// AuditLimit is up to how many users or groups an audit reads back all. Above it, that many are drawn evenly.
const AuditLimit = 20_000

// Expected is what a plan knows of one resource after the load.
type Expected struct {
	// Name is the userName or displayName; ID is what the target has called it, "" where nothing was acknowledged.
	Name, ID string
	// Alias is another name that it may have, where a change of the name was under way; "" for none.
	Alias string
	// Object is what was acknowledged; nil where values cannot be held against the target, because some answer was lost.
	Object scim.Object
	// Manager is the id that was acknowledged as manager, "" for none.
	Manager string
	// Members are the acknowledged members of a group. MaybeMembers may be members too: the answer was lost.
	Members, MaybeMembers map[string]bool
	// Deleted tells that a DELETE was acknowledged.
	Deleted bool
	// Foreign tells that it was there before this run, which has left it alone.
	Foreign bool
	// Unsure tells that an answer about its existence was lost, so that it may be there or not.
	Unsure bool
}

// Population is the resources of one endpoint that a plan has to do with, by index.
type Population interface {
	Len() int
	Expect(i int) Expected
}

// Audit reads back what was acknowledged.
type Audit struct {
	Client Client
	Target *Target
	// Tag is in the names of this run's resources, and only in those.
	Tag string
	// Shared tells that other processes use the same tag, so that records which this one does not know may be theirs.
	Shared bool
	// Limit replaces AuditLimit where it is positive.
	Limit int
	// Findings receives what is wrong.
	Findings *Findings

	waited bool
	again  map[string]map[string][]view // by endpoint: a second walk, where the first one misses something
}

// view is a resource as the target shows it.
type view struct {
	id     string
	object scim.Object
}

// Users audits users: none lost, none twice, every value as acknowledged, none there that should not be.
func (a *Audit) Users(ctx context.Context, p Population) {
	attrs, _ := a.Target.Attributes()
	a.population(ctx, a.Target.Users, "userName", p, func(e Expected, x *reports.Exchange) { a.values(attrs, e, x) })
}

// Groups audits groups: as users, and that every acknowledged member is there and no other.
func (a *Audit) Groups(ctx context.Context, p Population) {
	a.population(ctx, a.Target.Groups, "displayName", p, func(e Expected, x *reports.Exchange) { a.members(ctx, e, x) })
}

// Foreign audits the records that were there before: they must be as they were.
func (a *Audit) Foreign(ctx context.Context) {
	for _, f := range a.Target.Foreign {
		now := get(ctx, a.Client, f.Path)
		if ctx.Err() != nil {
			return
		}
		switch {
		case now.Err() != nil || now.Success() && fingerprint(now.Object()) == f.hash:
		case now.Status == 404 || now.Success():
			a.Findings.Add(Finding{
				Kind: reports.LoadForeign, Word: reports.Fail, Message: "a record that this run did not make has changed", Of: len(a.Target.Foreign),
				Expected: "as it was before the load", Got: changed(f.Before.Object(), now), Evidence: []*reports.Exchange{f.Before, now},
			})
		}
	}
}

// LeftOut tells what was not provisioned.
func (a *Audit) LeftOut() {
	if out := a.Target.LeftOut(); len(out) > 0 {
		a.Findings.Add(Finding{
			Kind: "left-out", Word: reports.Info,
			Message: "not provisioned, since the target does not declare it, or declares that it cannot be written or not be seen: " + strings.Join(out, ", "),
		})
	}
}

// changed names the first attribute that differs.
func changed(before scim.Object, now *reports.Exchange) string {
	if now.Status == 404 {
		return "404: it is gone"
	}
	after := now.Object()
	for k, v := range before {
		if text, again := fmt.Sprint(v), fmt.Sprint(after[k]); text != again && k != "meta" && k != "groups" {
			return k + " is " + again
		}
	}
	return "it has further values"
}

// population audits one endpoint.
func (a *Audit) population(ctx context.Context, endpoint, key string, p Population, judge func(Expected, *reports.Exchange)) {
	limit := a.Limit
	if limit <= 0 {
		limit = AuditLimit
	}
	n := p.Len()
	if n == 0 {
		return
	}
	step := 1
	if n > limit {
		step = (n + limit - 1) / limit
		a.Findings.Add(Finding{
			Kind: "audit-sampled", Word: reports.Info, Count: (n + step - 1) / step, Of: n,
			Message: fmt.Sprintf("the audit of %s has read back every %dth record; above %d records it reads a sample", endpoint, step, limit),
		})
	}
	seen, walked := map[string][]view{}, false
	if step == 1 {
		seen, walked = a.walk(ctx, endpoint, key)
	}
	for i := 0; i < n; {
		var part []reading
		for ; i < n && len(part) < auditPart; i += step {
			if e := p.Expect(i); e.Name != "" {
				r := reading{e: e}
				for _, name := range []string{e.Name, e.Alias} {
					folded := strings.ToLower(name)
					r.views = append(r.views, seen[folded]...)
					delete(seen, folded)
				}
				if !e.Foreign {
					part = append(part, r)
				}
			}
		}
		a.read(ctx, endpoint, key, part, walked)
		if ctx.Err() != nil {
			a.Findings.Add(Finding{Kind: "audit-cut", Word: reports.Warn, Message: "the audit of " + endpoint + " was cut short", Count: n - i + len(part), Of: n})
			return
		}
		for _, r := range part {
			a.one(ctx, endpoint, key, r, walked, judge)
		}
	}
	if !walked || a.Shared {
		return
	}
	for _, views := range seen {
		for _, v := range views {
			a.Findings.Add(Finding{
				Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a record carries this run's mark, although the run never asked for it",
				Got: scim.String(v.object, key), Evidence: []*reports.Exchange{get(ctx, a.Client, wire.ResourcePath(endpoint, v.id))},
			})
		}
	}
}

const (
	auditPart = 64 // resources that are read before they are judged, in their order
	auditors  = 8  // at once
)

// reading is a resource that is audited, with what the target says of it.
type reading struct {
	e     Expected
	views []view
	x     *reports.Exchange // by its id; nil where it has none
}

// read asks for resources, several at once: a target far away would make an audit last for hours.
func (a *Audit) read(ctx context.Context, endpoint, key string, part []reading, walked bool) {
	var wait sync.WaitGroup
	next := make(chan *reading)
	for range min(auditors, len(part)) {
		wait.Go(func() {
			for r := range next {
				if !walked {
					r.views = a.find(ctx, endpoint, key, r.e.Name)
					if r.e.Alias != "" {
						r.views = append(r.views, a.find(ctx, endpoint, key, r.e.Alias)...)
					}
				}
				if r.e.ID != "" {
					r.x = get(ctx, a.Client, wire.ResourcePath(endpoint, r.e.ID))
				}
			}
		})
	}
	for i := range part {
		next <- &part[i]
	}
	close(next)
	wait.Wait()
}

// one audits one resource.
func (a *Audit) one(ctx context.Context, endpoint, key string, r reading, walked bool, judge func(Expected, *reports.Exchange)) {
	e, views, x := r.e, r.views, r.x
	if len(views) > 1 {
		evidence := []*reports.Exchange{get(ctx, a.Client, endpoint+"?"+Filter(key, e.Name))}
		for _, v := range views[:2] {
			evidence = append(evidence, get(ctx, a.Client, wire.ResourcePath(endpoint, v.id)))
		}
		if key != "userName" && e.ID != "" && !e.Deleted && !e.Unsure && !a.Shared {
			a.Findings.Add(Finding{
				Kind: reports.LoadDuplicate, Word: reports.Warn, Message: "there are two groups where this run was told of one; an answer that got lost may have made the other",
				Expected: "one group called " + e.Name, Got: fmt.Sprintf("%d: %s and %s", len(views), views[0].id, views[1].id), Evidence: evidence,
			})
		}
		if key == "userName" && evidence[1].Success() && evidence[2].Success() {
			a.Findings.Add(Finding{
				Kind: reports.LoadDuplicate, Word: reports.Fail, Message: "two users have the same userName",
				Expected: "one resource with userName " + e.Name, Got: fmt.Sprintf("%d: %s and %s", len(views), views[0].id, views[1].id), Evidence: evidence,
			})
		}
	}
	if e.ID == "" {
		a.never(ctx, endpoint, e, views)
		return
	}
	switch {
	case e.Deleted:
		if x.Success() {
			a.Findings.Add(Finding{
				Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a resource is still there, although its deletion was acknowledged",
				Expected: "404", Got: strconv.Itoa(x.Status), Evidence: []*reports.Exchange{x},
			})
			return
		}
		a.stillListed(ctx, endpoint, key, e, walked, views)
	case x.Status == 404 || x.Status == 410:
		if !e.Unsure {
			a.Findings.Add(Finding{
				Kind: reports.LoadLostWrite, Word: reports.Fail, Message: "a resource is gone, although its creation was acknowledged",
				Expected: "200 for " + e.Name, Got: strconv.Itoa(x.Status), Evidence: []*reports.Exchange{x},
			})
		}
	case !x.Success():
		a.Findings.Add(Finding{Kind: "audit-unread", Word: reports.Warn, Message: "a resource could not be read back", Got: x.Line(), Evidence: []*reports.Exchange{x}})
	case scim.String(x.Object(), "id") != e.ID:
		a.Findings.Add(Finding{
			Kind: reports.LoadBroken, Word: reports.Fail, Message: "a resource is read with success, and the answer is not that resource",
			Expected: "the resource " + e.ID, Got: x.Line(), Evidence: []*reports.Exchange{x},
		})
	default:
		if len(views) == 0 {
			a.unlisted(ctx, endpoint, key, e, walked, x)
		}
		judge(e, x)
	}
}

// stillListed tells of a resource that is deleted and found all the same (RFC 7644 §3.6).
func (a *Audit) stillListed(ctx context.Context, endpoint, key string, e Expected, walked bool, views []view) {
	is := func(v view) bool { return v.id == e.ID }
	if !slices.ContainsFunc(views, is) || !a.patient(ctx) {
		return
	}
	// Once more: some targets take a moment.
	if walked && slices.ContainsFunc(a.walkAgain(ctx, endpoint, key)[strings.ToLower(e.Name)], is) {
		a.Findings.Add(Finding{
			Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a resource is in the list, although its deletion was acknowledged",
			Expected: "nobody called " + e.Name, Got: e.ID, Evidence: []*reports.Exchange{get(ctx, a.Client, wire.ResourcePath(endpoint, e.ID))},
		})
		return
	}
	if walked || a.Target.NoFilter {
		return
	}
	x := get(ctx, a.Client, endpoint+"?"+Filter(key, e.Name))
	for _, o := range scim.Objects(x.Object(), "Resources") {
		if scim.String(o, "id") == e.ID {
			a.Findings.Add(Finding{
				Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a resource is found by a query, although its deletion was acknowledged",
				Expected: "nobody called " + e.Name, Got: e.ID, Evidence: []*reports.Exchange{x},
			})
			return
		}
	}
}

// never audits what was asked for and not acknowledged.
func (a *Audit) never(ctx context.Context, endpoint string, e Expected, views []view) {
	if len(views) == 0 {
		return
	}
	f := Finding{
		Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a resource is there, although its creation was refused", Got: e.Name,
		Evidence: []*reports.Exchange{get(ctx, a.Client, wire.ResourcePath(endpoint, views[0].id))},
	}
	if e.Unsure {
		f.Word, f.Message = reports.Info, "a resource was created although the answer was an error or got lost; the next cycle would find it"
	}
	a.Findings.Add(f)
}

// unlisted tells of a resource that can be read by id, but not found.
func (a *Audit) unlisted(ctx context.Context, endpoint, key string, e Expected, walked bool, x *reports.Exchange) {
	if walked {
		// Somebody else's deletion may have shifted the pages just then.
		if len(a.walkAgain(ctx, endpoint, key)[strings.ToLower(e.Name)]) > 0 {
			return
		}
	}
	lookup := get(ctx, a.Client, endpoint+"?"+Filter(key, e.Name))
	f := Finding{Kind: reports.LoadSkippedPage, Word: reports.Fail, Message: "a walk through all pages, done twice, misses a resource that can be read by its id"}
	if !walked {
		f = Finding{Kind: "lookup-misses", Word: reports.Fail, Message: "a filter on " + key + " misses a resource that can be read by its id"}
	}
	f.Expected, f.Evidence = e.Name, []*reports.Exchange{lookup, x}
	a.Findings.Add(f)
}

// walkAgain is a second walk, which is made once.
func (a *Audit) walkAgain(ctx context.Context, endpoint, key string) map[string][]view {
	if a.again[endpoint] == nil {
		seen, _ := a.walk(ctx, endpoint, key)
		a.again = map[string]map[string][]view{endpoint: seen}
	}
	return a.again[endpoint]
}

// find looks a name up by filter, and keeps what really has it.
func (a *Audit) find(ctx context.Context, endpoint, key, name string) []view {
	var out []view
	for _, o := range scim.Objects(get(ctx, a.Client, endpoint+"?"+Filter(key, name)).Object(), "Resources") {
		if strings.EqualFold(scim.String(o, key), name) {
			out = append(out, view{scim.String(o, "id"), o})
		}
	}
	return out
}

// values judges what a user has.
func (a *Audit) values(attrs []Attribute, e Expected, x *reports.Exchange) {
	got := x.Object()
	if e.Object != nil {
		for _, d := range Compare(attrs, e.Object, got) {
			f := Finding{
				Kind: reports.LoadWrongValue, Word: reports.Fail, Message: d.Attribute.Path() + " has another value than was acknowledged",
				Expected: d.Want, Got: d.Got, Evidence: []*reports.Exchange{x},
			}
			if d.Got == "" {
				f.Message = d.Attribute.Path() + " is not there, although it was acknowledged"
				if !a.Target.Published() {
					// Nothing says that the target has this attribute at all.
					f.Word = reports.Warn
				}
			}
			a.Findings.Add(f)
		}
	}
	if e.Manager == "" {
		return
	}
	if got := scim.String(got, ManagerPath+".value"); got != e.Manager {
		a.Findings.Add(Finding{
			Kind: reports.LoadWrongValue, Word: reports.Fail, Message: "a manager is another one than was acknowledged",
			Expected: e.Manager, Got: got, Evidence: []*reports.Exchange{x},
		})
	}
}

// members judges who is in a group.
func (a *Audit) members(ctx context.Context, e Expected, x *reports.Exchange) {
	if len(e.Members) > 0 && len(scim.List(x.Object(), "members")) == 0 {
		// Some return members only to those who ask.
		if again := get(ctx, a.Client, wire.ResourcePath(a.Target.Groups, e.ID)+"?attributes=members"); again.Success() {
			x = again
		}
	}
	have, lost, first := missing(e, x)
	if lost > 0 && a.patient(ctx) {
		query := ""
		if strings.HasSuffix(x.URL, "?attributes=members") {
			query = "?attributes=members"
		}
		if again := get(ctx, a.Client, wire.ResourcePath(a.Target.Groups, e.ID)+query); again.Success() {
			x = again
			have, lost, first = missing(e, x)
		}
	}
	seen := map[string]bool{}
	for _, m := range scim.Objects(x.Object(), "members") {
		id := scim.String(m, "value")
		if seen[id] {
			a.Findings.Add(Finding{
				Kind: reports.LoadDuplicate, Word: reports.Fail, Message: "a group has a member twice", Got: id, Evidence: []*reports.Exchange{x},
			})
		}
		seen[id] = true
	}
	if lost > 0 {
		a.Findings.Add(Finding{
			Kind: reports.LoadLostMember, Word: reports.Fail, Message: "members are missing, although their addition was acknowledged", Count: lost,
			Expected: "member " + first + " in " + e.Name, Got: fmt.Sprintf("%d of %d acknowledged members", len(e.Members)-lost, len(e.Members)),
			Evidence: []*reports.Exchange{x},
		})
	}
	for id := range have {
		if !e.Members[id] && !e.MaybeMembers[id] {
			a.Findings.Add(Finding{
				Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a group has a member that this run has not added, or has removed",
				Got: id, Evidence: []*reports.Exchange{x},
			})
		}
	}
}

// missing compares who is in a group with who should be: how many are not there, and the least of them.
func missing(e Expected, x *reports.Exchange) (have map[string]bool, lost int, first string) {
	have = map[string]bool{}
	for _, m := range scim.Objects(x.Object(), "members") {
		have[scim.String(m, "value")] = true
	}
	for id := range e.Members {
		if !have[id] {
			lost++
			if first == "" || id < first {
				first = id
			}
		}
	}
	return have, lost, first
}

// patient waits once in an audit, before the first thing that looks lost is read again: some targets take a moment to show the
// last changes.
func (a *Audit) patient(ctx context.Context) bool {
	if a.waited {
		return true
	}
	a.waited = true
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Second):
		return true
	}
}

// walk reads all pages and keeps what carries the tag. false means that it did not come to an end.
func (a *Audit) walk(ctx context.Context, endpoint, key string) (map[string][]view, bool) {
	seen := map[string][]view{}
	ids := map[string]bool{}
	pages := a.Target.Pages()
	for ctx.Err() == nil {
		x := get(ctx, a.Client, endpoint+"?"+pages.Query(100))
		page := x.Object()
		if !x.Success() {
			a.Findings.Add(Finding{Kind: "audit-unread", Word: reports.Warn, Message: "a page of " + endpoint + " could not be read back", Got: x.Line(), Evidence: []*reports.Exchange{x}})
			return seen, false
		}
		list := scim.Objects(page, "Resources")
		fresh := 0
		for _, o := range list {
			id := scim.String(o, "id")
			if ids[id] {
				a.Findings.Add(Finding{
					Kind: reports.LoadSkippedPage, Word: reports.Warn, Message: "a walk through all pages shows a resource twice",
					Got: id, Evidence: []*reports.Exchange{x},
				})
				continue
			}
			fresh++
			ids[id] = true
			if name := scim.String(o, key); Own(o, a.Tag) && name != "" {
				folded := strings.ToLower(name)
				// Groups may share a name; only what this run made is looked at, and by its id.
				seen[folded] = append(seen[folded], view{id, scim.Object{key: name}})
			}
		}
		if more := pages.Took(len(list), Number(page, "totalResults"), scim.String(page, "nextCursor")); fresh == 0 || !more {
			return seen, true
		}
	}
	return seen, false
}

// Number is an integer of a decoded message; -1 where there is none.
func Number(o scim.Object, key string) int {
	v, _ := scim.Lookup(o, key)
	switch t := v.(type) {
	case float64:
		return int(t)
	case interface{ Int64() (int64, error) }:
		if n, err := t.Int64(); err == nil {
			return int(n)
		}
	}
	return -1
}
