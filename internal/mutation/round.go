package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/scimproof/scimproof/reports"
)

// round is one way to judge a mutant: a clean target with some legal choices, and the areas that are worth running there.
type round struct {
	name           string
	variants, only []string
	// password judges with user and password instead of a token.
	password bool
	// clean holds the words of the clean target, in a file.
	clean string
	// reachedBy holds the places that the clean target comes by, and the areas that bring it there; none stands for all.
	reachedBy map[int]map[string]bool
	areas     []string
	// trusted remembers which areas may run without the others.
	trusted sync.Map
}

// rounds lists the ways in the order in which they are tried. The second has what the plain target lacks: numbers and
// instants that clients may write, immutable and required attributes of many types, /Me. The third asks for a password, the
// fourth returns core attributes on request, and cursors of the fifth grow old, and
// lead from one short page to the next where no count is sent.
func rounds() []*round {
	return []*round{
		{name: "plain"},
		{name: "rich", variants: []string{"devices", "me-alias"}, only: []string{"attributes", "devices", "me"}},
		{name: "password", password: true, only: []string{"auth", "discovery"}},
		{name: "asked", variants: []string{"nickname-on-request"}, only: []string{"attributes"}},
		{name: "short", variants: []string{"cursor-timeout-short", "cursor-pages-short"}, only: []string{"cursor.expired", "cursor.default-size"}},
	}
}

// learn judges the clean target and notes which places are reached, and by which areas.
func (j *judge) learn(ctx context.Context, r *round) error {
	r.clean = filepath.Join(j.dir, r.name+".json")
	log := filepath.Join(j.dir, r.name+".reached")
	said := j.run(ctx, r, r.only, "SCIMPROOF_REACHED="+log, "SCIMPROOF_CLEAN_WRITE="+r.clean)
	if said != "survived" {
		return fmt.Errorf("the clean target (%s): %s", r.name, said)
	}
	var err error
	if r.areas, err = areasOf(r.clean); err != nil {
		return err
	}
	r.reachedBy, err = readReached(log)
	return err
}

// onlyFor is the areas that can notice a mutant; nil is all of the round. Where areas by themselves do not give the words that
// they give in company, since they need others to be there, all are run.
func (j *judge) onlyFor(ctx context.Context, r *round, m *mutant) []string {
	by := r.reachedBy[m.n]
	if len(by) == 0 || len(by) == len(r.areas) {
		return r.only
	}
	only := slices.Sorted(maps.Keys(by))
	key := strings.Join(only, ",")
	trust, known := r.trusted.Load(key)
	if !known {
		trust = j.run(ctx, r, only) == "survived"
		r.trusted.Store(key, trust)
	}
	if trust != true {
		return r.only
	}
	return only
}

// readReached reads which places were come by in which exchanges, and to which areas these belong. What happened outside of
// all lanes belongs to every area.
func readReached(name string) (map[int]map[string]bool, error) {
	list, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(name + ".areas")
	if err != nil {
		return nil, err
	}
	var areas map[string][]string
	if err := json.Unmarshal(b, &areas); err != nil {
		return nil, err
	}
	seen, everywhere := map[int]map[string]bool{}, map[int]bool{}
	for line := range strings.Lines(string(list)) {
		exchange, place, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(place)
		if err != nil {
			return nil, err
		}
		if seen[n] == nil {
			seen[n] = map[string]bool{}
		}
		everywhere[n] = everywhere[n] || len(areas[exchange]) == 0
		for _, area := range areas[exchange] {
			seen[n][area] = true
		}
	}
	for n := range everywhere {
		if everywhere[n] {
			seen[n] = nil
		}
	}
	return seen, nil
}

// areasOf lists the areas of the checks in a file of words.
func areasOf(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var words map[string]reports.Word
	if err := json.Unmarshal(b, &words); err != nil {
		return nil, err
	}
	var out []string
	for id := range words {
		area, _, _ := strings.Cut(id, ".")
		out = append(out, area)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
