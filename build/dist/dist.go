package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"io/fs"
	"mime"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"blastlens/build/drawn"
	"blastlens/wasm/bundle"
	"blastlens/wasm/kernel/module"
	"blastlens/wasm/kernel/wasm"
	"blastlens/wasm/ui"
	"blastlens/wasm/wire"
	"blastlens/web"
)

// Budgets in bytes, as brotli.
const (
	kernelsBudget = 9_000
	engineBudget  = 1_000_000 - kernelsBudget // both are loaded; RATIONALE.md tells what is in it
	pageBudget    = 2_000_000
	modelBudget   = 12_000_000
)

// lean is the experiment that keeps encoding/json's first implementation: the
// second makes the page 1 MB larger. The engines have neither.
const lean = "nojsonv2"

// samplesPerClass drawn smears are shown to try the page with.
const samplesPerClass = 2

// dist is a build under way.
type dist struct {
	root, out, work string
	quality         int
	assets          []web.Asset
	when            map[string]string // path -> "simd" or "scalar": which browsers need the file
	engine, scalar  string            // paths of the engines
	worker          string            // path of the engine worker's script
	manifest        string            // path of the model's manifest
	drawn           []string          // paths of the drawn samples
	version         string            // of the whole, by content
}

// clear empties the output but for the file that keeps the folder in git.
func (d *dist) clear() error {
	d.when = map[string]string{}
	entries, err := os.ReadDir(d.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".gitkeep" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(d.out, e.Name())); err != nil {
			return err
		}
	}
	return os.MkdirAll(d.work, 0o755)
}

// add writes a file of the page. A hashed file gets its hash into its name and
// may be cached for ever; add returns the path under which it is served.
func (d *dist) add(name string, data []byte, hashed bool) (string, error) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if hashed {
		ext := path.Ext(name)
		name = strings.TrimSuffix(name, ext) + "." + digest[:16] + ext
	}
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".wasm":
		kind = "application/wasm"
	case ".webmanifest":
		kind = "application/manifest+json"
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".blm":
		kind = "application/octet-stream"
	case ".txt":
		kind = "text/plain; charset=utf-8"
	}
	if kind == "" {
		return "", fmt.Errorf("%s: no content type for this extension", name)
	}
	served := "/" + name
	if strings.HasSuffix(name, ".html") {
		served = "/" + strings.TrimSuffix(strings.TrimSuffix(name, ".html"), "index")
	}
	file := filepath.Join(d.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	d.assets = append(d.assets, web.Asset{Path: served, File: name, Type: kind, Bytes: int64(len(data)), SHA256: digest, Immutable: hashed})
	return served, os.WriteFile(file, data, 0o644)
}

// engines compiles the worker's WASM with SIMD and without, and its script.
func (d *dist) engines() error {
	for _, e := range []struct {
		name, experiment, when string
		served                 *string
	}{{"engine.wasm", "simd", "simd", &d.engine}, {"engine-scalar.wasm", "nosimd", "scalar", &d.scalar}} {
		data, err := d.compile(e.name, "./wasm/worker", e.experiment)
		if err != nil {
			return err
		}
		if *e.served, err = d.add("engine/"+e.name, data, true); err != nil {
			return err
		}
		d.when[*e.served] = e.when
	}
	fields := map[string]any{"Engine": d.engine, "EngineScalar": d.scalar, "Wire": wire.Version}
	if err := d.kernels(fields); err != nil {
		return err
	}
	script, err := d.expand("engine-worker.js", fields)
	if err != nil {
		return err
	}
	d.worker, err = d.add("engine/engine-worker.js", script, true)
	return err
}

// kernels emits what the device "tab" runs, for threads and for one, and adds
// the paths to fields.
func (d *dist) kernels(fields map[string]any) error {
	pool, err := d.expand("pool-worker.js", nil)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		field, name string
		data        []byte
	}{
		{"Kernels", "kernels.wasm", module.Emit(wasm.Memory{Shared: true}, module.Patience)},
		{"KernelsSingle", "kernels-single.wasm", module.Emit(wasm.Memory{}, module.Patience)},
		{"Pool", "pool-worker.js", pool},
	} {
		served, err := d.add("engine/"+f.name, f.data, true)
		if err != nil {
			return err
		}
		fields[f.field], d.when[served] = served, "simd"
	}
	return nil
}

// expand fills a template of web/static.
func (d *dist) expand(name string, data any) ([]byte, error) {
	t, err := template.ParseFiles(filepath.Join(d.root, "web", "static", name))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// model places the shipped bundle under its hash, and a manifest that names it so.
func (d *dist) model() error {
	file := filepath.Join(d.root, "web", "model", "blastlens-b3.blm")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(strings.TrimSuffix(file, ".blm") + ".json")
	if err != nil {
		return err
	}
	var m bundle.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("the manifest of %s: %w", file, err)
	}
	if err := bundle.Verify(bundle.Bytes(data), m); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	served, err := d.add("model/blastlens-b3.blm", data, true)
	if err != nil {
		return err
	}
	m.File = path.Base(served)
	if text, err = json.Marshal(m); err != nil {
		return err
	}
	d.manifest, err = d.add("model/blastlens-b3.json", text, true)
	return err
}

