/**
 * The cluster of the demo: three nodes that run this checkout's floatip, and a client, in
 * namespaces.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { ControlClient } from "../../src/control/client.ts";
import type { InstanceStatus } from "../../src/control/api.ts";
import { Lan } from "../../test/support/lab/lan.ts";
import type { LabHost } from "../../test/support/lab/lab_host.ts";
import type { NodeView } from "./picture.ts";

/** The address that the three nodes hold by turns. */
export const floatingAddress = "192.168.1.50";

/** The same file on all three: a node finds itself by its own address. */
export const configuration = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"
pi-c = "192.168.1.13"

[instance.web]
vrid = 51
addresses = ["${floatingAddress}/24"]
prefer = ["pi-a", "pi-b", "pi-c"]
`;

const program = new URL("../../main.ts", import.meta.url).pathname;

/** Lines of a node's log that are kept to be shown where something goes wrong. */
const keptLines = 12;

/** One machine of the demo, and floatip on it. */
export class DemoNode {
  readonly #runDir: string;
  readonly #log: string[] = [];
  #child: ChildProcess | undefined;
  #client: ControlClient | undefined;
  #instance: InstanceStatus | undefined;
  #plugged = true;

  constructor(readonly host: LabHost, readonly folder: string) {
    this.#runDir = `${folder}/${host.name}`;
  }

  /** Starts floatip from this checkout. */
  start(): void {
    mkdirSync(this.#runDir, { recursive: true });
    const places = ["--run-dir", this.#runDir, "--state-dir", `${this.#runDir}/state`];
    this.#child = this.host.spawn([
      Deno.execPath(),
      ...["run", "--quiet", "--allow-all", "--no-check", program, "run"],
      ...["--config", `${this.folder}/floatip.toml`, "--node", this.host.name, ...places],
    ], { output: "pipe" });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#log.push(...text.split("\n").filter((line) => line !== ""));
        this.#log.splice(0, this.#log.length - keptLines);
      });
    }
  }

  /** SIGTERM: the node hands over, and ends. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
    this.#child = undefined;
    this.#instance = undefined;
  }

  async unplug(): Promise<void> {
    await this.host.unplug();
    this.#plugged = false;
  }

  async plug(): Promise<void> {
    await this.host.plug();
    this.#plugged = true;
  }

  /** Asks the node's control socket, which a pulled cable does not touch. */
  async look(): Promise<void> {
    this.#client ??= new ControlClient(this.#runDir, 1000);
    const status = await this.#client.status().catch(() => undefined);
    this.#instance = status?.instances[0];
  }

  /** What the last look saw; undefined: the node did not answer. */
  get instance(): InstanceStatus | undefined {
    return this.#instance;
  }

  /** The node has ended, and not because it was stopped. */
  get ended(): boolean {
    return this.#child !== undefined && this.#child.exitCode !== null;
  }

  /** The last lines of its log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** For the picture. */
  get view(): NodeView {
    return {
      name: this.host.name,
      address: this.host.address,
      plugged: this.#plugged,
      instance: this.#instance,
    };
  }
}

/** The LAN with its nodes and the client. Closed, it leaves neither namespace, process nor file. */
export class DemoCluster implements AsyncDisposable {
  private constructor(
    readonly lan: Lan,
    readonly client: LabHost,
    readonly nodes: readonly [DemoNode, DemoNode, DemoNode],
    readonly folder: string,
  ) {}

  /** Builds the LAN; starts nothing. Ctrl-C takes it down too. */
  static async open(): Promise<DemoCluster> {
    const folder = mkdtempSync(`${tmpdir()}/floatip-demo-`);
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(`${folder}/floatip.toml`, configuration);
    const lan = await Lan.open({
      hosts: [
        { name: "pi-a", address: "192.168.1.11/24" },
        { name: "pi-b", address: "192.168.1.12/24" },
        { name: "pi-c", address: "192.168.1.13/24" },
        { name: "client", address: "192.168.1.100/24" },
      ],
      closeOnSignal: true,
    });
    const node = (name: string): DemoNode => new DemoNode(lan.host(name), folder);
    const nodes = [node("pi-a"), node("pi-b"), node("pi-c")] as const;
    return new DemoCluster(lan, lan.host("client"), nodes, folder);
  }

  /** Asks every node how it is. */
  async look(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.look()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lan.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
