/** Tests of rulesets: what each does with the traffic of three kinds of virtual routers. */
import assert from "node:assert/strict";
import { blockedTraffic } from "../../../../src/tools/firewall/detect.ts";
import { readIptables } from "../../../../src/tools/firewall/read_iptables.ts";
import { readNft } from "../../../../src/tools/firewall/read_nft.ts";
import type { Ruleset } from "../../../../src/tools/firewall/ruleset.ts";
import { byUdp, threeKinds } from "../../../support/tools/firewall/nodes.ts";

/** "dropped in ipv4 vrrp group", "unknown in ..." for whatever does not pass; each passage once. */
function inTheWay(...rulesets: readonly Ruleset[]): readonly string[] {
  return blockedTraffic(threeKinds(), rulesets).map(({ traffic, verdict }) => {
    const { direction, family, kind, group } = traffic;
    return [verdict.kind, direction, family, kind, ...(group === undefined ? [] : ["group"])].join(
      " ",
    );
  });
}

const base = (policy: string, hook = "input", family = "inet", prio = 0) => ({
  chain: { family, table: "t", name: `${hook}${prio}`, type: "filter", hook, prio, policy },
});

function nft(...entries: readonly unknown[]): Ruleset {
  const read = readNft(JSON.stringify({ nftables: [{ metainfo: {} }, ...entries] }));
  return read?.ruleset ?? assert.fail("not read");
}

const rule = (expr: readonly unknown[], chain = "input0", family = "inet") => ({
  rule: { family, table: "t", chain, expr },
});
const meta = (key: string, right: unknown, op = "==") => ({
  match: { op, left: { meta: { key } }, right },
});
const field = (protocol: string, name: string, right: unknown, op = "==") => ({
  match: { op, left: { payload: { protocol, field: name } }, right },
});
const ACCEPT = { accept: null }, DROP = { drop: null };

const EVERYTHING_IN = [
  "dropped in ipv4 vrrp",
  "dropped in ipv4 vrrp group",
  "dropped in ipv6 vrrp group",
  "dropped in ipv6 neighbours",
  "dropped in ipv6 listeners",
];
const VRRP4 = EVERYTHING_IN.slice(0, 2);
const NEW_ONLY = {
  match: { op: "in", left: { ct: { key: "state" } }, right: ["established", "related"] },
};

/**
 * [what, nft entries, what does not pass]. The machine is pi-a (192.168.1.11), its peers .12 and
 * .13, all on eth0.
 */
