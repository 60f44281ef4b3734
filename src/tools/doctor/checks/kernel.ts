/** Do the kernel's settings fit? Who answers ARP where, and which packets count as coming the wrong way (ip-sysctl). */
import { addressesOf, type Interfaces, linkNamed } from "../../../net/interfaces.ts";
import { formatIp, type Ip } from "../../../net/ip.ts";
import { containsIp } from "../../../net/prefix.ts";
import { advertLink } from "../../../config/plan/plan.ts";
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { type PlacedPlan, placedPlans } from "../target.ts";
import type { Environment } from "../environment.ts";

/** kernel settings */
export const kernel: DoctorCheck = {
  name: "kernel settings",
  needs: "interface",
  async run(target, environment) {
    const plans = placedPlans(target).filter(({ family }) => family === "ipv4");
    const found = await Promise.all(plans.map(async (plan) => {
      const [settings, routes] = await Promise.all([
        settingsOf(plan.interface, environment),
        routesTo(plan.rules.peers, environment),
      ]);
      return judgeKernel(plan, settings, routes, environment.interfaces);
    }));
    const seen = new Set<string>();
    const unique = found.flat().filter(({ what }) => !seen.has(what) && seen.add(what));
    return unique.length > 0 ? unique : [ok("ARP and reverse path settings fit")];
  },
};

/** In force for an interface: the larger of its own value and that of "all". */
export interface KernelSettings {
  readonly rp_filter: number;
  readonly arp_ignore: number;
  readonly arp_announce: number;
}

const NAMES = ["rp_filter", "arp_ignore", "arp_announce"] as const;

async function settingsOf(name: string, environment: Environment): Promise<KernelSettings> {
  const values = await Promise.all(NAMES.map(async (setting) => {
    const texts = await Promise.all(
      ["all", name].map((place) => environment.read(`/proc/sys/net/ipv4/conf/${place}/${setting}`)),
    );
    return Math.max(...texts.map((text) => Number(text ?? "0") || 0));
  }));
  const [rp_filter = 0, arp_ignore = 0, arp_announce = 0] = values;
  return { rp_filter, arp_ignore, arp_announce };
}

/** Which interface this machine sends to each peer by, as the kernel's routes say. */
type Routes = ReadonlyMap<string, string>;

async function routesTo(peers: readonly Ip[], environment: Environment): Promise<Routes> {
  const found = await Promise.all(peers.map(async (peer) => {
    const asked = await environment.ask(["ip", "route", "get", formatIp(peer)]);
    const device = / dev (\S+)/.exec(asked?.stdout ?? "")?.[1];
    return asked?.code === 0 && device !== undefined ? [[formatIp(peer), device] as const] : [];
  }));
  return new Map(found.flat());
}

/** For one IPv4 router. */
export function judgeKernel(
  plan: PlacedPlan,
  settings: KernelSettings,
  routes: Routes,
  interfaces: Interfaces,
): readonly Finding[] {
  return [
    // What comes in elsewhere, by way of a tunnel say, has another interface's settings, and its way back is there.
    ...(advertLink(plan, interfaces) === plan.interface
      ? judgeReversePath(plan, settings, routes)
      : []),
    ...judgeSilence(plan, settings),
    ...judgeNeighbours(plan, settings, interfaces),
  ];
}

/** Strict: a packet whose sender would be answered through another interface is dropped. */
function judgeReversePath(
  { interface: name }: PlacedPlan,
  { rp_filter }: KernelSettings,
  routes: Routes,
): readonly Finding[] {
  if (rp_filter !== 1) return [];
  const astray = [...routes].filter(([, device]) => device !== name && device !== "lo");
  return astray.map(([peer, device]) =>
    problem(
      `adverts of ${peer} on ${name} are dropped: rp_filter is strict, and the way back is ${device}`,
      "This node does not hear its peer, and takes the address while the peer holds it.",
      `sysctl -w net.ipv4.conf.${name}.rp_filter=2`,
    )
  );
}

/** 8: no ARP is answered at all; 3: not for addresses of scope host, which host addresses (/32) of floatip's have. */
function judgeSilence(plan: PlacedPlan, { arp_ignore }: KernelSettings): readonly Finding[] {
  const mute = plan.virtualAddresses.filter(({ prefix }) =>
    arp_ignore === 8 || (arp_ignore === 3 && prefix.length === 32)
  );
  return mute.map(({ interface: name, prefix }) =>
    problem(
      `arp_ignore is ${arp_ignore} for ${name}: nobody gets an answer for ${
        formatIp(prefix.address)
      }`,
      "The node would hold the address, and no client would find it.",
      `sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.${name}.arp_ignore=1`,
    )
  );
}

/** Another interface on the same LAN answers for the address as well, and says so with its own hardware address. */
function judgeNeighbours(
  plan: PlacedPlan,
  { arp_ignore, arp_announce }: KernelSettings,
  interfaces: Interfaces,
): readonly Finding[] {
  const rivals = plan.virtualAddresses.flatMap(({ interface: name, prefix: { address } }) => {
    const link = linkNamed(interfaces, name);
    return interfaces.links.filter((other) =>
      other.index !== link?.index && other.up && other.running && !other.loopback &&
      addressesOf(interfaces, other).some(({ ours, prefix }) =>
        !ours && containsIp(prefix, address)
      )
    ).map((other) => ({ name, rival: other.name, address: formatIp(address) }));
  });
  return rivals.flatMap(({ name, rival, address }) => [
    ...(arp_ignore > 0 ? [] : [warning(
      `${rival} is on the same LAN as ${name}, and answers ARP for ${address} too`,
      "Clients learn now one hardware address, now the other (arp_ignore is 0).",
      "sysctl -w net.ipv4.conf.all.arp_ignore=1",
    )]),
    ...(arp_announce > 1 ? [] : [warning(
      `${rival} is on the same LAN as ${name}, and asks with ${name}'s addresses`,
      `Neighbours then learn ${rival}'s hardware address for them (arp_announce is ${arp_announce}).`,
      "sysctl -w net.ipv4.conf.all.arp_announce=2",
    )]),
  ]);
}
