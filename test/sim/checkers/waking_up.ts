/** Invariant: a holder that was suspended reads its packets before it sends, and yields. */
import { formatIp } from "../../../src/net/ip.ts";
import { after, type Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { type InstanceSetup, type NodeSetup, outranks } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/**
 * Watches every SIGCONT, and the end of every freeze that its clocks tell of. A node that has lost
 * by that says nothing that a master says before it has let go, and has let go at once; from then
 * on it is a backup like any other.
 */
export function wakingUp(world: World): Checker {
  const asleep = new Map<string, Instant>();
  const becameMaster = new Map<string, Instant>();
  const losers = new Map<string, InstanceSetup>();
  const wake = (name: string, at: Instant) => {
    const since = asleep.get(name);
    asleep.delete(name);
    if (since === undefined) return;
    const lost = world.setup.instances.find((instance) => {
      // In a shorter time no node has taken over because of it: that is two masters like any
      // others.
      const wasLong = at - since >= longestWait(instance, world.node(name));
      const isNew = (other: string) => wasLong && (becameMaster.get(other) ?? 0) > since;
      return hasLost(world, name, instance, isNew);
    });
    // A node on its way out waits a moment for its successor's announcement.
    if (lost === undefined || world.isLeaving(name, lost)) return;
    losers.set(name, lost);
    world.cluster.lan.at(after(at, HOP), () => {
      if (losers.get(name) !== lost || !world.cleanFor(HOP)) return;
      world.complain("waking_up", `${name} woke up, had lost ${lost.name}, and keeps it`);
    });
  };
  return {
    see(seen, at) {
      if (seen.kind === "program") losers.delete(seen.node);
      if (seen.kind === "program" && seen.what === "paused") asleep.set(seen.node, at);
      if (seen.kind === "program" && seen.what === "resumed") wake(seen.node, at);
      if (seen.kind === "journal") {
        const name = /^(\S+)(?: \(IPv6\))?: \S+ -> master:/.exec(seen.line)?.[1];
        if (name !== undefined) becameMaster.set(`${seen.node} ${name}`, at);
      }
      if (seen.kind === "address" && !seen.there) losers.delete(seen.node);
      if (seen.kind !== "sent") return;
      const lost = losers.get(seen.node);
      const advert = advertIn(seen.message);
      if (lost?.vrid !== advert.vrid || advert.priority === 0) return;
      world.complain("waking_up", `${seen.node} wakes up and advertises, with its loss unread`);
      losers.delete(seen.node);
    },
  };
}

/**
 * Holds `name` the addresses, with adverts in its queue and all of them from a node that is better,
 * or took over meanwhile (`isNew` of "node instance") and holds them too?
 */
function hasLost(
  world: World,
  name: string,
  instance: InstanceSetup,
  isNew: (who: string) => boolean,
): boolean {
  const me = world.node(name);
  if (me === undefined || !world.holds(name, instance) || !world.cleanFor(HOP)) return false;
  const queued = world.cluster.host(name)?.queued() ?? [];
  const senders = queued.flatMap(({ source, payload }) => {
    const { vrid, priority } = advertIn(payload);
    if (vrid !== instance.vrid) return [];
    return [priority > 0 ? senderOf(world, formatIp(source)) : undefined];
  });
  return senders.length > 0 &&
    senders.every((sender) =>
      sender !== undefined && sender !== me &&
      (outranks(instance, sender, me) ||
        (isNew(`${sender.name} ${instance.name}`) && world.holds(sender.name, instance)))
    );
}

/** The master-down interval of the best backup that there can be, and an advert. */
function longestWait({ version }: InstanceSetup, node: NodeSetup | undefined): number {
  const interval = node?.interval ?? 0;
  return 4 * interval + (version === 2 ? 1e9 : interval) / 256;
}

function senderOf(world: World, source: string): NodeSetup | undefined {
  return world.setup.nodes.find(({ number }) =>
    source.endsWith(`.${number}`) || source.endsWith(`:${number}`)
  );
}
