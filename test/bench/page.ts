/** Cost of the page by its viewers, and adverts beside clients that mean harm. */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Scene } from "../support/moves/scene.ts";
import { demand } from "../support/lab/command.ts";
import type { LabHost } from "../support/lab/lab_host.ts";
import { wallNow } from "../support/lab/wall_clock.ts";
import { measureUse, type Use } from "./use.ts";

const PORT = 9113;
const INTERVAL_MS = 100;
const WEB = `[web]\nlisten = "0.0.0.0:${PORT}"\npassword = "correct horse"\n`;
const STRETCH_MS = 15_000;
const SETTLED_MS = 6000;
/** How many clients mean harm, at once. */
const HOSTILE = 200;
const HOSTILE_CLIENTS = fileURLToPath(new URL("hostile_clients.ts", import.meta.url));

/** What was measured beside so many viewers, or clients that mean harm. */
export interface PageCost {
  readonly company: string;
  readonly use: Use;
  /** Between two adverts of 100 ms, ascending, by the kernel's clock. */
  readonly gapsMs: readonly number[];
}

/** Yields a line as soon as it is known. The first one is without the page. */
export async function* measurePage(): AsyncGenerator<PageCost> {
  yield await beside("no page", "", async () => {});
  for (const count of [0, 1, 20]) {
    const open = (client: LabHost, url: string) => view(client, url, count);
    yield await beside(`${count} viewers`, WEB, open);
  }
  yield await beside(`${HOSTILE} hostile clients`, WEB, async (client, url) => {
    const words = [Deno.execPath(), "run", "-A", HOSTILE_CLIENTS, url, String(HOSTILE)];
    const child = client.spawn(words, { output: "ignore" });
    await pause(SETTLED_MS);
    if (child.exitCode !== null) throw new Error(`the hostile clients ended: ${child.exitCode}`);
  });
}

async function beside(
  company: string,
  sections: string,
  open: (client: LabHost, url: string) => Promise<void>,
): Promise<PageCost> {
  await using scene = await Scene.open();
  const node = await scene.floatip("a", { intervalMs: INTERVAL_MS, sections });
  await node.untilState("master");
  await open(scene.host("client"), `http://${scene.host("a").address}:${PORT}`);
  await pause(SETTLED_MS);
  const start = wallNow();
  const use = await measureUse(node.child.pid ?? 0, STRETCH_MS);
  const times = scene.capture.advertsOf(scene.host("a").address, start).map(({ at }) => at);
  const gapsMs = times.slice(1).map((at, i) => at - (times[i] ?? NaN)).toSorted((a, b) => a - b);
  return { company, use, gapsMs };
}

/** So many browsers, as far as a server sees them: the page once, then its events. */
async function view(client: LabHost, url: string, count: number): Promise<void> {
  for (let viewer = 0; viewer < count; viewer++) {
    await demand(client.argv(["curl", "-sfo", "/dev/null", `${url}/`]));
    client.spawn(["curl", "-sN", `${url}/events`], { output: "ignore" });
  }
}
