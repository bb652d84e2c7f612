package suites

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// crowd is the small population that the checks of filter and sort query: a team of five, each of whom differs from
// the others in what one operator or rule turns on, and a stranger with awkward values. Nobody is changed afterwards.
type crowd struct {
	s   *session
	tag string
	// people are the users and groups by short name. stranger is nil where the target refused those values.
	people map[string]*crowdMember
	// refused says why the crowd could not be made; the checks are then blocked by the check refusedBy.
	refused, refusedBy string
	// selectable tells whether a filter can select the team alone; nil until that was tried.
	selectable *bool
}

// crowdMember is a record of the crowd: what was meant and what the target then held.
type crowdMember struct {
	*resource
	want, stored scim.Object
}

// The team in order of creation, which is no order that a check asks for.
var crowdTeam = []string{"cyd", "ada", "eve", "bea", "dan"}

// crowd makes the population on first use; it is shared by all checks of a run.
func (s *session) crowd() *crowd {
	if s.population == nil {
		s.population = &crowd{s: s, people: map[string]*crowdMember{}}
		s.population.fill()
	}
	p := s.population
	if p.refused != "" {
		s.block(p.refusedBy, "%s", p.refused)
	}
	return p
}

// filterCrowd is crowd for checks that filter.
func (s *session) filterCrowd() *crowd {
	s.requires(Filter)
	return s.crowd()
}

func (p *crowd) fill() {
	p.refused, p.refusedBy = "the users to look for could not be made", "create.status"
	p.tag = p.s.tag("crowd")
	t := p.s.needsType("User")
	for i, who := range crowdTeam {
		// Timestamps of most servers count milliseconds: the members shall differ in them. Where they count seconds, two
		// groups have to do.
		pause := 2 * time.Millisecond
		if i == 1 && wholeSeconds(p.people[crowdTeam[0]].stored) {
			pause = 1100 * time.Millisecond
		}
		time.Sleep(pause)
		if !p.join(t, who, p.member(who)) {
			return
		}
	}
	stranger := &crowd{s: p.s, tag: p.tag, people: map[string]*crowdMember{}}
	if stranger.join(t, "zoe", p.stranger()) {
		p.people["zoe"] = stranger.people["zoe"]
	}
	p.await("zoe", "dan")
	p.refused = ""
}

// wholeSeconds tells whether the timestamps of a target have no fractions.
func wholeSeconds(o scim.Object) bool {
	made := scim.String(o, "meta.created")
	return made != "" && !strings.Contains(made, ".")
}

// join creates and reads a record; it notes why where that fails.
func (p *crowd) join(t *resourceType, who string, want scim.Object) bool {
	o := p.s.minimalUser(who)
	for path, v := range want {
		if _, fixed := p.s.cfg.User.Required[path]; fixed || t.attribute(path) == nil {
			continue
		}
		if strings.HasPrefix(path, "urn:") {
			scim.Put(o, path, v)
			continue
		}
		if word, isText := v.(string); isText && scim.Chosen(t.attribute(path), word, 0) != word {
			delete(want, path) // the schema has it take other values
			continue
		}
		o[path] = t.prune(path, v)
	}
	r, x := p.s.create("User", o)
	p.s.see(x)
	if err := x.Err(); err != nil {
		if readOnly := (*wire.ReadOnlyError)(nil); errors.As(err, &readOnly) {
			p.s.population = nil // so that every check says why it was skipped
		}
		p.s.cannotJudge(err)
	}
	if r == nil {
		return false
	}
	x = p.s.read(r)
	if x.Status != 200 {
		p.s.see(x)
		p.refused, p.refusedBy = "the users to look for cannot be read", "read.status"
		return false
	}
	p.people[who] = &crowdMember{r, want, x.Object()}
	return true
}

// await gives a search index a second to catch up with the last record that was made.
func (p *crowd) await(candidates ...string) {
	for _, who := range candidates {
		if p.people[who] == nil {
			continue
		}
		for range 4 {
			x := p.s.get(p.people[who].typ.Endpoint, "filter", crowdEq("userName", p.name(who)))
			if n, ok := p.s.total(x); x.Status != 200 || !ok || n > 0 {
				return
			}
			time.Sleep(250 * time.Millisecond)
		}
		return
	}
}

