"use strict";

// Runs the job that the test serves: kernels one after the other, in one
// submission, on arrays that are fetched by their role; sends outputs back, one
// after the other. Without outputs the kernels are compiled only.
async function runJob(job) {
	const { kernels, arrays, outputs } = await (await fetch(`/job/${job}`)).json();
	const device = await (globalThis.device ??= openDevice());
	device.pushErrorScope("out-of-memory");
	device.pushErrorScope("validation");
	const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
	const buffers = {}, lengths = {};
	for (const role of arrays) {
		const bytes = await (await fetch(`/job/${job}/${role}`)).arrayBuffer();
		lengths[role] = bytes.byteLength;
		buffers[role] = device.createBuffer({ label: role, size: Math.ceil(bytes.byteLength / 16) * 16, usage: STORAGE | COPY_SRC | COPY_DST });
		device.queue.writeBuffer(buffers[role], 0, bytes);
	}
	const encoder = device.createCommandEncoder();
	for (const kernel of kernels) {
		const module = device.createShaderModule({ label: kernel.Name, code: kernel.Source });
		const problems = (await module.getCompilationInfo()).messages;
		if (problems.length > 0) {
			throw new Error(kernel.Name + ": " + problems.map((m) => `${m.type} line ${m.lineNum}: ${m.message}`).join("\n") + "\n" + kernel.Source);
		}
		const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
		if (outputs.length === 0) continue;
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
	if (outputs.length === 0) {
		await closeScopes(device);
		return reply(job, new ArrayBuffer(0));
	}
	const staging = device.createBuffer({ size: outputs.reduce((n, role) => n + lengths[role], 0), usage: MAP_READ | COPY_DST });
	let at = 0;
	for (const role of outputs) {
		encoder.copyBufferToBuffer(buffers[role], 0, staging, at, lengths[role]);
		at += lengths[role];
	}
	device.queue.submit([encoder.finish()]);
	await closeScopes(device);
	await staging.mapAsync(GPUMapMode.READ);
	await reply(job, staging.getMappedRange());
	staging.destroy();
	for (const role in buffers) buffers[role].destroy();
}

async function closeScopes(device) {
	for (const kind of ["validation", "out of memory"]) {
		const error = await device.popErrorScope();
		if (error) throw new Error(`${kind}: ${error.message}`);
	}
}

async function reply(job, bytes) {
	const delivery = await fetch(`/job/${job}`, { method: "POST", body: bytes });
	if (!delivery.ok) throw new Error(await delivery.text());
}

async function openDevice() {
	const adapter = await navigator.gpu?.requestAdapter();
	if (!adapter) throw new Error("this browser offers no WebGPU adapter");
	return adapter.requestDevice();
}
