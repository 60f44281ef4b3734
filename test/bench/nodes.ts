/**
 * Cost of [cluster]: as many nodes with it as without, on two LANs at one time, watched for a
 * minute while nothing happens, and started again for each run. What one node uses more is what the
 * channel and its reports cost. A run takes some four minutes.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Floatip } from "../support/interop/floatip.ts";
import { Lan } from "../support/lab/lan.ts";
import { until } from "../support/until.ts";
import { formatTable, median, range } from "./table.ts";
import { measureUse, type Use } from "./use.ts";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const COUNTS = [3, 12];
const ROLES = ["master", "backup"] as const;
/** Code that ran at the start alone is given up by then, and HELLOs are seldom. */
const SETTLED_MS = 20_000;
const STRETCH_MS = 60_000;

/** What a node used, by its role. */
type Pair = Readonly<Record<typeof ROLES[number], Use>>;

/** Prints what a node uses with [cluster] beside one without. */
export async function nodes(runs: number): Promise<void> {
  console.log("\nNodes: one instance, adverts of 1 s; a report a second to each other node\n");
  const rows: string[][] = [];
  for (const count of COUNTS) {
    const pairs: { readonly plain: Pair; readonly told: Pair }[] = [];
    for (let run = 0; run < runs; run++) {
      const [plain, told] = await Promise.all([measure(count, false), measure(count, true)]);
      pairs.push({ plain, told });
    }
    for (const role of ROLES) {
      const [plain, told] = [pairs.map((pair) => pair.plain[role]), pairs.map((p) => p.told[role])];
      const more = pairs.map((pair) => shareOf(pair.told[role]) - shareOf(pair.plain[role]));
      const memory = (uses: readonly Use[]) => uses.map(({ privateMegabytes }) => privateMegabytes);
      rows.push([
        String(count),
        role,
        ...[plain.map(shareOf), told.map(shareOf), more].map((values) => spread(values, 3)),
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

/** Of a core, in percent. */
function shareOf({ cpuSecondsPerMinute }: Use): number {
  return cpuSecondsPerMinute / 60 * 100;
}

function spread(values: readonly number[], digits: number): string {
  const [least, most] = range(values);
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} .. ${most.toFixed(digits)})`;
}

async function measure(count: number, isCluster: boolean): Promise<Pair> {
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
  await until("all nodes to be up", async () => {
    const { nodes } = await first.status();
    return nodes.every(({ state }) => state === "up");
  }, 90_000);
  await pause(SETTLED_MS);
  const [master, backup] = await Promise.all([
    measureUse(first.child.pid ?? 0, STRETCH_MS),
    measureUse(second.child.pid ?? 0, STRETCH_MS),
  ]);
  return { master, backup };
}
