/** Who holds what, in one line? For `systemctl status`, where there is room for no more. */
import type { InstanceStatus } from "../control/api.ts";

/** "web: master, holds 192.168.1.50/24; dns: backup of pi-b". Both families of an instance that stand alike are named once. */
export function rosterLine(instances: readonly InstanceStatus[]): string {
  return [...new Set(instances.map(standing))].join("; ");
}

function standing(instance: InstanceStatus): string {
  const { name, state, addresses, master, faults, health, cause } = instance;
  switch (state) {
    case "master":
      return `${name}: master, ${health === "two" ? "HELD TWICE" : "holds"} ${addresses.join(" ")}`;
    case "backup":
      return `${name}: backup${master === null ? "" : ` of ${master.node}`}`;
    case "fault":
      return `${name}: fault, ${faults.join(", ")}`;
    case "init":
      return `${name}: not started: ${cause}`;
  }
}
