package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"testing"
)

// FuzzReports writes every report of a run against a target that answers anything: each must be a whole document.
func FuzzReports(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "text", "ok")
	f.Add([]byte("\xff\xfe<b>]]>\x00\x1b[31m"), "\x1b]0;title\x07\u202e", "<!--")
	f.Add([]byte(`[[[[[[`), "&amp;]]>", "\n\r\t")
	f.Fuzz(func(t *testing.T, body []byte, header, message string) {
		x := &Exchange{
			ID: "x1", Method: message, URL: "http://127.0.0.1/" + header, Status: len(body), Error: message,
			ResponseHeader: http.Header{"X-Fuzz": {header}}, ResponseBody: string(body), RequestBody: message,
		}
		x.Capture(http.Header{"X-Fuzz": {header}}, body, nil)
		_, _ = x.JSON()
		if x.Object() == nil {
			t.Error("no object")
		}
		_ = x.Line()
		run := sample()
		run.Exchanges = append(run.Exchanges, x)
		run.Results = append(run.Results, Result{
			ID: "create.fuzz", Title: "fuzz", Area: "create", Level: Must, Word: Fail, Message: message, Reason: header, Notes: []string{header},
			Findings: []Finding{{Word: Fail, Message: message, Expected: header, Got: string(body)}}, Exchanges: []string{"x1"},
		})
		run.Behaviours = append(run.Behaviours, Behaviour{ID: "A01", Question: header, Choice: message})
		for _, format := range Formats() {
			var buf bytes.Buffer
			if err := Write(format, &buf, run, run.Verdict(Policy{})); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			switch format {
			case "json":
				if !json.Valid(buf.Bytes()) {
					t.Fatalf("no JSON: %s", buf.Bytes())
				}
			case "junit":
				dec := xml.NewDecoder(&buf)
				for {
					if _, err := dec.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
				}
			case "text":
				if bytes.ContainsAny(buf.Bytes(), "\x1b\x07\x00") {
					t.Fatalf("control characters reach the terminal: %q", buf.Bytes())
				}
			}
		}
	})
}
