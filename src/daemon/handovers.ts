/** `floatip handover`: moves an instance away, and keeps it there until it is asked for again. */
import type { HandedOver, HandoverAnswer } from "../control/api.ts";
import { nodePriorities } from "../config/plan/node_priorities.ts";
import type { Host } from "../host.ts";
import { after, earliest, formatDuration, type Instant, milliseconds } from "../time.ts";
import type { HandoffReason } from "../vrrp/event.ts";
import { obstacleTo, unconfirmed } from "./nodes/chosen.ts";
import type { Handoffs, Outcome } from "./handoffs.ts";
import { labelOf } from "./journal/log.ts";
import type { Command } from "./command.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Routers, RouterWatcher } from "./routers.ts";
import type { Others } from "./nodes/successors.ts";
import type { Ticker } from "./ticker.ts";
import { isHolder } from "../vrrp/state.ts";
import type { OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"handedTo">;

type HandoverCommand = Extract<Command, { readonly kind: "handover" }>;
type Refusal = readonly [outcome: HandoverAnswer["outcome"], words: string];

/** What handovers work with. */
export interface HandoversOptions {
  readonly host: Host;
  readonly routers: Routers;
  readonly reconciler: Reconciler;
  readonly handoffs: Handoffs;
  /** What is known of the other nodes. */
  readonly others: () => Others;
}

/** A handover to a node by its name, of which the others are being told. */
interface Wish {
  readonly order: HandoverCommand;
  readonly to: string;
  readonly masters: readonly VirtualRouter[];
  readonly since: Instant;
  /** So long their answers are waited for. */
  readonly until: Instant;
}

/** Whole reports go out once a second: one may be lost. */
const PATIENCE = milliseconds(2500);

/** The handovers of one node. */
export class Handovers implements RouterWatcher, Ticker {
  readonly #options: HandoversOptions;
  /** Those that were handed over, and when the first of them goes by the priorities again. */
  readonly #handedOver = new Set<VirtualRouter>();
  #next: Instant | undefined;
  readonly #wishes = new Set<Wish>();
  /** Has one of them become master since the last turn? */
  #isBack = false;

  constructor(options: HandoversOptions) {
    this.#options = options;
    options.routers.watch(this);
  }

  /** Answers when another node has taken over, when none did, or at once why not. */
  handOver(order: HandoverCommand): void {
    const { instance, reply } = order;
    const members = this.#membersOf(instance);
    const refusal = this.#refusal(order, members);
    if (refusal !== undefined) return reply(answer(instance, ...refusal));
    const masters = members.filter(({ state }) => isHolder(state));
    const { to } = order;
    if (to === undefined || !this.#mayChoose(to, masters)) {
      return this.#begin(order, masters, { kind: "handover" });
    }
    // First the others are told, who then say that they know.
    for (const router of masters) this.#handsTo(router, to);
    const since = this.#options.host.now();
    this.#wishes.add({ order, to, masters, since, until: after(since, PATIENCE) });
  }

  #begin(order: HandoverCommand, masters: readonly VirtualRouter[], why: HandoffReason): void {
    this.#options.handoffs.begin(masters, why, (outcome) => {
      const { forTime } = order;
      const until = forTime === undefined ? "asked" : after(this.#options.host.now(), forTime);
      for (const { router, how } of outcome.gone) {
        if (this.#isOther(how.master?.node, router.handedTo)) this.#handsTo(router, undefined);
        this.#options.reconciler.setNoPreempt(router, until);
      }
      for (const router of outcome.kept) this.#handsTo(router, undefined);
      order.reply(answerOf(order, outcome));
    });
  }

  /** Is `node` one of the file, and not `to`? The names of others are their addresses. */
  #isOther(node: string | undefined, to: string | undefined): boolean {
    const { nodes } = this.#options.reconciler.config;
    return node !== to && nodes.some(({ name }) => name === node);
  }

  /** Is `to` to be chosen by its name, rather than by VRRP? */
  #mayChoose(to: string, masters: readonly VirtualRouter[]): boolean {
    const others = this.#options.others();
    return others.config.cluster !== undefined && obstacleTo(to, masters, others) === undefined;
  }

  #handsTo(router: VirtualRouter, to: string | undefined): void {
    if (router.handedTo === to) return;
    router.handedTo = to;
    this.#options.routers.changed(router);
  }

  #goByPriorities(router: VirtualRouter): void {
    router.handedTo = undefined;
    this.#options.reconciler.setNoPreempt(router, undefined);
  }

  /** Begins what all others know of; and ends what one of them did not answer to. */
  #fulfil(wish: Wish, now: Instant): void {
    const { order, to, masters, since, until } = wish;
    const others = this.#options.others();
    const isMaster = masters.every(({ state }) => state.kind === "master");
    if (!isMaster) {
      return this.#giveUp(wish, `this node does not hold ${order.instance} any more`);
    }
    const obstacle = obstacleTo(to, masters, others);
    if (obstacle !== undefined) return this.#giveUp(wish, obstacle);
    const silent = unconfirmed(to, masters, since, others);
    if (silent.length === 0) {
      this.#wishes.delete(wish);
      return this.#begin(order, masters, { kind: "handover", chosen: true });
    }
    if (until > now) return;
    this.#giveUp(wish, `${silent.join(", ")} did not answer to it: nothing has changed`);
  }

  #giveUp(wish: Wish, why: string): void {
    this.#wishes.delete(wish);
    for (const router of wish.masters) this.#handsTo(router, undefined);
    const { instance, reply } = wish.order;
    reply(answer(instance, "refused", why));
  }

  /** The priorities decide again, from now on. */
  takeBack({ instance, reply }: Extract<Command, { readonly kind: "take-back" }>): void {
    const members = this.#membersOf(instance);
    if (members.length === 0) return reply(answer(instance, ...this.#unknown(instance)));
    const wasHandedOver = members.some(({ noPreemptUntil }) => noPreemptUntil !== undefined);
    for (const wish of this.#wishes) {
      if (wish.masters.some((router) => members.includes(router))) {
        this.#giveUp(wish, `${instance} was taken back meanwhile`);
      }
    }
    for (const router of members) this.#goByPriorities(router);
    const words = wasHandedOver
      ? `${instance} goes by the priorities again`
      : `${instance} was not handed over by this node: nothing has changed`;
    reply(answer(instance, "taken-back", words));
  }

  /** One whose time is over, or that is master again, goes by the priorities. */
  tick(now: Instant): void {
    for (const wish of [...this.#wishes]) this.#fulfil(wish, now);
    const isDue = this.#next !== undefined && this.#next <= now;
    if (!this.#isBack && !isDue) return;
    this.#isBack = false;
    for (const router of [...this.#handedOver]) {
      const { noPreemptUntil, state } = router;
      const isBack = state.kind === "master";
      const isOver = typeof noPreemptUntil === "number" && noPreemptUntil <= now;
      if (isBack || isOver) this.#goByPriorities(router);
    }
    this.#findNext();
  }

  /** When the first of them goes by the priorities again. */
  nextDeadline(): Instant | undefined {
    let next = this.#next;
    for (const { until } of this.#wishes) next = earliest(next, until);
    return next;
  }

  changed(router: VirtualRouter): void {
    const { noPreemptUntil, state } = router;
    if (noPreemptUntil === undefined) {
      if (this.#handedOver.delete(router)) this.#findNext();
      return;
    }
    this.#handedOver.add(router);
    if (state.kind === "master") this.#isBack = true;
    this.#findNext();
  }

  dropped(router: VirtualRouter): void {
    if (this.#handedOver.delete(router)) this.#findNext();
  }

  #findNext(): void {
    this.#next = undefined;
    for (const { noPreemptUntil } of this.#handedOver) {
      if (typeof noPreemptUntil === "number") this.#next = earliest(this.#next, noPreemptUntil);
    }
  }

  /** The routers of `instance`, and those that change state together with it. */
  #membersOf(instance: string): readonly VirtualRouter[] {
    const { routers } = this.#options;
    const own = routers.named(instance);
    const group = own[0]?.plan.group;
    return group === undefined ? own : routers.members(group);
  }

  #refusal(
    { instance, to }: HandoverCommand,
    members: readonly VirtualRouter[],
  ): Refusal | undefined {
    if (members.length === 0) return this.#unknown(instance);
    const isWished = [...this.#wishes].some(({ masters }) =>
      masters.some((one) => members.includes(one))
    );
    if (isWished || members.some(({ state }) => state.kind === "handoff")) {
      return ["refused", `${instance} is being handed over already`];
    }
    if (!members.some(({ state }) => isHolder(state))) {
      return ["not-master", `this node does not hold ${instance}: there is nothing to hand over`];
    }
    return to === undefined ? undefined : this.#refusalOfNode(instance, to, members);
  }

  #unknown(instance: string): Refusal {
    const known = [...new Set(this.#options.routers.all.map(({ plan }) => plan.name))].join(", ");
    return ["refused", `there is no instance ${instance}, only: ${known}`];
  }

  /**
   * VRRP lets the best of the others take over: one node can be wished for, and chosen where the
   * nodes talk to each other.
   */
  #refusalOfNode(
    instance: string,
    to: string,
    members: readonly VirtualRouter[],
  ): Refusal | undefined {
    const { config, node } = this.#options.reconciler;
    const settings = config.instances.find(({ name }) => name === instance);
    if (settings === undefined) return this.#unknown(instance);
    const others = nodePriorities(config, settings).filter((one) => one.node !== node?.node);
    const first = others[0];
    if (first === undefined) {
      return [
        "refused",
        "the file has no [nodes]: the priorities of the others decide which takes over",
      ];
    }
    const wanted = others.find((one) => one.node === to)?.priority;
    if (wanted === undefined) {
      return [
        "refused",
        `there is no other node ${to}, only: ${others.map((one) => one.node).join(", ")}`,
      ];
    }
    if (wanted === first.priority) return undefined;
    if (config.cluster !== undefined) {
      const holders = members.filter(({ state }) => isHolder(state));
      const obstacle = obstacleTo(to, holders, this.#options.others());
      return obstacle === undefined ? undefined : ["refused", obstacle];
    }
    return [
      "refused",
      `${first.node} would take over before ${to}: its priority is ${first.priority}, ` +
      `${to}'s ${wanted}; put ${first.node} into maintenance first`,
    ];
  }
}

function answerOf({ instance, to }: HandoverCommand, { gone, kept }: Outcome): HandoverAnswer {
  const routers = gone.map(({ how }) => how);
  if (kept.length > 0) {
    const names = kept.map(({ plan }) => labelOf(plan)).join(", ");
    return answer(instance, "kept", `no node took ${names} over: this node keeps it`, routers);
  }
  const [first] = routers;
  if (first === undefined || first.master === null) {
    return answer(
      instance,
      "gone",
      `this node gave ${instance} up, and no master was heard yet`,
      routers,
    );
  }
  const { master, took_ms: took, overlap_ms: overlap } = first;
  const time = formatDuration(milliseconds(took));
  const both = overlap === null
    ? ""
    : `, both held it for ${formatDuration(milliseconds(overlap))}`;
  const other = to === undefined || to === master.node ? "" : ` (not ${to}: is it running?)`;
  const words = `${master.node} holds ${instance} now${other}: it took ${time}${both}`;
  return answer(instance, "handed-over", words, routers);
}

function answer(
  instance: string,
  outcome: HandoverAnswer["outcome"],
  words: string,
  routers: readonly HandedOver[] = [],
): HandoverAnswer {
  return { instance, outcome, words, routers };
}
