// Starts the engine: the Go WASM that computes, with SIMD where the browser
// has it. Messages that come before Go listens wait in blastlensEarly.
"use strict";

self.blastlensEarly = [];
self.onmessage = ({ data }) => {
  self.blastlensEarly.push(data);
  ahead(data).catch(() => {}); // the engine will ask again, and tell
};

// The model is most of what a first visit waits for, so that its way begins here,
// beside the engine's. Answers wait for the engine by their address; a model that
// is kept already is not asked for.
self.blastlensAhead = new Map();
async function ahead(message) {
  const { kind, model } = JSON.parse(message.json);
  if (kind !== "load" || self.blastlensAhead.has(model)) return;
  const ask = (url) => {
    const answer = fetch(url, { cache: "no-store" });
    self.blastlensAhead.set(url, answer);
    return answer;
  };
  const { file, sha256 } = await (await ask(model)).clone().json();
  const address = model.replace(/[?#].*$/, "").replace(/[^/]*$/, file);
  const kept = self.caches && await caches.match(`${address}?sha256=${sha256.toLowerCase()}`);
  if (!kept) await ask(address);
}

importScripts("/wasm_exec.js");

// The smallest module with a v128 value: valid only where WASM SIMD is.
const simd = WebAssembly.validate(new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]));
const scalar = new URLSearchParams(self.location.search).has("scalar"); // asked for, to test it

// The kernels of the device "tab". Threads share a memory, which a browser
// allows only on pages that are isolated from others; the kernels without it are
// the same for one thread.
async function kernels() {
  if (self.name === "reader") return { reason: "a reader runs no network" };
  if (!simd || scalar) return { reason: "this browser has no WASM SIMD" };
  const shared = self.crossOriginIsolated === true;
  try {
    // Those for a memory of their own are small, and wanted where a shared one is
    // refused or a thread is lost.
    const [module, single] = await Promise.all(["{{.Kernels}}", "{{.KernelsSingle}}"].map((url, i) =>
      i === 0 && !shared ? undefined : WebAssembly.compileStreaming(fetch(url))));
    return { module, single, shared, pool: "{{.Pool}}" };
  } catch (error) {
    return { reason: error.message };
  }
}

(async () => {
  const go = new Go();
  const engine = simd && !scalar ? "{{.Engine}}" : "{{.EngineScalar}}";
  const [compiled, { instance }] = await Promise.all([
    kernels(), WebAssembly.instantiateStreaming(fetch(engine), go.importObject)]);
  self.blastlensKernels = compiled;
  await go.run(instance);
  throw new Error("the engine ended");
})().catch((error) => {
  self.postMessage(JSON.stringify({ v: {{.Wire}}, kind: "failed", reason: "The engine could not start: " + error.message }));
});
