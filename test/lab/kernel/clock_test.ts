/** The kernel's boot time as we read it, beside /proc. */
import assert from "node:assert/strict";
import { LinuxHost } from "../../../src/linux/linux_host.ts";

Deno.test("the start of this machine: its name, and the time since then with suspensions", () => {
  using host = new LinuxHost();
  const uptime = () => Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]);
  const earliest = uptime();
  const { id, now } = host.boot();
  const latest = uptime();
  assert.equal(`${id}\n`, Deno.readTextFileSync("/proc/sys/kernel/random/boot_id"));
  // /proc/uptime counts CLOCK_BOOTTIME in hundredths.
  assert.ok(now / 1e9 >= earliest && now / 1e9 <= latest + 0.01, `${now / 1e9} s`);
});
