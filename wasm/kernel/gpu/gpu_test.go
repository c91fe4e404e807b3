//go:build (linux || darwin || windows) && (amd64 || arm64)

package gpu

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"

	"blastlens/wasm/kernel/wgsl"
)

// double is y = 2 x, of four values.
var double = wgsl.Kernel{
	Name: "double", Groups: [3]uint32{1, 1, 1}, Bindings: []wgsl.Role{wgsl.X, wgsl.Y},
	Source: `@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(1)
fn main() { y[0] = 2.0 * x[0]; }
`,
}

func open4(t *testing.T) (*Device, *Program, Buffer) {
	t.Helper()
	d, err := Open("llvmpipe")
	if err != nil {
		t.Fatalf("%v (build/setup.sh installs it)", err)
	}
	t.Cleanup(d.Close)
	p := d.NewProgram()
	t.Cleanup(p.Close)
	var xy []Buffer
	for _, label := range []string{"x", "y"} {
		b, err := p.Buffer(label, 4)
		if err != nil {
			t.Fatal(err)
		}
		xy = append(xy, b)
	}
	if err := p.Add(double, xy); err != nil {
		t.Fatal(err)
	}
	p.Output(xy[1], 4)
	return d, p, xy[0]
}

func TestRun(t *testing.T) {
	d, p, x := open4(t)
	if s := d.Describe(); !strings.Contains(s, "llvmpipe") || !strings.HasSuffix(s, "(software adapter)") {
		t.Errorf("lavapipe is described as %q", s)
	}
	for _, v := range []float32{1, 2, 3} {
		y, err := p.Run(x, []float32{v, v, v, v})
		if err != nil || y[3] != 2*v {
			t.Fatalf("%v, %v; want %v", y, err, 2*v)
		}
	}
	p.Close()
	if _, err := p.Run(x, make([]float32, 4)); err == nil {
		t.Error("a closed program runs")
	}
}

// answers is a queue that Run believes.
type answers struct {
	queue
	poll   func() uint64
	submit func(...*wgpu.CommandBuffer) (uint64, error)
}

func (a answers) Poll() uint64 {
	if a.poll != nil {
		return a.poll()
	}
	return a.queue.Poll()
}

func (a answers) Submit(c ...*wgpu.CommandBuffer) (uint64, error) {
	if a.submit != nil {
		return a.submit(c...)
	}
	return a.queue.Submit(c...)
}

func TestHang(t *testing.T) {
	for _, c := range []struct {
		name string
		hang func(*Device)
	}{
		{"never completed", func(d *Device) { d.queue = answers{queue: d.queue, poll: func() uint64 { return 0 }} }},
		{"a driver that does not return", func(d *Device) {
			d.queue = answers{queue: d.queue, submit: func(...*wgpu.CommandBuffer) (uint64, error) { select {} }}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, p, x := open4(t)
			if _, err := p.Run(x, make([]float32, 4)); err != nil {
				t.Fatal(err)
			}
			d.patience = 200 * time.Millisecond
			c.hang(d)
			_, err := p.Run(x, make([]float32, 4))
			if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "llvmpipe") || !strings.Contains(err.Error(), "running 1 kernels") {
				t.Errorf("error %v, want ErrLost with the adapter and what was waited for", err)
			}
			if _, err := p.Run(x, make([]float32, 4)); !errors.Is(err, ErrLost) {
				t.Errorf("afterwards: %v, want ErrLost at once", err)
			}
		})
	}
}

