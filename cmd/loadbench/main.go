// Command loadbench compares the load driver with a bare net/http loop, the vegeta command, wrk and k6 on the same work, in
// one run on one machine: interleaved rounds, medians, and requests counted by the server. `make bench` runs it. Each client
// is a process of its own, so that its CPU and memory are its own.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	role      = flag.String("role", "", "stub, loop, drive, flows, open or openloop: what a child process does")
	baseURL   = flag.String("url", "", "base URL of the stub, for children")
	n         = flag.Int("n", 100_000, "fixed requests")
	users     = flag.Int("users", 10_000, "users of the cycle")
	rounds    = flag.Int("rounds", 3, "interleaved rounds")
	tools     = flag.String("tools", "bin/tools", "where vegeta and k6 are")
	scimproof = flag.String("scimproof", "bin/scimproof", "the binary")
)

func main() {
	flag.Parse()
	var err error
	switch *role {
	case "":
		err = compare()
	case "stub":
		err = serveStub()
	default:
		err = child(*role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadbench:", err)
		os.Exit(1)
	}
}

// contender is one client on one work.
type contender struct {
	name string
	args []string
	// own reads the figures that the client tells of itself; nil takes those of the process.
	own func() (figure, error)

	seen []figure
}

type figure struct {
	requests  float64
	cpu, wall float64 // seconds
	memory    float64 // MB
}

func compare() error {
	dir, err := os.MkdirTemp("", "loadbench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	stub, base, err := startStub(self)
	if err != nil {
		return err
	}
	defer func() { _ = stub.Process.Kill() }()
	scripts := map[string]string{
		"get.js": k6Get, "cycle.js": k6Cycle, "targets.txt": "GET " + base + "/static\n",
	}
	for name, text := range scripts {
		text = strings.NewReplacer("BASE_URL", base, "REQUESTS", strconv.Itoa(*n/4), "USERS", strconv.Itoa(*users)).Replace(text)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	report := filepath.Join(dir, "load.json")
	at := func(tool string) string { return filepath.Join(*tools, tool) }
	me := func(role string, more ...string) []string {
		return append([]string{self, "-role", role, "-url", base, "-n", strconv.Itoa(*n), "-users", strconv.Itoa(*users)}, more...)
	}
	fixed := []*contender{
		{name: "net/http loop", args: me("loop")},
		{name: "scimproof driver", args: me("drive")},
		{name: "vegeta command", args: []string{at("vegeta"), "attack", "-targets", filepath.Join(dir, "targets.txt"), "-rate", "0", "-max-workers", "32", "-duration", "3s", "-output", "/dev/null"}},
		{name: "wrk", args: []string{"wrk", "-t1", "-c32", "-d3s", base + "/static"}},
		{name: "k6", args: []string{at("k6"), "run", "-q", "--no-usage-report", filepath.Join(dir, "get.js")}},
	}
	cycle := []*contender{
		{name: "bare goroutines", args: me("flows")},
		{name: "scimproof load", args: []string{*scimproof, "load", base, "-q", "--users", strconv.Itoa(*users), "--groups", "0", "--no-managers", "--no-growth", "--keep", "--flows", "32", "--ledger", filepath.Join(dir, "ledger"), "-o", "json=" + report}, own: func() (figure, error) { return ownFigures(report, filepath.Join(dir, "ledger")) }},
		{name: "k6", args: []string{at("k6"), "run", "-q", "--no-usage-report", filepath.Join(dir, "cycle.js")}},
	}
	for round := range *rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, *rounds)
		for _, list := range [][]*contender{fixed, cycle} {
			for _, c := range list {
				if err := c.run(base); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
			}
		}
	}
	fmt.Println("Fixed GET, 32 connections (requests counted by the server, medians):")
	table(fixed)
	fmt.Printf("\nInitial cycle of %d users, 32 flows (scimproof: everything recorded; its audit, which the others have not, is left out):\n", *users)
	table(cycle)
	return compareOpen(self, base)
}

// run runs the client once, between a reset and a look at the server's counter.
func (c *contender) run(base string) error {
	if _, err := exec.LookPath(c.args[0]); err != nil {
		return nil // not installed: it gets no row
	}
	if err := reset(base); err != nil {
		return err
	}
	cmd := onFirst(c.args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	f := figure{wall: time.Since(began).Seconds(), cpu: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), memory: float64(maxMemory(cmd.ProcessState)) / 1e6}
	count, err := served(base)
	if err != nil {
		return err
	}
	f.requests = float64(count)
	if c.own != nil {
		own, err := c.own()
		if err != nil {
			return err
		}
		f = own
	}
	c.seen = append(c.seen, f)
	return nil
}

// ownFigures are those of the load itself out of the report. The ledger is removed, so that the next round begins anew.
func ownFigures(report, ledger string) (figure, error) {
	var r struct {
		Load struct {
			Wall       float64 `json:"wallNanos"`
			Operations []struct{ Sent float64 }
			Generator  struct {
				CPU    float64 `json:"cpuNanos"`
				Memory float64 `json:"memoryBytes"`
			}
		}
	}
	b, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return figure{}, err
	}
	f := figure{cpu: r.Load.Generator.CPU / 1e9, wall: r.Load.Wall / 1e9, memory: r.Load.Generator.Memory / 1e6}
	for _, o := range r.Load.Operations {
		f.requests += o.Sent
	}
	return f, os.Remove(ledger)
}

