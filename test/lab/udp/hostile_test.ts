/** Hostile datagrams change nothing: strangers, routers, users, wrong bytes, a flood. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Floatip } from "../../support/interop/floatip.ts";
import { macOf } from "../../support/interop/holders.ts";
import { inject } from "../../support/interop/hostile.ts";
import { until } from "../../support/until.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { ip } from "../../../src/net/ip.ts";
import { parseMac } from "../../../src/net/mac.ts";
import { milliseconds } from "../../../src/time.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import type { RejectReason } from "../../../src/wire/reject.ts";
import { encodeUdp } from "../../../src/wire/udp.ts";
import { type Advert, encodeAdvert } from "../../../src/wire/vrrp.ts";

const reason = missing("setpriv");

const EVERY_MS = 10;
const ROUNDS = 40;

const FILE = `[nodes]
a = "10.77.0.1"
b = "10.77.0.2"

[instance.web]
vrid = 51
addresses = ["10.77.0.100/24"]
prefer = ["a", "b"]
advert_interval = "100ms"
transport = "udp"
`;

/** What one kind of datagram is, where it is not as node b would send it. */
interface Kind {
  /** Undefined: the kernel keeps it away, since no instance is meant. */
  readonly reason: RejectReason | undefined;
  readonly source?: string;
  readonly sourcePort?: number;
  readonly ttl?: number;
  readonly vrid?: number;
  readonly spoil?: (message: Uint8Array) => Uint8Array;
}

/** All claim the address with priority 254; as node b would send it, each would be obeyed. */
const KINDS: Readonly<Record<string, Kind>> = {
  "a stranger": { reason: "unknown-peer", source: "10.77.0.66" },
  "through a router": { reason: "ttl", ttl: 254 },
  "from another port": { reason: "source-port", sourcePort: 40_000 },
  "another VRID": { reason: undefined, vrid: 52 },
  "a turned bit": { reason: "checksum", spoil: (message) => message.with(10, message[10] ? 0 : 1) },
  "cut off": { reason: "length", spoil: (message) => message.subarray(0, 10) },
  "nearly nothing": { reason: "too-short", spoil: (message) => message.subarray(0, 7) },
  "far too long": {
    reason: "length",
    spoil: (message) => {
      const longer = new Uint8Array(1400);
      longer.set(message);
      return longer;
    },
  },
  "nothing": { reason: undefined, spoil: () => new Uint8Array() },
};

/** "I am master with priority 254", as `source` says it to `destination`. */
function claimOf(source: string, destination: string, vrid = 51): Uint8Array {
  const advert: Advert = {
    version: 3,
    vrid,
    priority: 254,
    interval: milliseconds(100),
    addresses: [ip("10.77.0.100")],
  };
  return encodeAdvert(advert, ip(source), ip(destination));
}

async function frameOf(
  from: LabHost,
  to: LabHost,
  kind: Omit<Kind, "reason">,
): Promise<Uint8Array> {
  const { source: text = "10.77.0.2", sourcePort = 336, ttl = 255 } = kind;
  const [source, destination] = [ip(text), ip(to.address)];
  const message = claimOf(text, to.address, kind.vrid);
  const payload = kind.spoil?.(message) ?? message;
  const datagram = encodeUdp({ sourcePort, destinationPort: 336, payload }, source, destination);
  const packet = { source, destination, id: 1, ttl, protocol: 17, payload: datagram };
  const [ours, theirs] = await Promise.all([macOf(from), macOf(to)]);
  return encodeEthernet({
    source: parseMac(ours) ?? new Uint8Array(6),
    destination: parseMac(theirs) ?? new Uint8Array(6),
    etherType: ETHERTYPE.ipv4,
    payload: encodeIpv4(packet),
  });
}

/** A refused advert for the VRID is told until the address was asked for and found free. */
async function untilFoundFree(floatip: Floatip): Promise<void> {
  await until(
    () => `the address found free\n${floatip.log.text}`,
    async () => {
      const { conflict, conflicts, health } = await floatip.instance();
      return conflict === null && conflicts.length === 0 && health === "held";
    },
    40_000,
  );
}

