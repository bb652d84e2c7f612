package provisioning

import "github.com/scimproof/scimproof/loadgen"

// Links is the connection store: which object of the target belongs to which of the source, and what was last exported to it.
// It survives cycles. It takes about 30 bytes a user. The zero value is empty.
type Links struct {
	users, groups loadgen.IDs
	made          loadgen.Bits // users that this run has created; only these may be changed
	madeGroups    loadgen.Bits
	exported      []State
	// managers is the manager that was last exported, as index + 1; 0 for none.
	managers []int32
	// members are the memberships that were acknowledged, by number; maybe those whose answer was lost.
	members, maybe loadgen.Bits
	// deleted users had their DELETE acknowledged. unsure ones had an answer lost that decides whether they exist, and unclear
	// ones an answer that decides what they hold.
	deleted, unsure, unclear loadgen.Bits
	unsureGroups             loadgen.Bits

	escrow map[int]int // users whose last operation failed, with the number of attempts; the next cycle tries them again
}

// Linked tells whether a user has a counterpart in the target.
func (l *Links) Linked(i int) bool { return l.users.Has(i) && !l.deleted.Has(i) }

// ID is the id of a user's counterpart.
func (l *Links) ID(i int) string { return l.users.Get(i) }

// Escrowed is how many users wait for another try.
func (l *Links) Escrowed() int { return len(l.escrow) }

// link records that a user has a counterpart. made tells that this run has created it.
func (l *Links) link(i int, id string, made bool) {
	l.users.Set(i, id)
	l.made.Set(i, made)
	l.deleted.Set(i, false)
	l.unsure.Set(i, false)
	for len(l.exported) <= i {
		l.exported, l.managers = append(l.exported, State{}), append(l.managers, 0)
	}
}

// export records what a user's counterpart holds now.
func (l *Links) export(i int, s State) {
	l.exported[i] = s
	l.unclear.Set(i, false)
	delete(l.escrow, i)
}

// failed puts a user into escrow.
func (l *Links) failed(i int) {
	if l.escrow == nil {
		l.escrow = map[int]int{}
	}
	l.escrow[i]++
}
