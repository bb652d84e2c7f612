package reports

import (
	"encoding/csv"
	"io"
	"strconv"
)

// loadClasses are the outcome classes of a load, in the order of their columns.
var loadClasses = []string{"ok", "wanted-conflict", "unwanted-conflict", "throttled", "refused", "5xx", "transport"}

// WriteCSV writes the course of a load, a line per window and operation; latencies are milliseconds from the due time.
// Of checks it writes a line per result.
func WriteCSV(w io.Writer, r *Run, _ Verdict) error {
	out := csv.NewWriter(w)
	if r.Load == nil {
		_ = out.Write([]string{"id", "word", "level", "area", "title", "message", "reason"})
		for _, res := range r.Results {
			line := []string{res.ID, string(res.Word), string(res.Level), res.Area, res.Title, res.Message, res.why()}
			for i, text := range line {
				line[i] = Visible(clipBytes(text, textLimit, "…"))
			}
			_ = out.Write(line)
		}
		out.Flush()
		return out.Error()
	}
	head := append([]string{"second", "seconds", "operation", "answers"}, loadClasses...)
	_ = out.Write(append(head, "p50_ms", "p95_ms", "p99_ms", "max_ms"))
	for _, win := range r.Load.Series {
		all := int64(0)
		line := []string{strconv.FormatInt(win.At, 10), strconv.FormatInt(win.Width, 10), Visible(win.Operation), ""}
		for _, c := range loadClasses {
			all += win.Classes[c]
			line = append(line, strconv.FormatInt(win.Classes[c], 10))
		}
		line[3] = strconv.FormatInt(all, 10)
		for _, v := range []int64{win.P50, win.P95, win.P99, win.Max} {
			line = append(line, strconv.FormatFloat(float64(v)/1e6, 'f', 3, 64))
		}
		_ = out.Write(line)
	}
	out.Flush()
	return out.Error()
}
