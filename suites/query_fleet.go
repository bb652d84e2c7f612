package suites

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// fleetSize does not divide by the page sizes in use, so that last pages are short.
const fleetSize = 7

// fleet is a fixed set of users that one filter selects, beside a decoy that it must not select.
type fleet struct {
	users []*resource
	decoy *resource
	// attr is the attribute that all users of the fleet share, mark its value, filter the test for it.
	attr, mark, filter string
}

// fleet returns the shared set; it skips where the target has no filter that selects it.
func (s *session) fleet() *fleet {
	s.requires(Filter)
	if s.fleetMade == nil {
		s.fleetMade = s.makeFleet()
	}
	if s.fleetMade.filter == "" {
		s.skip("no filter on a single attribute selects the users of this run")
	}
	return s.fleetMade
}

func (s *session) makeFleet() *fleet {
	t := s.needsType("User")
	f := &fleet{mark: s.tag("fleet")}
	var shared []string
	for _, name := range []string{"nickName", "title", "displayName", "name.familyName"} {
		if t.attribute(name) != nil {
			shared = append(shared, name)
		}
	}
	marked := func(o scim.Object) {
		for _, name := range shared {
			scim.Put(o, name, f.mark)
		}
	}
	for range fleetSize {
		f.users = append(f.users, s.makeUser("fleet", marked))
	}
	f.decoy = s.makeUser("decoy")
	for _, name := range shared {
		filter := name + " eq " + scim.Quote(f.mark)
		x := s.await(func() *reports.Exchange {
			return s.get(t.Endpoint, "filter", filter, "count", "50")
		}, func(x *reports.Exchange) bool {
			total, _ := s.total(x)
			return x.Status != 200 || total == fleetSize || len(listItems(x)) > 4
		})
		if n := len(f.ours(x)); n > 0 && n == len(listItems(x)) {
			f.attr, f.filter = name, filter
			break
		}
	}
	return f
}

// endpoint is where the fleet lives.
func (f *fleet) endpoint() string { return f.users[0].typ.Endpoint }

// list asks for the fleet, with further parameters.
func (s *session) list(f *fleet, params ...string) *reports.Exchange {
	return s.get(f.endpoint(), append([]string{"filter", f.filter}, params...)...)
}

// ours lists the ids of the fleet's users on a page, in its order and as often as they are there.
func (f *fleet) ours(x *reports.Exchange) []string {
	var out []string
	for _, o := range listItems(x) {
		for _, u := range f.users {
			if isItem(o, u) {
				out = append(out, u.ID)
			}
		}
	}
	return out
}

// missed tells which users of the fleet are missing in, or more than once among, the ids that a walk has met.
func (f *fleet) missed(ids []string) error {
	var errs []error
	for _, u := range f.users {
		switch n := count(ids, u.ID); {
		case n == 0:
			errs = append(errs, broken("%s is on no page", scim.String(u.Sent, "userName")))
		case n > 1:
			errs = append(errs, broken("%s is on the pages %d times", scim.String(u.Sent, "userName"), n))
		}
	}
	return errors.Join(errs...)
}

func count(list []string, want string) (n int) {
	for _, e := range list {
		if e == want {
			n++
		}
	}
	return n
}

// isItem tells whether a list item is r: by id, or where it has none by its natural key.
func isItem(o scim.Object, r *resource) bool {
	if id := scim.String(o, "id"); id != "" {
		return id == r.ID
	}
	for _, key := range []string{"userName", "displayName"} {
		if got := scim.String(o, key); got != "" {
			return strings.EqualFold(got, scim.String(r.Sent, key))
		}
	}
	return false
}

// item returns r as a list shows it, or nil.
func item(x *reports.Exchange, r *resource) scim.Object {
	for _, o := range listItems(x) {
		if isItem(o, r) {
			return o
		}
	}
	return nil
}

// shows judges r as a list shows it by checks of single resources.
func shows(r *resource, checks ...func(o scim.Object) error) Check {
	return func(x *reports.Exchange) error {
		if x.Status != 200 {
			return Status(200)(x)
		}
		o := item(x, r)
		if o == nil {
			return wrong("the list", text("with the resource "+r.ID), text("without it"))
		}
		var errs []error
		for _, c := range checks {
			errs = append(errs, c(o))
		}
		return errors.Join(errs...)
	}
}

// listItems returns what a list holds, also where it is malformed in a way that a check of its own judges.
func listItems(x *reports.Exchange) []scim.Object {
	if o, ok := scim.Get(x.Object(), "Resources").(scim.Object); ok {
		return []scim.Object{o}
	}
	return scim.Objects(x.Object(), "Resources")
}

