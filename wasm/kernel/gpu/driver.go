//go:build !js && !darwin

package gpu

import _ "github.com/gogpu/wgpu/hal/vulkan" // registers itself

const driver = "Vulkan"
