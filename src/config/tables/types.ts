/** What shapes may a single value have? valibot schemas that turn TOML values into values of ours. */
import * as v from "valibot";
import { type Nanoseconds, parseDuration } from "../../time.ts";
import { type Ip, isMulticast, parseIp } from "../../net/ip.ts";
import { parsePrefix, type Prefix } from "../../net/prefix.ts";

/** A TOML integer from `least` to `most`. */
export function wholeNumber(
  least: number,
  most: number,
): v.GenericSchema<unknown, number> {
  return v.pipe(v.unknown(), v.number(), v.integer(), v.minValue(least), v.maxValue(most));
}

/** A weight of keepalived's: -253 to 253, and not 0, which would never count. */
export function weight(): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.unknown(),
    v.number(),
    v.integer(),
    v.minValue(-253),
    v.maxValue(253),
    v.notValue(0),
  );
}

/** One of the given words. */
export function oneOf<const Word extends string | number>(
  ...words: readonly Word[]
): v.GenericSchema<unknown, Word> {
  return v.pipe(v.unknown(), v.picklist(words));
}

/** true or false. */
export function flag(): v.GenericSchema<unknown, boolean> {
  return v.pipe(v.unknown(), v.boolean());
}

/** A text that `pattern` matches. */
export function text(pattern: RegExp): v.GenericSchema<unknown, string> {
  return v.pipe(v.unknown(), v.string(), v.regex(pattern));
}

/** A duration of `least` to `most` nanoseconds, written with its unit: "100ms", "1s", "2m". */
export function duration(
  least: Nanoseconds,
  most: Nanoseconds,
): v.GenericSchema<unknown, Nanoseconds> {
  return parsed((written) => {
    const value = parseDuration(written);
    return value === undefined || value < least || value > most ? undefined : value;
  });
}

/** "auto", "off", or a duration of `least` to `most` in whole seconds. */
export function leaseTime(
  least: Nanoseconds,
  most: Nanoseconds,
): v.GenericSchema<unknown, "auto" | "off" | Nanoseconds> {
  return parsed((written) => {
    if (written === "auto" || written === "off") return written;
    const value = parseDuration(written);
    if (value === undefined || value % 1e9 !== 0) return undefined;
    return value < least || value > most ? undefined : value;
  });
}

/** "192.168.1.11" or "fe80::11", without a prefix length. */
export function address(): v.GenericSchema<unknown, Ip> {
  return parsed(parseIp);
}

/** "127.0.0.1:9112" or "[::1]:9112"; no multicast address, no port 0. */
export function listenAddress(): v.GenericSchema<unknown, { address: Ip; port: number }> {
  return parsed((written) => {
    const [, six, four, digits] = /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(written) ?? [];
    const address = parseIp(six ?? four ?? "");
    const port = Number(digits);
    if (address === undefined || isMulticast(address)) return undefined;
    if ((address.family === "ipv6") !== (six !== undefined)) return undefined;
    return port >= 1 && port <= 65535 ? { address, port } : undefined;
  });
}

/** "192.168.1.50/24"; without a length a host address. Never /0, which would be the whole Internet. */
export function prefix(): v.GenericSchema<unknown, Prefix> {
  return parsed((written) => {
    const value = parsePrefix(written);
    return value === undefined || value.length === 0 ? undefined : value;
  });
}

/** A list with at least one entry, each of shape `entry`. */
export function listOf<Output>(
  entry: v.GenericSchema<unknown, Output>,
): v.GenericSchema<unknown, Output[]> {
  return v.pipe(v.unknown(), v.array(entry), v.nonEmpty());
}

/** Either of two shapes. */
export function either<A, B>(
  a: v.GenericSchema<unknown, A>,
  b: v.GenericSchema<unknown, B>,
): v.GenericSchema<unknown, A | B> {
  return v.pipe(v.unknown(), v.union([a, b]));
}

/** A table whose values are all of shape `value`, as a map. */
export function mapOf<Output>(
  value: v.GenericSchema<unknown, Output>,
): v.GenericSchema<unknown, ReadonlyMap<string, Output>> {
  return v.pipe(
    v.unknown(),
    table(),
    v.transform((written) => new Map(Object.entries(written))),
    v.map(v.string(), value),
  );
}

/** Any TOML table (not a list, not a date); what stands in it is read elsewhere. */
export function table(): v.GenericSchema<unknown, Readonly<Record<string, unknown>>> {
  return v.custom<Readonly<Record<string, unknown>>>(isTable);
}

/** Any list; what stands in it is read elsewhere. */
export function list(): v.GenericSchema<unknown, unknown[]> {
  return v.pipe(v.unknown(), v.array(v.unknown()), v.nonEmpty());
}

/** Is `value` a TOML table? smol-toml's tables have no prototype, its dates have one. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function parsed<Output>(
  parse: (text: string) => Output | undefined,
): v.GenericSchema<unknown, Output> {
  return v.pipe(
    v.unknown(),
    v.string(),
    v.rawTransform<string, Output>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue();
      return NEVER;
    }),
  );
}
