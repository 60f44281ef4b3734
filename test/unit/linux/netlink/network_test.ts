/** The network's picture follows requests and changes; the kernel is a function here. */
import assert from "node:assert/strict";
import { IFADDRMSG, IFINFOMSG, NETCONFMSG } from "../../../../src/linux/abi.ts";
import { IFAPROT_FLOATIP } from "../../../../src/linux/netlink/addresses.ts";
import {
  attribute,
  attributeTable,
  concat,
  type NetlinkMessage,
  text,
  u32,
} from "../../../../src/linux/netlink/message.ts";
import { type Instant, milliseconds, seconds } from "../../../../src/time.ts";
import { autoLease, nextRenewal } from "../../../../src/vrrp/lease.ts";
import { rules } from "../../../support/vrrp/scene.ts";
import {
  ADDRESS,
  cacheInfoIn,
  deleteAddress,
  held,
  lifetimeIn,
  newAddress,
  newLink,
  open,
  OWN,
  shown,
  told,
} from "../../../support/linux/netlink/network_scene.ts";

const INFO = attributeTable({
  name: attribute(3, text),
  info: attribute(
    18,
    attributeTable({
      kind: attribute(1, text),
      data: attribute(2, attributeTable({ second: attribute(2, u32) })),
    }),
  ),
});
const NETCONF = attributeTable({ index: attribute(1, u32), forwarding: attribute(2, u32) });

const FLOATING = held("10.0.0.50/24");

Deno.test("the first picture is what the kernel tells, with our marks", () => {
  const { network } = open({
    addresses: [newAddress(OWN), newAddress("10.0.0.50/24", IFAPROT_FLOATIP)],
  });
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours"]);
  assert.equal(network.takeChanged(), false);
});

Deno.test("an added address shows at once, though the kernel tells later, and is no news", () => {
  const { network, changes } = open({});
  assert.equal(network.addAddress(FLOATING), "added");
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours"]);
  changes.push(newAddress("10.0.0.50/24", IFAPROT_FLOATIP));
  assert.equal(network.takeChanged(), false);
});

Deno.test("an old kernel keeps no mark: it is remembered until the address is gone", () => {
  const { network, changes } = open({});
  network.addAddress(FLOATING);
  changes.push(newAddress("10.0.0.50/24"));
  assert.equal(network.takeChanged(), false);
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours"]);
  changes.push(deleteAddress("10.0.0.50/24"), newAddress("10.0.0.50/24"));
  assert.equal(network.takeChanged(), true);
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24"]);
});

Deno.test("another lifetime is no news, its end is", () => {
  for (const mark of [IFAPROT_FLOATIP, undefined]) {
    const { network, changes, exchange } = open({});
    network.addAddress(FLOATING, seconds(3));
    assert.equal(lifetimeIn(exchange.requests.at(-1)), 3);
    changes.push(newAddress("10.0.0.50/24", mark, 0, 3));
    assert.equal(network.takeChanged(), false);
    changes.push(newAddress("10.0.0.50/24", mark, 0, 2));
    assert.equal(network.takeChanged(), false);
    const entry = network.interfaces().addresses.at(-1);
    assert.equal(entry?.validFor, seconds(2));
    assert.equal(entry?.ours, true);
    changes.push(deleteAddress("10.0.0.50/24"));
    assert.equal(network.takeChanged(), true);
    assert.deepEqual(shown(network), ["10.0.0.1/24"]);
  }
});

Deno.test("renewals of a turn go out together at its end, with one acknowledgement", () => {
  const { network, exchange } = open({});
  const all = [50, 51, 52].map((last) => held(`10.0.0.${last}/24`));
  // Added, renewed for the first time, and from then on with the others.
  for (let turn = 0; turn < 2; turn++) {
    for (const one of all) network.addAddress(one, seconds(3));
    network.tend();
  }
  const before = exchange.requests.length;
  const datagrams = exchange.datagrams;
  for (const one of all) assert.equal(network.addAddress(one, seconds(3)), "present");
  assert.equal(exchange.requests.length, before, "not yet");
  network.tend();
  const sent = exchange.requests.slice(before);
  assert.deepEqual(sent.map(({ type, flags }) => [type, flags & 4]), [[20, 0], [20, 0], [20, 4]]);
  assert.deepEqual(sent.map(lifetimeIn), [3, 3, 3]);
  assert.equal(exchange.datagrams, datagrams + 1);
  assert.equal(network.changed, false);
});

