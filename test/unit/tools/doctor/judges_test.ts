/** Tests of the judges of the doctor: rows of evidence and findings. */
import assert from "node:assert/strict";
import { formatIp, ip } from "../../../../src/net/ip.ts";
import { milliseconds, seconds } from "../../../../src/time.ts";
import type { Finding } from "../../../../src/tools/doctor/check.ts";
import { judgeAdverts } from "../../../../src/tools/doctor/checks/adverts.ts";
import { judgePermissions } from "../../../../src/tools/doctor/checks/daemon.ts";
import { judgeHolders } from "../../../../src/tools/doctor/checks/holder.ts";
import {
  judgeClock,
  judgePages,
  judgePower,
  judgeStorage,
  judgeTimers,
} from "../../../../src/tools/doctor/checks/machine.ts";
import {
  judgeFile,
  judgeNetworkd,
  judgeNetworkManager,
} from "../../../../src/tools/doctor/checks/network.ts";
import { listenersFor, readListeners } from "../../../../src/tools/doctor/checks/service.ts";
import { judgeVrid } from "../../../../src/tools/doctor/checks/vrid.ts";
import { DOCTOR_CHECKS, runDoctor } from "../../../../src/tools/doctor/doctor.ts";
import type { DaemonSeen, HeardAdvert } from "../../../../src/tools/doctor/environment.ts";
import { lanQueriesOf } from "../../../../src/tools/doctor/target.ts";
import { backup, documentOf, master, SPEAKING } from "../../../support/cli/documents.ts";
import { machine } from "../../../support/config/machines.ts";
import {
  answer,
  emptyWorld,
  heard,
  lanWith,
  NAMELESS,
  PAIR,
  subjectOf,
} from "../../../support/tools/doctor/world.ts";

const DAEMON: DaemonSeen = { kind: "running", status: documentOf([master()]), pid: 7 };
const FIRST: DaemonSeen = {
  kind: "running",
  status: documentOf([master()], { scheduling: { policy: "rr", priority: 10 } }),
  pid: 7,
};
const NONE: DaemonSeen = { kind: "silent", why: "stopped", reason: "not running" };

const compiled = (arch: string, standalone: boolean) => ({ version: "1", arch, standalone });

