/**
 * Handovers of other nodes to a node by its name: that one claims, and the others leave it alone
 * while it is master (decision 0082). Known by the reports of the node that handed over.
 */
import type { Word } from "../../cluster/knowledge.ts";
import type { RouterReport } from "../../cluster/report.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import type { Config } from "../../config/config.ts";
import type { Instant } from "../../time.ts";
import { isHolder, masterOf } from "../../vrrp/state.ts";
import type { Driver } from "../driver.ts";
import { labelOf } from "../journal/log.ts";
import type { Journal } from "../journal/journal.ts";
import type { Routers } from "../routers.ts";
import type { Ticker } from "../ticker.ts";
import type { OwnedRouter } from "../virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"follows" | "asked" | "rules">;

/** What they work with. */
export interface WishesOptions {
  readonly now: () => Instant;
  readonly journal: Journal;
  readonly config: () => Config;
  readonly self: () => string | undefined;
  readonly wordsOn: (router: VirtualRouter, now: Instant) => readonly Word[];
  readonly routers: Pick<Routers, "all" | "of" | "changed">;
  readonly driver: Pick<Driver, "dispatch">;
}

/** What handovers of other nodes ask of this one. */
export class Wishes implements Ticker {
  readonly #options: WishesOptions;
  #config: Config | undefined;

  constructor(options: WishesOptions) {
    this.#options = options;
  }

  /** A node has said something of its virtual routers. */
  hear(said: readonly RouterReport[]): void {
    for (const report of said) {
      const router = this.#options.routers.of(report);
      if (router !== undefined) this.#follow(router);
    }
  }

  /** After each batch of events it is called in any case. */
  nextDeadline(): undefined {
    return undefined;
  }

  /** With another file a node may be gone, and what it said. */
  tick(): void {
    const config = this.#options.config();
    if (config === this.#config) return;
    this.#config = config;
    for (const router of this.#options.routers.all) this.#follow(router);
  }

  #follow(router: VirtualRouter): void {
    const { now, config, wordsOn, self, journal, routers, driver } = this.#options;
    const own = self();
    const to = own === undefined ? undefined : followed(router, wordsOn(router, now()), own);
    const follows = config().nodes.find(({ name }) => name === to)?.name;
    if (follows === router.follows) return;
    const label = labelOf(router.plan);
    if (follows !== undefined && follows !== own) {
      journal.write("info", `${label}: handed over to ${follows}: this node stands aside`);
    } else if (router.asked === "aside") {
      journal.write("info", `${label}: stands aside no more`);
    }
    router.follows = follows;
    router.asked = follows === undefined ? undefined : follows === own ? "claim" : "aside";
    const before = router.rules;
    router.rules = { ...before, asked: router.asked };
    driver.dispatch(router, { kind: "rules", before });
    routers.changed(router);
  }
}

/**
 * The node to which `router` is handed over by name, as `words` say on the node called `self`;
 * undefined: to none. The word counts of the master that hands it over; and later, while that node
 * is master, of any that did. What was said last counts until another thing is said: a silent node
 * ends no handover.
 */
export function followed(
  { state, plan, rules }: Pick<VirtualRouter, "state" | "plan" | "rules">,
  words: readonly Word[],
  self: string,
): string | undefined {
  if (isHolder(state)) return undefined;
  const same = words.filter(({ report: { vrid } }) => vrid === 0 || vrid === rules.vrid);
  const giving = same.filter(({ report }) => report.handsTo !== null);
  if (giving.length === 0) return undefined;
  const master = masterOf(state)?.source;
  const own = giving.find((word) => word.report.state === "master" && isAt(word, master));
  if (own !== undefined) return own.report.handsTo ?? undefined;
  const holder = master === undefined ? claimant(same) : nameOf(formatIp(master), plan, same);
  return holder === undefined || holder === self
    ? undefined
    : giving.find(({ report: { handsTo } }) => handsTo === holder)?.report.handsTo ?? undefined;
}

/** Is it the master whose adverts come from `master`? One that hears none believes it. */
function isAt({ report: { source } }: Word, master: Ip | undefined): boolean {
  return master === undefined || source === formatIp(master);
}

/** IPv6 adverts come from addresses that no file names. */
function nameOf(
  source: string,
  { names }: Pick<VirtualRouter["plan"], "names">,
  words: readonly Word[],
): string | undefined {
  return names.get(source) ?? words.find(({ report }) => report.source === source)?.node;
}

function claimant(words: readonly Word[]): string | undefined {
  return words.find(({ report: { state, yields } }) => state === "master" && !yields)?.node;
}
