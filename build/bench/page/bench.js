// One runtime in a bare page, told by the address what to do:
//   runtime        blastlens, litert, tfjs or onnxruntime
//   size, threads  which model and how many threads
//   device         of blastlens: cpu, tab, webgpu; of the others: webgpu, or their WASM
//   worker         of blastlens: the address of its engine's worker
//   warm           pictures before those
//   runs           pictures to time; 0 ends with the first verdict
//   folder         pictures to read at the end as one folder
// window.result is a promise of what was measured.
const query = new URLSearchParams(location.search);
const number = (name) => Number(query.get(name));

window.result = (async () => {
  const options = { size: number("size"), threads: number("threads"), device: query.get("device"), worker: query.get("worker") };
  const picture = bytes(`/bench/model/b3-${options.size}.png`); // arrives while the runtime starts
  const runtime = await (await import(`./${query.get("runtime")}.js`)).open(options);
  const { logits } = await runtime.first(new Blob([await picture], { type: "image/png" }));
  // performance.now() counts from the navigation.
  const result = { start: performance.now(), logits: Array.from(logits), describe: runtime.describe?.(), isolated: crossOriginIsolated };

  if (number("runs") > 0) {
    for (let i = 0; i < number("warm"); i++) await runtime.again();
    result.ms = [];
    for (let i = 0; i < number("runs"); i++) result.ms.push(await runtime.again());
  }
  if (number("folder") > 0) {
    const names = Array.from({ length: number("folder") }, (_, i) => `/bench/model/folder/${String(i).padStart(2, "0")}.jpg`);
    const files = (await Promise.all(names.map(bytes))).map((data) => new Blob([data], { type: "image/jpeg" }));
    const start = performance.now();
    await runtime.folder(files);
    result.perSecond = (1000 * files.length) / (performance.now() - start);
  }
  return result;
})().catch((error) => ({ error: String(error?.message ?? error) }));

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
}
