/** Types of values in the file: what each accepts, what it turns it into, and how that is shown. */
import * as v from "valibot";
import { type Nanoseconds, parseDuration, writeDuration } from "../../time.ts";
import { formatEndpoint, formatIp, type Ip, isMulticast, parseIp } from "../../net/ip.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../net/prefix.ts";
import { type Endpoint, readEndpoint, readUrl, type Wrong } from "../target.ts";
import { secretRanges, withoutSecrets } from "../secret.ts";
import { isTable, writeKey, writeValue } from "../toml_text.ts";
import type {
  EntriesType,
  Fault,
  Keys,
  NamedType,
  Settings,
  TableType,
  Type,
  ValueType,
} from "./key.ts";

/**
 * A name that logs, scripts and command lines can carry: letters, digits, and `_.-` after the
 * first.
 */
export const NAME_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,62}$/u;

/** A TOML integer from `least` to `most`, without those in `never`. */
export function wholeNumber(least: number, most: number, never?: number): ValueType<number> {
  const but = never === undefined ? "" : ` other than ${never}`;
  return {
    kind: "value",
    schema: v.pipe(
      v.unknown(),
      v.number(),
      v.integer(),
      v.minValue(least),
      v.maxValue(most),
      v.check((value) => value !== never),
    ),
    form: `a whole number from ${least} to ${most}${but}`,
    show: String,
  };
}

/** One of the given words or numbers. */
export function oneOf<const Word extends string | number>(
  ...words: readonly Word[]
): ValueType<Word> {
  const [last, ...before] = words.map(writeValue).toReversed();
  return {
    kind: "value",
    schema: v.pipe(v.unknown(), v.picklist(words)),
    form: `${before.toReversed().join(", ")} or ${last}`,
    show: String,
  };
}

/** true or false. */
export function flag(): ValueType<boolean> {
  return {
    kind: "value",
    schema: v.pipe(v.unknown(), v.boolean()),
    form: "true or false",
    show: String,
  };
}

/** A text that `pattern` matches. */
export function text(pattern: RegExp, form: string): ValueType<string> {
  const schema = v.pipe(v.unknown(), v.string(), v.regex(pattern));
  return { kind: "value", schema, form, show: writeValue };
}

/** Text without control characters, on one line. */
export function line(form: string): ValueType<string> {
  return text(/^[^\p{Cc}]+$/u, form);
}

/** A name that a person chose, or the kernel: shown without quotes. */
export function word(form: string, pattern: RegExp = NAME_PATTERN): ValueType<string> {
  return { ...text(pattern, form), show: String };
}

/** A text that the kernel takes as the name of an interface. */
export function interfaceName(): ValueType<string> {
  return word(
    "the name of an interface (15 bytes at most, as `ip link` shows it)",
    /^(?!\.{1,2}$)[^\s/:\p{C}]{1,15}$/u,
  );
}

/** A duration from `least` to `most`, all written with their unit: "100ms", "1s", "2m". */
export function duration(
  least: string,
  most: string,
  example: string,
  form = `a duration with its unit from "${least}" to "${most}", such as "${example}"`,
): ValueType<Nanoseconds> {
  const [lowest = 0, highest = 0] = [parseDuration(least), parseDuration(most)];
  const schema = parsed((written) => {
    const value = parseDuration(written);
    return value === undefined || value < lowest || value > highest ? undefined : value;
  });
  return { kind: "value", schema, form, show: writeDuration };
}

/** "auto", "off", or a duration in whole seconds. */
export function leaseTime(least: string, most: string): ValueType<"auto" | "off" | Nanoseconds> {
  const seconds = duration(least, most, least);
  const schema = parsed((written) => {
    if (written === "auto" || written === "off") return written;
    const read = v.safeParse(seconds.schema, written);
    return read.success && read.output % 1e9 === 0 ? read.output : undefined;
  });
  return {
    kind: "value",
    schema,
    form: `"auto", "off" or a duration in whole seconds from "${least}" to "${most}"`,
    show: (value) => typeof value === "string" ? value : writeDuration(value),
  };
}

/** "192.168.1.11" or "fe80::11", without a prefix length. */
export function address(form: string): ValueType<Ip> {
  return { kind: "value", schema: parsed(parseIp), form, show: formatIp };
}

/**
 * "192.168.1.50/24"; without a length a host address. Never /0, which would be the whole Internet.
 */
export function prefix(form: string): ValueType<Prefix> {
  const schema = parsed((written) => {
    const value = parsePrefix(written);
    return value === undefined || value.length === 0 ? undefined : value;
  });
  return { kind: "value", schema, form, show: formatPrefix };
}

/** An address and a port. */
export interface ListenAddress {
  /** Unspecified: on every address. */
  readonly address: Ip;
  /** 1 to 65535. */
  readonly port: number;
}

/** "127.0.0.1:9112" or "[::1]:9112"; no multicast address, no port 0. */
export function listenAddress(form: string): ValueType<ListenAddress> {
  const schema = parsed((written): ListenAddress | undefined => {
    const [, six, four, digits] = /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(written) ?? [];
    const address = parseIp(six ?? four ?? "");
    const port = Number(digits);
    if (address === undefined || isMulticast(address)) return undefined;
    if ((address.family === "ipv6") !== (six !== undefined)) return undefined;
    return port >= 1 && port <= 65535 ? { address, port } : undefined;
  });
  const show = ({ address, port }: ListenAddress) => formatEndpoint(formatIp(address), port);
  return { kind: "value", schema, form, show };
}

