// Times the tab's WASM kernels in Node, whose compiler is Chromium's. Use Node 24
// or later: older ones order vector instructions as no browser of today does.
//
//	go run ./build/kernels
//	node build/bench/tab.mjs [--threads 1,2] [--runs 40] [--steps] [--peak 65]
//
// Prints the milliseconds of a picture for each number of threads (least and
// median of the runs), by kernel what the steps cost alone, and with --steps each
// of them; with --peak, GFLOP/s also as a share of the core's.
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const header = { steps: 64 / 4, count: 68 / 4 }; // words, as package blocked has them
const folder = new URL("../work/tab/", import.meta.url);

if (!isMainThread) {
  const { module, memory, thread, threads } = workerData;
  new WebAssembly.Instance(module, { env: { memory } }).exports.serve(thread, threads);
} else {
  const { values: flags } = parseArgs({ options: {
    threads: { type: "string", default: "1,2" }, runs: { type: "string", default: "40" },
    steps: { type: "boolean", default: false }, peak: { type: "string" }, dir: { type: "string" },
  } });
  const from = flags.dir ? new URL(flags.dir + "/", "file://" + process.cwd() + "/") : folder;
  const read = (name) => readFileSync(new URL(name, from));
  const list = JSON.parse(read("steps.json"));
  const module = new WebAssembly.Module(read("kernels.wasm"));
  for (const n of flags.threads.split(",").map(Number)) {
    await bench(module, read("memory.bin"), list, n, Number(flags.runs), flags);
  }
  process.exit(0);
}

async function bench(module, image, list, threads, runs, flags) {
  const memory = new WebAssembly.Memory({ initial: list.pages, maximum: list.pages, shared: true });
  new Uint8Array(memory.buffer).set(image);
  const workers = [];
  for (let thread = 1; thread < threads; thread++) {
    const w = new Worker(new URL(import.meta.url), { workerData: { module, memory, thread, threads } });
    workers.push(new Promise((ready) => w.once("online", ready)));
  }
  await Promise.all(workers);
  const { run, stop } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const words = new Int32Array(memory.buffer), first = words[header.steps], count = words[header.count];

  // time returns the runs' milliseconds, sorted.
  const time = (n) => {
    const all = [];
    for (let i = 0; i < n; i++) {
      const start = performance.now();
      if (run(threads) !== 0) throw new Error("a thread did not arrive");
      all.push(performance.now() - start);
    }
    return all.sort((a, b) => a - b);
  };
  const select = (from, n) => { words[header.steps] = first + from * list.records[0].bytes; words[header.count] = n; };

  time(10); // until the optimising compiler has been
  for (const o of list.outputs) {
    const got = new Float32Array(memory.buffer, o.at, o.golden.length);
    const largest = Math.max(...o.golden.map(Math.abs));
    const worst = Math.max(...o.golden.map((v, i) => Math.abs(v - got[i])));
    console.log(`${o.name}: off by ${(worst / largest).toExponential(1)} of the largest logit`);
  }
  const all = time(runs);
  const macs = list.records.reduce((sum, r) => sum + r.macs, 0);
  const peak = Number(flags.peak || 0) * threads;
  const rate = (macs, ms) => {
    const g = 2 * macs / ms / 1e6;
    return `${g.toFixed(1)} GFLOP/s` + (peak ? ` ${(100 * g / peak).toFixed(0)} %` : "");
  };
  console.log(`${threads} threads: ${all[0].toFixed(2)} ms a picture, median ${all[runs >> 1].toFixed(2)}, ${rate(macs, all[0])}`);

  const kinds = new Map();
  list.records.forEach((r, i) => {
    select(i, 1);
    time(2);
    const ms = time(7)[1];
    const k = kinds.get(r.kernel) ?? { ms: 0, macs: 0, n: 0 };
    kinds.set(r.kernel, { ms: k.ms + ms, macs: k.macs + r.macs, n: k.n + 1 });
    if (flags.steps) console.log(`${String(i).padStart(4)} ${r.kernel.padEnd(22)} ${r.shape.padEnd(18)} ${ms.toFixed(3)} ms ${rate(r.macs, ms)}  ${r.name}`);
  });
  select(0, count);
  let total = 0;
  for (const [kernel, k] of kinds) {
    total += k.ms;
    console.log(`  ${kernel.padEnd(22)} ${String(k.n).padStart(3)} steps ${k.ms.toFixed(2).padStart(7)} ms ${rate(k.macs, k.ms)}`);
  }
  console.log(`  ${"all".padEnd(22)} ${String(list.records.length).padStart(3)} steps ${total.toFixed(2).padStart(7)} ms alone`);
  stop();
}
