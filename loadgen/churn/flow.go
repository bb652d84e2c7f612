package churn

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// flow is one life, or one death, of a user or a group.
type flow struct {
	p     *Plan
	i     int
	steps []step // to come
	now   step
	ops   []loadgen.Op // the first of the flow
	open  int          // operations under way
	tries int          // of the present step

	id, version string
	want        scim.Object // what the target must hold
	before      scim.Object // what it held before the last change
	wins        []win       // of a race
	members     map[string]bool
	// suspects are findings that count only if the user itself turns out to be there: otherwise it was lost, and they follow.
	suspects []loadgen.Finding
	// unclear tells that the answer to one of two operations at once was lost.
	unclear bool
	label   string // of a group
}

// win is an operation of a race that the target has accepted.
type win struct {
	value string
	id    string
	seen  *reports.Exchange
}

// step is what a flow does, in order.
type step int

const (
	lookMiss step = iota
	create
	createAgain
	stray // the deletion of a duplicate
	lookHit
	read
	race
	readRace
	patch
	put
	deactivate
	remove
	readGone
	groupCreate
	groupMembers
	groupRead
	groupRemove
	groupRename
	groupDelete
)

// patience is waited before what looks lost is read once more: some targets take a moment to show a change.
const patience = 500 * time.Millisecond

// start makes the nth flow of the phase; nil means that there is nothing to do.
func (p *Plan) start(n int) *flow {
	f := &flow{p: p, i: n}
	switch p.phase {
	case phaseUsers:
		f.steps = []step{lookMiss, create}
		if p.duplicated(n) {
			f.steps = append(f.steps, createAgain)
		}
		f.steps = append(f.steps, lookHit, read)
		if p.races(n) {
			f.steps = append(f.steps, race, readRace)
		}
		f.steps = append(f.steps, patch, read, put, read)
		if p.deactivates() {
			f.steps = append(f.steps, deactivate, read)
		}
	case phaseGroups:
		f.steps = []step{groupCreate}
		if !p.cfg.Target.NoPatch {
			f.steps = append(f.steps, groupMembers, groupRead)
			if p.roster.Size(n) > 0 {
				f.steps = append(f.steps, groupRemove)
			}
			if !p.cfg.Target.NoRename {
				f.steps = append(f.steps, groupRename)
			}
			f.steps = append(f.steps, groupRead)
		}
		f.steps = append(f.steps, groupDelete)
	case phaseDelete:
		if !p.needed(n) {
			return nil
		}
		f.id = p.ids.Get(n)
		f.steps = []step{remove, readGone}
	}
	f.ops = f.next()
	f.open = 1
	return f
}

// next goes on to the next step and returns its operations.
func (f *flow) next() []loadgen.Op {
	for len(f.steps) > 0 {
		f.now, f.steps, f.tries = f.steps[0], f.steps[1:], 0
		if ops := f.operations(); len(ops) > 0 {
			return ops
		}
	}
	return nil
}

// operations are the requests of the present step.
func (f *flow) operations() []loadgen.Op {
	p := f.p
	users, groups := p.cfg.Target.Users, p.cfg.Target.Groups
	op := loadgen.Op{Data: f, Index: f.i, Step: int(f.now), Method: http.MethodGet}
	switch f.now {
	case lookMiss, lookHit:
		op.Name, op.Path, op.RawQuery, op.Digest = loadgen.Lookup, users, loadgen.Filter("userName", p.userName(f.i)), f.digestLookup
	case create:
		f.want = f.resource(0, true)
		p.unsure.Set(f.i, true) // until it is answered: the load may be cut short before that
		op.Name, op.Method, op.Path, op.Body = loadgen.Create, http.MethodPost, users, body(f.want)
		if p.equal(f.i) {
			op.Want = loadgen.WantOK | loadgen.WantConflict
			return []loadgen.Op{op, op}
		}
	case createAgain:
		// With other values, so that a refusal which writes all the same is seen.
		op.Name, op.Method, op.Path, op.Body, op.Want = loadgen.Create, http.MethodPost, users, body(f.resource(1, true)), loadgen.WantConflict
	case read, readRace:
		op.Name, op.Path, op.Digest = loadgen.Read, p.userPath(f.id), f.digestRead
	case race:
		return f.racing(op)
	case patch:
		f.change(f.resource(1, true))
		return f.updates(op, loadgen.Patch)
	case put:
		f.change(f.resource(2, true))
		op.Name, op.Method, op.Path, op.Body = loadgen.Put, http.MethodPut, p.userPath(f.id), body(f.want)
	case deactivate:
		f.change(f.resource(2, false))
		return f.updates(op, loadgen.Deactivate)
	case remove:
		op.Name, op.Method, op.Path = loadgen.Delete, http.MethodDelete, p.userPath(f.id)
		p.unsure.Set(f.i, true)
	case stray:
		op.Name, op.Method, op.Path = loadgen.Delete, http.MethodDelete, p.userPath(f.wins[len(f.wins)-1].id)
	case readGone:
		op.Name, op.Path, op.Want = loadgen.Read, p.userPath(f.id), loadgen.WantMissing|loadgen.WantOK
	default:
		return f.groupOperations(op, groups)
	}
	return []loadgen.Op{op}
}

