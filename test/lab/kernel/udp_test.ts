/** UDP on the real wire, and which of it reaches the daemon. */
import assert from "node:assert/strict";
import { openCapture } from "../../../src/linux/capture.ts";
import { formatIp, type Ip, ip } from "../../../src/net/ip.ts";
import { linkNamed } from "../../../src/net/interfaces.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";
import { decodeIpv4, encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { decodeIpv6 } from "../../../src/wire/ipv6.ts";
import { decodeUdp, encodeUdp } from "../../../src/wire/udp.ts";
import {
  batchesUntilDeadline,
  datagrams,
  hostError,
  numbered,
  numberOf,
  udp,
  waitUntil,
} from "../../contract/lab.ts";
import { HOST4, linkLocalOf, openMachines, PEER4 } from "../../support/kernel/machine.ts";
import { hostIn, kernelTest, Namespace, type NamespacedHost } from "../../support/kernel/netns.ts";

kernelTest(
  "what leaves by UDP has the port at both ends, TTL 255 and the class of routing",
  async () => {
    await using machines = await openMachines();
    const { host, peer } = machines;
    const [here, there] = [linkLocalOf(host), linkLocalOf(peer)];
    assert.ok(here !== undefined && there !== undefined);
    using namespace = new Namespace(peer.namespace.name);
    using capture = namespace.run(() => openCapture("eth0", { ports: [336] }));
    host.open(udp(HOST4));
    host.open(udp(HOST4, 337));
    host.open(udp(here));
    host.send(udp(HOST4, 337), HOST4, PEER4, numbered(0));
    host.send(udp(HOST4), HOST4, PEER4, numbered(1));
    host.send(udp(here), here, there, numbered(2));
    const seen: Uint8Array[] = [];
    while (seen.length < 2) seen.push(...(await capture.read()).map(({ frame }) => frame));
    const [four, six] = [decodeIpv4(seen[0]?.subarray(14) ?? new Uint8Array()), seen[1]];
    assert.ok(four !== undefined && six !== undefined);
    assert.deepEqual([four.ttl, four.typeOfService, four.protocol], [255, 0xc0, 17]);
    const ports = { sourcePort: 336, destinationPort: 336 };
    assert.deepEqual(decodeUdp(four.payload), { ...ports, payload: numbered(1) });
    const packet = decodeIpv6(six.subarray(14));
    assert.ok(packet !== undefined);
    assert.deepEqual([packet.hopLimit, packet.trafficClass, packet.nextHeader], [255, 0xc0, 17]);
    assert.deepEqual(decodeUdp(packet.payload), { ...ports, payload: numbered(2) });
  },
);

kernelTest(
  "whoever sends, by whatever way: source, port, TTL and bytes are told as they came",
  async () => {
    await using machines = await openMachines();
    const { host, peer } = machines;
    host.open(udp(HOST4));
    const stranger = ip("10.77.0.99");
    const sent = [
      { source: PEER4, sourcePort: 336, ttl: 255, payload: numbered(1) },
      { source: PEER4, sourcePort: 336, ttl: 254, payload: numbered(2) },
      { source: PEER4, sourcePort: 40_000, ttl: 255, payload: numbered(3) },
      { source: stranger, sourcePort: 336, ttl: 1, payload: numbered(4) },
      { source: PEER4, sourcePort: 336, ttl: 255, payload: new Uint8Array() },
      { source: PEER4, sourcePort: 336, ttl: 255, payload: Uint8Array.of(0x31) },
      { source: PEER4, sourcePort: 336, ttl: 255, payload: new Uint8Array(1400).fill(0x31) },
    ];
    for (const one of sent) sendRaw(peer, host, one);
    const happened = await waitUntil(host, (soFar) => datagrams(soFar).length >= sent.length);
    const told = datagrams(happened).map(({ source, port, ttl, payload }) =>
      [formatIp(source), port, ttl, payload] as const
    );
    assert.deepEqual(
      told,
      sent.map(({ source, sourcePort, ttl, payload }) =>
        [formatIp(source), sourcePort, ttl, payload] as const
      ),
    );
  },
);

kernelTest("what the kernel finds broken, or is not for this port, never comes", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  host.open(udp(HOST4));
  const good = { source: PEER4, sourcePort: 336, ttl: 255, payload: numbered(1) };
  sendRaw(peer, host, good, (bytes) => bytes.with(7, (bytes[7] ?? 0) ^ 1));
  sendRaw(peer, host, good, (bytes) => bytes.with(5, bytes.length + 1));
  sendRaw(peer, host, good, (bytes) => bytes.subarray(0, 7));
  sendRaw(peer, host, { ...good, destinationPort: 337 });
  sendRaw(peer, host, { ...good, payload: numbered(2) });
  const happened = await waitUntil(host, (soFar) => datagrams(soFar).length > 0);
  assert.deepEqual(datagrams(happened).map(numberOf), [2]);
});

