/** Members of Debian's etcd-server in namespaces of the lab, each with a folder of its own. */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { demand, kill } from "../../lab/command.ts";
import type { LabHost } from "../../lab/lab_host.ts";
import { until } from "../../until.ts";

/** How members are started, where that differs from the rule. */
export interface MemberOptions {
  /** Bytes of a file system in memory on which each has its files. */
  readonly room?: number | undefined;
  /** Files of PEM texts: an authority, and a certificate for all members with its key. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** One member. */
export class EtcdMember {
  #child: ChildProcess | undefined;

  constructor(
    readonly host: LabHost,
    readonly folder: string,
    private readonly words: readonly string[],
  ) {}

  /** Host and port at which it is asked. */
  get authority(): string {
    return `${this.host.address}:2379`;
  }

  get pids(): readonly number[] {
    const { pid, exitCode, signalCode } = this.#child ?? {};
    return pid === undefined || exitCode !== null || signalCode !== null ? [] : [pid];
  }

  /** A new process with the files of the one before. */
  start(): void {
    this.#child = this.host.spawn(["etcd", ...this.words], { output: "ignore" });
  }

  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids) kill(pid, signal);
  }

  /** Ends it as a machine without current ends. */
  async crash(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.pids.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once("close", () => resolve());
    child.kill("SIGKILL");
    await promise;
  }
}

/** An etcd cluster; it ends with `await using`. */
export class EtcdCluster implements AsyncDisposable {
  readonly members: readonly EtcdMember[];
  readonly #folder = mkdtempSync("/tmp/fl-etcd-");
  readonly #options: MemberOptions;

  private constructor(hosts: readonly LabHost[], options: MemberOptions) {
    this.#options = options;
    const peers = hosts.map(({ name, address }) => `${name}=http://${address}:2380`).join(",");
    this.members = hosts.map((host) => {
      const folder = `${this.#folder}/${host.name}`;
      mkdirSync(folder);
      return new EtcdMember(host, folder, wordsOf(host, folder, peers, options));
    });
  }

  /** Starts a member on each host; resolves when they have a leader. */
  static async start(hosts: readonly LabHost[], options: MemberOptions = {}): Promise<EtcdCluster> {
    const cluster = new EtcdCluster(hosts, options);
    try {
      await cluster.#start();
      return cluster;
    } catch (cause) {
      await cluster[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /** The line of [cluster] that names it. */
  get toml(): string {
    const urls = this.members.map(({ authority }) => `"${this.#scheme}://${authority}"`);
    return `etcd = [${urls.join(", ")}]`;
  }

  /** The member that leads, as it says itself; waits until one does. */
  async leader(): Promise<EtcdMember> {
    return await until(
      "a leader of etcd",
      async () => {
        for (const member of this.members) {
          if (await this.#leads(member).catch(() => false)) return member;
        }
        return undefined;
      },
      30_000,
      50,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) await member.crash();
    if (this.#options.room !== undefined) {
      for (const { folder } of this.members) await demand(["umount", folder]).catch(() => {});
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #scheme(): string {
    return this.#options.tls === undefined ? "http" : "https";
  }

  async #start(): Promise<void> {
    const { room } = this.#options;
    for (const { folder } of room === undefined ? [] : this.members) {
      await demand(["mount", "-t", "tmpfs", "-o", `size=${room}`, "etcd", folder]);
    }
    for (const member of this.members) member.start();
    await this.leader();
  }

  async #leads({ host, authority }: EtcdMember): Promise<boolean> {
    const { tls } = this.#options;
    const files = tls === undefined
      ? []
      : ["--cacert", tls.ca, "--cert", tls.cert, "--key", tls.key];
    const { stdout } = await host.exec([
      ...["curl", "-s", "--max-time", "1", ...files, "-d", "{}"],
      `${this.#scheme}://${authority}/v3/maintenance/status`,
    ]);
    const { leader, header } = JSON.parse(stdout) as {
      readonly leader?: string;
      readonly header: { readonly member_id: string };
    };
    return leader === header.member_id;
  }
}

function wordsOf(
  { name, address }: LabHost,
  folder: string,
  peers: string,
  { tls }: MemberOptions,
): readonly string[] {
  const scheme = tls === undefined ? "http" : "https";
  const secure = tls === undefined ? [] : [
    ...["--trusted-ca-file", tls.ca, "--cert-file", tls.cert, "--key-file", tls.key],
    "--client-cert-auth",
  ];
  return [
    ...["--name", name, "--data-dir", `${folder}/data`, "--logger", "zap", "--log-level", "error"],
    ...["--listen-client-urls", `${scheme}://${address}:2379`],
    ...["--advertise-client-urls", `${scheme}://${address}:2379`],
    ...["--listen-peer-urls", `http://${address}:2380`],
    ...["--initial-advertise-peer-urls", `http://${address}:2380`],
    ...["--initial-cluster", peers, "--initial-cluster-token", "floatip-lab"],
    ...secure,
  ];
}
