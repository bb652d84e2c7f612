# Everything here needs Go alone, except `interop` (node, python3, a JDK, mvn), `browser` (Chromium, npm) and what its messages name.
GO      ?= go
BIN     := bin/scimproof
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: docs help build demo test race lint bench bench-tools interop interop-keycloak browser matrix mutants variants

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

build: ## build bin/scimproof, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/scimproof

demo: build ## check the embedded target, then provision 10,000 users into one; reports go to out/
	$(BIN) demo --out-dir out
	$(BIN) load --embedded --users 10000 --groups 100 --memberships 5000 --members-per-request 50 -o json=out/load.json -o csv=out/load.csv -o html=out/load.html

test: ## run every test that needs Go alone
	$(GO) test -timeout 80m ./...

race: ## the same under the race detector
	$(GO) test -race -timeout 160m ./...

lint: ## gofumpt, go vet, staticcheck
	$(GO) run $(LINT) run ./...

bench: build bench-tools ## the load driver against a bare loop, vegeta, wrk and k6; look-up cost and memory of the target; time of a check
	$(GO) build -trimpath -o bin/loadbench ./cmd/loadbench
	bin/loadbench
	$(GO) test -run '^$$' -bench . -benchtime 1x ./fixtures/target ./suites

bench-tools: ## install vegeta and k6 into bin/tools, and wrk from Debian where that is possible
	GOBIN=$(CURDIR)/bin/tools $(GO) install github.com/tsenart/vegeta/v12@v12.13.0
	GOBIN=$(CURDIR)/bin/tools $(GO) install go.k6.io/k6@v1.8.1
	command -v wrk || apt-get install -y wrk || true

docs: ## write docs/checks, a page for each check
	$(GO) run ./cmd/scimproof docs docs/checks

matrix: ## judge every flaw by every check; `make test` takes the checks that share a lane with those it names
	$(GO) test -timeout 90m ./suites -run TestKillMatrix -whole

variants: ## try all 200 combinations of legal choices and every single redefinition of an attribute; `make test` tries 40 and 24
	$(GO) test -timeout 60m ./suites -run 'TestVariantCombinations|TestCharacteristics' -combinations 200 -characteristics 0

mutants: ## change the embedded target in 300 small places, one at a time, and list what no check notices
	$(GO) run ./internal/mutation -sample 300 -seed 1

interop: build ## check real servers from package registries against their known-failure lists
	cd fixtures/interop && $(GO) run . -scimproof ../../$(BIN)

browser: build ## look at the HTML report in Chromium: nothing leaves, filter, links, WCAG 2.1 AA, phone width, speed
	cd fixtures/browser && $(GO) test -count=1 ./...

interop-keycloak: build ## the same for Keycloak, which takes minutes to start
	cd fixtures/interop && $(GO) run . -scimproof ../../$(BIN) -only keycloak
