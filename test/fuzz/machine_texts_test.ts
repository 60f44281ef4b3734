/** Readers of rules, routes, sockets and settings: no text of a machine makes one throw. */
import fc from "fast-check";
import { inodeOf } from "../../src/cli/doctor/daemon_pid.ts";
import { readDefaultRoutes, readDefaultRoutes6 } from "../../src/net/routes.ts";
import {
  judgeFile,
  judgeNetworkd,
  judgeNetworkManager,
} from "../../src/tools/doctor/checks/network.ts";
import { readListeners } from "../../src/tools/doctor/checks/service.ts";
import { blockedTraffic } from "../../src/tools/firewall/detect.ts";
import { readIptables } from "../../src/tools/firewall/read_iptables.ts";
import { readNft } from "../../src/tools/firewall/read_nft.ts";
import { threeKinds } from "../support/tools/firewall/nodes.ts";

/** fast-check prints the seed of a failure. */
const RUNS = { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 1000) };

const PASSAGES = threeKinds();

/** Words that such texts are made of, so that what is generated gets somewhere. */
const word = fc.oneof(
  fc.constantFrom("-A", "INPUT", "mine", "-j", "-g", "-m", "-p", "-s", "!", "vrrp", "112", "DROP"),
  fc.constantFrom(
    "conntrack",
    "--ctstate",
    "NEW",
    "10.0.0.1/8",
    "eth+",
    "LOG",
    "--dst-type",
    '"a b',
  ),
  fc.constantFrom(
    "0:",
    "0100007F:1F90",
    "0A",
    "00000000",
    "00000000000000000000000000000000",
    "00",
  ),
  fc.string({ maxLength: 8 }),
);
const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));

Deno.test("texts of /proc, iptables-save and others never throw", () => {
  fc.assert(
    fc.property(text, (random) => {
      readDefaultRoutes(random);
      readDefaultRoutes6(random);
      for (const table of ["tcp", "tcp6", "udp", "udp6"] as const) readListeners(random, table);
      inodeOf(random, "/run/x");
      judgeNetworkManager("eth0", random);
      judgeNetworkd("eth0", random, "/x", [random]);
      judgeFile("/x", random, ["10.0.0.1", "fd00::1"]);
      const saved = `*filter\n:INPUT DROP [0:0]\n:mine - [0:0]\n${random}\nCOMMIT\n`;
      blockedTraffic(PASSAGES, [readIptables(saved, "ipv4"), readIptables(saved, "ipv6")]);
    }),
    RUNS,
  );
});

const key = fc.constantFrom(
  ...["match", "left", "right", "op", "meta", "payload", "key", "protocol", "field", "set", "elem"],
  ...["prefix", "addr", "len", "range", "vmap", "data", "jump", "goto", "target", "accept", "drop"],
  ...["xt", "ct", "fib", "flags", "result", "counter", "limit", "val"],
);
const leaf = fc.oneof(
  fc.constantFrom("iifname", "l4proto", "saddr", "ip", "==", "!=", "@s", "10.0.0.1", "eth0", "a"),
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "medium" },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
  ),
}));

Deno.test("rulesets of nft never throw, whatever stands in them", () => {
  const chain = { family: "inet", table: "t", name: "a", type: "filter", hook: "input", prio: 0 };
  fc.assert(
    fc.property(fc.array(fc.array(tree, { maxLength: 4 }), { maxLength: 6 }), (exprs) => {
      const rules = exprs.map((expr) => ({
        rule: { family: "inet", table: "t", chain: "a", expr },
      }));
      const read = readNft(JSON.stringify({ nftables: [{ chain }, ...rules] }));
      if (read !== undefined) blockedTraffic(PASSAGES, [read.ruleset]);
    }),
    RUNS,
  );
  fc.assert(fc.property(fc.json(), (json) => void readNft(json)), RUNS);
});