// resource is the user as it is at some point of its life.
func (f *flow) resource(revision int, active bool) scim.Object {
	return f.p.cfg.Directory.Account(f.p.cfg.Part.Nth(f.i), revision, active)
}

func (f *flow) change(to scim.Object) { f.before, f.want = f.want, to }

// update sends what changes, as PATCH where the target has it.
func (f *flow) update(op loadgen.Op, name string) loadgen.Op {
	op.Name, op.Path = name, f.p.userPath(f.id)
	if f.p.cfg.Target.NoPatch {
		if name == loadgen.Patch {
			op.Name = loadgen.Put
		}
		op.Method, op.Body = http.MethodPut, body(f.want)
		return op
	}
	var ops []scim.Object
	for _, d := range loadgen.Compare(f.p.attrs, f.want, f.before) {
		var v any = d.Want
		if d.Attribute.Root == "active" {
			v = d.Want == "true"
		}
		ops = append(ops, scim.Object{"op": "replace", "path": d.Attribute.Path(), "value": v})
	}
	op.Method = http.MethodPatch
	if len(ops) > 0 {
		op.Body = loadgen.PatchBody(ops...)
	}
	return op
}

// updates is update where there is something to change.
func (f *flow) updates(op loadgen.Op, name string) []loadgen.Op {
	if op = f.update(op, name); op.Body == nil {
		return nil
	}
	return []loadgen.Op{op}
}

// racing makes two updates that are sent at once: both of one version, of which the target must refuse one; or, without
// versions, of two attributes, of which neither may be lost.
func (f *flow) racing(op loadgen.Op) []loadgen.Op {
	f.wins = nil
	op.Name, op.Method, op.Path = loadgen.Patch, http.MethodPatch, f.p.userPath(f.id)
	attributes := [2]string{f.p.raced[0].Path(), f.p.raced[0].Path()}
	// Without If-Match a target may refuse one of two as well; what it accepts must not be lost.
	op.Want = loadgen.WantOK | loadgen.WantPrecondition
	if f.p.guarded(f.i) && f.version != "" {
		op.Header = http.Header{"If-Match": {f.version}}
	} else {
		attributes[1] = f.p.raced[1].Path()
	}
	ops := []loadgen.Op{op, op}
	for n := range ops {
		value := fmt.Sprintf("Race %c of %d", 'A'+n, f.i)
		ops[n].Body = loadgen.PatchBody(scim.Object{"op": "replace", "path": attributes[n], "value": value})
		ops[n].Step |= n << 8
	}
	return ops
}

// raced reads back which attribute and value an operation of a race was about.
func (f *flow) raced(op loadgen.Op) (attribute, value string) {
	n := op.Step >> 8
	attribute = f.p.raced[0].Path()
	if n == 1 && op.Header == nil {
		attribute = f.p.raced[1].Path()
	}
	return attribute, fmt.Sprintf("Race %c of %d", 'A'+n, f.i)
}

// sight is what a worker has read of an answer.
type sight struct {
	hits        int
	id          string
	differences []loadgen.Difference
	stale       bool // everything is as it was before the last change
	race        map[string]string
}

