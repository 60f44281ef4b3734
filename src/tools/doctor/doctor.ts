/** What does the doctor examine, and in which order does it report? The table. */
import type { DoctorCheck, Finding } from "./check.ts";
import { adverts } from "./checks/adverts.ts";
import { configuration, daemon, permissions } from "./checks/daemon.ts";
import { firewall } from "./checks/firewall.ts";
import { holder } from "./checks/holder.ts";
import { clock, pages, power, storage, timers } from "./checks/machine.ts";
import { interfaces, kernel, manager } from "./checks/network.ts";
import { service } from "./checks/service.ts";
import { vrid } from "./checks/vrid.ts";
import type { Environment } from "./environment.ts";
import { type DoctorTarget, placedPlans } from "./target.ts";

/** From what everything rests on to what it is for. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [
  configuration,
  permissions,
  daemon,
  interfaces,
  firewall,
  adverts,
  vrid,
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
export interface ReportedFinding extends Finding {
  readonly check: string;
}

/** Examines everything at once, timers first and alone, since the rest would make them late. Never rejects. */
export async function runDoctor(
  target: DoctorTarget,
  environment: Environment,
): Promise<readonly ReportedFinding[]> {
  await environment.lateness();
  const possible = DOCTOR_CHECKS.filter(({ needs }) => needs === "nothing" || has(target, needs));
  const found = await Promise.all(
    possible.map(async ({ name, run: examine }) =>
      (await examine(target, environment)).map((finding) => ({ check: name, ...finding }))
    ),
  );
  return found.flat();
}

function has(target: DoctorTarget, needed: "file" | "interface"): boolean {
  if (target.plan === undefined) return false;
  return needed === "file" || (target.plan.node.known && placedPlans(target).length > 0);
}
