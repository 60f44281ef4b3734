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
import { NOTIFIES } from "./commands.ts";
import { INSTANCE_DIRECTIVES, reportOthers } from "./directives.ts";
import { ELECTION, electionOf } from "./election.ts";
import { type Globals, plainChecksumOf } from "./globals.ts";
import { keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import { TRACKS } from "./tracks.ts";
import {
  altered,
  carried,
  changed,
  type Directives,
  directivesOf,
  type ImportContext,
  lastOf,
  type Report,
  switchIn,
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
  readonly directives: Directives;
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
  const { report } = context;
  const directives = directivesOf(statement.block ?? []);
  reportOthers(statement.block ?? [], OWN, INSTANCE_DIRECTIVES, context);
  const own = interfaceOf(directives, report);
  const vrid = vridOf(directives, report);
  const { advertised, all } = addressesOf(directives, own ?? undefined, taken, report);
  const [first] = advertised;
  if (own === null || vrid === undefined || first === undefined) {
    report(statement, missing(own, vrid, directives.get("virtual_ipaddress") ?? []));
    return undefined;
  }
  if (own === undefined) report(statement, NO_INTERFACE);
  const { family } = first.prefix.address;
  const version = versionOf(directives, globals, family, report);
  const strict = switchedOn(directives, "strict_mode", report) || globals.strict;
  const { entries: election, owner } = electionOf(directives, version, strict, report);
  // The floating addresses of an owner are its own.
  const floating = owner ? [] : all.map(({ prefix }) => prefix.address);
  if (!globals.waitsForInterfaces) reportAbsent(directives, all, context);
  const plain = plainChecksumOf(directives, report) || globals.plainChecksum;
  return {
    ...{ statement, directives, vrid, family, owner, interface: own, addresses: all },
    name: valueOf(statement) ?? "",
    entries: [
      ...(own === undefined ? [] : [["interface", own] as const]),
      ["vrid", vrid],
      ["addresses", all.map((one) => writeAddress(one, advertised.includes(one)))],
      ["version", version],
      ...election,
      ...travelOf(directives, family, floating, report),
      ...authEntries(directives.get("authentication") ?? [], version, strict, context),
      ...(plain && version === 3 && family === "ipv4" ? [["checksum", "rfc9568"] as const] : []),
    ],
  };
}

/** Reports interfaces that this machine does not have. */
function reportAbsent(
  directives: Directives,
  addresses: readonly Address[],
  { environment, report }: ImportContext,
): void {
  const tracked = (directives.get("track_interface") ?? []).flatMap(({ block = [] }) => block);
  const named: readonly (readonly [string | undefined, Statement])[] = [
    ...(directives.get("interface") ?? []).slice(-1).map((one) => [valueOf(one), one] as const),
    ...addresses.map((one) => [one.interface, one.statement] as const),
    ...tracked.map((one) => [keywordOf(one), one] as const),
  ];
  for (const [name, statement] of named) {
    if (name === undefined || !isInterface(name) || environment.hasInterface(name)) continue;
    report(
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
  blocks: readonly Statement[],
): Translation {
  if (own === null) return unsupported("its interface is not an interface name", "correct it");
  if (vrid === undefined) {
    return unsupported("it has no virtual_router_id from 1 to 255", "add one");
  }
  return blocks.some(({ block = [] }) => block.length > 0)
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
function interfaceOf(directives: Directives, report: Report): string | undefined | null {
  const statement = lastOf(directives, "interface", report);
  if (statement === undefined) return undefined;
  const name = valueOf(statement) ?? "";
  if (!isInterface(name)) {
    report(statement, unsupported(`${showName(name)} is not an interface name`, "correct it"));
    return null;
  }
  report(statement, carried(`interface = ${writeValue(name)}`));
  return name;
}

function vridOf(directives: Directives, report: Report): number | undefined {
  const statement = lastOf(directives, "virtual_router_id", report);
  if (statement === undefined) return undefined;
  const vrid = wholeNumberIn(valueOf(statement), 1, 255);
  report(
    statement,
    vrid === undefined
      ? unsupported("it is not a whole number from 1 to 255", "correct it")
      : carried(`vrid = ${vrid}`),
  );
  return vrid;
}

/** The addresses of the adverts, all of one family, and all floating addresses. */
function addressesOf(
  directives: Directives,
  own: string | undefined,
  taken: Set<string>,
  report: Report,
): { readonly advertised: readonly Address[]; readonly all: readonly Address[] } {
  const read = (keyword: string): readonly Address[] =>
    (directives.get(keyword) ?? []).flatMap((block) => {
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

function versionOf(
  directives: Directives,
  globals: Globals,
  family: Family,
  report: Report,
): 2 | 3 {
  const statement = lastOf(directives, "version", report);
  const written = valueOf(statement);
  const version = written === "2" ? 2 : written === "3" ? 3 : globals.version;
  if (statement === undefined) return family === "ipv6" ? 3 : version;
  if (written !== "2" && written !== "3") {
    report(statement, altered("it is neither 2 nor 3", `version = ${version}`));
  } else if (family === "ipv6" && version === 2) {
    report(
      statement,
      altered("VRRPv2 has no IPv6: other implementations support version 3 only", "version = 3"),
    );
    return 3;
  } else report(statement, carried(`version = ${version}`));
  return version;
}

function switchedOn(directives: Directives, keyword: string, report: Report): boolean {
  const statement = lastOf(directives, keyword, report);
  if (statement === undefined) return false;
  const on = switchIn(valueOf(statement)) !== false;
  const why = "keepalived would drop packets to an address that it does not own, floatip does not";
  report(statement, on ? changed(why) : carried(undefined, "switched off"));
  return on;
}
