package suites

import (
	"net/http"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// hostileKind is a family of values that one kind of careless code spoils. A tilde stands for a name of this run.
type hostileKind struct {
	id, title, why, fix string
	values              []string
	// decoy is a name beside the last of the values that a wildcard in it would select too.
	decoy string
}

var hostileKinds = []hostileKind{
	{
		"hostile.value-quotes", "values with quotation marks, apostrophes and backslashes are stored and found as they are",
		"O'Brien cannot be provisioned, or is found under another name than the client sent.",
		"Bind values as parameters of the statement instead of writing them into its text.",
		[]string{`o'brien.~`, `"quoted" ~`, `domain\~`},
		"",
	},
	{
		"hostile.value-reserved", "values with characters that URLs reserve are stored and found as they are",
		"Plus addresses are common; a plus that becomes a blank is somebody else, or nobody.",
		"Decode the query string once, by the rules of RFC 3986, and take the filter as it then stands.",
		[]string{`a+b.~`, `100%25 & a=b;c/d?e#f ~`},
		"",
	},
	{
		"hostile.value-blanks", "leading, trailing and repeated blanks are kept, or refused",
		"Where the store trims and the comparison does not, or the other way round, the client never finds its own record.",
		"Treat blanks in one way everywhere: in writes, in uniqueness and in filters.",
		[]string{` ~`, `~ `, `a  b ~`},
		"",
	},
	{
		"hostile.value-unicode", "umlauts, emoji, right-to-left and combining characters in names are stored and found",
		"People whose name is not ASCII cannot log in, or get a second account with every synchronisation.",
		"Use UTF-8 in the column, in the connection and in the comparison, four-byte characters included.",
		[]string{`größe.~`, "\U0001f642\U0001f469\u200d\U0001f4bb.~", `שלום.~`, "cafe\u0301.~"},
		"",
	},
	{
		"hostile.value-sql", "values that look like SQL are stored and found as they are",
		"A value that ends the statement it was written into reads or deletes the whole table.",
		"Bind values as parameters of the statement instead of writing them into its text.",
		[]string{`~' OR '1'='1`, `~'; DROP TABLE users; --`},
		"",
	},
	{
		"hostile.value-ldap", "values that look like LDAP filters are stored and found as they are",
		"An asterisk that reaches the directory as a wildcard selects everybody.",
		"Escape values by RFC 4515 before they become part of an LDAP filter.",
		[]string{`~*)(uid=*`, `~*`},
		`~-decoy`,
	},
	{
		"hostile.value-filter", "values that look like SCIM filters are stored and found as they are",
		"A value that ends its own string turns a look-up of one person into one of everybody.",
		"Read comparison values with a JSON string parser, and never build filters by joining strings.",
		[]string{`~" or userName pr or userName eq "`, `~ and not (active eq true)]`},
		"",
	},
	{
		"hostile.value-template", "values that look like templates or markup are stored and found as they are",
		"Where a value is evaluated, whoever may choose his display name runs code on the server.",
		"Never pass data through a template engine, an expression language or an HTML encoder before storing it.",
		[]string{`${7*7}.~`, `{{7*7}}#{7*7}<%= 7*7 %>~`, `<b onload=alert(1)>&amp;~</b>`},
		"",
	},
	{
		"hostile.value-path", "values that look like paths are stored and found as they are",
		"A name that is used as the name of a file overwrites somebody else's, or is cut at the slash.",
		"Use the id for addresses and file names, and leave values alone.",
		[]string{`../../~`, `..\..\~%00.json`},
		"",
	},
	{
		"hostile.value-long", "a userName of a thousand characters is stored and found, or refused",
		"Two names that are equal after they were cut are one account for the server.",
		"Answer 400 invalidValue to a name that is too long for its column.",
		[]string{strings.Repeat("long-", 200) + "~"},
		"",
	},
}

// hostileCarriers are the attributes that get a hostile value, and by which it is looked up.
var hostileCarriers = []string{"userName", "externalId", "displayName"}

// hostileValues: texts that are data and nothing else (RFC 7643 §9.2). They may be refused as userName, whose form a server
// may restrict (RFC 7644 §5), and then are tried in the other attributes.
func (s *session) hostileValues() {
	s.about("users whose names look like something else", func() {
		probes := map[string]creationProbe{}
		var carriers []string // that the target keeps
		searchable := false
		s.beforeAll(func() {
			t := s.needsType("User")
			// Whom a look-up must not bring: each hostile user is a decoy to the others.
			plain := s.makeUser("decoy")
			kept := s.readBack(plain).Object()
			for _, name := range hostileCarriers {
				if v, _ := scim.Lookup(kept, name); sameFold(v, plain.Sent[name]) {
					carriers = append(carriers, name)
				}
			}
			for _, k := range hostileKinds {
				for i, v := range k.values {
					o := s.user("hostile")
					p := s.probeUser(s.hostileUser(t, o, v, hostileCarriers))
					if p.u == nil {
						p = s.probeUser(s.hostileUser(t, o, v, hostileCarriers[1:]))
					}
					probes[v] = p
					if k.decoy != "" && i == len(k.values)-1 {
						s.create("User", s.hostileUser(t, o, k.decoy, hostileCarriers))
					}
				}
			}
			if s.offers(Filter) {
				searchable = s.findable()
			}
		})
		for _, k := range hostileKinds {
			s.it(k.title, ID(k.id), Requires("7643-9.2-02", "7643-2.3.1-01", "7644-3.1-07", onlyMatches, allMatches), Explain{Why: k.why, Fix: k.fix}, func() {
				for _, v := range k.values {
					p := probes[v]
					if p.u == nil {
						s.judgeRefusal(p)
						continue
					}
					x := s.probeState(p, "create.status")
					s.judge(x, func(x *reports.Exchange) error { return storedAs(p.u.typ, x.Object(), p.u.Sent, carriers...) })
					if searchable {
						s.judgeLookUp(p.u, x)
					}
				}
			})
		}
	})
}

// hostileUser copies a user and lets it carry a value in the named attributes.
func (s *session) hostileUser(t *resourceType, o scim.Object, value string, carriers []string) scim.Object {
	v := strings.ReplaceAll(value, "~", scim.String(o, "userName"))
	o = clone(o)
	for _, name := range carriers {
		if _, fixed := s.cfg.User.Required[name]; !fixed && t.attribute(name) != nil {
			o[name] = v
		}
	}
	return o
}

// storedAs compares texts with what was sent. A lost one is a lost write; another one is a change that a client has to
// reckon with, or a legal form of the same text (ambiguities A48, A65).
func storedAs(t *resourceType, got, sent scim.Object, names ...string) error {
	for _, name := range names {
		want := scim.String(sent, name)
		a := t.attribute(name)
		if want == "" || a == nil || a.Returned != "default" && a.Returned != "always" {
			continue
		}
		v, _ := scim.Lookup(got, name)
		have, _ := v.(string)
		err := wrong(name+" after the write", want, v)
		switch {
		case have == want, !a.CaseExact && strings.EqualFold(have, want):
		case !scim.Assigned(v):
			return err
		case norm.NFKC.String(have) == norm.NFKC.String(want):
			return soften(reports.Info, err)
		default:
			return soften(reports.Warn, err)
		}
	}
	return nil
}

// judgeLookUp searches a user by each of the values that the target has stored as they were sent.
func (s *session) judgeLookUp(u *resource, state *reports.Exchange) {
	for _, name := range []string{"userName", "displayName"} {
		v, ok := scim.Get(state.Object(), name).(string)
		if _, fixed := s.cfg.User.Required[name]; fixed || !ok || v == "" || v != scim.String(u.Sent, name) {
			continue
		}
		x := s.get(u.typ.Endpoint, "filter", name+" eq "+scim.Quote(v), "count", "20")
		switch {
		case x.Status == http.StatusForbidden || x.Status == http.StatusNotImplemented:
			s.note("the look-up by %s is refused with %d", name, x.Status)
			continue
		case name != "userName" && x.Status == http.StatusBadRequest && ScimType(scim.InvalidFilter)(x) == nil:
			s.note("the target does not search by %s", name)
			continue
		}
		s.judge(x, func(x *reports.Exchange) error {
			if err := Status(http.StatusOK)(x); err != nil {
				return err
			}
			for _, o := range listItems(x) {
				if !isItem(o, u) && s.isOurs(o) {
					return wrong("users whose "+name+" is "+show(v), text("that one alone"), scim.Get(o, name))
				}
			}
			if item(x, u) == nil {
				return wrong("users whose "+name+" is "+show(v), text("the user "+u.ID), text("another list"))
			}
			return nil
		})
	}
}

// hostileUpdates: the same texts in updates.
func (s *session) hostileUpdates() {
	s.about("updates to values that look like something else", func() {
		const text1 = `<b>O'Brien & "Söhne"</b> 100% ${7*7} \ ../~`
		const text2 = `' OR 1=1 -- */ {{7*7}} %41 + 🙂 שלום`
		var u *resource
		var name string
		var put, afterPut, patched, afterPatch *reports.Exchange
		s.beforeAll(func() {
			name = s.freeText()
			u = s.makeUser("hostile-update")
			o := clone(u.Sent)
			o[name] = text1
			put = s.replace(u, o)
			afterPut = s.read(u)
			if s.offers(Patch) {
				patched = s.patch(u, op("replace", name, text2))
				afterPatch = s.read(u)
			}
		})
		// judge wants the text, where the update was accepted.
		judge := func(x, after *reports.Exchange, want string, by string) {
			if x.Status == http.StatusMethodNotAllowed || x.Status == http.StatusNotImplemented {
				s.see(x)
				s.block(by, "%s answered %d", x.Method, x.Status)
			}
			if !x.Success() {
				s.judgeRefusal(creationProbe{x: x})
				return
			}
			s.judge(after, Status(200), func(x *reports.Exchange) error {
				return storedAs(u.typ, x.Object(), scim.Object{name: want}, name)
			})
		}

		s.it("PUT stores a text that looks like markup or code as it is", ID("hostile.update-put"), Requires("7643-9.2-02", "7643-2.3.1-01", "7644-3.5.1-03"), Explain{
			Why: "Names with an ampersand come back as &amp;, and after the next update as &amp;amp;.",
			Fix: "Encode for HTML where HTML is written, and nowhere before.",
		}, func() { judge(put, afterPut, text1, "put.supported") })

		s.it("PATCH stores a text that looks like markup or code as it is", ID("hostile.update-patch"), Requires("7643-9.2-02", "7643-2.3.1-01", "7644-3.5.2.3-02"), Explain{
			Why: "An update that changes its own value makes the client send it again with every cycle.",
			Fix: "Pass the value of an operation on unchanged, also where its path was taken apart.",
		}, func() {
			if patched == nil {
				s.requires(Patch)
			}
			judge(patched, afterPatch, text2, "patch.status")
		})
	})
}
