/** A vrrp_instance as [instance.NAME]: each key as keepalived reads it. */
import { showName, writeValue } from "../../config/toml_text.ts";
import type { Family } from "../../net/ip.ts";
import {
  type Address,
  isFree,
  isInterface,
  ofFamily,
  once,
  readAddress,
  wireKeyOf,
  withoutSurplus,
  writeAddress,
} from "./addresses.ts";
import { authEntries, travelOf } from "./adverts.ts";
import { Block } from "./block.ts";
import { NOTIFIES } from "./commands.ts";
import { INSTANCE_DIRECTIVES, reportOthers } from "./directives.ts";
import { ELECTION, electionOf } from "./election.ts";
import { type Globals, plainChecksumOf, versionIn } from "./globals.ts";
import { keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import { TRACKS } from "./tracks.ts";
import {
  altered,
  carried,
  changed,
  type ImportContext,
  type Translation,
  unsupported,
  valueOf,
  wholeNumberIn,
} from "./translation.ts";

/** A vrrp_instance that can be carried over. */
export interface Instance {
  /** Its name in keepalived.conf. */
  readonly name: string;
  readonly statement: Statement;
  readonly block: Block;
  readonly interface: string | undefined;
  readonly vrid: number;
  readonly family: Family;
  readonly addresses: readonly Address[];
  readonly owner: boolean;
  /** Its keys, without name, checks and notify. */
  readonly entries: readonly TomlEntry[];
}

/**
 * Reads one vrrp_instance; undefined: it cannot be carried over, and its note says why. `taken`:
 * the addresses of earlier instances, to which its own are added: no address can be in two.
 */
export function readInstance(
  statement: Statement,
  globals: Globals,
  taken: Set<string>,
  context: ImportContext,
): Instance | undefined {
  const block = new Block(statement.block ?? [], context);
  reportOthers(block, OWN, INSTANCE_DIRECTIVES);
  const own = interfaceOf(block);
  const vrid = vridOf(block);
  const { advertised, all } = addressesOf(block, own ?? undefined, taken);
  const [first] = advertised;
  if (own === null || vrid === undefined || first === undefined) {
    block.report(statement, missing(own, vrid, block.inside("virtual_ipaddress").length > 0));
    return undefined;
  }
  if (own === undefined) block.report(statement, NO_INTERFACE);
  const { family } = first.prefix.address;
  const version = versionOf(block, globals, family);
  const strict = block.isOn("strict_mode", STRICT) || globals.strict;
  const { entries: election, owner } = electionOf(block, version, strict);
  // The floating addresses of an owner are its own.
  const floating = owner ? [] : all.map(({ prefix }) => prefix.address);
  if (!globals.waitsForInterfaces) reportAbsent(block, all);
  const plain = plainChecksumOf(block) || globals.plainChecksum;
  return {
    ...{ statement, block, vrid, family, owner, interface: own, addresses: all },
    name: valueOf(statement) ?? "",
    entries: [
      ...(own === undefined ? [] : [["interface", own] as const]),
      ["vrid", vrid],
      ["addresses", all.map((one) => writeAddress(one, advertised.includes(one)))],
      ["version", version],
      ...election,
      ...travelOf(block, family, floating),
      ...authEntries(block, version, strict),
      ...(plain && version === 3 && family === "ipv4" ? [["checksum", "rfc9568"] as const] : []),
    ],
  };
}

/** Reports interfaces that this machine does not have. */
function reportAbsent(instance: Block, addresses: readonly Address[]): void {
  const named: readonly (readonly [string | undefined, Statement])[] = [
    ...instance.all("interface").slice(-1).map((one) => [valueOf(one), one] as const),
    ...addresses.map((one) => [one.interface, one.statement] as const),
    ...instance.inside("track_interface").map((one) => [keywordOf(one), one] as const),
  ];
  const { environment } = instance.context;
  for (const [name, statement] of named) {
    if (name === undefined || !isInterface(name) || environment.hasInterface(name)) continue;
    instance.report(
      statement,
      altered(
        `this machine has no ${name}: keepalived does not start, floatip waits for it`,
        undefined,
        "correct the name, or import on the node that has it",
      ),
    );
  }
}

const NO_INTERFACE = altered(
  "it has no interface: keepalived does not start, floatip takes that of the subnet of the address",
);

function missing(
  own: string | null | undefined,
  vrid: number | undefined,
  hasAddress: boolean,
): Translation {
  if (own === null) return unsupported("its interface is not an interface name", "correct it");
  if (vrid === undefined) {
    return unsupported("it has no virtual_router_id from 1 to 255", "add one");
  }
  return hasAddress
    ? unsupported(
      "none of its floating addresses can be taken over, for the reasons at their lines",
      "correct them, or remove the instance",
    )
    : unsupported("it has no floating address", "leave this instance in keepalived");
}

/** Directives that are read in this folder. */
const OWN: readonly string[] = [
  ...ELECTION,
  ...NOTIFIES,
  ...TRACKS,
  ...["interface", "virtual_router_id", "version", "strict_mode", "v3_checksum_as_v2"],
  ...["virtual_ipaddress", "virtual_ipaddress_excluded"],
  ...["unicast_src_ip", "mcast_src_ip", "unicast_peer", "authentication"],
];

/** The interface; null: an invalid name; undefined: none. */
function interfaceOf(instance: Block): string | undefined | null {
  return instance.read(
    "interface",
    undefined,
    (name = "") =>
      isInterface(name)
        ? [name, carried(`interface = ${writeValue(name)}`)]
        : [null, unsupported(`${showName(name)} is not an interface name`, "correct it")],
  );
}

function vridOf(instance: Block): number | undefined {
  return instance.read("virtual_router_id", undefined, (value) => {
    const vrid = wholeNumberIn(value, 1, 255);
    return [
      vrid,
      vrid === undefined
        ? unsupported("it is not a whole number from 1 to 255", "correct it")
        : carried(`vrid = ${vrid}`),
    ];
  });
}

/** The addresses of the adverts, all of one family, and all floating addresses. */
function addressesOf(
  instance: Block,
  own: string | undefined,
  taken: Set<string>,
): { readonly advertised: readonly Address[]; readonly all: readonly Address[] } {
  const { report } = instance.context;
  const read = (keyword: string): readonly Address[] =>
    instance.all(keyword).flatMap((block) => {
      report(block, carried("addresses = [...]"));
      return (block.block ?? []).flatMap((line) => readAddress(line, own, report) ?? []);
    });
  const wire = (one: Address) => one.interface ?? own;
  const free = (one: Address) => isFree(one, wire(one), taken, report);
  const written = once(read("virtual_ipaddress"), report, true).filter(free);
  const excluded = once(read("virtual_ipaddress_excluded"), report).filter(free);
  const [first] = written;
  if (first === undefined) return { advertised: [], all: excluded };
  const fitting = ofFamily(written, first.prefix.address.family, report);
  const advertised = withoutSurplus(fitting, report);
  const all = once([...fitting, ...excluded], report);
  for (const one of all) taken.add(wireKeyOf(one, wire(one)));
  for (const one of all) report(one.statement, addressTranslation(one, advertised.includes(one)));
  return { advertised, all };
}

function addressTranslation(address: Address, advertised: boolean): Translation {
  return carried(writeValue(writeAddress(address, advertised)));
}

function versionOf(instance: Block, globals: Globals, family: Family): 2 | 3 {
  const absent = family === "ipv6" ? 3 : globals.version;
  return instance.read<2 | 3>("version", absent, (value) => {
    const version = versionIn(value);
    if (version === undefined) {
      return [absent, altered("it is neither 2 nor 3", `version = ${absent}`)];
    }
    if (family === "ipv4" || version === 3) return [version, carried(`version = ${version}`)];
    const why = "VRRPv2 has no IPv6: other implementations support version 3 only";
    return [3, altered(why, "version = 3")];
  });
}

const STRICT = changed(
  "keepalived would drop packets to an address that it does not own, floatip does not",
);
