/** What stands in [check.NAME], as far as it could be read, and what it is once it is sound? */
import { assert } from "../assert.ts";
import type { CheckSettings, Probe } from "../health/check.ts";
import { seconds } from "../time.ts";
import type { Path } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { readTable } from "./tables/read.ts";
import type { Draft } from "./tables/root.ts";
import { CHECK, PROBES } from "./tables/check.ts";
import { takeTextCommands } from "./tables/command.ts";
import { readEndpoint } from "./target.ts";

/** One [check.NAME]. */
export interface CheckDraft {
  readonly name: string;
  readonly path: Path;
  /** The probes that are written, right or wrong, in the order of the file. */
  readonly probes: readonly Probe["kind"][];
  /** Has it a key that no check has? Then that one is probably the probe, where there is none. */
  readonly strange: boolean;
  readonly keys: Draft<typeof CHECK>;
}

/** How often attempts are made where the file does not say. */
export const DEFAULT_INTERVAL = seconds(2);

/** Reads one [check.NAME]. Whatever has not the right shape is reported and left out. */
export function readCheck(
  name: string,
  raw: Readonly<Record<string, unknown>>,
  report: Report,
): CheckDraft {
  const path: Path = ["check", name];
  const rest = takeTextCommands(raw, ["command"], path, report);
  const probes = Object.keys(raw).flatMap((key) => PROBES.filter((kind) => kind === key));
  const strange = Object.keys(raw).some((key) => !Object.hasOwn(CHECK, key));
  return { name, path, probes, strange, keys: readTable(CHECK, rest, path, report) };
}

/** A sound draft as what it says. */
export function toCheck({ name, keys }: CheckDraft): CheckSettings {
  const interval = keys.interval ?? DEFAULT_INTERVAL;
  return {
    name,
    probe: toProbe(keys),
    interval,
    timeout: keys.timeout ?? interval,
    fall: keys.fall ?? 3,
    rise: keys.rise ?? 2,
    weight: keys.weight,
  };
}

function toProbe(keys: CheckDraft["keys"]): Probe {
  const { http, tcp, dns, ping, command, process: program, file, interface: wire } = keys;
  if (http !== undefined) {
    const { status = [], match, host, insecure = false } = keys;
    return { kind: "http", url: http, statuses: status, match, host, insecure };
  }
  if (tcp !== undefined) {
    return { kind: "tcp", ...endpoint(tcp), send: keys.send, expect: keys.expect };
  }
  if (dns !== undefined) {
    const { host: server, port } = endpoint(keys.server ?? "127.0.0.1", 53);
    return { kind: "dns", server, port, query: dns, type: keys.type ?? "A", expect: keys.expect };
  }
  if (ping !== undefined) return { kind: "ping", address: ping, by: keys.by ?? "icmp" };
  if (command !== undefined) return { kind: "command", argv: command, user: keys.user };
  if (program !== undefined) return { kind: "process", name: program };
  if (file !== undefined) return { kind: "file", path: file, want: keys.want ?? "present" };
  assert(wire !== undefined, "a check without a probe is a problem");
  return { kind: "interface", name: wire };
}

function endpoint(text: string, port?: number): { readonly host: string; readonly port: number } {
  const read = readEndpoint(text, port);
  assert(read.kind === "endpoint", "a host and port that cannot be read are a problem");
  return { host: read.host, port: read.port };
}
