/** Which frames does a packet filter accept? An interpreter of the few instructions that our programs use. */
import { SOCK_FILTER } from "../../../src/linux/abi.ts";
import { assemble, PACKET_TYPE_AT, type Program } from "../../../src/linux/packet_filter.ts";

const SIZES: Readonly<Record<number, number>> = { 0x20: 4, 0x28: 2, 0x30: 1 };

/** linux/filter.h: a load beyond the frame's end drops it. `packetType` is that of packet(7), 0 for a frame to us. */
export function accepts(program: Program, frame: Uint8Array, packetType = 0): boolean {
  const code = assemble(program);
  let accumulator = 0;
  for (let at = 0;; at++) {
    const { code: operation, jt, jf, k } = SOCK_FILTER.read(code, at * SOCK_FILTER.size);
    if (operation === 0x06) return k > 0;
    if (operation === 0x15) {
      at += accumulator === k ? jt : jf;
    } else if (k === PACKET_TYPE_AT) {
      accumulator = packetType;
    } else {
      const size = SIZES[operation];
      if (size === undefined) throw new Error(`no instruction of ours: ${operation}`);
      if (k + size > frame.length) return false;
      accumulator = 0;
      for (let i = 0; i < size; i++) accumulator = accumulator * 256 + (frame[k + i] ?? 0);
    }
  }
}
