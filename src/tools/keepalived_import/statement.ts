/** What is a keepalived.conf made of? Statements: words on a line, and perhaps a block in braces behind them. */

/** A place in a file of keepalived's; the line is 1-based. */
export interface FileLine {
  readonly file: string;
  readonly line: number;
}

/** A line as it counts: comment, conditions and macros are dealt with. */
export interface ExpandedLine {
  readonly place: FileLine;
  readonly text: string;
  /** A comment begins inside a word (`secret!`): whoever wrote it may not have meant a comment. */
  readonly cut: boolean;
}

/** One statement; the entries of a list such as virtual_ipaddress are statements, too. */
export interface Statement {
  readonly place: FileLine;
  /** Its place in the order of all statements: keepalived knows only what stands above. */
  readonly order: number;
  /** As written, quotes and all. */
  readonly text: string;
  /** Its words, without quotes; at least one. */
  readonly words: readonly [string, ...string[]];
  readonly cut: boolean;
  /** What stands in its braces; undefined: it has none. */
  readonly block: readonly Statement[] | undefined;
}

/** A file that is no keepalived.conf, or that asks for too much. */
export interface Malformed {
  readonly place: FileLine;
  /** One sentence without a full stop. */
  readonly what: string;
  readonly why: string;
  /** What to do, one sentence. */
  readonly fix: string;
}

/** Thrown inside this folder, caught where the whole file is read: nothing goes on after it. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
  constructor(readonly malformed: Malformed) {
    super(malformed.what);
  }
}

/** Ends the reading of a file that is malformed. Never returns. */
export function refuse(place: FileLine, what: string, why: string, fix: string): never {
  throw new MalformedError({ place, what, why, fix });
}

/** The keyword of a statement: its first word. */
export function keywordOf(statement: Statement): string {
  return statement.words[0];
}

/** What follows the keyword. */
export function argumentsOf(statement: Statement): readonly string[] {
  return statement.words.slice(1);
}
