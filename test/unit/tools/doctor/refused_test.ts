/** Tests of the doctor: why adverts are refused, and two holders by what the daemon knows. */
import assert from "node:assert/strict";
import { ip } from "../../../../src/net/ip.ts";
import type { Vrid } from "../../../../src/vrrp/rules.ts";
import type { Finding } from "../../../../src/tools/doctor/check.ts";
import { judgeAdverts } from "../../../../src/tools/doctor/checks/adverts.ts";
import { judgeDaemon } from "../../../../src/tools/doctor/checks/daemon.ts";
import { judgeHolders } from "../../../../src/tools/doctor/checks/holder.ts";
import type { DaemonSeen, HeardAdvert, LanSeen } from "../../../../src/tools/doctor/environment.ts";
import { documentOf, master } from "../../../support/cli/documents.ts";
import { machine } from "../../../support/config/machines.ts";
import {
  answer,
  heard,
  lanWith,
  NAMELESS,
  PAIR,
  subjectOf,
} from "../../../support/tools/doctor/world.ts";

const HOLDING = machine({ eth0: ["192.168.1.11/24", "192.168.1.50/24"] });
const RUNNING: DaemonSeen = { kind: "running", status: documentOf([master()]), pid: 7 };
const BY_HAND = `${NAMELESS}peers = ["192.168.1.12"]\n`;
const ASKED = [{ interface: "eth0", address: ip("192.168.1.12") }];

const toUs = (source: string, changes: Partial<HeardAdvert["advert"]> = {}): HeardAdvert => {
  const one = heard(source, ["192.168.1.50"]);
  return { ...one, destination: ip("192.168.1.11"), advert: { ...one.advert, ...changes } };
};

const said = (findings: readonly Finding[]) =>
  findings.map(({ mark, what, why, fix }) => [`${mark} ${what}`, why ?? "", fix ?? ""]);

function adverts(text: string, seen: Partial<LanSeen>, here = HOLDING) {
  return said(judgeAdverts(subjectOf(text, here), here, lanWith(seen), RUNNING));
}

Deno.test("doctor: a sender that is no peer is refused, and may be a node that moved", () => {
  const seen = { adverts: [toUs("192.168.1.13")], asked: ASKED };
  const [[what, why, fix] = assert.fail(), ...rest] = adverts(PAIR, seen);
  assert.match(
    what ?? "",
    /^problem adverts of 192\.168\.1\.13 are refused: .*not among the .*peers/,
  );
  assert.match(why ?? "", /both take the address/);
  assert.equal(
    fix,
    'pi-b = "192.168.1.13"   # in [nodes], on all nodes, if it is pi-b: ' +
      "192.168.1.12 does not answer",
  );
  assert.equal(JSON.stringify([what, why, fix]).includes("packet filter"), false);
  assert.match(rest.join(), /^warning pi-b .* does not answer/);
  const there = { ...seen, answers: [answer("192.168.1.12", "0c")] };
  assert.match(adverts(PAIR, there)[0]?.[2] ?? "", /^name 192\.168\.1\.13 in \[nodes\]/);
  assert.match(
    adverts(BY_HAND, there)[0]?.[2] ?? "",
    /^peers = \["192.168.1.12", "192.168.1.13"\]/,
  );
  assert.match(adverts(BY_HAND, seen)[0]?.[2] ?? "", /^peers = \["192.168.1.13"\]/);
});

Deno.test("doctor: password, version and interval are named as reasons", () => {
  const v2 = `${PAIR}version = 2\nauth = { pass = "secret12" }\n`;
  const auth = { type: 1, data: new Uint8Array(8) } as const;
  const reasonOf = (text: string, changes: Partial<HeardAdvert["advert"]>) =>
    adverts(text, { adverts: [toUs("192.168.1.12", changes)] })[0]?.join(" | ") ?? "";
  assert.match(reasonOf(v2, { version: 2, auth }), /refused: the password is wrong.*the same auth/);
  assert.match(reasonOf(v2, { version: 2 }), /refused: the authentication type.*the same auth/);
  assert.match(reasonOf(PAIR, { version: 2 }), /refused: the VRRP version.*version = 3 /);
});

Deno.test("doctor: adverts to another address of this machine are not lost by a filter", () => {
  const here = machine({ eth0: ["192.168.1.11/24", "192.168.1.21/24"] });
  const advert = { ...toUs("192.168.1.12"), destination: ip("192.168.1.21") };
  const [first = assert.fail()] = adverts(BY_HAND, { adverts: [advert] }, here);
  assert.match(first[0] ?? "", /go to 192\.168\.1\.21; this node hears at 192\.168\.1\.11$/);
  assert.match(first[2] ?? "", /^source = "192\.168\.1\.21"/);
});

