package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// defaultConfig is read where it exists and no other file was named.
const defaultConfig = "scimproof.yaml"

// configFile is the configuration file. Its values stand in for flags that were not given.
type configFile struct {
	Version int           `yaml:"version"`
	Target  targetSection `yaml:"target"`
	Safety  safetySection `yaml:"safety"`
	User    userSection   `yaml:"user"`
	// Types tells of resource types other than users, by name.
	Types map[string]typeSection `yaml:"types"`
	Check checkSection           `yaml:"check"`
	// Reports maps formats to paths.
	Reports map[string]string `yaml:"reports"`
}

type targetSection struct {
	Name           string            `yaml:"name"`
	URL            string            `yaml:"url"`
	Auth           authSection       `yaml:"auth"`
	Headers        map[string]string `yaml:"headers"`
	CAFile         string            `yaml:"ca_file"`
	Cert           string            `yaml:"cert"`
	Key            string            `yaml:"key"`
	Proxy          string            `yaml:"proxy"`
	Timeout        string            `yaml:"timeout"`
	Insecure       bool              `yaml:"insecure"`
	AllowPlainHTTP bool              `yaml:"allow_plain_http"`
}

// authSection holds references to secrets, never secrets.
type authSection struct {
	Type         string   `yaml:"type"` // none, bearer, basic, header, oauth2, mtls
	Token        string   `yaml:"token"`
	User         string   `yaml:"user"`
	Password     string   `yaml:"password"`
	Header       string   `yaml:"header"` // NAME=REF
	TokenURL     string   `yaml:"token_url"`
	ClientID     string   `yaml:"client_id"`
	ClientSecret string   `yaml:"client_secret"`
	Scopes       []string `yaml:"scopes"`
	// The tokens beside that of the run go with every type.
	RestrictedToken  string `yaml:"restricted_token"`
	ExpiredToken     string `yaml:"expired_token"`
	OtherDomainToken string `yaml:"other_domain_token"`
}

type safetySection struct {
	AllowWrites string `yaml:"allow_writes"`
	ReadOnly    bool   `yaml:"read_only"`
	MaxWrites   int    `yaml:"max_writes"`
	Rate        string `yaml:"rate"`
}

type userSection struct {
	Domain   string         `yaml:"domain"`
	Required map[string]any `yaml:"required"` // by path in standard notation
}

type typeSection struct {
	Required map[string]any `yaml:"required"` // as in userSection
}

type checkSection struct {
	Only   []string `yaml:"only"`
	Skip   []string `yaml:"skip"`
	FailOn string   `yaml:"fail_on"`
	Seed   int64    `yaml:"seed"`
	Force  []string `yaml:"force"`
	// Waivers is the path of the file with the waivers.
	Waivers      string `yaml:"waivers"`
	StaleWaivers string `yaml:"stale_waivers"`
}

// readConfig reads a configuration file; path "" means the default one, which may be missing. Every key must be known.
func readConfig(path string) (*configFile, error) {
	data, err := os.ReadFile(cmp.Or(path, defaultConfig))
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		return &configFile{}, nil
	}
	path = cmp.Or(path, defaultConfig)
	if err != nil {
		return nil, usage("check the path behind --config", "the configuration cannot be read: %w", err)
	}
	c := &configFile{}
	if err := decodeYAML(path, data, c); err != nil {
		return nil, err
	}
	if c.Version != 1 {
		return nil, usage("its first line should be `version: 1`", "%s: the version of the configuration must be 1", path)
	}
	if err := validateConfig(path, data); err != nil {
		return nil, err
	}
	return c, c.Target.Auth.fits(path)
}

// decodeYAML reads the one document of a file into a struct that has a field for each of its keys.
func decodeYAML[T any](path string, data []byte, into *T) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return configError(path, err, reflect.TypeFor[T]())
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return usage("keep one document", "%s: more than one YAML document", path)
	}
	return nil
}

// fits refuses fields that do not belong to the type, since they would be left unused without a word.
func (a authSection) fits(path string) error {
	if a.Type == "" {
		return nil
	}
	for _, f := range []struct {
		key, kind string
		given     bool
	}{
		{"token", "bearer", a.Token != ""},
		{"user", "basic", a.User != ""},
		{"password", "basic", a.Password != ""},
		{"header", "header", a.Header != ""},
		{"token_url", "oauth2", a.TokenURL != ""},
		{"client_id", "oauth2", a.ClientID != ""},
		{"client_secret", "oauth2", a.ClientSecret != ""},
		{"scopes", "oauth2", len(a.Scopes) > 0},
	} {
		if f.given && f.kind != a.Type {
			return usage("set type: "+f.kind+", or remove the key", "%s: target.auth.%s does not belong to type %s", path, f.key, a.Type)
		}
	}
	return nil
}

var (
	unknownKey  = regexp.MustCompile(`^(line \d+): field (\S+) not found in type main\.(\w+)$`)
	quotedValue = regexp.MustCompile("(?s)`.*`")
)

// configError words what the YAML decoder found, without values, which may be secrets.
func configError(path string, err error, file reflect.Type) error {
	if errors.Is(err, io.EOF) {
		return usage("it needs at least `version: 1`", "%s is empty", path)
	}
	var list *yaml.TypeError
	if !errors.As(err, &list) {
		return usage("check its indentation and quotes", "%s: %s", path, quotedValue.ReplaceAllString(err.Error(), "a value"))
	}
	first := list.Errors[0]
	if found := unknownKey.FindStringSubmatch(first); found != nil {
		known := keysOf(file)[found[3]]
		return usage(didYouMean(found[2], known, "the keys here are "+strings.Join(known, ", ")), "%s, %s: unknown key %q", path, found[1], found[2])
	}
	return usage("check the value's type", "%s, %s", path, quotedValue.ReplaceAllString(first, "a value"))
}

