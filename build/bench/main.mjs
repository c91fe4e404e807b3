// The tab beside its peers: runs each contender in fresh browsers, in turn,
// and prints a table, which it also writes to build/work/bench with all that
// was measured as JSON. `make bench-tab` prepares what it needs.
//
//   node build/bench/main.mjs [--rounds 3] [--sizes 224,300] [--threads 1,2] [--only litert,blastlens]
//                             [--browsers chromium,firefox,swiftshader,lavapipe] [--runs 15] [--json]
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { find, GPUS, launch, title } from "./browser.mjs";
import { APP, CONTENDERS, runApp, runPage, startHost, version } from "./contenders.mjs";
import { line } from "./line.mjs";
import { serve } from "./server.mjs";
import { summarise, table } from "./table.mjs";
import { tflite } from "./tflite.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "..", "..");
const DIST = join(ROOT, "web", "dist");
const WORK = join(ROOT, "build", "work", "bench");
const MODULES = join(HERE, "node_modules");
const LINE = 20e6; // bits/s of the slow line
const SOFTWARE = 3; // pictures at most on a software adapter: some runtimes need 12 s for one

const { values: flags } = parseArgs({ options: {
  rounds: { type: "string", default: "3" },
  sizes: { type: "string", default: "224,300" },
  threads: { type: "string", default: "1,2" },
  only: { type: "string", default: "" },
  browsers: { type: "string", default: "chromium,firefox,swiftshader,lavapipe" },
  runs: { type: "string", default: "15" },
  json: { type: "boolean", default: false },
} });
const numbers = (name) => flags[name].split(",").map((text) => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new Error(`--${name} ${flags[name]}: want whole numbers from 1, by comma`);
  return n;
});
const say = (text) => process.stderr.write(`${text}\n`);

