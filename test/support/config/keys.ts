/** Keys of [cluster] as they are drawn. */
import { keyOf } from "../../../src/config/cluster_key.ts";

/** Five of them. */
export const DRAWN: readonly string[] = [1, 2, 3, 4, 5].map((seed) => keyOf(keyBytes(seed)).secret);

/** 32 bytes that differ, others for each `seed` up to 256. */
export function keyBytes(seed: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => (at * 7 + seed * 13) % 256);
}