/** [what, the findings, "mark words" that there must be, in this order]. */
const ROWS: readonly (readonly [string, readonly Finding[], readonly RegExp[]])[] = [
  ["a Pi that is well", judgePower(0, []), [/^ok power and temperature/]],
  ["a Pi that was throttled", judgePower(0x50000, []), [
    /^warning .*had too little voltage, throttling since/,
  ]],
  ["a Pi that is too hot", judgePower(0x8, []), [/^problem .*too much heat right now/]],
  ["the kernel's voltage alarm", judgePower(undefined, ["1"]), [
    /^problem .*too little voltage right now/,
  ]],
  ["no Pi", judgePower(undefined, []), [/^ok /]],

  ["16 KiB, compiled", judgePages(16384, compiled("aarch64", true)), [/^warning 16 KiB pages/]],
  ["16 KiB, bundle", judgePages(16384, compiled("aarch64", false)), [/^ok 16 KiB pages/]],
  ["4 KiB, compiled", judgePages(4096, compiled("aarch64", true)), [/^ok 4 KiB pages/]],
  ["no getconf", judgePages(NaN, compiled("x86_64", false)), [/^unknown /]],

  ["set by NTP", judgeClock(2026, "NTP=yes\nNTPSynchronized=yes\n"), [/^ok /]],
  ["not yet", judgeClock(2026, "NTP=yes\nNTPSynchronized=no\n"), [
    /^warning .*not set the clock yet/,
  ]],
  ["nothing that could set it", judgeClock(2026, "CanNTP=no\nNTP=no\nNTPSynchronized=no\n"), [
    /^warning .*no NTP client is installed/,
  ]],
  ["1970", judgeClock(1970, "NTP=yes\nNTPSynchronized=yes\n"), [/^warning .*1970/]],
  ["no timedatectl", judgeClock(2026, undefined), [/^unknown /]],

  ["room enough", judgeStorage("/s", undefined, 1e6, true), [/^ok .*977 MiB/]],
  ["little room", judgeStorage("/s", undefined, 3000, true), [/^warning .*3 MiB/]],
  ["another user", judgeStorage("/s", "permission denied", 1e6, false), [/^unknown /]],

  ["prompt", judgeTimers([milliseconds(0.1), milliseconds(2)], seconds(1), NONE), [
    /^ok timers are 2 ms late/,
  ]],
  ["late for short intervals", judgeTimers([milliseconds(30)], milliseconds(100), NONE), [
    /^warning /,
  ]],
  ["late by an interval", judgeTimers([milliseconds(100)], milliseconds(100), NONE), [
    /^problem /,
  ]],
  [
    "late, and a daemon that runs before others",
    judgeTimers([seconds(1)], milliseconds(100), FIRST),
    [
      /^ok .*the daemon has real-time scheduling \(rr\)/,
    ],
  ],
  ["late, and no instance", judgeTimers([seconds(9)], undefined, NONE), [/^ok /]],

  ["all rights", judgePermissions("CapEff:\t0000000000003000", undefined, NONE, true), [/^ok /]],
  ["no right at all", judgePermissions("CapEff:\t0", undefined, NONE, false), [
    /^unknown .*NET_ADMIN.*NET_RAW/,
  ]],
  ["a daemon without NET_RAW", judgePermissions("CapEff:\t3000", "CapEff:\t1000", DAEMON, true), [
    /^problem the daemon may not send and receive VRRP \(CAP_NET_RAW\)$/,
  ]],

  [
    "a daemon without BIND_SERVICE that sends from no low port",
    judgePermissions("CapEff:\t3400", "CapEff:\t3000", DAEMON, true),
    [/^ok /],
  ],
  [
    "one that does",
    judgePermissions("CapEff:\t3400", "CapEff:\t3000", DAEMON, true, true),
    [/^problem the daemon may not use a UDP port below 1024 \(CAP_NET_BIND_SERVICE\)$/],
  ],
  [
    "one that may",
    judgePermissions("CapEff:\t3400", "CapEff:\t3400", DAEMON, true, true),
    [/^ok /],
  ],
  [
    "NetworkManager's interface",
    judgeNetworkManager("eth0", "GENERAL.STATE:100 (connected)\nGENERAL.NM-MANAGED:yes\n"),
    [
      /^ok NetworkManager manages eth0/,
    ],
  ],
  ["not NetworkManager's", judgeNetworkManager("eth0", "GENERAL.STATE:10 (unmanaged)\n"), [
    /^ok .*leaves eth0 alone/,
  ]],

  ["the address in a file", judgeFile("/f", "address 10.0.0.5/24\n", ["10.0.0.5"]), [/^problem /]],
  ["in a comment", judgeFile("/f", "# address 10.0.0.5/24\n", ["10.0.0.5"]), []],
  ["part of another one", judgeFile("/f", "address 10.0.0.50/24 110.0.0.5\n", ["10.0.0.5"]), []],
  ["part of another IPv6 one", judgeFile("/f", "Address=fd00::5a/64\n", ["fd00::5"]), []],
];

for (const [what, findings, expected] of ROWS) {
  Deno.test(`doctor judges: ${what}`, () => {
    const lines = findings.map(({ mark, what }) => `${mark} ${what}`);
    assert.equal(lines.length, expected.length, lines.join("\n"));
    for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? "", pattern);
    for (const { mark, fix } of findings) {
      if (mark === "problem" || mark === "warning") assert.ok(fix, "what is to be done");
    }
  });
}

