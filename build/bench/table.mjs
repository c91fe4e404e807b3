// What was measured, in few numbers, and these as Markdown for the README.
import { GPUS } from "./browser.mjs";

// TOLERANCE of a logit; float32 in another order stays a hundred times below.
const TOLERANCE = 5e-3;

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const smallest = (list) => (list.length > 0 ? Math.min(...list) : null);
const largest = (list) => (list.length > 0 ? Math.max(...list) : null);
const present = (list) => list.filter((v) => v !== undefined && v !== null);

/** summarise returns, by browser, a row for each contender. */
export function summarise({ records, flags, models, browsers }, contenders) {
  const summary = {};
  for (const browser of Object.keys(browsers)) {
    summary[browser] = contenders.map((contender) => row(
      contender, records.filter((r) => r.browser === browser && r.id === contender.id),
      records.filter((r) => r.browser === browser && r.id.startsWith("onnxruntime") && r.logits), flags, models[contender.id]));
  }
  return summary;
}

function row({ id, title, ours, app }, records, reference, flags, model) {
  const good = records.filter((r) => !r.error);
  const latency = {};
  for (const size of flags.sizes) {
    for (const threads of flags.threads) {
      const timed = good.filter((r) => r.ms && r.size === size && r.threads === threads);
      if (timed.length === 0) continue;
      const medians = timed.map((r) => median(r.ms));
      latency[`${size}/${threads}`] = { median: smallest(medians), min: smallest(timed.flatMap((r) => r.ms)), rounds: medians };
    }
  }
  // All but latency is of the first size, with the most threads asked for.
  const whole = good.filter((r) => !r.slow && r.ms && (app || r.size === flags.sizes[0]) && r.threads === Math.max(...good.map((g) => g.threads)));
  const cold = good.filter((r) => r.slow);
  const differences = app ? [] : good.flatMap((r) => {
    const other = reference.find((o) => o.size === r.size);
    return other ? [Math.max(...r.logits.map((v, i) => Math.abs(v - other.logits[i])))] : [];
  });
  const difference = largest(differences);
  const errors = [...new Set(records.filter((r) => r.error).map((r) => r.error))];
  if (difference > TOLERANCE) errors.push(`its logits are off by ${difference.toExponential(1)}: this is not the network that the others ran`);
  return {
    id, title, ours: Boolean(ours), app: Boolean(app), latency,
    start: smallest(whole.map((r) => r.start)),
    cold: smallest(cold.map((r) => r.start)),
    perSecond: largest(present(whole.map((r) => r.perSecond))),
    peakMB: smallest(present(whole.map((r) => r.peakMB))),
    bytes: smallest(present(cold.map((r) => r.bytes))),
    model: model ?? null,
    difference, describe: good[0]?.describe, errors,
  };
}

const number = (value, digits) => (value === null || value === undefined ? "–" : value.toFixed(digits));

/** table is the Markdown fragment. */
export function table(measured, summary) {
  const { flags, machine, browsers, versions, date, commit, missing } = measured;
  const out = [];
  const line = (...cells) => out.push(`| ${cells.join(" | ")} |`);
  const peers = Object.entries(versions).map(([title, version]) => `${title} ${version}`);
  out.push(`${[`${machine.processor}, ${machine.cores} cores, ${date.slice(0, 10)}, commit ${commit}`, ...peers].join(", ")}.`);
  if (machine.load > 0.3) {
    out.push("", `**Other work was running**: the load average was ${machine.load.toFixed(1)} at the start. These figures are not to be quoted.`);
  }
  for (const [browser, rows] of Object.entries(summary)) {
    const shown = rows.filter((r) => Object.keys(r.latency).length > 0 || r.cold !== null || r.errors.some((e) => !e.includes("no device is called")));
    const ours = shown.filter((r) => r.ours), peers = shown.filter((r) => !r.ours && !r.app);
    const ratio = (value, best = smallest) => {
      const a = best(present(ours.map(value))), b = best(present(peers.map(value)));
      return a === null || b === null ? "–" : (best === smallest ? a / b : b / a).toFixed(2);
    };
    const columns = flags.sizes.flatMap((size) => flags.threads.map((threads) => ({ size, threads, key: `${size}/${threads}` })))
      .filter(({ key }) => shown.some((r) => r.latency[key]));
    const gpu = GPUS.includes(browser);

    out.push("", `**${browsers[browser]}**: one picture, ms, median of the best of ${gpu ? 1 : flags.rounds} rounds (smallest of all)`, "");
    line("", ...columns.map(({ size, threads }) => gpu ? `${size} px, WebGPU` : `${size} px, ${threads} thread${threads > 1 ? "s" : ""}`));
    line("---", ...columns.map(() => "---:"));
    const timed = ({ latency }) => columns.map(({ key }) => (latency[key] ? `${number(latency[key].median, 1)} (${number(latency[key].min, 1)})` : "–"));
    for (const r of shown) line(r.title, ...timed(r));
    line("ours / best peer", ...columns.map(({ key }) => ratio((r) => r.latency[key]?.median)));

    const most = Math.max(...flags.threads);
    out.push("", `The rest, at ${flags.sizes[0]} px${most > 1 && !gpu ? `, with ${most} threads where there may be several` : ""}`, "");
    line("", "create + first picture, s", `cold start at ${flags.bitsPerSecond / 1e6} Mbit/s, s`, `folder of ${flags.folder}, pictures/s`,
      "page memory, MB", "download, MB", "of it runtime, MB", "largest logit difference to onnxruntime");
    line("---", ...Array(7).fill("---:"));
    const runtime = (r) => (r.bytes !== null && r.model !== null ? r.bytes - r.model : null);
    const megabytes = (bytes) => number(bytes === null ? null : bytes / 1e6, 2);
    const seconds = (ms) => number(ms === null ? null : ms / 1000, 2);
    for (const r of shown) {
      line(r.title, seconds(r.start), seconds(r.cold), number(r.perSecond, 1), number(r.peakMB, 0), megabytes(r.bytes), megabytes(runtime(r)),
        r.difference === null ? "–" : r.difference.toExponential(1));
    }
    line("ours / best peer", ratio((r) => r.start), ratio((r) => r.cold), ratio((r) => r.perSecond, largest), ratio((r) => r.peakMB), ratio((r) => r.bytes), ratio(runtime), "");
    for (const r of shown) for (const error of r.errors) out.push("", `${r.title}: ${error}`);
  }
  out.push("", `A ratio below 1 is in our favour; the folder's is turned round for that. Each run has a fresh browser, contenders in turn. Latency is the network's alone, input and logits
included, decoding not. Create + first picture and cold start run from the navigation to the first logits, decoding included, the first from a quick line, the second from an empty cache
over ${flags.bitsPerSecond / 1e6} Mbit/s. All run the same network on the same weights, which ours holds in 8 bits and the peers' files in float32; everything goes over the line as brotli where that is smaller.
Page memory is the high-water mark of the page's process. The app runs the shipped model, which has two heads.`);
  for (const text of missing) out.push("", `Missing: ${text}.`);
  return `${out.join("\n")}\n`;
}
