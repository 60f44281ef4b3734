/**
 * A running floatip daemon of the lab: the built program, one per host, with directories of its
 * own.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import type { InstanceStatus, StatusDocument } from "../../../src/control/api.ts";
import { decodeHistory, type HistoryEntry } from "../../../src/history/line.ts";
import type { Outcome } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../lab/program.ts";
import { ProgramLog } from "./program_log.ts";
import { until } from "../until.ts";

/** One [instance.NAME] in the words of floatip.toml. */
export interface FloatipInstance {
  /** Default "web". */
  readonly name?: string;
  readonly interface?: string;
  readonly vrid: number;
  readonly priority: number;
  readonly version: 2 | 3;
  readonly intervalMs: number;
  /** Empty: said in `more`. */
  readonly addresses: readonly string[];
  readonly password?: string | undefined;
  readonly unicast?: { readonly source: string; readonly peers: readonly string[] } | undefined;
  readonly preempt?: boolean | undefined;
  /** Further lines as they stand. */
  readonly more?: readonly string[];
}

/** How {@link Floatip.start} starts it, where that differs from the rule. */
export interface LaunchOptions {
  /** Further words of `floatip run`. */
  readonly words?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in front of `run`; default: the built program. */
  readonly program?: readonly string[];
  /** Where its folder is made; default: /tmp. The service's files are on a tmpfs. */
  readonly parent?: string;
}

/** How long a daemon may take until it answers: other tests may be using the machine. */
const START_TIMEOUT_MS = 20_000;

/** The configuration file that says all this, for one node. */
export function writeFloatipToml(node: string, instances: readonly FloatipInstance[]): string {
  return `[node]\nname = "${node}"\n${instances.map(writeInstance).join("")}`;
}

/** A running `floatip run`. */
export class Floatip implements AsyncDisposable {
  readonly log: ProgramLog;
  readonly #client: Deno.HttpClient;

  private constructor(
    readonly host: LabHost,
    readonly child: ChildProcess,
    readonly folder: string,
    readonly options: LaunchOptions,
  ) {
    this.log = new ProgramLog(`floatip on ${host.name}`, child);
    const path = `${folder}/run/control.sock`;
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  }

  /** Starts it with this file; resolves when it answers for its status. */
  static start(host: LabHost, toml: string, options: LaunchOptions = {}): Promise<Floatip> {
    const folder = mkdtempSync(`${options.parent ?? "/tmp"}/fl-floatip-`);
    // There may be a password in it.
    writeFileSync(`${folder}/floatip.toml`, toml, { mode: 0o600 });
    return Floatip.#launch(host, folder, options);
  }

  /**
   * A new process with the files of this one, which has ended; to be disposed of before this one
   * is.
   */
  again(): Promise<Floatip> {
    return Floatip.#launch(this.host, this.folder, this.options);
  }

