/** What the real kernel reports of links. */
import assert from "node:assert/strict";
import { formatIp } from "../../../src/net/ip.ts";
import { linkNamed } from "../../../src/net/interfaces.ts";
import { waitUntil } from "../../contract/lab.ts";
import { openMachines } from "../../support/kernel/machine.ts";
import { kernelTest, type NamespacedHost } from "../../support/kernel/netns.ts";

kernelTest("IPv6 forwarding is known, also when it is switched later", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  assert.equal(eth0(host)?.forwards6, false);
  await machine.exec(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/eth0/forwarding"]);
  await waitUntil(host, () => eth0(host)?.forwards6 === true);
});

kernelTest("a link that is renamed is known by its new name", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  const index = eth0(host)?.index;
  await machine.linkDown();
  await machine.ip("link", "set", "eth0", "name", "lan0");
  await waitUntil(host, () => link(host, "lan0")?.index === index && eth0(host) === undefined);
});

kernelTest(
  "a carrier that came and went is counted, and the bridge of a port is known",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    const before = eth0(host)?.carrierUps ?? 0;
    await machine.unplug();
    await machine.plug();
    await waitUntil(host, () => eth0(host)?.carrierUps === before + 1);
    await machine.ip("link", "add", "br9", "type", "bridge");
    await machine.ip("link", "set", "eth0", "master", "br9");
    await waitUntil(host, () => eth0(host)?.master === link(host, "br9")?.index);
    await machine.ip("link", "set", "eth0", "nomaster");
    await waitUntil(host, () => eth0(host)?.master === undefined);
  },
);

kernelTest("IPv6 that is switched off is known, also when it is switched later", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  const write = (value: number) =>
    machine.exec(["sh", "-c", `echo ${value} >/proc/sys/net/ipv6/conf/eth0/disable_ipv6`]);
  assert.equal(eth0(host)?.ipv6Off, undefined);
  await write(1);
  await waitUntil(host, () => eth0(host)?.ipv6Off === true);
  await write(0);
  await waitUntil(host, () => eth0(host)?.ipv6Off === undefined);
  await machine.ip("link", "set", "eth0", "mtu", "1200");
  await waitUntil(host, () => eth0(host)?.ipv6Off === true);
  await machine.ip("link", "set", "eth0", "mtu", "1500");
  await waitUntil(host, () => eth0(host)?.ipv6Off === undefined);
});

kernelTest("the gateway of the default route is known, of each family", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  assert.deepEqual(host.gateways(), []);
  await machine.ip("route", "add", "default", "via", "10.77.0.254");
  await machine.ip("-6", "route", "add", "default", "via", "fe80::1", "dev", "eth0");
  assert.deepEqual(host.gateways().map(formatIp), ["10.77.0.254", "fe80::1"]);
  await machine.ip("route", "replace", "unreachable", "default");
  assert.deepEqual(host.gateways().map(formatIp), ["fe80::1"]);
});

kernelTest("a link without ARP, its MAC and loopback are told apart", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  assert.equal(eth0(host)?.arp, true);
  assert.equal(link(host, "lo")?.loopback, true);
  await machine.ip("link", "set", "eth0", "arp", "off");
  await machine.ip("link", "set", "eth0", "address", "02:00:00:00:00:07");
  await waitUntil(host, () => eth0(host)?.arp === false && eth0(host)?.mac?.at(-1) === 7);
  assert.deepEqual(eth0(host)?.mac, Uint8Array.of(2, 0, 0, 0, 0, 7));
});

kernelTest(
  "packets come and go through a link that was down, gone and back many times",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    for (let round = 0; round < 5; round++) {
      await machine.linkDown();
      await waitUntil(host, () => eth0(host)?.up === false);
      assert.throws(() => host.sendFrame("eth0", new Uint8Array(60)), { code: "ENETDOWN" });
      await machine.linkUp();
      await waitUntil(host, () => eth0(host)?.running === true);
      host.sendFrame("eth0", new Uint8Array(60));
    }
  },
);

function eth0(host: NamespacedHost) {
  return link(host, "eth0");
}

function link(host: NamespacedHost, name: string) {
  return linkNamed(host.interfaces(), name);
}
