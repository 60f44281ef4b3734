/** etcd's JSON gateway, by what Debian's etcd-server 3.4.23 has answered. */
import assert from "node:assert/strict";
import { type Call, callOf, readLogin, readReply } from "../../../../src/cluster/etcd/gateway.ts";
import { readOwner, writeOwner } from "../../../../src/cluster/etcd/record.ts";

const HEADER = '"header":{"cluster_id":"15714364937155118351","member_id":"16212411094773860500",' +
  '"revision":"2","raft_term":"2"}';
const CLUSTER = "15714364937155118351";
const ASKER = { prefix: "floatip/", node: "pi-a", token: "00112233aabbccdd" };
const LOOK = callOf(ASKER, "instance/db", { kind: "look" });
const RENEW = callOf(ASKER, "instance/db", { kind: "renew", owner: 7 });

function key(text: string): string {
  return btoa(`floatip/instance/db/${text}`);
}

function bodyOf(call: Call): unknown {
  return JSON.parse(call.body);
}

Deno.test("etcd: what is asked names the keys of the lease, and the revisions it rests on", () => {
  assert.deepEqual(bodyOf(LOOK), {
    key: key(""),
    range_end: btoa("floatip/instance/db0"),
    serializable: true,
  });
  const take = callOf(ASKER, "instance/db", { kind: "take", owner: 5, renewed: 9 });
  const value = btoa('{"node":"pi-a","token":"00112233aabbccdd"}');
  assert.deepEqual(bodyOf(take), {
    compare: [
      { key: key("owner"), target: "MOD", result: "EQUAL", mod_revision: "5" },
      { key: key("renewed"), target: "MOD", result: "EQUAL", mod_revision: "9" },
    ],
    success: [
      { request_put: { key: key("owner"), value } },
      { request_put: { key: key("renewed"), value: "" } },
    ],
    failure: [{ request_range: { key: key(""), range_end: btoa("floatip/instance/db0") } }],
  });
  const mark = callOf(ASKER, "instance/db", { kind: "mark", owner: 5, renewed: 0 });
  const { success } = bodyOf(mark) as { success: unknown };
  assert.deepEqual(success, [{ request_put: { key: key("renewed"), value: "" } }]);
});

Deno.test("etcd: a transaction that was done, one that was not, and a range", () => {
  const done = `{${HEADER},"succeeded":true,"responses":[{"response_put":{"header":{}}}]}`;
  assert.deepEqual(readReply(RENEW, 200, done), {
    kind: "answer",
    cluster: CLUSTER,
    answer: { kind: "done", revision: 2 },
  });
  const kvs = `"kvs":[{"key":"${key("owner")}","create_revision":"2","mod_revision":"2",` +
    `"version":"1","value":"${btoa('{"node":"a"}')}"},{"key":"${key("renewed")}",` +
    '"create_revision":"2","mod_revision":"2","version":"1"}],"count":"2"';
  const record = {
    revision: 2,
    owner: { revision: 2, value: '{"node":"a"}' },
    renewed: { revision: 2, value: "" },
  };
  const other = `{${HEADER},"responses":[{"response_range":{"header":{"revision":"2"},${kvs}}}]}`;
  for (const [call, text] of [[RENEW, other], [LOOK, `{${HEADER},${kvs}}`]] as const) {
    assert.deepEqual(readReply(call, 200, text), {
      kind: "answer",
      cluster: CLUSTER,
      answer: { kind: "record", record },
    });
  }
  assert.deepEqual(readReply(LOOK, 200, `{${HEADER}}`), {
    kind: "answer",
    cluster: CLUSTER,
    answer: { kind: "record", record: { revision: 2, owner: undefined, renewed: undefined } },
  });
});

Deno.test("etcd: what is no answer of the gateway's allows nothing", () => {
  const words = "its answer is not one of etcd's JSON gateway";
  const foreign = [
    "",
    "null",
    "[]",
    "<html>",
    "{}",
    `{${HEADER}}`,
    `{${HEADER},"responses":[7]}`.replace('"2"', '"18446744073709551615"'),
    `{${HEADER.replace('"revision":"2",', "")},"succeeded":true}`,
  ];
  for (const text of foreign) {
    assert.deepEqual(readReply(RENEW, 200, text), {
      kind: "refused",
      words,
      isUnknownUser: false,
    }, text);
  }
});

Deno.test("etcd: a refusal is told in its words, without what moves a cursor", () => {
  const noUser = '{"error":"etcdserver: invalid auth token","message":"...","code":16}';
  assert.deepEqual(readReply(RENEW, 401, noUser), {
    kind: "refused",
    words: "etcdserver: invalid auth token",
    isUnknownUser: true,
  });
  const full = '{"error":"etcdserver: mvcc: database\\u001b[2J space exceeded","code":8}';
  assert.deepEqual(readReply(RENEW, 503, full), {
    kind: "refused",
    words: "etcdserver: mvcc: database [2J space exceeded",
    isUnknownUser: false,
  });
  const plain = "CommonName of client sending a request will be ignored\n";
  assert.deepEqual(readReply(RENEW, 400, plain), {
    kind: "refused",
    words: "CommonName of client sending a request will be ignored",
    isUnknownUser: false,
  });
  assert.deepEqual(readReply(RENEW, 502, "<html>Bad Gateway"), {
    kind: "refused",
    words: "HTTP status 502",
    isUnknownUser: false,
  });
});

Deno.test("etcd: a token, or why there is none", () => {
  assert.deepEqual(readLogin(200, `{${HEADER},"token":"kFJzTiyOdFPLyvJb.14"}`), {
    token: "kFJzTiyOdFPLyvJb.14",
  });
  assert.deepEqual(readLogin(200, `{${HEADER},"token":"a\\r\\nhost: b"}`), {
    words: "HTTP status 200",
  });
  const off = '{"error":"etcdserver: authentication is not enabled","code":9}';
  assert.deepEqual(readLogin(412, off), { words: "etcdserver: authentication is not enabled" });
});

Deno.test("etcd: an owner that floatip has not written is a process that is not known", () => {
  const owner = { node: "pi-a", token: "00112233aabbccdd", isFree: false };
  assert.deepEqual(readOwner(writeOwner(owner)), owner);
  const free = { node: "pi-a", token: undefined, isFree: true };
  assert.deepEqual(readOwner(writeOwner(free)), free);
  const unknown = { node: undefined, token: undefined, isFree: false };
  for (const text of ["", "7", "[]", '{"node":"\\u001b[2J"}', '{"token":3}', '{"free":1}']) {
    assert.deepEqual(readOwner(text), unknown, text);
  }
  assert.equal(readOwner('{"token":"x","free":true}').isFree, false);
});
