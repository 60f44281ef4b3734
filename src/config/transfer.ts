/**
 * A file that was read, as lines of text, so that one process can read it for another. A short line
 * for each instance and check: who takes them can do something else in between.
 */
import type { Config } from "./config.ts";
import type { InstanceConfig } from "./tables/instance.ts";
import type { CheckSettings } from "./tables/check.ts";
import type { LocatedProblem } from "./problem.ts";

/** What is handed over: a configuration with its warnings, or problems. */
export type Transferred =
  | {
    readonly kind: "config";
    readonly config: Config;
    readonly warnings: readonly LocatedProblem[];
  }
  | { readonly kind: "problems"; readonly problems: readonly LocatedProblem[] };

/** How values are written that JSON does not have. */
const BYTES = "$bytes";
const MAP = "$map";

/**
 * `loaded` as lines without newlines. The first names `version`, the last says that none is
 * missing.
 */
export function toLines(loaded: Transferred, version: string): readonly string[] {
  if (loaded.kind === "problems") return [line("problems", [version, loaded.problems]), END];
  const { config, warnings } = loaded;
  const { instances, checks, ...rest } = config;
  return [
    line("config", [version, warnings, rest]),
    ...instances.map((instance) => line("instance", instance)),
    ...checks.map((check) => line("check", check)),
    END,
  ];
}

const END = '["end"]';

/**
 * What `lines` say. `rest` is waited for after each line. Rejects where they are not whole, or of a
 * program with another `version`. The text is trusted: it is this program's own.
 */
export async function fromLines(
  lines: readonly string[],
  version: string,
  rest: () => Promise<void>,
): Promise<Transferred> {
  const [head = "", ...others] = lines;
  const [kind, [written, problems, config]] = JSON.parse(head);
  if (written !== version) throw new Error(`it was read by floatip ${written}, not ${version}`);
  if (others.at(-1) !== END) throw new Error("it was not read to its end");
  if (kind === "problems") return { kind, problems };
  const instances: InstanceConfig[] = [];
  const checks: CheckSettings[] = [];
  for (const text of others.slice(0, -1)) {
    await rest();
    const [what, value] = JSON.parse(text);
    if (what === "instance") instances.push(fromPlain(value) as InstanceConfig);
    else checks.push(fromPlain(value) as CheckSettings);
  }
  const whole = { ...fromPlain(config) as Config, instances, checks };
  return { kind: "config", config: whole, warnings: problems };
}

function line(kind: string, value: unknown): string {
  return JSON.stringify([kind, toPlain(value)]);
}

/** Bytes and maps as tables with a name that no key of ours has. Undefined is left out. */
function toPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { [BYTES]: [...value] };
  if (value instanceof Map) return { [MAP]: [...value].map(toPlain) };
  if (Array.isArray(value)) return value.map(toPlain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlain(inner)]));
}

function fromPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && Array.isArray(first[1])) {
    if (first[0] === BYTES) return new Uint8Array(first[1]);
    if (first[0] === MAP) return new Map(fromPlain(first[1]) as [unknown, unknown][]);
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, fromPlain(inner)]));
}
