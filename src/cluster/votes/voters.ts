/** Which machines vote, and how many of them decide. */

/** The machines that vote: nodes and witnesses. */
export interface Voters {
  /** In one order everywhere. */
  readonly names: readonly string[];
  /** So many of them are a majority. */
  readonly need: number;
  /** Tells one list of names from another: 16 hexadecimal digits. */
  readonly fingerprint: string;
}

/** Voters of one cluster, at most. */
export const MAX_VOTERS = 32;

/** The voters of these names. */
export function votersOf(names: readonly string[]): Voters {
  const sorted = [...new Set(names)].toSorted();
  return {
    names: sorted,
    need: Math.floor(sorted.length / 2) + 1,
    fingerprint: fingerprintOf(sorted),
  };
}

/**
 * Does each majority of one list share a voter with each majority of the other? Only then can some
 * nodes have one list and some the other without two holders.
 */
export function overlap(before: Voters, after: Voters): boolean {
  const shared = before.names.filter((name) => after.names.includes(name)).length;
  const from = ({ names, need }: Voters): number => Math.max(0, need - (names.length - shared));
  return from(before) + from(after) > shared;
}

/** FNV-1a of 64 bits: mistakes are to be found, not attacks; the channel is sealed. */
function fingerprintOf(names: readonly string[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(JSON.stringify(names))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
