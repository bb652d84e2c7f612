package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// stub is a directory that costs next to nothing: users are kept as the bytes that came.
type stub struct {
	mu     sync.RWMutex
	byName map[string]int
	users  [][]byte
	served atomic.Int64
}

var static = []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","note":"` + strings.Repeat("x", 930) + `"}`)

func serveStub() error {
	s := &stub{byName: map[string]int{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	return http.Serve(l, s)
}

// startStub starts the stub as a process of its own, on the last processor where that can be said.
func startStub(self string) (*exec.Cmd, string, error) {
	args := []string{self, "-role", "stub"}
	if taskset, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{taskset, "-c", "1"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return cmd, strings.TrimSpace(line), err
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	switch r.URL.Path {
	case "/served":
		_, _ = io.WriteString(w, strconv.FormatInt(s.served.Load(), 10))
		return
	case "/reset":
		s.mu.Lock()
		s.byName, s.users = map[string]int{}, nil
		s.mu.Unlock()
		s.served.Store(0)
		return
	}
	s.served.Add(1)
	h["Content-Type"] = []string{"application/scim+json"}
	switch {
	case r.URL.Path == "/static":
		_, _ = w.Write(static)
	case r.URL.Path == "/Users" && r.Method == http.MethodPost:
		s.create(w, r)
	case r.URL.Path == "/Users":
		s.list(w, r)
	case strings.HasPrefix(r.URL.Path, "/Users/"):
		s.mu.RLock()
		defer s.mu.RUnlock()
		if i, err := strconv.Atoi(r.URL.Path[len("/Users/"):]); err == nil && i < len(s.users) {
			_, _ = w.Write(s.users[i])
			return
		}
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == "/Groups":
		_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *stub) create(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	_, rest, found := bytes.Cut(body, []byte(`"userName":"`))
	name, _, whole := bytes.Cut(rest, []byte(`"`))
	if err != nil || !found || !whole {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.byName[string(name)]; there {
		w.WriteHeader(http.StatusConflict)
		return
	}
	user := append(fmt.Appendf(nil, `{"id":"%d",`, len(s.users)), bytes.TrimSpace(body)[1:]...)
	s.byName[string(name)] = len(s.users)
	s.users = append(s.users, user)
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(user)
}

func (s *stub) list(w http.ResponseWriter, r *http.Request) {
	q, _ := url.ParseQuery(r.URL.RawQuery)
	s.mu.RLock()
	defer s.mu.RUnlock()
	total, from, to := len(s.users), 0, 0
	if f := q.Get("filter"); f != "" {
		total = 0
		if _, name, ok := strings.Cut(f, `eq "`); ok {
			if i, there := s.byName[strings.TrimSuffix(name, `"`)]; there {
				total, from, to = 1, i, i+1
			}
		}
	} else {
		start, _ := strconv.Atoi(q.Get("startIndex"))
		count, err := strconv.Atoi(q.Get("count"))
		if err != nil {
			count = 100
		}
		from = min(max(start-1, 0), total)
		to = min(from+max(count, 0), total)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[`, total, from+1, to-from)
	b.Write(bytes.Join(s.users[from:to], []byte(",")))
	b.WriteString("]}")
	_, _ = w.Write(b.Bytes())
}

func reset(base string) error {
	_, err := fetch(base + "/reset")
	return err
}

func served(base string) (int64, error) {
	b, err := fetch(base + "/served")
	if err != nil {
		return 0, err
	}
	var n int64
	return n, json.Unmarshal(b, &n)
}

func fetch(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
