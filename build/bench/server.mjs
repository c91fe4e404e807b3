// The bench's server: page, peers, models and the built engine from one origin,
// which is cross-origin isolated, so that every runtime may use threads.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json", ".wasm": "application/wasm", ".png": "image/png", ".jpg": "image/jpeg",
};
const COMPRESSED = new Set([".png", ".jpg"]); // as the product's host sees it, too

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
};

/**
 * serve answers from folders, {prefix: folder}, the first prefix that fits.
 * Brotli is made once and kept in cache. It returns {port, close}.
 */
export async function serve(folders, cache) {
  await mkdir(cache, { recursive: true });
  const bodies = new Map(); // file -> promise of {plain, small}
  const server = createServer(async (request, response) => {
    try {
      const file = resolve(folders, new URL(request.url, "http://bench").pathname);
      if (!bodies.has(file)) bodies.set(file, load(file, cache));
      const { plain, small } = await bodies.get(file);
      const headers = { ...ISOLATED, "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" };
      let body = plain;
      if (small && /\bbr\b/.test(request.headers["accept-encoding"] ?? "")) {
        headers["Content-Encoding"] = "br";
        body = small;
      }
      response.writeHead(200, { ...headers, "Content-Length": body.length });
      response.end(body);
    } catch (error) {
      response.writeHead(404, { ...ISOLATED, "Content-Type": "text/plain" });
      response.end(String(error.message));
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { port: server.address().port, close: () => server.close() };
}

function resolve(folders, path) {
  const wanted = decodeURIComponent(path);
  for (const [prefix, folder] of Object.entries(folders)) {
    if (!wanted.startsWith(prefix)) continue;
    const file = normalize(join(folder, wanted.slice(prefix.length)));
    if (file.startsWith(folder + sep)) return file;
  }
  throw new Error(`nothing at ${path}`);
}

async function load(file, cache) {
  const plain = await readFile(file);
  if (COMPRESSED.has(extname(file)) || plain.length < 1024) return { plain };
  // Level 9 is what `make build` compresses with. A model of 40 MB takes half a
  // minute with it, and is 2 % larger with 5.
  const level = plain.length > 20 << 20 ? 5 : 9;
  const kept = join(cache, `${createHash("sha256").update(plain).digest("hex")}-${level}.br`);
  let small = await readFile(kept).catch(() => null);
  if (!small) {
    small = await promisify(brotliCompress)(plain, { params: {
      [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    } });
    await writeFile(kept, small);
  }
  return small.length < plain.length ? { plain, small } : { plain };
}
