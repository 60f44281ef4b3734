/** New IPv6 addresses are asked for until their local route is there; the kernel is a function. */
import assert from "node:assert/strict";
import { RTMSG } from "../../../../src/linux/abi.ts";
import { Connection } from "../../../../src/linux/netlink/connection.ts";
import { LocalRoutes } from "../../../../src/linux/netlink/local_routes.ts";
import { attribute, attributeTable, u32 } from "../../../../src/linux/netlink/message.ts";
import { ip } from "../../../../src/net/ip.ts";
import { answer, FakeExchange, verdict } from "../../../support/linux/netlink/fake_kernel.ts";

/** rtnetlink(7): RTA_IIF; types of routes. */
const ARRIVAL = attributeTable({ arrival: attribute(3, u32) });
const UNICAST = 1, LOCAL = 2;
const ENETUNREACH = 101;

const NEW = ip("fd77::100");

/** Local routes of a kernel that answers each question with the next of `types`; 0: none. */
function lab(types: readonly number[]) {
  const left = [...types];
  const header = {
    ...{ family: 10, destinationLength: 128, sourceLength: 0, tos: 0 },
    ...{ table: 255, protocol: 2, scope: 0, flags: 0 },
  };
  const exchange = new FakeExchange((request) => {
    const type = left.shift() ?? 0;
    if (type === 0) return [[verdict(request, ENETUNREACH)]];
    return [[answer(request, 24, RTMSG.write({ ...header, type }))], [verdict(request, 0)]];
  });
  return { exchange, routes: new LocalRoutes(new Connection(exchange)) };
}

Deno.test("a new IPv6 address is there when what comes in by its link is taken here", () => {
  const { exchange, routes } = lab([0, UNICAST, LOCAL]);
  routes.expect(NEW, 7);
  assert.deepEqual([1, 2, 3].map(() => routes.isThere(NEW)), [false, false, true]);
  assert.equal(exchange.requests.length, 3);
  const body = exchange.requests[0]?.body.subarray(RTMSG.size) ?? new Uint8Array();
  assert.equal(ARRIVAL.decode(body).arrival, 7);
  assert.equal(routes.isThere(NEW), true);
  assert.equal(exchange.requests.length, 3, "it is asked no more");
});

Deno.test("nothing is asked of IPv4, of others, and of what was given up", () => {
  const { exchange, routes } = lab([]);
  routes.expect(ip("10.77.0.100"), 7);
  routes.expect(NEW, 7);
  assert.equal(routes.isThere(ip("10.77.0.100")), true);
  assert.equal(routes.isThere(ip("fd77::1")), true);
  routes.forget(NEW);
  assert.equal(routes.isThere(NEW), true);
  assert.equal(exchange.requests.length, 0);
});