Deno.test("doctor: networkd keeps foreign addresses where the last word says so", () => {
  const state = "ADMIN_STATE=configured\n";
  const judge = (...texts: string[]) =>
    judgeNetworkd("eth0", state, "/n/10-eth0.network", texts).mark;
  assert.equal(judge("[Network]\nDHCP=yes\n"), "warning");
  assert.equal(judge("[Network]\nKeepConfiguration=static\n"), "ok");
  assert.equal(judge("[Network]\nKeepConfiguration=yes\n"), "ok");
  assert.equal(judge("[Network]\nKeepConfiguration=dhcp\n"), "warning");
  assert.equal(
    judge("[Network]\nDHCP=yes\n", "[Network]\nKeepConfiguration = static\n".replace(" = ", "=")),
    "ok",
  );
  assert.equal(judgeNetworkd("eth0", "ADMIN_STATE=unmanaged\n", "/n", [""]).mark, "ok");
});

const MUTE = { interfaces: machine({ eth0: ["192.168.1.11/24"] }).interfaces };
const MASTER = {
  interfaces: machine({ eth0: ["192.168.1.11/24", "ours 192.168.1.50/24"] }).interfaces,
};
const delivered = (source: string) => ({ family: "ipv4", source: ip(source), vrid: 51 }) as const;
const marks = (findings: readonly Finding[]) =>
  findings.map(({ mark, what }) => `${mark} ${what}`).join("\n");

Deno.test("doctor: adverts that arrive are well, from a node that is named or not", () => {
  const seen = lanWith({
    adverts: [heard("192.168.1.12", ["192.168.1.50"])],
    delivered: [delivered("192.168.1.12")],
  });
  for (const text of [PAIR, NAMELESS]) {
    const found = judgeAdverts(subjectOf(text), MUTE, seen, DAEMON);
    assert.match(marks(found), /^ok VRID 51 of web: adverts of .*192\.168\.1\.12\)? arrive$/);
  }
});

Deno.test("doctor: a farewell (priority 0) is no claim", () => {
  const farewell = heard("192.168.1.12", ["192.168.1.50"]);
  const seen = lanWith({ adverts: [{ ...farewell, advert: { ...farewell.advert, priority: 0 } }] });
  assert.match(
    marks(judgeAdverts(subjectOf(PAIR), MASTER, seen, DAEMON)),
    /^ok .*this node is master/,
  );
});

Deno.test("doctor: a master learns from refusals and from answers for the group", () => {
  const answers = [answer("192.168.1.12", "0b")];
  const judge = (seen: Parameters<typeof lanWith>[0], text = PAIR) =>
    marks(judgeAdverts(subjectOf(text), MASTER, lanWith({ answers, ...seen }), DAEMON));
  assert.match(judge({}), /^ok .*no refusal comes from pi-b/);
  const refused = (by: "protocol" | "filter") => [{ destination: ip("192.168.1.12"), by }] as const;
  assert.match(judge({ refused: refused("protocol") }), /^warning floatip does not run on pi-b/);
  assert.match(
    judge({ refused: refused("filter") }),
    /^problem the packet filter of pi-b .* rejects/,
  );
  const stranger = [{ destination: ip("192.168.1.99"), by: "filter" }] as const;
  assert.match(judge({ refused: stranger }), /^ok /, "not one of ours");
  const group = PAIR.replace("vrid = 51", 'vrid = 51\ntransport = "multicast"');
  assert.match(judge({}, group), /^unknown .*no node confirms that its multicast arrives/);
  const members = [{ interface: "eth0", source: ip("192.168.1.12") }];
  assert.match(judge({ members }, group), /^ok .*its multicast reaches pi-b/);
});

Deno.test("doctor: multicast of a peer that is expected by unicast says so", () => {
  const seen = lanWith({ adverts: [heard("192.168.1.13", ["192.168.1.50"])] });
  assert.match(
    marks(judgeAdverts(subjectOf(PAIR), MUTE, seen, NONE)),
    /^warning 192\.168\.1\.13 sends adverts .* unicast/,
  );
});

const BY_UDP = `${PAIR}transport = "udp"\n`;
const udpTo = { destination: ip("192.168.1.11"), port: 336 };
/** The daemon of pi-a, a backup, has heard pi-b so many milliseconds ago. */
const hearing = (ms: number | null): DaemonSeen => {
  const peers = [{ ...SPEAKING, last_heard_ms: ms }];
  return { kind: "running", status: documentOf([backup({ peers })]), pid: 7 };
};

