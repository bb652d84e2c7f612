package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// CleanupReport tells what a clean-up achieved. Created counts everything that the run is known to have made, Deleted
// what of it is gone now, and Left lists what is not, or may not be.
type CleanupReport struct {
	Created, Deleted int
	Left             []Leftover
}

// Leftover is a resource that may still be on the target. ID is "" where only the keys that were sent are known.
type Leftover struct{ Endpoint, ID, Key, Why string }

const (
	scanPage  = 100
	scanLimit = 200 // pages
	// clockSkew is how far a server's clock may be behind ours when it dates a resource.
	clockSkew = 5 * time.Minute
	// minTag is the shortest run id that is taken for a proof of origin.
	minTag = 4
)

// Cleanup deletes what l says the run created, groups first and the newest first, and verifies it. Creations whose outcome
// is unknown are searched for by the keys that were sent. Nothing is deleted that does not carry exactly our key and is
// provably of this run. It may be repeated, and it works on the ledger of a run that was killed. Up to width resources are
// deleted at once.
func Cleanup(ctx context.Context, c *Client, l *Ledger, width int) CleanupReport {
	t := &tidy{ctx: ctx, c: c, l: l, scans: map[string]*scan{}}
	b := l.Base()
	if l.isSlim() && (b == "" || sameBase(b, c.base)) {
		return t.slim(width)
	}
	entries := l.Live()
	if b != "" && !sameBase(b, c.base) {
		for _, e := range entries {
			t.leave(e, "the ledger was written against "+b+", not against this target")
		}
		return t.report()
	}
	var groups, others []Entry
	for _, e := range entries {
		switch {
		case e.ID == "":
		case isGroup(e):
			groups = append(groups, e)
		default:
			others = append(others, e)
		}
	}
	t.removeAll(groups, width)
	t.removeAll(others, width)
	t.removeLeft(width)
	for _, e := range entries {
		if e.ID == "" {
			t.find(e)
		}
	}
	return t.report()
}

// slim cleans up after a load, whose creations are read from the file as they are deleted: a list of a million would not fit.
func (t *tidy) slim(width int) CleanupReport {
	unknown := t.l.unknown()
	for _, kind := range []bool{true, false} {
		var batch []Entry
		for e := range t.l.stored(kind) {
			if batch = append(batch, e); len(batch) == slimBatch {
				t.removeAll(batch, width)
				batch = batch[:0]
			}
		}
		t.removeAll(batch, width)
	}
	t.removeLeft(width)
	for _, e := range unknown {
		t.find(e)
	}
	return t.report()
}

// slimBatch is how many resources are read from the file at a time.
const slimBatch = 1000

// removeAll deletes several resources, up to width at once.
func (t *tidy) removeAll(entries []Entry, width int) {
	turn := make(chan struct{}, max(width, 1))
	var wg sync.WaitGroup
	left := make([]*Leftover, len(entries))
	for i, e := range entries {
		turn <- struct{}{}
		wg.Go(func() {
			left[i] = t.remove(e)
			<-turn
		})
	}
	wg.Wait()
	for i, l := range left {
		if l != nil {
			t.failed = append(t.failed, failure{entries[i], *l})
		}
	}
	t.tried += len(entries)
}

// failure is a resource that could not be deleted, and why.
type failure struct {
	entry Entry
	left  Leftover
}

// removeLeft tries again what could not be deleted, as long as that helps: some targets keep a manager while it has reports.
func (t *tidy) removeLeft(width int) {
	for before := t.tried; len(t.failed) > 0 && len(t.failed) < before && t.ctx.Err() == nil; {
		before = len(t.failed)
		again := make([]Entry, 0, before)
		for _, f := range t.failed {
			again = append(again, f.entry)
		}
		t.failed = nil
		t.removeAll(again, width)
	}
	for _, f := range t.failed {
		t.left = append(t.left, f.left)
	}
	t.failed = nil
}

func isGroup(e Entry) bool { return strings.EqualFold(e.Endpoint, "/Groups") }

type tidy struct {
	ctx  context.Context
	c    *Client
	l    *Ledger
	left []Leftover
	// failed is what may be deleted at another try, out of the resources that were tried.
	failed []failure
	tried  int
	scans  map[string]*scan
}

func (t *tidy) report() CleanupReport {
	r := CleanupReport{Left: t.left}
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	if s := t.l.slim; s != nil {
		r.Created, r.Deleted = s.created, len(s.gone)
		return r
	}
	for _, e := range t.l.entries {
		if e.ID != "" {
			r.Created++
			if e.Gone {
				r.Deleted++
			}
		}
	}
	return r
}

func (t *tidy) leave(e Entry, why string) { t.left = append(t.left, *leftover(e, why)) }

