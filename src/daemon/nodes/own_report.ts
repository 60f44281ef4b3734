/** What this node tells the others of itself, made at one moment. Pure. */
import type { CheckReport, MaintenanceReport, RouterReport } from "../../cluster/report.ts";
import { type Interfaces, linkNamed } from "../../net/interfaces.ts";
import { formatIp, includesIp, type Ip } from "../../net/ip.ts";
import { ageMs, type Instant, toMilliseconds, type WallTime } from "../../time.ts";
import { isHolder, isOut, nameOf } from "../../vrrp/state.ts";
import { isMasterUnheard } from "./adverts_lost.ts";
import type { Checks } from "../checks.ts";
import type { Maintenance } from "../command.ts";
import { masterHeard } from "../holders/health.ts";
import { causeText } from "../journal/log.ts";
import { pendingChecks } from "../priority.ts";
import { missingAddresses } from "../machine/readiness.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What a report is made of, beside the router. */
export interface Around {
  /** This node's name. */
  readonly self: string;
  readonly checks: Checks;
  readonly interfaces: Interfaces;
  /** The gateways of the default routes. */
  readonly gateways: readonly Ip[];
  readonly now: Instant;
}

/** What this node says of `router`. */
export function routerReport(router: VirtualRouter, around: Around): RouterReport {
  const { plan, rules, state, entered } = router;
  const { now, checks, interfaces } = around;
  return {
    name: plan.name,
    family: plan.family,
    vrid: rules.vrid,
    state: nameOf(state),
    priority: rules.priority,
    basePriority: plan.rules.priority,
    age: ageMs(entered, now),
    interval: Math.round(toMilliseconds(rules.advertInterval)),
    cause: causeText(plan, router.cause),
    faults: isOut(state) ? faultsOf(router, checks) : [],
    checks: plan.checks.map((name) => checkReport(name, around)),
    more: 0,
    master: masterOf(router, around),
    unheard: isMasterUnheard(state),
    source: router.source === undefined ? null : formatIp(router.source),
    yields: state.kind === "handoff",
    handsTo: router.handedTo ?? null,
    follows: router.follows ?? null,
    holds: plan.virtualAddresses.length > 0 && missingAddresses(plan, interfaces).length === 0,
    ...placeOf(router, around),
  };
}

/** How `router` stands on its LAN. */
export function placeOf(
  router: VirtualRouter,
  around: Around,
): Pick<RouterReport, "link" | "gateway"> {
  return { link: isLinkUp(router, around.interfaces), gateway: isGatewayUp(router, around) };
}

/** Why it takes no part: faults, and in a start the checks that it waits for. */
function faultsOf({ plan, state }: VirtualRouter, checks: Checks): readonly string[] {
  if (!isOut(state)) return [];
  const pending = state.kind === "init" ? pendingChecks(plan, checks) : [];
  return [
    ...state.faults.map(({ message }) => message),
    ...pending.map((name) => `check ${name} has no result yet`),
  ];
}

function checkReport(name: string, { checks, now }: Around): CheckReport {
  const { up, last } = checks.judgement(name);
  const since = checks.since(name);
  return {
    name,
    up: up ?? null,
    last: last?.text ?? "no result yet",
    age: since === undefined ? null : ageMs(since, now),
  };
}

/** The name of the node that it takes for the master, or its address. */
function masterOf(router: VirtualRouter, { self, now }: Around): string | null {
  if (isHolder(router.state)) return self;
  const heard = masterHeard(router, now);
  if (heard === undefined) return null;
  const address = formatIp(heard.source);
  return router.plan.names.get(address) ?? address;
}

/** The link that adverts leave by. */
function isLinkUp({ plan, endpoint }: VirtualRouter, interfaces: Interfaces): boolean | null {
  const name = endpoint?.interface ?? plan.interface;
  if (name === undefined) return null;
  const link = linkNamed(interfaces, name);
  return link !== undefined && link.up && link.running;
}

/** By the checks that ask the gateway of a default route: floatip does not ask it by itself. */
function isGatewayUp(
  { plan }: VirtualRouter,
  { checks, gateways }: Around,
): boolean | null {
  const verdicts = plan.checks.flatMap((name) => {
    const probe = checks.settings(name)?.probe;
    const asks = probe?.kind === "ping" && includesIp(gateways, probe.address);
    return asks ? checks.judgement(name).up ?? [] : [];
  });
  return verdicts.length === 0 ? null : verdicts.some((isUp) => isUp);
}

/** Maintenance as ages: the calendar of this node is none of the others'. */
export function maintenanceReport(
  maintenance: Maintenance | undefined,
  wallNow: WallTime,
): MaintenanceReport | null {
  if (maintenance === undefined) return null;
  const { since, until, reason = null } = maintenance;
  const left = until === undefined ? null : atLeast0(until - wallNow);
  return { age: atLeast0(wallNow - since), left, reason };
}

function atLeast0(ms: number): number {
  return Math.max(0, Math.round(ms));
}
