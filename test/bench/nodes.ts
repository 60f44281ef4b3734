/**
 * Cost of [cluster]: as many nodes with it as without, on two LANs at one time, watched while
 * nothing happens. What one node uses more is what the channel and its reports cost.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Floatip } from "../support/interop/floatip.ts";
import { Lan } from "../support/lab/lan.ts";
import { waitFor } from "../support/lab/wait.ts";
import { formatTable, median, range } from "./table.ts";
import { measureUse, type Use } from "./use.ts";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const COUNTS = [3, 12];
const SETTLED_MS = 8000;
const STRETCH_MS = 10_000;

/** A master and a backup of so many nodes, in `stretches`. */
interface Pair {
  readonly master: readonly Use[];
  readonly backup: readonly Use[];
}

/** Prints what a node uses with [cluster] beside one without. */
export async function nodes(runs: number): Promise<void> {
  console.log("\nNodes: one instance, adverts of 1 s; a report a second to each other node\n");
  const rows: string[][] = [];
  for (const count of COUNTS) {
    const [without, with_] = await Promise.all([false, true].map((is) => measure(count, is, runs)));
    if (without === undefined || with_ === undefined) continue;
    for (const role of ["master", "backup"] as const) {
      const share = (uses: readonly Use[]) =>
        uses.map(({ cpuSecondsPerMinute }) => cpuSecondsPerMinute / 60 * 100);
      const memory = (uses: readonly Use[]) => uses.map(({ privateMegabytes }) => privateMegabytes);
      const [plain, told] = [without[role], with_[role]];
      rows.push([
        String(count),
        role,
        ...[plain, told].map((uses) => spread(share(uses), 3)),
        (median(share(told)) - median(share(plain))).toFixed(3),
        ...[plain, told].map((uses) => median(memory(uses)).toFixed(1)),
        (median(memory(told)) - median(memory(plain))).toFixed(1),
      ]);
    }
  }
  console.log(formatTable([
    ...["nodes", "role", "% of a core", "with [cluster]", "more"],
    ...["private MB", "with [cluster]", "more"],
  ], rows));
}

function spread(values: readonly number[], digits: number): string {
  const [least, most] = range(values);
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} .. ${most.toFixed(digits)})`;
}

async function measure(count: number, isCluster: boolean, stretches: number): Promise<Pair> {
  const hosts = Array.from({ length: count }, (_, at) => `n${at + 1}`);
  await using lan = await Lan.open({ hosts });
  await using stack = new AsyncDisposableStack();
  const list = hosts.map((name) => `${name} = "${lan.host(name).address}"\n`).join("");
  const file = `[nodes]\n${list}${isCluster ? `[cluster]\nsecret = "${SECRET}"\n` : ""}` +
    `[instance.web]\nvrid = 51\naddresses = ["10.77.0.200/24"]\nprefer = ["n1", "n2"]\n`;
  const all: Floatip[] = [];
  for (const name of hosts) all.push(stack.use(await Floatip.start(lan.host(name), file)));
  const [first, second] = all;
  if (first === undefined || second === undefined) throw new RangeError("two nodes at least");
  await first.untilState("master", 30_000);
  await waitFor("all nodes to be up", async () => {
    const { nodes } = await first.status();
    return nodes.every(({ state }) => state === "up");
  }, { limitMs: 90_000 });
  await pause(SETTLED_MS);
  const uses: { master: Use[]; backup: Use[] } = { master: [], backup: [] };
  for (let stretch = 0; stretch < stretches; stretch++) {
    const [master, backup] = await Promise.all(
      [first, second].map(({ child }) => measureUse(child.pid ?? 0, STRETCH_MS)),
    );
    if (master !== undefined) uses.master.push(master);
    if (backup !== undefined) uses.backup.push(backup);
  }
  return uses;
}
