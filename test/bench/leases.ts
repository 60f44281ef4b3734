/**
 * Addresses that the kernel deletes though they are renewed, while others hold its lock (RTNL), as
 * on a container host.
 */
import type { VirtualAddress } from "../../src/net/interfaces.ts";
import { ip } from "../../src/net/ip.ts";
import { after, milliseconds, seconds } from "../../src/time.ts";
import { hostIn } from "../support/kernel/netns.ts";
import { demand } from "../support/lab/command.ts";
import { Lan } from "../support/lab/lan.ts";

const LEASE = seconds(3);
const RENEWED_EVERY = seconds(1);

/** Each makes and deletes so many pairs of veth again and again, in a namespace of its own. */
const CROWD = ["crowd1", "crowd2", "crowd3"];
const PAIRS = 60;

/**
 * How often an address went that was renewed within the last second: `count` of them, for
 * `stretchMs`.
 */
export async function measureDeletions(count: number, stretchMs: number): Promise<number> {
  await using lan = await Lan.open({ hosts: ["master", ...CROWD] });
  using host = hostIn(lan.host("master").namespace);
  const held = Array.from({ length: count }, (_, i): VirtualAddress => ({
    interface: "eth0",
    prefix: { address: ip(`10.88.${Math.floor(i / 200)}.${1 + i % 200}`), length: 32 },
  }));
  const stop = new AbortController();
  const crowd = CROWD.map((name) => disturb(lan.host(name).namespace, stop.signal));
  // Instances that became master at all sorts of moments.
  let due = held.map((_, i) => after(host.now(), milliseconds(i * 1000 / count)));
  const end = after(host.now(), milliseconds(stretchMs));
  const known = new Set<VirtualAddress>();
  let gone = 0;
  while (host.now() < end) {
    const now = host.now();
    due = due.map((at, i) => {
      const one = held[i];
      if (at > now || one === undefined) return at;
      if (host.addAddress(one, LEASE) === "added" && known.has(one)) gone++;
      known.add(one);
      return after(at, RENEWED_EVERY);
    });
    await host.wait(due.reduce((a, b) => a < b ? a : b, end));
  }
  stop.abort();
  await Promise.all(crowd);
  return gone;
}

async function disturb(namespace: string, stop: AbortSignal): Promise<void> {
  const numbers = Array.from({ length: PAIRS }, (_, i) => i);
  const input = [
    ...numbers.map((i) => `link add a${i} type veth peer name b${i}`),
    ...numbers.map((i) => `link del a${i}`),
  ].join("\n");
  while (!stop.aborted) {
    await demand(["ip", "-n", namespace, "-batch", "-"], { input: `${input}\n` });
  }
}
