package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

func (m *Main) report() *cobra.Command {
	var (
		o      outputs
		failOn string
	)
	c := &cobra.Command{
		Use:   "report RESULTS...",
		Short: "Write other reports from the results of an earlier run, or put several runs side by side",
		Long: `report reads what a run wrote with -o json=RESULTS and writes other reports from it. Nothing is sent. The verdict is made
anew, and the exit code is that of the run.

Several RESULTS, of many targets or of one at many dates, become a matrix: a column for each run, in the order given, and a row
for each check, what differs and the gravest first. The exit code is then the first of 70, 2, 3, 4, 1, 5 that a run gives, so 0
means that every run is fine.`,
		Example: `  scimproof report results.json -o markdown=summary.md -o sarif=results.sarif
  scimproof report results.json --out-dir out
  scimproof report vendor-a.json vendor-b.json vendor-c.json -o html=matrix.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := knownFailOn(failOn); err != nil {
				return err
			}
			if len(args) > 1 {
				if c.Flags().Changed("anchor") {
					return usage("give it with the results of one run", "a matrix of several runs has no --anchor")
				}
				return m.runMatrix(args, &o, reports.Policy{FailOn: failOn})
			}
			run, err := readResults(args[0])
			if err != nil {
				return err
			}
			if err := o.prepare(); err != nil {
				return err
			}
			return m.conclude(o.write(m, run, reports.Policy{FailOn: failOn}), run)
		},
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&failOn, "fail-on", reports.FailOnMust, "what gives exit code 1: `LEVEL` must, should or never")
	m.complete(c)
	c.AddCommand(m.merge())
	for _, sub := range c.Commands() {
		strict(sub)
	}
	return c
}

// readResults reads the JSON report of an earlier run.
func readResults(path string) (*reports.Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("name a file that was written with -o json=FILE", "the results cannot be read: %w", err)
	}
	defer f.Close()
	run, err := reports.ReadJSON(f)
	if err != nil {
		return nil, usage("name a file that was written with -o json=FILE", "%s: %w", path, err)
	}
	run.FailedReports = nil // those of the earlier run are not of this one
	return run, nil
}

func knownFailOn(level string) error {
	if !slices.Contains([]string{reports.FailOnMust, reports.FailOnShould, reports.FailOnNever}, level) {
		return usage("use must, should or never", "there is no --fail-on %q", level)
	}
	return nil
}

// conclude tells of reports that could not be written, and ends the program with the verdict's exit code.
func (m *Main) conclude(v reports.Verdict, run *reports.Run) error {
	return m.end(v.Exit, run.FailedReports)
}

// end is conclude for an exit code, with what could not be written.
func (m *Main) end(exit int, failed []string) error {
	for _, f := range failed {
		fmt.Fprintln(m.err, "scimproof: report not written: "+f)
	}
	if exit != reports.ExitOK {
		return exitError(exit)
	}
	return nil
}

func (m *Main) merge() *cobra.Command {
	var (
		o          outputs
		thresholds []string
		failOn     string
	)
	c := &cobra.Command{
		Use:   "merge JOURNAL...",
		Short: "Join the journals of the shards of one load into one result",
		Long: `merge adds up the journals of all shards, and of all attempts at a shard, without loss: distributions are joined, never
percentiles. It tells how much of the plan the results cover, and refuses a verdict under 99 %. Journals of other plans, seeds
or versions are refused.`,
		Example: `  scimproof report merge shard-*.jsonl -o json=load.json`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(thresholds) == 0 {
				thresholds = defaultThresholds
			}
			limits, err := loadgen.ParseLimits(thresholds)
			if err != nil {
				return usage("", "--threshold %w", err)
			}
			if err := knownFailOn(failOn); err != nil {
				return err
			}
			if err := o.prepare(); err != nil {
				return err
			}
			return m.runMerge(args, limits, &o, failOn)
		},
	}
	fs := c.Flags()
	o.flags(fs)
	fs.StringArrayVar(&thresholds, "threshold", nil, "`LIMIT` that the results must keep, repeatable")
	fs.StringVar(&failOn, "fail-on", reports.FailOnMust, "what gives exit code 1: `LEVEL` must, should or never")
	m.complete(c)
	return c
}

func (m *Main) runMerge(names []string, limits []loadgen.Limit, o *outputs, failOn string) error {
	got, err := loadgen.Merge(names, func(name string) (io.ReadCloser, error) { return os.Open(name) })
	if err != nil {
		return usage("give the journals of all shards of one load, each once", "%w", err)
	}
	h := got.Head
	run := &reports.Run{
		Tool: reports.Tool{Name: "scimproof", Version: versionInfo().Version, Commit: versionInfo().Commit}, Target: reports.Target{URL: h.Target},
		RunID: h.RunID, Seed: h.Seed, Started: got.Began, Finished: got.Finished, Config: maps.Clone(h.Plan), Load: got.Load, Exchanges: got.Exchanges,
		Requests: max(int(got.Requests), got.All), Writes: got.Writes, Retries: got.Retries, Cleanup: got.Cleanup, Cut: got.Cut,
	}
	loadgen.JudgeAll(got.Load, limits)
	run.Results = reports.LoadResults(got.Load)
	for i := range run.Results {
		if i == 0 {
			run.Results[i].Notes = append(run.Results[i].Notes, got.Notes...)
		}
	}
	return m.conclude(o.write(m, run, reports.Policy{FailOn: failOn}), run)
}