Deno.test("doctor: what the daemon gets by UDP, the daemon is asked", () => {
  const seen = lanWith({ adverts: [{ ...heard("192.168.1.12", ["192.168.1.50"]), ...udpTo }] });
  const judge = (daemon: DaemonSeen, lan = seen) =>
    marks(judgeAdverts(subjectOf(BY_UDP), MUTE, lan, daemon));
  assert.match(judge(hearing(400)), /^ok VRID 51 of web: adverts of pi-b .* arrive$/);
  assert.match(judge(NONE), /^ok VRID 51 of web: adverts of pi-b .* arrive$/);
  for (const ms of [null, 90_000]) {
    assert.match(judge(hearing(ms)), /^problem adverts of pi-b .* reach eth0, but not floatip$/);
  }
  // Through a tunnel nothing is seen on the wire.
  assert.match(judge(hearing(400), lanWith()), /^ok .* adverts of pi-b .* arrive$/);
  assert.match(judge(hearing(null), lanWith()), /^unknown .* no advert within 4 s/);
});

Deno.test("doctor: nodes that send otherwise than they are expected to", () => {
  const unicast = { ...heard("192.168.1.12", ["192.168.1.50"]), destination: ip("192.168.1.11") };
  const judge = (text: string, advert: HeardAdvert) =>
    marks(judgeAdverts(subjectOf(text), MUTE, lanWith({ adverts: [advert] }), hearing(null)));
  assert.match(
    judge(PAIR, { ...unicast, ...udpTo }),
    /^warning pi-b .* by udp port 336; this node expects unicast$/,
  );
  assert.match(
    judge(BY_UDP, unicast),
    /^warning pi-b .* by unicast; this node expects udp port 336$/,
  );
  assert.match(
    judge(BY_UDP, { ...unicast, port: 337 }),
    /^warning pi-b .* by udp port 337; this node expects udp port 336$/,
  );
  assert.match(judge(PAIR, unicast), /^problem adverts of pi-b .* reach eth0, but not floatip$/);
});

Deno.test("doctor: a peer whose UDP port is closed", () => {
  const judge = (by: "port" | "filter" | "protocol", port?: number) => {
    const refused = [{
      destination: ip("192.168.1.12"),
      by,
      ...port === undefined ? {} : { port },
    }];
    return marks(judgeAdverts(subjectOf(BY_UDP), MASTER, lanWith({ refused }), DAEMON));
  };
  assert.match(judge("port", 336), /^warning UDP port 336 of pi-b .* is closed/);
  assert.match(judge("filter", 336), /^problem the packet filter of pi-b .* rejects/);
  // Of another instance.
  for (const other of [judge("protocol"), judge("port", 337)]) {
    assert.match(other, /^ok VRID 51 of web: this node is master$/);
  }
});

Deno.test("doctor: only peers on the LAN are asked for there", () => {
  const text = BY_UDP + 'peers = ["192.168.1.12", "10.9.9.9"]\n';
  const asked = lanQueriesOf(subjectOf(text), MUTE.interfaces).map(({ address }) =>
    formatIp(address)
  );
  assert.deepEqual(asked, ["192.168.1.50", "192.168.1.12", "192.168.1.11"]);
});

Deno.test("doctor: which machine is a stranger depends on the names", () => {
  const same = lanWith({ adverts: [heard("192.168.1.77", ["192.168.1.50"])] });
  assert.match(
    marks(judgeVrid(subjectOf(PAIR), MUTE, same)),
    /^warning 192\.168\.1\.77 .* not in the file/,
  );
  assert.match(marks(judgeVrid(subjectOf(NAMELESS), MUTE, same)), /^ok /);
  const other = lanWith({
    adverts: [heard("192.168.1.77", ["192.168.1.99"]), heard("192.168.1.78", ["192.168.1.98"], 52)],
  });
  const [found] = judgeVrid(subjectOf(NAMELESS), MUTE, other);
  assert.equal(found?.mark, "problem");
  assert.match(found?.fix ?? "", /^vrid = 53 /, "52 is used too");
});

