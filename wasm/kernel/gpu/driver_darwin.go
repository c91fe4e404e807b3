package gpu

import _ "github.com/gogpu/wgpu/hal/metal" // registers itself

const driver = "Metal"
