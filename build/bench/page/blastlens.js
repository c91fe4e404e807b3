// Our engine's worker without the app around it, spoken to as the app does
// (package wire).
const VERSION = 1; // wire.Version; a worker of another says so

/** open starts the worker and lets it load the model; what follows waits its turn in it. */
export async function open({ size, threads, device, worker }) {
  // How many threads is said at both places where an engine may look for it.
  const engine = new Worker(`${worker}?threads=${threads}`);
  const waiting = new Map(); // id -> {resolve, reject}
  let ready = {};
  let next = 1;

  function fail(reason) {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  }
  engine.onerror = (event) => fail(event.message || "the engine's worker failed");
  engine.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.kind === "ready") ready = event.engine;
    if (event.kind === "failed") fail(event.reason);
    if (event.kind === "result") settle(event.id).resolve(event.answer);
    if (event.kind === "refused") settle(event.id).reject(new Error(event.reason));
  };
  // A picture refused because the engine failed has been answered before.
  function settle(id) {
    const promise = waiting.get(id) ?? { resolve() {}, reject() {} };
    waiting.delete(id);
    return promise;
  }
  const post = (request, bytes) => engine.postMessage({ json: JSON.stringify({ v: VERSION, ...request }), bytes });
  function classify(name, bytes) {
    const id = next++;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      post({ kind: "classify", id, name }, bytes);
    });
  }

  post({ kind: "load", model: new URL(`/bench/model/b3-${size}.json`, location.href).href, device, threads });
  let picture;
  return {
    describe: () => `${ready.device}: ${ready.describe}`,
    async first(file) {
      picture = await file.arrayBuffer();
      return classify("picture.png", picture);
    },
    // The network alone, as the peers' times are without decoding.
    again: async () => (await classify("picture.png", picture)).run_ms,
    folder: (files) => Promise.all(files.map(async (file, i) => classify(`${i}.jpg`, await file.arrayBuffer()))),
  };
}
