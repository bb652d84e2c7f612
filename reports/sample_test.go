package reports

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample is a run with at least one of everything.
func sample() *Run {
	yes, no := true, false
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	patch := Requirement{
		ID: "7644-3.5.2.3-04", RFC: "7644", Section: "3.5.2.3", Level: Must,
		Statement: "A replace whose path has a value filter changes only the elements that match.",
	}
	etag := Requirement{ID: "7644-3.14-01", RFC: "7644", Section: "3.14", Level: Should, Statement: "Versions are offered as ETag."}
	return &Run{
		Tool:   Tool{Name: "scimproof", Version: "1.0.0", Commit: "abcdef"},
		Target: Target{Name: "staging", URL: "https://scim.example.com/v2"},
		RunID:  "r1k2", Seed: 42, Started: start, Finished: start.Add(48 * time.Second),
		Config: map[string]string{"fail-on": "must", "token": "env:TOKEN"},
		Features: []Feature{
			{Name: "patch", Claimed: &yes, Observed: &yes},
			{Name: "bulk", Claimed: &yes, Observed: &no},
			{Name: "sort", Claimed: &no, Observed: &yes},
			{Name: "etag", Claimed: &no, Observed: &no},
			{Name: "me", Forced: true},
			{Name: "cursor"},
		},
		Behaviours: []Behaviour{{ID: "A05", Question: "PATCH answers", Choice: "200 with body"}},
		CheckSet:   &CheckSet{Checks: 9, Digest: "0123456789ab"},
		Results: []Result{
			{
				ID: "create.status", Title: "answers 201", Area: "create", Level: Must, Word: Pass, Notes: []string{"Location is relative"},
				Requirements: []Requirement{{ID: "7644-3.3-05", RFC: "7644", Section: "3.3", Level: Must, Statement: "Creation answers 201."}},
				Exchanges:    []string{"x1"}, Duration: 12 * time.Millisecond,
			},
			{
				ID: "patch.replace-value-filter", Title: "replace with a value filter changes only the matching element", Area: "patch",
				Level: Must, Word: Fail, Message: "another element was removed", Requirements: []Requirement{etag, patch},
				Findings: []Finding{
					{Word: Fail, Message: "another element was removed", Expected: `emails[1] = {"type":"home","value":"b@example.com"}`, Got: "emails[1] is absent"},
					{Word: Warn, Message: "meta.lastModified did not change"},
				},
				Why:       "An identity provider that changes the work address loses the private one.",
				Fix:       "Apply the filter of the path, then change only the elements that it selects.",
				Exchanges: []string{"x2", "x3", "gone"}, Duration: 1500 * time.Millisecond,
			},
			{
				ID: "patch.after", Title: "the element can be read back", Area: "patch", Level: Must, Word: Skip, Reason: "blocked by patch.replace-value-filter",
				BlockedBy: "patch.replace-value-filter",
			},
			{ID: "patch.error", Title: "an unknown path is refused", Area: "patch", Level: Must, Word: Error, Reason: "503 three times", Exchanges: []string{"x3"}},
			{
				ID: "etag.offered", Title: "resources carry an ETag", Area: "etag", Level: Should, Word: Warn, Message: "no ETag",
				Requirements: []Requirement{etag}, Findings: []Finding{{Word: Warn, Message: "no ETag", Expected: "an ETag header", Got: "none"}},
			},
			{ID: "sort.offered", Title: "sorting is offered", Area: "sort", Level: May, Word: Info, Message: "sorting is not offered"},
			{ID: "bulk.order", Title: "bulk keeps the order", Area: "bulk", Level: Must, Word: Skip, Reason: "bulk is not claimed"},
			{ID: "bulk.limit", Title: "bulk refuses too many operations", Area: "bulk", Level: Must, Word: Skip, Reason: "bulk is not claimed"},
			{
				ID: "put.immutable", Title: "PUT refuses to change an immutable attribute", Area: "put", Level: MustNot, Word: Waived,
				Reason: "vendor ticket 4711 (until 2026-12-31)", Message: "it was changed", Findings: []Finding{{Word: Fail, Message: "it was changed"}},
			},
		},
		Exchanges: []*Exchange{
			{
				ID: "x1", Method: "POST", URL: "https://scim.example.com/v2/Users", RequestBody: `{"userName":"a"}`, Status: 201,
				ResponseHeader: http.Header{"Content-Type": {"application/scim+json"}}, ResponseBody: `{"id":"1"}`, Started: start, Duration: time.Millisecond,
			},
			{
				ID: "x2", Method: "PATCH", URL: "https://scim.example.com/v2/Users/1", RequestHeader: http.Header{"Authorization": {"Bearer ***"}},
				RequestBody: `{"Operations":[]}`, Status: 200, ResponseBody: "{\"a\":\"<b>\u009b\u202e\"}", Started: start, Duration: time.Millisecond,
			},
			{
				ID: "x3", Method: "GET", URL: "https://scim.example.com/v2/Users/1", Error: "connection reset", ResponseBody: "\xff\xfe half", Truncated: true,
				Started: start, Duration: time.Millisecond,
			},
		},
		Waivers: []Waiver{
			{ID: "put.immutable", Reason: "vendor ticket 4711", Expires: "2026-12-31", Owner: "iam-team", Place: "w.yaml:3", State: WaiverUsed, Waived: []string{"put.immutable"}},
			{ID: "bulk.order", Targets: []string{"staging"}, Reason: "replica lag", Expires: "2026-12-31", Owner: "iam-team", Flaky: true, State: WaiverUntried, Note: "skipped"},
		},
		Requests: 612, Writes: 120, Retries: 1,
		Cleanup: Cleanup{Created: 42, Deleted: 41, Left: []Leftover{{Endpoint: "/Users", ID: "7", Key: "r1k2-7", Why: "DELETE answered 500"}}, Ledger: "r1k2.ledger"},
	}
}

// clean is a run with nothing to complain about.
func clean() *Run {
	r := sample()
	r.Results, r.Cleanup.Left, r.Cleanup.Deleted, r.Features, r.Behaviours = r.Results[:1], nil, 42, r.Features[:1], nil
	r.Waivers = nil
	return r
}

// unreachable is a run that found nobody at home.
func unreachable() *Run {
	r := sample()
	r.Results, r.Exchanges, r.Features, r.Behaviours, r.Waivers, r.Cleanup = nil, nil, nil, nil, nil, Cleanup{}
	r.Cut = &Cut{Kind: CutUnreachable, Why: "dial tcp 127.0.0.1:1: connection refused", Hint: "check --url, or start the server"}
	return r
}

// golden compares with a file in testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; look at it and run go test ./reports -update\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
