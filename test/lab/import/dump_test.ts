/** Tests of imported files against the dump of keepalived 2.2.7 for the original. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { importKeepalived } from "../../../src/tools/keepalived_import/import.ts";
import type { Config } from "../../../src/config/config.ts";
import type { InstanceConfig } from "../../../src/config/tables/instance.ts";
import { decode } from "../../../src/config/decode.ts";
import { findProgram, hasInterface, hasUser } from "../../../src/cli/import/keepalived_files.ts";
import { formatIp } from "../../../src/net/ip.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import { fileOf, OPTIONS } from "../../golden/import_options.ts";
import fc from "fast-check";
import { atMost } from "../../support/interop/at_most.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { filesOf } from "../../support/tools/keepalived_import/importing.ts";
import { type Dump, type DumpedInstance, dumpOf } from "../../support/import/dump.ts";
import { originalOf, ORIGINALS } from "../../support/import/originals.ts";
import { randomFile } from "../../support/import/random_file.ts";

/** Random files; more with FUZZ_RUNS=1000. */
const RANDOM = Number(Deno.env.get("FUZZ_RUNS") ?? "60");

/** Namespaces at the same time. */
const AT_ONCE = 3;

interface Case {
  readonly title: string;
  readonly text: string;
  readonly nodeId: string;
}

/** What floatip does otherwise on purpose: its titles, with the reason. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "address: a network": "nobody can have a network's address",
  "address: twice": "once is enough",
  "address: no address": "floatip moves addresses",
  "no address": "floatip moves addresses",
  "the same address twice": "one address, one place",
  "virtual_ipaddress_excluded twice": "one address, one place; the line is marked",
  "unicast to oneself": "nobody hears himself",
  "a password cut in a letter": "half a letter cannot be written in TOML",
  "track_bfd": "the dumps of two of keepalived's processes run into each other",
  "use_ipvlan": "no other interfaces",
  "track_interface reverse": "no check is down because something is up",
  "vrrp_track_process with a quorum": "no counting",
  "vrrp_script with a user and odd numbers": "weights end at 253, and times may be fractions",
  'script "nc -z -w 2 localhost 3306"':
    "its program need not be here, and keepalived then ignores it",
  'script "/etc/keepalived/missing.sh"': "keepalived ignores what is missing",
};

function cases(): readonly Case[] {
  const options = OPTIONS.map((option) => ({
    title: option.title.replace("vrrp_instance: ", ""),
    text: fileOf(option),
    nodeId: "pi-a",
  }));
  const originals = ORIGINALS.flatMap((original) =>
    original.nodes.map((node) => ({
      title: `${original.name} ${node}`,
      text: originalOf(original, node),
      nodeId: node,
    }))
  );
  return [...originals, ...options.filter(({ title }) => OTHERWISE[title] === undefined)];
}

/** Files that nobody has written, from a seed that is told where they fail. */
function randomCases(seed: number): readonly Case[] {
  return fc.sample(randomFile, { seed, numRuns: RANDOM }).map((text, index) => ({
    title: `random file ${index} of seed ${seed}`,
    text,
    nodeId: "pi-a",
  }));
}

const reason = missing("keepalived");

