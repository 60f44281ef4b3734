/** Memory of two nodes after many failovers: what is written for one must not stay. */
import { setTimeout as pause } from "node:timers/promises";
import { Floatip, writeFloatipToml } from "../support/interop/floatip.ts";
import { until } from "../support/until.ts";
import type { LabHost } from "../support/lab/lab_host.ts";
import { Lan } from "../support/lab/lan.ts";
import { formatTable } from "./table.ts";
import { measureUse } from "./use.ts";

const INSTANCES = 25;
const ROUNDS = 60;
const PARTS = 6;

/** A node that yields more often is held down (src/vrrp/damping.ts). */
const CALM_MS = 2200;

/** Moves all instances away and back again, and prints what memory both nodes have meanwhile. */
export async function failovers(): Promise<void> {
  console.log(
    "\nMemory: private MB of two nodes between takeovers, 25 instances that go together\n",
  );
  await using lan = await Lan.open({ hosts: ["a", "b"] });
  await using a = await Floatip.start(lan.host("a"), fileOf(lan.host("a"), 200));
  await untilMaster(a);
  await using b = await Floatip.start(lan.host("b"), fileOf(lan.host("b"), 100));
  const rows: string[][] = [];
  const look = async (round: number): Promise<void> => {
    const uses = [a, b].map(({ child }) => measureUse(child.pid ?? 0, 100));
    const megabytes = (await Promise.all(uses)).map(({ privateMegabytes }) => privateMegabytes);
    rows.push([String(2 * round * INSTANCES), ...megabytes.map((value) => value.toFixed(1))]);
    console.error(rows.at(-1)?.join("  "));
  };
  await pause(CALM_MS);
  await look(0);
  for (let round = 1; round <= ROUNDS; round++) {
    await maintain(a, "on");
    await untilMaster(b);
    await maintain(a, "off");
    await untilMaster(a);
    await pause(CALM_MS);
    if (round % (ROUNDS / PARTS) === 0) await look(round);
  }
  console.log(formatTable(["takeovers", "a", "b"], rows));
}

async function maintain(node: Floatip, word: "on" | "off"): Promise<void> {
  const { code, stdout, stderr } = await node.command("maintenance", word);
  if (code !== 0) throw new Error(`maintenance ${word}: ${stdout}${stderr}\n${node.log.text}`);
}

function untilMaster(node: Floatip): Promise<unknown> {
  return until(() => `all of ${node.log.label} master\n${node.log.text}`, async () => {
    const { instances } = await node.status();
    return instances.every(({ state }) => state === "master");
  }, 30_000);
}

function fileOf({ name, interface: link }: LabHost, priority: number): string {
  return writeFloatipToml(
    name,
    Array.from({ length: INSTANCES }, (_, i) => ({
      name: `i${i + 1}`,
      interface: link,
      vrid: i + 1,
      priority,
      version: 3 as const,
      intervalMs: 100,
      addresses: [`10.77.0.${100 + i}/24`],
    })),
  );
}
