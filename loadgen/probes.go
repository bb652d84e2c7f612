package loadgen

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// Probes measures, at growing sizes of the directory and with nothing else under way, how long a look-up, a page of a list, a
// creation and the addition of a member take. Under load a fast operation queues behind slow ones, and looks as slow.
type Probes struct {
	Target *Target
	// Directory makes the users that the probes create and delete again; its Tag must differ from that of the load.
	Directory fixtures.Directory
	// Users is how many users the load creates, and Existing how many were there before.
	Users, Existing int
	// Rounds is how often each operation is measured at each size; 0 means 50.
	Rounds int
	// Budget ends the probing at one size after so much time, when each operation was measured ten times; 0 means 5 s.
	Budget time.Duration
}

// leastUsers is the size under which growth is not probed: it would say nothing, and outweigh the load.
const leastUsers = 200

// ProbeSizes are the numbers of created users at which the probes are sent.
func ProbeSizes(users int) []int {
	if users < leastUsers {
		return nil
	}
	sizes := []int{0, users / 100, users / 40, users / 20}
	for tenth := 1; tenth <= 10; tenth++ {
		sizes = append(sizes, users*tenth/10)
	}
	return sizes
}

// Around returns the plan with probes in between. What they send is Silent and Alone.
func (p Probes) Around(inner Plan) Plan {
	if p.Rounds <= 0 {
		p.Rounds = 50
	}
	if p.Budget <= 0 {
		p.Budget = 5 * time.Second
	}
	return &probed{Plan: inner, p: p, sizes: ProbeSizes(p.Users), samples: map[string][]Sample{}}
}

// probed is a plan with probes in between.
type probed struct {
	Plan
	p       Probes
	sizes   []int // that are still to come
	size    int   // users that the load has created
	made    int   // probe users so far
	kept    bool  // the target deletes nobody
	running *stage
	samples map[string][]Sample
}

// stage is the probes at one size.
type stage struct {
	size          int // existing users included
	round, failed int
	step          int
	group, user   string
	spent         time.Duration
}

// The steps of a stage: a group, then rounds of the middle six, then the group's end.
const (
	stepGroup = iota
	stepControl
	stepLookup
	stepList
	stepCreate
	stepMember
	stepDelete
	stepGroupEnd
)

// control is what no directory's size can slow down: the configuration is read. Where it gets slower as well, it is the
// machine or the network that does.
const control = "control"

// mostFailures ends the probing at one size.
const mostFailures = 20

// Next starts the probes of a size that has been reached, before anything else.
func (q *probed) Next() (Op, bool) {
	if q.running != nil {
		return Op{}, false
	}
	if len(q.sizes) > 0 && q.size >= q.sizes[0] {
		for len(q.sizes) > 0 && q.size >= q.sizes[0] {
			q.sizes = q.sizes[1:]
		}
		q.running = &stage{size: q.p.Existing + q.size, step: stepGroup}
		switch {
		case !q.p.Target.NoGroups:
		case q.p.Target.Configured:
			q.running.step = stepControl
		default:
			q.running.step = stepCreate // a look-up may not be offered, and a list needs users
		}
		return q.op(q.running), true
	}
	return q.Plan.Next()
}

// Answer goes on with the probes, or counts what the load has created and hands the answer on.
func (q *probed) Answer(op Op, out *Outcome) []Op {
	st, ours := op.Data.(*stage)
	if ours {
		if next, more := q.advance(st, op, out); more {
			return []Op{next}
		}
		q.running = nil
		return nil
	}
	if out.Status >= 200 && out.Status < 300 {
		switch op.Name {
		case Create:
			q.size++
		case Delete:
			q.size--
		}
	}
	next := q.Plan.Answer(op, out)
	if q.Plan.Left() == 0 {
		// What is not reached by now never is: some creations have failed, or the load was stopped.
		q.sizes = slices.DeleteFunc(q.sizes, func(n int) bool { return n > q.size })
	}
	return next
}

// Left counts a running stage as one.
func (q *probed) Left() int {
	left := q.Plan.Left()
	if q.running != nil || left == 0 && len(q.sizes) > 0 && q.size >= q.sizes[0] {
		left++
	}
	return left
}

// Phase is that of the plan inside.
func (q *probed) Phase() string {
	if q.running != nil {
		return "probes at " + strconv.Itoa(q.running.size) + " users"
	}
	if p, ok := q.Plan.(Phased); ok {
		return p.Phase()
	}
	return ""
}

// Predict is that of the plan inside.
func (q *probed) Predict(part Shard) map[string]int {
	if p, ok := q.Plan.(Predicting); ok {
		return p.Predict(part)
	}
	return nil
}

// Growth fits what was measured.
func (q *probed) Growth() []reports.Growth {
	var out []reports.Growth
	for _, name := range []string{Lookup, List, Create, MemberAdd} {
		if len(q.samples[name]) > 0 {
			out = append(out, Fit(name, q.samples[name], q.p.Directory.Seed))
		}
	}
	discount(out, Fit(control, q.samples[control], q.p.Directory.Seed))
	return out
}

