package reports

import "strconv"

// LoadFinding is one thing that is wrong with what a target did under load, or with what it kept of it.
type LoadFinding struct {
	Kind     string `json:"kind"` // one of the Load… kinds, or another slug
	Word     Word   `json:"word"` // FAIL, WARN or INFO
	Message  string `json:"message"`
	Count    int    `json:"count"` // how many times it was seen
	Of       int    `json:"of,omitempty"`
	Expected string `json:"expected,omitempty"` // of the first one
	Got      string `json:"got,omitempty"`
	// Evidence is exchanges of a few cases; they move to Run.Exchanges, and Exchanges names them.
	Evidence  []*Exchange `json:"-"`
	Exchanges []string    `json:"exchanges,omitempty"`
}

// The kinds of LoadFinding.
const (
	LoadDuplicate   = "duplicate"    // two resources with one unique value
	LoadLostWrite   = "lost-write"   // acknowledged, but not there
	LoadWrongValue  = "wrong-value"  // there, with another value than the acknowledged one
	LoadLostUpdate  = "lost-update"  // an acknowledged change is gone, or one of an old version was accepted
	LoadLostMember  = "lost-member"  // an acknowledged member is not in the group
	LoadOrphan      = "orphan"       // there, although it was deleted or never acknowledged
	LoadForeign     = "foreign"      // a record that this run did not make was changed
	LoadSkippedPage = "skipped-page" // a walk through the pages missed or repeated records

	// Of the answers themselves.
	LoadServerErrors = "server-errors"      // 5xx
	LoadBroken       = "broken-answers"     // resets, time-outs, cut-off bodies
	LoadRefused      = "refusals"           // other 4xx and 3xx, and answers that cannot be understood
	LoadThrottled    = "throttling"         // 429
	LoadConflicts    = "unwanted-conflicts" // 409 or 412 where none should be
	LoadSlowTail     = "slow-tail"          // a few answers are far slower than the others
)

// Growth is how the latency of one operation changes with the size of the directory.
type Growth struct {
	Operation string `json:"operation"` // lookup, list, create or member-add
	Verdict   string `json:"verdict"`   // flat, log, linear, superlinear, or growing where the shape is unclear; "" = it cannot be told
	Sentence  string `json:"sentence"`
	// PerThousand is the rise in microseconds per 1,000 users; Factor the latency at To over that at From.
	PerThousand Interval      `json:"microsPerThousand"`
	Factor      Interval      `json:"factor"`
	From        int           `json:"from"`
	To          int           `json:"to"`
	Probes      int           `json:"probes"`
	Points      []GrowthPoint `json:"points,omitempty"` // bin medians
}

// Interval is an estimate with the bounds of its 95 % interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// GrowthPoint is the median latency of the probes at about one size.
type GrowthPoint struct {
	Size   int     `json:"size"`
	Micros float64 `json:"micros"`
}

// Load is the outcome of a provisioning load. Latencies are nanoseconds.
type Load struct {
	Scenario string            `json:"scenario"`
	Plan     map[string]string `json:"plan"`            // what identifies the plan: users, groups, match, generator …
	Shard    string            `json:"shard,omitempty"` // i/n
	Merged   []string          `json:"merged,omitempty"`

	Model string  `json:"model"`          // closed, open or adaptive
	Asked string  `json:"asked"`          // in words: 8 flows, 25 users/s
	Rate  float64 `json:"askedPerSecond"` // flows per second that were asked for, 0 in the closed model
	Flows float64 `json:"flowsPerSecond"` // that were started
	Every float64 `json:"requestsPerSecond"`
	// Started is how many flows were started.
	Started int64 `json:"flowsStarted"`
	// Wall is the time of the load itself: without warm-up, probes, audit and clean-up.
	Wall      int64 `json:"wallNanos"`
	WarmedUp  int64 `json:"warmUpRequests,omitempty"` // requests that are not counted
	Workers   int   `json:"workers"`
	Saturated int64 `json:"saturatedNanos,omitempty"` // how long all workers were busy while work was due

	Operations []LoadOperation `json:"operations"`
	Conflicts  []LoadConflict  `json:"conflicts,omitempty"`
	Throttling LoadThrottling  `json:"throttling"`
	Generator  LoadGenerator   `json:"generator"`
	Thresholds []LoadThreshold `json:"thresholds,omitempty"`
	Findings   []LoadFinding   `json:"findings,omitempty"`
	Growth     []Growth        `json:"growth,omitempty"`
	Limit      *LoadLimit      `json:"limit,omitempty"`
	// Audit says what was read back after the load, "" if nothing was.
	Audit string `json:"audit,omitempty"`
	// Left is the share of the plan that was not done, 0 to 1.
	Left     float64       `json:"left"`
	Coverage *LoadCoverage `json:"coverage,omitempty"`
	Series   []LoadWindow  `json:"series,omitempty"`
}

// answered tells whether any request was answered as wanted.
func (l *Load) answered() bool {
	for _, o := range l.Operations {
		if o.Response.Count > 0 {
			return true
		}
	}
	return false
}

// Unlike tells in what two loads differ that must be the same before their figures can be compared, "" if in nothing.
func (l *Load) Unlike(other *Load) string {
	switch {
	case l.Scenario != other.Scenario:
		return "scenario " + l.Scenario + " and " + other.Scenario
	case l.Model != other.Model || l.Asked != other.Asked:
		return l.Asked + " and " + other.Asked
	case l.Shard != other.Shard:
		return "different shards"
	}
	for _, key := range sortedKeys(l.Plan) {
		if l.Plan[key] != other.Plan[key] {
			return key + " is " + l.Plan[key] + " and " + other.Plan[key]
		}
	}
	return ""
}