func leftover(e Entry, why string) *Leftover {
	_, key := searchKey(e.Keys)
	return &Leftover{e.Endpoint, e.ID, key, why}
}

func (t *tidy) do(r Request) *reports.Exchange {
	r.ledger, r.tidying, r.Patient = t.l, true, true
	return Follow(t.ctx, t.c, r)
}

func missing(status int) bool { return status == http.StatusNotFound || status == http.StatusGone }

// said is the outcome of an exchange in a few words.
func said(x *reports.Exchange) string {
	if x.Error != "" {
		return x.Error
	}
	return fmt.Sprintf("%d %s", x.Status, http.StatusText(x.Status))
}

// remove deletes a resource and makes sure that it is gone; else it tells why not.
func (t *tidy) remove(e Entry) *Leftover {
	if err := t.ctx.Err(); err != nil {
		return leftover(e, "the clean-up was interrupted")
	}
	path := ResourcePath(e.Endpoint, e.ID)
	x := t.do(Request{Method: http.MethodDelete, Path: path})
	switch {
	case x.Status == http.StatusPreconditionFailed || x.Status == http.StatusPreconditionRequired:
		if tag := t.do(Request{Path: path}).Header().Get("ETag"); tag != "" {
			x = t.do(Request{Method: http.MethodDelete, Path: path, Header: http.Header{"If-Match": {tag}}})
		}
	case x.Status == 0 && sent(x), x.Status >= 500 && x.Status != http.StatusNotImplemented:
		// DELETE may be repeated without harm (RFC 9110 §9.2.2).
		x = t.do(Request{Method: http.MethodDelete, Path: path})
	}
	if x.Err() != nil && x.Status == 0 || !(x.Status >= 200 && x.Status < 300 || missing(x.Status)) {
		return leftover(e, "DELETE: "+said(x))
	}
	after := t.do(Request{Path: path})
	switch {
	case missing(after.Status):
		return nil
	case after.Success():
		return leftover(e, fmt.Sprintf("soft-deleted? DELETE answered %d, but GET still answers %d", x.Status, after.Status))
	default:
		return leftover(e, fmt.Sprintf("DELETE answered %d, but it could not be verified: GET: %s", x.Status, said(after)))
	}
}

// sent tells whether a failed exchange got as far as the network.
func sent(x *reports.Exchange) bool {
	var te *TransportError
	return errors.As(x.Err(), &te)
}

// searchKey picks the key that tells a resource best.
func searchKey(keys map[string]string) (name, value string) {
	for _, k := range keyNames {
		if keys[k] != "" {
			return k, keys[k]
		}
	}
	return "", ""
}

// find looks for what a creation of unknown outcome may have made, and deletes it.
func (t *tidy) find(e Entry) {
	if t.ctx.Err() != nil {
		t.leave(e, "its outcome is unknown, and the clean-up was interrupted")
		return
	}
	name, value := searchKey(e.Keys)
	if name == "" {
		t.findUnnamed(e)
		return
	}
	candidates, why := t.search(e.Endpoint, name, value)
	if why != "" {
		t.leave(e, "its outcome is unknown and it could not be searched for: "+why)
		return
	}
	found, refused := false, false
	for _, o := range candidates {
		id := scim.String(o, "id")
		if id == "" || !carries(o, e.Keys, name) || t.l.ownsAt(e.Endpoint, id) {
			continue
		}
		if !t.ours(o, e.Keys) {
			refused = true
			t.left = append(t.left, Leftover{e.Endpoint, id, value, "it has a key that this run sent, but is older than the run or cannot be dated; it was not touched"})
			continue
		}
		adopted := e
		adopted.ID, adopted.Location = id, scim.String(o, "meta.location")
		if !found {
			t.adopt(e.N, id, adopted.Location)
		} else {
			t.l.Own(e.Endpoint, id, adopted.Location)
		}
		found = true
		if l := t.remove(adopted); l != nil {
			t.left = append(t.left, *l)
		}
	}
	if !found && !refused {
		t.settle(e.N)
	}
}

