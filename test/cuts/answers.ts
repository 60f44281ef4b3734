/** What the asker tells, as it comes: which machines answered, when none or two did. */
import type { ChildProcess } from "node:child_process";
import process from "node:process";

/** A question that two machines answered. */
export interface Double {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly machines: readonly string[];
}

/** Questions in a row that no machine answered, though a later one was. */
export interface Silence {
  readonly from: number;
  readonly to: number;
  /** How many. */
  readonly lost: number;
}

/** Another machine began to answer. */
export interface AnotherAnswers {
  readonly at: number;
  readonly machine: string;
  /** The last question that the one before it answered; NaN: there was none. */
  readonly lastOfFormer: number;
}

/** Reads the asker's lines. */
export class Answers {
  readonly doubles: Double[] = [];
  readonly silences: Silence[] = [];
  readonly moves: AnotherAnswers[] = [];
  /** When the asker itself was more than 20 ms late. */
  readonly late: { readonly at: number; readonly ms: number }[] = [];
  asked = 0;
  answered = 0;
  /** The time of the last line. */
  heardAt = 0;
  #beats: { readonly at: number; readonly asked: number; readonly answered: number }[] = [];
  #unfinished = "";

  /** `names`: of machines by their MACs, "02:00:00:00:00:01". */
  constructor(child: ChildProcess, names: ReadonlyMap<string, string>) {
    const byHex = new Map([...names].map(([mac, name]) => [mac.replaceAll(":", ""), name]));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#unfinished + text).split("\n");
      this.#unfinished = lines.pop() ?? "";
      for (const line of lines) this.#take(line.split(" "), (mac) => byHex.get(mac) ?? mac);
    });
    child.stderr?.pipe(process.stderr, { end: false });
  }

  /** Was every question of the last two whole seconds answered, by one machine? */
  get isCalm(): boolean {
    const [before, last] = this.#beats.slice(-2);
    if (before === undefined || last === undefined || this.#beats.length < 3) return false;
    const from = this.#beats.at(-3)?.at ?? before.at;
    const all = last.answered - (this.#beats.at(-3)?.answered ?? 0) ===
      last.asked - (this.#beats.at(-3)?.asked ?? 0);
    return all && !this.doubles.some(({ at }) => at >= from) &&
      !this.moves.some(({ at }) => at >= from);
  }

  /** Forgets the seconds that were seen. */
  forgetBeats(): void {
    this.#beats = [];
  }

  #take([kind, time, ...rest]: readonly string[], nameOf: (mac: string) => string): void {
    const at = Number(time);
    this.heardAt = at;
    if (kind === "two") this.doubles.push({ at, machines: rest.map(nameOf) });
    else if (kind === "gap") {
      this.silences.push({ from: at, to: Number(rest[0]), lost: Number(rest[1]) });
    } else if (kind === "held") {
      this.moves.push({ at, machine: nameOf(rest[0] ?? ""), lastOfFormer: Number(rest[1]) });
    } else if (kind === "late") this.late.push({ at, ms: Number(rest[0]) });
    else if (kind === "beat") {
      [this.asked, this.answered] = [Number(rest[0]), Number(rest[1])];
      this.#beats = [...this.#beats.slice(-2), { at, asked: this.asked, answered: this.answered }];
    }
  }
}
