/** Tests of rulesets against the kernel: random rules of two programs, and packets of each kind. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readIptables } from "../../../src/tools/firewall/read_iptables.ts";
import { readNft } from "../../../src/tools/firewall/read_nft.ts";
import { type Packet, type Ruleset, verdictOf } from "../../../src/tools/firewall/ruleset.ts";
import { after, milliseconds } from "../../../src/time.ts";
import {
  GROUP4,
  HOST4,
  MULTICAST4,
  numbered,
  numberOf,
  PEER4,
  udp,
  unicast,
} from "../../contract/lab.ts";
import { kernelTest } from "../../support/kernel/netns.ts";
import { type Machines, openMachines } from "../../support/kernel/machine.ts";
import { demand, run } from "../../support/lab/command.ts";

/**
 * Rulesets of each program; `FUZZ_RUNS` for more. fast-check prints the seed of a failure, and the
 * smallest such ruleset.
 */
const RUNS = { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 120) };

/**
 * A packet has been through the filter when its sender's system call returns, mostly: one that
 * should come is waited for.
 */
const SLACK = milliseconds(4);
const PATIENCE = milliseconds(2000);

const KINDS = ["unicast", "multicast", "udp"] as const;
/** What comes in. */
type Kind = (typeof KINDS)[number];

const packet: Packet = {
  direction: "in",
  interface: "eth0",
  family: "ipv4",
  protocol: 112,
  source: PEER4,
  destination: HOST4,
  icmpType: undefined,
  port: undefined,
};
const PACKETS: Readonly<Record<Kind, Packet>> = {
  unicast: packet,
  multicast: { ...packet, destination: GROUP4 },
  udp: { ...packet, protocol: 17, port: 336 },
};

/** Sends one packet of each kind from the peer; which of them reach a socket? */
class Range {
  /**
   * Above all ports that rules are about: `th dport` looks at these bytes whatever the protocol is.
   */
  #sent = 1000;

  constructor(readonly machines: Machines) {
    const { host, peer } = machines;
    for (const one of [MULTICAST4, unicast(HOST4), udp(HOST4)]) host.open(one);
    for (const one of [MULTICAST4, unicast(PEER4), udp(PEER4)]) peer.open(one);
  }

  /** Those that are `expected` are waited for; for the others there is a moment. */
  async arrived(expected: readonly Kind[]): Promise<readonly Kind[]> {
    const { host, peer } = this.machines;
    const next = () => ++this.#sent & 0xffff;
    const numbers = { unicast: next(), multicast: next(), udp: next() };
    peer.send(unicast(PEER4), PEER4, HOST4, numbered(numbers.unicast));
    peer.send(MULTICAST4, PEER4, GROUP4, numbered(numbers.multicast));
    peer.send(udp(PEER4), PEER4, HOST4, numbered(numbers.udp));
    const seen = new Set<number>();
    const limit = after(host.now(), PATIENCE);
    const moment = after(host.now(), SLACK);
    const complete = () => expected.every((kind) => seen.has(numbers[kind]));
    while (host.now() < moment || (!complete() && host.now() < limit)) {
      for (const event of await host.wait(complete() ? moment : limit)) {
        if (event.kind === "datagram") seen.add(numberOf(event.datagram));
      }
    }
    return KINDS.filter((kind) => seen.has(numbers[kind]));
  }
}

/** Holds what the walk says against what the kernel did. */
async function compare(range: Range, ruleset: Ruleset, text: string): Promise<void> {
  const verdicts = KINDS.map((kind) => [kind, verdictOf(PACKETS[kind], ruleset).kind] as const);
  const expected = verdicts.filter(([, verdict]) => verdict === "passes").map(([kind]) => kind);
  const arrived = await range.arrived(expected);
  for (const [kind, verdict] of verdicts) {
    if (verdict === "unknown") continue;
    assert.equal(verdict, arrived.includes(kind) ? "passes" : "dropped", `${kind}\n${text}`);
  }
}