// discount takes back verdicts of growth that is no larger than that of what cannot grow.
func discount(list []reports.Growth, steady reports.Growth) {
	if steady.Verdict == "" && steady.Factor.High == 0 || steady.Verdict == "flat" {
		return
	}
	for i := range list {
		if g := &list[i]; g.Verdict != "" && g.Verdict != "flat" && g.Factor.Low <= steady.Factor.High {
			g.Verdict = ""
			g.Sentence = fmt.Sprintf("%s: it cannot be told whether it grows: at %s users it takes %.2f times as long as at %s, but so does reading the configuration, which has nothing to do with users: %.2f times, perhaps %.2f",
				g.Operation, thousands(g.To), g.Factor.Value, thousands(g.From), steady.Factor.Value, steady.Factor.High)
		}
	}
}

// advance takes the outcome of a probe and makes the next one.
func (q *probed) advance(st *stage, op Op, out *Outcome) (Op, bool) {
	st.spent += out.Service
	good := out.Status >= 200 && out.Status < 300
	switch {
	case !good:
		st.failed++
	case out.Tries <= 1 && op.Name != GroupCreate && op.Name != GroupDelete && op.Name != Delete:
		q.samples[op.Name] = append(q.samples[op.Name], Sample{st.size, float64(out.Service.Nanoseconds()) / 1000})
	}
	switch {
	case st.step == stepGroup && good:
		st.group = out.ID
	case st.step == stepCreate && good:
		st.user = out.ID
	case st.step == stepDelete && !good:
		q.kept = out.Status == http.StatusForbidden || out.Status == http.StatusMethodNotAllowed || out.Status == http.StatusNotImplemented
	case st.step == stepGroupEnd:
		return Op{}, false
	}
	for {
		switch st.step++; st.step {
		case stepControl:
			if !q.p.Target.Configured {
				continue
			}
		case stepLookup:
			if q.p.Target.NoFilter {
				continue
			}
		case stepList:
			if st.size < 10 {
				continue // a page with fewer records is faster for that alone
			}
		case stepCreate:
			if q.kept {
				continue // it would stay for good
			}
		case stepMember:
			if st.user == "" || st.group == "" || q.p.Target.NoPatch || q.p.Target.NoMembers {
				continue
			}
		case stepDelete:
			if st.user == "" {
				continue
			}
		case stepGroupEnd:
			st.round++
			st.user = ""
			if st.round < q.p.Rounds && st.failed < mostFailures && (st.spent < q.p.Budget || st.round < 10) {
				st.step = stepControl - 1
				continue
			}
			if st.group == "" {
				return Op{}, false
			}
		}
		return q.op(st), true
	}
}

// op is the request of the current step.
func (q *probed) op(st *stage) Op {
	t := q.p.Target
	op := Op{Alone: true, Silent: true, Data: st, Step: st.step}
	switch st.step {
	case stepGroup:
		op.Name, op.Method, op.Path = GroupCreate, http.MethodPost, t.Groups
		op.Body = mustJSON(q.p.Directory.Group(st.size))
	case stepControl:
		op.Name, op.Method, op.Path = control, http.MethodGet, configPath
	case stepLookup:
		op.Name, op.Method, op.Path = Lookup, http.MethodGet, t.Users
		op.RawQuery = Filter("userName", q.p.Directory.UserName(q.made))
	case stepList:
		op.Name, op.Method, op.Path = List, http.MethodGet, t.Users
		op.RawQuery = "startIndex=" + strconv.Itoa(max(1, st.size-9)) + "&count=10"
	case stepCreate:
		i := q.made
		q.made++
		op.Name, op.Method, op.Path = Create, http.MethodPost, t.Users
		op.Body = q.p.Directory.AppendUser(nil, i, 0, true)
	case stepMember:
		op.Name, op.Method, op.Path = MemberAdd, http.MethodPatch, wire.ResourcePath(t.Groups, st.group)
		op.Body = AddMembers(st.user)
	case stepDelete:
		op.Name, op.Method, op.Path = Delete, http.MethodDelete, wire.ResourcePath(t.Users, st.user)
	case stepGroupEnd:
		op.Name, op.Method, op.Path = GroupDelete, http.MethodDelete, wire.ResourcePath(t.Groups, st.group)
	}
	return op
}

// AddMembers is the body of a PATCH that adds members to a group.
func AddMembers(ids ...string) []byte {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = scim.Object{"value": id}
	}
	return PatchBody(scim.Object{"op": "add", "path": "members", "value": list})
}

// PatchBody is a PatchOp message.
func PatchBody(operations ...scim.Object) []byte {
	return mustJSON(scim.Object{"schemas": []string{scim.PatchOpURN}, "Operations": slices.Clone(operations)})
}

// mustJSON writes what consists of texts and lists only.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("a body of a plan cannot be written as JSON: " + err.Error())
	}
	return b
}