// member describes one of the team.
func (p *crowd) member(who string) scim.Object {
	o := scim.Object{"userName": p.name(who), "title": p.mark()}
	ext := func(name string) string { return scim.EnterpriseURN + ":" + name }
	fullName := func(given, family string) scim.Object {
		return scim.Object{"givenName": p.tag + "-" + given, "familyName": p.tag + "-" + family}
	}
	mail := func(kind, local string, primary bool) scim.Object {
		m := scim.Object{"type": kind, "value": p.mail(local)}
		if primary {
			m["primary"] = true
		}
		return m
	}
	phones := func(numbers ...string) []any {
		var list []any
		for i, n := range numbers {
			list = append(list, scim.Object{"type": []string{"work", "mobile"}[i], "value": "+1-201-555-01" + n})
		}
		return list
	}
	switch who {
	case "ada":
		o["externalId"], o["displayName"], o["nickName"], o["active"] = p.tag+"-b", p.core(), p.tag+"-b", true
		o["name"] = fullName("3", "b")
		o["name"].(scim.Object)["middleName"] = "Byron"
		o["emails"] = []any{mail("work", "e1", false), mail("home", "e9", true)}
		o["phoneNumbers"] = phones("50", "10")
		o["profileUrl"] = "https://" + p.s.domain() + "/" + p.tag + "/Ada"
		o[ext("employeeNumber")] = p.tag + "-3"
	case "bea":
		o["externalId"], o["displayName"], o["active"] = p.tag+"-A", p.core()+" end", false
		o["name"] = fullName("1", "A")
		o["emails"] = []any{mail("work", "e5", true), mail("home", "e0", false)}
		o["phoneNumbers"] = phones("30", "90")
		o["profileUrl"] = "https://" + p.s.domain() + "/" + p.tag + "/Bea"
		o[ext("employeeNumber")] = p.tag + "-1"
	case "cyd":
		o["externalId"], o["displayName"], o["nickName"], o["active"] = p.tag+"-C", "pre "+p.core(), p.tag+"-a", true
		o["name"] = fullName("5", "D")
		o["emails"] = []any{mail("work", "e7", false)}
		o["phoneNumbers"] = phones("40")
		o[ext("employeeNumber")] = p.tag + "-2"
	case "dan":
		o["externalId"], o["displayName"], o["active"] = p.tag+"-d", "in "+p.core()+" fix", false
		o["name"] = fullName("2", "c")
		o["emails"] = []any{mail("work", "e8", false), mail("home", "e2", true)}
		o["phoneNumbers"] = phones("20", "60")
	case "eve":
		// No active, emails or name; the display name is also that of a group.
		o["displayName"], o["nickName"] = p.groupName("crew"), p.tag+"-c"
	}
	return o
}

// stranger describes a user outside the team whose values are hard to quote.
func (p *crowd) stranger() scim.Object {
	return scim.Object{
		"userName":    p.name("zoe"),
		"displayName": p.tag + ` say "hi"`,
		"nickName":    p.tag + ` back\slash`,
		"name":        scim.Object{"familyName": p.tag + " Müller", "givenName": p.tag + " x and y eq z or not pr"},
		"title":       p.tag + " 100% a+b&c;d",
		"userType":    p.tag + " a] b) (c [d",
	}
}

func (p *crowd) name(who string) string       { return p.tag + "." + who + "@" + p.s.domain() }
func (p *crowd) mail(local string) string     { return p.tag + "." + local + "@" + p.s.domain() }
func (p *crowd) groupName(name string) string { return p.tag + "." + name }

// mark is what only the team has as title.
func (p *crowd) mark() string { return p.tag + " team" }

// core is the part of a display name that the text operators look for.
func (p *crowd) core() string { return "kern " + p.tag }

// team is a filter that selects the team and nobody else.
func (p *crowd) team() string {
	for _, who := range crowdTeam {
		if !holds(p.people[who].stored["title"], p.mark()) {
			return "userName sw " + scim.Quote(p.tag+".") +
				" and userName ne " + scim.Quote(p.name("zoe")) + " and userName ne " + scim.Quote(p.name("pat"))
		}
	}
	return crowdEq("title", p.mark())
}

// teamWith is the team narrowed by another condition.
func (p *crowd) teamWith(condition string) string { return p.team() + " and " + condition }

// where lists the members of the team whose stored record satisfies f.
func (p *crowd) where(f func(o scim.Object) bool) []string {
	var out []string
	for _, who := range crowdTeam {
		if f(p.people[who].stored) {
			out = append(out, who)
		}
	}
	return out
}

// has skips unless the target declares the attributes, and blocks unless it has kept their values for the whole team:
// otherwise nothing is known about who must be found.
func (p *crowd) has(paths ...string) { p.hasFor(crowdTeam, paths...) }