Deno.test({
  ...nameWith("import: keepalived reads the same", reason),
  // keepalived's child may end a moment after its parent.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = programs();
    const failures: string[] = [];
    let [read, refused] = [0, 0];
    const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31));
    const all = [...cases(), ...randomCases(seed)];
    try {
      const lanes = Array.from({ length: AT_ONCE }, (_, lane) => ({
        lane,
        cases: all.filter((_, index) => index % AT_ONCE === lane),
      }));
      await atMost(AT_ONCE, lanes, async ({ cases }) => {
        await using lan = await openLan();
        for (const { title, text, nodeId } of cases) {
          const own = text.replaceAll("/etc/keepalived", folder);
          const dump = await dumpOf(lan.host("a"), own, nodeId);
          const config = imported(own, nodeId);
          if (dump === undefined) refused++;
          else if (config === undefined) failures.push(`${title}: keepalived takes it`);
          else {
            read++;
            failures.push(...differences(title, dump, config));
          }
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    console.log(`  ${read} files read alike, ${refused} that keepalived does not start with`);
    assert.deepEqual(failures, []);
    assert.ok(read > 120, `${read} files only`);
  },
});

/** The programs that the files name: keepalived ignores those that are missing. */
function programs(): string {
  const folder = mkdtempSync("/tmp/fl-import-");
  chmodSync(folder, 0o755);
  for (const name of ["check.sh", "notify.sh"]) {
    writeFileSync(`${folder}/${name}`, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  }
  mkdirSync(`${folder}/conf.d`);
  return folder;
}

/** eth0 to eth2, as the files have them; the addresses of all originals. */
async function openLan(): Promise<Lan> {
  const lan = await Lan.open({
    hosts: [{ name: "a", address: "192.168.1.11/24" }],
    second: { prefix: "10.0.0.0/24", interface: "eth1" },
  });
  const host = lan.host("a");
  await host.ip(..."link add eth2 type veth peer name peer2".split(" "));
  for (const name of ["eth2", "peer2"]) await host.ip("link", "set", name, "up");
  const own = ORIGINALS.flatMap(({ lan }) => lan.addresses);
  for (const address of new Set(own)) {
    if (address !== "192.168.1.11/24") await host.ip("addr", "add", address, "dev", "eth0");
  }
  return lan;
}

function imported(text: string, nodeId: string): Config | undefined {
  const around = { nodeId, workingFolder: "/root", findProgram, hasInterface, hasUser };
  const files = filesOf({ "/etc/keepalived/keepalived.conf": text });
  const result = importKeepalived("/etc/keepalived/keepalived.conf", files, around);
  if (result.kind === "malformed" || result.toml === undefined) return undefined;
  const decoded = decode(result.toml);
  return decoded.kind === "config" ? decoded.config : undefined;
}

/** Instances and scripts that differ, in words. */
function differences(title: string, dump: Dump, config: Config): readonly string[] {
  const say = (what: string, theirs: unknown, ours: unknown): readonly string[] => {
    const [a, b] = [JSON.stringify(theirs), JSON.stringify(ours)];
    return a === b ? [] : [`${title}: ${what}: keepalived ${a}, floatip ${b}`];
  };
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);
  return [
    ...say("instances", names(dump.instances).map(plain), names(config.instances)),
    ...dump.instances.flatMap((theirs) => {
      const ours = config.instances.find(({ name }) => name === plain(theirs.name));
      return ours === undefined ? [] : instanceDifferences(theirs, dump, ours, config, say);
    }),
    ...scriptDifferences(dump, config, say),
  ];
}

/** As the importer writes names. */
function plain(name: string): string {
  return name.replaceAll(" ", "-");
}

type Say = (what: string, theirs: unknown, ours: unknown) => readonly string[];

function instanceDifferences(
  theirs: DumpedInstance,
  dump: Dump,
  ours: InstanceConfig,
  config: Config,
  say: Say,
): readonly string[] {
  const written = (advertised: boolean) =>
    ours.addresses.filter((one) => one.advertised === advertised).map((one) => {
      const { address, length } = one.prefix;
      const host = length === (address.family === "ipv4" ? 32 : 128);
      const label = one.label === undefined ? "" : ` label ${one.label}`;
      const text = host ? formatIp(address) : formatPrefix(one.prefix);
      return `${text} ${one.interface ?? ours.interface}${label}`;
    });
  const group = config.groups.find(({ instances }) => instances.includes(ours.name))?.name;
  const single = config.groups.length === 0;
  // Groups track what no member does; floatip has their weights in no case.
  const common = dump.groups.find(({ name }) => name === theirs.group)?.tracked ?? [];
  // A member's own interface is its own matter, and its fault the group's.
  const own = dump.instances.map((one) => `${one.interface} 0`);
  const shared = common.filter((text) => text.endsWith(" 0") && !own.includes(text));
  const all = [...theirs.tracked, ...shared];
  // The weight of a process counts in a group, by an oversight that floatip does not share, and of
  // an owner for nothing.
  const fixed = theirs.group !== undefined || theirs.priority === 255;
  const odd = (text: string) => fixed && /^init (?!0$)/.test(text);
  const tracked = [...new Set(all)].filter((text) => !odd(text)).toSorted();
  return [
    ...say("version", theirs.version, ours.version),
    ...say("interface", theirs.interface, ours.interface),
    ...say("vrid", theirs.vrid, ours.vrid),
    ...say("priority", theirs.priority, ours.priority),
    ...say("interval", theirs.intervalMs, ours.advertInterval / 1e6),
    ...say("preempt", theirs.preempt, ours.preempt),
    // An owner of floatip's waits for nobody.
    ...(ours.priority === 255
      ? []
      : say("preempt_delay", theirs.preemptDelayMs, ours.preemptDelay / 1e6)),
    // keepalived says "MASTER" of every owner.
    // In a group it makes all states those of the worst member, which moves nothing.
    ...(theirs.group === undefined
      ? say("state", theirs.master && theirs.priority !== 255, isMaster(ours))
      : []),
    ...say("password", theirs.password, ours.auth?.pass),
    ...say("addresses", theirs.addresses.map(withoutOtherLabels), written(true)),
    ...say("excluded", theirs.excluded, written(false)),
    ...say("peers", theirs.peers, ours.peers?.map(formatIp) ?? []),
    ...(ours.source === undefined ? [] : say("source", theirs.source, formatIp(ours.source))),
    ...say("tracked", tracked, tracksOf(ours, config)),
    ...(single ? [] : say("group", theirs.group, group)),
  ];
}

function isMaster({ initialState, priority }: InstanceConfig): boolean {
  return initialState === "master" && priority !== 255;
}

/** floatip takes labels that begin with the interface's name. */
function withoutOtherLabels(text: string): string {
  const [, address, dev, label] = /^(\S+) (\S+)(?: label (\S+))?$/.exec(text) ?? [];
  const kept = label !== undefined && dev !== undefined && label.startsWith(dev);
  return `${address} ${dev}${kept ? ` label ${label}` : ""}`;
}

/** "chk -20": what an instance follows, without what its group makes it follow. */
function tracksOf(instance: InstanceConfig, config: Config): readonly string[] {
  return instance.checks.flatMap((name) => {
    const check = config.checks.find((one) => one.name === name);
    const plain = name.replace(/-(fault|(plus|minus)\d+)$/, "");
    return [`${plain} ${check?.weight ?? 0}`];
  }).toSorted();
}

function scriptDifferences(dump: Dump, config: Config, say: Say): readonly string[] {
  return dump.scripts.flatMap((theirs) => {
    const ours = config.checks.find(({ name }) => name === theirs.name);
    // Nothing tracks it, or floatip asks by itself.
    if (ours === undefined) return [];
    const { probe } = ours;
    const argv = probe.kind === "command" ? probe.argv : undefined;
    // What a shell makes of a line is another matter.
    const same = argv !== undefined && argv[0] !== "/bin/sh";
    return [
      ...(same ? say(`${theirs.name} argv`, theirs.argv.slice(1), argv.slice(1)) : []),
      ...say(`${theirs.name} interval`, theirs.intervalMs, ours.interval / 1e6),
      ...(theirs.timeoutMs === 0
        ? []
        : say(`${theirs.name} timeout`, theirs.timeoutMs, ours.timeout / 1e6)),
      ...say(`${theirs.name} counts`, [theirs.fall, theirs.rise], [ours.fall, ours.rise]),
    ];
  });
}