const NFT_CONDITIONS = [
  ...['iifname "eth0"', 'iifname "eth1"', 'iifname != "eth0"', 'iifname "eth*"', "iif eth0"],
  ...[
    "ip saddr 10.77.0.2",
    "ip saddr 10.77.0.3",
    "ip saddr { 10.77.0.2, 10.9.9.9 }",
    "ip saddr @s",
  ],
  ...["ip saddr 10.77.0.0/24", "ip saddr 10.77.0.2-10.77.0.9", "ip saddr != 10.77.0.2"],
  ...["ip daddr 224.0.0.18", "ip daddr 10.77.0.1", "ip6 saddr fe80::/10", "ip6 saddr != fe80::/10"],
  ...["meta l4proto 112", "meta l4proto { tcp, udp }", "meta l4proto != 112", "ip protocol vrrp"],
  ...["ct state new", "ct state established,related", "ct state invalid", "ct state != new"],
  ...["meta pkttype host", "meta pkttype multicast", "ip ttl 255", "ip ttl != 255"],
  ...["meta nfproto ipv4", "meta nfproto ipv6", "fib daddr type local", "fib daddr type multicast"],
  ...["udp dport 336", "udp sport 336", "udp dport 53", "udp dport != 53", "udp dport != 336"],
  ...["udp dport { 53, 300-400 }", "udp sport { 53, 400-500 }", "th dport 336", "th sport 53"],
  ...["tcp dport 22", "tcp dport != 22", "icmpv6 type nd-neighbor-solicit", "limit rate 1/hour"],
];

/** A rule of a chain from which the chains `below` may be entered. */
function nftRule(below: readonly string[]): fc.Arbitrary<string> {
  const ends = ["accept", "accept", "drop", "drop", "return", "counter", "reject"];
  const jumps = below.flatMap((chain) => [`jump ${chain}`, `goto ${chain}`]);
  const maps = [
    'iifname vmap { "lo" : accept, "eth0" : drop }',
    "ip daddr vmap { 224.0.0.18 : accept, 10.77.0.1 : return }",
  ];
  const conditions = fc.array(fc.constantFrom(...NFT_CONDITIONS), { maxLength: 2 });
  const plain = fc.tuple(conditions, fc.constantFrom(...ends, ...jumps))
    .map(([words, end]) => [...words, end].join(" "));
  return fc.oneof({ weight: 9, arbitrary: plain }, {
    weight: 1,
    arbitrary: fc.constantFrom(...maps),
  });
}

const policy = fc.constantFrom("accept", "drop");
const rules = (below: readonly string[]) => fc.array(nftRule(below), { maxLength: 4 });
const nftRules = fc.tuple(policy, policy, rules(["c1", "c2"]), rules(["c2"]), rules([]), rules([]))
  .map(([first, second, input, c1, c2, later]) =>
    [
      "table inet t {",
      "set s {\ntype ipv4_addr\nelements = { 10.77.0.2, 10.8.8.8 }\n}",
      `chain c2 {\n${c2.join("\n")}\n}`,
      `chain c1 {\n${c1.join("\n")}\n}`,
      `chain input {\ntype filter hook input priority 0; policy ${first};\n${input.join("\n")}\n}`,
      "}",
      "table ip later {",
      `chain input {\ntype filter hook input priority 10; policy ${second};\n${
        later.filter((rule) => !/ip6|icmpv6/.test(rule)).join("\n")
      }\n}`,
      "}",
      "",
    ].join("\n")
  );

kernelTest("firewall: random rulesets of nft do what the walk through them says", async () => {
  await using machines = await openMachines();
  const range = new Range(machines);
  const { machine } = machines;
  await fc.assert(
    fc.asyncProperty(nftRules, async (text) => {
      const input = `flush ruleset\n${text}`;
      const loaded = await run(machine.argv(["nft", "-f", "-"]), { input });
      // What nft itself does not take (a set of another table, two things that exclude each other)
      // says nothing.
      if (loaded.code !== 0) return;
      const listed = await demand(machine.argv(["nft", "-j", "list", "ruleset"]));
      const read = readNft(listed);
      assert.ok(read !== undefined);
      await compare(range, read.ruleset, text);
    }),
    RUNS,
  );
}, "nft");

