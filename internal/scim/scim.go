// Package scim holds what RFC 7643 and RFC 7644 fix for both sides of the wire: URNs, media types,
// schema definitions, attribute notation, and access to resources by attribute name.
// It knows nothing of HTTP clients, servers or verdicts.
package scim

import (
	"fmt"
	"strings"
)

// Schema and message URNs (RFC 7643 §8.7, RFC 7644 §8.2).
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseURN     = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	ProviderConfigURN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	ResourceTypeURN   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	SchemaURN         = "urn:ietf:params:scim:schemas:core:2.0:Schema"

	MessagePrefix    = "urn:ietf:params:scim:api:"
	ListResponseURN  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	SearchRequestURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	PatchOpURN       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	BulkRequestURN   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	BulkResponseURN  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	ErrorURN         = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// Media types (RFC 7644 §3.1, §8.1).
const (
	MediaType     = "application/scim+json"
	JSONMediaType = "application/json"
)

// scimType keywords of an error (RFC 7644 §3.12 Table 9, RFC 9865 §2.1 Table 3).
const (
	InvalidFilter = "invalidFilter"
	TooMany       = "tooMany"
	Uniqueness    = "uniqueness"
	Mutability    = "mutability"
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	NoTarget      = "noTarget"
	InvalidValue  = "invalidValue"
	InvalidVers   = "invalidVers"
	Sensitive     = "sensitive"
	InvalidCursor = "invalidCursor"
	ExpiredCursor = "expiredCursor"
	InvalidCount  = "invalidCount"
)

var quoter = newQuoter()

// newQuoter escapes what JSON does not let stand in a string.
func newQuoter() *strings.Replacer {
	pairs := []string{`\`, `\\`, `"`, `\"`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`}
	for c := range ' ' {
		pairs = append(pairs, string(c), fmt.Sprintf(`\u%04x`, c))
	}
	return strings.NewReplacer(pairs...)
}

// Quote writes s as the quoted string of a filter comparison value (RFC 7644 §3.4.2.2: JSON rules).
func Quote(s string) string { return `"` + quoter.Replace(s) + `"` }
