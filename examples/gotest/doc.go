// Package gotest shows how an implementer lets scimproof judge a server in its own `go test`.
package gotest
