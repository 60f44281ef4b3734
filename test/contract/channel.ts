/** Every Host: the channel between nodes, its sealed datagrams, and what does not open. */
import assert from "node:assert/strict";
import type { ToOpen, ToSeal } from "../../src/cluster/outcome.ts";
import { dataNonce } from "../../src/cluster/session.ts";
import type { ChannelKey, ChannelSettings, Host, HostEvent } from "../../src/host.ts";
import { formatIp, type Ip, ip } from "../../src/net/ip.ts";
import { type ContractCase, type ContractLab, HOST4, linkLocalOf, PEER4 } from "./lab.ts";

const PORT = 9337;
const KEY: ChannelKey = { id: 7, secret: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" };
const OTHER_KEY: ChannelKey = { id: 7, secret: "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA" };
const INFO = Uint8Array.of(1, 2, 3);
/** As long as the shortest head. */
const HEAD = new Uint8Array(24).fill(1);

type Arrived = Extract<HostEvent, { kind: "channel" }>;

/** Cases about the channel. */
export const CHANNEL_CASES: readonly ContractCase[] = [
  {
    name: "a sealed datagram of the channel arrives, and opens with the same key alone",
    async run(lab) {
      const { host, peer } = lab;
      connect(lab, HOST4, PEER4);
      peer.sealAndSend([toSeal(HOST4, "well")]);
      const [{ from, datagram }] = await arrived(lab, 1);
      assert.equal(formatIp(from), formatIp(PEER4));
      const job = toOpen(datagram);
      assert.equal(await opened(lab, job), "well");
      for (let at = 0; at < datagram.length; at++) {
        const changed = datagram.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        assert.equal(await opened(lab, toOpen(changed)), undefined, `byte ${at}`);
      }
      assert.equal(await opened(lab, { ...job, nonce: dataNonce(2n) }), undefined);
      const info = Uint8Array.of(9);
      assert.equal(await opened(lab, { ...job, key: { keyId: 7, info } }), undefined);
      host.openChannel(settings(HOST4, [PEER4], { keys: [OTHER_KEY] }));
      assert.equal(await opened(lab, job), undefined);
      host.openChannel(settings(HOST4, [PEER4]));
      assert.equal(await opened(lab, job), "well");
    },
  },
  {
    name: "the channel speaks IPv6 between link-local addresses",
    async run(lab) {
      const [here, there] = [linkLocalOf(lab.host), linkLocalOf(lab.peer)];
      connect(lab, here, there);
      lab.peer.sealAndSend([toSeal(here, "six")]);
      const [{ from, datagram }] = await arrived(lab, 1);
      assert.equal(formatIp(from), formatIp(there));
      assert.equal(await opened(lab, toOpen(datagram)), "six");
    },
  },
  {
    name: "datagrams of the channel keep their order, and leave from the address of the file",
    async run(lab) {
      await lab.world.addAddress("10.77.0.9/24");
      await lab.until(lab.host, (soFar) => soFar.some(({ kind }) => kind === "interfaces"));
      const late = ip("10.77.0.9");
      lab.host.openChannel(settings(late, [PEER4]));
      lab.peer.openChannel(settings(PEER4, [late]));
      const texts = Array.from({ length: 40 }, (_, n) => `${n}`);
      lab.host.sealAndSend(texts.map((text) => toSeal(PEER4, text)));
      const all = await arrived(lab, texts.length, lab.peer);
      assert.deepEqual(new Set(all.map(({ from }) => formatIp(from))), new Set(["10.77.0.9"]));
      const found: (string | undefined)[] = [];
      for (const { datagram } of all) found.push(await opened(lab, toOpen(datagram), lab.peer));
      assert.deepEqual(found, texts);
    },
  },
  {
    name: "the channel tells nothing of strangers, and nothing when it is closed",
    async run(lab) {
      const { host, peer } = lab;
      connect(lab, HOST4, PEER4);
      peer.sealAndSend([toSeal(HOST4, "first")]);
      await arrived(lab, 1);
      host.openChannel(settings(HOST4, [ip("10.77.0.3")]));
      peer.sealAndSend([toSeal(HOST4, "stranger")]);
      await passed(lab);
      host.openChannel(settings(HOST4, [PEER4]));
      peer.sealAndSend([toSeal(HOST4, "node")]);
      const [{ datagram }] = await arrived(lab, 1);
      assert.equal(await opened(lab, toOpen(datagram)), "node");
      host.closeChannel();
      host.closeChannel();
      peer.sealAndSend([toSeal(HOST4, "closed")]);
      host.sealAndSend([toSeal(PEER4, "closed")]);
      await passed(lab);
      host.openChannel(settings(HOST4, [PEER4]));
      peer.sealAndSend([toSeal(HOST4, "open")]);
      const [last] = await arrived(lab, 1);
      assert.equal(await opened(lab, toOpen(last.datagram)), "open");
    },
  },
  {
    name: "the channel moves to another port, and what has no way is lost",
    async run(lab) {
      const { host, peer } = lab;
      connect(lab, HOST4, PEER4);
      peer.sealAndSend([toSeal(HOST4, "first")]);
      await arrived(lab, 1);
      host.openChannel(settings(HOST4, [PEER4], { port: PORT + 1 }));
      peer.sealAndSend([toSeal(HOST4, "old")]);
      await passed(lab);
      peer.openChannel(settings(PEER4, [HOST4], { port: PORT + 1 }));
      peer.sealAndSend([
        toSeal(ip("10.99.0.1"), "nowhere"),
        toSeal(linkLocalOf(host), "without a source"),
        toSeal(HOST4, "new"),
      ]);
      const [{ datagram }] = await arrived(lab, 1);
      assert.equal(await opened(lab, toOpen(datagram)), "new");
    },
  },
];

function connect({ host, peer }: ContractLab, here: Ip, there: Ip): void {
  assert.deepEqual(host.openChannel(settings(here, [there])), []);
  assert.deepEqual(peer.openChannel(settings(there, [here])), []);
}

function settings(
  own: Ip,
  peers: readonly Ip[],
  changes: Partial<ChannelSettings> = {},
): ChannelSettings {
  return { port: PORT, addresses: [own], peers, keys: [KEY], ...changes };
}

function toSeal(to: Ip, text: string): ToSeal {
  const key = { keyId: KEY.id, info: INFO };
  return { to, key, nonce: dataNonce(1n), head: HEAD, text: new TextEncoder().encode(text) };
}

/** Numbers of what is to be opened. */
const IDS = { last: 0 };

function toOpen(datagram: Uint8Array): ToOpen {
  const key = { keyId: KEY.id, info: INFO };
  const [associated, sealed] = [datagram.subarray(0, HEAD.length), datagram.subarray(HEAD.length)];
  return { id: ++IDS.last, key, nonce: dataNonce(1n), associated, sealed };
}

/** What the host finds in `job`. */
async function opened(
  { host, until }: ContractLab,
  job: ToOpen,
  by: Host = host,
): Promise<string | undefined> {
  by.openSealed(job);
  let text: Uint8Array | undefined;
  await until(by, (soFar) =>
    soFar.some((event) => {
      if (event.kind !== "opened" || event.id !== job.id) return false;
      text = event.text;
      return true;
    }));
  return text === undefined ? undefined : new TextDecoder().decode(text);
}

/** The first `count` datagrams of the channel, at least one. */
async function arrived(
  { host, until }: ContractLab,
  count: number,
  by: Host = host,
): Promise<[Arrived, ...Arrived[]]> {
  const of = (soFar: readonly HostEvent[]) => soFar.filter((event) => event.kind === "channel");
  const [first, ...others] = of(await until(by, (soFar) => of(soFar).length >= count));
  assert.ok(first !== undefined, "there is one");
  return [first, ...others];
}

/** What the peer sent has arrived, or never will: what it sent later, by UDP, is here. */
async function passed(lab: ContractLab): Promise<void> {
  const { host, peer, until } = lab;
  const udp = (source: Ip) =>
    ({ kind: "udp", family: "ipv4", source, port: PORT + 9, interface: "eth0" }) as const;
  host.open(udp(HOST4));
  peer.open(udp(PEER4));
  // Sealed beside the loop by now: ten of the same kind have come and gone since, one by one.
  for (let count = 0; count < 10; count++) await opened(lab, toOpen(new Uint8Array(40)), peer);
  peer.send(udp(PEER4), PEER4, HOST4, Uint8Array.of(0x31, 1, 1, 1));
  const happened = await until(host, (soFar) => soFar.some(({ kind }) => kind === "datagram"));
  assert.ok(happened.every(({ kind }) => kind !== "channel"), "no datagram of the channel is told");
}
