/** UDP adverts: encoding and decoding agree, and no bytes make the decoder throw. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ipFromBytes } from "../../src/net/ip.ts";
import { checksum, pseudoHeader } from "../../src/wire/checksum.ts";
import { decodeUdp, encodeUdp } from "../../src/wire/udp.ts";

/**
 * How often each property is tried; `FUZZ_RUNS=100000` for a long run. fast-check prints the seed
 * of a failure.
 */
const RUNS = { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 1000) };

const port = fc.nat(65535);
const bytes = fc.uint8Array({ maxLength: 1500, size: "medium" });
const twoAddresses = fc.constantFrom(4, 16).chain((length) => {
  const address = fc.uint8Array({ minLength: length, maxLength: length }).map(ipFromBytes);
  return fc.tuple(address, address);
});

Deno.test("decodeUdp(encodeUdp(x)) is x, and its checksum covers all of it", () => {
  fc.assert(
    fc.property(port, port, bytes, twoAddresses, (from, to, payload, [source, destination]) => {
      const datagram = { sourcePort: from, destinationPort: to, payload };
      const encoded = encodeUdp(datagram, source, destination);
      assert.deepEqual(decodeUdp(encoded), datagram);
      assert.equal(checksum(pseudoHeader(source, destination, 17, encoded.length), encoded), 0);
    }),
    RUNS,
  );
});

Deno.test("decodeUdp never throws, and gives no more than there is", () => {
  fc.assert(
    fc.property(bytes, (given) => {
      const read = decodeUdp(given);
      assert.ok(read === undefined || read.payload.length <= given.length - 8);
    }),
    RUNS,
  );
});
