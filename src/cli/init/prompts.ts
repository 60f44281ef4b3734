/**
 * Questions on standard error, answers from standard input. Without a terminal nothing is asked.
 */
import { EXIT, Failure } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** A value that was understood, or words for what is wrong with it. */
export type Read<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "wrong"; readonly words: string };

/** One of several answers: its number may be typed. */
export interface Choice {
  readonly value: string;
  /** What tells it from the others; "" where there is nothing to say. */
  readonly remark: string;
}

/** One thing that has to be known. */
export interface Question<T> {
  /** "the floating address". */
  readonly what: string;
  /** The flag that says it: "--address". */
  readonly flag: string;
  /** What the flag said; undefined: it was not given. */
  readonly given: string | undefined;
  /** What is taken where nobody is asked, or says nothing; undefined: there is no guess. */
  readonly guess: string | undefined;
  /** Why the guess: "answers no ARP"; "" where there is nothing to say. */
  readonly remark: string;
  /** What a person should know before the answer, line by line. */
  readonly explained?: readonly string[];
  /** Printed as a list, best first. */
  readonly choices?: readonly Choice[];
  readonly read: (text: string) => Read<T> | Promise<Read<T>>;
}

/** Asks on the terminal that the command was started in. */
export class Questioner {
  readonly #terminal: Terminal;
  /** Is there a person to be asked? */
  readonly attended: boolean;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #ended = false;

  constructor(terminal: Terminal, attended: boolean) {
    this.#terminal = terminal;
    this.attended = attended;
  }

  /**
   * The value: of the flag, of the person asked (again until it is right), or the guess. Throws
   * Failure where a flag is wrong, or there is neither flag nor guess nor a person to be asked.
   */
  async settle<T>(question: Question<T>): Promise<T> {
    const { given, flag, guess, what } = question;
    if (given !== undefined) {
      const read = await question.read(given);
      if (read.kind === "value") return read.value;
      const sentence = `${flag} ${JSON.stringify(given)}: ${read.words}`;
      throw new Failure(EXIT.usage, sentence, HELP);
    }
    if (this.attended) return await this.#ask(question);
    if (guess === undefined) {
      throw new Failure(EXIT.usage, `${what} cannot be guessed: ${flag} is needed`, HELP);
    }
    const read = await question.read(guess);
    if (read.kind === "value") return read.value;
    throw new Failure(EXIT.failed, `${what}: ${read.words}`, `Say it with ${flag}.`);
  }

  async #ask<T>(question: Question<T>): Promise<T> {
    const { what, guess, remark } = question;
    const { paint } = this.#terminal;
    const shown = guess === undefined || guess === "" ? "" : ` [${paint("bold", guess)}]`;
    const because = remark === "" ? "" : ` ${paint("dim", remark)}`;
    const { explained = [], choices = [] } = question;
    this.#terminal.error(["", ...explained, ...this.#list(choices), ""].join("\n"));
    for (;;) {
      this.#terminal.error(`${what}${because}${shown}: `);
      const line = await this.#line();
      if (line === undefined) throw new Failure(EXIT.failed, "ended before it was done", NOTHING);
      const text = line === "" ? guess : choices[Number(line) - 1]?.value ?? line;
      if (text === undefined) continue;
      const read = await question.read(text);
      if (read.kind === "value") return read.value;
      this.#terminal.error(`  ${read.words}\n`);
    }
  }

  /** The choices with their numbers, and blanks between columns. */
  #list(choices: readonly Choice[]): readonly string[] {
    const width = Math.max(0, ...choices.map(({ value }) => value.length));
    return choices.map(({ value, remark }, index) =>
      `  ${this.#terminal.paint("bold", String(index + 1))}  ${value.padEnd(width)}  ${remark}`
        .trimEnd()
    );
  }

  /** The next line without blanks around it; undefined at the end of the input (Ctrl-D). */
  async #line(): Promise<string | undefined> {
    const bytes = new Uint8Array(1024);
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line.trim();
      }
      if (this.#ended) return undefined;
      const count = await Deno.stdin.read(bytes);
      if (count === null) this.#ended = true;
      else this.#rest += this.#decoder.decode(bytes.subarray(0, count), { stream: true });
    }
  }
}

const HELP = "`floatip init --help` explains what there is, with examples.";
const NOTHING = "Nothing was written.";