Deno.test("a refused renewal is news: the address counts as gone, its next add says why", () => {
  let isRefused = false;
  const refuse = ({ body }: NetlinkMessage): number => {
    const address = ADDRESS.decode(body.subarray(IFADDRMSG.size)).local?.bytes[3];
    return isRefused && address === 51 ? -1 : 0;
  };
  const { network } = open({ refuse });
  const all = [50, 51, 52].map((last) => held(`10.0.0.${last}/24`));
  const renew = (): void => {
    for (const one of all) network.addAddress(one, seconds(3));
    network.tend();
  };
  renew();
  renew();
  isRefused = true;
  renew();
  assert.equal(network.changed, true);
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours", "10.0.0.52/24 ours"]);
  assert.throws(renew, /Operation not permitted/);
  isRefused = false;
  renew();
  assert.equal(shown(network).length, 4);
});

Deno.test("an address that was deleted while it was renewed is asked for", () => {
  const kernel = { addresses: [newAddress(OWN)] };
  const { network, changes } = open(kernel);
  for (let turn = 0; turn < 3; turn++) {
    network.addAddress(FLOATING, seconds(3));
    network.tend();
  }
  // The renewal has put it there again, of which the watch does not hear.
  changes.push(deleteAddress("10.0.0.50/24"));
  kernel.addresses = [newAddress(OWN), newAddress("10.0.0.50/24", IFAPROT_FLOATIP)];
  assert.equal(network.takeChanged(), true);
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours"]);
});

Deno.test("a renewed address never reaches the end of its preferred lifetime", () => {
  const { network, exchange } = open({});
  const intervals = [100, 400, 670, 990, 1000, 1330, 1660, 2000, 2330, 3000, 10_000, 40_950];
  for (const interval of intervals.map(milliseconds)) {
    for (const lease of [autoLease(interval), ...[1, 2, 3, 4, 5, 6, 16, 60].map(seconds)]) {
      network.addAddress(FLOATING, lease);
      network.tend();
      const sent = exchange.requests.findLast(({ type }) => type === 20);
      const { preferred = 0, valid = 0 } = cacheInfoIn(sent) ?? {};
      assert.equal(seconds(valid), lease);
      const period = nextRenewal(0 as Instant, rules({ advertInterval: interval, lease })) ?? 0;
      const spare = seconds(preferred) - period;
      assert.ok(spare >= milliseconds(250), `${interval / 1e6} ms, ${valid} s: ${spare / 1e6} ms`);
      assert.ok(preferred <= valid);
    }
  }
});

Deno.test("an address that is there is replaced, so that it carries our mark", () => {
  const { network, exchange } = open({
    addresses: [newAddress(OWN), newAddress("10.0.0.50/24")],
    refuse: (request) => (request.flags & 0x200) !== 0 ? -17 : 0,
  });
  assert.equal(network.addAddress(FLOATING), "present");
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours"]);
  const [first, second] = exchange.requests.slice(-2);
  assert.equal(first?.flags, 0x605);
  assert.equal(second?.flags, 0x505);
});

Deno.test("removing what is gone already is no failure; other refusals are", () => {
  for (const error of [-99, -19]) {
    const { network } = open({ refuse: () => error });
    assert.equal(network.removeAddress(FLOATING), "absent");
  }
  const { network } = open({ refuse: () => -1 });
  assert.throws(() => network.removeAddress(FLOATING), { code: "EPERM", call: "RTM_DELADDR" });
  assert.equal(network.removeAddress(held("10.0.0.50/24", "nope0")), "absent");
});

Deno.test("an address for an interface that is not there is refused without asking", () => {
  const { network } = open({});
  assert.throws(() => network.addAddress(held("10.0.0.50/24", "nope0")), { code: "ENODEV" });
});

Deno.test("before the first of a subnet goes, its interface is told to keep the others", () => {
  const others = [
    newAddress("10.0.0.50/24", IFAPROT_FLOATIP),
    newAddress("10.0.0.51/24", IFAPROT_FLOATIP, 1),
  ];
  const { network, exchange } = open({ addresses: others });
  network.removeAddress(FLOATING);
  network.tend();
  const [SETLINK, DELADDR, GETLINK] = [19, 21, 18];
  assert.deepEqual(exchange.requests.slice(-4).map(({ type }) => type), [
    GETLINK,
    SETLINK,
    DELADDR,
    SETLINK,
  ]);
  const settings = exchange.requests.filter(({ type }) => type === SETLINK);
  assert.deepEqual(settings.map(({ body }) => body.at(-4)), [1, 0]);
});

