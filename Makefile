# Deskbell. `make run` starts a desk, `make test` proves it; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export GOTOOLCHAIN := auto
export CGO_ENABLED := 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
BIN := bin/deskbell

# Where a desk of `make run` and `make dev` lives.
DATA ?= ./data
HTTP ?= 127.0.0.1:8090

# What the screens are built from; nothing is built while it stands unchanged.
UI_SOURCES = $(shell find ui -type f -not -path '*/node_modules/*' -not -path 'ui/dist/*' -not -path 'ui/tests/*' -not -path '*/test-results/*' -not -path '*/playwright-report/*' 2>/dev/null)
GO_SOURCES = $(shell find . -name '*.go' -not -name '*_test.go' -not -path './ui/node_modules/*' 2>/dev/null)

.PHONY: run test dev build lint bench faults faults-short e2e image help go-test ui-test format tools

## run: build what changed and serve a desk with its data in ./data
run: $(BIN)
	@echo "Starting Deskbell; its data is in $(DATA). Stop it with Ctrl+C."
	@exec ./$(BIN) serve --dir $(DATA) --http $(HTTP)

## test: all tests: Go, types, screens, browser, faults (about ten minutes)
test: go-test ui-test $(BIN) e2e faults-short
	@echo "All tests passed."

## dev: serve from source, with the screens rebuilt on every change at http://127.0.0.1:5173
dev: ui/node_modules/.stamp
	@trap 'kill 0' EXIT; (cd ui && npm run dev) & go run . serve --dir $(DATA) --http $(HTTP)

## build: build bin/deskbell with its screens
build: $(BIN)

## lint: vet, format and the linters of the screens
lint: format ui/node_modules/.stamp
	go vet ./...
	go vet -tags faults ./...
	cd ui && npm run lint

## bench: measure; results as text and JSON in bench/results
bench: $(BIN)
	@mkdir -p bench/results
	@if [ -f bench/main.go ]; then go run ./bench -bin ./$(BIN) -out bench/results; fi
	go test -run '^$$' -bench . -benchmem ./... | tee bench/results/go.txt

## faults: the long fault run: kills at every fault point, an independent checker (about four minutes)
faults:
	go test -tags faults -count=1 -timeout 10m ./faults
	go run ./faults/run

## e2e: browser tests against bin/deskbell
e2e: $(BIN) ui/node_modules/.stamp
	@.ci/tools chromium
	cd ui && CHROMIUM="$$(command -v chromium chromium-browser google-chrome | head -1)" DESKBELL_BIN="$(CURDIR)/$(BIN)" npm run e2e

## image: build the container image
image:
	docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) -t deskbell:$(VERSION) .

## help: list the targets
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST) | awk '{ name = $$1; sub(/^[^ ]+ /, ""); sub(/:$$/, "", name); printf "  make %-8s %s\n", name, $$0 }'

tools:
	@.ci/tools go node

format:
	@wrong="$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go' -not -path './ui/node_modules/*'))"; \
	if [ -n "$$wrong" ]; then echo "Not formatted; run gofmt -w on:"; echo "$$wrong"; exit 1; fi

go-test: format
	@.ci/tools go
	go vet ./...
	go test -timeout 15m ./...

ui-test: ui/node_modules/.stamp
	cd ui && npm run check
	cd ui && npm run test

faults-short:
	go vet -tags faults ./...
	go test -tags faults -short -count=1 -timeout 10m ./faults
	go run ./faults/run --quick

ui/node_modules/.stamp: ui/package.json ui/package-lock.json
	@.ci/tools node
	cd ui && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	@touch $@

# The build empties the folder; the embedded tree needs one file in a bare clone.
bin/.screens: ui/node_modules/.stamp $(UI_SOURCES)
	cd ui && npm run build
	@mkdir -p bin && touch ui/dist/.keep $@

$(BIN): bin/.screens $(GO_SOURCES) go.mod go.sum
	@.ci/tools go
	go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $@ .
