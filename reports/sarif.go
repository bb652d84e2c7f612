package reports

import (
	"io"
	"strings"
	"time"
)

const sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Automation  sarifAutomation   `json:"automationDetails"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
	Properties  map[string]string `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string          `json:"id"`
	Short   sarifText       `json:"shortDescription"`
	Full    sarifText       `json:"fullDescription"`
	HelpURI string          `json:"helpUri,omitempty"`
	Help    sarifText       `json:"help"`
	Default sarifConfig     `json:"defaultConfiguration"`
	Props   sarifProperties `json:"properties"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	Tags []string `json:"tags"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Exit          int                 `json:"exitCode"`
	Start         string              `json:"startTimeUtc,omitempty"`
	End           string              `json:"endTimeUtc,omitempty"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

// WriteSARIF writes the findings as SARIF 2.1.0, worst first. Each points at the anchor file, since viewers refuse a file
// in which one result has no place; the operation that was judged is its logical location.
func WriteSARIF(w io.Writer, r *Run, v Verdict) error {
	index := r.index()
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "scimproof", Version: xmlLine(r.Tool.Version), InformationURI: "https://github.com/scimproof/scimproof", Rules: []sarifRule{}}},
		Automation: sarifAutomation{"scimproof/" + r.fingerprint("")[:8] + "/"}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
		Invocations: []sarifInvocation{{Successful: r.Cut == nil && r.Crash == "", Exit: v.Exit, Start: sarifTime(r.Started), End: sarifTime(r.Finished)}},
		Properties:  map[string]string{"target": xmlLine(r.Target.URL), "verdict": v.Word, "run": xmlLine(r.RunID)},
	}
	for _, reason := range v.Reasons {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{"note", sarifText{Text: xmlLine(reason)}})
	}
	for i, res := range r.worstFirst(Fail, Error, Warn, Waived) {
		level := "warning"
		if v.Failing(res) || res.Word == Error {
			level = "error"
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(res, level))
		place := sarifLocation{Physical: sarifPhysical{sarifArtifact{uriPath(r.anchor())}, sarifRegion{1}}}
		if x := index[shownIn(res)]; x != nil {
			place.Logical = []sarifLogical{{xmlLine(x.operation()), "resource"}}
		}
		out := sarifResult{
			RuleID: xmlLine(res.ID), RuleIndex: i, Level: level, Message: sarifText{Text: sarifMessage(res)}, Locations: []sarifLocation{place},
			Fingerprints: map[string]string{"scimproof/v1": r.fingerprint(res.ID)}, Suppressions: []sarifSuppression{},
		}
		if res.Word == Waived {
			out.Suppressions = append(out.Suppressions, sarifSuppression{"external", xmlLine(res.why())})
		}
		run.Results = append(run.Results, out)
	}
	return writeJSON(w, sarifLog{sarifSchema, "2.1.0", []sarifRun{run}})
}

func sarifRuleOf(res Result, level string) sarifRule {
	q := res.requirement()
	rule := sarifRule{
		ID: xmlLine(res.ID), Short: sarifText{Text: orTitle(xmlLine(res.Title), res)}, Default: sarifConfig{level},
		Props: sarifProperties{[]string{"scim", xmlLine(res.Area), string(res.Level)}},
	}
	rule.Full.Text = orTitle(xmlLine(q.Statement), res)
	if q.RFC != "" {
		rule.HelpURI = q.link()
	}
	var text, marked []string
	add := func(label, s string) {
		if s = Visible(clipBytes(s, junitBody, "…")); s != "" {
			text, marked = append(text, label+": "+s), append(marked, "**"+label+"** "+mdText(s))
		}
	}
	for _, q := range res.Requirements {
		add("Requirement "+q.ID, "["+string(q.Level)+"] "+q.Statement)
	}
	add("Why", res.Why)
	add("Fix", res.Fix)
	add("More", "scimproof explain "+res.ID)
	rule.Help = sarifText{strings.Join(text, "\n\n"), strings.Join(marked, "\n\n")}
	return rule
}

// orTitle stands in for an empty text, which the format forbids.
func orTitle(text string, res Result) string {
	for _, s := range []string{text, xmlLine(res.Title), xmlLine(res.ID)} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return "check"
}

func sarifMessage(res Result) string {
	lines := []string{res.said()}
	if f := res.worstFinding(); f.Expected+f.Got != "" {
		lines = append(lines, "expected "+f.Expected, "got "+f.Got)
	}
	for i, line := range lines {
		// Brackets and braces would be read as links and placeholders.
		lines[i] = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "{", "{{", "}", "}}").Replace(xmlLine(line))
	}
	return orTitle(strings.Join(lines, "\n"), res)
}

// shownIn is the id of the exchange that shows a result best.
func shownIn(res Result) string {
	if f := res.worstFinding(); f.Exchange != "" {
		return f.Exchange
	}
	if len(res.Exchanges) > 0 {
		return res.Exchanges[0]
	}
	return ""
}

func sarifTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