const NFT: readonly (readonly [string, readonly unknown[], readonly string[]])[] = [
  ["nothing", [], []],
  ["policy accept", [base("accept")], []],
  ["policy drop", [base("drop")], EVERYTHING_IN],
  ["established only", [base("drop"), rule([NEW_ONLY, ACCEPT])], EVERYTHING_IN],
  [
    "protocol by name",
    [base("drop"), rule([meta("l4proto", "vrrp"), ACCEPT])],
    EVERYTHING_IN.slice(3),
  ],
  [
    "protocol by number",
    [base("drop"), rule([meta("l4proto", 112), ACCEPT])],
    EVERYTHING_IN.slice(3),
  ],
  [
    "ip protocol is IPv4's",
    [base("drop"), rule([field("ip", "protocol", 112), ACCEPT])],
    EVERYTHING_IN.slice(2),
  ],
  ["one of the peers only", [
    base("drop"),
    rule([field("ip", "saddr", "192.168.1.12"), ACCEPT]),
  ], EVERYTHING_IN],
  ["both peers, not the group's strangers", [
    base("drop"),
    rule([field("ip", "saddr", { set: ["192.168.1.12", "192.168.1.13"] }), ACCEPT]),
  ], EVERYTHING_IN.slice(2)],
  ["a range", [
    base("drop"),
    rule([field("ip", "saddr", { range: ["192.168.1.12", "192.168.1.13"] }), ACCEPT]),
  ], EVERYTHING_IN.slice(2)],
  ["a subnet", [
    base("drop"),
    rule([field("ip", "saddr", { prefix: { addr: "192.168.1.0", len: 24 } }), ACCEPT]),
  ], EVERYTHING_IN.slice(2)],
  ["a named set", [
    base("drop"),
    { set: { family: "inet", table: "t", name: "peers", elem: ["192.168.1.12", "192.168.1.13"] } },
    rule([field("ip", "saddr", "@peers"), ACCEPT]),
  ], EVERYTHING_IN.slice(2)],
  ["the group", [base("drop"), rule([field("ip", "daddr", "224.0.0.18"), ACCEPT])], [
    "dropped in ipv4 vrrp",
    ...EVERYTHING_IN.slice(2),
  ]],
  ["another interface", [base("drop"), rule([meta("iifname", "eth1"), ACCEPT])], EVERYTHING_IN],
  ["all but another interface", [base("drop"), rule([meta("iifname", "eth1", "!="), ACCEPT])], []],
  ["interfaces by wildcard", [base("drop"), rule([meta("iifname", "eth*"), ACCEPT])], []],
  ["TCP ports", [
    base("drop"),
    rule([field("tcp", "dport", { set: [22, 112] }), ACCEPT]),
    rule([field("tcp", "dport", 22, "!="), ACCEPT]),
  ], EVERYTHING_IN],
  ["accepted before it is dropped", [base("accept"), rule([ACCEPT]), rule([DROP])], []],
  ["dropped before it is accepted", [base("accept"), rule([DROP]), rule([ACCEPT])], EVERYTHING_IN],
  [
    "rejected",
    [base("accept"), rule([meta("l4proto", 112), { reject: null }])],
    EVERYTHING_IN.slice(0, 3),
  ],
  [
    "rejected for IPv6 only, as nft writes it",
    [base("accept"), rule([{ reject: { type: "icmpv6", expr: "port-unreachable" } }])],
    EVERYTHING_IN.slice(2),
  ],
  ["a second table drops what the first accepts", [
    base("accept", "input", "inet", 0),
    rule([ACCEPT]),
    base("drop", "input", "inet", 10),
  ], EVERYTHING_IN],
  ["prerouting drops", [base("drop", "prerouting")], EVERYTHING_IN],
  ["forward is another matter", [base("drop", "forward")], []],
  ["an IPv6 table", [base("drop", "input", "ip6")], EVERYTHING_IN.slice(2)],
  ["a jump that comes back", [
    base("drop"),
    rule([{ jump: { target: "sub" } }]),
    rule([meta("nfproto", "ipv4"), ACCEPT]),
    { chain: { family: "inet", table: "t", name: "sub" } },
    rule([meta("nfproto", "ipv6"), ACCEPT], "sub"),
  ], []],
  ["a jump that returns early", [
    base("drop"),
    rule([{ jump: { target: "sub" } }]),
    { chain: { family: "inet", table: "t", name: "sub" } },
    rule([meta("nfproto", "ipv4"), { return: null }], "sub"),
    rule([ACCEPT], "sub"),
  ], VRRP4],
  ["goto does not come back", [
    base("drop"),
    rule([{ goto: { target: "sub" } }]),
    rule([ACCEPT]),
    { chain: { family: "inet", table: "t", name: "sub" } },
  ], EVERYTHING_IN],
  ["chains that call each other for ever", [
    base("accept"),
    rule([{ jump: { target: "sub" } }]),
    { chain: { family: "inet", table: "t", name: "sub" } },
    rule([{ jump: { target: "sub" } }], "sub"),
  ], EVERYTHING_IN.map((line) => line.replace("dropped", "unknown"))],
  ["a verdict map", [
    base("drop"),
    rule([{
      vmap: {
        key: { meta: { key: "iifname" } },
        data: { set: [["lo", ACCEPT], ["eth0", ACCEPT]] },
      },
    }]),
  ], []],
  ["neighbours only", [
    base("drop"),
    rule([field("icmpv6", "type", { set: ["nd-neighbor-solicit", "nd-neighbor-advert"] }), ACCEPT]),
  ], EVERYTHING_IN.filter((line) => !line.includes("neighbours"))],
  ["a limit", [
    base("drop"),
    rule([meta("l4proto", 112), { limit: { rate: 5, per: "second" } }, ACCEPT]),
  ], [
    ...EVERYTHING_IN.slice(3),
    ...EVERYTHING_IN.slice(0, 3).map((line) => line.replace("dropped", "unknown")),
  ]],
  [
    "something that is not known",
    [base("accept"), rule([{ frobnicate: 7 }, DROP])],
    EVERYTHING_IN.map(
      (line) => line.replace("dropped", "unknown"),
    ),
  ],
  ["outgoing", [base("drop", "output")], [
    "dropped out ipv4 vrrp",
    "dropped out ipv4 vrrp group",
    "dropped out ipv6 vrrp group",
    "dropped out ipv6 neighbours",
    "dropped out ipv6 listeners",
  ]],
];

