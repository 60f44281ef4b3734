/** Exit codes, and the failure of a command with its hint. */

/**
 * Every exit code. Two names may share a number: scripts tell them apart by the command they ran.
 */
export const EXIT = {
  /** Done; status: healthy. */
  ok: 0,
  /** It failed; check: the file is sound, this machine does not fit it. */
  failed: 1,
  /** status: a person should look. */
  degraded: 1,
  /** Wrong usage. */
  usage: 2,
  /** status: nobody, or two nodes, hold an address. */
  unheld: 2,
  /** The configuration is invalid. */
  invalid: 3,
  /** The daemon is not running. */
  notRunning: 4,
  /** The user may not do this. */
  notPermitted: 5,
} as const;

/** One of the exit codes, 0-5. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * A command that cannot be carried out: one plain sentence, what to do about it, and the exit code.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    readonly exit: ExitCode,
    /** Without a full stop: "floatip is not running". */
    sentence: string,
    /** What to do, one or several lines; empty: nothing to add. */
    readonly hint: string = "",
  ) {
    super(sentence);
  }
}

/** `failure` for people, with a final newline. */
export function formatFailure(failure: Failure): string {
  const hint = failure.hint === "" ? [] : failure.hint.split("\n");
  const lines = [`floatip: ${failure.message}`, ...hint.map((line) => `  ${line}`.trimEnd())];
  return `${lines.join("\n")}\n`;
}

/** `failure` as one JSON object on one line, with a final newline. */
export function formatFailureJson(failure: Failure): string {
  const { exit, message, hint } = failure;
  return `${JSON.stringify({ error: message, hint, exit })}\n`;
}
