package reports

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
)

// Growth is how the latency of one operation changes with the size of the directory.
type Growth struct {
	Operation string `json:"operation"` // lookup, list, create or member-add
	Verdict   string `json:"verdict"`   // flat, log, linear, or growing where the shape is unclear; "" = too little was measured
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
