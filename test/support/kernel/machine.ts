/** A LAN of two machines, a LinuxHost in each, and a look at what `ip` shows. */
import type { Endpoint } from "../../../src/host.ts";
import { type Ip, ip, isLinkLocal } from "../../../src/net/ip.ts";
import { linkNamed, type VirtualAddress } from "../../../src/net/interfaces.ts";
import { parsePrefix } from "../../../src/net/prefix.ts";
import { Lan } from "../lab/lan.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { waitUntil } from "../../contract/lab.ts";
import { hostIn, type NamespacedHost } from "./netns.ts";

/** Addresses of the two machines, and VRRP's groups. */
export const HOST4 = ip("10.77.0.1"),
  PEER4 = ip("10.77.0.2"),
  GROUP4 = ip("224.0.0.18"),
  GROUP6 = ip("ff02::12");

/** The endpoints that most tests use. */
export const MULTICAST4: Endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" },
  MULTICAST6: Endpoint = { kind: "multicast", family: "ipv6", interface: "eth0" };

/** Two machines on a bridge, with the host that runs in each. */
export interface Machines extends AsyncDisposable {
  readonly lan: Lan;
  readonly machine: LabHost;
  readonly host: NamespacedHost;
  readonly peer: NamespacedHost;
}

/** Builds them, and waits until eth0 has carrier and a link-local address on both. */
export async function openMachines(): Promise<Machines> {
  const lan = await Lan.open({ hosts: ["host", "peer"] });
  const [host, peer] = ["host", "peer"].map((name) => hostIn(lan.host(name).namespace)) as [
    NamespacedHost,
    NamespacedHost,
  ];
  for (const one of [host, peer]) await waitUntil(one, () => linkLocalOf(one) !== undefined);
  return {
    lan,
    machine: lan.host("host"),
    host,
    peer,
    async [Symbol.asyncDispose]() {
      host[Symbol.dispose]();
      peer[Symbol.dispose]();
      await lan.close();
    },
  };
}

/** An address as of a router's advertisement, in the words of `ip`: it ends, but not soon. */
export const SLAAC = "fd88::abcd/64 dev eth0 nodad valid_lft 900 preferred_lft 900".split(" ");

/** In how many seconds the route that `ip` printed so ends; NaN: it stays. */
export function secondsLeft(route: string): number {
  return Number(/ expires (\d+)sec/.exec(route)?.[1]);
}

/** The usable link-local address of eth0, once it has carrier. */
export function linkLocalOf(host: NamespacedHost): Ip | undefined {
  const interfaces = host.interfaces();
  const link = linkNamed(interfaces, "eth0");
  if (link?.running !== true) return undefined;
  return interfaces.addresses.find(({ index, tentative, prefix }) =>
    index === link.index && !tentative && prefix.address.family === "ipv6" &&
    isLinkLocal(prefix.address)
  )?.prefix.address;
}

/** "10.77.0.50/24" on eth0. */
export function held(text: string, label?: string): VirtualAddress {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new RangeError(text);
  return { interface: "eth0", prefix, ...(label === undefined ? {} : { label }) };
}

/** One address as `ip -j addr` shows it. */
export interface ShownAddress {
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly label?: string;
  readonly broadcast?: string;
  readonly secondary?: boolean;
  readonly nodad?: boolean;
  readonly tentative?: boolean;
  readonly deprecated?: boolean;
  readonly preferred_life_time: number;
  readonly valid_life_time: number;
}

/** What `ip -j addr show dev eth0` shows. */
export async function shown(machine: LabHost): Promise<readonly ShownAddress[]> {
  const links = JSON.parse(await machine.ip("-j", "addr", "show", "dev", "eth0")) as readonly {
    readonly addr_info?: readonly ShownAddress[];
  }[];
  return links.flatMap((link) => link.addr_info ?? []);
}

/** Which of its addresses the machine speaks to `destination` from, as `ip route get` says. */
export async function sourceTowards(
  machine: LabHost,
  ...destination: readonly string[]
): Promise<string | undefined> {
  const [route] = JSON.parse(
    await machine.ip("-j", "route", "get", ...destination),
  ) as readonly { readonly prefsrc?: string }[];
  return route?.prefsrc;
}
