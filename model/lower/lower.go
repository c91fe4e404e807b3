// Package lower turns an ONNX graph into a plan: it folds batch-norm into its
// neighbours, fuses activations, squeeze-and-excitation gates, residuals and
// pools into the steps that package plan has, changes weights from ONNX's
// layouts to the plan's and gives each value a buffer.
//
// The graph becomes a program (program.go, read.go), each pass rewrites the
// program (one file each), and emit.go writes the plan. A pass changes only
// what it recognises; emit refuses what no pass could bring into a step.
package lower

import (
	"fmt"

	"blastlens/model/graph"
	"blastlens/wasm/plan"
)

// Lower makes a plan for pictures of size x size, whatever size the graph was
// written for; 0 takes the graph's. The plan's values are NHWC. Errors name the
// node's place in g.Nodes, its operator and its tensor.
func Lower(g *graph.Graph, size int) (*plan.Plan, error) {
	p, err := read(g, size)
	if err != nil {
		return nil, err
	}
	for _, pass := range []func(*program){
		dropUnread,     // what no output needs: no pass may trip over it
		foldNorm,       // Conv, BatchNormalization -> Conv
		fuseActivation, // Sigmoid and Mul -> SiLU; then into the operation before
		foldNormDense,  // BatchNormalization, Gemm -> Gemm
		fuseSqueeze,    // pool, Conv, Conv -> squeeze; Mul -> gate of the next Conv
		fuseResidual,   // Conv, Add -> Conv
		fusePool,       // GlobalMaxPool, GlobalAveragePool, Concat -> one pool
		dropIdentity,   // what adds nothing to its residual
		dropUnread,     // what the passes left over
	} {
		pass(p)
	}
	made, err := emit(p)
	if err != nil {
		return nil, err
	}
	plan.Place(made)
	if err := made.Validate(); err != nil {
		return nil, fmt.Errorf("lower: %w", err)
	}
	return made, nil
}
