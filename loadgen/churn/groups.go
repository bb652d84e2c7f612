package churn

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// groupOperations are the requests of a step in the life of a group.
func (f *flow) groupOperations(op loadgen.Op, endpoint string) []loadgen.Op {
	p := f.p
	path := wire.ResourcePath(endpoint, f.id)
	switch f.now {
	case groupCreate:
		f.label = p.groupName(f.i)
		op.Name, op.Method, op.Path, op.Body = loadgen.GroupCreate, http.MethodPost, endpoint, body(p.cfg.Directory.Group(p.cfg.Part.Nth(f.i)))
	case groupMembers:
		// All at once, as identity providers send them.
		f.members = map[string]bool{}
		op.Name, op.Method, op.Path = loadgen.MemberAdd, http.MethodPatch, path
		var ops []loadgen.Op
		for j := range p.roster.Size(f.i) {
			if m := p.roster.Member(f.i, j); p.ids.Has(m) {
				op.Step, op.Body = int(groupMembers)|j<<8, loadgen.AddMembers(p.ids.Get(m))
				ops = append(ops, op)
			}
		}
		return ops
	case groupRead:
		op.Name, op.Path = loadgen.GroupRead, path
		if f.tries > 0 || p.cfg.Target.MembersAsked {
			op.RawQuery = "attributes=displayName,members" // some return members only to those who ask
		}
		op.Digest = digestGroup
	case groupRemove:
		first := f.leaver()
		if first == "" {
			return nil
		}
		op.Name, op.Method, op.Path = loadgen.MemberRemove, http.MethodPatch, path
		op.Body = loadgen.PatchBody(scim.Object{"op": "remove", "path": "members[value eq " + scim.Quote(first) + "]"})
	case groupRename:
		op.Name, op.Method, op.Path = loadgen.GroupPatch, http.MethodPatch, path
		op.Body = loadgen.PatchBody(scim.Object{"op": "replace", "path": "displayName", "value": p.renamed(f.i)})
	case groupDelete:
		op.Name, op.Method, op.Path = loadgen.GroupDelete, http.MethodDelete, path
		p.unsureGroups.Set(f.i, true)
	}
	return []loadgen.Op{op}
}

// leaver is the member that is taken out: the least id.
func (f *flow) leaver() string {
	var in []string
	for id, sure := range f.members {
		if sure {
			in = append(in, id)
		}
	}
	if len(in) == 0 {
		return ""
	}
	return slices.Min(in)
}

// groupSight is what a worker has read of a group.
type groupSight struct {
	label   string
	members map[string]int
}

func digestGroup(out *loadgen.Outcome) any {
	var o scim.Object
	if json.Unmarshal(out.Body, &o) != nil {
		return nil
	}
	s := groupSight{label: scim.String(o, "displayName"), members: map[string]int{}}
	for _, m := range scim.Objects(o, "members") {
		s.members[scim.String(m, "value")]++
	}
	return s
}

// groupAnswer takes an outcome in the life of a group.
func (f *flow) groupAnswer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	switch f.now {
	case groupCreate:
		if !out.OK() || out.ID == "" {
			f.p.fault(op, out)
			return nil
		}
		f.id = out.ID
		f.p.groupIDs.Set(f.i, out.ID)
	case groupMembers:
		id := f.p.ids.Get(f.p.roster.Member(f.i, op.Step>>8))
		if out.OK() {
			f.members[id] = true
		} else if f.p.fault(op, out) {
			f.members[id] = false // may be in there
		}
		if f.open > 0 {
			return nil
		}
	case groupRead:
		if !f.readGroup(op, out) {
			return f.again()
		}
	case groupRemove:
		id := f.leaver()
		if out.OK() {
			delete(f.members, id)
		} else if f.p.fault(op, out) {
			f.members[id] = false
		}
	case groupRename:
		switch {
		case out.OK():
			f.label = f.p.renamed(f.i)
		case f.p.fault(op, out):
			f.label = ""
		}
	case groupDelete:
		if out.OK() {
			f.p.gone.Set(f.i, true)
		} else {
			f.p.unsureGroups.Set(f.i, f.p.fault(op, out))
		}
	}
	return f.next()
}

// readGroup holds a group against what was acknowledged; false means that it wants to look again before it accuses.
func (f *flow) readGroup(op loadgen.Op, out *loadgen.Outcome) bool {
	s, ok := out.Digest.(groupSight)
	if !out.OK() || !ok {
		f.p.fault(op, out)
		return true
	}
	var lost, extra []string
	for id, sure := range f.members {
		if sure && s.members[id] == 0 {
			lost = append(lost, id)
		}
	}
	for id, times := range s.members {
		if _, known := f.members[id]; !known || times > 1 {
			extra = append(extra, id)
		}
	}
	if len(lost)+len(extra) == 0 && (f.label == "" || loadgen.SameText(s.label, f.label)) {
		if f.tries > 0 {
			f.stale(out, "a group")
		}
		return true
	}
	if f.tries == 0 {
		return false
	}
	if len(lost) > 0 {
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadLostMember, Word: reports.Fail, Message: "members are missing, although their addition was acknowledged", Count: len(lost),
			Expected: "member " + slices.Min(lost), Got: fmt.Sprintf("%d of %d acknowledged members", len(f.members)-len(lost), len(f.members)),
		})
		for _, id := range lost {
			delete(f.members, id)
		}
	}
	if len(extra) > 0 {
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadOrphan, Word: reports.Fail, Message: "a group has a member that was removed, never added, or is there twice",
			Expected: strconv.Itoa(len(f.members)) + " members", Got: slices.Min(extra),
		})
		for _, id := range extra {
			f.members[id] = false
		}
	}
	if f.label != "" && !loadgen.SameText(s.label, f.label) {
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadLostUpdate, Word: reports.Fail, Message: "the displayName of a group is not the acknowledged one", Expected: f.label, Got: s.label,
		})
	}
	return true
}
