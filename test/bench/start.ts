/**
 * Cost of starting and on disk: commands, the daemon until it says that it is ready, the package.
 */
import { setTimeout as pause } from "node:timers/promises";
import { makePackages } from "../../packaging/package.ts";
import { PACKAGE_VERSION } from "../../packaging/package/tree.ts";
import { ownArch } from "../../packaging/runtime.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "../../src/linux/constants.ts";
import { Libc } from "../../src/linux/libc.ts";
import { demand as demandResult } from "../../src/linux/refusal.ts";
import { notifyAddress } from "../../src/linux/sd_notify.ts";
import { demand } from "../support/lab/command.ts";
import { Lan } from "../support/lab/lan.ts";
import { LAB_ENVIRONMENT } from "../support/lab/program.ts";
import { cpuSecondsOf } from "./use.ts";

/** Figures in milliseconds, a value for each time. */
export interface Start {
  /** Processor time of `floatip version`. */
  readonly version: readonly number[];
  /** Processor time of `floatip status` of a daemon with one instance. */
  readonly status: readonly number[];
  /** From exec to READY=1 of `floatip run` with one instance. */
  readonly ready: readonly number[];
  /** Processor time of that. */
  readonly readyCpu: readonly number[];
}

/** Starts the program in `folder` `runs` times. */
export async function measureStart(folder: string, runs: number): Promise<Start> {
  await using lan = await Lan.open({ hosts: ["a"] });
  const files = ["--run-dir", `${folder}/run`, "--state-dir", `${folder}/state`];
  await Deno.writeTextFile(
    `${folder}/floatip.toml`,
    '[instance.web]\nvrid = 1\naddresses = ["10.77.0.100/24"]\ninterface = "eth0"\n',
  );
  const program = `${folder}/floatip`;
  const launch = [program, "run", "-c", `${folder}/floatip.toml`, ...files];
  const result = { version: [], status: [], ready: [], readyCpu: [] } as Record<
    keyof Start,
    number[]
  >;
  using ear = new ReadyEar(`${folder}/notify`);
  // The first time reads the program from disk.
  for (let run = 0; run <= runs; run++) {
    const begun = performance.now();
    const env = { ...LAB_ENVIRONMENT, NOTIFY_SOCKET: ear.path };
    const daemon = lan.host("a").spawn(launch, { env, output: "ignore" });
    try {
      result.ready.push(await ear.untilReady() - begun);
      result.readyCpu.push(cpuSecondsOf(daemon.pid ?? 0) * 1000);
      result.version.push(await commandCpu([program, "version"]));
      result.status.push(await commandCpu([program, "status", ...files.slice(0, 2)]));
    } finally {
      const ended = new Promise((resolve) => daemon.once("close", resolve));
      daemon.kill("SIGKILL");
      await ended;
    }
  }
  for (const values of Object.values(result)) values.shift();
  return result;
}

/**
 * Milliseconds of processor time, by bash's `time`; status of a daemon without peers is not well,
 * and no failure.
 */
async function commandCpu(argv: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT="%3U %3S"; time { "$@" >/dev/null 2>&1 || [ $? -le 2 ]; }';
  const env = { LC_ALL: "C" };
  const child = new Deno.Command("bash", {
    args: ["-c", script, "bash", ...argv],
    env,
    stdout: "null",
    stderr: "piped",
  });
  const { stderr } = await child.output();
  const [user, system] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  if (user === undefined || system === undefined) throw new Error(`no times of ${argv.join(" ")}`);
  return (user + system) * 1000;
}

/** The socket of a service manager. */
class ReadyEar implements Disposable {
  readonly #libc = new Libc();
  readonly #fd: number;

  constructor(readonly path: string) {
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    this.#fd = demandResult(this.#libc.socket(AF_UNIX, type, 0), "socket", path);
    demandResult(this.#libc.bind(this.#fd, notifyAddress(path)), "bind", path);
  }

  /** Resolves with the moment (performance.now()) at which READY=1 was heard, to a millisecond. */
  async untilReady(): Promise<number> {
    const into = new Uint8Array(4096);
    for (const end = performance.now() + 20_000; performance.now() < end;) {
      const length = this.#libc.read(this.#fd, into);
      if (length > 0) {
        const text = new TextDecoder().decode(into.subarray(0, length));
        if (text.split("\n").includes("READY=1")) return performance.now();
      } else await pause(1);
    }
    throw new Error("the daemon did not say READY=1");
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#fd);
    this.#libc[Symbol.dispose]();
  }
}

/** Megabytes (10^6 bytes), and what of them is Deno's own program. */
export interface PackageSize {
  readonly packed: number;
  readonly installed: number;
  readonly denoInstalled: number;
}

/** Makes this machine's Debian package as small as released, which takes a minute or two. */
export async function measurePackage(): Promise<PackageSize> {
  const out = await Deno.makeTempDir({ prefix: "floatip-package-" });
  try {
    const [made] = await makePackages({
      arches: [ownArch()],
      formats: ["deb"],
      kind: "bundle",
      version: PACKAGE_VERSION,
      compression: "small",
      out,
    });
    if (made === undefined) throw new Error("no package was made");
    const kibibytes = await demand(["dpkg-deb", "-f", made.file, "Installed-Size"]);
    return {
      packed: (await Deno.stat(made.file)).size / 1e6,
      installed: Number(kibibytes) * 1024 / 1e6,
      denoInstalled: (await Deno.stat(Deno.execPath())).size / 1e6,
    };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}