for (const [what, entries, expected] of NFT) {
  Deno.test(`nft: ${what}`, () => assert.deepEqual(inTheWay(nft(...entries)), expected));
}

const IPTABLES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["policy accept", [":INPUT ACCEPT [0:0]"], []],
  ["policy drop", [":INPUT DROP [0:0]"], VRRP4],
  ["established only", [
    ":INPUT DROP [0:0]",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  ], VRRP4],
  ["protocol by name", [":INPUT DROP [0:0]", "-A INPUT -p vrrp -j ACCEPT"], []],
  ["all but TCP", [":INPUT DROP [0:0]", "-A INPUT ! -p tcp -j ACCEPT"], []],
  ["the peers' subnet", [":INPUT DROP [0:0]", "-A INPUT -s 192.168.1.0/24 -i eth0 -j ACCEPT"], []],
  ["an interface by wildcard", [":INPUT DROP [0:0]", "-A INPUT -i eth+ -j ACCEPT"], []],
  ["one peer only", [":INPUT DROP [0:0]", "-A INPUT -s 192.168.1.12/32 -j ACCEPT"], VRRP4],
  ["a comment with blanks and a dash", [
    ":INPUT DROP [0:0]",
    '-A INPUT -m comment --comment "a \\"-j DROP\\" b" -j ACCEPT',
  ], []],
  ["multicast only", [
    ":INPUT DROP [0:0]",
    "-A INPUT -m addrtype --dst-type MULTICAST -j ACCEPT",
  ], VRRP4.slice(0, 1)],
  ["a chain of its own", [
    ":INPUT DROP [0:0]",
    ":mine - [0:0]",
    "-A INPUT -j mine",
    "-A mine -p tcp -m multiport --dports 22,80 -j ACCEPT",
    "-A mine -m pkttype --pkt-type host -j ACCEPT",
  ], VRRP4.slice(1)],
  [
    "a limit",
    [":INPUT DROP [0:0]", "-A INPUT -m limit --limit 3/min -j ACCEPT"],
    VRRP4.map((line) => line.replace("dropped", "unknown")),
  ],
  ["a log is no verdict", [":INPUT DROP [0:0]", '-A INPUT -j LOG --log-prefix "-j ACCEPT"'], VRRP4],
];

for (const [what, lines, expected] of IPTABLES) {
  Deno.test(`iptables: ${what}`, () => {
    const text = ["*filter", ...lines, "COMMIT", ""].join("\n");
    assert.deepEqual(inTheWay(readIptables(text, "ipv4")), expected);
  });
}

