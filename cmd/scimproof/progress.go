package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

const (
	redraw    = 100 * time.Millisecond
	heartbeat = 15 * time.Second
	barWidth  = 20
)

// progress shows how far a run is: a line that is redrawn on a terminal, elsewhere a line per area, and a sign of life
// every 15 s, since some CI runners kill jobs that are silent.
type progress struct {
	mu      sync.Mutex
	w       io.Writer
	tty     bool
	total   int
	started time.Time
	said    time.Time
	done    int
	count   map[reports.Word]int
	area    string
	areas   map[string]map[reports.Word]int
	due     map[string]int // checks of an area that are still to come
	order   []string
	stop    chan struct{}
}

// newProgress starts to show the progress of a run of these checks on w; a nil *progress shows nothing.
func newProgress(w io.Writer, tty bool, checks []suites.CheckInfo) *progress {
	p := &progress{
		w: w, tty: tty, total: len(checks), started: time.Now(), stop: make(chan struct{}),
		count: map[reports.Word]int{}, areas: map[string]map[reports.Word]int{}, due: map[string]int{},
	}
	for _, c := range checks {
		if p.due[c.Area] == 0 {
			p.areas[c.Area] = map[reports.Word]int{}
			p.order = append(p.order, c.Area)
		}
		p.due[c.Area]++
	}
	p.said = p.started
	go p.beat()
	return p
}

func (p *progress) beat() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-t.C:
		}
		p.mu.Lock()
		if p.tty {
			p.draw()
		} else if time.Since(p.said) >= heartbeat {
			fmt.Fprintf(p.w, "%s: %d of %d checks done\n", time.Since(p.started).Round(time.Second), p.done, p.total)
			p.said = time.Now()
		}
		p.mu.Unlock()
	}
}

// result takes in a finished check.
func (p *progress) result(r reports.Result) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.area = r.Area
	p.done++
	p.due[r.Area]--
	p.count[r.Word]++
	p.areas[r.Area][r.Word]++
	if p.due[r.Area] == 0 {
		p.endArea(r.Area)
	}
	if p.tty && (time.Since(p.said) >= redraw || p.done == p.total) {
		p.draw()
	}
}

// endArea prints the line of an area; the caller holds mu.
func (p *progress) endArea(area string) {
	if p.tty {
		return
	}
	fmt.Fprintf(p.w, "%-14s %s\n", area, counts(p.areas[area]))
	p.said = time.Now()
}

// draw redraws the status line; the caller holds mu.
func (p *progress) draw() {
	full := barWidth * p.done / max(p.total, 1)
	fmt.Fprintf(p.w, "\r\x1b[K[%s%s] %d/%d  %s  %d fail  %d warn  %s", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full),
		p.done, p.total, p.area, p.count[reports.Fail], p.count[reports.Warn], time.Since(p.started).Round(time.Second))
	p.said = time.Now()
}

// line prints a line of its own beside the status line.
func (p *progress) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tty {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, format+"\n", args...)
	p.said = time.Now()
}

// finish ends the display.
func (p *progress) finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.stop)
	for _, area := range p.order {
		if p.due[area] > 0 && len(p.areas[area]) > 0 {
			p.endArea(area) // cut short
		}
	}
	if p.tty {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// counts lists how often each word occurred.
func counts(n map[reports.Word]int) string {
	var parts []string
	for _, w := range reports.Words() {
		if n[w] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[w], w))
		}
	}
	return strings.Join(parts, "  ")
}
