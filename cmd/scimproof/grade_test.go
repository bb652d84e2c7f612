package main

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/scimproof/scimproof/reports"
)

// TestGradeNamesChecks wants each glob of the grading guide to name a check that is a MUST, so that none is misspelt.
func TestGradeNamesChecks(t *testing.T) {
	doc, err := os.ReadFile("../../docs/grade.md")
	if err != nil {
		t.Fatal(err)
	}
	ids := checkIDs()
	found := 0
	for _, glob := range regexp.MustCompile("`([a-z*]+\\.[a-z*-]+)`").FindAllStringSubmatch(string(doc), -1) {
		found++
		if !slices.ContainsFunc(ids, reports.Waiver{ID: glob[1]}.Matches) {
			t.Errorf("%s names no check", glob[1])
		}
	}
	if found < 20 {
		t.Errorf("only %d globs were found", found)
	}
}
