// Package wasmtest runs emitted modules in tests, natively by wazero, in as many
// threads on one memory as a test wants.
package wasmtest
