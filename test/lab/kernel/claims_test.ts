/** The cost of watching for address assertions on a noisy LAN, and under a flood. */
import assert from "node:assert/strict";
import type { HostEvent } from "../../../src/host.ts";
import { ClaimWatch } from "../../../src/linux/claim_watch.ts";
import { Receiver } from "../../../src/linux/datagram.ts";
import { Libc } from "../../../src/linux/libc.ts";
import { Poller } from "../../../src/linux/poller.ts";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { linkNamed } from "../../../src/net/interfaces.ts";
import type { Mac } from "../../../src/net/mac.ts";
import { after, milliseconds } from "../../../src/time.ts";
import { arpProbe, gratuitousArp } from "../../../src/wire/arp.ts";
import { unsolicitedNa } from "../../../src/wire/ndp.ts";
import { type Machines, openMachines } from "../../support/kernel/machine.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

const VIP4 = ip("10.77.0.50"), VIP6 = ip("fd77::50");
const WATCHED = [VIP4, VIP6].map((address) => ({ interface: "eth0", address }));

/** A watch on the host for what its peer, with `mac`, sends. */
function watchOn({ host, peer }: Machines) {
  const mac = linkNamed(peer.interfaces(), "eth0")?.mac ?? assert.fail();
  const libc = new Libc();
  const poller = new Poller(libc);
  const watch = new ClaimWatch(libc, poller);
  const interfaces = host.interfaces();
  host.namespace.run(() => watch.settle(WATCHED, interfaces));
  const dispose = () => {
    watch[Symbol.dispose]();
    poller[Symbol.dispose]();
  };
  return { mac, libc, poller, watch, interfaces, [Symbol.dispose]: dispose };
}

kernelTest("what does not concern the list does not wake us", async () => {
  await using machines = await openMachines();
  const { peer } = machines;
  using watching = watchOn(machines);
  const { mac, poller } = watching;
  for (let i = 1; i < 50; i++) {
    peer.sendFrame("eth0", gratuitousArp(mac, ip(`10.77.1.${i}`)));
    peer.sendFrame("eth0", unsolicitedNa(mac, ip(`fd77:1::${i}`), false));
    peer.sendFrame("eth0", arpProbe(mac, ip(`10.77.1.${i}`)));
  }
  assert.equal(poller.ready().size, 0);
  peer.sendFrame("eth0", gratuitousArp(mac, VIP4));
  assert.equal(poller.ready().size, 1);
  peer.sendFrame("eth0", unsolicitedNa(mac, VIP6, false));
  assert.equal(poller.ready().size, 2);
});

kernelTest("a link that is gone when what leaves by it is to be heard ends nothing", async () => {
  await using machines = await openMachines();
  const { machine, host, peer } = machines;
  using watching = watchOn(machines);
  const { mac, libc, poller, watch, interfaces } = watching;
  for (let i = 0; i < 2; i++) peer.sendFrame("eth0", arpProbe(mac, VIP4));
  peer.sendFrame("eth0", gratuitousArp(mac, VIP4));
  const ready = poller.ready();
  await machine.ip("link", "del", "eth0");
  const heard: string[] = [];
  host.namespace.run(() =>
    watch.drain(ready, new Receiver(libc, 2048), interfaces, ({ address }) => {
      heard.push(formatIp(address));
    })
  );
  assert.deepEqual(heard, ["10.77.0.50"]);
});

kernelTest(
  "a flood of claims from ever new MACs comes in small batches, and deadlines are kept",
  async () => {
    await using machines = await openMachines();
    const { host, peer } = machines;
    host.watchClaims(WATCHED);
    const batches: (readonly HostEvent[])[] = [];
    let overdue = 0;
    let sent = 0;
    const end = after(host.now(), milliseconds(500));
    while (host.now() < end) {
      for (let i = 0; i < 300; i++) peer.sendFrame("eth0", gratuitousArp(madeUpMac(sent++), VIP4));
      const due = after(host.now(), milliseconds(1));
      let batch: readonly HostEvent[] = [];
      while (batch.at(-1)?.kind !== "deadline") batches.push(batch = await host.wait(due));
      overdue = Math.max(overdue, host.now() - due);
    }
    const claims = batches.map((batch) => batch.filter(({ kind }) => kind === "claim").length);
    assert.ok(Math.max(...claims) > 1, "claims arrive");
    assert.ok(Math.max(...claims) <= 64, `${Math.max(...claims)} in a batch`);
    assert.ok(overdue < 250e6, `a deadline came ${overdue / 1e6} ms late`);
  },
);

function madeUpMac(number: number): Mac {
  const mac = new Uint8Array([2, 0x77, 0, 0, 0, 0]);
  new DataView(mac.buffer).setUint32(2, number);
  return mac;
}
