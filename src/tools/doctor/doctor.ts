/** The checks of the doctor, in the order of its report. */
import type { DoctorCheck, Finding } from "./check.ts";
import { adverts } from "./checks/adverts.ts";
import { configuration, daemon, permissions } from "./checks/daemon.ts";
import { etcd } from "./checks/etcd.ts";
import { fence } from "./checks/fence.ts";
import { firewall } from "./checks/firewall.ts";
import { holder } from "./checks/holder.ts";
import { clock, pages, power, storage, timers } from "./checks/machine.ts";
import { interfaces, kernel, manager } from "./checks/network.ts";
import { service } from "./checks/service.ts";
import { votes } from "./checks/votes.ts";
import { vrid } from "./checks/vrid.ts";
import type { Environment } from "./environment.ts";
import { type DoctorTarget, placedPlans } from "./target.ts";

/** What the others depend on comes first. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [
  configuration,
  permissions,
  daemon,
  interfaces,
  firewall,
  fence,
  votes,
  etcd,
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

/** A finding, and the name of its check. */
export interface ReportedFinding extends Finding {
  readonly check: string;
}

/** Runs all checks at once, after the timers: the others would delay them. Never rejects. */
export async function runDoctor(
  target: DoctorTarget,
  environment: Environment,
): Promise<readonly ReportedFinding[]> {
  await environment.lateness();
  const possible = DOCTOR_CHECKS.filter(({ needs }) => needs === "nothing" || has(target, needs));
  const found = await Promise.all(
    possible.map(async ({ name, run }) =>
      (await run(target, environment)).map((finding) => ({ check: name, ...finding }))
    ),
  );
  return found.flat();
}

function has(target: DoctorTarget, needed: "file" | "interface"): boolean {
  if (target.plan === undefined) return false;
  return needed === "file" || (target.plan.node.known && placedPlans(target).length > 0);
}
