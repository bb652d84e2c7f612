//go:build mutants

package main

import "github.com/scimproof/scimproof/fixtures/target"

func init() { nextExchange = target.NextMutantsExchange }