func (f *flow) digestLookup(out *loadgen.Outcome) any {
	var s sight
	if out.Total == 0 {
		return s
	}
	var list scim.Object
	if json.Unmarshal(out.Body, &list) != nil {
		return nil
	}
	for _, o := range scim.Objects(list, "Resources") {
		if strings.EqualFold(scim.String(o, "userName"), f.p.userName(f.i)) {
			s.hits++
			s.id = scim.String(o, "id")
		}
	}
	return s
}

func (f *flow) digestRead(out *loadgen.Outcome) any {
	var o scim.Object
	if json.Unmarshal(out.Body, &o) != nil {
		return nil
	}
	s := sight{differences: loadgen.Compare(f.p.attrs, f.want, o), race: map[string]string{}}
	s.stale = f.before != nil && len(loadgen.Compare(f.p.attrs, f.before, o)) == 0
	for _, a := range f.p.raced {
		s.race[a.Path()] = a.Of(o)
	}
	return s
}

// answer takes an outcome, and returns what comes next when the step is over.
func (f *flow) answer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	switch f.now {
	case stray:
		return f.next()
	case lookMiss:
		return f.notThereYet(op, out)
	case create:
		return f.created(op, out)
	case createAgain:
		return f.createdAgain(op, out)
	case lookHit:
		return f.found(op, out)
	case read:
		return f.readBack(op, out)
	case race:
		return f.racedAnswer(op, out)
	case readRace:
		return f.readAfterRace(op, out)
	case remove:
		if !out.OK() {
			f.p.unsure.Set(f.i, f.p.fault(op, out))
			return nil
		}
		f.p.unsure.Set(f.i, false)
		f.p.deleted.Set(f.i, true)
		return f.next()
	case readGone:
		switch {
		case out.OK() && out.Status >= 300:
		case !out.OK():
			f.p.fault(op, out)
		default:
			f.p.findings.Answered(out, loadgen.Finding{
				Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a user can be read after its deletion was acknowledged", Expected: "404", Got: strconv.Itoa(out.Status),
			})
		}
		return f.next()
	case patch, put, deactivate:
		if out.OK() {
			return f.next()
		}
		if f.p.fault(op, out) {
			// Whether it has arrived is not known, so nothing can be held against the target from here on.
			return nil
		}
		f.want = f.before
		return f.next()
	}
	return f.groupAnswer(op, out)
}

func (f *flow) notThereYet(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	s, ok := out.Digest.(sight)
	if !out.OK() || !ok {
		f.p.fault(op, out)
		return nil
	}
	if s.hits > 0 {
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: "already-there", Word: reports.Info, Message: "a user of this run was there already, from an attempt before; it is left as it is", Got: f.p.userName(f.i),
		})
		return nil
	}
	return f.next()
}

// created counts who wins where two equal users are created at once.
func (f *flow) created(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	pair := op.Want&loadgen.WantConflict != 0
	switch {
	case out.Class == loadgen.OK && out.ID != "":
		w := win{id: out.ID}
		if pair {
			w.seen = out.Evidence()
		}
		if len(f.wins) == 1 {
			out.Class, out.Conflict = loadgen.UnwantedConflict, loadgen.DuplicateAccepted
			f.suspects = append(f.suspects, loadgen.Finding{
				Kind: reports.LoadDuplicate, Word: reports.Fail, Message: "two creations with one userName at the same time both succeed",
				Expected: "one 201 and one 409", Got: fmt.Sprintf("%s and %s", f.wins[0].id, out.ID), Evidence: []*reports.Exchange{f.wins[0].seen, w.seen},
			})
		}
		f.wins = append(f.wins, w)
	case out.Class != loadgen.WantedConflict:
		f.unclear = f.p.fault(op, out) || f.unclear
	}
	if f.open > 0 {
		return nil
	}
	lost := f.unclear
	f.unclear = false
	f.p.unsure.Set(f.i, lost)
	if len(f.wins) == 0 {
		if pair && out.Class == loadgen.WantedConflict && !lost {
			f.p.findings.Answered(out, loadgen.Finding{
				Kind: "both-refused", Word: reports.Warn, Message: "of two creations with one userName at the same time neither succeeds",
				Expected: "one 201 and one 409", Got: "two 409",
			})
		}
		return nil
	}
	f.id = f.wins[0].id
	f.p.ids.Set(f.i, f.id)
	f.p.made++
	if len(f.wins) > 1 {
		// The second one must not outlive the run.
		f.steps = append([]step{stray}, f.steps...)
	}
	return f.next()
}
