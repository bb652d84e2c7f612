package reports

import (
	"math"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestShell lets a shell read back what was quoted for it.
func TestShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, s := range append([]string{"a", "it's", "$(id)", "a b", "`id`", "!!", "\\", "-x", "@/etc/passwd", "tab\there", "zürich", "日本", "\u202egnp", "x\x1b[2Jy'z\\", "\xff\xfe", "line\nbreak", "\r"}, nasty...) {
		if strings.Contains(s, "\x00") || len(s) > 1000 {
			continue
		}
		quoted := shell(s)
		if strings.IndexFunc(quoted, hidden) >= 0 {
			t.Errorf("%q is quoted with hidden characters: %q", s, quoted)
		}
		cmd := exec.Command(bash, "-c", "printf %s "+quoted)
		cmd.Env = []string{"LC_ALL=C.UTF-8"}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != s {
			t.Errorf("%q came back as %q (%v)", s, out, err)
		}
	}
}

func TestCurl(t *testing.T) {
	x := &Exchange{
		ID: "x", Method: "PATCH", URL: `http://127.0.0.1/Users?filter=userName eq "it's"`, RequestBody: `{"a":"it's"}`,
		RequestHeader: http.Header{"Authorization": {"[redacted]"}, "X-Api-Key": {"[redacted]"}, "User-Agent": {"scimproof"}, "If-Match": {`W/"1"`}},
	}
	want := `curl -gsi --path-as-is -X PATCH \
  --url 'http://127.0.0.1/Users?filter=userName eq "it'\''s"' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'If-Match: W/"1"' \
  -H "X-Api-Key: $SCIM_SECRET" \
  --data-raw '{"a":"it'\''s"}'`
	if got := x.curl("bearer"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := x.curl("basic"); !strings.Contains(got, `-u "$SCIM_USER:$SCIM_PASSWORD"`) || strings.Contains(got, "SCIM_TOKEN") {
		t.Errorf("basic: %s", got)
	}
	x.RequestHeader = http.Header{"X-\"; rm -rf ~; \"": {"[redacted]"}}
	if got := x.curl(""); strings.Contains(got, `-H "X-"`) {
		t.Errorf("a header's name breaks out: %s", got)
	}
}

func TestDifference(t *testing.T) {
	text := func(d []htmlDiff) string {
		var lines []string
		for _, l := range d {
			lines = append(lines, l.Mark+strings.TrimSpace(l.Text))
		}
		return strings.Join(lines, "|")
	}
	for _, c := range []struct{ expected, got, want string }{
		{`{"b":1,"a":[1,2]}`, `{"a":[1,3],"b":1}`, ` {| "a": [| 1,|-2|+3| ],| "b": 1| }`},
		{`{"a":1}`, `{"a":1,"b":2}`, ` {| "a": 1|+"b": 2| }`},
		{`[1]`, `[1]`, ""},
		{`"text"`, `[1]`, ""},
		{`{"a":1} trailing`, `{"a":1}`, ""},
		{`{"a":1}`, `absent`, ""},
		{`[` + strings.Repeat("1,", 400) + `1]`, `[]`, ""},
	} {
		if got := text(difference(c.expected, c.got)); got != c.want {
			t.Errorf("%s against %s: %s", c.expected, c.got, got)
		}
	}
}

// TestCurve draws a distribution whose quantiles are known.
func TestCurve(t *testing.T) {
	var list []bucket
	for i := int64(1); i <= 1000; i++ {
		list = append(list, bucket{i * 1e6, 1})
	}
	points := curve(list)
	if len(points) < 50 || len(points) > 200 {
		t.Errorf("%d points", len(points))
	}
	for _, p := range points {
		share := 1 - math.Pow(10, -p.x)
		if want := share * 1000; math.Abs(p.y-want) > 2 {
			t.Errorf("%.2f %% lie below %.1f ms, want %.1f", share*100, p.y, want)
		}
	}
	if last := points[len(points)-1]; last.y != 1000 {
		t.Errorf("the slowest answer is missing: %v", last)
	}
	if curve(nil) != nil || buckets("!") != nil || buckets("/////w==") != nil {
		t.Error("damage is drawn")
	}
	if got := buckets("gBAB"); len(got) != 1 || got[0] != (bucket{2048, 1}) {
		t.Errorf("%v", got)
	}
}

func TestChartsOfOddValues(t *testing.T) {
	for name, c := range map[string]chart{
		"nothing":  {},
		"zero":     {series: []series{{points: []point{{0, 0}}}}, yLog: true},
		"not real": {series: []series{{points: []point{{0, math.NaN()}, {1, math.Inf(1)}}}}},
		"far":      {series: []series{{points: []point{{0, -math.MaxFloat64}, {1, math.MaxFloat64}}}}},
	} {
		if h := c.draw("x"); h != nil {
			t.Errorf("%s is drawn: %+v", name, h)
		}
	}
	for name, c := range map[string]chart{
		"one":   {series: []series{{points: []point{{5, 5}}}}},
		"flat":  {series: []series{{points: []point{{0, 7}, {9, 7}}}}, yLog: true},
		"small": {series: []series{{points: []point{{0, 1e-9}, {1, 2e-9}}}}, yLog: true},
		"wide":  {series: []series{{points: []point{{0, 1e-3}, {1, 1e9}}}}, yLog: true},
		"big":   {series: []series{{points: []point{{0, 0}, {1e12, 1e12}}}}},
	} {
		h := c.draw("x")
		if h == nil || len(h.Series) != 1 || len(h.XTicks) < 2 || len(h.YTicks) < 2 || len(h.YTicks) > 15 || strings.Contains(h.Series[0].Path, "N") {
			t.Errorf("%s: %+v", name, h)
			continue
		}
		for _, tick := range h.YTicks {
			if tick.At < h.Top-0.01 || tick.At > h.Bottom+0.01 {
				t.Errorf("%s: a mark is outside: %+v", name, tick)
			}
		}
	}
}

func TestCommand(t *testing.T) {
	r := sample()
	r.Config = map[string]string{"auth": "bearer", "only": "patch.*,create.*", "allow-writes": "scim.example.com", "fail-on": "should", "read-only": "true"}
	want := "scimproof check https://scim.example.com/v2 --token env:SCIM_TOKEN --allow-writes scim.example.com --only 'patch.*,create.*' --fail-on should --read-only --seed 42"
	if got := command(r); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	r.Target.Name = "embedded target"
	if got := command(r); !strings.HasPrefix(got, "scimproof demo --") {
		t.Errorf("got %s", got)
	}
	load := sampleLoad()
	if got, want := command(load), "scimproof load http://127.0.0.1/scim/v2 --users 10000 --threshold 'create:p95<300ms' --threshold 'errors<0.01%' --threshold 'growth.lookup<=log' --seed 7"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestSectionsInOrder(t *testing.T) {
	for _, c := range [][2]string{{"3.4", "3.4.1"}, {"3.4.1", "3.10"}, {"2", "10"}, {"3", "A"}} {
		if compareSections(c[0], c[1]) >= 0 || compareSections(c[1], c[0]) <= 0 {
			t.Errorf("%s does not stand before %s", c[0], c[1])
		}
	}
}

func TestCoverage(t *testing.T) {
	a := Requirement{ID: "7644-3.10-01", RFC: "7644", Section: "3.10", Level: Must, Statement: "a"}
	b := Requirement{ID: "7644-3.4-01", RFC: "7644", Section: "3.4", Level: Must, Statement: "b"}
	c := Requirement{ID: "7643-2-01", RFC: "7643", Section: "2", Level: Must, Statement: "c"}
	got := coverage([]Result{
		{ID: "1", Word: Pass, Requirements: []Requirement{a, b}},
		{ID: "2", Word: Fail, Requirements: []Requirement{b}},
		{ID: "3", Word: Skip, Requirements: []Requirement{c, a}},
	})
	if len(got) != 2 || got[0].RFC != "7643" || got[1].Sections[0].Number != "3.4" || got[1].Sections[1].Number != "3.10" {
		t.Fatalf("%+v", got)
	}
	if s := got[1].Sections[0]; s.Fail != 1 || s.Pass != 0 || s.Total != 1 {
		t.Errorf("3.4: %+v", s)
	}
	if s := got[1].Sections[1]; s.Pass != 1 || s.Skip != 0 {
		t.Errorf("what one check passed and another skipped is judged: %+v", s)
	}
	if s := got[0].Sections[0]; s.Skip != 1 {
		t.Errorf("2: %+v", s)
	}
}
