package wire

import "strings"

// mentions tells whether a text may name a secret, in any letter case: only then is it worth searching. It must be true
// wherever one of the expressions of redact.go could match or secretName could hold.
func mentions(text string) bool {
	for i := range len(text) {
		switch c := text[i]; c {
		case 'p', 'P':
			if named(text[i:], "password") {
				return true
			}
		case 't', 'T':
			if named(text[i:], "token") {
				return true
			}
		case 's', 'S':
			if named(text[i:], "secret") {
				return true
			}
		case '\\':
			// JSON may spell a name by escapes.
			if strings.HasPrefix(text[i+1:], "u") {
				return true
			}
		case longS[0], kelvin[0]:
			if strings.HasPrefix(text[i:], longS) || strings.HasPrefix(text[i:], kelvin) {
				return true
			}
		}
	}
	return false
}

// asksSecret tells whether secretFilter may match: a name that is followed by a blank, in one of its spellings.
func asksSecret(text string) bool {
	for i := range len(text) {
		switch text[i] {
		case 'p', 'P':
			if after := i + len("password"); named(text[i:], "password") && after < len(text) && strings.IndexByte(" \t\n\f\r%+", text[after]) >= 0 {
				return true
			}
		case longS[0]:
			if strings.HasPrefix(text[i:], longS) {
				return true
			}
		}
	}
	return false
}

// The long s and the Kelvin sign are letters of ASCII names in another case.
const longS, kelvin = "\u017f", "\u212a"

// named tells whether text begins with an ASCII name in any letter case.
func named(text, name string) bool {
	return len(text) >= len(name) && strings.EqualFold(text[:len(name)], name)
}