Deno.test("doctor: the holder of the address, by the hardware addresses of the nodes", () => {
  const asked = [{ interface: "eth0", address: ip("192.168.1.12") }];
  const judge = (answers: ReturnType<typeof answer>[], here = MUTE, text = PAIR) =>
    marks(judgeHolders(subjectOf(text), here, lanWith({ asked, answers }), DAEMON));
  const peer = answer("192.168.1.12", "0b");
  assert.match(
    judge([peer, answer("192.168.1.50", "0b")]),
    /^ok .* is held by pi-b \(192\.168\.1\.12\)/,
  );
  assert.match(judge([peer, answer("192.168.1.50", "66")]), /^problem .*none of the nodes/);
  assert.match(judge([answer("192.168.1.50", "66")]), /^unknown .*the machine is not known/);
  assert.match(judge([peer]), /^problem no machine answers for 192\.168\.1\.50/);
  assert.match(judge([peer], MASTER), /^ok .* is held by this node/);
  assert.match(
    judge([peer, answer("192.168.1.50", "0b")], MASTER),
    /^problem .* this node and by pi-b/,
  );
  const twice = [
    peer,
    answer("192.168.1.12", "0c"),
    answer("192.168.1.50", "0b"),
    answer("192.168.1.50", "0c"),
  ];
  assert.match(judge(twice), /^problem .* answered for twice by pi-b .*, with 2 hardware/);
  const virtual = { ...answer("192.168.1.50", ""), mac: "00:00:5e:00:01:33" };
  assert.match(judge([peer, virtual]), /^ok .*virtual MAC/);
});

Deno.test("doctor: listeners are read from the kernel's tables", () => {
  // Queues, timer, retransmissions, user, timeout and inode of each.
  const rest = "00000000:00000000 00:00000000 00000000     0        0 1 1";
  const tcp = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid " +
    " timeout inode",
    `   0: 0100007F:1F90 00000000:0000 0A ${rest}`,
    `   1: 3201A8C0:0050 00000000:0000 0A ${rest}`,
    `   2: 0100007F:1F90 0100007F:8888 01 ${rest}`,
  ].join("\n");
  const six = `   0: ${"0".repeat(32)}:01BB ${"0".repeat(32)}:0000 0A 0 0 0 0 0\n`;
  const found = [...readListeners(tcp, "tcp"), ...readListeners(six, "tcp6")];
  assert.deepEqual(found.map(({ address, port }) => `${formatIp(address)} ${port}`), [
    "127.0.0.1 8080",
    "192.168.1.50 80",
    ":: 443",
  ]);
  const reached = listenersFor(found, ip("192.168.1.50")).map(({ port }) => port);
  assert.deepEqual(reached, [80, 443]);
});

Deno.test("doctor: where nothing can be looked at, nothing is claimed to be wrong", async () => {
  const reported = await runDoctor(subjectOf(PAIR), emptyWorld());
  const loud = reported.filter(({ mark }) => mark === "warning" || mark === "problem");
  assert.deepEqual(loud.map(({ check }) => check), ["daemon"], "only that no daemon runs");
  assert.deepEqual(
    [...new Set(reported.map(({ check }) => check))],
    DOCTOR_CHECKS.map(({ name }) => name),
    "each says something, in the order of the table",
  );
  const filter = reported.find(({ check }) => check === "firewall");
  assert.equal(filter?.what, "nft and iptables are not installed: no rules to look at");
});

Deno.test("doctor: without the right to listen it says so once each, and no problem", async () => {
  const lan = lanWith({ refusal: "Operation not permitted" });
  const environment = emptyWorld({ root: false, lan: () => Promise.resolve(lan) });
  const reported = await runDoctor(subjectOf(PAIR), environment);
  const unknown = reported.filter(({ mark }) => mark === "unknown").map(({ check }) => check);
  for (const check of ["adverts", "VRID", "holder"]) assert.ok(unknown.includes(check), check);
});
