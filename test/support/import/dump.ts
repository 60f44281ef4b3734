/** Reader of the dump of keepalived. */
import type { LabHost } from "../lab/lab_host.ts";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { kill } from "../lab/command.ts";
import { ProgramLog } from "../interop/program_log.ts";

/** One vrrp_instance as keepalived sees it. */
export interface DumpedInstance {
  readonly name: string;
  readonly version: number;
  readonly master: boolean;
  readonly interface: string;
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly password: string | undefined;
  /** "192.168.1.50/24 eth0 label eth0:1". */
  readonly addresses: readonly string[];
  readonly excluded: readonly string[];
  readonly peers: readonly string[];
  /** "chk -20", "eth1 0"; turned round with the other sign. */
  readonly tracked: readonly string[];
  readonly group: string | undefined;
}

/** One vrrp_script. */
export interface DumpedScript {
  readonly name: string;
  readonly argv: readonly string[];
  readonly intervalMs: number;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

/** One vrrp_sync_group. */
export interface DumpedGroup {
  readonly name: string;
  readonly tracked: readonly string[];
}

/** What keepalived says that it has read. */
export interface Dump {
  readonly groups: readonly DumpedGroup[];
  readonly instances: readonly DumpedInstance[];
  readonly scripts: readonly DumpedScript[];
}

/**
 * Has keepalived on `host` read `text` as node `nodeId`; undefined: it does not start with such a
 * file.
 */
export async function dumpOf(
  host: LabHost,
  text: string,
  nodeId: string,
): Promise<Dump | undefined> {
  const folder = mkdtempSync("/tmp/fl-dump-");
  writeFileSync(`${folder}/keepalived.conf`, text);
  const child = host.spawn([
    "keepalived",
    ...["-n", "-l", "-d", "-D", "-P", "-R", "-i", nodeId, "-f", `${folder}/keepalived.conf`],
    ...["-p", `${folder}/parent.pid`, "-r", `${folder}/vrrp.pid`],
  ]);
  const log = new ProgramLog("keepalived", child);
  const ended = once(child, "exit");
  const whole = await Promise.race([
    // The list of interfaces follows all that is asked for.
    log.until(/^(.*: )?------< Interfaces/, 20_000).then(() => true, () => false),
    ended.then(() => false),
  ]);
  if (whole) {
    child.kill("SIGKILL");
    killed(`${folder}/vrrp.pid`);
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
  return whole ? parseDump(log.lines.map(({ text }) => text)) : undefined;
}

/** The child outlives its parent where that is killed. */
function killed(pidFile: string): void {
  try {
    kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
  } catch {
    // It ended with its parent.
  }
}

/** Reads the lines of a dump, with or without a date in front. */
export function parseDump(lines: readonly string[]): Dump {
  const plain = lines.map((line) =>
    line.replace(/^[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]+ \d{4}: /, "")
  );
  const start = plain.findIndex((line) => line.startsWith("------< VRRP Topology"));
  const part = plain.slice(start);
  return {
    groups: blocksOf(part, " VRRP Sync Group = ").map(toGroup),
    instances: blocksOf(part, " VRRP Instance = ").map(toInstance),
    scripts: blocksOf(part, " VRRP Script = ").map(toScript),
  };
}

/** The lines from each that begins with `head` to the next one that is indented as little. */
function blocksOf(lines: readonly string[], head: string): readonly (readonly string[])[] {
  const starts = lines.flatMap((line, index) => line.startsWith(head) ? [index] : []);
  return starts.map((start) => {
    const length = lines.slice(start + 1).findIndex((line) => /^ \S|^---/.test(line));
    const block = lines.slice(start, length < 0 ? undefined : start + 1 + length);
    // Other things are said meanwhile.
    return block.filter((line) => line.startsWith(" "));
  });
}

/** The text behind `   NAME = `. */
function valueOf(lines: readonly string[], name: string): string | undefined {
  const head = `${name} = `;
  return lines.map((line) => line.trimStart()).find((line) => line.startsWith(head))
    ?.slice(head.length);
}

/** The lines below `   NAME...:`, indented further. */
function listOf(lines: readonly string[], name: RegExp): readonly string[] {
  const start = lines.findIndex((line) => /^ {3}\S/.test(line) && name.test(line.trim()));
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const length = rest.findIndex((line) => !line.startsWith("     "));
  return rest.slice(0, length < 0 ? undefined : length).map((line) => line.trim());
}

function toInstance(lines: readonly string[]): DumpedInstance {
  const value = (name: string) => valueOf(lines, name);
  const interval = value("Advert interval") ?? "";
  const number = Number(/^[\d.]+/.exec(interval)?.[0]);
  const delay = /^[\d.]+/.exec(value("Preempt delay") ?? "")?.[0] ?? "0";
  return {
    name: value("VRRP Instance") ?? "",
    version: Number(value("VRRP Version")),
    master: value("Wantstate") === "MASTER",
    interface: (value("Interface") ?? "").replace(/^.*, vmac on (\S+?)(,.*)?$/, "$1"),
    source: (value("Using src_ip") ?? "").replace(/ .*$/, ""),
    vrid: Number(value("Virtual Router ID")),
    priority: Number(value("Priority")),
    intervalMs: interval.includes("milli") ? number : number * 1000,
    preempt: value("Preempt") === "enabled",
    preemptDelayMs: Number(delay) * 1000,
    password: value("Password"),
    addresses: listOf(lines, /^Virtual IP \(\d+\):$/).map(addressOf),
    excluded: listOf(lines, /^Virtual IP Excluded ?:$/).map(addressOf),
    peers: listOf(lines, /^Unicast Peer ?:$/).map((line) => line.split(" ")[0] ?? ""),
    tracked: tracksOf(lines),
    group: value("Sync group"),
  };
}

/** "chk weight 3 reverse" -> "chk -3": turned round is the other sign. */
function tracksOf(lines: readonly string[]): readonly string[] {
  const kinds = ["interfaces", "scripts", "files", "processes"];
  return kinds.flatMap((kind) => listOf(lines, new RegExp(`^Tracked ${kind} ?:$`))).map((line) => {
    const [, name, weight, reverse] = /^(.*?),? weight (-?\d+)(.*)$/.exec(line) ?? [];
    return `${name} ${reverse?.trim() === "reverse" ? -Number(weight) : Number(weight)}`;
  });
}

function toGroup(lines: readonly string[]): DumpedGroup {
  const name = (valueOf(lines, "VRRP Sync Group") ?? "").replace(/,.*$/, "");
  return { name, tracked: tracksOf(lines) };
}

/** "192.168.1.50/24 dev eth0 scope global label eth0:1" -> "192.168.1.50/24 eth0 label eth0:1". */
function addressOf(line: string): string {
  const [address = ""] = line.split(" ");
  // A virtual MAC has an interface of its own on that one.
  const dev = (/ dev (\S+)/.exec(line)?.[1] ?? "").replace(/^.*@/, "");
  const label = / label (\S+)/.exec(line)?.[1];
  return `${address} ${dev}${label === undefined ? "" : ` label ${label}`}`;
}

function toScript(lines: readonly string[]): DumpedScript {
  const value = (name: string) => valueOf(lines, name) ?? "";
  const milliseconds = (text: string) => Number(/^[\d.]+/.exec(text)?.[0]) * 1000;
  return {
    name: value("VRRP Script"),
    argv: [...value("Command").matchAll(/'([^']*)'/g)].map(([, word = ""]) => word),
    intervalMs: milliseconds(value("Interval")),
    timeoutMs: milliseconds(value("Timeout")),
    rise: Number(value("Rise")),
    fall: Number(value("Fall")),
  };
}
