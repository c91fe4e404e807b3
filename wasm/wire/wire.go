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
	V      int
	Kind   string
	Model  string // URL of the bundle's manifest
	Device string // "auto", "webgpu", "tab", "cpu"
	ID     int
	Name   string // the picture's file name
	Head   string // "" is the default head
	// How a reader makes the network's input: its side, and what to normalise by.
	Size int
	Mean [3]float32
	Std  [3]float32
}

// Event goes from the worker to the page.
type Event struct {
	V      int
	Kind   string
	Stage  string
	Done   int64
	Total  int64
	ID     int
	Reason string
	Engine *Engine
	Answer *Answer
	Steps  []Step
	// Picture is what a reader decoded.
	Picture *Picture
}

// Picture is a decoded picture, as intake describes it.
type Picture struct {
	Width  int
	Height int
	Notes  []string
}

// Step is a step of the plan and what it took on the device that answers.
type Step struct {
	Name    string
	Op      string
	Shape   string
	Kernels string  // of a GPU, each with its workgroups
	MS      float64 // median
	GFLOPS  float64
}

// Engine says what will answer, and why that and not another.
type Engine struct {
	Device   string // "webgpu", "tab", "cpu"
	Describe string // adapter or instruction set
	Why      string // e.g. "WebGPU: no adapter; the CPU path passed its self-test"
	Summary  string // what the plan comes to on the device, if it says so
	Version  string // of the model
	SHA256   string
	Heads    []Head
	// Notes is what the reader should know of the loading, e.g. that the model
	// could not be kept for offline use.
	Notes []string
}

// Head describes a classifier to the screen; Record is the training record's JSON.
type Head struct {
	Name          string
	Demonstration bool
	Classes       []string // titles, in logit order
	Record        string
}

// Answer is what one picture got.
type Answer struct {
	Head          string
	Demonstration bool
	Logits        []float32
	Probabilities []float32
	Class         int    // index of the top class
	Statement     string // "Morphology suggestive of ..."
	Device        string
	Describe      string  // as Engine's, when this picture was run
	MS            float64 // decoding to logits
	RunMS         float64 // the network alone
	Width         int
	Height        int
	Notes         []string // e.g. "turned upright by its EXIF orientation"
	Version       string   // of the model
}