const IPTABLES_CONDITIONS = [
  ...[
    "-i eth0",
    "-i eth1",
    "! -i eth0",
    "-i eth+",
    "-s 10.77.0.2",
    "-s 10.77.0.3",
    "! -s 10.77.0.2",
  ],
  ...["-s 10.77.0.0/24", "-d 224.0.0.18", "-d 10.77.0.1", "-p vrrp", "-p 112", "! -p tcp"],
  ...["-p tcp -m tcp --dport 22", "-p tcp -m multiport --dports 22,80", "-p udp"],
  ...["-p udp -m udp --dport 336", "-p udp -m udp --sport 300:400", "-p udp -m udp ! --dport 53"],
  ...["-p udp -m udp --dport 337:", "-p udp -m multiport --dports 53,336"],
  ...["-p udp -m multiport --ports 53,300:400", "-p udp -m multiport ! --sports 336"],
  ...["-m conntrack --ctstate NEW", "-m conntrack --ctstate RELATED,ESTABLISHED"],
  ...["-m conntrack ! --ctstate NEW", "-m addrtype --dst-type LOCAL", "-m pkttype --pkt-type host"],
  ...["-m addrtype --dst-type MULTICAST", "-m addrtype ! --dst-type MULTICAST"],
  ...["-m pkttype --pkt-type multicast", "-m iprange --src-range 10.77.0.2-10.77.0.9"],
  ...["-m ttl --ttl-eq 255", '-m comment --comment "a -j DROP"', "-m limit --limit 1/hour"],
];

function iptablesRule(chain: string, below: readonly string[]): fc.Arbitrary<string> {
  const jumps = below.flatMap((target) => [`-j ${target}`, `-g ${target}`]);
  const ends = ["-j ACCEPT", "-j ACCEPT", "-j DROP", "-j DROP", "-j RETURN", "-j REJECT", ""];
  // The same option twice is no rule.
  const conditions = fc.uniqueArray(fc.constantFrom(...IPTABLES_CONDITIONS), {
    maxLength: 2,
    selector: (text) => /-m (\w+)|-\w/.exec(text)?.[0] ?? text,
  });
  return fc.tuple(conditions, fc.constantFrom(...ends, ...jumps))
    .map(([words, end]) => ["-A", chain, ...words, end].join(" "));
}

const UPPER = fc.constantFrom("ACCEPT", "DROP");
const saved = fc.tuple(
  UPPER,
  fc.array(iptablesRule("INPUT", ["mine", "other"]), { maxLength: 4 }),
  fc.array(iptablesRule("mine", ["other"]), { maxLength: 3 }),
  fc.array(iptablesRule("other", []), { maxLength: 3 }),
).map(([first, input, mine, other]) =>
  [
    "*filter",
    `:INPUT ${first} [0:0]`,
    ":mine - [0:0]",
    ":other - [0:0]",
    ...input,
    ...mine,
    ...other,
  ]
    .concat("COMMIT", "").join("\n")
);

kernelTest("firewall: random rulesets of iptables do what the walk through them says", async () => {
  await using machines = await openMachines();
  const range = new Range(machines);
  const { machine } = machines;
  await fc.assert(
    fc.asyncProperty(saved, async (text) => {
      const loaded = await run(machine.argv(["iptables-restore"]), { input: text });
      if (loaded.code !== 0) return;
      const listed = await demand(machine.argv(["iptables-save"]));
      await compare(range, readIptables(listed, "ipv4"), `${text}\n${listed}`);
    }),
    RUNS,
  );
}, "iptables");
