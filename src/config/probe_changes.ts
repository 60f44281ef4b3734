/** The differences between what two checks of one name look at, in words. Pure. */
import type { Probe } from "../health/check.ts";
import { formatIp } from "../net/ip.ts";
import {
  compareKeys,
  type Comparisons,
  type Difference,
  isSame,
  secret,
  shown,
} from "./compare.ts";
import { withoutSecrets } from "./secret.ts";
import { writeValue } from "./toml_text.ts";

type Of<K extends Probe["kind"]> = Omit<Extract<Probe, { kind: K }>, "kind">;

/** What {@link showPlace} says is said there. */
const said = (): readonly Difference[] => [];

/** What belongs to each kind, besides the place that it looks at. What is sent and expected may be secret. */
const KEYS: { readonly [K in Probe["kind"]]: Comparisons<Of<K>> } = {
  http: {
    url: said,
    statuses: shown("status", (all) => all.length === 0 ? "200 to 399" : all.join(", ")),
    match: secret("match"),
    host: shown("host", writeValue, "the URL's"),
    insecure: shown("insecure", String),
  },
  tcp: { host: said, port: said, send: secret("send"), expect: secret("expect") },
  dns: {
    server: said,
    port: said,
    query: said,
    type: shown("type", String),
    expect: shown("expect", writeValue, "any answer"),
  },
  ping: { address: said, by: shown("by", String) },
  command: { argv: said, user: shown("user", writeValue) },
  process: { name: said },
  file: { path: said, want: shown("want", String) },
  interface: { name: said },
};

/** "http http://127.0.0.1/ -> http http://127.0.0.1:8080/", "command changed", "status 200 to 399 -> 204". */
export function probeChanges(before: Probe, after: Probe): readonly Difference[] {
  if (isSame(before, after)) return [];
  const [old, now] = [showPlace(before), showPlace(after)];
  const place = old === now ? [] : [{ key: after.kind, words: `${old} -> ${now}` }];
  const more = before.kind === after.kind ? keyChanges(before, after) : [];
  const all = [...place, ...more];
  // What differs may be what is not shown: arguments of a command, a password in a URL.
  return all.length > 0 ? all : [{ key: after.kind, words: `${after.kind} changed` }];
}

/** Of two probes of one kind. */
function keyChanges(before: Probe, after: Probe): readonly Difference[] {
  const keys = KEYS[before.kind] as Comparisons<Record<string, unknown>>;
  return compareKeys<Record<string, unknown>>(keys, { ...before }, { ...after });
}

/** What a probe looks at: "http http://127.0.0.1/", "process nginx". Logins and queries of URLs are masked. */
export function showPlace(probe: Probe): string {
  switch (probe.kind) {
    case "http":
      return `http ${withoutSecrets(probe.url)}`;
    case "tcp":
      return `tcp ${showEndpoint(probe.host, probe.port)}`;
    case "dns":
      return `dns ${probe.query} at ${showEndpoint(probe.server, probe.port)}`;
    case "ping":
      return `ping ${formatIp(probe.address)}`;
    case "command":
      // Arguments may be secrets.
      return `command ${writeValue(probe.argv[0] ?? "")}`;
    case "process":
    case "interface":
      return `${probe.kind} ${probe.name}`;
    case "file":
      return `file ${probe.path}`;
  }
}

function showEndpoint(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
