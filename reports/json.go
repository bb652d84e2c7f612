package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// ResultsSchema is the JSON Schema (draft-07) of what WriteJSON writes.
//
//go:embed results.schema.json
var ResultsSchema []byte

type document struct {
	*Run
	Verdict Verdict `json:"verdict"`
	Grade   *Grade  `json:"grade,omitempty"`
}

// WriteJSON writes the run and its verdict as one JSON document; docs/results.md describes the fields. Bodies that
// are not UTF-8 are kept in base64; in other text such bytes become U+FFFD.
func WriteJSON(w io.Writer, r *Run, v Verdict) error {
	run := *r
	run.Schema = SchemaVersion
	run.Results = make([]Result, len(r.Results))
	copy(run.Results, r.Results)
	for i := range run.Results {
		if run.Results[i].Requirements == nil {
			run.Results[i].Requirements = []Requirement{}
		}
	}
	grade, _ := r.Grade(v)
	return writeJSON(w, document{&run, v, grade})
}

// writeJSON writes a value as indented JSON that can be printed safely.
func writeJSON(w io.Writer, value any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(escapeHidden(b.Bytes()))
	return err
}

// escapeHidden writes characters that act on a terminal as \u escapes. Only strings can hold them, so the
// document keeps its meaning and can be printed safely. U+FFFD is written as encoding/json writes it for bad bytes.
func escapeHidden(doc []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(doc))
	for len(doc) > 0 {
		r, size := utf8.DecodeRune(doc)
		switch {
		case r == '#' && b.Len() > 0 && b.Bytes()[b.Len()-1] == '#':
			b.WriteString(`\u0023`) // two of them start a command in the logs of some CI systems
		case r < 0x7f, r != utf8.RuneError && !hidden(r):
			b.Write(doc[:size])
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		doc = doc[size:]
	}
	return b.Bytes()
}

// ReadJSON reads what WriteJSON wrote. The verdict in the document is not read: only Run.Verdict decides. What the
// exchanges held before redaction is gone, so their Body, Header and JSON are empty.
func ReadJSON(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var probe struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(data, &probe); err != nil {
		return nil, fmt.Errorf("not a scimproof results file: %w", err)
	}
	if probe.Schema == nil {
		return nil, errors.New("not a scimproof results file: it has no \"schema\"; write one with -o json=FILE")
	}
	if *probe.Schema != SchemaVersion {
		return nil, fmt.Errorf("results file of schema %d, this scimproof reads %d; use the version that wrote it",
			*probe.Schema, SchemaVersion)
	}
	var run Run
	if err := json.Unmarshal(data, &run); err != nil {
		return nil, fmt.Errorf("damaged results file: %w", err)
	}
	return &run, nil
}

// plainExchange has the fields of Exchange without its methods.
type plainExchange Exchange

type exchangeJSON struct {
	*plainExchange
	RequestBase64  []byte `json:"requestBodyBase64,omitempty"`
	ResponseBase64 []byte `json:"responseBodyBase64,omitempty"`
}

// MarshalJSON writes a body that is not UTF-8 as requestBodyBase64 or responseBodyBase64.
func (x *Exchange) MarshalJSON() ([]byte, error) {
	plain := plainExchange(*x)
	out := exchangeJSON{plainExchange: &plain}
	if !utf8.ValidString(x.RequestBody) {
		out.RequestBase64, plain.RequestBody = []byte(x.RequestBody), ""
	}
	if !utf8.ValidString(x.ResponseBody) {
		out.ResponseBase64, plain.ResponseBody = []byte(x.ResponseBody), ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(out)
	return b.Bytes(), err
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (x *Exchange) UnmarshalJSON(data []byte) error {
	in := exchangeJSON{plainExchange: (*plainExchange)(x)}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if len(in.RequestBase64) > 0 {
		x.RequestBody = string(in.RequestBase64)
	}
	if len(in.ResponseBase64) > 0 {
		x.ResponseBody = string(in.ResponseBase64)
	}
	return nil
}
