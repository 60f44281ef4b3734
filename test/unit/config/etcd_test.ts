/** Keys of [cluster] about etcd: what is wrong with them, and what is asked where. */
import assert from "node:assert/strict";
import type { Credentials } from "../../../src/config/credentials.ts";
import { decode } from "../../../src/config/decode.ts";
import { etcdPlan } from "../../../src/config/plan/etcd.ts";

const HEAD = `[nodes]
a = "10.0.0.1"
b = "10.0.0.2"
[instance.db]
vrid = 51
addresses = ["10.0.0.9/24"]
exclusive = true
[cluster]
secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
`;

const KEY = "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----";

const known: Credentials = (name) => ({ kind: "text", text: name === "etcd" ? "a-password" : KEY });

function problemsOf(lines: string): readonly string[] {
  const decoded = decode(HEAD + lines, known);
  const all = decoded.kind === "problems" ? decoded.problems : decoded.warnings;
  return all.map(({ severity, path, what }) => `${severity} ${path.join(".")}: ${what}`);
}

Deno.test("etcd: members, user and certificates as the file says", () => {
  const lines = `etcd = ["https://10.0.0.11", "https://etcd-b:2380/", "https://[fd00::3]:443"]
etcd_user = "floatip"
etcd_password = { credential = "etcd" }
etcd_ca = "/etc/floatip/etcd-ca.pem"
etcd_cert = "/etc/floatip/etcd.pem"
etcd_key = { credential = "etcd-key" }
`;
  const decoded = decode(HEAD + lines, known);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const { cluster } = decoded.config;
  assert.deepEqual(cluster && etcdPlan(cluster), {
    prefix: "floatip/",
    members: ["10.0.0.11:2379", "etcd-b:2380", "[fd00::3]:443"],
    settings: {
      members: [
        { hostname: "10.0.0.11", port: 2379, isSecure: true, authority: "10.0.0.11:2379" },
        { hostname: "etcd-b", port: 2380, isSecure: true, authority: "etcd-b:2380" },
        { hostname: "fd00::3", port: 443, isSecure: true, authority: "[fd00::3]:443" },
      ],
      user: { name: "floatip", password: "a-password" },
      ca: "/etc/floatip/etcd-ca.pem",
      cert: "/etc/floatip/etcd.pem",
      key: KEY,
    },
  });
});

Deno.test("etcd: what is wrong is said where it stands, and no secret with it", () => {
  assert.deepEqual(problemsOf('etcd = ["http://u:topsecret@10.0.0.1:2379"]\n'), [
    "error cluster.etcd.0: the URL of an etcd member has more than a host and a port",
  ]);
  assert.deepEqual(problemsOf('etcd = ["http://a:1", "http://b:1", "http://a:1/"]\n'), [
    "error cluster.etcd.2: a:1 stands twice",
  ]);
  assert.deepEqual(problemsOf('etcd = ["https://a:1"]\netcd_user = "x"\n'), [
    "error cluster.etcd_user: there is etcd_user and no etcd_password",
  ]);
  assert.deepEqual(problemsOf('etcd = ["https://a:1"]\netcd_cert = "/x.pem"\n'), [
    "error cluster.etcd_cert: there is etcd_cert and no etcd_key",
  ]);
  assert.deepEqual(
    problemsOf('etcd = ["https://a:1", "http://b:1"]\netcd_ca = "/x.pem"\n'),
    ["error cluster.etcd.1: etcd_ca has no effect on a member that is asked without TLS"],
  );
  const clear = 'etcd = ["http://b:1"]\netcd_user = "x"\netcd_password = { credential = "etcd" }\n';
  assert.deepEqual(problemsOf(clear), [
    "warning cluster.etcd.0: the password for etcd travels in the clear",
  ]);
  const unseen = decode(
    `${HEAD}etcd = ["https://a:1"]\netcd_cert = "/x"\netcd_key = { credential = "k" }\n`,
    () => ({ kind: "unseen" }),
  );
  assert.equal(unseen.kind, "config");
});
