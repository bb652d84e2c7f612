package wire

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"time"
)

// masked stands for a registered secret in everything that is written.
const masked = "[secret]"

// minSecret is the shortest value that is masked: masking every "a" of a report would destroy it and hide nothing.
const minSecret = 4

// Secrets is the registry of values that must not occur in any output. It is safe for concurrent use,
// and a nil *Secrets masks nothing.
type Secrets struct {
	mu       sync.RWMutex
	values   map[string]bool
	replacer *strings.Replacer
}

// Add registers a value. Values shorter than four bytes are ignored, since no text could be told from them.
func (s *Secrets) Add(value string) {
	if s == nil || len(value) < minSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values[value] {
		return
	}
	if s.values == nil {
		s.values = map[string]bool{}
	}
	s.values[value] = true
	forms := map[string]bool{}
	for v := range s.values {
		for _, f := range encodedForms(v) {
			forms[f] = true
		}
	}
	list := make([]string, 0, len(forms))
	for f := range forms {
		list = append(list, f)
	}
	// The replacer prefers earlier pairs, so a whole form must come before the shorter ones inside it.
	sort.Slice(list, func(i, j int) bool {
		if len(list[i]) != len(list[j]) {
			return len(list[i]) > len(list[j])
		}
		return list[i] < list[j]
	})
	pairs := make([]string, 0, 2*len(list))
	for _, f := range list {
		pairs = append(pairs, f, masked)
	}
	s.replacer = strings.NewReplacer(pairs...)
}

// Mask replaces every registered value in text by "[secret]", also where it is URL-encoded, JSON-escaped,
// or a part of something base64-encoded (such as the user:password of Basic authentication).
func (s *Secrets) Mask(text string) string {
	if s == nil || text == "" {
		return text
	}
	s.mu.RLock()
	r := s.replacer
	s.mu.RUnlock()
	if r == nil {
		return text
	}
	return r.Replace(text)
}

// encodedForms lists the spellings in which a value may turn up in a header, URL or body.
func encodedForms(v string) []string {
	query := url.QueryEscape(v)
	forms := []string{v, query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(v), lowerHex(query), everyByte(v, "%%%02X"), everyByte(v, "%%%02x")}
	for _, html := range []bool{true, false} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		if enc.Encode(v) == nil {
			forms = append(forms, strings.Trim(strings.TrimSpace(b.String()), `"`))
		}
	}
	forms = append(forms, strings.ReplaceAll(forms[len(forms)-1], "/", `\/`))
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		b := e.EncodeToString([]byte(v))
		forms = append(forms, b, url.QueryEscape(b))
	}
	// Inside a longer base64 text the value starts at one of three alignments; the characters that it
	// shares with its neighbours are left out.
	for shift, skip := range []int{0, 2, 3} {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			b := e.EncodeToString(append(make([]byte, shift), v...))
			if core := b[skip : (shift+len(v))*8/6]; len(core) >= 6 {
				forms = append(forms, core)
			}
		}
	}
	out := forms[:0]
	for _, f := range forms {
		if len(f) >= minSecret {
			out = append(out, f)
		}
	}
	return out
}

func lowerHex(escaped string) string {
	b := []byte(escaped)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

func everyByte(v, format string) string {
	var b strings.Builder
	for i := range len(v) {
		fmt.Fprintf(&b, format, v[i])
	}
	return b.String()
}

// RefError tells why a credential reference could not be resolved. It never repeats a value.
type RefError struct{ Why, Hint string }

// Error gives the reason and what to do.
func (e *RefError) Error() string { return e.Why + " (" + e.Hint + ")" }

// refTimeout bounds a cmd: reference.
const refTimeout = 30 * time.Second

// stdin is where "-" reads from; tests replace it.
var stdin io.Reader = os.Stdin

// ResolveRef fetches the secret that ref points to: env:NAME, file:PATH, cmd:COMMAND (run by sh -c, 30 s at most)
// or "-" (one line of standard input). One trailing newline is removed. A literal value is refused, because it would
// stay in the shell's history and in process lists. Errors are *RefError.
func ResolveRef(ref string) (string, error) {
	kind, arg, found := strings.Cut(ref, ":")
	var value string
	switch {
	case ref == "-":
		line, err := readLine(stdin)
		if err != nil {
			return "", &RefError{"no line could be read from standard input", "pipe the secret in: printf '%s\\n' … | scimproof …"}
		}
		value = line
	case found && kind == "env":
		v, ok := os.LookupEnv(arg)
		if !ok {
			return "", &RefError{fmt.Sprintf("the environment variable %q is not set", arg), "export it before the run"}
		}
		value = v
	case found && kind == "file":
		b, err := os.ReadFile(arg)
		if err != nil {
			return "", &RefError{"the secret's file cannot be read: " + err.Error(), "check the path behind file: and its permissions"}
		}
		value = string(b)
	case found && kind == "cmd":
		out, err := runRef(arg)
		if err != nil {
			return "", &RefError{"the command behind cmd: failed: " + err.Error(), "run it in a shell; it must print the secret and exit 0 within 30 s"}
		}
		value = out
	default:
		return "", &RefError{"a secret must be given by reference, not as a literal", "use env:NAME, file:PATH, cmd:COMMAND or - for standard input"}
	}
	value = strings.TrimSuffix(value, "\n")
	value = strings.TrimSuffix(value, "\r")
	if value == "" {
		return "", &RefError{"the secret's reference gives an empty value", "check what is behind it"}
	}
	return value, nil
}

func runRef(command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), refTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	// Grandchildren that keep the pipe open must not keep us waiting.
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", errors.New("it took longer than 30 s")
	}
	return string(out), err
}

// readLine reads byte by byte, so that a second "-" finds the second line.
func readLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return string(line), nil
			}
			line = append(line, one[0])
		}
		if err != nil {
			if len(line) > 0 {
				return string(line), nil
			}
			return "", err
		}
	}
}
