package reports

import (
	"fmt"
	"io"
)

// badge is an answer for the endpoint badge of shields.io.
type badge struct {
	Schema  int    `json:"schemaVersion"`
	Label   string `json:"label"`
	Message string `json:"message"`
	Color   string `json:"color"`
	IsError bool   `json:"isError,omitempty"`
}

// WriteBadge writes the verdict for a badge: https://shields.io/badges/endpoint-badge. Words come first; a run without a
// verdict is grey, never green.
func WriteBadge(w io.Writer, r *Run, v Verdict) error {
	b := badge{Schema: 1, Label: "SCIM 2.0", Message: v.Word, Color: "red"}
	if r.Load != nil {
		b.Label = "SCIM 2.0 load"
	}
	switch v.Word {
	case Conformant, Holds:
		b.Color = "brightgreen"
	case ConformantNotes, HoldsNotes:
		b.Color = "green"
	case Incomplete, NoVerdict:
		b.Color, b.IsError = "lightgrey", true
	}
	if !v.Green && !b.IsError && b.Color != "red" {
		// The target is fine, the run is not: a stale waiver, say, or --fail-on should.
		b.Color = "orange"
	}
	if v.Word == NotConformant {
		b.Message += fmt.Sprintf(", %d of %d MUST", v.MustPassed, v.MustJudged)
	}
	if g, _ := r.Grade(v); g != nil {
		b.Message += " (" + g.Letter + ")"
	}
	return writeJSON(w, b)
}