// LoadOperation is what was measured of one operation.
type LoadOperation struct {
	Name      string `json:"name"`
	Sent      int64  `json:"sent"` // requests, throttled tries included
	Predicted int64  `json:"predicted,omitempty"`
	Retries   int64  `json:"retries,omitempty"`
	BytesOut  int64  `json:"bytesOut"`
	BytesIn   int64  `json:"bytesIn"`
	// Response counts from the time an operation was due, Service from sending; both of answers as wanted. Lag is the
	// time from due to sending.
	Response LoadQuantiles `json:"response"`
	Service  LoadQuantiles `json:"service"`
	Lag      LoadQuantiles `json:"lag"`
	Classes  []LoadClass   `json:"classes"`
}

// latency is the distribution that counts: from the due time in the open model, elsewhere from sending.
func (l *Load) latency(o LoadOperation) LoadQuantiles {
	if l.Model == "open" {
		return o.Response
	}
	return o.Service
}

// LoadClass is the answers to one operation that are in one outcome class.
type LoadClass struct {
	Class    string         `json:"class"`
	Count    int64          `json:"count"`
	Status   map[string]int `json:"status,omitempty"` // by HTTP status, "0" where there was no answer
	Response LoadQuantiles  `json:"response"`
	// Histogram is the response times, ServiceHistogram the service times: base64 of pairs of varints (distance to the
	// bucket before, count); buckets as in HdrHistogram with 3 digits over nanoseconds.
	Histogram        string `json:"histogram,omitempty"`
	ServiceHistogram string `json:"serviceHistogram,omitempty"`
}

// LoadQuantiles are of one distribution, in nanoseconds; all 0 where nothing was measured.
type LoadQuantiles struct {
	Count int64 `json:"count"`
	Mean  int64 `json:"mean"`
	P50   int64 `json:"p50"`
	P90   int64 `json:"p90"`
	P95   int64 `json:"p95"`
	P99   int64 `json:"p99"`
	P999  int64 `json:"p999"`
	Max   int64 `json:"max"`
}

// LoadConflict counts conflicts of one kind.
type LoadConflict struct {
	Operation string `json:"operation"`
	Kind      string `json:"kind"`
	Wanted    bool   `json:"wanted"`
	Count     int64  `json:"count"`
}

// LoadThrottling is what became of 429 answers.
type LoadThrottling struct {
	Policy  string  `json:"policy"`
	Count   int64   `json:"count"`
	Share   float64 `json:"share"`   // of all requests
	Goodput float64 `json:"goodput"` // requests per second that were not throttled
	Waited  int64   `json:"waitedNanos"`
}

// LoadGenerator is the health of the client itself, so that nobody blames the server for a slow client.
type LoadGenerator struct {
	CPU        int64         `json:"cpuNanos"`
	Busy       float64       `json:"busy"` // share of the processors that it may use
	Processors int           `json:"processors"`
	Memory     int64         `json:"memoryBytes"` // most that the process had in memory, 0 = not known
	Timer      string        `json:"timer"`
	Lag        LoadQuantiles `json:"lag"` // the part of the lag that is the generator's own fault
	Invalid    string        `json:"invalid,omitempty"`
	Warning    string        `json:"warning,omitempty"`
}

// LoadThreshold is one limit that the user set, and what came of it.
type LoadThreshold struct {
	Text   string `json:"text"`
	Actual string `json:"actual"`
	Met    bool   `json:"met"`
	Judged bool   `json:"judged"` // false: nothing was measured that it could be held against
}

// word is how a threshold ended, as a check would.
func (t LoadThreshold) word() Word {
	switch {
	case !t.Judged:
		return Error
	case !t.Met:
		return Fail
	}
	return Pass
}

// LoadLimit is where a rising rate broke the thresholds.
type LoadLimit struct {
	Sustained float64    `json:"sustained"` // flows per second, 0 = none
	Broken    float64    `json:"broken"`    // 0 = never
	Why       string     `json:"why,omitempty"`
	Steps     []LoadStep `json:"steps"`
}

// LoadStep is one rate that was tried.
type LoadStep struct {
	Rate     float64 `json:"rate"`
	Achieved float64 `json:"achieved"`
	P95      int64   `json:"p95"`
	Errors   float64 `json:"errors"`
	Met      bool    `json:"met"`
	Why      string  `json:"why,omitempty"`
}

// LoadCoverage tells how much of the plan the results are of.
type LoadCoverage struct {
	Operation string  `json:"operation"` // the least covered
	Got       int64   `json:"got"`
	Of        int64   `json:"of"`
	Share     float64 `json:"share"`
	Missing   []int   `json:"missingShards,omitempty"`
}

// Sentence words the coverage.
func (c LoadCoverage) Sentence() string {
	return "results cover " + thousands(c.Got) + " of " + thousands(c.Of) + " " + c.Operation + " requests"
}

// Enough tells whether a verdict may rest on the results.
func (c LoadCoverage) Enough() bool { return c.Share >= MinCoverage }

// MinCoverage is the least share of a plan's requests on which a verdict rests.
const MinCoverage = 0.99

// LoadWindow is what happened to one operation in one stretch of time.
type LoadWindow struct {
	At        int64            `json:"second"` // since the load began
	Width     int64            `json:"seconds"`
	Operation string           `json:"operation"`
	Classes   map[string]int64 `json:"classes"`
	P50       int64            `json:"p50"`
	P95       int64            `json:"p95"`
	P99       int64            `json:"p99"`
	Max       int64            `json:"max"`
}

// thousands writes a number with separators.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