// keysOf lists the keys of each section by the name of its type.
func keysOf(t reflect.Type) map[string][]string {
	out := map[string][]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		out[t.Name()] = append(out[t.Name()], f.Tag.Get("yaml"))
		inner := f.Type
		if inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			maps.Copy(out, keysOf(inner))
		}
	}
	return out
}

// setting is a value of the file under the flag that it stands in for.
type setting struct {
	flag, key string
	values    []string
}

// settings lists what the file sets.
func (c *configFile) settings() []setting {
	t, a, s, k := c.Target, c.Target.Auth, c.Safety, c.Check
	var out []setting
	add := func(flag, key string, values ...string) {
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		if len(values) > 0 {
			out = append(out, setting{flag, key, values})
		}
	}
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	yes := func(b bool) string {
		if !b {
			return ""
		}
		return "true"
	}
	add("token", "target.auth.token", a.Token)
	add("basic-user", "target.auth.user", a.User)
	add("basic-password", "target.auth.password", a.Password)
	add("auth-header", "target.auth.header", a.Header)
	add("oauth2-token-url", "target.auth.token_url", a.TokenURL)
	add("oauth2-client-id", "target.auth.client_id", a.ClientID)
	add("oauth2-client-secret", "target.auth.client_secret", a.ClientSecret)
	add("oauth2-scope", "target.auth.scopes", a.Scopes...)
	add("restricted-token", "target.auth.restricted_token", a.RestrictedToken)
	add("expired-token", "target.auth.expired_token", a.ExpiredToken)
	add("other-domain-token", "target.auth.other_domain_token", a.OtherDomainToken)
	add("header", "target.headers", pairs(t.Headers)...)
	add("ca-file", "target.ca_file", t.CAFile)
	add("cert", "target.cert", t.Cert)
	add("key", "target.key", t.Key)
	add("proxy", "target.proxy", t.Proxy)
	add("timeout", "target.timeout", t.Timeout)
	add("insecure", "target.insecure", yes(t.Insecure))
	add("allow-plain-http", "target.allow_plain_http", yes(t.AllowPlainHTTP))
	add("allow-writes", "safety.allow_writes", s.AllowWrites)
	add("read-only", "safety.read_only", yes(s.ReadOnly))
	add("max-writes", "safety.max_writes", number(int64(s.MaxWrites)))
	add("rate", "safety.rate", s.Rate)
	add("user-domain", "user.domain", c.User.Domain)
	add("only", "check.only", k.Only...)
	add("skip", "check.skip", k.Skip...)
	add("fail-on", "check.fail_on", k.FailOn)
	add("seed", "check.seed", number(k.Seed))
	add("force", "check.force", k.Force...)
	add("waivers", "check.waivers", k.Waivers)
	add("stale-waivers", "check.stale_waivers", k.StaleWaivers)
	add("output", "reports", pairs(c.Reports)...)
	return out
}

func pairs(m map[string]string) []string {
	var out []string
	for k, v := range m {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return out
}

// load reads the configuration and fills in the flags that were not given: flag > SCIMPROOF_<FLAG> > file > default.
// A credential of one kind hides credentials of other kinds that stand lower in that order.
func (m *Main) load(flags *pflag.FlagSet, path string) (*configFile, error) {
	if v, ok := m.Env("SCIMPROOF_CONFIG"); ok && path == "" {
		path = v
	}
	file, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	kind := givenKind(flags)
	m.origins = map[string]string{}
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "SCIMPROOF_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		v, ok := m.Env(name)
		if !ok || v == "" || f.Changed || f.Name == "help" || failed != nil || hidden(f.Name, kind) {
			return
		}
		if err := flags.Set(f.Name, v); err != nil {
			failed = usage("it takes what --"+f.Name+" takes", "the environment variable %s: %w", name, err)
		}
		m.origins[f.Name] = name
	})
	if failed != nil {
		return nil, failed
	}
	kind = givenKind(flags)
	for _, s := range file.settings() {
		f := flags.Lookup(s.flag)
		if most := flags.Lookup("max-rate"); s.flag == "rate" && most != nil {
			f = most // where --rate means something else, the file still limits requests
		}
		if f == nil || f.Changed || hidden(s.flag, kind) {
			continue
		}
		for _, v := range s.values {
			if err := flags.Set(s.flag, v); err != nil {
				return nil, usage("it takes what --"+s.flag+" takes", "%s: %s: %w", cmp.Or(path, defaultConfig), s.key, errors.New(withoutFlag(err)))
			}
		}
		m.origins[f.Name] = cmp.Or(path, defaultConfig) + ": " + s.key
	}
	return file, nil
}

// givenKind is the kind of the credentials that have been given so far, or "".
func givenKind(flags *pflag.FlagSet) string {
	for name, kind := range credentialKinds {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return kind
		}
	}
	return ""
}

func hidden(flag, kind string) bool {
	return kind != "" && credentialKinds[flag] != "" && credentialKinds[flag] != kind
}

// withoutFlag leaves out which flag pflag thinks is wrong: the user wrote a key of the file.
func withoutFlag(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return fmt.Sprint(err)
}
