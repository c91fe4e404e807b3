// Starts browsers, each with a fresh profile, and reads what their processes took.
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import puppeteer from "puppeteer-core";

const NAMES = {
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  swiftshader: ["chromium", "chromium-browser", "google-chrome"], // with WebGPU on a software adapter
  firefox: ["firefox-esr", "firefox"],
  lavapipe: ["firefox-esr", "firefox"], // with WebGPU on Mesa's software adapter
};

/** GPUS are the browsers in which the contenders that want a GPU run. */
export const GPUS = ["swiftshader", "lavapipe"];

const PREFERENCES = { "dom.webgpu.enabled": true, "dom.webgpu.workers.enabled": true, "gfx.webgpu.ignore-blocklist": true };

const ADAPTERS = { swiftshader: " on SwiftShader", lavapipe: " on lavapipe" };

/** title names a browser, for people, with what its version() says. */
export const title = (name, version) => `${NAMES[name][0].startsWith("firefox") ? "Firefox" : "Chromium"} ${version.split("/").pop()}${ADAPTERS[name] ?? ""}`;

/** find returns the path of an installed browser, or null. */
export function find(name) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const program of NAMES[name]) {
      const path = join(folder, program);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch { /* not here */ }
    }
  }
  return null;
}

/** launch starts a browser with an empty cache; puppeteer removes its profile at the end. */
export async function launch(name, program = find(name)) {
  const root = process.getuid?.() === 0;
  const options = { executablePath: program, headless: true, protocolTimeout: 600_000 };
  if (name === "firefox") return puppeteer.launch({ ...options, browser: "firefox" });
  if (name === "lavapipe") return puppeteer.launch({ ...options, browser: "firefox", extraPrefsFirefox: PREFERENCES });
  const software = name === "swiftshader" ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] : [];
  return puppeteer.launch({ ...options, args: ["--disable-quic", "--disable-component-update", ...software, ...(root ? ["--no-sandbox"] : [])] });
}

/**
 * peakMB is the largest memory that any page process of the browser has held,
 * by the kernel's high-water mark; null where there is no /proc.
 */
export function peakMB(browser) {
  const children = new Map(); // process -> its children
  let entries;
  try {
    entries = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return null;
  }
  const status = new Map();
  for (const id of entries) {
    try {
      const text = readFileSync(`/proc/${id}/status`, "utf8");
      const parent = /^PPid:\s+(\d+)/m.exec(text)[1];
      status.set(id, text);
      children.set(parent, [...(children.get(parent) ?? []), id]);
    } catch { /* it has ended */ }
  }
  let peak = 0;
  const open = [String(browser.process().pid)];
  while (open.length > 0) {
    const id = open.pop();
    open.push(...(children.get(id) ?? []));
    let command = "";
    try {
      command = readFileSync(`/proc/${id}/cmdline`, "utf8");
    } catch { /* it has ended */ }
    if (!command.includes("--type=renderer") && !/-contentproc[^]*[ \0]tab\0*$/.test(command)) continue;
    const kB = /^VmHWM:\s+(\d+)/m.exec(status.get(id) ?? "");
    if (kB) peak = Math.max(peak, Number(kB[1]) / 1024);
  }
  return peak > 0 ? peak : null;
}
