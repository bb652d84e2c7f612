package reports

import "io"

type codeQuality struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"`
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string           `json:"path"`
	Lines codeQualityLines `json:"lines"`
}

type codeQualityLines struct {
	Begin int `json:"begin"`
}

// WriteGitLab writes the findings as a GitLab code quality report, worst first.
func WriteGitLab(w io.Writer, r *Run, v Verdict) error {
	out := []codeQuality{}
	for _, res := range r.worstFirst(Fail, Error, Warn) {
		severity := "minor"
		switch {
		case res.Word == Fail:
			severity = "critical"
		case res.Word == Error || v.Failing(res):
			severity = "major"
		}
		out = append(out, codeQuality{
			Description: xmlLine(res.Title + ": " + res.said()), CheckName: xmlLine(res.ID), Fingerprint: r.fingerprint(res.ID), Severity: severity,
			Location: codeQualityLocation{r.anchor(), codeQualityLines{1}},
		})
	}
	return writeJSON(w, out)
}