  static async #launch(host: LabHost, folder: string, options: LaunchOptions): Promise<Floatip> {
    const { program = FLOATIP, words = [], env = {} } = options;
    const files = ["-c", `${folder}/floatip.toml`, ...directoriesIn(folder)];
    const child = host.spawn([...program, "run", ...files, ...words], {
      env: { ...LAB_ENVIRONMENT, ...env },
    });
    const floatip = new Floatip(host, child, folder, options);
    try {
      await until(() => `an answer of ${floatip.log.label}\n${floatip.log.text}`, async () => {
        if (child.exitCode !== null) throw new Error(`floatip ended:\n${floatip.log.text}`);
        return await floatip.status().catch(() => undefined);
      }, START_TIMEOUT_MS);
    } catch (cause) {
      await floatip[Symbol.asyncDispose]();
      throw cause;
    }
    return floatip;
  }

  /** Starts it with instances written for this host. */
  static run(host: LabHost, ...instances: FloatipInstance[]): Promise<Floatip> {
    const complete = instances.map((instance) => ({ interface: host.interface, ...instance }));
    return Floatip.start(host, writeFloatipToml(host.name, complete));
  }

  get configFile(): string {
    return `${this.folder}/floatip.toml`;
  }

  /** What the daemon says of itself. Rejects while nobody listens. */
  async status(): Promise<StatusDocument> {
    // A number, not a name: that would be looked up, for 5 s where no name server answers.
    const response = await fetch("http://127.0.0.1/v1/status", { client: this.#client });
    return await response.json() as StatusDocument;
  }

  /** One virtual router's part of it: of this name and, where both families run, this family. */
  async instance(name = "web", family?: "ipv4" | "ipv6"): Promise<InstanceStatus> {
    const { instances } = await this.status();
    const found = instances.find((instance) =>
      instance.name === name && (family === undefined || instance.family === family)
    );
    if (found === undefined) throw new Error(`no instance ${name} in status\n${this.log.text}`);
    return found;
  }

  /** Resolves when the instance is in `state`. */
  async untilState(
    state: InstanceStatus["state"],
    timeoutMs = 10_000,
    name = "web",
  ): Promise<void> {
    await until(
      () => `${name} of ${this.log.label} in ${state}\n${this.log.text}`,
      async () => (await this.instance(name)).state === state,
      timeoutMs,
    );
  }

  /** What it has measured, as Prometheus reads it. */
  async metrics(): Promise<string> {
    const response = await fetch("http://127.0.0.1/metrics", { client: this.#client });
    return await response.text();
  }

  /** What its history remembers, oldest first; nothing where there is no file yet. */
  history(): readonly HistoryEntry[] {
    try {
      return decodeHistory(readFileSync(`${this.folder}/state/history.jsonl`, "utf8")).entries;
    } catch {
      return [];
    }
  }

  /** Another floatip command against this daemon, for instance `command("reload")`. */
  command(...args: string[]): Promise<Outcome> {
    const { program = FLOATIP, env = {} } = this.options;
    return this.host.exec([...program, ...args, "--run-dir", `${this.folder}/run`], {
      env: { ...LAB_ENVIRONMENT, ...env },
    });
  }

  /** SIGTERM; resolves with the exit code when it has ended. */
  async stop(): Promise<number | null> {
    if (this.#ended()) return this.child.exitCode;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
    return this.child.exitCode;
  }

  /** SIGKILL: nothing is cleaned up. */
  async crash(): Promise<void> {
    if (this.#ended()) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  /** Whoever is interested in an orderly end asks for it: a lone master waits for a successor. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    this.#client.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** The words for the directories of a daemon that has `folder`. */
function directoriesIn(folder: string): readonly string[] {
  return ["--run-dir", `${folder}/run`, "--state-dir", `${folder}/state`];
}

function writeInstance(instance: FloatipInstance): string {
  const { name = "web", unicast, password, preempt } = instance;
  const text = (value: string) => JSON.stringify(value);
  const list = (values: readonly string[]) => `[${values.map(text).join(", ")}]`;
  return [
    `\n[instance.${name}]`,
    ...(instance.interface === undefined ? [] : [`interface = ${text(instance.interface)}`]),
    `vrid = ${instance.vrid}`,
    ...(instance.addresses.length === 0 ? [] : [`addresses = ${list(instance.addresses)}`]),
    `priority = ${instance.priority}`,
    `version = ${instance.version}`,
    `advert_interval = "${instance.intervalMs}ms"`,
    ...(unicast === undefined ? ['transport = "multicast"'] : [
      'transport = "unicast"',
      `source = ${text(unicast.source)}`,
      `peers = ${list(unicast.peers)}`,
    ]),
    ...(preempt === undefined ? [] : [`preempt = ${preempt}`]),
    ...(password === undefined ? [] : [`auth = { pass = ${text(password)} }`]),
    ...(instance.more ?? []),
    "",
  ].join("\n");
}
