/** floatip and keepalived behind one interface: start, wait for a state, stop. */
import { isLinkLocal, parseIp } from "../../../src/net/ip.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Floatip } from "./floatip.ts";
import { Keepalived } from "./keepalived.ts";

/** What both are told, each in its own words. */
export interface Settings {
  readonly version: 2 | 3;
  readonly family: "ipv4" | "ipv6";
  readonly transport: "multicast" | "unicast";
  readonly intervalMs: number;
  readonly priority: number;
  readonly password?: string | undefined;
  readonly preempt?: boolean | undefined;
  /** Further lines for floatip as they stand. */
  readonly more?: readonly string[];
}

/** The two programs. */
export type Program = "floatip" | "keepalived";

/** A running one. */
export interface Speaker extends AsyncDisposable {
  /** Resolves when it says itself that it is in this state. */
  untilState(state: "master" | "backup", timeoutMs: number): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<unknown>;
  /** Everything it said, for a failure's message. */
  readonly words: string;
}

/** The VRID of every pair: each has a LAN of its own. */
export const VRID = 51;

/** What floats, by family; IPv6 begins with a link-local address as RFC 9568 5.2.9 wants it. */
export const FLOATING = {
  ipv4: ["10.77.0.100/24", "10.77.0.101/24"],
  ipv6: ["fe80::100/64", "fd77::100/64"],
} as const;

/** The address that a client asks for. */
export const ASKED = { ipv4: "10.77.0.100", ipv6: "fd77::100" } as const;

/** Starts `program` on `host` against the one `peer`. */
export async function startSpeaker(
  program: Program,
  host: LabHost,
  peer: LabHost,
  settings: Settings,
): Promise<Speaker> {
  const { family, transport } = settings;
  const own = family === "ipv4" ? host.address : host.address6;
  const other = family === "ipv4" ? peer.address : peer.address6;
  const instance = {
    ...settings,
    vrid: VRID,
    addresses: FLOATING[family],
    unicast: transport === "unicast" ? { source: own, peers: [other] } : undefined,
  };
  if (program === "floatip") {
    // The order of IPv4 addresses is nobody's business: each has its own.
    const addresses = family === "ipv4" ? instance.addresses.toReversed() : instance.addresses;
    const floatip = await Floatip.run(host, { ...instance, addresses });
    return {
      untilState: (state, timeoutMs) => floatip.untilState(state, timeoutMs),
      stop: () => floatip.stop(),
      get words() {
        return floatip.log.text;
      },
      [Symbol.asyncDispose]: () => floatip[Symbol.asyncDispose](),
    };
  }
  const keepalived = await Keepalived.start(host, instance);
  return {
    untilState: (state, timeoutMs) =>
      keepalived.untilState(state === "master" ? "MASTER" : "BACKUP", timeoutMs),
    stop: () => keepalived.stop(),
    get words() {
      return keepalived.log.text;
    },
    [Symbol.asyncDispose]: () => keepalived[Symbol.asyncDispose](),
  };
}

/** The address that adverts of `host` come from. */
export async function sourceOf(host: LabHost, settings: Settings): Promise<string> {
  if (settings.family === "ipv4") return host.address;
  if (settings.transport === "unicast") return host.address6;
  const line = (await host.addresses(host.interface)).find(({ address }) => {
    const parsed = parseIp(address);
    return parsed !== undefined && parsed.family === "ipv6" && isLinkLocal(parsed);
  });
  return line?.address ?? "";
}
