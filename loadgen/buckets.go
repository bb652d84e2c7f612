package loadgen

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A histogram has the layout of HdrHistogram with three significant digits over nanoseconds, up to one hour: a value is
// kept to within 0.1 %, and histograms of one layout merge without loss.
const (
	digits  = 3
	longest = int64(time.Hour)
)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, digits) }

// bucketOf is the number of a value's bucket in that layout; buckets below 2048 hold one value each.
func bucketOf(v int64) int32 {
	v = min(max(v, 0), longest)
	b := max(0, bits.Len64(uint64(v))-11)
	return int32(b<<10) + int32(v>>b)
}

// lowestOf is the least value of a bucket.
func lowestOf(bucket int32) int64 {
	if bucket < 2048 {
		return int64(bucket)
	}
	b := bucket>>10 - 1
	return int64(bucket-b<<10) << b
}

// sparse counts values by bucket: what a window of a second needs, which holds few.
type sparse map[int32]int64

func (s sparse) add(v int64) { s[bucketOf(v)]++ }

func (s sparse) total() (n int64) {
	for _, c := range s {
		n += c
	}
	return n
}

func (s sparse) merge(o sparse) {
	for b, n := range o {
		s[b] += n
	}
}

// into adds the counts to a histogram.
func (s sparse) into(h *hdrhistogram.Histogram) {
	for b, n := range s {
		_ = h.RecordValues(lowestOf(b), n)
	}
}

// encode writes the counts as base64 of pairs of varints: distance to the bucket before, and count.
func (s sparse) encode() string {
	if len(s) == 0 {
		return ""
	}
	var out []byte
	last := int32(0)
	for _, b := range slices.Sorted(maps.Keys(s)) {
		out = binary.AppendUvarint(out, uint64(b-last))
		out = binary.AppendUvarint(out, uint64(s[b]))
		last = b
	}
	return base64.StdEncoding.EncodeToString(out)
}

// bucketCount is how many buckets the layout has.
var bucketCount = bucketOf(longest) + 1

func decodeSparse(text string) (sparse, error) {
	in, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	s := sparse{}
	last := int32(0)
	for len(in) > 0 {
		step, n := binary.Uvarint(in)
		if n <= 0 {
			return nil, errors.New("a histogram is cut off")
		}
		count, m := binary.Uvarint(in[n:])
		if m <= 0 || step > uint64(bucketCount) || last+int32(step) >= bucketCount || count == 0 || count > 1<<53 {
			return nil, errors.New("a histogram is damaged")
		}
		in = in[n+m:]
		last += int32(step)
		s[last] += int64(count)
	}
	return s, nil
}

// sparseOf is the content of a histogram. Its counts are in the order of the buckets.
func sparseOf(h *hdrhistogram.Histogram) sparse {
	s := sparse{}
	for bucket, n := range h.Export().Counts {
		if n > 0 {
			s[int32(bucket)] = n
		}
	}
	return s
}
