package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The frame of a chart, in the units of its view box. It is small, so that its text stays readable on a phone.
const (
	chartWidth, chartHeight                 = 480.0, 250.0
	chartLeft, chartRight, chartTop, chartB = 58.0, 12.0, 12.0, 42.0
)

// chart is a line chart to be drawn.
type chart struct {
	title, says    string // the name of the chart, and what it shows in a sentence
	xLabel, yLabel string
	series         []series
	yLog           bool
	xTicks         []tick // given, or else round numbers
	yText          func(float64) string
	xText          func(float64) string
	dots           bool
	from, to       float64 // what the x axis has to span, where that is known
}

type series struct {
	name   string
	points []point
	target bool // a line to be reached, not a measurement
}

type point struct{ x, y float64 }

type tick struct {
	at   float64
	text string
}

// htmlChart is a chart in the numbers of its drawing.
type htmlChart struct {
	ID, Title, Says, XLabel, YLabel         string
	Width, Height, Left, Right, Top, Bottom float64
	MidX, Tick                              float64 // the middle of the x axis, and where its marks end
	XTicks, YTicks                          []htmlTick
	Series                                  []htmlSeries
}

type htmlTick struct {
	At   float64
	Text string
}

type htmlSeries struct {
	Name, Class, Path string
	Dots              []point2
}

type point2 struct{ X, Y float64 }

func round2(v float64) float64 { return math.Round(v*100) / 100 }

// draw turns the chart into numbers; nil where there is nothing to be seen.
func (c chart) draw(id string) *htmlChart {
	minX, maxX, minY, maxY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range c.series {
		for _, p := range s.points {
			if c.yLog && p.y <= 0 {
				continue
			}
			minX, maxX = min(minX, p.x), max(maxX, p.x)
			minY, maxY = min(minY, p.y), max(maxY, p.y)
		}
	}
	if math.IsInf(minX, 0) || math.IsNaN(minX+maxX+minY+maxY) || math.IsInf(maxX-minX, 0) || math.IsInf(maxY-minY, 0) {
		return nil
	}
	for _, t := range c.xTicks {
		minX, maxX = min(minX, t.at), max(maxX, t.at)
	}
	if c.to > c.from {
		minX, maxX = min(minX, c.from), max(maxX, c.to)
	}
	if minX == maxX {
		minX, maxX = minX-1, maxX+1
	}
	var yTicks []tick
	if c.yLog {
		yTicks = logTicks(minY, maxY)
		minY, maxY = min(minY, yTicks[0].at), max(maxY, yTicks[len(yTicks)-1].at)
	} else {
		minY = min(0, minY)
		if maxY == minY {
			maxY = minY + 1
		}
		yTicks = roundTicks(minY, maxY, 5)
		maxY = max(maxY, yTicks[len(yTicks)-1].at)
	}
	xTicks := c.xTicks
	if xTicks == nil {
		xTicks = roundTicks(minX, maxX, 6)
	}
	h := &htmlChart{
		ID: id, Title: c.title, Says: c.says, XLabel: c.xLabel, YLabel: c.yLabel, Width: chartWidth, Height: chartHeight,
		Left: chartLeft, Right: chartWidth - chartRight, Top: chartTop, Bottom: chartHeight - chartB,
	}
	h.MidX, h.Tick = (h.Left+h.Right)/2, h.Bottom+5
	x := func(v float64) float64 { return round2(h.Left + (v-minX)/(maxX-minX)*(h.Right-h.Left)) }
	y := func(v float64) float64 {
		if c.yLog {
			return round2(h.Bottom - (math.Log(v)-math.Log(minY))/(math.Log(maxY)-math.Log(minY))*(h.Bottom-h.Top))
		}
		return round2(h.Bottom - (v-minY)/(maxY-minY)*(h.Bottom-h.Top))
	}
	text := func(t tick, f func(float64) string) string {
		switch {
		case t.text != "":
			return t.text
		case f != nil:
			return f(t.at)
		}
		return short(t.at)
	}
	for _, t := range xTicks {
		if t.at >= minX && t.at <= maxX {
			h.XTicks = append(h.XTicks, htmlTick{x(t.at), text(t, c.xText)})
		}
	}
	for _, t := range yTicks {
		h.YTicks = append(h.YTicks, htmlTick{y(t.at), text(t, c.yText)})
	}
	for i, s := range c.series {
		v := htmlSeries{Name: line(s.name), Class: "s" + strconv.Itoa(i%6)}
		if s.target {
			v.Class = "goal"
		}
		var path strings.Builder
		for _, p := range s.points {
			if c.yLog && p.y <= 0 {
				continue
			}
			mark := "L"
			if path.Len() == 0 {
				mark = "M"
			}
			fmt.Fprintf(&path, "%s%g %g", mark, x(p.x), y(p.y))
			if c.dots || len(s.points) == 1 {
				v.Dots = append(v.Dots, point2{x(p.x), y(p.y)})
			}
		}
		v.Path = path.String()
		if v.Path != "" {
			h.Series = append(h.Series, v)
		}
	}
	return h
}

// roundTicks are about n round numbers that span the range from below to above.
func roundTicks(low, high float64, n int) []tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(n))))
	for _, m := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*m) <= float64(n) {
			step *= m
			break
		}
	}
	var out []tick
	for i := math.Floor(low / step); ; i++ {
		out = append(out, tick{at: i * step})
		if i*step >= high || len(out) > 50 {
			return out
		}
	}
}

// logTicks are powers of ten, and twos and fives between them where there are few.
func logTicks(low, high float64) []tick {
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if first == last {
		last++
	}
	var out []tick
	for e := first; e <= last; e++ {
		out = append(out, tick{at: math.Pow(10, e)})
		if last-first <= 2 && e < last {
			out = append(out, tick{at: 2 * math.Pow(10, e)}, tick{at: 5 * math.Pow(10, e)})
		}
	}
	// What is wholly outside the range only makes the picture smaller.
	for len(out) > 2 && out[1].at <= low {
		out = out[1:]
	}
	for len(out) > 2 && out[len(out)-2].at >= high {
		out = out[:len(out)-1]
	}
	return out
}

// short writes a number for an axis.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 3, 64) + "M"
	case a >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 3, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// shortTime writes milliseconds for an axis.
func shortTime(v float64) string {
	switch {
	case v >= 1000:
		return strconv.FormatFloat(v/1000, 'g', 3, 64) + " s"
	case v > 0 && v < 0.1:
		return strconv.FormatFloat(v*1000, 'g', 3, 64) + " µs"
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + " ms"
}
