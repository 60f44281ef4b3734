/** Waits for deadlines and prints as JSON how late each was, in milliseconds. */
import { LinuxHost } from "../../src/linux/linux_host.ts";
import { after, type Instant, milliseconds } from "../../src/time.ts";

if (import.meta.main) await measure(Deno.args);

async function measure([policy, intervalMs, count]: readonly string[]): Promise<void> {
  await using host = new LinuxHost();
  if (policy === "real-time") {
    const answer = host.wantRealTime();
    if (answer !== "got") throw answer;
  }
  const interval = milliseconds(Number(intervalMs));
  const late: number[] = [];
  let due = after(host.now(), interval);
  for (let i = 0; i < Number(count); i++) {
    await untilDue(host, due);
    late.push((host.now() - due) / 1e6);
    // From now on, as the daemon does: a late one does not make the next one early.
    due = after(host.now(), interval);
  }
  console.log(JSON.stringify(late));
}

async function untilDue(host: LinuxHost, due: Instant): Promise<void> {
  for (;;) {
    const events = await host.wait(due);
    if (events.at(-1)?.kind === "deadline") return;
  }
}
