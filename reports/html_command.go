package reports

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// command is the command line that makes the run again, as far as the run tells.
func command(r *Run) string {
	c := r.Config
	var args []string
	add := func(flag, value string) {
		if value != "" {
			args = append(args, flag+" "+shell(value))
		}
	}
	embedded := strings.HasPrefix(r.Target.Name, "embedded")
	switch {
	case r.Load != nil:
		args = append(args, "scimproof load")
	case embedded:
		args = append(args, "scimproof demo")
	default:
		args = append(args, "scimproof check")
	}
	switch {
	case embedded && r.Load != nil:
		args = append(args, "--embedded")
	case !embedded:
		args = append(args, shell(r.Target.URL))
		switch c["auth"] {
		case "bearer":
			args = append(args, "--token env:SCIM_TOKEN")
		case "basic":
			args = append(args, `--basic-user "$SCIM_USER" --basic-password env:SCIM_PASSWORD`)
		}
	}
	if l := r.Load; l != nil {
		if l.Scenario != "initial" {
			add("--scenario", l.Scenario)
		}
		for _, name := range []string{"users", "groups", "memberships", "members-per-request", "match"} {
			add("--"+name, l.Plan[name])
		}
		add("--shard", l.Shard)
		for _, t := range l.Thresholds {
			add("--threshold", t.Text)
		}
	}
	names := []string{"allow-writes", "only", "skip", "force", "user-domain", "rate", "max-writes", "fail-on"}
	if r.Load != nil {
		names = []string{"allow-writes", "rate", "flows", "throttle", "user-domain", "max-writes", "fail-on"}
	}
	for _, name := range names {
		if name == "fail-on" && c[name] == FailOnMust || name == "rate" && c[name] == "0/s" {
			continue
		}
		add("--"+name, c[name])
	}
	for _, name := range []string{"read-only", "keep", "insecure", "allow-plain-http"} {
		if c[name] == "true" {
			args = append(args, "--"+name)
		}
	}
	return strings.Join(append(args, fmt.Sprintf("--seed %d", r.Seed)), " ")
}

// shell quotes a word for a POSIX shell. Characters that act on a terminal, and bytes that are not UTF-8, become escapes of
// bash, so that nothing but what is seen is run.
func shell(s string) string {
	plainWord := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plainWord(r) }) < 0 {
		return s
	}
	if utf8.ValidString(s) && strings.IndexFunc(s, hidden) < 0 {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == utf8.RuneError && size == 1, hidden(r):
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String() + "'"
}

// curlSkips are headers that curl sends by itself.
var curlSkips = map[string]bool{"User-Agent": true, "Accept-Encoding": true, "Content-Length": true, "Host": true, "Connection": true}

// curl is the request as a command. What was masked when it was recorded becomes a variable of the shell.
func (x *Exchange) curl(auth string) string {
	method := "-X " + shell(x.Method)
	if x.Method == "HEAD" {
		method = "-I"
	}
	parts := []string{"curl -gsi --path-as-is " + method, "--url " + shell(clipBytes(x.URL, htmlLong, "…"))}
	for _, name := range sortedHeader(x.RequestHeader) {
		for _, v := range x.RequestHeader[name] {
			masked := strings.Contains(v, "[redacted]") || strings.Contains(v, "***")
			switch {
			case curlSkips[name]:
			case name == "Authorization" && auth == "basic":
				parts = append(parts, `-u "$SCIM_USER:$SCIM_PASSWORD"`)
			case name == "Authorization":
				parts = append(parts, `-H "Authorization: Bearer $SCIM_TOKEN"`)
			case masked && shell(name) == name:
				parts = append(parts, `-H "`+name+`: $SCIM_SECRET"`)
			default:
				parts = append(parts, "-H "+shell(name+": "+clipBytes(v, htmlLong, "…")))
			}
		}
	}
	note := ""
	switch {
	case x.RequestBody == "":
	case strings.Contains(x.RequestBody, "\x00"):
		note = "# the body has a NUL, which no command line can carry\n"
	case len(x.RequestBody) > htmlBody:
		note = fmt.Sprintf("# the body of %s bytes is too long for this page; it is in results.json\n", thousands(int64(len(x.RequestBody))))
	default:
		parts = append(parts, "--data-raw "+shell(x.RequestBody))
	}
	return note + strings.Join(parts, " \\\n  ")
}

func sortedHeader(h map[string][]string) []string {
	names := map[string]string{}
	for name := range h {
		names[name] = ""
	}
	return sortedKeys(names)
}