// listInt reads a count of a list, also where it is malformed in a way that a check of its own judges.
func listInt(x *reports.Exchange, name string) (int, bool) {
	var n json.Number
	switch v := x.Object()[name].(type) {
	case json.Number:
		n = v
	case string:
		n = json.Number(v)
	default:
		return 0, false
	}
	f, err := n.Float64()
	return int(f), err == nil && f == math.Trunc(f)
}

// uncounted tells whether an answer has no totalResults, and does not need it: it is a page by cursor, since the
// target has no other, or does this where the client names no method, of which it need not tell (RFC 9865 §2 and §4).
func (s *session) uncounted(x *reports.Exchange) bool {
	if _, there := x.Object()["totalResults"]; there {
		return false
	}
	return s.cursorOnly() || asked(x, "startIndex") == "" && s.byCursor()
}

// asked is the value that a query had for a parameter, "" where it was not sent.
func asked(x *reports.Exchange, name string) string {
	var body map[string]any
	if json.Unmarshal([]byte(x.RequestBody), &body) == nil && body[name] != nil {
		return fmt.Sprint(body[name])
	}
	if u, err := url.Parse(x.URL); err == nil {
		return u.Query().Get(name)
	}
	return ""
}

// fit lowers a count that the target would refuse, as it may where it answers by cursor (RFC 9865 §2.1). Queries that name
// their method are sent as they are.
func (s *session) fit(params []string) []string {
	at := slices.Index(params, "count")
	if at < 0 || s.learned == nil || slices.Contains(params, "cursor") || slices.Contains(params, "startIndex") && !s.cursorOnly() {
		return params
	}
	most := s.learned.limit("pagination.maxPageSize")
	if n, err := strconv.Atoi(params[at+1]); err != nil || most == 0 || n <= most || !s.byCursor() {
		return params
	}
	params = slices.Clone(params)
	params[at+1] = strconv.Itoa(most)
	return params
}

// byCursor tells whether the target answers by cursor where a query names no method, as far as it tells: it need not.
func (s *session) byCursor() bool {
	method := scim.String(s.learned.config.Object(), "pagination.defaultPaginationMethod")
	cursors := s.learned.claim(Cursor)
	return s.cursorOnly() || method == "cursor" || method == "" && cursors != nil && *cursors
}

// total is how many resources match, in words of the target: totalResults, or where that may be left out what a list
// holds that has no further page.
func (s *session) total(x *reports.Exchange) (n int, ok bool) {
	if !s.uncounted(x) {
		return listInt(x, "totalResults")
	}
	size, err := strconv.Atoi(asked(x, "count"))
	cut := nextCursor(x) != "" || err == nil && size <= 0
	return len(listItems(x)), isList(x) && !cut
}

// following is how to ask for the page after x, where it and those before it show got of total resources; nil after the
// last one.
func (s *session) following(x *reports.Exchange, got, total int) []string {
	at := nextCursor(x)
	byCursor := s.cursorOnly() || s.uncounted(x)
	switch {
	case x.Status != http.StatusOK || len(listItems(x)) == 0:
	case byCursor && at != "":
		return []string{"cursor", at}
	case !byCursor && got < total:
		return []string{"startIndex", strconv.Itoa(got + 1)}
	}
	return nil
}

// pages reads a list over as many pages as it has.
func (s *session) pages(endpoint string, params ...string) []*reports.Exchange {
	x := s.get(endpoint, params...)
	out, got := []*reports.Exchange{x}, len(listItems(x))
	total, _ := s.total(x)
	for next := s.following(x, got, total); next != nil && len(out) < maxPages; next = s.following(x, got, total) {
		x = s.get(endpoint, append(slices.Clone(params), next...)...)
		out, got = append(out, x), got+len(listItems(x))
	}
	return out
}

// counted wants totalResults to be a number, or to be left out where it may.
func (s *session) counted(x *reports.Exchange) error {
	if _, ok := number(x.Object()["totalResults"]); !ok && !s.uncounted(x) {
		return wrong("totalResults", text("a JSON number"), x.Object()["totalResults"])
	}
	return nil
}

// counts is totals for lists of a target that may leave the number out; there a list without further page is counted.
func (s *session) counts(n int) Check {
	return func(x *reports.Exchange) error {
		got, ok := s.total(x)
		if ok && got == n || !ok && s.uncounted(x) {
			return nil
		}
		return wrong("totalResults", n, x.Object()["totalResults"])
	}
}

// cursorOnly tells whether the target says that it has no paging by startIndex.
func (s *session) cursorOnly() bool {
	index := s.learned.claim(Index)
	return index != nil && !*index && !s.cfg.Force[Index]
}

