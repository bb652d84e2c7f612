package scim

import "strings"

// Attribute is one attribute definition of a schema, with its characteristics (RFC 7643 §2.2, §7).
type Attribute struct {
	Name            string      `json:"name"`
	Type            string      `json:"type"`
	MultiValued     bool        `json:"multiValued"`
	Description     string      `json:"description"`
	Required        bool        `json:"required"`
	CanonicalValues []string    `json:"canonicalValues,omitempty"`
	CaseExact       bool        `json:"caseExact"`
	Mutability      string      `json:"mutability"`
	Returned        string      `json:"returned"`
	Uniqueness      string      `json:"uniqueness,omitempty"`
	ReferenceTypes  []string    `json:"referenceTypes,omitempty"`
	SubAttributes   []Attribute `json:"subAttributes,omitempty"`
}

// Sub returns the sub-attribute called name, whatever its letter case, or nil.
func (a *Attribute) Sub(name string) *Attribute { return find(a.SubAttributes, name) }

// Complex tells whether values are objects.
func (a *Attribute) Complex() bool { return a.Type == "complex" }

// Schema is a schema definition (RFC 7643 §7).
type Schema struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Attributes  []Attribute `json:"attributes"`
}

// Attr returns the attribute called name, whatever its letter case, or nil.
func (s *Schema) Attr(name string) *Attribute { return find(s.Attributes, name) }

// Extension names an extension schema of a resource type (RFC 7643 §6).
type Extension struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

// ResourceType is a resource type definition (RFC 7643 §6). Endpoint is relative to the base, such as "/Users".
type ResourceType struct {
	ID               string      `json:"id,omitempty"`
	Name             string      `json:"name"`
	Description      string      `json:"description,omitempty"`
	Endpoint         string      `json:"endpoint"`
	Schema           string      `json:"schema"`
	SchemaExtensions []Extension `json:"schemaExtensions,omitempty"`
}

func find(list []Attribute, name string) *Attribute {
	for i := range list {
		if strings.EqualFold(list[i].Name, name) {
			return &list[i]
		}
	}
	return nil
}
