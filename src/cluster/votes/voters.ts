/**
 * Which machines vote on a lease, and how many of them decide. The list of the file is a wish; the
 * list in force is put in place of another one by the holder alone (change.ts, decision 0090).
 */
import type { Reading } from "./clocks.ts";
import { nanoseconds } from "../../time.ts";

/** Machines that vote, in one order everywhere: names, each with a mark of its address. */
export type VoterList = readonly string[];

/** Which change put a list in force: of the holder under this epoch, the so-manyth. */
export interface Stamp {
  /** 0: no change; the list is that of the files at the first start. */
  readonly epoch: number;
  readonly step: number;
}

/** The voters of a lease. */
export interface Voters {
  readonly stamp: Stamp;
  /** A majority of each is needed: of one, or of two while one takes the place of the other. */
  readonly lists: readonly VoterList[];
}

/** Voters of one list, at most. */
export const MAX_VOTERS = 32;

/** Bytes of the ids of all voters of two lists, at most: a request names them. */
export const MAX_IDS = 640;

/** Stands between the name of a voter and the mark of its address; no name has it. */
const BETWEEN = "#";

/** The voter called `name` at `address`: another machine under the same name is another voter. */
export function voterId(name: string, address: string): string {
  return `${name}${BETWEEN}${hashOf(address).slice(0, 6)}`;
}

/** The name of a voter. */
export function nameOf(id: string): string {
  const [name = ""] = id.split(BETWEEN);
  return name;
}

/** The list of these voters. */
export function listOf(ids: readonly string[]): VoterList {
  return [...new Set(ids)].toSorted();
}

/** The voters before any change: those of the file. */
export function initialVoters(list: VoterList): Voters {
  return { stamp: { epoch: 0, step: 0 }, lists: [list] };
}

/** So many of `list` are a majority. */
export function needOf(list: VoterList): number {
  return Math.floor(list.length / 2) + 1;
}

/** The list that is to stay. */
export function targetOf({ lists }: Voters): VoterList {
  return lists.at(-1) ?? [];
}

/** All voters, of each list. */
export function idsOf({ lists }: Pick<Voters, "lists">): readonly string[] {
  return listOf(lists.flat());
}

/** The voter called `name` in `list`; undefined: there is none. */
export function idIn(list: VoterList, name: string): string | undefined {
  return list.find((id) => nameOf(id) === name);
}

/** "pi-a, pi-b, nas"; of two machines under one name, that name twice. */
export function listText(list: VoterList): string {
  return list.map(nameOf).join(", ");
}

/** Are both the same machines? */
export function isSameList(a: VoterList, b: VoterList): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}

/** Above 0: `a` was put in force after `b`. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.epoch - b.epoch || a.step - b.step;
}

/** Are there, of each list, a majority that `has` it? */
export function isMajority(
  lists: readonly VoterList[],
  has: (id: string) => boolean,
): boolean {
  return lists.every((list) => list.filter(has).length >= needOf(list));
}

/** Until when a majority of each list stays; undefined: there is none. */
export function majorityEnd(
  lists: readonly VoterList[],
  ends: ReadonlyMap<string, Reading>,
): Reading | undefined {
  let earliest: Reading | undefined;
  for (const list of lists) {
    // Both clocks rise, so that of two requests the later one is later by both.
    const byTime = list.flatMap((id) => ends.get(id) ?? [])
      .toSorted((a, b) => b.boot - a.boot || b.raw - a.raw);
    const end = byTime[needOf(list) - 1];
    if (end === undefined) return undefined;
    earliest = earliest === undefined ? end : {
      boot: nanoseconds(Math.min(earliest.boot, end.boot)),
      raw: nanoseconds(Math.min(earliest.raw, end.raw)),
    };
  }
  return earliest;
}

/** Tells some voters from others: 16 hexadecimal digits. */
export function printOf(voters: Voters): string {
  const known = PRINTS.get(voters);
  if (known !== undefined) return known;
  const print = hashOf(JSON.stringify(voters.lists));
  PRINTS.set(voters, print);
  return print;
}

/** Each request needs that of its voters, which are the same for weeks. */
const PRINTS = new WeakMap<Voters, string>();

/** FNV-1a of 64 bits: mistakes are to be found, not attacks; the channel is sealed. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
