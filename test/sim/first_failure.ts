/** Votes runs until one fails, for so many node-hours: says which one did, and ends with 1. */
import { counted } from "./counted.ts";

const most = Number(Deno.args[0]);
let nodeHours = 0;
for (let seed = 1; nodeHours < most; seed++) {
  const { nodeHours: more, failure } = await counted("votes", seed);
  nodeHours += more;
  if (failure === undefined) continue;
  const [, what = ""] = failure.split("\n");
  console.log(`${nodeHours.toFixed(2)} node-hours: votes seed ${seed}: ${what.trim()}`);
  Deno.exit(1);
}
