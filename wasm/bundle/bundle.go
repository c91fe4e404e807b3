// Package bundle is the one file that ships: a plan with its weights, and all
// that is needed to read its answers (classes, preprocessing, training record,
// golden self-test). Nothing downstream hard-codes any of these.
package bundle

import (
	"encoding/json"

	"blastlens/wasm/plan"
)

// Class is one answer of a head, in the order of its logits.
type Class struct {
	Name  string `json:"name"`  // folder name in the training data, e.g. "Early"
	Title string `json:"title"` // on screen, e.g. "Early pre-B ALL"
	// Group joins classes that mean the same to a reader, e.g. "benign", "malignant".
	Group string `json:"group,omitempty"`
}

// Head is one classifier on the shared body.
type Head struct {
	Name string `json:"name"` // the plan's output that holds its logits, e.g. "smear", "drawn"
	// Demonstration marks a head trained on drawn pictures; every result of it says so.
	Demonstration bool            `json:"demonstration,omitempty"`
	Classes       []Class         `json:"classes"`
	Record        json.RawMessage `json:"record,omitempty"` // training record, as model/learn wrote it
}

// Preprocess turns an RGB picture into the plan's input.
type Preprocess struct {
	Size   int        `json:"size"`   // the network's square input, pixels
	Resize string     `json:"resize"` // "centre-crop": scale the short side to Size, cut the middle square
	Mean   [3]float32 `json:"mean"`   // of R, G, B in 0..1
	Std    [3]float32 `json:"std"`
}

// Golden is the self-test that every device must pass before it may answer:
// the input is GoldenInput(Seed, size), never a picture of anybody.
type Golden struct {
	Seed   uint32               `json:"seed"`
	Logits map[string][]float32 `json:"logits"` // a head's name -> the logits that `ref` computed from these very weights
	// Tolerance is relative to the largest absolute logit of the head.
	Tolerance float32 `json:"tolerance"`
}

// Bundle is a packed model.
type Bundle struct {
	Version    string     `json:"version"` // of the model, e.g. "2026.11.24-smear-frozen"
	Network    string     `json:"network"` // "efficientnet_b3"
	Heads      []Head     `json:"heads"`   // the first is the default
	Preprocess Preprocess `json:"preprocess"`
	Golden     Golden     `json:"golden"`
	Plan       *plan.Plan `json:"plan"`
}

// Manifest stands beside a bundle (same name, .json) and is what a tab fetches
// first: which file, how long, and which bytes it must be.
type Manifest struct {
	File    string `json:"file"` // e.g. "blastlens-b3.blm"
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"` // hex
	Version string `json:"version"`
}
