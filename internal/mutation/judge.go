package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed schemata.go.txt
var schemata string

// judge runs the checks against mutants, one process for each: a mutant may hang, or fill the memory.
type judge struct {
	binary, clean string
	limit         time.Duration
}

// newJudge compiles the mutants and judges the clean target, which tells which mutants are reached at all.
func newJudge(ctx context.Context, root, dir string, code *mutated) (*judge, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	put := func(name string, src []byte) error {
		at := filepath.Join(dir, name)
		overlay.Replace[filepath.Join(root, targetDir, name)] = at
		return os.WriteFile(at, src, 0o600)
	}
	for name, src := range code.files {
		if err := put(name, src); err != nil {
			return nil, err
		}
	}
	last := 0
	for _, m := range code.mutants {
		last = max(last, m.n)
	}
	if err := put("schemata.go", []byte(schemata+fmt.Sprintf("\nconst mutantCount = %d\n", last+1))); err != nil {
		return nil, err
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), b, 0o600); err != nil {
		return nil, err
	}
	j := &judge{binary: filepath.Join(dir, "judge"), clean: filepath.Join(dir, "clean.json"), limit: 5 * time.Minute}
	build := exec.CommandContext(ctx, "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", j.binary, "./internal/mutation/judge")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the mutants cannot be compiled: %w\n%s", err, out)
	}
	start := time.Now()
	reached := filepath.Join(dir, "reached")
	if said := j.run(ctx, "SCIMPROOF_REACHED="+reached, "SCIMPROOF_CLEAN_WRITE="+j.clean); said != "survived" {
		return nil, fmt.Errorf("the clean target: %s", said)
	}
	j.limit = max(time.Minute, 10*time.Since(start))
	list, err := os.ReadFile(reached)
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	for _, line := range strings.Fields(string(list)) {
		n, _ := strconv.Atoi(line)
		seen[n] = true
	}
	for _, m := range code.mutants {
		m.reached = seen[m.n]
	}
	return j, nil
}

// run starts the judge once and returns what it says.
func (j *judge) run(ctx context.Context, env ...string) string {
	ctx, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.binary)
	cmd.Env = append(os.Environ(), append(env, "SCIMPROOF_CLEAN="+j.clean, "GOGC=400", "GOMEMLIMIT=1GiB")...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	last := strings.TrimSpace(out.String())
	if i := strings.LastIndexByte(last, '\n'); i >= 0 {
		last = last[i+1:]
	}
	switch {
	case ctx.Err() != nil:
		return "noticed: hangs"
	case err != nil:
		return "noticed: crashes: " + shorten(last)
	}
	return last
}

// tryAll tries the mutants. Those that are explained, and those that the checks never reach, survive without trial.
func (j *judge) tryAll(ctx context.Context, list []*mutant, workers int, verbose bool) {
	queue := make(chan *mutant)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range workers {
		wg.Go(func() {
			for m := range queue {
				said := "survived"
				if m.reached && m.reason == "" {
					said = j.run(ctx, "SCIMPROOF_MUTANT="+strconv.Itoa(m.n))
				}
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				m.judge(said)
				done++
				if verbose {
					fmt.Printf("%s %s %s\n", m.fate, m.by, m)
				} else if done%100 == 0 {
					fmt.Fprintf(os.Stderr, "%d of %d\n", done, len(list))
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range list {
		select {
		case queue <- m:
		case <-ctx.Done():
		}
	}
	close(queue)
	wg.Wait()
}

func (m *mutant) judge(said string) {
	switch by, ok := strings.CutPrefix(said, "noticed: "); {
	case ok:
		m.fate, m.by = noticed, by
	case m.reason != "":
		m.fate = explained
	default:
		m.fate = survived
	}
}
