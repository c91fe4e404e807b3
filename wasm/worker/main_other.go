//go:build !js

package main

import "log"

func main() { log.Fatal("worker: the engine runs inside a browser; build it with GOOS=js GOARCH=wasm") }
