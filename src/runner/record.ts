/**
 * What becomes arguments and environment of a program: a record of a transition, held against the configuration file. Whatever
 * becomes of the daemon, its words are those that a sound one could say.
 */
import type { Config } from "../config/config.ts";
import type { InstanceConfig } from "../config/tables/instance.ts";
import type { TransitionRecord } from "../daemon/record.ts";
import { formatPrefix } from "../net/prefix.ts";
import { printableLine } from "../printable.ts";

/** What the daemon sent: fields that nobody has looked at. */
export type Fields = Readonly<Record<string, unknown>>;

type Test = (value: unknown, instance: InstanceConfig) => boolean;

const STATES: readonly unknown[] = ["init", "backup", "master", "fault"];

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** Characters of a cause, which names addresses, nodes and checks. */
const LONGEST_CAUSE = 2000;

const isText = (value: unknown, pattern: RegExp): boolean =>
  typeof value === "string" && pattern.test(value);

const isByte: Test = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256;

/** What each field may say. Others are not passed on. */
const TESTS: Readonly<Record<keyof TransitionRecord, Test>> = {
  time: (value) => isText(value, TIME),
  // A machine that is none of [nodes] goes by its host name.
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
};

/** Without these there is nothing to tell. */
const NEEDED: readonly (keyof TransitionRecord)[] = ["instance", "from", "to", "priority"];

/**
 * `fields` as a record, where one of `configs` could bring it about: the one in force, or the one before, of whose instances the
 * last word may still be under way. Undefined: none could, or a field is not known.
 */
export function validRecord(
  fields: Fields,
  configs: readonly Config[],
): TransitionRecord | undefined {
  const names = Object.keys(fields);
  if (!names.every((name) => Object.hasOwn(TESTS, name))) return undefined;
  if (!NEEDED.every((name) => Object.hasOwn(fields, name))) return undefined;
  const sound = configs.some((config) => {
    const instance = config.instances.find(({ name }) => name === fields["instance"]);
    return instance !== undefined &&
      Object.entries(TESTS).every(([name, test]) =>
        !Object.hasOwn(fields, name) || test(fields[name], instance)
      );
  });
  if (!sound) return undefined;
  const { cause } = fields;
  // What a check said may be in it: it is cleaned, where a wrong name would be refused.
  const cleaned = typeof cause === "string"
    ? { cause: printableLine(cause.slice(0, LONGEST_CAUSE)) }
    : {};
  // Every field was held against its test.
  return { ...fields as unknown as TransitionRecord, ...cleaned };
}