func table(list []*contender) {
	mid := func(c *contender, of func(figure) float64) float64 {
		var v []float64
		for _, f := range c.seen {
			v = append(v, of(f))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	var first float64
	fmt.Printf("  %-18s %9s %12s %8s %9s %8s\n", "", "requests", "us CPU/req", "ratio", "wall", "memory")
	for _, c := range list {
		if len(c.seen) == 0 {
			fmt.Printf("  %-18s not installed\n", c.name)
			continue
		}
		per := mid(c, func(f figure) float64 { return f.cpu / max(f.requests, 1) * 1e6 })
		if first == 0 {
			first = per
		}
		fmt.Printf("  %-18s %9.0f %12.1f %8.2f %8.2fs %5.0f MB\n", c.name, mid(c, func(f figure) float64 { return f.requests }), per, per/first,
			mid(c, func(f figure) float64 { return f.wall }), mid(c, func(f figure) float64 { return f.memory }))
	}
}

const k6Get = `import http from 'k6/http';
export const options = { scenarios: { get: { executor: 'shared-iterations', vus: 32, iterations: REQUESTS, maxDuration: '10m' } } };
export default function () { http.get('BASE_URL/static'); }
`

const k6Cycle = `import http from 'k6/http'; import { check } from 'k6'; import exec from 'k6/execution';
export const options = { scenarios: { init: { executor: 'shared-iterations', vus: 32, iterations: USERS, maxDuration: '30m' } } };
const H = { 'Content-Type': 'application/scim+json' }, pad = (i) => String(i).padStart(8, '0');
export default function () {
  const i = exec.scenario.iterationInTest, un = 'avery.montgomery.' + pad(i) + '@contoso.example';
  const r = http.get('BASE_URL/Users?filter=' + encodeURIComponent('userName eq "' + un + '"'), { headers: H, tags: { name: 'lookup' } });
  if (!check(r, { ok: (x) => x.status === 200 })) return;
  if (r.json().totalResults === 0) http.post('BASE_URL/Users', JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: un,
    externalId: 'hr-' + pad(i), name: { givenName: 'Avery', familyName: 'Montgomery', formatted: 'Avery Montgomery' }, displayName: 'Avery Montgomery', title: 'Engineer',
    active: true, emails: [{ value: un, type: 'work', primary: true }, { value: 'home' + pad(i) + '@contoso.example', type: 'home' }],
    phoneNumbers: [{ value: '+1-201-555-0100', type: 'work' }], addresses: [{ type: 'work', locality: 'Springfield', country: 'US', postalCode: '12345', streetAddress: '1 Main Street' }],
  }), { headers: H, tags: { name: 'create' } }).json('id');
}
`
