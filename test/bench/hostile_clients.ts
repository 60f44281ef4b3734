/**
 * Clients of the page that mean harm, each again and again: silent ones, slow ones, a header of
 * 1 MB, guessed passwords, orders of another site, and requests as fast as they are answered.
 *
 *     deno run -A test/bench/hostile_clients.ts http://10.77.0.1:9113 200
 */
const [url = "", count = "1"] = Deno.args;
const { hostname, port } = new URL(url);
const LONGEST_MS = 5000;

const get = "GET /status.json HTTP/1.1\r\nhost: x\r\n\r\n";
const guess = `POST /maintenance?on=1 HTTP/1.1\r\nhost: x\r\nauthorization: Basic ${
  btoa("x:guess")
}\r\ncontent-length: 0\r\n\r\n`;
const foreign = "POST /maintenance?on=1 HTTP/1.1\r\nhost: x\r\norigin: http://evil.example\r\n" +
  "content-length: 0\r\n\r\n";
const large = `GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(1_000_000)}\r\n\r\n`;
const follow = "GET /events HTTP/1.1\r\nhost: x\r\n\r\n";
const KINDS = ["", "GET / HT", large, guess, foreign, get.repeat(50), get, follow];

/** One connection, until it is closed or takes long. Never rejects. */
async function visit(text: string): Promise<void> {
  let connection: Deno.Conn | undefined;
  const end = () => {
    connection?.close();
    connection = undefined;
  };
  const timer = setTimeout(end, LONGEST_MS);
  try {
    connection = await Deno.connect({ hostname, port: Number(port) });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    const buffer = new Uint8Array(64 * 1024);
    while (await connection.read(buffer) !== null);
  } catch {
    // Refused, cut off, or closed above: the next one.
  } finally {
    clearTimeout(timer);
    end();
  }
}

await Promise.all(Array.from({ length: Number(count) }, async (_, index) => {
  for (;;) await visit(KINDS[index % KINDS.length] ?? "");
}));
