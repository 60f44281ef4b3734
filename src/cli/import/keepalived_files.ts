/** What a keepalived.conf may name on this machine: files, folders, programs and users. */
import { readStartSync } from "../../files.ts";
import { messageOf } from "../../error.ts";
import type { Files } from "../../tools/keepalived_import/include.ts";

/** Largest file that is read, in bytes: a thousand instances fit. */
const LARGEST = 1024 * 1024;

/** The files of this machine. */
export function keepalivedFiles(): Files {
  return { read: readFile, list: listFolder };
}

function readFile(path: string): ReturnType<Files["read"]> {
  try {
    // Looked at first: opening a pipe would wait for a program to write to it.
    const { isFile, isDirectory, size } = Deno.statSync(path);
    if (isDirectory) return { kind: "refused", reason: "is a directory" };
    if (!isFile) return { kind: "refused", reason: "is no plain file" };
    if (size > LARGEST) return { kind: "refused", reason: "is larger than 1 MiB" };
    // No further than its size: /proc/kmsg has none, and the next byte of it may never come.
    using file = Deno.openSync(path);
    return { kind: "text", text: toText(readStartSync(file, size)) };
  } catch (error) {
    return { kind: "refused", reason: wordsOf(error) };
  }
}

/** UTF-8, or one letter for each byte: comments of former times. */
function toText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "is not there";
  if (error instanceof Deno.errors.PermissionDenied) return "may not be read by this user";
  if (error instanceof Deno.errors.NotADirectory) return "has a path that leads through a file";
  return `cannot be read: ${messageOf(error)}`;
}

function listFolder(folder: string): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Where programs are looked for. */
const FOLDERS = [
  ...["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
];

/**
 * The whole path of a program, by its name or path; undefined: it is not here, or cannot be run.
 */
export function findProgram(name: string): string | undefined {
  if (name.startsWith("/")) return isProgram(name) ? name : undefined;
  return FOLDERS.map((folder) => `${folder}/${name}`).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** Is there an interface of this name? */
export function hasInterface(name: string): boolean {
  try {
    Deno.lstatSync(`/sys/class/net/${name}`);
    return true;
  } catch {
    return false;
  }
}

/** Is there a user of this name? Those of other sources than /etc/passwd are not known. */
export function hasUser(name: string): boolean {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n");
    return lines.some((line) => line.startsWith(`${name}:`));
  } catch {
    return false;
  }
}
