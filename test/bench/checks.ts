/**
 * Time to takeover after a service dies: nginx is killed on the master, the peer's first advert
 * timed.
 */
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Nginx } from "../support/checks/nginx.ts";
import { Capture } from "../support/interop/capture.ts";
import { Floatip, writeFloatipToml } from "../support/interop/floatip.ts";
import { writeKeepalivedConf } from "../support/interop/keepalived.ts";
import { ProgramLog } from "../support/interop/program_log.ts";
import { wallNow } from "../support/lab/wall_clock.ts";
import type { LabHost } from "../support/lab/lab_host.ts";
import { Lan } from "../support/lab/lan.ts";

/**
 * One way to set a pair up: priorities 150 and 100, adverts each second, a check each second, down
 * after two failures.
 */
export interface CheckedPair {
  /** For the table. */
  readonly program: "floatip" | "keepalived";
  /** For the table. */
  readonly form: string;
  /** Starts it; the daemon of `host` is gone when the answer is disposed of. */
  readonly start: (host: LabHost, lan: Lan) => Promise<AsyncDisposable>;
}

const INTERVAL_MS = 1000;
const PATIENCE_MS = 30_000;
const ADDRESS = "10.77.0.100/24";

/** The ways that are set side by side. */
export const CHECKED_PAIRS: readonly CheckedPair[] = [
  { program: "floatip", form: "unweighted", start: startOneFile() },
  { program: "keepalived", form: "unweighted", start: startKeepalived() },
  { program: "floatip", form: "weight -60", start: startOneFile("weight = -60") },
  { program: "floatip", form: "weight -60, a file per node", start: startByHand },
  { program: "keepalived", form: "weight -60", start: startKeepalived("weight -60") },
];

/** What {@link measureChecks} found, in milliseconds, a figure for each run. */
export interface CheckedTimes {
  /** From SIGKILL for nginx on the master to the first advert of its peer. */
  readonly away: readonly number[];
  /** From nginx's return to the first advert of the better node. */
  readonly back: readonly number[];
}

/**
 * Kills nginx on the master and starts it again, `runs` times. Both are spread evenly over the
 * interval between two probes: the same for each pair, since that is where most of the time goes.
 */
export async function measureChecks(pair: CheckedPair, runs: number): Promise<CheckedTimes> {
  await using lan = await Lan.open({ hosts: ["a", "b"] });
  await using capture = await Capture.open(lan);
  const [a, b] = [lan.host("a"), lan.host("b")];
  await using peerNginx = await Nginx.start(b);
  let nginx = await Nginx.start(a);
  try {
    await using backup = await pair.start(b, lan);
    await using master = await pair.start(a, lan);
    void [peerNginx, backup, master];
    const away: number[] = [];
    const back: number[] = [];
    await untilSettled(capture, a.address, 0);
    for (let run = 0; run < runs; run++) {
      const asked = await nginx.untilAsked(wallNow());
      const phase = (run + 0.5) / runs * INTERVAL_MS;
      await pause(Math.max(1, asked + phase - wallNow()));
      const killed = wallNow();
      await nginx.crash();
      away.push((await capture.untilMaster(b.address, PATIENCE_MS, killed)).at - killed);
      await nginx[Symbol.asyncDispose]();
      await pause(1 + (phase + asked + PATIENCE_MS - wallNow()) % INTERVAL_MS);
      nginx = await Nginx.start(a);
      const returned = wallNow();
      back.push(await untilSettled(capture, a.address, returned) - returned);
    }
    return { away, back };
  } finally {
    await nginx[Symbol.asyncDispose]();
  }
}

/**
 * Resolves when the best node has been the only one to advertise for a while, with its whole
 * priority: with the moment of its first such advert at or after `since`.
 */
async function untilSettled(capture: Capture, address: string, since: number): Promise<number> {
  const wanted = 150;
  const { at } = await capture.untilAdvert(
    `${address} with priority ${wanted}`,
    ({ source, advert }) => source === address && advert.priority === wanted,
    PATIENCE_MS,
    since,
  );
  // Three more beats: the peer has yielded and is at rest.
  await pause(3 * INTERVAL_MS);
  return at;
}

function floatipCheck(...more: readonly string[]): string {
  const lines = ['http = "http://127.0.0.1/"', 'interval = "1s"', "fall = 2", "rise = 2", ...more];
  return `\n[check.nginx]\n${lines.join("\n")}\n`;
}

function startOneFile(...more: readonly string[]): CheckedPair["start"] {
  return (host, lan) =>
    Floatip.start(
      host,
      [
        "[nodes]",
        ...["a", "b"].map((name) => `${name} = "${lan.host(name).address}"`),
        "[instance.web]",
        "vrid = 51",
        `addresses = ["${ADDRESS}"]`,
        "priority = { a = 150, b = 100 }",
        'checks = ["nginx"]',
        floatipCheck(...more),
      ].join("\n"),
    );
}

function instanceOf(host: LabHost) {
  const priority = host.name === "a" ? 150 : 100;
  const times = { version: 3 as const, intervalMs: INTERVAL_MS };
  return { interface: host.interface, vrid: 51, priority, addresses: [ADDRESS], ...times };
}

function startByHand(host: LabHost): Promise<AsyncDisposable> {
  const instance = { ...instanceOf(host), more: ['checks = ["nginx"]'] };
  return Floatip.start(
    host,
    writeFloatipToml(host.name, [instance]) + floatipCheck("weight = -60"),
  );
}

/** Asks nginx for "/" as floatip does. */
const SCRIPT = `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/80 || exit 1
printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3
read -r line <&3 && [[ $line == *" 200 "* ]]
`;

function startKeepalived(...more: readonly string[]): CheckedPair["start"] {
  return async (host) => {
    const folder = mkdtempSync("/tmp/fl-checked-");
    writeFileSync(`${folder}/nginx.sh`, SCRIPT);
    chmodSync(`${folder}/nginx.sh`, 0o755);
    const script = [
      "vrrp_script nginx {",
      ...[`script ${folder}/nginx.sh`, "user root", "interval 1", "fall 2", "rise 2", ...more],
      "}\n",
    ].join("\n");
    const conf = writeKeepalivedConf(host.name, [instanceOf(host)])
      .replace("vrrp_instance", `${script}vrrp_instance`)
      .replace("  virtual_ipaddress", "  track_script {\n    nginx\n  }\n  virtual_ipaddress");
    writeFileSync(`${folder}/keepalived.conf`, conf);
    const files = [
      "-f",
      `${folder}/keepalived.conf`,
      "-p",
      `${folder}/1.pid`,
      "-r",
      `${folder}/2.pid`,
    ];
    const child = host.spawn(["keepalived", "-n", "-l", "-D", "-P", ...files]);
    await new ProgramLog(`keepalived on ${host.name}`, child).until(/Entering \w+ STATE/, 10_000);
    return { [Symbol.asyncDispose]: () => stop(child, folder) };
  };
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
