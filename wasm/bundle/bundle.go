// Package bundle is the one file that ships: a plan with its weights, and all
// that is needed to read its answers (classes, preprocessing, training record,
// golden self-test). Nothing downstream hard-codes any of these.
package bundle

import "blastlens/wasm/plan"

// Class is one answer of a head, in the order of its logits.
type Class struct {
	Name  string // folder name in the training data, e.g. "Early"
	Title string // on screen, e.g. "Early pre-B ALL"
	// Group joins classes that mean the same to a reader, e.g. "benign", "malignant".
	Group string
}

// Head is one classifier on the shared body.
type Head struct {
	Name string // the plan's output that holds its logits, e.g. "smear", "drawn"
	// Demonstration marks a head trained on drawn pictures; every result of it says so.
	Demonstration bool
	Classes       []Class
	Record        []byte // training record, as model/learn wrote it
}

// Preprocess turns an RGB picture into the plan's input.
type Preprocess struct {
	Size   int        // the network's square input, pixels
	Resize string     // "centre-crop": scale the short side to Size, cut the middle square
	Mean   [3]float32 // of R, G, B in 0..1
	Std    [3]float32
}

// Golden is the self-test that every device must pass before it may answer:
// the input is GoldenInput(Seed, size), never a picture of anybody.
type Golden struct {
	Seed   uint32
	Logits map[string][]float32 // a head's name -> the logits that `ref` computed from these very weights
	// Tolerance is relative to the largest absolute logit of the head.
	Tolerance float32
}

// Bundle is a packed model.
type Bundle struct {
	Version    string // of the model, e.g. "2026.11.24-smear-frozen"
	Network    string // "efficientnet_b3"
	Heads      []Head // the first is the default
	Preprocess Preprocess
	Golden     Golden
	Plan       *plan.Plan
}

// Manifest stands beside a bundle (same name, .json) and is what a tab fetches
// first: which file, how long, and which bytes it must be.
type Manifest struct {
	File    string `json:"file"` // e.g. "blastlens-b3.blm"
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"` // hex
	Version string `json:"version"`
}
