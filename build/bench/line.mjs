// A slow line to a server: a relay of TCP through which all connections
// together get so many bits a second. The browsers' own throttling is a thing
// of one page; this one holds for workers and their fetches too, in any browser.
import { connect, createServer } from "node:net";

/** line returns {port, received(): bytes that have come down so far, close}. */
export async function line(port, bitsPerSecond) {
  let received = 0;
  let free = 0; // when the line has sent all that it was given
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => { client.destroy(); upstream.destroy(); }); // a browser that closes
      socket.on("close", () => sockets.delete(socket));
    }
    client.pipe(upstream); // requests are small
    upstream.on("data", async (chunk) => {
      upstream.pause();
      const now = performance.now();
      free = Math.max(free, now) + (chunk.length * 8 * 1000) / bitsPerSecond;
      await new Promise((resolve) => setTimeout(resolve, free - now));
      received += chunk.length;
      client.write(chunk);
      upstream.resume();
    });
    upstream.on("end", () => client.end());
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    port: server.address().port,
    received: () => received,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
