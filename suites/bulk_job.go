package suites

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// bulkOp makes one operation of a Bulk request; bulkID and data may be left out.
func bulkOp(method, path, bulkID string, data scim.Object) scim.Object {
	o := scim.Object{"method": method, "path": path}
	if bulkID != "" {
		o["bulkId"] = bulkID
	}
	if data != nil {
		o["data"] = data
	}
	return o
}

// bulkJob is a Bulk request with its answer.
type bulkJob struct {
	s   *session
	ops []scim.Object
	x   *reports.Exchange
}

// bulkRun sends operations, unless they are more bytes than the target takes; extra holds further members of the message, as alternating names and values.
func (s *session) bulkRun(ops []scim.Object, extra ...any) *bulkJob {
	body := scim.Object{"schemas": []any{scim.BulkRequestURN}, "Operations": ops}
	for i := 0; i+1 < len(extra); i += 2 {
		body[extra[i].(string)] = extra[i+1]
	}
	sent := encode(body)
	if most := s.learned.limit("bulk.maxPayloadSize"); most > 0 && len(sent) > most {
		s.skip("the %d bytes of this check do not fit into maxPayloadSize %d", len(sent), most)
	}
	return &bulkJob{s: s, ops: ops, x: s.post("/Bulk", "", sent)}
}

// needsBulk skips unless Bulk may be exercised with n operations in a request.
func (s *session) needsBulk(n int) {
	s.requires(Bulk)
	if most := s.learned.limit("bulk.maxOperations"); most > 0 && most < n {
		s.skip("ServiceProviderConfig allows %d operations in a Bulk request, and this check needs %d", most, n)
	}
}

// answered returns the exchange of a job that was processed; else the check is blocked.
func (j *bulkJob) answered() *reports.Exchange {
	j.s.see(j.x)
	if j.x.Err() != nil {
		j.s.cannotJudge(j.x.Err())
	}
	if !j.x.Success() || len(j.results()) == 0 {
		j.s.block("bulk.status", "POST /Bulk answered %d with %d results", j.x.Status, len(j.results()))
	}
	return j.x
}

func (j *bulkJob) results() []scim.Object { return scim.Objects(j.x.Object(), "Operations") }

// result finds the outcome of operation i, or nil: by bulkId, else by method and id in the location, else by position
// (ambiguity A53: the order may be another).
func (j *bulkJob) result(i int) scim.Object {
	list := j.results()
	want := j.ops[i]
	if id := scim.String(want, "bulkId"); id != "" {
		for _, r := range list {
			if scim.String(r, "bulkId") == id {
				return r
			}
		}
	}
	if len(list) != len(j.ops) {
		return nil
	}
	r := list[i]
	if m := scim.String(r, "method"); m != "" && !strings.EqualFold(m, scim.String(want, "method")) {
		for _, r := range list {
			if strings.EqualFold(scim.String(r, "method"), scim.String(want, "method")) && scim.String(r, "bulkId") == "" {
				return r
			}
		}
	}
	return r
}

// code reads the status of operation i: "201", 201, or {"code": …}; 0 where there is none.
func (j *bulkJob) code(i int) int { return bulkCode(j.result(i)) }

func bulkCode(r scim.Object) int {
	v, _ := scim.Lookup(r, "status")
	if o, ok := v.(scim.Object); ok {
		v, _ = scim.Lookup(o, "code")
	}
	str, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		str, ok = n.String(), true
	}
	n, err := strconv.Atoi(str)
	if !ok || err != nil {
		return 0
	}
	return n
}

// made returns the resource that the POST at i has created, or nil; it is searched for where the result does not tell.
func (j *bulkJob) made(i int) *resource {
	sent, _ := j.ops[i]["data"].(scim.Object)
	t := j.s.learned.typ("User")
	if g := j.s.learned.typ("Group"); g != nil && g.Endpoint == j.ops[i]["path"] {
		t = g
	}
	id := ""
	if r := j.result(i); bulkCode(r) >= 200 && bulkCode(r) < 300 {
		id = scim.IDIn(scim.String(r, "location"))
	}
	if id == "" {
		id = j.s.lookUp(t, sent)
	}
	if id == "" {
		return nil
	}
	if !j.s.client.Ledger().Owns(id) {
		j.s.client.Ledger().Own(t.Endpoint, id, "")
	}
	return &resource{typ: t, ID: id, Sent: sent, Created: j.x}
}

// state reads what the POST at i has created; where there is nothing the check is blocked.
func (j *bulkJob) state(i int) (*resource, *reports.Exchange) {
	r := j.made(i)
	if r == nil {
		j.s.see(j.x)
		j.s.block("bulk.post", "operation %d made nothing: %s", i+1, show(j.result(i)))
	}
	return r, j.s.readBack(r)
}

// each judges every result of a job by f.
func (j *bulkJob) each(f func(i int, r scim.Object) error) Check {
	return func(*reports.Exchange) error {
		for i := range j.ops {
			if r := j.result(i); r != nil {
				if err := f(i, r); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// failed wants operation i to have failed by itself, or the whole job by the same client error.
func (j *bulkJob) failed(i int) Check {
	return func(x *reports.Exchange) error {
		if x.Status >= 400 && x.Status < 500 {
			return ErrorBody(x)
		}
		if c := j.code(i); !x.Success() || c < 400 || c > 499 {
			return wrong("status of operation "+strconv.Itoa(i+1), text("a client error (4xx)"), j.result(i))
		}
		return nil
	}
}

// leniently lets a job pass with WARN that did what it was not asked to refuse: that harms no client.
func (j *bulkJob) leniently(i int) Check {
	return func(x *reports.Exchange) error {
		err := j.failed(i)(x)
		if c := j.code(i); x.Success() && c >= 200 && c < 300 {
			return soften(reports.Warn, err)
		}
		return err
	}
}
