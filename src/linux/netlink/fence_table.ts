/**
 * The fence as a table of nf_tables, and the frames that keep it open (decision 0078). Pure.
 *
 * What is to or from an address is dropped on the links of the fence while the address is in the
 * set "guarded" and not in "open". Frames on the loopback link put addresses into both sets, for
 * fixed times, and take them out. Packets change sets without a transaction, so that others who
 * change or list tables have nothing to wait for.
 */
import { type Family, type Ip, ip, sizeOf } from "../../net/ip.ts";
import {
  ETH_P_802_EX1,
  ETH_P_ARP,
  ETH_P_IP,
  ETH_P_IPV6,
  NF_DROP,
  NF_NETDEV_EGRESS,
  NF_NETDEV_INGRESS,
  NFT_META_PROTOCOL,
  NFT_PAYLOAD_NETWORK_HEADER,
  NFT_SET_EVAL,
  NFT_SET_TIMEOUT,
} from "../constants.ts";
import type { Bytes } from "../libc.ts";
import type { Expression } from "./nft_expressions.ts";
import {
  type ChainSpec,
  deleteTable,
  dropChain,
  newChain,
  newSet,
  newTable,
  setRules,
  type SetSpec,
  type Step,
} from "./nftables.ts";

/** Its name; the family is "netdev". */
export const FENCE_TABLE = "floatip";

/** For how long an address that is kept open is in the sets, in ms: at least 1. */
export interface Times {
  readonly open: number;
  readonly guarded: number;
}

/** What a fence is made of. */
export interface FenceSpec {
  /** Where it stands. */
  readonly links: readonly { readonly index: number; readonly name: string }[];
  /** Which times its frames may name. */
  readonly times: readonly Times[];
}

/**
 * Makes what is missing of the table, and replaces what it knows of links and times. What is open
 * stays open. Chains of `before` that `spec` has no use for go; those of others stay.
 */
export function buildFence(spec: FenceSpec, before?: FenceSpec): readonly Step[] {
  const chains = chainsOf(spec);
  const wanted = new Set(chains.map(({ name }) => name));
  const old = before === undefined ? [] : chainsOf(before).filter(({ name }) => !wanted.has(name));
  return [
    newTable(FENCE_TABLE),
    ...SETS.map((set, index) => newSet(FENCE_TABLE, set, index + 1)),
    ...chains.map((chain) => newChain(FENCE_TABLE, chain)),
    ...chains.flatMap((chain) => setRules(FENCE_TABLE, chain)),
    ...old.flatMap(({ name }) => dropChain(FENCE_TABLE, name)),
  ];
}

/** The same, where a table is in the way that cannot be built upon; nothing is open then. */
export function rebuildFence(spec: FenceSpec): readonly Step[] {
  return [newTable(FENCE_TABLE), ...removeFence(), ...buildFence(spec)];
}

/** Takes the table away; refused (ENOENT) where it is not there. */
export function removeFence(): readonly Step[] {
  return [deleteTable(FENCE_TABLE)];
}

/**
 * Ethernet frames for the loopback link: `addresses` are open, and guarded, from the moment that
 * one is sent. The fence takes it, and the sender is told that it was dropped (ENOBUFS).
 */
export function openFrames(addresses: readonly Ip[], times: Times): readonly Bytes[] {
  return frames(addresses, times);
}

/** The same: of these the fence knows nothing any more. */
export function forgetFrames(addresses: readonly Ip[]): readonly Bytes[] {
  return frames(addresses, NEVER);
}

/** A frame that changes nothing: sent to see whether there is a fence that takes it. */
export function emptyFrames(): readonly Bytes[] {
  return forgetFrames([UNSPECIFIED]);
}

/** Nothing holds it. */
const UNSPECIFIED: Ip = ip("0.0.0.0");

/** What frames that forget name in place of times. */
const NEVER: Times = { open: 0, guarded: 0 };

/** Of Ethernet: two addresses, which do not matter, and a type. */
const HEADER_SIZE = 14, AT_TYPE = 12;

/**
 * What a frame begins with behind that: no version of IP has the first 4 bits. The last byte stands
 * for the family. Times follow in 32 bits each, then addresses.
 */
const MAGIC: Readonly<Record<Family, Uint8Array>> = {
  ipv4: new TextEncoder().encode("\0floati4"),
  ipv6: new TextEncoder().encode("\0floati6"),
};

const AT_OPEN = 8, AT_GUARDED = 12, AT_ADDRESSES = 16;

/** So many addresses are in a frame; where there are fewer, the first is there again and again. */
const SLOTS = 8;

const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

/** Numbers of `nft` for types of keys: ipv4_addr, ipv6_addr. */
const KEY_TYPE: Readonly<Record<Family, number>> = { ipv4: 7, ipv6: 8 };

/** Two sets for each family. */
const GUARDED: Readonly<Record<Family, string>> = { ipv4: "guarded4", ipv6: "guarded6" };
const OPEN: Readonly<Record<Family, string>> = { ipv4: "open4", ipv6: "open6" };

/** Many more than the addresses of one machine. */
const MOST_ADDRESSES = 65_535;

const SETS: readonly SetSpec[] = FAMILIES.flatMap((family) =>
  [GUARDED[family], OPEN[family]].map((name) => ({
    name,
    flags: NFT_SET_TIMEOUT | NFT_SET_EVAL,
    keyType: KEY_TYPE[family],
    keySize: sizeOf(family),
    size: MOST_ADDRESSES,
  }))
);