async function main() {
  const sizes = numbers("sizes"), threads = numbers("threads");
  const [rounds] = numbers("rounds"), [runs] = numbers("runs");
  const wanted = ({ id }) => flags.only.split(",").some((part) => id.includes(part));
  const all = CONTENDERS.filter(wanted);
  const app = wanted(APP);
  if (all.length === 0 && !app) throw new Error(`--only ${flags.only}: there are ${[...CONTENDERS, APP].map((c) => c.id).join(", ")}`);
  prepare(sizes);

  const folder = readdirSync(join(WORK, "folder")).map((name) => join(WORK, "folder", name));
  const load = loadavg()[0];
  const server = await serve({
    "/bench/page/": join(HERE, "page"), "/bench/modules/": MODULES, "/bench/model/": WORK, "/": DIST,
  }, join(WORK, "brotli"));
  const host = app ? await startHost(ROOT) : null;
  const records = [], browsers = {}, missing = [];
  try {
    const worker = JSON.parse(readFileSync(join(DIST, "assets.json"), "utf8")).assets.find((a) => a.path.startsWith("/engine/engine-worker.")).path;
    const query = (contender, size, t) => ({ ...contender.query, worker, size, threads: t });
    for (const browser of flags.browsers.split(",")) {
      if (!find(browser)) {
        missing.push(`${browser} is not installed`);
        say(`${browser} is not installed: its rows are left out`);
        continue;
      }
      const started = await launch(browser);
      browsers[browser] = title(browser, await started.version());
      await started.close();

      const gpu = GPUS.includes(browser);
      const contenders = all.filter((c) => Boolean(c.gpu) === gpu);
      const absent = new Set(); // contenders that this build does not have
      const record = (contender, size, t, round, slow, result) => {
        if (result.error?.includes("no device is called")) absent.add(contender.id);
        const what = `${browser} ${contender.id} ${size} px ${t} threads, round ${round}${slow ? ", slow line" : ""}`;
        say(`${what}: ${result.error ?? [`first answer ${Math.round(result.start)} ms`, ...(result.ms ? [`a picture ${Math.min(...result.ms).toFixed(1)} ms`] : [])].join(", ")}`);
        if (round > 0) records.push({ browser, id: contender.id, size, threads: t, round, slow, load: loadavg()[0], ...result });
      };
      const able = (contender, t) => !absent.has(contender.id) && (!contender.threads || contender.threads.includes(t));
      const most = (contender) => Math.max(...threads.filter((t) => able(contender, t)), -1);
      // Round 0 is not kept: it lets the server compress. A software adapter has one
      // round, or it would take half an hour.
      for (let round = gpu ? 1 : 0; round <= (gpu ? 1 : rounds); round++) {
        const order = round % 2 ? contenders : [...contenders].reverse();
        for (const size of sizes) {
          for (const t of threads) {
            for (const contender of order) {
              if (!able(contender, t) || (round === 0 && t !== threads[0])) continue;
              const whole = size === sizes[0] && t === most(contender) && round > 0;
              const more = { warm: gpu ? 1 : 3, runs: round === 0 ? 0 : gpu ? Math.min(runs, SOFTWARE) : runs, folder: whole && !gpu ? folder.length : 0 };
              record(contender, size, t, round, false, await runPage(browser, server.port, { ...query(contender, size, t), ...more }));
            }
          }
        }
        if (round === 0 || gpu) continue;
        for (const contender of order) {
          if (most(contender) < 0) continue;
          const t = most(contender);
          record(contender, sizes[0], t, round, true, await overLine(server.port, (port, received) => runPage(browser, port, query(contender, sizes[0], t), received)));
        }
        if (app) {
          const picture = join(WORK, `b3-${sizes[0]}.png`);
          record(APP, 224, 1, round, false, await runApp(browser, host.port, picture, folder));
          record(APP, 224, 1, round, true, await overLine(host.port, (port, received) => runApp(browser, port, picture, [], received)));
        }
      }
      for (const id of absent) missing.push(`${id} is not in this build`);
    }
    const measured = {
      date: new Date().toISOString(),
      machine: { processor: cpus()[0].model.trim(), cores: cpus().length, load },
      commit: execFileSync("git", ["describe", "--always", "--dirty"], { cwd: ROOT, encoding: "utf8" }).trim(),
      browsers,
      versions: Object.fromEntries(all.filter((c) => c.modules).map((c) => [c.title, version(c, MODULES)])),
      flags: { sizes, threads, rounds, runs, bitsPerSecond: LINE, folder: folder.length },
      models: await modelBytes(server.port, all, sizes[0]),
      missing: [...new Set(missing)],
      records,
    };
    const summary = summarise(measured, [...all, ...(app ? [APP] : [])]);
    const text = table(measured, summary);
    const { records: every, ...about } = measured;
    const json = JSON.stringify({ ...about, summary, records: every }, null, 1);
    writeFileSync(join(WORK, "bench.md"), text);
    writeFileSync(join(WORK, "bench.json"), json);
    process.stdout.write(flags.json ? `${json}\n` : text);
    say("written: build/work/bench/bench.md, build/work/bench/bench.json");
  } finally {
    server.close();
    host?.stop();
  }
}

/** prepare writes the models, those of LiteRT from the plan and its weights. */
function prepare(sizes) {
  if (!existsSync(join(DIST, "assets.json"))) throw new Error("the page is not built: run `make build`");
  mkdirSync(WORK, { recursive: true });
  say("writing the models");
  execFileSync("go", ["run", "./build/bench/network", "--sizes", sizes.join(","), "--out", WORK], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  for (const size of sizes) {
    const plan = JSON.parse(readFileSync(join(WORK, `b3-${size}.plan.json`), "utf8"));
    const raw = readFileSync(join(WORK, `b3-${size}.weights.f32`));
    const weights = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    writeFileSync(join(WORK, `b3-${size}.tflite`), tflite(plan, weights));
  }
}

async function overLine(port, run) {
  const slow = await line(port, LINE);
  try {
    return await run(slow.port, slow.received);
  } finally {
    slow.close();
  }
}

/** modelBytes asks the server how long each contender's model is on the line. */
async function modelBytes(port, contenders, size) {
  const sizes = {};
  for (const { id, files } of contenders) {
    sizes[id] = 0;
    for (const suffix of files) {
      const response = await fetch(`http://127.0.0.1:${port}/bench/model/b3-${size}.${suffix}`, { headers: { "Accept-Encoding": "br" } });
      sizes[id] += Number(response.headers.get("content-length"));
      await response.body.cancel();
    }
  }
  return sizes;
}

main().catch((error) => {
  say(`bench: ${error.message}`);
  process.exit(1);
});
