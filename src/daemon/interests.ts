/** Interests of virtual routers in what their endpoints hear: their VRIDs, and the sources that must not be lost in a flood. */
import { type Endpoint, type Host, HostError, type Interest } from "../host.ts";
import { includesIp, type Ip, sameIp } from "../net/ip.ts";
import { endpointKey } from "./endpoints.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { acquaintanceOf } from "../vrrp/state.ts";

/** More known sources than this are no nodes of anybody's. */
const MOST_KNOWN = 256;

/** What one router's part of an interest is made of. */
interface Part {
  readonly endpoint: Endpoint | undefined;
  readonly peers: readonly Ip[];
  readonly master: Ip | undefined;
}

/** Tells the host what is wanted, where that changed. */
export class Interests {
  readonly #host: Host;
  #parts: ReadonlyMap<VirtualRouter, Part> = new Map();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Looks at `routers`; cheap where nothing changed. */
  settle(routers: readonly VirtualRouter[]): void {
    const parts = new Map(routers.map((router) => [router, partOf(router)]));
    const same = parts.size === this.#parts.size &&
      routers.every((router) => samePart(this.#parts.get(router), parts.get(router)));
    if (same) return;
    this.#parts = parts;
    for (const { endpoint, interest } of interestsOf(routers, parts)) {
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

function partOf({ endpoint, plan, state }: VirtualRouter): Part {
  // Not the last one heard, which may be anybody's loser: the last one obeyed.
  const master = acquaintanceOf(state)?.source;
  return { endpoint, peers: plan.rules.peers, master };
}

function samePart(a: Part | undefined, b: Part | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const sameMaster = a.master === undefined || b.master === undefined
    ? a.master === b.master
    : sameIp(a.master, b.master);
  return sameMaster && a.endpoint === b.endpoint && a.peers === b.peers;
}

function interestsOf(
  routers: readonly VirtualRouter[],
  parts: ReadonlyMap<VirtualRouter, Part>,
): readonly { readonly endpoint: Endpoint; readonly interest: Interest }[] {
  const found = new Map<string, { endpoint: Endpoint; vrids: number[]; known: Ip[] }>();
  for (const router of routers) {
    const { endpoint, peers = [], master } = parts.get(router) ?? {};
    if (endpoint === undefined) continue;
    const key = endpointKey(endpoint);
    const one = found.get(key) ?? { endpoint, vrids: [], known: [] };
    found.set(key, one);
    const { vrid } = router.plan.rules;
    if (!one.vrids.includes(vrid)) one.vrids.push(vrid);
    // The masters first: theirs is the silence that counts.
    const sources = [...(master === undefined ? [] : [master]), ...peers];
    for (const source of sources) {
      if (one.known.length < MOST_KNOWN && !includesIp(one.known, source)) one.known.push(source);
    }
  }
  return [...found.values()].map(({ endpoint, vrids, known }) => ({
    endpoint,
    interest: { vrids, known },
  }));
}
