/** Keyed BLAKE2s against another implementation (hashlib.blake2s of Python). */
import assert from "node:assert/strict";
import { tagKey, tagOf } from "../../../src/cluster/blake2s.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);

/** Bytes of the message, its tag of 32 bytes by a key of 32, and of 16 by a key of 16. */
const KNOWN = [
  [
    1,
    "40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1",
    "881e42e7bb358082637c0a0fd7ec6c2f",
  ],
  [
    63,
    "c65382513f07460da39833cb666c5ed82e61b9e998f4b0c4287cee56c3cc9bcd",
    "2151a1ac11ef2763a427614c612b3de0",
  ],
  [
    64,
    "8975b0577fd35566d750b362b0897a26c399136df07bababbde6203ff2954ed4",
    "dd55c51c98f8ab96ed272882941f0b6a",
  ],
  [
    65,
    "21fe0ceb0052be7fb0f004187cacd7de67fa6eb0938d927677f2398c132317a8",
    "9018c671bb7e94a6d540a91765bbecad",
  ],
  [
    200,
    "13c88480a5d00d6c8c7ad2110d76a82d9b70f4fa6696d4e5dd42a066dcaf9920",
    "b8d300fa7937e4d1e67c8468df4c9a43",
  ],
] as const;

Deno.test("blake2s: tags of messages around the size of a block", () => {
  for (const [size, long, short] of KNOWN) {
    const message = Uint8Array.from({ length: size }, (_, at) => at);
    assert.equal(tagOf(tagKey(KEY, 32), message).toHex(), long);
    assert.equal(tagOf(tagKey(KEY.subarray(0, 16), 16), message).toHex(), short);
  }
});
