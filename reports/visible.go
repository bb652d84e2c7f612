package reports

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes text that a target made safe to print: control characters, escape sequences, invisible and
// bidirectional controls, and bytes that are not UTF-8 become visible escapes such as \n, \x1b or \u202e. The result
// is one line, and nothing in it is a command to a CI system that reads the log.
func Visible(s string) string {
	return commands.ReplaceAllString(escape(s, func(r rune) bool { return !hidden(r) }), `#\x23$1[`)
}

// commands finds what runners of GitHub, Azure and TeamCity take for a command wherever it stands in a line.
var commands = regexp.MustCompile(`##(\w*)\[`)

// lineCommand finds a workflow command of GitHub at the beginning of a line.
var lineCommand = regexp.MustCompile(`(?m)^(\s*)::`)

// noCommand keeps the beginning of a line from being a workflow command of GitHub.
func noCommand(line string) string {
	return lineCommand.ReplaceAllString(line, `$1\x3a:`)
}

// visibleLines is Visible but keeps line breaks.
func visibleLines(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = escape(s, func(r rune) bool { return r == '\n' || !hidden(r) })
	if !strings.Contains(s, "::") {
		return commands.ReplaceAllString(s, `#\x23$1[`)
	}
	return lineCommand.ReplaceAllString(commands.ReplaceAllString(s, `#\x23$1[`), `$1\x3a:`)
}

// visibleASCII is Visible that escapes everything outside ASCII too.
func visibleASCII(s string) string {
	return commands.ReplaceAllString(escape(s, func(r rune) bool { return r < utf8.RuneSelf && !hidden(r) }), `#\x23$1[`)
}

func escape(s string, keep func(rune) bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case keep(r):
			b.WriteString(s[i : i+size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// hidden tells whether a character acts on the terminal or cannot be seen: Cc, Cf (bidirectional and zero-width
// controls), line and paragraph separators, private use, and the noncharacters that XML refuses.
func hidden(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r&0xfffe == 0xfffe
}

// clip cuts text to a number of characters, the mark included.
func clip(s string, limit int, mark string) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return prefix(s, limit-utf8.RuneCountInString(mark)) + mark
}

// prefix returns the first n characters, or all.
func prefix(s string, n int) string {
	for i := range s {
		if n <= 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// clipBytes cuts text to a number of bytes, the mark included, at a character's border.
func clipBytes(s string, limit int, mark string) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(mark)
	for back := 0; back < utf8.UTFMax-1 && end > 0 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end] + mark
}

// wrap breaks one line into lines of at most width characters, at spaces where there are any. Beyond max lines
// (0 = no limit) the rest is dropped and the last line ends in the mark.
func wrap(s string, width, max int, mark string) []string {
	var lines []string
	for s != "" {
		head := prefix(s, width)
		if len(head) < len(s) {
			if max > 0 && len(lines) == max-1 {
				return append(lines, clip(s, width, mark))
			}
			if s[len(head)] != ' ' {
				if i := strings.LastIndexByte(head, ' '); i > len(head)/3 {
					head = head[:i]
				}
			}
		}
		s = strings.TrimLeft(s[len(head):], " ")
		if head = strings.TrimRight(head, " "); head != "" {
			lines = append(lines, head)
		}
	}
	return lines
}
