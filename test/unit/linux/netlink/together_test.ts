/** Many addresses that are added and removed in one go; the kernel is a function here. */
import assert from "node:assert/strict";
import { IFADDRMSG } from "../../../../src/linux/abi.ts";
import { IFAPROT_FLOATIP } from "../../../../src/linux/netlink/addresses.ts";
import type { NetlinkMessage } from "../../../../src/linux/netlink/message.ts";
import { seconds } from "../../../../src/time.ts";
import {
  ADDRESS,
  held,
  newAddress,
  open,
  OWN,
  shown,
} from "../../../support/linux/netlink/network_scene.ts";

Deno.test("many are added and removed in one go; what is refused is told in its place", () => {
  let refused = -13;
  const refuse = ({ body }: NetlinkMessage): number =>
    ADDRESS.decode(body.subarray(IFADDRMSG.size)).local?.bytes[3] === 51 ? refused : 0;
  const { network, exchange } = open({ refuse });
  const all = [50, 51, 52].map((last) => held(`10.0.0.${last}/24`));
  const datagrams = exchange.datagrams;
  const [first, second, third] = network.addAddresses(all, seconds(3));
  assert.deepEqual([first, third], ["added", "added"]);
  assert.match(`${second}`, /RTM_NEWADDR 10.0.0.51\/24 on eth0: Permission denied/);
  // All together, and the refused one once more, for the kernel's words.
  assert.equal(exchange.datagrams, datagrams + 2);
  assert.deepEqual(shown(network), ["10.0.0.1/24", "10.0.0.50/24 ours", "10.0.0.52/24 ours"]);
  assert.equal(network.takeChanged(), false);
  refused = 0;
  assert.deepEqual(network.addAddresses(all, seconds(3)), ["present", "added", "present"]);
  refused = -99;
  assert.deepEqual(network.removeAddresses(all), ["removed", "absent", "removed"]);
});

Deno.test("of addresses that are there, and others that are not, each has its answer", () => {
  const isThere = ({ body }: NetlinkMessage): boolean =>
    ADDRESS.decode(body.subarray(IFADDRMSG.size)).local?.bytes[3] === 50;
  const { network, changes } = open({
    addresses: [newAddress(OWN), newAddress("10.0.0.50/24")],
    refuse: (request) => (request.flags & 0x200) !== 0 && isThere(request) ? -17 : 0,
  });
  const all = [50, 51, 52].map((last) => held(`10.0.0.${last}/24`));
  const nowhere = { ...held("10.0.0.53/24"), interface: "eth9" };
  const outcomes = network.addAddresses([...all, nowhere], seconds(3));
  assert.deepEqual(outcomes.slice(0, 3), ["present", "added", "added"]);
  assert.match(`${outcomes[3]}`, /ENODEV/);
  changes.push(newAddress("10.0.0.51/24", IFAPROT_FLOATIP, 0, 3));
  assert.equal(network.takeChanged(), false);
});
