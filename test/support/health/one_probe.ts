/** A program that runs one probe and prints the result as JSON, for tests in other namespaces. */
import { attempt } from "./checks.ts";

if (import.meta.main) {
  const [probe = "{}", timeoutMs = "1000"] = Deno.args;
  console.log(JSON.stringify(await attempt(JSON.parse(probe), Number(timeoutMs))));
}
