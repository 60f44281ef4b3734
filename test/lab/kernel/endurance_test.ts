/** Descriptors and time of the real host over thousands of rounds; figures are printed. */
import assert from "node:assert/strict";
import { LinuxHost } from "../../../src/linux/linux_host.ts";
import { after, between, milliseconds, type Nanoseconds } from "../../../src/time.ts";
import { GROUP4, held, MULTICAST4, openMachines, PEER4 } from "../../support/kernel/machine.ts";
import { kernelTest, type NamespacedHost } from "../../support/kernel/netns.ts";

kernelTest("10,000 waits that are woken leak no descriptor", async () => {
  using host = new LinuxHost();
  const before = descriptors();
  const start = host.now();
  for (let round = 0; round < 10_000; round++) {
    host.wake();
    const batch = await host.wait(undefined);
    assert.ok(batch.some((one) => one.kind === "woken"));
  }
  say("wake and wait", between(start, host.now()), 10_000);
  assert.equal(descriptors(), before);
});

kernelTest(
  "opening and closing leaves no descriptor behind, nor does the host itself",
  async () => {
    await using machines = await openMachines();
    const { host } = machines;
    const before = descriptors();
    for (let round = 0; round < 200; round++) {
      host.open(MULTICAST4);
      host.close(MULTICAST4);
      assert.throws(() => host.open({ ...MULTICAST4, interface: "nope0" }));
      const another = host.namespace.run(() => new LinuxHost());
      const waiting = another.wait(undefined);
      another[Symbol.dispose]();
      assert.deepEqual(await waiting, []);
    }
    assert.equal(descriptors(), before);
  },
);

kernelTest("deadlines are never early", async () => {
  using host = new LinuxHost();
  const late: Nanoseconds[] = [];
  let due = host.now();
  while (late.length < 200) {
    due = after(host.now(), milliseconds(5));
    const batch = await host.wait(due);
    if (batch.at(-1)?.kind === "deadline") late.push(between(due, host.now()));
  }
  late.sort((a, b) => a - b);
  const at = (share: number): string => `${((late[Math.floor(share * 200)] ?? 0) / 1e3) | 0} µs`;
  console.log(`      timer: late by ${at(0.5)} at the median, ${at(0.99)} at the 99th percentile`);
  assert.ok((late[0] ?? -1) >= 0, `early by ${late[0]} ns`);
});

kernelTest("who is woken before the deadline hears nothing of it", async () => {
  using host = new LinuxHost();
  const due = after(host.now(), milliseconds(60_000));
  host.wake();
  const batch = await host.wait(due);
  assert.deepEqual(batch.filter(({ kind }) => kind !== "interfaces"), [
    { kind: "woken" },
  ]);
});

kernelTest("thousands of calls of each kind succeed", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  measure(host, "add and remove an IPv4 address", 1000, ({ direct }) => {
    assert.equal(direct.addAddress(held("10.77.0.50/24")), "added");
    assert.equal(direct.removeAddress(held("10.77.0.50/24")), "removed");
  });
  measure(host, "add and remove an IPv6 address", 1000, ({ direct }) => {
    assert.equal(direct.addAddress(held("fd77::50/64")), "added");
    assert.equal(direct.removeAddress(held("fd77::50/64")), "removed");
  });
  const frame = new Uint8Array(60).fill(0xff);
  measure(host, "send a frame", 5000, ({ direct }) => direct.sendFrame("eth0", frame));
  peer.open(MULTICAST4);
  const message = new Uint8Array(12);
  measure(peer, "send an advert", 5000, ({ direct }) => {
    direct.send(MULTICAST4, PEER4, GROUP4, message);
  });
});

function measure(
  host: NamespacedHost,
  what: string,
  rounds: number,
  act: (host: NamespacedHost) => void,
): void {
  const start = host.now();
  host.namespace.run(() => {
    for (let round = 0; round < rounds; round++) act(host);
  });
  say(what, between(start, host.now()), rounds);
}

function say(what: string, took: Nanoseconds, rounds: number): void {
  console.log(`      ${what}: ${(took / rounds / 1e3).toFixed(1)} µs`);
}

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
