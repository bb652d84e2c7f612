package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
)

const password = "canary-password-7d793037a076"

// TestSecretsAreNeverWritten looks for the canaries, as they are and encoded, in every byte that is printed or left in a
// file: on success, failure, refusal, panic and crash, at the highest verbosity.
func TestSecretsAreNeverWritten(t *testing.T) {
	clean := newServer(t, target.Config{Token: token, User: "canary-user", Password: password})
	flawed := newServer(t, target.Config{Token: token, ReadToken: readToken, DomainToken: domainToken, User: "canary-user", Password: password, Flaws: []string{"config-patch-quoted"}})
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"500","detail":"` + r.Header.Get("Authorization") + `"}`))
	}))
	t.Cleanup(echo.Close)

	bearer := []string{"--token", "env:TOKEN"}
	basic := []string{"--basic-user", "canary-user", "--basic-password", "env:PASSWORD"}
	others := []string{"--restricted-token", "env:READER", "--expired-token", "env:EXPIRED", "--other-domain-token", "env:DOMAIN", "--only", "auth"}
	everything := []string{"-vv", "--only", "create,discovery", "-o", "json=r.json", "-o", "junit=r.xml", "-o", "text=r.txt", "--out-dir", "all", "--keep"}
	check := func(url string, auth []string) []string {
		return append(append([]string{"check", url}, auth...), everything...)
	}
	for _, tc := range []struct {
		name, program string
		args          []string
		exit          int
	}{
		{"success with a token", "scimproof", check(clean, bearer), 0},
		{"success with a password", "scimproof", check(clean, basic), 0},
		{"failure with a token", "scimproof", check(flawed, bearer), 1},
		{"failure with a password", "scimproof", check(flawed, basic), 1},
		{"the target repeats the token", "scimproof", check(echo.URL, bearer), 1},
		{"the target repeats the password", "scimproof", check(echo.URL, basic), 1},
		{"the other tokens", "scimproof", check(flawed, append(others, bearer...)), 1},
		{"the target repeats the other tokens", "scimproof", []string{
			"check", echo.URL, "--token", "env:READER", "--restricted-token", "env:EXPIRED", "--expired-token", "env:DOMAIN", "-vv", "-o", "json=r.json", "-o", "junit=r.xml", "-o", "text=r.txt",
		}, 1},
		{"unreachable", "scimproof", check(closed.URL, bearer), 3},
		{"doctor", "scimproof", append([]string{"doctor", echo.URL}, bearer...), 3},
		{"doctor as JSON", "scimproof", append([]string{"doctor", clean, "--json"}, basic...), 0},
		{"a literal token", "scimproof", []string{"check", clean, "--token", token}, 2},
		{"a literal password", "scimproof", []string{"check", clean, "--basic-user", "x", "--basic-password", password}, 2},
		{"a literal header", "scimproof", []string{"check", clean, "-H", "X-Api-Key=" + token}, 2},
		{"a token in the URL", "scimproof", []string{"check", "http://x:" + password + "@127.0.0.1/"}, 2},
		{"a bug before the run", "scimproof-crashes", check(clean, bearer), 70},
		{"a bug in mid-run", "scimproof-crashes-mid", check(clean, bearer), 70},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(tc.program, tc.args...)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_CACHE_HOME=" + dir, "TMPDIR=" + dir, "TOKEN=" + token, "PASSWORD=" + password, "READER=" + readToken, "EXPIRED=" + expiredToken, "DOMAIN=" + domainToken}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if got := codeOf(cmd.Run()); got != tc.exit {
				t.Errorf("exit code %d, want %d\n%s", got, tc.exit, out.String())
			}
			if out.Len() == 0 {
				t.Error("nothing was printed, so nothing was looked at")
			}
			reveals(t, "the output", out.Bytes())
			files := 0
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				files++
				data, err := os.ReadFile(path)
				reveals(t, path, data)
				reveals(t, "a file's name", []byte(path))
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if tc.exit < 2 && tc.args[0] == "check" && files < 3 {
				t.Errorf("only %d files were written", files)
			}
		})
	}
}

func newServer(t *testing.T, cfg target.Config) string {
	t.Helper()
	srv, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	return web.URL + target.Mount
}

// reveals fails if one of the canaries occurs in data.
func reveals(t *testing.T, where string, data []byte) {
	t.Helper()
	pair := base64.StdEncoding.EncodeToString([]byte("canary-user:" + password))
	for _, secret := range []string{token, password, readToken, expiredToken, domainToken, pair, base64.StdEncoding.EncodeToString([]byte(token)), strings.ToUpper(token)} {
		if i := bytes.Index(data, []byte(secret)); i >= 0 {
			t.Errorf("%s holds a secret: …%s…", where, data[max(0, i-60):min(len(data), i+60)])
		}
	}
}
