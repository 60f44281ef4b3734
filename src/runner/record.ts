/**
 * Validation of records, which become arguments and environment of programs: even a compromised
 * daemon can only send values that the configuration file allows.
 */
import type { Config } from "../config/config.ts";
import type { InstanceConfig } from "../config/tables/instance.ts";
import type { TransitionRecord } from "../daemon/journal/record.ts";
import { formatPrefix } from "../net/prefix.ts";
import { printableLine } from "../printable.ts";

/** A record of the daemon before validation. */
export type Fields = Readonly<Record<string, unknown>>;

type Test = (value: unknown, instance: InstanceConfig) => boolean;

const STATES: readonly unknown[] = ["init", "backup", "master", "fault"];

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** Longest cause, in characters. */
const LONGEST_CAUSE = 2000;

const isText = (value: unknown, pattern: RegExp): boolean =>
  typeof value === "string" && pattern.test(value);

const isByte: Test = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256;

/** The values that each field may have. */
const TESTS: Readonly<Record<keyof TransitionRecord, Test>> = {
  time: (value) => isText(value, TIME),
  // A machine that is not in [nodes] uses its host name.
  node: (value) => isText(value, /^[\p{L}\p{N}_.-]{1,253}$/u),
  instance: (value, { name }) => value === name,
  family: (value) => value === "ipv4" || value === "ipv6",
  vrid: (value, { vrid }) => value === vrid,
  interface: (value) => value === null || isText(value, /^[^\s/\p{C}]{1,15}$/u),
  addresses: (value, { addresses }) => {
    const known = new Set(addresses.map(({ prefix }) => formatPrefix(prefix)));
    return Array.isArray(value) && value.length <= known.size &&
      value.every((one) => known.has(one));
  },
  from: (value) => STATES.includes(value),
  to: (value) => STATES.includes(value),
  priority: isByte,
  reason: (value) => isText(value, /^[a-z0-9-]{1,40}$/),
  cause: (value) => typeof value === "string",
  planned: (value) => typeof value === "boolean",
  silence_ms: (value) =>
    value === null || (typeof value === "number" && value >= 0 && value <= 1e12),
  epoch: (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
};

/** Required fields. */
const NEEDED: readonly (keyof TransitionRecord)[] = ["instance", "from", "to", "priority"];

/**
 * `fields` as a record that is possible with one of `configs`: the current one, or the one before a
 * reload, whose last records may be under way. Undefined: it is not, or has an unknown field.
 */
export function validRecord(
  fields: Fields,
  configs: readonly Config[],
): TransitionRecord | undefined {
  const names = Object.keys(fields);
  if (!names.every((name) => Object.hasOwn(TESTS, name))) return undefined;
  if (!NEEDED.every((name) => Object.hasOwn(fields, name))) return undefined;
  const possible = configs.some((config) => {
    const instance = config.instances.find(({ name }) => name === fields["instance"]);
    return instance !== undefined &&
      Object.entries(TESTS).every(([name, test]) =>
        !Object.hasOwn(fields, name) || test(fields[name], instance)
      );
  });
  if (!possible) return undefined;
  const { cause } = fields;
  // The cause may have output of a check: it is cleaned, not rejected.
  const cleaned = typeof cause === "string"
    ? { cause: printableLine(cause.slice(0, LONGEST_CAUSE)) }
    : {};
  // Every field is tested.
  return { ...fields as unknown as TransitionRecord, ...cleaned };
}
