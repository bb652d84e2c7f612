package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/suites"
)

const pagesDir = "../../docs/checks"

// TestCheckPages holds docs/checks in step with the checks.
func TestCheckPages(t *testing.T) {
	if *update {
		if _, err := writePages(pagesDir); err != nil {
			t.Fatal(err)
		}
	}
	pages := markdownPages()
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong < 10 {
			t.Errorf(format+"; `make docs` writes them anew", args...)
		}
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(pagesDir, name))
		switch {
		case err != nil:
			complain("%v", err)
		case string(got) != want:
			complain("docs/checks/%s is not what the check says", name)
		}
	}
	there, err := filepath.Glob(filepath.Join(pagesDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if pages[filepath.Base(path)] == "" {
			complain("%s is of no check", path)
		}
	}
}

// TestCheckPagesSayEnough wants each page to say what, why, by which requirement and how to fix it.
func TestCheckPagesSayEnough(t *testing.T) {
	for _, c := range suites.List() {
		page := markdownPage(c)
		for _, label := range []string{"**Tested** ", "**Why** ", "**Requirement** ", "**Fix** ", "https://www.rfc-editor.org/"} {
			if !strings.Contains(page, label) {
				t.Errorf("%s has no %s", c.ID, label)
			}
		}
	}
}

func TestWritePages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"create.gone.md": "# create.gone\n", "notes.md": "# mine\n", "a.b.md": "# something else\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, err := writePages(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != n+2 || n != len(suites.List())+1 {
		t.Errorf("%d files for %d pages; the page of a check that is gone goes, files of others stay", len(files), n)
	}
}
