//go:build !(js && wasm)

// Command app runs in a browser only: build it with GOOS=js GOARCH=wasm.
package main

func main() { panic("app: build me with GOOS=js GOARCH=wasm, see build/dist") }
