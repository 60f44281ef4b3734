/** What does a new configuration change about health checks? Check by check, in words. */
import type { CheckSettings, Probe } from "../health/check.ts";
import { formatIp } from "../net/ip.ts";
import { writeDuration } from "../time.ts";
import { withoutSecrets } from "./secret.ts";
import { writeValue } from "./toml_text.ts";

/** The changes from one list of checks to another, by name. */
export interface CheckDiff {
  readonly added: readonly CheckSettings[];
  readonly removed: readonly CheckSettings[];
  readonly changed: readonly CheckChange[];
}

/** A check whose settings are others now. */
export interface CheckChange {
  readonly before: CheckSettings;
  readonly after: CheckSettings;
  /** Does it look at something else, so that its verdict says nothing any more? */
  readonly anew: boolean;
  /** "interval 2s -> 1s"; never a secret. */
  readonly what: readonly string[];
}

/** Compares by name: added and changed ones in the order of `after`, removed ones in that of `before`. */
export function diffChecks(
  before: readonly CheckSettings[],
  after: readonly CheckSettings[],
): CheckDiff {
  const old = new Map(before.map((check) => [check.name, check]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !old.has(name)),
    removed: before.filter(({ name }) => !names.has(name)),
    changed: after.flatMap((check) => {
      const was = old.get(check.name);
      const change = was && compare(was, check);
      return change === undefined || change.what.length === 0 ? [] : [change];
    }),
  };
}

/** `diff` as sentences: "check nginx: added", "check nginx: interval 2s -> 1s". */
export function describeChecks(diff: CheckDiff): readonly string[] {
  return [
    ...diff.removed.map(({ name }) => `check ${name}: removed`),
    ...diff.added.map(({ name }) => `check ${name}: added`),
    ...diff.changed.map(({ after, what }) => `check ${after.name}: ${what.join(", ")}`),
  ];
}

const ASPECTS: readonly (readonly [title: string, show: (check: CheckSettings) => string])[] = [
  ["interval", (check) => writeDuration(check.interval)],
  ["timeout", (check) => writeDuration(check.timeout)],
  ["fall", (check) => String(check.fall)],
  ["rise", (check) => String(check.rise)],
  ["weight", (check) => String(check.weight ?? "none")],
];

function compare(before: CheckSettings, after: CheckSettings): CheckChange {
  const anew = JSON.stringify(before.probe) !== JSON.stringify(after.probe);
  const what = ASPECTS.flatMap(([title, show]) =>
    show(before) === show(after) ? [] : [`${title} ${show(before)} -> ${show(after)}`]
  );
  return {
    before,
    after,
    anew,
    what: anew ? [probeChange(before.probe, after.probe), ...what] : what,
  };
}

function probeChange(before: Probe, after: Probe): string {
  const [old, now] = [showProbe(before), showProbe(after)];
  return old === now ? `another ${after.kind}` : `${old} -> ${now}`;
}

/** What a probe looks at: "http http://127.0.0.1/", "process nginx". Secrets in URLs are masked. */
export function showProbe(probe: Probe): string {
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
      return `file ${probe.path} ${probe.want}`;
  }
}

function showEndpoint(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
