/** The channel on the real kernel: a port that another program has, and what leaves the machine. */
import assert from "node:assert/strict";
import type { ChannelSettings } from "../../../src/host.ts";
import { openCapture } from "../../../src/linux/capture.ts";
import { ip } from "../../../src/net/ip.ts";
import { decodeIpv4 } from "../../../src/wire/ipv4.ts";
import { decodeUdp } from "../../../src/wire/udp.ts";
import { HOST4, openMachines, PEER4 } from "../../support/kernel/machine.ts";
import { hostIn, kernelTest, Namespace } from "../../support/kernel/netns.ts";

const SETTINGS: ChannelSettings = {
  port: 337,
  addresses: [HOST4, ip("fd77::1")],
  peers: [PEER4, ip("fd77::2")],
  keys: [{ id: 7, secret: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" }],
};

kernelTest(
  "channel: a port that another program has is refused by name, until it is free",
  async () => {
    await using machines = await openMachines();
    const { host } = machines;
    using other = hostIn(host.namespace.name);
    assert.deepEqual(other.openChannel({ ...SETTINGS, addresses: [HOST4] }), []);
    assert.deepEqual(host.openChannel(SETTINGS).map(({ message }) => message), [
      "bind UDP port 337 of the cluster (ipv4): Address already in use (EADDRINUSE)",
    ]);
    other.closeChannel();
    assert.deepEqual(host.openChannel(SETTINGS), []);
  },
);

kernelTest("channel: what leaves has the port at both ends, and may pass routers", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  using namespace = new Namespace(peer.namespace.name);
  using capture = namespace.run(() => openCapture("eth0", { ports: [337] }));
  host.openChannel(SETTINGS);
  const [nonce, head, info] = [12, 24, 3].map((length) => new Uint8Array(length));
  assert.ok(nonce !== undefined && head !== undefined && info !== undefined);
  host.sealAndSend([{ to: PEER4, key: { keyId: 7, info }, nonce, head, text: new Uint8Array(5) }]);
  const [first] = await capture.read();
  const packet = decodeIpv4(first?.frame.subarray(14) ?? new Uint8Array());
  assert.deepEqual([packet?.ttl, packet?.typeOfService, packet?.protocol], [64, 0xc0, 17]);
  const udp = decodeUdp(packet?.payload ?? new Uint8Array());
  assert.deepEqual([udp?.sourcePort, udp?.destinationPort], [337, 337]);
  assert.equal(udp?.payload.length, 24 + 5 + 16);
});
