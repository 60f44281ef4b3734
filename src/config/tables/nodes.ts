/** Reads [nodes]: a name with an address, a list of them, or a table, on each line. */
import * as v from "valibot";
import type { Ip } from "../../net/ip.ts";
import { error, type Path, type Problem, type Report } from "../problem.ts";
import { isTable, showName, showValue, writeKey } from "../toml_text.ts";
import type { NodeDraft } from "./node.ts";
import { NODE_ADDRESS, NODE_ENTRY } from "./node_entry.ts";
import { checkName, readTable } from "./read.ts";

/** Reads the table [nodes]; what is wrong is reported and left out. */
export function readNodes(
  raw: Readonly<Record<string, unknown>>,
  report: Report,
): readonly NodeDraft[] {
  return Object.entries(raw).map(([name, value]) => {
    const path: Path = ["nodes", name];
    checkName(name, path, report);
    return isTable(value) ? readEntry(name, value, path, report) : {
      name,
      path,
      addresses: readAddresses(name, value, path, report),
      links: [],
      onlyVrrp: false,
    };
  });
}

function readEntry(
  name: string,
  raw: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): NodeDraft {
  const { keys } = readTable(NODE_ENTRY, raw, path, report);
  return {
    name,
    path,
    addresses: placed(keys.address, raw["address"], [...path, "address"]),
    links: placed(keys.links, raw["links"], [...path, "links"]),
    onlyVrrp: keys.only_vrrp ?? false,
  };
}

/** Addresses with their places; a hole is an entry that was reported already. */
function placed(addresses: readonly (Ip | undefined)[] = [], written: unknown, path: Path) {
  return addresses.flatMap((address, index) =>
    address === undefined
      ? []
      : [{ address, path: Array.isArray(written) ? [...path, index] : path }]
  );
}

function readAddresses(name: string, value: unknown, path: Path, report: Report) {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) report(wrongNode(name, value, path));
  return list.flatMap((entry, index) => {
    const at = Array.isArray(value) ? [...path, index] : path;
    const result = v.safeParse(NODE_ADDRESS.schema, entry);
    if (result.success) return [{ path: at, address: result.output }];
    report(wrongNode(name, entry, at));
    return [];
  });
}

function wrongNode(name: string, value: unknown, path: Path): Problem {
  const text = typeof value === "string" ? value.trim() : "";
  const guesses = [text, text.split("/")[0], /^\[([\da-f:.]+)\]/i.exec(text)?.[1]];
  const fixed = guesses.find((guess) => v.is(NODE_ADDRESS.schema, guess));
  const looksUp = /^[a-z\d][a-z\d.-]*[a-z][a-z\d.-]*$/i.test(text);
  return error(
    path,
    `node ${showName(name)} needs an address without a prefix length, not ${showValue(value)}`,
    "Nodes find themselves and their peers by these addresses.",
    fixed !== undefined
      ? path.length === 2 ? `${writeKey(name)} = "${fixed}"` : `"${fixed}"`
      : looksUp
      ? `write its address instead, which \`getent ahosts ${text}\` prints`
      : "write the address that this node has on the LAN",
  );
}