// totals wants totalResults to have the value n, however it is written.
func totals(n int) Check {
	return func(x *reports.Exchange) error {
		if got, ok := listInt(x, "totalResults"); !ok || got != n {
			return wrong("totalResults", n, x.Object()["totalResults"])
		}
		return nil
	}
}

// noItems wants a page without resources.
func noItems(x *reports.Exchange) error {
	if n := len(listItems(x)); n > 0 {
		return wrong("number of Resources", 0, n)
	}
	return nil
}

// answered wants what a server owes for a strange parameter: a list, or a refusal of the request.
func answered(x *reports.Exchange) error {
	if x.Status >= 400 && x.Status < 500 {
		return nil
	}
	if err := Status(200)(x); err != nil {
		return err
	}
	if _, ok := listInt(x, "totalResults"); !ok && x.Object()["Resources"] == nil {
		return wrong("answer", text("a list, or a client error"), text("neither"))
	}
	return nil
}

// await repeats a query for about two seconds until it is settled, for services that index late.
func (s *session) await(ask func() *reports.Exchange, settled func(*reports.Exchange) bool) *reports.Exchange {
	start := time.Now()
	x := ask()
	for _, pause := range []time.Duration{100, 300, 600, 1200} {
		if settled(x) || x.Err() != nil || s.ctx.Err() != nil {
			break
		}
		time.Sleep(pause * time.Millisecond)
		if x = ask(); settled(x) {
			s.note("settled after about %v: eventual consistency", time.Since(start).Round(100*time.Millisecond))
		}
	}
	return x
}

// maxPages is where a walk ends that leads nowhere.
const maxPages = 60

// walk follows startIndex, adding what was received rather than what was asked for (RFC 7644 §3.4.2.4), until size
// resources are passed.
func walk(size int, ask func(start int) *reports.Exchange) (pages []*reports.Exchange) {
	for start, n := 1, 0; start <= size && n < maxPages; n++ {
		x := ask(start)
		pages = append(pages, x)
		got := len(listItems(x))
		if x.Status != 200 || got == 0 {
			break
		}
		start += got
	}
	return pages
}

// judgeWalk judges a walk through a whole directory. Others may change it too: only what happens again is held against
// the server.
func (s *session) judgeWalk(read func() ([]*reports.Exchange, error)) {
	pages, err := read()
	if err != nil {
		if _, again := read(); again == nil {
			err = soften(reports.Warn, err)
		}
	}
	s.judgeErr(err, pages...)
}

// met lists the fleet's ids over several pages.
func (f *fleet) met(pages []*reports.Exchange) []string {
	var ids []string
	for _, x := range pages {
		ids = append(ids, f.ours(x)...)
	}
	return ids
}

// everybody wants a walk to show as many different resources as totalResults counts, and none of them twice. Where the
// count changes on the way somebody else is at work, and nothing is said, unless the first page, asked for again, counts
// as before.
func everybody(pages []*reports.Exchange, again ...*reports.Exchange) error {
	seen := map[string]int{}
	want, changed := -1, false
	for _, x := range pages {
		total, ok := listInt(x, "totalResults")
		if !ok {
			return nil
		}
		if want < 0 {
			want = total
		}
		changed = changed || total != want
		for _, o := range listItems(x) {
			seen[scim.String(o, "id")]++
		}
	}
	for _, x := range again {
		if total, ok := listInt(x, "totalResults"); ok && total == want {
			changed = false
		}
	}
	if changed {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		if n := seen[id]; n > 1 {
			return broken("the resource %s is on the pages %d times", id, n)
		}
	}
	if len(seen) != want {
		return wrong("resources on all pages, by totalResults", want, len(seen))
	}
	return nil
}

// answers wants every page to be 200.
func answers(pages []*reports.Exchange) error {
	for _, x := range pages {
		if x.Status != 200 {
			return Status(200)(x)
		}
	}
	return nil
}

// samePage compares which of the fleet's users two queries show, and asks again before it complains, since no order is
// promised.
func (s *session) samePage(f *fleet, a, b []string) ([]*reports.Exchange, error) {
	var err error
	var seen []*reports.Exchange
	for range 2 {
		x, y := s.list(f, a...), s.list(f, b...)
		seen = append(seen, x, y)
		if err = answers([]*reports.Exchange{x, y}); err != nil {
			return seen, err
		}
		if slices.Equal(f.ours(x), f.ours(y)) && len(f.ours(x)) > 0 {
			return seen, nil
		}
		err = wrong("resources with "+strings.Join(b, "=")+", beside those with "+strings.Join(a, "="), f.ours(x), f.ours(y))
	}
	return seen, err
}
