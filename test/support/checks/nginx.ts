/** A real nginx for a test, one per host of the lab, in the foreground, with files of its own. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { ProgramLog } from "../interop/program_log.ts";
import { kill } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";

const START_TIMEOUT_MS = 10_000;

/** Where nginx would write below its prefix; Debian's has all five compiled in. */
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** A running nginx that answers "/" on port 80 with 200. */
export class Nginx implements AsyncDisposable {
  /** Its own words, and "asked" for each request it has answered. */
  readonly log: ProgramLog;

  private constructor(readonly child: ChildProcess, readonly folder: string) {
    this.log = new ProgramLog(`nginx ${child.pid}`, child);
  }

  /** Starts it on `host`; resolves when it listens and a worker is there. */
  static async start(host: LabHost): Promise<Nginx> {
    const folder = mkdtempSync("/tmp/fl-nginx-");
    writeFileSync(`${folder}/nginx.conf`, configuration(folder));
    const argv = ["-e", "stderr", "-g", "daemon off;", "-c", `${folder}/nginx.conf`, "-p", folder];
    const nginx = new Nginx(host.spawn(["/usr/sbin/nginx", ...argv]), folder);
    try {
      await nginx.log.until(/start worker process \d/, START_TIMEOUT_MS);
    } catch (cause) {
      await nginx[Symbol.asyncDispose]();
      throw cause;
    }
    return nginx;
  }

  /**
   * Resolves when it has answered a request from now on: with the moment, in milliseconds since
   * 1970.
   */
  async untilAsked(since: number): Promise<number> {
    return (await this.log.until(/^asked/, START_TIMEOUT_MS, since)).at;
  }

  /**
   * SIGKILL for the master, which then starts no new worker, and for its workers; resolves when the
   * master has ended.
   */
  async crash(): Promise<void> {
    const { pid } = this.child;
    if (pid === undefined || this.#ended()) return;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    const ended = once(this.child, "exit");
    kill(pid, "SIGKILL");
    for (const worker of workers) if (worker !== "") kill(Number(worker), "SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

function configuration(folder: string): string {
  return [
    `pid ${folder}/nginx.pid;`,
    "error_log stderr notice;",
    "worker_processes 1;",
    "events { worker_connections 64; }",
    "http {",
    '  log_format asked "asked $request $status";',
    "  access_log /dev/stdout asked;",
    ...TEMPORARY.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    '  server { listen 80; location / { return 200 "works\\n"; } }',
    "}\n",
  ].join("\n");
}
