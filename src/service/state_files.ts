/** The files of state: maintenance survives a reboot, the resume state is for the next process. */
import { epochWriter, readEpochs } from "./epochs.ts";
import { readVoters, votersWriter } from "./voters_file.ts";
import type { Maintenance } from "../daemon/command.ts";
import type { DaemonOptions } from "../daemon/daemon.ts";
import type { CheckResume, MasterResume, ResumeState, RouterResume } from "../daemon/resume.ts";
import { systemMessage } from "../error.ts";
import {
  NotAFile,
  readTextSync,
  removeSync,
  replacePrivateSync,
  replaceSync,
} from "../linux/regular_file.ts";
import { printableLine } from "../printable.ts";
import type { WallTime } from "../time.ts";
import type { Log } from "./log.ts";

/** The options of the daemon that are files. */
type StateFiles = Pick<
  DaemonOptions,
  | "resume"
  | "saveResume"
  | "maintenance"
  | "saveMaintenance"
  | "epochs"
  | "saveEpoch"
  | "voters"
  | "saveVoters"
>;

/**
 * The files in `runDir` and `stateDir`. What cannot be written is logged once, and ends nothing.
 */
export function stateFiles(runDir: string, stateDir: string, log: Pick<Log, "write">): StateFiles {
  let complained = false;
  let last: string | undefined;
  const complain = (text: string) => log.write("warning", text);
  const epochs = readEpochs(stateDir, complain);
  return {
    resume: readResumeState(runDir, complain),
    saveResume: (note) => {
      try {
        last = writeResumeState(runDir, note, last);
        complained = false;
      } catch (error) {
        last = undefined;
        if (!complained) {
          const why = systemMessage(error);
          complain(`cannot write ${resumePath(runDir)}: ${why}; the next restart will fail over`);
        }
        complained = true;
      }
    },
    maintenance: readMaintenance(stateDir, complain),
    epochs,
    saveEpoch: epochWriter(stateDir, epochs, complain),
    voters: readVoters(stateDir, complain),
    saveVoters: votersWriter(stateDir, complain),
    saveMaintenance: (maintenance) => {
      try {
        writeMaintenance(stateDir, maintenance);
        return undefined;
      } catch (error) {
        const why = `${maintenancePath(stateDir)} cannot be written: ${systemMessage(error)}`;
        complain(why);
        return why;
      }
    },
  };
}

/** Largest maintenance.json, in bytes: a reason has at most 500 characters. */
const MAINTENANCE_BYTES = 64 * 1024;

/** The first and the last time that a calendar has (ECMA-262, Date), in milliseconds from 1970. */
const FARTHEST = 8_640_000_000_000_000;

/** The file of a daemon with this state directory; where there is none, there is no maintenance. */
export function maintenancePath(stateDir: string): string {
  return `${stateDir}/maintenance.json`;
}

/** Writes `maintenance` down, or (undefined) removes it, synced. Throws Deno.errors.*. */
export function writeMaintenance(stateDir: string, maintenance: Maintenance | undefined): void {
  const path = maintenancePath(stateDir);
  if (maintenance === undefined) return removeSync(path, true);
  Deno.mkdirSync(stateDir, { recursive: true, mode: 0o755 });
  const { since, until, reason } = maintenance;
  const text = JSON.stringify({ since, until: until ?? null, reason: reason ?? null });
  replaceSync(path, `${text}\n`, 0o644, true);
}

/**
 * The maintenance that is written down; undefined: there is none. A file that cannot be understood
 * means maintenance, since it was asked for; what is no file (a symbolic link, a pipe) means none.
 * `complain` is told of both. Never throws.
 */
export function readMaintenance(
  stateDir: string,
  complain: (text: string) => void,
): Maintenance | undefined {
  const path = maintenancePath(stateDir);
  const unclear = (what: string): void =>
    complain(`${path} ${what}; maintenance is on until \`floatip maintenance off\``);
  // Of what cannot be opened or is too long it is not known: then it began with this start.
  let written = Date.now() as WallTime;
  try {
    const file = readTextSync(path, MAINTENANCE_BYTES);
    if (file === undefined) return undefined;
    written = (file.modified?.getTime() ?? written) as WallTime;
    const { since, until, reason } = fieldsOf(file.text);
    if (!isTime(since) || (until !== null && !isTime(until))) unclear("holds a time that is none");
    return {
      since: isTime(since) ? since : written,
      until: isTime(until) ? until : undefined,
      reason: typeof reason === "string" ? printableLine(reason) : undefined,
    };
  } catch (error) {
    if (error instanceof NotAFile) {
      complain(`${error.message}: maintenance is off`);
      return undefined;
    }
    // A parser's words would show what is in the file.
    unclear(error instanceof SyntaxError ? "is not what floatip writes" : "cannot be read");
    return { since: written, until: undefined, reason: "its file cannot be read" };
  }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new SyntaxError("not an object");
  return value;
}