// A driver that lost its device lets go of those who wait, with nothing done:
// the outputs of the run before must not come back.
func TestNothingIsInvented(t *testing.T) {
	d, p, x := open4(t)
	real := d.queue
	nothing := answers{queue: real, submit: func(...*wgpu.CommandBuffer) (uint64, error) { return real.Poll(), nil }}
	for _, d.queue = range []queue{nothing, real, nothing} {
		y, err := p.Run(x, []float32{1, 1, 1, 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range y {
			if math.IsNaN(float64(v)) != (d.queue != real) {
				t.Errorf("outputs %v of a run, which happened: %v", y, d.queue == real)
			}
		}
	}
	d.queue = answers{queue: real, poll: func() uint64 { return math.MaxUint64 }}
	if y, err := p.Run(x, []float32{5, 5, 5, 5}); !errors.Is(err, ErrLost) {
		t.Errorf("%v, %v; want ErrLost", y, err)
	}
}

func TestDestroyedInMidRun(t *testing.T) {
	d, p, x := open4(t)
	real := d.queue
	d.queue = answers{queue: real, submit: func(c ...*wgpu.CommandBuffer) (uint64, error) {
		n, err := real.Submit(c...)
		d.device.Release()
		return n, err
	}, poll: func() uint64 { return 1 << 40 }}
	if y, err := p.Run(x, []float32{5, 5, 5, 5}); !errors.Is(err, ErrLost) {
		t.Errorf("%v, %v; want ErrLost", y, err)
	}
	d.queue = real
	d.lost = nil // as if nobody had noticed
	if y, err := p.Run(x, []float32{5, 5, 5, 5}); !errors.Is(err, ErrLost) {
		t.Errorf("afterwards: %v, %v; want ErrLost", y, err)
	}
}

func TestErrorsAreNamed(t *testing.T) {
	d, p, x := open4(t)
	if _, err := p.Buffer("a large one", d.MaxBuffer()/4+4); err == nil || !strings.Contains(err.Error(), "a large one") || !strings.Contains(err.Error(), "llvmpipe") {
		t.Errorf("error %v, want the buffer's name and the adapter", err)
	}
	broken := double
	broken.Name, broken.Source = "broken 3x3", strings.Replace(double.Source, "2.0", "missing", 1)
	if err := p.Add(broken, nil); err == nil || !strings.Contains(err.Error(), "broken 3x3") || !strings.Contains(err.Error(), "missing") {
		t.Errorf("error %v, want the kernel's name and the compiler's words", err)
	}
	unbound := double
	unbound.Name, unbound.Source = "unbound", double.Source+"// another\n"
	err := p.Add(unbound, nil)
	if err == nil {
		_, err = p.Run(x, make([]float32, 4))
	}
	if err == nil {
		t.Error("a kernel without its buffers runs")
	}
	if errors.Is(err, ErrLost) {
		t.Errorf("%v; the device is still there", err)
	}
}

func TestRefuse(t *testing.T) {
	hardware := gputypes.AdapterInfo{Name: "Model 7", Backend: gputypes.BackendVulkan, DeviceType: gputypes.DeviceTypeDiscreteGPU}
	lavapipe := gputypes.AdapterInfo{Name: "llvmpipe (LLVM 15)", Backend: gputypes.BackendVulkan, DeviceType: gputypes.DeviceTypeCPU}
	swiftshader := gputypes.AdapterInfo{Name: "SwiftShader Device", Backend: gputypes.BackendVulkan, DeviceType: gputypes.DeviceTypeOther}
	interpreter := gputypes.AdapterInfo{Name: "Software Renderer", Backend: gputypes.BackendEmpty, DeviceType: gputypes.DeviceTypeCPU}
	for _, c := range []struct {
		info gputypes.AdapterInfo
		name string
		want string // in the reason; "" is taken
	}{
		{hardware, "", ""}, {hardware, "model", ""}, {hardware, "8", `"8"`},
		{lavapipe, "", "slower"}, {lavapipe, "LLVMpipe", ""}, {lavapipe, "model", `"model"`},
		{swiftshader, "", "slower"}, {swiftshader, "swiftshader", ""},
		{interpreter, "", "atomics"}, {interpreter, "software", "atomics"},
	} {
		if got := refuse(c.info, c.name); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s asked for as %q: %q, want %q", c.info.Name, c.name, got, c.want)
		}
	}
}

// The Vulkan loader reads its environment once, so that a process of its own
// finds no driver.
func TestWithoutADriver(t *testing.T) {
	const child = "BLASTLENS_TEST_WITHOUT_A_DRIVER"
	if os.Getenv(child) != "" {
		_, err := Open("")
		if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "no adapter") {
			t.Errorf("error %v, want ErrNone", err)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWithoutADriver$")
	cmd.Env = append(os.Environ(), child+"=1", "VK_DRIVER_FILES=/nowhere.json", "VK_ICD_FILENAMES=/nowhere.json")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// What was written to a program that is closed before it ran must not reach the
// memory that the next one gets.
func TestClosedBeforeItRan(t *testing.T) {
	d, _, _ := open4(t)
	for i := range 50 {
		abandoned := d.NewProgram()
		for range 4 {
			b, err := abandoned.Buffer("abandoned", 24)
			if err != nil {
				t.Fatal(err)
			}
			if err := abandoned.Write(b, slices.Repeat([]float32{99}, 24)); err != nil {
				t.Fatal(err)
			}
		}
		abandoned.Close()
		p := d.NewProgram()
		b, err := p.Buffer("x", 24)
		if err != nil {
			t.Fatal(err)
		}
		p.Output(b, 24)
		want := slices.Repeat([]float32{float32(i)}, 24)
		got, err := p.Run(b, want)
		p.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("program %d read back %v, want %v", i, got, want)
		}
	}
}
