/** Invariant: a daemon that is back in time goes on as master, and only in time. */
import { after, type Instant, milliseconds, type Nanoseconds } from "../../../src/time.ts";
import { advertIn, type AdvertSeen } from "../advert.ts";
import type { Seen } from "../record.ts";
import type { InstanceSetup, NodeSetup } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/**
 * What a daemon writes for its successor may be so much older, and tells of an earlier advert then.
 */
const NOTE_AGE = milliseconds(260);

const STOPS: ReadonlySet<string> = new Set(["ended", "killed", "crashed", "paused"]);

interface Sent {
  readonly advert: AdvertSeen;
  readonly at: Instant;
  /** The same by the machine's own clock, which a hypervisor may have stopped. */
  readonly own: Nanoseconds;
}

/** What every program advertised, by "n1 51". */
class Adverts {
  readonly last = new Map<string, Sent>();
  /** The last one that its program is sure to have written down before it stopped. */
  readonly noted = new Map<string, Sent>();
  readonly #recent = new Map<string, Sent[]>();

  send(key: string, sent: Sent): void {
    this.last.set(key, sent);
    this.#since(key, sent.at).push(sent);
  }

  /** The program does not run any more. */
  stop(key: string, at: Instant): void {
    const [first] = this.#since(key, at);
    if (first !== undefined && at - first.at >= NOTE_AGE) this.noted.set(key, first);
    else this.noted.delete(key);
  }

  /** Of the recent ones the last that was old enough at `at`, and what came after it. */
  #since(key: string, at: Instant): Sent[] {
    const recent = this.#recent.get(key) ?? [];
    this.#recent.set(key, recent);
    for (let next = recent[1]; next !== undefined && at - next.at >= NOTE_AGE; next = recent[1]) {
      recent.shift();
    }
    return recent;
  }
}

/** Watches every start on a machine that has the addresses, and every daemon that goes on. */
export function inPlace(world: World): Checker {
  const { lan } = world.cluster;
  const adverts = new Adverts();
  // The last one of the program before the present one.
  const former = new Map<string, Sent | undefined>();
  const resumed = new Set<string>();
  // When something else was last done than to end a program.
  let meddled = 0 as Instant;
  const goesOn = (node: NodeSetup, instance: InstanceSetup) => {
    const key = `${node.name} ${instance.vrid}`;
    resumed.add(key);
    const last = former.get(key);
    const now = lan.machine(node.name).clock.sinceBoot();
    if (last !== undefined && now - last.own <= longest(node, instance)) return;
    world.complain("in_place", `${node.name} goes on as master of ${instance.name}, too late`);
  };
  const starts = (node: NodeSetup, instance: InstanceSetup, at: Instant) => {
    const key = `${node.name} ${instance.vrid}`;
    resumed.delete(key);
    const last = adverts.last.get(key);
    former.set(key, last);
    const known = adverts.noted.get(key);
    const inTime = last !== undefined && last.advert.priority === node.priority &&
      known !== undefined && at - known.at < longest(node, instance) && meddled < known.at;
    if (!inTime || !isWhole(world, node, instance)) return;
    lan.at(after(at, HOP), () => {
      if (resumed.has(key) || meddled >= last.at || !world.isAble(node.name, instance)) return;
      if (!world.cleanFor(HOP)) return;
      const words = `${node.name} came back in time, and did not go on as master`;
      world.complain("in_place", `${instance.name}: ${words}`);
    });
  };
  return {
    see(seen, at) {
      if (isMeddling(seen)) meddled = at;
      if (seen.kind === "sent") {
        const advert = advertIn(seen.message);
        const own = lan.machine(seen.node).clock.sinceBoot();
        adverts.send(`${seen.node} ${advert.vrid}`, { advert, at, own });
      }
      if (seen.kind !== "program" && seen.kind !== "journal") return;
      const node = world.node(seen.node);
      if (node === undefined) return;
      for (const instance of world.setup.instances) {
        if (seen.kind === "program" && STOPS.has(seen.what)) {
          adverts.stop(`${node.name} ${instance.vrid}`, at);
        }
        if (seen.kind === "program" && seen.what === "started") starts(node, instance, at);
        if (seen.kind !== "journal") continue;
        if (new RegExp(`^${instance.name}(?: \\(IPv6\\))?: master still: `).test(seen.line)) {
          goesOn(node, instance);
        }
      }
    },
  };
}

/** Kills and restarts are what is looked at here; everything else may change the master. */
function isMeddling(seen: Seen): boolean {
  if (seen.kind === "act") return !/^(?:kill|restart) /.test(seen.words);
  if (seen.kind === "address") return !seen.byProgram;
  return seen.kind === "link" || seen.kind === "refused" || seen.kind === "order";
}

/**
 * Has it everything that it needs, and the addresses? Groups, which go on together, are left out.
 */
function isWhole(world: World, { name }: NodeSetup, instance: InstanceSetup): boolean {
  const left = world.cluster.lan.machine(name).left();
  return !world.setup.grouped && !world.cluster.isMaintained(name) &&
    !world.isLeaving(name, instance) &&
    instance.addresses.every((text) => left.includes(`${text} on ${instance.card}`));
}

/**
 * The wait of the best backup that there can be, worked out by hand (RFC 9568 6.1, RFC 3768 6.1).
 */
function longest(node: NodeSetup, { version }: InstanceSetup): number {
  const unit = version === 2 ? 1e9 : node.interval;
  return 3 * node.interval + Math.floor(unit / 256);
}
