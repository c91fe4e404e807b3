// Blastlens' service worker. It keeps one whole version of the page: installed
// all or nothing, each file checked against its SHA-256, the old version kept
// until the page asks for the new one. The model has a cache of its own, which
// the engine's worker fills and verifies.
"use strict";

const VERSION = "{{.Version}}";
const ASSETS = {{.Assets}}; // [{path, integrity, when}]
const PAGES = "blastlens-page-";
const CACHE = PAGES + VERSION;
const MODELS = "blastlens-model";

// The smallest module with a v128 value: valid only where WASM SIMD is.
const SIMD = WebAssembly.validate(new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]));

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  event.respondWith(answer(event.request, url));
});
self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
});

async function install() {
  const cache = await caches.open(CACHE);
  const wanted = ASSETS.filter((a) => !a.when || (a.when === "simd") === SIMD);
  try {
    await Promise.all(wanted.map(async (a) => {
      // fetch itself refuses a body whose hash is not the one asked for.
      const response = await fetch(a.path, { integrity: a.integrity, cache: "no-cache" });
      if (!response.ok) throw new Error(a.path + ": status " + response.status);
      await cache.put(a.path, response);
    }));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function activate() {
  for (const name of await caches.keys()) {
    // Others of this origin, such as the model's, are not this script's to clear.
    if (name.startsWith(PAGES) && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

async function answer(request, url) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(url.pathname);
  if (known) return known;
  if (request.mode === "navigate") {
    const shell = await cache.match("/");
    if (shell) return shell;
  }
  const model = await (await caches.open(MODELS)).match(url.pathname);
  return model || fetch(request);
}
