package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// TestConfigSchemaHasEveryKey holds the schema and what is read in step.
func TestConfigSchemaHasEveryKey(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(configSchema, &schema); err != nil {
		t.Fatal(err)
	}
	definitions := schema["definitions"].(map[string]any)
	seen := 0
	var compare func(path string, node map[string]any, typ reflect.Type)
	compare = func(path string, node map[string]any, typ reflect.Type) {
		if ref, ok := node["$ref"].(string); ok {
			node = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
		if typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Struct {
			compare(path+".*", node["additionalProperties"].(map[string]any), typ.Elem())
			return
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		props := node["properties"].(map[string]any)
		var keys, want []string
		for key := range props {
			keys = append(keys, key)
		}
		for i := range typ.NumField() {
			key := typ.Field(i).Tag.Get("yaml")
			want = append(want, key)
			if sub, ok := props[key].(map[string]any); ok {
				compare(path+"."+key, sub, typ.Field(i).Type)
			}
		}
		slices.Sort(keys)
		slices.Sort(want)
		seen += len(want)
		if !slices.Equal(keys, want) || node["additionalProperties"] != false {
			t.Errorf("%s: the schema has %v, the program reads %v", path, keys, want)
		}
	}
	compare("", schema, reflect.TypeFor[configFile]())
	if seen < 35 {
		t.Errorf("only %d keys were compared", seen)
	}
}

// TestConfigSchemaBySecondValidator asks another implementation whether the schema itself, and what init writes, is valid.
func TestConfigSchemaBySecondValidator(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(configSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		configTemplate: true, "version: 1": true, "version: 2": false, "{}": false, "{version: 1, chek: {}}": false, "{version: 1, check: {fail_on: x}}": false,
		"{version: 1, types: {Device: {required: {a: 1}}}}": true, "{version: 1, types: {Device: {reqired: {a: 1}}}}": false,
	} {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if got := s.Validate(jsonable(value)) == nil; got != ok {
			t.Errorf("the second validator accepts %q: %v", text, got)
		}
		if got := validateConfig("x.yaml", []byte(text)) == nil; got != ok {
			t.Errorf("validateConfig accepts %q: %v", text, got)
		}
	}
}
