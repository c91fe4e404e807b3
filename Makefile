# make run    builds the whole product and serves it on http://127.0.0.1:8080
# make test   installs what the tests need, and passes them
# make bench  measures kernels and network natively, and the tab beside its peers
# make build  web/dist, bin/blastlens-server, bin/blastlens
# make clean  removes what was built

# The one place that names toolchain and experiment; a Go >= 1.21 downloads the rest.
export GOTOOLCHAIN := go1.27.3
export GOEXPERIMENT := simd
export CGO_ENABLED := 0

.DEFAULT_GOAL := build
.PHONY: run build dist test check kernels bench bench-native bench-tab clean

run: build
	bin/blastlens-server --addr 127.0.0.1:8080

build: dist
	go build -trimpath -o bin/ ./model/cmd/blastlens
	go build -trimpath -o bin/blastlens-server ./server

dist:
	go run ./build/dist

test: check build kernels
	go test -timeout 20m ./...

check:
	@build/setup.sh
	@unformatted=$$(gofmt -l build model server wasm web | grep -v '^build/work/'); \
		if [ -n "$$unformatted" ]; then echo "gofmt wants to change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./wasm/...
	GOEXPERIMENT= go build ./...

# Every kernel, and its gradient against gorgonia's, at each vector width that the
# machine has, emulated, and without SIMD. Shaders have no such width: `test` runs them once.
kernels:
	for width in $$(go run ./build/widths); do \
		GODEBUG=simd=$$width go test -count=1 -skip 'Shader|/^wgsl' ./wasm/kernel/... ./wasm/device/cpu && \
		GODEBUG=simd=$$width go test -count=1 -run Gorgonia ./model/learn || exit 1; done
	GOEXPERIMENT= go test -count=1 -skip 'Shader|/^wgsl' ./wasm/kernel/... ./wasm/device/cpu
	GOEXPERIMENT= go test -count=1 -run Gorgonia ./model/learn

bench: bench-native bench-tab

# The trainer beside PyTorch: build/bench/train.py. The tab's kernels step by step: build/bench/tab.mjs.
bench-native: build
	bin/blastlens bench
	go test -run '^$$' -bench . -benchtime 1s ./wasm/kernel/... ./model/learn ./build/e2e

# The engine, the app and other runtimes in Chromium and Firefox; BENCH="--rounds 1
# --only litert" and the like narrow it. The table lands in build/work/bench.
bench-tab: build
	build/bench/setup.sh
	node build/bench/main.mjs $(BENCH)

clean:
	rm -rf bin build/work
	find web/dist -mindepth 1 ! -name .gitkeep -delete