function isTime(value: unknown): value is WallTime {
  return typeof value === "number" && Math.abs(value) <= FARTHEST;
}

/** Largest resume.json, in bytes: more than 255 instances need. */
const RESUME_BYTES = 4 * 1024 * 1024;

/** The resume state of a daemon with this runtime directory. */
export function resumePath(runDir: string): string {
  return `${runDir}/resume.json`;
}

/**
 * Writes `state`, whole or not at all, unless that is `last`, the text that was written
 * before: that of a backup does not change for days. Gives the text. Throws Deno.errors.*.
 */
export function writeResumeState(runDir: string, state: ResumeState, last?: string): string {
  const text = JSON.stringify(state);
  if (text !== last) replacePrivateSync(resumePath(runDir), text);
  return text;
}

/**
 * The resume state; undefined: there is none that can be read. `complain` is told why, but not of a
 * file that was only half written. Never throws.
 */
export function readResumeState(
  runDir: string,
  complain: (text: string) => void,
): ResumeState | undefined {
  const path = resumePath(runDir);
  try {
    const file = readTextSync(path, RESUME_BYTES);
    return file && decodeResumeState(JSON.parse(file.text));
  } catch (error) {
    // The parser's message would show what is in the file.
    if (error instanceof SyntaxError) return undefined;
    const what = error instanceof NotAFile || error instanceof RangeError
      ? error.message
      : `${path} cannot be read`;
    complain(`${what}: this start does not resume the state of the last process`);
    return undefined;
  }
}

/** `value` as a resume state; undefined where it is none, or of another version. */
export function decodeResumeState(value: unknown): ResumeState | undefined {
  if (!isRecord(value) || value["schema"] !== 1 || typeof value["boot"] !== "string") {
    return undefined;
  }
  const { routers, checks, leases = [] } = value;
  if (!Array.isArray(routers) || !routers.every(isRouter)) return undefined;
  if (!Array.isArray(checks) || !checks.every(isCheck)) return undefined;
  const { seals } = value;
  const sessions = Array.isArray(seals) && seals.every(isSession) ? { seals } : {};
  const held = Array.isArray(leases) && leases.length > 0 && leases.every(isLease)
    ? { leases }
    : {};
  return { schema: 1, boot: value["boot"], routers, checks, ...sessions, ...held };
}

function isSession(value: unknown): value is NonNullable<ResumeState["seals"]>[number] {
  if (!isRecord(value)) return false;
  const { peer, own, other, counter, speaks, seals, heard } = value;
  return typeof peer === "string" && [own, other].every(isHex) && Number.isSafeInteger(counter) &&
    typeof speaks === "boolean" && typeof seals === "boolean" &&
    (heard === undefined || (Array.isArray(heard) && heard.every(isHighest)));
}

function isHex(value: unknown): boolean {
  return typeof value === "string" && /^([0-9a-f]{2})+$/.test(value);
}

function isHighest(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === "string" && Number.isSafeInteger(value[1]);
}

/** What else is in it is looked at where it is used. */
function isLease(value: unknown): value is NonNullable<ResumeState["leases"]>[number] {
  return isRecord(value) && typeof value["lease"] === "string";
}

function isRouter(value: unknown): value is RouterResume {
  return isRecord(value) && typeof value["key"] === "string" &&
    (value["master"] === null || isMaster(value["master"])) &&
    (value["aside"] === null || isAside(value["aside"]));
}

function isMaster(value: unknown): value is MasterResume {
  return isRecord(value) && isNumber(value["advertised"]) &&
    typeof value["identity"] === "string" && isNumber(value["since"]) &&
    isNumber(value["transitions"]) &&
    (value["links"] === undefined || typeof value["links"] === "string");
}

function isAside(value: unknown): boolean {
  return isRecord(value) && (value["until"] === null || isNumber(value["until"])) &&
    (value["to"] === undefined || typeof value["to"] === "string");
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
