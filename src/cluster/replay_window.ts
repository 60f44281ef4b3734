/** Counters of a session that were seen: none is accepted twice (RFC 4303 3.4.3, RFC 6479). */

/** A counter may come so much later than the highest one, in datagrams. */
export const WINDOW = 64;

/** The highest counter seen, and which of the {@link WINDOW} up to it. */
export interface ReplayWindow {
  readonly highest: bigint;
  /** Bit n: `highest - n` was seen. */
  readonly seen: bigint;
}

/** Before the first datagram. */
export const EMPTY_WINDOW: ReplayWindow = { highest: 0n, seen: 0n };

/** Was `counter` not seen, and is it not older than the window? */
export function isFresh({ highest, seen }: ReplayWindow, counter: bigint): boolean {
  if (counter > highest) return true;
  const behind = highest - counter;
  return counter > 0n && behind < BigInt(WINDOW) && (seen >> behind & 1n) === 0n;
}

/** The window after a fresh `counter` was authenticated. */
export function noted({ highest, seen }: ReplayWindow, counter: bigint): ReplayWindow {
  if (counter <= highest) return { highest, seen: seen | 1n << highest - counter };
  const shift = counter - highest;
  const kept = shift < BigInt(WINDOW) ? seen << shift : 0n;
  return { highest: counter, seen: BigInt.asUintN(WINDOW, kept | 1n) };
}
