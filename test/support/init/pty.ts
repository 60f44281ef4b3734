/** A person at a terminal: script(1) makes it; answers are typed when their question is there. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { until } from "../until.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { spawn } from "node:child_process";
import process from "node:process";

/** A program in a terminal of its own, inside a host of the lab. */
export class Session implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #started = performance.now();
  #seen = "";
  #read = 0;

  /** Starts `argv` on `host`, with `env` in its environment. */
  constructor(host: LabHost, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const command = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const [program = "", ...rest] = host.argv(["script", "-qec", command, "/dev/null"]);
    this.#child = spawn(program, rest, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, DENO_NO_UPDATE_CHECK: "1", TERM: "xterm", ...env },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#seen += text);
  }

  /** Everything on the screen until now, escapes left out. */
  get screen(): string {
    // deno-lint-ignore no-control-regex -- what the program writes to a terminal
    return this.#seen.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
  }

  /** Since it was started, in milliseconds. */
  get elapsedMs(): number {
    return performance.now() - this.#started;
  }

  /** Types `line` and Enter once `question` is on the screen, behind what was answered before. */
  async answer(question: RegExp, line: string): Promise<void> {
    await until(
      () => `the question ${question}\n${this.screen}`,
      () => question.test(this.screen.slice(this.#read)),
    );
    this.#read = this.screen.length;
    this.#child.stdin?.write(`${line}\n`);
  }

  /** The match of `pattern`, once it is on the screen. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    return await until(
      () => `${pattern}\n${this.screen}`,
      () => pattern.exec(this.screen) ?? undefined,
    );
  }

  /** Its exit code, when it has ended. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, "close");
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
    await this.ended();
  }
}
