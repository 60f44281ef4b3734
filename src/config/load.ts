/** Reads the configuration file: the only place that does. */
import { readStart } from "../files.ts";
import { messageOf } from "../error.ts";
import { NotAFile, PinnedFile } from "../linux/regular_file.ts";
import type { Config } from "./config.ts";
import { seeCredential } from "./credential_files.ts";
import type { Credentials } from "./credentials.ts";
import { decode, type Decoded } from "./decode.ts";
import { locate } from "./locate.ts";
import { isSecretUrl } from "./secret.ts";
import { error, type LocatedProblem, type Path, type Problem, warning } from "./problem.ts";

/** A file that was read: sound, or with all that is wrong. */
export type Loaded =
  | {
    readonly kind: "config";
    readonly config: Config;
    readonly warnings: readonly LocatedProblem[];
    /** The text of the file, to locate problems that come up later. */
    readonly text: string;
  }
  | { readonly kind: "problems"; readonly problems: readonly LocatedProblem[] };

/** How long reading the file may take, in milliseconds. */
const LONGEST_READ_MS = 3000;

/** Largest file that is read, in bytes: a thousand instances fit several times. */
export const LARGEST_FILE = 1024 * 1024;

/**
 * Reads and decodes `file`. A file that is not there, not a file, not permitted, too large or not
 * UTF-8 is a problem like any other, at line 1 or at the byte to blame. `credentials`: the secrets
 * that it only names. Never rejects.
 */
export async function load(
  file: string,
  credentials: Credentials = seeCredential,
): Promise<Loaded> {
  const read = await readText(file);
  if (read.kind === "problem") {
    return { kind: "problems", problems: await locate([read.problem], read.text, file) };
  }
  const decoded = decode(read.text, credentials);
  if (decoded.kind === "problems") {
    return { kind: "problems", problems: await locate(decoded.problems, read.text, file) };
  }
  const open = exposed(read.mode, file, decoded);
  const warnings = await locate([...decoded.warnings, ...open], read.text, file);
  return { kind: "config", config: decoded.config, warnings, text: read.text };
}

type Read =
  | { readonly kind: "text"; readonly text: string; readonly mode: number | null }
  | { readonly kind: "problem"; readonly problem: Problem; readonly text: string };

async function readText(file: string): Promise<Read> {
  try {
    const { bytes, mode } = await readPlain(file, LARGEST_FILE + 1);
    if (bytes.length > LARGEST_FILE) return unreadable("it is larger than 1 MiB", file);
    return toText(bytes, mode);
  } catch (error) {
    return unreadable(wordsOf(error), file);
  }
}

/**
 * The first `most` bytes of the regular file at `path`, and its mode. Rejects with Deno.errors.*,
 * NotAFile, or where it takes longer than 3 s.
 */
export async function readPlain(
  path: string,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly mode: number | null }> {
  // Held before it is looked at: opening a pipe would wait for a writer.
  using pinned = await inTime(PinnedFile.follow(path));
  using opened = await inTime(pinned.open({ read: true }));
  // What /proc has is longer than it says.
  const bytes = await inTime(readStart(opened, most));
  return { bytes, mode: pinned.info.mode };
}

