package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

var diffFormats = []string{"text", "json", "markdown"}

func (m *Main) diff() *cobra.Command {
	var (
		failOn, format, color string
		gate                  bool
	)
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what the results NEW say that OLD did not: regressed, fixed, new, gone",
		Long: `diff compares what two runs wrote with -o json=FILE. Only checks that both have tell of a regression. Of load runs OLD and
NEW may be directories with the results of repeats of one load: a Mann-Whitney test over the repeats then tells changes from
noise. Of single load runs only what differs by more than a factor of two is told. ~ stands where nothing can be said.`,
		Example: `  scimproof diff main.json branch.json --fail-on-regression
  scimproof diff before/ after/ --format markdown`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := knownFailOn(failOn); err != nil {
				return err
			}
			if !slices.Contains(diffFormats, format) {
				return usage(didYouMean(format, diffFormats, "use text, json or markdown"), "there is no --format %q", format)
			}
			if !slices.Contains([]string{"auto", "always", "never"}, color) {
				return usage("use auto, always or never", "there is no --color %q", color)
			}
			before, err := readRepeats(args[0])
			if err != nil {
				return err
			}
			after, err := readRepeats(args[1])
			if err != nil {
				return err
			}
			policy := reports.Policy{FailOn: failOn}
			d, err := compare(before, after, policy)
			if err != nil {
				return err
			}
			o := outputs{color: color}
			var text bytes.Buffer
			switch format {
			case "json":
				err = reports.WriteDiffJSON(&text, d)
			case "markdown":
				err = reports.WriteDiffMarkdown(&text, d)
			default:
				err = reports.WriteDiff(&text, d, o.console(m))
			}
			if err != nil {
				return err
			}
			_, _ = m.out.Write(text.Bytes())
			switch {
			case !gate:
				return nil
			case d.Partial != "":
				return exitError(reports.ExitIncomplete)
			case d.Negative(policy) != "":
				return exitError(reports.ExitNegative)
			}
			return nil
		},
	}
	fs := c.Flags()
	fs.BoolVar(&gate, "fail-on-regression", false, "exit code 1 if something got worse, 4 if the new run is partial")
	fs.StringVar(&failOn, "fail-on", reports.FailOnMust, "`LEVEL` must, or should to count warnings as regressions")
	fs.StringVar(&format, "format", "text", "`FORMAT` text, json or markdown")
	fs.StringVar(&color, "color", "auto", "`WHEN` to colour: auto, always, never")
	return c
}

// readRepeats reads a results file, or all of a directory.
func readRepeats(path string) ([]*reports.Run, error) {
	names := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*.json")); err != nil || len(names) == 0 {
			return nil, usage("put the results of the repeats there, one file each", "%s holds no .json file", path)
		}
	}
	var runs []*reports.Run
	for _, name := range names {
		run, err := readResults(name)
		if err != nil {
			return nil, err
		}
		if len(names) > 1 && run.Load == nil {
			return nil, usage("repeats are of a load; of checks compare two runs", "%s is no load run", name)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// compare compares two runs, or the repeats of two loads: what failed in one repeat is a failure of all.
func compare(before, after []*reports.Run, policy reports.Policy) (*reports.Diff, error) {
	if (before[0].Load == nil) != (after[0].Load == nil) {
		return nil, usage("compare two checks, or two loads", "one of them is a load, the other is not")
	}
	d := reports.Compare(worstOf(before), worstOf(after), policy)
	d.Old.Repeats, d.New.Repeats = len(before), len(after)
	if before[0].Load == nil {
		return d, nil
	}
	var err error
	if d.Load, err = loadgen.CompareLoads(loadsOf(before), loadsOf(after)); err != nil {
		return nil, usage("the same scenario, plan and rate can be compared", "%w", err)
	}
	for _, run := range slices.Concat(before, after) {
		if why := run.Load.Generator.Invalid; why != "" {
			d.Notes = append(d.Notes, "the measurement of "+run.RunID+" is invalid: "+why)
		}
	}
	return d, nil
}

func loadsOf(runs []*reports.Run) []*reports.Load {
	var out []*reports.Load
	for _, r := range runs {
		out = append(out, r.Load)
	}
	return out
}

// worstOf is a run with the worst result of each check among the repeats.
func worstOf(runs []*reports.Run) *reports.Run {
	if len(runs) == 1 {
		return runs[0]
	}
	out := *runs[0]
	out.Results = slices.Clone(out.Results)
	words := []reports.Word{reports.Pass, reports.Skip, reports.Info, reports.Waived, reports.Warn, reports.Error, reports.Fail}
	for _, r := range runs[1:] {
		if r.Cut != nil {
			out.Cut = r.Cut
		}
		for _, res := range r.Results {
			i := slices.IndexFunc(out.Results, func(o reports.Result) bool { return o.ID == res.ID })
			switch {
			case i < 0:
				out.Results = append(out.Results, res)
			case slices.Index(words, res.Word) > slices.Index(words, out.Results[i].Word):
				out.Results[i] = res
			}
		}
	}
	out.Causes = nil
	return &out
}
