// One more thread of the device "tab": an instance of the kernels on the memory
// that the engine filled. serve sleeps between pictures and returns when told to.
"use strict";

self.onmessage = ({ data: { module, memory, thread, threads } }) => {
  new WebAssembly.Instance(module, { env: { memory } }).exports.serve(thread, threads);
  self.close();
};
