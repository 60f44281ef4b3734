/**
 * Asks when an address answers. A program of its own, run inside a namespace: it sends an ICMP echo
 * request every N ms and writes a line for each request ("s TIME NUMBER") and each reply ("r TIME
 * NUMBER"), times in milliseconds since 1970; a reply has the number of its request, counted from
 * 0.
 *
 * It needs no ping(8), which not every machine has, and its clock is read when the reply is there,
 * not when it is printed. Arguments: ADDRESS INTERVAL_MS.
 */

import { wallNow } from "./wall_clock.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const POLLIN = 1;

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  inet_pton: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
}).symbols;

const [address = "", interval = "10"] = Deno.args;
await probe(address, Number(interval));

async function probe(address: string, everyMs: number): Promise<void> {
  const six = address.includes(":");
  const socket = libc.socket(
    six ? AF_INET6 : AF_INET,
    SOCK_RAW | SOCK_NONBLOCK,
    six ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
  );
  if (socket < 0) throw new Error("no raw socket: needs root");
  const destination = socketAddress(address, six);
  const identifier = Deno.pid & 0xffff;
  const waiting = pollArray(socket);
  let sequence = 0;
  let due = performance.now();
  for (;;) {
    const late = performance.now() - due;
    if (late >= 0) {
      const request = echoRequest(identifier, sequence & 0xffff, six);
      // A refusal (no route, no neighbour) is one more request without a reply.
      libc.sendto(socket, request, BigInt(request.length), 0, destination, destination.length);
      write("s", sequence++);
      // After a stall the missed requests are not made up for.
      due += everyMs * (1 + Math.floor(late / everyMs));
    }
    await libc.poll(waiting, 1n, Math.max(0, Math.ceil(due - performance.now())));
    for (const low of drain(socket, identifier, six)) {
      // Of all numbers with these 16 bits the newest that was sent.
      write("r", sequence - 1 - ((sequence - 1 - low) & 0xffff));
    }
  }
}

function write(kind: "s" | "r", number: number): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${kind} ${wallNow().toFixed(3)} ${number}\n`));
}

/**
 * The sequence numbers, 16 bits each, of the echo replies to our own requests that are there to
 * read.
 */
function drain(socket: number, identifier: number, six: boolean): readonly number[] {
  const buffer = new Uint8Array(1500);
  const replies: number[] = [];
  for (;;) {
    const length = Number(libc.recv(socket, buffer, BigInt(buffer.length), 0));
    if (length <= 0) return replies;
    // An IPv4 raw socket also delivers the IP header, an IPv6 one does not.
    const start = six ? 0 : ((buffer[0] ?? 0) & 15) * 4;
    const view = new DataView(buffer.buffer, start);
    if (view.getUint8(0) === (six ? 129 : 0) && view.getUint16(4) === identifier) {
      replies.push(view.getUint16(6));
    }
  }
}

/**
 * RFC 792, RFC 4443 4.1: type, code, checksum, identifier, sequence. The kernel fills in ICMPv6's
 * checksum.
 */
function echoRequest(identifier: number, sequence: number, six: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, six ? 128 : 8);
  view.setUint16(4, identifier);
  view.setUint16(6, sequence);
  if (six) return bytes;
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += view.getUint16(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(2, ~sum & 0xffff);
  return bytes;
}

/**
 * struct sockaddr_in (16 bytes) or sockaddr_in6 (28 bytes); the family is in the machine's byte
 * order.
 */
function socketAddress(address: string, six: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(six ? 28 : 16);
  const family = six ? AF_INET6 : AF_INET;
  new DataView(bytes.buffer).setUint16(0, family, true);
  const text = new TextEncoder().encode(`${address}\0`);
  const binary = bytes.subarray(six ? 8 : 4);
  if (libc.inet_pton(family, text, binary) !== 1) throw new Error(`no IP address: ${address}`);
  return bytes;
}

/** struct pollfd { int fd; short events; short revents; } */
function pollArray(socket: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, socket, true);
  view.setInt16(4, POLLIN, true);
  return bytes;
}
