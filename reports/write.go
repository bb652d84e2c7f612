package reports

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// Writer writes a run and its verdict in one format. Writers are pure: the same run gives the same bytes.
type Writer func(w io.Writer, r *Run, v Verdict) error

var writers = map[string]Writer{
	"csv":   WriteCSV,
	"html":  WriteHTML,
	"json":  WriteJSON,
	"junit": WriteJUnit,
	"text":  func(w io.Writer, r *Run, v Verdict) error { return WriteConsole(w, r, v, Options{}) },
}

// Formats returns the names that Write takes, sorted.
func Formats() []string {
	names := make([]string, 0, len(writers))
	for name := range writers {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Write writes the run in the named format. "console" is another name for "text"; WriteConsole takes options.
func Write(format string, w io.Writer, r *Run, v Verdict) error {
	if format == "console" {
		format = "text"
	}
	write, ok := writers[format]
	if !ok {
		return fmt.Errorf("unknown report format %q; use one of %s", format, strings.Join(Formats(), ", "))
	}
	return write(w, r, v)
}
