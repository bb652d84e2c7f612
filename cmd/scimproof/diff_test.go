package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// BenchmarkEqualLoads runs one load 14 times against the embedded target and compares what must be equal: a hundred pairs of
// runs, and a hundred ways to split them into repeats. At least 95 of each have to say nothing.
func BenchmarkEqualLoads(b *testing.B) {
	dir := b.TempDir()
	b.Setenv("XDG_CACHE_HOME", dir)
	var loads []*reports.Load
	for i := range 14 {
		path := filepath.Join(dir, fmt.Sprint(i, ".json"))
		var out bytes.Buffer
		m := &Main{
			Args: []string{"load", "--embedded", "--users", "100", "--groups", "0", "--no-growth", "--seed", "7", "-q", "-o", "json=" + path},
			Env:  os.LookupEnv, Stdin: &bytes.Buffer{}, Stdout: &out, Stderr: &out,
		}
		if code := m.Run(b.Context()); code != reports.ExitOK {
			b.Fatalf("exit code %d: %s", code, out.String())
		}
		run, err := readResults(path)
		if err != nil {
			b.Fatal(err)
		}
		loads = append(loads, run.Load)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		for _, n := range []int{1, 7} {
			silent := 0
			for range 100 {
				r.Shuffle(len(loads), func(i, j int) { loads[i], loads[j] = loads[j], loads[i] })
				list, err := loadgen.CompareLoads(loads[:n], loads[n:2*n])
				if err != nil {
					b.Fatal(err)
				}
				quiet := true
				for _, c := range list {
					quiet = quiet && c.Word == reports.LoadSame
				}
				if quiet {
					silent++
				}
			}
			b.ReportMetric(float64(silent), fmt.Sprintf("silent/100(n=%d)", n))
			if silent < 95 {
				b.Errorf("with %d runs on each side %d of 100 comparisons say nothing", n, silent)
			}
		}
	}
}