Deno.test("doctor: own adverts that a switch returns, or for other nodes, do not count", () => {
  const back = { ...toUs("192.168.1.11"), mac: "02:00:00:00:00:01" };
  const links = HOLDING.interfaces.links.map((link) => ({
    ...link,
    mac: new Uint8Array([2, 0, 0, 0, 0, 1]),
  }));
  const here = { ...HOLDING, interfaces: { ...HOLDING.interfaces, links } };
  const others = { ...toUs("192.168.1.12"), destination: ip("192.168.1.13") };
  assert.match(adverts(PAIR, { adverts: [back, others] }, here)[0]?.[0] ?? "", /^ok .*is master$/);
});

Deno.test("doctor: two holders, with the reason: refused adverts, or what the daemon knows", () => {
  const holders = (daemon: DaemonSeen, seen: Partial<LanSeen>) =>
    said(
      judgeHolders(subjectOf(PAIR, HOLDING), HOLDING, lanWith({ asked: ASKED, ...seen }), daemon),
    );
  const answers = [answer("192.168.1.12", "0c"), answer("192.168.1.50", "13")];
  const [now = assert.fail()] = holders(RUNNING, { adverts: [toUs("192.168.1.13")], answers });
  assert.match(now.join(" | "), /by this node and by .*Its adverts are refused: .*not among/);
  const evidence = [
    "192.168.1.13 (52:54:00:00:00:13) answers for 192.168.1.50 too; its adverts are refused",
  ];
  const status = documentOf([master({ health: "two", evidence })], {
    attention: [`web: ${evidence[0]}`, "another matter"],
  });
  const knowing: DaemonSeen = { kind: "running", status, pid: 7 };
  const [later = assert.fail()] = holders(knowing, { answers });
  assert.match(later.join(" | "), /The daemon says: 192\.168\.1\.13 .*adverts are refused/);
  assert.equal(later.join().includes("none of the nodes"), false);
  const told = judgeDaemon(knowing, status.config_file, status.version).map(({ what }) => what);
  assert.deepEqual(told.slice(1), [`web is held twice: ${evidence[0]}`, "another matter"]);
});

Deno.test("doctor: a fault points at nothing that is not there", () => {
  const faults = ["check nginx is down: exit 1", "eth0 has no carrier (cable unplugged?)"];
  const status = documentOf([master({ state: "fault", health: "fault", faults })]);
  const found = judgeDaemon(
    { kind: "running", status, pid: 7 },
    status.config_file,
    status.version,
  );
  assert.deepEqual(found.slice(1).map(({ what, fix }) => [what, fix]), [
    [`web is in fault: ${faults[0]}`, "sudo floatip check --try   # runs each check once"],
    [`web is in fault: ${faults[1]}`, undefined],
  ]);
});

Deno.test("doctor: a node with another VRID or transport holds the address too", () => {
  const mac = answer("192.168.1.50", "0c").mac;
  const [other, group] = [
    toUs("192.168.1.12", { vrid: 52 as Vrid }),
    heard("192.168.1.12", [
      "192.168.1.50",
    ]),
  ];
  const [[what, , fix] = assert.fail()] = adverts(PAIR, { adverts: [other], asked: [] });
  assert.match(what ?? "", /^problem adverts of pi-b .* are refused: .*VRID 52, ours is 51/);
  assert.equal(fix, "vrid = 51   # there; or 52 on all others");
  const why = (one: HeardAdvert, text = PAIR) => {
    const answers = [answer("192.168.1.50", "0c"), answer("192.168.1.12", "0c")];
    const seen = lanWith({ adverts: [{ ...one, mac }], answers, asked: ASKED });
    const found = judgeHolders(subjectOf(text, HOLDING), HOLDING, seen, RUNNING);
    return said(found).find(([text]) => text?.includes("answered for by"))?.[1];
  };
  assert.match(why(other) ?? "", /^Its adverts are refused: .*VRID 52, ours is 51/);
  assert.equal(why(group), "Its adverts come by multicast; this node expects unicast.");
  assert.equal(
    why({ ...toUs("192.168.1.12"), port: 337 }, `${PAIR}transport = "udp"\n`),
    "Its adverts come by udp port 337; this node expects udp port 336.",
  );
});
