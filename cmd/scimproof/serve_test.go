package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServe runs the target as a process of its own: it says where it listens, holds the users that were asked for,
// asks for the credential, and ends with 0 on SIGTERM and ^C.
func TestServe(t *testing.T) {
	t.Setenv("TOKEN", token)
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		cmd := exec.Command("scimproof", "serve", "--token", "env:TOKEN", "--users", "25", "--max-results", "10")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		line, err := bufio.NewReader(out).ReadString('\n')
		url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
		if err != nil || !ok || !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/scim/v2") {
			t.Fatalf("first line %q: %v", line, err)
		}
		if status, _ := fetch(t, url+"/Users", ""); status != http.StatusUnauthorized {
			t.Errorf("without a token: %d", status)
		}
		status, body := fetch(t, url+"/Users?sortBy=userName", token)
		var page struct {
			TotalResults int
			Resources    []struct{ UserName string }
		}
		if err := json.Unmarshal(body, &page); status != 200 || err != nil {
			t.Fatalf("%d %v: %s", status, err, body)
		}
		if page.TotalResults != 25 || len(page.Resources) != 10 || !strings.HasSuffix(page.Resources[0].UserName, "@example.com") {
			t.Errorf("want 25 users, 10 on a page, got %+v", page)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
	}
}

func fetch(t *testing.T, url, token string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}