const NETWORK = NFT_PAYLOAD_NETWORK_HEADER;

/**
 * Destinations: IPv4, ARP (its target, RFC 826), IPv6. A Neighbor Solicitation goes to a group; its
 * answer comes from the address and does not leave.
 */
const INGRESS: readonly (readonly Expression[])[] = [
  [...isProtocol(ETH_P_IP), ...dropShut("ipv4", 16)],
  [...isProtocol(ETH_P_ARP), ...dropShut("ipv4", 24)],
  [...isProtocol(ETH_P_IPV6), ...dropShut("ipv6", 24)],
];

/** Sources of the same. */
const EGRESS: readonly (readonly Expression[])[] = [
  [...isProtocol(ETH_P_IP), ...dropShut("ipv4", 12)],
  [...isProtocol(ETH_P_ARP), ...dropShut("ipv4", 14)],
  [...isProtocol(ETH_P_IPV6), ...dropShut("ipv6", 8)],
];

function chainsOf({ links, times }: FenceSpec): readonly ChainSpec[] {
  const hook = { device: "lo", hook: NF_NETDEV_EGRESS };
  return [
    { name: "forget", hook, rules: FAMILIES.map(forget) },
    // A chain for each pair, so that two daemons of one machine leave each other's alone.
    ...distinct(times).map((one) => ({
      name: `open_${one.open}_${one.guarded}`,
      hook,
      rules: FAMILIES.map((family) => keepOpen(family, one)),
    })),
    ...links.flatMap(({ index, name: device }): readonly ChainSpec[] => [
      { name: `in_${index}`, hook: { device, hook: NF_NETDEV_INGRESS }, rules: INGRESS },
      { name: `out_${index}`, hook: { device, hook: NF_NETDEV_EGRESS }, rules: EGRESS },
    ]),
  ];
}

function forget(family: Family): readonly Expression[] {
  return [
    ...isFrame(family, NEVER),
    ...eachSlot(family, [
      { kind: "delete", set: GUARDED[family] },
      { kind: "delete", set: OPEN[family] },
    ]),
    { kind: "verdict", code: NF_DROP },
  ];
}

/** A rule for each pair of times: they cannot be taken from the packet. */
function keepOpen(family: Family, times: Times): readonly Expression[] {
  return [
    ...isFrame(family, times),
    ...eachSlot(family, [
      { kind: "update", set: OPEN[family], timeout: times.open },
      { kind: "update", set: GUARDED[family], timeout: times.guarded },
    ]),
    { kind: "verdict", code: NF_DROP },
  ];
}

function isFrame(family: Family, { open, guarded }: Times): readonly Expression[] {
  const magic = MAGIC[family];
  return [
    // Without the type of the frame: `nft` could not list a rule with one that it does not know.
    { kind: "payload", base: NETWORK, offset: 0, size: magic.length },
    { kind: "equals", value: magic },
    { kind: "payload", base: NETWORK, offset: AT_OPEN, size: 4 },
    { kind: "equals", value: u32Bytes(open) },
    { kind: "payload", base: NETWORK, offset: AT_GUARDED, size: 4 },
    { kind: "equals", value: u32Bytes(guarded) },
  ];
}

function eachSlot(family: Family, acts: readonly Expression[]): readonly Expression[] {
  const size = sizeOf(family);
  return Array.from({ length: SLOTS }, (_, slot) => AT_ADDRESSES + slot * size)
    .flatMap((offset) => [{ kind: "payload", base: NETWORK, offset, size }, ...acts]);
}

function isProtocol(type: number): readonly Expression[] {
  return [
    { kind: "meta", key: NFT_META_PROTOCOL },
    { kind: "equals", value: Uint8Array.of(type >> 8, type & 0xff) },
  ];
}

function dropShut(family: Family, offset: number): readonly Expression[] {
  return [
    { kind: "payload", base: NETWORK, offset, size: sizeOf(family) },
    { kind: "in", set: GUARDED[family] },
    { kind: "not in", set: OPEN[family] },
    { kind: "verdict", code: NF_DROP },
  ];
}

function distinct(all: readonly Times[]): readonly Times[] {
  return [...new Map(all.map((times) => [`${times.open} ${times.guarded}`, times])).values()];
}

function frames(addresses: readonly Ip[], times: Times): readonly Bytes[] {
  return FAMILIES.flatMap((family) => {
    const own = addresses.filter((address) => address.family === family);
    return Array.from(
      { length: Math.ceil(own.length / SLOTS) },
      (_, index) => frame(family, own.slice(index * SLOTS, (index + 1) * SLOTS), times),
    );
  });
}

/** `addresses`: one to {@link SLOTS} of them. */
function frame(family: Family, addresses: readonly Ip[], { open, guarded }: Times): Bytes {
  const size = sizeOf(family);
  const bytes = new Uint8Array(HEADER_SIZE + AT_ADDRESSES + SLOTS * size);
  const view = new DataView(bytes.buffer);
  view.setUint16(AT_TYPE, ETH_P_802_EX1);
  bytes.set(MAGIC[family], HEADER_SIZE);
  view.setUint32(HEADER_SIZE + AT_OPEN, open);
  view.setUint32(HEADER_SIZE + AT_GUARDED, guarded);
  for (let slot = 0; slot < SLOTS; slot++) {
    const address = addresses[slot] ?? addresses[0];
    if (address !== undefined) bytes.set(address.bytes, HEADER_SIZE + AT_ADDRESSES + slot * size);
  }
  return bytes;
}

function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
