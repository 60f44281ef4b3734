/** Does a holder that was stopped for a while read its post before it talks, and give up if it has lost? */
import { formatIp } from "../../../src/net/ip.ts";
import { after } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { type InstanceSetup, type NodeSetup, outranks } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/** Watches every SIGCONT of a holder whose queued adverts are all from somebody better. */
export function wakingUp(world: World): Checker {
  const losers = new Map<string, InstanceSetup>();
  return {
    see(seen, at) {
      if (seen.kind === "program") losers.delete(seen.node);
      if (seen.kind === "program" && seen.what === "resumed") {
        const lost = world.setup.instances.find((instance) => hasLost(world, seen.node, instance));
        if (lost === undefined) return;
        losers.set(seen.node, lost);
        world.cluster.lan.at(after(at, HOP), () => {
          if (losers.get(seen.node) !== lost || !world.cleanFor(HOP)) return;
          world.complain("waking_up", `${seen.node} woke up, had lost ${lost.name}, and keeps it`);
        });
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

/** Holds `name` the addresses, with adverts in its queue and all of them from somebody better? */
function hasLost(world: World, name: string, instance: InstanceSetup): boolean {
  const me = world.node(name);
  if (me === undefined || !world.holds(name, instance) || !world.cleanFor(HOP)) return false;
  const queued = world.cluster.host(name)?.queued() ?? [];
  const senders = queued.map(({ source, payload }) => {
    const { vrid, priority } = advertIn(payload);
    return vrid === instance.vrid && priority > 0 ? senderOf(world, formatIp(source)) : undefined;
  });
  return senders.length > 0 &&
    senders.every((sender) =>
      sender !== undefined && sender !== me && outranks(instance, sender, me)
    );
}

function senderOf(world: World, source: string): NodeSetup | undefined {
  return world.setup.nodes.find(({ number }) =>
    source.endsWith(`.${number}`) || source.endsWith(`:${number}`)
  );
}
