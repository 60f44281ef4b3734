/** What does the doctor examine, and in which order does it report? The table. */
import { adverts } from "./checks/adverts.ts";
import { clock } from "./checks/clock.ts";
import { configuration } from "./checks/configuration.ts";
import { daemon } from "./checks/daemon.ts";
import { firewall } from "./checks/firewall.ts";
import { holder } from "./checks/holder.ts";
import { interfaces } from "./checks/interface.ts";
import { kernel } from "./checks/kernel.ts";
import { manager } from "./checks/manager.ts";
import { pages } from "./checks/pages.ts";
import { permissions } from "./checks/permissions.ts";
import { power } from "./checks/power.ts";
import { service } from "./checks/service.ts";
import { storage } from "./checks/storage.ts";
import { strangers } from "./checks/vrid.ts";
import { timers } from "./checks/timers.ts";
import type { Examination } from "./check.ts";
import type { Finding } from "./finding.ts";
import { placedPlans, type Subject } from "./target.ts";
import type { Surroundings } from "./environment.ts";

/** From what everything rests on to what it is for. */
export const EXAMINATIONS: readonly Examination[] = [
  configuration,
  permissions,
  daemon,
  interfaces,
  firewall,
  adverts,
  strangers,
  holder,
  service,
  manager,
  kernel,
  timers,
  clock,
  power,
  pages,
  storage,
];

/** A finding, and whose it is. */
export interface Reported extends Finding {
  readonly check: string;
}

/** Examines everything at once, timers first and alone, since the rest would make them late. Never rejects. */
export async function examineAll(
  subject: Subject,
  world: Surroundings,
): Promise<readonly Reported[]> {
  await world.lateness();
  const possible = EXAMINATIONS.filter(({ needs }) => needs === "nothing" || has(subject, needs));
  const found = await Promise.all(
    possible.map(async ({ name, examine }) =>
      (await examine(subject, world)).map((finding) => ({ check: name, ...finding }))
    ),
  );
  return found.flat();
}

function has(subject: Subject, needed: "file" | "interface"): boolean {
  if (subject.plan === undefined) return false;
  return needed === "file" || (subject.plan.node.known && placedPlans(subject).length > 0);
}
