package loadgen

import (
	"testing"

	"pgregory.net/rapid"
)

func TestIDsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(
			rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
			rapid.StringMatching(`[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
			rapid.StringN(0, 40, 40), rapid.StringMatching(`[0-9]{1,18}`), rapid.StringMatching(`[0-9a-f]{36}`),
		)
		want := map[int]string{}
		var table IDs
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			i, v := rapid.IntRange(0, 20).Draw(t, "i"), id.Draw(t, "id")
			table.Set(i, v)
			want[i] = v
		}
		for i := range 22 {
			if got := table.Get(i); got != want[i] || table.Has(i) != (want[i] != "") {
				t.Fatalf("index %d: got %q, want %q", i, got, want[i])
			}
		}
	})
}

func TestBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[int]bool{}
		var b Bits
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			i, in := rapid.IntRange(0, 200).Draw(t, "i"), rapid.Bool().Draw(t, "in")
			b.Set(i, in)
			want[i] = in
		}
		for i := range 300 {
			if b.Has(i) != want[i] {
				t.Fatalf("%d: %v", i, b.Has(i))
			}
		}
	})
}
