/** Probes of servers: tcp and dns. */
import type { Probe } from "../../config/tables/check.ts";
import { firstLine, type ProbeOutcome } from "./outcome.ts";
import { writeAll } from "../../files.ts";

/** Most that is read for `expect`, in bytes. */
const MOST_HEARD = 4096;

/**
 * Connects, sends, and reads until the expected text. Rejects with an error of Deno, or at
 * `deadline`.
 */
export async function probeTcp(
  settings: Extract<Probe, { kind: "tcp" }>,
  deadline: AbortSignal,
): Promise<ProbeOutcome> {
  const { target: { host, port }, send, expect } = settings;
  using connection = await Deno.connect({ hostname: host, port, signal: deadline });
  const close = closing(connection);
  deadline.addEventListener("abort", close, { once: true });
  try {
    if (send !== undefined) await writeAll(connection, new TextEncoder().encode(send));
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

async function hear(connection: Deno.TcpConn, expect: string): Promise<ProbeOutcome> {
  const heard = new Uint8Array(MOST_HEARD);
  let length = 0;
  for (;;) {
    const count = await connection.read(heard.subarray(length));
    length += count ?? 0;
    if (new TextDecoder().decode(heard.subarray(0, length)).includes(expect)) {
      return { ok: true, text: "said what was expected" };
    }
    if (count === null) return { ok: false, text: "closed without the expected text" };
    if (length === MOST_HEARD) {
      return { ok: false, text: `the expected text is not in the first ${MOST_HEARD} bytes` };
    }
  }
}

type Settings = Extract<Probe, { kind: "dns" }>;

/**
 * Asks `server` (an address; UDP, then TCP where the answer is truncated) for one record. Rejects
 * with an error of Deno, or at `deadline`. The resolver of Deno does not distinguish an unknown
 * name from a server that refuses or fails.
 */
export async function probeDns(settings: Settings, deadline: AbortSignal): Promise<ProbeOutcome> {
  const { server, query, expect } = settings;
  // With a dot at its end no search domain is tried.
  const name = query.endsWith(".") ? query : `${query}.`;
  const answers = await ask(name, settings.type, {
    nameServer: { ipAddr: server.host, port: server.port },
    signal: deadline,
  });
  const [first] = answers;
  if (first === undefined) return { ok: false, text: `no ${settings.type} record` };
  if (expect === undefined) return { ok: true, text: firstLine(answers.join(" ")) };
  if (answers.some((answer) => sameName(answer, expect))) return { ok: true, text: expect };
  return { ok: false, text: firstLine(`another answer than expected: ${answers.join(" ")}`) };
}

/** The answers as in a zone file. */
async function ask(
  name: string,
  type: Settings["type"],
  options: Deno.ResolveDnsOptions,
): Promise<readonly string[]> {
  try {
    switch (type) {
      case "MX":
        return (await Deno.resolveDns(name, type, options))
          .map(({ preference, exchange }) => `${preference} ${exchange}`);
      case "SRV":
        return (await Deno.resolveDns(name, type, options))
          .map(({ priority, weight, port, target }) => `${priority} ${weight} ${port} ${target}`);
      case "SOA":
        return (await Deno.resolveDns(name, type, options))
          .map(({ mname, rname, serial }) => `${mname} ${rname} ${serial}`);
      case "TXT":
        return (await Deno.resolveDns(name, type, options)).map((parts) => parts.join(""));
      default:
        return await Deno.resolveDns(name, type, options);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Whether they are equal; in names, case and a final dot do not count. */
function sameName(answer: string, expect: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/\.$/, "");
  return answer === expect || plain(answer) === plain(expect);
}
