// A laptop that is really low-end: the product's page in a whole browser that has
// 30 % of one core, 2 GB of memory and no shared memory. It opens the page, drops
// a picture, then a folder of 30, and prints how long each took, or fails.
//
//   node build/bench/lowend.mjs [--percent 30] [--mb 2048] [--pictures 30]
//
// Wants root on Linux, for a control group (version 1 or 2), and what `make bench-tab` leaves.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { find } from "./browser.mjs";
import { runApp, startHost } from "./contenders.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const WORK = join(ROOT, "build", "work", "bench");
const { values: flags } = parseArgs({ options: {
  percent: { type: "string", default: "30" }, mb: { type: "string", default: "2048" }, pictures: { type: "string", default: "30" },
} });
const bytes = Number(flags.mb) * 2 ** 20, pictures = Number(flags.pictures);

/** group makes a control group and returns the files to join it, how much it held and how many were killed. */
function group() {
  const name = `blastlens-${process.pid}`, period = 100_000, quota = period * Number(flags.percent) / 100;
  const make = (controller, settings) => {
    const folder = join("/sys/fs/cgroup", controller, name);
    mkdirSync(folder);
    for (const [file, value] of Object.entries(settings)) writeFileSync(join(folder, file), String(value));
    return folder;
  };
  const number = (file, field) => Number((field ? new RegExp(`^${field} (\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1] : readFileSync(file, "utf8")) ?? 0);
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) {
    const one = make("", { "cpu.max": `${quota} ${period}`, "memory.max": bytes, "memory.swap.max": 0 });
    return { join: [join(one, "cgroup.procs")], peakMB: () => number(join(one, "memory.peak")) / 2 ** 20, kills: () => number(join(one, "memory.events"), "oom_kill"), remove: () => rmdirSync(one) };
  }
  const cpu = make("cpu", { "cpu.cfs_period_us": period, "cpu.cfs_quota_us": quota });
  const memory = make("memory", { "memory.limit_in_bytes": bytes });
  return {
    join: [join(cpu, "cgroup.procs"), join(memory, "cgroup.procs")],
    peakMB: () => number(join(memory, "memory.max_usage_in_bytes")) / 2 ** 20,
    kills: () => number(join(memory, "memory.oom_control"), "oom_kill"),
    remove: () => { rmdirSync(cpu); rmdirSync(memory); },
  };
}

/** unisolated passes a host on without the headers that allow shared memory. */
function unisolated(port) {
  const server = createServer((asked, answer) => {
    asked.pipe(request({ port, path: asked.url, method: asked.method, headers: asked.headers }, (response) => {
      const headers = { ...response.headers };
      delete headers["cross-origin-opener-policy"];
      delete headers["cross-origin-embedder-policy"];
      answer.writeHead(response.statusCode, headers);
      response.pipe(answer);
    }));
  });
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready({ port: server.address().port, close: () => server.close() })));
}

async function main() {
  const files = existsSync(join(WORK, "folder")) ? readdirSync(join(WORK, "folder")).map((name) => join(WORK, "folder", name)) : [];
  if (files.length === 0) throw new Error("there are no pictures: run `make bench-tab` first");
  const g = group();
  // The first core alone, and the group, before the browser begins.
  const program = join(mkdtempSync(join(tmpdir(), "lowend-")), "browser");
  writeFileSync(program, `#!/bin/sh\n${g.join.map((file) => `echo $$ > ${file}\n`).join("")}exec taskset -c 0 ${find("chromium")} "$@"\n`);
  chmodSync(program, 0o755);
  const host = await startHost(ROOT), bare = await unisolated(host.port);
  try {
    const folder = Array.from({ length: pictures }, (_, i) => files[i % files.length]);
    const result = await runApp("chromium", bare.port, files[0], folder, undefined, program);
    if (result.error) throw new Error(result.error);
    console.log(`${flags.percent} % of one core, ${flags.mb} MB, no shared memory; ${result.describe.replace(/\s+/g, " ").trim()}`);
    console.log(`first verdict ${(result.start / 1000).toFixed(1)} s after the navigation; a folder of ${pictures}: ${(pictures / result.perSecond).toFixed(1)} s, ${result.perSecond.toFixed(2)} pictures/s`);
    console.log(`the whole browser held ${g.peakMB().toFixed(0)} MB at most, its caches of files included; killed: ${g.kills()}`);
    if (g.kills() > 0) throw new Error("the system killed a process for its memory");
  } finally {
    bare.close();
    host.stop();
    try {
      g.remove();
    } catch { /* something of the browser still ends; an empty group does no harm */ }
  }
}

main().catch((error) => {
  console.error(`lowend: ${error.message}`);
  process.exit(1);
});
