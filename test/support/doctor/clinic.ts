/** A small cluster on a LAN with one fault, and the findings of the doctor. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Floatip } from "../interop/floatip.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan, type LanOptions } from "../lab/lan.ts";
import { FLOATIP } from "../lab/program.ts";

/** One finding of `floatip doctor --json`. */
export interface Found {
  readonly check: string;
  readonly mark: "ok" | "warning" | "problem" | "unknown";
  readonly what: string;
  readonly fix: string | null;
}

/** What the doctor said, and how it ended. */
export interface Report {
  readonly code: number;
  readonly findings: readonly Found[];
  readonly words: string;
}

/** The floating address of {@link FILE}. */
export const FLOATING = "10.77.0.100";

/**
 * Two nodes, `a` preferred; `more` are further lines of the instance, `tail` whatever follows it.
 */
export function fileWith(more: readonly string[] = [], tail: readonly string[] = []): string {
  return [
    "[nodes]",
    'a = "10.77.0.1"',
    'b = "10.77.0.2"',
    "",
    "[instance.web]",
    "vrid = 51",
    `addresses = ["${FLOATING}/24"]`,
    'prefer = ["a", "b"]',
    'advert_interval = "300ms"',
    ...more,
    "",
    ...tail,
    "",
  ].join("\n");
}

/** Two nodes that are well. */
export const FILE = fileWith();

/** A LAN of `a`, `b` and whoever else, with what belongs to it. */
export class Clinic implements AsyncDisposable {
  readonly #daemons = new Map<string, Floatip>();

  private constructor(
    readonly lan: Lan,
    /** For files of the test; gone afterwards. */
    readonly folder: string,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async open(options: Partial<LanOptions> = {}): Promise<Clinic> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync("/tmp/fl-clinic-");
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const lan = stack.use(await Lan.open({ hosts: ["a", "b", "stranger"], ...options }));
    return new Clinic(lan, folder, stack.move());
  }

  host(name: string): LabHost {
    return this.lan.host(name);
  }

  /** Starts floatip on `name`; resolves when it has settled as `state`. */
  async start(
    name: string,
    state: "master" | "backup" | "fault",
    file: string = FILE,
  ): Promise<Floatip> {
    const floatip = this.stack.use(await Floatip.start(this.host(name), file));
    this.#daemons.set(name, floatip);
    await floatip.untilState(state);
    return floatip;
  }

  /** The one that was started last on `name`. */
  daemon(name: string): Floatip {
    const daemon = this.#daemons.get(name);
    assert.ok(daemon !== undefined, `${name} was started`);
    return daemon;
  }

  /**
   * Runs the doctor on `name`, about `daemon` where there is one. `through` are words that start
   * it, for instance in a mount namespace; `more` further flags.
   */
  async examine(
    name: string,
    { daemon, file = FILE, through = [], more = [] }: {
      readonly daemon?: Floatip;
      readonly file?: string;
      readonly through?: readonly string[];
      readonly more?: readonly string[];
    } = {},
  ): Promise<Report> {
    const { words } = this.#words(daemon, file, more);
    const outcome = await this.host(name).exec([...through, ...words], { env: ENVIRONMENT });
    return reportOf(outcome.code, outcome.stdout, outcome.stderr);
  }

  /** The words that run the doctor, for a test that starts it itself. */
  words(file = FILE, more: readonly string[] = []): readonly string[] {
    return this.#words(undefined, file, more).words;
  }

  #words(
    daemon: Floatip | undefined,
    file: string,
    more: readonly string[],
  ): { readonly words: readonly string[] } {
    const configFile = daemon?.configFile ?? `${this.folder}/floatip.toml`;
    if (daemon === undefined) writeFileSync(configFile, file, { mode: 0o600 });
    const folder = daemon?.folder ?? this.folder;
    const places = ["--run-dir", `${folder}/run`, "--state-dir", `${folder}/state`];
    return {
      words: [
        ...[...FLOATIP, "doctor", "--json", "-c", configFile],
        ...[...places, "--for", "2s", ...more],
      ],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** Deno itself asks for its newest version when it starts, which needs the world outside. */
export const ENVIRONMENT = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

/** Reads what the doctor printed; throws with its words where that is no report. */
export function reportOf(code: number, stdout: string, stderr: string): Report {
  try {
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Found[] };
    const words = findings.map(({ check, mark, what, fix }) =>
      `${mark} ${check}: ${what}${fix === null ? "" : ` [${fix}]`}`
    ).join("\n");
    return { code, findings, words };
  } catch {
    throw new Error(`no report: exit ${code}\n${stdout}\n${stderr}`);
  }
}

/** What one fault looks like in a report. */
export interface Expected {
  readonly check: string;
  readonly mark: "warning" | "problem";
  readonly what: RegExp;
  readonly fix: RegExp;
}

/** Asserts that the report has the finding, and says so by its exit code. */
export function assertFound(report: Report, { check, mark, what, fix }: Expected): Found {
  const found = report.findings.find((one) =>
    one.check === check && one.mark === mark && what.test(one.what) && fix.test(one.fix ?? "")
  );
  assert.ok(found !== undefined, `${mark} ${check} ${what} ${fix} in\n${report.words}`);
  const problems = report.findings.some((one) => one.mark === "problem");
  assert.equal(report.code, problems ? 1 : 0, report.words);
  return found;
}
