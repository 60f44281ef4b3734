/**
 * The demo: three nodes on a LAN of network namespaces, a client that pings the floating address
 * every 10 ms, a cable that is pulled and put back, and how long the client was
 * without the address each time.
 *
 * Needs root and iproute2. Takes about 20 s, and leaves nothing behind, also after Ctrl-C.
 */
import { DemoCluster } from "./demo/cluster.ts";
import { Story } from "./demo/story.ts";
import { run } from "../test/support/lab/command.ts";
import { sweepOrphans } from "../test/support/lab/orphans.ts";
import { ensure, missing } from "../test/support/lab/prerequisites.ts";

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const refusal = await prepare();
  if (refusal !== undefined) {
    console.error(`The demo cannot run here: ${refusal}.`);
    return 1;
  }
  await using cluster = await DemoCluster.open();
  try {
    using story = new Story(cluster);
    await story.tell();
    return 0;
  } catch (cause) {
    console.error(`\nThe demo failed: ${cause instanceof Error ? cause.message : cause}`);
    for (const { host, log } of cluster.nodes) {
      console.error(`\n${host.name} said last:\n${log.map((line) => `  ${line}`).join("\n")}`);
    }
    return 1;
  }
}

/** Installs what is missing where it may; why the demo cannot run, or undefined. */
async function prepare(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "it needs Linux";
  if (Deno.uid() !== 0) return "it needs root, for network namespaces (the same command with sudo)";
  const { installed, failure } = await ensure(["iproute2"]);
  if (failure !== undefined) return failure;
  if (installed.length > 0) console.log(`Installed ${installed.join(" ")}.`);
  sweepOrphans();
  // Inside the namespaces there is no way to npm: what the program imports has to be here before.
  const main = new URL("../main.ts", import.meta.url).pathname;
  const cached = await run([Deno.execPath(), "cache", "--quiet", main]);
  if (cached.code !== 0) return `floatip's libraries could not be fetched: ${cached.stderr.trim()}`;
  return missing();
}
