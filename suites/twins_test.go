package suites

import (
	"slices"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
)

// twins are pairs of flaws that look alike but break two different rules. TestKillMatrix holds that a flaw is noticed by
// exactly the checks that it names; here each of a pair must be noticed by a check that the other passes.
var twins = [][2]string{
	{"filter-string-gt-border", "filter-string-ge-border"},
	{"filter-string-lt-border", "filter-string-le-border"},
	{"filter-datetime-gt-border", "filter-datetime-ge-border"},
	{"filter-datetime-lt-border", "filter-datetime-le-border"},
	{"filter-string-gt-border", "filter-datetime-gt-border"},
	{"filter-string-le-border", "filter-datetime-le-border"},
	{"filter-boolean-gt-accepted", "filter-boolean-ge-accepted"},
	{"filter-boolean-lt-accepted", "filter-boolean-le-accepted"},
	{"filter-sw-anywhere", "filter-ew-anywhere"},
	{"filter-username-case-exact", "filter-substring-case-exact"},
	{"filter-substring-case-exact", "filter-order-case-exact"},
	{"filter-username-case-exact", "filter-case-ascii-only"},
	{"filter-not-normalised", "filter-case-ascii-only"},
	{"filter-external-id-folded", "filter-id-folded"},
	{"filter-pr-simple-true", "filter-pr-complex-true"},
	{"filter-pr-multi-valued-true", "filter-pr-parent"},
	{"filter-not-dropped", "filter-not-pr-dropped"},
	{"filter-value-path-any", "filter-value-path-first-condition"},
	{"filter-names-case-sensitive", "filter-sub-names-case-sensitive"},
	{"filter-unbalanced-accepted", "filter-unbalanced-square-accepted"},
	{"filter-unknown-attribute-ignored", "filter-unknown-attribute-dropped"},
	{"filter-after-attributes", "filter-after-excluded"},
	{"filter-string-ends-at-escape", "filter-backslash-raw"},
	{"sort-unset-always-first", "sort-unset-always-last"},
	{"sort-by-code-point", "sort-external-id-folded"},
	{"sort-first-not-primary", "sort-smallest-value"},
	{"sort-names-case-sensitive", "sort-urn-case-sensitive"},
	{"page-skips-sorted", "page-skips-unsorted"},
	{"count-zero-is-default", "plain-count-zero-is-default"},
	{"count-negative-refused", "count-negative-unlimited"},
	{"count-zero-is-default", "count-zero-total-zero"},
	{"start-index-zero-refused", "start-index-negative-refused"},
	{"later-page-without-start-index", "later-page-without-items-per-page"},
	{"beyond-end-total-zero", "last-page-repeated"},
	{"count-one-more", "cursor-count-one-more"},
	{"cursor-count-zero-is-default", "cursor-count-negative-unlimited"},
	{"cursor-any-filter", "cursor-any-endpoint"},
	{"cursor-previous-on-first-page", "cursor-previous-after-going-back"},
	{"put-ignores-attributes", "put-ignores-excluded"},
	{"post-ignores-attributes", "patch-ignores-attributes"},
	{"attributes-first-only", "excluded-first-only"},
	{"put-resets-created", "put-keeps-last-modified"},
	{"put-ignores-null", "put-ignores-empty-array"},
	{"put-taken-name-case-sensitive", "put-own-name-conflict"},
	{"delete-still-replaceable", "delete-still-patchable"},
	{"delete-found-by-name", "delete-found-by-id"},
	{"patch-attributes-ignored", "patch-excluded-ignored"},
	{"patch-last-modified-stuck", "patch-created-moves"},
	{"patch-conflict-silent", "patch-conflict-stored"},
	{"groups-add-again-409", "groups-add-duplicates"},
	{"groups-remove-stranger-404", "groups-remove-stranger-empties"},
	{"groups-put-adds", "groups-replace-adds"},
	{"groups-put-empty-ignored", "groups-replace-empty-ignored"},
	{"bulk-too-many-unnamed", "bulk-too-large-unnamed"},
	{"bulk-put-not-done", "bulk-delete-not-done"},
	{"etag-put-keeps-version", "etag-patch-keeps-version"},
	{"etag-match-put-strong", "etag-match-patch-strong"},
	{"etag-put-ignores-match", "etag-delete-ignores-match"},
	{"etag-304-body", "etag-304-tag-missing"},
	{"etag-match-any", "etag-none-match-any"},
	{"errors-status-differs", "errors-status-number"},
	{"errors-malformed-500", "errors-truncated-500"},
	{"create-location-inner-host", "create-location-old-version"},
	{"create-latin-lost", "create-cjk-lost"},
	{"create-adopts-id", "create-adopts-meta"},
	{"auth-open-groups", "auth-unverified-groups"},
	{"config-etag-missing", "config-patch-quoted"},
}

// TestTwins proves that the checks tell apart what differs by one rule.
func TestTwins(t *testing.T) {
	kills := map[string][]string{}
	for _, f := range target.Flaws() {
		kills[f.Name] = f.Kills
	}
	seen := map[[2]string]bool{}
	for _, pair := range twins {
		for i, name := range pair {
			other := pair[1-i]
			if kills[name] == nil {
				t.Errorf("there is no flaw %s", name)
				continue
			}
			if !slices.ContainsFunc(kills[name], func(id string) bool { return !slices.Contains(kills[other], id) }) {
				t.Errorf("whatever notices %s notices %s too", name, other)
			}
		}
		if seen[pair] {
			t.Errorf("%v stands twice", pair)
		}
		seen[pair] = true
	}
	if len(twins) < 40 {
		t.Errorf("only %d pairs", len(twins))
	}
}