// findUnnamed deals with a creation whose body showed no key: what carries the run's tag is reported, not deleted.
func (t *tidy) findUnnamed(e Entry) {
	if len(t.l.run) < minTag {
		t.leave(e, "its outcome is unknown, and no key was sent by which it could be found")
		return
	}
	s := t.scan(e.Endpoint)
	if s.why != "" {
		t.leave(e, "its outcome is unknown and it could not be searched for: "+s.why)
		return
	}
	clear := true
	for _, o := range s.resources {
		id := scim.String(o, "id")
		if t.l.ownsAt(e.Endpoint, id) {
			continue
		}
		for _, k := range keyNames {
			if v := scim.String(o, k); containsFold(v, t.l.run) {
				clear = false
				t.left = append(t.left, Leftover{e.Endpoint, id, v, "it carries the run's tag, but no key that was sent; look at it and delete it by hand"})
				break
			}
		}
	}
	if clear {
		t.settle(e.N)
	}
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// carries tells whether o has exactly our key: userName in any letter case (RFC 7643 §4.1.1), others as they are.
// Where we sent both userName and externalId, neither may differ.
func carries(o scim.Object, keys map[string]string, name string) bool {
	if scim.String(o, name) == "" {
		return false
	}
	for _, k := range keyNames {
		got, want := scim.String(o, k), keys[k]
		if got == "" || want == "" || got == want || k == "userName" && strings.EqualFold(got, want) {
			continue
		}
		if k != "displayName" || k == name {
			return false
		}
	}
	return true
}

// ours asks for proof that the run made o: its key has the run's tag, or it is not older than the run. A user who was
// there before may have any name, that of a failed creation included.
func (t *tidy) ours(o scim.Object, keys map[string]string) bool {
	if len(t.l.run) >= minTag {
		for k, v := range keys {
			if containsFold(v, t.l.run) && strings.EqualFold(scim.String(o, k), v) {
				return true
			}
		}
	}
	created, err := time.Parse(time.RFC3339, scim.String(o, "meta.created"))
	return err == nil && created.After(t.l.started.Add(-clockSkew))
}

func (t *tidy) entry(n int) *Entry {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	if t.l.slim != nil {
		return t.l.slim.open[n]
	}
	return t.l.byNum[n]
}

func (t *tidy) adopt(n int, id, location string) { t.l.made(t.entry(n), id, location) }

// settle notes that nothing came of a creation.
func (t *tidy) settle(n int) { t.l.failed(t.entry(n), http.StatusNotFound) }

// search asks by filter, and looks through the whole list where the filter is not honoured.
func (t *tidy) search(endpoint, name, value string) (found []scim.Object, why string) {
	query := url.Values{"filter": {name + " eq " + scim.Quote(value)}}
	x := t.do(Request{Path: cleanEndpoint(endpoint), Query: query})
	if err := t.ctx.Err(); err != nil {
		return nil, "the clean-up was interrupted"
	}
	if list, ok := listed(x); ok {
		honoured := true
		for _, o := range list.resources {
			if strings.EqualFold(scim.String(o, name), value) {
				found = append(found, o)
			} else {
				honoured = false
			}
		}
		if honoured && len(list.resources) >= list.total {
			return found, ""
		}
	}
	s := t.scan(endpoint)
	if s.why != "" && len(found) > 0 {
		return found, ""
	}
	return s.resources, s.why
}

type page struct {
	resources []scim.Object
	total     int
}

// listed reads a ListResponse (RFC 7644 §3.4.2); false for any other answer.
func listed(x *reports.Exchange) (page, bool) {
	if x.Status != http.StatusOK || x.Err() != nil {
		return page{}, false
	}
	o := x.Object()
	_, hasTotal := scim.Lookup(o, "totalResults")
	_, hasList := scim.Lookup(o, "Resources")
	if !hasTotal && !hasList {
		return page{}, false
	}
	p := page{resources: scim.Objects(o, "Resources")}
	p.total = bulkStatus(scim.Object{"status": scim.Get(o, "totalResults")})
	return p, true
}

// scan is a look through all resources of an endpoint.
type scan struct {
	resources []scim.Object
	why       string // why it is not complete
}

func (t *tidy) scan(endpoint string) *scan {
	if s := t.scans[endpoint]; s != nil {
		return s
	}
	s := &scan{}
	t.scans[endpoint] = s
	seen := map[string]bool{}
	for start, pages := 1, 0; ; pages++ {
		if pages == scanLimit {
			s.why = fmt.Sprintf("the list is longer than %d pages, and the filter is not honoured", scanLimit)
			return s
		}
		x := t.do(Request{Path: endpoint, RawQuery: fmt.Sprintf("startIndex=%d&count=%d", start, scanPage)})
		p, ok := listed(x)
		if !ok {
			s.why = "GET " + endpoint + ": " + said(x)
			return s
		}
		fresh := 0
		for _, o := range p.resources {
			if id := scim.String(o, "id"); !seen[id] {
				seen[id] = true
				fresh++
				s.resources = append(s.resources, o)
			}
		}
		start += len(p.resources)
		if len(seen) >= p.total {
			return s
		}
		if fresh == 0 {
			s.why = fmt.Sprintf("the list shows only %d of %d resources", len(seen), p.total)
			return s
		}
	}
}
