/** What does one probe find where this program runs? For tests that start it elsewhere: prints the result as JSON. */
import { attempt } from "./checks.ts";

if (import.meta.main) {
  const [probe = "{}", timeoutMs = "1000"] = Deno.args;
  console.log(JSON.stringify(await attempt(JSON.parse(probe), Number(timeoutMs))));
}
