package reports

import "time"

// SchemaVersion is the version of the JSON form of a Run. It rises when a field changes its meaning or goes away,
// not when one is added.
const SchemaVersion = 1

// Word is the outcome of one check, or the weight of one finding.
type Word string

// The result words, worst for the reader first.
const (
	Fail   Word = "FAIL"   // a MUST or MUST NOT is violated
	Error  Word = "ERROR"  // could not be judged
	Warn   Word = "WARN"   // a SHOULD is violated, or a known interoperability risk
	Info   Word = "INFO"   // a MAY is not offered, or which of several legal behaviours was seen
	Waived Word = "WAIVED" // failed, as a valid waiver expects
	Skip   Word = "SKIP"   // not applicable; Result.Reason tells why
	Pass   Word = "PASS"
)

// Words returns all result words in the order in which they are shown.
func Words() []Word { return []Word{Pass, Fail, Error, Warn, Info, Waived, Skip} }

// Level is the strength of a requirement. The catalogue decides it, never a check.
type Level string

// The levels; IMPLIED is stated without a key word.
const (
	Must      Level = "MUST"
	MustNot   Level = "MUST NOT"
	Should    Level = "SHOULD"
	ShouldNot Level = "SHOULD NOT"
	May       Level = "MAY"
	Implied   Level = "IMPLIED"
	// Measured is the level of what rests on no specification: a limit that the user set, or what a load showed.
	Measured Level = "MEASURED"
)

// Absolute tells whether the level is MUST or MUST NOT.
func (l Level) Absolute() bool { return l == Must || l == MustNot }

// Finding is one violation that a check found.
type Finding struct {
	Word     Word   `json:"word"` // FAIL, WARN or INFO: the weight of this violation
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	Exchange string `json:"exchange,omitempty"` // id of the exchange that shows it
}

// Requirement is one normative statement out of the catalogue.
type Requirement struct {
	ID        string `json:"id"`
	RFC       string `json:"rfc"` // number only, such as "7644"
	Section   string `json:"section"`
	Level     Level  `json:"level"`
	Statement string `json:"statement"`
}

// Result is the outcome of one check.
type Result struct {
	ID           string        `json:"id"`
	Title        string        `json:"title"`
	Area         string        `json:"area"`
	Level        Level         `json:"level"`
	Requirements []Requirement `json:"requirements"`
	Word         Word          `json:"word"`
	Message      string        `json:"message,omitempty"`   // one line: the worst finding
	Reason       string        `json:"reason,omitempty"`    // why SKIP, ERROR or WAIVED
	BlockedBy    string        `json:"blockedBy,omitempty"` // id of the check whose failure made this one a SKIP
	Findings     []Finding     `json:"findings,omitempty"`
	Notes        []string      `json:"notes,omitempty"`     // which legal behaviour was seen
	Why          string        `json:"why,omitempty"`       // who is hurt by what was found; of findings only
	Fix          string        `json:"fix,omitempty"`       // what to change in the target; of findings only
	Exchanges    []string      `json:"exchanges,omitempty"` // ids into Run.Exchanges
	Duration     time.Duration `json:"durationNanos"`
}

// Feature is one optional capability: what the target claims, what was seen, and whether the user forced it.
// A nil pointer means "not known".
type Feature struct {
	Name     string `json:"name"`
	Claimed  *bool  `json:"claimed"`
	Observed *bool  `json:"observed"`
	Forced   bool   `json:"forced,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// Behaviour records which of several legal behaviours the target chose.
type Behaviour struct {
	ID       string `json:"id"` // contested point, such as "A05"
	Question string `json:"question"`
	Choice   string `json:"choice"`
}

// Leftover is a resource that this run created and could not delete.
type Leftover struct {
	Endpoint string `json:"endpoint"`
	ID       string `json:"id"`
	Key      string `json:"key,omitempty"` // userName or displayName
	Why      string `json:"why"`
}

// Cleanup is what became of the resources that this run created.
type Cleanup struct {
	Created int        `json:"created"`
	Deleted int        `json:"deleted"`
	Left    []Leftover `json:"left,omitempty"`
	Skipped string     `json:"skipped,omitempty"` // why clean-up did not run, such as "--keep"
	Ledger  string     `json:"ledger,omitempty"`  // file from which `scimproof cleanup` can finish the job
}

// CutKind names why a run was cut short; it decides the exit code.
type CutKind string

// The kinds of cut.
const (
	CutUnreachable CutKind = "unreachable"
	CutAuth        CutKind = "auth"
	CutNotSCIM     CutKind = "not-scim"
	CutInterrupted CutKind = "interrupted"
	CutWriteCap    CutKind = "write-cap"
	CutAborted     CutKind = "aborted"
	CutBug         CutKind = "bug"
	CutUsage       CutKind = "usage"
)

// Cut tells why a run was cut short and what to do about it.
type Cut struct {
	Kind CutKind `json:"kind"`
	Why  string  `json:"why"`
	Hint string  `json:"hint,omitempty"`
}

// Tool identifies the program that judged.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
}

// CheckSet tells how many checks the tool had, whether they were selected or not, and which ones they were.
type CheckSet struct {
	Checks int    `json:"checks"`
	Digest string `json:"digest,omitempty"`
}

// Target identifies what was judged. URL carries no credentials.
type Target struct {
	Name string `json:"name,omitempty"` // its name in the configuration
	URL  string `json:"url"`
}

// Run is the whole outcome of a run; every output is a pure function of it.
type Run struct {
	Schema   int               `json:"schema"` // SchemaVersion; Write fills it in
	Tool     Tool              `json:"tool"`
	Target   Target            `json:"target"`
	RunID    string            `json:"runId"`
	Seed     int64             `json:"seed"`
	Started  time.Time         `json:"started"`
	Finished time.Time         `json:"finished"`
	Config   map[string]string `json:"config,omitempty"` // redacted

	Features   []Feature   `json:"features,omitempty"`
	Behaviours []Behaviour `json:"behaviours,omitempty"`
	CheckSet   *CheckSet   `json:"checkSet,omitempty"` // nil where it is not known, and of a load
	Results    []Result    `json:"results"`
	Causes     []Cause     `json:"causes,omitempty"` // what the findings have in common
	Exchanges  []*Exchange `json:"exchanges,omitempty"`

	Load *Load `json:"load,omitempty"` // of a load run; Results are made of it by LoadResults

	Requests int     `json:"requests"`
	Writes   int     `json:"writes"`
	Retries  int     `json:"retries"`
	Cleanup  Cleanup `json:"cleanup"`

	Cut           *Cut     `json:"cut,omitempty"`
	Asks          []string `json:"asks,omitempty"`          // what has to be configured before everything can be judged
	Crash         string   `json:"crash,omitempty"`         // a bug in this tool: what happened
	Waivers       []Waiver `json:"waivers,omitempty"`       // and what became of each
	StaleWaivers  []string `json:"staleWaivers,omitempty"`  // stale or expired waivers, a sentence each
	FailedReports []string `json:"failedReports,omitempty"` // requested reports that could not be written, with the cause
}

// Exchange returns the recorded exchange with this id, or nil.
func (r *Run) Exchange(id string) *Exchange {
	for _, x := range r.Exchanges {
		if x != nil && x.ID == id {
			return x
		}
	}
	return nil
}
