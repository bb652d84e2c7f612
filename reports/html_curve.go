package reports

import (
	"encoding/base64"
	"encoding/binary"
	"math"
)

// bucket is the values of one bucket of a histogram.
type bucket struct{ nanos, count int64 }

// buckets reads LoadClass.Histogram; nil where it is damaged. The layout is that of HdrHistogram with 3 digits.
func buckets(text string) []bucket {
	in, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	var out []bucket
	last := int64(0)
	for len(in) > 0 {
		step, n := binary.Uvarint(in)
		if n <= 0 {
			return nil
		}
		count, m := binary.Uvarint(in[n:])
		if m <= 0 || step > 1<<16 || count > 1<<53 {
			return nil
		}
		in = in[n+m:]
		last += int64(step)
		value := last
		if last >= 2048 {
			b := last>>10 - 1
			if b > 40 {
				return nil
			}
			value = (last - b<<10) << b
		}
		out = append(out, bucket{value, int64(count)})
	}
	return out
}

// nines is a share below which a part of the answers lies, as a place on an axis on which each nine takes the same room.
func nines(share float64) float64 { return -math.Log10(1 - share) }

// curve is the latency in milliseconds below which each share of the answers lies. The last answer stands at the share
// that the others leave to it.
func curve(list []bucket) []point {
	total := int64(0)
	for _, b := range list {
		total += b.count
	}
	if total == 0 {
		return nil
	}
	var out []point
	end := nines(1 - 1/(2*float64(total)))
	below := int64(0)
	for _, b := range list {
		x := nines(float64(below) / float64(total))
		below += b.count
		// A point per 1/120 of the axis is all that can be seen.
		if n := len(out); n > 0 && x-out[n-1].x < end/120 && below < total {
			continue
		}
		out = append(out, point{x, float64(b.nanos) / 1e6})
	}
	if last := list[len(list)-1]; len(out) > 0 {
		out = append(out, point{end, float64(last.nanos) / 1e6})
	}
	return out
}

// ninesTicks are the marks of that axis, up to what the number of answers can show.
func ninesTicks(total int64) []tick {
	out := []tick{{0, "0"}, {nines(0.5), "50 %"}, {nines(0.9), "90 %"}}
	for _, t := range []struct {
		share float64
		text  string
	}{{0.99, "99 %"}, {0.999, "99.9 %"}, {0.9999, "99.99 %"}, {0.99999, "99.999 %"}, {0.999999, "99.9999 %"}} {
		if float64(total)*(1-t.share) < 0.5 {
			break
		}
		out = append(out, tick{nines(t.share), t.text})
	}
	return out
}
