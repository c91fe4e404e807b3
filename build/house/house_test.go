package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "blastlens/"

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T, goos, goarch, pattern string) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e=false", "-json=ImportPath,Imports,Deps", pattern)
	cmd.Dir = "../.."
	cmd.Env = os.Environ()
	if goos != "" {
		cmd.Env = append(cmd.Env, "GOOS="+goos, "GOARCH="+goarch)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", pattern, err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list %s: no packages: a room has moved, and this rule with it", pattern)
	}
	return all
}

func below(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestDataFlowsOneWay(t *testing.T) {
	place := func(path string) int {
		return slices.IndexFunc(Order, func(room string) bool { return below(path, module+room) })
	}
	for here, room := range Order {
		for _, p := range list(t, "", "", "./"+room+"/...") {
			for _, imported := range p.Imports {
				switch there := place(imported); {
				case there > here:
					t.Errorf("%s imports %s, which stands to its right", p.ImportPath, imported)
				case there < 0 && strings.HasPrefix(imported, module) && !below(p.ImportPath, module+"wasm/kernel/kerneltest"):
					t.Errorf("%s imports %s, which is not in the order %v", p.ImportPath, imported, Order)
				}
			}
		}
	}
}

func TestRoomsStayApart(t *testing.T) {
	for _, rule := range Rules {
		t.Run(rule.From, func(t *testing.T) {
			for _, p := range list(t, rule.GOOS, rule.GOARCH, "./"+rule.From+"/...") {
				for _, dep := range p.Deps {
					for _, never := range rule.Never {
						if below(dep, never) {
							t.Errorf("%s depends on %s: %s", p.ImportPath, dep, rule.Why)
						}
					}
				}
			}
		})
	}
}
