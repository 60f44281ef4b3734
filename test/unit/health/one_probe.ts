/** What does one probe find where this program runs? For tests that start it elsewhere: prints the result as JSON. */
import { parseIp } from "../../../src/net/ip.ts";
import { attempt } from "./checks.ts";

if (import.meta.main) {
  const [probe = "{}", timeoutMs = "1000"] = Deno.args;
  const { address, ...settings } = JSON.parse(probe);
  const parsed = typeof address === "string" ? { address: parseIp(address) } : {};
  console.log(JSON.stringify(await attempt({ ...settings, ...parsed }, Number(timeoutMs))));
}