Deno.test({
  ...nameWith(
    "udp: hostile datagrams are counted, each under its name, and change nothing",
    reason,
  ),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "attacker"] });
    const [host, attacker] = [lan.host("a"), lan.host("attacker")];
    await using a = await Floatip.start(host, FILE);
    await a.untilState("master");
    const cycle = await Promise.all(
      Object.values(KINDS).map((kind) => frameOf(attacker, host, kind)),
    );
    await inject(attacker, Array.from({ length: ROUNDS }, () => cycle).flat(), EVERY_MS);
    // 60,000 bytes in fragments, from a socket as everybody may have one.
    for (let i = 0; i < ROUNDS; i++) {
      const words = "dd if=/dev/zero bs=60000 count=1 status=none > /dev/udp/10.77.0.1/336";
      const sent = await attacker.exec(["bash", "-c", words]);
      assert.equal(sent.code, 0, sent.stderr);
    }
    const kinds = Object.values(KINDS).flatMap(({ reason: name }) => name ?? []);
    const expected = (name: RejectReason) => kinds.filter((kind) => kind === name).length;
    const counted = await until(() => `all counted\n${a.log.text}`, async () => {
      const { instances, rejects } = await a.status();
      const sums = new Map<string, number>();
      for (const [name, count] of [instances[0]?.rejects ?? {}, rejects].flatMap(Object.entries)) {
        sums.set(name, (sums.get(name) ?? 0) + Number(count));
      }
      const all = kinds.every((name) => (sums.get(name) ?? 0) >= ROUNDS * expected(name));
      return all ? sums : undefined;
    });
    console.log(`  ${[...counted].map(([name, count]) => `${name} ${count}`).join(", ")}`);
    assert.equal(counted.get("unknown-vrid"), undefined);
    const status = await a.instance();
    assert.deepEqual([status.state, status.counters.master_transitions], ["master", 1]);
    assert.equal(status.counters.rcvd_advertisements, 0);
    await untilFoundFree(a);
    assert.ok(await host.holds("10.77.0.100"));
    // The same as node b would send it is obeyed: nothing else was in the way.
    await inject(attacker, [await frameOf(attacker, host, {})], EVERY_MS);
    await a.log.until(/master -> backup: b \(10\.77\.0\.2\) has priority 254/, 5000);
  },
});

Deno.test({
  ...nameWith(
    "udp: a flood from a peer that is not floatip does not silence the master",
    reason,
  ),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b"] });
    const [host, b] = [lan.host("a"), lan.host("b")];
    await using a = await Floatip.start(host, FILE);
    await a.untilState("master");
    const before = (await a.instance()).counters.sent_advertisements;
    // VRID 0x33 is 51: what is for others the kernel keeps away.
    const flood = b.spawn(
      ["bash", "-c", "while :; do printf '3%.0s' {1..200} > /dev/udp/10.77.0.1/336; done"],
      { output: "ignore" },
    );
    await until("some thousand datagrams", async () => {
      const { rejects } = await a.instance();
      return Object.values(rejects).reduce((sum, count) => sum + count, 0) > 3000;
    }, 60_000);
    flood.kill("SIGKILL");
    const { state, counters } = await a.instance();
    assert.deepEqual([state, counters.master_transitions], ["master", 1]);
    assert.ok(counters.sent_advertisements > before, "it goes on");
  },
});

Deno.test({
  ...nameWith("udp: a user without rights gets neither the port nor a word in", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b"] });
    const [host, b] = [lan.host("a"), lan.host("b")];
    await using a = await Floatip.start(host, FILE);
    await a.untilState("master");
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync("/tmp/fl-udp-");
    stack.defer(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    // As floatip of that node would say it, but for the port that only the privileged have. A TTL
    // of 255 anybody may choose.
    for (const from of [b, host]) {
      await from.exec(["sysctl", "-w", "net.ipv4.ip_default_ttl=255"]);
      writeFileSync(`${folder}/advert`, claimOf(from.address, host.address));
      const words = `dd if=${folder}/advert bs=1000 status=none > /dev/udp/10.77.0.1/336`;
      const sent = await from.exec([...asNobody, "bash", "-c", words]);
      assert.equal(sent.code, 0, sent.stderr);
    }
    await until(
      () => `both counted\n${a.log.text}`,
      async () => (await a.instance()).rejects["source-port"] === 2,
    );
    const { state, counters } = await a.instance();
    assert.deepEqual([state, counters.master_transitions], ["master", 1]);
    await untilFoundFree(a);
  },
});
