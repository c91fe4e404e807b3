// Package module joins the emitted kernels to one WASM module that runs the
// steps of a network in a shared memory, by as many threads as have an instance
// of it. It knows no network: package blocked says what stands in the memory.
package module
