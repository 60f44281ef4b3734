/** A network over a kernel that is a function, for tests. */
import assert from "node:assert/strict";
import { IFA_CACHEINFO_STRUCT, IFADDRMSG, IFINFOMSG } from "../../../../src/linux/abi.ts";
import { Connection } from "../../../../src/linux/netlink/connection.ts";
import {
  address,
  attribute,
  attributeTable,
  concat,
  type NetlinkMessage,
  struct,
  text,
  u32,
  u8,
} from "../../../../src/linux/netlink/message.ts";
import { Network } from "../../../../src/linux/netlink/network.ts";
import { formatPrefix, parsePrefix } from "../../../../src/net/prefix.ts";
import { answer, done, FakeExchange, verdict } from "./fake_kernel.ts";

const NAME = attributeTable({ name: attribute(3, text) });
/** Attributes of an address (rtnetlink(7)). */
export const ADDRESS = attributeTable({
  address: attribute(1, address),
  local: attribute(2, address),
  cacheInfo: attribute(6, struct(IFA_CACHEINFO_STRUCT)),
  flags: attribute(8, u32),
  proto: attribute(11, u8),
});

/** The one address of the machine. */
export const OWN = "10.0.0.1/24";

/**
 * A network whose kernel has `addresses`, and refuses by number; what it tells is pushed to
 * `changes`.
 */
export function open(
  kernel: {
    readonly addresses?: readonly NetlinkMessage[];
    readonly refuse?: (request: NetlinkMessage) => number;
  },
) {
  const changes: NetlinkMessage[] = [];
  const exchange = new FakeExchange((request) => {
    const list = (messages: readonly NetlinkMessage[]) => [
      messages.map(({ type, body }) => answer(request, type, body)),
      [(request.flags & 0x300) === 0x300 ? done(request) : verdict(request, 0)],
    ];
    if (request.type === 18) return list([newLink(1, "eth0")]);
    if (request.type === 22) return list(kernel.addresses ?? [newAddress(OWN)]);
    return [[verdict(request, kernel.refuse?.(request) ?? 0)]];
  });
  const opened = { exchange, changes, whole: true };
  const drain = (take: (message: NetlinkMessage) => void): boolean => {
    for (const message of changes.splice(0)) take(message);
    const { whole } = opened;
    opened.whole = true;
    return whole;
  };
  return Object.assign(opened, { network: new Network(new Connection(exchange), { drain }) });
}

/** Its addresses as texts. */
export function shown(network: Network): readonly string[] {
  return network.interfaces().addresses.map(({ prefix, ours }) =>
    `${formatPrefix(prefix)}${ours ? " ours" : ""}`
  );
}

/** A floating address. */
export function held(text: string, name = "eth0") {
  return { interface: name, prefix: prefixOf(text) };
}

function prefixOf(text: string) {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined);
  return prefix;
}

/** For how many seconds does a request to add an address say? */
export function lifetimeIn(request: NetlinkMessage | undefined): number | undefined {
  const attributes = request?.body.subarray(IFADDRMSG.size) ?? new Uint8Array();
  return ADDRESS.decode(attributes).cacheInfo?.valid;
}

/** The lifetimes that a request to add an address says. */
export function cacheInfoIn(request: NetlinkMessage | undefined) {
  return ADDRESS.decode(request?.body.subarray(IFADDRMSG.size) ?? new Uint8Array()).cacheInfo;
}

/** The kernel tells of an address. */
export function newAddress(
  text: string,
  proto?: number,
  flags = 0,
  valid = 0xffffffff,
): NetlinkMessage {
  const prefix = prefixOf(text);
  const header = { family: 2, prefixlen: prefix.length, flags: 0, scope: 0, index: 1 };
  const cacheInfo = { preferred: valid, valid, created: 0, updated: 0 };
  const values = { address: prefix.address, local: prefix.address, cacheInfo, flags, proto };
  return told(20, concat(IFADDRMSG.write(header), ADDRESS.encode(values)));
}

/** The kernel tells that an address is gone. */
export function deleteAddress(text: string): NetlinkMessage {
  return { ...newAddress(text), type: 21 };
}

/** The kernel tells of a link. */
export function newLink(
  index: number,
  name: string,
  { type = 16, family = 0 }: { readonly type?: number; readonly family?: number } = {},
): NetlinkMessage {
  const header = { family, type: 1, index, flags: 0x41, change: 0 };
  return told(type, concat(IFINFOMSG.write(header), NAME.encode({ name })));
}

/** A message that the kernel sends unasked. */
export function told(type: number, body: Uint8Array): NetlinkMessage {
  return { type, flags: 0, seq: 0, pid: 0, body };
}
