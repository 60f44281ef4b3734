/** Which nodes answer for a floating address, seen from a client and from the kernel. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { LabHost } from "../lab/lab_host.ts";
import { realTimeWords } from "../lab/real_time.ts";
import type { Capture } from "./capture.ts";
import { ProgramLog } from "./program_log.ts";
import { until } from "../until.ts";

/**
 * Asks the LAN from `client` who has `address` (its neighbour table is emptied first) and resolves
 * with the hardware addresses of all who answered within half a second, in order of their answers.
 */
export async function askWhoHas(
  client: LabHost,
  capture: Capture,
  address: string,
): Promise<readonly string[]> {
  const before = capture.claims.length;
  await client.ip("neigh", "flush", "dev", client.interface);
  // A second ping half a second later: whoever answers the question at all has done so by then.
  await client.exec(["ping", "-c2", "-i0.5", "-W1", address]);
  const answers = capture.claims.slice(before).filter((claim) =>
    claim.kind === "reply" && claim.address === address
  );
  return [...new Set(answers.map(({ mac }) => mac))];
}

/** A host's first card. */
export async function cardOf(
  host: LabHost,
): Promise<{ readonly index: number; readonly mac: string }> {
  const [link] = JSON.parse(await host.ip("-j", "link", "show", host.interface)) as readonly {
    readonly ifindex: number;
    readonly address: string;
  }[];
  return { index: link?.ifindex ?? 0, mac: link?.address ?? "" };
}

/** The hardware address of a host's first card. */
export async function macOf(host: LabHost): Promise<string> {
  return (await cardOf(host)).mac;
}

/** One address that came to a host, or went. */
export interface AddressChange {
  /** When the kernel's message was read, in milliseconds since 1970 with their fraction. */
  readonly at: number;
  readonly kind: "added" | "removed";
  readonly address: string;
}

/** Every change of a host's addresses from {@link AddressWatch.open} until disposed. */
export class AddressWatch implements AsyncDisposable {
  readonly #log: ProgramLog;

  private constructor(readonly child: ChildProcess, label: string) {
    this.#log = new ProgramLog(label, child);
  }

  /** Resolves when changes are seen: an address put on loopback and taken away shows it. */
  static async open(host: LabHost): Promise<AddressWatch> {
    const child = host.spawn([
      ...await realTimeWords(),
      ...["ip", "-ts", "-o", "monitor", "address"],
    ]);
    const watch = new AddressWatch(child, `addresses of ${host.name}`);
    let seen = false;
    const shown = watch.#log.until(/127\.9\.9\.9/, 5000).then(() => seen = true);
    while (!seen) {
      await host.ip("addr", "add", "127.9.9.9/32", "dev", "lo");
      await host.ip("addr", "del", "127.9.9.9/32", "dev", "lo");
    }
    await shown;
    return watch;
  }

  /** What happened to `address` (without prefix length) at or after `since`. */
  changesOf(address: string, since = 0): readonly AddressChange[] {
    return this.#log.lines.flatMap(({ text }) => {
      const change = parseChange(text);
      return change?.address === address && change.at >= since ? [change] : [];
    });
  }

  /** How often any address was removed at or after `since`. */
  removals(since: number): number {
    return this.#log.lines.filter(({ text }) => {
      const change = text.includes("Deleted") ? parseChange(text) : undefined;
      return change !== undefined && change.at >= since;
    }).length;
  }

  /** Resolves with the removal of `address` at or after `since`; rejects after `timeoutMs`. */
  async untilRemoved(address: string, timeoutMs: number, since: number): Promise<AddressChange> {
    return await until(
      `removal of ${address}\n${this.#log.text}`,
      () => this.changesOf(address, since).find(({ kind }) => kind === "removed"),
      timeoutMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "close");
    this.child.kill("SIGTERM");
    await ended;
  }
}

/**
 * "[2026-11-21T07:33:03.123456] Deleted 2: eth0 inet 10.77.0.100/24 scope global secondary eth0"
 */
function parseChange(line: string): AddressChange | undefined {
  const match = /^\[(\S+?)\] (Deleted )?\d+: \S+\s+inet6? ([0-9a-f.:]+)\//.exec(line);
  if (match === null) return undefined;
  const [, time = "", deleted, address = ""] = match;
  const [whole = "", fraction = "0"] = time.split(".");
  return {
    // ip prints local time, which is what a date without a zone means.
    at: new Date(whole).getTime() + Number(`0.${fraction}`) * 1000,
    kind: deleted === undefined ? "added" : "removed",
    address,
  };
}
