package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// htmlDiff is a line of a difference: " ", "-" (expected only) or "+" (got only).
type htmlDiff struct{ Mark, Text string }

// diffLines is the most lines of one side that are compared.
const diffLines = 300

// difference compares two JSON values line by line; nothing where one of them is no object or array, or nothing differs.
func difference(expected, got string) []htmlDiff {
	a, ok := jsonLines(expected)
	b, ok2 := jsonLines(got)
	if !ok || !ok2 || len(a) > diffLines || len(b) > diffLines {
		return nil
	}
	// The longest common subsequence; a comma at the end of a line is no difference.
	same := func(i, j int) bool { return strings.TrimSuffix(a[i], ",") == strings.TrimSuffix(b[j], ",") }
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if same(i, j) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var out []htmlDiff
	differs := false
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && same(i, j):
			out = append(out, htmlDiff{" ", Visible(a[i])})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			out, differs = append(out, htmlDiff{"-", Visible(a[i])}), true
			i++
		default:
			out, differs = append(out, htmlDiff{"+", Visible(b[j])}), true
			j++
		}
	}
	if !differs {
		return nil
	}
	return out
}

// jsonLines is an object or array, members sorted, in lines.
func jsonLines(text string) ([]string, bool) {
	text = strings.TrimSpace(text)
	if len(text) > 4*htmlLong || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, false
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, false
	}
	return strings.Split(strings.TrimSpace(b.String()), "\n"), true
}
