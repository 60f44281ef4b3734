/** Verdict of `floatip status` on a simulated node. */
import { verdict } from "../../../src/cli/status/health.ts";
import { EXIT } from "../../../src/cli/exit.ts";
import type { World } from "../world.ts";

/** Does `floatip status` on `name` exit 0? Not where floatip does not run, or does not answer. */
export function isGreen(
  { cluster }: World,
  name: string,
  status = cluster.status(name),
): boolean {
  if (cluster.host(name)?.paused === true) return false;
  if (status === undefined) return false;
  const document = { ...status, sinks: [], config_since: status.started, last_reload: null };
  return verdict(document) === EXIT.ok;
}

/** What is said of it instead. */
export function troubleOf({ cluster }: World, name: string): string {
  const status = cluster.status(name);
  const states = status?.instances.map((one) => `${one.name}: ${one.state}`) ?? [];
  return [...states, ...status?.attention ?? []].join("; ");
}
