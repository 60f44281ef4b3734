/**
 * Asks by ARP which machine has an address. A program of its own, run inside a namespace: it
 * broadcasts a request every N ms and writes a line for each answer: time in milliseconds since
 * 1970, and the hardware address. Arguments: INTERFACE-INDEX OWN-MAC OWN-ADDRESS ADDRESS
 * INTERVAL_MS.
 */
import { arpRequest } from "../../../src/wire/arp.ts";
import { formatMac, parseMac } from "../../../src/net/mac.ts";
import { parseIp } from "../../../src/net/ip.ts";
import { libc, openPacketSocket } from "../lab/packet_socket.ts";
import { wallNow } from "../lab/wall_clock.ts";

const ETH_P_ARP = 0x0806;
/** Offsets in an Ethernet frame that carries ARP (RFC 826). */
const AT_OPCODE = 20, AT_SENDER_MAC = 22, AT_SENDER = 28;

const [index = "", mac = "", own = "", address = "", every = "2"] = Deno.args;
const source = parseMac(mac), asked = parseIp(address), from = parseIp(own);
if (source === undefined || asked === undefined || from === undefined) throw new Error("usage");
const socket = openPacketSocket(Number(index), ETH_P_ARP);

const frame = Uint8Array.from(arpRequest(source, from, asked));
const wanted = asked.bytes;

await ask();

async function ask(): Promise<void> {
  const buffer = new Uint8Array(256);
  let due = performance.now();
  for (;;) {
    if (performance.now() >= due) {
      libc.send(socket, frame, BigInt(frame.length), 0);
      due = Math.max(due + Number(every), performance.now());
    }
    for (;;) {
      const length = Number(libc.recv(socket, buffer, 256n, 0));
      if (length < 42) break;
      const isAnswer = buffer[AT_OPCODE + 1] === 2 &&
        wanted.every((byte, at) => buffer[AT_SENDER + at] === byte);
      if (isAnswer) {
        const answering = formatMac(buffer.slice(AT_SENDER_MAC, AT_SENDER_MAC + 6));
        console.log(`${wallNow()} ${answering}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 0.5));
  }
}
