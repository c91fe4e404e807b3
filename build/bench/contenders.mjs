// Who is measured, and how one of them is run once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { launch, peakMB } from "./browser.mjs";

/**
 * CONTENDERS, ours first. files is what its model consists of, modules the
 * packages of a peer, threads what a contender can do; all it is asked for if
 * absent. Those with gpu run where there is a GPU, the others where there is none.
 */
export const CONTENDERS = [
  { id: "blastlens-tab", title: "**Blastlens**, engine alone, kernels emitted for the tab", ours: true, query: { runtime: "blastlens", device: "tab" }, files: ["json", "blm"] },
  { id: "blastlens-cpu", title: "**Blastlens**, engine alone, Go SIMD", ours: true, query: { runtime: "blastlens", device: "cpu" }, files: ["json", "blm"], threads: [1] },
  { id: "litert", title: "LiteRT.js", modules: ["@litertjs/core"], query: { runtime: "litert" }, files: ["tflite"] },
  { id: "tfjs", title: "tfjs-wasm", modules: ["@tensorflow/tfjs-backend-wasm"], query: { runtime: "tfjs" }, files: ["plan.json", "weights.f32"] },
  { id: "onnxruntime", title: "onnxruntime-web", modules: ["onnxruntime-web"], query: { runtime: "onnxruntime" }, files: ["onnx"] },
  { id: "blastlens-webgpu", title: "**Blastlens**, engine alone, WebGPU", ours: true, gpu: true, query: { runtime: "blastlens", device: "webgpu" }, files: ["json", "blm"], threads: [1] },
  { id: "litert-webgpu", title: "LiteRT.js, WebGPU", gpu: true, modules: ["@litertjs/core"], query: { runtime: "litert", device: "webgpu" }, files: ["tflite"], threads: [1] },
  { id: "tfjs-webgpu", title: "tfjs-webgpu", gpu: true, modules: ["@tensorflow/tfjs-backend-webgpu"], query: { runtime: "tfjs", device: "webgpu" }, files: ["plan.json", "weights.f32"], threads: [1] },
  { id: "onnxruntime-webgpu", title: "onnxruntime-web, WebGPU", gpu: true, modules: ["onnxruntime-web"], query: { runtime: "onnxruntime", device: "webgpu" }, files: ["onnx"], threads: [1] },
];
export const APP = { id: "app", title: "Blastlens, the whole app", app: true };

const PATIENCE = 300_000; // ms for one run

/** version of a contender's package, as installed. */
export function version(contender, modules) {
  return contender.modules?.map((name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version).join(", ");
}

/** runPage runs a contender in a fresh browser and returns what its page measured. */
export async function runPage(browserName, port, query, received = () => undefined) {
  return inBrowser(browserName, async (browser, page) => {
    await page.goto(`http://127.0.0.1:${port}/bench/page/index.html?${new URLSearchParams(query)}`, { timeout: PATIENCE });
    const result = await page.evaluate(() => window.result);
    return { ...result, bytes: received(), peakMB: peakMB(browser) };
  });
}

/** runApp opens the product's page, drops one picture, then a folder if there is one. */
export async function runApp(browserName, port, picture, folder, received = () => undefined, program = undefined) {
  return inBrowser(browserName, async (browser, page) => {
    await page.goto(`http://127.0.0.1:${port}/`, { timeout: PATIENCE, waitUntil: "domcontentloaded" });
    await page.waitForFunction(() => document.querySelector("[data-testid=engine]")?.dataset.ready === "true", { timeout: PATIENCE });
    const input = await page.$("input[type=file]");
    // The page's own clock, since the navigation; it looks at each frame.
    const done = async (count) => (await page.waitForFunction((n) => {
      const cards = [...document.querySelectorAll("[data-testid=card]")];
      const answered = cards.filter((card) => card.dataset.state === "done" || card.dataset.state === "refused");
      return answered.length >= n && { at: performance.now(), ms: answered.map((card) => Number(card.dataset.ms)), logits: JSON.parse(answered[0].dataset.logits) };
    }, { timeout: PATIENCE }, count)).jsonValue();

    await input.uploadFile(picture);
    const first = await done(1);
    const result = { start: first.at, logits: first.logits, bytes: received() };
    if (folder.length > 0) {
      const start = await page.evaluate(() => performance.now());
      await (await page.$("input[type=file]")).uploadFile(...folder);
      const all = await done(1 + folder.length);
      result.perSecond = (1000 * folder.length) / (all.at - start);
      result.ms = all.ms;
    }
    result.describe = await page.$eval("[data-testid=engine]", (element) => element.innerText);
    return { ...result, peakMB: peakMB(browser) };
  }, program);
}

/** startHost starts the product's own server for the whole app. */
export async function startHost(root) {
  const host = spawn(join(root, "bin", "blastlens-server"), ["--addr", "127.0.0.1:0"], { stdio: ["ignore", "inherit", "pipe"] });
  const failed = once(host, "error").then(([error]) => { throw new Error(`bin/blastlens-server: ${error.message}: run \`make build\``); });
  const address = (async () => {
    for await (const text of createInterface({ input: host.stderr })) {
      const port = /on http:\/\/127\.0\.0\.1:(\d+)/.exec(text);
      if (port) return Number(port[1]);
    }
    throw new Error("bin/blastlens-server ended");
  })();
  return { port: await Promise.race([address, failed]), stop: () => host.kill() };
}

async function inBrowser(name, use, program) {
  const browser = await launch(name, program);
  try {
    const page = await browser.newPage();
    return await within(PATIENCE, use(browser, page));
  } catch (error) {
    return { error: String(error?.message ?? error) };
  } finally {
    await browser.close();
  }
}

/** within gives up on a promise. */
function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`nothing after ${ms / 1000} s`)), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
