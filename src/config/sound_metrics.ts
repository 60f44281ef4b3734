/** Can metrics be asked for where [metrics] says? */
import { formatIp, sameIp } from "../net/ip.ts";
import type { FileDraft } from "./drafts.ts";
import type { Report } from "./problem_list.ts";

/** Reports where it is unsound. */
export function checkMetrics(file: FileDraft, report: Report): void {
  const listen = file.metrics?.listen;
  if (listen === undefined) return;
  const { address, port } = listen;
  const holder = file.instances.find((instance) =>
    instance.addresses.some(({ prefix }) => prefix !== undefined && sameIp(prefix.address, address))
  );
  if (holder === undefined) return;
  report({
    severity: "warning",
    path: ["metrics", "listen"],
    at: "value",
    what: `metrics listen at ${formatIp(address)}, the floating address of instance ${holder.name}`,
    why: "Only the master has it: the other nodes could not be asked.",
    fix: `listen = "${address.family === "ipv6" ? "[::]" : "0.0.0.0"}:${port}"`,
  });
}
