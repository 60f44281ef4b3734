/** A whole Debian machine: a host's namespace with systemd booted in it, by systemd-nspawn. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { type Outcome, run, type RunOptions, withPlainKill } from "./command.ts";
import type { LabHost } from "./lab_host.ts";
import { until } from "../until.ts";

/**
 * Boots what lies in $ROOT, as $NAME, in the network namespace $NETNS; what is written goes to
 * $SCRATCH. All mounts are of a namespace that ends with it. systemd-nspawn drops CAP_NET_ADMIN
 * where it did not make the network itself, unless told not to; and it wants a pure cgroup2
 * hierarchy, which is mounted over whatever the machine has.
 */
const BOOT = `
  umount -R /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir -p "/sys/fs/cgroup/$NAME" "$SCRATCH/upper" "$SCRATCH/work" "$SCRATCH/root" \\
    /run/systemd/nspawn/propagate
  echo $$ > "/sys/fs/cgroup/$NAME/cgroup.procs"
  mount -t overlay overlay \\
    -o "lowerdir=$ROOT,upperdir=$SCRATCH/upper,workdir=$SCRATCH/work" "$SCRATCH/root"
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
  exec systemd-nspawn --quiet --boot --machine="$NAME" --directory="$SCRATCH/root" \\
    --network-namespace-path="/run/netns/$NETNS" --capability=all --register=no --keep-unit \\
    --link-journal=no --resolv-conf=off --timezone=off --console=pipe
`;

/** A booted machine. Stop it with `await using`; the network namespace stays with its Lan. */
export class Container implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #root: string;
  readonly #scratch: string;
  readonly #leader: number;

  private constructor(
    readonly host: LabHost,
    child: ChildProcess,
    root: string,
    scratch: string,
    leader: number,
  ) {
    this.#child = child;
    this.#root = root;
    this.#scratch = scratch;
    this.#leader = leader;
  }

  /**
   * Boots `root` in the namespace of `host`; it is named like the host. Rejects with the console's
   * last words.
   */
  static async boot(
    host: LabHost,
    root: string,
    scratch = mkdtempSync(`${tmpdir()}/floatip-${host.name}-`),
  ): Promise<Container> {
    const env = {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      NAME: host.namespace,
      NETNS: host.namespace,
      ROOT: root,
      SCRATCH: scratch,
    };
    const args = ["--mount", "--propagation", "private", "sh", "-ec", BOOT];
    const child = withPlainKill(spawn("unshare", args, { env, stdio: ["ignore", "pipe", "pipe"] }));
    let console = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => console += text);
    }
    try {
      const leader = await until(`systemd of ${host.name}`, () => leaderOf(child.pid ?? 0));
      const container = new Container(host, child, root, scratch, leader);
      await container.exec(["hostname", host.name]);
      await until(`${host.name} to boot`, () => container.#isUp(), 30_000);
      return container;
    } catch (cause) {
      child.kill("SIGKILL");
      rmSync(scratch, { recursive: true, force: true });
      throw new Error(`${host.name} did not boot: ${console.slice(-2000)}`, { cause });
    }
  }

  /** Runs a program in it to its end; a non-zero code is no error. */
  exec(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
    const inside = ["env", "-i", path, "HOME=/root", "TERM=dumb", ...argv];
    return run(["nsenter", "--all", `--target=${this.#leader}`, ...inside], options);
  }

  /** The same; rejects with its words unless it succeeds, and gives its standard output. */
  async demand(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv);
    if (code === 0) return stdout;
    throw new Error(`${this.host.name}: ${argv.join(" ")}: exit ${code}: ${stderr}${stdout}`);
  }

  /** Runs a shell's line in it; rejects with its words unless it succeeds. */
  shell(line: string): Promise<string> {
    return this.demand("sh", "-ec", line);
  }

  /** Where a file of the machine is seen from outside. */
  path(inside: string): string {
    return `/proc/${this.#leader}/root${inside}`;
  }

  /** Writes a file of the machine. */
  write(inside: string, text: string): void {
    writeFileSync(this.path(inside), text);
  }

  /** Copies a file into /root and answers its place there. */
  take(file: string): string {
    const inside = `/root/${basename(file)}`;
    cpSync(file, this.path(inside));
    return inside;
  }

  /** `systemctl reboot`: its files stay, but those of /run; resolves when it has booted. */
  async reboot(): Promise<Container> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    await this.exec(["systemctl", "reboot"]);
    await ended;
    return await Container.boot(this.host, this.#root, this.#scratch);
  }

  /** Stops it: in order, or after ten seconds by force. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // systemd(1): SIGRTMIN+4 powers off. It is no signal that Deno knows.
      await run(["kill", "-38", `${this.#leader}`]);
      const force = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(force);
    }
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #isUp(): Promise<boolean> {
    const { stdout } = await this.exec(["systemctl", "is-system-running"]);
    return ["running", "degraded"].includes(stdout.trim());
  }
}

/** The systemd that nspawn has started, seen from outside. */
function leaderOf(nspawn: number): number | undefined {
  const children = `/proc/${nspawn}/task/${nspawn}/children`;
  if (!existsSync(children)) return undefined;
  const [first = ""] = readFileSync(children, "utf8").split(" ");
  const isSystemd = first !== "" && readFileSync(`/proc/${first}/comm`, "utf8") === "systemd\n";
  return isSystemd ? Number(first) : undefined;
}
