package lower

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"blastlens/model/net"
	"blastlens/wasm/plan"
)

var update = flag.Bool("update", false, "write the golden files")

func TestB3Steps(t *testing.T) {
	p := net.InitHash(net.Fastai, 4, 1)
	g, err := net.Build(p, 224, net.Output{Name: "logits", Head: net.Fastai, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size int
		file string
	}{{224, "testdata/b3_224.txt"}, {301, "testdata/b3_301.txt"}} {
		made, err := Lower(g, c.size)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(made.Steps); n != 107 {
			t.Errorf("%d steps at %d, want 107: stem, 2 blocks of 3, 24 blocks of 4, head, pool, 2 dense", n, c.size)
		}
		var text bytes.Buffer
		if err := plan.Print(&text, made); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(c.file, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text.Bytes(), want) {
			t.Errorf("the plan differs from %s (go test -update writes it anew):\n%s", c.file, text.Bytes())
		}
	}
}