/**
 * "127.0.0.1:5432", "db.example.org:5432" or "[::1]:5432". Without `port` the text must have one.
 */
export function endpoint(form: string, port?: number): ValueType<Endpoint> {
  const schema = parsed((written): Endpoint | undefined => {
    const found = readEndpoint(written, port);
    return found.kind === "wrong" ? undefined : { host: found.host, port: found.port };
  });
  const show = ({ host, port }: Endpoint) => formatEndpoint(host, port);
  // A port alone leaves open whose: that is not what a host and a port look like.
  const fault = faultBy((written) =>
    /^\d+$/.test(written) ? { kind: "port" } : readEndpoint(written, port)
  );
  return { kind: "value", schema, form, show, fault };
}

/** A URL of one of `schemes`, which can be opened as it is. */
export function url(
  schemes: readonly [string, ...string[]],
  form: string,
): ValueType<string> {
  const read = (written: string) => readUrl(written, schemes);
  const schema = parsed((written) =>
    isLine(written) && read(written).kind === "url" ? written : undefined
  );
  return { kind: "value", schema, form, show: withoutSecrets, fault: faultBy(read) };
}

function isLine(written: string): boolean {
  return /^[^\p{Cc}]+$/u.test(written);
}

/** What `read` says of a text that is wrong. */
function faultBy(read: (text: string) => Wrong | { readonly kind: "endpoint" | "url" | "port" }) {
  return (written: unknown, name: string): Fault | undefined => {
    const found = typeof written === "string" && isLine(written) ? read(written) : undefined;
    if (found?.kind !== "wrong") return undefined;
    const { what, fix } = found;
    const isTold = fix !== undefined && secretRanges(fix).length === 0;
    return { what, ...(isTold ? { fix: `${writeKey(name)} = ${writeValue(fix)}` } : {}) };
  };
}

/** A list with at least one entry, each of type `entry`. */
export function listOf<T>(entry: ValueType<T>, form: string): ValueType<readonly T[]> {
  return {
    kind: "value",
    schema: v.pipe(v.unknown(), v.array(entry.schema), v.nonEmpty()),
    form,
    show: (values) => values.map((value) => entry.show(value)).join(", "),
    entry,
  };
}

/** One value of type `entry`, or a list of at most `most`; a list in either case. */
export function oneOrList<T>(
  entry: ValueType<T>,
  most: number,
  form: string,
): ValueType<readonly T[]> {
  return {
    kind: "value",
    schema: v.pipe(
      v.unknown(),
      v.transform((written): unknown => Array.isArray(written) ? written : [written]),
      v.array(entry.schema),
      v.nonEmpty(),
      v.maxLength(most),
    ),
    form,
    show: (values) => values.map((value) => entry.show(value)).join(", "),
  };
}

/** Either a value, or a table with a value of that type for each name. */
export function oneOrByName<T>(
  type: ValueType<T>,
  form: string,
): ValueType<T | ReadonlyMap<string, T>> {
  const named = v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isTable),
    v.transform((written) => new Map(Object.entries(written))),
    v.map(v.string(), type.schema),
  );
  const show = (value: T | ReadonlyMap<string, T>): string =>
    value instanceof Map
      ? [...value].map(([name, one]) => `${name} ${type.show(one)}`).join(", ")
      : type.show(value as T);
  return {
    kind: "value",
    schema: v.pipe(v.unknown(), v.union([type.schema, named])),
    form,
    show,
  };
}

/** Any table; what stands in it is read elsewhere. */
export function anyTable(form: string): ValueType<Readonly<Record<string, unknown>>> {
  return {
    kind: "value",
    schema: v.custom<Readonly<Record<string, unknown>>>(isTable),
    form,
    show: () => "a table",
  };
}

/** A table with these keys. */
export function table<const K extends Keys>(
  keys: K,
  form = "a table",
  short?: string,
): TableType<K> {
  return { kind: "table", form, keys, ...(short === undefined ? {} : { short }) };
}

/** A list of tables with these keys. */
export function entries<const K extends Keys>(
  keys: K,
  short: string,
  form: string,
  show: (entry: Settings<K>) => string,
): EntriesType<K> {
  return { kind: "entries", form, keys, short, show };
}

/** Tables with these keys, and a name each. */
export function named<const K extends Keys>(keys: K, header: string): NamedType<K> {
  return { kind: "named", form: `tables with a name each, such as ${header}`, keys, header };
}

/** May `written` stand where a value of `type` is wanted? Of a table only that it is one. */
export function accepts(type: Type, written: unknown): boolean {
  switch (type.kind) {
    case "value":
      return v.is(type.schema, written);
    case "table": {
      const inner = type.keys[type.short ?? ""];
      return isTable(written) || (inner !== undefined && accepts(inner.type, written));
    }
    case "entries":
      return Array.isArray(written) && written.length > 0;
    case "named":
      return isTable(written);
  }
}

function parsed<T>(parse: (text: string) => T | undefined): v.GenericSchema<unknown, T> {
  return v.pipe(
    v.unknown(),
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue();
      return NEVER;
    }),
  );
}
