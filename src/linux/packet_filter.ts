/**
 * Filters of what the kernel hands over: classic BPF programs (packet(7), linux/filter.h), with
 * labels for their jumps.
 */
import { assert } from "../assert.ts";
import { SOCK_FILTER, SOCK_FPROG } from "./abi.ts";
import { AF_PACKET, SO_ATTACH_FILTER, SOCK_RAW, SOL_SOCKET } from "./constants.ts";
import { addressOf, type Bytes, type Libc } from "./libc.ts";
import { Socket } from "./socket.ts";

/**
 * One instruction. `load` puts bytes of the frame into the accumulator, big endian, `length` the
 * length of the frame, `equal` and `above` compare it with a constant. `skip-ipv4` reads the length
 * of the IPv4 header that lies at 0, and `load8-behind` counts from its end. A load beyond the
 * frame's end drops it. `accept-any` accepts what is one of many constants, two of the kernel's
 * instructions each; anything else goes on.
 */
export type Instruction =
  | { readonly op: "load8" | "load16" | "load32" | "load8-behind"; readonly at: number }
  | {
    readonly op: "equal" | "above";
    readonly to: number;
    readonly then: string;
    readonly else: string;
  }
  | { readonly op: "jump"; readonly then: string }
  | { readonly op: "accept-any"; readonly of: readonly number[] }
  | { readonly op: "length" | "skip-ipv4" | "accept" | "drop" };

/** Instructions by label, run from the first to the next; "next" is the one that follows. */
export type Program = readonly (readonly [label: string, Instruction])[];

/**
 * linux/bpf_common.h: BPF_LD|BPF_B|BPF_ABS, and with BPF_H, BPF_W, BPF_IND, BPF_LEN;
 * BPF_LDX|BPF_B|BPF_MSH; BPF_JMP|BPF_JEQ|BPF_K, and with BPF_JGT, BPF_JA; BPF_RET|BPF_K.
 */
const CODES = {
  load8: 0x30,
  load16: 0x28,
  load32: 0x20,
  "load8-behind": 0x50,
  length: 0x80,
  "skip-ipv4": 0xb1,
  equal: 0x15,
  above: 0x25,
  jump: 0x05,
  accept: 0x06,
  drop: 0x06,
} as const;

/**
 * linux/filter.h: where load8 finds the packet type (packet(7): PACKET_HOST and so on), SKF_AD_OFF
 * + SKF_AD_PKTTYPE.
 */
export const PACKET_TYPE_AT = 0xfffff004;

/** linux/filter.h: from here on loads count from the beginning of the IP header, SKF_NET_OFF. */
export const IP_HEADER_AT = 0xfff00000;

/** linux/filter.h: BPF_MAXINSNS. */
export const MOST_INSTRUCTIONS = 4096;

/** Of an accepted frame so many bytes: all. */
const WHOLE = 0x40000;

/** What {@link framesOf} accepts besides VRRP as IP protocol 112. */
export interface Wanted {
  /**
   * What else is said about addresses: ARP, Neighbor Solicitation and Advertisement, who hears
   * which group (IGMP), and what was not taken (ICMP destination unreachable). Default: not.
   */
  readonly neighbours?: boolean;
  /** UDP to these ports. Default: none. */
  readonly ports?: readonly number[];
}

/**
 * VRRP over IPv4 and IPv6, headers without options or extensions, seen from the Ethernet header;
 * and what else is wanted.
 */
export function framesOf({ neighbours = false, ports = [] }: Wanted): Program {
  const only = (program: Program): Program => neighbours ? program : [];
  return [
    ["type", { op: "load16", at: 12 }],
    ...only([["arp?", { op: "equal", to: 0x0806, then: "accept", else: "next" }]]),
    ["ipv4?", { op: "equal", to: 0x0800, then: "ipv4", else: "next" }],
    ["ipv6?", { op: "equal", to: 0x86dd, then: "ipv6", else: "drop" }],
    ["ipv4", { op: "load8", at: 23 }],
    ["vrrp4?", { op: "equal", to: 112, then: "accept", else: "next" }],
    ...only([
      ["igmp?", { op: "equal", to: 2, then: "accept", else: "next" }],
      ["icmp4?", { op: "equal", to: 1, then: "icmp4", else: "next" }],
    ]),
    ...portsAt("4", 36, ports),
    ...only([
      ["icmp4", { op: "load8", at: 34 }],
      ["unreachable?", { op: "equal", to: 3, then: "accept", else: "drop" }],
    ]),
    ["ipv6", { op: "load8", at: 20 }],
    ["vrrp6?", { op: "equal", to: 112, then: "accept", else: "next" }],
    ...only([["icmp6?", { op: "equal", to: 58, then: "icmp6", else: "next" }]]),
    ...portsAt("6", 56, ports),
    ...only([
      ["icmp6", { op: "load8", at: 54 }],
      ["solicit?", { op: "equal", to: 135, then: "accept", else: "next" }],
      ["advert?", { op: "equal", to: 136, then: "accept", else: "drop" }],
    ]),
    ["accept", { op: "accept" }],
    ["drop", { op: "drop" }],
  ];
}

