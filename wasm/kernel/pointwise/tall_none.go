//go:build !(amd64 && goexperiment.simd && go1.27)

package pointwise

// panelTall: there are no tall tiles in this build.
func panelTall(*Packed, []float32, []float32, int, panel) bool { return false }
