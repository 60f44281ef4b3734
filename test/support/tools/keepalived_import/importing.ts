/** Imports of texts in memory, on a known machine. */
import assert from "node:assert/strict";
import { formatImportText } from "../../../../src/cli/import/text.ts";
import { type Imported, importKeepalived } from "../../../../src/tools/keepalived_import/import.ts";
import { type Files, wholePath } from "../../../../src/tools/keepalived_import/include.ts";
import type {
  ImportEnvironment,
  Note,
} from "../../../../src/tools/keepalived_import/translation.ts";

/** The file that tests import. */
export const FILE = "/etc/keepalived/keepalived.conf";

/** Files by their whole path. */
export type Texts = Readonly<Record<string, string>>;

/** The programs of the test's machine. */
const PROGRAMS: ReadonlySet<string> = new Set([
  ...["/usr/bin/true", "/usr/bin/curl", "/usr/bin/test", "/usr/bin/[", "/usr/bin/pidof"],
  ...["/bin/sh", "/bin/bash", "/bin/ping", "/usr/bin/killall", "/usr/bin/nc", "/usr/bin/pgrep"],
  ...["/etc/keepalived/check.sh", "/etc/keepalived/notify.sh"],
]);

/** A machine on which the node is called `nodeId`. */
export function environment(nodeId: string, users: readonly string[] = []): ImportEnvironment {
  return {
    nodeId,
    workingFolder: "/root",
    findProgram: (name) =>
      name.startsWith("/")
        ? PROGRAMS.has(name) ? name : undefined
        : ["/usr/bin", "/bin"].map((folder) => `${folder}/${name}`).find((path) =>
          PROGRAMS.has(path)
        ),
    hasInterface: (name) => name !== "eth9",
    hasUser: (name) => users.includes(name),
  };
}

/** Files in memory. */
export function filesOf(texts: Texts): Files {
  return {
    read: (path) => {
      const text = texts[wholePath(path, "/root")];
      return text === undefined
        ? { kind: "refused", reason: "is not there" }
        : { kind: "text", text };
    },
    list: (folder) => {
      const whole = wholePath(folder, "/root");
      const inside = whole === "/" ? "/" : `${whole}/`;
      const below = Object.keys(texts).filter((path) => path.startsWith(inside));
      return [...new Set(below.map((path) => path.slice(inside.length).split("/")[0] ?? ""))];
    },
  };
}

/**
 * Does `work` end soon? What grows without bounds takes minutes, or all memory; a loaded machine
 * some seconds.
 */
export function assertQuick(work: () => void): void {
  const start = performance.now();
  work();
  const took = performance.now() - start;
  assert.ok(took < 20_000, `${took} ms`);
}

/** Imports {@link FILE} of `texts`, or one text. */
export function importing(
  texts: Texts | string,
  nodeId = "pi-a",
  users: readonly string[] = [],
): Imported {
  const files = filesOf(typeof texts === "string" ? { [FILE]: texts } : texts);
  return importKeepalived(FILE, files, environment(nodeId, users));
}

/** The same of a file that is not malformed. */
export function imported(
  texts: Texts | string,
  nodeId?: string,
  users?: readonly string[],
): Extract<Imported, { kind: "imported" }> {
  const result = importing(texts, nodeId, users);
  if (result.kind === "malformed") assert.fail(JSON.stringify(result.malformed));
  return result;
}

/** "12 changed!: auth_pass ******** -> auth": the exclamation mark where it matters. */
export function noteText({ place, directive, outcome, matters, to }: Note): string {
  const end = to === undefined ? "" : ` -> ${to}`;
  return `${place.line} ${outcome}${matters ? "!" : ""}: ${directive}${end}`;
}

/** Result and report as a person sees them, for golden texts. */
export function shown(texts: Texts | string, nodeId = "pi-a"): string {
  const result = importing(texts, nodeId);
  if (result.kind === "malformed") {
    const { place, what, why, fix } = result.malformed;
    return `${place.file}:${place.line}: ${what}\n  why: ${why}\n  fix: ${fix}\n`;
  }
  const { toml, notes } = result;
  const about = { file: FILE, nodeId, result: toml !== undefined, output: undefined };
  const report = formatImportText({ ...about, notes });
  return `${toml ?? "(no result)\n"}\n---\n${report}`;
}
