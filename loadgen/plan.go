// Package loadgen drives a provisioning load against a target and measures it. A Plan says what is to be sent and what
// the answers mean; the driver decides when, sends, times and counts. Neither knows anything else of the other.
package loadgen

import (
	"context"
	"net/http"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// Plan is a provisioning job, such as an initial cycle of 10,000 users. It is made of flows: what is done for one user or
// one group, step by step. The driver calls Next, Answer and Left one at a time, so a plan needs no locks; what takes
// long, such as making a body or reading a page of a list, belongs into Op.Make and Op.Digest, which run outside of
// that turn.
type Plan interface {
	// Next starts a new flow and returns its first operation; false means that none can be started now, because all
	// have been, or because some answer must come first. The driver asks when the arrival of flows allows another one:
	// when one of N flows has ended (closed model), or when the next one is due (open model). Operations of flows
	// that are under way come from Answer.
	Next() (Op, bool)

	// Answer takes the outcome of an operation and returns what its flow sends next: usually one operation, none when
	// the flow has ended, several when they may be under way at once. They are due when the answered one ended, plus
	// Op.After. Before it is counted, Answer may sharpen out.Class and out.Conflict with what only the plan knows,
	// such as that a second creation with one userName has succeeded. out and its Body are the driver's: nothing of
	// them may be kept. Throttled outcomes come only where the driver is not to repeat them, or has given up.
	Answer(op Op, out *Outcome) []Op

	// Left is how much work is left, in any unit that falls evenly; 0 means finished. What it is at the start counts
	// as 100 per cent. It must be cheap: it is asked after every answer.
	Left() int

	// Audit reads back what was acknowledged, after the last answer, and returns what is wrong: with the target's
	// state, and with answers seen on the way. It must return when ctx is over. It may also be called after the load
	// was cut short: then only what was acknowledged counts.
	Audit(ctx context.Context, client Client) []Finding
}

// Predicting is a Plan that knows how many requests it will send.
type Predicting interface {
	// Predict returns the number of requests by Op.Name that this part of the whole plan sends to a target that makes
	// no mistakes, repeats after 429 and probes left out.
	Predict(part Shard) map[string]int
}

// Phased is a Plan that goes through named phases, such as users, groups and references. Phase is called like Left.
type Phased interface {
	Phase() string
}

// Growing is a Plan that has measured latency against the size of the directory. Growth is called after Audit.
type Growing interface {
	Growth() []reports.Growth
}

// Client reaches the target outside of the load, as Audit does; *wire.Client is one.
type Client interface {
	Do(ctx context.Context, r wire.Request) *reports.Exchange
}

// Denials counts answers that deny the credentials. One alone may be a slip of one server of several; what is denied again, with
// nothing accepted in between, is a credential that is no longer good.
type Denials struct{ n int }

// enoughDenials in a row end a load.
const enoughDenials = 3

// Lasting takes an answer, and tells whether the credentials are denied for good.
func (d *Denials) Lasting(denied, ok bool) bool {
	switch {
	case denied:
		d.n++
	case ok:
		d.n = 0
	}
	return d.n >= enoughDenials
}

// Names of operations, by which statistics are kept and thresholds name them. A plan may use others: lower-case words
// joined by hyphens, and few, for each costs memory.
const (
	Lookup       = "lookup" // find a user by a filter
	List         = "list"   // a page of users
	Create       = "create"
	Read         = "read"
	Patch        = "patch"
	Put          = "put"
	Deactivate   = "deactivate"
	Delete       = "delete"
	Manager      = "manager" // a PATCH that refers to another user
	GroupLookup  = "group-lookup"
	GroupList    = "group-list"
	GroupCreate  = "group-create"
	GroupRead    = "group-read"
	GroupPatch   = "group-patch"
	GroupDelete  = "group-delete"
	MemberAdd    = "member-add"
	MemberRemove = "member-remove"
)

// Op is one request of a plan.
type Op struct {
	Name     string // of the operation, for the statistics
	Method   string
	Path     string        // below the base, percent-encoded, such as "/Users/42"
	RawQuery string        // as sent, without "?"
	Header   http.Header   // such as If-Match
	Body     []byte        // nil = none
	Make     func() []byte // makes the body in the worker, where Body is nil; called again for a repetition
	Want     Want          // which answers are as they should be; 0 means WantOK

	// After is the time to wait before it is due: think time, or the pause before another try.
	After time.Duration
	// Alone holds everything else back: it is sent when nothing is under way, and nothing else is until it is answered
	// and the flow's next operation is not Alone. The schedule of the others stands still meanwhile. Probes need it.
	Alone bool
	// Silent leaves the operation out of the statistics of the load (probes have their own).
	Silent bool

	// Digest reads the answer in the worker, outside of the plan's turn; what it returns is Outcome.Digest.
	Digest func(out *Outcome) any

	// Index, Step and Data belong to the plan; they come back with the answer.
	Index int
	Step  int
	Data  any
}

// Want is a set of answers that are as they should be.
type Want uint8

// The answers that an operation can want. Several may be joined: a creation that races with an equal one wants
// WantOK|WantConflict.
const (
	WantOK           Want = 1 << iota // any 2xx
	WantConflict                      // 409; the target is to refuse a duplicate
	WantPrecondition                  // 412; the target is to refuse a change of an old version
	WantMissing                       // 404
)

// Class is what an answer means to the load. Every answer is in exactly one.
type Class uint8

// The classes, in the order in which they are shown.
const (
	OK               Class = iota // as wanted
	WantedConflict                // a 409 or 412 that the plan provoked
	UnwantedConflict              // a conflict that should not be, or one that should and is not; Conflict tells which
	Throttled                     // 429, or 503 with Retry-After
	Refused                       // any other 3xx or 4xx, or an answer that cannot be understood
	ServerError                   // 5xx
	Transport                     // no whole answer: reset, timeout, TLS
	classes
)

var classNames = [classes]string{"ok", "wanted-conflict", "unwanted-conflict", "throttled", "refused", "5xx", "transport"}

// String is the name of the class in reports and thresholds.
func (c Class) String() string {
	if c < classes {
		return classNames[c]
	}
	return "unknown"
}

// Classes returns all classes in the order in which they are shown.
func Classes() []Class {
	out := make([]Class, classes)
	for i := range out {
		out[i] = Class(i)
	}
	return out
}

// Failed tells whether the class counts as an error of the target. Throttling and conflicts have counts of their own.
func (c Class) Failed() bool { return c == Refused || c == ServerError || c == Transport }

// Conflict is the kind of a conflict, wanted or not.
type Conflict uint8

// The kinds of conflict.
const (
	NoConflict        Conflict = iota
	Uniqueness                 // 409: the target refused a duplicate
	Precondition               // 412: the target refused a change of an old version
	DuplicateAccepted          // the target made a second resource with one unique value
	LostUpdate                 // the target accepted a change of an old version, or an acknowledged change is gone
	LostMember                 // an acknowledged member is not in its group
	conflicts
)

var conflictNames = [conflicts]string{"none", "uniqueness", "precondition", "duplicate-accepted", "lost-update", "lost-member"}

// String is the name of the kind in reports and thresholds.
func (c Conflict) String() string {
	if c < conflicts {
		return conflictNames[c]
	}
	return "unknown"
}

// Outcome is what became of an operation. It is valid only while the plan looks at it.
type Outcome struct {
	Class    Class
	Conflict Conflict
	Status   int   // 0 = no answer
	Err      error // why there is no answer

	Header http.Header
	Body   []byte // of the answer
	// ID, Version and Total are read from a 2xx answer: id (or what Location ends with) and meta.version of the resource, or
	// of the first one in a list; totalResults of a list, or where it is left out (RFC 9865 §2) the length of one that has no
	// nextCursor, else -1. Next is that nextCursor.
	ID, Version string
	Total       int
	Next        string
	Digest      any // what Op.Digest made of it

	Sent    time.Time     // when the request left
	Service time.Duration // from sending to the end of the answer
	Tries   int           // 1, or more where throttled tries came before

	exchange func() *reports.Exchange
}

// OK tells whether the answer is as wanted; a wanted conflict is.
func (o *Outcome) OK() bool { return o.Class == OK || o.Class == WantedConflict }

// Evidence records the exchange, redacted, for a Finding. It costs as much as a request, so it is for the few that
// prove something. It is never nil.
func (o *Outcome) Evidence() *reports.Exchange {
	if o.exchange == nil {
		return &reports.Exchange{Status: o.Status}
	}
	return o.exchange()
}

// Finding is one thing that is wrong with what the target did or kept. Its Evidence goes into the report.
type Finding = reports.LoadFinding

// Shard is the part I of N of a plan, counted from 0; the zero value is the whole. Index x belongs to shard x mod N.
type Shard struct{ I, N int }

// Has tells whether an index belongs to the shard.
func (s Shard) Has(index int) bool { return s.N <= 1 || index%s.N == s.I }

// Count is how many of the first n indexes belong to the shard.
func (s Shard) Count(n int) int {
	if s.N <= 1 {
		return n
	}
	return (n - s.I + s.N - 1) / s.N
}

// Nth is the k-th index of the shard, counted from 0.
func (s Shard) Nth(k int) int {
	if s.N <= 1 {
		return k
	}
	return s.I + k*s.N
}
