/**
 * What the reports of the other nodes say of the holder of a virtual router, for the engine
 * (decision 0075). Pure.
 */
import { ASK_AFTER, type Word } from "../../cluster/knowledge.ts";
import type { RouterReport } from "../../cluster/report.ts";
import { type Ip, parseIp, sameIp } from "../../net/ip.ts";
import { between, type Instant } from "../../time.ts";
import { compareMasters } from "../../vrrp/election.ts";
import type { Opinion, Says } from "../../vrrp/event.ts";
import { LONGEST_LIFE } from "../../vrrp/opinion.ts";
import type { State } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What this node knows of its own network, as a report says it. */
export type OwnPlace = Pick<RouterReport, "link" | "gateway">;

/** What a node says, and where its adverts would come from. */
interface Claim {
  readonly source: Ip;
  readonly word: Word;
}

/**
 * The opinion for `router` by the `words` of the other nodes; undefined: they say nothing that
 * matters to it. Where several hold the addresses, a backup hears of the one that said so last, a
 * master of the best. `place`: where this node is.
 */
export function opinionOf(
  { rules, state }: VirtualRouter,
  words: readonly Word[],
  place: () => OwnPlace,
  now: Instant,
): Opinion | undefined {
  const isBackup = state.kind === "backup";
  // A master that has replaced another one knows the last words of that one.
  const oldest = isBackup ? LONGEST_LIFE : ASK_AFTER;
  const fresh = words.filter(({ at }) => between(at, now) <= oldest);
  const known = fresh.flatMap((word) => claimOf(word, rules.vrid));
  const waitedFor = reportedIn(state);
  // Of a master that died nothing is fresh: the takeover waits for no more than this.
  if (waitedFor === undefined && !known.some(({ word }) => isHolder(word))) return undefined;
  const own = place();
  const holders = known.filter(({ word }) => isHolder(word)).toSorted(isBackup ? byAge : byRank);
  const first = holders.find(({ word }) => lossOf(word.report, own) === undefined);
  return first === undefined ? goneOf(known, waitedFor, own) : holdsOf(first, own);
}

function holdsOf({ source, word: { at, report } }: Claim, own: OwnPlace): Opinion {
  const isBetterPlaced = lossOf(own, report) !== undefined;
  return { kind: "holds", source, priority: report.priority, at, isBetterPlaced };
}

/** What the node at `waitedFor` says, that is no holder to wait for any more. */
function goneOf(
  known: readonly Claim[],
  waitedFor: Ip | undefined,
  own: OwnPlace,
): Opinion | undefined {
  const claim = known.find(({ source }) => waitedFor !== undefined && sameIp(source, waitedFor));
  if (claim === undefined) return undefined;
  const { source, word } = claim;
  const says = isHolder(word) ? lossOf(word.report, own) : "released";
  return says === undefined ? undefined : { kind: "gone", source, says };
}

/** It is master, and means to stay. */
function isHolder({ report, isLeaving }: Word): boolean {
  return report.state === "master" && !report.yields && !isLeaving;
}

/** Of another VRID it is another virtual router: the files differ. */
function claimOf(word: Word, vrid: number): readonly Claim[] {
  const { report } = word;
  const source = report.source === null ? undefined : parseIp(report.source);
  const isOther = report.vrid !== 0 && report.vrid !== vrid;
  return source === undefined || isOther ? [] : [{ source, word }];
}

function byAge(a: Claim, b: Claim): number {
  return b.word.at - a.word.at;
}

function byRank(a: Claim, b: Claim): number {
  const [one, other] = [a, b].map(({ source, word: { report: { priority } } }) => ({
    source,
    priority,
  }));
  if (one === undefined || other === undefined) return 0;
  const verdict = compareMasters(one, other);
  return verdict === "same" ? 0 : verdict === "worse" ? -1 : 1;
}

/** What `place` has lost and `other` has: what both have lost decides nothing. */
function lossOf(place: OwnPlace, other: OwnPlace): Says | undefined {
  if (place.link === false && other.link === true) return "no-lan";
  return place.gateway === false && other.gateway === true ? "no-gateway" : undefined;
}

/** The node whose reports a backup waits for. */
function reportedIn(state: State): Ip | undefined {
  return state.kind === "backup" && state.master.kind === "reported"
    ? state.master.source
    : undefined;
}
