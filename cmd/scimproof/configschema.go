package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xeipuuv/gojsonschema"
	"go.yaml.in/yaml/v3"
)

// configSchema describes the configuration file; editors complete by it, and readConfig validates by it.
//
//go:embed config.schema.json
var configSchema []byte

// validateConfig holds a configuration against the schema and returns what is wrong in the order of the lines. Values are
// never shown: they may be secrets.
func validateConfig(path string, data []byte) error {
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		return usage("check its indentation and quotes", "%s: %s", path, quotedValue.ReplaceAllString(err.Error(), "a value"))
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(configSchema), gojsonschema.NewGoLoader(jsonable(value)))
	if err != nil {
		return fmt.Errorf("the schema of the configuration: %w", err)
	}
	var root yaml.Node
	_ = yaml.Unmarshal(data, &root) // it has been read without an error above
	type wrong struct {
		line       int
		what, hint string
	}
	var list []wrong
	for _, e := range result.Errors() {
		keys := strings.Split(e.Context().String("\x00"), "\x00")[1:]
		w := wrong{line: lineOf(&root, keys), hint: "`scimproof config schema` shows what the file may hold"}
		name := strings.Join(keys, ".")
		switch e.Type() {
		case "number_one_of", "number_any_of", "condition_else", "condition_then":
			continue // what it is about is told on its own
		case "required":
			w.what = fmt.Sprintf("%v is missing", e.Details()["property"])
		case "enum":
			w.what, w.hint = name+" is none of the known values", fmt.Sprintf("use one of %v", e.Details()["allowed"])
		case "invalid_type":
			w.what = fmt.Sprintf("%s must be of type %v", name, e.Details()["expected"])
		default:
			w.what = name + " is not as it must be (" + strings.ReplaceAll(e.Type(), "_", " ") + ")"
		}
		list = append(list, w)
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b wrong) int { return a.line - b.line })
	more := ""
	if len(list) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(list)-1)
	}
	return usage(list[0].hint, "%s, line %d: %s%s", path, list[0].line, strings.TrimPrefix(list[0].what, "."), more)
}

// jsonable turns maps with keys of any type, which YAML knows, into those of JSON.
func jsonable(v any) any {
	switch t := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			if e != nil { // an empty section is as good as none
				out[k] = jsonable(e)
			}
		}
		return out
	case map[any]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			if e != nil {
				out[fmt.Sprint(k)] = jsonable(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = jsonable(e)
		}
		return out
	case nil, bool, string, int, int64, uint64, float64:
		return t
	}
	return fmt.Sprint(v) // a date, say
}

// lineOf is the line of the value behind these keys, or of the innermost of them that is there.
func lineOf(root *yaml.Node, keys []string) int {
	n := root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := max(n.Line, 1)
	for _, key := range keys {
		var next *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == key {
					line, next = n.Content[i].Line, n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(key); err == nil && i < len(n.Content) {
				next = n.Content[i]
				line = next.Line
			}
		}
		if next == nil {
			return line
		}
		n = next
	}
	return line
}
