package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
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

// stub is a directory that costs next to nothing: users are kept as the bytes that came, and HTTP is spoken by hand. With the
// server of net/http, which costs as much as its client, the stub and not the clients would be what limits them.
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
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go s.talk(conn)
	}
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

// talk answers what comes on a connection, one request after the other.
func (s *stub) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	var body, out []byte
	for {
		method, target, length, err := readHead(in)
		if err != nil {
			return
		}
		body = append(body[:0], make([]byte, length)...)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		path, query, _ := strings.Cut(target, "?")
		status, answer := s.answer(method, path, query, body)
		out = fmt.Appendf(out[:0], "HTTP/1.1 %d %s\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n", status, http.StatusText(status), len(answer))
		if _, err := conn.Write(append(out, answer...)); err != nil {
			return
		}
	}
}

// readHead reads a request up to its body, whose length must have been said.
func readHead(in *bufio.Reader) (method, target string, length int, err error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", "", 0, err
	}
	method, rest, _ := strings.Cut(line, " ")
	target, _, whole := strings.Cut(rest, " ")
	if !whole {
		return "", "", 0, errors.New("it is no request line")
	}
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return "", "", 0, err
		}
		name, value, more := bytes.Cut(line, []byte(":"))
		if !more {
			return method, target, length, nil
		}
		if len(name) == len("Content-Length") && strings.EqualFold(string(name), "Content-Length") {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return "", "", 0, err
			}
		}
	}
}

func (s *stub) answer(method, path, query string, body []byte) (status int, answer []byte) {
	switch path {
	case "/served":
		return http.StatusOK, strconv.AppendInt(nil, s.served.Load(), 10)
	case "/reset":
		s.mu.Lock()
		s.byName, s.users = map[string]int{}, nil
		s.mu.Unlock()
		s.served.Store(0)
		return http.StatusOK, nil
	}
	s.served.Add(1)
	switch {
	case path == "/static":
		return http.StatusOK, static
	case path == "/Users" && method == http.MethodPost:
		return s.create(body)
	case path == "/Users":
		return http.StatusOK, s.list(query)
	case strings.HasPrefix(path, "/Users/"):
		s.mu.RLock()
		defer s.mu.RUnlock()
		if i, err := strconv.Atoi(path[len("/Users/"):]); err == nil && i < len(s.users) {
			return http.StatusOK, s.users[i]
		}
	case path == "/Groups":
		return http.StatusOK, []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`)
	}
	return http.StatusNotFound, nil
}

func (s *stub) create(body []byte) (status int, answer []byte) {
	_, rest, found := bytes.Cut(body, []byte(`"userName":"`))
	name, _, whole := bytes.Cut(rest, []byte(`"`))
	if !found || !whole {
		return http.StatusBadRequest, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.byName[string(name)]; there {
		return http.StatusConflict, nil
	}
	user := append(fmt.Appendf(nil, `{"id":"%d",`, len(s.users)), bytes.TrimSpace(body)[1:]...)
	s.byName[string(name)] = len(s.users)
	s.users = append(s.users, user)
	return http.StatusCreated, user
}

func (s *stub) list(query string) []byte {
	q, _ := url.ParseQuery(query)
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
	return b.Bytes()
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
