# Everything here needs Go alone, except `interop` (node, python3) and what its messages name.
GO      ?= go
BIN     := bin/scimproof
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: help build demo test race lint bench interop mutants

help: ## show the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

build: ## build bin/scimproof, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/scimproof

demo: build ## start the embedded target, check it, write the reports to out/
	$(BIN) demo --out-dir out

test: ## run every test that needs Go alone
	$(GO) test -timeout 40m ./...

race: ## the same under the race detector
	$(GO) test -race -timeout 80m ./...

lint: ## gofumpt, go vet, staticcheck
	$(GO) run $(LINT) run ./...

bench: ## look-up cost, member changes and memory per user of the embedded target; time of a full check
	$(GO) test -run '^$$' -bench . -benchtime 1x ./fixtures/target ./suites

mutants: ## change the embedded target in 300 small places, one at a time, and list what no check notices
	$(GO) run ./internal/mutation -sample 300 -seed 1

interop: build ## check real servers from package registries against their known-failure lists
	cd fixtures/interop && $(GO) run . -scimproof ../../$(BIN)
