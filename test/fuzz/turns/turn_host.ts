/**
 * A machine whose time is virtual, for a daemon whose turns are measured: from what `wait` gives
 * until it waits again.
 */
import { cpuTime } from "./cpu_clock.ts";
import { GREETING } from "../../../src/cluster/datagram.ts";
import type { ToOpen, ToSend } from "../../../src/cluster/outcome.ts";
import type { Boot, HostEvent, PresenceQuestion } from "../../../src/host.ts";
import type { CheckSettings } from "../../../src/config/tables/check.ts";
import type { Interfaces, LinkAddress, VirtualAddress } from "../../../src/net/interfaces.ts";
import { ipKey } from "../../../src/net/ip.ts";
import { between, type Instant, milliseconds, nanoseconds } from "../../../src/time.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";

/** What happens next, at `now`; undefined: nothing before the deadline. */
export type Batch = readonly HostEvent[];

/** Greetings that are remembered. */
const MOST_GREETINGS = 16;

/** After so many turns others on the thread have theirs. */
const OTHERS = 20;

/** An address that the daemon has put there. */
const OWN = { ours: true, tentative: false, secondary: false, deprecated: false };

/**
 * A host that gives the daemon what `next` says, and tells how long each turn took, in
 * milliseconds.
 */
export class TurnHost extends RecordingHost {
  readonly #next: (now: Instant) => Batch;
  readonly #took: (ms: number) => void;
  readonly #aside: () => Promise<void>;
  readonly #results: HostEvent[] = [];
  /** Heads of greetings that were sent last. */
  readonly greetings: Uint8Array[] = [];
  /** Do attempts of checks succeed? */
  areChecksUp = true;
  /** What the next sealed text turns out to be. */
  opened: () => Uint8Array | undefined = () => undefined;
  #now = 1_000_000_000 as Instant;
  #began: number | undefined;
  #waits = 0;
  #view: Interfaces | undefined;
  /** By {@link keyOf}. */
  readonly #own = new Map<string, LinkAddress>();

  /** `aside` is done between two turns, from time to time. */
  constructor(
    interfaces: Interfaces,
    next: (now: Instant) => Batch,
    took: (ms: number) => void,
    aside: () => Promise<void>,
  ) {
    super(interfaces);
    this.#aside = aside;
    this.#next = next;
    this.#took = took;
  }

  /** Goes on during a turn, by what the turn takes. */
  override now(): Instant {
    if (this.#began === undefined) return this.#now;
    return nanoseconds(this.#now + (cpuTime() - this.#began) * 1e6) as number as Instant;
  }

  /** The same picture until something changes, as the kernel's is. */
  override interfaces(): Interfaces {
    this.#view ??= { links: this.links, addresses: [...this.addresses, ...this.#own.values()] };
    return this.#view;
  }

  /** Addresses of the daemon's, as a kernel has them: looked up, whatever their number. */
  override addAddress(held: VirtualAddress): "added" | "present" {
    const key = keyOf(held);
    if (this.#own.has(key)) return "present";
    const index = this.links.find(({ name }) => name === held.interface)?.index ?? 0;
    this.#own.set(key, { ...OWN, index, prefix: held.prefix });
    this.#view = undefined;
    return "added";
  }

  override removeAddress(held: VirtualAddress): "removed" | "absent" {
    if (!this.#own.delete(keyOf(held))) return "absent";
    this.#view = undefined;
    return "removed";
  }

  /** Other addresses than before; the daemon's stay. */
  change(addresses: Interfaces["addresses"]): void {
    this.#view = undefined;
    this.addresses = addresses;
  }

  /** Other links than before. */
  relink(links: Interfaces["links"]): void {
    this.#view = undefined;
    this.links = links;
  }

  /** Others take `share` of the daemon's addresses away, of all links alike. */
  lose(share: number): void {
    this.#view = undefined;
    let kept = 0;
    for (const [index, key] of [...this.#own.keys()].entries()) {
      if (Math.floor((index + 1) * share) === kept) continue;
      kept++;
      this.#own.delete(key);
    }
  }

  /** A process ends here, or another one begins: what follows is no part of the turn before. */
  begin(): void {
    if (this.#began !== undefined) this.#took(cpuTime() - this.#began);
    this.#began = cpuTime();
  }

  override boot(): Boot {
    return { id: "boot", now: between(0 as Instant, this.now()) };
  }

  override watchClaims(): void {}

  override startProbe({ name }: CheckSettings): void {
    const result = { ok: this.areChecksUp, text: "200", latency: milliseconds(1) };
    this.#results.push({ kind: "probe", check: name, result });
  }

  override askPresence({ node }: PresenceQuestion): void {
    const answer = { vrrp: "unknown", machine: "silent" } as const;
    this.#results.push({ kind: "presence", node, answer });
  }

  override openChannel(): [] {
    return [];
  }

  override sealAndSend(jobs: readonly ToSend[]): void {
    for (const { head } of jobs) if (head.length === GREETING.size) this.greetings.push(head);
    this.greetings.splice(0, this.greetings.length - MOST_GREETINGS);
  }

  override openSealed({ id }: ToOpen): void {
    this.#results.push({ kind: "opened", id, text: this.opened() });
  }

  override async wait(deadline: Instant | undefined): Promise<Batch> {
    if (this.#began !== undefined) this.#took(cpuTime() - this.#began);
    this.#began = undefined;
    this.calls.length = 0;
    // Others have their turn, as they have while a real daemon waits; it is not the daemon's.
    if (++this.#waits % OTHERS === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      await this.#aside();
    }
    const batch = [...this.#results.splice(0), ...this.#next(this.#now)];
    const soon = nanoseconds(this.#now + milliseconds(1));
    this.#now = (batch.length > 0 ? soon : Math.max(soon, deadline ?? 0)) as number as Instant;
    const isDue = deadline !== undefined && deadline <= this.#now;
    this.#began = cpuTime();
    return isDue ? [...batch, { kind: "deadline" }] : batch;
  }
}

function keyOf({ interface: name, prefix }: VirtualAddress): string {
  return `${name} ${ipKey(prefix.address)} ${prefix.length}`;
}
