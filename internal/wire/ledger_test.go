package wire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const testBase = "http://127.0.0.1:1/scim"

func TestLedgerSurvivesACrashAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ledger")
	l, err := OpenLedger(file, testRun, testBase)
	if err != nil {
		t.Fatal(err)
	}
	// Each step notes what exists on the target from which size of the file on: a POST is sent only once its intent is flushed.
	type exists struct {
		name, id string
		from, to int64
	}
	size := func() int64 {
		s, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return s.Size()
	}
	var world []*exists
	for i := range 4 {
		name := fmt.Sprintf("u%d-%s", i, testRun)
		entries, err := l.intend([]intent{{endpoint: "/Users", keys: map[string]string{"userName": name}}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			l.failed(entries[0], 409)
			continue
		}
		w := &exists{name: name, id: fmt.Sprint("id", i), from: size(), to: 1 << 40}
		world = append(world, w)
		l.made(entries[0], w.id, "")
		if i == 0 {
			w.to = size() + 1 // deleted before the next line is begun
			l.saw("/Users", w.id, "DELETE", 204)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(dir, "torn")
	for n := range len(whole) + 1 {
		if err := os.WriteFile(torn, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := ReadLedger(torn)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		live := r.Live()
		for _, w := range world {
			if int64(n) < w.from || int64(n) >= w.to {
				continue
			}
			found := false
			for _, e := range live {
				found = found || e.ID == w.id || e.ID == "" && e.Keys["userName"] == w.name
			}
			if !found {
				t.Fatalf("cut at %d: %s exists but is not in %+v", n, w.name, live)
			}
		}
		// The same file can be continued, and is whole afterwards.
		again, err := OpenLedger(torn, testRun, testBase)
		if err != nil {
			t.Fatalf("cut at %d: continue: %v", n, err)
		}
		again.Own("/Users", "later", "")
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		r, err = ReadLedger(torn)
		if err != nil || !r.Owns("later") || len(r.Live()) != len(live)+1 {
			t.Fatalf("cut at %d: after continuing: %v, %+v", n, err, r)
		}
	}
}

func TestReadLedgerNamesTheLine(t *testing.T) {
	head := `{"run":"r","base":"http://h"}` + "\n"
	for text, line := range map[string]int{
		head + "garbage\n" + `{"n":1,"intent":"/Users"}` + "\n": 2,
		`{"n":1,"intent":"/Users"}` + "\n":                      1,
		head + `{"n":1,"id":"x"}` + "\n":                        2,
		head + head:                                             2,
		head + `{"n":1,"intent":"/Users"}` + "\n" + `{"n":1,"intent":"/Users"}` + "\n": 3,
		head + `{}` + "\n": 2,
		"my shopping list": 1,
	} {
		file := filepath.Join(t.TempDir(), "l")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadLedger(file)
		var bad *LedgerError
		if !errors.As(err, &bad) || bad.Line != line || !strings.Contains(err.Error(), fmt.Sprintf("line %d", line)) {
			t.Errorf("%q: %v, want line %d", text, err, line)
		}
		if _, err := OpenLedger(file, "r", "http://h"); err == nil {
			t.Errorf("%q was opened for writing", text)
		}
		if b, _ := os.ReadFile(file); string(b) != text {
			t.Errorf("%q was changed to %q", text, b)
		}
	}
	if _, err := ReadLedger(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestOpenLedgerRefusesAnotherRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	l, err := OpenLedger(file, testRun, testBase+"/")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if _, err := OpenLedger(file, "other", testBase); err == nil {
		t.Error("another run continued the ledger")
	}
	if _, err := OpenLedger(file, testRun, "http://elsewhere"); err == nil {
		t.Error("another target continued the ledger")
	}
	if _, err := New(Config{BaseURL: "http://127.0.0.1:2", Ledger: l}); err == nil {
		t.Error("a client took the ledger of another target")
	}
}

func TestLedgerTakesConcurrentIntents(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	l, err := OpenLedger(file, testRun, testBase)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			entries, err := l.intend([]intent{{endpoint: "/Users"}})
			if err != nil {
				t.Error(err)
				return
			}
			l.made(entries[0], fmt.Sprint(i), "")
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ReadLedger(file)
	if err != nil || r.Created() != 50 || len(r.Live()) != 50 {
		t.Fatalf("%v, %d created", err, r.Created())
	}
}

func TestNotReadableYetIsNotGone(t *testing.T) {
	l := NewLedger(testRun, testBase)
	l.Own("/Users", "1", "")
	l.saw("/Users", "1", "GET", 404)
	if len(l.Live()) != 1 {
		t.Error("a 404 right after the creation made the resource forgotten")
	}
	l.saw("/Users", "1", "DELETE", 500)
	l.saw("/Users", "1", "GET", 404)
	if len(l.Live()) != 0 {
		t.Error("a 404 after DELETE means gone")
	}
	l.saw("/Users", "1", "GET", 200)
	if len(l.Live()) != 1 {
		t.Error("what is readable again is not gone")
	}
}

func TestLedgerOfALiveRunIsLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	running, err := OpenLedger(file, testRun, testBase)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	reader, err := ReadLedger(file)
	if err != nil {
		t.Fatal(err)
	}
	running.Own("/Users", "new", "")
	before, _ := os.ReadFile(file)
	reader.Own("/Users", "mine", "")
	after, _ := os.ReadFile(file)
	if string(before) != string(after) || reader.Err() == nil {
		t.Errorf("a second writer changed the file (%v)", reader.Err())
	}
}