/**
 * With the protocol in the accumulator: is it UDP, and the port that lies at `at` one of `ports`?
 * If not, drop.
 */
function portsAt(family: string, at: number, ports: readonly number[]): Program {
  return [
    [`udp${family}?`, { op: "equal", to: 17, then: "next", else: "drop" }],
    [`port${family}`, { op: "load16", at }],
    ...ports.map((port): Program[number] => [
      `port${family} ${port}?`,
      { op: "equal", to: port, then: "accept", else: "next" },
    ]),
    [`no port${family}`, { op: "equal", to: 0, then: "drop", else: "drop" }],
  ];
}

/**
 * A packet socket for the frames at `address` (a struct sockaddr_ll) that `program` accepts, with
 * room for `room` bytes. Throws HostError (EPERM, ENODEV).
 */
export function openFiltered(
  libc: Libc,
  program: Program,
  room: number,
  address: Uint8Array,
  what: string,
): Socket {
  // Protocol 0 hears nothing yet: the filter is there before the first frame.
  return Socket.open(libc, AF_PACKET, SOCK_RAW, 0, what).prepare((socket) => {
    attachFilter(socket, program);
    socket.setReceiveBuffer(room);
    socket.bind(address);
  });
}

/** Has the kernel hand over only what `program` accepts, from now on. Throws HostError. */
export function attachFilter(socket: Socket, program: Program): void {
  const filter = assemble(program);
  const len = filter.length / SOCK_FILTER.size;
  const request = SOCK_FPROG.write({ len, filter: addressOf(filter) });
  socket.set(SOL_SOCKET, SO_ATTACH_FILTER, request, "SO_ATTACH_FILTER");
  // `request` points to it, which keeps nothing alive.
  filter.fill(0);
}

/**
 * The program as an array of struct sock_filter. Throws AssertionFailure on a jump to nowhere or
 * backwards.
 */
export function assemble(program: Program): Bytes {
  const labels = new Map<string, number>();
  let length = 0;
  for (const [label, instruction] of program) {
    labels.set(label, length);
    length += countOf(instruction);
  }
  const bytes = new Uint8Array(length * SOCK_FILTER.size);
  let index = 0;
  for (const [label, instruction] of program) {
    if (instruction.op === "accept-any") {
      writeAny(instruction.of, bytes, index * SOCK_FILTER.size);
      index += countOf(instruction);
      continue;
    }
    const at = index++;
    const jump = (target: string): number => {
      const to = target === "next" ? at + 1 : labels.get(target);
      assert(to !== undefined && to > at, () => `${label} jumps forward to ${target}`);
      const isFar = to - at > 256 && instruction.op !== "jump";
      assert(!isFar, () => `${label} jumps no further than 255 instructions`);
      return to - at - 1;
    };
    const fields = fieldsOf(instruction, jump);
    SOCK_FILTER.write({ code: CODES[instruction.op], ...fields }, bytes, at * SOCK_FILTER.size);
  }
  return bytes;
}

/** A comparison and what follows where it holds, for each of `values`: thousands at once. */
function writeAny(values: readonly number[], bytes: Bytes, start: number): void {
  const one = new Uint8Array(2 * SOCK_FILTER.size);
  SOCK_FILTER.write({ code: CODES.equal, jt: 0, jf: 1, k: 0 }, one);
  SOCK_FILTER.write({ code: CODES.accept, jt: 0, jf: 0, k: WHOLE }, one, SOCK_FILTER.size);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    const at = start + i * one.length;
    bytes.set(one, at);
    view.setUint32(at + SOCK_FILTER.members.k.offset, value, true);
  }
}

function countOf(instruction: Instruction): number {
  return instruction.op === "accept-any" ? 2 * instruction.of.length : 1;
}

function fieldsOf(
  instruction: Exclude<Instruction, { readonly op: "accept-any" }>,
  jump: (target: string) => number,
): { readonly jt: number; readonly jf: number; readonly k: number } {
  switch (instruction.op) {
    case "load8":
    case "load16":
    case "load32":
    case "load8-behind":
      return { jt: 0, jf: 0, k: instruction.at };
    case "jump":
      return { jt: 0, jf: 0, k: jump(instruction.then) };
    case "equal":
    case "above":
      return { jt: jump(instruction.then), jf: jump(instruction.else), k: instruction.to };
    case "accept":
      return { jt: 0, jf: 0, k: WHOLE };
    case "drop":
    case "length":
    case "skip-ipv4":
      return { jt: 0, jf: 0, k: 0 };
  }
}
