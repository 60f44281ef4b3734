/**
 * The built program and three of Debian's etcd members, by TLS with certificates on both sides: the
 * leader of etcd is killed, and then the holder.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { probeOf } from "../../../src/cluster/etcd/gateway.ts";
import { EtcdClient } from "../../../src/linux/etcd.ts";
import { EtcdCluster } from "../../support/cluster/etcd/member.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { demand } from "../../support/lab/command.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";

const reason = missing("etcd", "curl", "openssl");

const MEMBERS = ["e1", "e2", "e3"];

Deno.test({
  ...nameWith("etcd: its leader's end moves nothing, the holder's end does", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", ...MEMBERS] });
    const members = MEMBERS.map((name) => lan.host(name));
    using files = await certificates(members.map(({ address }) => address));
    const { tls } = files;
    await using etcd = await EtcdCluster.start(members, { tls });
    const file = [
      '[nodes]\na = "10.77.0.1"\nb = "10.77.0.2"',
      '[cluster]\nsecret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"',
      `${etcd.toml}\netcd_ca = "${tls.ca}"\netcd_cert = "${tls.cert}"`,
      `etcd_key = '''\n${readFileSync(tls.key, "utf8")}'''`,
      '[instance.web]\nvrid = 51\naddresses = ["10.77.0.100/24"]\nprefer = ["a", "b"]',
      "exclusive = true\n",
    ].join("\n");
    await using a = await Floatip.start(lan.host("a"), file);
    await using b = await Floatip.start(lan.host("b"), file);
    await a.untilState("master");
    await (await etcd.leader()).crash();
    // As long as a lease is held without an answer.
    await pause(4100);
    assert.equal((await a.instance()).state, "master");
    assert.doesNotMatch(a.log.text, /-> backup: (?!started)/);
    await a.crash();
    await b.untilState("master", 15_000);
  },
});

Deno.test({
  ...nameWith("etcd: a replaced file of authorities counts from the next connection on", reason),
  fn: async () => {
    using files = await certificates(["127.0.0.1"]);
    using others = await certificates(["127.0.0.1"]);
    const { ca, cert, key } = files.tls;
    const pem = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    const answer = () => Response.json({ header: { revision: "1", cluster_id: "1" } });
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, ...pem, onListen() {} },
      answer,
    );
    const { port } = server.addr;
    const member = { hostname: "127.0.0.1", port, isSecure: true, authority: `127.0.0.1:${port}` };
    const none = { user: undefined, cert: undefined, key: undefined };
    using client = new EtcdClient({ members: [member], ca, ...none });
    const [first, second] = [client.call(0, probeOf("/")), client.call(0, probeOf("/"))];
    assert.deepEqual((await Promise.all([first, second])).map(({ kind }) => kind), [
      "answer",
      "answer",
    ]);
    copyFileSync(others.tls.ca, ca);
    // More than are kept.
    const calls = Array.from({ length: 4 }, () => client.call(0, probeOf("/")));
    const kinds = (await Promise.all(calls)).map(({ kind }) => kind).toSorted();
    assert.deepEqual(kinds, ["answer", "answer", "lost", "lost"]);
  },
});

/** An authority, and a certificate for all of `addresses` and for clients. */
async function certificates(addresses: readonly string[]) {
  const folder = mkdtempSync("/tmp/fl-etcd-tls-");
  const at = (name: string) => `${folder}/${name}`;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = { ca: at("ca.pem"), key: at("ca.key") };
  await demand([
    ...["openssl", "req", "-x509", ...key, "-subj", "/CN=lab", "-days", "2"],
    ...["-keyout", ca.key, "-out", ca.ca],
  ]);
  await demand([
    ...["openssl", "req", ...key, "-subj", "/O=floatip"],
    ...["-keyout", at("key.pem"), "-out", at("csr")],
  ]);
  const names = addresses.map((address) => `IP:${address}`).join(",");
  writeFileSync(at("ext"), `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  await demand([
    ...["openssl", "x509", "-req", "-in", at("csr"), "-CA", ca.ca, "-CAkey", ca.key],
    ...["-CAcreateserial", "-days", "2", "-extfile", at("ext"), "-out", at("cert.pem")],
  ]);
  return {
    tls: { ca: ca.ca, cert: at("cert.pem"), key: at("key.pem") },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