// hasAndLacks is has for checks that also need members without a value.
func (p *crowd) hasAndLacks(path string) {
	p.has(path)
	for _, who := range crowdTeam {
		if someone := p.people[who]; !scim.Assigned(p.meant(someone, path)) && scim.Assigned(scim.Get(someone.stored, path)) {
			p.s.skip("the target gives every user a value for %s", path)
		}
	}
}

func (p *crowd) hasFor(whom []string, paths ...string) {
	p.s.needs("User", paths...)
	t := p.s.learned.typ("User")
	for _, who := range whom {
		someone := p.people[who]
		if someone == nil {
			p.s.skip("the target refused a user with these values")
		}
		for _, path := range paths {
			want, got := p.meant(someone, path), scim.Get(someone.stored, path)
			if a := t.attribute(path); a.Mutability == "readOnly" && scim.Assigned(want) && !holds(got, want) {
				p.s.skip("the target's schema for User says that %s is readOnly", path)
			}
			if !holds(got, want) && kept(path, t.attribute(path), got, want) != nil {
				p.s.see(someone.Created)
				p.s.block("create.stored", "%s was not kept as sent", path)
			}
		}
	}
}

// meant is the value that someone was given.
func (p *crowd) meant(someone *crowdMember, path string) any {
	if v, ok := someone.want[path]; ok {
		return v
	}
	return scim.Get(someone.want, path)
}

// groups makes the two groups of the crowd: crew with ada and bea, and band with cyd.
func (p *crowd) groups() {
	p.s.needsType("Group")
	for _, g := range []struct {
		name    string
		members []string
	}{{"crew", []string{"ada", "bea"}}, {"band", []string{"cyd"}}} {
		if p.people[g.name] != nil {
			continue
		}
		o := p.s.group(g.name)
		o["displayName"] = p.groupName(g.name)
		var list []*resource
		for _, who := range g.members {
			list = append(list, p.people[who].resource)
		}
		o["members"] = memberList(list...)
		r := p.s.make("Group", o)
		p.people[g.name] = &crowdMember{r, o, p.s.readBack(r).Object()}
	}
}

// crowdEq writes the commonest condition.
func crowdEq(attr, value string) string { return attr + " eq " + scim.Quote(value) }

// crowdAnswer is the answer to a query, over as many pages as it has.
type crowdAnswer struct {
	s  *session
	xs []*reports.Exchange
	// names are the records in the order of the answer; those outside the crowd are called "?".
	names []string
	total int
}

// ask queries an endpoint, with further query parameters as alternating names and values.
// A target that wants filters kept out of URLs (403) is asked again through .search (ambiguity A60).
func (p *crowd) ask(typ, filter string, params ...string) *crowdAnswer {
	endpoint := p.s.needsType(typ).Endpoint
	f := &crowdAnswer{s: p.s}
	params = append([]string{"filter", filter}, params...)
	var next []string
	for page := 0; page < 10; page++ {
		all := params
		if page > 0 {
			all = append(slices.Clone(params), next...)
		}
		x := p.s.get(endpoint, all...)
		if x.Status == 403 {
			p.s.note("A60: GET with a filter is refused with 403; asked again through .search")
			x = p.s.post(endpoint+"/.search", "", searchBody(all))
		}
		f.xs = append(f.xs, x)
		items := scim.Objects(x.Object(), "Resources")
		if page == 0 {
			f.total, _ = p.s.total(x)
		}
		for _, o := range items {
			f.names = append(f.names, p.nameOf(scim.String(o, "id")))
		}
		if next = p.s.following(x, len(f.names), f.total); next == nil || slices.Contains(params, "count") {
			break
		}
	}
	return f
}

func (f *crowdAnswer) first() *reports.Exchange { return f.xs[0] }

// nameOf finds the short name of a record.
func (p *crowd) nameOf(id string) string {
	for name, someone := range p.people {
		if someone.ID == id {
			return name
		}
	}
	return "?"
}

// searchBody writes query parameters as a SearchRequest (RFC 7644 §3.4.3).
func searchBody(params []string) scim.Object {
	o := scim.Object{"schemas": []string{scim.SearchRequestURN}}
	for i := 0; i+1 < len(params); i += 2 {
		switch name, v := params[i], params[i+1]; name {
		case "attributes", "excludedAttributes":
			o[name] = strings.Split(v, ",")
		case "startIndex", "count":
			o[name] = json.Number(v)
		default:
			o[name] = v
		}
	}
	return o
}
