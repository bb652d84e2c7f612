package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"github.com/scimproof/scimproof/reports"
)

// learner finds out which areas bring the target to which places. The target notes each place with the number of the exchange
// in which it came by, and the learner to which lane each exchange belongs; lanes run one after the other meanwhile.
type learner struct {
	file  string
	n     int
	lanes map[int]string
}

func newLearner(file string) *learner { return &learner{file: file, lanes: map[int]string{}} }

// nextExchange tells the target that an exchange has ended; only one with mutants in it wants to know.
var nextExchange = func() {}

// width is how many lanes may run at once.
func (l *learner) width() int {
	if l.file == "" {
		return 0
	}
	return 1
}

// exchanged counts the exchanges as they end. What the target does before the next one ends belongs to that.
func (l *learner) exchanged() func(*reports.Exchange) {
	if l.file == "" {
		return nil
	}
	return func(x *reports.Exchange) {
		l.lanes[l.n] = laneOf(x.ID)
		l.n++
		nextExchange()
	}
}

func laneOf(id string) string {
	name, _, _ := strings.Cut(id, "-")
	return name
}

// write tells, for each number of an exchange, the areas whose checks stand in its lane.
func (l *learner) write(run *reports.Run) error {
	if l.file == "" {
		return nil
	}
	areas := map[string]map[string]bool{}
	for _, r := range run.Results {
		area, _, _ := strings.Cut(r.ID, ".")
		for _, x := range r.Exchanges {
			lane := laneOf(x)
			if areas[lane] == nil {
				areas[lane] = map[string]bool{}
			}
			areas[lane][area] = true
		}
	}
	out := map[string][]string{}
	for n, lane := range l.lanes {
		for area := range areas[lane] {
			out[strconv.Itoa(n)] = append(out[strconv.Itoa(n)], area)
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return os.WriteFile(l.file+".areas", b, 0o600)
}
