/** Adverts read by hand from the wire: a second opinion on src/wire. */

/** The fields that plays and checkers look at. */
export interface AdvertSeen {
  readonly version: number;
  readonly vrid: number;
  readonly priority: number;
  /** How many addresses it names. */
  readonly count: number;
  /** Milliseconds between adverts as it says. */
  readonly intervalMs: number;
}

/** What was read already: everybody who hears a message is given the same bytes. */
const KNOWN = new WeakMap<Uint8Array, AdvertSeen>();

/**
 * Reads the first 8 bytes of `message` (RFC 9568 5.1, RFC 3768 5.1), which must not change any
 * more.
 */
export function advertIn(message: Uint8Array): AdvertSeen {
  const known = KNOWN.get(message);
  if (known !== undefined) return known;
  const read = read8(message);
  KNOWN.set(message, read);
  return read;
}

function read8(message: Uint8Array): AdvertSeen {
  // "FL": the head of 40 bytes of one that is sealed.
  const plain = message[0] === 0x46 && message[1] === 0x4c ? message.subarray(40) : message;
  const [first = 0, vrid = 0, priority = 0, count = 0, high = 0, low = 0] = plain;
  const version = first >> 4;
  const intervalMs = version === 2 ? low * 1000 : (((high & 0xf) << 8) | low) * 10;
  return { version, vrid, priority, count, intervalMs };
}
