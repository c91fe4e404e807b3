"use strict";

// Runs the job that the test serves: kernels one after the other, in one
// submission, on buffers that are fetched by their role; sends y back.
async function runJob(job) {
	const { kernels, inputs, scratch, out } = await (await fetch(`/job/${job}`)).json();
	const device = await (globalThis.device ??= openDevice());
	device.pushErrorScope("out-of-memory");
	device.pushErrorScope("validation");
	const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
	const buffers = {};
	const upload = (role, bytes) => {
		buffers[role] = device.createBuffer({ label: role, size: Math.ceil(bytes.byteLength / 16) * 16, usage: STORAGE | COPY_SRC | COPY_DST });
		device.queue.writeBuffer(buffers[role], 0, bytes);
	};
	for (const role of inputs) upload(role, await (await fetch(`/job/${job}/${role}`)).arrayBuffer());
	// What a kernel does not write must be seen.
	upload("y", new Float32Array(out).fill(NaN));
	if (scratch > 0) upload("scratch", new Float32Array(scratch).fill(NaN));

	const encoder = device.createCommandEncoder();
	for (const kernel of kernels) {
		const module = device.createShaderModule({ label: kernel.Name, code: kernel.Source });
		const problems = (await module.getCompilationInfo()).messages;
		if (problems.length > 0) {
			throw new Error(kernel.Name + ": " + problems.map((m) => `${m.type} line ${m.lineNum}: ${m.message}`).join("\n") + "\n" + kernel.Source);
		}
		const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
		const entries = kernel.Bindings.map((role, binding) => ({ binding, resource: { buffer: buffers[role] } }));
		if (kernel.Shape?.length) {
			const shape = device.createBuffer({ size: Math.ceil(kernel.Shape.length / 4) * 16, usage: UNIFORM | COPY_DST });
			device.queue.writeBuffer(shape, 0, new Uint32Array(kernel.Shape));
			entries.push({ binding: entries.length, resource: { buffer: shape } });
		}
		const pass = encoder.beginComputePass();
		pass.setPipeline(pipeline);
		pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
		pass.dispatchWorkgroups(...kernel.Groups);
		pass.end();
	}
	const staging = device.createBuffer({ size: 4 * out, usage: MAP_READ | COPY_DST });
	encoder.copyBufferToBuffer(buffers.y, 0, staging, 0, 4 * out);
	device.queue.submit([encoder.finish()]);
	for (const kind of ["validation", "out of memory"]) {
		const error = await device.popErrorScope();
		if (error) throw new Error(`${kind}: ${error.message}`);
	}
	await staging.mapAsync(GPUMapMode.READ);
	const delivery = await fetch(`/job/${job}/y`, { method: "POST", body: staging.getMappedRange() });
	if (!delivery.ok) throw new Error(await delivery.text());
	staging.destroy();
	for (const role in buffers) buffers[role].destroy();
}

async function openDevice() {
	const adapter = await navigator.gpu?.requestAdapter();
	if (!adapter) throw new Error("this browser offers no WebGPU adapter");
	return adapter.requestDevice();
}