/** The result of `work`; rejects where that takes too long, as on a network drive that is gone. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const message = `it could not be read within ${LONGEST_READ_MS / 1000} s`;
  // Not withTimeout: Deno's setTimeout is Node's, and loading that takes 9 ms of each start.
  const signal = AbortSignal.timeout(LONGEST_READ_MS);
  const giveUp = (): void => reject(new Error(message));
  signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([work, late]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function toText(bytes: Uint8Array, mode: number | null): Read {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // Most of UTF-16 is UTF-8 too, with such bytes in it.
    if (text.includes("\0")) throw new TypeError("not text");
    return { kind: "text", text, mode };
  } catch {
    // Once more, with a mark for each wrong byte: the first mark is the place.
    const text = new TextDecoder().decode(bytes);
    const before = text.slice(0, Math.max(0, text.search(/[\ufffd\0]/))).split("\n");
    const position = { line: before.length, column: (before.at(-1) ?? "").length + 1 };
    return {
      kind: "problem",
      text,
      problem: {
        severity: "error",
        path: [],
        at: "value",
        what: "the file is not UTF-8",
        why: "TOML is UTF-8 by definition; another encoding, or no text at all, cannot be read.",
        fix: encodingFix(bytes),
        position,
      },
    };
  }
}

/** UTF-16 is what Windows calls Unicode; its texts of one alphabet have a 0 beside each letter. */
function encodingFix(bytes: Uint8Array): string {
  if (!bytes.includes(0)) return "iconv -f latin1 -t utf-8 OLD > NEW";
  const [first = 0, second = 0] = bytes;
  const hasMark = first === 0xff && second === 0xfe || first === 0xfe && second === 0xff;
  if (hasMark) return "iconv -f utf-16 -t utf-8 OLD > NEW";
  const start = bytes.subarray(0, 64);
  for (const [index, form] of ["utf-16be", "utf-16le"].entries()) {
    const isOne = start.every((byte, at) => (byte === 0) === (at % 2 === index));
    if (isOne) return `iconv -f ${form} -t utf-8 OLD > NEW`;
  }
  return "name the file that is meant with -c FILE: this one is no text";
}

function wordsOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "it may not be read by this user";
  if (error instanceof NotAFile) return `it is ${error.what}, not a file`;
  if (error instanceof Deno.errors.NotADirectory) return "its path leads through a file";
  return messageOf(error);
}

function unreadable(words: string, file: string): Read {
  return {
    kind: "problem",
    text: "",
    problem: error(
      [],
      `the configuration cannot be read: ${words}`,
      "Without it floatip does not know which addresses to hold.",
      words.includes("by this user")
        ? `run it as root, or: chgrp floatip ${file} && chmod 640 ${file}`
        : "name the file with -c FILE; /etc/floatip/floatip.toml is read without",
    ),
  };
}

/** A password in a file that everyone on the machine may read. */
function exposed(
  mode: number | null,
  file: string,
  { config, credentials }: Extract<Decoded, { kind: "config" }>,
): readonly Problem[] {
  const elsewhere = credentials.map((place) => place.join("\0"));
  const path = secretsIn(config).find((place) =>
    !elsewhere.some((other) => `${other}\0`.startsWith(`${place.join("\0")}\0`))
  );
  if (path === undefined || mode === null || (mode & 0o004) === 0) return [];
  return [
    warning(
      path,
      "every user of this machine may read the file, and a password is in it",
      path.includes("notify") || path.includes("cluster")
        ? "With the password another machine can pass for this node."
        : path.includes("auth")
        ? "With the password another machine can send adverts that take the addresses away."
        : "With it, they can use the service.",
      `chmod o-rwx ${file}`,
      "key",
    ),
  ];
}

/** Where passwords stand. */
function secretsIn({ instances, notify, checks, cluster }: Config): readonly Path[] {
  const named = instances.map((one) => [["instance", one.name, "notify"], one.notify] as const);
  const all = [[["notify"], notify] as const, ...named];
  return [
    ...(cluster === undefined ? [] : [["cluster", "secret"]]),
    ...instances.filter(({ auth }) => auth !== undefined)
      .map(({ name }) => ["instance", name, "auth", "pass"]),
    ...all.flatMap(([path, settings]): readonly Path[] => [
      ...(settings?.webhook?.secret === undefined ? [] : [[...path, "webhook", "secret"]]),
      ...(settings?.ntfy?.token === undefined ? [] : [[...path, "ntfy", "token"]]),
      ...(settings?.mqtt?.password === undefined ? [] : [[...path, "mqtt", "password"]]),
      ...(["webhook", "ntfy", "mqtt"] as const).flatMap((name) => {
        const url = settings?.[name]?.url;
        return url !== undefined && isSecretUrl(url) ? [[...path, name]] : [];
      }),
    ]),
    ...checks.flatMap(({ name, probe }): readonly Path[] => {
      const text = probe.kind === "http" ? probe.url : "";
      return isSecretUrl(text) ? [["check", name, "http"]] : [];
    }),
  ];
}
