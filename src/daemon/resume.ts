/**
 * Resumption as the master that the process before this one was: what was written down, held
 * against clock, plan and network.
 *
 * Why this cannot make two masters: decision 0015.
 */
import type { SessionNote } from "../cluster/advert_seals.ts";
import type { LeaseNote } from "../cluster/exclusive.ts";
import { isFloating } from "../config/plan/own_address.ts";
import type { Plan } from "../config/plan/plan.ts";
import { keyOf, transportText } from "../config/plan/plan.ts";
import type { CheckState } from "../health/judge.ts";
import { formatPrefix, samePrefix } from "../net/prefix.ts";
import { addressEntries, type Interfaces, linkNamed } from "../net/interfaces.ts";
import { between, type Instant, type Nanoseconds, nanoseconds } from "../time.ts";
import { isOwner } from "../vrrp/rules.ts";
import { masterDown } from "../vrrp/intervals.ts";
import type { Checks } from "./checks.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** The machine's clock since its start, suspend included, and which start that was. */
export interface Boot {
  readonly id: string;
  readonly now: Nanoseconds;
}

/** What a process writes down for the one after it; a value of JSON. */
export interface ResumeState {
  readonly schema: 1;
  readonly boot: string;
  readonly routers: readonly RouterResume[];
  readonly checks: readonly CheckResume[];
  /** Sessions by which adverts are sealed; absent: there are none. */
  readonly seals?: readonly SessionNote[];
  /** By which leases exclusive addresses are held; absent: by none. */
  readonly leases?: readonly LeaseNote[];
}

/** One virtual router in it. */
export interface RouterResume {
  readonly key: string;
  /** It was master and not leaving; null: it was not. */
  readonly master: MasterResume | null;
  /**
   * Handed over by hand until then (in ns since boot), or (null in it) until asked; null: it was
   * not. `to`: the node that it was handed over to by name.
   */
  readonly aside: { readonly until: number | null; readonly to?: string | undefined } | null;
}

/** What a master was. */
export interface MasterResume {
  /** When its last advert left, in ns since boot. */
  readonly advertised: number;
  /** What must not have changed: see {@link identityOf}. */
  readonly identity: string;
  /** What its links were (readiness.ts); absent: an older version wrote it, or it did not look. */
  readonly links?: string | undefined;
  /** Since when, in ms of the calendar. */
  readonly since: number;
  /** How often it had become master. */
  readonly transitions: number;
}

/** The verdict of a health check. */
export interface CheckResume {
  readonly name: string;
  readonly up: boolean;
  readonly value: number | null;
  readonly words: string;
}

/** What there is to write down at `now`; of those that are `leaving`, that they are no masters. */
export function resumeStateOf(
  routers: readonly VirtualRouter[],
  checks: Checks,
  names: readonly string[],
  boot: Boot,
  now: Instant,
  leaving: ReadonlySet<VirtualRouter> = new Set(),
): ResumeState {
  const sinceBoot = (instant: Instant): number => boot.now - between(instant, now);
  return {
    schema: 1,
    boot: boot.id,
    routers: routers.map((router): RouterResume => {
      const { plan, state, advertisedAt, noPreemptUntil, handedTo } = router;
      const holds = state.kind === "master" && advertisedAt !== undefined && !leaving.has(router);
      return {
        key: keyOf(plan),
        master: !holds ? null : {
          advertised: sinceBoot(advertisedAt),
          identity: identityOf(plan),
          links: router.links,
          since: router.since,
          transitions: router.counters.masterTransitions,
        },
        aside: noPreemptUntil === undefined ? null : {
          until: noPreemptUntil === "asked" ? null : sinceBoot(noPreemptUntil),
          ...(handedTo === undefined ? {} : { to: handedTo }),
        },
      };
    }),
    checks: names.flatMap((name): readonly CheckResume[] => {
      const { up, value, last } = checks.judgement(name);
      if (up === undefined) return [];
      return [{ name, up, value: value ?? null, words: last?.text ?? "" }];
    }),
  };
}

/** What `note` says of `plan`, of this start of the machine; undefined: nothing. */
export function routerResumeOf(
  plan: Plan,
  note: ResumeState | undefined,
  boot: Boot,
): RouterResume | undefined {
  if (note === undefined || note.boot !== boot.id) return undefined;
  return note.routers.find(({ key }) => key === keyOf(plan));
}

/**
 * How long ago the process before this one advertised as master for `plan`, where this one may go
 * on: so recently that no peer can have taken over, with the same settings, and with all the
 * addresses still there and ours. Undefined: it may not.
 */
export function mayResume(
  plan: Plan,
  master: MasterResume,
  interfaces: Interfaces,
  boot: Boot,
): Nanoseconds | undefined {
  const elapsed = nanoseconds(boot.now - master.advertised);
  const { version, advertInterval } = plan.rules;
  // The best backup that there can be waits so long.
  const limit = masterDown(version, 255, advertInterval);
  if (elapsed < 0 || elapsed >= limit || master.identity !== identityOf(plan)) return undefined;
  return isHeld(plan, interfaces) ? elapsed : undefined;
}

/**
 * Had the process before this one put the addresses of `plan` there? With a kernel that keeps no
 * mark (before Linux 5.18) an address without a lease tells nothing itself.
 */
export function wasHolding(plan: Plan, note: ResumeState | undefined, boot: Boot): boolean {
  const master = routerResumeOf(plan, note, boot)?.master ?? undefined;
  return master !== undefined && master.identity === identityOf(plan) && !isOwner(plan.rules);
}

/**
 * What the checks were found to be, as if they had been probed here; undefined: nothing is known of
 * before.
 */
export function judgementsOf(
  note: ResumeState | undefined,
  boot: Boot,
): ReadonlyMap<string, CheckState> | undefined {
  if (note === undefined || note.boot !== boot.id) return undefined;
  return new Map(note.checks.map(({ name, up, value, words }): [string, CheckState] => {
    const last = { ok: up, text: `${words} (before the restart)`, latency: nanoseconds(0) };
    return [name, { up, streak: 0, last, value: value ?? undefined }];
  }));
}

/** What a virtual router is on the wire and on its interface, as text. */
const identities = new WeakMap<Plan, string>();

function identityOf(plan: Plan): string {
  const known = identities.get(plan) ?? identityText(plan);
  identities.set(plan, known);
  return known;
}

function identityText(plan: Plan): string {
  const { interface: name, virtualAddresses: held, rules, source } = plan;
  const { vrid, family, version, advertInterval } = rules;
  return JSON.stringify([
    name,
    family,
    vrid,
    version,
    advertInterval,
    transportText(plan),
    source === undefined ? null : [...source.bytes],
    held.map((one) => [one.interface, formatPrefix(one.prefix)]),
  ]);
}

function isHeld(plan: Plan, interfaces: Interfaces): boolean {
  return plan.virtualAddresses.every((held) => {
    const link = linkNamed(interfaces, held.interface);
    return addressEntries(interfaces, held.prefix.address).some((entry) =>
      entry.index === link?.index && samePrefix(entry.prefix, held.prefix) &&
      entry.dadFailed !== true && (isFloating(entry, plan) || isOwner(plan.rules))
    );
  });
}
