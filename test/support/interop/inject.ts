/**
 * Puts hostile frames on the LAN. Run inside a host of the lab:
 * `inject.ts CARD EVERY_MS FILE [SECONDS [ROUNDS]]` sends the frames of FILE, one in hexadecimal
 * per line, and ends; with SECONDS again and again for so long, with ROUNDS so many times. It
 * speaks to the kernel by itself, so that it shares no fault with what it attacks.
 */
import { setTimeout as pause } from "node:timers/promises";

const AF_PACKET = 17;
const SOCK_RAW = 3;

/** socket(2), if_nametoindex(3), bind(2), send(2). */
const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
});

/** One that was kept waiting makes up for so much: more at once would find no room in a socket. */
const MAKES_UP_MS = 20;

function open(card: string): number {
  // Protocol 0: it sends, and hears nothing.
  const descriptor = libc.symbols.socket(AF_PACKET, SOCK_RAW, 0);
  const index = libc.symbols.if_nametoindex(new TextEncoder().encode(`${card}\0`));
  // struct sockaddr_ll (packet(7)): the family and the interface's index in host order, the rest
  // zero.
  const address = new Uint8Array(20);
  new Uint16Array(address.buffer)[0] = AF_PACKET;
  new Int32Array(address.buffer)[1] = index;
  const bound = libc.symbols.bind(descriptor, address, address.length);
  if (descriptor < 0 || index === 0 || bound !== 0) throw new Error(`cannot send out of ${card}`);
  return descriptor;
}

if (import.meta.main) {
  const [card = "", every = "", file = "", seconds = "", rounds = "1"] = Deno.args;
  const descriptor = open(card);
  const start = performance.now();
  const end = start + 1000 * Number(seconds);
  const frames = Deno.readTextFileSync(file).split("\n").filter(Boolean).map(Uint8Array.fromHex);
  const count = frames.length * Number(rounds);
  let due = start;
  for (let number = 0; number < count || performance.now() < end; number++) {
    if (due > performance.now()) await pause(due - performance.now());
    due = Math.max(due + Number(every), performance.now() - MAKES_UP_MS);
    const frame = frames[number % frames.length] ?? new Uint8Array();
    const sent = Number(libc.symbols.send(descriptor, frame, BigInt(frame.length), 0));
    // A flood may find the card's queue full.
    if (sent !== frame.length && seconds === "") {
      throw new Error(`frame ${number + 1} did not leave`);
    }
  }
}
