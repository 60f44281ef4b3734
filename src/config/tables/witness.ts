/** Witnesses of [cluster]: machines that vote on exclusive instances, and hold nothing. */
import * as v from "valibot";
import { formatIp, type Ip } from "../../net/ip.ts";
import { isTable } from "../toml_text.ts";
import type { ValueType } from "./key.ts";
import { NODE_ADDRESS } from "./node_entry.ts";
import { NAME_PATTERN } from "./types.ts";

/** One of them. */
export interface Witness {
  readonly name: string;
  /** Each address by which it is reached. */
  readonly addresses: readonly Ip[];
}

/** { nas = "192.168.1.5" }: a name and an address, or a list of them, for each. */
export function witnesses(): ValueType<readonly Witness[]> {
  const addresses = v.pipe(
    v.unknown(),
    v.transform((written): unknown => Array.isArray(written) ? written : [written]),
    v.array(NODE_ADDRESS.schema),
    v.nonEmpty(),
  );
  const named = v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isTable),
    v.transform((written) => new Map(Object.entries(written))),
    v.map(v.pipe(v.string(), v.regex(NAME_PATTERN)), addresses),
    v.transform((all) => [...all].map(([name, own]): Witness => ({ name, addresses: own }))),
  );
  return {
    kind: "value",
    schema: v.pipe(v.unknown(), named),
    form: 'names with an address each, such as { nas = "192.168.1.5" }',
    show: (all) => all.map((one) => `${one.name} ${one.addresses.map(formatIp).join(" ")}`).join(),
  };
}
