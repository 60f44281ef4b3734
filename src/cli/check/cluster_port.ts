/** Is the port of [cluster] free for the daemon? */
import type { Config } from "../../config/config.ts";
import { machine, type Problem } from "../../config/problem.ts";
import { ControlClient, ControlError } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { readListeners } from "../../tools/doctor/checks/service.ts";

/** How long the daemon may take to answer, in milliseconds. */
const PATIENCE_MS = 1000;

/**
 * A port that another program has. Nothing is said while floatip runs, or may: it is floatip that
 * has it then.
 */
export async function clusterPortProblems({ cluster }: Config): Promise<readonly Problem[]> {
  if (cluster === undefined) return [];
  const tables = await Promise.all(
    (["udp", "udp6"] as const).map(async (table) =>
      readListeners(await Deno.readTextFile(`/proc/net/${table}`).catch(() => ""), table)
    ),
  );
  if (!tables.flat().some(({ port }) => port === cluster.port)) return [];
  if (!await isStopped()) return [];
  return [machine(
    ["cluster", "port"],
    `another program has UDP port ${cluster.port}`,
    "floatip cannot use it as long as that runs: nodes do not learn each other's state.",
    `find it with \`ss -ulpn sport = ${cluster.port}\`, or write another port on all nodes`,
  )];
}

async function isStopped(): Promise<boolean> {
  using client = new ControlClient(DEFAULT_RUN_DIR, PATIENCE_MS);
  return await client.status().then(
    () => false,
    (error: unknown) => error instanceof ControlError && error.trouble === "not-running",
  );
}
