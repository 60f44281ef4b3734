/** A cluster on a LAN whose ways between machines can be cut one by one, and what answers there. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { cardOf, macOf } from "../support/interop/holders.ts";
import { denoWords } from "../support/lab/deno_words.ts";
import { Floatip } from "../support/interop/floatip.ts";
import { Keepalived } from "../support/interop/keepalived.ts";
import { EtcdCluster, EtcdMember } from "../support/cluster/etcd/member.ts";
import { demand, kill } from "../support/lab/command.ts";
import type { LabHost } from "../support/lab/lab_host.ts";
import { Lan } from "../support/lab/lan.ts";
import { realTimeWords } from "../support/lab/real_time.ts";
import { FLOATIP } from "../support/lab/program.ts";
import { UNIT_ENVIRONMENT } from "../support/moves/supervisor.ts";
import { Answers } from "./answers.ts";

/** What runs on the nodes; "cluster": plain VRRP, but the nodes know each other. */
export type Program = "exclusive" | "plain" | "cluster" | "keepalived";

/** Two nodes and a machine that votes, three nodes, or two nodes and three members of etcd. */
export type Layout = "witness" | "three" | "etcd";

/** What is cut. */
export interface CutSettings {
  readonly program: Program;
  readonly layout: Layout;
  readonly intervalMs: number;
  /** How often the client asks: 2 shows what matters. */
  readonly askEveryMs: number;
  /** The instance has an IPv6 address too. */
  readonly ipv6?: boolean;
  /** Bytes of a file system in memory for each member of etcd; default: its files are in /tmp. */
  readonly room?: number | undefined;
}

const ADDRESS = "10.77.0.100";

/** Where {@link CutSettings.ipv6} is set. */
export const ADDRESS6 = "fd77::100";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";

