/**
 * Interests of virtual routers in what their endpoints hear: their VRIDs, and the sources that must
 * not be lost in a flood.
 */
import { type Endpoint, type Host, HostError, type Interest } from "../../host.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import { after, type Instant, milliseconds } from "../../time.ts";
import { endpointKey } from "./endpoints.ts";
import type { Routers, RouterWatcher } from "../routers.ts";
import type { Ticker } from "../ticker.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { acquaintanceOf } from "../../vrrp/state.ts";

/** More known sources than this are no nodes. */
const MOST_KNOWN = 256;

/** A master that is another one is told so much later: it matters in a flood alone. */
const PAUSE = milliseconds(100);

/** Tells the host what is wanted, where that changed. */
export class Interests implements RouterWatcher, Ticker {
  readonly #host: Host;
  readonly #routers: Routers;
  #isChanged = true;
  #dueAt: Instant | undefined;

  constructor(host: Host, routers: Routers) {
    this.#host = host;
    this.#routers = routers;
  }

  /** Another socket, another VRID or another peer: it is told in this turn. */
  heardChanged(): void {
    this.#isChanged = true;
  }

  changed(): void {
    this.#dueAt ??= after(this.#host.now(), PAUSE);
  }

  /** What is heard in vain does no harm meanwhile, and many may be dropped one after the other. */
  dropped(): void {
    this.changed();
  }

  nextDeadline(): Instant | undefined {
    return this.#dueAt;
  }

  tick(now: Instant): void {
    const isDue = this.#dueAt !== undefined && this.#dueAt <= now;
    if (!this.#isChanged && !isDue) return;
    this.#isChanged = false;
    this.#dueAt = undefined;
    for (const { endpoint, interest } of interestsOf(this.#routers.all)) {
      this.#hear(endpoint, interest);
    }
  }

  /** A kernel that does not take a filter tells everything: more work, nothing lost. */
  #hear(endpoint: Endpoint, interest: Interest): void {
    try {
      this.#host.hear(endpoint, interest);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
}

function interestsOf(
  routers: readonly VirtualRouter[],
): readonly { readonly endpoint: Endpoint; readonly interest: Interest }[] {
  const found = new Map<string, { endpoint: Endpoint; vrids: number[]; known: Map<string, Ip> }>();
  for (const { endpoint, plan: { rules: { vrid, peers } }, state } of routers) {
    if (endpoint === undefined) continue;
    const key = endpointKey(endpoint);
    const one = found.get(key) ?? { endpoint, vrids: [] as number[], known: new Map<string, Ip>() };
    found.set(key, one);
    one.vrids.push(vrid);
    // Not the last one heard, which may be anybody's loser: the last one obeyed. Its is the silence
    // that counts, so it comes first.
    const master = acquaintanceOf(state)?.source;
    for (const source of master === undefined ? peers : [master, ...peers]) {
      if (one.known.size < MOST_KNOWN) one.known.set(formatIp(source), source);
    }
  }
  return [...found.values()].map(({ endpoint, vrids, known }) => ({
    endpoint,
    interest: { vrids: [...new Set(vrids)], known: [...known.values()] },
  }));
}