Deno.test("a secondary address, or the only one of its subnet, goes without that", () => {
  const { network, exchange } = open({
    addresses: [newAddress(OWN), newAddress("10.0.0.50/24", IFAPROT_FLOATIP, 1)],
  });
  const before = exchange.requests.length;
  network.removeAddress(FLOATING);
  assert.equal(exchange.requests.length, before + 1);
});

Deno.test("what others do is news", () => {
  const { network, changes } = open({});
  changes.push(newAddress("10.0.0.9/24"));
  assert.equal(network.takeChanged(), true);
  assert.equal(network.takeChanged(), false);
  changes.push(newAddress("10.0.0.9/24"));
  assert.equal(network.takeChanged(), false);
  changes.push(deleteAddress("10.0.0.9/24"));
  assert.equal(network.takeChanged(), true);
  changes.push(newLink(1, "eth0", { type: 17 }));
  assert.equal(network.takeChanged(), true);
  assert.deepEqual(network.interfaces(), { links: [], addresses: [] });
});

Deno.test("what others did is still news after an own request that heard of it", () => {
  const { network, changes } = open({});
  changes.push(deleteAddress(OWN));
  network.addAddress(FLOATING);
  assert.equal(network.takeChanged(), true);
});

Deno.test("deleted from outside while it was added: the kernel is asked, and is right", () => {
  const told: NetlinkMessage[] = [];
  const refuse = (): number => changes.push(...told) && 0;
  const kernel = { addresses: [newAddress(OWN)], refuse };
  const { network, changes } = open(kernel);
  told.push(newAddress("10.0.0.50/24", IFAPROT_FLOATIP), deleteAddress("10.0.0.50/24"));
  assert.equal(network.addAddress(FLOATING), "added");
  assert.deepEqual(shown(network), [OWN]);
  assert.equal(network.takeChanged(), true);
});

Deno.test("what that question shows besides is news too", () => {
  const told: NetlinkMessage[] = [];
  const refuse = (): number => changes.push(...told) && 0;
  const kernel = { addresses: [newAddress(OWN)], refuse };
  const { network, changes } = open(kernel);
  told.push(deleteAddress("10.0.0.50/24"), newAddress("10.0.0.50/24", IFAPROT_FLOATIP));
  kernel.addresses = [newAddress("10.0.0.50/24", IFAPROT_FLOATIP)];
  network.addAddress(FLOATING);
  assert.deepEqual(shown(network), ["10.0.0.50/24 ours"]);
  assert.equal(network.takeChanged(), true);
  changes.push(deleteAddress(OWN));
  assert.equal(network.takeChanged(), false);
});

Deno.test("a port that leaves a bridge stays a link", () => {
  const { network, changes } = open({});
  const AF_BRIDGE = 7;
  changes.push(newLink(1, "eth0", { type: 17, family: AF_BRIDGE }));
  assert.equal(network.takeChanged(), false);
  assert.equal(network.interfaces().links.length, 1);
});

Deno.test("the port that a bond sends by is news, the same attribute of another kind not", () => {
  for (const [kind, expected] of [["bond", 7], ["bridge", undefined]] as const) {
    const { network, changes } = open({});
    const info = { kind, data: { second: 7 } };
    const header = IFINFOMSG.write({ family: 0, type: 1, index: 1, flags: 0x41, change: 0 });
    changes.push(told(16, concat(header, INFO.encode({ name: "eth0", info }))));
    assert.equal(network.takeChanged(), kind === "bond");
    assert.equal(network.interfaces().links[0]?.activePort, expected);
  }
});

Deno.test("IPv6 forwarding that is switched is news", () => {
  const { network, changes } = open({});
  const conf = NETCONF.encode({ index: 1, forwarding: 1 });
  changes.push(told(80, concat(NETCONFMSG.write({ family: 10 }), conf)));
  assert.equal(network.takeChanged(), true);
  assert.equal(network.interfaces().links[0]?.forwards6, true);
});

Deno.test("when something was lost, everything is asked again", () => {
  const kernel = { addresses: [newAddress(OWN)] };
  const opened = open(kernel);
  kernel.addresses = [newAddress("10.0.0.77/24")];
  opened.whole = false;
  assert.equal(opened.network.takeChanged(), true);
  assert.deepEqual(shown(opened.network), ["10.0.0.77/24"]);
  assert.equal(opened.network.takeChanged(), false);
});
