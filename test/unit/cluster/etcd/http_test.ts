/** HTTP of the connection to etcd: answers in pieces, in chunks, too long, and none. */
import assert from "node:assert/strict";
import { LONGEST_ANSWER, readAnswer, writePost } from "../../../../src/cluster/etcd/http.ts";
import { Random } from "../../../sim/random.ts";

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a":"e"}';

/** As etcd 3.4.23 refuses: with a trailer that it announces and sends. */
const CHUNKED = "HTTP/1.1 412 Precondition Failed\r\nTrailer: Grpc-Trailer-Content-Type\r\n" +
  'Transfer-Encoding: chunked\r\n\r\n5\r\n{"err\r\n9;x=y\r\nor":"no"}\r\n0\r\n' +
  "Grpc-Trailer-Content-Type: application/grpc\r\n\r\n";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("etcd: an answer is whole when its last byte is there, and not before", () => {
  const cases = [[PLAIN, 200, '{"a":"e"}'], [CHUNKED, 412, '{"error":"no"}']] as const;
  for (const [text, status, body] of cases) {
    const all = bytes(text);
    for (let length = 0; length < all.length; length++) {
      assert.equal(readAnswer(all.subarray(0, length), false), "more", `${length}`);
      assert.equal(readAnswer(all.subarray(0, length), true), "wrong", `${length}`);
    }
    assert.deepEqual(readAnswer(all, false), { status, body, isKept: true });
  }
});

Deno.test("etcd: a connection is used again only where both sides know that it can be", () => {
  const closing = PLAIN.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
  for (const text of [closing, `${PLAIN}x`]) {
    const answer = readAnswer(bytes(text), false);
    assert.equal(typeof answer === "string" ? answer : answer.isKept, false);
  }
  const endless = "HTTP/1.1 200 OK\r\n\r\n{}";
  assert.equal(readAnswer(bytes(endless), false), "more");
  assert.deepEqual(readAnswer(bytes(endless), true), { status: 200, body: "{}", isKept: false });
});

Deno.test("etcd: what is too long, or not HTTP, is no answer", () => {
  const wrong = [
    "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
    "x".repeat(LONGEST_ANSWER),
  ];
  for (const text of wrong) {
    assert.equal(readAnswer(bytes(text), false), "wrong", text.slice(0, 60));
  }
});

Deno.test("etcd: whatever comes is read without an error", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = new Random(seed);
  for (let run = 0; run < 3000; run++) {
    const all = bytes(run % 2 === 0 ? PLAIN : CHUNKED);
    for (let change = 0; change < 3; change++) all[random.u32() % all.length] = random.u32() & 255;
    const answer = readAnswer(all, true);
    assert.notEqual(answer, "more", `seed ${seed}`);
  }
});

Deno.test("etcd: a request says where its body ends, in bytes", () => {
  const text = new TextDecoder().decode(
    writePost("[::1]:2379", { path: "/v3/kv/txn", body: '"ö"' }, "abc.1"),
  );
  assert.equal(
    text,
    "POST /v3/kv/txn HTTP/1.1\r\nhost: [::1]:2379\r\ncontent-type: application/json\r\n" +
      'content-length: 4\r\nauthorization: abc.1\r\n\r\n"ö"',
  );
});
