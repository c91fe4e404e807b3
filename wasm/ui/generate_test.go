//go:build !wasm

package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The generated files must pass the policy and ask for nothing from elsewhere.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	place := Place{Worker: "/engine/engine-worker.1f2e.js", Model: "/model/b3.99aa.json", Drawn: []string{"/samples/drawn-early-1.jpg"}}
	if err := Generate(dir, "v1", 123, place); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "about.html"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.FindString(string(text)); found != "" {
			t.Errorf("%s: the policy would block %q", name, found)
		}
		for _, attribute := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
			if !strings.HasPrefix(attribute[1], "/") || strings.HasPrefix(attribute[1], "//") {
				t.Errorf("%s asks for %s", name, attribute[1])
			}
		}
	}
	script, err := os.ReadFile(filepath.Join(dir, "app.js"))
	if err != nil {
		t.Fatal(err)
	}
	contain(t, string(script), place.Worker, place.Model, place.Drawn[0])
	if here().Worker != place.Worker || here().Model != place.Model || len(here().Drawn) != 1 {
		t.Errorf("the page reads %+v, want %+v", here(), place)
	}
}
