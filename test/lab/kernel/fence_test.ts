/** The fence on the real kernel: who is answered, until when, and what others do to it. */
import assert from "node:assert/strict";
import type { FenceTimes } from "../../../src/host.ts";
import { formatIp, type Ip, ip } from "../../../src/net/ip.ts";
import { linkNamed } from "../../../src/net/interfaces.ts";
import { formatMac } from "../../../src/net/mac.ts";
import { after, type Instant, milliseconds, seconds } from "../../../src/time.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { held, type Machines, openMachines } from "../../support/kernel/machine.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

const ADDRESSES = [ip("10.77.0.50"), ip("fd77::50")];

const TIMES: FenceTimes = { open: milliseconds(300), guarded: milliseconds(1500) };

const LONG: FenceTimes = { open: seconds(2), guarded: seconds(4) };

const SETTINGS = { interfaces: ["eth0"], times: [TIMES] };

kernelTest(
  "an address is silent when its time has passed, and free when it is not guarded",
  async () => {
    await using machines = await openGuarded();
    const { host } = machines;
    assert.deepEqual(await answered(machines), texts(ADDRESSES));
    const { open, guarded } = TIMES;
    const from = host.now();
    assert.equal(host.fence.keepOpen(ADDRESSES, TIMES), true);
    const to = host.now();
    assert.deepEqual(await answered(machines), texts(ADDRESSES));
    await waitFor(machines, after(to, open));
    assert.deepEqual(await answered(machines), []);
    await waitFor(machines, after(from, milliseconds(1400)));
    assert.deepEqual(await answered(machines), []);
    await waitFor(machines, after(to, guarded));
    assert.deepEqual(await answered(machines), texts(ADDRESSES));
  },
);

kernelTest("an address that is kept open is answered for all the time", async () => {
  await using machines = await openGuarded();
  const { host, lan } = machines;
  await keepOpenLong(machines);
  let isOver = false;
  const pings = Promise.all(texts(ADDRESSES).map((text) => ping(lan.host("peer"), text, 600)))
    .finally(() => isOver = true);
  while (!isOver) {
    assert.equal(host.fence.keepOpen(ADDRESSES, LONG), true);
    await waitFor(machines, after(host.now(), milliseconds(100)));
  }
  assert.deepEqual(await pings, [600, 600]);
});

kernelTest(
  "what is forgotten is answered, and one address does not speak for another",
  async () => {
    await using machines = await openGuarded();
    const { host } = machines;
    await makeKnown(machines);
    const [first = assert.fail(), second = assert.fail()] = ADDRESSES;
    host.fence.keepOpen(ADDRESSES, TIMES);
    await waitFor(machines, after(host.now(), TIMES.open));
    host.fence.forget([second]);
    assert.deepEqual(await answered(machines), texts([second]));
    host.fence.keepOpen([first], TIMES);
    assert.deepEqual(await answered(machines), texts(ADDRESSES));
  },
);

kernelTest("a table that others remove is put back, and the address was never silent", async () => {
  await using machines = await openGuarded();
  const { host, machine } = machines;
  assert.equal(host.fence.keepOpen(ADDRESSES, TIMES), true);
  const { code, stderr } = await machine.exec(["nft", "flush", "ruleset"]);
  assert.equal(code, 0, stderr);
  // Not more than one attempt a second.
  const end = after(host.now(), seconds(3));
  while (!host.fence.keepOpen(ADDRESSES, TIMES)) {
    assert.ok(host.now() < end, "it is not put back");
    assert.deepEqual(await answered(machines), texts(ADDRESSES));
  }
  await waitFor(machines, after(host.now(), TIMES.open));
  assert.deepEqual(await answered(machines), []);
}, "nft");

kernelTest("a backup has its table put back, and says meanwhile that there is none", async () => {
  await using machines = await openGuarded();
  const { host, machine } = machines;
  host.fence.look();
  assert.equal(host.fence.state.kind, "stands");
  assert.equal((await machine.exec(["nft", "flush", "ruleset"])).code, 0);
  host.fence.look();
  assert.deepEqual(host.fence.state, { kind: "none", words: "" });
  const end = after(host.now(), seconds(3));
  while (host.fence.state.kind !== "stands") {
    await waitFor(machines, after(host.now(), milliseconds(10)));
    host.fence.look();
    assert.ok(host.now() < end, "it is not put back");
  }
  assert.equal(host.fence.keepOpen(ADDRESSES, TIMES), true);
}, "nft");

