/** An interpreter of the few instructions of our packet filters. */
import { SOCK_FILTER } from "../../../src/linux/abi.ts";
import {
  assemble,
  IP_HEADER_AT,
  PACKET_TYPE_AT,
  type Program,
} from "../../../src/linux/packet_filter.ts";

const SIZES: Readonly<Record<number, number>> = { 0x20: 4, 0x28: 2, 0x30: 1, 0x50: 1 };

/** What stands around a frame. */
interface Around {
  /** That of packet(7), 0 for a frame to us. */
  readonly packetType?: number;
  /** The IP header, where the frame begins behind it; default: it begins with it. */
  readonly header?: Uint8Array;
}

/** How many of the kernel's instructions it is. */
export function lengthOf(program: Program): number {
  return assemble(program).length / SOCK_FILTER.size;
}

/** linux/filter.h: a load beyond the frame's end drops it. */
export function accepts(
  program: Program,
  frame: Uint8Array,
  around: Around | number = {},
): boolean {
  const { packetType = 0, header = frame } = typeof around === "number"
    ? { packetType: around }
    : around;
  const code = assemble(program);
  let accumulator = 0;
  let index = 0;
  for (let at = 0;; at++) {
    const { code: operation, jt, jf, k } = SOCK_FILTER.read(code, at * SOCK_FILTER.size);
    if (operation === 0x06) return k > 0;
    if (operation === 0x05) at += k;
    else if (operation === 0x15) at += accumulator === k ? jt : jf;
    else if (operation === 0x25) at += accumulator > k ? jt : jf;
    else if (operation === 0x80) accumulator = frame.length;
    else if (operation === 0xb1) index = 4 * ((frame[k] ?? 0) & 0xf);
    else if (k === PACKET_TYPE_AT) accumulator = packetType;
    else {
      const size = SIZES[operation];
      if (size === undefined) throw new Error(`no instruction of ours: ${operation}`);
      const [bytes, from] = k >= IP_HEADER_AT
        ? [header, k - IP_HEADER_AT]
        : [frame, k + (operation === 0x50 ? index : 0)];
      if (from + size > bytes.length) return false;
      accumulator = 0;
      for (let i = 0; i < size; i++) accumulator = accumulator * 256 + (bytes[from + i] ?? 0);
    }
  }
}
