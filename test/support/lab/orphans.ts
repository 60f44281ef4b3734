/** Removes namespaces of labs whose process is gone, by records on disk. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { kill, runNow } from "./command.ts";

const recordFolder = "/run/floatip-lab";

/** What a lab writes down before it makes its first namespace. */
export interface LabRecord {
  readonly lab: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: tells a process from a later one with the same pid. */
  readonly startTime: string;
  readonly namespaces: readonly string[];
}

/** Writes down that this process owns these namespaces. */
export function recordLab(lab: string, namespaces: readonly string[]): void {
  mkdirSync(recordFolder, { recursive: true });
  const record: LabRecord = {
    lab,
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? "",
    namespaces,
  };
  writeFileSync(`${recordFolder}/${lab}.json`, JSON.stringify(record));
}

/**
 * Ends whatever still runs in the namespaces, deletes them and the record; what is missing already
 * is no error.
 */
export function demolishLab(lab: string, namespaces: readonly string[]): void {
  for (const namespace of namespaces) {
    const { stdout } = runNow(["ip", "netns", "pids", namespace]);
    for (const pid of stdout.split("\n").filter(Boolean)) kill(Number(pid), "SIGKILL");
  }
  const script = namespaces.map((namespace) => `netns del ${namespace}\n`).join("");
  runNow(["ip", "-force", "-batch", "-"], script);
  rmSync(`${recordFolder}/${lab}.json`, { force: true });
}

/** Demolishes every recorded lab whose process is gone; returns their names. */
export function sweepOrphans(): readonly string[] {
  const orphans = readRecords().filter((record) => startTimeOf(record.pid) !== record.startTime);
  for (const { lab, namespaces } of orphans) demolishLab(lab, namespaces);
  return orphans.map(({ lab }) => lab);
}

/** Every lab of this machine that is not closed. */
export function readRecords(): readonly LabRecord[] {
  try {
    return readdirSync(recordFolder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => readRecord(`${recordFolder}/${name}`));
  } catch {
    return []; // No lab ever ran here.
  }
}

function readRecord(path: string): readonly LabRecord[] {
  try {
    return [JSON.parse(readFileSync(path, "utf8")) as LabRecord];
  } catch {
    return []; // Another sweeper removed it, or its owner is writing it just now.
  }
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name in parentheses may hold spaces: count from behind it. State is field 3.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
