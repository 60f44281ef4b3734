/** A netlink conversation understands every answer; the kernel is a function here. */
import assert from "node:assert/strict";
import { HostError } from "../../../../src/host.ts";
import { Connection, NetlinkError } from "../../../../src/linux/netlink/connection.ts";
import type { NetlinkMessage } from "../../../../src/linux/netlink/message.ts";
import {
  answer,
  done,
  FakeExchange,
  type FakeKernel,
  verdict,
} from "../../../support/linux/netlink/fake_kernel.ts";

const REQUEST = {
  call: "RTM_NEWADDR",
  object: "10.0.0.1/24 on eth0",
  type: 20,
  flags: 0x600,
  body: Uint8Array.of(1, 2, 3, 4),
};

Deno.test("an acknowledged request gives what came before the acknowledgement", () => {
  const exchange = new FakeExchange((request) => [
    [answer(request, 16, Uint8Array.of(9))],
    [verdict(request, 0)],
  ]);
  const messages = new Connection(exchange).request(REQUEST);
  assert.deepEqual(messages.map(({ body }) => [...body]), [[9]]);
  assert.equal(exchange.requests[0]?.flags, 0x605);
});

Deno.test("a refusal is a HostError with errno and the kernel's own words", () => {
  const words = "ipv4: Address already assigned";
  const connection = connectionTo((request) => [[verdict(request, -17, words)]]);
  assert.throws(() => connection.request(REQUEST), (error) => {
    assert.ok(error instanceof NetlinkError && error instanceof HostError);
    const { call, object, code, errno } = error;
    assert.deepEqual([call, object, code, errno], [
      "RTM_NEWADDR",
      "10.0.0.1/24 on eth0",
      "EEXIST",
      17,
    ]);
    assert.equal(error.message, `RTM_NEWADDR 10.0.0.1/24 on eth0: ${words} (EEXIST)`);
    return true;
  });
});

Deno.test("a refusal without words has those of strerror", () => {
  const connection = connectionTo((request) => [[verdict(request, -19)]]);
  assert.throws(() => connection.request(REQUEST), { words: "No such device", code: "ENODEV" });
});

Deno.test("a dump comes in parts", () => {
  const connection = connectionTo((request) => [
    [answer(request, 20, Uint8Array.of(1)), answer(request, 20, Uint8Array.of(2))],
    [answer(request, 20, Uint8Array.of(3))],
    [done(request)],
  ]);
  assert.deepEqual(connection.dump(REQUEST).map(({ body }) => body[0]), [1, 2, 3]);
});

Deno.test("a dump that changes interrupted begins again, but not for ever", () => {
  const interrupted = 0x10;
  let calls = 0;
  const once: FakeKernel = (request) => [
    [answer(request, 20, Uint8Array.of(++calls), calls === 1 ? interrupted : 0)],
    [done(request)],
  ];
  assert.deepEqual(connectionTo(once).dump(REQUEST).map(({ body }) => body[0]), [2]);
  const always: FakeKernel = (request) => [[done(request, interrupted)]];
  const exchange = new FakeExchange(always);
  assert.deepEqual(new Connection(exchange).dump(REQUEST), []);
  assert.equal(exchange.requests.length, 10);
});

Deno.test("a late answer to an earlier request is not taken for this one's", () => {
  const stale = (request: NetlinkMessage) => ({ ...request, seq: request.seq - 1 });
  const connection = connectionTo((request) => [
    [verdict(stale(request), -1), answer(stale(request), 20, Uint8Array.of(66))],
    [answer(request, 20, Uint8Array.of(1)), verdict(request, 0)],
  ]);
  assert.deepEqual(connection.request(REQUEST).map(({ body }) => body[0]), [1]);
});

function connectionTo(kernel: FakeKernel): Connection {
  return new Connection(new FakeExchange(kernel));
}
