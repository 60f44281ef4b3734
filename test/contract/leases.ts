/** Every Host: addresses with a lifetime. */
import assert from "node:assert/strict";
import type { Host } from "../../src/host.ts";
import type { VirtualAddress } from "../../src/net/interfaces.ts";
import {
  after,
  between,
  type Instant,
  milliseconds,
  type Nanoseconds,
  seconds,
} from "../../src/time.ts";
import {
  type ContractCase,
  type ContractLab,
  entryOf,
  FLOATING,
  type Happenings,
  held,
} from "./lab.ts";

/** One of each family, which Linux looks after apart: of a subnet, and of a single host. */
const SUBNETS = ["10.77.0.50/24", "fd77::50/64"].map(held);
const HOSTS = ["10.77.0.51/32", "fd77::51/128"].map(held);

/**
 * Linux rounds the moment up by 250 ms at most, and by the steps of its timer wheel (32 ms for a
 * second); it also takes along what would end within 20 ms. A kernel that writes a lot to disk
 * meanwhile was seen to be 650 ms late. How long it takes is for the benchmark to say; here it is
 * enough that nobody had to do anything.
 */
const EARLY = milliseconds(30), LATE = seconds(2);

/** Cases about lifetimes. */
export const LEASE_CASES: readonly ContractCase[] = [
  {
    name: "an address outlives its lifetime while it is renewed; only its end is a event",
    async run(lab) {
      const { host } = lab;
      for (const addresses of [SUBNETS, HOSTS]) {
        for (const one of addresses) assert.equal(host.addAddress(one, seconds(1)), "added");
        await settled(host);
        let added = host.now();
        for (let i = 0; i < 4; i++) {
          assert.deepEqual(await pass(host, milliseconds(300)), []);
          added = host.now();
          for (const one of addresses) assert.equal(host.addAddress(one, seconds(1)), "present");
        }
        await expectEnd(lab, addresses, added);
      }
    },
  },
  {
    name: "a lifetime is rounded to whole seconds, and at least one",
    async run(lab) {
      for (const lifetime of [milliseconds(1), milliseconds(1499)]) {
        const added = lab.host.now();
        for (const one of SUBNETS) lab.host.addAddress(one, lifetime);
        await expectEnd(lab, SUBNETS, added);
      }
    },
  },
  {
    name: "what is added again without a lifetime stays, and the other way round goes",
    async run(lab) {
      const { host } = lab;
      for (const one of HOSTS) host.addAddress(one, seconds(1));
      for (const one of HOSTS) assert.equal(host.addAddress(one), "present");
      await pass(host, milliseconds(1500));
      const added = host.now();
      for (const one of HOSTS) assert.equal(host.addAddress(one, seconds(1)), "present");
      await expectEnd(lab, HOSTS, added);
    },
  },
  {
    name: "the time that is left of an address is known, and of one without end there is none",
    async run({ host, world, until }) {
      host.addAddress(FLOATING, seconds(3));
      assert.equal(entryOf(host, FLOATING)?.validFor, seconds(3));
      host.addAddress(FLOATING, seconds(7));
      assert.equal(entryOf(host, FLOATING)?.validFor, seconds(7));
      host.addAddress(FLOATING);
      assert.equal(entryOf(host, FLOATING)?.validFor, undefined);
      await world.addAddress("10.77.0.9/24");
      await until(host, () => entryOf(host, held("10.77.0.9/24")) !== undefined);
      assert.equal(entryOf(host, held("10.77.0.9/24"))?.validFor, undefined);
    },
  },
  {
    name: "what others add to the subnet of a leased address outlives it",
    async run({ host, world, until }) {
      const [first, other] = [held("10.88.0.50/24"), held("10.88.0.60/24")];
      host.addAddress(first, seconds(1));
      await world.addAddress("10.88.0.60/24");
      await until(host, () => entryOf(host, other) !== undefined);
      await until(host, () => entryOf(host, first) === undefined);
      assert.equal(entryOf(host, other)?.secondary, false);
    },
  },
  {
    name: "removed and added without a lifetime, an address has nothing left of the old one",
    async run({ host }) {
      host.addAddress(FLOATING, seconds(1));
      host.removeAddress(FLOATING);
      host.addAddress(FLOATING);
      await pass(host, milliseconds(1500));
      assert.notEqual(entryOf(host, FLOATING), undefined);
    },
  },
];

/**
 * `addresses`, given a second to live just now, not before `added`, go when it has passed, and that
 * is an event.
 */
async function expectEnd(
  { host, until }: ContractLab,
  addresses: readonly VirtualAddress[],
  added: Instant,
): Promise<void> {
  const start = host.now();
  const there = () => addresses.filter((one) => entryOf(host, one) !== undefined).length;
  assert.equal(there(), addresses.length);
  let first: Instant | undefined;
  const happened = await until(host, () => {
    if (there() < addresses.length) first ??= host.now();
    return there() === 0;
  });
  const last = between(start, host.now());
  assert.ok(happened.some(({ kind }) => kind === "interfaces"));
  assert.ok(first !== undefined && between(added, first) > seconds(1) - EARLY, "not too early");
  assert.ok(last < seconds(1) + LATE, `gone after ${last / 1e6} ms`);
}

/** What happens within `duration`, deadlines left aside. */
async function pass(host: Host, duration: Nanoseconds): Promise<Happenings> {
  const end = after(host.now(), duration);
  const happened = [];
  while (host.now() < end) happened.push(...await host.wait(end));
  return happened.filter(({ kind }) => kind !== "deadline");
}

/** Waits until the kernel has told what it has to tell of what was done. */
async function settled(host: Host): Promise<void> {
  while ((await pass(host, milliseconds(100))).length > 0);
}