kernelTest("a datagram longer than any advert comes cut off, and the next one whole", async () => {
  await using machines = await openMachines();
  const { host, peer, lan } = machines;
  host.open(udp(HOST4));
  peer.open(udp(PEER4));
  const words = `dd if=/dev/zero bs=60000 count=1 status=none > /dev/udp/${formatIp(HOST4)}/336`;
  const { code, stderr } = await lan.host("peer").exec(["bash", "-c", words]);
  assert.equal(code, 0, stderr);
  const [long] = datagrams(await waitUntil(host, (soFar) => datagrams(soFar).length > 0));
  assert.ok(long !== undefined && long.payload.length > 4096 && long.payload.length < 60_000);
  assert.deepEqual([formatIp(long.source), long.ttl], [formatIp(PEER4), 64]);
  peer.send(udp(PEER4), PEER4, HOST4, numbered(1));
  const next = await waitUntil(host, (soFar) => datagrams(soFar).length > 0);
  assert.deepEqual(datagrams(next).map(numberOf), [1]);
});

kernelTest(
  "a port that another process has is refused, whichever of the two came first",
  async () => {
    await using machines = await openMachines();
    const { host } = machines;
    using other = hostIn(host.namespace.name);
    other.open(udp(HOST4));
    assert.throws(() => host.open(udp(HOST4)), hostError("EADDRINUSE"));
    other.close(udp(HOST4));
    host.open(udp(HOST4));
    assert.throws(() => other.open(udp(HOST4)), hostError("EADDRINUSE"));
  },
);

kernelTest("a flood fills the buffer, and the deadline comes after what was in it", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  host.open(udp(HOST4));
  peer.open(udp(PEER4));
  for (let number = 0; number < 5000; number++) {
    peer.send(udp(PEER4), PEER4, HOST4, numbered(number));
  }
  const batches = await batchesUntilDeadline(host, host.now());
  const numbers = batches.flatMap((batch) => datagrams(batch)).map(numberOf);
  assert.ok(numbers.length > 300 && numbers.length <= 1024, `the buffer holds ${numbers.length}`);
  assert.deepEqual(numbers, numbers.map((_, index) => index));
});

/**
 * Puts a datagram on the wire that no socket of `from` would send. `spoil` is done to what follows
 * the IP header.
 */
function sendRaw(
  from: NamespacedHost,
  to: NamespacedHost,
  { source, sourcePort, ttl, payload, destinationPort = 336 }: {
    readonly source: Ip;
    readonly sourcePort: number;
    readonly ttl: number;
    readonly payload: Uint8Array;
    readonly destinationPort?: number;
  },
  spoil: (datagram: Uint8Array) => Uint8Array = (datagram) => datagram,
): void {
  const datagram = spoil(encodeUdp({ sourcePort, destinationPort, payload }, source, HOST4));
  const [ours, theirs] = [from, to].map((one) => linkNamed(one.interfaces(), "eth0")?.mac);
  assert.ok(ours !== undefined && theirs !== undefined);
  from.sendFrame(
    "eth0",
    encodeEthernet({
      source: ours,
      destination: theirs,
      etherType: ETHERTYPE.ipv4,
      payload: encodeIpv4({
        source,
        destination: HOST4,
        id: 1,
        ttl,
        protocol: 17,
        payload: datagram,
      }),
    }),
  );
}
