/** End of an alarm: it lasts as long as its cause, and no longer than it takes to ask again. */
import type { Checker } from "../world.ts";
import { isGreen, troubleOf } from "./green.ts";
import type { FieldWorld } from "./world.ts";

/**
 * Looks when everything was mended a while ago. Let pass: a node whose kernel refused it an address
 * is in fault as long as another is a living master, and says so; trying would cost that one's
 * addresses. And where adverts go to a group of IPv6, no host is asked whether VRRP runs there (MLD
 * answers those alone that take part in the routers' election): a lost master is lost until it is
 * heard again. Of a node that was refused others say, truly, that it could not hold the addresses.
 */
export function recovers(world: FieldWorld): Checker {
  return {
    enter(phase) {
      if (phase !== "calm") return;
      for (const { name } of world.setup.nodes) {
        if (hasRecovered(world, name)) continue;
        world.complain(
          "recovers",
          `all is well, and ${name} does not say so: ${troubleOf(world, name)}`,
        );
      }
    },
  };
}

/** Does the status of `name` say that all is well, or what is let pass? */
export function hasRecovered(world: FieldWorld, name: string): boolean {
  return isGreen(world, name) || wasRefused(world, name) || hasLost(world, name) ||
    countsRefused(world, name);
}

function countsRefused(world: FieldWorld, name: string): boolean {
  const { instances = [], attention = [] } = world.cluster.status(name) ?? {};
  const isAny = world.setup.nodes.some((one) => one.name !== name && wasRefused(world, one.name));
  return isAny && instances.every(({ health }) => health === "held") &&
    attention.every((words) => /^only \S+ could hold /.test(words));
}

function wasRefused({ cluster }: FieldWorld, name: string): boolean {
  const faults = cluster.status(name)?.instances.flatMap((one) => one.faults) ?? [];
  return faults.some((words) => words.startsWith("RTM_NEWADDR "));
}

function hasLost({ cluster, setup }: FieldWorld, name: string): boolean {
  const { instances = [], attention = [] } = cluster.status(name) ?? {};
  const isLoss = (words: string) => words.includes(" is lost: it was master");
  const isGroup6 = setup.instances.some(({ transport, family }) =>
    transport === "multicast" && family === "ipv6"
  );
  return isGroup6 &&
    instances.every(({ health }) => health === "held") && attention.every(isLoss);
}
