/**
 * Field situations in which two machines hold an address: both nodes say so for as long as it
 * lasts, with the reason, and are well again soon after it is over.
 */
import assert from "node:assert/strict";
import type { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { demand } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import {
  DROP_ADVERTS,
  type Field,
  type FieldCase,
  fieldCases,
  FLOATING,
} from "../../support/field/field.ts";

/**
 * So long the alarm is watched after it began, in milliseconds: longer than anything is remembered.
 */
const LASTS_MS = 20_000;

/**
 * So long it may take until the end of the cause is noticed, in milliseconds; a machine may be
 * busy.
 */
const ENDS_MS = 20_000;

/**
 * So long it may take until a node tells it, in milliseconds: while all is well a node asks every
 * ten seconds, and each second question is an ordinary request, the only one a router answers.
 */
const TOLD_MS = 25_000;

interface Situation extends Pick<FieldCase, "name" | "programs" | "lan"> {
  /** Makes the situation; says which nodes see it, and how each explains it. */
  readonly begin: (field: Field) => Promise<readonly (readonly [node: Floatip, why: RegExp])[]>;
  readonly end: (field: Field, nodes: readonly Floatip[]) => Promise<unknown> | undefined;
  /** What status exits with then, by default 0: a node that left is told of. */
  readonly endsWith?: 0 | 1;
}

/** A file by hand: no [nodes], so that each names its peers itself. */
function byHand(
  field: Field,
  priority: number,
  peers: readonly string[],
  { lines = "", addresses = [`${FLOATING}/24`] } = {},
): string {
  return field.file({
    nodes: {},
    addresses,
    lines: [
      'interface = "eth0"',
      `priority = ${priority}`,
      ...(peers.length === 0 ? [] : [`peers = ${JSON.stringify(peers)}`]),
      lines,
    ],
  });
}

/** Starts the two and waits until both are master. */
async function bothMaster(field: Field, fileA: string, fileB: string) {
  const [a, b] = [await field.run("a", fileA), await field.run("b", fileB)];
  await Promise.all([a.untilState("master"), b.untilState("master")]);
  return [a, b] as const;
}

const SITUATIONS: readonly Situation[] = [
  {
    name: "a wrong peer address in the file of one node",
    begin: async (field) => {
      const [a, b] = await bothMaster(
        field,
        byHand(field, 150, [field.host("b").address]),
        byHand(field, 100, ["10.77.0.9"]),
      );
      return [
        [a, /10\.77\.0\.2 \([0-9a-f:]+\) .*10\.77\.0\.100.*none of its adverts arrives here/],
        [b, /10\.77\.0\.1 \([0-9a-f:]+\) .*its adverts are refused: .*not among the .*peers/],
      ];
    },
    end: (field, [, b]) => b && field.reload(b, byHand(field, 100, [field.host("a").address])),
  },
  {
    name: "one node's file says unicast, the other's multicast",
    begin: async (field) => {
      const [a, b] = await bothMaster(
        field,
        byHand(field, 150, [field.host("b").address]),
        byHand(field, 100, []),
      );
      return [
        [a, /10\.77\.0\.2 \([0-9a-f:]+\) .*its file has another VRID or transport/],
        [b, /10\.77\.0\.1 \([0-9a-f:]+\) .*its adverts are refused: sent by another transport/],
      ];
    },
    end: (field, [a]) => a && field.reload(a, byHand(field, 150, [])),
  },
  {
    name: "another VRID in the file of one node",
    begin: async (field) => {
      const file = field.file();
      const [a, b] = await bothMaster(field, file, file.replace("vrid = 51", "vrid = 52"));
      return [
        [a, /b \(10\.77\.0\.2, [0-9a-f:]+\) .*its file has another VRID or transport/],
        [b, /a \(10\.77\.0\.1, [0-9a-f:]+\) .*its file has another VRID or transport/],
      ];
    },
    end: (field, [, b]) => b && field.reload(b, field.file()),
  },
  {
    name: "another program holds the address on a node that left",
    begin: async (field) => {
      const [a, b] = await field.pair();
      await a.stop();
      await b.untilState("master");
      await field.host("a").ip("addr", "add", `${FLOATING}/24`, "dev", "eth0");
      return [[b, /a \(10\.77\.0\.1, [0-9a-f:]+\) .*; it left, so another program or user put/]];
    },
    end: (field) => field.host("a").ip("addr", "del", `${FLOATING}/24`, "dev", "eth0"),
    endsWith: 1,
  },
  {
    name: "a packet filter that drops everything that is not allowed, on both nodes",
    programs: ["nft"],
    begin: async (field) => {
      await Promise.all(["a", "b"].map((name) => field.nft(name, DROP_ADVERTS)));
      const file = field.file();
      const [a, b] = await bothMaster(field, file, file);
      return [
        [a, /b \(10\.77\.0\.2, [0-9a-f:]+\) .*none of its adverts arrives here: a packet filter/],
        [b, /a \(10\.77\.0\.1, [0-9a-f:]+\) .*none of its adverts arrives here: a packet filter/],
      ];
    },
    end: (field) =>
      Promise.all(["a", "b"].map((name) => field.nft(name, "delete table inet field"))),
  },
  {
    name: "cloned machines with one address",
    begin: (field) => cloned(field, false),
    end: (_field, [, b]) => b?.crash(),
  },
  {
    name: "cloned machines with one address and one MAC",
    begin: (field) => cloned(field, true),
    end: (_field, [, b]) => b?.crash(),
  },
  {
    name: "cloned machines with one MAC, by IPv6",
    lan: { ipv6: true },
    begin: (field) => cloned6(field),
    end: (_field, [, b]) => b?.crash(),
  },
  {
    name: "cloned machines with one MAC, by IPv6, and a packet filter that drops adverts",
    lan: { ipv6: true },
    programs: ["nft"],
    begin: async (field) => {
      await Promise.all(["a", "b"].map((name) => field.nft(name, DROP_ADVERTS)));
      return await cloned6(field);
    },
    end: (_field, [, b]) => b?.crash(),
  },
  {
    name: "a unicast peer that got another address by DHCP",
    begin: async (field) => {
      const a = await field.run("a", byHand(field, 100, [field.host("b").address]));
      const b = await field.run("b", byHand(field, 150, [field.host("a").address]));
      await Promise.all([a.untilState("backup"), b.untilState("master")]);
      await field.host("b").ip("addr", "add", "10.77.0.12/24", "dev", "eth0");
      await field.host("b").ip("addr", "del", "10.77.0.2/24", "dev", "eth0");
      await a.untilState("master");
      return [
        [a, /its adverts are refused: .*not among the .*peers: 10\.77\.0\.12/],
        // b has heard a's where a was master for a moment at first.
        [b, /10\.77\.0\.1 \([0-9a-f:]+\) .*(none of its adverts arrives here|its adverts stopped)/],
      ];
    },
    end: (field, [a]) => a && field.reload(a, byHand(field, 100, ["10.77.0.12"])),
  },
  {
    name: "a machine without floatip has the address",
    begin: async (field) => {
      const [a, b] = await field.pair();
      await field.host("client").ip("addr", "add", `${FLOATING}/24`, "dev", "eth0");
      const why = /^[0-9a-f:]{17} answers for 10\.77\.0\.100 too; it is none of the nodes/;
      return [[a, why], [b, why]];
    },
    end: (field) => field.host("client").ip("addr", "del", `${FLOATING}/24`, "dev", "eth0"),
  },
  {
    name: "the LAN's router answers for the address by proxy ARP",
    begin: async (field) => {
      const pair = await field.pair();
      await field.untilCode(0, pair);
      const router = field.host("client");
      await router.ip("link", "add", "uplink", "type", "veth", "peer", "name", "far");
      await router.ip("link", "set", "far", "up");
      await router.ip("link", "set", "uplink", "up");
      await router.ip("route", "add", `${FLOATING}/32`, "dev", "uplink");
      await proxyArp(router, 1);
      const why = /^[0-9a-f:]{17} answers for 10\.77\.0\.100 too; it is none of the nodes/;
      return pair.map((node) => [node, why] as const);
    },
    end: (field) => proxyArp(field.host("client"), 0),
  },
];

/** Switches on or off that `router` answers on eth0 for what it has a route to elsewhere. */
async function proxyArp(router: LabHost, on: 0 | 1): Promise<void> {
  const values = [`net.ipv4.ip_forward=${on}`, `net.ipv4.conf.eth0.proxy_arp=${on}`];
  await demand(router.argv(["sysctl", "-qw", ...values]));
}

/** b becomes a copy of a. */
async function cloned(field: Field, withMac: boolean) {
  const b = field.host("b");
  if (withMac) await copyMac(field);
  await b.ip("addr", "flush", "dev", "eth0", "scope", "global");
  await b.ip("addr", "add", `${field.host("a").address}/24`, "dev", "eth0");
  const [first, second] = await bothMaster(
    field,
    byHand(field, 150, []),
    byHand(field, 100, []),
  );
  const why = withMac
    ? /another machine with this node's own hardware address [0-9a-f:]+ .*clones/
    : /another machine with this node's own address 10\.77\.0\.1 .*clones/;
  return [[first, why], [second, why]] as const;
}

/** b has the MAC of a, and so its link-local address, from which IPv6 adverts leave. */
async function cloned6(field: Field) {
  await copyMac(field);
  const options = { addresses: ["fd77::100/64"] };
  const [first, second] = await bothMaster(
    field,
    byHand(field, 150, [], options),
    byHand(field, 100, [], options),
  );
  const why = /another machine with this node's own hardware address [0-9a-f:]+ .*clones/;
  return [[first, why], [second, why]] as const;
}

/** Gives the card of b the MAC of a's. */
async function copyMac(field: Field): Promise<void> {
  const link = await field.host("a").ip("-br", "link", "show", "dev", "eth0");
  const mac = link.trim().split(/\s+/)[2] ?? assert.fail(link);
  const b = field.host("b");
  await b.ip("link", "set", "eth0", "down");
  await b.ip("link", "set", "eth0", "address", mac);
  await b.ip("link", "set", "eth0", "up");
}

/**
 * Resolves when `node` says that two hold the address, and why, in every place where it can be
 * said.
 */
async function untilTold(field: Field, node: Floatip, why: RegExp): Promise<void> {
  let told = "";
  await until(() => `two on ${node.host.name}, and ${why}: ${told}`, async () => {
    const { health, evidence } = await node.instance();
    told = evidence.join("; ");
    return health === "two" && evidence.some((sentence) => why.test(sentence));
  }, TOLD_MS);
  const { code, text } = await field.status(node);
  assert.equal(code, 2, text);
  assert.match(text, /HELD TWICE/);
  assert.match(await node.metrics(), /^floatip_health\{[^}]*health="two"\} 1$/m);
}

/** For {@link LASTS_MS} the alarm does not stop. */
async function assertLasts(nodes: readonly Floatip[]): Promise<void> {
  const end = performance.now() + LASTS_MS;
  while (performance.now() < end) {
    for (const node of nodes) {
      const { health, evidence } = await node.instance();
      assert.equal(health, "two", `${node.host.name}: ${evidence.join("; ")}\n${node.log.text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

fieldCases(
  "two holders",
  SITUATIONS.map(({ name, programs = [], lan = {}, begin, end, endsWith = 0 }) => ({
    name,
    programs,
    lan,
    play: async (field) => {
      const found = await begin(field);
      const nodes = found.map(([node]) => node);
      await Promise.all(found.map(([node, why]) => untilTold(field, node, why)));
      await assertLasts(nodes);
      await end(field, nodes);
      const left = nodes.filter(({ child }) =>
        child.exitCode === null && child.signalCode === null
      );
      await field.untilCode(endsWith, left, ENDS_MS);
    },
  })),
);
