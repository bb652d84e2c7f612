// Judge runs the checks against the embedded target in this process, which the mutation tool has compiled mutants into, and
// says by which check the first difference from the clean target was noticed. Started without that tool it judges the clean
// target and has nothing to compare with.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
	"github.com/scimproof/scimproof/suites"
)

func main() {
	if err := run(); err != nil {
		fmt.Println("noticed:", err)
	}
}

func run() error {
	clean := map[string]reports.Word{}
	if b, err := os.ReadFile(os.Getenv("SCIMPROOF_CLEAN")); err == nil {
		if err := json.Unmarshal(b, &clean); err != nil {
			return err
		}
	}
	cfg := target.Config{Variants: listed("SCIMPROOF_VARIANTS")}
	var auth wire.Auth
	var others suites.Others
	if os.Getenv("SCIMPROOF_PASSWORD") == "true" {
		cfg.User, cfg.Password = "me", "let-me-in"
		auth = wire.Auth{Kind: "basic", User: cfg.User, Password: cfg.Password}
	} else {
		cfg.Token, cfg.ReadToken, cfg.ExpiredToken, cfg.DomainToken = "let-me-in", "let-me-look", "let-me-back", "let-others-in"
		auth = wire.Auth{Kind: "bearer", Token: cfg.Token}
		others = suites.Others{Restricted: cfg.ReadToken, Expired: cfg.ExpiredToken, OtherDomain: cfg.DomainToken}
	}
	srv, err := target.New(cfg)
	if err != nil {
		return err
	}
	for _, name := range []string{"ann", "ben"} { // others were there before
		if _, err := srv.Seed("User", map[string]any{"userName": name + "@others.example"}); err != nil {
			return err
		}
	}
	var first sync.Once
	learning := newLearner(os.Getenv("SCIMPROOF_REACHED"))
	run, err := suites.Run(context.Background(), suites.Config{
		Seed: 1, Only: listed("SCIMPROOF_ONLY"), Parallel: learning.width(), Others: others,
		Wire: wire.Config{
			BaseURL: "http://127.0.0.1/scim/v2", Transport: inProcess{srv}, Timeout: 8 * time.Second,
			Auth: auth, OnExchange: learning.exchanged(),
		},
		OnResult: func(r reports.Result) {
			if was, ok := clean[r.ID]; ok && rank(r.Word) > rank(was) {
				first.Do(func() {
					fmt.Println("noticed:", r.ID)
					os.Exit(0)
				})
			}
		},
	})
	switch {
	case err != nil:
		return err
	case run.Crash != "":
		return errors.New("crash")
	case run.Cut != nil:
		return errors.New(run.Cut.Why)
	case len(run.Cleanup.Left) > 0:
		return errors.New("clean-up leaves resources behind")
	}
	if name := os.Getenv("SCIMPROOF_CLEAN_WRITE"); name != "" {
		for _, r := range run.Results {
			clean[r.ID] = r.Word
		}
		b, err := json.Marshal(clean)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			return err
		}
	}
	if err := learning.write(run); err != nil {
		return err
	}
	fmt.Println("survived")
	return nil
}

// listed reads a list from the environment.
func listed(name string) []string {
	return strings.FieldsFunc(os.Getenv(name), func(r rune) bool { return r == ',' })
}

// rank orders the words by how much has been noticed.
func rank(w reports.Word) int {
	return map[reports.Word]int{reports.Info: 1, reports.Warn: 2, reports.Fail: 3, reports.Error: 3}[w]
}

// inProcess hands requests to a handler without a network. A handler that panics closes the connection, as in net/http.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	done := make(chan *answer, 1)
	go func() {
		a := &answer{header: http.Header{}}
		defer func() {
			if recover() != nil {
				a = nil
			}
			done <- a
		}()
		p.handler.ServeHTTP(a, r)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case a := <-done:
		if a == nil {
			return nil, io.EOF
		}
		return a.response(r), nil
	}
}

// answer is what the handler writes.
type answer struct {
	status int
	header http.Header
	sent   http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status, a.sent = status, a.header.Clone()
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) response(r *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		a.body.Reset()
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.sent, Request: r,
		Body: io.NopCloser(bytes.NewReader(a.body.Bytes())), ContentLength: int64(a.body.Len()),
	}
}
