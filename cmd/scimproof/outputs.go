package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/scimproof/scimproof/reports"
)

// outputs holds the flags that say where results go.
type outputs struct {
	list    []string // FORMAT=PATH
	dir     string
	anchor  string
	color   string
	quiet   bool
	verbose int

	files []output
}

type output struct{ format, path string }

// stdoutPath stands for standard output.
const stdoutPath = "-"

func (o *outputs) flags(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&o.list, "output", "o", nil, "write a report, `FORMAT=PATH`, repeatable; formats: "+strings.Join(reports.Formats(), ", ")+"; - is standard output")
	fs.StringVar(&o.dir, "out-dir", "", "write results.json, junit.xml and all other reports into this `DIR`")
	fs.StringVar(&o.anchor, "anchor", "", "`FILE` of the repository at which SARIF, GitHub and GitLab findings point (default scimproof.yaml)")
	fs.StringVar(&o.color, "color", "auto", "`WHEN` to colour: auto, always, never")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "no progress, and of the results the verdict only")
	fs.CountVarP(&o.verbose, "verbose", "v", "a line per request; -vv: whole exchanges, redacted")
}

// prepare checks that every report can be written, before anything is sent.
func (o *outputs) prepare() error { return o.prepareIn(reports.Formats(), reports.FileName) }

// prepareIn is prepare for these formats.
func (o *outputs) prepareIn(formats []string, name func(string) string) error {
	if !slices.Contains([]string{"auto", "always", "never"}, o.color) {
		return usage("use auto, always or never", "there is no --color %q", o.color)
	}
	for _, text := range o.list {
		format, path, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return usage("write it as json=results.json", "-o %q is not of the form FORMAT=PATH", text)
		}
		if !slices.Contains(formats, format) {
			hint := didYouMean(format, formats, "use "+strings.Join(formats, ", "))
			if slices.Contains(reports.Formats(), format) {
				return usage("write it for each run alone, or "+hint, "several runs cannot be written as %s", format)
			}
			return usage(hint, "there is no report format %q", format)
		}
		o.files = append(o.files, output{format, path})
	}
	if o.dir != "" {
		if err := os.MkdirAll(o.dir, 0o755); err != nil {
			return usage("name a directory that can be made", "--out-dir: %w", err)
		}
		for _, format := range formats {
			o.files = append(o.files, output{format, filepath.Join(o.dir, name(format))})
		}
	}
	for i, f := range o.files {
		if slices.ContainsFunc(o.files[:i], func(g output) bool { return filepath.Clean(g.path) == filepath.Clean(f.path) }) {
			return usage("give each its own path", "two reports would be written to %s", f.path)
		}
		if f.path == stdoutPath {
			continue
		}
		if err := writable(f.path); err != nil {
			return usage("reports are tested before anything is sent; give a path that can be written", "the %s report cannot be written: %w", f.format, err)
		}
	}
	return nil
}

// regular tells whether path is, or could become, an ordinary file; devices and pipes are written in place.
func regular(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

// writable tries what writeFile will do, without changing anything.
func writable(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = f.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) || !regular(path) {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".scimproof-*")
	if err != nil {
		return err
	}
	return errors.Join(tmp.Close(), os.Remove(tmp.Name()))
}

// writeFile replaces a report as a whole, so that a reader never sees half of one.
func writeFile(path string, data []byte) error {
	if !regular(path) {
		return os.WriteFile(path, data, 0o644)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".scimproof-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// write writes all reports and the text for the reader, and returns the verdict that holds in the end: a report that
// could not be written changes it, so that the others are then written again.
func (o *outputs) write(m *Main, run *reports.Run, policy reports.Policy) reports.Verdict {
	if o.anchor != "" {
		run.Config = maps.Clone(run.Config)
		if run.Config == nil {
			run.Config = map[string]string{}
		}
		run.Config[reports.AnchorKey] = o.anchor
	}
	v := run.Verdict(policy)
	o.writeFiles(m, run, v)
	if len(run.FailedReports) > 0 {
		failed := slices.Clone(run.FailedReports)
		v = run.Verdict(policy)
		o.writeFiles(m, run, v)
		run.FailedReports = failed
	}
	for _, f := range o.files {
		if f.path == stdoutPath {
			o.render(m, f.format, run, v)
			return v
		}
	}
	if o.quiet {
		fmt.Fprintf(m.out, "%s (exit %d): %s\n", v.Word, v.Exit, v.Summary())
		return v
	}
	var text bytes.Buffer
	if err := reports.WriteConsole(&text, run, v, o.console(m)); err != nil {
		panic(err) // a buffer takes everything
	}
	_, _ = m.out.Write(text.Bytes())
	return v
}

func (o *outputs) render(m *Main, format string, run *reports.Run, v reports.Verdict) {
	var text bytes.Buffer
	if err := reports.Write(format, &text, run, v); err != nil {
		panic(err)
	}
	_, _ = m.out.Write(text.Bytes())
}

func (o *outputs) writeFiles(m *Main, run *reports.Run, v reports.Verdict) {
	run.FailedReports = append(run.FailedReports, o.writeEach(m, func(format string, w io.Writer) error { return reports.Write(format, w, run, v) })...)
}

// writeEach writes all files, and tells which could not be written.
func (o *outputs) writeEach(m *Main, write func(format string, w io.Writer) error) (failed []string) {
	for _, f := range o.files {
		if f.path == stdoutPath {
			continue
		}
		var b bytes.Buffer
		err := write(f.format, &b)
		if err == nil {
			err = writeFile(f.path, []byte(m.secrets.Mask(b.String())))
		}
		if err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", f.path, err))
		}
	}
	return failed
}

// console shapes the text for where it is read.
func (o *outputs) console(m *Main) reports.Options {
	out := reports.Options{Color: o.color == "always", ASCII: m.ascii(), Verbose: o.verbose}
	if width, ok := terminal(m.Stdout); ok {
		out.Width = width
		out.Color = out.Color || o.color == "auto" && m.mayColor()
	} else if v, ok := m.Env("CLICOLOR_FORCE"); ok && v != "" && v != "0" && o.color == "auto" {
		out.Color = true
	}
	for _, f := range o.files {
		out.Reports = append(out.Reports, f.path)
	}
	return out
}

// mayColor follows https://no-color.org and dumb terminals.
func (m *Main) mayColor() bool {
	none, _ := m.Env("NO_COLOR")
	kind, _ := m.Env("TERM")
	return none == "" && kind != "dumb"
}

// ascii tells whether the locale is not known to be UTF-8.
func (m *Main) ascii() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v, ok := m.Env(name); ok && v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return true
}

// terminal returns the width of the terminal behind w, if there is one.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}
