// Package wire is what page and engine worker say to each other: one JSON
// object a message, with the bytes of a picture transferred beside it. Both
// sides are built from this file, so a version mismatch is refused, not guessed.
package wire

// Version is checked on each message.
const Version = 1

// Kinds of message. Page to worker:
const (
	Load     = "load"     // Request.Model, Request.Device
	Classify = "classify" // Request.ID, .Name, .Head, bytes beside it
	Profile  = "profile"  // nothing more
)

// Engine's worker to a reader, which it started to decode beside it:
const Read = "read" // Request.ID, .Name, .Size, .Mean, .Std, bytes beside it

// Worker to page:
const (
	Progress = "progress" // Event.Stage, .Done, .Total
	Ready    = "ready"    // Event.Engine
	Result   = "result"   // Event.ID, .Answer
	Refused  = "refused"  // Event.ID, .Reason: this picture, and why
	Failed   = "failed"   // Event.Reason: the engine itself
	Profiled = "profiled" // Event.Steps, or .Reason why there are none
	// Reader to engine's worker; it says Ready first, and Refused as the engine does:
	Input = "input" // Event.ID, .Picture, the network's input beside it
)

// Stages of loading, in order.
const (
	StageDownload = "download" // Done and Total in bytes
	StageVerify   = "verify"
	StageCompile  = "compile"
	StageSelfTest = "self-test"
)

// Request goes from the page to the worker.
type Request struct {
	V      int    `json:"v"`
	Kind   string `json:"kind"`
	Model  string `json:"model,omitempty"`  // URL of the bundle's manifest
	Device string `json:"device,omitempty"` // "auto", "webgpu", "tab", "cpu"
	ID     int    `json:"id,omitempty"`
	Name   string `json:"name,omitempty"` // the picture's file name
	Head   string `json:"head,omitempty"` // "" is the default head
	// How a reader makes the network's input: its side, and what to normalise by.
	Size int        `json:"size,omitempty"`
	Mean [3]float32 `json:"mean,omitzero"`
	Std  [3]float32 `json:"std,omitzero"`
}

// Event goes from the worker to the page.
type Event struct {
	V      int     `json:"v"`
	Kind   string  `json:"kind"`
	Stage  string  `json:"stage,omitempty"`
	Done   int64   `json:"done,omitempty"`
	Total  int64   `json:"total,omitempty"`
	ID     int     `json:"id,omitempty"`
	Reason string  `json:"reason,omitempty"`
	Engine *Engine `json:"engine,omitempty"`
	Answer *Answer `json:"answer,omitempty"`
	Steps  []Step  `json:"steps,omitempty"`
	// Picture is what a reader decoded.
	Picture *Picture `json:"picture,omitempty"`
}

// Picture is a decoded picture, as intake describes it.
type Picture struct {
	Width  int      `json:"width"`
	Height int      `json:"height"`
	Notes  []string `json:"notes,omitempty"`
}

// Step is a step of the plan and what it took on the device that answers.
type Step struct {
	Name   string  `json:"name"`
	Op     string  `json:"op"`
	Shape  string  `json:"shape"`
	MS     float64 `json:"ms"` // median
	GFLOPS float64 `json:"gflops"`
}

// Engine says what will answer, and why that and not another.
type Engine struct {
	Device   string `json:"device"`   // "webgpu", "tab", "cpu"
	Describe string `json:"describe"` // adapter or instruction set
	Why      string `json:"why"`      // e.g. "WebGPU: no adapter; the CPU path passed its self-test"
	Version  string `json:"version"`  // of the model
	SHA256   string `json:"sha256"`
	Heads    []Head `json:"heads"`
	// Notes is what the reader should know of the loading, e.g. that the model
	// could not be kept for offline use.
	Notes []string `json:"notes,omitempty"`
}

// Head describes a classifier to the screen; Record is the training record's JSON.
type Head struct {
	Name          string   `json:"name"`
	Demonstration bool     `json:"demonstration,omitempty"`
	Classes       []string `json:"classes"` // titles, in logit order
	Record        string   `json:"record,omitempty"`
}

// Answer is what one picture got.
type Answer struct {
	Head          string    `json:"head"`
	Demonstration bool      `json:"demonstration,omitempty"`
	Logits        []float32 `json:"logits"`
	Probabilities []float32 `json:"probabilities"`
	Class         int       `json:"class"`     // index of the top class
	Statement     string    `json:"statement"` // "Morphology suggestive of ..."
	Device        string    `json:"device"`
	Describe      string    `json:"describe,omitempty"` // as Engine's, when this picture was run
	MS            float64   `json:"ms"`                 // decoding to logits
	RunMS         float64   `json:"run_ms"`             // the network alone
	Width         int       `json:"width"`
	Height        int       `json:"height"`
	Notes         []string  `json:"notes,omitempty"` // e.g. "turned upright by its EXIF orientation"
	Version       string    `json:"version"`         // of the model
}
