/**
 * The configuration file, read by a process of its own: whatever stands in the file, or in its
 * place, it takes neither time nor memory of the daemon's loop.
 */
import { turnByTurn, withTimeout } from "../async.ts";
import { messageOf } from "../error.ts";
import { demandCredential } from "../config/credential_files.ts";
import { load } from "../config/load.ts";
import type { LocatedProblem } from "../config/problem.ts";
import { fromLines, toLines, type Transferred } from "../config/transfer.ts";
import { runChild } from "../process.ts";
import { VERSION } from "../version.ts";
import { writeAll } from "../files.ts";

/** The word by which this program reads the file for the daemon, as another process. */
export const LOAD = "__load";

/** How long reading may take, in milliseconds: a slow machine under load, with some to spare. */
const PATIENCE_MS = 30_000;

/** After which time the process that reads is left alone, in milliseconds. */
const GIVEN_UP_MS = PATIENCE_MS + 5000;

/** Most that is taken over, in bytes. */
const MOST_OUTPUT = 4 * 1024 * 1024;

/** What the other process needs to know of this one's surroundings. */
const HANDED_ON = [
  "CREDENTIALS_DIRECTORY",
  "FLOATIP_V8_FLAGS",
  "DENO_DIR",
  "DENO_NO_UPDATE_CHECK",
  "DENO_DISABLE_NODE_SHIM",
  "HOME",
];

/** `__load FILE`: reads `file` as the daemon would, and writes the result to standard output. */
export async function answerLoad(file: string): Promise<void> {
  const loaded = await load(file, demandCredential);
  const bytes = new TextEncoder().encode(`${toLines(loaded, VERSION).join("\n")}\n`);
  await writeAll(Deno.stdout, bytes);
}

/**
 * Reads `file` by another process. What goes wrong there is a problem of the file. Never rejects.
 */
export async function loadApart(file: string): Promise<Transferred> {
  try {
    const child = runChild({
      argv: [...ownProgram(), LOAD, file],
      env: environment(),
      own: true,
      timeoutMs: PATIENCE_MS,
      outputLimit: MOST_OUTPUT,
    });
    // SIGKILL does not end a process that hangs in the kernel.
    const outcome = await withTimeout(child, GIVEN_UP_MS);
    if (outcome === undefined || outcome.timedOut) {
      return unread(file, `it was not read within ${PATIENCE_MS / 1000} s`);
    }
    const { code, stdout, stderr } = outcome;
    if (code !== 0) return unread(file, `reading it failed: ${lastLine(stderr)}`);
    return await fromLines(stdout.trimEnd().split("\n"), VERSION, turnByTurn());
  } catch (error) {
    return unread(file, messageOf(error));
  }
}

/** This program: its launcher, itself where it is one file, or Deno with the sources. */
function ownProgram(): readonly string[] {
  const launcher = Deno.env.get("FLOATIP_LAUNCHER");
  if (launcher !== undefined) return [launcher];
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check", Deno.mainModule];
}

function environment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    HANDED_ON.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function unread(file: string, words: string): Transferred {
  const problem: LocatedProblem = {
    severity: "error",
    path: [],
    at: "value",
    what: `the configuration cannot be read: ${words}`,
    why: "It is not known whether the file is sound, so nothing of it is used.",
    fix: `floatip check ${file}`,
    file,
    line: 1,
    column: 1,
    source: "",
    caret: 1,
  };
  return { kind: "problems", problems: [problem] };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
}
