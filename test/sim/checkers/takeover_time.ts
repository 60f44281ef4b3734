/** Invariant: a backup waits the master-down interval after silence, the skew after priority 0. */
import type { Instant } from "../../../src/time.ts";
import { advertIn, type AdvertSeen } from "../advert.ts";
import type { InstanceSetup, NodeSetup } from "../setup.ts";
import { withoutNames } from "../without_names.ts";
import { type Checker, PROMPT_WITHIN, type World } from "../world.ts";

interface Read {
  readonly advert: AdvertSeen;
  readonly at: Instant;
}

/**
 * The figures are worked out here by hand (RFC 9568 6.1, RFC 3768 6.1), as a second opinion. A node
 * that has just come up listens for its own master-down interval in any case, also when a master
 * with a shorter one was heard once meanwhile.
 */
export function takeoverTime(world: World): Checker {
  const reads = new Map<string, Read>();
  // By the machine's own clock, which a hypervisor may have stopped.
  const cameUpAt = new Map<string, Instant>();
  const ownTime = (node: string) => world.cluster.lan.machine(node).clock.boottime();
  return {
    see(seen, at) {
      if (seen.kind === "read") {
        const advert = advertIn(seen.message);
        const key = `${seen.node} ${advert.vrid}`;
        reads.set(`${key} ${seen.source}`, { advert, at });
        return;
      }
      if (seen.kind !== "journal") return;
      const cameUp = /^(\S+)(?: \(IPv6\))?: (?:init|fault) -> backup: /.exec(seen.line);
      if (cameUp !== null) {
        cameUpAt.set(`${seen.node} ${cameUp[1]}`, ownTime(seen.node));
      }
      const told = /^(\S+)(?: \(IPv6\))?: backup -> master: (.*)$/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === told?.[1]);
      const node = world.node(seen.node);
      if (told === null || instance === undefined || node === undefined) return;
      const silent = /^no advert from (\S+) for /.exec(withoutNames(told[2] ?? ""));
      const last = reads.get(`${node.name} ${instance.vrid} ${silent?.[1]}`);
      // A losing master is not waited for: it may be silent for any time when it is replaced.
      if (last === undefined || last.advert.priority < node.priority) return;
      const listened = cameUpAt.get(`${node.name} ${instance.name}`) ?? 0;
      const own = listened + masterDown(instance, node, node.interval);
      const advertised = last.advert.intervalMs * 1e6;
      const believed = Math.min(advertised, believedAtOnce(world, node));
      const [due, latest] = [believed, advertised].map((interval) =>
        masterDown(instance, node, interval)
      );
      if (due === undefined || latest === undefined) return;
      const waited = at - last.at;
      if (ownTime(node.name) <= own + PROMPT_WITHIN) return;
      const undisturbed = world.undisturbedSince(last.at) && !world.setup.grouped;
      if (waited >= due && (!undisturbed || waited <= latest + PROMPT_WITHIN)) return;
      const words = `${node.name} took over after ${waited / 1e6} ms, not ${due / 1e6} ms`;
      world.complain("takeover_time", `${instance.name}: ${words}`);
    },
  };
}

/**
 * A longer interval than what the file says, or than 3.5 own ones where it does not say the
 * others', is believed in the course of time.
 */
function believedAtOnce({ setup }: World, { interval }: NodeSetup): number {
  const longest = setup.oneFile ? Math.max(1.25 * interval, 400e6) : Math.max(3.5 * interval, 2e9);
  return longest - longest % 10e6;
}

function masterDown(instance: InstanceSetup, node: NodeSetup, masterInterval: number): number {
  const interval = instance.version === 2 ? node.interval : masterInterval;
  const unit = instance.version === 2 ? 1e9 : interval;
  return 3 * interval + Math.floor((256 - node.priority) * unit / 256);
}
