package main

import (
	"slices"
	"strings"
)

// nearest returns up to n of the names that need the fewest edits to become name, leaving out what is far off.
func nearest(name string, names []string, n int) []string {
	type near struct {
		name string
		far  int
	}
	var list []near
	for _, candidate := range names {
		far := edits(strings.ToLower(candidate), strings.ToLower(name))
		if strings.Contains(strings.ToLower(candidate), strings.ToLower(name)) {
			far = min(far, 1)
		}
		if far <= max(2, len(name)/2) {
			list = append(list, near{candidate, far})
		}
	}
	slices.SortStableFunc(list, func(a, b near) int { return a.far - b.far })
	var out []string
	for _, c := range list[:min(n, len(list))] {
		out = append(out, c.name)
	}
	return out
}

// didYouMean is a hint that names the nearest names, or otherwise.
func didYouMean(name string, names []string, otherwise string) string {
	if near := nearest(name, names, 3); len(near) > 0 {
		return "did you mean " + strings.Join(near, ", ") + "?"
	}
	return otherwise
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
