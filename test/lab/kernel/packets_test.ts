/** Packets on the real wire, beside a capture by another program. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Endpoint } from "../../../src/host.ts";
import { openCapture } from "../../../src/linux/capture.ts";
import { formatIp, ip } from "../../../src/net/ip.ts";
import type { Mac } from "../../../src/net/mac.ts";
import { linkNamed } from "../../../src/net/interfaces.ts";
import { after, between, nanoseconds, seconds } from "../../../src/time.ts";
import { gratuitousArp } from "../../../src/wire/arp.ts";
import { encodeEthernet, ETHERTYPE, multicastMac } from "../../../src/wire/ethernet.ts";
import { decodeIpv4, encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { encodeIpv6 } from "../../../src/wire/ipv6.ts";
import {
  batchesUntilDeadline,
  datagrams,
  numbered,
  numberOf,
  waitUntil,
} from "../../contract/lab.ts";
import { PcapReader } from "../../support/interop/pcap.ts";
import {
  GROUP4,
  GROUP6,
  HOST4,
  linkLocalOf,
  MULTICAST4,
  MULTICAST6,
  openMachines,
  PEER4,
} from "../../support/kernel/machine.ts";
import { hostIn, kernelTest, Namespace, type NamespacedHost } from "../../support/kernel/netns.ts";

kernelTest("tcpdump sees just the bytes that were encoded", async () => {
  await using machines = await openMachines();
  const { host, lan } = machines;
  const mac = macOf(host);
  const linkLocal = linkLocalOf(host);
  assert.ok(linkLocal !== undefined);
  const announcement = gratuitousArp(mac, ip("10.77.0.50"));
  const tcpdump = await Tcpdump.open(lan.host("peer").argv(["tcpdump", "-i", "eth0"]), 3);
  host.open(MULTICAST4);
  host.open(MULTICAST6);
  host.send(MULTICAST4, HOST4, GROUP4, numbered(1));
  host.send(MULTICAST6, linkLocal, GROUP6, numbered(2));
  host.sendFrame("eth0", announcement);
  const [ipv4, ipv6, arp] = await tcpdump.frames;
  assert.ok(ipv4 !== undefined && ipv6 !== undefined && arp !== undefined);
  // The kernel chose the identification; all else is as we said.
  const id = decodeIpv4(ipv4.subarray(14))?.id ?? -1;
  const packet4 = encodeIpv4({ source: HOST4, destination: GROUP4, id, payload: numbered(1) });
  assert.deepEqual(
    ipv4,
    encodeEthernet({
      destination: multicastMac(GROUP4),
      source: mac,
      etherType: ETHERTYPE.ipv4,
      payload: packet4,
    }),
  );
  const packet6 = encodeIpv6({
    source: linkLocal,
    destination: GROUP6,
    hopLimit: 255,
    nextHeader: 112,
    trafficClass: 0xc0,
    payload: numbered(2),
  });
  assert.deepEqual(
    ipv6,
    encodeEthernet({
      destination: multicastMac(GROUP6),
      source: mac,
      etherType: ETHERTYPE.ipv6,
      payload: packet6,
    }),
  );
  assert.deepEqual(arp, announcement);
}, "tcpdump");

kernelTest("an address's socket hears no group; a group's socket hears unicast too", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  const mine: Endpoint = { kind: "unicast", family: "ipv4", source: HOST4, interface: "eth0" };
  const theirs: Endpoint = { ...mine, source: PEER4 };
  for (const endpoint of [MULTICAST4, mine]) host.open(endpoint);
  for (const endpoint of [MULTICAST4, theirs]) peer.open(endpoint);
  peer.send(MULTICAST4, PEER4, GROUP4, numbered(1));
  peer.send(theirs, PEER4, HOST4, numbered(2));
  const happened = await waitUntil(host, (soFar) => datagrams(soFar).length >= 3);
  const heard = happened.flatMap((one) =>
    one.kind === "datagram" ? [`${one.endpoint.kind} ${numberOf(one.datagram)}`] : []
  );
  assert.deepEqual(heard.toSorted(), ["multicast 1", "multicast 2", "unicast 2"]);
});

kernelTest(
  "own multicast over IPv6 is not heard, not even by another socket of the machine",
  async () => {
    await using machines = await openMachines();
    const { host, peer } = machines;
    const [here, there] = [linkLocalOf(host), linkLocalOf(peer)];
    assert.ok(here !== undefined && there !== undefined);
    using neighbour = hostIn(host.namespace.name);
    for (const one of [host, neighbour, peer]) one.open(MULTICAST6);
    host.send(MULTICAST6, here, GROUP6, numbered(1));
    await waitUntil(peer, (soFar) => datagrams(soFar).length > 0);
    peer.send(MULTICAST6, there, GROUP6, numbered(2));
    for (const one of [host, neighbour]) {
      const happened = await waitUntil(one, (soFar) => datagrams(soFar).length > 0);
      assert.deepEqual(datagrams(happened).map(numberOf), [2]);
    }
  },
);

kernelTest("an endpoint that is opened while the host waits is heard by that wait", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  const start = host.now();
  const hearing = waitUntil(host, (soFar) => datagrams(soFar).length > 0);
  host.open(MULTICAST4);
  peer.open(MULTICAST4);
  peer.send(MULTICAST4, PEER4, GROUP4, numbered(1));
  assert.deepEqual(datagrams(await hearing).map(numberOf), [1]);
  // After 5 s waitUntil's own deadline would have ended the wait.
  assert.ok(between(start, host.now()) < seconds(5), "the wait ended because of the datagram");
});

kernelTest("a backlog of any length comes before an overdue deadline", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  host.open(MULTICAST4);
  peer.open(MULTICAST4);
  // More than the receive buffer holds, so that it is full.
  for (let number = 0; number < 5000; number++) {
    peer.send(MULTICAST4, PEER4, GROUP4, numbered(number));
  }
  const overdue = after(host.now(), nanoseconds(-1));
  const batches = await batchesUntilDeadline(host, overdue);
  const again = await host.wait(overdue);
  const numbers = batches.flatMap((batch) => datagrams(batch)).map(numberOf);
  assert.ok(numbers.length > 300, `the buffer holds ${numbers.length}`);
  assert.deepEqual(numbers, numbers.map((_, index) => index));
  assert.ok(batches.every(({ length }) => length <= 33), "each of them is soon over");
  assert.deepEqual(again.map((one) => one.kind), ["deadline"]);
});

kernelTest("a capture hears VRRP of others and its own, and nothing else", async () => {
  await using machines = await openMachines();
  const { host, peer } = machines;
  using namespace = new Namespace(host.namespace.name);
  using capture = namespace.run(() => openCapture("eth0"));
  host.open(MULTICAST4);
  peer.open(MULTICAST4);
  peer.open(MULTICAST6);
  const linkLocal = linkLocalOf(peer);
  assert.ok(linkLocal !== undefined);
  peer.sendFrame("eth0", gratuitousArp(macOf(peer), ip("10.77.0.50")));
  peer.send(MULTICAST4, PEER4, GROUP4, numbered(1));
  peer.send(MULTICAST6, linkLocal, GROUP6, numbered(2));
  host.send(MULTICAST4, HOST4, GROUP4, numbered(3));
  const seen: (readonly [string, string, number | undefined, boolean])[] = [];
  while (seen.length < 3) {
    for (const { interface: name, frame, outgoing } of await capture.read()) {
      const packet = decodeIpv4(frame.subarray(14));
      const source = packet === undefined ? "ipv6" : formatIp(packet.source);
      seen.push([name, source, frame.at(-1), outgoing]);
    }
  }
  assert.deepEqual(seen, [
    ["eth0", "10.77.0.2", 1, false],
    ["eth0", "ipv6", 2, false],
    ["eth0", "10.77.0.1", 3, true],
  ]);
});

kernelTest(
  "a capture of neighbours hears ARP and Neighbor Discovery too, and ends when closed",
  async () => {
    await using machines = await openMachines();
    const { host, peer } = machines;
    using namespace = new Namespace(host.namespace.name);
    using capture = namespace.run(() => openCapture("eth0", { neighbours: true }));
    peer.sendFrame("eth0", gratuitousArp(macOf(peer), ip("10.77.0.50")));
    const frames = await capture.read();
    assert.ok(frames.some(({ frame }) => frame[12] === 0x08 && frame[13] === 0x06));
    const last = (async () => {
      while ((await capture.read()).length > 0);
    })();
    capture[Symbol.dispose]();
    await last;
  },
);

kernelTest("a capture says which interface is not there", () => {
  assert.throws(() => openCapture("nope0"), { code: "ENODEV", object: "nope0" });
});

function macOf(host: NamespacedHost): Mac {
  const mac = linkNamed(host.interfaces(), "eth0")?.mac;
  assert.ok(mac !== undefined);
  return mac;
}

/** tcpdump until it has `count` frames of VRRP and ARP. */
class Tcpdump {
  readonly frames: Promise<readonly Uint8Array[]>;

  private constructor(child: ChildProcess) {
    const reader = new PcapReader();
    const frames: Uint8Array[] = [];
    child.stdout?.on("data", (chunk: Uint8Array) => {
      for (const { bytes } of reader.push(chunk)) frames.push(new Uint8Array(bytes));
    });
    this.frames = once(child, "close").then(() => frames);
  }

  static async open(argv: readonly string[], count: number): Promise<Tcpdump> {
    const [program = "", ...args] = argv;
    const filter = "proto 112 or arp or (ip6 and ip6[6] == 112)";
    const options = ["-Z", "root", "-w", "-", "-U", "--immediate-mode", "-c", `${count}`, filter];
    const child = spawn(program, [...args, ...options], { stdio: ["ignore", "pipe", "pipe"] });
    const tcpdump = new Tcpdump(child);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.on("exit", (code) => reject(new Error(`tcpdump ended with ${code}`)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("listening on")) resolve();
    });
    await promise;
    return tcpdump;
  }
}
