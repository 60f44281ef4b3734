/** Votes runs until one fails, for so many node-hours: says which one did, and ends with 1. */
import { counted } from "./counted.ts";

if (import.meta.main) Deno.exit(await firstFailure(Number(Deno.args[0])));

async function firstFailure(most: number): Promise<number> {
  let nodeHours = 0;
  for (let seed = 1; nodeHours < most; seed++) {
    const { nodeHours: more, failure } = await counted("votes", seed);
    nodeHours += more;
    if (failure === undefined) continue;
    const [, what = ""] = failure.split("\n");
    console.log(`${nodeHours.toFixed(2)} node-hours: votes seed ${seed}: ${what.trim()}`);
    return 1;
  }
  return 0;
}
