package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"
)

// AnchorKey is the key of Run.Config that names the file of the repository at which findings point.
const AnchorKey = "anchor"

// anchor is the file at which findings point where a format wants a place in a repository: a finding about a running
// server has none of its own. It is always a relative path with slashes.
func (r *Run) anchor() string {
	name := path.Clean("/" + strings.ReplaceAll(Visible(r.Config[AnchorKey]), `\`, "/"))[1:]
	if name == "" {
		return "scimproof.yaml"
	}
	return name
}

// uriPath is a path as a relative reference.
func uriPath(name string) string { return (&url.URL{Path: "./" + name}).String()[2:] }

// fingerprint is the same for the same finding in each run against the same target.
func (r *Run) fingerprint(id string) string {
	target := r.Target.Name
	if target == "" {
		target = r.Target.URL
	}
	sum := sha256.Sum256([]byte(target + "\n" + id))
	return hex.EncodeToString(sum[:16])
}

// worstFirst returns the results that have something to say, in the order of their causes and then by weight; of those
// without a cause the words tell which are wanted.
func (r *Run) worstFirst(words ...Word) []Result {
	byID := map[string]Result{}
	for _, res := range r.Results {
		byID[res.ID] = res
	}
	var out []Result
	seen := map[string]bool{}
	take := func(res Result) {
		if !seen[res.ID] && slices.Contains(words, res.Word) {
			seen[res.ID] = true
			out = append(out, res)
		}
	}
	for _, c := range r.causes() {
		for _, id := range c.Checks {
			take(byID[id])
		}
	}
	for _, res := range r.Results {
		take(res)
	}
	slices.SortStableFunc(out, func(a, b Result) int { return slices.Index(words, a.Word) - slices.Index(words, b.Word) })
	return out
}

// causes are those of the run; a run of an older version has none on file.
func (r *Run) causes() []Cause {
	if r.Causes == nil {
		return Causes(r, nil)
	}
	return r.Causes
}

// said is what a result says in one line: the worst finding, or why there is none.
func (res Result) said() string {
	_, worst := Worst(res.Findings)
	for _, text := range []string{res.Message, worst, res.why()} {
		if text != "" {
			return text
		}
	}
	return res.Title
}
