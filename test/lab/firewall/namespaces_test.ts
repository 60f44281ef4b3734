/** Tests of the printed rules: two nodes behind filters that drop, before and after the rules. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Floatip } from "../../support/interop/floatip.ts";
import { DRAWN } from "../../support/config/keys.ts";
import { until } from "../../support/until.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import { type Filter, type Filtered, FILTERS } from "../../support/firewall/filters.ts";

/** Unicast, multicast, UDP and IPv6, all of one file. */
const FILE = `[nodes]
a = "10.77.0.1"
b = "10.77.0.2"

[instance.unicast]
vrid = 51
addresses = ["10.77.0.100/24"]
prefer = ["a", "b"]
advert_interval = "500ms"

[instance.group]
vrid = 52
transport = "multicast"
addresses = ["10.77.0.101/24"]
prefer = ["a", "b"]
advert_interval = "500ms"

[instance.udp]
vrid = 54
transport = "udp"
addresses = ["10.77.0.102/24"]
prefer = ["a", "b"]
advert_interval = "500ms"

[instance.six]
vrid = 53
addresses = ["fe80::100/64", "fd77::100/64"]
prefer = ["a", "b"]
advert_interval = "500ms"
`;
/**
 * The same, with what nodes tell each other by both families. A filter that lets a node's own
 * datagrams out takes the other's for answers to them, so that nothing is to be seen of it there.
 */
const CLUSTER = FILE.replaceAll(
  /"(10\.77\.0\.(\d))"\n/g,
  '{ address = "$1", links = ["fd77::$2"] }\n',
)
  .replace("[instance", `[cluster]\nsecret = "${DRAWN[0]}"\n\n[instance`);
const INSTANCES = ["unicast", "group", "udp", "six"];

async function statesOf(floatip: Floatip): Promise<string> {
  return (await floatip.status()).instances.map(({ state }) => state).join(" ");
}

async function untilStates(floatip: Floatip, state: string): Promise<void> {
  const wanted = INSTANCES.map(() => state).join(" ");
  await until(
    () => `${floatip.host.name} is ${state} everywhere\n${floatip.log.text}`,
    async () => await statesOf(floatip) === wanted,
  );
}

/** Prints the rules with floatip itself, and puts them in force as its first line says. */
async function letThrough({ exec }: Filtered, configFile: string, filter: Filter): Promise<string> {
  const printed = await exec([
    ...[...FLOATIP, "firewall", "-c", configFile],
  ]);
  assert.equal(printed.code, 0, printed.stderr);
  const [first = ""] = printed.stdout.split("\n");
  assert.match(
    first,
    new RegExp(`--format ${filter.format} \\\\| (sh|nft -f -)$`),
    "the machine's own",
  );
  const reader = /\| (.+)$/.exec(first)?.[1]?.split(" ") ?? [];
  // No shell of ours: what the line says after the bar reads the rules.
  const applied = await exec([
    "sh",
    "-c",
    `printf %s "$1" | ${reader.join(" ")}`,
    "sh",
    printed.stdout,
  ]);
  assert.equal(applied.code, 0, `${printed.stdout}\n${applied.stdout}${applied.stderr}`);
  assert.equal(applied.stderr, "", printed.stdout);
  return printed.stdout;
}

/**
 * What a third machine learns of who has `address`; the filter lets no ping through, only Neighbour
 * Discovery.
 */
async function neighbourOf(client: LabHost, address: string): Promise<string> {
  await client.exec(["ping", "-c1", "-W1", address]);
  return await client.ip("neigh", "show", address);
}

/**
 * Resolves when the host's connection tracking has forgotten VRRP: a flow that is known passes most
 * filters.
 */
async function untilForgotten(host: LabHost): Promise<void> {
  await until(`${host.name} tracks no VRRP`, async () => {
    const { stdout } = await host.exec(["cat", "/proc/net/nf_conntrack"]);
    return !/^ipv[46] +\d+ +(unknown +112|udp +17) /m.test(stdout);
  });
}

/**
 * Both daemons, the better one first; resolves when they have settled on `worse` for the other one.
 */
async function startBoth(
  [a, b]: readonly LabHost[],
  worse: "master" | "backup",
  file: string,
): Promise<readonly [Floatip, Floatip]> {
  assert.ok(a !== undefined && b !== undefined);
  const first = await Floatip.start(a, file);
  await untilStates(first, "master");
  const second = await Floatip.start(b, file);
  for (const name of INSTANCES) {
    // What b itself has sent opens its filter for the answers: it is master for a moment at least.
    const claimed = new RegExp(`${name}.*: backup -> master`);
    if (worse === "master") await second.log.until(claimed, 5000);
    else await second.untilState("backup", 5000, name);
  }
  return [first, second];
}

for (const filter of FILTERS) {
  const reason = missing(...filter.programs);
  Deno.test({
    ...nameWith(
      `firewall: ${filter.format} drops VRRP, and lets it through by our rules`,
      reason,
    ),
    fn: async () => {
      await using stack = new AsyncDisposableStack();
      const lan = stack.use(await Lan.open({ hosts: ["a", "b", "client"], ipv6: true }));
      const hosts = [lan.host("a"), lan.host("b")];
      const filtered = await Promise.all(hosts.map((host) => filter.start(host, stack)));
      for (const host of hosts) {
        for (const timer of ["generic_timeout", "udp_timeout", "udp_timeout_stream"]) {
          await host.exec(["sysctl", "-w", `net.netfilter.nf_conntrack_${timer}=1`]);
        }
      }
      for (const before of await startBoth(hosts, "master", FILE)) {
        const node = filtered.find(({ host }) => host === before.host);
        assert.ok(node !== undefined);
        writeFileSync(before.configFile, CLUSTER);
        const text = await letThrough(node, before.configFile, filter);
        const outgoing = /OUTPUT|filter output/.test(text);
        assert.equal(
          outgoing,
          filter.outgoing,
          `rules for what goes out, where that is dropped\n${text}`,
        );
        await before[Symbol.asyncDispose]();
      }
      await Promise.all(hosts.map(untilForgotten));
      const [first, second] = await startBoth(hosts, "backup", CLUSTER);
      stack.use(first);
      stack.use(second);
      // Three of its master-down intervals, and one more for a node that only now counts silence.
      await until(
        () => `b has heard a for a while\n${first.log.text}\n${second.log.text}`,
        async () => {
          const { instances } = await second.status();
          return instances.every(({ counters }) => counters.rcvd_advertisements >= 12);
        },
      );
      assert.doesNotMatch(
        second.log.text,
        /-> master/,
        `b hears a from the first moment on\n${first.log.text}\n${second.log.text}`,
      );
      await until("each node hears the other's reports", async () => {
        const documents = await Promise.all([first.status(), second.status()]);
        return documents.every(({ nodes }) =>
          nodes.every(({ self, state, rtt_ms: rtt }) => state === "up" && (self || rtt !== null))
        );
      });
      const neighbour = await neighbourOf(lan.host("client"), "fd77::100");
      assert.match(neighbour, /lladdr/, "IPv6 neighbours find the floating address");
    },
  });
}