// samples draws smears to try the page with.
func (d *dist) samples() error {
	for _, class := range drawn.Classes() {
		for seed := range samplesPerClass {
			picture, err := drawn.Draw(class, uint64(500_000+seed), 448)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 90}); err != nil {
				return err
			}
			served, err := d.add(fmt.Sprintf("samples/drawn-%s-%d.jpg", strings.ToLower(class), seed+1), b.Bytes(), false)
			if err != nil {
				return err
			}
			d.drawn = append(d.drawn, served)
		}
	}
	return nil
}

// static copies what is written by hand; scripts are templates and come elsewhere.
func (d *dist) static() error {
	static := os.DirFS(filepath.Join(d.root, "web", "static"))
	return fs.WalkDir(static, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Ext(name) == ".js" {
			return err
		}
		data, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		_, err = d.add(name, data, false)
		return err
	})
}

// page compiles the page and renders its routes by go-app, whose own service
// worker is left out for ours.
func (d *dist) page() error {
	binary, err := d.compile("app.wasm", "./wasm/app", lean)
	if err != nil {
		return err
	}
	if _, err := d.add("web/app.wasm", binary, false); err != nil {
		return err
	}
	rendered, err := os.MkdirTemp(d.work, "page")
	if err != nil {
		return err
	}
	defer os.RemoveAll(rendered)
	sum := sha256.Sum256(binary)
	place := ui.Place{Worker: d.worker, Model: d.manifest, Drawn: d.drawn}
	if err := ui.Generate(rendered, hex.EncodeToString(sum[:8]), len(binary), place); err != nil {
		return fmt.Errorf("rendering the page: %w", err)
	}
	entries, err := os.ReadDir(rendered)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || e.Name() == "app-worker.js" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(rendered, e.Name()))
		if err != nil {
			return err
		}
		if _, err := d.add(e.Name(), data, false); err != nil {
			return err
		}
	}
	return nil
}

// serviceWorker lists what a visit must bring so that the next needs no server:
// everything but the model, which the engine's worker keeps itself.
func (d *dist) serviceWorker() error {
	type entry struct {
		Path      string `json:"path"`
		Integrity string `json:"integrity"`
		When      string `json:"when,omitempty"`
	}
	sort.Slice(d.assets, func(i, j int) bool { return d.assets[i].Path < d.assets[j].Path })
	var entries []entry
	for _, a := range d.assets {
		if path.Ext(a.Path) == ".blm" {
			continue
		}
		sum, err := hex.DecodeString(a.SHA256)
		if err != nil {
			return err
		}
		entries = append(entries, entry{a.Path, "sha256-" + base64.StdEncoding.EncodeToString(sum), d.when[a.Path]})
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	fields := map[string]any{"Version": "", "Assets": string(text)}
	script, err := d.expand("app-worker.js", fields)
	if err != nil {
		return err
	}
	// The script itself counts: two that share a version would share a cache, and
	// a failed installation of the newer would empty that of the one in use.
	d.version = d.hash(script)
	fields["Version"] = d.version
	if script, err = d.expand("app-worker.js", fields); err != nil {
		return err
	}
	_, err = d.add("app-worker.js", script, false)
	return err
}

// hash is over all files so far and one more.
func (d *dist) hash(more []byte) string {
	h := sha256.New()
	h.Write(more)
	for _, a := range d.assets {
		fmt.Fprintln(h, a.Path, a.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// list writes the index that the server reads.
func (d *dist) list() error {
	text, err := json.MarshalIndent(web.Assets{Version: d.version, Assets: d.assets}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.out, web.Index), text, 0o644)
}

// budgets fails a build whose files have grown too large for a clinic's line.
func (d *dist) budgets() error {
	var errs []error
	for _, a := range d.assets {
		size, limit := a.Brotli, int64(0)
		switch {
		case a.Path == d.engine || a.Path == d.scalar:
			limit = engineBudget
		case strings.HasPrefix(a.Path, "/engine/kernels"):
			limit = kernelsBudget
		case a.Path == "/web/app.wasm":
			limit = pageBudget
		case path.Ext(a.Path) == ".blm":
			limit = modelBudget
		}
		if limit != 0 && size > limit {
			errs = append(errs, fmt.Errorf("%s has %d bytes as brotli, its budget is %d", a.Path, size, limit))
		}
	}
	return errors.Join(errs...)
}
