//go:build (linux || windows) && (amd64 || arm64)

package gpu

import _ "github.com/gogpu/wgpu/hal/vulkan" // registers itself

const driver = "Vulkan"
