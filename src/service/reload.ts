/** Reloads: the file is read again, one time after the other; a bad one changes nothing. */
import type { Config } from "../config/config.ts";
import { voterChangeProblem } from "../config/plan/voter_change.ts";
import { unforeseen } from "../config/decode.ts";
import { countProblems, type LocatedProblem, problemLine } from "../config/problem.ts";
import type { Transferred } from "../config/transfer.ts";
import type { LastReload, ReloadAnswer, StatusDocument } from "../control/api.ts";
import type { Log } from "./log.ts";
import type { Systemd } from "./systemd.ts";
import { hasExclusive } from "../config/plan/exclusive.ts";

/** Most changes in one line of the log. */
const MOST_TOLD = 50;

/** What a reloader works with. */
export interface ReloaderOptions {
  readonly file: string;
  /** What is in force at the start. */
  readonly config: Config;
  /** Reads the file, away from the daemon's loop. Never rejects. */
  readonly load: (file: string) => Promise<Transferred>;
  readonly log: Pick<Log, "write">;
  /** Told of each reload; undefined: systemd did not start this process. */
  readonly systemd: Systemd | undefined;
  /** Applies a valid configuration; `reply` gets what changed, one sentence each. */
  readonly apply: (config: Config, reply: (changes: readonly string[]) => void) => void;
  /** The calendar, RFC 3339 in UTC. */
  readonly now: () => string;
}

/** Most problems of one reload in the log, a line each. */
const MOST_LINES = 20;

/** Reads the file again; what it cannot apply changes nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #ended = Promise.withResolvers<ReloadAnswer>();
  #previous: Promise<unknown> = Promise.resolve();
  /**
   * The reload that has not begun, for all requests meanwhile: it reads the file as it will be
   * then.
   */
  #waiting: Promise<ReloadAnswer> | undefined;
  #since: string;
  #last: LastReload | null = null;
  /** The last one in force with something exclusive, else the one at the start. */
  #exclusive: Config;

  /** What is in force now was put in force now. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#since = options.now();
    this.#exclusive = options.config;
  }

  /** Never rejects; after {@link end} it answers that nothing changed. */
  reload(): Promise<ReloadAnswer> {
    this.#waiting ??= this.#previous.then(() => {
      this.#waiting = undefined;
      const answer = this.#reloadOnce();
      this.#previous = answer;
      return answer;
    });
    return this.#waiting;
  }

  /** The daemon takes no more commands: requests that wait are answered. */
  end(): void {
    this.#ended.resolve({ applied: true, changes: ["the daemon is stopping"], warnings: [] });
  }

  /** Its part of the status document. */
  status(): Pick<StatusDocument, "config_since" | "last_reload"> {
    return { config_since: this.#since, last_reload: this.#last };
  }

  async #reloadOnce(): Promise<ReloadAnswer> {
    this.#options.systemd?.reloading();
    try {
      return await this.#loadAndApply();
    } catch (error) {
      // A bug of ours: after SIGHUP nothing would catch it, and it would end the daemon.
      const place = { file: this.#options.file, line: 1, column: 1, source: "", caret: 1 };
      return this.#refuse([{ ...unforeseen(error), ...place }]);
    } finally {
      this.#options.systemd?.reloaded();
    }
  }

  async #loadAndApply(): Promise<ReloadAnswer> {
    const { file, load, log, apply } = this.#options;
    const loaded = await load(file);
    if (loaded.kind === "problems") return this.#refuse(loaded.problems);
    const { config, warnings } = loaded;
    const problem = voterChangeProblem(this.#exclusive, config);
    if (problem !== undefined) {
      return this.#refuse([{ ...problem, file, line: 1, column: 1, source: "", caret: 1 }]);
    }
    const applied = Promise.withResolvers<ReloadAnswer>();
    apply(config, (changes) => {
      log.write("info", `reloaded ${file}: ${changesText(changes)}`);
      if (hasExclusive(config)) this.#exclusive = config;
      this.#note(true, warnings.length);
      applied.resolve({ applied: true, changes, warnings });
    });
    return await Promise.race([applied.promise, this.#ended.promise]);
  }

  #refuse(problems: readonly LocatedProblem[]): ReloadAnswer {
    const { file, log } = this.#options;
    const count = countProblems(problems);
    log.write("error", `not reloaded: ${count}; the old configuration stays in force`);
    for (const problem of problems.slice(0, MOST_LINES)) {
      log.write("error", problemLine(problem));
    }
    if (problems.length > MOST_LINES) log.write("error", `all of them: floatip check ${file}`);
    this.#note(false, problems.length);
    return { applied: false, problems };
  }

  #note(applied: boolean, problems: number): void {
    const at = this.#options.now();
    this.#last = { at, applied, problems };
    if (applied) this.#since = at;
  }
}

/** `changes` on one line of bounded length: the answer to the request has all of them. */
function changesText(changes: readonly string[]): string {
  if (changes.length === 0) return "nothing changed";
  const told = changes.slice(0, MOST_TOLD).join("; ");
  const rest = changes.length - MOST_TOLD;
  return rest > 0 ? `${told}; and ${rest} more` : told;
}
