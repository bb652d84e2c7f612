package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/scimproof/scimproof/reports"
)

// runMatrix puts the results of several runs side by side.
func (m *Main) runMatrix(names []string, o *outputs, policy reports.Policy) error {
	if len(names) > reports.MatrixRuns {
		return usage("give fewer", "a matrix takes %d runs at most, not %d", reports.MatrixRuns, len(names))
	}
	var runs []*reports.Run
	for _, name := range names {
		run, err := readResults(name)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	if err := o.prepareIn(reports.MatrixFormats(), reports.MatrixFileName); err != nil {
		return err
	}
	for _, f := range o.files {
		if slices.ContainsFunc(names, func(name string) bool { return filepath.Clean(name) == filepath.Clean(f.path) }) {
			return usage("give it another path", "the matrix would be written over the results in %s", f.path)
		}
	}
	x := reports.NewMatrix(runs, policy)
	failed := o.writeEach(m, func(format string, w io.Writer) error { return reports.WriteMatrix(format, w, x) })
	var text bytes.Buffer
	switch i := slices.IndexFunc(o.files, func(f output) bool { return f.path == stdoutPath }); {
	case i >= 0:
		if err := reports.WriteMatrix(o.files[i].format, &text, x); err != nil {
			return err
		}
	case o.quiet:
		fmt.Fprintln(&text, x.Sentence())
	default:
		if err := reports.WriteMatrixConsole(&text, x, o.console(m)); err != nil {
			return err
		}
	}
	_, _ = m.out.Write(text.Bytes())
	exit := x.Exit
	if len(failed) > 0 {
		exit = reports.Graver(exit, reports.ExitUsage)
	}
	return m.end(exit, failed)
}
