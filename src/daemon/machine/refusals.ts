/**
 * Refusals of the kernel: how often an address was refused, and when it is worth another try. Pure.
 */
import type { Plan } from "../../config/plan/plan.ts";
import { type Interfaces, linkNamed } from "../../net/interfaces.ts";
import { formatPrefix } from "../../net/prefix.ts";
import { after, type Instant, type Nanoseconds, nanoseconds, seconds } from "../../time.ts";
import { masterHeard } from "../holders/health.ts";
import { linkPrint } from "./readiness.ts";
import type { OwnedRouter, Refused } from "../virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"refused" | "refusal" | "retryAt">;

/** From a refusal to the next attempt; twice as long after each, up to {@link LONGEST}. */
const SHORTEST = seconds(5);
const LONGEST = seconds(300);

/** So often it is asked whether there is a master still. */
export const LOOK_AGAIN_AFTER = seconds(1);

/**
 * How long after the refusal that made it `attempts` in a row the next attempt is made at the
 * earliest.
 */
export function pauseAfter(attempts: number): Nanoseconds {
  return nanoseconds(Math.min(LONGEST, SHORTEST * 2 ** Math.min(attempts - 1, 30)));
}

/** What `router` was refused is tried again, or looked at later where that must wait. */
export function putOff(router: VirtualRouter, now: Instant): void {
  const { refused, refusal } = router;
  const mustWait = refused !== undefined && refusal !== undefined &&
    !mayTryAgain(router, refused, now);
  if (!mustWait) router.refusal = undefined;
  router.retryAt = mustWait ? after(now, LOOK_AGAIN_AFTER) : undefined;
}

/**
 * May `router`, which was refused, try again? Not beside a living master: it would lose the address
 * for the time of an attempt that is likely to fail again.
 */
export function mayTryAgain(
  router: VirtualRouter,
  { attempts, at }: Refused,
  now: Instant,
): boolean {
  return now >= after(at, pauseAfter(attempts)) && masterHeard(router, now) === undefined;
}

/**
 * What the kernel's answer may depend on, as text: the links of `plan` and what others have put on
 * them.
 */
export function surroundingsOf(plan: Plan, interfaces: Interfaces): string {
  const indexes = new Set(
    plan.virtualAddresses.map((held) => linkNamed(interfaces, held.interface)?.index),
  );
  const off = interfaces.links.filter(({ index, ipv6Off }) => indexes.has(index) && ipv6Off);
  const others = interfaces.addresses.filter(({ index, ours }) => indexes.has(index) && !ours);
  const texts = others.map(({ index, prefix }) => `${index} ${formatPrefix(prefix)}`);
  return [linkPrint(plan, interfaces), ...off.map(({ name }) => name), ...texts.toSorted()].join(
    "\n",
  );
}

/** Is what the kernel's answer may depend on another than when `router` was refused? */
export function isWorthAnotherTry(
  { refused, plan }: VirtualRouter,
  interfaces: Interfaces,
): boolean {
  return refused !== undefined && refused.surroundings !== surroundingsOf(plan, interfaces);
}

/** What `router` was refused may be granted now. */
export function forgetRefusal(router: VirtualRouter): void {
  if (router.refused === undefined) return;
  router.refused = undefined;
  router.refusal = undefined;
  router.retryAt = undefined;
}

/** `router` holds what was refused: it preempts as others do, from the next look on. */
export function forgive(router: VirtualRouter, now: Instant): void {
  if (router.refused === undefined) return;
  router.refused = undefined;
  router.retryAt = now;
}