/** What becomes of adverts by UDP port 336, in, from .12 and .13. */
function ofUdp(ruleset: Ruleset): string {
  const incoming = byUdp().filter(({ direction }) => direction === "in");
  return blockedTraffic(incoming, [ruleset])[0]?.verdict.kind ?? "passes";
}

const NFT_PORTS: readonly (readonly [string, unknown, string])[] = [
  ["the port", field("udp", "dport", 336), "passes"],
  ["the port as the sender's", field("udp", "sport", 336), "passes"],
  ["another port", field("udp", "dport", 335), "dropped"],
  ["all but another port", field("udp", "dport", 53, "!="), "passes"],
  ["all but the port", field("udp", "dport", 336, "!="), "dropped"],
  ["one of several", field("udp", "dport", { set: [53, { range: [330, 340] }] }), "passes"],
  ["none of several", field("udp", "dport", { set: [53, { range: [337, 340] }] }), "dropped"],
  ["the same port of TCP", field("tcp", "dport", 336), "dropped"],
  ["of whatever transport", field("th", "dport", 336), "passes"],
  ["a service by a name that is not known", field("udp", "dport", "zserv"), "unknown"],
  ["protocol 112", meta("l4proto", 112), "dropped"],
  ["UDP", meta("l4proto", "udp"), "passes"],
];

for (const [what, match, expected] of NFT_PORTS) {
  Deno.test(`nft, adverts by UDP: ${what}`, () => {
    assert.equal(ofUdp(nft(base("drop"), rule([match, ACCEPT]))), expected);
  });
}

Deno.test("nft: what looks like a port in a protocol without ports cannot be told", () => {
  const found = inTheWay(nft(base("drop"), rule([field("th", "dport", 336), ACCEPT])));
  assert.ok(found.every((line) => line.startsWith("unknown")), found.join());
});

const IPTABLES_PORTS: readonly (readonly [string, string, string])[] = [
  ["the port", "-p udp -m udp --dport 336", "passes"],
  ["another port", "-p udp -m udp --dport 53", "dropped"],
  ["all but another port", "-p udp -m udp ! --dport 53", "passes"],
  ["a range", "-p udp -m udp --dport 300:400", "passes"],
  ["a range without a beginning", "-p udp -m udp --sport :335", "dropped"],
  ["a range without an end", "-p udp -m udp --dport 336:", "passes"],
  ["one of several", "-p udp -m multiport --dports 53,330:340", "passes"],
  ["none of several", "-p udp -m multiport --ports 53,337:340", "dropped"],
  ["the same port of TCP", "-p tcp -m tcp --dport 336", "dropped"],
  ["protocol 112", "-p vrrp", "dropped"],
];

for (const [what, words, expected] of IPTABLES_PORTS) {
  Deno.test(`iptables, adverts by UDP: ${what}`, () => {
    const text = `*filter\n:INPUT DROP [0:0]\n-A INPUT ${words} -j ACCEPT\nCOMMIT\n`;
    assert.equal(ofUdp(readIptables(text, "ipv4")), expected);
  });
}

Deno.test("nft: text of another form is no ruleset, and none throws", () => {
  for (const text of ["", "{}", "[]", "null", '{"nftables": 7}', "nft: not found"]) {
    assert.equal(readNft(text), undefined, text);
  }
  const odd = [null, 7, {}, { rule: null }, { chain: [] }, { rule: { expr: "x" } }, {
    rule: { expr: [null, { match: null }, { vmap: 1 }, { xt: null }, { jump: 3 }] },
  }];
  assert.ok(readNft(JSON.stringify({ nftables: odd })) !== undefined);
});

Deno.test("nft: tables that iptables answers for are left to it", () => {
  const text = JSON.stringify({ nftables: [base("drop", "input", "ip")] });
  assert.deepEqual(inTheWay(readNft(text)?.ruleset ?? assert.fail()), VRRP4);
  assert.deepEqual(inTheWay(readNft(text, ["ip t"])?.ruleset ?? assert.fail()), []);
});
