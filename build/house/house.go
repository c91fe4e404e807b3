// Package house holds the rules of the building: who may import whom, and what
// must stay out of the tab's binaries. Its test reads them with `go list`.
package house

// Order is the one way that data flows. A room may import the rooms to its left
// and no other room of this list; its subfolders share its place.
var Order = []string{
	"wasm/fields",
	"wasm/tensor",
	"wasm/kernel",
	"wasm/plan",
	"wasm/bundle",
	"wasm/device",
	"wasm/engine",
}

// Rule forbids imports: no package below From, nor anything it depends on in
// the given build, may be below one of Never.
type Rule struct {
	From         string
	GOOS, GOARCH string // "" is the machine's own
	Never        []string
	Why          string
}

// Rules beside Order.
var Rules = []Rule{
	{From: "wasm/app", GOOS: "js", GOARCH: "wasm", Why: "the page does no arithmetic and must stay small", Never: []string{
		"blastlens/wasm/kernel", "blastlens/wasm/plan", "blastlens/wasm/device", "blastlens/wasm/engine", "blastlens/wasm/bundle", "golang.org/x/image",
		"github.com/gogpu", "github.com/go-webgpu",
	}},
	{From: "wasm/worker", GOOS: "js", GOARCH: "wasm", Why: "the engine stays small", Never: []string{
		"github.com/maxence-charriere/go-app", "google.golang.org/protobuf", "github.com/golang/protobuf", "github.com/owulveryck/onnx-go", "gorgonia.org", "net/http",
		"github.com/tetratelabs/wazero", "encoding/json", "github.com/go-json-experiment", "context",
	}},
	{From: "wasm/worker", GOOS: "js", GOARCH: "wasm", Why: "in a tab the GPU is the browser's", Never: []string{"blastlens/wasm/kernel/gpu", "github.com/gogpu", "github.com/go-webgpu"}},
	{From: "wasm/worker", GOOS: "js", GOARCH: "wasm", Why: "the tab's kernels are emitted when the page is built", Never: []string{"blastlens/wasm/kernel/wasm", "blastlens/wasm/kernel/module"}},
	{From: "wasm/worker", GOOS: "js", GOARCH: "wasm", Why: "what the tab runs knows nothing of training", Never: []string{"blastlens/model", "blastlens/build", "blastlens/server"}},
	{From: "wasm/intake", Why: "decoding a picture needs no network", Never: []string{"blastlens/wasm/kernel", "blastlens/wasm/plan", "blastlens/wasm/device", "blastlens/wasm/engine"}},
	{From: "wasm/verdict", Why: "a verdict reads logits, whatever computed them", Never: []string{"blastlens/wasm/kernel", "blastlens/wasm/plan", "blastlens/wasm/device", "blastlens/wasm/engine", "blastlens/wasm/bundle"}},
	{From: "wasm/wire", Why: "messages are plain data", Never: []string{"blastlens/wasm/kernel", "blastlens/wasm/plan", "blastlens/wasm/device", "blastlens/wasm/engine", "blastlens/wasm/ui"}},
	{From: "server", Why: "the host knows nothing of medicine", Never: []string{"blastlens/wasm", "blastlens/model"}},
	{From: "server", Why: "the host is one static binary", Never: []string{"github.com/gogpu", "github.com/go-webgpu"}},
}
