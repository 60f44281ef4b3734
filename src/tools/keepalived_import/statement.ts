/** Statements of a keepalived.conf: the words of a line, and an optional block in braces. */

/** A line of a file, 1-based. */
export interface FileLine {
  readonly file: string;
  readonly line: number;
}

/** A line without comment, after conditions and macros. */
export interface ExpandedLine {
  readonly place: FileLine;
  readonly text: string;
  /** A comment begins inside a word (`secret!`), perhaps not on purpose. */
  readonly cut: boolean;
}

/** One statement. Entries of a list such as virtual_ipaddress are statements too. */
export interface Statement {
  readonly place: FileLine;
  /** Its number among all statements: keepalived knows only earlier ones. */
  readonly order: number;
  /** As written, with quotes. */
  readonly text: string;
  /** Its words, without quotes; at least one. */
  readonly words: readonly [string, ...string[]];
  readonly cut: boolean;
  /** The statements in its braces; undefined: it has no braces. */
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

/** Thrown while a file is read; caught by importKeepalived. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
  constructor(readonly malformed: Malformed) {
    super(malformed.what);
  }
}

/** Rejects the file: throws MalformedError. */
export function refuse(place: FileLine, what: string, why: string, fix: string): never {
  throw new MalformedError({ place, what, why, fix });
}

/** The keyword of a statement: its first word. */
export function keywordOf(statement: Statement): string {
  return statement.words[0];
}

/** The words after the keyword. */
export function argumentsOf(statement: Statement): readonly string[] {
  return statement.words.slice(1);
}
