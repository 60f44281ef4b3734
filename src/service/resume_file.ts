/** What a process leaves so that the next one goes on: in the runtime directory, which is memory, and gone with a reboot. */
import type { CheckResume, MasterResume, ResumeState, RouterResume } from "../daemon/resume.ts";
import { NotAFile, readTextSync, replaceSync } from "../linux/regular_file.ts";

/** More than the note of 255 instances, in bytes. */
const MOST = 4 * 1024 * 1024;

/** The note of a daemon with this runtime directory. */
export function resumePath(runDir: string): string {
  return `${runDir}/resume.json`;
}

/**
 * Writes `note`, whole or not at all, unless that is `last`, the text that was written before: a backup has nothing new to
 * tell for days. Gives the text. Throws Deno.errors.*.
 */
export function writeResumeState(runDir: string, note: ResumeState, last?: string): string {
  const text = JSON.stringify(note);
  if (text !== last) replaceSync(resumePath(runDir), text, 0o600, false);
  return text;
}

/**
 * The note that is there; undefined: none that could be read. `complain` is told of what stands in its place and is no
 * file, or cannot be read. Never throws.
 */
export function readResumeState(
  runDir: string,
  complain: (words: string) => void,
): ResumeState | undefined {
  const path = resumePath(runDir);
  try {
    const file = readTextSync(path, MOST);
    return file && decodeResumeState(JSON.parse(file.text));
  } catch (error) {
    // A torn note is none. The parser's words would show what is in the file.
    if (error instanceof SyntaxError) return undefined;
    const words = error instanceof NotAFile || error instanceof RangeError
      ? error.message
      : `${path} cannot be read`;
    complain(`${words}: this start does not go on where the last process ended`);
    return undefined;
  }
}

/** `value` as a note; undefined where it is none, or of another version. */
export function decodeResumeState(value: unknown): ResumeState | undefined {
  if (!isRecord(value) || value["schema"] !== 1 || typeof value["boot"] !== "string") {
    return undefined;
  }
  const { routers, checks } = value;
  if (!Array.isArray(routers) || !routers.every(isRouter)) return undefined;
  if (!Array.isArray(checks) || !checks.every(isCheck)) return undefined;
  return { schema: 1, boot: value["boot"], routers, checks };
}

function isRouter(value: unknown): value is RouterResume {
  return isRecord(value) && typeof value["key"] === "string" &&
    (value["master"] === null || isMaster(value["master"])) &&
    (value["aside"] === null || isAside(value["aside"]));
}

function isMaster(value: unknown): value is MasterResume {
  return isRecord(value) && isNumber(value["advertised"]) &&
    typeof value["identity"] === "string" && isNumber(value["since"]) &&
    isNumber(value["transitions"]);
}

function isAside(value: unknown): boolean {
  return isRecord(value) && (value["until"] === null || isNumber(value["until"]));
}

function isCheck(value: unknown): value is CheckResume {
  return isRecord(value) && typeof value["name"] === "string" &&
    typeof value["up"] === "boolean" && typeof value["words"] === "string" &&
    (value["value"] === null || isNumber(value["value"]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
