/**
 * New IPv6 addresses have a route of ours until the kernel's is there, and are asked for; the
 * kernel is a function.
 */
import assert from "node:assert/strict";
import { RTMSG } from "../../../../src/linux/abi.ts";
import { Connection } from "../../../../src/linux/netlink/connection.ts";
import { LocalRoutes } from "../../../../src/linux/netlink/local_routes.ts";
import { attribute, attributeTable, u32 } from "../../../../src/linux/netlink/message.ts";
import { ip } from "../../../../src/net/ip.ts";
import { answer, FakeExchange, verdict } from "../../../support/linux/netlink/fake_kernel.ts";

/** rtnetlink(7): RTA_IIF, RTA_OIF, RTA_PRIORITY, RTA_EXPIRES; types of routes and requests. */
const ATTRIBUTES = attributeTable({
  arrival: attribute(3, u32),
  link: attribute(4, u32),
  metric: attribute(6, u32),
  expires: attribute(23, u32),
});
const UNICAST = 1, LOCAL = 2;
const NEW_ROUTE = 24, DELETE_ROUTE = 25, GET_ROUTE = 26;
const ENETUNREACH = 101, EOPNOTSUPP = 95;

const NEW = ip("fd77::100");
const NEW_PLACE = { address: NEW, index: 7 },
  IPV4_PLACE = { address: ip("10.77.0.100"), index: 7 };

/**
 * Local routes of a kernel that answers each question with the next of `types`; 0: none. To changes
 * it says `verdictOnChanges`.
 */
function lab(types: readonly number[], verdictOnChanges = 0) {
  const left = [...types];
  const header = {
    ...{ family: 10, destinationLength: 128, sourceLength: 0, tos: 0 },
    ...{ table: 255, protocol: 2, scope: 0, flags: 0 },
  };
  const exchange = new FakeExchange((request) => {
    if (request.type !== GET_ROUTE) return [[verdict(request, verdictOnChanges)]];
    const type = left.shift() ?? 0;
    if (type === 0) return [[verdict(request, ENETUNREACH)]];
    return [[answer(request, 24, RTMSG.write({ ...header, type }))], [verdict(request, 0)]];
  });
  const routes = new LocalRoutes(new Connection(exchange));
  const of = (type: number) =>
    exchange.requests.filter((one) => one.type === type)
      .map(({ body }) => ATTRIBUTES.decode(body.subarray(RTMSG.size)));
  return { exchange, routes, of };
}

Deno.test("a new IPv6 address is there when what comes in by its link is taken here", () => {
  const { routes, of } = lab([0, UNICAST, LOCAL], -EOPNOTSUPP);
  routes.expect([NEW_PLACE]);
  assert.deepEqual([1, 2, 3].map(() => routes.isThere(NEW)), [false, false, true]);
  assert.deepEqual(of(GET_ROUTE).map(({ arrival }) => arrival), [7, 7, 7]);
  assert.equal(routes.isThere(NEW), true);
  assert.equal(of(GET_ROUTE).length, 3, "it is asked no more");
});

Deno.test("a new IPv6 address has a route of ours that ends by itself, and goes with it", () => {
  const { routes, of } = lab([LOCAL]);
  routes.expect([NEW_PLACE]);
  assert.deepEqual(of(NEW_ROUTE).map(({ link, metric, expires }) => [link, metric, expires]), [
    [7, 1, 1],
  ]);
  assert.deepEqual(of(DELETE_ROUTE), []);
  assert.equal(routes.isThere(NEW), true);
  routes.forget([NEW_PLACE]);
  assert.deepEqual(of(DELETE_ROUTE).map(({ link, metric }) => [link, metric]), [[7, 1]]);
});

Deno.test("routes of many addresses are put there in one go, and go so", () => {
  const { exchange, routes, of } = lab([]);
  const all = [1, 2, 3].map((last) => ({ address: ip(`fd77::${last}`), index: 7 }));
  routes.expect([...all, IPV4_PLACE]);
  assert.deepEqual([of(NEW_ROUTE).length, exchange.datagrams], [3, 1]);
  routes.forget([IPV4_PLACE, ...all]);
  assert.deepEqual([of(DELETE_ROUTE).length, exchange.datagrams], [3, 2]);
});

Deno.test("nothing is asked of IPv4, of others, and of what was given up", () => {
  const { exchange, routes, of } = lab([]);
  routes.expect([IPV4_PLACE]);
  routes.forget([IPV4_PLACE]);
  assert.equal(exchange.requests.length, 0);
  routes.expect([NEW_PLACE]);
  assert.equal(routes.isThere(ip("10.77.0.100")), true);
  assert.equal(routes.isThere(ip("fd77::1")), true);
  routes.forget([NEW_PLACE]);
  assert.equal(routes.isThere(NEW), true);
  assert.deepEqual(of(GET_ROUTE), []);
});
