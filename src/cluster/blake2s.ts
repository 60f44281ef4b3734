/**
 * Keyed BLAKE2s (RFC 7693): a tag of a short message within the turn, where WebCrypto would need
 * another one. Without V8's compiler a block of 64 bytes takes some hundredths of a millisecond.
 */

/** Bytes of a key, at most. */
const MOST_KEY = 32;
const BLOCK = 64;

/** RFC 7693 2.6: the words of SHA-256. */
const IV = Int32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a],
  ...[0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

/** RFC 7693 2.7: the schedule of message words, a row for each round. */
const SIGMA = Uint8Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  ...[14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  ...[11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  ...[7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  ...[9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  ...[2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  ...[12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  ...[13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  ...[6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  ...[10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
);

/** RFC 7693 3.2: the columns, then the diagonals, as places in the work vector. */
const MIXED = Uint8Array.of(
  ...[0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  ...[0, 5, 10, 15, 1, 6, 11, 12, 2, 7, 8, 13, 3, 4, 9, 14],
);

/** A key that has been taken in, for tags of `size` bytes. */
export interface TagKey {
  readonly size: number;
  readonly state: Int32Array;
}

/** `key` of 1 to 32 bytes, for tags of `size` bytes, 32 at most. */
export function tagKey(key: Uint8Array, size: number): TagKey {
  const state = IV.slice();
  state[0] = (state[0] ?? 0) ^ 0x01010000 ^ key.length << 8 ^ size;
  const block = new Uint8Array(BLOCK);
  block.set(key.subarray(0, MOST_KEY));
  compress(state, block, 0, BLOCK, false);
  return { size, state };
}

/** The tag of `message`, which has a byte at least. */
export function tagOf({ size, state: keyed }: TagKey, message: Uint8Array): Uint8Array {
  const state = keyed.slice();
  const padded = new Uint8Array(Math.ceil(message.length / BLOCK) * BLOCK);
  padded.set(message);
  for (let at = 0; at < padded.length; at += BLOCK) {
    const taken = Math.min(at + BLOCK, message.length);
    compress(state, padded, at, BLOCK + taken, at + BLOCK >= message.length);
  }
  const tag = new Uint8Array(size);
  for (let at = 0; at < size; at++) tag[at] = (state[at >> 2] ?? 0) >>> 8 * (at & 3);
  return tag;
}

const work = new Int32Array(16);
const words = new Int32Array(16);

/**
 * RFC 7693 3.2: the block at `at`; `total`: bytes so far, below 2^31. All in one function: a call
 * takes longer than what it would do here.
 */
function compress(
  state: Int32Array,
  bytes: Uint8Array,
  at: number,
  total: number,
  isLast: boolean,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK);
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(4 * i, true);
  work.set(state);
  work.set(IV, 8);
  work[12] = (work[12] ?? 0) ^ total;
  if (isLast) work[14] = ~(work[14] ?? 0);
  for (let next = 0; next < SIGMA.length;) {
    for (let place = 0; place < MIXED.length;) {
      // RFC 7693 3.1: the function G.
      const a = MIXED[place++] ?? 0, b = MIXED[place++] ?? 0;
      const c = MIXED[place++] ?? 0, d = MIXED[place++] ?? 0;
      let va = work[a] ?? 0, vb = work[b] ?? 0, vc = work[c] ?? 0, vd = work[d] ?? 0;
      va = va + vb + (words[SIGMA[next++] ?? 0] ?? 0) | 0;
      vd ^= va;
      vd = vd >>> 16 | vd << 16;
      vc = vc + vd | 0;
      vb ^= vc;
      vb = vb >>> 12 | vb << 20;
      va = va + vb + (words[SIGMA[next++] ?? 0] ?? 0) | 0;
      vd ^= va;
      vd = vd >>> 8 | vd << 24;
      vc = vc + vd | 0;
      vb ^= vc;
      vb = vb >>> 7 | vb << 25;
      work[a] = va;
      work[b] = vb;
      work[c] = vc;
      work[d] = vd;
    }
  }
  for (let i = 0; i < 8; i++) state[i] = (state[i] ?? 0) ^ (work[i] ?? 0) ^ (work[i + 8] ?? 0);
}
