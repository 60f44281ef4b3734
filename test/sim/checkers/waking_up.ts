/** Does a holder that was stopped for a while read its post before it talks, and give up if it has lost? */
import { formatIp } from "../../../src/net/ip.ts";
import type { Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { type InstanceSetup, type NodeSetup, outranks } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/** Watches every SIGCONT. */
export function wakingUp(world: World): Checker {
  const mustYield = new Map<string, { readonly instance: InstanceSetup; readonly by: Instant }>();
  return {
    see(seen, at) {
      if (seen.kind === "program") mustYield.delete(seen.node);
      if (seen.kind === "program" && seen.what === "resumed") {
        const lost = world.setup.instances.find((instance) => hasLost(world, seen.node, instance));
        if (lost === undefined) return;
        mustYield.set(seen.node, { instance: lost, by: (at + HOP) as Instant });
      }
      if (seen.kind !== "sent") return;
      const due = mustYield.get(seen.node);
      const advert = advertIn(seen.message);
      if (due?.instance.vrid !== advert.vrid || advert.priority === 0) return;
      if (!world.holds(seen.node, due.instance)) return;
      world.complain("waking_up", `${seen.node} wakes up and advertises, with its loss unread`);
      mustYield.delete(seen.node);
    },
    tick(at) {
      for (const [name, { instance, by }] of mustYield) {
        if (at < by) continue;
        mustYield.delete(name);
        if (world.cleanFor(HOP) && world.holds(name, instance)) {
          world.complain("waking_up", `${name} woke up, had lost ${instance.name}, and keeps it`);
        }
      }
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
