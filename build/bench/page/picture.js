// What a page around one of the peers does with a picture: the browser decodes
// and scales it, the page normalises it as ImageNet is.
const MEAN = [0.485, 0.456, 0.406], STD = [0.229, 0.224, 0.225];

/** decode brings a square picture to [size, size, 4] bytes. */
export async function decode(file, size) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none", resizeWidth: size, resizeHeight: size, resizeQuality: "medium" };
  const bitmap = await createImageBitmap(file, options);
  const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, size, size).data;
}

/** nhwc makes the input of a runtime that keeps a pixel's channels together. */
export function nhwc(rgba) {
  const x = new Float32Array((rgba.length / 4) * 3);
  for (let p = 0, i = 0; p < rgba.length; p += 4) for (let c = 0; c < 3; c++) x[i++] = (rgba[p + c] / 255 - MEAN[c]) / STD[c];
  return x;
}

/** nchw makes the input of a runtime that keeps a channel's pixels together. */
export function nchw(rgba) {
  const pixels = rgba.length / 4;
  const x = new Float32Array(3 * pixels);
  for (let p = 0; p < pixels; p++) for (let c = 0; c < 3; c++) x[c * pixels + p] = (rgba[4 * p + c] / 255 - MEAN[c]) / STD[c];
  return x;
}

/**
 * runtime makes of run(input), which resolves to logits, what bench.js asks
 * for. layout is nhwc or nchw.
 */
export function runtime({ size, layout, run, describe }) {
  let input;
  return {
    describe,
    async first(file) {
      input = layout(await decode(file, size));
      return { logits: await run(input) };
    },
    async again() {
      const start = performance.now();
      await run(input);
      return performance.now() - start;
    },
    async folder(files) {
      // All decoders may work ahead, on whatever threads the browser has for them.
      const decoded = files.map((file) => decode(file, size));
      for (const rgba of decoded) await run(layout(await rgba));
    },
  };
}

/** fetched is the body of an address. */
export async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
}
