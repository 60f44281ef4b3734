/** Does a port take a connection, and say what it should? */
import type { Probe } from "../../config/tables/check.ts";
import type { ProbeOutcome } from "./outcome.ts";

/** The most that is read for `expect`, in bytes. */
const MOST = 4096;

/** Connects, sends, and reads until the expected text came. Rejects with Deno's error, or when `deadline` is aborted. */
export async function probe(
  settings: Extract<Probe, { kind: "tcp" }>,
  deadline: AbortSignal,
): Promise<ProbeOutcome> {
  const { target: { host, port }, send, expect } = settings;
  using connection = await Deno.connect({ hostname: host, port, signal: deadline });
  const close = closing(connection);
  deadline.addEventListener("abort", close, { once: true });
  try {
    if (send !== undefined) await sendAll(connection, new TextEncoder().encode(send));
    return expect === undefined ? { ok: true, text: "connected" } : await hear(connection, expect);
  } finally {
    deadline.removeEventListener("abort", close);
  }
}

function closing(connection: Deno.TcpConn): () => void {
  return () => {
    try {
      connection.close();
    } catch {
      // Closed already.
    }
  };
}

async function sendAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}

async function hear(connection: Deno.TcpConn, expect: string): Promise<ProbeOutcome> {
  const heard = new Uint8Array(MOST);
  let length = 0;
  for (;;) {
    const count = await connection.read(heard.subarray(length));
    length += count ?? 0;
    if (new TextDecoder().decode(heard.subarray(0, length)).includes(expect)) {
      return { ok: true, text: "said what was expected" };
    }
    if (count === null) return { ok: false, text: "closed without the expected text" };
    if (length === MOST) {
      return { ok: false, text: `the expected text is not in the first ${MOST} bytes` };
    }
  }
}
