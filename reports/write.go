package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Writer writes a run and its verdict in one format. Writers are pure: the same run gives the same bytes.
type Writer func(w io.Writer, r *Run, v Verdict) error

// format is a writer and the name of its file where a whole directory of reports is written.
type format struct {
	write Writer
	file  string
}

var formats = map[string]format{
	"badge":    {WriteBadge, "badge.json"},
	"csv":      {WriteCSV, "results.csv"},
	"github":   {WriteGitHub, "github-annotations.txt"},
	"gitlab":   {WriteGitLab, "gl-code-quality-report.json"},
	"har":      {WriteHAR, "exchanges.har"},
	"html":     {WriteHTML, "report.html"},
	"json":     {WriteJSON, "results.json"},
	"junit":    {WriteJUnit, "junit.xml"},
	"markdown": {WriteMarkdown, "summary.md"},
	"sarif":    {WriteSARIF, "results.sarif"},
	"text":     {func(w io.Writer, r *Run, v Verdict) error { return WriteConsole(w, r, v, Options{}) }, "results.txt"},
}

// Formats returns the names that Write takes, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// FileName is the name of a format's file in a directory that holds one of each.
func FileName(name string) string { return formats[name].file }

// Write writes the run in the named format. "console" is another name for "text"; WriteConsole takes options.
func Write(name string, w io.Writer, r *Run, v Verdict) error {
	if name == "console" {
		name = "text"
	}
	f, ok := formats[name]
	if !ok {
		return fmt.Errorf("unknown report format %q; use one of %s", name, strings.Join(Formats(), ", "))
	}
	return f.write(w, r, v)
}
