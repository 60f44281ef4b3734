/**
 * Prints as JSON how a process that asks for real-time scheduling and its children are scheduled.
 */
import { LinuxHost } from "../../../src/linux/linux_host.ts";
import { runChild } from "../../../src/process.ts";
import { after, milliseconds } from "../../../src/time.ts";

if (import.meta.main) await tell();

async function tell(): Promise<void> {
  await using host = new LinuxHost();
  const before = host.scheduling();
  const answer = host.wantRealTime();
  const afterwards = host.scheduling();
  // Waiting takes a thread that did not run before.
  await host.wait(after(host.now(), milliseconds(5)));
  const child = await runChild({
    argv: ["sh", "-c", "cat /proc/self/stat; sh -c 'cat /proc/self/stat'"],
    timeoutMs: 5000,
    outputLimit: 4096,
  });
  console.log(JSON.stringify({
    before,
    answer: answer === "got" ? answer : `${answer.call} ${answer.code}`,
    afterwards,
    threads: [...Deno.readDirSync("/proc/self/task")].map(({ name }) =>
      Deno.readTextFileSync(`/proc/self/task/${name}/stat`)
    ),
    children: child.stdout.trim().split("\n"),
  }));
}
