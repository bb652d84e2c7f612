package loadgen

import "testing"

func TestPager(t *testing.T) {
	for name, c := range map[string]struct {
		to    Target
		steps []struct {
			count, total int
			next         string
		}
		want []string // the queries; the walk ends behind the last
	}{
		"by index": {steps: []struct {
			count, total int
			next         string
		}{{2, 3, ""}, {1, 3, ""}}, want: []string{"startIndex=1&count=5", "startIndex=3&count=5"}},
		"cursors beside a total are left alone": {steps: []struct {
			count, total int
			next         string
		}{{2, 3, "a"}, {1, 3, ""}}, want: []string{"startIndex=1&count=5", "startIndex=3&count=5"}},
		"without a total": {steps: []struct {
			count, total int
			next         string
		}{{2, -1, ""}, {0, -1, ""}}, want: []string{"startIndex=1&count=5", "startIndex=3&count=5"}},
		"cursors instead of a total": {steps: []struct {
			count, total int
			next         string
		}{{2, -1, "a+b"}, {1, -1, ""}}, want: []string{"startIndex=1&count=5", "cursor=a%2Bb&count=5"}},
		"cursors alone": {to: Target{CursorOnly: true}, steps: []struct {
			count, total int
			next         string
		}{{2, 3, "a"}, {1, 3, ""}}, want: []string{"cursor=&count=5", "cursor=a&count=5"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.to.Pages()
			for i, s := range c.steps {
				if got := p.Query(5); got != c.want[i] {
					t.Errorf("page %d is %q, not %q", i+1, got, c.want[i])
				}
				if more := p.Took(s.count, s.total, s.next); more != (i+1 < len(c.steps)) {
					t.Errorf("after page %d another one follows: %v", i+1, more)
				}
			}
		})
	}
}
