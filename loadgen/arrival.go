package loadgen

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Arrival says when flows start.
type Arrival struct {
	Model string  // closed, open or adaptive
	Flows int     // closed and adaptive: so many at a time
	Rate  float64 // open: flows per second at the beginning; 0 otherwise
	Text  string  // in words

	schedule func(part Shard) func() time.Duration // open: makes what yields the due times in order
}

// The models of arrival.
const (
	Closed   = "closed"
	Open     = "open"
	Adaptive = "adaptive"
)

// Together starts a flow whenever one of n has ended.
func Together(n int) Arrival {
	return Arrival{Model: Closed, Flows: n, Text: plural(n, "flow") + " at a time"}
}

// Adapting is Together with a rate of requests that falls when the target throttles and rises again when it does not.
func Adapting(n int) Arrival {
	return Arrival{Model: Adaptive, Flows: n, Text: fmt.Sprintf("as fast as the target takes it, at most %s at a time", plural(n, "flow"))}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// segment is a stretch of time with a rate that changes evenly.
type segment struct {
	from, to float64       // flows per second
	length   time.Duration // 0 = for ever
}

// ParseRate reads an arrival of the open model:
//
//	25/s  300/m  25              constant
//	poisson:25/s                 at random, seeded, 25/s on average
//	ramp:5/s..50/s:2m            rising evenly within 2 minutes, then constant
//	steps:10/s,20/s,40/s:30s     each rate for 30 seconds, the last one until the end
//	adaptive                     as fast as the target takes it
func ParseRate(text string, seed int64, flows int) (Arrival, error) {
	kind, rest, named := strings.Cut(text, ":")
	if !named {
		kind, rest = "constant", text
	}
	switch {
	case text == "adaptive":
		return Adapting(flows), nil
	case kind == "constant" || kind == "poisson":
		r, err := perSecond(rest)
		if err != nil {
			return Arrival{}, err
		}
		a := opening([]segment{{r, r, 0}}, strconv.FormatFloat(r, 'g', 4, 64)+" flows/s")
		if kind == "poisson" {
			a.Text += ", Poisson"
			a.schedule = func(part Shard) func() time.Duration { return poisson(r, seed, part) }
		}
		return a, nil
	case kind == "ramp":
		span, length, ok := strings.Cut(rest, ":")
		lo, hi, ok2 := strings.Cut(span, "..")
		a, err := perSecond(lo)
		b, err2 := perSecond(hi)
		d, err3 := time.ParseDuration(length)
		if !ok || !ok2 || errors.Join(err, err2, err3) != nil || d <= 0 {
			return Arrival{}, errors.New("write a ramp as ramp:5/s..50/s:2m")
		}
		return opening([]segment{{a, b, d}, {b, b, 0}}, fmt.Sprintf("%g to %g flows/s within %s", a, b, d)), nil
	case kind == "steps":
		list, length, ok := strings.Cut(rest, ":")
		d, err := time.ParseDuration(length)
		if !ok || err != nil || d <= 0 {
			return Arrival{}, errors.New("write steps as steps:10/s,20/s,40/s:30s")
		}
		var segments []segment
		for _, one := range strings.Split(list, ",") {
			r, err := perSecond(one)
			if err != nil {
				return Arrival{}, err
			}
			segments = append(segments, segment{r, r, d})
		}
		segments[len(segments)-1].length = 0
		return opening(segments, fmt.Sprintf("%s flows/s, %s each", strings.ReplaceAll(list, "/s", ""), d)), nil
	}
	return Arrival{}, fmt.Errorf("there is no arrival %q; use 25/s, poisson:25/s, ramp:5/s..50/s:2m, steps:10/s,20/s:30s or adaptive", kind)
}

func perSecond(text string) (float64, error) {
	number, unit, _ := strings.Cut(text, "/")
	r, err := strconv.ParseFloat(number, 64)
	if unit == "m" {
		r /= 60
	}
	if err != nil || unit != "" && unit != "s" && unit != "m" || !(r > 0 && r <= 1e6) {
		return 0, errors.New("write a rate as 25/s or 300/m")
	}
	return r, nil
}

func opening(segments []segment, text string) Arrival {
	return Arrival{Model: Open, Rate: segments[0].from, Text: text, schedule: func(part Shard) func() time.Duration {
		i := part.Nth(0)
		return func() time.Duration {
			at := timeOf(segments, float64(i))
			i += max(part.N, 1)
			return at
		}
	}}
}

// timeOf is when the n-th flow, counted from 0, is due: where the integral of the rate reaches n.
func timeOf(segments []segment, n float64) time.Duration {
	var start time.Duration
	for _, s := range segments {
		length := s.length.Seconds()
		in := (s.from + s.to) / 2 * length // flows of the whole segment
		if s.length == 0 || n < in {
			// from*t + (to-from)/(2*length)*t² = n
			t := n / s.from
			if s.length > 0 && s.to != s.from {
				a := (s.to - s.from) / (2 * length)
				t = 2 * n / (s.from + math.Sqrt(s.from*s.from+4*a*n))
			}
			return start + time.Duration(t*float64(time.Second))
		}
		n -= in
		start += s.length
	}
	return start
}

// poisson draws the gaps between flows; each shard draws its own, and together they are a Poisson process again.
func poisson(rate float64, seed int64, part Shard) func() time.Duration {
	r := rand.New(rand.NewPCG(uint64(seed), uint64(part.I)))
	rate /= float64(max(part.N, 1))
	at := 0.0
	return func() time.Duration {
		at += r.ExpFloat64() / rate
		return time.Duration(at * float64(time.Second))
	}
}

// of is the share of the asked rate that one shard makes.
func (a Arrival) of(part Shard) float64 { return a.Rate / float64(max(part.N, 1)) }