const FREEZERS = ["/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/** Can all processes of a machine be frozen at once? */
export const FREEZER: string | undefined = FREEZERS.find((path) =>
  existsSync(`${path}/cgroup.procs`)
);

/** A cluster, and a client that asks. Ends with everything that was started. */
export class CutLab implements AsyncDisposable {
  readonly #running = new Map<string, Floatip | Keepalived>();
  /** The latest of each machine, dead or alive. */
  readonly #latest = new Map<string, Floatip | Keepalived>();
  /** All there were, in this order: a later one uses the files of an earlier one. */
  readonly #all: (Floatip | Keepalived)[] = [];
  readonly #relays = new Map<string, ChildProcess>();
  #frozen = new Set<string>();
  #etcd: EtcdCluster | undefined;

  private constructor(
    readonly settings: CutSettings,
    readonly lan: Lan,
    readonly answers: Answers,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async open(settings: CutSettings): Promise<CutLab> {
    await using stack = new AsyncDisposableStack();
    const hosts = [...machinesOf(settings), "client"];
    const lan = stack.use(await Lan.open({ hosts, ipv6: settings.ipv6 === true }));
    const names = new Map<string, string>();
    for (const name of machinesOf(settings)) names.set(await macOf(lan.host(name)), name);
    const client = lan.host("client");
    const { index, mac } = await cardOf(client);
    const child = client.spawn([
      ...await realTimeWords(),
      ...denoWords(import.meta.resolve("./asker.ts")),
      ...[ADDRESS, String(settings.askEveryMs), String(index), mac],
    ]);
    const lab = new CutLab(settings, lan, new Answers(child, names), stack.move());
    try {
      await lab.#start();
      return lab;
    } catch (cause) {
      await lab[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /** Those that may hold the address. */
  get nodes(): readonly string[] {
    return this.settings.layout === "three" ? ["a", "b", "c"] : ["a", "b"];
  }

  /** All that take part. */
  get machines(): readonly string[] {
    return machinesOf(this.settings);
  }

  /** Those that decide, where these are no nodes; undefined: these are. */
  get etcd(): EtcdCluster | undefined {
    return this.#etcd;
  }

  /** Does the program of this machine run? */
  runs(name: string): boolean {
    return this.#running.has(name) || (this.#member(name)?.pids.length ?? 0) > 0;
  }

  /** From now on these ways, of machine to machine, are cut, and no others. */
  async cut(ways: readonly (readonly [string, string])[]): Promise<void> {
    const pairs = ways.map(([from, to]) => `"${this.#port(from)}" . "${this.#port(to)}"`);
    const set = "bridge cuts ways";
    const input = [
      `flush set ${set}`,
      ...(pairs.length === 0 ? [] : [`add element ${set} { ${pairs.join(", ")} }`]),
    ].join("\n");
    await this.#nft(`${input}\n`);
  }

  /** A way that is cut: what goes there arrives so late. Until {@link CutLab.hurry}. */
  async delay([from, to]: readonly [string, string], ms: number): Promise<void> {
    const { bridgeNamespace } = this.lan.host(from);
    const indexOf = async (name: string) => {
      const shown = await demand([
        ...["ip", "-n", bridgeNamespace, "-j", "link", "show", this.#port(name)],
      ]);
      return String((JSON.parse(shown) as readonly { ifindex: number }[])[0]?.ifindex);
    };
    const words = [await indexOf(from), await indexOf(to), String(ms)];
    const relay = this.lan.host(from).spawn([
      ...["nsenter", `--net=/run/netns/${bridgeNamespace}`],
      ...[...denoWords(import.meta.resolve("./relay.ts")), ...words],
    ], { output: "ignore" });
    this.#relays.set(`${from} ${to}`, relay);
  }

  /** No relay is in this way any more; what is under way is lost. */
  hurry([from, to]: readonly [string, string]): void {
    this.#relays.get(`${from} ${to}`)?.kill("SIGKILL");
    this.#relays.delete(`${from} ${to}`);
  }

  signal(name: string, signal: NodeJS.Signals): void {
    for (const pid of this.#pids(name)) kill(pid, signal);
  }

  async crash(name: string): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    // What is frozen does not end.
    this.thaw(name);
    await (running ?? this.#member(name))?.crash();
  }

  /** Starts it; after a crash with the files that it had. */
  async start(name: string): Promise<void> {
    const member = this.#member(name);
    if (member !== undefined) {
      if (member.pids.length === 0) member.start();
      return;
    }
    if (this.#running.has(name)) return;
    const started = await this.#latest.get(name)?.again() ?? await this.#launch(name);
    this.#running.set(name, started);
    this.#latest.set(name, started);
    this.#all.push(started);
  }

  /** floatip on this machine, which runs. */
  floatip(name: string): Floatip {
    const running = this.#running.get(name);
    if (running instanceof Floatip) return running;
    throw new Error(`no floatip runs on ${name}`);
  }

  /** Ends it in order. */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.stop();
  }

  /** `floatip restart`, with this program in systemd's place. */
  async restart(name: string): Promise<void> {
    const floatip = this.floatip(name);
    const ended = once(floatip.child, "exit");
    const said = floatip.command("restart");
    await ended;
    this.#running.delete(name);
    await this.start(name);
    const { code, stdout, stderr } = await said;
    if (code !== 0) throw new Error(`floatip restart: ${stdout}${stderr}`);
  }

  /** All processes of the machine stand still. */
  async freeze(name: string): Promise<void> {
    const group = this.#group(name);
    if (!existsSync(group)) mkdirSync(group);
    const { namespace } = this.lan.host(name);
    const pids = (await demand(["ip", "netns", "pids", namespace])).split("\n").filter(Boolean);
    for (const pid of pids) {
      try {
        writeFileSync(`${group}/cgroup.procs`, pid);
      } catch {
        // It has ended meanwhile.
      }
    }
    this.#frozen.add(name);
    setFrozen(group, true);
  }

  thaw(name: string): void {
    if (this.#frozen.delete(name)) setFrozen(this.#group(name), false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#frozen]) this.thaw(name);
    for (const name of this.machines) this.signal(name, "SIGCONT");
    for (const running of this.#running.values()) await running.crash();
    for (const one of this.#all.toReversed()) await one[Symbol.asyncDispose]();
    await this.stack.disposeAsync();
    for (const name of this.machines) {
      if (existsSync(this.#group(name))) rmdirSync(this.#group(name));
    }
  }

  async #start(): Promise<void> {
    await this.#nft([
      "table bridge cuts {",
      "set ways { type ifname . ifname; }",
      "chain forward { type filter hook forward priority 0; iifname . oifname @ways drop; }",
      "}\n",
    ].join("\n"));
    const members = membersOf(this.settings).map((name) => this.lan.host(name));
    if (members.length > 0) {
      this.#etcd = this.stack.use(await EtcdCluster.start(members, { room: this.settings.room }));
    }
    for (const name of this.machines) await this.start(name);
  }

  #member(name: string): EtcdMember | undefined {
    return this.#etcd?.members.find(({ host }) => host.name === name);
  }

  async #launch(name: string): Promise<Floatip | Keepalived> {
    const host = this.lan.host(name);
    if (this.settings.program === "keepalived") return await this.#keepalived(host);
    const program = [...await realTimeWords(10), ...FLOATIP];
    return await Floatip.start(host, this.#file(), { program, env: UNIT_ENVIRONMENT });
  }

  #keepalived(host: LabHost): Promise<Keepalived> {
    const peers = this.nodes.filter((name) => name !== host.name)
      .map((name) => this.lan.host(name).address);
    return Keepalived.start(host, {
      ...{ vrid: 51, priority: 200 - 10 * this.nodes.indexOf(host.name), version: 3 },
      ...{ intervalMs: this.settings.intervalMs, addresses: [`${ADDRESS}/24`] },
      unicast: { source: host.address, peers },
    });
  }

  #file(): string {
    const { program, intervalMs, ipv6 } = this.settings;
    const addressOf = (machine: string) => `"${this.lan.host(machine).address}"`;
    const addressesOf = (machine: string) => {
      const { address, address6 } = this.lan.host(machine);
      return JSON.stringify(ipv6 === true ? [address, address6] : address);
    };
    const floating = [`${ADDRESS}/24`, ...(ipv6 === true ? [`${ADDRESS6}/64`] : [])];
    const witnesses = this.machines.includes("w") ? [`witnesses = { w = ${addressOf("w")} }`] : [];
    const etcd = this.#etcd === undefined ? [] : [this.#etcd.toml];
    const cluster = ["[cluster]", `secret = "${SECRET}"`, ...witnesses, ...etcd];
    const isExclusive = program === "exclusive";
    return [
      "[nodes]",
      ...this.nodes.map((one) => `${one} = ${addressesOf(one)}`),
      ...(isExclusive || program === "cluster" ? cluster : []),
      ...["[instance.web]", "vrid = 51", `addresses = ${JSON.stringify(floating)}`],
      ...[`prefer = ${JSON.stringify(this.nodes)}`, `advert_interval = "${intervalMs}ms"`],
      ...(isExclusive ? ["exclusive = true"] : []),
      "",
    ].join("\n");
  }

  #port(name: string): string {
    return this.lan.host(name).ports[0].peer;
  }

  #pids(name: string): readonly number[] {
    const running = this.#running.get(name) ?? this.#member(name);
    if (running instanceof Keepalived || running instanceof EtcdMember) return running.pids;
    return running?.child.pid === undefined ? [] : [running.child.pid];
  }

  #group(name: string): string {
    return `${FREEZER}/${this.lan.id}-${name}`;
  }

  async #nft(input: string): Promise<void> {
    const argv = ["ip", "netns", "exec", this.lan.bridgeNamespace, "nft", "-f", "-"];
    await demand(argv, { input });
  }
}

/** Without exclusive a witness has nothing to do. */
function machinesOf(settings: CutSettings): readonly string[] {
  const { layout, program } = settings;
  if (layout === "three") return ["a", "b", "c"];
  if (layout === "etcd") return ["a", "b", ...membersOf(settings)];
  return program === "exclusive" ? ["a", "b", "w"] : ["a", "b"];
}

/** Those on which etcd runs. */
function membersOf({ layout }: CutSettings): readonly string[] {
  return layout === "etcd" ? ["e1", "e2", "e3"] : [];
}

/** freezer.state of the older hierarchy, cgroup.freeze of the newer. */
function setFrozen(group: string, isFrozen: boolean): void {
  const older = `${group}/freezer.state`;
  if (existsSync(older)) {
    writeFileSync(older, isFrozen ? "FROZEN" : "THAWED");
    // The kernel says FREEZING until all stand still; it is enough that none begins anything new.
    readFileSync(older);
  } else writeFileSync(`${group}/cgroup.freeze`, isFrozen ? "1" : "0");
}
