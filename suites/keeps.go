package suites

import (
	"errors"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// Keeps wants the resource in the body to hold every value of sent that a client may write. A lost value is a
// violation; a changed one weighs less, since servers may canonicalise (RFC 7643 §2.4, ambiguity A65), and another
// letter case is fine where the attribute is not case-exact (RFC 7643 §7).
func Keeps(t *resourceType, sent scim.Object) Check {
	return func(x *reports.Exchange) error { return keeps(t, x.Object(), sent) }
}

// keepsAsUsual is Keeps for users that are created in an unusual way: what the target loses of any user, which
// create.stored judges, is not held against that way.
func (s *session) keepsAsUsual(t *resourceType, sent scim.Object) Check {
	return func(x *reports.Exchange) error {
		err := keeps(t, x.Object(), sent)
		if err == nil {
			return nil
		}
		usual := s.makeUser("usual")
		after := s.readBack(usual).Object()
		left := scim.Object{}
		for k, v := range sent {
			if was, inBoth := usual.Sent[k]; !inBoth || keeps(t, after, scim.Object{k: was}) == nil {
				left[k] = v
			}
		}
		return keeps(t, x.Object(), left)
	}
}

func keeps(t *resourceType, got, sent scim.Object) error {
	var errs []error
	for k, want := range sent {
		a := t.attribute(k)
		switch {
		case strings.EqualFold(k, "schemas"):
		case strings.HasPrefix(strings.ToLower(k), "urn:"):
			ext, _ := want.(scim.Object)
			have, _ := scim.Get(got, k).(scim.Object)
			for name, v := range ext {
				have, _ := scim.Lookup(have, name)
				errs = append(errs, kept(k+":"+name, t.attribute(k+":"+name), have, v))
			}
		case a == nil:
		default:
			have, _ := scim.Lookup(got, k)
			errs = append(errs, kept(k, a, have, want))
		}
	}
	return errors.Join(errs...)
}

// unkept tells whether a plain answer may lack, or contradict, what a client has written (RFC 7643 §7).
func unkept(a *scim.Attribute) bool {
	return a.Mutability == "readOnly" || a.Mutability == "writeOnly" || a.Returned == "never" || a.Returned == "request"
}

// kept compares one attribute's value with what was sent.
func kept(path string, a *scim.Attribute, got, want any) error {
	if !scim.Assigned(want) || a != nil && unkept(a) {
		return nil
	}
	if !scim.Assigned(got) {
		return wrong(path+" after the write", want, got)
	}
	switch w := want.(type) {
	case scim.Object:
		g, ok := got.(scim.Object)
		if !ok {
			return wrong(path, want, got)
		}
		var errs []error
		for k, v := range w {
			sub, _ := scim.Lookup(g, k)
			var sa *scim.Attribute
			if a != nil {
				sa = a.Sub(k)
			}
			errs = append(errs, kept(path+"."+k, sa, sub, v))
		}
		return errors.Join(errs...)
	case []any:
		g, ok := got.([]any)
		if !ok {
			return wrong(path, want, got)
		}
		return keptValues(path, a, g, w)
	}
	if holds(got, want) || a != nil && !a.CaseExact && sameFold(got, want) {
		return nil
	}
	if _, isString := want.(string); !isString || a != nil && a.CaseExact {
		return wrong(path+" after the write", want, got)
	}
	return soften(reports.Warn, wrong(path+" after the write", want, got))
}

// keptValues compares the values of a multi-valued attribute as a set.
func keptValues(path string, a *scim.Attribute, got, want []any) error {
	var errs []error
	used := make([]bool, len(got))
	for _, w := range want {
		i := slices.IndexFunc(got, func(g any) bool { return holds(g, w) || kept(path, a, g, w) == nil })
		if i < 0 {
			i = nextFree(used)
			if i < 0 || len(got) < len(want) {
				errs = append(errs, wrong("a value of "+path+" after the write", w, got))
				continue
			}
			errs = append(errs, soften(reports.Warn, wrong("a value of "+path+" after the write", w, got)))
		}
		used[i] = true
	}
	return errors.Join(errs...)
}

func nextFree(used []bool) int { return slices.Index(used, false) }

func sameFold(a, b any) bool {
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	return ok1 && ok2 && strings.EqualFold(x, y)
}
