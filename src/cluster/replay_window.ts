/** Counters of a session that were seen: none is accepted twice (RFC 4303 3.4.3, RFC 6479). */
import { after, type Instant, seconds } from "../time.ts";

/** A counter may come so much later than the highest one, in datagrams. */
export const WINDOW = 64;

/**
 * And by so much at most: what the network lost, and an attacker recorded, is not to come as news
 * long after.
 */
const LATE = seconds(2);

/** The highest counter seen, and which of the {@link WINDOW} up to it. */
export interface ReplayWindow {
  readonly highest: bigint;
  /** Bit n: `highest - n` was seen. */
  readonly seen: bigint;
  /** When the highest one came. */
  readonly raisedAt: Instant;
  /** The highest one at some moment, from which {@link LATE} is counted. */
  readonly mark: { readonly highest: bigint; readonly at: Instant };
  /** Up to here all are too late. */
  readonly floor: bigint;
}

/** Before the first datagram. */
export const EMPTY_WINDOW: ReplayWindow = {
  highest: 0n,
  seen: 0n,
  raisedAt: 0 as Instant,
  mark: { highest: 0n, at: 0 as Instant },
  floor: 0n,
};

/** Was `counter` not seen, and is it not too late at `now`? */
export function isFresh(window: ReplayWindow, counter: bigint, now: Instant): boolean {
  const { highest, seen, raisedAt, floor } = window;
  if (counter > highest) return true;
  if (counter <= floor || after(raisedAt, LATE) < now) return false;
  const behind = highest - counter;
  return behind < BigInt(WINDOW) && (seen >> behind & 1n) === 0n;
}

/** The window after a fresh `counter` was authenticated at `now`. */
export function noted(window: ReplayWindow, counter: bigint, now: Instant): ReplayWindow {
  const { highest, seen } = window;
  if (counter <= highest) return { ...window, seen: seen | 1n << highest - counter };
  const shift = counter - highest;
  const kept = shift < BigInt(WINDOW) ? seen << shift : 0n;
  const raised = {
    highest: counter,
    seen: BigInt.asUintN(WINDOW, kept | 1n),
    raisedAt: now,
  };
  const isMarked = after(window.mark.at, LATE) <= now;
  const { mark, floor } = isMarked
    ? { mark: { highest: counter, at: now }, floor: window.mark.highest }
    : window;
  return { ...raised, mark, floor };
}
