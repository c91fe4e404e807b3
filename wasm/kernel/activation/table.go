package activation

import "blastlens/wasm/kernel/blocked"

// The emitted WASM takes the exponential as a power of two, 2^t = 2^n * 2^f with
// n the integer nearest to t and f in [-1/2, 1/2], where the polynomial of
// degree 4 that is best in relative error (Remez) is within 2.6e-6.
const (
	constNegLog2e = iota
	constLow      // 2^-125 is what is left of 2^t for smaller t
	constHigh
	constRounder // 1.5*2^23: adding it leaves n in the lowest bits
	constPoly0
	constPoly1
	constPoly2
	constPoly3
	constPoly4
	constOne
	constants
)

// Table is the constants of the emitted activations, each in four lanes: what a
// kernel loads with one instruction, where writing a vector out takes several.
func Table() []float32 {
	values := [constants]float32{
		constNegLog2e: -log2e, constLow: -125, constHigh: 127, constRounder: 3 << 22, constOne: 1,
		constPoly0: 0.999999261, constPoly1: 0.693121815, constPoly2: 0.240247448, constPoly3: 0.0559178603, constPoly4: 0.00957010191,
	}
	var table []float32
	for _, v := range values {
		table = append(table, v, v, v, v)
	}
	return table
}

// Code is the activation as records of package blocked have it.
func (k Kind) Code() int {
	switch k {
	case SiLU:
		return blocked.ActSiLU
	case ReLU:
		return blocked.ActReLU
	case Sigmoid:
		return blocked.ActSigmoid
	}
	return blocked.ActNone
}
