package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// keyNames are the attributes by which a resource can be found again, the most telling first.
var keyNames = [...]string{"userName", "externalId", "displayName"}

// intent is one creation that a request asks for.
type intent struct {
	endpoint string
	keys     map[string]string
	values   keyValues // instead of keys, where nil
	bulkID   string
	index    int // position in a Bulk request
}

// keyValues are the keys of a resource in the order of keyNames: a load keeps very many for a short time.
type keyValues [3]string

func (v keyValues) keys() map[string]string {
	keys := map[string]string{}
	for i, text := range v {
		if text != "" {
			keys[keyNames[i]] = text
		}
	}
	return keys
}

func (in *intent) allKeys() map[string]string {
	if in.keys != nil {
		return in.keys
	}
	return in.values.keys()
}

// intents lists what a request would create.
func (c *Client) intents(r Request, to place) []intent {
	if r.Method != http.MethodPost || to.search {
		return nil
	}
	if to.bulk {
		return bulkIntents(r.Body)
	}
	endpoint := r.Creates
	if endpoint == "" && len(to.segments) == 1 && !discovery[strings.ToLower(to.segments[0])] {
		// A server may create even what the caller expects it to refuse.
		endpoint = to.segments[0]
	}
	if endpoint == "" {
		return nil
	}
	return []intent{{endpoint: endpoint, keys: keysOf(r.Body)}}
}

var looseKey = regexp.MustCompile(`(?i)"(userName|externalId|displayName)"\s*:\s*("(?:\\.|[^"\\])*")`)

// keysOf reads the keys of a resource; from a body that is not JSON it takes what looks like them.
func keysOf(body []byte) map[string]string {
	keys := map[string]string{}
	var o scim.Object
	if json.Unmarshal(body, &o) == nil {
		for _, k := range keyNames {
			if v, ok := scim.Lookup(o, k); ok {
				if s, ok := v.(string); ok && s != "" {
					keys[k] = s
				}
			}
		}
		return keys
	}
	for _, m := range looseKey.FindAllSubmatch(body, -1) {
		var s string
		for _, k := range keyNames {
			if strings.EqualFold(k, string(m[1])) && keys[k] == "" && json.Unmarshal(m[2], &s) == nil && s != "" {
				keys[k] = s
			}
		}
	}
	return keys
}

func bulkIntents(body []byte) []intent {
	var list []intent
	for i, op := range bulkOperations(body) {
		if !strings.EqualFold(scim.String(op, "method"), http.MethodPost) {
			continue
		}
		segs, ok := cleanSegments(scim.String(op, "path"))
		if !ok || len(segs) != 1 || discovery[strings.ToLower(segs[0])] {
			continue
		}
		in := intent{endpoint: segs[0], bulkID: scim.String(op, "bulkId"), index: i, keys: map[string]string{}}
		if data, ok := scim.Lookup(op, "data"); ok {
			// Some clients send data as a JSON text inside a string.
			raw, isText := data.(string)
			if !isText {
				b, _ := json.Marshal(data)
				raw = string(b)
			}
			in.keys = keysOf([]byte(raw))
		}
		list = append(list, in)
	}
	return list
}

func bulkOperations(body []byte) []scim.Object {
	var o scim.Object
	if json.Unmarshal(body, &o) != nil {
		return nil
	}
	return scim.Objects(o, "Operations")
}

// outcome takes the answer to a request into the ledger.
func (c *Client) outcome(l *Ledger, r Request, to place, list []intent, entries []*Entry, x *reports.Exchange) {
	if x.Status == 0 {
		return // no answer: what was asked for may or may not have happened
	}
	if to.bulk && r.Method == http.MethodPost {
		bulkOutcome(l, r, list, entries, x)
		return
	}
	for _, e := range entries {
		id, location := createdID(x)
		switch {
		case x.Status >= 200 && x.Status < 300 && id != "":
			l.made(e, id, location)
		case x.Status >= 400 && x.Status < 500:
			l.failed(e, x.Status)
		}
	}
	if len(to.segments) != 2 {
		return
	}
	endpoint, id := to.segments[0], to.segments[1]
	ok := x.Status >= 200 && x.Status < 300
	_, ownCredential := r.Header["Authorization"]
	switch {
	case r.Method == http.MethodPut && ok && c.fictitious(id):
		l.Own(endpoint, id, "") // a server that creates by PUT
	case r.Method == http.MethodPost && ok && !to.search:
		if made, location := createdID(x); made != "" && made != id {
			l.Own(endpoint, made, location)
		}
	case ok || (!r.Anonymous && !ownCredential):
		// A 404 to somebody else's credential says nothing.
		l.saw(endpoint, id, r.Method, x.Status)
	}
}

// createdID reads the id of a new resource from the body, else from Location.
func createdID(x *reports.Exchange) (id, location string) {
	location = x.Header().Get("Location")
	o := scim.Object{}
	if v, err := x.JSON(); err == nil {
		o, _ = v.(scim.Object)
	}
	if location == "" {
		location = scim.String(o, "meta.location")
	}
	v, _ := scim.Lookup(o, "id")
	switch t := v.(type) {
	case string:
		id = t
	case json.Number:
		id = t.String()
	}
	if id == "" {
		id = scim.IDIn(location)
	}
	return id, location
}

// bulkOutcome matches the answer's operations with the request's: by bulkId, else by position.
func bulkOutcome(l *Ledger, r Request, list []intent, entries []*Entry, x *reports.Exchange) {
	if x.Status >= 400 && x.Status < 500 {
		for _, e := range entries {
			l.failed(e, x.Status)
		}
		return
	}
	asked, answered := bulkOperations(r.Body), scim.Objects(x.Object(), "Operations")
	for i, in := range list {
		if i >= len(entries) {
			break
		}
		op := bulkAnswer(answered, in.bulkID, in.index, len(asked))
		status := bulkStatus(op)
		location := scim.String(op, "location")
		id := scim.IDIn(location)
		if id == "" {
			if o, ok := scim.Get(op, "response").(scim.Object); ok {
				id = scim.String(o, "id")
			}
		}
		switch {
		case status >= 200 && status < 300 && id != "":
			l.made(entries[i], id, location)
		case status >= 400 && status < 500:
			l.failed(entries[i], status)
		}
	}
	if len(asked) != len(answered) {
		return
	}
	for i, op := range asked {
		if segs, ok := cleanSegments(scim.String(op, "path")); ok && len(segs) == 2 && strings.EqualFold(scim.String(op, "method"), http.MethodDelete) {
			if status := bulkStatus(answered[i]); status >= 200 && status < 300 {
				l.saw(segs[0], segs[1], http.MethodDelete, status)
			}
		}
	}
}

func bulkAnswer(answered []scim.Object, bulkID string, index, asked int) scim.Object {
	for _, op := range answered {
		if bulkID != "" && scim.String(op, "bulkId") == bulkID {
			return op
		}
	}
	if len(answered) == asked && scim.String(answered[index], "bulkId") == "" {
		return answered[index]
	}
	return nil
}

// bulkStatus reads an operation's status, which is a string by the RFC's examples and often a number or an object {code}.
func bulkStatus(op scim.Object) int {
	v := scim.Get(op, "status")
	if o, ok := v.(scim.Object); ok {
		v = scim.Get(o, "code")
	}
	var n int
	_, _ = fmt.Sscan(fmt.Sprint(v), &n)
	return n
}
