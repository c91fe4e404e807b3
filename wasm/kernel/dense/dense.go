// Package dense is a fully connected layer on one row: act(x·w + b).
package dense

// Shape of one call: x [C], w [C,M], b [M] -> y [M].
type Shape struct{ C, M int }