kernelTest("chains that no instance needs any more go, those of others stay", async () => {
  await using machines = await openGuarded();
  const { host, machine } = machines;
  const chains = async () =>
    (await machine.exec(["nft", "list", "table", "netdev", "floatip"]))
      .stdout.match(/(?<=chain )open_\w+/g);
  assert.equal((await machine.exec(["nft", "add chain netdev floatip open_1_1"])).code, 0);
  assert.deepEqual(await chains(), ["open_300_1500", "open_1_1"]);
  await keepOpenLong(machines);
  assert.deepEqual((await chains())?.toSorted(), ["open_1_1", "open_2000_4000"]);
  assert.equal(host.fence.keepOpen(ADDRESSES, TIMES), false);
}, "nft");

kernelTest("nft lists the table in a way that it reads again", async () => {
  await using machines = await openGuarded();
  const { host, machine } = machines;
  host.fence.keepOpen(ADDRESSES, TIMES);
  const { code, stderr } = await machine.exec([
    "sh",
    "-ec",
    "nft list ruleset > /dev/shm/$$; nft flush ruleset; nft -f /dev/shm/$$; rm /dev/shm/$$",
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(host.fence.keepOpen(ADDRESSES, TIMES), true);
}, "nft");

kernelTest("what is open stays open in a new table, which goes when none is wanted", async () => {
  await using machines = await openGuarded();
  const { host, machine } = machines;
  await keepOpenLong(machines);
  host.fence.settle({ ...SETTINGS, times: [TIMES, LONG] });
  const until = after(host.now(), milliseconds(500));
  while (host.now() < until) assert.deepEqual(await answered(machines), texts(ADDRESSES));
  assert.equal(host.fence.keepOpen(ADDRESSES, TIMES), true);
  const tables = async () => (await machine.exec(["nft", "list", "tables"])).stdout;
  assert.match(await tables(), /table netdev floatip/);
  host.fence.settle(undefined);
  assert.equal(await tables(), "");
  assert.deepEqual(host.fence.state, { kind: "none", words: "" });
  assert.deepEqual(await answered(machines), texts(ADDRESSES));
}, "nft");

/** Times that the table does not know yet are known a moment later. */
async function keepOpenLong(machines: Machines): Promise<void> {
  const { fence } = machines.host;
  fence.settle({ ...SETTINGS, times: [LONG] });
  const end = after(machines.host.now(), seconds(3));
  while (!fence.keepOpen(ADDRESSES, LONG)) {
    await waitFor(machines, after(machines.host.now(), milliseconds(1)));
    assert.ok(machines.host.now() < end, JSON.stringify(fence.state));
  }
}

async function openGuarded(): Promise<Machines> {
  const machines = await openMachines();
  const { host, peer } = machines;
  for (const text of ["10.77.0.50/24", "fd77::50/64"]) host.addAddress(held(text));
  peer.addAddress(held("fd77::2/64"));
  host.fence.settle(SETTINGS);
  const end = after(host.now(), seconds(5));
  while (host.fence.state.kind !== "stands") {
    await waitFor(machines, after(host.now(), milliseconds(1)));
    assert.ok(host.now() < end, JSON.stringify(host.fence.state));
  }
  return machines;
}

/** The peer need not ask first who has the addresses, and again a second later (RFC 4861 10). */
async function makeKnown({ lan, host }: Machines): Promise<void> {
  const mac = linkNamed(host.interfaces(), "eth0")?.mac ?? assert.fail();
  for (const text of texts(ADDRESSES)) {
    const to = ["lladdr", formatMac(mac), "dev", "eth0", "nud", "permanent"];
    await lan.host("peer").ip("neigh", "replace", text, ...to);
  }
}

/** The texts of the addresses that answer when the peer asks for all. */
async function answered({ lan }: Machines): Promise<readonly string[]> {
  const all = texts(ADDRESSES);
  const outcomes = await Promise.all(all.map((text) => ping(lan.host("peer"), text, 1)));
  return all.filter((_, index) => outcomes[index] === 1);
}

/** How many of so many are answered, 5 ms apart. */
async function ping(from: LabHost, address: string, count: number): Promise<number> {
  const { stdout } = await from.exec(
    ["ping", "-n", "-q", "-i", "0.005", "-W", "0.1", "-c", String(count), address],
  );
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? assert.fail(stdout));
}

function texts(addresses: readonly Ip[]): readonly string[] {
  return addresses.map(formatIp);
}

/** What comes meanwhile is passed over. */
async function waitFor({ host }: Machines, until: Instant): Promise<void> {
  while (host.now() < until) await host.wait(until);
}
