package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/scimproof/scimproof/reports"
)

// waiverFile is the file that --waivers names.
type waiverFile struct {
	Version int           `yaml:"version"`
	Waivers []waiverEntry `yaml:"waivers"`
}

type waiverEntry struct {
	ID      string   `yaml:"id"`
	Targets []string `yaml:"targets"`
	Reason  string   `yaml:"reason"`
	Expires string   `yaml:"expires"`
	Owner   string   `yaml:"owner"`
	Expect  string   `yaml:"expect"` // fail, the default, or flaky
}

// readWaivers reads and checks the waivers, before anything is sent. What is misspelt would waive nothing, or be
// forgotten for ever, so it is refused.
func readWaivers(name string, now time.Time) ([]reports.Waiver, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, usage("check the path behind --waivers", "the waivers cannot be read: %w", err)
	}
	var file waiverFile
	if err := decodeYAML(name, data, &file); err != nil {
		return nil, err
	}
	if file.Version != 1 {
		return nil, usage("its first line should be `version: 1`", "%s: the version of the waivers must be 1", name)
	}
	lines := waiverLines(data)
	checks := checkIDs()
	var out []reports.Waiver
	seen := map[string]int{}
	for i, e := range file.Waivers {
		place := fmt.Sprintf("%s:%d", name, lines[i])
		if err := e.fits(checks, now); err != nil {
			return nil, wrapUsage(place, err)
		}
		targets := e.Targets
		if len(targets) == 0 {
			targets = []string{""} // all of them
		}
		for _, target := range targets {
			key := e.ID + "\n" + target
			if first, twice := seen[key]; twice {
				return nil, usage("keep one of them", "%s: %s has a waiver already, in line %d", place, e.ID, first)
			}
			seen[key] = lines[i]
		}
		out = append(out, reports.Waiver{ID: e.ID, Targets: e.Targets, Reason: e.Reason, Expires: e.Expires, Owner: e.Owner, Flaky: e.Expect == "flaky", Place: place})
	}
	return out, nil
}

// wrapUsage puts the place in front of what is wrong there.
func wrapUsage(place string, err error) error {
	var h *hinted
	if errors.As(err, &h) {
		return usage(h.hint, "%s: %w", place, h.err)
	}
	return usage("", "%s: %w", place, err)
}

// waiverLines are the lines in which the entries begin.
func waiverLines(data []byte) []int {
	var file struct {
		Waivers []yaml.Node `yaml:"waivers"`
	}
	_ = yaml.Unmarshal(data, &file) // it has been read without an error before
	lines := make([]int, len(file.Waivers))
	for i, n := range file.Waivers {
		lines[i] = n.Line
	}
	return lines
}

// fits checks one entry.
func (e waiverEntry) fits(checks []string, now time.Time) error {
	area, what, dotted := strings.Cut(e.ID, ".")
	switch {
	case e.ID == "":
		return usage("name a check, such as patch.replace-value-filter", "a waiver without an id")
	case strings.ContainsAny(area, "*?[") || !dotted || what == "":
		return usage("a waiver is for one check, or for a glob within one area, such as patch.*", "%q is no check and no glob within an area", e.ID)
	}
	if _, err := path.Match(e.ID, ""); err != nil {
		return usage("`scimproof list` shows all ids", "%q is no glob", e.ID)
	}
	if !slices.ContainsFunc(checks, reports.Waiver{ID: e.ID}.Matches) {
		return usage(didYouMean(strings.TrimRight(e.ID, ".*?"), checks, "`scimproof list` shows all ids"), "no check is called %q", e.ID)
	}
	if len(strings.TrimSpace(e.Reason)) < reports.WaiverReason {
		return usage("say why it fails and when that will end, such as a ticket", "the waiver of %s has no reason of at least %d characters", e.ID, reports.WaiverReason)
	}
	if strings.TrimSpace(e.Owner) == "" {
		return usage("add owner: TEAM", "the waiver of %s names nobody who answers for it", e.ID)
	}
	if e.Expect != "" && e.Expect != "fail" && e.Expect != "flaky" {
		return usage("use fail or flaky", "the waiver of %s expects %q", e.ID, e.Expect)
	}
	end, err := time.Parse(reports.WaiverDay, e.Expires)
	if err != nil {
		return usage("write it as 2027-02-28", "the waiver of %s has no day on which it expires", e.ID)
	}
	if end.Sub(now) > reports.WaiverMost {
		return usage("a waiver lasts 365 days at most, then somebody looks again", "the waiver of %s expires on %s, which is too far ahead", e.ID, e.Expires)
	}
	return nil
}

func (m *Main) waive() *cobra.Command {
	var (
		reason, owner, failOn string
		lasts                 int
	)
	c := &cobra.Command{
		Use:   "waive RESULTS",
		Short: "Write waivers for what failed in an earlier run",
		Long: `waive prints a waiver for each check that failed, or could not be judged, in what a run wrote with -o json=RESULTS. Without
--reason and --owner these have to be filled in: check refuses a waiver that says neither.`,
		Example: `  scimproof waive results.json --owner iam-team --reason 'vendor ticket 4711' > scimproof.waivers.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := knownFailOn(failOn); err != nil {
				return err
			}
			if lasts < 1 || lasts > 365 {
				return usage("a waiver lasts 365 days at most", "--days %d", lasts)
			}
			run, err := readResults(args[0])
			if err != nil {
				return err
			}
			return m.writeWaivers(run, failOn, waiverEntry{Reason: reason, Owner: owner, Expires: time.Now().UTC().AddDate(0, 0, lasts).Format(reports.WaiverDay)})
		},
	}
	fs := c.Flags()
	fs.StringVar(&reason, "reason", "TODO", "why it may fail for now, at least 10 characters")
	fs.StringVar(&owner, "owner", "", "who answers for it")
	fs.IntVar(&lasts, "days", 90, "how long the waivers last")
	fs.StringVar(&failOn, "fail-on", reports.FailOnMust, "`LEVEL` must, or should to waive warnings too")
	return c
}

func (m *Main) writeWaivers(run *reports.Run, failOn string, e waiverEntry) error {
	v := run.Verdict(reports.Policy{FailOn: failOn})
	known := checkIDs()
	n := 0
	fmt.Fprintf(m.out, "version: 1\nwaivers:\n")
	for _, res := range run.Results {
		if !v.Failing(res) && res.Word != reports.Error || !slices.Contains(known, res.ID) {
			continue
		}
		n++
		e.ID = res.ID
		text, err := yaml.Marshal([]map[string]string{{"id": e.ID, "reason": e.Reason, "owner": e.Owner, "expires": e.Expires}})
		if err != nil {
			return err
		}
		said := res.Message
		if said == "" {
			said = res.Reason
		}
		fmt.Fprintf(m.out, "  # %s: %s: %s\n", res.Word, reports.Visible(res.Title), reports.Visible(said))
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			fmt.Fprintf(m.out, "  %s\n", line)
		}
	}
	if n == 0 {
		fmt.Fprintln(m.out, "  []")
	}
	fmt.Fprintf(m.err, "%d waivers, until %s\n", n, e.Expires)
	return nil
}
