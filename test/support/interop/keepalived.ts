/** keepalived as a peer: in the foreground, one per host of the lab, with files of its own. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { kill } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { ProgramLog } from "./program_log.ts";

/** One vrrp_instance, in the words of keepalived.conf(5). */
export interface KeepalivedInstance {
  /** Default "VI". */
  readonly name?: string;
  /** Default: the host's first card. */
  readonly interface?: string;
  readonly vrid: number;
  readonly priority: number;
  readonly version: 2 | 3;
  /** Milliseconds; v2 takes whole seconds only. */
  readonly intervalMs: number;
  /** "10.77.0.100/24". */
  readonly addresses: readonly string[];
  readonly password?: string | undefined;
  readonly unicast?: { readonly source: string; readonly peers: readonly string[] } | undefined;
  readonly preempt?: boolean | undefined;
}

/** The states that keepalived names. */
export type KeepalivedState = "MASTER" | "BACKUP" | "FAULT";

/** The configuration file that says all this. */
export function writeKeepalivedConf(
  host: string,
  instances: readonly (KeepalivedInstance & { readonly interface: string })[],
): string {
  const globals = `global_defs {\n  router_id ${host}\n}\n`;
  return globals + instances.map(writeInstance).join("");
}

/** A running keepalived: its VRRP process and the parent that watches it. */
export class Keepalived implements AsyncDisposable {
  readonly log: ProgramLog;

  private constructor(
    readonly host: LabHost,
    readonly child: ChildProcess,
    readonly folder: string,
  ) {
    this.log = new ProgramLog(`keepalived on ${host.name}`, child);
  }

  /** Starts it; resolves when its first instance has entered a state. */
  static start(host: LabHost, ...instances: KeepalivedInstance[]): Promise<Keepalived> {
    const complete = instances.map((instance) => ({ interface: host.interface, ...instance }));
    return Keepalived.startFile(host, writeKeepalivedConf(host.name, complete));
  }

  /** Starts it with a file of its own; the host's name is what `@ID` lines are held against. */
  static startFile(host: LabHost, text: string): Promise<Keepalived> {
    const folder = mkdtempSync("/tmp/fl-keepalived-");
    writeFileSync(`${folder}/keepalived.conf`, text);
    return Keepalived.#launch(host, folder);
  }

  /**
   * New processes with the files of these, which have ended; to be disposed of before these are.
   */
  again(): Promise<Keepalived> {
    // Nobody may have waited for the dead yet: it would believe them alive.
    for (const name of ["parent", "vrrp"]) rmSync(`${this.folder}/${name}.pid`, { force: true });
    return Keepalived.#launch(this.host, this.folder);
  }

  static async #launch(host: LabHost, folder: string): Promise<Keepalived> {
    const file = `${folder}/keepalived.conf`;
    const child = host.spawn([
      "keepalived",
      ...["-n", "-l", "-D", "-P", "-i", host.name, "-f", file],
      ...["-p", `${folder}/parent.pid`, "-r", `${folder}/vrrp.pid`],
    ]);
    const keepalived = new Keepalived(host, child, folder);
    await keepalived.log.until(/Entering \w+ STATE/, 10_000);
    return keepalived;
  }

  /** The state it last said that it entered; `name` is the instance's. */
  state(name = "VI"): KeepalivedState | undefined {
    const pattern = new RegExp(`\\(${name}\\) Entering (\\w+) STATE`);
    const line = this.log.lines.findLast(({ text }) => pattern.test(text));
    return pattern.exec(line?.text ?? "")?.[1] as KeepalivedState | undefined;
  }

  /** Resolves when it is in `state`, or enters it. */
  async untilState(state: KeepalivedState, timeoutMs = 10_000, name = "VI"): Promise<void> {
    if (this.state(name) === state) return;
    const pattern = new RegExp(`\\(${name}\\) Entering ${state} STATE`);
    await this.log.until(pattern, timeoutMs, this.log.lines.at(-1)?.at);
  }

  /**
   * SIGTERM: priority 0 first, then the addresses go; resolves when it has ended, about a second
   * later.
   */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }

  get configFile(): string {
    return `${this.folder}/keepalived.conf`;
  }

  /** The process that watches, and the one that speaks VRRP. */
  get pids(): readonly number[] {
    return [this.child.pid ?? 0, Number(readFileSync(`${this.folder}/vrrp.pid`, "utf8"))];
  }

  /** SIGKILL for both processes: the addresses stay where they are. */
  async crash(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    for (const pid of this.pids) kill(pid, "SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function writeInstance(
  instance: KeepalivedInstance & { readonly interface: string },
): string {
  const { name = "VI", unicast, password, preempt = true } = instance;
  return [
    `vrrp_instance ${name} {`,
    // With nopreempt the initial state must be BACKUP, else it is ignored.
    "  state BACKUP",
    `  interface ${instance.interface}`,
    `  virtual_router_id ${instance.vrid}`,
    `  priority ${instance.priority}`,
    `  version ${instance.version}`,
    `  advert_int ${instance.intervalMs / 1000}`,
    ...(preempt ? [] : ["  nopreempt"]),
    ...(password === undefined
      ? []
      : ["  authentication {", "    auth_type PASS", `    auth_pass ${password}`, "  }"]),
    ...(unicast === undefined ? [] : [
      `  unicast_src_ip ${unicast.source}`,
      "  unicast_peer {",
      ...unicast.peers.map((peer) => `    ${peer}`),
      "  }",
    ]),
    "  virtual_ipaddress {",
    ...instance.addresses.map((address) => `    ${address}`),
    "  }",
    "}\n",
  ].join("\n");
}
